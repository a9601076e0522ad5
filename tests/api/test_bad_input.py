"""Whatever is sent, the answer names the field and the remedy, and nothing is half-written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.resources.resolved import ResolvedResource
from core.testing.client import Answer, Client
from tests.api.company import API, Company, faults, ids_of, made, refused

CUSTOMERS = f"{API}/customers/customers"


@pytest.fixture(scope="module")
def admin(company: Company) -> Client:
    return company.client("admin")


def raw(client: Client, method: str, url: str, body: bytes, **headers: str) -> Answer:
    return client.request(method, url, body=body, headers={"content-type": "application/json", **headers})


WRONG: list[Any] = [
    {}, [], {"id": {}}, {"id": [1]}, [[1]], [{"id": 1}], {"a": {"b": [1]}}, True, 1.5, 1e308, -1e308, 10**40, -(10**40),
    2**63, 2**31, -1, "a\0b", "\ud800", "a\udfffb", "\ufffe", "x" * 20_001, "x" * 300, "1e999", "NaN", "Infinity",
    "0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z", "1000-01-01T00:00:00+14:00", "-1-01-01", "javascript:alert(1)",
    "' OR 1=1 --", "😀" * 250, "a@b", "１２３４５６７８９０１２３４５６７８９０", [None], [""], ["x"] * 300, {"": ""},
    "https://example.com/" + "a" * 300, "a" * 300 + "@example.com", "1" * 59, "9" * 28,
]  # fmt: skip

KINDS = {
    "customers/customers": ("name", "code", "phone", "website", "credit_limit", "payment_days", "next_contact_at", "type",
                            "tags", "owner", "remark", "department"),
    "customers/contacts": ("customer", "name", "email", "birthday", "primary", "phone", "wechat"),
    "customers/follow-ups": ("customer", "kind", "at", "content", "contact"),
    "customers/types": ("name", "colour", "position", "archived"),
    "customers/categories": ("parent", "position"),
    "system/users": ("login", "email", "locale", "timezone", "manager", "memberships", "roles", "groups", "active"),
    "system/departments": ("name", "tree", "parent", "memberships"),
    "system/roles": ("name", "grants"),
}  # fmt: skip


@pytest.fixture(scope="module")
def complete(company: Company, admin: Client) -> dict[str, dict[str, Any]]:
    """For each resource what makes a record."""
    customer = made(admin, "customers/customers", name=company.name())["id"]
    return {
        "customers/customers": {},
        "customers/contacts": {"customer": customer},
        "customers/follow-ups": {"customer": customer, "content": "谈", "kind": "call"},
        "system/departments": {"tree": "line"},
    }


@pytest.mark.parametrize(("path", "field"), [(path, field) for path, fields in KINDS.items() for field in fields])
def test_a_wrong_value_is_refused_by_its_field_or_kept_whole(
    company: Company, admin: Client, complete: dict[str, dict[str, Any]], path: str, field: str
) -> None:
    before, kept = company.contents(), 0
    for wrong in WRONG:
        login = {"login": company.name("p")} if path == "system/users" else {}
        body = {"name": company.name(), **login, **complete.get(path, {}), field: wrong}
        if path == "customers/follow-ups":
            del body["name"]
        last = company.last_change()
        answer = admin.send("POST", f"{API}/{path}", body)
        if answer.status == 201:
            kept += 1
            assert admin.get(answer.location).json == answer.json
            assert admin.get(answer.location.removeprefix(API), accept="text/html").status == 200, repr(wrong)
            continue
        assert answer.status == 422, f"{field}={wrong!r}: {answer.status} {answer.text[:300]}"
        named = faults(answer)
        assert any(name == field or name.startswith(f"{field}.") for name in named), f"{wrong!r}: {named}"
        assert company.last_change() == last
    table = next(r.table.name for r in company.resources.values() if r.address == path)
    assert company.contents()[table] == before[table] + kept
    assert admin.get(f"/{path}?sort=-id", accept="text/html").status == 200


def test_every_fault_of_a_body_is_named_at_once(company: Company, admin: Client) -> None:
    body = {"nothing": 1, "id": 7, "version": 2, "created_at": "x", "deleted_at": None, "owner_id": 1, "name_key": "x",
            "party": 1, "phone": "x", "type": 99_999, "credit_limit": "viel", "tags": [1, 99_999]}  # fmt: skip
    assert sorted(faults(admin.send("POST", CUSTOMERS, body))) == sorted([*body, "name"])


@pytest.mark.parametrize("required", [None, "", "   ", "\u200b"])
def test_a_required_field_stays_filled(company: Company, admin: Client, required: Any) -> None:
    assert faults(admin.send("POST", CUSTOMERS, {"name": required})) == ["name"]
    record = made(admin, "customers/customers", name=company.name())
    url = f"{CUSTOMERS}/{record['id']}"
    assert faults(admin.send("PATCH", url, {"name": required}, if_match="1")) == ["name"]
    assert admin.get(url).json == record


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"null", b"[]", b"1", b'"x"', b"true", b"\xff\xfe", b"{\"name\": \"\xd0\"}", b'{"name": NaN}', b'{"name": Infinity}',
        b"[" * 100_000, b'{"name":' * 5000, b'{"a":' * 40 + b"1" + b"}" * 40, b"[" * 40 + b"]" * 40, b"name=x",
        b'{"name": 1' + b"0" * 5000 + b"}", b"{'name': 'x'}", b"\0",
    ],
    ids=lambda body: repr(body[:24]),
)  # fmt: skip
def test_what_is_no_json_object_is_refused(company: Company, admin: Client, body: bytes) -> None:
    before = company.contents()
    url = f"{CUSTOMERS}/{ids_of(admin, 'customers/customers')[0]}"
    for method, where in (("POST", CUSTOMERS), ("PATCH", url)):
        problem = refused(raw(admin, method, where, body, if_match="1"), 400)
        assert problem["remedy"]
    assert company.contents() == before


def test_a_megabyte_in_a_name_is_refused(company: Company, admin: Client) -> None:
    before = company.contents()
    refused(admin.send("POST", CUSTOMERS, {"name": "x" * 2**20}), 413)
    assert faults(admin.send("POST", CUSTOMERS, {"name": "x" * (2**20 - 1000)})) == ["name"]
    assert faults(admin.send("POST", CUSTOMERS, {"name": "y", "remark": "云" * 100_000})) == ["remark"]
    chunks = [b'{"name": "' + b"x" * 2**19, b"x" * 2**19, b"x" * 2**19, b'"}']
    refused(admin.request("POST", CUSTOMERS, body=chunks, headers={"content-type": "application/json"}), 413)
    assert company.contents() == before


def test_many_unknown_fields_are_all_told_and_soon(admin: Client) -> None:
    assert len(faults(admin.send("POST", CUSTOMERS, {f"f{n}": n for n in range(5000)}))) == 5001


@pytest.mark.parametrize(
    "number",
    ["0", "-1", "01x", "9223372036854775807", "9223372036854775808", "1e3", "１", "1.0", "%00", "%ff", "9" * 4000],
)
def test_odd_numbers_of_records_are_not_found(admin: Client, number: str) -> None:
    for tail in ("", "/restore", "/actions/x"):
        answer = admin.send("POST" if tail else "GET", f"{CUSTOMERS}/{number}{tail}")
        assert answer.status in (400, 404, 405), answer.text


def test_a_date_at_the_end_of_time_spoils_no_page(company: Company, admin: Client) -> None:
    for field, value in (("next_contact_at", "9999-12-31T23:59:59Z"), ("next_contact_at", "1000-01-01T00:00:00Z")):
        answer = admin.send("POST", CUSTOMERS, {"name": company.name(), field: value})
        if answer.status == 201:
            for url in ("/customers/customers", answer.location.removeprefix(API)):
                assert admin.get(url, accept="text/html").status == 200, f"{value}: {url}"
        else:
            assert faults(answer) == [field]


def test_a_double_submit_makes_one_record(company: Company, admin: Client) -> None:
    name = company.name()
    form = {"name": name, "_token": "form-token-1"}
    answers = [admin.post("/customers/customers/new", form, accept="text/html") for _ in range(2)]
    assert [answer.status for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert len(ids_of(admin, "customers/customers", name=name)) == 1


def test_actions_refuse_what_they_do_not_ask_for(company: Company, admin: Client) -> None:
    person = made(admin, "system/users", login=company.name("p"), name="P")
    url = f"{API}/system/users/{person['id']}/actions"
    before, last = company.contents(), company.last_change()
    for wrong in (7, None, "", [], {}, True, "x\0y", "\ud800" * 12, "x" * 5000):
        assert "password" in faults(admin.send("POST", f"{url}/set_password", {"password": wrong})), repr(wrong)
    assert "nothing" in faults(admin.send("POST", f"{url}/deactivate", {"nothing": 1}))
    refused(admin.send("POST", f"{url}/nothing", {}), 404)
    refused(raw(admin, "POST", f"{url}/set_password", b"[1]"), 400)
    assert (company.contents(), company.last_change()) == (before, last)


# ---------------------------------------------------------------- anything at all

texts = st.text(st.characters(), max_size=40)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=8
)


def bodies(resource: ResolvedResource) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of the resource's fields, and perhaps another."""
    names = st.sampled_from(sorted(resource.fields)) | texts
    likely = scalars | st.sampled_from([1, 2, "1", "me", "2026-11-23", "12.50", "true", [1], [{"id": 1}], {"id": 1}])
    return st.dictionaries(names, likely | anything, max_size=5)


