"""What happened to the rows of a record: they have a history of their own, and it is told on the record's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, select

from core.kernel.gate import privileged
from core.kernel.history import HistoryEntry
from core.kernel.i18n import translate as _
from core.resources.fields import ResolvedField, Words
from core.resources.resolved import ResolvedResource, Resources
from core.resources.rows import labels_of

if TYPE_CHECKING:
    from core.web.requests import Request


class LineHistory:
    """The history of all rows of one record; whoever sees the record sees its rows, those that are gone as well."""

    def __init__(self, request: Request, resources: Resources) -> None:
        self._request = request
        self._resources = resources
        self._names: dict[tuple[str, int], tuple[Words, str]] = {}
        """By resource and id of a row: which rows these are, and what this one is about."""

    def entries(self, resource: ResolvedResource, record_id: int, before: int | None, limit: int) -> list[HistoryEntry]:
        """The latest entries of the rows of a record, newest first."""
        readable = resource.readable(self._request.principal)
        found: list[HistoryEntry] = []
        for each in resource.fields.values():
            if each.rows is not None and each.key in readable:
                found += self._of_field(each, record_id, before, limit)
        return sorted(found, key=lambda entry: entry.id, reverse=True)[:limit]

    def title(self, entry: HistoryEntry, fields: Words) -> Words | None:
        """What happened to a row, in words; None for an entry that is about no row."""
        named = self._names.get((entry.resource, entry.record))
        if named is None:
            return None
        rows, name = named
        match entry.action:
            case "create" | "restore":
                return _("added {name} to {rows}", name=name, rows=rows)
            case "delete" | "purge":
                return _("removed {name} from {rows}", name=name, rows=rows)
            case _:
                return _("changed {fields} of {name}", fields=fields, name=name)

    def _of_field(self, field: ResolvedField, record_id: int, before: int | None, limit: int) -> list[HistoryEntry]:
        rows = field.rows
        assert rows is not None
        connection = self._request.connection
        own = select(rows.table.c.id).where(rows.parent_column == record_id)
        statement = select(HistoryEntry.__table__).where(
            HistoryEntry.resource == rows.resource, HistoryEntry.record.in_(own)
        )
        if before is not None:
            statement = statement.where(HistoryEntry.id < before)
        found = entries_beneath(connection, statement.order_by(HistoryEntry.id.desc()).limit(limit))
        if found and rows.lead.column is not None:
            shown = select(rows.table.c.id, rows.lead.column).where(rows.parent_column == record_id)
            leads: dict[int, Any] = {row[0]: row[1] for row in privileged(connection).execute(shown)}
            target = self._resources.target(rows.lead)
            labels = labels_of(connection, self._resources, rows.lead, set(leads.values())) if target else {}
            for row_id, value in leads.items():
                name = target.shown(labels.get(value)) if target else str(value)
                self._names[rows.resource, row_id] = (field.label, name or "…")
        return found


def entries_beneath(
    connection: Connection, statement: Select[Any], values: Mapping[str, Any] | None = None
) -> list[HistoryEntry]:
    """Entries beyond the scope, for what is known to be visible by the record it belongs to."""
    columns = [column.key for column in HistoryEntry.__table__.c]
    rows = privileged(connection).execute(statement, values)
    return [HistoryEntry(**dict(zip(columns, row, strict=True))) for row in rows]
