"""Which record a row is about: by the key that the importer names, by the rule of duplicates, by what must be unique.

Duplicates count beyond the importer's scope, but nothing is told of what lies there.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Integer, String, bindparam, func, select

from core.kernel.access import Principal
from core.kernel.compiler import InScope, ScopedConnection
from core.kernel.expressions import among
from core.kernel.i18n import translate as _
from core.kernel.privilege import privileged
from core.resources.fields import ResolvedField, Words
from core.resources.importing.plans import Plan
from core.resources.importing.seen import SeenRows
from core.resources.importing.targets import NUMBER
from core.resources.resolved import ResolvedResource

if TYPE_CHECKING:
    from core.resources.importing.judging import Verdict


@dataclass(slots=True)
class Match:
    """A record, or an earlier row, that a row is or may be about."""

    path: str
    """The field by which it was found."""
    record_id: int | None = None
    by_key: bool = False
    editable: bool = False
    taken: bool = False
    """The value must be unique, so the row cannot be made at all."""
    note: Words = ""
    fault: Words = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    """One way in which two records are the same."""

    number: int
    path: str
    column: ColumnElement[Any]
    label: Words
    make: Callable[[str], str]

    def key(self, verdict: Verdict) -> str | None:
        value = verdict.values.get(self.path)
        return (self.make(value)[:255] or None) if isinstance(value, str) else None


class Recognition:
    """Recognises the rows of one file."""

    def __init__(self, resource: ResolvedResource, plan: Plan, principal: Principal) -> None:
        self._resource = resource
        self._plan = plan
        table = resource.table
        declared = resource.duplicates.keys if resource.duplicates else ()
        self._rules = [
            _Rule(number, path, table.c[column], resource.fields[path].label, make)
            for number, (column, path, make) in enumerate(declared)
        ]
        self._unique = [each for each in _unique_fields(resource) if each.key in plan.columns.values()]
        self._seen = SeenRows()
        self._shows_label = _label_key(resource) in resource.readable(principal)

    def look(self, connection: ScopedConnection, verdicts: Sequence[Verdict]) -> dict[int, Match]:
        """What each row is about, by its number."""
        self.give_keys(verdicts)
        found = self._by_key(connection, verdicts) if self._plan.mode != "create" else {}
        rest = [verdict for verdict in verdicts if verdict.number not in found]
        for number, match in self._taken(privileged(connection), rest).items():
            found[number] = match
        rest = [verdict for verdict in rest if verdict.number not in found]
        if self._plan.mode != "update":
            self._duplicates(connection, rest, found)
        self._judge_scope(connection, found)
        return found

    def give_keys(self, verdicts: Iterable[Verdict]) -> None:
        """Work out by what rows are recognised."""
        for verdict in verdicts:
            verdict.keys = tuple([rule.key(verdict) for rule in self._rules])

    # ------------------------------------------------------------------------------------------ earlier rows of the file

    def take_over(self, other: Recognition) -> None:
        """Know the rows that another has seen before."""
        self._seen = other._seen

    def same_key(self, verdict: Verdict) -> Match | None:
        """The earlier row of the file that is about the same record by the importer's key."""
        value = self._key(verdict)
        if value is None or not (row := self._seen.before(("key", value), verdict.number)):
            return None
        label = self._resource.fields[self._plan.key].label
        return Match(self._plan.key, note=_("Same {field} as row {row}.", field=label, row=row))

    def same_record(self, verdict: Verdict) -> Match | None:
        """The earlier row of the file that changes the same record."""
        row = self._seen.before(("record", verdict.record_id), verdict.number)
        return Match(NUMBER, note=_("Same {field} as row {row}.", field=self._resource.name, row=row)) if row else None

    def repeated(self, verdict: Verdict) -> Match | None:
        """The earlier row of the file that this one repeats."""
        for rule in self._rules:
            key = verdict.keys[rule.number]
            if key and (row := self._seen.before((rule.number, key), verdict.number)):
                return Match(rule.path, note=_("Same {field} as row {row}.", field=rule.label, row=row))
        for each in self._unique:
            value = verdict.values.get(each.key)
            if value is not None and (row := self._seen.before((each.key, value), verdict.number)):
                return Match(each.key, note=_("Same {field} as row {row}.", field=each.label, row=row), taken=True)
        return None

    def remember(self, verdict: Verdict) -> None:
        """Know a row that is written when a later one repeats it; whether it makes or changes a record is the same."""
        add, number = self._seen.add, verdict.number
        for rule, key in enumerate(verdict.keys):
            if key:
                add((rule, key), number)
        for each in self._unique:
            value = verdict.values.get(each.key)
            if value is not None:
                add((each.key, value), number)
        key = self._key(verdict)
        if key is not None:
            add(("key", key), number)
        if verdict.outcome == "update":
            add(("record", verdict.record_id), number)

    def _key(self, verdict: Verdict) -> Any:
        """The value by which the importer's key recognises a row's record."""
        path = self._plan.key
        if not path or self._plan.mode == "create":
            return None
        rule = next((rule for rule in self._rules if rule.path == path), None)
        return verdict.keys[rule.number] if rule else verdict.values.get(path)

    # ------------------------------------------------------------------------------------------------- rivals of the run

    def mark(self, connection: Connection) -> int:
        """How far the table has grown; what stands behind it later, this look has not seen."""
        if not (self._rules or self._unique or self._plan.key):
            return 0
        return int(connection.execute(select(func.max(self._resource.table.c.id))).scalar() or 0)

    def is_overtaken(self, connection: Connection, mark: int, own: Container[int], verdicts: Sequence[Verdict]) -> bool:
        """Whether somebody else has made a record since that one of the new rows repeats; `own` are ours."""
        new = [verdict for verdict in verdicts if verdict.outcome == "create"]
        ids, columns = self._resource.table.c.id, self._compared()
        if not new or not columns:
            return False
        statement = select(ids, *[column for column, _value in columns]).where(ids > mark)
        theirs = [row for row in connection.execute(statement) if row[0] not in own]
        for number, (_column, value) in enumerate(columns, 1):
            taken = {row[number] for row in theirs} - {None}
            if taken and any(value(verdict) in taken for verdict in new):
                return True
        return False

    def _compared(self) -> list[tuple[ColumnElement[Any], Callable[[Verdict], Any]]]:
        """The columns by which rows are recognised, and their values in a row."""
        found: list[tuple[ColumnElement[Any], Callable[[Verdict], Any]]] = [
            (rule.column, lambda verdict, at=rule.number: verdict.keys[at])  # type: ignore[misc]
            for rule in self._rules
            if self._plan.same != "create"
        ]
        paths = dict.fromkeys([each.key for each in self._unique] + ([self._plan.key] if self._plan.key else []))
        for path in paths:
            column = self._resource.fields[path].column
            if column is not None and path != NUMBER:
                found.append((column, lambda verdict, at=path: verdict.values.get(at)))  # type: ignore[misc]
        return found

    # ------------------------------------------------------------------------------------------- by the importer's key

    def _by_key(self, connection: ScopedConnection, verdicts: Sequence[Verdict]) -> dict[int, Match]:
        path = self._plan.key
        if not path:
            return {}
        rule = next((rule for rule in self._rules if rule.path == path), None)
        given = {v.number: self._key(v) for v in verdicts}
        wanted = {value for value in given.values() if value is not None}
        field = self._resource.fields[path]
        assert field.column is not None
        column = rule.column if rule else field.column
        named: dict[Any, list[tuple[int, Any]]] = {}
        for value, record_id, exact in _rows(connection, column, wanted, self._resource.table.c.id, field.column):
            named.setdefault(value, []).append((record_id, exact))
        return {
            verdict.number: self._chosen(named[value], verdict.values.get(path))
            for verdict in verdicts
            if (value := given[verdict.number]) in named
        }

    def _chosen(self, candidates: list[tuple[int, Any]], exact: Any) -> Match:
        """Of several records with a similar name the one with the very same."""
        same = [record_id for record_id, value in candidates if value == exact]
        if len(candidates) == 1 or len(same) == 1:
            return Match(self._plan.key, record_id=(same or [candidates[0][0]])[0], by_key=True)
        return Match(
            self._plan.key,
            by_key=True,
            fault=_("More than one record is called '{value}'. Write its number instead.", value=str(exact)[:50]),
        )

    # ---------------------------------------------------------------------------------------- by what must be or may be

    def _taken(self, connection: Connection, verdicts: Sequence[Verdict]) -> dict[int, Match]:
        found: dict[int, Match] = {}
        for each in self._unique:
            assert each.column is not None
            wanted = {v.values[each.key] for v in verdicts if v.values.get(each.key) is not None}
            present = {row[0] for row in _rows(connection, each.column, wanted, where=_present(self._resource))}
            for verdict in verdicts:
                if verdict.values.get(each.key) in present:
                    note = _("This value is already taken.")
                    found.setdefault(verdict.number, Match(each.key, taken=True, note=note))
        return found

    def _duplicates(self, connection: ScopedConnection, verdicts: Sequence[Verdict], found: dict[int, Match]) -> None:
        """Records that the rule of duplicates finds, wherever they lie."""
        for rule in self._rules:
            keys = {v.keys[rule.number] for v in verdicts if v.keys[rule.number] and v.number not in found}
            present = _present(self._resource)
            ids = dict(_rows(privileged(connection), rule.column, keys, self._resource.table.c.id, where=present))
            for verdict in verdicts:
                record_id = ids.get(verdict.keys[rule.number])
                if record_id is not None and verdict.number not in found:
                    note = _("Same {field} as a record that exists.", field=rule.label)
                    found[verdict.number] = Match(rule.path, record_id=record_id, note=note)

    def _judge_scope(self, connection: ScopedConnection, found: dict[int, Match]) -> None:
        """Say of found records what their reader may know and do; those he does not see stay unnamed."""
        ids = {match.record_id for match in found.values() if match.record_id is not None}
        if not ids:
            return
        table = self._resource.table
        label = self._resource.label if self._shows_label else table.c.id
        seen = {row[0]: row[1] for row in _rows(connection, table.c.id, ids, label)}
        changes = self._plan.mode != "create" or self._plan.same == "update"
        editable = _editable(connection, self._resource, ids) if changes else set()
        for match in found.values():
            if match.record_id not in seen:
                match.record_id = None
                continue
            match.editable = match.record_id in editable
            if match.note and self._shows_label:
                path = self._resource.fields[match.path].label
                match.note = _("Same {field} as “{name}”.", field=path, name=str(seen[match.record_id] or "")[:80])


