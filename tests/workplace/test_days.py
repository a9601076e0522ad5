"""The day of one's own and of the team, reminders, following, notifications and mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from core.kernel.mail import Mailer
from core.kernel.outbox import Message, OutboxMessage
from core.kernel.types import now
from core.kernel.worker import Worker
from core.testing.client import Client
from core.workplace.mailing import MAIL
from core.workplace.notifications import choose_mail
from core.workplace.reminders import REMIND
from tests.api.company import API, Company, made, refused

ZONE = ZoneInfo("Asia/Shanghai")


def at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> str:
    return f"{datetime.now(ZONE):%Y-%m-%d}"


def page(client: Client, url: str, **query: str) -> str:
    answer = client.get(url, query, accept="text/html")
    assert answer.status == 200, answer.text[:500]
    return answer.text


def reminders(client: Client, record: int, key: str = "diary.page") -> list[dict[str, Any]]:
    items = client.get(f"{API}/notifications", {"unread": "true", "limit": "200"}).json["items"]
    return [n for n in items if n["kind"] == "reminder" and n["resource"] == key and n["record"]["id"] == record]


def run(office: Company, worker: Worker, job: str) -> None:
    from core.kernel.jobs import enqueue

    with office.platform.database.transaction(write=True) as connection:
        enqueue(connection, job, why="a test", unique_key=job)
    worker.run_due()


def test_a_manager_sees_what_his_team_did_and_has_to_do(office: Company) -> None:
    head, member, south = (office.client(login) for login in ("wang.fang", "zhao.lei", "li.qiang"))
    done = made(member, "diary/pages", title="见了客户甲", on=today())["id"]
    made(member, "diary/pages", title="要做的事乙", on="2020-01-01", due_at=at(now() - timedelta(days=2)))
    made(member, "diary/pages", title="办完的事丙", on="2020-01-01", due_at=at(now()), closed=True)
    made(south, "diary/pages", title="南方的事丁", on=today())
    team = page(head, "/team")
    for word in ("赵磊", "见了客户甲", "要做的事乙"):
        assert word in team
    for word in ("办完的事丙", "南方的事丁", "李强"):
        assert word not in team
    assert "见了客户甲" in page(head, "/team", person=str(office.id_of("zhao.lei")))
    assert "见了客户甲" not in page(head, "/team", person=str(office.id_of("li.qiang")))
    assert "见了客户甲" not in page(head, "/team", day="2020-01-01")
    assert "南方的事丁" in page(office.client("lin.jing"), "/team")
    assert "见了客户甲" not in page(member, "/team")
    own = page(member, "/")
    assert "见了客户甲" in own
    assert "要做的事乙" in own
    # Guidance is given there, and leads back there.
    given = head.post(
        f"/diary/pages/{done}/remarks", {"kind": "guidance", "text": "写上金额"}, referer="http://sopia.test/team"
    )
    assert (given.status, given.location) == (303, "/team")
    assert member.get(f"{API}/diary/pages/{done}/remarks").json["items"][0]["to"]["id"] == office.id_of("zhao.lei")


@pytest.mark.parametrize("query", [{"day": "x"}, {"day": "0001-01-01"}, {"day": "99999-01-01"}, {"day": "2026-13-01"}])
def test_a_day_that_is_none_is_refused(company: Company, query: dict[str, str]) -> None:
    assert company.client("wang.fang").get("/team", query, accept="text/html").status == 400


@pytest.mark.parametrize("query", [{"person": "x"}, {"person": "-1"}, {"department": "9" * 40}, {"person": "张三"}])
def test_a_filter_that_means_nobody_shows_nobody(company: Company, query: dict[str, str]) -> None:
    assert "person-day" not in page(company.client("wang.fang"), "/team", **query)


def test_a_reminder_comes_once_moves_with_its_date_and_goes_when_done(office: Company, worker: Worker) -> None:
    member = office.client("zhao.lei")
    record = made(member, "diary/pages", title="交报价", on=today(), due_at=at(now() + timedelta(hours=1)))
    url = f"{API}/diary/pages/{record['id']}"
    run(office, worker, REMIND)
    run(office, worker, REMIND)
    assert len(reminders(member, record["id"])) == 1
    # Moved away, it is gone; come near again, it is there again, and read once, it stays away.
    moved = member.send("PATCH", url, {"due_at": at(now() + timedelta(days=9))}, if_match=str(record["version"]))
    assert reminders(member, record["id"]) == []
    run(office, worker, REMIND)
    assert reminders(member, record["id"]) == []
    again = member.send("PATCH", url, {"due_at": at(now() + timedelta(minutes=90))}, if_match=moved.headers["etag"])
    run(office, worker, REMIND)
    (told,) = reminders(member, record["id"])
    assert member.send("POST", f"{API}/notifications/read", {"ids": [told["id"]]}).json["changed"] == 1
    run(office, worker, REMIND)
    assert reminders(member, record["id"]) == []
    other = made(member, "diary/pages", title="打电话", on=today(), due_at=at(now()))
    run(office, worker, REMIND)
    assert len(reminders(member, other["id"])) == 1
    closed = f"{API}/diary/pages/{other['id']}"
    assert member.send("PATCH", closed, {"closed": True}, if_match=str(other["version"])).status == 200
    assert reminders(member, other["id"]) == []
    assert again.status == 200


def test_people_are_reminded_of_what_they_ask_for_and_nobody_else(office: Company, worker: Worker) -> None:
    member, head = office.client("zhao.lei"), office.client("wang.fang")
    record = made(member, "customers/customers", name=office.name())["id"]
    url = f"{API}/customers/customers/{record}/reminders"
    for body in ({}, {"at": "x"}, {"at": "2001-01-01T00:00:00Z"}, {"at": at(now()), "text": "x" * 201}, {"more": 1}):
        assert refused(member.send("POST", url, body), 422)["errors"]
    assert member.send("POST", url, {"at": at(now() - timedelta(seconds=5)), "text": "问价格"}).status == 201
    later = member.send("POST", url, {"at": at(now() + timedelta(days=1)), "text": "再问"}).json
    assert head.get(url).json["items"] == []
    refused(head.send("DELETE", f"{url}/{later['id']}"), 404)
    run(office, worker, REMIND)
    run(office, worker, REMIND)
    (told,) = reminders(member, record, "customers.customer")
    assert told["text"] == "问价格"
    assert [each["text"] for each in member.get(url).json["items"]] == ["再问"]
    assert member.send("DELETE", f"{url}/{later['id']}").status == 204


def test_who_follows_is_told_of_changes_once_and_of_remarks(office: Company) -> None:
    head, member = office.client("wang.fang"), office.client("zhao.lei")
    record = made(member, "customers/customers", name=office.name())
    url = f"{API}/customers/customers/{record['id']}"
    assert head.send("POST", f"{url}/followers").json["following"] is True
    tag = "1"
    for phone in ("021-11112222", "021-11113333"):
        changed = member.send("PATCH", url, {"phone": phone}, if_match=tag)
        tag = changed.headers["etag"]
    member.send("POST", f"{url}/remarks", {"text": "改了电话"})
    items = head.get(f"{API}/notifications", {"unread": "true"}).json["items"]
    assert [n["kind"] for n in items if n["record"]["id"] == record["id"]] == ["remark", "change"]
    assert head.send("DELETE", f"{url}/followers").status == 204
    member.send("PATCH", url, {"phone": "021-11114444"}, if_match=tag)
    member.send("POST", f"{url}/remarks", {"text": "又改了"})
    after = head.get(f"{API}/notifications", {"unread": "true"}).json["items"]
    assert [n["id"] for n in after] == [n["id"] for n in items]


def test_mail_tells_in_the_readers_rights_what_he_wants_by_mail(office: Company, monkeypatch: Any) -> None:
    head, member = office.client("wang.fang"), office.client("zhao.lei")
    record = made(member, "customers/customers", name="邮件客户有限公司")["id"]
    with office.platform.database.transaction(write=True) as connection:
        connection.execute(update(OutboxMessage).values(due_at=None))
        choose_mail(connection, office.id_of("zhao.lei"), ["guidance"])
    head.send("POST", f"{API}/customers/customers/{record}/remarks", {"kind": "guidance", "text": "报价要快"})
    head.send("POST", f"{API}/customers/customers/{record}/remarks", {"text": "随便说说"})
    settings = office.platform.settings.model_copy(
        update={"mail_url": "smtp://mail.test:2525?from=sopia@mail.test", "base_url": "https://crm.test"}
    )
    from dataclasses import replace

    from core.kernel.crew import make_worker

    sent: list[Message] = []
    monkeypatch.setattr(Mailer, "__call__", lambda self, message: sent.append(message))
    worker = make_worker(replace(office.platform, settings=settings))
    run(office, worker, MAIL)
    run(office, worker, MAIL)
    (mail,) = [each for each in sent if each.payload["to"].startswith("zhao.lei@")]
    assert "报价要快" in mail.payload["text"]
    assert f"https://crm.test/customers/customers/{record}#remark-" in mail.payload["text"]
    assert "随便说说" not in mail.payload["text"]
    written = Mailer(settings.mail_url).compose(mail)
    assert written["From"] == "sopia@mail.test"
    assert "邮件客户" in str(written["Subject"])


def test_notifications_are_ones_own(company: Company) -> None:
    head, member = company.client("wang.fang"), company.client("zhao.lei")
    record = made(member, "customers/customers", name=company.name())["id"]
    head.send("POST", f"{API}/customers/customers/{record}/remarks", {"text": "看看"})
    (told,) = [n for n in member.get(f"{API}/notifications").json["items"] if n["record"]["id"] == record]
    refused(head.get(f"{API}/notifications/{told['id']}"), 404)
    assert head.post(f"/notifications/{told['id']}", accept="text/html").status == 404
    assert head.send("POST", f"{API}/notifications/read", {"ids": [told["id"]]}).json["changed"] == 0
    for body in ({"ids": "x"}, {"ids": [True]}, {"ids": [-1]}, {"ids": [10**30]}, {"x": 1}):
        refused(member.send("POST", f"{API}/notifications/read", body), 422)
    for query in ({"limit": "0"}, {"limit": "x"}, {"cursor": "-1"}, {"more": "1"}, {"cursor": "9" * 30}):
        refused(member.get(f"{API}/notifications", query), 400)
    opened = member.post(f"/notifications/{told['id']}", accept="text/html")
    assert opened.location.startswith(f"/customers/customers/{record}#remark-")
    assert member.get(f"{API}/notifications/{told['id']}").json["read"] is True
