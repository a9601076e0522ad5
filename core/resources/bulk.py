"""Many new records at once: one statement a table, with history and search index, for imports and demo data.

Whoever calls it has checked rights and values already; single records go through `Records`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, inspect, select, text

from core.kernel.history import UNTOLD, HistoryEntry, Operation, plain
from core.kernel.predicates import key_of
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
    connection: Connection,
    resource: ResolvedResource,
    operation: Operation,
    rows: Sequence[Mapping[str, Any]],
    told: Sequence[Mapping[str, Any]] = (),
) -> range:
    """Insert rows of column values (by column name) and return their ids; all rows must have the same keys.

    `told` is what history shall say of each row beyond its columns, such as the tags that are linked to it.
    """
    ids = insert_records(connection, resource.model, operation, rows, told)
    if resource.index is not None:
        searched = [resource.fields[name].column for name in resource.declared.search if "." not in name]
        names = [column.name for column in searched if column is not None]
        texts = ((key, text_of(row.get(name) for name in names)) for key, row in zip(ids, rows, strict=True))
        resource.index.add(connection, texts)
    return ids


def insert_records(
    connection: Connection,
    model: type[Any],
    operation: Operation,
    rows: Sequence[Mapping[str, Any]],
    told: Sequence[Mapping[str, Any]] = (),
) -> range:
    """Insert rows of a model with their history, and return their ids. For models that are no resource; see above."""
    if not rows:
        return range(0)
    table: Table = model.__table__
    ids = take_ids(connection, table, len(rows))
    moment = now()
    constant = {**_defaults(table, rows[0]), "version": 1, "created_at": moment, "updated_at": moment}
    constant = {name: value for name, value in constant.items() if name in table.c and name not in rows[0]}
    named = list(rows[0])
    header = ["id", *constant, *named]
    fixed = tuple(constant.values())
    full = [(key, *fixed, *[row[name] for name in named]) for key, row in zip(ids, rows, strict=True)]
    insert_tuples(connection, table, header, full)
    attribute = {column.name: inspect(model).get_property_by_column(column).key for column in table.c}
    shown = [(number, attribute[name]) for number, name in enumerate(header) if name not in UNTOLD and name != "id"]
    after = [{key: plain(row[number]) for number, key in shown if row[number] is not None} for row in full]
    for values, more in zip(after, told, strict=False):
        values.update(more)
    remember(connection, operation, key_of(table.name), "create", [(i, {}, a) for i, a in zip(ids, after, strict=True)])
    return ids


def remember(
    connection: Connection,
    operation: Operation,
    resource: str,
    action: str,
    changes: Iterable[tuple[int, Mapping[str, Any], Mapping[str, Any]]],
) -> None:
    """Put many changes of one kind into history: the record's id, and its values before and after."""
    moment = now()
    header = ["operation", "at", "actor_id", "origin", "resource", "record_id", "action", "before", "after"]
    constant = (operation.id, moment, operation.actor_id, operation.origin, resource)
    rows = [(*constant, record_id, action, before, after) for record_id, before, after in changes]
    insert_tuples(connection, HistoryEntry.__table__, header, rows)  # type: ignore[arg-type]


def insert_tuples(connection: Connection, table: Table, header: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of Python values past SQLAlchemy, which would take several times as long for each of them."""
    if not rows:
        return
    quote = connection.dialect.identifier_preparer.quote
    place = quote(table.name)
    columns = ", ".join(quote(name) for name in header)
    binding = [(number, bind) for number, name in enumerate(header) if (bind := _binder(connection, table, name))]
    bound = [_bound(row, binding) for row in rows]
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(header))
        connection.exec_driver_sql(f"INSERT INTO {place} ({columns}) VALUES ({marks})", bound)
        return
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {place} ({columns}) FROM STDIN") as copy:
        for row in bound:
            copy.write_row(row)


def _bound(row: tuple[Any, ...], binding: Sequence[tuple[int, Callable[[Any], Any]]]) -> tuple[Any, ...]:
    values = list(row)
    for number, bind in binding:
        values[number] = bind(values[number])
    return tuple(values)


def _binder(connection: Connection, table: Table, name: str) -> Callable[[Any], Any] | None:
    """What turns a Python value into the one that the driver takes; None where it takes it as it is."""
    column = next(column for column in table.c if column.name == name)
    return column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)


def _defaults(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults of columns that a row does not name; one made by a function is the same for all rows."""
    found: dict[str, Any] = {}
    for column in table.c:
        default: Any = column.default
        if column.name in row or default is None or column.primary_key:
            continue
        found[column.name] = default.arg if default.is_scalar else default.arg(None) if default.is_callable else None
    return found
