"""The journals plugin: what every plugin must hold, and what is its own."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from core.kernel.access import load_principal
from core.kernel.users import User
from core.testing.checks import PluginChecks
from core.testing.samples import make_record
from plugins.customers.models import Customer
from plugins.journals import jobs, periods, submissions
from plugins.journals.models import Journal, Rule, rule_member
from sopia import working_calendar

API = "/api/v1/journals/journals"
CUSTOMERS = "/api/v1/customers/customers"
MONDAY = date(2026, 3, 2)

_days = itertools.count()


def next_day() -> date:
    """A day on which nobody has a journal yet."""
    return date(2024, 1, 1) + timedelta(days=next(_days))


class TestJournals(PluginChecks):
    plugin = "journals"

    def make(self, session: Any, model: type[Any], owner: int) -> Any:
        if model is Journal:
            return make_record(session, model, owner=owner, on=next_day())
        return super().make(session, model, owner)

    def values(self, session: Any, resource: Any, owner: int) -> dict[str, Any]:
        if resource.key == "journals.rule":
            return {"weekdays": "1,2,3", "window": 12, "members": [owner], "groups": [], "departments": []}
        return {"on": next_day().isoformat(), "kind": "day"}

    # ------------------------------------------------------------ one for each period

    def test_there_is_one_for_each_person_kind_and_period(self, signed_in: Any) -> None:
        client, _me = signed_in("lin", "member")
        made = client.send("POST", API, {"on": "2026-03-02", "kind": "week", "done": "一"})
        assert made.status == 201
        again = client.send("POST", API, {"on": "2026-03-05", "kind": "week", "done": "二"})
        assert again.status == 409
        assert f"/journals/journals/{made.json['id']}" in again.json["detail"]
        assert client.send("POST", API, {"on": "2026-03-05", "kind": "day"}).status == 201
        other, _them = signed_in("wang", "member")
        assert other.send("POST", API, {"on": "2026-03-05", "kind": "week"}).status == 201
        assert client.send("DELETE", f"{API}/{made.json['id']}").status == 204
        assert client.send("POST", API, {"on": "2026-03-06", "kind": "week"}).status == 201

    @given(day=st.dates(date(2000, 1, 1), date(2100, 12, 31)), kind=st.sampled_from(periods.KINDS))
    @settings(max_examples=200, deadline=None)
    def test_periods_follow_one_another_without_a_gap(self, day: date, kind: str) -> None:
        first, last = periods.start_of(kind, day), periods.end_of(kind, day)
        assert first <= day <= last
        assert periods.after(kind, day) == last + timedelta(days=1)
        assert periods.end_of(kind, periods.before(kind, day)) == first - timedelta(days=1)
        assert {periods.start_of(kind, each) for each in (first, day, last)} == {first}

    # ------------------------------------------------------------ scope

    def test_a_colleague_out_of_scope_sees_neither_journals_nor_their_number(self, signed_in: Any) -> None:
        mine, _me = signed_in("lin", "member")
        stranger, _other = signed_in("wang", "member")
        customer = mine.send("POST", CUSTOMERS, {"name": "云帆实业"}).json["id"]
        sent = {"on": "2026-03-03", "done": "秘密拜访", "customers": [customer]}
        made = mine.send("POST", API, sent).json
        assert [each["id"] for each in made["customers"]] == [customer]
        told = stranger.get(API, {"count": "true"}).json
        assert (told["items"], told["count"]) == ([], 0)
        assert stranger.get(f"{API}/statistics", {"by": "owner"}).json["rows"] == []
        assert stranger.get(f"{API}/{made['id']}").status == 404
        assert f"/journals/journals/{made['id']}" not in stranger.get("/search", {"q": "秘密拜访"}).text
        assert f"/journals/journals/{made['id']}" in mine.get("/search", {"q": "秘密拜访"}).text

    def test_the_customer_shows_the_journals_that_name_it_to_those_who_see_them(
        self, installed_platform: Any, signed_in: Any
    ) -> None:
        mine, _me = signed_in("lin", "member")
        boss, _boss = signed_in("boss", "administrator")
        friend, other = signed_in("wang", "member")
        customer = mine.send("POST", CUSTOMERS, {"name": "同创电子"}).json["id"]
        for number in range(2):
            day = f"2026-04-0{number + 1}"
            assert mine.send("POST", API, {"on": day, "done": f"报价{number}", "customers": [customer]}).status == 201
        page = f"/customers/customers/{customer}?whole=1"
        assert mine.get(page).text.count("报价") >= 2
        assert boss.get(API, {"customers": str(customer), "count": "true"}).json["count"] == 2
        # A friend sees the customer, but not the journals of its salesperson.
        with installed_platform.database.system("a test") as session:
            session.get_one(Customer, customer).owner_id = other
        seen = friend.get(page)
        assert seen.status == 200
        assert "报价" not in seen.text
        assert friend.get(API, {"customers": str(customer), "count": "true"}).json["count"] == 0

    # ------------------------------------------------------------ submitting and reviewing

    def test_a_superior_reviews_and_his_guidance_stands_beside_it(self, signed_in: Any) -> None:
        mine, _me = signed_in("lin", "member")
        boss, _boss = signed_in("boss", "administrator")
        made = mine.send("POST", API, {"on": "2026-03-04"}).json
        url = f"{API}/{made['id']}"
        assert mine.send("POST", f"{url}/actions/submit", {}).status == 409  # it is empty
        changed = mine.send("PATCH", url, {"done": "拜访两家"}, if_match='"1"')
        assert changed.status == 200
        assert mine.send("POST", f"{url}/actions/submit", {}).json["state"] == "submitted"
        assert mine.send("POST", f"{url}/actions/review", {}).status == 409  # nobody reviews his own
        back = boss.send("POST", f"{url}/actions/return", {"reason": "请补充结果"})
        assert (back.status, back.json["state"]) == (200, "draft")
        assert mine.send("POST", f"{url}/actions/submit", {}).status == 200
        read = boss.send("POST", f"{url}/actions/review", {"guidance": "下次带工程师一起去"})
        assert (read.status, read.json["state"]) == (200, "reviewed")
        remarks = mine.get(f"{url}/remarks").json["items"]
        assert {(each["kind"], each["text"]) for each in remarks} == {
            ("guidance", "请补充结果"),
            ("guidance", "下次带工程师一起去"),
        }
        assert "下次带工程师" in mine.get("/notifications").text
        version = mine.get(url).json["version"]
        assert mine.send("PATCH", url, {"done": "改"}, if_match=f'"{version}"').status == 409

    # ------------------------------------------------------------ the draft

    def test_a_new_journal_is_drafted_from_the_records_and_the_plan_before(
        self, installed_platform: Any, signed_in: Any
    ) -> None:
        client, _me = signed_in("lin", "member")
        stranger, _other = signed_in("wang", "member")
        customer = client.send("POST", CUSTOMERS, {"name": "恒达机械"}).json["id"]
        foreign = stranger.send("POST", CUSTOMERS, {"name": "别人的客户"}).json["id"]
        for who, whose, words in ((client, customer, "确认了交货期"), (stranger, foreign, "不该看到")):
            sent = {"customer": whose, "content": words, "at": "2026-05-06T03:00:00Z"}
            assert who.send("POST", "/api/v1/customers/follow-ups", sent).status == 201
        before = {"on": "2026-05-05", "planned": "给恒达发报价", "done": "x"}
        assert client.send("POST", API, before).status == 201
        form = client.get("/journals/journals/new", {"on": "2026-05-06"}).text
        assert all(words in form for words in ("确认了交货期", "给恒达发报价", "恒达机械"))
        assert "不该看到" not in form
        made = client.send("POST", API, {"on": "2026-05-06", "done": "自己写的"}).json
        for _twice in range(2):
            filled = client.send("POST", f"{API}/{made['id']}/actions/draft", {}).json
        assert filled["done"].startswith("自己写的")
        assert filled["done"].count("确认了交货期") == 1
        assert [each["id"] for each in filled["customers"]] == [customer]
        page = client.get(f"/journals/journals/{made['id']}").text
        assert "给恒达发报价" in page

    # ------------------------------------------------------------ who has not written

    @pytest.fixture
    def ruled(self, installed_platform: Any, signed_in: Any) -> Any:
        """Three people who write daily journals by a rule, two of whom have."""
        people = [signed_in(login, "member") for login in ("lin", "wang", "zhou")]
        with installed_platform.database.system("a test") as session:
            for old in session.scalars(select(Rule)).all():
                old.archived = True
            rule = make_record(session, Rule, name="日报", window=12)
            session.execute(insert(rule_member), [{"rule_id": rule.id, "user_id": person} for _c, person in people])
            rule_id = rule.id
        for client, _person in people[:2]:
            made = client.send("POST", API, {"on": MONDAY.isoformat(), "done": "事"}).json
            assert client.send("POST", f"{API}/{made['id']}/actions/submit", {}).status == 200
        return people, rule_id

    def test_who_has_not_written_is_seen_by_those_in_charge_alone(
        self, installed_platform: Any, ruled: Any, signed_in: Any
    ) -> None:
        people, _rule = ruled
        with installed_platform.database.system("a test") as session:
            names = [session.get_one(User, person).name for _client, person in people]
        boss, _boss = signed_in("boss", "administrator")
        page = boss.get("/journals/submissions", {"day": MONDAY.isoformat()}).text
        assert all(name in page for name in names)
        assert boss.get("/journals/submissions", {"day": "2026-03-01"}).text.count(names[0]) == 0  # a Sunday
        mine = people[0][0].get("/journals/submissions", {"day": MONDAY.isoformat()}).text
        assert names[0] in mine
        assert not any(name in mine for name in names[1:])
        assert boss.get("/journals/submissions", {"day": "gestern"}).status == 400

    def test_the_rules_know_holidays_and_who_is_missing(self, installed_platform: Any, ruled: Any) -> None:
        people, rule_id = ruled
        ids = [person for _client, person in people]
        with installed_platform.database.system("a test") as session:
            calendar = working_calendar(session)
            left = submissions.still_to_write(session, "day", MONDAY)
            assert left == {rule_id: [ids[2]]}
            assert submissions.expected(session, "day", MONDAY - timedelta(days=1)) == []
            assert submissions.expected(session, "week", MONDAY) == []
            principal = load_principal(session, ids[0])
            found = submissions.standings(session, principal, "day", MONDAY)
            assert [(each.person, each.state) for each in found] == [(ids[0], "late")]
            friday = MONDAY + timedelta(days=4)
            assert periods.due_day(calendar, "week", frozenset(), MONDAY) == friday
            assert periods.due_day(calendar, "week", frozenset({5}), MONDAY) == MONDAY + timedelta(days=5)

    def test_who_has_not_written_is_reminded_once(self, installed_platform: Any, ruled: Any) -> None:
        people, rule_id = ruled
        table = Rule.metadata.tables["system_notification"]
        told = select(table.c.user_id).where(table.c.resource == "journals.rule", table.c.record_id == rule_id)
        with installed_platform.database.system("a test") as session:
            session.info["gate"] = installed_platform.gate
            resource = installed_platform.above["journals.rule"]
            zone: ZoneInfo = working_calendar(session).zone
            evening = datetime(2026, 3, 2, 17, 30, tzinfo=zone)
            for moment in (evening, evening + timedelta(minutes=5)):
                jobs.remind_all(session, resource, moment)
            assert session.scalars(told).all() == [people[2][1]]
            jobs.remind_all(session, resource, datetime(2026, 3, 3, 9, 0, tzinfo=zone))
            assert session.scalars(told).all() == [people[2][1]] * 2
            rule, friday = session.get_one(Rule, rule_id), date(2026, 3, 6)
            # On free days nobody is reminded; on Monday morning it is Friday's that may still come in time.
            for free in (datetime(2026, 3, 7, 9, tzinfo=zone), datetime(2026, 3, 1, 18, tzinfo=zone)):
                assert jobs.period_due(session, rule, free) is None
            assert jobs.period_due(session, rule, datetime(2026, 3, 9, 9, tzinfo=zone)) == friday
            assert periods.deadline(working_calendar(session), "day", friday, 12) == datetime(
                2026, 3, 9, 12, tzinfo=zone
            )
            weekly = Rule(name="周报", kind="week", window=12)
            assert jobs.period_due(session, weekly, datetime(2026, 3, 9, 9, tzinfo=zone)) == date(2026, 3, 2)
            assert jobs.period_due(session, weekly, datetime(2026, 3, 10, 9, tzinfo=zone)) is None