def _unique_fields(resource: ResolvedResource) -> list[ResolvedField]:
    """The fields whose values no two records may share."""
    single = {
        next(iter(index.columns)).name for index in resource.table.indexes if index.unique and len(index.columns) == 1
    }
    return [
        each
        for each in resource.fields.values()
        if each.column is not None and not each.extension and each.column.name in single
    ]


def _label_key(resource: ResolvedResource) -> str:
    return resource.label.key


def _present(resource: ResolvedResource) -> tuple[ColumnElement[bool], ...]:
    return (resource.table.c.deleted_at.is_(None),) if resource.has_bin else ()


def _rows(
    connection: Connection,
    column: ColumnElement[Any],
    wanted: Iterable[Any],
    *told: ColumnElement[Any],
    where: Sequence[ColumnElement[bool]] = (),
) -> list[Any]:
    """The rows whose `column` is among the wanted: that column and those that are to be told."""
    given = list(wanted)
    if not given:
        return []
    # What the database keeps in a form of its own, such as a day, cannot be part of one long parameter.
    plain = isinstance(column.type, String | Integer) and all(type(value) in (str, int) for value in given)
    found = among(column, given) if plain else column.in_(given)
    return list(connection.execute(select(column, *told).where(found, *where)))


def _editable(connection: ScopedConnection, resource: ResolvedResource, ids: Iterable[int]) -> set[int]:
    column = resource.table.c.id
    statement = select(column).where(column.in_(bindparam("ids", expanding=True)), InScope(resource.table.name, "edit"))
    return set(connection.scalars(statement, {"ids": list(ids)}))
