"""The search index of one resource: what is indexed of a text, how it is kept on both databases, how it is asked.

It knows no business and no permission: a condition of an index only narrows a statement on the indexed table itself,
which the gate has scoped. Its own tables are sealed, nobody else reads them.

Every pair of neighbouring letters of the text is indexed, in every script, so a middle piece of a word is found too.
Beside Chinese text stands its pinyin with the initials. The pairs are necessary but not sufficient, so hits of longer
words are rechecked against the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Literal, NamedTuple, TypeVar

from sqlalchemy import (
    ARRAY,
    Alias,
    Boolean,
    Connection,
    Dialect,
    FromClause,
    Integer,
    String,
    Table,
    TypeDecorator,
    bindparam,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter, ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from core.kernel.prepared import Prepared
from core.kernel.search_words import Terms, fts_query, grams, numbers, parse, searchable, tokens_of

__all__ = ["Plan", "SearchIndex", "Terms", "Way", "parse"]

T = TypeVar("T")

Way = Literal["index", "walk"]
"""How a statement comes to its rows: by the hits of the index, or row by row, comparing the text kept for each."""


class Plan(NamedTuple):
    """The fastest ways for a query: for a sorted page of rows, and for a count that stops at about a thousand."""

    page: Way
    total: Way


BATCH = 1_000

TOGETHER = (200, 50)
"""Rows of one INSERT on SQLite; longer statements take longer to be understood than they save."""

MOST_VALUES = 16_000
"""Values of one statement, of which SQLite takes twice as many."""


class Entry(NamedTuple):
    """What the index keeps of one record: its searchable text, and the grams in the form that the database takes."""

    text: str
    grams: str | list[int]


def make_entry(dialect: str, text: str) -> Entry:
    """The entry of a record's text; it takes a while, and needs no database."""
    kept = searchable(text)
    return Entry(kept, _packed(dialect, kept))


def _packed(dialect: str, text: str) -> str | list[int]:
    return tokens_of(text) if dialect == "sqlite" else numbers(grams(text))


def insert_together(
    connection: Connection, into: str, rows: Sequence[tuple[Any, ...]], fixed: tuple[Any, ...] = ()
) -> None:
    """Insert rows into a table of SQLite, many with one statement: the other threads of the process are held up once
    for all of them and not for each. `fixed` stands before the values of every row."""
    width = len(rows[0]) if rows else 0
    start = 0
    while left := len(rows) - start:
        # Few sizes, so that the statements are known; the more rows, the seldomer do the threads wait for each other.
        count = next(
            (size for size in TOGETHER if size <= left and size * width <= MOST_VALUES), min(left, TOGETHER[-1])
        )
        statement = _insert_together(into, len(fixed), width, count)
        part = rows[start : start + count]
        Prepared.straight(connection, statement, (*fixed, *chain.from_iterable(part)))
        start += count


@lru_cache(maxsize=64)
def _insert_together(into: str, fixed: int, width: int, count: int) -> str:
    """The very same text each time, so that the database need not read it again."""
    same = "".join([f"?{number + 1}," for number in range(fixed)])
    firsts = range(fixed + 1, fixed + 1 + width * count, width)
    values = ",".join([f"({same}{','.join([f'?{n}' for n in range(first, first + width)])})" for first in firsts])
    return f"INSERT INTO {into} VALUES {values}"


