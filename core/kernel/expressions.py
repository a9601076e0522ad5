"""SQL that both databases write in ways of their own: one among thousands of values, a moment some days later."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, Boolean, ColumnElement, Dialect, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.kernel.types import Instant


def among(column: ColumnElement[Any] | InstrumentedAttribute[Any], given: Collection[Any]) -> ColumnElement[bool]:
    """The condition that a column of numbers or texts holds one of these values, be they thousands.

    They are one parameter, so that any number of them is the same statement; `in_` writes each by itself.
    """
    return _Among(column, bindparam(None, list(given), _Listed(column.type)))


def days_after(moment: Any, days: Any) -> ColumnElement[Any]:
    """The moment so many whole days after another, for statements that work dates out; nothing where one is missing."""
    return _DaysAfter(moment, days)


class _Listed(TypeDecorator[list[Any]]):
    """Many values as one parameter: JSON on SQLite, an array on PostgreSQL."""

    impl = String
    cache_ok = True

    def __init__(self, kind: TypeEngine[Any]) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else ARRAY(self.kind))

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        return json.dumps(value, ensure_ascii=False) if dialect.name == "sqlite" else value


class _Among(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> Any:
        """Itself, which is in brackets already: SQLAlchemy would write `= 1` behind it, and SQLite forget its index."""
        return self


class _DaysAfter(FunctionElement[Any]):
    inherit_cache = True
    type = Instant()


@compiles(_Among, "sqlite")
def _among_sqlite(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, given = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({given})))"


@compiles(_Among, "postgresql")
def _among_postgresql(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, given = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} = ANY ({given}))"


@compiles(_DaysAfter, "sqlite")
def _days_after_sqlite(element: _DaysAfter, compiler: SQLCompiler, **options: Any) -> str:
    moment, days = (compiler.process(each, **options) for each in element.clauses)
    # A moment is kept as text of one shape; its clock stays, and the day before it moves.
    return f"(date(substr({moment}, 1, 10), ({days}) || ' days') || substr({moment}, 11))"


@compiles(_DaysAfter, "postgresql")
def _days_after_postgresql(element: _DaysAfter, compiler: SQLCompiler, **options: Any) -> str:
    moment, days = (compiler.process(each, **options) for each in element.clauses)
    # A day of a time zone may have 23 hours; what is meant here are days of UTC.
    return f"({moment} + ({days}) * interval '24 hours')"
