"""Writes the rows of a record: reads what was typed or sent cell by cell, tells rows apart, makes, changes and removes them.

Who may edit the record may edit its rows; each value is checked like that of any field, and each row has its own history.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from core.kernel.errors import FieldError, Invalid
from core.kernel.gate import acting, privileged
from core.kernel.guard import ScopedSession, check_ids
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.resources import values
from core.resources.fields import ResolvedField, Words
from core.resources.rows import ResolvedRows, undeleted

if TYPE_CHECKING:
    from core.resources.conditions import Context
    from core.resources.resolved import ResolvedResource, Resources

MOST = 1000
"""Rows that one record may have."""


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One row as it shall be: of which present row it is, and the values that are set."""

    id: int | None
    values: Mapping[str, Any] = field(default_factory=dict)


ReadValue = Callable[["Resources", ScopedSession, ResolvedField, Any, "Context"], Any]


class RowReader:
    """Reads rows as typed or sent for one record; `faults` tells what does not pass, cell by cell."""

    def __init__(
        self,
        resources: Resources,
        session: ScopedSession,
        resolved: ResolvedField,
        context: Context,
        read_value: ReadValue,
    ) -> None:
        assert resolved.rows is not None
        self.faults: list[FieldError] = []
        self._resources = resources
        self._session = session
        self._field = resolved
        self._rows: ResolvedRows = resolved.rows
        self._context = context
        self._read_value = read_value
        self._fields = self._rows.readable(context.principal)

    def take(self, raw: Any, record_id: int | None) -> list[GivenRow]:
        """The rows that shall be there, in their order."""
        if raw in (None, ""):
            raw = []
        if not isinstance(raw, list | tuple):
            return self._refuse(self._field.key, _("Rows are given as a list."))
        if len(raw) > MOST:
            return self._refuse(self._field.key, _("At most {most} rows fit here.", most=MOST))
        present = self._present(record_id)
        taken: set[int] = set()
        seen: set[tuple[Any, ...]] = set()
        found = []
        for number, each in enumerate(raw):
            row = self._row(f"{self._field.key}.{number}", each, present, taken, seen)
            if row is not None:
                found.append(row)
        return found

    def _refuse(self, path: str, message: Words) -> list[GivenRow]:
        self.faults.append(FieldError(path, message))
        return []

    def _row(
        self,
        path: str,
        raw: Any,
        present: Mapping[int, Mapping[str, Any]],
        taken: set[int],
        seen: set[tuple[Any, ...]],
    ) -> GivenRow | None:
        given = self._as_mapping(raw)
        if given is None:
            self._refuse(path, _("A row is given as an object of its fields."))
            return None
        before = len(self.faults)
        row_id = self._id(path, given, present)
        found = {key: self._cell(path, key, value) for key, value in given.items()}
        if len(self.faults) > before:
            return None
        row_id = row_id or self._recognised(found, present, taken)
        whole = {**(present[row_id] if row_id else {}), **found}
        self._check(path, row_id, found, whole, present)
        key = tuple(whole.get(name) for name in self._rows.declared.key)
        if row_id in taken or (key and key in seen):
            self._refuse(self._cell_path(path, self._rows.lead.key), _("This row is there twice."))
        taken |= {row_id} if row_id else set()
        seen.add(key)
        told = {self._rows.fields[name].attribute: value for name, value in found.items()}
        return GivenRow(row_id, told)

    def _as_mapping(self, raw: Any) -> dict[str, Any] | None:
        """The fields of a row; where a row is little more than a link, the linked record alone says it."""
        lead, plain = self._rows.lead.key, self._rows.declared.plain
        if isinstance(raw, Mapping):
            given = {str(key): value for key, value in raw.items()}
            if plain:
                own = given.pop("id", None)
                given.pop("label", None)
                given.setdefault(lead, own)
            return given
        return {lead: raw} if plain and isinstance(raw, int | str) else None

    def _id(self, path: str, given: dict[str, Any], present: Mapping[int, Any]) -> int | None:
        raw = given.pop("id", None)
        if raw in (None, ""):
            return None
        row_id = int(raw) if str(raw).isascii() and str(raw).isdigit() and len(str(raw)) < 19 else 0
        if row_id not in present:
            self._refuse(f"{path}.id", _("There is no record with the number {id}.", id=str(raw)[:20]))
            return None
        return row_id

    def _cell(self, path: str, key: str, raw: Any) -> Any:
        resolved = self._fields.get(key)
        if resolved is None:
            return self._refuse(f"{path}.{key}", _("There is no such field."))
        if self._context.principal.field_access(self._rows.resource, key) != "write" or resolved.readonly:
            return self._refuse(self._cell_path(path, key), _("This field cannot be set."))
        try:
            return self._read_value(self._resources, self._session, resolved, self._named(resolved, raw), self._context)
        except values.ValueFault as fault:
            return self._refuse(self._cell_path(path, key), fault.message)

    def _named(self, resolved: ResolvedField, raw: Any) -> Any:
        """A link by the key or the name of what it leads to, such as the role `manager`, as its number."""
        target = self._resources.target(resolved) if resolved.is_relation and self._rows.declared.plain else None
        if target is None or not isinstance(raw, str) or not raw.strip() or raw.strip().isdigit():
            return raw
        columns = [target.table.c[name] for name in ("key",) if name in target.table.c] + [target.label]
        for column in columns:
            found = self._session.scalars(select(target.table.c.id).where(column == raw.strip()).limit(2)).all()
            if len(found) == 1:
                return found[0]
        raise values.ValueFault(_("Nothing is called “{text}”.", text=raw[:50]))

    def _cell_path(self, path: str, key: str) -> str:
        return path if self._rows.declared.plain and key == self._rows.lead.key else f"{path}.{key}"

    def _recognised(
        self, found: Mapping[str, Any], present: Mapping[int, Mapping[str, Any]], taken: set[int]
    ) -> int | None:
        """The present row that one without a number must be, by the fields that tell rows apart."""
        names = self._rows.declared.key
        if not names:
            return None
        key = tuple(found.get(name) for name in names)
        return next(
            (i for i, row in present.items() if i not in taken and tuple(row.get(n) for n in names) == key), None
        )

    def _check(
        self,
        path: str,
        row_id: int | None,
        found: Mapping[str, Any],
        whole: Mapping[str, Any],
        present: Mapping[int, Mapping[str, Any]],
    ) -> None:
        """What must be filled in, and the rule that the declaration brings; a row that stays as it is was fine once."""
        for key, resolved in self._fields.items():
            if resolved.required and whole.get(key) in (None, "") and (key in found or row_id is None):
                self._refuse(self._cell_path(path, key), _("Please fill this in."))
        changed = row_id is None or any(present[row_id].get(key) != value for key, value in found.items())
        if self._rows.declared.check is not None and changed:
            for key, message in self._rows.declared.check(self._resources, whole).items():
                self._refuse(self._cell_path(path, key), message)

    def _present(self, record_id: int | None) -> dict[int, dict[str, Any]]:
        if record_id is None:
            return {}
        rows = self._rows
        columns = [f.column for f in rows.fields.values() if f.column is not None]
        statement = select(rows.table.c.id, *columns).where(rows.parent_column == record_id, *undeleted(rows.table))
        found = privileged(self._session.connection()).execute(statement.order_by(*rows.order))
        return {row[0]: dict(zip(rows.fields, row[1:], strict=True)) for row in found}