class SearchIndex:
    """The index of one table, kept by whoever changes the table, on the privileged connection of the same transaction.

    A text is the record's search fields, one a line. The tables are `<table>_search` (id, text) and, on SQLite, the
    virtual table `<table>_search_index` with its shadow tables.
    """

    def __init__(self, table_name: str) -> None:
        self.table_name = table_name
        self.texts = f"{table_name}_search"
        self.index = f"{table_name}_search_index"

    def tables(self, dialect: str) -> tuple[str, ...]:
        """The names of all tables that belong to the index; none of them is part of any model."""
        if dialect != "sqlite":
            return (self.texts,)
        return self.texts, self.index, *(f"{self.index}_{part}" for part in ("data", "idx", "config"))

    def create(self, connection: Connection) -> None:
        """Make the empty index, if it is not there."""
        for statement in _CREATE[connection.dialect.name]:
            connection.exec_driver_sql(statement.format(texts=self.texts, index=self.index))

    def drop(self, connection: Connection) -> None:
        """Remove the index, if it is there."""
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{self.index}"')
        connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{self.texts}"')

    def add(self, connection: Connection, rows: Iterable[tuple[int, str]]) -> None:
        """Index new records: pairs of id and text. For records that are certainly not in the index yet."""
        for batch in _batches(rows):
            self._insert(connection, [(key, searchable(text)) for key, text in batch])

    def add_entries(self, connection: Connection, entries: Sequence[tuple[int, Entry]]) -> None:
        """Index new records by entries made before; for records that are certainly not in the index yet."""
        if not entries:
            return
        if connection.dialect.name == "sqlite":
            texts = [(key, entry.text) for key, entry in entries]
            insert_together(connection, f'"{self.texts}" (id, text)', texts)
            insert_together(connection, f'"{self.index}" (rowid, grams)', [(key, e.grams) for key, e in entries])
            return
        cursor: Any = connection.connection.cursor()
        # COPY takes a third of the time of INSERT.
        with cursor, cursor.copy(f'COPY "{self.texts}" (id, text, grams) FROM STDIN') as copy:
            for key, entry in entries:
                copy.write_row((key, entry.text, entry.grams))

    def put(self, connection: Connection, rows: Iterable[tuple[int, str]]) -> None:
        """Index records anew, whether they are in the index or not: pairs of id and text."""
        for batch in _batches(rows):
            new = {key: searchable(text) for key, text in batch}
            old = self._kept(connection, list(new))
            changed = [(key, text) for key, text in new.items() if old.get(key) != text]
            if len(changed) == 1 and changed[0][0] in old:
                self._replace(connection, *changed[0], old[changed[0][0]])
                continue
            self._delete(connection, [(key, old[key]) for key, _ in changed if key in old])
            self._insert(connection, changed)

    def remove(self, connection: Connection, ids: Iterable[int]) -> None:
        """Take records out of the index; ids that are not in it do no harm."""
        for batch in _batches(ids):
            self._delete(connection, list(self._kept(connection, batch).items()))

    def rebuild(self, connection: Connection, rows: Iterable[tuple[int, str]]) -> None:
        """Empty the index and index all of `rows`, for example after the search fields of a resource changed."""
        self.drop(connection)
        self.create(connection)
        self.add(connection, rows)
        self.optimise(connection)

    def optimise(self, connection: Connection) -> None:
        """Put the index into its fastest form; after a large import, outside of the busy hours."""
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f'INSERT INTO "{self.index}" ("{self.index}") VALUES (\'optimize\')')
        else:
            connection.exec_driver_sql(f'ANALYZE "{self.texts}"')

    def condition(
        self, table: FromClause, terms: Terms, way: Way = "index", *, name: str | None = None
    ) -> ColumnElement[bool]:
        """The WHERE condition that a row of `table` (the indexed table or an alias of it) has all words.

        Both ways give the same rows; `plan` says which is fast. With a `name` the statement may be kept, by
        `terms.shape` and way, and run again with `parameters` of that name.
        """
        indexed = table.element if isinstance(table, Alias) else table
        if not isinstance(indexed, Table) or indexed.name != self.table_name:
            raise TypeError(f"The index of '{self.table_name}' narrows only statements on that table, not '{table}'")
        if not terms:
            return true()
        if way == "walk" or not terms.grams:
            return _Compared(table.c.id, *_parameters(name, "word", terms.words, String()))
        (lookup,) = _parameters(name, "grams", [terms.grams], _Grams())
        return _Found(table.c.id, lookup, *_parameters(name, "recheck", terms.rechecked, String()))

    def parameters(self, terms: Terms, name: str) -> dict[str, object]:
        """The values of the parameters in a kept `condition`, for both of its ways."""
        values: dict[str, Sequence[object]] = {"grams": [terms.grams], "word": terms.words, "recheck": terms.rechecked}
        return {f"{name}_{kind}_{i}": value for kind, every in values.items() for i, value in enumerate(every)}

    def plan(self, connection: Connection, terms: Terms) -> Plan:
        """The fastest ways for these words, by how many records have them; one short statement.

        Rare words are looked up in the index and the hits are sorted. For frequent ones that would take 0.4 s at a
        million records; there the page is walked in its order, and is full after 50 hits. A count pays less for a hit,
        so it changes later. With few records in reach (under a thousand without the words) walking is always fast:
        then do not ask, and use "walk" for both.
        """
        if not terms.grams:
            return Plan("walk", "walk")
        if connection.dialect.name == "postgresql" and len(terms.grams) == 1:
            # Its planner knows how frequent single grams are, and walks by itself where that is faster.
            return Plan("index", "index")
        hits, size = self._estimate(connection, terms)
        # Looking up costs h hits · 2.3 µs, walking 50 rows 50 / (h / size) · 1.5 µs: equal where h² = 32 · size.
        return Plan("walk" if hits * hits > 32 * size else "index", "walk" if hits > _many(size) else "index")

    def _estimate(self, connection: Connection, terms: Terms) -> tuple[int, int]:
        """How many records have the grams, as far as `plan` wants to know, and how many records there are."""
        sqlite = connection.dialect.name == "sqlite"
        statement = _ESTIMATE[connection.dialect.name].format(texts=self.texts, index=self.index)
        value = fts_query(terms.grams) if sqlite else numbers(terms.grams)
        # Its plan must be made for these very words, see `core.kernel.database`.
        row = Prepared.straight(connection, statement, (value,), prepare=False).fetchone()
        return int(row[0]), int(row[1] or 0)

    def _kept(self, connection: Connection, ids: Sequence[int]) -> dict[int, str]:
        statement = _KEPT[connection.dialect.name].format(texts=self.texts)
        value = json.dumps(ids) if connection.dialect.name == "sqlite" else list(ids)
        return {row[0]: row[1] for row in Prepared.straight(connection, statement, (value,))}

    def _insert(self, connection: Connection, rows: list[tuple[int, str]]) -> None:
        dialect = connection.dialect.name
        self.add_entries(connection, [(key, Entry(text, _packed(dialect, text))) for key, text in rows])

    def _replace(self, connection: Connection, key: int, text: str, old: str) -> None:
        """Another text for one record, which is what almost every change brings."""
        packed = _packed(connection.dialect.name, text)
        if connection.dialect.name == "sqlite":
            removal = f'INSERT INTO "{self.index}" ("{self.index}", rowid, grams) VALUES (\'delete\', ?, ?)'
            Prepared.straight(connection, removal, (key, tokens_of(old)))
            Prepared.straight(connection, f'UPDATE "{self.texts}" SET text = ? WHERE id = ?', (text, key))
            Prepared.straight(connection, f'INSERT INTO "{self.index}" (rowid, grams) VALUES (?, ?)', (key, packed))
        else:
            statement = f'UPDATE "{self.texts}" SET text = %s, grams = %s::integer[] WHERE id = %s'
            Prepared.straight(connection, statement, (text, packed, key))

    def _delete(self, connection: Connection, rows: list[tuple[int, str]]) -> None:
        """Take out the entries of `rows`, ids and kept texts; an index without content needs to be told the text."""
        if not rows:
            return
        if connection.dialect.name == "sqlite":
            entries = [("delete", key, tokens_of(text)) for key, text in rows]
            command = f'INSERT INTO "{self.index}" ("{self.index}", rowid, grams) VALUES (?, ?, ?)'
            removal, keys = f'DELETE FROM "{self.texts}" WHERE id = ?', [(key,) for key, _ in rows]
            if len(rows) == 1:
                Prepared.straight(connection, command, entries[0])
                Prepared.straight(connection, removal, keys[0])
            else:
                connection.exec_driver_sql(command, entries)
                connection.exec_driver_sql(removal, keys)
        else:
            gone = [key for key, _ in rows]
            Prepared.straight(connection, f'DELETE FROM "{self.texts}" WHERE id = ANY(%s)', (gone,))


