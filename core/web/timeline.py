"""The history of a record as people read it: fields by their names, values as they are shown, hidden fields left out."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from core.kernel import formats
from core.kernel.gate import privileged
from core.kernel.guard import is_open
from core.kernel.history import HistoryEntry
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.kept import rows_of
from core.kernel.prepared import Prepared
from core.kernel.types import now
from core.kernel.users import User
from core.resources.fields import ResolvedField
from core.resources.resolved import ResolvedResource, Resources
from core.web.line_history import LineHistory
from core.web.navigation import person
from core.web.remarks import remark_entries
from core.web.views import Change, Entry
from core.web.views.shell import Words
from core.workplace.remarks import has_remarks, remarks_of

if TYPE_CHECKING:
    from core.web.requests import Request

ACTIONS: dict[str, Text] = {
    "create": _("created it"),
    "edit": _("changed {fields}"),
    "assign": _("handed it over"),
    "delete": _("moved it to the recycle bin"),
    "restore": _("brought it back"),
    "purge": _("removed it for good"),
}

SHARING: dict[tuple[str, bool], Callable[[str], Text]] = {
    ("share", False): lambda name: _("shared it with {name}, to read", name=name),
    ("share", True): lambda name: _("shared it with {name}, to read and edit", name=name),
    ("withdraw", False): lambda name: _("no longer shares it with {name}", name=name),
    ("withdraw", True): lambda name: _("no longer shares it with {name}", name=name),
}
"""What history says of a record that is opened to others."""

FILES: dict[str, Callable[[str], Text]] = {
    "attach": lambda name: _("added the file “{name}”", name=name),
    "detach": lambda name: _("took the file “{name}” away", name=name),
}
"""What history says of files on a record."""

ORIGINS: dict[str, Text] = {
    "import": _("by import"),
    "api": _("by API"),
    "job": _("by a job"),
    "command": _("by command"),
    "plugin": _("by a plugin"),
    "undo": _("by undoing"),
}

SHOWN = 20
LAST = 2**63 - 1
LONGEST = 120

OF_RECORD = Prepared(
    select(HistoryEntry.__table__)
    .where(
        HistoryEntry.resource == bindparam("resource"),
        HistoryEntry.record == bindparam("record"),
        HistoryEntry.id < bindparam("before"),
    )
    .order_by(HistoryEntry.id.desc())
    .limit(SHOWN)
)

PERSON = User.__table__.c
PEOPLE = select(PERSON.id, PERSON.name).where(PERSON.id.in_(bindparam("ids", expanding=True)))


class History:
    """Reads history entries and says them."""

    def __init__(self, request: Request, resources: Resources) -> None:
        self._request = request
        self._resources = resources
        self._labels: dict[tuple[str, int], str] = {}
        self._people: dict[int, str] = {}
        self._lines = LineHistory(request, resources)

    def of_record(self, resource: ResolvedResource, record_id: int, before: int | None = None) -> list[Entry]:
        """The latest entries of one record, newest first; `before` an entry's id for older ones.

        The record has been read in scope by the caller: whoever sees it sees its history.
        """
        if not is_open(self._request.connection, resource.key, record_id):
            return []
        values = {"resource": resource.key, "record": record_id, "before": before or LAST}
        found = [HistoryEntry(**row) for row in OF_RECORD.named(privileged(self._request.connection), values)]
        # The rows that came with the record are part of its making.
        made = {entry.operation for entry in found if entry.action == "create"}
        of_lines = self._lines.entries(resource, record_id, before, SHOWN)
        found += [entry for entry in of_lines if entry.operation not in made]
        return self.told(sorted(found, key=lambda entry: entry.id, reverse=True)[:SHOWN])

    def with_remarks(
        self, resource: ResolvedResource, record_id: int, before: int | None = None, *, only: bool = False
    ) -> tuple[list[Entry], str]:
        """The stream of a record: its changes with what was said about it between them, newest first; and the id of
        the change from which older ones are asked for, empty where there are none."""
        changes = [] if only else self.of_record(resource, record_id, before)
        more = len(changes) == SHOWN
        if not has_remarks(resource):
            return changes, str(changes[-1].id) if more else ""
        said = remarks_of(self._request.connection, resource.key, record_id)
        if said:
            times = self._times([each.id for each in changes] + ([before] if before else []))
            oldest = min((times[each.id] for each in changes), default=None) if more else None
            newest = times.get(before) if before else None
            remarks = remark_entries(self._request, resource, record_id, said, oldest, newest)
            stream = [*((times[each.id], each) for each in changes), *remarks]
            changes_and_remarks = [entry for _at, entry in sorted(stream, key=lambda each: each[0], reverse=True)]
            return changes_and_remarks, str(changes[-1].id) if more else ""
        return changes, str(changes[-1].id) if more else ""

    def _times(self, ids: Sequence[int]) -> dict[int, dt.datetime]:
        asked = select(HistoryEntry.id, HistoryEntry.at).where(HistoryEntry.id.in_(ids))
        return {row[0]: row[1] for row in privileged(self._request.connection).execute(asked)}

    def told(self, entries: Sequence[HistoryEntry]) -> list[Entry]:
        """The entries in words."""
        self._prepare(entries)
        return [self._entry(entry) for entry in entries]

    def _prepare(self, entries: Iterable[HistoryEntry]) -> None:
        """Look up the names of all people and related records that the entries speak of, one statement each kind."""
        wanted: dict[str, set[int]] = defaultdict(set)
        people = set()
        for entry in entries:
            if entry.actor_id:
                people.add(entry.actor_id)
            for field, _key, before, after in self._changed(entry):
                if field.is_relation or field.many:
                    for value in (before, after):
                        wanted[field.target].update(v for v in (value if isinstance(value, list) else [value]) if v)
        if people:
            rows = rows_of(self._request.connection, PEOPLE, {"ids": sorted(people)}, by_key=True)
            self._people |= {row[0]: row[1] for row in rows}
        for key, ids in wanted.items():
            target = self._resources.get(key)
            if target is None:
                continue
            for row in rows_of(self._request.connection, target.labels, {"ids": sorted(ids)[:500]}, by_key=True):
                self._labels[key, row[0]] = str(row[1])

    def _changed(self, entry: HistoryEntry) -> Iterable[tuple[ResolvedField, str, Any, Any]]:
        """The fields that are told one by one; of a new record only that it was made."""
        return () if entry.action == "create" else self._fields(entry)

    def _fields(self, entry: HistoryEntry) -> Iterable[tuple[ResolvedField, str, Any, Any]]:
        """The fields of an entry that the reader may see, with the values before and after."""
        by_attribute = self._resources.fields_of(entry.resource, self._request.principal) or {}
        changed = entry.after.keys() | entry.before.keys()
        for key, field in by_attribute.items():
            if key in changed and self._tells(field):
                yield field, key, entry.before.get(key), entry.after.get(key)

    def _tells(self, field: ResolvedField) -> bool:
        """Whether a value of the field can be shown: not a number that leads to what is no resource."""
        return not field.is_relation or field.target in self._resources

    def _entry(self, entry: HistoryEntry) -> Entry:
        from core.web.pages.forms import undo_button

        fields = list(self._changed(entry))
        changes = tuple(
            Change(title=field.label, before=self._value(field, before), after=self._value(field, after))
            for field, _key, before, after in fields
        )
        name = self._people.get(entry.actor_id or 0)
        zone = self._request.timezone.key
        local = entry.at.astimezone(self._request.timezone)
        return Entry(
            id=entry.id,
            at=formats.ago(entry.at, zone, now()),
            at_exact=f"{local:%Y-%m-%d %H:%M:%S}",
            title=self._title(entry, [field for field, *_rest in fields]),
            person=person(entry.actor_id, name) if entry.actor_id and name else None,
            kind="change",
            origin=ORIGINS.get(entry.origin, ""),
            changes=changes,
            undo=undo_button(entry.operation) if _can_be_undone(entry) and not self._is_step(entry) else None,
        )

    def _is_step(self, entry: HistoryEntry) -> bool:
        """Whether a step of a workflow did it, which only another step takes back."""
        resource = self._resources.get(entry.resource)
        return resource is not None and resource.workflow is not None and bool(resource.workflow.find(entry.action))

    def _title(self, entry: HistoryEntry, fields: Sequence[ResolvedField]) -> Words:
        words = str(_(", ")).join(str(field.label) for field in fields) or "…"
        if (of_line := self._lines.title(entry, words)) is not None:
            return of_line
        if entry.action == "edit":
            return _("changed {fields}", fields=words)
        if "attached" in entry.after:
            return FILES[entry.action](entry.after["attached"]["name"])
        if "shared" in entry.after:
            told = entry.after["shared"]
            name = str(_("whoever has the link")) if told.get("kind") == "link" else told["receiver"]
            return SHARING[entry.action, bool(told.get("write"))](name)
        resource = self._resources.get(entry.resource)
        own = self._title_of_action(resource, entry.action) if resource else None
        return ACTIONS.get(entry.action) or own or entry.action

    def _title_of_action(self, resource: ResolvedResource, name: str) -> Words | None:
        """What an action is called; one of another record that changed this one as well goes by its own name."""
        for each in (resource, *self._resources.values()):
            for action in each.actions:
                if action.name == name:
                    return action.title
        return None

    def _value(self, field: ResolvedField, value: Any) -> str:
        """A value as history kept it, in the reader's words."""
        if value in (None, "", []):
            return ""
        if field.is_relation:
            return self._labels.get((field.target, value), "…")
        if field.many:
            return str(_(", ")).join(self._labels.get((field.target, each), "…") for each in value)
        match field.kind:
            case "money":
                return formats.money(int(value), self._request.platform.settings.currency)
            case "instant":
                return formats.instant(dt.datetime.fromisoformat(value), self._request.timezone.key)
            case "boolean":
                return str(_("yes") if value else _("no"))
            case "choice":
                choice = field.choice(value)
                return str(choice.label) if choice else str(value)
            case _:
                text = str(value)
                return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _can_be_undone(entry: HistoryEntry) -> bool:
    """Whether a button says so: what the platform set up by itself, and what left no values, is not undone."""
    told = bool(entry.actor_id and (entry.before or entry.after)) and not entry.after.keys() & {"shared", "attached"}
    return told and entry.action != "purge"
