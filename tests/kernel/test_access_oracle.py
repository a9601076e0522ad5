"""The reach of principals in random companies, held against an oracle in plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from core.kernel.access import Reach, load_principal
from core.kernel.database import Database
from core.kernel.departments import Department, Membership
from core.kernel.roles import ADMINISTRATOR, Grant, Group, GroupMember, GroupRole, Role, UserRole
from core.kernel.types import now
from core.kernel.users import User

RESOURCES = ("a.one", "a.two", "b.one")
ASKED = ("view", "edit", "confirm")
SCOPES = ("none", "own", "department", "branch", "all")
RANK = {scope: rank for rank, scope in enumerate(SCOPES)}

Given = tuple[int, int | None]


@dataclass
class Company:
    """People are 1 to `people`; a department's number is its place in `parents`, counted from 1."""

    people: int
    parents: list[int | None]
    gone: set[int]
    members: set[tuple[int, int]]
    roles: list[dict[tuple[str, str], str]]
    given: dict[int, set[Given]]
    groups: list[tuple[set[int], set[Given]]]

    def chain(self, department: int | None) -> list[int]:
        """A department and those above it, as long as they are there."""
        found: list[int] = []
        while department is not None and department not in self.gone:
            found.append(department)
            department = self.parents[department - 1]
        return found

    def places(self, person: int) -> set[int]:
        return {place for who, place in self.members if who == person and place not in self.gone}

    def reach(self, person: int, resource: str, action: str) -> Reach:
        """The oracle: what the documentation says, as slowly as it says it."""
        given = set(self.given.get(person, set()))
        for people, roles in self.groups:
            given |= roles if person in people else set()
        best, departments = "none", set()
        for role, at in given:
            scope = self.scope(self.roles[role], resource, action)
            best = max(best, scope, key=RANK.__getitem__)
            roots = self.places(person) if at is None else {at} - self.gone
            if scope == "department":
                departments |= roots
            if scope == "branch":
                departments |= {d for d in range(1, len(self.parents) + 1) if roots & set(self.chain(d))}
        if best in ("none", "own", "all"):
            return Reach(best)  # type: ignore[arg-type]
        users = {who for who, place in self.members if place in departments}
        return Reach("departments", frozenset(departments), frozenset(users)) if departments else Reach("own")

    @staticmethod
    def scope(role: dict[tuple[str, str], str], resource: str, action: str) -> str:
        for pattern in (resource, f"{resource[0]}.*", "*"):
            for wanted in (action, "*"):
                if (pattern, wanted) in role:
                    return role[pattern, wanted]
        return "none"

    def write(self, connection: Connection) -> None:
        """Put the company into an empty database."""

        def put(model: Any, rows: list[dict[str, Any]]) -> None:
            if rows:
                connection.execute(insert(model), rows)

        put(User, [{"id": n, "login": f"p{n}", "name": f"P{n}"} for n in range(1, self.people + 1)])
        for number, parent in enumerate(self.parents, 1):
            deleted = now() if number in self.gone else None
            put(Department, [{"id": number, "name": f"D{number}", "parent_id": parent, "deleted_at": deleted}])
        put(Membership, [{"user_id": who, "department_id": place} for who, place in sorted(self.members)])
        for number, grants in enumerate(self.roles, 1):
            put(Role, [{"id": number, "key": f"r{number}", "name": f"R{number}"}])
            rows = [{"role_id": number, "resource": r, "action": a, "scope": s} for (r, a), s in grants.items()]
            put(Grant, rows)
        for person, held in self.given.items():
            put(UserRole, [{"user_id": person, "role_id": r + 1, "department_id": at} for r, at in held])
        for number, (people, held) in enumerate(self.groups, 1):
            put(Group, [{"id": number, "name": f"G{number}"}])
            put(GroupMember, [{"group_id": number, "user_id": person} for person in people])
            put(GroupRole, [{"group_id": number, "role_id": r + 1, "department_id": at} for r, at in held])


@st.composite
def companies(draw: st.DrawFn) -> Company:
    people = draw(st.integers(1, 6))
    count = draw(st.integers(1, 8))
    parents = [draw(st.sampled_from([None, *range(1, number)])) for number in range(1, count + 1)]
    departments = list(range(1, count + 1))
    grants = st.dictionaries(
        st.tuples(st.sampled_from([*RESOURCES, "a.*", "b.*", "*"]), st.sampled_from([*ASKED, "*"])),
        st.sampled_from(SCOPES),
        max_size=6,
    )
    roles = draw(st.lists(grants, min_size=1, max_size=4))
    given = st.sets(st.tuples(st.integers(0, len(roles) - 1), st.sampled_from([None, None, *departments])), max_size=3)
    persons = st.integers(1, people)
    places = st.tuples(persons, st.sampled_from(departments))
    return Company(
        people=people,
        parents=parents,
        gone=draw(st.sets(st.sampled_from(departments), max_size=2)),
        members=draw(st.sets(places, max_size=12)),
        roles=roles,
        given=draw(st.dictionaries(persons, given)),
        groups=draw(st.lists(st.tuples(st.sets(persons), given), max_size=2)),
    )


class Undone(Exception):
    """Ends a transaction without leaving anything behind."""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(company=companies())
def test_reach_is_what_the_documentation_says(database: Database, company: Company) -> None:
    with pytest.raises(Undone), database.transaction(write=True) as connection:
        company.write(connection)
        for person in range(1, company.people + 1):
            principal = load_principal(connection, person)
            assert ADMINISTRATOR not in principal.roles
            assert principal.departments == company.places(person)
            for resource in RESOURCES:
                for action in ASKED:
                    expected = company.reach(person, resource, action)
                    assert principal.reach(resource, action) == expected, (person, resource, action)
        raise Undone
