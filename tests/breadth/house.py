"""The demo company behind a running application, with an eye on everything that is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.assembly import assemble
from core.kernel.access import load_principal
from core.kernel.principal import Principal
from core.kernel.settings import Settings
from core.resources.resolved import ResolvedResource
from core.testing.client import Answer, Client
from core.testing.databases import Databases, Kind
from core.testing.installation import PASSWORD, SECRET_KEY
from tests.api.company import API, Company, DemoInstalled
from tests.breadth.hostile import EVASIONS

REFUSALS = frozenset({400, 403, 404, 405, 409, 412, 413, 422, 428})


class House(Company):
    """A company whose answers are looked at: none may be the program's own fault, and a refusal writes nothing."""

    def __init__(self, platform: Any, database: Path | None) -> None:
        super().__init__(platform)
        self.faults: list[str] = []
        self._watch = sqlite3.connect(database, isolation_level=None, check_same_thread=False) if database else None

    def close(self) -> None:
        """End it."""
        if self._watch is not None:
            self._watch.close()
        self.application.close()

    @property
    def admin(self) -> Client:
        """Whoever may do everything comes furthest into the program."""
        return self.client("admin")

    def principal(self, login: str) -> Principal:
        """What somebody may do."""
        with self.platform.database.transaction(write=False) as connection:
            return load_principal(connection, self.id_of(login))

    def _written(self) -> tuple[Any, Any]:
        """What changes with every transaction that writes, and what changes when somebody is noted as present."""
        assert self._watch is not None
        version = self._watch.execute("PRAGMA data_version").fetchone()[0]
        return version, self._watch.execute("SELECT max(used_at) FROM system_token").fetchone()[0]

    def attempt(self, told: str, ask: Callable[[], Answer], *, allowed: frozenset[int] = REFUSALS) -> Answer:
        """Ask for something that should not be; notes what is wrong with the answer, and what a refusal has left."""
        before = self._written() if self._watch else None
        answer = ask()
        if answer.status >= 400:
            if answer.status not in allowed:
                self.fault(told, answer)
            elif any(words in answer.text for words in EVASIONS):
                self.fault(f"{told} is refused by the database alone", answer)
            elif answer.headers.get("content-type") == "application/problem+json":
                self._look(told, answer)
            after = self._written() if self._watch else None
            if before and after and before[0] != after[0] and before[1] == after[1]:
                self.fault(f"{told} is refused, and something was written", answer)
        return answer

    def _look(self, told: str, answer: Answer) -> None:
        """What is wrong is said by field, or there is a sentence."""
        problem = answer.json
        errors = problem.get("errors")
        named = errors is None or (errors and all(each["message"] and "field" in each for each in errors))
        if not problem["detail"] or not named or (answer.status == 422 and errors is None):
            self.fault(f"{told} does not say what is wrong", answer)

    def fault(self, told: str, answer: Answer) -> None:
        """Note something that is to be mended."""
        self.faults.append(f"{told[:300]!r}: {answer.status} {answer.text[:300]!r}")

    def settle(self) -> None:
        """Fail with all that was noted."""
        found, self.faults = self.faults, []
        if found:
            raise AssertionError("\n".join([f"{len(found)} faults:", *found[:40]]))

    def written_by_hand(self) -> list[ResolvedResource]:
        """The resources whose records people write."""
        return [each for each in self.resources.values() if not each.read_only]

    def records(self, resource: ResolvedResource) -> list[int]:
        """Ids of records, but for the administrator and what makes him one."""
        answer = self.admin.get(f"{API}/{resource.address}", {"limit": "200", "fields": "id", "sort": "id"})
        found = [item["id"] for item in answer.json["items"]]
        return found[1:] if resource.key in ("system.user", "system.role") else found


@contextmanager
def opened_house(databases: Databases, kind: Kind, folder: Path) -> Iterator[House]:
    """A copy of the demo company, gone afterwards."""
    url = databases.make(kind, DemoInstalled())
    known: dict[str, Any] = {"admin_password": PASSWORD, "secret_key": SECRET_KEY, "plugins": None, "locale": "en"}
    platform = assemble(Settings.load(data_dir=folder, database_url=url, **known))
    house = House(platform, Path(url.removeprefix("sqlite:///")) if kind == "sqlite" else None)
    assert house.admin  # the token is made here, and not in the midst of a refusal
    try:
        yield house
    finally:
        house.close()
        databases.drop(url)
