"""Statements of the kernel that every request or every change runs: compiled once, then given to the driver as they are.

For privileged connections only; what people may see goes through the gate, which writes its conditions as it compiles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]


class Prepared:
    """One statement with named parameters, for all databases.

    Between a kept statement and its rows SQLAlchemy does several times the work of the statement itself. Nobody notices
    where a person reads a page now and then; these few statements are a sixth of everything that the server does.
    Lists as parameters (`IN`) are not for here, and defaults of columns must be among the values.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement: Any = statement
        self._compiled: dict[tuple[str, frozenset[str]], _Compiled] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows that the statement gives."""
        compiled = self._for(connection.dialect, values)
        found = _send(connection, compiled.sql, compiled.given(values)).fetchall()
        converts = compiled.results
        if not converts:
            return list(found)
        return [tuple(c(v) if c and v is not None else v for c, v in zip(converts, row, strict=True)) for row in found]

    def first(self, connection: Connection, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The first row by the names of its columns."""
        return next(iter(self.named(connection, values)), None)

    def named(self, connection: Connection, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows by the names of their columns."""
        names = self._statement.exported_columns.keys()
        return [dict(zip(names, row, strict=True)) for row in self.rows(connection, values)]

    def run(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Run a statement that gives no rows."""
        compiled = self._for(connection.dialect, values)
        _send(connection, compiled.sql, compiled.given(values))

    def run_each(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement that gives no rows for each of several values, which all have the same names."""
        if len(values) == 1 or connection.dispatch.before_cursor_execute or connection.dispatch.after_cursor_execute:
            for each in values:
                self.run(connection, each)
        elif values:
            compiled = self._for(connection.dialect, values[0])
            self.straight_each(connection, compiled.sql, [compiled.given(each) for each in values])

    @staticmethod
    def straight_each(connection: Connection, sql: str, given: Sequence[Any]) -> None:
        """Give SQL to the driver with several sets of parameters."""
        driver: Any = connection.connection.driver_connection
        try:
            driver.cursor().executemany(sql, given)
        except BaseException as error:
            connection._handle_dbapi_exception(error, sql, None, None, None)
            raise

    @staticmethod
    def straight(connection: Connection, sql: str, given: Any, prepare: bool = True) -> Any:
        """Give SQL to the driver; its errors become those of SQLAlchemy, which lets go of a lost connection.

        PostgreSQL keeps the plan of what is to `prepare`: for statements that are best done in one way whatever is
        given, such as by a key. Half of their time there is planning.
        """
        driver: Any = connection.connection.driver_connection
        try:
            if prepare and connection.dialect.name == "postgresql":
                return driver.execute(sql, given, prepare=True)
            return driver.execute(sql, given)
        except BaseException as error:
            connection._handle_dbapi_exception(error, sql, given, None, None)
            raise

    def _for(self, dialect: Dialect, values: Mapping[str, Any]) -> _Compiled:
        key = (dialect.name, frozenset(values))
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = _compile(self._statement, dialect, values)
        return compiled


def _send(connection: Connection, sql: str, given: Any) -> Any:
    # Who listens to statements, as tests do and programs that watch the database, hears these as well.
    if connection.dispatch.before_cursor_execute or connection.dispatch.after_cursor_execute:
        return connection.exec_driver_sql(sql, given)
    return Prepared.straight(connection, sql, given)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in the words of one database, and what becomes of values on their way in and out."""

    sql: str
    fixed: dict[str, Any]
    binds: dict[str, Convert]
    positions: tuple[str, ...]
    """The order of the parameters, empty where the driver takes them by name."""
    results: tuple[Convert | None, ...]

    def given(self, values: Mapping[str, Any]) -> Any:
        """The parameters as the driver takes them."""
        told = {**self.fixed, **values}
        for name, convert in self.binds.items():
            told[name] = convert(told[name])
        return tuple([told[name] for name in self.positions]) if self.positions else told


def _compile(statement: Any, dialect: Dialect, values: Mapping[str, Any]) -> _Compiled:
    # The keys of an INSERT or UPDATE say which columns it sets; a SELECT has no use for them.
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(values))
    binds = {name: convert for name, bind in compiled.binds.items() if (convert := _bound(bind.type, dialect))}
    results = tuple(_fetched(column.type, dialect) for column in getattr(statement, "exported_columns", ()))
    return _Compiled(
        sql=str(compiled),
        fixed={name: bind.value for name, bind in compiled.binds.items()},
        binds=binds,
        positions=tuple(compiled.positiontup or ()),
        results=results if any(results) else (),
    )


def _bound(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _fetched(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
