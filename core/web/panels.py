"""The panels of a record's page: what is drawn with it, and what is only counted and comes when its reader gets there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from markupsafe import Markup

from core.kernel import formats
from core.kernel.hooks import Broken
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.resources.conditions import Condition
from core.resources.counting import Wanted, count_all
from core.resources.queries import COUNTED, ListRequest, Lists, read_sort
from core.resources.records import Records, Row
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import Panel as Declared
from core.web import lines
from core.web.address import address
from core.web.pages.attachments import attachments_panel, content_panel
from core.web.pages.lists import context_of, draw_table
from core.web.pages.shares import shares_panel
from core.web.showing import base_of, kind_of
from core.web.ties import GHOSTS, LINKS, Ends, draw_ties
from core.web.views import Column, Empty, Link, Panel, Related, SmartButton
from core.workplace.attachments import has_panel
from core.workplace.hanging import Hanging, hanging_on
from core.workplace.shares import can_be_shared

if TYPE_CHECKING:
    from core.web.requests import Request

log = structlog.get_logger("sopia.pages")

ATTACHMENTS, SHARES = "attachments", "shares"


@dataclass(slots=True)
class Laid:
    """What stands on a record's page beside its facts."""

    glance: list[Panel] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    absent: list[Link] = field(default_factory=list)
    smart: list[SmartButton] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Part:
    """A panel as somebody declared it; of one with records, the resource of those."""

    key: str
    declared: Declared
    target: ResolvedResource | None = None


