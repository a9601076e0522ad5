"""The same set everywhere: whatever door somebody takes, he sees what he may see and nothing else."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from core.resources.resolved import ResolvedResource
from core.testing.client import Answer, Client
from tests.api.company import API, PEOPLE, Company, ids_of, made

CUSTOMERS = "customers/customers"
COLLEAGUES = PEOPLE[1:]


def listed(client: Client, resource: ResolvedResource) -> set[int]:
    """The ids on the pages of a list, one page after the other."""
    found: set[int] = set()
    url = f"{resource.url}?sort=id"
    while url:
        answer = client.get(url, accept="text/html")
        assert answer.status == 200, f"{url}: {answer.text[:300]}"
        here = {int(i) for i in re.findall(rf'href="{resource.url}/(\d+)"', answer.text)}
        found |= here
        following = re.search(
            r'<a[^>]*href="([^"]*cursor=[^"]*)"[^>]*rel="?next|rel="?next"?[^>]*href="([^"]*)"', answer.text
        )
        url = html.unescape(next(filter(None, following.groups()))) if following else ""
    return found


@pytest.mark.parametrize("login", COLLEAGUES)
def test_every_door_shows_the_same(company: Company, login: str) -> None:
    client, admin = company.client(login), company.client("admin")
    for resource in company.resources.values():
        path = f"{API}/{resource.address}"
        if client.get(path).status == 403:
            assert client.get(resource.url, accept="text/html").status == 403
            assert client.get(f"{path}/1").status == 403
            continue
        ids = set(ids_of(client, resource.address))
        whole = set(ids_of(admin, resource.address))
        assert ids <= whole
        assert client.get(path, {"count": "true", "limit": "1"}).json["count"] == len(ids), resource.key
        assert {i for i in whole if client.get(f"{path}/{i}", {"fields": "id"}).status == 200} == ids, resource.key
        assert set(ids_of(client, resource.address, id__in=",".join(map(str, sorted(whole)[:400])))) <= ids
        assert client.get(f"{path}/statistics").json["rows"] == [{"by": [], "count": len(ids)}], resource.key
        if "owner" in resource.fields:
            by_owner = client.get(f"{path}/statistics", {"by": "owner"}).json["rows"]
            assert sum(row["count"] for row in by_owner) == len(ids), resource.key
        file = client.get(f"{path}/export", {"format": "csv", "fields": "id"})
        assert file.status in (200, 403), resource.key
        if file.status == 200:
            assert {int(line.partition(",")[0]) for line in file.text.splitlines()[1:]} == ids, resource.key
        if len(ids) <= 60:
            assert listed(client, resource) == ids, resource.key
        options = client.get(f"{resource.url}/options").json["items"]
        assert {each["id"] for each in options} <= ids, resource.key
        # What is named by records that the reader does not see is not offered to him.
        nameless = resource.key == "system.history" or hasattr(resource.model, "__named_by__")
        assert bool(options) == bool(ids) or nameless


@pytest.mark.parametrize("login", COLLEAGUES)
def test_a_search_finds_what_the_list_shows(company: Company, login: str) -> None:
    client, admin = company.client(login), company.client("admin")
    for address in (CUSTOMERS, "customers/contacts"):
        mine = set(ids_of(client, address))
        for item in admin.get(f"{API}/{address}", {"limit": "200", "fields": "name"}).json["items"][::5]:
            hits = set(ids_of(client, address, q=item["name"]))
            assert hits <= mine
            assert (item["id"] in hits) == (item["id"] in mine)
            assert client.get(f"{API}/{address}", {"q": item["name"], "count": "true"}).json["count"] == len(hits)


def masked(answer: Answer, number: int) -> tuple[Any, ...]:
    headers = [(name, value) for name, value in answer.raw_headers if "nonce" not in value]
    content = re.sub(rb"nonce-?[\w=\"+/-]*", b"", answer.content)
    return answer.status, headers, re.sub(rb"\b%d\b" % number, b"N", content)


def test_a_foreign_record_is_answered_like_one_that_is_not_there(company: Company) -> None:
    admin = company.client("admin")
    for login in ("zhao.lei", "li.qiang", "xin.ren"):
        client = company.client(login)
        for address in (CUSTOMERS, "customers/contacts", "customers/follow-ups"):
            foreign = min(set(ids_of(admin, address)) - set(ids_of(client, address)))
            missing = 987_654_321
            for method, tail, body in (
                ("GET", "", None),
                ("HEAD", "", None),
                ("PATCH", "", {"name": "x"}),
                ("PATCH", "", {"nothing": 1}),
                ("PATCH", "", {}),
                ("DELETE", "", None),
                ("POST", "/restore", None),
                ("POST", "/actions/nothing", {}),
            ):
                answers = [
                    masked(client.send(method, f"{API}/{address}/{number}{tail}", body, if_match="1"), number)
                    for number in (foreign, missing)
                ]
                assert answers[0] == answers[1], f"{method} {address}{tail}"
                assert answers[0][0] == 404


def test_a_foreign_id_in_a_relation_is_answered_like_one_that_is_not_there(company: Company) -> None:
    admin, client = company.client("admin"), company.client("zhao.lei")
    whole = set(ids_of(admin, CUSTOMERS))
    foreign = max(i for i in whole - set(ids_of(client, CUSTOMERS)) if i < 100)
    missing = max(set(range(10, 100)) - whole)
    before, last = company.contents(), company.last_change()
    for path, body in (
        ("customers/contacts", {"name": "李"}),
        ("customers/follow-ups", {"content": "谈", "kind": "call"}),
    ):
        answers = [
            masked(client.send("POST", f"{API}/{path}", {**body, "customer": number}), number)
            for number in (foreign, missing)
        ]
        assert answers[0] == answers[1]
        assert answers[0][0] == 422
    assert (company.contents(), company.last_change()) == (before, last)


def test_a_foreign_relation_is_no_oracle_in_filters(company: Company) -> None:
    admin, client = company.client("admin"), company.client("zhao.lei")
    foreign = min(set(ids_of(admin, CUSTOMERS)) - set(ids_of(client, CUSTOMERS)))
    name = admin.get(f"{API}/{CUSTOMERS}/{foreign}").json["name"]
    for query in ({"customer": str(foreign)}, {"customer.name": name}, {"customer.id": str(foreign)}, {"q": name}):
        answer = client.get(f"{API}/customers/follow-ups", {**query, "count": "true"}).json
        assert answer == {"items": [], "next": None, "count": 0}


def test_a_colleague_of_another_department_sees_none_of_it(company: Company) -> None:
    east, south = company.client("wang.fang"), company.client("li.qiang")
    name = company.name("秘密客户")
    record = made(east, CUSTOMERS, name=name, phone="021-55667788", region="舟山")
    contact = made(east, "customers/contacts", customer=record["id"], name="秘密人", phone="13712345678")
    note = made(east, "customers/follow-ups", customer=record["id"], kind="call", content="秘密的话")
    for place, one in ((CUSTOMERS, record), ("customers/contacts", contact), ("customers/follow-ups", note)):
        assert east.get(f"{API}/{place}/{one['id']}").status == 200
        assert south.get(f"{API}/{place}/{one['id']}").status == 404
        assert one["id"] not in ids_of(south, place)
        for page in (f"/{place}/{one['id']}", f"/{place}/{one['id']}/edit", f"/{place}/{one['id']}/timeline"):
            assert south.get(page, accept="text/html").status == 404, page
    for url in (
        f"/search?q={name}",
        f"/{CUSTOMERS}?q={name}",
        f"/{CUSTOMERS}?region=舟山",
        f"/{CUSTOMERS}/options?q={name}",
        "/customers/contacts/options?q=秘密",
        f"{API}/{CUSTOMERS}?q={name}&count=true",
        f"{API}/customers/contacts?q=13712345678",
        f"{API}/customers/follow-ups?content__contains=秘密",
        "/",
    ):
        shown = south.get(quote(url), accept="text/html")
        assert shown.status == 200, url
        text = (
            shown.text.replace(name, "", shown.text.count(name))
            if "q=" in url and not url.startswith(API)
            else shown.text
        )
        assert "55667788" not in text
        assert f"{CUSTOMERS}/{record['id']}" not in text, url
        assert "秘密的话" not in text
    typed = south.post(f"/{CUSTOMERS}/duplicates", {"name": name}, accept="application/json")
    assert f"/{record['id']}" not in typed.text


def quote(url: str) -> str:
    from urllib.parse import quote as quoted

    return quoted(url, safe="/?&=_")


def test_a_colleague_gets_what_is_assigned_to_him_and_loses_it_again(company: Company) -> None:
    east, south = company.client("lin.jing"), company.client("li.qiang")
    record = made(east, CUSTOMERS, name=company.name())
    url = f"{API}/{CUSTOMERS}/{record['id']}"
    assert south.get(url).status == 404
    moved = east.send("PATCH", url, {"owner": company.id_of("li.qiang")}, if_match="1")
    assert moved.status == 200, moved.text
    assert south.get(url).status == 200
    back = company.client("admin").send(
        "PATCH", url, {"owner": company.id_of("sun.yue")}, if_match=moved.headers["etag"]
    )
    assert back.status == 200, back.text
    assert south.get(url).status == 404
