"""A desk for tests of resources: an installation with customers, and people of two departments who work in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from core.kernel.access import Principal, load_principal
from core.kernel.departments import Department, Membership
from core.kernel.guard import ScopedSession
from core.kernel.platform import Platform
from core.resources.conditions import Context
from core.resources.queries import ListPage, Lists, read_list, today_in
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources
from core.testing.samples import make_person

ZONE = ZoneInfo("Asia/Shanghai")


class Desk:
    """What a test does with the resources of a platform."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.resources: Resources = platform.above
        self.records = Records(self.resources, platform.registry.hooks)
        self.customers = self.resources["customers.customer"]
        with platform.database.system("people of the test") as session:
            east, south = Department(name="East"), Department(name="South")
            session.add_all([east, south])
            session.flush()
            for login, role, department in (
                ("ann", "member", east),
                ("bob", "member", south),
                ("eve", "manager", east),
            ):
                person = make_person(session, login, role)
                session.add(
                    Membership(user_id=person, department_id=department.id, primary=True, head=role == "manager")
                )
        self.admin, self.ann, self.bob, self.eve = (self.person(login) for login in ("admin", "ann", "bob", "eve"))

    def person(self, login: str) -> Principal:
        """Somebody with his present rights."""
        from sqlalchemy import select

        from core.kernel.users import User

        with self.platform.database.transaction(write=False) as connection:
            return load_principal(
                connection, connection.execute(select(User.id).where(User.login == login)).scalar_one()
            )

    def context(self, who: Principal) -> Context:
        """What reading depends on."""
        return Context(who, ZONE, "CNY", today_in(ZONE))

    @contextmanager
    def writing(self, who: Principal, *, bin: bool = False) -> Iterator[ScopedSession]:
        """A writing session of somebody."""
        with self.platform.gate.session(who, write=True, bin=bin) as session:
            yield session

    def create(self, who: Principal, key: str = "customers.customer", **values: Any) -> int:
        """A new record's id."""
        with self.writing(who) as session:
            return int(self.records.create(session, self.resources[key], values, self.context(who)).id)

    def page(self, who: Principal, *pairs: tuple[str, str], key: str = "customers.customer") -> ListPage:
        """What somebody's list shows for these parameters."""
        resource = self.resources[key]
        with self.platform.gate.connection(who) as connection:
            wanted = read_list(self.resources, resource, pairs, self.context(who))
            return Lists(self.resources, resource).page(connection, wanted, self.context(who))

    def names(self, who: Principal, *pairs: tuple[str, str]) -> list[str]:
        """The names on somebody's list of customers."""
        return [row[1] for row in self.page(who, ("columns", "name"), *pairs).rows]

    def count(self, who: Principal, *pairs: tuple[str, str]) -> int:
        """How many customers somebody's list counts."""
        with self.platform.gate.connection(who) as connection:
            wanted = read_list(self.resources, self.customers, pairs, self.context(who))
            return Lists(self.resources, self.customers).count(connection, wanted, self.context(who))

    def resource(self, key: str) -> ResolvedResource:
        """A resource."""
        return self.resources[key]
