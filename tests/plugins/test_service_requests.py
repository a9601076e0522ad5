"""Requests, plans and return visits, as the people of a service company use them through the API."""

from __future__ import annotations

import calendar
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core.kernel.departments import Department, Membership
from core.kernel.generations import raise_access
from core.kernel.platform import Platform
from core.testing.client import Client
from core.testing.samples import make_record
from core.testing.standing import SignIn, Standing, with_required
from core.workplace.working_calendar import WorkingCalendar, working_calendar
from plugins.customers.models import Customer
from plugins.service.models import Type
from plugins.service.planning import RULES, days_of, deadline_on

API = "/api/v1"
REQUESTS, PLANS, VISITS = f"{API}/service/requests", f"{API}/service/plans", f"{API}/service/visits"


class Office:
    """A service department with its head and an engineer, a seller elsewhere, and somebody who has nothing to do with it."""

    def __init__(self, platform: Platform, signed_in: SignIn) -> None:
        self.platform = platform
        self.seller, self.seller_id = signed_in("seller", "member")
        self.engineer, self.engineer_id = signed_in("engineer", "member")
        self.head, self.head_id = signed_in("head", "manager")
        self.stranger, _stranger = signed_in("stranger", "member")
        with platform.database.system("an office") as session:
            service, sales = (make_record(session, Department, name=name, tree="line") for name in ("服务部", "销售部"))
            self.service_id = service.id
            for person, department in (
                (self.seller_id, sales),
                (self.engineer_id, service),
                (self.head_id, service),
            ):
                session.add(Membership(user_id=person, department_id=department.id, primary=True))
            self.customer_id = make_record(session, Customer, name="云帆实业", owner=self.seller_id).id
            raise_access(session)
            found = session.scalars(select(Type).order_by(Type.position)).all()
            self.remote, self.onsite, self.complaint = (each.id for each in found[:3])

    def call(self, client: Client | None = None, **values: Any) -> dict[str, Any]:
        """A request that comes in."""
        sent = {"customer": self.customer_id, "type": self.remote, "subject": "打印机卡纸", **values}
        answer = (client or self.seller).send("POST", REQUESTS, sent)
        assert answer.status == 201, answer.text
        return answer.json  # type: ignore[no-any-return]

    def step(self, client: Client, request: dict[str, Any], name: str, **asked: Any) -> Any:
        """A step of a request."""
        return client.send("POST", f"{REQUESTS}/{request['id']}/actions/{name}", asked)


@pytest.fixture(scope="class")
def office(installed_platform: Platform, signed_in: SignIn) -> Office:
    return Office(installed_platform, signed_in)


