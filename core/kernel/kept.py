"""Statements that people's pages run again and again: compiled once by the gate, then given to the driver as they are.

Nothing here knows a scope. The gate's compiler has written it into the text, its parameters are filled from the
principal, and from nobody else; what differs from `execute` is only how little stands between the text and the rows.
"""

# SQLAlchemy's own compilers carry no types, so what reads them cannot be held to any.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session
from sqlalchemy.sql import FromClause

from core.kernel.predicates import bound_to
from core.kernel.prepared import Prepared
from core.kernel.privilege import privileged

if TYPE_CHECKING:
    from core.kernel.compiler import ScopedConnection
    from core.kernel.principal import Principal

Convert = Callable[[Any], Any]

MOST: Final = 1000
"""Statements that are kept for one shape of scope, each with the text for one principal."""

LONG: Final = 20
"""Lists of parameters that are longer have too many lengths to keep a text for each."""


def rows_of(
    connection: Connection, statement: Select[Any], values: Mapping[str, Any], *, by_key: bool = False
) -> Sequence[Any]:
    """The rows of a SELECT that its caller built once and keeps, in the scope of the connection as `execute` gives them.

    A statement that is built anew each time is not for here: what was made ready for it would never be used again.
    Whatever is asked `by_key` has one best plan, which PostgreSQL keeps.
    """
    quick = getattr(connection, "rows", None)
    return connection.execute(statement, values).all() if quick is None else quick(statement, values, by_key)


