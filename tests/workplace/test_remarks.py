"""Remarks: who reads and writes them, guidance and its acknowledgement, mentions, answers, hostile text."""

from __future__ import annotations

from typing import Any

import pytest

from core.testing.client import Client
from core.workplace.remarks import render
from tests.api.company import API, Company, made, refused

CUSTOMERS = f"{API}/customers/customers"
NOTES = f"{API}/notifications"


def remark(client: Client, record: int, **given: Any) -> dict[str, Any]:
    answer = client.send("POST", f"{CUSTOMERS}/{record}/remarks", given)
    assert answer.status == 201, answer.text
    return dict(answer.json)


def notes(client: Client) -> list[dict[str, Any]]:
    return list(client.get(NOTES, {"unread": "true"}).json["items"])


def test_guidance_reaches_the_owner_who_acknowledges_and_answers_it(company: Company) -> None:
    head, member = company.client("wang.fang"), company.client("zhao.lei")
    record = made(member, "customers/customers", name=company.name())["id"]
    given = remark(head, record, kind="guidance", text="先谈**交期**，再谈价格")
    assert given["to"]["id"] == company.id_of("zhao.lei")
    told = notes(member)[0]
    assert (told["kind"], told["record"]["id"], told["actor"]["label"]) == ("guidance", record, "王芳")
    assert "交期" in told["excerpt"]
    one = f"{CUSTOMERS}/{record}/remarks/{given['id']}"
    refused(head.send("POST", f"{one}/acknowledge"), 403)
    assert member.send("POST", f"{one}/acknowledge").json["acknowledged_at"]
    answered = remark(member, record, text="好的", parent=given["id"])
    assert answered["parent"] == given["id"]
    assert {each["kind"] for each in notes(head) if each["record"]["id"] == record} == {"acknowledged", "reply"}
    changed = member.send("PATCH", f"{CUSTOMERS}/{record}/remarks/{answered['id']}", {"text": "明天就去"})
    assert changed.json["edited_at"]
    refused(head.send("PATCH", f"{CUSTOMERS}/{record}/remarks/{answered['id']}", {"text": "x"}), 403)
    refused(head.send("DELETE", f"{CUSTOMERS}/{record}/remarks/{answered['id']}"), 403)
    assert member.send("DELETE", f"{CUSTOMERS}/{record}/remarks/{answered['id']}").status == 204
    assert [each["text"] for each in head.get(f"{CUSTOMERS}/{record}/remarks").json["items"]] == [given["text"]]
    page = member.get(f"/customers/customers/{record}", accept="text/html").text
    assert "<strong>交期</strong>" in page


def test_a_member_gives_no_guidance_and_nobody_to_himself(company: Company) -> None:
    head, member = company.client("wang.fang"), company.client("zhao.lei")
    record = made(member, "customers/customers", name=company.name())["id"]
    refused(member.send("POST", f"{CUSTOMERS}/{record}/remarks", {"kind": "guidance", "text": "x"}), 403)
    own = made(head, "customers/customers", name=company.name())["id"]
    refused(head.send("POST", f"{CUSTOMERS}/{own}/remarks", {"kind": "guidance", "text": "x"}), 422)


