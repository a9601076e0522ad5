"""Every address of every list, by page and API: filters, sorts, groups, cursors and statistics that mean nothing."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from core.resources.conditions import operators_of
from core.resources.resolved import ResolvedResource
from tests.api.company import API
from tests.breadth.hostile import TYPED, VALUES
from tests.breadth.house import House

pytestmark = pytest.mark.sqlite

Pairs = list[tuple[str, str]]

EACH = 2
"""Questions about each field."""

SHORT = [text for text in TYPED if len(text) < 1000]
CONTROL = ("sort", "limit", "cursor", "fields", "columns", "count", "by", "measure", "q", "shared")
PAGES = (
    "sort",
    "cursor",
    "columns",
    "count",
    "group",
    "totals",
    "q",
    "view",
    "month",
    "by",
    "measure",
    "_open",
    "chart",
)
UNITS = ("day", "week", "month", "quarter", "year", "century", "")
WAYS = ("sum", "avg", "min", "max", "median", "")
ANSWERS = frozenset({400, 404})


def asked(path: str, pairs: Pairs) -> str:
    """An address with parameters, be they text or not."""
    return path + "?" + "&".join("=".join(quote(t.encode("utf-8", "surrogatepass"), safe="") for t in p) for p in pairs)


def paths_of(house: House, resource: ResolvedResource, chance: random.Random) -> list[str]:
    """Every field, and one behind each relation."""
    targets = [(each, house.resources.get(each.target)) for each in resource.fields.values() if each.is_relation]
    behind = [f"{each.key}.{chance.choice(list(target.fields))}" for each, target in targets if target is not None]
    return [*resource.fields, *behind]


def of_fields(house: House, resource: ResolvedResource, chance: random.Random) -> Iterator[tuple[str, Pairs]]:
    """Each field as a filter, a column, an order, a group and a measure; half of it means something."""
    for path in paths_of(house, resource, chance):
        yield from chance.sample(list(of_field(house, resource, path, chance)), EACH)


def of_field(house: House, resource: ResolvedResource, path: str, chance: random.Random) -> Iterator[tuple[str, Pairs]]:
    """All that can be asked of one field."""
    api, page = f"{API}/{resource.address}", resource.url
    steps = house.platform.above.walk(resource, path)
    for operator in operators_of(steps[-1][1]) if steps else ():
        yield api, [(f"{path}__{operator}", chance.choice(SHORT)), ("limit", "1")]
    yield api, [(f"{path}__{chance.choice(['nothing', '', '__', 'in__in'])}", "1")]
    yield api, [("sort", chance.choice(["", "-"]) + path), ("limit", "2"), ("fields", path)]
    yield f"{api}/statistics", [("by", path)]
    yield f"{api}/statistics", [("by", f"{path}:{chance.choice(UNITS)}"), ("measure", f"{path}:{chance.choice(WAYS)}")]
    yield f"{api}/export", [("columns", path), (path, chance.choice(SHORT))]
    yield page, [(chance.choice(["group", "columns", "sort"]), path), ("totals", "true")]


def of_pages(resource: ResolvedResource, chance: random.Random) -> Iterator[tuple[str, Pairs]]:
    """What stands in the address beside the fields."""
    api, page = f"{API}/{resource.address}", resource.url
    for text in chance.sample(SHORT, 3):
        yield api, [(chance.choice([*CONTROL, text]), text)]
        yield page, [(chance.choice([*PAGES, text]), text)]
        yield page, [("view", chance.choice(["board", "calendar", "statistics"])), (chance.choice(PAGES), text)]
        yield f"{api}/statistics", [(chance.choice(["by", "measure", "q"]), text)]
        yield (
            chance.choice([f"{page}/options", f"{page}/export", f"{api}/export", f"{page}/bin"]),
            [(chance.choice(["q", "format", "columns", "sort", "cursor"]), text)],
        )


def broken_cursors(house: House, resource: ResolvedResource, chance: random.Random) -> Iterator[tuple[str, Pairs]]:
    """Cursors that look like ours and hold something else."""
    sortable = [key for key, field in resource.fields.items() if field.sortable]
    for path in chance.sample(sortable, min(2, len(sortable))):
        answer = house.admin.get(asked(f"{API}/{resource.address}", [("sort", path), ("limit", "1")]))
        following = answer.json["next"]
        for value in chance.sample(VALUES, 2) if following else ():
            back, order, told = json.loads(base64.urlsafe_b64decode(following + "=" * (-len(following) % 4)))
            for values in ([value, told[-1]], [value] * len(told), [*told[:-1], value], value):
                cursor = base64.urlsafe_b64encode(json.dumps([back, order, values]).encode()).decode()
                yield f"{API}/{resource.address}", [("sort", path), ("cursor", cursor[:6000])]


def test_an_address_that_means_nothing_says_so(house: House) -> None:
    chance = random.Random(11)
    for resource in house.resources.values():
        cases: list[Any] = [*of_fields(house, resource, chance), *of_pages(resource, chance)]
        cases += broken_cursors(house, resource, chance)
        for path, pairs in cases:
            url = asked(path, pairs)
            accept = "application/json" if path.startswith(API) else "text/html"
            house.attempt(url, lambda url=url, accept=accept: house.admin.get(url, accept=accept), allowed=ANSWERS)
    house.settle()
