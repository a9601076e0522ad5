"""The SQL compiler of scoped sessions: it writes the scope into every statement and refuses what it cannot scope.

A dialect of its own for each shape of scope, because the ORM keeps compiled statements per dialect, not per engine.
"""

# SQLAlchemy's own compilers carry no types, so what overrides them cannot be held to any.
# mypy: disable-error-code="no-untyped-call,no-any-return,override,misc"

from __future__ import annotations

import copy
import datetime as dt
import re
import sqlite3
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, NoReturn

from sqlalchemy import URL, Connection, Dialect, Engine, NullPool, TableClause
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler, SQLiteExecutionContext
from sqlalchemy.sql import ColumnElement, Delete, Update
from sqlalchemy.sql.compiler import DDLCompiler, IdentifierPreparer, SQLCompiler
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.sql.visitors import InternalTraversal, iterate
from sqlalchemy.types import Boolean

from core.kernel.access import Principal
from core.kernel.errors import GateRefused
from core.kernel.i18n import translate as _
from core.kernel.kept import Kept
from core.kernel.policies import Between, Own
from core.kernel.predicates import ALWAYS, NEVER, Guarded, Predicates, bound_to
from core.kernel.privilege import entrust

PLAIN = re.compile(r"^(\w+(\.\w+)?|\*|'%')$")
OPERATOR = re.compile(r"^[-+*/%<>=!~@#&|^?]{1,3}$")
WORD = re.compile(r"^\w+$")
TYPE = re.compile(r"^[A-Za-z0-9_ ]+(\(\d+(, ?\d+)?\))?[A-Za-z_ ]*(\[\])?$")

LITERALS = frozenset({str, int, float, bool, type(None), Decimal, dt.date, dt.datetime, dt.time, bytes})
"""The exact types of values that may be written out; a sub-class could say anything of itself."""

OURS = ("core.kernel.", "sqlalchemy.")

FUNCTIONS = frozenset(
    """
    abs age any array_agg array_length array_position avg bool_and bool_or cardinality ceil ceiling char_length
    coalesce concat concat_ws count cume_dist current_date current_time current_timestamp date date_part
    date_trunc datetime dense_rank every exists exp extract first_value floor generate_series greatest
    group_concat ifnull iif initcap instr json json_array json_array_length json_each json_extract json_object
    json_type jsonb_array_elements jsonb_array_elements_text jsonb_array_length julianday lag last_value lead
    least left length ln localtime localtimestamp lower lpad ltrim make_date max min mod mode nth_value ntile
    now nullif percent_rank percentile_cont percentile_disc position power random rank replace reverse right
    round row_number rpad rtrim sign sqrt stddev stddev_pop stddev_samp strftime string_agg strpos substr
    substring sum time to_char total trim trunc unnest upper var_pop var_samp variance width_bucket
    aggregate_strings like
    """.split()
)
"""The SQL functions that a scoped statement may call: they compute, and cannot read a table or a file by themselves."""


def refuse(what: str) -> NoReturn:
    """Raise the one error for everything that the gate cannot scope."""
    raise GateRefused(
        _("{what} has no place in a scoped session.", what=what),
        _("Say it with mapped classes and SQLAlchemy expressions, or ask for beyond_scope() with a reason."),
    )


class InScope(ColumnElement[bool]):
    """A condition for the kernel's own questions: the row of `table` is in scope for `action`."""

    __visit_name__ = "in_scope"
    _traverse_internals: ClassVar[Any] = [
        ("table_name", InternalTraversal.dp_string),
        ("action", InternalTraversal.dp_string),
    ]
    inherit_cache = True
    type = Boolean()

    def __init__(self, table_name: str, action: str) -> None:
        self.table_name = table_name
        self.action = action


BROAD = "broad"
"""The hint with which a list says that its reader sees so much that walking the sort order is the quickest way."""


