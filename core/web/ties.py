"""What a record is linked with, on its page: counted panels of declared resources, and everything else in one panel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from core.kernel.i18n import translate as _
from core.resources.conditions import Condition
from core.resources.counting import Wanted
from core.resources.queries import COUNTED, ListRequest, Lists, read_sort
from core.resources.resolved import ResolvedResource, Resources
from core.web.address import address
from core.web.pages.lists import context_of, draw_table
from core.web.showing import base_of, kind_of
from core.web.views import Button, Column, Empty, Link, Panel, Related, SmartButton
from core.web.views.shell import Words
from core.workplace.activity import parts_of
from core.workplace.declared import Linked
from core.workplace.links import Tie, ends_of, has_links, ties_of

if TYPE_CHECKING:
    from core.web.requests import Request

SHOWN = 5
OPEN = 12
"""Links that stand in the panel before the rest is folded away."""

GHOSTS = 12
"""Lines at most that are held free for a panel which has not come yet."""

FEW, MANY = 20, 500
"""Links that are asked for by their ids, in a statement that is kept, and at most."""

LINKS = "links"
"""The key of the panel with everything that has none of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TieLine:
    """One link in the panel."""

    title: str
    url: str
    icon: str
    kind: Words
    note: Words
    remove: Button | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TiesView:
    """parts/ties.html: the links of a record, counted by resource, and the way to add one."""

    counts: tuple[tuple[Words, int], ...]
    lines: tuple[TieLine, ...]
    open: int
    add_url: str
    options_url: str


class Ends:
    """The other ends of a record's links: counted with the page, drawn when its reader gets there."""

    def __init__(self, resources: Resources, resource: ResolvedResource, record_id: int) -> None:
        self._resources = resources
        self._resource = resource
        self._record_id = record_id
        self._declared: list[tuple[Linked, ResolvedResource]] = []
        self._linked: dict[str, int] = {}
        self._others = 0
        self.wanted: list[Wanted] = []
        """What must be counted, in the reader's scope, to know how much of it he sees."""

    @classmethod
    def of(cls, request: Request, resources: Resources, resource: ResolvedResource, record_id: int) -> Ends:
        """The ends of the links of a record that is in the reader's sight, with all that belongs to it."""
        ends = cls(resources, resource, record_id)
        if not has_links(resource):
            return ends
        parts = [(part, resources.get(part.resource)) for part in parts_of(resources, resource, Linked)]
        ends._declared = [(p, target) for p, target in parts if target and target.allows(request.principal, "view")]
        found: dict[str, list[dict[str, Any]]] = {}
        for end in ends_of(request.connection, resource.key, record_id):
            found.setdefault(end["resource"], []).append(end)
        ends._ask(request, found)
        return ends

    def _ask(self, request: Request, found: Mapping[str, list[dict[str, Any]]]) -> None:
        """First those of the declared resources, then the others and those by hand."""
        shown = {target.key for _part, target in self._declared}
        for _part, target in self._declared:
            ids = {end["record"] for end in found.get(target.key, ())}
            self.wanted.append((target, self._condition(target, ids)))
        for key, here in found.items():
            target_ = self._resources.get(key)
            ids = {end["record"] for end in here if key not in shown or not end["field"]}
            if ids and target_ is not None and target_.allows(request.principal, "view"):
                self.wanted.append((target_, Condition("id", "in", (tuple(sorted(ids)[:MANY]),))))

    def _condition(self, target: ResolvedResource, ids: set[int]) -> Condition:
        field = _leading(target, self._resource)
        if len(ids) > FEW and field:
            return Condition(field, "eq", (self._record_id,))
        return Condition("id", "in", (tuple(sorted(ids)[:MANY]),))

    def take(self, counts: Sequence[int]) -> None:
        """How many of what was `wanted` the reader sees."""
        self._linked = {target.key: count for (_part, target), count in zip(self._declared, counts, strict=False)}
        self._others = sum(counts[len(self._declared) :])

    def smart(self) -> Iterable[SmartButton]:
        """The counted buttons of what is declared."""
        for part, target in self._declared:
            count = self._linked[target.key]
            if count:
                url = self._all_url(target) or f"#panel-{_key(target)}"
                yield SmartButton(
                    title=part.title or target.names, count=_told(count), url=url, icon=target.declared.icon
                )

    def absent(self, request: Request) -> Iterable[Link]:
        """What is declared and not linked yet, with the way to make one."""
        for part, target in self._declared:
            if not self._linked[target.key]:
                yield self._create(request, target) or Link(title=part.title or target.names, url="")

    def panels(self, request: Request, later_url: str, *, whole: bool) -> Iterable[Panel]:
        """The places of the panels; those that are drawn already with `whole`, or because there is nothing to wait for."""
        if not has_links(self._resource):
            return []
        shown = {_key(target): target for _part, target in self._declared if self._linked[target.key]}
        if whole and (shown or self._others):
            drawn = draw_ties(request, self._resources, self._resource, self._record_id)
            return [panel for panel in drawn if panel.key in shown or panel.key == LINKS]
        found = []
        for part, target in self._declared:
            count = self._linked[target.key]
            if count:
                related = Related(
                    columns=(),
                    count=_told(count),
                    all_url=self._all_url(target),
                    create=self._create(request, target),
                )
                title, ghosts = part.title or target.names, min(count, SHOWN)
                found.append(Panel(key=_key(target), title=title, related=related, later_url=later_url, ghosts=ghosts))
        if self._others:
            ghosts = min(self._others, GHOSTS)
            found.append(Panel(key=LINKS, title=_("Links"), later_url=later_url, ghosts=ghosts, tall=True))
        else:
            found.append(_rest(request, self._resource, self._record_id, ()))
        return found

    def _all_url(self, target: ResolvedResource) -> str:
        field = _leading(target, self._resource)
        return address(target.url, ((field, str(self._record_id)),)) if field else ""

    def _create(self, request: Request, target: ResolvedResource) -> Link | None:
        return _new(request, target, _leading(target, self._resource), self._record_id)


