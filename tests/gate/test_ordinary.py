"""What ordinary code does works behind the gate as it does anywhere, and sees exactly what the oracle says."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased, joinedload, selectinload, subqueryload
from sqlalchemy.orm.exc import StaleDataError

from core.kernel.access import NOBODY
from core.kernel.database import Database
from core.kernel.errors import SopiaError, Stale
from core.kernel.gate import Gate
from core.kernel.history import HistoryEntry
from core.kernel.privilege import privileged
from core.kernel.roles import Share
from core.kernel.types import now
from core.testing import Schema
from core.testing.statements import counted
from tests.gate.company import ADA, ANN, BOB, DAN, EAST, EVE, FAY, IDA, PLACES, WEST, Oracle, found, principal, secret
from tests.gate.models import (
    MODELS,
    Area,
    Badge,
    Case,
    CaseLabel,
    Label,
    Line,
    Machine,
    Note,
    Part,
    Remark,
    Town,
    Truck,
    Vault,
    table_of,
)
from tests.gate.stage import state_of

TABLES: dict[str, Any] = {
    model.__tablename__.removeprefix("probe_"): model
    for model in MODELS
    if model.__tablename__.startswith("probe_") and model not in (Machine, CaseLabel, Vault, Truck)
}


@pytest.fixture
def schema() -> Schema:
    return Schema.of(*MODELS, fill=found)


@pytest.fixture
def gate(database: Database) -> Gate:
    return Gate(database, MODELS)


@pytest.mark.parametrize("user", list(PLACES))
def test_everybody_sees_exactly_what_the_oracle_says(database: Database, gate: Gate, user: int) -> None:
    oracle = Oracle(state_of(database), user)
    with gate.session(principal(database, user)) as session:
        for name, model in TABLES.items():
            expected = oracle.keys(name)
            keys = list(range(1, 16))
            assert {record.id for record in session.scalars(select(model))} == expected, name
            assert session.scalar(select(func.count()).select_from(model)) == len(expected), name
            assert {key for key in keys if session.scalar(select(exists().where(model.id == key)))} == expected, name
            session.expunge_all()
            assert {key for key in keys if session.get(model, key)} == expected, name
            other = aliased(model)
            assert set(session.scalars(select(other.id).where(other.id.in_(keys)))) == expected, name
        assert set(session.execute(select(CaseLabel.case_id, CaseLabel.label_id)).all()) == oracle.keys("case_label")


def test_nobody_sees_nothing(gate: Gate) -> None:
    with gate.session(NOBODY) as session:
        for model in TABLES.values():
            assert session.scalars(select(model)).all() == []


def test_a_new_record_gets_its_key_its_version_and_its_place(database: Database, gate: Gate) -> None:
    with gate.session(principal(database, ANN), write=True) as session:
        case = Case(title="new", code="new", owner_id=ANN, department_id=EAST, lines=[Line(parts=[Part()])])
        session.add(case)
        session.flush()
        assert (case.id, case.version, case.lines[0].parts[0].line_id) == (15, 1, 9)
        assert case.created_at is not None
    with gate.session(principal(database, ANN)) as session:
        assert session.get_one(Case, 15).lines[0].parts[0].amount == 0


def test_several_new_records_get_their_keys_in_order(database: Database, gate: Gate) -> None:
    with gate.session(principal(database, DAN), write=True) as session:
        cases = [Case(title="t", code=f"n{i}", owner_id=DAN, department_id=EAST) for i in range(5)]
        session.add_all(cases)
        session.flush()
        assert [case.id for case in cases] == list(range(15, 20))


@pytest.mark.parametrize("user", [ADA, ANN, DAN, FAY])
def test_an_edit_raises_the_version(database: Database, gate: Gate, user: int) -> None:
    with gate.session(principal(database, user), write=True) as session:
        case = session.get_one(Case, 2)
        case.title = "edited"
        session.flush()
        session.refresh(case)
        assert (case.title, case.version) == ("edited", 2)
    with database.system("test", write=False) as session:
        assert session.get_one(Case, 2).title == "edited"


def test_a_stale_version_is_noticed(database: Database, gate: Gate) -> None:
    with pytest.raises((Stale, StaleDataError)), gate.session(principal(database, ANN), write=True) as session:
        case = session.get_one(Case, 1)
        privileged(session).execute(update(table_of(Case)).where(Case.id == 1).values(version=9))
        case.title = "too late"
        session.flush()


def test_an_edit_is_told_in_the_history(database: Database, gate: Gate) -> None:
    with gate.session(principal(database, ANN), write=True) as session:
        session.get_one(Case, 1).title = "told"
    with gate.session(principal(database, ANN)) as session:
        told = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
        assert told is not None
        assert (told.actor_id, told.resource, told.action) == (ANN, "probe.case", "edit")
        assert (told.before, told.after) == ({"title": "case 1"}, {"title": "told"})
    with gate.session(principal(database, BOB)) as session:
        assert not [t for t in session.scalars(select(HistoryEntry)) if "told" in str(t.after)]


def test_a_record_is_locked_for_an_update(database: Database, gate: Gate) -> None:
    with gate.session(principal(database, ANN), write=True) as session:
        assert session.get_one(Case, 1, with_for_update=True).id == 1
        assert session.scalars(select(Case).where(Case.id == 2).with_for_update()).one().id == 2
        assert session.scalars(select(Case).order_by(Case.id).with_for_update(of=Case, skip_locked=True)).first()


def test_labels_are_put_on_and_taken_off(database: Database, gate: Gate) -> None:
    with gate.session(principal(database, ANN), write=True) as session:
        case, label = session.get_one(Case, 2), session.get_one(Label, 1)
        assert [one.id for one in case.labels] == [3]
        case.labels.append(label)
        session.flush()
        case.labels.remove(session.get_one(Label, 3))
    with gate.session(principal(database, ANN), write=True) as session:
        case = session.get_one(Case, 2)
        assert [one.id for one in case.labels] == [1]
        case.labels = [session.get_one(Label, 3)]
        session.flush()
        session.expire(case)
        assert [one.id for one in case.labels] == [3]
    assert state_of(database)["case_label"].keys() >= {(5, 2), (5, 1), (1, 2)}


def test_relations_load_in_every_way(database: Database, gate: Gate) -> None:
    with gate.session(principal(database, ANN)) as session:
        for load in (selectinload, joinedload, subqueryload):
            session.expunge_all()
            statement = select(Case).options(load(Case.lines), load(Case.town), load(Case.related)).order_by(Case.id)
            cases = {case.id: case for case in session.scalars(statement).unique()}
            assert [line.secret for line in cases[1].lines] == [secret("line", 1)]
            assert cases[1].town is not None
            assert cases[1].related is None
        session.expunge_all()
        assert session.get_one(Line, 1).case.id == 1
        assert session.get_one(Line, 1).case_joined.id == 1
        assert [area.id for area in session.get_one(Area, 1).children] == []
        assert session.scalars(session.get_one(Case, 1).lines_write_only.select()).one().id == 1
        assert session.get_one(Case, 1).lines_dynamic.count() == 1


def test_a_bulk_update_changes_what_is_in_scope(database: Database, gate: Gate) -> None:
    before = state_of(database)
    with gate.session(principal(database, ANN), write=True) as session:
        session.execute(update(Case).values(title="bulk"))
    after = state_of(database)
    changed = {key[0] for key, row in after["case"].items() if row["title"] == "bulk"}
    assert changed == Oracle(before, ANN, "edit").keys("case")


def test_a_bulk_delete_removes_what_is_in_scope(database: Database, gate: Gate) -> None:
    before = state_of(database)
    with gate.session(principal(database, ANN), write=True) as session:
        session.execute(delete(Part))
    gone = {key[0] for key in before["part"].keys() - state_of(database)["part"].keys()}
    marked = {key[0] for key, row in state_of(database)["part"].items() if row["deleted_at"]}
    assert gone | marked == Oracle(before, ANN, "delete").keys("part")


def test_an_own_record_is_deleted_with_its_parts(database: Database, gate: Gate) -> None:
    with gate.session(principal(database, DAN), write=True) as session:
        session.delete(session.get_one(Line, 2))
    after = state_of(database)
    assert not Oracle(after, DAN).reaches("line", 2)
    assert not Oracle(after, DAN).reaches("part", 2)


def test_a_part_of_the_work_is_undone(database: Database, gate: Gate) -> None:
    with gate.session(principal(database, ANN), write=True) as session:
        session.get_one(Case, 1).title = "kept"
        session.flush()
        part = session.begin_nested()
        session.get_one(Case, 1).title = "undone"
        session.flush()
        part.rollback()
        assert session.get_one(Case, 1).title == "kept"
    assert state_of(database)["case"][1,]["title"] == "kept"


def test_an_exception_undoes_everything(database: Database, gate: Gate) -> None:
    before = state_of(database)
    with pytest.raises(KeyError), gate.session(principal(database, ANN), write=True) as session:
        session.get_one(Case, 1).title = "undone"
        session.add(Note(user_id=ANN))
        session.flush()
        raise KeyError
    assert state_of(database) == before


@pytest.mark.parametrize("write", [True, False])
def test_rows_come_in_portions(database: Database, gate: Gate, write: bool) -> None:
    with gate.session(principal(database, ANN), write=write) as session:
        portions = session.scalars(select(Case).order_by(Case.id).execution_options(yield_per=3)).partitions()
        assert [case.id for portion in portions for case in portion] == [1, 2, 3, 4, 8, 10, 11]


def test_sums_and_groups_count_what_is_in_scope(database: Database, gate: Gate) -> None:
    oracle = Oracle(state_of(database), ANN)
    amounts = [row["amount"] for (key,), row in oracle.state["case"].items() if oracle.reaches("case", key)]
    with gate.session(principal(database, ANN)) as session:
        assert session.scalar(select(func.sum(Case.amount))) == sum(amounts)
        grouped = session.execute(select(Case.town_id, func.sum(Case.amount)).group_by(Case.town_id)).all()
        assert sum(int(total) for _, total in grouped) == sum(amounts)


def test_a_shared_record_is_seen_with_its_parts_and_no_other(database: Database, gate: Gate) -> None:
    share(database, record_id=5, user_id=DAN)
    with gate.session(principal(database, DAN)) as session:
        assert set(session.scalars(select(Case.id))) == {2, 5}
        assert set(session.scalars(select(Line.id))) == {2, 4}
        assert set(session.scalars(select(Part.id))) == {2, 4}
        assert session.get(Remark, 3) is not None


def test_a_record_shared_to_read_is_not_written(database: Database, gate: Gate) -> None:
    share(database, record_id=5, user_id=DAN)
    with gate.session(principal(database, DAN), write=True) as session:
        session.execute(update(Case).values(title="bulk"))
    assert state_of(database)["case"][5,]["title"] == "case 5"
    with pytest.raises(SopiaError), gate.session(principal(database, DAN), write=True) as session:
        session.get_one(Case, 5).title = "mine"
        session.flush()
    assert state_of(database)["case"][5,]["title"] == "case 5"


def test_a_record_shared_to_write_is_written_and_not_given_away(database: Database, gate: Gate) -> None:
    share(database, record_id=5, user_id=DAN, write=True)
    with gate.session(principal(database, DAN), write=True) as session:
        session.get_one(Case, 5).title = "together"
    assert state_of(database)["case"][5,]["title"] == "together"
    with pytest.raises(SopiaError), gate.session(principal(database, DAN), write=True) as session:
        session.get_one(Case, 5).owner_id = DAN
        session.flush()
    assert state_of(database)["case"][5,]["owner_id"] == BOB


@pytest.mark.parametrize("receiver", [{"department_id": EAST}, {"user_id": IDA}])
def test_a_share_ends_when_it_expires(database: Database, gate: Gate, receiver: dict[str, int]) -> None:
    from datetime import timedelta

    share(database, record_id=6, expires_at=now() + timedelta(hours=1), **receiver)
    share(database, record_id=12, expires_at=now() - timedelta(seconds=1), **receiver)
    with gate.session(principal(database, IDA)) as session:
        seen = set(session.scalars(select(Case.id)))
    assert 6 in seen
    assert 12 not in seen


def share(database: Database, **values: Any) -> None:
    """Open one case to somebody."""
    with database.system("test") as session:
        session.add(Share(resource="probe.case", **values))


def test_a_reading_session_does_not_write(database: Database, gate: Gate) -> None:
    before = state_of(database)
    with pytest.raises((SopiaError, DBAPIError)), gate.session(principal(database, ADA)) as session:
        session.add(Note(user_id=ADA))
        session.flush()
    assert state_of(database) == before


def test_a_reader_with_no_right_to_write_changes_nothing(database: Database, gate: Gate) -> None:
    before = state_of(database)
    with gate.session(principal(database, IDA), write=True) as session:
        session.execute(update(Case).values(title="bulk"))
    assert state_of(database)["case"] == before["case"]


def test_whoever_sees_all_may_move_records_anywhere(database: Database, gate: Gate) -> None:
    with gate.session(principal(database, ADA), write=True) as session:
        case = session.get_one(Case, 1)
        case.owner_id, case.department_id = BOB, WEST
    row = state_of(database)["case"][1,]
    assert (row["owner_id"], row["department_id"]) == (BOB, WEST)


def test_towns_are_read_by_all_who_have_a_role(database: Database, gate: Gate) -> None:
    for user, seen in ((ANN, 2), (DAN, 2), (EVE, 0)):
        with gate.session(principal(database, user)) as session:
            assert session.scalar(select(func.count()).select_from(Town)) == seen


def test_links_without_a_class_are_put_on_and_taken_off(database: Database, gate: Gate) -> None:
    with gate.session(principal(database, ANN), write=True) as session:
        case = session.get_one(Case, 2)
        case.badges.append(session.get_one(Badge, 1))
        session.flush()
        case.badges.remove(session.get_one(Badge, 3))
    links = state_of(database)["case_badge"].keys()
    assert (2, 1) in links
    assert (2, 3) not in links
    assert {(1, 2), (5, 1), (5, 2)} <= links


def test_a_record_in_two_tables_is_made_and_edited(database: Database, gate: Gate) -> None:
    with gate.session(principal(database, DAN), write=True) as session:
        truck = Truck(owner_id=DAN, department_id=EAST, cargo="apples")
        session.add(truck)
        session.flush()
        truck.cargo, truck.secret = "pears", "none"
        session.flush()
        session.refresh(truck)
        assert (truck.cargo, truck.secret, truck.kind) == ("pears", "none", "truck")
    with gate.session(principal(database, DAN)) as session:
        assert {one.cargo for one in session.scalars(select(Truck))} == {"pears", secret("truck", 3)}


@pytest.mark.postgresql
def test_the_table_of_users_is_quoted_wherever_the_gate_writes_it(database: Database, gate: Gate) -> None:
    # From PostgreSQL 16 on `system_user` is a word of SQL; older servers would never notice.
    with counted() as sent, gate.session(principal(database, ANN)) as session:
        for model in (*TABLES.values(), HistoryEntry):
            session.scalars(select(model)).all()
    assert [one for one in sent if re.search(r'(?<!["\w])system_user(?!["\w])', one)] == []