def test_a_colleague_out_of_scope_sees_nothing_of_remarks(company: Company) -> None:
    head, south = company.client("wang.fang"), company.client("li.qiang")
    record = made(head, "customers/customers", name=company.name())["id"]
    said = remark(head, record, text="秘密备忘 @li.qiang 请看")
    assert said["mentions"] == [{"id": company.id_of("li.qiang"), "label": "李强"}]
    # He is mentioned, but not told of what he does not see.
    assert all((each["record"] or {}).get("id") != record for each in notes(south))
    missing = f"{CUSTOMERS}/999999999/remarks"
    for method, url, body in (
        ("GET", f"{CUSTOMERS}/{record}/remarks", None),
        ("POST", f"{CUSTOMERS}/{record}/remarks", {"text": "x"}),
        ("DELETE", f"{CUSTOMERS}/{record}/remarks/{said['id']}", None),
        ("POST", f"{CUSTOMERS}/{record}/remarks/{said['id']}/acknowledge", None),
    ):
        assert south.send(method, url, body).text == south.send("GET", missing).text
    # Handed over, he reads it; taken back, what he was told has no content any more.
    url = f"{CUSTOMERS}/{record}"
    moved = company.client("admin").send("PATCH", url, {"owner": company.id_of("li.qiang")}, if_match="1")
    assert moved.status == 200, moved.text
    assert "秘密" in south.get(f"{url}/remarks").text
    assert notes(south)[0]["kind"] == "assigned"
    remark(company.client("admin"), record, text="另一个秘密 @李强")
    told = notes(south)[0]
    assert told["kind"] == "mention"
    back = company.client("admin").send(
        "PATCH", url, {"owner": company.id_of("wang.fang"), "department": None}, if_match=moved.headers["etag"]
    )
    assert back.status == 200, back.text
    gone = south.get(f"{NOTES}/{told['id']}")
    assert "秘密" not in gone.text
    assert gone.json["record"] is None
    for place in (NOTES, "/notifications", "/"):
        assert "秘密" not in south.get(place, accept="text/html").text


def test_mentions_are_found_by_name_login_pinyin_and_initials(company: Company) -> None:
    head = company.client("wang.fang")
    record = made(head, "customers/customers", name=company.name())["id"]
    for typed in ("@赵磊请跟进", "@zhao.lei 跟进", "@zhaolei 跟进", "@zl 跟进", "a, @赵磊"):
        said = remark(head, record, text=typed)
        assert [each["label"] for each in said["mentions"]] == ["赵磊"], typed
        assert "@赵磊" in said["text"]
    for typed in ("a@zhao.lei", "@没有这个人", "@", "@@", "邮箱 x@zl.cn"):
        assert remark(head, record, text=typed)["mentions"] == [], typed


@pytest.mark.parametrize(
    "given",
    [
        {}, {"text": ""}, {"text": "  "}, {"text": None}, {"text": 5}, {"text": ["x"]}, {"text": "x" * 10_001},
        {"text": "a\0b"}, {"text": "x", "kind": "order"}, {"text": "x", "kind": None}, {"text": "x", "kind": {}},
        {"text": "x", "to": "7"}, {"text": "x", "to": -1}, {"text": "x", "to": 10**30}, {"text": "x", "more": 1},
        {"text": "x", "to": 999_999},
    ],
)  # fmt: skip
def test_a_faulty_remark_is_refused_with_its_field(company: Company, given: dict[str, Any]) -> None:
    head = company.client("wang.fang")
    record = made(head, "customers/customers", name=company.name())["id"]
    answer = head.send("POST", f"{CUSTOMERS}/{record}/remarks", given)
    assert refused(answer, 422)["errors"]
    assert head.get(f"{CUSTOMERS}/{record}/remarks").json["items"] == []


def test_what_is_no_object_or_no_record_is_refused(company: Company) -> None:
    head, reader = company.client("wang.fang"), company.client("wang.fang", read_only=True)
    record = made(head, "customers/customers", name=company.name())["id"]
    refused(head.send("POST", f"{CUSTOMERS}/{record}/remarks", ["x"]), 400)
    refused(reader.send("POST", f"{CUSTOMERS}/{record}/remarks", {"text": "x"}), 403)
    refused(head.send("POST", f"{CUSTOMERS}/{record}/remarks", {"text": "x", "parent": 999_999}), 404)
    refused(head.send("POST", f"{API}/system/users/1/remarks", {"text": "x"}), 404)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](http://evil/p.png)", "<img src=x onerror=y>",
        "[x](data:text/html;base64,AAAA)", "`<b onclick=1>`", "@<i>王</i>", "[a](//evil 'onmouseover=x')",
    ],
)  # fmt: skip
def test_hostile_text_is_shown_and_does_nothing(text: str) -> None:
    html = str(render(text, ("<i>王</i>",))).lower()
    for danger in ("<script", "<img", 'href="javascript:', "onerror=y>", "<b ", "<i>", 'href="data:'):
        assert danger not in html.replace("&lt;", "")
