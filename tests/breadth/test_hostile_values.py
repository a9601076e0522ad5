"""Every field of every resource by the API: a wrong value is refused by its field or kept whole, and nothing else."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import pytest

from core.resources.resolved import ResolvedResource
from tests.api.company import API
from tests.breadth.hostile import FOREIGN, VALUES
from tests.breadth.house import House

AT_ONCE, EACH = 20, 1
"""Values that all fields of a resource get at once, and those that a field gets alone, of the ones it let pass."""

LEFT_ALONE = {"system.user": {"active", "login"}, "system.role": {"grants"}}
"""Fields with which an administrator would shut himself out."""

pytestmark = pytest.mark.sqlite


def fields_of(house: House, resource: ResolvedResource) -> list[str]:
    left = LEFT_ALONE.get(resource.key, set())
    return sorted(resource.writable(house.principal("admin")) - left)


def test_a_wrong_value_is_refused_by_its_field_or_kept_whole(house: House) -> None:
    chance = random.Random(2026)
    for resource in house.written_by_hand():
        passed = all_at_once(house, resource, chance.sample(VALUES, AT_ONCE))
        for record in house.records(resource)[:1]:
            for field, values in passed.items():
                for value in chance.sample(values, min(EACH, len(values))):
                    alone(house, resource, record, field, value)
        answer = house.admin.get(f"{resource.url}?sort=-id&columns={','.join(resource.fields)}", accept="text/html")
        if answer.status != 200:
            house.fault(f"{resource.url} afterwards", answer)
    house.settle()


def all_at_once(house: House, resource: ResolvedResource, values: list[Any]) -> dict[str, list[Any]]:
    """Send each value to all fields together; gives those that a field did not refuse."""
    url, fields = f"{API}/{resource.address}", fields_of(house, resource)
    passed: dict[str, list[Any]] = defaultdict(list)
    for value in values:
        body = dict.fromkeys(fields, value)
        answer = house.attempt(f"POST {url} with {value!r}", lambda body=body: house.admin.send("POST", url, body))
        refused = {each["field"].partition(".")[0] for each in answer.json.get("errors", ())}
        for field in set(fields) - refused:
            passed[field].append(value)
    return dict(sorted(passed.items()))


def alone(house: House, resource: ResolvedResource, record: int, field: str, value: Any) -> None:
    """Set one field of a record: the value is kept as the answer says, or refused without a trace."""
    url, admin = f"{API}/{resource.address}/{record}", house.admin
    read = admin.get(url)
    told = f"PATCH {url} {field}={value!r}"
    answer = house.attempt(
        told, lambda: admin.send("PATCH", url, {field: value}, if_match=read.headers.get("etag", "1"))
    )
    if answer.status == 200 and admin.get(url).json != answer.json:
        house.fault(f"{told} reads otherwise than it was answered", answer)


def test_unknown_fields_old_versions_and_foreign_numbers_change_nothing(house: House) -> None:
    admin = house.admin
    for resource in house.written_by_hand():
        url = f"{API}/{resource.address}"
        expected: list[tuple[str, str, Any, str, set[int]]] = [
            ("POST", url, {"nothing": 1, "": 2, "id": 7, "deleted_at": None}, "", {422}),
            ("POST", url, {"name": "x" * 2**20}, "", {413}),
            ("PATCH", f"{url}/{FOREIGN}", {}, "1", {404}),
            ("DELETE", f"{url}/{FOREIGN}", None, "", {404}),
            ("POST", f"{url}/{FOREIGN}/restore", None, "", {404}),
        ]
        for record in house.records(resource)[:1]:
            version = admin.get(f"{url}/{record}").json["version"]
            field = fields_of(house, resource)[0]
            expected += [
                ("PATCH", f"{url}/{record}", {field: None}, "", {428}),
                ("PATCH", f"{url}/{record}", {field: None}, str(version + 7), {412}),
                ("PATCH", f"{url}/{record}", {field: None}, "x", {422}),
                ("PATCH", f"{url}/{record}", {"nothing": 1}, str(version), {422, 409}),
                ("DELETE", f"{url}/{record}", None, str(version + 7), {412, 409}),
            ]
        for method, address, body, version_, statuses in expected:
            headers = {"if_match": version_} if version_ else {}
            told = f"{method} {address} {str(body)[:80]} If-Match {version_!r}"
            answer = house.attempt(told, lambda m=method, a=address, b=body, h=headers: admin.send(m, a, b, **h))
            if answer.status not in statuses:
                house.fault(told, answer)
    house.settle()