class ScopedCompiler(SQLCompiler):
    """Mixin over a dialect's compiler."""

    @property
    def _predicates(self) -> Predicates:
        predicates: Predicates = self.dialect.gate_predicates  # type: ignore[attr-defined]
        return predicates

    def _guarded(self, table: Any) -> Guarded:
        found = self._predicates.find(str(table.name))
        if found is None:
            refuse(f"The table '{table.name}', which no enabled plugin declares,")
        return found

    def visit_in_scope(self, element: InScope, **kw: Any) -> str:
        """A condition asked for by the kernel itself."""
        found = self._predicates.find(element.table_name)
        assert found is not None
        return self._predicates.write(self, found, element.table_name, element.action) or ALWAYS

    def visit_table(
        self,
        table: Any,
        asfrom: bool = False,
        iscrud: bool = False,
        ashint: bool = False,
        fromhints: Mapping[Any, str] | None = None,
        enclosing_alias: Any = None,
        **kw: Any,
    ) -> str:
        """A guarded table as the sub-select of the rows in scope; a table that nobody declares is refused."""
        hint = (fromhints or {}).get(table)
        rendered = super().visit_table(
            table, asfrom=asfrom, iscrud=iscrud, ashint=ashint, enclosing_alias=enclosing_alias, **kw
        )
        if not asfrom or ashint:
            return rendered
        guarded = self._guarded(table)
        if iscrud:
            return rendered
        broad = hint == BROAD and self.dialect.name == "sqlite"
        name = self.preparer.quote(table.name)
        condition = self._predicates.write(self, guarded, name, "view", broad=broad, commons=True)
        if not condition:
            return rendered
        scoped = f"(SELECT {self._columns(guarded, name)} FROM {rendered} WHERE {condition})"
        aliased = enclosing_alias is not None and enclosing_alias.element is table
        return scoped if aliased else f"{scoped} AS {self.preparer.quote(table.name)}"

    def _columns(self, guarded: Guarded, name: str) -> str:
        """All columns; those that a row in common keeps to itself are empty as long as it lies there."""
        hidden = self._predicates.masked(guarded)
        if not hidden:
            return "*"
        assert isinstance(guarded.policy, Own)
        assert guarded.policy.commons is not None
        column = f"{name}.{guarded.policy.commons.column}"
        quoted = ((each.name, self.preparer.quote(each.name)) for each in guarded.table.c)
        return ", ".join(
            f"CASE WHEN {column} IS NULL THEN {name}.{each} END AS {each}" if plain in hidden else f"{name}.{each}"
            for plain, each in quoted
        )

    def visit_update(self, update_stmt: Update, visiting_cte: Any = None, **kw: Any) -> str:
        """An UPDATE of the rows that are in scope for what it changes."""
        self._only_on_top(visiting_cte)
        guarded = self._target(update_stmt)
        actions = sorted(self._actions_of(update_stmt, guarded))
        return super().visit_update(
            update_stmt.where(*(InScope(guarded.table.name, action) for action in ("view", *actions))), **kw
        )

    def visit_delete(self, delete_stmt: Delete, visiting_cte: Any = None, **kw: Any) -> str:
        """A DELETE of the rows in scope; records with a recycle bin are never removed so."""
        self._only_on_top(visiting_cte)
        guarded = self._target(delete_stmt)
        if guarded.in_bin:
            refuse("Removing records for good")
        # A link between records goes when the first of them is edited.
        action = "edit" if isinstance(guarded.policy, Between) else "delete"
        return super().visit_delete(
            delete_stmt.where(InScope(guarded.table.name, "view"), InScope(guarded.table.name, action)), **kw
        )

    def visit_insert(self, insert_stmt: Any, visited_bindparam: Any = None, visiting_cte: Any = None, **kw: Any) -> str:
        """An INSERT as the unit of work makes it; INSERT … SELECT, ON CONFLICT and nested ones are refused."""
        self._only_on_top(visiting_cte)
        self._target(insert_stmt)
        if insert_stmt.select is not None or getattr(insert_stmt, "_post_values_clause", None) is not None:
            refuse("INSERT … SELECT and ON CONFLICT")
        return super().visit_insert(insert_stmt, visited_bindparam=visited_bindparam, **kw)

    def _target(self, statement: Any) -> Guarded:
        if not isinstance(statement.table, TableClause):
            refuse("A change of something that is not a plain table")
        return self._guarded(statement.table)

    @staticmethod
    def _only_on_top(visiting_cte: Any) -> None:
        if visiting_cte is not None:
            refuse("A change inside of a query")

    def _actions_of(self, statement: Any, guarded: Guarded) -> set[str]:
        """Which permissions an UPDATE needs, by the columns it sets."""
        named = {getattr(column, "name", column) for column in (statement._values or {})}
        columns = named | {str(key) for key in (self.column_keys or ())}
        actions = set()
        if "deleted_at" in columns:
            actions.add("delete")
        if isinstance(guarded.policy, Own) and columns & {*guarded.policy.people[:1], guarded.policy.department}:
            actions.add("assign")
        own_actions = {"deleted_at", *self._assigned(guarded)}
        if columns - own_actions - {"version", "updated_at"} - self._keys(guarded) or not actions:
            actions.add("edit")
        return actions

    @staticmethod
    def _assigned(guarded: Guarded) -> set[str | None]:
        return {*guarded.policy.people[:1], guarded.policy.department} if isinstance(guarded.policy, Own) else set()

    @staticmethod
    def _keys(guarded: Guarded) -> set[str]:
        # The unit of work passes the key and the old version as parameters called table_column.
        return {f"{guarded.table.name}_{column}" for column in guarded.table.c.keys()}  # noqa: SIM118

    def __init__(self, dialect: Any, statement: Any, *args: Any, **kw: Any) -> None:
        if statement is not None:
            _refuse_own_compilers(statement)
        super().__init__(dialect, statement, *args, **kw)

    def render_literal_value(self, value: Any, type_: Any, **kw: Any) -> str:
        """A literal of an ordinary value and type; others could write what they like into the statement."""
        if type(value) not in LITERALS or not type(type_).__module__.startswith(("sqlalchemy.", "core.kernel.")):
            refuse("A literal of a type of one's own")
        return super().render_literal_value(value, type_, **kw)

    # What follows is text that a statement would carry into the database as it stands.

    def visit_textclause(self, textclause: Any, add_to_result_map: Any = None, **kw: Any) -> str:
        refuse("text()")

    def visit_textual_select(self, *args: Any, **kw: Any) -> str:
        refuse("text()")

    def visit_tstring(self, *args: Any, **kw: Any) -> str:
        refuse("tstring()")

    def visit_tstring_text(self, *args: Any, **kw: Any) -> str:
        refuse("tstring()")

    def visit_tablesample(self, *args: Any, **kw: Any) -> str:
        refuse("TABLESAMPLE")

    def visit_sequence(self, sequence: Any, **kw: Any) -> str:
        refuse("A sequence")

    def visit_column(self, column: Any, *args: Any, **kw: Any) -> str:
        """A column; one that is raw text in disguise is refused."""
        if column.is_literal and not PLAIN.match(str(column.name)):
            refuse("A column of raw SQL")
        return super().visit_column(column, *args, **kw)

    def visit_function(self, func: Any, add_to_result_map: Any = None, **kw: Any) -> str:
        """A call of a function that only computes."""
        if func.name.lower() not in FUNCTIONS or list(getattr(func, "packagenames", None) or []):
            refuse(f"The function '{func.name}'")
        return super().visit_function(func, add_to_result_map=add_to_result_map, **kw)

    def visit_extract(self, extract: Any, **kw: Any) -> str:
        """EXTRACT of a field given as one word."""
        if not WORD.match(str(extract.field)):
            refuse("EXTRACT of raw SQL")
        return super().visit_extract(extract, **kw)

    def visit_custom_op_binary(self, element: Any, operator: Any, **kw: Any) -> str:
        self._operator(operator)
        return super().visit_custom_op_binary(element, operator, **kw)

    def visit_custom_op_unary_operator(self, element: Any, operator: Any, **kw: Any) -> str:
        self._operator(operator)
        return super().visit_custom_op_unary_operator(element, operator, **kw)

    def visit_custom_op_unary_modifier(self, element: Any, operator: Any, **kw: Any) -> str:
        self._operator(operator)
        return super().visit_custom_op_unary_modifier(element, operator, **kw)

    @staticmethod
    def _operator(operator: Any) -> None:
        if not OPERATOR.match(operator.opstring.strip()):
            refuse("An operator of raw SQL")

    def visit_cast(self, cast: Any, **kwargs: Any) -> str:
        """A cast to a type that has an ordinary name."""
        if not TYPE.match(self.process(cast.typeclause, **kwargs)):
            refuse("A cast to raw SQL")
        return super().visit_cast(cast, **kwargs)

    def visit_collation(self, element: Any, **kw: Any) -> str:
        if not WORD.match(str(element.collation)):
            refuse("A collation of raw SQL")
        return super().visit_collation(element, **kw)

    def visit_ddl(self, *args: Any, **kw: Any) -> str:
        refuse("A change of the schema")

    def get_statement_hint_text(self, hint_texts: Any) -> str:
        refuse("A hint of raw SQL")

    def format_from_hint_text(self, sqltext: str, table: Any, hint: str, iscrud: bool) -> str:
        if hint != BROAD:
            refuse("A hint of raw SQL")
        return sqltext


