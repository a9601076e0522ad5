"""What the lists of all plugins cost at 100,000 records each, beside the list of customers.

`python -m bench.plugins` makes the demo company, copies the records of each plugin until there are as many, and asks by
turns for the first page of each list, as its page and by the API, as a head of sales who sees a part. It tells
statements and the time that the processor worked; a list should cost no more than 1.5 times that of customers.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Table, insert, select, text

from bench import measure
from core.assembly import assemble
from core.kernel.logs import set_up
from core.kernel.platform import Platform
from core.kernel.policies import Own
from core.kernel.settings import Settings
from core.resources.resolved import ResolvedResource
from core.testing.client import Client
from core.testing.statements import counted
from core.web.app import Application
from core.workplace import demo

FIRST = "customers.customer"
LARGE = ("customers.contact", "customers.follow_up", "catalog.product", "sales.installment")
"""What grows beside the records that somebody owns."""

HEAD = "wang.fang"
DEMO = 200
CHUNK = 5000
LONG_AGO = date(2000, 1, 1)
DAYS = 1500
"""Over so many days the records are spread."""
GOAL = 1.5

WORDS = 30
"""A text shorter than that is a choice, which cannot be anything."""


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--records", type=int, default=100_000, help="of each resource")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--requests", type=int, default=10, help="for each list in a round")
    options.add_argument("--lists", default="", help="keys of resources with commas between; all where left out")
    options.add_argument("--folder", type=Path, help="a data folder to make, or to use again")
    options.add_argument("--database-url", default="", help="an empty PostgreSQL database; SQLite where it is left out")
    given = options.parse_args()
    set_up(50)
    folder = given.folder or Path(tempfile.mkdtemp(prefix="sopia-bench-"))
    platform = opened(folder, given.database_url)
    client = signed_in(platform)
    wanted = {FIRST, *given.lists.split(",")} if given.lists else None
    looks = [Look(each) for each in measured(platform) if wanted is None or each.key in wanted]
    for look in looks:
        look.count(client)
    fill(platform, [look.resource for look in looks], given.records)
    for look in looks:
        look.count(client)
    for _round in range(given.rounds):
        for look in looks:
            look.take(client, given.requests)
    print(f"{given.records:,} records of each; {measure.machine()}")
    print(measure.table(HEADING, list(rows(looks))))


HEADING = ["", "statements", "then", "page ms", "API ms", "page ×", "API ×", ""]


@dataclass
class Look:
    """One list: how many statements it takes, and how long the processor works for it."""

    resource: ResolvedResource
    statements: list[int] = field(default_factory=list)
    page: list[float] = field(default_factory=list)
    api: list[float] = field(default_factory=list)

    def urls(self) -> tuple[str, str]:
        """Its page, and the same by the API."""
        return f"{self.resource.url}?sort={self.resource.sort}", f"/api/v1/{self.resource.address}"

    def count(self, client: Client) -> None:
        """Note the statements of its page, which has been asked for before."""
        page, _api = self.urls()
        client.get(page)
        with counted() as sent:
            answer = client.get(page)
        if answer.status != 200:
            raise SystemExit(f"{page} answered {answer.status}.")
        self.statements.append(len(sent))

    def take(self, client: Client, number: int) -> None:
        """Note the processor's time for one request, the mean of some."""
        for url, kept in zip(self.urls(), (self.page, self.api), strict=True):
            client.get(url)
            begun = time.process_time()
            for _each in range(number):
                client.get(url)
            kept.append((time.process_time() - begun) * 1000 / number)


def rows(looks: Iterable[Look]) -> Iterator[list[object]]:
    """A line for each list, with how many times the list of customers it costs."""
    found = {each.resource.key: each for each in looks}
    first = found[FIRST]
    for key, look in found.items():
        page, api = statistics.median(look.page), statistics.median(look.api)
        ratios = page / statistics.median(first.page), api / statistics.median(first.api)
        yield [key, *look.statements, page, api, *ratios, "" if ratios[0] <= GOAL else "!"]


