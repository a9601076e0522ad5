"""Opening one record by hand: who may, what the other one then may, and how it ends."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.kernel.types import now
from tests.api.company import API, Company, faults, made, refused

CUSTOMERS = f"{API}/customers/customers"


def soon(**later: int) -> str:
    return (now() + dt.timedelta(**later)).isoformat().replace("+00:00", "Z")


def test_a_record_is_shared_and_taken_back(company: Company) -> None:
    owner, other = company.client("zhao.lei"), company.client("li.qiang")
    record = made(owner, "customers/customers", name=company.name())
    url, them = f"{CUSTOMERS}/{record['id']}", company.id_of("li.qiang")
    assert other.get(url).status == 404
    share = made(owner, f"customers/customers/{record['id']}/shares", user=them, expires_at=soon(days=1))
    assert (share["user"]["id"], share["write"], share["department"]) == (them, False, None)
    assert other.get(url).status == 200
    assert other.send("PATCH", url, {"phone": "13800138000"}, if_match=str(record["version"])).status in (403, 404)

    again = made(owner, f"customers/customers/{record['id']}/shares", user=them, write=True)
    assert (again["id"], again["expires_at"]) == (share["id"], None), "one share for one person"
    assert other.send("PATCH", url, {"phone": "13800138000"}, if_match=str(record["version"])).status == 200
    assert [each["id"] for each in owner.get(f"{url}/shares").json["items"]] == [share["id"]]
    page = company.client("admin").get(f"/customers/customers/{record['id']}/explain?user={them}", accept="text/html")
    assert page.status in (200, 303)

    assert owner.send("DELETE", f"{url}/shares/{share['id']}").status == 204
    assert other.get(url).status == 404
    assert owner.send("DELETE", f"{url}/shares/{share['id']}").status == 404
    told = owner.get(f"/customers/customers/{record['id']}", accept="text/html", accept_language="en").text
    assert "to read and edit" in told
    assert "no longer shares it with" in told


def test_nobody_shares_what_he_may_not_edit_or_has_by_a_share_alone(company: Company) -> None:
    owner, other = company.client("zhao.lei"), company.client("li.qiang")
    record = made(owner, "customers/customers", name=company.name())
    url, third = f"{CUSTOMERS}/{record['id']}/shares", company.id_of("xin.ren")
    assert other.send("POST", url, {"user": third}).status == 404
    assert other.get(url).status == 404
    made(owner, f"customers/customers/{record['id']}/shares", user=company.id_of("li.qiang"), write=True)
    refused(other.send("POST", url, {"user": third}), 409)
    reader = company.client("gao.shan")
    assert reader.send("POST", url, {"user": third}).status in (403, 404, 409)
    assert company.client("zhao.lei", read_only=True).send("POST", url, {"user": third}).status == 403
    assert [each["user"]["id"] for each in owner.get(url).json["items"]] == [company.id_of("li.qiang")]


def test_what_is_wrong_with_a_share_is_told_by_its_field(company: Company) -> None:
    owner = company.client("zhao.lei")
    record = made(owner, "customers/customers", name=company.name())
    url, them = f"{CUSTOMERS}/{record['id']}/shares", company.id_of("li.qiang")
    assert faults(owner.send("POST", url, {})) == ["user"]
    assert faults(owner.send("POST", url, {"user": them, "group": 1})) == ["user"]
    assert faults(owner.send("POST", url, {"user": 2**62})) == ["user"]
    assert faults(owner.send("POST", url, {"user": "x"})) == ["user"]
    assert faults(owner.send("POST", url, {"user": them, "write": "yes"})) == ["write"]
    assert faults(owner.send("POST", url, {"user": them, "expires_at": soon(days=-1)})) == ["expires_at"]
    assert faults(owner.send("POST", url, {"user": them, "until": "2030"})) == ["until"]
    assert owner.get(url).json["items"] == []


def test_a_record_is_shared_on_its_page(company: Company) -> None:
    owner, other = company.client("zhao.lei"), company.client("li.qiang")
    record = made(owner, "customers/customers", name=company.name())
    home = f"/customers/customers/{record['id']}"
    page: Any = {"accept": "text/html", "accept_language": "zh-CN"}
    assert "共享给" in owner.get(home, **page).text
    assert "/shares/new" in owner.get(home, **page).text
    form = {"user": str(company.id_of("li.qiang")), "expires_on": "2020-01-01"}
    assert owner.post(f"{home}/shares/new", form, **page).status == 422
    form["expires_on"] = ""
    assert owner.post(f"{home}/shares/new", form, **page).status == 303
    told = owner.get(f"{home}?whole=1", **page).text
    assert "/withdraw" in told
    seen = other.get(f"{home}?whole=1", **page)
    assert seen.status == 200
    assert "/withdraw" not in seen.text
    assert "/shares/new" not in seen.text
