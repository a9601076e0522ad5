"""Links: seen and counted from both ends by who sees both, by hand and as fields of a record."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.testing.client import Client
from tests.api.company import API, Company, ids_of, made, refused

CUSTOMERS = "customers/customers"


def customer(client: Client, office: Company) -> int:
    return int(made(client, CUSTOMERS, name=office.name())["id"])


def link(client: Client, one: int, other: int, **more: Any) -> Any:
    body = {"resource": "customers.customer", "record": other, **more}
    return client.send("POST", f"{API}/{CUSTOMERS}/{one}/links", body)


def linked(client: Client, record: int) -> list[int]:
    return [each["record"]["id"] for each in client.get(f"{API}/{CUSTOMERS}/{record}/links").json["items"]]


def test_a_link_is_seen_and_counted_from_both_ends(company: Company) -> None:
    head, member = company.client("wang.fang"), company.client("zhao.lei")
    one, other = customer(member, company), customer(member, company)
    answer = link(member, one, other, note="同一集团")
    assert answer.status == 201, answer.text
    refused(link(head, other, one), 409)
    for here, there in ((one, other), (other, one)):
        told = head.get(f"{API}/{CUSTOMERS}/{here}/links").json
        assert told["counts"] == {"customers.customer": 1}
        assert [(each["record"]["id"], each["note"]) for each in told["items"]] == [(there, "同一集团")]
        assert "同一集团" in head.get(f"/{CUSTOMERS}/{here}?whole=1", accept="text/html").text
    assert member.send("DELETE", f"{API}/{CUSTOMERS}/{other}/links/{answer.json['id']}").status == 204
    assert linked(head, one) == []


def test_what_a_page_brings_later_comes_to_who_sees_the_record_and_in_his_scope(company: Company) -> None:
    head, east, south = (company.client(login) for login in ("lin.jing", "wang.fang", "li.qiang"))
    one = customer(east, company)
    secret = made(south, CUSTOMERS, name=company.name("绝密客户"))
    assert link(head, one, secret["id"]).status == 201
    home = f"/{CUSTOMERS}/{one}"
    page = head.get(home, accept="text/html").text
    (address,) = set(re.findall(rf'data-url="({home}/panels)"', page))
    keys = re.findall(r'data-key="([\w-]+)"', page)
    query = [("key", key) for key in keys]
    assert secret["name"] not in page, "it is only counted"
    assert secret["name"] in head.get(address, query).text
    assert secret["name"] not in east.get(address, query).text
    assert south.get(address, query).status == 404
    assert head.get(address, [("key", "p99"), ("key", "x" * 5000), ("key", "../..")]).status == 200


def test_who_does_not_see_the_other_end_sees_no_link_and_no_count(company: Company) -> None:
    head, east, south = (company.client(login) for login in ("lin.jing", "wang.fang", "li.qiang"))
    one = customer(east, company)
    secret = made(south, CUSTOMERS, name="绝密客户甲乙丙")["id"]
    assert link(head, one, secret).status == 201
    told = east.get(f"{API}/{CUSTOMERS}/{one}/links").json
    assert told == {"items": [], "counts": {}}
    page = east.get(f"/{CUSTOMERS}/{one}?whole=1", accept="text/html").text
    assert "绝密" not in page
    assert f"{CUSTOMERS}/{secret}" not in page
    (number,) = [each["id"] for each in head.get(f"{API}/{CUSTOMERS}/{one}/links").json["items"]]
    refused(east.send("DELETE", f"{API}/{CUSTOMERS}/{one}/links/{number}"), 404)
    # Word for word what is said of a record that there is none of.
    (hidden,), (missing,) = (refused(link(east, one, number), 422)["errors"] for number in (secret, 999_999))
    assert hidden["message"].replace(str(secret), "999999") == missing["message"]
    found = east.get(f"/{CUSTOMERS}/{one}/links/options", {"q": "绝密客户"}).json
    assert found["items"] == []
    assert head.get(f"/{CUSTOMERS}/{one}/links/options", {"q": "绝密客户"}).json["items"][0]["id"].endswith(str(secret))


@pytest.mark.parametrize(
    "body",
    [
        {}, {"resource": "x"}, {"resource": "customers.customer"}, {"resource": "customers.customer", "record": "1"},
        {"resource": "system.user", "record": 1}, {"resource": "system.history", "record": 1},
        {"resource": "customers.customer", "record": 10**20}, {"resource": ["x"], "record": 1},
        {"resource": "customers.customer", "record": 1, "note": 5}, {"more": 1},
        {"resource": "customers.customer", "record": 1, "note": "x" * 201},
        {"resource": "customers.customer", "record": 1, "note": "\0"},
    ],
)  # fmt: skip
def test_a_faulty_link_is_refused_with_its_field(company: Company, body: dict[str, Any]) -> None:
    admin = company.client("admin")
    one = ids_of(admin, CUSTOMERS)[0]
    assert refused(admin.send("POST", f"{API}/{CUSTOMERS}/{one}/links", body), 422)["errors"]
    refused(link(admin, one, one), 422)


def test_a_field_of_links_reads_filters_and_is_told_like_any_other(office: Company) -> None:
    head, member, south = (office.client(login) for login in ("wang.fang", "zhao.lei", "li.qiang"))
    one, other = customer(member, office), customer(member, office)
    page = made(member, "diary/pages", title="拜访", on="2026-11-23", customers=[one, other])
    assert [each["id"] for each in page["customers"]] == [one, other]
    assert "tasks" not in page
    empty = made(member, "diary/pages", title="空", on="2026-11-23")["id"]
    url = f"{API}/diary/pages/{page['id']}"
    assert ids_of(head, "diary/pages", customers=str(one)) == [page["id"]]
    assert ids_of(head, "diary/pages", customers__in=f"{one},{other}") == [page["id"]]
    assert empty in ids_of(head, "diary/pages", customers__empty="true")
    assert page["id"] not in ids_of(head, "diary/pages", customers__ne=str(one))
    # From the other end: a counted panel, and the links.
    shown = head.get(f"/{CUSTOMERS}/{one}?whole=1", accept="text/html").text
    assert "panel-linked-diary-page" in shown
    assert "拜访" in shown
    assert f"/diary/pages?customers={one}" in shown
    assert head.get(f"{API}/{CUSTOMERS}/{one}/links").json["counts"] == {"diary.page": 1}
    (tie,) = head.get(f"{API}/{CUSTOMERS}/{one}/links").json["items"]
    refused(head.send("DELETE", f"{API}/{CUSTOMERS}/{one}/links/{tie['id']}"), 409)
    # A change is one of the record: its version, its history, its undoing.
    changed = member.send("PATCH", url, {"customers": [other]}, if_match=str(page["version"]))
    assert changed.status == 200, changed.text
    assert [each["id"] for each in changed.json["customers"]] == [other]
    assert changed.json["version"] > page["version"]
    refused(member.send("PATCH", url, {"customers": [one]}, if_match=str(page["version"])), 412)
    last = [each for each in office.history_since(0) if each.resource == "diary.page" and "customers" in each.after][-1]
    assert (last.before["customers"], last.after["customers"]) == (sorted([one, other]), [other])
    undone = member.post("/undo", {"operation": last.operation}, accept="text/html")
    assert undone.status == 303, undone.text
    assert {each["id"] for each in member.get(url).json["customers"]} == {one, other}
    form = member.get(f"/diary/pages/{page['id']}/edit", accept="text/html").text
    assert 'name="customers"' in form
    refused(south.send("PATCH", url, {"customers": []}, if_match="1"), 404)
    refused(member.send("PATCH", url, {"customers": [999_999]}, if_match=str(member.get(url).json["version"])), 422)


def test_who_edits_a_record_keeps_the_links_that_he_does_not_see(office: Company) -> None:
    head, member, south = (office.client(login) for login in ("lin.jing", "zhao.lei", "li.qiang"))
    mine, foreign = customer(member, office), customer(south, office)
    page = made(
        head,
        "diary/pages",
        title="两个客户",
        on="2026-11-23",
        customers=[mine, foreign],
        owner=office.id_of("zhao.lei"),
    )
    url = f"{API}/diary/pages/{page['id']}"
    told = member.get(url).json
    assert [each["id"] for each in told["customers"]] == [mine]
    # A filter is no oracle for what one does not see.
    assert ids_of(member, "diary/pages", customers=str(foreign)) == []
    changed = member.send("PATCH", url, {"customers": []}, if_match=str(told["version"]))
    assert changed.json["customers"] == []
    assert [each["id"] for each in head.get(url).json["customers"]] == [foreign]


def test_a_declaration_whose_field_is_missing_stops_the_start(office: Company) -> None:
    from dataclasses import replace

    from core.kernel.errors import PluginError
    from core.resources.resolved import Resources
    from core.workplace.declared import Activity, Reminder
    from core.workplace.watching import workplace_watcher

    declared = office.resources["diary.page"].declared
    for part in (Activity("on", "owner", "nothing"), Reminder("nowhere")):
        faulty = replace(declared, parts=(part,), module=declared.module)
        registry = replace(
            office.platform.registry, resources={**office.platform.registry.resources, "diary.page": faulty}
        )
        with pytest.raises(PluginError, match=r"diary\.page"):
            workplace_watcher(Resources(registry))