def opened(folder: Path, url: str) -> Platform:
    """The demo company in a data folder, made where it is not there."""
    known: dict[str, Any] = {"admin_password": demo.PASSWORD, **({"database_url": url} if url else {})}
    platform = assemble(Settings.load(data_dir=folder, **known))
    with platform.database.transaction(write=False) as connection:
        there = demo.is_there(connection)
    if not there:
        demo.make(platform.database, platform.registry, platform.above, size=DEMO, seed=1, storage=platform.storage)
    return platform


def signed_in(platform: Platform) -> Client:
    """The head at a browser."""
    client = Client(Application(platform, works=False))
    if client.sign_in(HEAD, demo.PASSWORD).status != 303:
        raise SystemExit(f"{HEAD} could not sign in.")
    return client


def measured(platform: Platform) -> list[ResolvedResource]:
    """The resources that grow with the business, customers first."""
    every = platform.above.values()
    grown = [each for each in every if isinstance(each.policy, Own) or each.key in LARGE]
    return sorted((each for each in grown if not each.key.startswith("system.")), key=lambda each: each.key != FIRST)


# ------------------------------------------------------------------------------------------------------------- filling


def fill(platform: Platform, resources: Iterable[ResolvedResource], wanted: int) -> None:
    """Copies of the records that are there, until there are so many; without history and search."""
    for resource in resources:
        with platform.database.transaction(write=True) as connection:
            present = [dict(row) for row in connection.execute(select(resource.table)).mappings()]
            copies = Copies(connection, resource.table, present)
            missing = wanted - len(present)
            while missing > 0 and present:
                missing -= copies.make(min(CHUNK, missing))
    if not platform.database.is_sqlite:
        with platform.database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as beside:
            beside.execute(text("VACUUM ANALYZE"))


class Copies:
    """Makes rows like those of a table; where something must be unique, each gets its own."""

    def __init__(self, connection: Connection, table: Table, present: list[dict[str, Any]]) -> None:
        self._connection, self._table, self._present = connection, table, present
        self._varied = [column for unique in _uniques(table) if (column := _variable(unique)) is not None]
        self._number = count(1)

    def make(self, number: int) -> int:
        """So many more rows."""
        made = []
        for _each in range(number):
            turn = next(self._number)
            row = dict(self._present[turn % len(self._present)])
            row.pop("id")
            for name, value in row.items():
                if isinstance(value, date):  # moments too; all alike, so that what ends still ends after it begins
                    row[name] = value - timedelta(days=turn % DAYS, seconds=turn if isinstance(value, datetime) else 0)
            made.append(row)
            for column in self._varied:
                row[column.name] = _another(column, row[column.name], turn)
        for column in (each for each in self._varied if each.foreign_keys):
            self._relate(column, made)
        self._connection.execute(insert(self._table), made)
        return number

    def _relate(self, column: Column[Any], made: list[dict[str, Any]]) -> None:
        """A record of its own for each row that may share none: a customer's firm."""
        table = next(iter(column.foreign_keys)).column.table
        like = dict(self._connection.execute(select(table).limit(1)).mappings().one())
        first = int(self._connection.execute(text(f"SELECT max(id) FROM {table.name}")).scalar_one()) + 1
        self._connection.execute(insert(table), [{**like, "id": first + place} for place in range(len(made))])
        for place, row in enumerate(made):
            row[column.name] = first + place


def _uniques(table: Table) -> Iterator[list[Column[Any]]]:
    for index in table.indexes:
        if index.unique:
            yield list(index.columns)
    for constraint in table.constraints:
        if constraint.__visit_name__ == "unique_constraint":
            yield list(constraint.columns)  # type: ignore[attr-defined]


def _variable(columns: list[Column[Any]]) -> Column[Any] | None:
    """The column of a unique index that may differ without making nonsense: a day, a text, what leads elsewhere."""
    kinds: Mapping[type[Any], int] = {date: 0, str: 1, int: 2}
    known = [
        column
        for column in columns
        if column.type.python_type in kinds and (getattr(column.type, "length", None) or WORDS) >= WORDS
    ]
    return min(known, key=lambda column: kinds[column.type.python_type], default=None)


def _another(column: Column[Any], value: Any, turn: int) -> Any:
    if isinstance(value, str):
        return f"{value[: (column.type.length or 60) - 8]}{turn:x}"  # type: ignore[attr-defined]
    if isinstance(value, date):
        return LONG_AGO - timedelta(days=turn)
    return value


if __name__ == "__main__":
    main()
