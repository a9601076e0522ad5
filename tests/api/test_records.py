"""Single records through the API, line by line as the contract has it: customers, contacts, follow-ups, dictionaries."""

from __future__ import annotations

from typing import Any

import pytest

from core.testing.client import Client
from tests.api.company import API, Company, faults, ids_of, made, refused

CUSTOMERS = f"{API}/customers/customers"


@pytest.fixture(scope="module")
def admin(company: Company) -> Client:
    return company.client("admin")


@pytest.fixture
def customer(company: Company, admin: Client) -> dict[str, Any]:
    return made(admin, "customers/customers", name=company.name())


def url_of(record: dict[str, Any], path: str = "customers/customers") -> str:
    return f"{API}/{path}/{record['id']}"


# ---------------------------------------------------------------- making


def test_a_new_record_is_201_and_says_where_it_is(company: Company, admin: Client) -> None:
    answer = admin.send("POST", CUSTOMERS, {"name": "  宁波　恒泰 （总部）有限公司 "})
    assert answer.status == 201
    record = answer.json
    assert answer.location == f"{CUSTOMERS}/{record['id']}"
    assert (answer.headers["etag"], record["version"]) == (f'"{record["version"]}"', 1)
    assert admin.get(answer.location).json == record
    assert record["owner"]["id"] == company.id_of("admin")
    assert record["name"] == "宁波 恒泰 （总部）有限公司"
    assert record["party"]["id"]
    assert set(record) >= {
        "code", "name", "type", "category", "level", "source", "industry", "region", "phone", "website", "address",
        "tags", "credit_limit", "payment_days", "owner", "department", "last_contact_at", "next_contact_at", "party",
    }  # fmt: skip


def test_every_kind_of_value_is_read_and_written_in_its_form(company: Company, admin: Client) -> None:
    type_id, tags = ids_of(admin, "customers/types")[0], ids_of(admin, "customers/tags")[:2]
    sent = {
        "name": company.name(),
        "credit_limit": "1234.50",
        "payment_days": 30,
        "type": type_id,
        "tags": tags,
        "next_contact_at": "2026-12-01T09:30:00+08:00",
        "website": "https://example.com/a",
        "remark": "一\n二",
        "code": None,
    }
    record = made(admin, "customers/customers", **sent)
    assert record["credit_limit"] == "1234.50"
    assert record["payment_days"] == 30
    assert record["type"]["id"] == type_id
    assert record["type"]["label"]
    assert {tag["id"] for tag in record["tags"]} == set(tags)
    assert record["next_contact_at"] == "2026-12-01T01:30:00Z"
    assert record["remark"] == "一\n二"
    assert record["code"] is None
    contact = made(admin, "customers/contacts", customer=record["id"], name="李", birthday="1990-02-28", primary=True)
    assert (contact["birthday"], contact["primary"]) == ("1990-02-28", True)


def test_what_was_read_may_be_sent_back(admin: Client, customer: dict[str, Any]) -> None:
    document = admin.get(f"{API}/openapi.json").json
    writable = document["components"]["schemas"]["customers.customer.change"]["properties"]
    sent = {key: value for key, value in customer.items() if key in writable}
    answer = admin.send("PATCH", url_of(customer), sent, if_match='"1"')
    assert answer.status == 200, answer.text
    assert answer.json == customer, "nothing was changed, so the version stays"


# ---------------------------------------------------------------- changing


def test_a_change_needs_the_version_it_is_based_on(admin: Client, customer: dict[str, Any]) -> None:
    url = url_of(customer)
    assert "If-Match" in refused(admin.send("PATCH", url, {"region": "宁波"}), 428)["detail"]
    for version in ("0", "2", '"2"', "999999999999999999"):
        refused(admin.send("PATCH", url, {"region": "宁波"}, if_match=version), 412)
    for version in ("x", "*", "-1", '"1", "2"', "1" * 50):
        assert faults(admin.send("PATCH", url, {"region": "宁波"}, if_match=version)) == ["If-Match"]
    for number, version in enumerate(("1", '"2"', 'W/"3"'), start=2):
        answer = admin.send("PATCH", url, {"region": f"宁波{number}"}, if_match=version)
        assert (answer.status, answer.json["version"], answer.headers["etag"]) == (200, number, f'"{number}"')
    assert admin.get(url).json["region"] == "宁波4"