class TestRequests(Standing):
    plugin = "service"

    def test_who_took_it_on_and_who_carries_it_out_both_see_it_and_nobody_else(self, office: Office) -> None:
        request = office.call(subject="先接后派")
        url = f"{REQUESTS}/{request['id']}"
        assert request["accepted_by"]["id"] == request["owner"]["id"] == office.seller_id
        assert [who.get(url).status for who in (office.engineer, office.head, office.stranger)] == [404, 404, 404]
        assigned = office.step(office.seller, request, "assign", handler=office.engineer_id)
        assert (assigned.status, assigned.json["state"]) == (200, "assigned")
        assert assigned.json["department"]["id"] == office.service_id
        for who, seen in ((office.seller, 1), (office.engineer, 1), (office.head, 1), (office.stranger, 0)):
            assert who.get(url).status == (200 if seen else 404)
            assert len(who.get(REQUESTS, {"subject": "先接后派"}).json["items"]) == seen
            rows = who.get(f"{REQUESTS}/statistics", {"by": "state", "subject": "先接后派"}).json["rows"]
            assert sum(row["count"] for row in rows) == seen
        assert office.engineer.get(REQUESTS, {"handler": "me", "subject": "先接后派"}).json["items"]
        assert not office.engineer.get(REQUESTS, {"accepted_by": "me", "subject": "先接后派"}).json["items"]
        assert office.step(office.stranger, request, "assign", handler=office.engineer_id).status == 404

    def test_the_engineer_is_told_of_what_is_handed_to_him(self, office: Office) -> None:
        request = office.call(subject="请处理")
        office.step(office.seller, request, "assign", handler=office.engineer_id)
        told = office.engineer.get(f"{API}/notifications").json["items"]
        assert any(each.get("record") and each["record"].get("id") == request["id"] for each in told), told

    def test_a_department_alone_may_be_assigned_and_its_head_chooses_person_and_deadline(self, office: Office) -> None:
        request = office.call()
        assigned = office.step(office.seller, request, "assign", department=office.service_id)
        assert assigned.status == 200, assigned.text
        assert assigned.json["handler"] is None
        due = "2030-05-06T07:08:00Z"
        chosen = office.step(office.head, request, "assign", handler=office.engineer_id, due_at=due)
        assert (chosen.json["handler"]["id"], chosen.json["due_at"]) == (office.engineer_id, due)
        nobody = office.step(office.head, request, "assign")
        assert nobody.status == 409
        assert "部门" in nobody.json["detail"] or "department" in nobody.json["detail"]

    def test_the_deadline_is_reckoned_in_working_time_unless_it_is_given(self, office: Office) -> None:
        request = office.call(type=office.complaint)
        with office.platform.database.system("look", write=False) as session:
            hours = session.get_one(Type, office.complaint).working_hours
            made = dt.datetime.fromisoformat(request["created_at"])
            wanted = working_calendar(session).add_hours(made, hours or 0)
        assert abs(dt.datetime.fromisoformat(request["due_at"]) - wanted) < dt.timedelta(minutes=1)
        assert office.call(due_at="2030-01-02T03:04:00Z")["due_at"] == "2030-01-02T03:04:00Z"

    def test_who_is_named_while_the_call_is_taken_has_it_at_once(self, office: Office) -> None:
        request = office.call(handler=office.engineer_id)
        assert (request["state"], request["handler"]["id"]) == ("assigned", office.engineer_id)
        started = office.step(office.engineer, request, "start")
        assert (started.status, started.json["state"]) == (200, "working")

    def test_a_complaint_is_not_closed_without_cause_and_measure(self, office: Office) -> None:
        request = office.call(type=office.complaint)
        assert request["complaint"] is True
        refused = office.step(office.seller, request, "close")
        assert refused.status == 409
        assert office.step(office.seller, request, "close", cause="漏装").status == 409
        assert office.seller.get(f"{REQUESTS}/{request['id']}").json["cause"] is None
        closed = office.step(office.seller, request, "close", cause="漏装", measure="补发")
        assert (closed.status, closed.json["state"], closed.json["measure"]) == (200, "closed", "补发")
        assert office.step(office.seller, office.call(), "close").status == 200

    def test_closing_makes_a_return_visit_due_whose_score_the_request_learns(self, office: Office) -> None:
        request = office.call()
        office.step(office.seller, request, "close")
        (visit,) = office.seller.get(VISITS, {"request": str(request["id"])}).json["items"]
        with office.platform.database.system("look", write=False) as session:
            today = dt.datetime.now(working_calendar(session).zone).date()
        assert visit["on"] == str(today + dt.timedelta(days=3))
        assert (visit["state"], visit["customer"]["id"]) == ("planned", office.customer_id)
        url = f"{VISITS}/{visit['id']}/actions/record"
        assert office.seller.send("POST", url, {"score": 6}).status == 409
        made = office.seller.send("POST", url, {"score": 5, "feedback": "很满意"})
        assert (made.status, made.json["state"]) == (200, "done")
        told = office.seller.get(f"{REQUESTS}/{request['id']}").json
        assert (told["score"], told["feedback"]) == (5, "很满意")

    def test_reopening_takes_the_visit_back_and_closing_again_makes_one(self, office: Office) -> None:
        request = office.call()
        for step, visits in (("close", 1), ("reopen", 0), ("close", 1)):
            assert office.step(office.seller, request, step).status == 200
            found = office.seller.get(VISITS, {"request": str(request["id"])}).json["items"]
            assert len(found) == visits, step

    def test_a_visit_with_a_score_is_made_at_once(self, office: Office) -> None:
        request = office.call()
        made = office.seller.send("POST", VISITS, {"request": request["id"], "score": 4})
        assert (made.status, made.json["state"], made.json["subject"]) == (201, "done", request["subject"])
        assert office.seller.get(f"{REQUESTS}/{request['id']}").json["score"] == 4

    def test_the_contact_is_one_of_the_customer(self, office: Office) -> None:
        contacts = f"{API}/customers/contacts"
        other = office.seller.send("POST", f"{API}/customers/customers", {"name": "另一家"}).json["id"]
        contact = office.seller.send("POST", contacts, {"customer": other, "name": "王先生"}).json["id"]
        sent = {"customer": office.customer_id, "type": office.remote, "subject": "x", "contact": contact}
        answer = office.seller.send("POST", REQUESTS, sent)
        assert (answer.status, [each["field"] for each in answer.json["errors"]]) == (422, ["contact"])

    def test_of_two_who_close_at_the_same_time_one_is_told_that_he_is_late(self, office: Office) -> None:
        for _round in range(3):
            request = office.call(handler=office.engineer_id)
            doing = [(who, request, "close") for who in (office.seller, office.engineer, office.head)]
            with ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(lambda each: office.step(*each).status, doing))
            assert sorted(answers) == [200, 409, 409]
            assert len(office.seller.get(VISITS, {"request": str(request["id"])}).json["items"]) == 1

    def test_assigning_and_closing_at_the_same_time_leave_a_state_that_was_reached(self, office: Office) -> None:
        request = office.call()
        given = [("close", {}), ("assign", {"handler": office.engineer_id})]
        with ThreadPoolExecutor(2) as pool:
            answers = dict(
                pool.map(lambda each: (each[0], office.step(office.seller, request, each[0], **each[1]).status), given)
            )
        told = office.seller.get(f"{REQUESTS}/{request['id']}").json
        assert (answers["close"], told["state"]) == (200, "closed")
        assert answers["assign"] in (200, 409)
        assert (told["handler"] is not None) == (answers["assign"] == 200)