def _refuse_own_compilers(statement: Any) -> None:
    """Elements that bring their own compiler write SQL past the gate; only the platform's search conditions may."""
    for element in iterate(statement):
        kind = type(element)
        if hasattr(kind, "_compiler_dispatcher") and not kind.__module__.startswith(OURS):
            refuse(f"The element '{kind.__name__}', which compiles itself,")


class NoDDL(DDLCompiler):
    """Scoped sessions have no say in the schema."""

    def __init__(self, *args: Any, **kw: Any) -> None:
        refuse("A change of the schema")


def _plain_names(preparer: type[IdentifierPreparer]) -> type[IdentifierPreparer]:
    class PlainNames(preparer):  # type: ignore[valid-type]
        """Quotes names that ask not to be quoted, unless they are plain words."""

        def quote(self, ident: str, force: Any = None) -> str:
            if getattr(ident, "quote", None) is False and not WORD.match(ident):
                ident = quoted_name(str(ident), quote=None)
            return super().quote(ident)

    return PlainNames


class SealedSQLiteCursor(sqlite3.Cursor):
    """A cursor that fetches but does not take statements of its own, nor hands out its connection."""

    def execute(self, *args: Any) -> Any:
        refuse("The database's own cursor")

    executemany = executescript = execute

    @property
    def connection(self) -> Any:
        refuse("The database's own connection")


