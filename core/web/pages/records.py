"""The page of one record, and what is done to it there: delete, restore, actions, undo; and the recycle bin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.kernel.errors import Conflict, NotFound
from core.kernel.guard import is_open, is_within
from core.kernel.i18n import translate as _
from core.kernel.policies import Own
from core.resources.queries import Cell, ListRequest, Lists, Sort
from core.resources.records import Records, Row
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import Action
from core.resources.undo import undo as take_back
from core.web import lines
from core.web.address import address
from core.web.cells import initials
from core.web.pages.explain import explain_link
from core.web.pages.forms import remove_button, trail_of, undo_button
from core.web.pages.lists import context_of
from core.web.pages.printing import print_buttons
from core.web.panels import RecordPanels
from core.web.remarks import kinds_for
from core.web.responses import Response, is_local
from core.web.showing import fact_of, kind_of
from core.web.stages import arranged, badge_of, has_open, is_locked_row, reaches, steps_of
from core.web.timeline import History
from core.web.views import (
    BinRow,
    BinView,
    Button,
    Fact,
    FactSection,
    Link,
    Notice,
    Panel,
    Person,
    RecordView,
    Timeline,
)
from core.workplace.following import follows
from core.workplace.remarks import has_remarks

if TYPE_CHECKING:
    from core.web.requests import Request

WRITES = ("edit", "assign", "delete")

SUMMARY = 4
"""Facts that stand under the title of a record."""


class RecordPages:
    """The pages of single records of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        self._resources = resources
        self._resource = resource
        self._records = records
        self._panels = RecordPanels(resources, resource, records)

    def show(self, request: Request) -> Response:
        """The record: facts, panels of what belongs to it, its timeline."""
        resource, context = self._resource, context_of(request)
        row = self._records.row(request.connection, resource, request.params["id"], context)
        title = self._title(row)
        closed = not is_open(request.connection, resource.key, row.id)
        laid = self._panels.laid(request, row, closed=closed, whole=request.query.get("whole") == "1")
        actions, broken = self._offered(request, row)
        within = frozenset(each for each in WRITES if is_within(request.connection, resource.key, row.id, each))
        edits = resource.allows(request.principal, "edit") and has_open(resource, row) and "edit" in within
        # What lies in common is changed by nobody before he takes it.
        edits = edits and not closed
        edit = Button(title=_("Edit"), url=f"{resource.url}/{row.id}/edit", post=False, icon="edit", shortcut="e")
        deletes = "delete" in within and not is_locked_row(resource, row)
        remove = remove_button(request, resource, row.id, title) if deletes else None
        in_sight, quiet = (list(self._buttons(row, actions, quiet=each)) for each in (False, True))
        primary, beside, rest = arranged(edit if edits else None, in_sight, quiet)
        view = RecordView(
            title=title,
            url=f"{resource.url}/{row.id}",
            kind=resource.name,
            icon=resource.declared.icon,
            trail=trail_of(resource),
            number=self._number(row),
            badges=(*badge_of(resource, row), *self._badges(row)),
            steps=steps_of(resource, row),
            summary=tuple(self._summary(request, row)),
            primary=primary,
            actions=tuple(beside),
            more=(
                *rest,
                *print_buttons(resource, row.id),
                *self._for_oneself(request, row.id),
                *((remove,) if remove else ()),
            ),
            smart=tuple(laid.smart),
            sections=self._sections(request, row, within),
            glance=laid.glance,
            panels=[*laid.panels, *broken],
            absent=tuple(laid.absent),
            timeline=self._timeline(request, row.id),
            explain=explain_link(request, resource, row.id),
            version=row.version,
        )
        return request.render("record.html", view)

    def older(self, request: Request) -> Response:
        """Older entries of the record's timeline, as a fragment."""
        row = self._records.row(request.connection, self._resource, request.params["id"], context_of(request), ("id",))
        return request.render("parts/entries.html", self._timeline(request, row.id, request.number("before")))

    def _timeline(self, request: Request, record_id: int, before: int | None = None) -> Timeline:
        only, url = request.query.get("timeline") == "remarks", f"{self._resource.url}/{record_id}"
        history = History(request, self._resources)
        entries, last = history.with_remarks(self._resource, record_id, before, only=only)
        more = address(f"{url}/timeline", (("before", last),)) if last else ""
        kinds = () if before else kinds_for(request, self._records, self._resource, record_id)
        filters = (
            Link(title=_("All"), url=f"{url}#timeline", current=not only),
            Link(title=_("Remarks"), url=f"{url}?timeline=remarks#timeline", current=only),
        )
        return Timeline(
            entries=tuple(entries),
            more_url=more,
            remark_url=f"{url}/remarks" if kinds else "",
            remark_kinds=kinds,
            filters=filters if has_remarks(self._resource) else (),
        )

    def _for_oneself(self, request: Request, record_id: int) -> tuple[Button, ...]:
        """What one does with a record for oneself: follow it, be reminded of it."""
        if not has_remarks(self._resource) or request.principal.read_only:
            return ()
        url = f"{self._resource.url}/{record_id}"
        follows_it = follows(request.connection, request.principal.user_id, self._resource.key, record_id)
        return (
            Button(title=_("Stop following") if follows_it else _("Follow"), url=f"{url}/follow", icon="eye"),
            Button(title=_("Remind me…"), url=f"{url}/remind", post=False, icon="clock"),
        )

    def delete(self, request: Request) -> Response:
        """Move the record to the recycle bin."""
        context = context_of(request)
        record = self._records.delete(request.session, self._resource, request.params["id"], context)
        label = self._resource.label_of(record)
        notice = Notice(
            text=str(_("“{title}” is in the recycle bin.", title=label)), undo=undo_button(request.work.operation)
        )
        return request.redirect(self._resource.url, notice)

    def restore(self, request: Request) -> Response:
        """Bring the record back."""
        session = request.begin(bin=True)
        record = self._records.restore(session, self._resource, request.params["id"], context_of(request))
        return request.redirect(f"{self._resource.url}/{record.id}", Notice(text=str(_("It is back.")), tone="good"))

    def bin(self, request: Request) -> Response:
        """What was deleted and can come back."""
        resource, context = self._resource, context_of(request)
        label = resource.label.key if resource.label.key in resource.readable(request.principal) else "id"
        columns = (label, "owner") if "owner" in resource.readable(request.principal) else (label,)
        wanted = ListRequest(columns, sort=(Sort("updated_at", descending=True),), limit=100, deleted=True)
        session = request.begin(bin=True)
        page = Lists(self._resources, resource).page(session.connection(), wanted, context)
        rows = tuple(self._bin_row(request, page.cells, given) for given in page.rows)
        view = BinView(
            title=_("Recycle bin: {names}", names=resource.names),
            rows=rows,
            back=Link(title=resource.names, url=resource.url),
        )
        return request.render("bin.html", view)

    def _bin_row(self, request: Request, cells: tuple[Cell, ...], given: tuple[Any, ...]) -> BinRow:
        resource = self._resource
        owner = given[1 + cells[0].width + 1] if len(cells) > 1 else ""
        restore = Button(title=_("Restore"), url=f"{resource.url}/{given[0]}/restore", icon="undo")
        return BinRow(
            id=given[0],
            title=str(given[1] or f"#{given[0]}"),
            kind=resource.name,
            icon=resource.declared.icon,
            person=Person(name=owner or "", initials=initials(owner or "")),
            at="",
            at_exact="",
            restore=restore,
        )

    def _title(self, row: Row) -> str:
        key = self._resource.label.key
        value = row.values.get(key, (None,))[0]
        return str(value) if value not in (None, "") else f"#{row.id}"

    def _number(self, row: Row) -> str:
        """What stands quietly beside the title: the number or code, where it is not the title itself."""
        keys = [*(each.field for each in self._resource.numberings), "code"]
        found = (str(row.values[key][0] or "") for key in keys if key in row.values)
        return next(found, "") if self._resource.label.key not in keys else ""

    def _badges(self, row: Row) -> Iterable[tuple[str, str]]:
        for cell in row.cells:
            if kind_of(cell) == "choice" and cell.field.is_relation and row.values[cell.path][1]:
                yield str(row.values[cell.path][1]), row.values[cell.path][2] or ""

    def _fact(self, request: Request, row: Row, cell: Cell) -> Fact:
        return fact_of(request, self._resource, row, cell)

    def _summary(self, request: Request, row: Row) -> Iterable[Fact]:
        by_path = {cell.path: cell for cell in row.cells}
        named = [column.field for column in self._resource.columns if column.field in by_path]
        facts = []
        for path in named:
            cell = by_path[path]
            if (
                path == self._resource.label.key
                or any(path == each.field for each in self._resource.numberings)
                or kind_of(cell) in ("choice", "tags")
                or row.values[path][0] in (None, "")
            ):
                continue
            facts.append(replace(self._fact(request, row, cell), edit_url=""))
        return facts[:SUMMARY]

    def _sections(self, request: Request, row: Row, within: frozenset[str]) -> list[FactSection]:
        by_path = {cell.path: cell for cell in row.cells}
        kept = self._kept_back(request, row)
        sections = []
        for section in self._resource.sections:
            facts = [
                self._closed(self._fact(request, row, by_path[name]), name, kept, within)
                for name in section.fields
                if name in by_path and name != self._resource.label.key and not lines.is_table(by_path[name].field)
            ]
            if facts:
                sections.append(FactSection(facts=facts, title=section.title))
        return sections

    def _closed(self, fact: Fact, name: str, kept: frozenset[str], within: frozenset[str]) -> Fact:
        """A fact as it stands where nothing is edited; on a record in common what it keeps back bears a lock."""
        open_ = ("assign" if self._resource.fields[name].moves else "edit") in within
        return fact if open_ and not kept else replace(fact, restricted=name in kept, edit_url="")

    def _kept_back(self, request: Request, row: Row) -> frozenset[str]:
        """The fields that a record in common keeps to itself until somebody takes it."""
        policy = self._resource.policy
        commons = policy.commons if isinstance(policy, Own) else None
        if commons is None or is_open(request.connection, self._resource.key, row.id):
            return frozenset()
        return frozenset(commons.hidden)

    def _offered(self, request: Request, row: Row) -> tuple[list[Action], list[Panel]]:
        """The actions that are possible now, and a box for each plugin that failed to offer its own."""
        resource, principal, verbs = self._resource, request.principal, self._records.verbs
        declared = [action for action in resource.actions if verbs.allows(principal, resource, action)]
        if not declared and not verbs.are_offered(resource):
            return [], []
        record = self._records.get(request.reader, resource, row.id)
        more, failed = verbs.offered(request.reader, resource, record, principal)
        allowed = [*declared, *(action for action in more if verbs.allows(principal, resource, action))]
        boxes = [Panel(key=f"a{n}", title=each.plugin, error=each.message) for n, each in enumerate(failed)]
        within = [action for action in allowed if reaches(principal, resource, record, action)]
        return verbs.possible(within, record), boxes

    def _buttons(self, row: Row, actions: Iterable[Action], *, quiet: bool) -> Iterable[Button]:
        """Those of the actions that stand in sight, or the quiet ones of the menu."""
        for action in actions:
            if action.style != "hidden" and (action.style == "quiet") == quiet:
                url = f"{self._resource.url}/{row.id}/actions/{action.name}"
                yield Button(title=action.title, url=url, kind=action.style, post=not action.ask, icon=action.icon,
                             asks=bool(action.ask))  # fmt: skip

    def panels(self, request: Request) -> Response:
        """Some panels of the page, named by their keys, as they come when their reader gets there."""
        row = self._records.row(request.connection, self._resource, request.params["id"], context_of(request), ("id",))
        closed = not is_open(request.connection, self._resource.key, row.id)
        keys = frozenset(text for name, text in request.query.pairs if name == "key")
        return request.render("parts/panels.html", self._panels.drawn(request, row, keys, closed=closed))


def undo(request: Request) -> Response:
    """Take an operation back, as its person may, and go where it was done."""
    session = request.begin(bin=True)
    session.info["operation"].origin = "undo"
    operation = request.form.get("operation")[:64]
    if not operation:
        raise NotFound
    touched = take_back(session, request.platform.above, operation)
    if not touched:
        raise Conflict(_("There was nothing to undo."))
    return request.redirect(back_of(request), Notice(text=str(_("Undone.")), tone="good"))


def back_of(request: Request) -> str:
    """The page of ours from which the request came, else the first page."""
    from urllib.parse import urlsplit

    referer = urlsplit(request.header("referer"))
    own = not referer.netloc or referer.netloc == request.header("host")
    place = f"{referer.path}?{referer.query}".rstrip("?")
    return place if own and is_local(place) else "/"
