"""Approvals: who is asked, in which order, what each may do, and what everybody can read about it afterwards."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.kernel.access import Principal, load_principal
from core.kernel.database import Database
from core.kernel.departments import Department, Membership
from core.kernel.discovery import Found
from core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from core.kernel.gate import Gate
from core.kernel.history import HistoryEntry
from core.kernel.registry import build_registry
from core.kernel.roles import ADMINISTRATOR, Grant, Role, UserRole
from core.kernel.users import User
from core.resources.conditions import Context
from core.resources.indexing import create_indexes, search_watcher
from core.resources.locks import Rules
from core.resources.queries import today_in
from core.resources.records import Records
from core.resources.resolved import Resources
from core.testing.databases import Schema
from core.workplace import approvals
from core.workplace.approval_models import ApprovalRule, ApprovalRuleStep, Deputy
from tests.workplace.claims import Claim

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Firm:
    """A small firm: Mia and Max in sales, which Helga heads and Dirk deputises; above it Boris; Fay keeps the money."""

    database: Database
    gate: Gate
    resources: Resources
    people: dict[str, int]
    roles: dict[str, int]

    @property
    def claim(self) -> Any:
        return self.resources["claims.claim"]

    def who(self, name: str) -> Principal:
        with self.database.transaction(write=False) as connection:
            return load_principal(connection, self.people[name])

    def context(self, principal: Principal) -> Context:
        return Context(principal, ZONE, "CNY", today_in(ZONE))

    def create(self, name: str, amount: str, title: str = "Claim") -> int:
        principal = self.who(name)
        with self.gate.session(principal, write=True) as session:
            given = {"title": f"{title} of {name}", "amount": amount}
            records = Records(self.resources, self.resources.registry.hooks)
            return int(records.create(session, self.claim, given, self.context(principal)).id)

    def take(self, name: str, claim: int, step: str, **given: Any) -> None:
        principal = self.who(name)
        records = Records(self.resources, self.resources.registry.hooks)
        with self.gate.session(principal, write=True) as session:
            records.run(session, self.claim, claim, step, given, self.context(principal))

    def state(self, claim: int) -> tuple[str, int]:
        with self.database.system("test") as session:
            found = session.get(Claim, claim)
            assert found is not None
            return found.state, found.paid_out

    def inbox(self, name: str) -> list[int]:
        with self.gate.session(self.who(name)) as session:
            return [each.record_id for each in approvals.inbox(session, self.people[name])]

    def sees(self, name: str, claim: int) -> bool:
        with self.gate.session(self.who(name)) as session:
            return session.get(Claim, claim) is not None

    def told(self, name: str, claim: int) -> list[dict[str, Any]]:
        with self.gate.session(self.who(name)) as session:
            found: list[dict[str, Any]] = approvals.told(session, session.get(Claim, claim))["requests"]
            return found

    def rule(self, *steps: ApprovalRuleStep, condition: str = "", position: int = 0) -> None:
        with self.database.system("test") as session:
            rule = ApprovalRule(name="Rule", resource="claims.claim", condition=condition, position=position)
            for number, step in enumerate(steps):
                step.position = number
            rule.steps = list(steps)
            session.add(rule)


def head(levels: int = 1) -> ApprovalRuleStep:
    return ApprovalRuleStep(kind="head", levels=levels)


@pytest.fixture
def schema() -> Schema:
    return Schema.of(Claim)


@pytest.fixture
def firm(database: Database) -> Firm:
    registry = build_registry(
        ("claims",),
        found={"claims": Found("claims", "tests.workplace.claims:plugin")},
        system="core.system:plugin",
        strict=True,
    )
    resources = Resources(registry)
    with database.transaction(write=True) as connection:
        create_indexes(connection, resources)
    people = {}
    with database.system("test") as session:
        clerk, cashier, boss = Role(name="Clerk"), Role(name="Cashier"), Role(key=ADMINISTRATOR, name="Administrator")
        # Nobody's role reaches further than himself: what heads see, they see because they are asked.
        clerk.grants = [Grant(resource="claims.claim", action="*", scope="own")]
        boss.grants = [Grant(resource="*", action="*", scope="all")]
        house = Department(name="House")
        session.add_all([clerk, cashier, boss, house])
        session.flush()
        sales = Department(name="Sales", parent_id=house.id)
        session.add(sales)
        session.flush()
        places = {
            "mia": (sales, clerk, {}),
            "max": (sales, clerk, {}),
            "helga": (sales, clerk, {"head": True}),
            "dirk": (sales, clerk, {"deputy": True}),
            "boris": (house, clerk, {"head": True}),
            "fay": (house, cashier, {}),
            "adam": (house, boss, {}),
        }
        for name, (department, role, flags) in places.items():
            user = User(login=name, name=name.title())
            session.add(user)
            session.flush()
            session.add(UserRole(user_id=user.id, role_id=role.id))
            session.add(Membership(user_id=user.id, department_id=department.id, primary=True, **flags))
            people[name] = user.id
        session.flush()
        roles = {"clerk": clerk.id, "cashier": cashier.id}
    watchers = (search_watcher(resources), Rules(resources, "Asia/Shanghai", "CNY"))
    return Firm(database, Gate(database, registry.models, watchers), resources, people, roles)


def test_where_no_rule_applies_submitting_approves_and_what_follows_happens(firm: Firm) -> None:
    firm.rule(head(), condition="amount__gte=1000")
    claim = firm.create("mia", "999.99")
    firm.take("mia", claim, "submit")
    assert firm.state(claim) == ("approved", 1)
    assert firm.told("mia", claim) == []


def test_a_reason_of_the_records_own_asks_the_head_where_no_rule_does(firm: Firm) -> None:
    claim = firm.create("mia", "10", title="Gift")
    firm.take("mia", claim, "submit")
    assert firm.state(claim) == ("submitted", 0)
    assert firm.inbox("helga") == [claim]
    assert firm.told("mia", claim)[0]["rule"] == "Gifts need somebody's word."
    firm.take("helga", claim, "approve")
    assert firm.state(claim) == ("approved", 1)


def test_steps_are_decided_one_after_the_other_by_those_who_are_asked(firm: Firm) -> None:
    firm.rule(head(), ApprovalRuleStep(kind="role", role_id=firm.roles["cashier"]), condition="amount__gte=1000")
    claim = firm.create("mia", "1000")
    assert not firm.sees("helga", claim)
    firm.take("mia", claim, "submit")
    assert firm.state(claim) == ("submitted", 0)
    assert (firm.inbox("helga"), firm.inbox("dirk"), firm.inbox("fay"), firm.inbox("mia")) == ([claim], [claim], [], [])
    assert firm.sees("helga", claim)
    assert not firm.sees("max", claim)
    with pytest.raises(Conflict, match="It waits for: Helga, Dirk"):
        firm.take("mia", claim, "approve")
    with pytest.raises(Forbidden):  # she sees no claim yet
        firm.take("fay", claim, "approve")
    with pytest.raises(NotFound):
        firm.take("max", claim, "approve")
    firm.take("helga", claim, "approve", note="Fine")
    assert (firm.state(claim), firm.inbox("helga"), firm.inbox("fay")) == (("submitted", 0), [], [claim])
    firm.take("fay", claim, "approve")
    assert (firm.state(claim), firm.inbox("fay")) == (("approved", 1), [])
    (request,) = firm.told("mia", claim)
    assert request["state"] == "approved"
    assert [(step["state"], step["by"], step["note"]) for step in request["steps"]] == [
        ("approved", "Helga", "Fine"),
        ("approved", "Fay", ""),
    ]
    with firm.database.system("test") as session:
        entries = session.scalars(select(HistoryEntry).where(HistoryEntry.resource == "claims.claim"))
        told = [(each.action, each.actor_id) for each in sorted(entries, key=lambda each: each.id)]
    mia, helga, fay = (firm.people[name] for name in ("mia", "helga", "fay"))
    assert told == [("create", mia), ("submit", mia), ("approve", helga), ("approve", fay)]


def test_who_turns_a_request_down_says_why_and_it_can_be_submitted_again(firm: Firm) -> None:
    firm.rule(head())
    claim = firm.create("mia", "10")
    firm.take("mia", claim, "submit")
    with pytest.raises(Invalid):
        firm.take("helga", claim, "reject")
    firm.take("helga", claim, "reject", reason="No receipt")
    assert firm.state(claim) == ("rejected", 0)
    firm.take("mia", claim, "submit")
    assert firm.inbox("helga") == [claim]
    assert [request["state"] for request in firm.told("mia", claim)] == ["waiting", "rejected"]
    assert firm.told("mia", claim)[1]["steps"][0]["note"] == "No receipt"


def test_a_withdrawn_request_asks_nobody_any_more(firm: Firm) -> None:
    firm.rule(head())
    claim = firm.create("mia", "10")
    firm.take("mia", claim, "submit")
    with pytest.raises(Conflict):
        firm.take("adam", claim, "withdraw")
    firm.take("mia", claim, "withdraw")
    assert (firm.state(claim), firm.inbox("helga")) == (("draft", 0), [])
    with pytest.raises(Conflict):
        firm.take("helga", claim, "approve")


def test_nobody_approves_his_own_but_the_next_head_above_does(firm: Firm) -> None:
    firm.rule(head())
    claim = firm.create("helga", "10")
    firm.take("helga", claim, "submit")
    # Her deputy is asked in her place, but not she herself.
    assert (firm.inbox("helga"), firm.inbox("dirk")) == ([], [claim])
    own = firm.create("boris", "10")
    firm.take("boris", own, "submit")
    # Above him is nobody: an administrator decides.
    assert (firm.inbox("boris"), firm.inbox("adam")) == ([], [own])
    firm.take("adam", own, "approve")
    assert firm.state(own) == ("approved", 1)


def test_two_levels_up_is_the_head_of_the_department_above(firm: Firm) -> None:
    firm.rule(head(2))
    claim = firm.create("mia", "10")
    firm.take("mia", claim, "submit")
    assert (firm.inbox("helga"), firm.inbox("boris")) == ([], [claim])


def test_a_deputy_decides_for_who_is_away_and_it_is_told_for_whom(firm: Firm) -> None:
    today = today_in(ZONE)
    with firm.database.system("test") as session:
        away = {"user_id": firm.people["boris"], "from_on": today - dt.timedelta(1), "to_on": today}
        session.add(Deputy(deputy_id=firm.people["fay"], **away))
        past = {"user_id": firm.people["boris"], "from_on": today - dt.timedelta(9), "to_on": today - dt.timedelta(1)}
        session.add(Deputy(deputy_id=firm.people["max"], **past))
        session.flush()
        rule = ApprovalRule(name="Boris", resource="claims.claim")
        rule.steps = [ApprovalRuleStep(kind="person", user_id=firm.people["boris"])]
        session.add(rule)
    claim = firm.create("mia", "10")
    firm.take("mia", claim, "submit")
    assert (firm.inbox("boris"), firm.inbox("fay"), firm.inbox("max")) == ([claim], [claim], [])
    firm.take("fay", claim, "approve")
    (step,) = firm.told("mia", claim)[0]["steps"]
    assert (step["by"], step["for"]) == ("Fay", "Boris")


def test_the_first_rule_whose_condition_holds_decides(firm: Firm) -> None:
    firm.rule(head(2), condition="amount__gte=5000", position=1)
    firm.rule(head(1), condition="amount__gte=100", position=2)
    small, large = firm.create("mia", "100"), firm.create("mia", "5万")
    for claim in (small, large):
        firm.take("mia", claim, "submit")
    assert (firm.inbox("helga"), firm.inbox("boris")) == ([small], [large])


def test_a_rule_of_nonsense_is_refused_with_what_is_allowed(firm: Firm) -> None:
    admin = firm.who("adam")
    rules = firm.resources["system.approval_rule"]
    records = Records(firm.resources, firm.resources.registry.hooks)
    everything = replace(admin, administrator=True)
    for given, field in (
        ({"resource": "system.user", "steps": []}, "resource"),
        ({"resource": "claims.claim", "condition": "colour=red"}, "condition"),
        ({"resource": "claims.claim", "condition": "expensive"}, "condition"),
        ({"resource": "claims.claim", "steps": [{"kind": "person"}]}, "steps.0.user"),
    ):
        with pytest.raises(Invalid) as refused, firm.gate.session(everything, write=True) as session:
            records.create(session, rules, {"name": "Rule", **given}, firm.context(everything))
        assert [error.field for error in refused.value.errors] == [field]
    with firm.gate.session(everything, write=True) as session:
        given = {
            "name": "Rule",
            "resource": "claims/claims",
            "condition": "amount__gte=100",
            "steps": [{"kind": "head"}],
        }
        made = records.create(session, rules, given, firm.context(everything))
        assert made.resource == "claims.claim"


def test_of_several_who_decide_at_once_one_does(firm: Firm) -> None:
    firm.rule(head())
    claim = firm.create("mia", "10")
    firm.take("mia", claim, "submit")

    def decide(number: int) -> bool:
        try:
            firm.take("helga" if number % 2 else "dirk", claim, "approve")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(decide, range(8))) == 1
    assert firm.state(claim) == ("approved", 1)
