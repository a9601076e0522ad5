"""Reading by records: queries of models, relations in every direction and strategy, computed columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import (
    Bundle,
    Session,
    aliased,
    contains_eager,
    immediateload,
    joinedload,
    load_only,
    selectin_polymorphic,
    selectinload,
    subqueryload,
    undefer,
    with_expression,
    with_loader_criteria,
    with_parent,
    with_polymorphic,
)

from core.kernel.history import HistoryEntry
from tests.gate.models import (
    Area,
    Asset,
    Badge,
    Bond,
    Case,
    CaseLabel,
    Errand,
    Label,
    Line,
    Machine,
    Note,
    Paper,
    Part,
    Remark,
    Town,
    Truck,
    Vault,
    Vehicle,
    case_badge,
    table_of,
)
from tests.gate.stage import World, reading


@reading()
def all_records(session: Session, w: World) -> Any:
    return session.scalars(select(Case)).all()


@reading()
def one_record_by_key(session: Session, w: World) -> Any:
    return session.get(Case, w.foreign["case"])


@reading()
def one_record_by_key_or_an_error(session: Session, w: World) -> Any:
    return session.get_one(Case, w.foreign["case"])


@reading()
def record_by_key_over_a_pretended_one(session: Session, w: World) -> Any:
    w.stub(session, Case, w.foreign["case"])
    return session.get(Case, w.foreign["case"], populate_existing=True)


@reading()
def record_by_key_locked(session: Session, w: World) -> Any:
    return session.get(Case, w.foreign["case"], with_for_update={"nowait": False})


@reading()
def refreshed_pretended_record(session: Session, w: World) -> Any:
    record = w.stub(session, Case, w.foreign["case"])
    session.refresh(record)
    return record


@reading()
def unloaded_column_of_a_pretended_record(session: Session, w: World) -> Any:
    return w.stub(session, Case, w.foreign["case"]).secret


@reading()
def expired_column_of_a_pretended_record(session: Session, w: World) -> Any:
    record = w.stub(session, Case, w.foreign["case"])
    session.expire(record)
    return record.secret


@reading()
def refreshed_relation_of_a_pretended_record(session: Session, w: World) -> Any:
    record = w.stub(session, Case, w.foreign["case"])
    session.refresh(record, ["lines", "amount"])
    return [record, record.lines]


@reading()
def merged_record_with_a_foreign_key(session: Session, w: World) -> Any:
    with session.no_autoflush:
        return session.merge(Case(id=w.foreign["case"])).secret


@reading()
def existence(session: Session, w: World) -> Any:
    return w.any(session.scalar(select(exists().where(Case.id == w.foreign["case"]))))


@reading()
def existence_by_filter(session: Session, w: World) -> Any:
    return w.any(session.query(Case.id).filter_by(code=f"code-{w.foreign['case']}").first())


@reading()
def count_of_records(session: Session, w: World) -> Any:
    return w.more("case", session.scalar(select(func.count()).select_from(Case)))


@reading()
def count_in_the_old_style(session: Session, w: World) -> Any:
    return w.more("case", session.query(Case).count())


@reading()
def sum_of_amounts(session: Session, w: World) -> Any:
    return session.scalar(select(func.sum(Case.amount)))


@reading()
def sums_by_group(session: Session, w: World) -> Any:
    return session.execute(select(Case.town_id, func.sum(Case.amount)).group_by(Case.town_id)).all()


@reading()
def query_in_the_old_style(session: Session, w: World) -> Any:
    return session.query(Case).filter(Case.id == w.foreign["case"]).all()


@reading()
def old_query_with_other_columns(session: Session, w: World) -> Any:
    return session.query(Case.id).with_entities(Case.secret, Case.amount).all()


@reading()
def statement_with_other_columns(session: Session, w: World) -> Any:
    return session.execute(select(Case.id).with_only_columns(Case.secret)).all()


@reading()
def query_from_a_statement(session: Session, w: World) -> Any:
    return session.scalars(select(Case).from_statement(select(table_of(Case)))).all()


@reading()
def records_in_portions(session: Session, w: World) -> Any:
    return [list(part) for part in session.scalars(select(Case).execution_options(yield_per=2)).partitions()]


@reading()
def records_streamed(session: Session, w: World) -> Any:
    return list(session.execute(select(Case.secret).execution_options(stream_results=True)))


@reading()
def bundle_of_columns(session: Session, w: World) -> Any:
    found: Any = session.execute(select(Bundle("b", Case.secret, Case.amount)))
    return [row[0].secret for row in found]


@reading()
def only_some_columns(session: Session, w: World) -> Any:
    return session.scalars(select(Case).options(load_only(Case.secret))).all()


@reading()
def aliased_records(session: Session, w: World) -> Any:
    return session.scalars(select(aliased(Case, name="c"))).all()


@reading()
def alias_named_as_the_table(session: Session, w: World) -> Any:
    return session.scalars(select(aliased(Case, name="probe_case"))).all()


@reading()
def joined_to_the_related_record(session: Session, w: World) -> Any:
    other = aliased(Case)
    return session.execute(select(other.secret).select_from(Case).join(other, Case.related_id == other.id)).all()


@reading()
def joined_along_the_relation(session: Session, w: World) -> Any:
    other = aliased(Case)
    return session.execute(select(other.secret).select_from(Case).join(Case.related.of_type(other))).all()


@reading()
def outer_joined_along_the_relation(session: Session, w: World) -> Any:
    other = aliased(Case)
    return session.execute(select(Case.id, other).join(Case.related.of_type(other), isouter=True)).all()


@reading()
def full_joined(session: Session, w: World) -> Any:
    return session.execute(select(Town.name, Case.secret).join(Case, Case.town_id == Town.id, full=True)).all()


@reading()
def joined_from_a_public_record(session: Session, w: World) -> Any:
    return session.execute(select(Town.name, Case.secret).join(Town.cases)).all()


@reading()
def joined_to_children(session: Session, w: World) -> Any:
    return session.execute(select(Line.secret, Part.secret).join(Line.parts)).all()


@reading()
def children_alone(session: Session, w: World) -> Any:
    return session.scalars(select(Line)).all()


@reading()
def grandchildren_alone(session: Session, w: World) -> Any:
    return [*session.scalars(select(Part)), session.scalar(select(func.sum(Part.amount)))]


@reading()
def child_by_key(session: Session, w: World) -> Any:
    return [session.get(Line, w.foreign["line"]), session.get(Part, w.foreign["part"])]


@reading()
def related_record_loaded_by_a_second_select(session: Session, w: World) -> Any:
    return session.scalars(select(Case).options(selectinload(Case.related))).all()


@reading()
def related_record_loaded_by_a_join(session: Session, w: World) -> Any:
    return session.scalars(select(Case).options(joinedload(Case.related))).all()


@reading()
def related_record_loaded_by_a_subquery(session: Session, w: World) -> Any:
    return session.scalars(select(Case).options(subqueryload(Case.related))).all()


@reading()
def related_record_loaded_at_once(session: Session, w: World) -> Any:
    return session.scalars(select(Case).options(immediateload(Case.related))).all()


@reading()
def related_record_loaded_from_an_own_join(session: Session, w: World) -> Any:
    other = aliased(Case)
    statement = select(Case).join(Case.related.of_type(other)).options(contains_eager(Case.related.of_type(other)))
    return session.scalars(statement).all()


@reading()
def related_record_loaded_lazily(session: Session, w: World) -> Any:
    return [case.related for case in session.scalars(select(Case))]


@reading()
def referring_records_loaded_lazily(session: Session, w: World) -> Any:
    return [case.relating for case in session.scalars(select(Case))]


@reading()
def referring_records_loaded_by_a_second_select(session: Session, w: World) -> Any:
    return session.scalars(select(Case).options(selectinload(Case.relating).selectinload(Case.lines))).all()


@reading()
def collection_of_a_public_record(session: Session, w: World) -> Any:
    return [town.cases for town in session.scalars(select(Town))]


@reading()
def collection_of_a_public_record_joined(session: Session, w: World) -> Any:
    return session.scalars(select(Town).options(joinedload(Town.cases))).unique().all()


@reading()
def collection_of_a_public_record_by_subquery(session: Session, w: World) -> Any:
    return session.scalars(select(Town).options(subqueryload(Town.cases).subqueryload(Case.lines))).all()


@reading()
def children_of_a_pretended_record(session: Session, w: World) -> Any:
    return list(w.stub(session, Case, w.foreign["case"]).lines)


@reading()
def dynamic_children_of_a_pretended_record(session: Session, w: World) -> Any:
    return list(w.stub(session, Case, w.foreign["case"]).lines_dynamic)


@reading()
def write_only_children_of_a_pretended_record(session: Session, w: World) -> Any:
    return session.scalars(w.stub(session, Case, w.foreign["case"]).lines_write_only.select()).all()


@reading()
def children_that_must_not_load_of_a_pretended_record(session: Session, w: World) -> Any:
    w.stub(session, Case, w.foreign["case"])
    return session.scalars(
        select(Case).options(selectinload(Case.lines_raise)).execution_options(populate_existing=True)
    ).all()


@reading()
def children_by_their_parent(session: Session, w: World) -> Any:
    return session.scalars(select(Line).where(with_parent(w.stub(session, Case, w.foreign["case"]), Case.lines))).all()


@reading()
def parent_of_a_pretended_child(session: Session, w: World) -> Any:
    return w.stub(session, Line, w.foreign["line"], case_id=w.foreign["case"]).case


@reading()
def parent_joined_by_declaration(session: Session, w: World) -> Any:
    record = w.stub(session, Line, w.foreign["line"], case_id=w.foreign["case"])
    return record.case_joined


@reading()
def labels_over_the_link_table(session: Session, w: World) -> Any:
    return [case.labels for case in session.scalars(select(Case))]


@reading()
def cases_of_labels_joined(session: Session, w: World) -> Any:
    return session.scalars(select(Label).options(joinedload(Label.cases))).unique().all()


@reading()
def labels_joined_over_the_link_table(session: Session, w: World) -> Any:
    return session.execute(select(Case.id, Label.secret).join(Case.labels)).all()


@reading()
def link_table_itself(session: Session, w: World) -> Any:
    return w.more("case_label", session.scalar(select(func.count()).select_from(CaseLabel)))


@reading()
def link_table_by_key(session: Session, w: World) -> Any:
    return w.any(session.get(CaseLabel, (w.mine["case"], w.foreign["label"])) or session.get(CaseLabel, (5, 2)))


@reading()
def proxy_of_the_related_record(session: Session, w: World) -> Any:
    return [case.related_secret for case in session.scalars(select(Case)) if case.related_id]


@reading()
def proxy_over_the_link_table(session: Session, w: World) -> Any:
    return [list(case.label_secrets) for case in session.scalars(select(Case))]


@reading()
def filter_by_proxy_of_the_related_record(session: Session, w: World) -> Any:
    return w.any(session.scalars(select(Case.id).where(Case.related_secret == f"CN-case-{w.foreign['case']}-")).all())


@reading()
def computed_column_of_the_related_record(session: Session, w: World) -> Any:
    return session.execute(select(Case.id, Case.related_amount)).all()


@reading()
def computed_column_asked_for_later(session: Session, w: World) -> Any:
    return session.scalars(select(Case).options(undefer(Case.related_amount))).all()


@reading()
def computed_column_loaded_lazily(session: Session, w: World) -> Any:
    return [case.related_amount for case in session.scalars(select(Case))]


@reading()
def computed_column_over_children(session: Session, w: World) -> Any:
    record = w.stub(session, Case, w.foreign["case"])
    return record.line_total


@reading()
def hybrid_over_other_records(session: Session, w: World) -> Any:
    return session.execute(select(Case.id, Case.town_total)).all()


@reading()
def expression_loaded_into_a_record(session: Session, w: World) -> Any:
    other = aliased(Case)
    total = select(func.sum(other.amount)).scalar_subquery()
    return [case.whatever for case in session.scalars(select(Case).options(with_expression(Case.whatever, total)))] + [
        session.scalar(select(total))
    ]


@reading()
def filter_by_the_related_record(session: Session, w: World) -> Any:
    return w.any(session.scalars(select(Case.id).where(Case.related.has(Case.id == w.foreign["case"]))).all())


@reading()
def filter_by_any_referring_record(session: Session, w: World) -> Any:
    other = aliased(Case)
    hidden = Case.relating.of_type(other).any(other.id == w.foreign["case"])
    return w.any(session.scalars(select(Case.id).where(hidden)).all())


@reading()
def filter_by_any_label(session: Session, w: World) -> Any:
    return w.any(session.scalars(select(Case.id).where(Case.labels.any(Label.id == w.foreign["label"]))).all())


@reading()
def criteria_that_let_everything_through(session: Session, w: World) -> Any:
    return session.scalars(select(Case).options(with_loader_criteria(Case, Case.id > 0, include_aliases=True))).all()


@reading()
def family_of_records(session: Session, w: World) -> Any:
    return session.scalars(select(Asset)).all()


@reading()
def one_kind_of_the_family(session: Session, w: World) -> Any:
    return [*session.scalars(select(Machine)), session.get(Machine, w.foreign["asset"])]


@reading()
def whole_family_at_once(session: Session, w: World) -> Any:
    everything = with_polymorphic(Asset, "*")
    return session.scalars(select(everything).options(selectin_polymorphic(everything, [Machine]))).all()


@reading()
def tree_upwards_and_downwards(session: Session, w: World) -> Any:
    areas = session.scalars(select(Area)).all()
    return [*areas, [area.parent for area in areas], [area.children for area in areas]]


@reading()
def tree_by_nested_loading(session: Session, w: World) -> Any:
    deep = selectinload(Area.children, recursion_depth=-1)
    return session.scalars(select(Area).options(deep)).all()


@reading()
def remarks_of_foreign_records(session: Session, w: World) -> Any:
    return [*session.scalars(select(Remark)), session.get(Remark, w.foreign["remark"])]


@reading()
def bonds_with_a_foreign_end(session: Session, w: World) -> Any:
    return [*session.scalars(select(Bond)), session.get(Bond, w.foreign["bond"])]


@reading()
def papers_above_the_level(session: Session, w: World) -> Any:
    return session.scalars(select(Paper)).all()


@reading()
def errands_of_others(session: Session, w: World) -> Any:
    return session.scalars(select(Errand)).all()


@reading()
def private_notes_of_others(session: Session, w: World) -> Any:
    return session.scalars(select(Note)).all()


@reading()
def sealed_table(session: Session, w: World) -> Any:
    return session.scalars(select(Vault)).all()


@reading()
def sealed_table_by_key(session: Session, w: World) -> Any:
    return session.get(Vault, 1)


@reading()
def history_of_foreign_records(session: Session, w: World) -> Any:
    return session.scalars(select(HistoryEntry)).all()


@reading()
def records_in_the_recycle_bin(session: Session, w: World) -> Any:
    return session.scalars(select(Case).where(Case.deleted_at.is_not(None))).all()


@reading()
def record_in_the_recycle_bin_by_key(session: Session, w: World) -> Any:
    return session.get(Case, 13)


@reading()
def children_of_a_record_in_the_recycle_bin(session: Session, w: World) -> Any:
    return [session.get(Line, 8), session.get(Part, 8), session.get(Remark, 4)]


@reading()
def badges_over_a_link_table_without_a_class(session: Session, w: World) -> Any:
    return [case.badges for case in session.scalars(select(Case))]


@reading()
def badges_joined_over_a_link_table_without_a_class(session: Session, w: World) -> Any:
    return session.execute(select(Case.id, Badge.secret).join(Case.badges)).all()


@reading()
def cases_of_badges_loaded_by_a_second_select(session: Session, w: World) -> Any:
    return session.scalars(select(Badge).options(selectinload(Badge.cases))).all()


@reading()
def link_table_without_a_class_counted(session: Session, w: World) -> Any:
    return w.more("case_badge", session.scalar(select(func.count()).select_from(case_badge)))


@reading()
def family_in_several_tables(session: Session, w: World) -> Any:
    return [*session.scalars(select(Vehicle)), *session.scalars(select(Truck))]


@reading()
def family_in_several_tables_at_once(session: Session, w: World) -> Any:
    everything = with_polymorphic(Vehicle, [Truck])
    return session.execute(select(everything, everything.Truck.cargo)).all()


@reading()
def table_of_a_family_alone(session: Session, w: World) -> Any:
    return session.execute(select(table_of(Truck))).all()


@reading()
def one_of_a_family_by_key(session: Session, w: World) -> Any:
    return [session.get(Truck, 2), session.get(Vehicle, 2)]
