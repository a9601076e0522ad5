"""Single records: what is accepted, who may, what history tells, and how it is taken back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from core.kernel import history
from core.kernel.errors import Conflict, Invalid, NotFound, Stale
from core.kernel.history import HistoryEntry
from core.kernel.plugins import table_of
from core.kernel.predicates import key_of
from tests.resources.desk import Desk

PHONE = "138 1234 5678"


def faults(error: pytest.ExceptionInfo[Invalid]) -> dict[str, str]:
    return {each.field: str(each.message) for each in error.value.errors}


def undo(desk: Desk, who: Any, operation: str) -> int:
    models = {key_of(table_of(model)): model for model in desk.platform.registry.models}
    with desk.writing(who, bin=True) as session:
        return history.undo(session, operation, models)


class TestCreating:
    def test_values_are_read_as_people_write_them(self, desk: Desk) -> None:
        with desk.writing(desk.ann) as session:
            given = {"name": " 云图 ", "phone": PHONE, "credit_limit": "￥12,000.00", "next_contact_at": "2026年3月5日"}
            record = desk.records.create(session, desk.customers, given, desk.context(desk.ann))
            assert (record.name, record.phone, record.credit_limit.minor) == ("云图", "13812345678", 1_200_000)
            assert record.next_contact_at.isoformat() == "2026-03-04T16:00:00+00:00"
            assert (record.owner_id, record.department_id) == (desk.ann.user_id, desk.ann.primary_department)
            assert record.party_id is not None

    def test_every_fault_is_named_at_once_and_nothing_is_written(self, desk: Desk) -> None:
        given = {
            "name": "",
            "credit_limit": "面议",
            "type": 999,
            "nope": 1,
            "website": "javascript:alert(1)",
            "phone": "\0",
        }
        with pytest.raises(Invalid) as error, desk.writing(desk.ann) as session:
            desk.records.create(session, desk.customers, given, desk.context(desk.ann))
        assert faults(error).keys() == given.keys()
        assert desk.count(desk.admin) == 0

    def test_a_foreign_record_and_a_missing_one_get_the_same_answer(self, desk: Desk) -> None:
        foreign = desk.create(desk.bob, name="Bob's")
        said = []
        for customer in (foreign, 10**9):
            with pytest.raises(Invalid) as error:
                desk.create(desk.ann, "customers.contact", name="X", customer=customer)
            said.append(faults(error)["customer"].replace(str(customer), "…"))
        assert said[0] == said[1]

    def test_nobody_makes_a_record_for_somebody_out_of_his_reach(self, desk: Desk) -> None:
        with pytest.raises(NotFound):
            desk.create(desk.ann, name="For Bob", owner=desk.bob.user_id)
        assert desk.create(desk.eve, name="For Ann", owner=desk.ann.user_id)

    def test_a_taken_code_is_a_fault_of_its_field(self, desk: Desk) -> None:
        desk.create(desk.ann, name="One", code="K1")
        with pytest.raises(Invalid) as error:
            desk.create(desk.ann, name="Two", code="K1")
        assert faults(error).keys() == {"code"}

    def test_a_code_is_free_again_when_its_record_is_in_the_bin(self, desk: Desk) -> None:
        record = desk.create(desk.eve, name="One", code="K1")
        with desk.writing(desk.eve) as session:
            desk.records.delete(session, desk.customers, record, desk.context(desk.eve))
        desk.create(desk.eve, name="Two", code="K1")
        with pytest.raises(Invalid), desk.writing(desk.eve, bin=True) as session:
            desk.records.restore(session, desk.customers, record, desk.context(desk.eve))


class TestEditing:
    def test_a_stale_version_is_refused(self, desk: Desk) -> None:
        record = desk.create(desk.ann, name="One")
        with desk.writing(desk.ann) as session:
            version = desk.records.get(session, desk.customers, record).version
            desk.records.update(
                session, desk.customers, record, {"name": "Two"}, desk.context(desk.ann), version=version
            )
        with pytest.raises(Stale), desk.writing(desk.ann) as session:
            desk.records.update(
                session, desk.customers, record, {"name": "Three"}, desk.context(desk.ann), version=version
            )
        assert desk.names(desk.ann) == ["Two"]

    def test_a_record_out_of_scope_is_not_found(self, desk: Desk) -> None:
        record = desk.create(desk.bob, name="Bob's")
        for change in (desk.records.update, desk.records.delete):
            with pytest.raises(NotFound), desk.writing(desk.eve) as session:
                extra: Any = ({"name": "Mine"},) if change == desk.records.update else ()
                change(session, desk.customers, record, *extra, desk.context(desk.eve), version=None)
        assert desk.names(desk.bob) == ["Bob's"]

    def test_the_owner_changes_only_for_whoever_may_assign(self, desk: Desk) -> None:
        record = desk.create(desk.ann, name="One")
        with pytest.raises(NotFound), desk.writing(desk.ann) as session:
            given = {"owner": desk.eve.user_id}
            desk.records.update(session, desk.customers, record, given, desk.context(desk.ann), version=None)
        with desk.writing(desk.eve) as session:
            desk.records.update(
                session, desk.customers, record, {"owner": desk.eve.user_id}, desk.context(desk.eve), version=None
            )
        assert desk.names(desk.ann) == []

    def test_tags_are_told_in_history_and_raise_the_version(self, desk: Desk) -> None:
        tag = desk.create(desk.admin, "customers.tag", name="Test tag")
        record = desk.create(desk.ann, name="One")
        with desk.writing(desk.ann) as session:
            before = desk.records.get(session, desk.customers, record).version
            changed = desk.records.update(
                session, desk.customers, record, {"tags": [tag]}, desk.context(desk.ann), version=before
            )
            assert changed.version == before + 1
        with desk.platform.database.system("look", write=False) as session:
            entry = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
            assert entry is not None
            assert entry.after["tags"] == [tag]


class TestDeleting:
    def test_a_used_word_is_refused_with_how_often(self, desk: Desk) -> None:
        word = desk.create(desk.admin, "customers.type", name="Used")
        desk.create(desk.bob, name="Bob's", type=word)
        with pytest.raises(Conflict, match="1"), desk.writing(desk.admin) as session:
            desk.records.delete(session, desk.resource("customers.type"), word, desk.context(desk.admin))

    def test_what_hangs_on_a_record_goes_and_comes_with_it(self, desk: Desk) -> None:
        record = desk.create(desk.eve, name="One")
        contact = desk.create(desk.eve, "customers.contact", name="C", customer=record)
        with desk.writing(desk.eve) as session:
            desk.records.delete(session, desk.customers, record, desk.context(desk.eve))
        assert desk.page(desk.eve, key="customers.contact").rows == []
        with desk.writing(desk.eve, bin=True) as session:
            desk.records.restore(session, desk.customers, record, desk.context(desk.eve))
        assert [row[0] for row in desk.page(desk.eve, key="customers.contact").rows] == [contact]


class TestUndo:
    def edit(self, desk: Desk, record: int, **values: Any) -> str:
        with desk.writing(desk.ann) as session:
            desk.records.update(session, desk.customers, record, values, desk.context(desk.ann), version=None)
            return str(session.info["operation"].id)

    def test_takes_an_edit_back(self, desk: Desk) -> None:
        record = desk.create(desk.ann, name="One", credit_limit="5")
        operation = self.edit(desk, record, name="Two", credit_limit="7")
        assert undo(desk, desk.ann, operation) == 1
        page = desk.page(desk.ann, ("columns", "name,credit_limit"))
        assert page.rows == [(record, "One", 500)]

    def test_refuses_where_a_later_edit_collides_and_changes_nothing(self, desk: Desk) -> None:
        record = desk.create(desk.ann, name="One", region="N")
        operation = self.edit(desk, record, name="Two", region="S")
        self.edit(desk, record, name="Three")
        with pytest.raises(Conflict, match="name"):
            undo(desk, desk.ann, operation)
        assert desk.page(desk.ann, ("columns", "name,region")).rows == [(record, "Three", "S")]

    def test_an_undo_is_an_operation_that_can_be_undone(self, desk: Desk) -> None:
        record = desk.create(desk.ann, name="One")
        operation = self.edit(desk, record, name="Two")
        undo(desk, desk.ann, operation)
        with desk.platform.database.system("look", write=False) as session:
            latest = session.scalar(select(HistoryEntry.operation).order_by(HistoryEntry.id.desc()).limit(1))
        undo(desk, desk.ann, str(latest))
        assert desk.names(desk.ann) == ["Two"]

    def test_somebody_else_cannot_undo_what_he_does_not_see(self, desk: Desk) -> None:
        record = desk.create(desk.ann, name="One")
        operation = self.edit(desk, record, name="Two")
        with pytest.raises(NotFound):
            undo(desk, desk.bob, operation)

    def test_undoing_a_creation_puts_the_record_into_the_bin(self, desk: Desk) -> None:
        with desk.writing(desk.eve) as session:
            desk.records.create(session, desk.customers, {"name": "Mistake"}, desk.context(desk.eve))
            operation = session.info["operation"].id
        undo(desk, desk.admin, operation)
        assert desk.names(desk.eve) == []


class TestFollowUps:
    def test_set_when_the_customer_was_last_and_will_next_be_contacted(self, desk: Desk) -> None:
        record = desk.create(desk.ann, name="One")
        given = {
            "customer": record,
            "content": "Called",
            "at": "2026-03-05 10:00",
            "next_contact_at": "2026-04-01 09:00",
        }
        desk.create(desk.ann, "customers.follow_up", **given)
        desk.create(desk.ann, "customers.follow_up", customer=record, content="Earlier", at="2026-01-01 10:00")
        row = desk.page(desk.ann, ("columns", "last_contact_at,next_contact_at")).rows[0]
        assert [moment.isoformat() for moment in row[1:]] == ["2026-03-05T02:00:00+00:00", "2026-04-01T01:00:00+00:00"]

    def test_one_contact_is_the_primary_one(self, desk: Desk) -> None:
        record = desk.create(desk.ann, name="One")
        desk.create(desk.ann, "customers.contact", name="First", customer=record, primary=True)
        desk.create(desk.ann, "customers.contact", name="Second", customer=record, primary=True)
        rows = desk.page(desk.ann, ("columns", "name"), ("primary", "true"), key="customers.contact").rows
        assert [row[1] for row in rows] == ["Second"]


def test_every_change_has_its_entry_in_history(desk: Desk) -> None:
    record = desk.create(desk.eve, name="One")
    with desk.writing(desk.eve) as session:
        desk.records.update(session, desk.customers, record, {"name": "Two"}, desk.context(desk.eve), version=None)
        desk.records.delete(session, desk.customers, record, desk.context(desk.eve))
    mine = (HistoryEntry.resource == "customers.customer", HistoryEntry.record == record)
    with desk.platform.database.system("look", write=False) as session:
        actions = session.scalars(select(HistoryEntry.action).where(*mine).order_by(HistoryEntry.id)).all()
        actors = session.scalar(select(func.count(HistoryEntry.actor_id.distinct())).where(*mine))
    assert (list(actions), actors) == (["create", "edit", "delete"], 1)
