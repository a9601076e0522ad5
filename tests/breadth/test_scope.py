"""Whatever door somebody of the demo company takes to whatever resource: the same records, and no foreign one."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.kernel.departments import Department
from core.kernel.generations import raise_access
from core.kernel.policies import Own
from core.kernel.roles import Group, GroupRole, Role, Share, UserRole
from core.kernel.types import now
from core.resources.dimensions import is_grouped
from core.resources.resolved import ResolvedResource
from core.testing.client import Client
from core.workplace.attachments import content_of, takes_files
from core.workplace.demo import PEOPLE
from tests.api.company import API
from tests.breadth.house import House
from tests.breadth.oracle import Oracle

pytestmark = pytest.mark.sqlite

LOGINS = [person[0] for person in PEOPLE]
DOORS = 2
"""Besides the list, so many doors are tried for each resource and person, others for everyone."""

WORDS = ("公司", "有限", "上海", "科技", "合同", "客户")
"""Two characters that many names hold."""

FILES = 2
"""Records of each resource on which a file hangs."""

Files = dict[str, list[tuple[int, str]]]
"""Addresses of files that hang on records, by resource, each with its record."""

SOME = 2
"""Records in and out of sight that are asked for one by one."""


@pytest.fixture(scope="module")
def files(house: House) -> Files:
    """Addresses of files that hang on records, by resource, each with its record."""
    found: Files = {}
    for resource in house.written_by_hand():
        ends = ["attachments"] + (["content"] if content_of(resource) is not None else [])
        for number in house.records(resource)[:FILES] if takes_files(resource) else ():
            for end in ends:
                url = f"{API}/{resource.address}/{number}/{end}"
                answer = house.admin.upload(url, (), [("file", "secret.txt", b"Nobody else shall read this.")])
                assert answer.status == 201, f"{url}: {answer.text}"
                found.setdefault(resource.key, []).append((number, answer.location))
    return found


@pytest.fixture(scope="module")
def oracle(house: House, files: Files) -> Iterator[Oracle]:
    """The company with shares, roles given elsewhere, and deleted records, and who sees what of it."""
    with house.platform.database.system("more ways to see and not to see") as session:
        people = {login: house.id_of(login) for login in LOGINS}
        group = session.scalars(select(Group)).one()
        east = session.scalars(select(Department).where(Department.name == "华东销售部")).one()
        reader, member = (session.scalars(select(Role).where(Role.key == key)).one() for key in ("reader", "member"))
        session.add(UserRole(user_id=people["xin.ren"], role_id=reader.id, department_id=east.id))
        session.add(GroupRole(group_id=group.id, role_id=member.id))
        moment = now()
        for resource in house.resources.values():
            if not isinstance(resource.policy, Own):
                continue
            ids = list(session.scalars(select(resource.model.id).order_by(resource.model.id)))
            receivers: list[dict[str, Any]] = [
                {"user_id": people["xin.ren"]}, {"department_id": east.id}, {"group_id": group.id},
                {"user_id": people["gao.shan"], "expires_at": moment - timedelta(hours=1)},
                {"user_id": people["gao.shan"], "expires_at": moment + timedelta(hours=9)},
                {"user_id": people["gao.shan"], "deleted_at": moment},
            ]  # fmt: skip
            for number, receiver in zip(ids[::3], receivers, strict=False):
                session.add(Share(resource=resource.key, record_id=number, **receiver))
            session.execute(update(resource.table).where(resource.table.c.id == ids[-1]).values(deleted_at=moment))
        raise_access(session)
    with house.platform.database.transaction(write=False) as connection:
        yield Oracle(connection, house.platform.registry.models)


def test_a_file_is_given_to_whoever_sees_its_record(house: House, oracle: Oracle, files: Files) -> None:
    for login in LOGINS:
        client, person = house.client(login), house.id_of(login)
        for key, hanging in files.items():
            # What hangs on a record in a pool is for whoever takes it.
            seen = oracle.visible(person, key, in_common=False)
            for number, url in hanging:
                expected = 403 if seen is None else 200 if number in seen else 404
                answer = client.get(url)
                if answer.status != expected or (b"Nobody else" in answer.content) != (expected == 200):
                    house.fault(f"{login} {url} not {expected}", answer)
    house.settle()


def test_every_door_shows_what_grants_places_and_shares_say(house: House, oracle: Oracle) -> None:
    chance = random.Random(17)
    seen = 0
    for login in [*LOGINS, "admin"]:
        client, person = house.client(login), house.id_of(login)
        for resource in house.resources.values():
            expected = oracle.visible(person, resource.key)
            if expected is None:
                shut(house, client, login, resource)
                continue
            seen += len(expected)
            doors = Doors(client, resource, expected, set(oracle.rows(resource.key)), chance)
            for told in (*doors.list(), *(each for door in chance.sample(doors.others, DOORS) for each in door())):
                house.faults.append(f"{login} {resource.key}: {told}")
    assert seen > 5000
    house.settle()


def test_the_search_for_everything_shows_nothing_foreign(house: House, oracle: Oracle) -> None:
    for number, login in enumerate(LOGINS):
        person = house.id_of(login)
        text = house.client(login).get("/search", {"q": WORDS[number % len(WORDS)]}, accept="text/html").text
        for resource in house.resources.values():
            shown = {int(found) for found in re.findall(rf'href="{resource.url}/(\d+)"', text)}
            if shown - (oracle.visible(person, resource.key) or set()):
                house.faults.append(f"{login} finds {resource.key} {shown}")
    house.settle()


def shut(house: House, client: Client, login: str, resource: ResolvedResource) -> None:
    """Who has not the function gets nowhere."""
    for url in (f"{API}/{resource.address}", resource.url, f"{resource.url}/options", f"{API}/{resource.address}/1"):
        answer = client.get(url, accept="text/html")
        if answer.status != 403:
            house.fault(f"{login} {url}", answer)


class Doors:
    """The ways to the records of one resource, each of which says what it shows that it should not."""

    def __init__(
        self, client: Client, resource: ResolvedResource, expected: set[int], whole: set[int], chance: random.Random
    ) -> None:
        self.client, self.resource, self.expected, self.chance = client, resource, expected, chance
        self.foreign = whole - expected
        self.api = f"{API}/{resource.address}"
        self.others = (self.page, self.statistics, self.groups, self.export, self.picker, self.one_by_one, self.search)

    def differs(self, door: str, found: set[int], expected: set[int] | None = None) -> list[str]:
        """What is there too much and too little."""
        wanted = self.expected if expected is None else expected
        return (
            [] if found == wanted else [f"{door}: {sorted(found - wanted)} too much, {sorted(wanted - found)} missing"]
        )

    def list(self) -> list[str]:
        """The list of the API, page by page, and what it counts."""
        found, cursor = list[int](), ""
        while True:
            query = {"limit": "200", "fields": "id", "count": "true", **({"cursor": cursor} if cursor else {})}
            answer = self.client.get(self.api, query).json
            found += [item["id"] for item in answer["items"]]
            cursor = answer["next"]
            if not cursor:
                break
        counted = [] if answer["count"] == len(self.expected) else [f"it counts {answer['count']}"]
        twice = [] if len(found) == len(set(found)) else ["the list shows something twice"]
        return [*self.differs("list", set(found)), *counted, *twice]

    def page(self) -> list[str]:
        """The first page on the screen."""
        if self.resource.key in OTHERWISE:
            return []
        text = self.client.get(f"{self.resource.url}?sort=id", accept="text/html").text
        shown = {int(number) for number in re.findall(rf'href="{self.resource.url}/(\d+)"', text)}
        return self.differs("page", shown, set(sorted(self.expected)[:50]) if self.resource.key in SHOWN_BY_NUMBER
                            else None if len(self.expected) <= 50 else shown & self.expected)  # fmt: skip

    def statistics(self) -> list[str]:
        """All together, and by whose they are."""
        query = {"by": "owner", "measure": "count"} if "owner" in self.resource.fields else {}
        rows = self.client.get(f"{self.api}/statistics", query).json["rows"]
        count = sum(row["count"] for row in rows)
        return [] if count == len(self.expected) else [f"statistics count {count}, not {len(self.expected)}"]

    def groups(self) -> list[str]:
        """Of what records lead to, be it one or several: each group counts what its filter shows."""
        fields = [
            key
            for key, each in self.resource.fields.items()
            if (each.is_relation or each.many) and is_grouped(each, key)
        ]
        key = self.chance.choice(fields) if fields else ""
        answer = self.client.get(f"{self.api}/statistics", {"by": key})
        rows = answer.json["rows"] if key and answer.status == 200 else []
        told = []
        for row in self.chance.sample(rows, min(SOME, len(rows))):
            value = row["by"][0]
            query = {f"{key}__empty": "true"} if value is None else {key: str(value["id"])}
            count = self.client.get(self.api, {**query, "count": "true", "limit": "1", "fields": "id"}).json["count"]
            told += [] if count == row["count"] else [f"the group {query} counts {row['count']}, its list {count}"]
        return told

    def export(self) -> list[str]:
        """A file, for whom it is granted."""
        answer = self.client.get(f"{self.api}/export", {"format": "csv", "columns": "id"})
        if answer.status == 403:
            return []
        return self.differs("export", {int(line.partition(",")[0]) for line in answer.text.splitlines()[1:]})

    def picker(self) -> list[str]:
        """What a relation's field offers."""
        found = {item["id"] for item in self.client.get(f"{self.resource.url}/options").json["items"]}
        return self.differs("picker", found, found & self.expected)

    def one_by_one(self) -> list[str]:
        """Records by their number, by page and API."""
        told = []
        for numbers, status in ((self.expected, 200), (self.foreign, 404)):
            for number in self.chance.sample(sorted(numbers), min(SOME, len(numbers))):
                answer = self.client.get(f"{self.api}/{number}")
                told += [] if answer.status == status else [f"{number} answers {answer.status}, not {status}"]
        return told

    def search(self) -> list[str]:
        """Records by a piece of their name."""
        if self.resource.index is None or "name" not in self.resource.fields:
            return []
        items = self.client.get(self.api, {"q": self.chance.choice(WORDS), "limit": "200", "fields": "id"}).json[
            "items"
        ]
        found = {item["id"] for item in items}
        return self.differs("search", found, found & self.expected)


OTHERWISE = frozenset({"system.setting"})
"""What has pages of its own in place of a list."""

SHOWN_BY_NUMBER = frozenset({"customers.customer", "tasks.task", "sales.order", "finance.receivable"})
"""Resources of which each row of a list leads to its record and to nothing else of the kind."""