class TestPlans(Standing):
    plugin = "service"

    def _plan(self, office: Office, **values: Any) -> dict[str, Any]:
        sent = {"customer": office.customer_id, "type": office.onsite, "rule": "month", "occurrences": 12, **values}
        answer = office.seller.send("POST", PLANS, sent)
        assert answer.status == 201, answer.text
        return answer.json  # type: ignore[no-any-return]

    def _made(self, office: Office, plan: dict[str, Any]) -> list[dict[str, Any]]:
        query = {"plan": str(plan["id"]), "sort": "occurrence", "limit": "200"}
        return office.seller.get(REQUESTS, query).json["items"]  # type: ignore[no-any-return]

    def test_twelve_monthly_inspections_are_twelve_requests_made_once(self, office: Office) -> None:
        plan = self._plan(office, first_on="2027-01-31", handler=office.engineer_id)
        made = self._made(office, plan)
        assert [each["planned_on"] for each in made][:3] == ["2027-01-31", "2027-02-28", "2027-03-31"]
        assert len(made) == 12
        assert {each["state"] for each in made} == {"assigned"}
        assert len({each["number"] for each in made}) == 12
        url = f"{PLANS}/{plan['id']}/actions/generate"
        assert office.seller.send("POST", url, {}).status == 200
        assert [each["id"] for each in self._made(office, plan)] == [each["id"] for each in made]

    def test_only_what_is_missing_is_made_again_whoever_asks_at_the_same_time(self, office: Office) -> None:
        plan = self._plan(office, occurrences=3)
        gone = self._made(office, plan)[1]
        assert office.seller.send("DELETE", f"{REQUESTS}/{gone['id']}").status == 204
        url = f"{PLANS}/{plan['id']}"
        version = str(office.seller.get(url).json["version"])
        assert office.seller.send("PATCH", url, {"occurrences": 5}, if_match=version).status == 200
        with ThreadPoolExecutor(4) as pool:
            answers = list(
                pool.map(lambda _n: office.seller.send("POST", f"{url}/actions/generate", {}).status, "four")
            )
        assert answers == [200] * 4
        assert [each["occurrence"] for each in self._made(office, plan)] == [1, 2, 3, 4, 5]

    def test_a_plan_of_no_times_or_of_too_many_is_refused_with_its_field(self, office: Office) -> None:
        sent = {"customer": office.customer_id, "type": office.onsite}
        for wrong, field in (
            ({"occurrences": 0}, "occurrences"),
            ({"occurrences": 201}, "occurrences"),
            ({"occurrences": 12, "rule": "year", "first_on": "2099-01-01"}, "first_on"),
        ):
            answer = office.seller.send("POST", PLANS, {**sent, **wrong})
            assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)

    def test_the_types_that_come_with_it_are_the_four(self, office: Office) -> None:
        names = [each["name"] for each in office.head.get(f"{API}/service/types").json["items"]]
        assert names == ["远程售后", "现场售后", "投诉", "回访"]


