"""Reading by SQL of one's own: text in every place that takes it, hostile names, and the driver beneath the session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from typing import Any

from sqlalchemy import Column as TableColumn
from sqlalchemy import (
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    cast,
    collate,
    column,
    create_engine,
    event,
    func,
    inspect,
    literal,
    literal_column,
    quoted_name,
    select,
    table,
    text,
    type_coerce,
    types,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.schema import DDL
from sqlalchemy.sql.expression import (
    ClauseElement,
    ColumnElement,
    Executable,
    FunctionElement,
    TextualSelect,
    UnaryExpression,
)
from sqlalchemy.sql.functions import Function
from sqlalchemy.sql.operators import custom_op

from core.kernel.errors import GateRefused
from tests.gate.models import Case, Town, table_of
from tests.gate.stage import World, reading

EVERYTHING = "SELECT secret FROM probe_case"
HOSTILE_LABEL = f"x FROM probe_town UNION {EVERYTHING} UNION SELECT name"
ONE = "(SELECT max(secret) FROM probe_line)"


def ddl(statement: str) -> Any:
    """A statement that defines, or pretends to."""
    return DDL(statement)  # type: ignore[no-untyped-call]


@reading()
def plain_text(session: Session, w: World) -> Any:
    return session.execute(text(EVERYTHING)).all()


@reading()
def text_with_columns(session: Session, w: World) -> Any:
    return session.scalars(select(Case).from_statement(text("SELECT * FROM probe_case"))).all()


@reading()
def text_as_a_subquery(session: Session, w: World) -> Any:
    return session.execute(select(text(EVERYTHING).columns(column("secret")).subquery())).all()


@reading()
def text_as_a_textual_select(session: Session, w: World) -> Any:
    return session.execute(TextualSelect(text(EVERYTHING), [column("secret")])).all()


@reading()
def text_as_a_common_table_expression(session: Session, w: World) -> Any:
    return session.execute(select(text(EVERYTHING).columns(column("secret")).cte("c"))).all()


@reading()
def text_among_the_columns(session: Session, w: World) -> Any:
    return session.execute(select(text(ONE))).all()


@reading()
def text_in_from(session: Session, w: World) -> Any:
    return session.execute(select(column("secret")).select_from(text("probe_case"))).all()


@reading()
def text_in_a_filter(session: Session, w: World) -> Any:
    hidden = text(f"EXISTS (SELECT 1 FROM probe_case WHERE id = {w.foreign['case']})")
    return w.any(session.scalars(select(Town.id).where(hidden)).all())


@reading()
def text_in_having(session: Session, w: World) -> Any:
    hidden = text(f"EXISTS (SELECT 1 FROM probe_case WHERE id = {w.foreign['case']})")
    return w.any(session.execute(select(func.count(Town.id)).having(hidden)).all())


@reading()
def text_in_order_by(session: Session, w: World) -> Any:
    numbers = select(literal(1).label("n")).union_all(select(literal(2))).subquery()
    turned = text(f"n * (SELECT 1 - 2 * count(*) FROM probe_case WHERE id = {w.foreign['case']})")
    return w.any(session.scalars(select(numbers.c.n).order_by(turned)).first() == 2)


@reading()
def text_before_the_columns(session: Session, w: World) -> Any:
    return session.execute(select(Town.name).prefix_with("secret FROM probe_case UNION SELECT")).all()


@reading()
def text_behind_the_statement(session: Session, w: World) -> Any:
    return session.execute(select(Town.name).suffix_with(f"UNION {EVERYTHING}")).all()


@reading()
def text_before_a_common_table_expression(session: Session, w: World) -> Any:
    inner = select(Town.name).cte("c").suffix_with(f", d AS ({EVERYTHING})")
    return session.execute(
        select(inner.c.name, select(func.max(column("secret"))).select_from(table("d")).scalar_subquery())
    ).all()


@reading()
def text_as_a_hint(session: Session, w: World) -> Any:
    return session.execute(select(Town.name).with_statement_hint(f"UNION {EVERYTHING}")).all()


@reading(only="sqlite")
def text_as_a_hint_of_the_table(session: Session, w: World) -> Any:
    hint = f"UNION {EVERYTHING}"
    return session.execute(select(Town.name).with_hint(Town, hint, dialect_name="*").with_statement_hint(hint)).all()


@reading()
def literal_column_with_a_select(session: Session, w: World) -> Any:
    return session.execute(select(literal_column(ONE))).all()


@reading()
def literal_column_beside_own_rows(session: Session, w: World) -> Any:
    return session.execute(select(Town.id, literal_column(ONE).label("x"))).all()


@reading()
def column_marked_as_literal(session: Session, w: World) -> Any:
    return session.execute(select(column(ONE, is_literal=True))).all()


@reading()
def column_with_an_unquoted_name(session: Session, w: World) -> Any:
    return session.execute(select(column(quoted_name(ONE, False)))).all()


@reading()
def table_with_an_unquoted_name(session: Session, w: World) -> Any:
    hostile = quoted_name(f"({EVERYTHING}) AS x", False)
    return session.execute(select(column("secret")).select_from(table(hostile))).all()


@reading()
def label_with_an_unquoted_name(session: Session, w: World) -> Any:
    return session.execute(select(Town.name.label(quoted_name(HOSTILE_LABEL, False)))).all()


@reading()
def alias_with_an_unquoted_name(session: Session, w: World) -> Any:
    towns = table_of(Town).alias(quoted_name("x CROSS JOIN probe_case", False))
    return session.execute(select(literal_column("secret")).select_from(towns)).all()


@reading()
def common_table_expression_with_an_unquoted_name(session: Session, w: World) -> Any:
    inner = select(Town.name).cte(quoted_name(f"c AS ({EVERYTHING}), d", False))
    return session.execute(select(column("secret")).select_from(table("c")).add_cte(inner)).all()


@reading()
def schema_with_an_unquoted_name(session: Session, w: World) -> Any:
    prefix = "main" if session.get_bind().dialect.name == "sqlite" else "public"
    hostile = Table(
        "probe_town",
        MetaData(),
        TableColumn("name", String),
        schema=quoted_name(f"{prefix}.probe_vault x, {prefix}", False),
    )
    return session.execute(select(literal_column("x.secret")).select_from(hostile)).all()


@reading()
def operator_with_a_select(session: Session, w: World) -> Any:
    return session.execute(select(literal("a").op(f"|| {ONE} ||")(literal("b")))).all()


@reading()
def operator_before_a_column(session: Session, w: World) -> Any:
    hostile: Any = custom_op(f"{ONE} ||")
    return session.execute(select(UnaryExpression(literal("x"), operator=hostile))).all()


@reading()
def function_with_a_hostile_name(session: Session, w: World) -> Any:
    hostile = Function(quoted_name(f"{ONE} || lower", False), "x", type_=String)
    return session.execute(select(hostile)).all()


@reading(only="postgresql")
def function_of_a_hostile_package(session: Session, w: World) -> Any:
    hostile = Function("lower", "x", type_=String, packagenames=(quoted_name(f"{ONE} || pg_catalog", False),))
    return session.execute(select(hostile)).all()


@reading()
def collation_with_a_hostile_name(session: Session, w: World) -> Any:
    name = "NOCASE" if session.get_bind().dialect.name == "sqlite" else '"C"'
    return session.execute(select(collate(literal("x"), quoted_name(f"{name}, {ONE}", False)))).all()


class HostileType(types.UserDefinedType[str]):
    """A column type whose name is SQL."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        """What stands behind AS in a CAST."""
        return f"VARCHAR(9)) || {ONE} || CAST('x' AS VARCHAR(9)"


class HostileLiteral(types.TypeDecorator[str]):
    """A column type that writes its literals as SQL."""

    impl = String
    cache_ok = True

    def process_literal_param(self, value: str | None, dialect: Any) -> str:
        """What stands for the value."""
        return ONE

    def literal_processor(self, dialect: Any) -> Any:
        """What turns the value into SQL."""
        return lambda value: ONE


class HostileColumn(types.TypeDecorator[str]):
    """A column type that reads its column through SQL."""

    impl = String
    cache_ok = True

    def column_expression(self, column: Any) -> Any:
        """What stands for the column among the columns."""
        return literal_column(ONE)


@reading()
def cast_to_a_hostile_type(session: Session, w: World) -> Any:
    return session.execute(select(cast(literal("x"), HostileType()))).all()


@reading()
def literal_of_a_hostile_type(session: Session, w: World) -> Any:
    return session.execute(select(bindparam("x", "x", type_=HostileLiteral(), literal_execute=True))).all()


@reading()
def literals_of_a_hostile_type_in_a_list(session: Session, w: World) -> Any:
    wanted = bindparam("x", ["a"], type_=HostileLiteral(), expanding=True, literal_execute=True)
    known = literal(f"CN-line-{len('1234567') + 1}-")
    return w.any(session.scalar(select(known.in_(wanted))))


@reading()
def column_of_a_hostile_type(session: Session, w: World) -> Any:
    return session.execute(select(type_coerce(Town.name, HostileColumn()))).all()


class Hostile(ColumnElement[str]):
    """An element with a compiler of its own."""

    inherit_cache = False
    type = String()


@compiles(Hostile)
def _compile_hostile(element: Any, compiler: Any, **kw: Any) -> str:
    return ONE


class HostileFunction(FunctionElement[str]):
    """A function with a compiler of its own."""

    inherit_cache = True
    name = "hostile"
    type = String()


@compiles(HostileFunction)
def _compile_hostile_function(element: Any, compiler: Any, **kw: Any) -> str:
    return ONE


class HostileStatement(Executable, ClauseElement):
    """A statement with a compiler of its own."""

    inherit_cache = False


@compiles(HostileStatement)
def _compile_hostile_statement(element: Any, compiler: Any, **kw: Any) -> str:
    return EVERYTHING


@reading()
def element_with_its_own_compiler(session: Session, w: World) -> Any:
    return session.execute(select(Hostile())).all()


@reading()
def function_with_its_own_compiler(session: Session, w: World) -> Any:
    return session.execute(select(HostileFunction())).all()


@reading()
def statement_with_its_own_compiler(session: Session, w: World) -> Any:
    return session.execute(HostileStatement()).all()


@reading(only="postgresql")
def function_that_runs_a_query(session: Session, w: World) -> Any:
    found = func.query_to_xml(EVERYTHING, True, True, "")
    return session.scalar(select(cast(found, String)))


@reading(only="postgresql")
def function_that_reads_a_table(session: Session, w: World) -> Any:
    found = func.table_to_xml(cast("probe_case", RegClass()), True, True, "")
    return session.scalar(select(cast(found, String)))


@reading(only="postgresql")
def function_that_reads_the_database(session: Session, w: World) -> Any:
    return session.scalar(select(cast(func.schema_to_xml("public", True, True, ""), String)))


@reading(only="postgresql")
def function_that_counts_words_of_a_query(session: Session, w: World) -> Any:
    words = func.ts_stat("SELECT array_to_tsvector(ARRAY[secret]) FROM probe_case").table_valued("word")
    return session.scalars(select(words.c.word)).all()


@reading(only="postgresql")
def statistics_of_columns(session: Session, w: World) -> Any:
    seen = table("pg_stats", column("histogram_bounds"), column("most_common_vals"), column("tablename"))
    wanted = select(cast(seen.c.histogram_bounds, String)).where(seen.c.tablename.like("probe%"))
    return session.execute(wanted).all()


@reading(only="postgresql")
def statistics_of_columns_over_a_function(session: Session, w: World) -> Any:
    found = func.query_to_xml_and_xmlschema("SELECT histogram_bounds::text FROM pg_stats", True, True, "")
    return session.scalar(select(cast(found, String)))


@reading(only="postgresql")
def files_of_the_server(session: Session, w: World) -> Any:
    return w.any(session.scalar(select(func.pg_read_file("PG_VERSION"))))


@reading(only="postgresql")
def file_list_of_the_server(session: Session, w: World) -> Any:
    return w.any(session.scalars(select(func.pg_ls_dir("."))).all())


@reading(only="postgresql")
def copy_of_the_table(session: Session, w: World) -> Any:
    cursor = session.connection().connection.cursor()
    with cursor.copy("COPY probe_case TO STDOUT") as lines:
        return [bytes(line).decode() for line in lines]


@reading()
def catalogue_of_the_database(session: Session, w: World) -> Any:
    if session.get_bind().dialect.name == "sqlite":
        return w.any(session.execute(select(column("sql")).select_from(table("sqlite_master"))).all())
    return w.any(session.execute(select(column("relname")).select_from(table("pg_class"))).all())


@reading(only="sqlite")
def catalogue_under_its_newer_name(session: Session, w: World) -> Any:
    return w.any(session.execute(select(column("sql")).select_from(table("sqlite_schema"))).all())


@reading(only="sqlite")
def pragma_as_a_function(session: Session, w: World) -> Any:
    return w.any(session.execute(select(func.pragma_table_info("probe_vault").table_valued("name"))).all())


@reading(only="postgresql")
def standard_catalogue(session: Session, w: World) -> Any:
    tables = table("tables", column("table_name"), schema="information_schema")
    return w.any(session.execute(select(tables.c.table_name)).all())


class RegClass(types.UserDefinedType[str]):
    """PostgreSQL's type of table names."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        """The type's name."""
        return "regclass"


@reading()
def explained_text(session: Session, w: World) -> Any:
    how = "EXPLAIN " + ("QUERY PLAN " if session.get_bind().dialect.name == "sqlite" else "")
    return w.any(session.execute(text(f"{how}{EVERYTHING}")).all())


@reading()
def driver_sql(session: Session, w: World) -> Any:
    return list(session.connection().exec_driver_sql(EVERYTHING))


@reading()
def cursor_of_the_driver(session: Session, w: World) -> Any:
    cursor = session.connection().connection.cursor()
    cursor.execute(EVERYTHING)
    return cursor.fetchall()


@reading()
def connection_of_the_driver(session: Session, w: World) -> Any:
    return list(session.connection().connection.driver_connection.execute(EVERYTHING))  # type: ignore[union-attr]


@reading()
def connection_of_the_driver_by_its_other_name(session: Session, w: World) -> Any:
    cursor = session.connection().connection.dbapi_connection.cursor()  # type: ignore[union-attr]
    cursor.execute(EVERYTHING)
    return cursor.fetchall()


@reading()
def cursor_of_a_result(session: Session, w: World) -> Any:
    result: Any = session.connection().execute(select(Town.id))
    cursor = result.cursor.connection.cursor()
    cursor.execute(EVERYTHING)
    return cursor.fetchall()


@reading()
def cursor_of_a_results_context(session: Session, w: World) -> Any:
    result: Any = session.connection().execute(select(Town.id))
    cursor = result.context.cursor.connection.cursor()
    cursor.execute(EVERYTHING)
    return cursor.fetchall()


@reading()
def raw_connection_of_the_engine(session: Session, w: World) -> Any:
    raw = session.connection().engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute(EVERYTHING)
        return cursor.fetchall()
    finally:
        raw.close()


@reading()
def connection_out_of_the_pool(session: Session, w: World) -> Any:
    raw = session.connection().engine.pool.connect()
    try:
        cursor = raw.cursor()
        cursor.execute(EVERYTHING)
        return cursor.fetchall()
    finally:
        raw.close()


@reading()
def new_connection_of_the_engine(session: Session, w: World) -> Any:
    engine = session.get_bind().engine
    with engine.connect() as connection:
        return connection.execute(select(Case.secret)).all()


@reading()
def new_connection_of_the_bind(session: Session, w: World) -> Any:
    engine: Any = session.get_bind(mapper=Case)
    with engine.engine.connect() as connection:
        return connection.execute(text(EVERYTHING)).all()


@reading()
def bind_of_the_session(session: Session, w: World) -> Any:
    bind: Any = session.bind
    with bind.engine.connect() as connection:
        return connection.execute(select(Case.secret)).all()


@reading()
def new_session_on_the_bind(session: Session, w: World) -> Any:
    with sessionmaker(session.get_bind().engine)() as other:
        return other.scalars(select(Case.secret)).all()


@reading()
def new_session_on_the_connection(session: Session, w: World) -> Any:
    with Session(session.connection()) as other:
        return other.scalars(select(Case.secret)).all()


@reading()
def new_session_of_the_same_class(session: Session, w: World) -> Any:
    with type(session)(bind=session.connection()) as other:
        return other.scalars(select(Case.secret)).all()


@reading()
def engine_with_other_options(session: Session, w: World) -> Any:
    engine = session.connection().engine.execution_options(compiled_cache=None)
    with engine.connect() as connection:
        return connection.execute(select(Case.secret)).all()


@reading()
def connection_with_other_options(session: Session, w: World) -> Any:
    connection = session.connection().execution_options(compiled_cache={}, no_parameters=True)
    return connection.execute(select(Case.secret)).all()


@reading()
def engine_of_the_same_address(session: Session, w: World) -> Any:
    engine = create_engine(session.get_bind().engine.url)
    try:
        with engine.connect() as connection:
            return connection.execute(text(EVERYTHING)).all()
    finally:
        engine.dispose()


@reading()
def statement_compiled_elsewhere_as_a_string(session: Session, w: World) -> Any:
    return list(session.connection().exec_driver_sql(str(select(Case.secret).compile())))


@reading()
def statement_rewritten_by_a_listener(session: Session, w: World) -> Any:
    connection = session.connection()

    def rewrite(*arguments: Any) -> Any:
        return EVERYTHING, ()

    event.listen(connection, "before_cursor_execute", rewrite, retval=True)
    try:
        return session.execute(select(Town.name)).all()
    finally:
        event.remove(connection, "before_cursor_execute", rewrite)


@reading()
def statement_swapped_by_a_listener_of_the_session(session: Session, w: World) -> Any:
    def swap(state: Any) -> Any:
        state.statement = select(Case.secret)

    event.listen(session, "do_orm_execute", swap)
    try:
        return session.execute(select(Town.name)).all()
    finally:
        event.remove(session, "do_orm_execute", swap)


@reading()
def inspector_of_the_connection(session: Session, w: World) -> Any:
    names = inspect(session.connection()).get_table_names()
    return w.any([name for name in names if name == "probe_vault"])


@reading()
def inspectors_own_connection(session: Session, w: World) -> Any:
    inspector = inspect(session.connection())
    with inspector.engine.connect() as connection:
        return connection.execute(text(EVERYTHING)).all()


@reading()
def ddl_statement_that_selects(session: Session, w: World) -> Any:
    return session.execute(ddl(EVERYTHING)).all()


@reading(only="sqlite")
def integer_that_is_sql(session: Session, w: World) -> Any:
    sly = bindparam("x", 1, type_=SlyInteger(), literal_execute=True)
    return session.execute(select(cast(sly, String))).all()


class SlyInteger(Integer):
    """An integer type that trusts what it is given."""

    def literal_processor(self, dialect: Any) -> Any:
        """Writes the value as it writes itself."""
        return lambda value: ONE


@reading()
def whatever_the_session_shows_that_sees_more(session: Session, w: World) -> Any:
    """Every connection, session and engine that can be walked to over public names, `info` and what it holds."""
    seen: list[Any] = []
    for found in _walk(session):
        with suppress(Exception), found.connect() if isinstance(found, Engine) else nullcontext(found) as able:
            seen += able.execute(text(EVERYTHING)).all()
        with suppress(Exception):
            seen += found.execute(select(table_of(Case).c.secret)).all()
    return seen


def _walk(start: Any, deep: int = 5) -> Iterator[Any]:
    """Everything that may run a statement, as far as public attributes and dictionaries lead."""
    known: dict[int, Any] = {}
    level = [start]
    for _step in range(deep):
        following: list[Any] = []
        for each in level:
            if id(each) in known or not type(each).__module__.startswith(("core.", "sqlalchemy.", "builtins")):
                continue
            known[id(each)] = each
            if isinstance(each, Connection | Session | Engine):
                yield each
            following += _beside(each)
        level = following[:5000]


def _beside(each: Any) -> list[Any]:
    if isinstance(each, dict):
        return list(each.values())
    if isinstance(each, list | tuple):
        return list(each)
    names = [name for name in dir(each) if not name.startswith("_")] if not isinstance(each, str | int | type) else []
    found = []
    for name in names:
        with suppress(Exception, GateRefused):
            value = getattr(each, name)
            if not callable(value) or isinstance(value, Session):
                found.append(value)
    return found
