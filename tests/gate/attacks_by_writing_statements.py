"""Writing by statements: bulk changes, inserts and upserts, tables described a second time, DDL, raw SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    MetaData,
    String,
    Table,
    column,
    delete,
    func,
    insert,
    literal,
    quoted_name,
    select,
    table,
    text,
    update,
)
from sqlalchemy import Column as TableColumn
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased
from sqlalchemy.schema import DDL, DropTable

from core.kernel.history import HistoryEntry
from core.kernel.roles import Grant, UserRole
from core.kernel.types import now
from tests.gate.company import ADA
from tests.gate.models import Case, CaseLabel, Line, Note, Part, Remark, Town, Truck, Vault, case_badge, table_of
from tests.gate.stage import World, writing

CASES: Any = table_of(Case)
LINES: Any = table_of(Line)
BLIND = {"synchronize_session": False}


def ddl(statement: str) -> Any:
    """A statement that defines, or pretends to."""
    return DDL(statement)  # type: ignore[no-untyped-call]


def row(**values: Any) -> dict[str, Any]:
    """A row of the table of cases, written past the ORM."""
    moments = {"created_at": now(), "updated_at": now()}
    return {"title": "new", "code": "new", "secret": "", "amount": 0, "version": 1, **moments, **values}


def foreign_row(w: World, **values: Any) -> dict[str, Any]:
    """The same, belonging to somebody else."""
    return row(owner_id=w.foreign["owner"], department_id=w.foreign["department"], **values)


def upsert(session: Session, target: Any) -> Any:
    """The insert of the present database that can also update."""
    return sqlite.insert(target) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(target)


@writing()
def all_rows_updated(session: Session, w: World) -> None:
    session.execute(update(Case).values(title="mine now"))


@writing()
def one_foreign_row_updated(session: Session, w: World) -> None:
    session.execute(update(Case).where(Case.id == w.foreign["case"]).values(title="mine now"))


@writing()
def foreign_row_updated_in_the_old_style(session: Session, w: World) -> None:
    session.query(Case).filter(Case.id == w.foreign["case"]).update({"title": "mine now"})


@writing()
def rows_updated_by_evaluation(session: Session, w: World) -> None:
    w.stub(session, Case, w.foreign["case"])
    session.execute(update(Case).values(title="mine now"), execution_options={"synchronize_session": "fetch"})


@writing()
def rows_updated_by_their_keys(session: Session, w: World) -> None:
    session.execute(update(Case), [{"id": w.foreign["case"], "title": "mine now", "version": 1}])


@writing()
def rows_updated_through_the_table(session: Session, w: World) -> None:
    session.execute(update(CASES).values(title="mine now"))


@writing()
def rows_updated_over_the_connection(session: Session, w: World) -> None:
    session.connection().execute(update(CASES).where(CASES.c.id == w.foreign["case"]).values(title="mine now"))


@writing()
def many_rows_updated_over_the_connection(session: Session, w: World) -> None:
    from sqlalchemy import bindparam

    change = update(CASES).where(CASES.c.id == bindparam("key")).values(title="mine now")
    session.connection().execute(change, [{"key": w.foreign["case"]}, {"key": w.mine["case"]}])


@writing()
def children_updated(session: Session, w: World) -> None:
    session.execute(update(Line).values(amount=7))


@writing()
def grandchildren_updated(session: Session, w: World) -> None:
    session.execute(update(Part).values(amount=7))


@writing()
def children_updated_from_their_parents(session: Session, w: World) -> None:
    change = update(Line).where(Line.case_id == Case.id, Case.title != "").values(amount=7)
    session.execute(change.execution_options(**BLIND))


@writing()
def rows_updated_by_an_alias(session: Session, w: World) -> None:
    other = aliased(Case)
    session.execute(update(other).values(title="mine now").execution_options(**BLIND))


@writing()
def rows_updated_with_foreign_ones_in_the_filter(session: Session, w: World) -> None:
    other = aliased(Case)
    hidden = select(other.id).where(other.id == w.foreign["case"])
    session.execute(update(Case).where(Case.id.in_(hidden)).values(title="mine now").execution_options(**BLIND))


@writing()
def own_rows_given_away_in_bulk(session: Session, w: World) -> None:
    session.execute(update(Case).values(owner_id=w.foreign["owner"], department_id=w.foreign["department"]))


@writing()
def foreign_rows_taken_in_bulk(session: Session, w: World) -> None:
    session.execute(update(Case).values(owner_id=w.user))


@writing()
def own_rows_pointed_at_a_foreign_one_in_bulk(session: Session, w: World) -> None:
    session.execute(update(Case).where(Case.id == w.mine["case"]).values(related_id=12).execution_options(**BLIND))


@writing()
def own_rows_pointed_by_a_subquery(session: Session, w: World) -> None:
    target = literal(12, Integer) + 0
    session.execute(update(Case).where(Case.id == w.mine["case"]).values(related_id=target).execution_options(**BLIND))


@writing()
def own_children_moved_in_bulk(session: Session, w: World) -> None:
    session.execute(update(Line).where(Line.case_id == w.mine["case"]).values(case_id=w.foreign["case"]))


@writing()
def own_children_moved_through_the_table(session: Session, w: World) -> None:
    session.execute(update(LINES).where(LINES.c.case_id == w.mine["case"]).values(case_id=w.foreign["case"]))


@writing()
def own_remarks_moved_in_bulk(session: Session, w: World) -> None:
    session.execute(update(Remark).values(record_id=w.foreign["case"]))


@writing()
def own_notes_given_away_in_bulk(session: Session, w: World) -> None:
    session.execute(update(Note).values(user_id=w.foreign["owner"]))


@writing()
def public_rows_updated(session: Session, w: World) -> None:
    session.execute(update(Town).values(name="mine"))


@writing()
def sealed_rows_updated(session: Session, w: World) -> None:
    session.execute(update(Vault).values(secret="mine"))


@writing()
def rows_in_the_recycle_bin_updated(session: Session, w: World) -> None:
    session.execute(update(Case).where(Case.id == 13).values(deleted_at=None).execution_options(**BLIND))


@writing()
def all_rows_put_into_the_recycle_bin(session: Session, w: World) -> None:
    session.execute(update(Case).values(deleted_at=now()))


@writing()
def all_rows_deleted(session: Session, w: World) -> None:
    session.execute(delete(Part))


@writing()
def one_foreign_row_deleted(session: Session, w: World) -> None:
    session.execute(delete(Part).where(Part.id == w.foreign["part"]))


@writing()
def rows_deleted_in_the_old_style(session: Session, w: World) -> None:
    session.query(Part).delete()


@writing()
def rows_deleted_through_the_table(session: Session, w: World) -> None:
    session.execute(delete(table_of(Note)))


@writing(only="postgresql")
def rows_deleted_by_another_table(session: Session, w: World) -> None:
    session.execute(delete(Part).where(Part.line_id == Line.id, Line.amount > 0).execution_options(**BLIND))


@writing()
def links_deleted(session: Session, w: World) -> None:
    session.execute(delete(CaseLabel))


@writing()
def links_inserted(session: Session, w: World) -> None:
    session.execute(insert(table_of(CaseLabel)).values(case_id=10, label_id=w.foreign["label"]))


@writing()
def sealed_rows_deleted(session: Session, w: World) -> None:
    session.execute(delete(Vault))


@writing()
def foreign_rows_inserted_by_the_model(session: Session, w: World) -> None:
    session.execute(insert(Case), [foreign_row(w)])


@writing()
def foreign_rows_inserted_as_values(session: Session, w: World) -> None:
    session.execute(insert(Case).values([row(owner_id=w.user), foreign_row(w, code="b")]))


@writing()
def foreign_rows_inserted_through_the_table(session: Session, w: World) -> None:
    session.execute(insert(CASES).values(**foreign_row(w)))


@writing()
def foreign_rows_inserted_over_the_connection(session: Session, w: World) -> None:
    session.connection().execute(insert(CASES), [foreign_row(w), foreign_row(w, code="b")])


@writing()
def foreign_rows_inserted_and_returned(session: Session, w: World) -> None:
    session.scalars(insert(Case).returning(Case), [foreign_row(w)]).all()


@writing()
def foreign_rows_inserted_from_a_select(session: Session, w: World) -> None:
    values = foreign_row(w)
    session.execute(insert(Case).from_select(list(values), select(*(literal(value) for value in values.values()))))


@writing()
def foreign_children_inserted(session: Session, w: World) -> None:
    values = {"case_id": w.foreign["case"], "secret": "", "amount": 1, "version": 1}
    session.execute(insert(LINES).values(**values, created_at=now(), updated_at=now()))


@writing()
def foreign_children_inserted_by_the_model(session: Session, w: World) -> None:
    session.execute(insert(Line), [{"case_id": w.foreign["case"]}])


@writing()
def row_inserted_without_anybody(session: Session, w: World) -> None:
    session.execute(insert(CASES).values(**row()))


@writing()
def foreign_row_overwritten_by_an_insert(session: Session, w: World) -> None:
    new = upsert(session, CASES).values(**row(id=w.foreign["case"], owner_id=w.user))
    session.execute(new.on_conflict_do_update(index_elements=["id"], set_={"title": "mine now"}))


@writing()
def foreign_row_overwritten_by_its_code(session: Session, w: World) -> None:
    new = upsert(session, Case).values(**row(code=f"code-{w.foreign['case']}", owner_id=w.user))
    session.execute(new.on_conflict_do_update(index_elements=["code"], set_={"title": "mine now", "owner_id": w.user}))


@writing(only="sqlite")
def foreign_row_replaced(session: Session, w: World) -> None:
    values = {"id": w.foreign["note"], "user_id": w.user, "secret": "", "version": 1}
    new = insert(table_of(Note)).values(**values, created_at=now(), updated_at=now())
    session.execute(new.prefix_with("OR REPLACE"))


@writing(only="postgresql")
def foreign_row_updated_in_a_common_table_expression(session: Session, w: World) -> None:
    change = update(CASES).where(CASES.c.id == w.foreign["case"]).values(title="mine now").returning(CASES.c.id)
    session.execute(select(change.cte("change"))).all()


@writing(only="postgresql")
def foreign_row_deleted_in_a_common_table_expression(session: Session, w: World) -> None:
    parts: Any = table_of(Part)
    change = delete(parts).where(parts.c.id == w.foreign["part"]).returning(parts.c.id)
    session.execute(select(Town.id).add_cte(change.cte("change"))).all()


@writing(only="postgresql")
def foreign_row_inserted_in_a_common_table_expression(session: Session, w: World) -> None:
    change = insert(CASES).values(**foreign_row(w)).returning(CASES.c.id)
    session.execute(select(change.cte("change"))).all()


@writing()
def lower_case_table_updated(session: Session, w: World) -> None:
    cases = table("probe_case", column("title"))
    session.execute(update(cases).values(title="mine now"))


@writing()
def lower_case_table_deleted_from(session: Session, w: World) -> None:
    session.execute(delete(table("probe_note", column("id"))))


@writing()
def lower_case_table_inserted_into(session: Session, w: World) -> None:
    values = foreign_row(w)
    cases = table("probe_case", *(CASES.c[name]._copy() for name in values))
    session.execute(insert(cases).values(**values))


@writing()
def table_of_other_metadata_updated(session: Session, w: World) -> None:
    cases = Table("probe_case", MetaData(), TableColumn("title", String), TableColumn("owner_id", BigInteger))
    session.execute(update(cases).values(title="mine now"))


@writing()
def table_in_capitals_updated(session: Session, w: World) -> None:
    cases = Table(quoted_name("PROBE_CASE", False), MetaData(), TableColumn("title", String))
    session.execute(update(cases).values(title="mine now"))


@writing()
def table_of_the_named_schema_updated(session: Session, w: World) -> None:
    schema = "main" if session.get_bind().dialect.name == "sqlite" else "public"
    cases = Table("probe_case", MetaData(), TableColumn("title", String), schema=schema)
    session.execute(update(cases).values(title="mine now"))


@writing()
def schema_changed_while_updating(session: Session, w: World) -> None:
    schema = "main" if session.get_bind().dialect.name == "sqlite" else "public"
    options: Any = {"schema_translate_map": {None: schema}}
    session.execute(update(CASES).values(title="mine now"), execution_options=options)


@writing()
def text_that_updates(session: Session, w: World) -> None:
    session.execute(text("UPDATE probe_case SET title = 'mine now'"))


@writing()
def text_in_the_filter_of_an_update(session: Session, w: World) -> None:
    session.execute(update(Case).where(text("1 = 1 OR 1 = 1")).values(title="mine now").execution_options(**BLIND))


@writing()
def driver_sql_that_updates(session: Session, w: World) -> None:
    session.connection().exec_driver_sql("UPDATE probe_case SET title = 'mine now'")


@writing()
def cursor_of_the_driver_that_updates(session: Session, w: World) -> None:
    session.connection().connection.cursor().execute("UPDATE probe_case SET title = 'mine now'")


@writing()
def table_dropped(session: Session, w: World) -> None:
    session.execute(DropTable(table_of(Part)))
    session.execute(ddl("CREATE TABLE probe_part AS SELECT 1 AS id, 1 AS line_id, 'x' AS secret, 1 AS amount"))
    session.execute(ddl("ALTER TABLE probe_part ADD COLUMN version int"))
    for name in ("created_at", "updated_at", "deleted_at"):
        session.execute(ddl(f"ALTER TABLE probe_part ADD COLUMN {name} timestamp"))


@writing()
def ddl_that_updates(session: Session, w: World) -> None:
    session.execute(ddl("UPDATE probe_case SET title = 'mine now'"))


@writing(only="sqlite")
def trigger_that_updates(session: Session, w: World) -> None:
    session.execute(ddl("CREATE TRIGGER t AFTER INSERT ON probe_note BEGIN UPDATE probe_case SET title = 'x'; END"))
    session.add(Note(user_id=w.user))
    session.flush()


@writing()
def new_session_on_the_connection_that_flushes(session: Session, w: World) -> None:
    with Session(session.connection()) as other:
        other.add(Line(case_id=w.foreign["case"]))
        other.flush()


@writing()
def new_session_on_the_connection_that_edits(session: Session, w: World) -> None:
    with Session(session.connection()) as other:
        w.stub(other, Case, w.foreign["case"]).title = "mine now"
        other.flush()


@writing()
def new_session_on_the_connection_that_moves(session: Session, w: World) -> None:
    with Session(session.connection()) as other:
        record = other.get_one(Case, w.mine["case"])
        record.owner_id, record.department_id = w.foreign["owner"], w.foreign["department"]
        other.flush()


@writing()
def history_erased_in_bulk(session: Session, w: World) -> None:
    session.execute(delete(HistoryEntry))


@writing()
def history_rewritten_in_bulk(session: Session, w: World) -> None:
    session.execute(update(HistoryEntry).values(origin="nowhere"))


@writing()
def grants_widened_in_bulk(session: Session, w: World) -> None:
    session.execute(update(Grant).values(scope="all"))


@writing()
def role_taken_by_an_insert(session: Session, w: World) -> None:
    moments = {"created_at": func.now(), "updated_at": func.now()}
    session.execute(insert(table_of(UserRole)).values(user_id=w.user, role_id=ADA, version=1, **moments))


@writing()
def links_without_a_class_deleted(session: Session, w: World) -> None:
    session.execute(delete(case_badge))


@writing()
def links_without_a_class_inserted(session: Session, w: World) -> None:
    session.execute(insert(case_badge).values(case_id=10, badge_id=2))


@writing()
def links_without_a_class_moved(session: Session, w: World) -> None:
    session.execute(update(case_badge).where(case_badge.c.badge_id == 3).values(case_id=5))


@writing()
def table_of_a_family_updated(session: Session, w: World) -> None:
    session.execute(update(table_of(Truck)).values(cargo="mine now"))