class Question:
    """A SELECT that pages ask again and again: built once, and asked in the scope of the session that is given.

    Make it where the module begins, with `bindparam("name")` for whatever differs from time to time. On a session beyond
    anybody's scope, such as that of `acting`, it sees everything.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._everywhere = Prepared(statement)

    def rows(self, session: Session, **values: Any) -> Sequence[Any]:
        """The rows, as plain tuples."""
        if session.autoflush:
            session.flush()
        connection = session.bind if isinstance(session.bind, Connection) else session.connection()
        if hasattr(connection, "principal"):
            return rows_of(connection, self._statement, values, by_key=True)
        return self._everywhere.rows(connection, values)

    def one(self, session: Session, **values: Any) -> Any:
        """The only row, for sums and counts."""
        return self.rows(session, **values)[0]


class Ready:
    """One statement with the text for one principal, and what becomes of values on their way in and out."""

    __slots__ = ("fixed", "lists", "live", "plain", "positions", "principal", "results", "sql", "statement")

    def __init__(
        self, statement: Select[Any], principal: Principal, dialect: Dialect, values: Mapping[str, Any]
    ) -> None:
        self.statement, self.principal = statement, principal
        # The ORM makes objects of rows, which is not done here.
        compiled: Any = None if _makes_objects(statement) else statement.compile(dialect=dialect)
        if compiled is None or compiled.literal_execute_params or compiled.escaped_bind_names:
            raise NotSimple
        told: dict[str, Any] = {}
        self.live: list[tuple[str, Callable[[], Any], Convert | None]] = []
        self.plain: list[tuple[str, str, Convert | None]] = []
        self.lists: list[tuple[list[str], str, Convert | None]] = []
        expanding: list[tuple[str, str]] = []
        for bind, name in compiled.bind_names.items():
            convert = bind.type._cached_bind_processor(dialect)
            if bind.callable is not None:
                # The gate's own: nothing that a caller gives under such a name is looked at.
                told[name] = bind.callable()
                if not bind.expanding:
                    self.live.append((name, bind.callable, convert))
            elif bind.key in values:
                told[name] = values[bind.key]
                if bind.expanding:
                    if not isinstance(values[bind.key], list | tuple):
                        raise NotSimple
                    expanding.append((name, bind.key))
                else:
                    self.plain.append((name, bind.key, convert))
            elif bind.required:
                raise InvalidRequestError(f"A value is required for bind parameter '{bind.key}'")
            else:
                told[name] = bind.value
        converts = {name: bind.type._cached_bind_processor(dialect) for bind, name in compiled.bind_names.items()}
        expanded = compiled._process_parameters_for_postcompile(told)
        of_parts = {part: name for name, parts in expanded.parameter_expansion.items() for part in parts}
        self.sql: str = expanded.statement
        self.positions = tuple(expanded.positiontup) if compiled.positional else None
        for name, key in expanding:
            self.lists.append((list(expanded.parameter_expansion[name]), key, converts[name]))
        self.fixed = {}
        for name, value in expanded.parameters.items():
            convert = converts[of_parts.get(name, name)]
            self.fixed[name] = convert(value) if convert else value
        self.results: list[tuple[int, Convert]] | None = None

    def rows(
        self, connection: Connection, dialect: Dialect, values: Mapping[str, Any], by_key: bool
    ) -> list[tuple[Any, ...]]:
        """The rows, on the privileged connection of the same transaction."""
        told = dict(self.fixed)
        for name, read, convert in self.live:
            told[name] = convert(read()) if convert else read()
        for name, key, convert in self.plain:
            told[name] = convert(values[key]) if convert else values[key]
        for names, key, convert in self.lists:
            for name, value in zip(names, values[key], strict=True):
                told[name] = convert(value) if convert else value
        given = told if self.positions is None else tuple([told[name] for name in self.positions])
        cursor = Prepared.straight(connection, self.sql, given, by_key)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        if self.results is None:
            self.results = self._converting(dialect, cursor.description)
        if not found or not self.results:
            return found
        # Column by column, because most columns need nothing done.
        columns: list[Any] = list(zip(*found, strict=True))
        for position, convert in self.results:
            columns[position] = [convert(value) for value in columns[position]]
        return list(zip(*columns, strict=True))

    def _converting(self, dialect: Dialect, description: Sequence[Any]) -> list[tuple[int, Convert]]:
        """The columns whose values become others, by what the driver calls their types."""
        kinds = [column.type for column in self.statement.selected_columns]
        found: list[tuple[int, Convert]] = []
        for position, (kind, told) in enumerate(zip(kinds, description, strict=True)):
            convert = kind._cached_result_processor(dialect, told[1])
            if convert is not None:
                found.append((position, convert))
        return found


def _makes_objects(statement: Select[Any]) -> bool:
    return bool(statement._propagate_attrs) and any(isinstance(each, FromClause) for each in statement._raw_columns)


class NotSimple(Exception):
    """A statement that needs more than this: it goes the long way."""


class Kept:
    """The statements of one shape of scope that are ready to run."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._ready: dict[tuple[Any, ...], Ready | Select[Any]] = {}
        """By statement, person and what is given; a statement that goes the long way stands for itself."""

    def rows(
        self, connection: ScopedConnection, statement: Select[Any], values: Mapping[str, Any], by_key: bool
    ) -> Sequence[Any]:
        """The rows of a statement in the connection's scope."""
        lengths = tuple([len(each) for each in values.values() if isinstance(each, list | tuple)])
        if type(statement) is Select and not (lengths and max(lengths) > LONG):
            principal = connection.principal
            # What is ready holds both, so that their numbers cannot become those of others.
            key = (id(statement), id(principal), tuple(values), lengths)
            with bound_to(principal):
                ready = self._ready.get(key)
                if ready is None:  # a statement has no truth of its own
                    ready = self._make(key, statement, principal, values)
                if isinstance(ready, Ready):
                    return ready.rows(privileged(connection), self._dialect, values, by_key)
        return connection.execute(statement, values).all()

    def _make(
        self, key: tuple[Any, ...], statement: Select[Any], principal: Principal, values: Mapping[str, Any]
    ) -> Ready | Select[Any]:
        if len(self._ready) >= MOST:
            self._ready = {}
        try:
            ready: Ready | Select[Any] = Ready(statement, principal, self._dialect, values)
        except NotSimple:
            ready = statement
        return self._ready.setdefault(key, ready)