def write_rows(
    session: ScopedSession, resource: ResolvedResource, record: Any, key: str, wanted: Sequence[GivenRow], *, new: bool
) -> bool:
    """Make the rows of a record those wanted, under the right to make or edit the record; whether anything changed."""
    rows = resource.fields[key].rows
    assert rows is not None
    if not new:
        check_ids(session, session.guarded[resource.table.name], {record.id}, "edit")
    try:
        with acting(session, f"the rows '{key}' of {resource.key} {record.id}") as beyond:
            changed = _write(beyond, rows, record.id, wanted)
    except Invalid as invalid:
        known = {key, *(f"{key}.{number}" for number in range(len(wanted)))}
        raise Invalid(
            each if each.field.rpartition(".")[0] in known else FieldError(key, each.message) for each in invalid.errors
        ) from None
    if changed:
        session.expire(record, [key])
    return changed


def _write(session: Any, rows: ResolvedRows, record_id: int, wanted: Sequence[GivenRow]) -> bool:
    of_record = select(rows.model).where(rows.parent_column == record_id, *undeleted(rows.table))
    present = {row.id: row for row in session.scalars(of_record)}
    kept = {each.id for each in wanted}
    changed = False
    for row_id, row in present.items():
        if row_id not in kept:
            row.deleted_at = now()
            changed = True
    # Ahead of what is new: a unique index would find the old row and the new one together.
    session.flush()
    for number, each in enumerate(wanted):
        row = present[each.id] if each.id else rows.model(**{rows.parent: record_id})
        told = {**each.values, **_place(rows, number)}
        for name, value in told.items():
            if each.id is None or getattr(row, name) != value:
                setattr(row, name, value)
                changed = True
        if each.id is None:
            session.add(row)
            changed = True
    session.flush()
    return changed


def _place(rows: ResolvedRows, number: int) -> dict[str, int]:
    """Rows that have a position keep the order in which they were given."""
    return {"position": number} if "position" in rows.table.c and "position" not in rows.fields else {}