_CREATE = {
    "sqlite": (
        'CREATE TABLE IF NOT EXISTS "{texts}" (id INTEGER PRIMARY KEY, text TEXT NOT NULL)',
        # The text stands in the table beside it, and no ranking is needed: the index holds ids alone.
        (
            'CREATE VIRTUAL TABLE IF NOT EXISTS "{index}" USING fts5('
            "grams, content='', detail=none, columnsize=0, tokenize='unicode61 remove_diacritics 0')"
        ),
    ),
    "postgresql": (
        'CREATE TABLE IF NOT EXISTS "{texts}" (id bigint PRIMARY KEY, text text NOT NULL, grams integer[] NOT NULL)',
        'CREATE INDEX IF NOT EXISTS "{index}" ON "{texts}" USING gin (grams) WITH (gin_pending_list_limit = 512)',
    ),
}
_KEPT = {
    "sqlite": 'SELECT id, text FROM "{texts}" WHERE id IN (SELECT value FROM json_each(?))',
    "postgresql": 'SELECT id, text FROM "{texts}" WHERE id = ANY(%s)',
}
_ESTIMATE = {
    "sqlite": (
        'SELECT (SELECT count(*) FROM (SELECT 1 FROM "{index}" WHERE "{index}" MATCH ? '
        'LIMIT (SELECT 5001 + coalesce(max(id), 0) / 20 FROM "{texts}"))), (SELECT max(id) FROM "{texts}")'
    ),
    "postgresql": (
        'SELECT (SELECT count(*) FROM (SELECT 1 FROM "{texts}" WHERE grams @> %s::integer[] '
        'LIMIT (SELECT 6 * sqrt(coalesce(max(id), 0)) FROM "{texts}")) AS hits), (SELECT max(id) FROM "{texts}")'
    ),
}