def bind_context(context: type[Any]) -> type[Any]:
    class BoundContext(context):
        """Collects the parameters of a statement with the values of the connection's principal."""

        @classmethod
        def _init_compiled(cls, dialect: Any, connection: Any, *args: Any, **kw: Any) -> Any:
            with bound_to(connection.principal):
                return super()._init_compiled(dialect, connection, *args, **kw)

        @classmethod
        def _init_statement(cls, *args: Any, **kw: Any) -> Any:
            refuse("A statement as text")

    return BoundContext


class _SQLiteContext(bind_context(SQLiteExecutionContext)):
    def create_cursor(self) -> Any:
        self._is_server_side = False
        return self._dbapi_connection.dbapi_connection.cursor(SealedSQLiteCursor)


class _SQLiteCompiler(ScopedCompiler, SQLiteCompiler):
    pass


def scoped_dialect(plain: Dialect, predicates: Predicates) -> Dialect:
    """A copy of an initialised dialect whose statements are under these predicates."""
    dialect: Any = copy.copy(plain)
    dialect.gate_predicates = predicates
    dialect.ddl_compiler = NoDDL
    dialect.identifier_preparer = _plain_names(type(plain.identifier_preparer))(dialect)
    if plain.name == "sqlite":
        dialect.statement_compiler = _SQLiteCompiler
        dialect.execution_ctx_cls = _SQLiteContext
        dialect.do_execute = lambda cursor, sql, values, context=None: sqlite3.Cursor.execute(cursor, sql, values)
        dialect.do_executemany = lambda cursor, sql, values, context=None: sqlite3.Cursor.executemany(
            cursor, sql, values
        )
    else:
        from core.kernel.postgresql import fit

        fit(dialect)
    return dialect