class RecordPanels:
    """The panels of the records of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        self._resources = resources
        self._resource = resource
        self._records = records

    def laid(self, request: Request, row: Row, *, closed: bool, whole: bool) -> Laid:
        """The panels of the page; with `whole` all of them are drawn at once, for whoever has no scripts."""
        laid = Laid(panels=list(self._rows(request, row)))
        parts: list[_Part | Panel] = list(self._parts(request, closed=closed))
        if closed:
            self._place(request, row, parts, {}, laid, whole=whole)
            return laid
        parts += self._collected(request, row)
        ends = Ends.of(request, self._resources, self._resource, row.id)
        related = [part for part in parts if isinstance(part, _Part) and part.target is not None]
        wanted: list[Wanted] = [(part.target, _leads(part, row)) for part in related if part.target is not None]
        counts = count_all(request.connection, self._resources, [*wanted, *ends.wanted])
        told = {part.key: count for part, count in zip(related, counts, strict=False)}
        ends.take(counts[len(related) :])
        self._place(request, row, parts, told, laid, whole=whole)
        self._hang(request, row, ends, laid, whole=whole)
        return laid

    def drawn(self, request: Request, row: Row, keys: frozenset[str], *, closed: bool) -> list[Panel]:
        """The panels of these keys, as they come after the page."""
        parts: list[_Part | Panel] = list(self._parts(request, closed=closed))
        found = []
        if not closed and keys - {part.key for part in parts} - {ATTACHMENTS, SHARES, LINKS}:
            parts += self._collected(request, row)
        for part in parts:
            if part.key in keys and isinstance(part, _Part):
                found.append(self._related(request, row, part) if part.target else self._own(request, row, part))
        if closed:
            return found
        if ATTACHMENTS in keys and has_panel(self._resource):
            found.append(attachments_panel(request, self._resource, row.id))
        if SHARES in keys and can_be_shared(self._resource):
            found += filter(None, (shares_panel(request, self._resource, self._record(request, row)),))
        if any(key.startswith("link") for key in keys):
            tied = draw_ties(request, self._resources, self._resource, row.id)
            found += [panel for panel in tied if panel.key in keys]
        return found

    # What there is

    def _rows(self, request: Request, row: Row) -> Iterable[Panel]:
        """The rows that are a part of the record itself."""
        for cell in row.cells:
            if lines.is_table(cell.field) and row.values[cell.path][0]:
                yield lines.panel(request, self._resources, cell, row.values[cell.path][0])

    def _parts(self, request: Request, *, closed: bool) -> Iterable[_Part]:
        for number, declared in enumerate(self._resource.panels):
            allowed = not declared.allow or self._resource.allows(request.principal, declared.allow)
            if allowed and (declared.in_common or not closed):
                yield from self._part(request, declared, f"p{number}")

    def _part(self, request: Request, declared: Declared, key: str) -> Iterable[_Part]:
        if not declared.resource:
            yield _Part(key, declared)
            return
        target = self._resources.get(declared.resource)
        if target is not None and target.allows(request.principal, "view"):
            yield _Part(f"{key}-{target.key.replace('.', '-')}", declared, target)

    def _collected(self, request: Request, row: Row) -> Iterable[_Part | Panel]:
        hooks = request.platform.registry.hooks
        if not hooks.concerned("record_panels", self._resource.key):
            return
        record = self._record(request, row)
        given = {"principal": request.principal, "resource": self._resource.key, "record": record}
        for number, found in enumerate(hooks.collect("record_panels", session=request.reader, **given)):
            if isinstance(found, Broken):
                yield Panel(key=f"h{number}", title=found.plugin, error=found.message)
            elif isinstance(found, Declared):
                yield from self._part(request, found, f"h{number}")

    def _record(self, request: Request, row: Row) -> Any:
        return self._records.get(request.reader, self._resource, row.id)

    # Where it stands

    def _place(
        self,
        request: Request,
        row: Row,
        parts: Sequence[_Part | Panel],
        counts: dict[str, int],
        laid: Laid,
        *,
        whole: bool,
    ) -> None:
        for part in parts:
            if isinstance(part, Panel):
                laid.panels.append(part)
                continue
            place = laid.glance if part.declared.glance else laid.panels
            if part.target is None:
                panel = self._own(request, row, part)
                if panel.html.strip() or panel.error:
                    place.append(panel)
                continue
            count = counts.get(part.key)
            if count:
                url = address(part.target.url, ((part.declared.by, str(row.id)),))
                icon = part.target.declared.icon
                laid.smart.append(SmartButton(title=part.declared.title, count=_told(count), url=url, icon=icon))
            if part.declared.glance or count is None or (count and whole):
                place.append(self._related(request, row, part, count))
            elif count:
                place.append(self._later(request, row, part, count))
            else:
                laid.absent.append(self._absent(request, row, part))

    def _hang(self, request: Request, row: Row, ends: Ends, laid: Laid, *, whole: bool) -> None:
        """What any record may have hanging on it: linked records, files, with whom it is shared, links by hand."""
        resource, hangs = self._resource, Hanging()
        shares, files = can_be_shared(resource), has_panel(resource)
        if shares or files:
            hangs = hanging_on(request.connection, resource.key, row.id)
        laid.smart += ends.smart()
        laid.absent += ends.absent(request)
        tied = ends.panels(request, self._later_url(row), whole=whole)
        laid.panels += [panel for panel in tied if panel.key != LINKS]
        laid.panels += filter(None, (content_panel(request, resource, row.id),))
        if files:
            laid.panels.append(
                self._awaited(row, ATTACHMENTS, _("Attachments"), hangs.files)
                if hangs.files and not whole
                else attachments_panel(request, resource, row.id, there=bool(hangs.files))
            )
        if shares:
            panel = (
                self._awaited(row, SHARES, _("Shared with"), hangs.shares)
                if hangs.shares and not whole
                else shares_panel(request, resource, self._record(request, row), there=bool(hangs.shares))
            )
            laid.panels += filter(None, (panel,))
        laid.panels += [panel for panel in tied if panel.key == LINKS]

    def _later_url(self, row: Row) -> str:
        return f"{self._resource.url}/{row.id}/panels"

    def _awaited(self, row: Row, key: str, title: Any, count: int) -> Panel:
        return Panel(key=key, title=title, later_url=self._later_url(row), ghosts=min(count, GHOSTS), tall=True)

    def _later(self, request: Request, row: Row, part: _Part, count: int) -> Panel:
        """The place of a panel that comes when its reader gets there; as tall as it will be."""
        related = Related(
            columns=(),
            count=_told(count),
            all_url=address(_target(part).url, ((part.declared.by, str(row.id)),)),
            create=self._create(request, row, part),
        )
        ghosts = min(count, part.declared.limit, GHOSTS)
        url = self._later_url(row)
        return Panel(key=part.key, title=part.declared.title, related=related, later_url=url, ghosts=ghosts)

    def _absent(self, request: Request, row: Row, part: _Part) -> Link:
        create = self._create(request, row, part)
        return create or Link(title=part.declared.title, url="")

    def _create(self, request: Request, row: Row, part: _Part) -> Link | None:
        target = _target(part)
        if not target.allows(request.principal, "create"):
            return None
        url = address(f"{target.url}/new", ((part.declared.by, str(row.id)),))
        return Link(title=_("New {name}", name=target.name), url=url, icon="plus")

    # How it looks

    def _related(self, request: Request, row: Row, part: _Part, count: int | None = None) -> Panel:
        """The records of another resource that lead to this one."""
        declared, target, context = part.declared, _target(part), context_of(request)
        readable = target.readable(request.principal)
        paths = tuple(
            p for p in declared.columns or [c.field for c in target.columns] if p.partition(".")[0] in readable
        )
        chosen = declared.sort if declared.sort.lstrip("-").partition(".")[0] in readable else ""
        sort = read_sort(self._resources, target, chosen, context)
        wanted = ListRequest(paths, (_leads(part, row),), sort=sort, limit=declared.limit)
        empty = Empty(title=_("No {names} yet", names=target.names), ghost="none")
        related = Related(columns=(), count="0", create=self._create(request, row, part), empty=empty)
        if count == 0:
            return Panel(key=part.key, title=declared.title, related=related)
        page = Lists(self._resources, target).page(request.connection, wanted, context)
        if count is None:
            asked = [(target, _leads(part, row))]
            count = count_all(request.connection, self._resources, asked)[0] if page.following else len(page.rows)
        columns = tuple(
            Column(key=c.path, title=c.field.label, kind=kind_of(c), base=base_of(c), place="title" if i == 0 else "")
            for i, c in enumerate(page.cells)
        )
        related = Related(
            columns=columns,
            rows_html=draw_table(request, target, page.cells, page.rows, columns, selectable=False)
            if page.rows
            else Markup(),
            count=_told(count),
            all_url=address(target.url, ((declared.by, str(row.id)),)),
            create=related.create,
            empty=None if page.rows else empty,
        )
        return Panel(key=part.key, title=declared.title, related=related)

    def _own(self, request: Request, row: Row, part: _Part) -> Panel:
        """A panel with a template of its own; one that fails says so and leaves the page alone."""
        declared = part.declared
        try:
            record = self._record(request, row)
            given = declared.make(request.reader, record) if declared.make else {}
            template = request.site.templates.get_template(declared.template)
            url, ago = f"{self._resource.url}/{row.id}", partial(_ago, request)
            html = Markup(template.render(record=record, url=url, ago=ago, **given))
            return Panel(key=part.key, title=declared.title, html=html)
        except Exception as error:
            log.error("a panel failed", resource=self._resource.key, panel=str(declared.title), exc_info=error)
            return Panel(key=part.key, title=declared.title, error=_("This part of the page could not be shown."))


def _leads(part: _Part, row: Row) -> Condition:
    """The condition that a record leads to this one."""
    return Condition(part.declared.by, "eq", (row.id,))


def _target(part: _Part) -> ResolvedResource:
    assert part.target is not None
    return part.target


def _told(count: int) -> str:
    return f"{COUNTED:,}+" if count > COUNTED else str(count)


def _ago(request: Request, moment: dt.datetime | None) -> str:
    """How long ago something was, for the templates of panels."""
    return formats.ago(moment, request.timezone.key, now())