RESOURCES = [
    "customers.customer", "customers.contact", "customers.follow_up", "customers.type", "customers.category", "customers.tag",
    "system.user", "system.department", "system.group", "system.role", "system.membership",
]  # fmt: skip


@pytest.mark.parametrize("key", RESOURCES)
def test_nothing_that_is_sent_is_our_fault(company: Company, admin: Client, key: str) -> None:
    resource = company.resources[key]
    url = f"{API}/{resource.address}"
    first = admin.get(url, {"sort": "id", "limit": "1"}).json["items"][0]["id"]

    @settings(max_examples=25, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(body=bodies(resource), change=st.booleans())
    def attempt(body: dict[str, Any], change: bool) -> None:
        if key == "system.user":
            body.pop("active", None)
        before, last = company.contents(), company.last_change()
        if change:
            version = admin.get(f"{url}/{first}").headers["etag"]
            answer = admin.send("PATCH", f"{url}/{first}", body, if_match=version)
        else:
            answer = admin.send("POST", url, body)
        if answer.status in (200, 201):
            assert admin.get(f"{url}/{answer.json['id']}").json == answer.json
            return
        assert answer.status in (409, 422), f"{json.dumps(body)}: {answer.status} {answer.text[:300]}"
        if answer.status == 422:
            assert all(fault["message"] for fault in answer.json["errors"])
        assert (company.contents(), company.last_change()) == (before, last)

    attempt()


def test_a_member_cannot_raise_himself(company: Company) -> None:
    member = company.client("zhao.lei")
    me = company.id_of("zhao.lei")
    before, last = company.contents(), company.last_change()
    for body in ({"roles": ["administrator"]}, {"memberships": []}, {"active": True}, {"name": "x"}):
        assert member.send("PATCH", f"{API}/system/users/{me}", body, if_match="1").status in (403, 404, 422)
    for path in ("roles", "departments", "groups", "memberships", "users"):
        assert member.send("POST", f"{API}/system/{path}", {"name": "x"}).status == 403
    mine = ids_of(member, "customers/customers")[0]
    for body in ({"owner": 1}, {"department": 1}):
        answer = member.send("PATCH", f"{CUSTOMERS}/{mine}", body, if_match="1")
        assert answer.status in (403, 409, 422, 404), answer.text
    assert (company.contents(), company.last_change()) == (before, last)
