"""Lists through the API: parameters, filters of every kind, and pages that show each record exactly once."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from core.testing.client import Client
from tests.api.company import API, Company, ids_of, made, pages, refused

CUSTOMERS = f"{API}/customers/customers"


@pytest.fixture(scope="module")
def admin(company: Company) -> Client:
    return company.client("admin")


@pytest.fixture(scope="module")
def everything(admin: Client) -> list[dict[str, Any]]:
    return [item for items in pages(admin, "customers/customers", limit="200") for item in items]


def found(admin: Client, path: str = "customers/customers", **query: str) -> set[int]:
    ids = ids_of(admin, path, **query)
    assert len(ids) == len(set(ids))
    assert admin.get(f"{API}/{path}", {"limit": "1", "count": "true", **query}).json["count"] == len(ids)
    return set(ids)


# ---------------------------------------------------------------- parameters


def test_a_list_has_items_and_the_way_to_the_next_page(admin: Client) -> None:
    answer = admin.get(CUSTOMERS, {"limit": "3"})
    assert set(answer.json) == {"items", "next"}
    assert len(answer.json["items"]) == 3
    assert isinstance(answer.json["next"], str)
    assert len(admin.get(CUSTOMERS).json["items"]) == 50


def test_the_last_page_leads_nowhere(admin: Client) -> None:
    assert admin.get(f"{API}/customers/types").json["next"] is None


def test_a_record_in_a_list_reads_like_the_record(admin: Client) -> None:
    item = admin.get(CUSTOMERS, {"limit": "1"}).json["items"][0]
    assert admin.get(f"{CUSTOMERS}/{item['id']}").json == item
    for key in ("id", "version", "created_at", "updated_at", "owner", "department", "party"):
        assert key in item
    assert set(item["owner"]) == {"id", "label"}
    assert item["created_at"].endswith("Z")


def test_the_count_is_there_when_asked_for(admin: Client, everything: list[dict[str, Any]]) -> None:
    assert admin.get(CUSTOMERS, {"count": "true", "limit": "1"}).json["count"] == len(everything)
    assert "count" not in admin.get(CUSTOMERS, {"count": "false"}).json


def test_fields_are_those_asked_for_and_the_id(admin: Client) -> None:
    item = admin.get(CUSTOMERS, {"limit": "1", "fields": "name,owner,owner.name,type.name"}).json["items"][0]
    assert set(item) == {"id", "name", "owner", "owner.name", "type.name"}
    assert item["owner"]["label"] == item["owner.name"]


@pytest.mark.parametrize(
    "query",
    [
        {"nothing": "1"},
        {"nothing": ""},
        {"nothing__contains": "x"},
        {"name__nothing": "x"},
        {"name__": "x"},
        {"__name": "x"},
        {"_name": "x"},
        {"name__lt": "x"},
        {"credit_limit__contains": "1"},
        {"customer.name": "x"},
        {"owner.nothing": "x"},
        {"owner.name.name": "x"},
        {"owner.": "x"},
        {".": "x"},
        {"name_key": "x"},
        {"deleted_at": "x"},
        {"deleted_at__empty": "false"},
        {"owner_id": "1"},
        {"owner.password_hash": "x"},
        {"sort": "nothing"},
        {"sort": "--name"},
        {"sort": "name,"},
        {"sort": "name;drop"},
        {"sort": "name desc"},
        {"sort": "remark"},
        {"sort": "tags"},
        {"sort": "name,code,phone,region,industry"},
        {"sort": "name_key"},
        {"fields": "nothing"},
        {"fields": "name,nothing"},
        {"fields": "name_key"},
        {"columns": "name"},
        {"view": "board"},
        {"group": "type"},
        {"totals": "true"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "-1"},
        {"limit": "1.5"},
        {"limit": "x"},
        {"limit": "９"},
        {"limit": "9" * 500},
        {"count": "perhaps"},
        {"cursor": "x"},
        {"credit_limit": "viel"},
        {"credit_limit__gt": "1e999"},
        {"payment_days": "1.5"},
        {"payment_days__in": "1,x"},
        {"created_at__gt": "yesterdayish"},
        {"created_at__gt": "0000-01-01"},
        {"created_at__gt": "99999-01-01"},
        {"name__empty": "perhaps"},
        {"owner": "zhao.lei"},
        {"owner__in": "1,;"},
        {"tags": "x"},
        {"name__contains": "a\0b"},
        {"name": "\ud800"},
        {"q": "a\0b"},
        {"id__in": ",".join(["1"] * 501)},
        {"type__under": "1"},
    ],
    ids=lambda query: "&".join(f"{name}={value[:20]!r}" for name, value in query.items()),
)
def test_what_is_not_understood_is_refused(admin: Client, query: dict[str, str]) -> None:
    pairs = "&".join(f"{name}={quoted(value)}" for name, value in query.items())
    refused(admin.get(f"{CUSTOMERS}?{pairs}"), 400)


def quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def test_an_unknown_field_and_an_unreadable_one_get_the_same_answer(company: Company) -> None:
    member = company.client("zhao.lei")
    for use in ("{}=1", "{}__in=1", "sort={}", "sort=-{}", "fields={}", "{}__empty=true"):
        hidden, unknown = (
            refused(member.get(f"{API}/system/users?{use.format(name)}"), 400) for name in ("roles", "zzzzz")
        )
        assert json.dumps(hidden).replace("roles", "zzzzz") == json.dumps(unknown)
        assert "roles" not in hidden.get("remedy", "")


# ---------------------------------------------------------------- searching


def test_a_search_finds_pieces_pinyin_and_initials(company: Company, admin: Client) -> None:
    wanted = made(admin, "customers/customers", name="哈尔滨云杉翡翠物流有限公司", phone="0451-88990011")["id"]
    for words in ("云杉", "翡翠", "杉翡", "ysfc", "yunshan", "88990011", "云杉 物流"):
        assert wanted in found(admin, q=words), words
    assert found(admin, q="云杉翡翠机械") == set()
    assert found(admin, "customers/contacts", q="云杉翡翠") == set()
    contact = made(admin, "customers/contacts", customer=wanted, name="欧阳")["id"]
    assert contact in found(admin, "customers/contacts", q="云杉翡翠")


def test_a_search_narrows_together_with_filters(admin: Client, everything: list[dict[str, Any]]) -> None:
    word = everything[0]["region"]
    found_here = found(admin, q=word)
    assert found(admin, q=word, id__gt="30") == {i for i in found_here if i > 30}


@pytest.mark.parametrize(
    "words", ["%", "_", "''", '"', "*", "a OR b", "NEAR(", "\\", "(", "云%", "-", " ", "\u200b", "😀", "x" * 3000]
)
def test_odd_words_are_only_words(admin: Client, words: str) -> None:
    answer = admin.get(CUSTOMERS, {"q": words, "count": "true"})
    assert answer.status == 200, answer.text


# ---------------------------------------------------------------- filters


def text_of(value: Any) -> str:
    return str(value["id"]) if isinstance(value, dict) else str(value)


@pytest.mark.parametrize("field", ["name", "code", "industry", "region", "phone", "website", "remark"])
def test_text_is_filtered(admin: Client, everything: list[dict[str, Any]], field: str) -> None:
    made(
        admin,
        "customers/customers",
        name="100%_真_名\\",
        **({field: "100%_真\\"} if field not in ("name", "phone", "website") else {}),
    )
    rows = [item for items in pages(admin, "customers/customers", limit="200") for item in items]
    some = next((row[field] for row in rows if row[field]), "x")
    piece, start = some[1:3], some[:2]

    def matching(test: Any) -> set[int]:
        return {row["id"] for row in rows if test(row[field])}

    assert found(admin, **{field: some}) == matching(lambda v: v == some)
    assert found(admin, **{f"{field}__ne": some}) == matching(lambda v: v != some)
    assert found(admin, **{f"{field}__in": f"{some},nothing"}) == matching(lambda v: v == some)
    assert found(admin, **{f"{field}__contains": piece}) == matching(lambda v: v and piece.lower() in v.lower())
    assert found(admin, **{f"{field}__startswith": start}) == matching(
        lambda v: v and v.lower().startswith(start.lower())
    )
    assert found(admin, **{f"{field}__empty": "true"}) == matching(lambda v: not v)
    assert found(admin, **{f"{field}__empty": "false"}) == matching(lambda v: v)
    assert found(admin, **{f"{field}__contains": "%_"}) == matching(lambda v: v and "%_" in v)
    assert found(admin, **{f"{field}__contains": "\\"}) == matching(lambda v: v and "\\" in v)


@pytest.mark.parametrize(
    "field", ["credit_limit", "payment_days", "id", "version", "created_at", "last_contact_at", "next_contact_at"]
)
def test_what_has_an_order_is_filtered(admin: Client, field: str) -> None:
    rows = [item for items in pages(admin, "customers/customers", limit="200") for item in items]
    known = sorted((row[field] for row in rows if row[field] is not None), key=sortable)
    some = known[len(known) // 2]

    def matching(test: Any) -> set[int]:
        return {row["id"] for row in rows if row[field] is not None and test(sortable(row[field]), sortable(some))}

    none = {row["id"] for row in rows if row[field] is None}
    assert found(admin, **{field: text_of(some)}) == matching(lambda a, b: a == b)
    assert found(admin, **{f"{field}__ne": text_of(some)}) == matching(lambda a, b: a != b) | none
    assert found(admin, **{f"{field}__lt": text_of(some)}) == matching(lambda a, b: a < b)
    assert found(admin, **{f"{field}__lte": text_of(some)}) == matching(lambda a, b: a <= b)
    assert found(admin, **{f"{field}__gt": text_of(some)}) == matching(lambda a, b: a > b)
    assert found(admin, **{f"{field}__gte": text_of(some)}) == matching(lambda a, b: a >= b)
    assert found(admin, **{f"{field}__in": f"{text_of(some)}"}) == matching(lambda a, b: a == b)
    assert found(admin, **{f"{field}__empty": "true"}) == none
    both = {f"{field}__gte": text_of(some), f"{field}__lte": text_of(some)}
    assert found(admin, **both) == matching(lambda a, b: a == b)


def sortable(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value).ljust(27, "0") if value else value


@pytest.mark.parametrize("field", ["type", "level", "source", "category", "owner", "department"])
def test_a_relation_is_filtered_and_followed(admin: Client, field: str) -> None:
    rows = [item for items in pages(admin, "customers/customers", limit="200") for item in items]
    some = next(row[field] for row in rows if row[field])

    def matching(test: Any) -> set[int]:
        return {row["id"] for row in rows if test(row[field] or {"id": None, "label": None})}

    assert found(admin, **{field: str(some["id"])}) == matching(lambda v: v["id"] == some["id"])
    assert found(admin, **{f"{field}__ne": str(some["id"])}) == matching(lambda v: v["id"] != some["id"])
    assert found(admin, **{f"{field}__in": f"{some['id']},99999"}) == matching(lambda v: v["id"] == some["id"])
    assert found(admin, **{f"{field}__empty": "true"}) == matching(lambda v: v["id"] is None)
    assert found(admin, **{f"{field}.name": some["label"]}) == matching(lambda v: v["label"] == some["label"])
    piece = some["label"][1:3]
    assert found(admin, **{f"{field}.name__contains": piece}) == matching(lambda v: v["label"] and piece in v["label"])


def test_relations_are_followed_over_two_steps(admin: Client) -> None:
    rows = [
        item
        for items in pages(admin, "customers/follow-ups", limit="200", fields="customer.owner.login")
        for item in items
    ]
    some = rows[0]["customer.owner.login"]
    wanted = {row["id"] for row in rows if row["customer.owner.login"] == some}
    assert found(admin, "customers/follow-ups", **{"customer.owner.login": some}) == wanted


def test_many_records_of_a_field_are_filtered(admin: Client) -> None:
    rows = [item for items in pages(admin, "customers/customers", limit="200") for item in items]
    one = next(row["tags"][0]["id"] for row in rows if row["tags"])
    tagged = {row["id"] for row in rows if one in {tag["id"] for tag in row["tags"]}}
    assert found(admin, tags=str(one)) == tagged
    assert found(admin, tags__ne=str(one)) == {row["id"] for row in rows} - tagged
    assert found(admin, tags__empty="true") == {row["id"] for row in rows if not row["tags"]}
    assert found(admin, tags__in=f"{one},9999") == tagged


def test_choices_and_yes_or_no_are_filtered(admin: Client) -> None:
    rows = [item for items in pages(admin, "customers/follow-ups", limit="200") for item in items]
    assert found(admin, "customers/follow-ups", kind="call") == {r["id"] for r in rows if r["kind"] == "call"}
    some = {r["id"] for r in rows if r["kind"] in ("call", "visit")}
    assert found(admin, "customers/follow-ups", kind__in="call,visit") == some
    contacts = [item for items in pages(admin, "customers/contacts", limit="200") for item in items]
    assert found(admin, "customers/contacts", primary="true") == {c["id"] for c in contacts if c["primary"]}
    assert found(admin, "customers/contacts", primary__ne="true") == {c["id"] for c in contacts if not c["primary"]}


@pytest.mark.parametrize(
    "word",
    ["today", "yesterday", "tomorrow", "this_week", "last_month", "this_year", "last_7_days", "next_30_days", "-30d"],
)
def test_relative_dates_divide_all_records(admin: Client, word: str) -> None:
    for field in ("last_contact_at", "next_contact_at"):
        every, none = found(admin), found(admin, **{f"{field}__empty": "true"})
        within, before, after = (found(admin, **{f"{field}{end}": word}) for end in ("", "__lt", "__gt"))
        assert within | before | after == every - none
        assert not within & before
        assert not within & after
        assert found(admin, **{f"{field}__ne": word}) == every - within
        assert found(admin, **{f"{field}__lte": word}) == within | before
        assert found(admin, **{f"{field}__gte": word}) == within | after


def test_me_is_whoever_asks(company: Company) -> None:
    member = company.client("zhao.lei")
    mine = company.id_of("zhao.lei")
    assert found(member, owner="me") == found(company.client("admin"), owner=str(mine)) != set()


def test_in_nothing_finds_nothing_and_spoils_nothing(admin: Client) -> None:
    whole = found(admin)
    for field in ("id", "region", "type", "tags"):
        assert found(admin, **{f"{field}__in": ","}) == set()
    assert found(admin, id__in=",".join(map(str, whole))) == whole


def test_filters_narrow_together(admin: Client, everything: list[dict[str, Any]]) -> None:
    some = next(row for row in everything if row["type"] and row["level"])
    query = {"type": str(some["type"]["id"]), "level": str(some["level"]["id"]), "payment_days__gte": "0"}
    separate = [found(admin, **{name: value}) for name, value in query.items()]
    assert found(admin, **query) == set.intersection(*separate)


# ---------------------------------------------------------------- pages

SORTS = {
    "customers/customers": (
        "name", "-name", "code", "-code", "type", "-type", "credit_limit", "-credit_limit", "payment_days", "-payment_days",
        "last_contact_at", "-last_contact_at", "next_contact_at", "-next_contact_at", "created_at", "-created_at",
        "updated_at", "id", "-id", "owner", "-owner", "website", "-website", "region,-credit_limit", "-type,next_contact_at",
        "level,-type,website,-next_contact_at", "owner.name,-region", "type.position", "-category.name",
    ),
    "customers/contacts": ("name", "-name", "customer", "-customer.name", "birthday", "-birthday", "primary", "-primary,email"),
    "customers/follow-ups": ("at", "-at", "kind", "-kind", "contact", "-contact", "customer.owner,-at", "-next_contact_at"),
    "system/users": ("login", "-login", "manager", "-manager", "email", "active,-name"),
    "system/history": ("at", "-at", "-resource,record", "actor", "-actor"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "sort"), [(path, sort) for path, sorts in SORTS.items() for sort in sorts])
def test_pages_show_every_record_once_in_the_order_asked_for(admin: Client, path: str, sort: str) -> None:
    limit = "60" if path == "system/history" else "17"
    walked = list(pages(admin, path, sort=sort, limit=limit, fields="id"))
    ids = [item["id"] for items in walked for item in items]
    whole = ids_of(admin, path)
    assert sorted(ids) == sorted(whole)
    assert all(len(items) == int(limit) for items in walked[:-1])
    assert ids == ids_of(admin, path, sort=sort), "pages of another length have another order"


def test_the_order_is_that_of_the_values_with_nothing_first(admin: Client) -> None:
    def values(sort: str, field: str) -> list[Any]:
        return [item[field] for items in pages(admin, "customers/customers", sort=sort, fields=field) for item in items]

    for field in ("credit_limit", "payment_days", "next_contact_at", "code"):
        rising = values(field, field)
        told = [value for value in rising if value is not None]
        assert told == sorted(told, key=sortable)
        assert rising[: len(rising) - len(told)] == [None] * (len(rising) - len(told))
        assert values(f"-{field}", field) == rising[::-1]


def test_a_page_goes_on_where_it_was_though_records_come_and_go(company: Company, admin: Client) -> None:
    first = admin.get(CUSTOMERS, {"sort": "name", "limit": "20", "fields": "name"}).json
    gone = first["items"][3]
    version = admin.get(f"{CUSTOMERS}/{gone['id']}").headers["etag"]
    assert admin.send("DELETE", f"{CUSTOMERS}/{gone['id']}", if_match=version).status == 204
    made(admin, "customers/customers", name="!" + company.name())
    second = admin.get(CUSTOMERS, {"sort": "name", "limit": "20", "fields": "name", "cursor": first["next"]}).json
    seen = {item["id"] for item in first["items"]}
    assert not seen & {item["id"] for item in second["items"]}
    assert admin.send("POST", f"{CUSTOMERS}/{gone['id']}/restore").status == 200


def test_a_cursor_works_with_filters_and_a_search(admin: Client) -> None:
    whole = ids_of(admin, "customers/customers", q="有限", payment_days__gte="15", sort="-credit_limit")
    assert len(whole) > 10
    walked = [
        item["id"]
        for items in pages(
            admin, "customers/customers", q="有限", payment_days__gte="15", sort="-credit_limit", limit="4"
        )
        for item in items
    ]
    assert walked == whole


# ---------------------------------------------------------------- broken cursors


def cursor(*told: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


HUGE = 10**40

MISFITS: list[Any] = [
    "x", "", True, 1.5, HUGE, -HUGE, 2**63, 2**40, "1e9", [], {}, "9999-12-31", "2026-01-01T00:00:00", "NaN", "\0", 1e308,
    "0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00",
]  # fmt: skip

HOSTILE = [
    "=", "====", "é", "null", "0", "[]", "a" * 5000, "W10", cursor(), cursor(1), cursor(None, None, None),
    cursor(False, ["name"], ["x"]), cursor(False, ["name"], []), cursor(False, ["name"], ["x", "1"]),
    cursor(False, ["name"], ["x", True]), cursor(False, ["name"], ["x", 1.5]), cursor(False, ["name"], ["x", HUGE]),
    cursor(False, ["name"], ["x", None]), cursor(False, ["name"], [5, 1]), cursor(False, ["name"], [True, 1]),
    cursor(False, ["name"], [["x"], 1]), cursor(False, ["name"], [{"a": 1}, 1]), cursor(False, ["name"], ["a\0b", 1]),
    cursor(False, ["name"], ["\ud800", 1]), cursor(False, ["-name"], ["x", 1]), cursor(False, ["code"], ["x", 1]),
    cursor(False, ["name_key"], ["x", 1]), cursor(False, "name", ["x", 1]), cursor(False, {"name": 1}, ["x", 1]),
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_broken_cursor_is_refused(admin: Client, text: str) -> None:
    problem = refused(admin.get(CUSTOMERS, {"sort": "name", "cursor": text}), 400)
    assert problem["remedy"]


@pytest.mark.parametrize(
    "field", ["credit_limit", "payment_days", "created_at", "type", "id", "version", "next_contact_at", "code"]
)
def test_a_cursor_of_another_kind_is_never_our_fault(admin: Client, field: str) -> None:
    for value in MISFITS:
        for sort in (field, f"-{field}"):
            told = cursor(False, [sort], [value, 1])
            answer = admin.get(CUSTOMERS, {"sort": sort, "cursor": told, "limit": "1", "fields": "id"})
            assert answer.status in (200, 400), f"{sort} {value!r}: {answer.text}"


def test_a_birthday_in_a_cursor_is_a_day(admin: Client) -> None:
    for value in ("x", 5, "2026-02-30", "2026-01-01T00:00:00Z", True, None):
        answer = admin.get(
            f"{API}/customers/contacts", {"sort": "birthday", "cursor": cursor(False, ["birthday"], [value, 1])}
        )
        assert answer.status in (200, 400), f"{value!r}: {answer.text}"


def test_a_cursor_with_flipped_bits_is_refused_or_harmless(admin: Client) -> None:
    good = admin.get(CUSTOMERS, {"limit": "5", "sort": "-created_at"}).json["next"]
    raw = bytearray(good.encode())
    for position in range(len(raw)):
        for bit in (0, 5):
            flipped = bytearray(raw)
            flipped[position] ^= 1 << bit
            answer = admin.get(f"{CUSTOMERS}?sort=-created_at&limit=1&cursor={quoted(flipped.decode('latin-1'))}")
            assert answer.status in (200, 400), answer.text


def test_the_cursor_of_another_list_is_refused(admin: Client) -> None:
    other = admin.get(f"{API}/customers/follow-ups", {"limit": "1"}).json["next"]
    refused(admin.get(CUSTOMERS, {"cursor": other}), 400)
    by_name = admin.get(CUSTOMERS, {"limit": "1", "sort": "name"}).json["next"]
    refused(admin.get(CUSTOMERS, {"cursor": by_name, "sort": "-name"}), 400)


def test_a_cursor_shows_nothing_out_of_scope(company: Company, admin: Client) -> None:
    member = company.client("xin.ren")
    cursor_of_admin = admin.get(CUSTOMERS, {"limit": "1"}).json["next"]
    assert member.get(CUSTOMERS, {"cursor": cursor_of_admin}).json == {"items": [], "next": None}
