"""Writing by records: pretended, new, moved, linked and deleted ones, and what decides about access itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session, make_transient
from sqlalchemy.orm.attributes import set_committed_value

from core.kernel.departments import Membership
from core.kernel.errors import SopiaError
from core.kernel.history import HistoryEntry
from core.kernel.roles import Grant, Role, Share, UserRole
from core.kernel.types import now
from core.kernel.users import User
from tests.gate.company import ADA, WEST
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
    table_of,
)
from tests.gate.stage import World, writing


def new_case(**values: Any) -> Case:
    """A case with what every case needs."""
    return Case(**{"title": "new", "code": "new", **values})


@writing()
def foreign_record_edited(session: Session, w: World) -> None:
    w.stub(session, Case, w.foreign["case"]).title = "mine now"


@writing()
def foreign_record_edited_after_its_owner_is_pretended(session: Session, w: World) -> None:
    record = w.stub(session, Case, w.foreign["case"], owner_id=w.user, department_id=None)
    record.title = "mine now"


@writing()
def foreign_record_given_to_oneself(session: Session, w: World) -> None:
    record = w.stub(session, Case, w.foreign["case"], owner_id=3, department_id=3)
    record.owner_id = w.user


@writing()
def foreign_record_deleted(session: Session, w: World) -> None:
    session.delete(w.stub(session, Note, w.foreign["note"]))


@writing()
def foreign_child_deleted(session: Session, w: World) -> None:
    session.delete(w.stub(session, Part, w.foreign["part"]))


@writing()
def foreign_record_put_into_the_recycle_bin(session: Session, w: World) -> None:
    w.stub(session, Case, w.foreign["case"]).deleted_at = now()


@writing()
def record_taken_out_of_the_recycle_bin(session: Session, w: World) -> None:
    w.stub(session, Case, 13, deleted_at=now()).deleted_at = None


@writing()
def record_in_the_recycle_bin_edited(session: Session, w: World) -> None:
    w.stub(session, Case, 14).title = "mine now"


@writing()
def foreign_record_merged(session: Session, w: World) -> None:
    session.merge(Case(id=w.foreign["case"], title="mine now", version=1))


@writing()
def foreign_record_merged_without_loading(session: Session, w: World) -> None:
    record = Case()
    for name, value in {"id": w.foreign["case"], "title": "old", "version": 1}.items():
        set_committed_value(record, name, value)
    from sqlalchemy.orm import make_transient_to_detached

    make_transient_to_detached(record)
    set_committed_value(record, "version", 1)
    merged = session.merge(record, load=False)
    merged.title = "mine now"


@writing()
def record_made_for_a_foreign_owner(session: Session, w: World) -> None:
    session.add(new_case(owner_id=w.foreign["owner"], department_id=w.foreign["department"]))


@writing()
def record_made_in_a_foreign_department(session: Session, w: World) -> None:
    session.add(new_case(owner_id=ADA, department_id=WEST))


@writing()
def record_made_with_a_key_of_ones_own(session: Session, w: World) -> None:
    session.add(new_case(id=777, owner_id=w.foreign["owner"], department_id=w.foreign["department"]))


@writing()
def several_records_made_one_of_them_foreign(session: Session, w: World) -> None:
    mine = new_case(owner_id=w.user, code="a")
    session.add_all([mine, new_case(owner_id=w.foreign["owner"], department_id=WEST, code="b")])


@writing()
def own_record_given_away(session: Session, w: World) -> None:
    record = w.stub(session, Case, w.mine["case"], owner_id=None, department_id=None)
    record.owner_id, record.department_id = w.foreign["owner"], w.foreign["department"]


@writing()
def own_record_given_away_in_two_steps(session: Session, w: World) -> None:
    record = w.stub(session, Case, w.mine["case"], owner_id=None, department_id=None)
    record.department_id = w.foreign["department"]
    session.flush()
    record.owner_id = w.foreign["owner"]


@writing()
def own_record_related_to_a_foreign_one_by_key(session: Session, w: World) -> None:
    w.stub(session, Case, w.mine["case"], related_id=None).related_id = 6


@writing()
def own_record_related_to_a_foreign_one_by_object(session: Session, w: World) -> None:
    record = w.stub(session, Case, w.mine["case"], related_id=None)
    record.related = w.stub(session, Case, 6)


@writing()
def new_record_related_to_a_foreign_one(session: Session, w: World) -> None:
    session.add(new_case(owner_id=w.user, related_id=w.foreign["case"]))


@writing()
def own_record_appended_to_a_foreign_collection(session: Session, w: World) -> None:
    foreign = w.stub(session, Case, 6)
    with session.no_autoflush:
        set_committed_value(foreign, "relating", [])
        foreign.relating.append(w.stub(session, Case, w.mine["case"], related_id=None))


@writing()
def new_child_under_a_foreign_record(session: Session, w: World) -> None:
    session.add(Line(case_id=w.foreign["case"]))


@writing()
def new_child_appended_to_a_foreign_record(session: Session, w: World) -> None:
    foreign = w.stub(session, Case, w.foreign["case"])
    with session.no_autoflush:
        set_committed_value(foreign, "lines", [])
        foreign.lines.append(Line())


@writing()
def new_child_put_through_a_write_only_collection(session: Session, w: World) -> None:
    w.stub(session, Case, w.foreign["case"]).lines_write_only.add(Line())


@writing()
def new_grandchild_under_a_foreign_child(session: Session, w: World) -> None:
    session.add(Part(line_id=w.foreign["line"]))


@writing()
def new_child_with_new_grandchild_under_a_foreign_record(session: Session, w: World) -> None:
    session.add(Line(case_id=w.foreign["case"], parts=[Part()]))


@writing()
def own_child_moved_under_a_foreign_record(session: Session, w: World) -> None:
    w.stub(session, Line, w.mine["line"], case_id=w.mine["case"]).case_id = w.foreign["case"]


@writing()
def own_grandchild_moved_under_a_foreign_child(session: Session, w: World) -> None:
    w.stub(session, Part, w.mine["part"], line_id=w.mine["line"]).line_id = w.foreign["line"]


@writing()
def foreign_child_pulled_under_an_own_record(session: Session, w: World) -> None:
    w.stub(session, Line, w.foreign["line"], case_id=w.foreign["case"]).case_id = w.mine["case"]


@writing()
def foreign_child_edited_with_a_pretended_parent(session: Session, w: World) -> None:
    w.stub(session, Line, w.foreign["line"], case_id=w.mine["case"]).amount = 7


@writing()
def foreign_grandchild_edited(session: Session, w: World) -> None:
    w.stub(session, Part, w.foreign["part"]).amount = 7


@writing()
def foreign_label_put_on_an_own_record(session: Session, w: World) -> None:
    record = w.stub(session, Case, 2 if w.mine["case"] == 2 else 3)
    with session.no_autoflush:
        set_committed_value(record, "labels", [])
        record.labels.append(w.stub(session, Label, w.foreign["label"]))


@writing()
def link_to_a_foreign_label_made_by_hand(session: Session, w: World) -> None:
    session.add(CaseLabel(case_id=10, label_id=w.foreign["label"]))


@writing()
def link_of_a_foreign_record_removed(session: Session, w: World) -> None:
    session.delete(session.get_one(CaseLabel, (5, 2)))


@writing()
def link_of_a_foreign_record_removed_through_its_collection(session: Session, w: World) -> None:
    foreign, label = w.stub(session, Case, 5), w.stub(session, Label, 2)
    with session.no_autoflush:
        set_committed_value(foreign, "labels", [label])
        foreign.labels.remove(label)


@writing()
def all_labels_of_an_own_record_removed(session: Session, w: World) -> None:
    session.get_one(Case, w.mine["case"]).labels = []
    if w.mine["case"] != 1:
        session.get_one(Case, 1).labels = []


@writing()
def own_tree_node_deleted_above_a_foreign_one(session: Session, w: World) -> None:
    session.delete(session.get_one(Area, 1))


@writing()
def own_record_deleted_that_foreign_ones_point_at(session: Session, w: World) -> None:
    session.delete(session.get_one(Case, w.mine["case"]))


@writing()
def foreign_tree_node_moved_under_an_own_one(session: Session, w: World) -> None:
    w.stub(session, Area, w.foreign["area"]).parent_id = None


@writing()
def own_tree_node_moved_under_a_foreign_one(session: Session, w: World) -> None:
    w.stub(session, Area, w.mine["area"], parent_id=None).parent_id = 2 if w.mine["area"] == 1 else None


@writing()
def remark_on_a_foreign_record(session: Session, w: World) -> None:
    session.add(Remark(resource="probe.case", record_id=w.foreign["case"]))


@writing()
def remark_on_a_foreign_child(session: Session, w: World) -> None:
    session.add(Remark(resource="probe.line", record_id=w.foreign["line"]))


@writing()
def remark_on_an_unknown_resource(session: Session, w: World) -> None:
    session.add(Remark(resource="probe.nothing", record_id=1))


@writing()
def own_remark_moved_to_a_foreign_record(session: Session, w: World) -> None:
    record = w.stub(session, Remark, w.mine["remark"], resource="probe.case", record_id=w.mine["case"])
    record.record_id = w.foreign["case"]
    session.flush()
    session.add(Remark(resource="probe.case", record_id=w.foreign["case"]))


@writing()
def foreign_remark_edited(session: Session, w: World) -> None:
    w.stub(session, Remark, w.foreign["remark"]).secret = "mine now"


@writing()
def foreign_remark_pulled_to_an_own_record(session: Session, w: World) -> None:
    w.stub(session, Remark, w.foreign["remark"], record_id=w.foreign["case"]).record_id = w.mine["case"]


@writing()
def bond_from_an_own_to_a_foreign_record(session: Session, w: World) -> None:
    ends = {"from_resource": "probe.case", "to_resource": "probe.case"}
    session.add(Bond(from_id=w.mine["case"], to_id=w.foreign["case"], **ends))


@writing()
def bond_between_foreign_records_deleted(session: Session, w: World) -> None:
    session.delete(w.stub(session, Bond, w.foreign["bond"]))


@writing()
def paper_above_the_level_edited(session: Session, w: World) -> None:
    w.stub(session, Paper, 2).secret = "mine now"


@writing()
def paper_made_above_the_level(session: Session, w: World) -> None:
    session.add(Paper(owner_id=w.user, level=3))


@writing()
def errand_between_others(session: Session, w: World) -> None:
    session.add(Errand(giver_id=3, taker_id=8))


@writing()
def errand_of_others_edited(session: Session, w: World) -> None:
    w.stub(session, Errand, w.foreign["errand"]).secret = "mine now"


@writing()
def note_in_the_name_of_another(session: Session, w: World) -> None:
    session.add(Note(user_id=w.foreign["owner"]))


@writing()
def private_note_of_another_edited(session: Session, w: World) -> None:
    w.stub(session, Note, w.foreign["note"]).secret = "mine now"


@writing()
def own_note_given_to_another(session: Session, w: World) -> None:
    w.stub(session, Note, w.mine["note"], user_id=w.user).user_id = w.foreign["owner"]


@writing()
def sealed_record_made(session: Session, w: World) -> None:
    session.add(Vault(id=9, secret="mine"))


@writing()
def sealed_record_edited(session: Session, w: World) -> None:
    w.stub(session, Vault, 1).secret = "mine"


@writing()
def public_record_edited(session: Session, w: World) -> None:
    w.stub(session, Town, 1).name = "mine"


@writing()
def public_record_made(session: Session, w: World) -> None:
    session.add(Town(name="mine"))


@writing()
def public_record_deleted(session: Session, w: World) -> None:
    session.add(Town(id=50, name="x")) if session.get(Town, 1) is None else None
    w.stub(session, Town, 2) if inspect(session.get(Town, 2)) is None else None
    session.get_one(Town, 2).deleted_at = now()


@writing()
def foreign_record_of_a_family_edited(session: Session, w: World) -> None:
    w.stub(session, Machine, w.foreign["asset"]).amount = 7


@writing()
def foreign_record_of_a_family_changes_its_kind(session: Session, w: World) -> None:
    w.stub(session, Asset, w.foreign["asset"], kind="machine").kind = "asset"


@writing()
def foreign_record_made_anew_under_its_key(session: Session, w: World) -> None:
    record = w.stub(session, Case, w.foreign["case"])
    session.expunge(record)
    make_transient(record)
    record.id, record.code, record.title, record.owner_id, record.department_id = 888, "c", "t", 3, 3
    session.add(record)


@writing()
def foreign_records_saved_in_bulk(session: Session, w: World) -> None:
    record = w.stub(session, Case, w.foreign["case"])
    record.title = "mine now"
    session.expunge(record)
    session.bulk_save_objects([record])


@writing()
def new_foreign_records_saved_in_bulk(session: Session, w: World) -> None:
    session.bulk_save_objects([new_case(owner_id=3, department_id=3)])


@writing()
def foreign_records_updated_by_mappings(session: Session, w: World) -> None:
    session.bulk_update_mappings(inspect(Case), [{"id": w.foreign["case"], "title": "mine now", "version": 1}])


@writing()
def foreign_records_inserted_by_mappings(session: Session, w: World) -> None:
    values = {"title": "t", "code": "t", "owner_id": 3, "department_id": 3}
    session.bulk_insert_mappings(inspect(Case), [values])


@writing()
def refusal_swallowed_and_work_continued(session: Session, w: World) -> None:
    try:
        with session.begin_nested():
            session.add(Line(case_id=w.foreign["case"]))
            session.flush()
    except Exception:
        pass
    session.execute(select(Case.id)).all()


@writing()
def refusal_swallowed_without_a_savepoint(session: Session, w: World) -> None:
    try:
        w.stub(session, Case, w.foreign["case"]).title = "mine now"
        session.flush()
    except SopiaError:
        pass
    session.flush()


@writing()
def savepoint_rolled_back_and_written_again(session: Session, w: World) -> None:
    part = session.begin_nested()
    own = new_case(owner_id=w.user, code="within")
    session.add(own)
    part.rollback()
    session.add(Line(case_id=w.foreign["case"]))


@writing()
def foreign_rows_written_while_autoflush_is_off(session: Session, w: World) -> None:
    session.autoflush = False
    session.add(Line(case_id=w.foreign["case"]))
    session.execute(select(Case.id)).all()


@writing()
def foreign_child_added_while_flushing(session: Session, w: World) -> None:
    from sqlalchemy import event

    def late(flushed: Session, context: Any) -> None:
        flushed.add(Line(case_id=w.foreign["case"]))

    event.listen(session, "after_flush", late, once=True)
    session.add(Note(user_id=w.user))
    session.flush()


@writing()
def foreign_row_written_while_flushing(session: Session, w: World) -> None:
    from sqlalchemy import event, update

    def late(mapper: Any, connection: Any, target: Any) -> None:
        connection.execute(update(table_of(Case)).where(Case.id == w.foreign["case"]).values(title="mine now"))

    event.listen(Note, "before_insert", late)
    try:
        session.add(Note(user_id=w.user))
        session.flush()
    finally:
        event.remove(Note, "before_insert", late)


@writing()
def new_record_moved_while_flushing(session: Session, w: World) -> None:
    from sqlalchemy import event

    def late(mapper: Any, connection: Any, target: Any) -> None:
        target.owner_id, target.department_id = 3, 3

    event.listen(Case, "before_insert", late)
    try:
        session.add(new_case(owner_id=w.user))
        session.flush()
    finally:
        event.remove(Case, "before_insert", late)


@writing()
def new_record_moved_while_flushing_and_pretended_back(session: Session, w: World) -> None:
    from sqlalchemy import event

    def away(mapper: Any, connection: Any, target: Any) -> None:
        target.owner_id, target.department_id = 3, 3

    def back(mapper: Any, connection: Any, target: Any) -> None:
        target.owner_id, target.department_id = w.user, None

    event.listen(Case, "before_insert", away)
    event.listen(Case, "after_insert", back)
    try:
        session.add(new_case(owner_id=w.user))
        session.flush()
    finally:
        event.remove(Case, "before_insert", away)
        event.remove(Case, "after_insert", back)


@writing()
def new_record_with_a_foreign_relation_that_looks_unchanged(session: Session, w: World) -> None:
    record = new_case(owner_id=w.user, related_id=w.foreign["case"])
    session.add(record)
    make_transient(record)  # what has been set is now what has always been there
    session.add(record)
    session.flush()


@writing()
def grant_for_oneself(session: Session, w: World) -> None:
    session.add(Grant(role_id=w.user, resource="probe.case", action="view", scope="all"))


@writing()
def grant_widened(session: Session, w: World) -> None:
    grant = session.scalars(select(Grant).where(Grant.role_id == w.user)).first()
    (grant or w.stub(session, Grant, 2)).scope = "all"


@writing()
def role_taken(session: Session, w: World) -> None:
    session.add(UserRole(user_id=w.user, role_id=ADA))


@writing()
def role_swapped(session: Session, w: World) -> None:
    w.stub(session, UserRole, w.user, role_id=w.user).role_id = ADA


@writing()
def role_made(session: Session, w: World) -> None:
    session.add(Role(key="mine", name="mine"))


@writing()
def department_joined(session: Session, w: World) -> None:
    session.add(Membership(user_id=w.user, department_id=WEST))


@writing()
def colleague_renamed(session: Session, w: World) -> None:
    w.stub(session, User, ADA, login="ada").login = "mine"


@writing()
def colleague_made(session: Session, w: World) -> None:
    session.add(User(login="mine", name="mine"))


@writing()
def foreign_record_shared_with_oneself(session: Session, w: World) -> None:
    session.add(Share(resource="probe.case", record_id=w.foreign["case"], user_id=w.user, write=True))


@writing()
def history_forged(session: Session, w: World) -> None:
    past = {"operation": "x", "origin": "page", "action": "edit", "before": {}, "after": {}}
    session.add(HistoryEntry(resource="probe.case", record=w.foreign["case"], **past))


@writing()
def history_erased(session: Session, w: World) -> None:
    session.delete(session.get_one(HistoryEntry, 1))


@writing()
def history_rewritten(session: Session, w: World) -> None:
    session.get_one(HistoryEntry, 1).after = {"secret": "nothing happened"}


@writing()
def history_of_a_foreign_record_rewritten(session: Session, w: World) -> None:
    w.stub(session, HistoryEntry, 3).origin = "nowhere"


@writing()
def foreign_badge_put_on_an_own_record(session: Session, w: World) -> None:
    record = w.stub(session, Case, 3 if w.mine["case"] == 1 else w.mine["case"])
    with session.no_autoflush:
        set_committed_value(record, "badges", [])
        record.badges.append(w.stub(session, Badge, 2))


@writing()
def badge_of_a_foreign_record_taken_away(session: Session, w: World) -> None:
    foreign, badge = w.stub(session, Case, 5), w.stub(session, Badge, 1)
    with session.no_autoflush:
        set_committed_value(foreign, "badges", [badge])
        foreign.badges.remove(badge)


@writing()
def all_badges_of_an_own_record_removed(session: Session, w: World) -> None:
    session.get_one(Case, 1).badges = []


@writing()
def foreign_member_of_a_family_edited(session: Session, w: World) -> None:
    record = w.stub(session, Truck, 2, vehicle_id=2, kind="truck", cargo="x")
    record.cargo = "mine now"


@writing()
def foreign_member_of_a_family_edited_at_the_top(session: Session, w: World) -> None:
    w.stub(session, Vehicle, 2, kind="truck").secret = "mine now"
