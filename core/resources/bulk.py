"""Many new records at once: one statement a table, with history and search index, for imports and demo data.

Whoever calls it has checked rights and values already; single records go through `Records`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text

from core.kernel.history import UNTOLD, Change, Operation, plain, write_changes
from core.kernel.types import now
from core.resources.indexing import text_of
from core.resources.resolved import ResolvedResource


def take_ids(connection: Connection, table: Table, count: int) -> range:
    """Ids for new rows, which nobody else gets: under SQLite's write lock, or from PostgreSQL's sequence."""
    if connection.dialect.name == "sqlite":
        first = (connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1
        return range(first, first + count)
    # The sequence is moved past the whole block at once, under a lock that other blocks wait for.
    name = connection.execute(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name}).scalar_one()
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:table))"), {"table": table.name})
    first = connection.execute(text(f"SELECT nextval('{name}')")).scalar_one()
    if count > 1:
        connection.execute(text(f"SELECT setval('{name}', :last)"), {"last": first + count - 1})
    return range(first, first + count)


def insert_many(
    connection: Connection, resource: ResolvedResource, operation: Operation, rows: Sequence[Mapping[str, Any]]
) -> range:
    """Insert rows of column values (by column name) and return their ids; all rows must have the same keys."""
    if not rows:
        return range(0)
    table = resource.table
    ids = take_ids(connection, table, len(rows))
    moment = now()
    given = {"version": 1, "created_at": moment, "updated_at": moment}
    full = [{**_defaults(table, row), **given, **row, "id": key} for key, row in zip(ids, rows, strict=True)]
    connection.execute(insert(table), full)
    told = [column.name for column in table.c if column.name not in UNTOLD and column.name != "id"]
    attribute = {column.name: resource.mapper.get_property_by_column(column).key for column in table.c}
    write_changes(
        connection,
        operation,
        [
            Change(
                resource.model,
                row["id"],
                "create",
                {},
                {attribute[name]: plain(row[name]) for name in told if row.get(name) is not None},
            )
            for row in full
        ],
    )
    if resource.index is not None:
        searched = [resource.fields[name].column for name in resource.declared.search if "." not in name]
        names = [column.name for column in searched if column is not None]
        resource.index.add(connection, [(row["id"], text_of(row.get(name) for name in names)) for row in full])
    return ids


def _defaults(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The constant defaults of columns that a row does not name: executemany needs them spelt out."""
    return {
        column.name: column.default.arg  # type: ignore[attr-defined]
        for column in table.c
        if column.name not in row and column.default is not None and column.default.is_scalar
    }
