"""The gate's compiler over psycopg: only imported where PostgreSQL is used, because the driver is an extra."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg, PGExecutionContext_psycopg

from core.kernel.compiler import ScopedCompiler, bind_context, refuse


class SealedCursor(psycopg.Cursor[Any]):
    """A cursor that fetches but does not take statements of its own, nor hands out its connection."""

    def execute(self, *args: Any, **kw: Any) -> Any:
        """Refused."""
        refuse("The database's own cursor")

    def copy(self, *args: Any, **kw: Any) -> Any:
        """Refused."""
        refuse("The database's own cursor")

    executemany = stream = execute

    @property
    def connection(self) -> Any:
        """Refused."""
        refuse("The database's own connection")


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
    dialect.do_execute = lambda cursor, sql, values, context=None: psycopg.Cursor.execute(cursor, sql, values)
    dialect.do_executemany = lambda cursor, sql, values, context=None: psycopg.Cursor.executemany(cursor, sql, values)
