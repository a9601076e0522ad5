"""Workflows: steps and their rules, locked records, what is impossible when many want the same at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from core.kernel.access import Principal, load_principal
from core.kernel.database import Database
from core.kernel.discovery import Found
from core.kernel.errors import Conflict, Forbidden, Invalid, NotFound, PluginError
from core.kernel.gate import Gate
from core.kernel.history import HistoryEntry, undo
from core.kernel.registry import build_registry
from core.kernel.roles import Grant, Role, UserRole
from core.kernel.types import Money
from core.kernel.users import User
from core.resources.conditions import Context
from core.resources.indexing import create_indexes, search_watcher
from core.resources.locks import Rules
from core.resources.queries import today_in
from core.resources.records import Records
from core.resources.representation import json_of
from core.resources.resolved import Resources
from core.resources.resource import Resource
from core.resources.workflow import State, Transition, Workflow, resolve_workflow
from core.testing.databases import Schema
from tests.resources.papers import PAPERS, FiledPaper, Sheet

LOCKED = r"In the state “Filed” it is no longer changed\. It can be edited as: Draft"
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Office:
    """A clerk, a keeper who files but edits nothing, a reader, and what they do with papers."""

    database: Database
    gate: Gate
    resources: Resources
    people: dict[str, int]

    @property
    def paper(self) -> Any:
        return self.resources["papers.paper"]

    @property
    def records(self) -> Records:
        return Records(self.resources, self.resources.registry.hooks)

    def who(self, name: str) -> Principal:
        with self.database.transaction(write=False) as connection:
            return load_principal(connection, self.people[name])

    def context(self, principal: Principal) -> Context:
        return Context(principal, ZONE, "CNY", today_in(ZONE))

    def create(self, name: str = "anna", **given: Any) -> int:
        given = {"title": "Lease", "amount": "100", **given}
        principal = self.who(name)
        with self.gate.session(principal, write=True) as session:
            return int(self.records.create(session, self.paper, given, self.context(principal)).id)

    def update(self, name: str, record_id: int, **given: Any) -> None:
        principal = self.who(name)
        with self.gate.session(principal, write=True) as session:
            self.records.update(session, self.paper, record_id, given, self.context(principal), version=None)

    def take(self, name: str, record_id: int, step: str, **given: Any) -> None:
        self.take_as(self.who(name), record_id, step, **given)

    def take_as(self, principal: Principal, record_id: int, step: str, **given: Any) -> None:
        with self.gate.session(principal, write=True) as session:
            self.records.run(session, self.paper, record_id, step, given, self.context(principal))

    def read(self, record_id: int, name: str = "anna") -> dict[str, Any]:
        principal = self.who(name)
        with self.gate.connection(principal) as connection:
            row = self.records.row(connection, self.paper, record_id, self.context(principal))
        return {cell.path: json_of(cell.field, row.values[cell.path], "CNY") for cell in row.cells}

    def history(self, record_id: int) -> list[HistoryEntry]:
        with self.database.system("test") as session:
            wanted = select(HistoryEntry).where(
                HistoryEntry.resource == "papers.paper", HistoryEntry.record == record_id
            )
            found = list(session.scalars(wanted.order_by(HistoryEntry.id)))
            session.expunge_all()
            return found


@pytest.fixture
def schema() -> Schema:
    return Schema.of(FiledPaper, Sheet)


@pytest.fixture
def office(database: Database) -> Office:
    registry = build_registry(
        ("papers",),
        found={"papers": Found("papers", "tests.resources.papers:plugin")},
        system="core.system:plugin",
        strict=True,
    )
    resources = Resources(registry)
    with database.transaction(write=True) as connection:
        create_indexes(connection, resources)
    people = {}
    with database.system("test") as session:
        clerk, keeper, reader = Role(name="Clerk"), Role(name="Keeper"), Role(name="Reader")
        clerk.grants = [Grant(resource=f"papers.{noun}", action="*", scope="own") for noun in ("paper", "sheet")]
        keeper.grants = [
            Grant(resource="papers.paper", action="view", scope="all"),
            Grant(resource="papers.paper", action="file", scope="all"),
            Grant(resource="papers.paper", action="shred", scope="own"),
        ]
        reader.grants = [Grant(resource="papers.paper", action="view", scope="all")]
        session.add_all([clerk, keeper, reader])
        for name, role in (("anna", clerk), ("kurt", keeper), ("rita", reader)):
            user = User(login=name, name=name)
            session.add(user)
            session.flush()
            session.add(UserRole(user_id=user.id, role_id=role.id))
            people[name] = user.id
    watchers = (search_watcher(resources), Rules(resources, "Asia/Shanghai"))
    return Office(database, Gate(database, registry.models, watchers), resources, people)


def test_a_step_changes_the_state_and_does_what_follows(office: Office) -> None:
    paper = office.create()
    assert office.read(paper)["state"] == "draft"
    office.take("anna", paper, "file", shelf="A 3")
    read = office.read(paper)
    assert (read["state"], read["shelf"], read["filings"]) == ("filed", "A 3", 1)
    last = office.history(paper)[-1]
    assert (last.action, last.before["state"], last.after["state"]) == ("file", "draft", "filed")


def test_a_function_or_the_person_chooses_where_a_step_leads(office: Office) -> None:
    paper = office.create()
    office.take("anna", paper, "file", shelf="A")
    office.take("anna", paper, "place", to="lent")
    assert office.read(paper)["state"] == "lent"
    office.take("anna", paper, "pull")
    assert office.read(paper)["state"] == "draft"
    office.take("anna", paper, "file", shelf="B")
    with pytest.raises(Invalid) as refused:
        office.take("anna", paper, "place", to="draft")
    assert [error.field for error in refused.value.errors] == ["to"]
    office.take("anna", paper, "pull")
    assert office.read(paper)["state"] == "archived"


def test_a_step_from_another_state_or_against_a_rule_is_refused_with_the_reason(office: Office) -> None:
    paper = office.create(amount=None)
    with pytest.raises(
        Conflict, match=r"“Pull” is not possible, because the state is “Draft”\. It starts from: Filed, Lent"
    ):
        office.take("anna", paper, "pull")
    with pytest.raises(Conflict, match="without an amount"):
        office.take("anna", paper, "file", shelf="A")
    with pytest.raises(Invalid):
        office.take("anna", office.create(), "file")
    office.take("anna", paper, "shred")
    with pytest.raises(Conflict, match="the state is “Shredded”"):
        office.take("anna", paper, "shred")


def test_a_step_needs_its_own_permission_on_this_record_and_no_other(office: Office) -> None:
    paper = office.create()
    with pytest.raises(Forbidden):
        office.take("rita", paper, "file", shelf="A")
    with pytest.raises(NotFound):  # kurt shreds his own alone
        office.take("kurt", paper, "shred")
    # Kurt edits nothing, and yet the step writes the shelf.
    office.take("kurt", paper, "file", shelf="K")
    assert office.read(paper, "rita")["shelf"] == "K"


def test_nothing_but_a_step_writes_the_state(office: Office) -> None:
    with pytest.raises(Invalid) as refused:
        office.create(state="filed")
    assert [error.field for error in refused.value.errors] == ["state"]
    paper = office.create()
    with pytest.raises(Invalid):
        office.update("anna", paper, state="filed")
    with pytest.raises(Conflict, match="by its steps alone"), office.gate.session(office.who("anna"), write=True) as s:
        s.get_one(FiledPaper, paper).state = "filed"
    with pytest.raises(Conflict, match="by its steps alone"), office.gate.session(office.who("anna"), write=True) as s:
        s.execute(update(FiledPaper).values(state="archived"))
    with pytest.raises(Conflict, match="by its steps alone"), office.gate.session(office.who("anna"), write=True) as s:
        s.add(FiledPaper(title="Made filed", state="filed"))
    assert office.read(paper)["state"] == "draft"


def test_a_locked_record_is_countered_and_not_edited(office: Office) -> None:
    paper = office.create(sheets=[{"text": "One"}])
    office.take("anna", paper, "file", shelf="A")
    wanted: tuple[dict[str, Any], ...]
    wanted = ({"title": "Other"}, {"amount": "1"}, {"sheets": []}, {"note": "Yes", "title": "No"})
    for given in wanted:
        with pytest.raises(Conflict, match=LOCKED):
            office.update("anna", paper, **given)
    office.update("anna", paper, note="Still possible")
    assert office.read(paper)["note"] == "Still possible"
    with pytest.raises(Conflict, match="no longer changed"), office.gate.session(office.who("anna"), write=True) as s:
        office.records.delete(s, office.paper, paper, office.context(office.who("anna")))
    with pytest.raises(Conflict, match="no longer changed"), office.gate.session(office.who("anna"), write=True) as s:
        s.get_one(FiledPaper, paper).title = "Past the door"
    with pytest.raises(Conflict, match="no longer changed"), office.gate.session(office.who("anna"), write=True) as s:
        s.execute(update(Sheet).values(text="Past the door"))
    with pytest.raises(Conflict, match="no longer changed"), office.gate.session(office.who("anna"), write=True) as s:
        s.delete(s.get_one(FiledPaper, paper))
    assert office.read(paper)["title"] == "Lease"


def test_neither_a_step_nor_what_it_locks_is_undone(office: Office) -> None:
    paper = office.create()
    office.update("anna", paper, title="Rental")
    office.take("anna", paper, "file", shelf="A")
    edited, filed = (entry.operation for entry in office.history(paper)[1:])
    for operation in (filed, edited):
        everything = replace(office.who("anna"), administrator=True)
        with pytest.raises(Conflict), office.gate.session(everything, write=True, bin=True) as session:
            undo(session, operation, office.resources.models)
    assert (office.read(paper)["state"], office.read(paper)["title"]) == ("filed", "Rental")


def test_of_many_who_take_the_same_step_at_once_one_wins_and_the_others_are_told(office: Office) -> None:
    paper, principal = office.create(), office.who("anna")

    def take(number: int) -> str:
        try:
            office.take_as(principal, paper, "file", shelf=f"S{number}")
        except Conflict as refused:
            return str(refused)
        return "done"

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(take, range(16)))
    assert answers.count("done") == 1
    assert {answer for answer in answers if answer != "done"} == {
        "“File” is not possible, because the state is “Filed”. It starts from: Draft."
    }
    assert office.read(paper)["filings"] == 1
    assert [entry.action for entry in office.history(paper)] == ["create", "file"]


def test_services_take_steps_without_anybodys_permission(office: Office) -> None:
    paper = office.create()
    with office.database.system("test") as session:
        record = session.get(FiledPaper, paper)
        assert record is not None
        assert PAPERS.take(session, record, "file", shelf="Q") == "filed"
        assert record.shelf == "Q"
        with pytest.raises(Conflict):
            PAPERS.take(session, record, "file", shelf="Q")
        assert record.amount == Money(10000)


@pytest.mark.parametrize(
    "wrong",
    [
        Workflow("missing", (State("draft", "Draft"),)),
        Workflow("state", (State("filed", "Filed"),)),
        Workflow("state", (State("draft", "Draft"),), (Transition("go", "Go", "draft", "nowhere"),)),
        Workflow("state", (State("draft", "Draft"),), editable=("filed",)),
    ],
)
def test_a_workflow_that_cannot_work_keeps_the_start(wrong: Workflow, office: Office) -> None:
    with pytest.raises(PluginError, match=r"papers\.paper"):
        resolve_workflow(Resource(FiledPaper, parts=(wrong,)), dict(office.paper.fields))