def test_the_second_of_two_editors_is_told(admin: Client, company: Company, customer: dict[str, Any]) -> None:
    assert admin.send("PATCH", url_of(customer), {"region": "一"}, if_match="1").status == 200
    refused(company.client("lin.jing").send("PATCH", url_of(customer), {"region": "二"}, if_match="1"), 404)
    refused(admin.send("PATCH", url_of(customer), {"region": "二"}, if_match="1"), 412)
    assert admin.get(url_of(customer)).json["region"] == "一"


def test_only_what_is_sent_changes(admin: Client, company: Company) -> None:
    record = made(admin, "customers/customers", name=company.name(), region="宁波", credit_limit="5.00")
    answer = admin.send("PATCH", url_of(record), {"region": None}, if_match="1")
    changed = {key for key in record if record[key] != answer.json[key]}
    assert changed == {"region", "version", "updated_at"}


# ---------------------------------------------------------------- deleting and restoring


def test_a_deleted_record_is_in_the_bin_and_comes_back(admin: Client, customer: dict[str, Any]) -> None:
    url = url_of(customer)
    refused(admin.send("POST", f"{url}/restore"), 409)
    refused(admin.send("DELETE", url, if_match="7"), 412)
    answer = admin.send("DELETE", url, if_match="1")
    assert (answer.status, answer.content) == (204, b"")
    refused(admin.get(url), 404)
    refused(admin.send("DELETE", url), 404)
    refused(admin.send("PATCH", url, {"region": "x"}, if_match="2"), 404)
    assert customer["id"] not in ids_of(admin, "customers/customers")
    assert ids_of(admin, "customers/customers", q=customer["name"]) == []
    restored = admin.send("POST", f"{url}/restore")
    assert restored.status == 200
    assert {k for k in customer if customer[k] != restored.json[k]} <= {"version", "updated_at"}
    assert ids_of(admin, "customers/customers", q=customer["name"]) == [customer["id"]]


def test_a_restored_code_that_was_taken_meanwhile_is_refused(admin: Client, company: Company) -> None:
    code = company.name("C")
    first = made(admin, "customers/customers", name=company.name(), code=code)
    assert faults(admin.send("POST", CUSTOMERS, {"name": company.name(), "code": code})) == ["code"]
    assert admin.send("DELETE", url_of(first)).status == 204
    made(admin, "customers/customers", name=company.name(), code=code)
    assert faults(admin.send("POST", f"{url_of(first)}/restore")) == ["code"]
    refused(admin.get(url_of(first)), 404)


@pytest.mark.parametrize("path", ["types", "levels", "sources", "tags", "categories"])
def test_words_of_dictionaries_are_kept_while_they_are_used(admin: Client, company: Company, path: str) -> None:
    field = {"types": "type", "levels": "level", "sources": "source", "tags": "tags", "categories": "category"}[path]
    url = f"customers/{path}"
    word = made(admin, url, name=company.name("词"), colour="teal", position=9)
    assert (word["colour"], word["archived"]) == ("teal", False)
    value = [word["id"]] if field == "tags" else word["id"]
    user = made(admin, "customers/customers", name=company.name(), **{field: value})
    if field != "tags":
        assert word["name"] in refused(admin.send("DELETE", url_of(word, url)), 409)["detail"]
        assert admin.send("PATCH", url_of(user), {field: None}, if_match="1").status == 200
    assert admin.send("PATCH", url_of(word, url), {"archived": True}, if_match="1").json["archived"] is True
    assert admin.send("DELETE", url_of(word, url)).status == 204
    refused(company.client("zhao.lei").send("POST", f"{API}/{url}", {"name": company.name("词")}), 403)
    assert company.client("zhao.lei").get(f"{API}/{url}").status == 200