def _many(size: int) -> int:
    """From so many hits on a count walks."""
    return 5_000 + size // 20


class _Grams(TypeDecorator[Any]):
    """The grams of a query as a parameter: a full-text expression on SQLite, an array on PostgreSQL."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else ARRAY(Integer))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else (fts_query if dialect.name == "sqlite" else numbers)(value)


class _Condition(FunctionElement[bool]):
    """Part of a WHERE clause that reads the index; its arguments are the indexed table's id and the parameters.

    It is an element of its own, so that the sealed tables appear in it and nowhere else.
    """

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> Any:
        """Itself, which is in brackets already: SQLAlchemy would write `= 1` behind it, and SQLite forget its index."""
        return self

    def parts(self, compiler: SQLCompiler, **options: Any) -> tuple[str, list[str], str]:
        """The id and the parameters as SQL, and the name of the table of texts."""
        key, *values = self.clauses
        table: Any = key.table.element if isinstance(key.table, Alias) else key.table
        rendered = [compiler.process(value, **options) for value in values]
        return compiler.process(key, **options), rendered, f"{table.name}_search"


class _Found(_Condition):
    """The id is among the hits of the index."""

    inherit_cache = True


class _Compared(_Condition):
    """The text kept for the id has the words."""

    inherit_cache = True


@compiles(_Found, "sqlite")
def _found_sqlite(element: _Found, compiler: SQLCompiler, **options: Any) -> str:
    key, (lookup, *words), texts = element.parts(compiler, **options)
    index = f"{texts}_index"
    if not words:
        return f'({key} IN (SELECT rowid FROM "{index}" WHERE "{index}" MATCH {lookup}))'
    rechecks = " AND ".join(f'instr("{texts}".text, {word}) > 0' for word in words)
    # CROSS JOIN keeps SQLite from reading all texts first.
    return (
        f'({key} IN (SELECT "{texts}".id FROM "{index}" CROSS JOIN "{texts}" ON "{texts}".id = "{index}".rowid '
        f'WHERE "{index}" MATCH {lookup} AND {rechecks}))'
    )


@compiles(_Found, "postgresql")
def _found_postgresql(element: _Found, compiler: SQLCompiler, **options: Any) -> str:
    key, (lookup, *words), texts = element.parts(compiler, **options)
    rechecks = "".join(f" AND strpos(text, {word}) > 0" for word in words)
    return f'({key} IN (SELECT id FROM "{texts}" WHERE grams @> {lookup}{rechecks}))'


@compiles(_Compared)
def _compared(element: _Compared, compiler: SQLCompiler, **options: Any) -> str:
    key, words, texts = element.parts(compiler, **options)
    position = "instr" if compiler.dialect.name == "sqlite" else "strpos"
    checks = " AND ".join(f'{position}("{texts}".text, {word}) > 0' for word in words)
    return f'(EXISTS (SELECT 1 FROM "{texts}" WHERE "{texts}".id = {key} AND {checks}))'


def _parameters(
    name: str | None, kind: str, values: Sequence[object], type_: TypeEngine[Any]
) -> list[BindParameter[Any]]:
    return [
        bindparam(f"{name or 'search'}_{kind}_{i}", value, type_=type_, unique=name is None)
        for i, value in enumerate(values)
    ]


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        yield batch