def draw_ties(request: Request, resources: Resources, resource: ResolvedResource, record_id: int) -> list[Panel]:
    """The panels of links as they are drawn: one for each declared resource, and one for everything else."""
    if not has_links(resource):
        return []
    ties = ties_of(request.connection, resources, resource.key, record_id)
    panels: list[Panel] = []
    declared: dict[str, Linked] = {part.resource: part for part in parts_of(resources, resource, Linked)}
    for key, part in declared.items():
        target = resources.get(key)
        if target is None or not target.allows(request.principal, "view"):
            continue
        ids = tuple(dict.fromkeys(tie.record_id for tie in ties if tie.resource.key == key))
        title, field = part.title or target.names, _leading(target, resource)
        panels.append(_panel(request, resources, resource, target, title, record_id, ids, field))
    rest = [tie for tie in ties if tie.resource.key not in declared or tie.by_hand]
    panels.append(_rest(request, resource, record_id, rest))
    return panels


def _key(target: ResolvedResource) -> str:
    return f"linked-{target.key.replace('.', '-')}"


def _told(count: int) -> str:
    return f"{COUNTED:,}+" if count > COUNTED else str(count)


def _new(request: Request, target: ResolvedResource, field: str, record_id: int) -> Link | None:
    if not field or not target.allows(request.principal, "create"):
        return None
    url = address(f"{target.url}/new", ((field, str(record_id)),))
    return Link(title=_("New {name}", name=target.name), url=url, icon="plus")


def _leading(target: ResolvedResource, resource: ResolvedResource) -> str:
    """The field of links of the other resource that leads here, by which its list can be filtered."""
    return next((f.key for f in target.fields.values() if f.linked and f.target == resource.key), "")


def _panel(
    request: Request,
    resources: Resources,
    resource: ResolvedResource,
    target: ResolvedResource,
    title: Words,
    record_id: int,
    ids: tuple[int, ...],
    field: str,
) -> Panel:
    context = context_of(request)
    readable = target.readable(request.principal)
    paths = tuple(c.field for c in target.columns if c.shown and c.field.partition(".")[0] in readable)[:6]
    sort = read_sort(resources, target, "", context)
    wanted = ListRequest(paths, (Condition("id", "in", (ids,)),), sort=sort, limit=SHOWN)
    page = Lists(resources, target).page(request.connection, wanted, context)
    columns = tuple(
        Column(key=c.path, title=c.field.label, kind=kind_of(c), base=base_of(c), place="title" if i == 0 else "")
        for i, c in enumerate(page.cells)
    )
    create = _new(request, target, field, record_id)
    rows = draw_table(request, target, page.cells, page.rows, columns, selectable=False) if page.rows else Markup()
    related = Related(
        columns=columns,
        rows_html=rows,
        count=str(len(ids)),
        all_url=address(target.url, ((field, str(record_id)),)) if field else "",
        create=create,
        empty=None if page.rows else Empty(title=_("No {names} yet", names=target.names), ghost="none"),
    )
    return Panel(key=_key(target), title=title, related=related)


def _rest(request: Request, resource: ResolvedResource, record_id: int, ties: Iterable[Tie]) -> Panel:
    url = f"{resource.url}/{record_id}/links"
    counted: dict[str, tuple[Words, int]] = {}
    lines = []
    edits = resource.allows(request.principal, "edit")
    for tie in ties:
        name, before = counted.get(tie.resource.key, (tie.resource.names, 0))
        counted[tie.resource.key] = (name, before + 1)
        mine = not request.principal.read_only and (tie.author_id == request.principal.user_id or edits)
        remove = Button(title=_("Remove the link"), url=f"{url}/{tie.id}/delete", kind="quiet", icon="close")
        lines.append(
            TieLine(
                title=tie.label,
                url=f"{tie.resource.url}/{tie.record_id}",
                icon=tie.resource.declared.icon,
                kind=tie.resource.name,
                note=tie.note or tie.field,
                remove=remove if tie.by_hand and mine else None,
            )
        )
    view = TiesView(
        counts=tuple(counted.values()),
        lines=tuple(lines),
        open=OPEN,
        add_url="" if request.principal.read_only else url,
        options_url=f"{url}/options",
    )
    html = request.site.draw("parts/ties.html", request.locale, view=view)
    return Panel(key=LINKS, title=_("Links"), html=html)