def test_names_of_words_are_there_once(admin: Client, company: Company) -> None:
    name = company.name("词")
    made(admin, "customers/types", name=name)
    assert faults(admin.send("POST", f"{API}/customers/types", {"name": name})) == ["name"]


def test_a_tree_of_categories_has_no_circle(admin: Client, company: Company) -> None:
    top = made(admin, "customers/categories", name=company.name("类"))
    below = made(admin, "customers/categories", name=company.name("类"), parent=top["id"])
    for parent in (top["id"], below["id"]):
        answer = admin.send("PATCH", url_of(top, "customers/categories"), {"parent": parent}, if_match="1")
        assert answer.status in (409, 422), answer.text
    inside = made(admin, "customers/customers", name=company.name(), category=below["id"])
    assert ids_of(admin, "customers/customers", category__under=str(top["id"])) == [inside["id"]]


# ---------------------------------------------------------------- contacts and follow-ups


def test_a_customer_has_one_primary_contact(admin: Client, customer: dict[str, Any]) -> None:
    first = made(admin, "customers/contacts", customer=customer["id"], name="张一", primary=True)
    second = made(admin, "customers/contacts", customer=customer["id"], name="张二", primary=True)
    assert ids_of(admin, "customers/contacts", customer=str(customer["id"]), primary="true") == [second["id"]]
    assert admin.get(url_of(first, "customers/contacts")).json["primary"] is False


def test_follow_ups_set_when_the_customer_was_contacted(
    company: Company, admin: Client, customer: dict[str, Any]
) -> None:
    sent = {"customer": customer["id"], "kind": "visit", "content": "谈价", "at": "2026-11-20T02:00:00Z"}
    follow_up = made(admin, "customers/follow-ups", **sent, next_contact_at="2026-11-30T02:00:00Z")
    assert follow_up["author"]["id"] == company.id_of("admin")
    read = admin.get(url_of(customer)).json
    assert (read["last_contact_at"], read["next_contact_at"]) == ("2026-11-20T02:00:00Z", "2026-11-30T02:00:00Z")
    assert faults(admin.send("POST", f"{API}/customers/follow-ups", {**sent, "author": 1})) == ["author"]
    assert faults(admin.send("POST", f"{API}/customers/follow-ups", {"kind": "dance"})) != []


# ---------------------------------------------------------------- the same request twice


def test_a_request_with_a_key_does_its_work_once(company: Company, admin: Client) -> None:
    body = {"name": company.name()}
    first = admin.send("POST", CUSTOMERS, body, idempotency_key="k-1")
    again = admin.send("POST", CUSTOMERS, body, idempotency_key="k-1")
    assert first.status == again.status == 201
    assert first.content == again.content
    assert (first.location, first.headers["etag"]) == (again.location, again.headers["etag"])
    assert ids_of(admin, "customers/customers", name=body["name"]) == [first.json["id"]]
    refused(admin.send("POST", CUSTOMERS, {"name": company.name()}, idempotency_key="k-1"), 422)
    refused(admin.send("POST", f"{API}/customers/types", body, idempotency_key="k-1"), 422)
    other = company.client("zhao.lei").send("POST", CUSTOMERS, body, idempotency_key="k-1")
    assert other.status == 201
    assert other.json["id"] != first.json["id"]


def test_a_key_covers_changes_and_deletions(company: Company, admin: Client, customer: dict[str, Any]) -> None:
    url = url_of(customer)
    changes = [admin.send("PATCH", url, {"region": "一"}, if_match="1", idempotency_key="k-2") for _ in range(2)]
    assert [c.status for c in changes] == [200, 200]
    assert changes[0].content == changes[1].content
    assert [admin.send("DELETE", url, idempotency_key="k-3").status for _ in range(2)] == [204, 204]


def test_a_refused_request_leaves_its_key_free(company: Company, admin: Client) -> None:
    refused(admin.send("POST", CUSTOMERS, {}, idempotency_key="k-4"), 422)
    assert admin.send("POST", CUSTOMERS, {"name": company.name()}, idempotency_key="k-4").status == 201


