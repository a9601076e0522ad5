"""Reading by Core statements: subqueries, CTEs, unions, windows, tables described a second time, oracles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    MetaData,
    String,
    Table,
    case,
    cast,
    column,
    delete,
    except_,
    exists,
    func,
    insert,
    intersect,
    lambda_stmt,
    lateral,
    literal,
    quoted_name,
    select,
    table,
    tablesample,
    true,
    tuple_,
    union,
    union_all,
    update,
    values,
)
from sqlalchemy import Column as TableColumn
from sqlalchemy.orm import Session, aliased

from tests.gate.models import Area, Case, CaseLabel, Line, Part, Town, Vault, table_of
from tests.gate.stage import World, reading

CASES: Any = table_of(Case)


@reading()
def all_rows(session: Session, w: World) -> Any:
    return session.execute(select(CASES)).all()


@reading()
def rows_of_the_tables_own_select(session: Session, w: World) -> Any:
    return session.execute(CASES.select()).all()


@reading()
def rows_over_the_connection(session: Session, w: World) -> Any:
    return session.connection().execute(select(CASES)).all()


@reading()
def columns_alone(session: Session, w: World) -> Any:
    return session.execute(select(CASES.c.secret, CASES.c.amount)).all()


@reading()
def scalar_subquery(session: Session, w: World) -> Any:
    return session.scalar(select(select(Case.secret).where(Case.id == w.foreign["case"]).scalar_subquery()))


@reading()
def correlated_subquery(session: Session, w: World) -> Any:
    other = aliased(Case)
    return session.execute(
        select(Case.id, select(other.secret).where(other.id == Case.related_id).scalar_subquery())
    ).all()


@reading()
def subquery_in_from(session: Session, w: World) -> Any:
    inner = select(Case.secret, Case.amount).subquery()
    return session.execute(select(inner, func.sum(inner.c.amount).over())).all()


@reading(only="postgresql")
def lateral_subquery(session: Session, w: World) -> Any:
    inner = lateral(select(CASES.c.secret).where(CASES.c.town_id == Town.id))
    return session.execute(select(Town.name, inner.c.secret).join(inner, true())).all()


@reading()
def common_table_expression(session: Session, w: World) -> Any:
    return session.execute(select(select(Case.secret).cte("everything"))).all()


@reading(only="postgresql")
def common_table_expression_named_as_the_table(session: Session, w: World) -> Any:
    return session.execute(select(select(Line.secret).cte("probe_line"))).all()


@reading()
def recursive_common_table_expression(session: Session, w: World) -> Any:
    top = select(Area.id, Area.secret).where(Area.parent_id.is_(None)).cte("tree", recursive=True)
    tree = top.union_all(select(Area.id, Area.secret).where(Area.parent_id == top.c.id))
    return session.execute(select(tree)).all()


@reading()
def union_of_two(session: Session, w: World) -> Any:
    return session.execute(union(select(Case.secret), select(Line.secret))).all()


@reading()
def union_as_a_subquery(session: Session, w: World) -> Any:
    both = union_all(select(Case.amount), select(Line.amount)).subquery()
    return session.scalar(select(func.sum(both.c.amount)))


@reading()
def intersection_with_known_keys(session: Session, w: World) -> Any:
    return w.any(session.execute(intersect(select(Case.id), select(literal(w.foreign["case"])))).all())


@reading()
def what_is_left_without_the_foreign(session: Session, w: World) -> Any:
    return w.any(not session.execute(except_(select(literal(w.foreign["case"])), select(Case.id))).all())


@reading()
def alias_of_the_table(session: Session, w: World) -> Any:
    return session.execute(select(CASES.alias("x"))).all()


@reading()
def alias_of_the_table_with_its_name(session: Session, w: World) -> Any:
    return session.execute(select(CASES.alias("probe_case").c.secret)).all()


@reading()
def alias_of_an_alias(session: Session, w: World) -> Any:
    return session.execute(select(CASES.alias("x").alias("y").c.secret)).all()


@reading()
def table_joined_to_itself(session: Session, w: World) -> Any:
    other = CASES.alias()
    return session.execute(select(other.c.secret).select_from(CASES.outerjoin(other, CASES.c.id != other.c.id))).all()


@reading()
def outer_join_of_the_public_table(session: Session, w: World) -> Any:
    towns: Any = table_of(Town)
    return session.execute(select(towns.c.id, CASES.c.secret).select_from(towns.outerjoin(CASES))).all()


@reading()
def join_to_the_sealed_table(session: Session, w: World) -> Any:
    return session.execute(select(Town.name, Vault.secret).join(Vault, true())).all()


@reading()
def cross_product(session: Session, w: World) -> Any:
    other = aliased(Case)
    return session.execute(select(Town.name, other.secret).join(other, true())).all()


@reading()
def window_looking_back(session: Session, w: World) -> Any:
    return session.execute(select(Case.id, func.lag(Case.secret).over(order_by=Case.id))).all()


@reading()
def greatest_value(session: Session, w: World) -> Any:
    return [session.scalar(select(func.max(Case.amount))), session.scalar(select(func.max(Line.secret)))]


@reading()
def values_put_together(session: Session, w: World) -> Any:
    join = func.group_concat if session.get_bind().dialect.name == "sqlite" else func.string_agg
    arguments = (Case.secret,) if session.get_bind().dialect.name == "sqlite" else (Case.secret, literal(","))
    return session.scalar(select(join(*arguments)))


@reading(only="postgresql")
def sample_of_the_table(session: Session, w: World) -> Any:
    return session.execute(select(tablesample(CASES, func.system(100)))).all()


@reading()
def rows_locked_for_update(session: Session, w: World) -> Any:
    return session.execute(select(Case.secret).with_for_update(of=Case)).all()


@reading()
def statement_kept_as_a_lambda(session: Session, w: World) -> Any:
    return session.execute(lambda_stmt(lambda: select(Case.secret))).all()


@reading(only="postgresql")
def value_list_joined_to_rows(session: Session, w: World) -> Any:
    wanted = values(column("key", Integer), name="wanted").data([(w.foreign["case"],), (w.mine["case"],)])
    return session.execute(select(Case.secret).join(wanted, wanted.c.key == Case.id)).all()


@reading()
def filter_by_a_hidden_amount(session: Session, w: World) -> Any:
    hidden = select(Case.amount).where(Case.id == w.foreign["case"]).scalar_subquery()
    return w.any(session.scalar(select(literal(1)).where(hidden > 0)))


@reading()
def filter_by_membership_in_hidden_rows(session: Session, w: World) -> Any:
    other = aliased(Case)
    return w.any(session.scalars(select(Town.id).where(literal(w.foreign["case"]).in_(select(other.id)))).all())


@reading()
def filter_by_a_pair_in_hidden_rows(session: Session, w: World) -> Any:
    other = aliased(Case)
    pair = tuple_(other.id, other.code).in_([(w.foreign["case"], f"code-{w.foreign['case']}")])
    return w.any(session.scalars(select(Town.id).where(exists(select(other.id).where(pair)))).all())


@reading()
def filter_by_existence_in_a_case(session: Session, w: World) -> Any:
    hidden = exists(select(Case.id).where(Case.id == w.foreign["case"]))
    return w.any(session.scalar(select(case((hidden, 1), else_=0))))


@reading()
def order_by_a_hidden_amount(session: Session, w: World) -> Any:
    hidden = select(Case.id).where(Case.id == w.foreign["case"]).scalar_subquery()
    numbers = union_all(select(literal(1).label("n")), select(literal(2))).subquery()
    turned = case((hidden.is_not(None), -numbers.c.n), else_=numbers.c.n)
    return w.any(session.scalars(select(numbers.c.n).order_by(turned)).first() == 2)


@reading()
def limit_by_a_hidden_amount(session: Session, w: World) -> Any:
    hidden = select(func.count(Case.id)).where(Case.id == w.foreign["case"]).scalar_subquery()
    return w.any(session.scalars(select(literal(1)).limit(hidden)).all())


@reading()
def having_a_hidden_amount(session: Session, w: World) -> Any:
    other = aliased(Case)
    hidden = select(func.count(other.id)).where(other.id == w.foreign["case"]).scalar_subquery()
    return w.any(session.scalars(select(func.count(Town.id)).having(hidden > 0)).all())


@reading()
def labels_counted_over_the_link_table(session: Session, w: World) -> Any:
    links: Any = table_of(CaseLabel)
    return w.more("case_label", session.scalar(select(func.count()).select_from(links)))


@reading()
def lower_case_table(session: Session, w: World) -> Any:
    cases = table("probe_case", column("secret"), column("amount"))
    return session.execute(select(cases.c.secret, cases.c.amount)).all()


@reading()
def lower_case_table_joined(session: Session, w: World) -> Any:
    lines = table("probe_line", column("secret"), column("case_id"))
    return session.execute(
        select(lines.c.secret).select_from(lines.outerjoin(CASES, CASES.c.id == lines.c.case_id))
    ).all()


@reading()
def lower_case_sealed_table(session: Session, w: World) -> Any:
    return session.execute(select(column("secret")).select_from(table("probe_vault"))).all()


@reading()
def table_of_other_metadata(session: Session, w: World) -> Any:
    cases = Table("probe_case", MetaData(), TableColumn("secret", String), TableColumn("amount", BigInteger))
    return session.execute(select(cases)).all()


@reading()
def table_of_other_metadata_with_an_invented_owner(session: Session, w: World) -> Any:
    # Whoever builds the condition from the columns of the table it is handed would compare the wrong ones.
    cases = Table(
        "probe_case",
        MetaData(),
        TableColumn("secret", String),
        TableColumn("town_id", Integer, key="owner_id"),
        TableColumn("version", Integer, key="department_id"),
    )
    return session.execute(select(cases.c.secret)).all()


@reading()
def table_in_capitals(session: Session, w: World) -> Any:
    cases = Table(quoted_name("PROBE_CASE", False), MetaData(), TableColumn("secret", String))
    return session.execute(select(cases.c.secret)).all()


@reading()
def table_in_mixed_case(session: Session, w: World) -> Any:
    cases = table(quoted_name("Probe_Case", False), column("secret"))
    return session.execute(select(cases.c.secret)).all()


@reading()
def table_of_the_named_schema(session: Session, w: World) -> Any:
    schema = "main" if session.get_bind().dialect.name == "sqlite" else "public"
    cases = Table("probe_case", MetaData(), TableColumn("secret", String), schema=schema)
    return session.execute(select(cases)).all()


@reading()
def table_with_the_schema_in_its_name(session: Session, w: World) -> Any:
    schema = "main" if session.get_bind().dialect.name == "sqlite" else "public"
    cases = table(quoted_name(f"{schema}.probe_case", False), column("secret"))
    return session.execute(select(cases.c.secret)).all()


@reading()
def table_copied_into_the_named_schema(session: Session, w: World) -> Any:
    schema = "main" if session.get_bind().dialect.name == "sqlite" else "public"
    return session.execute(select(CASES.to_metadata(MetaData(), schema=schema).c.secret)).all()


@reading()
def schema_changed_while_executing(session: Session, w: World) -> Any:
    schema = "main" if session.get_bind().dialect.name == "sqlite" else "public"
    return session.execute(select(Case.secret), execution_options={"schema_translate_map": {None: schema}}).all()


@reading()
def schema_changed_on_the_connection(session: Session, w: World) -> Any:
    schema = "main" if session.get_bind().dialect.name == "sqlite" else "public"
    options = {"schema_translate_map": {None: schema}}
    return session.connection().execution_options(**options).execute(select(CASES)).all()


@reading()
def table_read_from_the_database(session: Session, w: World) -> Any:
    cases = Table("probe_case", MetaData(), autoload_with=session.connection())
    return session.execute(select(cases)).all()


@reading()
def all_tables_read_from_the_database(session: Session, w: World) -> Any:
    known = MetaData()
    known.reflect(session.connection(), only=["probe_vault"])
    return session.execute(select(known.tables["probe_vault"])).all()


@reading()
def updated_rows_returned(session: Session, w: World) -> Any:
    return session.execute(update(Case).values(title="x").returning(Case.secret)).all()


@reading()
def updated_row_returns_another(session: Session, w: World) -> Any:
    other = select(func.max(aliased(Case).secret)).scalar_subquery()
    return session.execute(update(Case).values(title="x").returning(other)).all()


@reading()
def deleted_rows_returned(session: Session, w: World) -> Any:
    return session.execute(delete(Part).where(Part.id == w.foreign["part"]).returning(Part.secret)).all()


@reading()
def inserted_row_returns_another(session: Session, w: World) -> Any:
    other = select(func.max(aliased(Case).amount)).scalar_subquery()
    new = insert(Case).values(title="x", code="x", owner_id=w.user, secret="").returning(other)
    return session.execute(new).all()


@reading()
def foreign_rows_copied_into_own_ones(session: Session, w: World) -> Any:
    wanted = select(literal("copy"), literal("copy"), Case.secret, literal(w.user)).where(Case.id == w.foreign["case"])
    session.execute(insert(Case).from_select(["title", "code", "secret", "owner_id"], wanted))
    return session.scalars(select(Case.secret).where(Case.code == "copy")).all()


@reading()
def foreign_value_written_into_an_own_row(session: Session, w: World) -> Any:
    hidden = select(func.max(aliased(Line).secret)).scalar_subquery()
    session.execute(update(Line).where(Line.id == w.mine["line"]).values(secret=hidden))
    return session.scalars(select(Line.secret).where(Line.id == w.mine["line"])).all()


@reading()
def foreign_value_flushed_into_an_own_record(session: Session, w: World) -> Any:
    record = session.get(Case, w.mine["case"])
    assert record is not None
    other = aliased(Case)
    record.title = select(other.secret).where(other.id == w.foreign["case"]).scalar_subquery()
    session.flush()
    session.refresh(record)
    return record.title


@reading()
def own_row_updated_from_a_foreign_one(session: Session, w: World) -> Any:
    other = aliased(Case)
    change = update(Case).where(Case.id == w.mine["case"], other.id == Case.related_id).values(title=other.secret)
    session.execute(change.execution_options(synchronize_session=False))
    return session.scalars(select(Case.title).where(Case.id == w.mine["case"])).all()


@reading()
def foreign_row_in_the_values_of_an_insert(session: Session, w: World) -> Any:
    hidden = select(Case.secret).where(Case.id == w.foreign["case"]).scalar_subquery()
    session.execute(insert(table_of(Line)).values(case_id=w.mine["case"], secret=hidden, version=1, **stamps()))
    return session.scalars(select(Line.secret)).all()


def stamps() -> dict[str, Any]:
    """What a table's own insert has to give."""
    return {"created_at": func.now(), "updated_at": func.now(), "amount": cast(0, BigInteger)}
