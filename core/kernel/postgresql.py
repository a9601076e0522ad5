"""The gate's compiler over psycopg: only imported where PostgreSQL is used, because the driver is an extra."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg, PGExecutionContext_psycopg

from core.kernel.compiler import ScopedCompiler, bind_context, refuse

VERSIONED = ".version = %("
"""Stands in every UPDATE of a record that the unit of work makes."""


class SealedCursor(psycopg.Cursor[Any]):
    """A cursor that fetches but does not take statements of its own, nor hands out its connection."""

    def execute(self, *args: Any, **kw: Any) -> Any:
        """Refused."""
        refuse("The database's own cursor")

    def copy(self, *args: Any, **kw: Any) -> Any:
        """Refused."""
        refuse("The database's own cursor")

    executemany = stream = execute

    at_work = False
    """While the gate itself runs a statement; the driver then reads from the connection how to adapt values."""

    @property
    def connection(self) -> Any:
        """Refused."""
        return self._conn if self.at_work else refuse("The database's own connection")


class _Context(bind_context(PGExecutionContext_psycopg)):
    def create_cursor(self) -> Any:
        self._is_server_side = False
        return SealedCursor(self._dbapi_connection.dbapi_connection)


class _Compiler(ScopedCompiler, PGCompiler_psycopg):
    pass


def fit(dialect: Any) -> None:
    """Give a copied psycopg dialect the gate's compiler and cursors."""
    dialect.statement_compiler = _Compiler
    dialect.execution_ctx_cls = _Context
    dialect.do_execute = _running(psycopg.Cursor.execute, prepare=True)
    dialect.do_executemany = _running(psycopg.Cursor.executemany)


def _running(method: Callable[..., Any], **more: bool) -> Callable[..., None]:
    def run(cursor: SealedCursor, sql: Any, values: Any, context: Any = None) -> None:
        cursor.at_work = True
        try:
            if isinstance(sql, str) and (sql.startswith("INSERT") or VERSIONED in sql):
                # What the unit of work writes goes by the key, and PostgreSQL may keep its plan.
                method(cursor, sql, values, **more)
            else:
                method(cursor, sql, values)
        finally:
            cursor.at_work = False

    return run
