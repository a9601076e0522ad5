"""What the gate costs: the same statements behind it and with a WHERE clause written by hand, by turns.

`python -m bench.gate` prints, for each scope and each of its people, the median behind the gate and its ratio to the
same kept statement of SQLAlchemy Core with the condition added, and to the same SQL on the database's own driver.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Integer, Select, Update, and_, bindparam, func, literal_column, or_, select, update
from sqlalchemy.orm import Session

from bench import company, measure
from core.kernel.compiler import ScopedConnection
from core.kernel.database import Session as KernelSession
from core.kernel.platform import Platform
from core.kernel.principal import Principal
from core.resources.conditions import Context
from core.resources.queries import COUNTED, Lists, read_list, today_in

PEOPLE = [
    *(f"{scope}.{who}" for scope in ("own", "department", "branch") for who in ("head", "member", "newcomer")),
    "all.head",
]
T = TypeVar("T")
ASKED = ("list", "count", "get", "update")


@dataclass
class Case:
    """One person's view of the customers, behind the gate and by hand."""

    platform: Platform
    principal: Principal
    plain: Connection
    scoped: ScopedConnection
    key: int
    """A customer that the person may edit; another's where there is none."""
    opened: ExitStack = field(default_factory=ExitStack)

    def enter(self, context: AbstractContextManager[T]) -> T:
        """Open what stays open as long as the case."""
        return self.opened.enter_context(context)

    @property
    def resource(self) -> Any:
        """Customers."""
        return self.platform.above["customers.customer"]

    @property
    def walks(self) -> bool:
        """Whether the order of the list is best walked: SQLite, and a head of departments."""
        return self.platform.database.is_sqlite and self.principal.login.endswith(".head")

    @property
    def context(self) -> Context:
        """The person's."""
        zone = ZoneInfo("Asia/Shanghai")
        return Context(self.principal, zone, "CNY", today_in(zone))

    def by_hand(self, action: str) -> tuple[Any, dict[str, Any]]:
        """What a careful programmer would write in place of the gate, and its parameters."""
        table, reach = self.resource.table, self.principal.reach("customers.customer", action)
        present = table.c.deleted_at.is_(None)
        owner, department = table.c.owner_id, table.c.department_id
        if self.walks and action == "view":
            # Who knows SQLite keeps it with a plus sign from sorting all that a head may see.
            owner, department = (literal_column(f"+{table.name}.{c.name}", Integer()) for c in (owner, department))
        if reach.level == "all":
            return present, {}
        if reach.level == "own":
            return and_(present, owner == bindparam("me")), {"me": self.principal.user_id}
        mine = or_(
            owner.in_(bindparam("users", expanding=True)),
            department.in_(bindparam("departments", expanding=True)),
        )
        users = sorted(reach.users | {self.principal.user_id})
        return and_(present, mine), {"users": users, "departments": sorted(reach.departments)}


Task = Callable[[], object]


def of_list(case: Case) -> dict[str, Task]:
    """The first page of customers with its three joins."""
    lists = Lists(case.platform.above, case.resource)
    wanted = read_list(case.platform.above, case.resource, [], case.context)
    cells = lists.cells(wanted.columns)
    statement, values = lists._statement(case.scoped, wanted, case.context, cells)
    return reading(case, statement, values)


def of_count(case: Case) -> dict[str, Task]:
    """How many customers there are, up to a thousand."""
    lists = Lists(case.platform.above, case.resource)
    wanted = read_list(case.platform.above, case.resource, [], case.context)
    table = case.resource.table
    condition, values = case.by_hand("view")
    matching = select(table.c.id).where(condition).limit(COUNTED + 1).subquery()
    kept = select(func.count()).select_from(matching)
    sql, given = compiled(case.plain, kept, values)
    return {
        "gate": lambda: lists.count(case.scoped, wanted, case.context),
        "core": lambda: case.plain.execute(kept, values).scalar_one(),
        "driver": lambda: driver(case.plain, sql, given),
    }


def of_get(case: Case) -> dict[str, Task]:
    """One customer by key, as an object of the ORM."""
    model, table = case.resource.model, case.resource.table
    condition, values = case.by_hand("view")
    bare = select(model).where(table.c.id == bindparam("key"))
    kept, own = bare.where(condition), {"key": case.key}
    values = {**values, **own}
    sql, given = compiled(case.plain, select(table).where(table.c.id == bindparam("key"), condition), values)
    behind, beside = Session(bind=case.scoped), Session(bind=case.plain)

    def get() -> object:
        behind.expunge_all()
        return behind.scalars(bare, own).first()

    def find() -> object:
        beside.expunge_all()
        return beside.scalars(kept, values).first()

    return {"gate": get, "core": find, "driver": lambda: driver(case.plain, sql, given)}