def test_odd_keys_are_refused(admin: Client) -> None:
    for key in ("x" * 201, "\xe9"):
        refused(admin.send("POST", CUSTOMERS, {"name": "x"}, idempotency_key=key), 400)


# ---------------------------------------------------------------- history


def test_every_change_stands_in_history(company: Company, admin: Client) -> None:
    last, name = company.last_change(), company.name()
    record = made(admin, "customers/customers", name=name)
    url = url_of(record)
    admin.send("PATCH", url, {"region": "宁波"}, if_match="1")
    admin.send("DELETE", url)
    admin.send("POST", f"{url}/restore")
    told = [entry for entry in company.history_since(last) if entry.resource == "customers.customer"]
    assert [entry.action for entry in told] == ["create", "edit", "delete", "restore"]
    assert {(entry.record, entry.actor_id, entry.origin) for entry in told} == {
        (record["id"], company.id_of("admin"), "api")
    }
    assert len({entry.operation for entry in told}) == 4
    assert told[0].after["name"] == name
    assert (told[1].before, told[1].after) == ({"region": None}, {"region": "宁波"})
    read = admin.get(f"{API}/system/history", {"resource": "customers.customer", "record": str(record["id"])})
    assert [item["action"] for item in read.json["items"]][::-1] == ["create", "edit", "delete", "restore"]
    assert admin.send("POST", f"{API}/system/history", {}).status == 405


# ---------------------------------------------------------------- whole functions


def test_whoever_lacks_a_function_gets_403_and_others_404(company: Company) -> None:
    reader = company.client("gao.shan")
    mine = ids_of(reader, "customers/customers")[0]
    for record in (mine, 999_999):
        refused(reader.send("PATCH", f"{CUSTOMERS}/{record}", {"region": "x"}, if_match="1"), 403)
        refused(reader.send("DELETE", f"{CUSTOMERS}/{record}"), 403)
        refused(reader.send("POST", f"{CUSTOMERS}/{record}/restore"), 403)
    refused(reader.send("POST", CUSTOMERS, {"name": "x"}), 403)
    refused(reader.get(f"{API}/system/roles"), 403)
    refused(reader.get(f"{API}/nothing/here"), 404)
    refused(reader.send("PUT", CUSTOMERS, {}), 405)


def test_a_read_only_token_changes_nothing(company: Company, customer: dict[str, Any]) -> None:
    reading = company.client("admin", read_only=True)
    before, last = company.contents(), company.last_change()
    for path in ("customers/customers", "customers/contacts", "customers/types", "system/users", "system/roles"):
        assert reading.get(f"{API}/{path}").status == 200
        refused(reading.send("POST", f"{API}/{path}", {"name": "x"}), 403)
        refused(reading.send("PATCH", f"{API}/{path}/1", {"name": "x"}, if_match="1"), 403)
        refused(reading.send("DELETE", f"{API}/{path}/1"), 403)
        refused(reading.send("POST", f"{API}/{path}/1/restore"), 403)
    refused(reading.send("POST", f"{API}/system/users/1/actions/end_sessions"), 403)
    assert reading.post("/undo", {"operation": "x"}).status in (403, 404, 409)
    assert reading.get(f"{API}/customers/customers/{customer['id']}").json == customer
    assert (company.contents(), company.last_change()) == (before, last)


def test_a_token_that_is_unknown_opens_nothing(company: Company) -> None:
    for token in ("", "x", "Bearer", "x" * 5000, "é"):
        stranger = Client(company.application, headers={"authorization": f"Bearer {token}"})
        answer = stranger.get(CUSTOMERS)
        refused(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_answers_are_kept_by_nobody(admin: Client, customer: dict[str, Any]) -> None:
    for url in (CUSTOMERS, url_of(customer), f"{CUSTOMERS}/999999"):
        assert "no-store" in admin.get(url).headers["cache-control"]