class TestContracts(Standing):
    """With sales enabled, which service neither requires nor imports."""

    plugin = "service"

    @pytest.fixture(scope="class")
    @classmethod
    def installed_plugins(cls) -> tuple[str, ...]:
        return (*with_required("sales"), "service")

    def test_a_contract_with_twelve_monthly_inspections_has_twelve_requests(self, office: Office) -> None:
        sent = {"customer": office.customer_id, "name": "年度维保", "amount": "12000"}
        made = office.seller.send("POST", f"{API}/sales/contracts", sent)
        assert made.status == 201, made.text
        contract = made.json["id"]
        plan = {"type": office.onsite, "rule": "month", "occurrences": 12, "first_on": "2027-01-31"}
        step = f"{API}/sales/contracts/{contract}/actions/plan_service"
        assert office.stranger.send("POST", step, plan).status == 404
        assert office.seller.send("POST", step, plan).status == 200
        requests = office.seller.get(REQUESTS, {"contract": str(contract), "count": "true"}).json
        assert requests["count"] == 12
        assert {each["contract"]["label"] for each in requests["items"]} == {"年度维保"}
        assert office.stranger.get(REQUESTS, {"count": "true"}).json["count"] == 0
        page = office.seller.get(f"/sales/contracts/{contract}?whole=1").text
        assert "现场售后 1/12" in page

    def test_a_plan_for_a_contract_is_its_customers(self, office: Office) -> None:
        sent = {"customer": office.customer_id, "name": "巡检", "amount": "1"}
        contract = office.seller.send("POST", f"{API}/sales/contracts", sent).json["id"]
        plan = {"contract": contract, "type": office.onsite, "rule": "quarter", "occurrences": 4}
        made = office.seller.send("POST", PLANS, plan)
        assert made.status == 201, made.text
        assert made.json["customer"]["id"] == office.customer_id
        other = office.seller.send("POST", f"{API}/customers/customers", {"name": "第三家"}).json["id"]
        wrong = office.seller.send("POST", PLANS, {**plan, "customer": other})
        assert (wrong.status, [each["field"] for each in wrong.json["errors"]]) == (422, ["contract"])


DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2060, 12, 31))


class TestReckoning:
    @given(rule=st.sampled_from(sorted(RULES)), first=DAYS, count=st.integers(1, 40))
    def test_a_plan_falls_on_as_many_days_as_wanted_each_in_its_own_period(
        self, rule: str, first: dt.date, count: int
    ) -> None:
        days = days_of(rule, first, count)
        assert (len(days), days[0]) == (count, first)
        for number, day in enumerate(days):
            if rule == "week":
                assert (day - first).days == 7 * number
                continue
            months = (day.year - first.year) * 12 + day.month - first.month
            assert months == RULES[rule] * number
            assert day.day == min(first.day, calendar.monthrange(day.year, day.month)[1])
        assert all(before < after for before, after in pairwise(days))

    @given(day=DAYS, free=st.sets(st.integers(0, 20), max_size=12), first=st.integers(0, 9), hours=st.integers(1, 14))
    def test_a_planned_request_is_due_at_the_end_of_a_worked_day_and_never_before_its_own(
        self, day: dt.date, free: set[int], first: int, hours: int
    ) -> None:
        holidays = {day + dt.timedelta(days=each): (False, "") for each in free}
        stretch = (dt.time(first), dt.time((first + hours) % 24))
        calendar_ = WorkingCalendar(hours=(stretch,), days=holidays)
        due = deadline_on(calendar_, day).astimezone(calendar_.zone)
        worked = calendar_.add_days(day, 0)
        assert worked >= day
        assert calendar_.is_working_day(worked)
        assert (due.date(), due.time()) == (worked, stretch[1])
