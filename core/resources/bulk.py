"""Many new records at once: one statement a table, with history and search index, for imports and demo data.

Whoever calls it has checked rights and values already; single records go through `Records`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final, cast

from sqlalchemy import JSON, Column, Connection, Dialect, Table, TypeDecorator, func, inspect, select, text

from core.kernel.history import UNTOLD, HistoryEntry, Operation, plain
from core.kernel.predicates import key_of
from core.kernel.search import Entry, insert_together, make_entry
from core.kernel.types import now
from core.resources.indexing import text_of
from core.resources.resolved import ResolvedResource

Changed = tuple[int, Mapping[str, Any], Mapping[str, Any]]
"""The id of a record, and its values before and after."""

HISTORY: Final = cast(Table, HistoryEntry.__table__)
TO_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def queue_up(connection: Connection, table: Table) -> None:
    """Wait until nobody else adds many rows to a table, and keep others waiting to the end of the transaction.

    On SQLite whoever writes has waited already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:table))"), {"table": table.name})


def take_ids(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """Ids for new rows, which nobody else gets: under SQLite's write lock, or from PostgreSQL's sequence."""
    if connection.dialect.name == "sqlite":
        first = (connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1
        return range(first, first + count)
    # One by one, because between reading the sequence and moving it past a block another would get the same numbers.
    name = connection.execute(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name}).scalar_one()
    taken = text("SELECT nextval(:name) FROM generate_series(1, :count)")
    return list(connection.scalars(taken, {"name": name, "count": count}))


class Batch:
    """New rows of one model, made ready before anybody has to wait: in the driver's types, with their history and
    their entries in the search index. Only what the database gives is missing: ids, and links to other new records.
    """

    def __init__(
        self,
        dialect: Dialect,
        model: type[Any],
        names: Sequence[str],
        rows: Sequence[tuple[Any, ...]],
        *,
        resource: ResolvedResource | None = None,
        told: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """`rows` hold the values of the columns `names`; `told` is what history shall say of each row beyond them."""
        self._table: Table = model.__table__
        self._attributes = _attributes(model)
        self._names = tuple(names)
        self._constant = self._constants()
        self._rows = _bind(dialect, self._table, self._names, rows)
        self._bodies = self._history(rows, told)
        self._index = resource.index if resource is not None else None
        self._entries = self._search(dialect, resource, rows) if resource is not None else []

    def __len__(self) -> int:
        return len(self._rows)

    def insert(
        self, connection: Connection, operation: Operation, links: Mapping[str, Sequence[int]] | None = None
    ) -> Sequence[int]:
        """Insert the rows and return their ids; `links` are columns that hold the ids of other new records."""
        if not self._rows:
            return ()
        ids = take_ids(connection, self._table, len(self._rows))
        late = [ids, *(links or {}).values()]
        header = ["id", *(links or {}), *self._names]
        rows = [(*given, *row) for given, row in zip(zip(*late, strict=True), self._rows, strict=True)]
        insert_bound(connection, self._table, header, rows, self._constant)
        bodies = self._bodies
        for name, values in (links or {}).items():
            bodies = [_with(body, self._attributes[name], value) for body, value in zip(bodies, values, strict=True)]
        told = [(record_id, "{}", body) for record_id, body in zip(ids, bodies, strict=True)]
        _remember(connection, operation, key_of(self._table.name), "create", told)
        if self._index is not None:
            self._index.add_entries(connection, list(zip(ids, self._entries, strict=True)))
        return ids

    def _constants(self) -> dict[str, Any]:
        """The values of columns that rows do not name; one made by a function is the same for all rows."""
        moment = now()
        found: dict[str, Any] = {}
        for column in self._table.c:
            default: Any = column.default
            if default is not None and not column.primary_key:
                arg = default.arg
                found[column.name] = arg if default.is_scalar else arg(None) if default.is_callable else None
        found |= {"version": 1, "created_at": moment, "updated_at": moment}
        return {name: v for name, v in found.items() if name in self._table.c and name not in self._names}

    def _history(self, rows: Sequence[tuple[Any, ...]], told: Sequence[Mapping[str, Any]]) -> list[str]:
        always = {
            self._attributes[name]: plain(value)
            for name, value in self._constant.items()
            if name not in UNTOLD and value is not None
        }
        same = TO_JSON(always)[1:-1]
        shown = [(n, f"{TO_JSON(self._attributes[name])}:") for n, name in enumerate(self._names) if name not in UNTOLD]
        parts = [
            [same, *[key + _written(value) for number, key in shown if (value := row[number]) is not None]]
            for row in rows
        ]
        for each, more in zip(parts, told, strict=False):
            each.append(TO_JSON(more)[1:-1])
        return [f"{{{','.join(filter(None, each))}}}" for each in parts]

    def _search(self, dialect: Dialect, resource: ResolvedResource, rows: Sequence[tuple[Any, ...]]) -> list[Entry]:
        if resource.index is None:
            return []
        searched = [resource.fields[name].column for name in resource.declared.search if "." not in name]
        places = [self._names.index(c.name) for c in searched if c is not None and c.name in self._names]
        return [make_entry(dialect.name, text_of([row[place] for place in places])) for row in rows]


def _written(value: Any) -> str:
    """A value as history keeps it, in JSON."""
    if type(value) is str:
        return encode_basestring(value)
    return repr(value) if type(value) is int else TO_JSON(plain(value))


def _with(body: str, key: str, value: int) -> str:
    """A JSON object with one more number in it."""
    return f'{{"{key}":{value}{"," if len(body) > 2 else ""}{body[1:]}'


def insert_many(
    connection: Connection,
    resource: ResolvedResource,
    operation: Operation,
    rows: Sequence[Mapping[str, Any]],
) -> Sequence[int]:
    """Insert rows of column values (by column name) and return their ids; all rows must have the same keys."""
    if not rows:
        return ()
    names = list(rows[0])
    given = [tuple([row[name] for name in names]) for row in rows]
    return Batch(connection.dialect, resource.model, names, given, resource=resource).insert(connection, operation)


def remember(
    connection: Connection, operation: Operation, resource: str, action: str, changes: Iterable[Changed]
) -> None:
    """Put many changes of one kind into history: the record's id, and its values before and after."""
    told = [(record_id, TO_JSON(before), TO_JSON(after)) for record_id, before, after in changes]
    _remember(connection, operation, resource, action, told)


def _remember(
    connection: Connection, operation: Operation, resource: str, action: str, told: Sequence[tuple[int, str, str]]
) -> None:
    constant = {
        "operation": operation.id,
        "at": now(),
        "actor_id": operation.actor_id,
        "origin": operation.origin,
        "resource": resource,
        "action": action,
    }
    insert_bound(connection, HISTORY, ["record_id", "before", "after"], told, constant)


def insert_pairs(connection: Connection, table: Table, header: Sequence[str], rows: Sequence[tuple[int, int]]) -> None:
    """Insert the links of many to many."""
    insert_bound(connection, table, header, rows, {})


def insert_bound(
    connection: Connection,
    table: Table,
    header: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    constant: Mapping[str, Any],
) -> None:
    """Insert rows of the driver's own values past SQLAlchemy, which would take several times as long for each.

    `constant` are columns that are the same in all rows.
    """
    if not rows:
        return
    fixed = _bind(connection.dialect, table, tuple(constant), [tuple(constant.values())])[0]
    quote = connection.dialect.identifier_preparer.quote
    into = f"{quote(table.name)} ({', '.join(map(quote, [*constant, *header]))})"
    if connection.dialect.name == "sqlite":
        insert_together(connection, into, rows, fixed)
        return
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(fixed + row)


def _bind(
    dialect: Dialect, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """Rows in the driver's types, column by column."""
    columns = {column.name: column for column in table.c}
    binders = [(number, bind) for number, name in enumerate(names) if (bind := _binder(dialect, columns[name]))]
    if not binders or not rows:
        return list(rows)
    turned = list(map(list, zip(*rows, strict=True)))
    for number, bind in binders:
        turned[number] = [None if value is None else bind(value) for value in turned[number]]
    return list(zip(*turned, strict=True))


def _binder(dialect: Dialect, column: Column[Any]) -> Callable[[Any], Any] | None:
    """What turns a Python value into the one that the driver takes; None where it takes it as it is."""
    kind = column.type
    if isinstance(kind, JSON):
        return TO_JSON
    bind = kind.dialect_impl(dialect).bind_processor(dialect)
    # Moments and amounts repeat, and take a while to be turned.
    return lru_cache(maxsize=4096)(bind) if bind is not None and isinstance(kind, TypeDecorator) else bind


def _attributes(model: type[Any]) -> dict[str, str]:
    """The names by which history knows columns."""
    mapper = inspect(model)
    return {column.name: mapper.get_property_by_column(column).key for column in model.__table__.c}
