"""A company to call the API of: every plugin, the demo data, and people with tokens."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from core.assembly import assemble
from core.kernel.database import Base, Database
from core.kernel.history import HistoryEntry
from core.kernel.platform import Platform
from core.kernel.settings import Settings
from core.kernel.tokens import create_token
from core.kernel.users import User
from core.resources.resolved import ResolvedResource
from core.testing.client import Answer, Client
from core.testing.installation import PASSWORD, SECRET_KEY, Installed
from core.web.app import Application
from core.workplace.demo import make

API = "/api/v1"
SIZE = 60

PEOPLE = ("admin", "lin.jing", "wang.fang", "zhao.lei", "li.qiang", "gao.shan", "xin.ren")
"""Everything, the head of all selling, the head of one branch, his member, the head of another, a reader, a newcomer."""


def open_platform(folder: Path, url: str) -> Platform:
    """The platform over an installation for tests."""
    known: dict[str, Any] = {"admin_password": PASSWORD, "secret_key": SECRET_KEY, "plugins": None}
    return assemble(Settings.load(data_dir=folder, database_url=url, **known))


@dataclass(frozen=True)
class DemoInstalled(Installed):
    """A new installation with the demo company in it."""

    def create(self, database: Database) -> None:
        """Run `sopia init`, then make the demo data."""
        super().create(database)
        with tempfile.TemporaryDirectory() as folder:
            platform = open_platform(Path(folder), database.url.render_as_string(hide_password=False))
            try:
                make(platform.database, platform.registry, platform.above, size=SIZE, seed=7)
            finally:
                platform.close()

    def key(self) -> str:
        """Not the key of an installation without the demo data."""
        return f"demo{super().key()}"


class Company:
    """The running application, and whoever calls it."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.application = Application(platform, works=False)
        self._clients: dict[tuple[str, bool], Client] = {}
        self._numbers = itertools.count(1)

    def client(self, login: str, *, read_only: bool = False) -> Client:
        """A program that works for somebody."""
        key = (login, read_only)
        if key not in self._clients:
            with self.platform.database.system("a token for a test") as session:
                token = create_token(session.connection(), self.id_of(login), "test", read_only=read_only)
            headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
            self._clients[key] = Client(self.application, headers=headers)
        return self._clients[key]

    def id_of(self, login: str) -> int:
        """The id of a person."""
        with self.platform.database.transaction(write=False) as connection:
            return int(connection.execute(select(User.id).where(User.login == login)).scalar_one())

    def name(self, word: str = "测试") -> str:
        """A name that no other record has."""
        return f"{word}{next(self._numbers)}号"

    @property
    def resources(self) -> Mapping[str, ResolvedResource]:
        """Everything that is enabled."""
        return self.platform.above  # type: ignore[no-any-return]

    def contents(self) -> dict[str, int]:
        """How many rows each table has, what was deleted included."""
        names = {resource.table.name for resource in self.resources.values()} | {"system_history"}
        with self.platform.database.transaction(write=False) as connection:
            return {
                name: connection.execute(select(func.count()).select_from(Base.metadata.tables[name])).scalar_one()
                for name in names
            }

    def last_change(self) -> int:
        """The id of the last line of history."""
        with self.platform.database.transaction(write=False) as connection:
            return int(connection.execute(select(func.max(HistoryEntry.id))).scalar_one() or 0)

    def history_since(self, last: int) -> list[Any]:
        """The lines of history behind one, oldest first."""
        statement = select(HistoryEntry).with_only_columns(
            HistoryEntry.operation,
            HistoryEntry.actor_id,
            HistoryEntry.origin,
            HistoryEntry.resource,
            HistoryEntry.record,
            HistoryEntry.action,
            HistoryEntry.before,
            HistoryEntry.after,
        )
        with self.platform.database.transaction(write=False) as connection:
            return list(connection.execute(statement.where(HistoryEntry.id > last).order_by(HistoryEntry.id)))


def pages(client: Client, path: str, **query: str) -> Iterator[list[dict[str, Any]]]:
    """The items of each page of a list, one page after the other."""
    cursor = ""
    while True:
        answer = client.get(f"{API}/{path}", {**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status == 200, answer.text
        yield answer.json["items"]
        cursor = answer.json["next"]
        if not cursor:
            return


def ids_of(client: Client, path: str, **query: str) -> list[int]:
    """The ids of a whole list."""
    return [item["id"] for items in pages(client, path, **{"limit": "200", "fields": "id", **query}) for item in items]


def made(client: Client, path: str, **values: Any) -> dict[str, Any]:
    """A record that the API has just made."""
    answer = client.send("POST", f"{API}/{path}", values)
    assert answer.status == 201, answer.text
    return dict(answer.json)


def refused(answer: Answer, status: int) -> dict[str, Any]:
    """The problem that the answer tells of."""
    assert answer.status == status, f"{answer.status}: {answer.text[:500]}"
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return dict(problem)


def faults(answer: Answer) -> list[str]:
    """The fields that a 422 names; each with a message."""
    errors = refused(answer, 422)["errors"]
    assert all(each["message"] for each in errors)
    return [each["field"] for each in errors]