def of_update(case: Case) -> dict[str, Task]:
    """The phone number of one customer, found, changed and flushed, with history; the driver does the UPDATE alone."""
    model, table = case.resource.model, case.resource.table
    condition, values = case.by_hand("edit")
    bare = select(model).where(table.c.id == bindparam("key"))
    values, own = {**values, "key": case.key}, {"key": case.key}
    behind = case.enter(case.platform.gate.adopted(case.plain, case.principal, write=True))
    beside = KernelSession(bind=case.plain, info={"system": case.plain, "watchers": case.platform.gate.watchers})
    narrowed = update(table).where(table.c.id == bindparam("key"), condition).values(phone=bindparam("number"))
    sql, given = compiled(case.plain, narrowed, {**values, "number": "1"})
    return {
        "gate": lambda: change(behind, bare, own),
        "core": lambda: change(beside, bare.where(condition), values),
        "driver": lambda: driver(case.plain, sql, given),
    }


NUMBERS = count(1)


def change(session: Session, statement: Select[Any], values: dict[str, Any]) -> None:
    """Give the record another phone number, where it is in scope."""
    session.expunge_all()
    record = session.scalars(statement, values).first()
    if record is not None:
        record.phone = f"{next(NUMBERS):011d}"
        session.flush()


def reading(case: Case, statement: Select[Any], values: dict[str, Any]) -> dict[str, Task]:
    """The same kept statement three ways."""
    condition, more = case.by_hand("view")
    # The hint is a word of the gate; nobody else would understand it.
    bare = statement._generate()
    bare._hints = type(statement._hints)()
    kept = bare.where(condition)
    together = {**values, **more}
    sql, given = compiled(case.plain, kept, together)
    return {
        "gate": lambda: case.scoped.execute(statement, values).all(),
        "core": lambda: case.plain.execute(kept, together).all(),
        "driver": lambda: driver(case.plain, sql, given),
    }


def compiled(connection: Connection, statement: Select[Any] | Update, values: dict[str, Any]) -> tuple[str, Any]:
    """The SQL and parameters that the driver gets."""
    seen: list[tuple[str, Any]] = []
    original = connection.dialect.do_execute

    def look(cursor: Any, sql: str, given: Any, context: Any = None) -> None:
        seen.append((sql, given))
        original(cursor, sql, given, context)

    connection.dialect.do_execute = look  # type: ignore
    try:
        connection.execute(statement, values).close()
    finally:
        connection.dialect.do_execute = original  # type: ignore
    return seen[-1]


def driver(connection: Connection, sql: str, given: Any) -> object:
    """Run SQL past SQLAlchemy."""
    dbapi: Any = connection.connection.driver_connection
    cursor = dbapi.execute(sql, given)
    return cursor.fetchall() if cursor.description else cursor.rowcount


@contextmanager
def case_of(platform: Platform, login: str, *, write: bool) -> Iterator[Case]:
    """One person's case, everything taken back at the end."""
    user_id = company.person(platform.database, login)
    with platform.database.writer.connect() if write else platform.database.reader.connect() as plain:
        transaction = plain.begin()
        principal = platform.principals.get(plain, user_id, 1)
        scoped = platform.gate.adopted_connection(plain, principal, write=write)
        table = platform.above["customers.customer"].table
        key = scoped.execute(select(table.c.id).order_by(table.c.id).limit(1)).scalar()
        case = Case(platform, principal, plain, scoped, int(key or 1))
        with case.opened:
            yield case
        transaction.rollback()


MAKERS: dict[str, Callable[[Case], dict[str, Task]]] = {
    "list": of_list,
    "count": of_count,
    "get": of_get,
    "update": of_update,
}


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=300)
    options.add_argument("--database-url", default="", help="an empty PostgreSQL database; SQLite where it is left out")
    options.add_argument("--folder", type=Path, help="a data folder to make, or to use again")
    options.add_argument("--people", default=",".join(PEOPLE))
    options.add_argument("--ask", default=",".join(ASKED))
    given = options.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="sopia-bench-"))
    platform = company.opened(folder, given.database_url, given.customers)
    print(f"{platform.database.url.get_backend_name()}, {given.customers:,} customers; {measure.machine()}")
    before, rows = measure.Load.now(), []
    for login in given.people.split(","):
        for asked in given.ask.split(","):
            with case_of(platform, login, write=asked == "update") as case:
                taken = measure.by_turns(MAKERS[asked](case), given.rounds)
            gate, core, raw = (measure.median(taken[name]) for name in ("gate", "core", "driver"))
            rows.append((f"{login} {asked}", gate, core, raw, gate / core, gate / raw))
    print(measure.table(("", "gate ms", "Core ms", "driver ms", "÷ Core", "÷ driver"), rows))
    print(f"others used {before.foreign_until(measure.Load.now()):.0%} of the machine meanwhile")
    platform.close()


if __name__ == "__main__":
    main()