def _asked_by_the_orm() -> bool:
    """Whether the ORM itself runs a statement, and not a listener that it has called in the middle of a flush."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals["__name__"].startswith(("sqlalchemy.engine", "sqlalchemy.sql")):
        frame = frame.f_back
    return str(frame.f_globals["__name__"]).startswith("sqlalchemy.orm.")


class ScopedConnection(Connection):
    """A connection in somebody else's transaction, whose every statement is scoped to one principal."""

    principal: Principal
    writing: bool = False
    """Set while the unit of work, or a bulk change that keeps history, is at work."""
    sent: dict[str, list[tuple[Any, Any]]]
    """What the unit of work has sent since it began, by table: each statement with its sets of values."""
    only_reads: bool = False
    """Nothing changes in its transaction, so that an answer holds until its end."""
    opened: dict[tuple[str, int], bool]
    """Whether what hangs on records may be seen, as far as that was asked; kept where it only reads."""

    @property
    def _has_events(self) -> bool:
        """Never: a listener could rewrite statements after the gate has written them."""
        return False

    @_has_events.setter
    def _has_events(self, value: bool) -> None:
        pass

    def _execute_clauseelement(self, elem: Any, *args: Any, **kw: Any) -> Any:
        if getattr(elem, "is_dml", False):
            if not (self.writing and _asked_by_the_orm()):
                refuse("A change past the session, which history would not see,")
            self.sent.setdefault(getattr(elem.table, "name", ""), []).append((elem, args[0] if args else None))
        return super()._execute_clauseelement(elem, *args, **kw)

    def rows(self, statement: Any, values: Mapping[str, Any], by_key: bool = False) -> Any:
        """The rows of a SELECT that its caller keeps: in scope as `execute` gives them, with less ceremony."""
        if self._dbapi_connection is None or not isinstance(self.engine, ScopedEngine):
            return self.execute(statement, values).all()
        return self.engine.kept.rows(self, statement, values, by_key)

    def _execute_compiled(self, *args: Any, **kw: Any) -> NoReturn:
        refuse("A statement compiled elsewhere")

    def _savepoint_impl(self, name: str | None = None) -> str:
        # The privileged connection in the same transaction numbers its own; the same name would hide this one.
        self._savepoints = getattr(self, "_savepoints", 0) + 1
        return super()._savepoint_impl(name or f"scoped_{self._savepoints}")

    def _execute_ddl(self, *args: Any, **kw: Any) -> NoReturn:
        refuse("A change of the schema")

    def exec_driver_sql(self, *args: Any, **kw: Any) -> NoReturn:
        """Refused: the driver's SQL cannot be scoped."""
        refuse("Driver SQL")

    @property
    def connection(self) -> Any:
        """Refused: the database's own connection cannot be scoped."""
        refuse("The database's own connection")

    def detach(self) -> NoReturn:
        """Refused."""
        refuse("Detaching the connection")

    def invalidate(self, exception: BaseException | None = None) -> NoReturn:
        """Refused."""
        refuse("Invalidating the connection")

    def execution_options(self, **opt: Any) -> Connection:
        """Options of statements; those that change the transaction are refused."""
        if "isolation_level" in opt or "schema_translate_map" in opt:
            refuse("Changing the transaction")
        return super().execution_options(**opt)

    def close(self) -> None:
        """Let go of the transaction, which belongs to somebody else and goes on."""
        self._dbapi_connection = None

    # The transaction is begun and ended on the privileged connection.
    def _begin_impl(self, transaction: Any) -> None:
        pass

    def _commit_impl(self) -> None:
        pass

    def _rollback_impl(self) -> None:
        pass


class ScopedEngine(Engine):
    """An engine that owns no connections: it lends its dialect to connections that are given to it."""

    _connection_cls = ScopedConnection

    def __init__(self, plain: Engine, predicates: Predicates) -> None:
        def nothing() -> NoReturn:
            refuse("A connection of one's own")

        # The address would be enough to open the database past the gate.
        nowhere = URL.create(plain.url.drivername)
        super().__init__(NullPool(nothing), scoped_dialect(plain.dialect, predicates), nowhere)
        self.kept = Kept(self.dialect)

    @property
    def _has_events(self) -> bool:
        """Never: a listener could rewrite statements after the gate has written them."""
        return False

    @_has_events.setter
    def _has_events(self, value: bool) -> None:
        pass

    def raw_connection(self) -> NoReturn:
        """Refused."""
        refuse("A connection of one's own")

    def adopt(self, connection: Connection, principal: Principal, *, write: bool) -> ScopedConnection:
        """A scoped connection in the transaction of a privileged one."""
        adopted = ScopedConnection(self, connection=connection._dbapi_connection)
        adopted.principal, adopted.sent = principal, {}
        adopted.only_reads, adopted.opened = not write, {}
        entrust(adopted, connection)
        return adopted


__all__ = ["BROAD", "NEVER", "InScope", "ScopedConnection", "ScopedEngine", "refuse"]
