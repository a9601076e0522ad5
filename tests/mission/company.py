"""A small company with every plugin, and its people at their desks: what the tests of the mission share.

云帆 has two departments that know nothing of each other. In 华东部 and its 上海组 the head (钱岚) leads a member (吴迪) and
his mate (孙悦); in 华北部 a colleague (周凯) leads people of his own, and sees nothing of 华东部.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from core.assembly import assemble
from core.kernel.crew import make_worker
from core.kernel.departments import Department, Membership
from core.kernel.generations import raise_access
from core.kernel.jobs import enqueue
from core.kernel.platform import Platform
from core.kernel.settings import Settings
from core.kernel.users import User
from core.testing.client import Client, Fields
from core.testing.installation import PASSWORD, SECRET_KEY
from core.testing.samples import make_person
from core.web.app import Application
from tests.mission.pages import Page

API = "/api/v1"

DEPARTMENTS: Sequence[tuple[str, str]] = (("云帆", ""), ("华东部", "云帆"), ("上海组", "华东部"), ("华北部", "云帆"))
"""Name, and the department above."""

PEOPLE: Sequence[tuple[str, str, str, str, str]] = (
    ("head", "钱岚", "manager", "华东部*", ""),
    ("member", "吴迪", "member", "上海组", "head"),
    ("mate", "孙悦", "member", "上海组", "head"),
    ("colleague", "周凯", "manager", "华北部*", ""),
)
"""Login, name, role, department (* heads it), and to whom they report."""


def hire(session: Session, login: str, name: str, role: str, department: int, heads: bool = False) -> int:
    """A person with a role, in a department; gives the id."""
    person = make_person(session, login, *([role] if role else []))
    session.get_one(User, person).name = name
    session.add(Membership(user_id=person, department_id=department, head=heads, primary=True))
    session.flush()
    return person


def settle(session: Session) -> None:
    """Put in departments and people."""
    departments: dict[str, int] = {}
    for name, above in DEPARTMENTS:
        department = Department(name=name, tree="line", parent_id=departments.get(above))
        session.add(department)
        session.flush()
        departments[name] = department.id
    known: dict[str, int] = {}
    for login, name, role, place, above in PEOPLE:
        known[login] = hire(session, login, name, role, departments[place.rstrip("*")], place.endswith("*"))
        session.get_one(User, known[login]).manager_id = known.get(above)


class Company:
    """The running installation, the people who work with it, and names that nothing else has."""

    def __init__(self, folder: Path, url: str) -> None:
        known: dict[str, Any] = {"admin_password": PASSWORD, "secret_key": SECRET_KEY, "plugins": None}
        self.platform: Platform = assemble(Settings.load(data_dir=folder, database_url=url, **known))
        self.application = Application(self.platform, works=False)
        self._people: dict[str, Person] = {}
        self._numbers = itertools.count(1)
        with self._session() as session:
            settle(session)

    def close(self) -> None:
        """End it."""
        self.application.close()

    @property
    def admin(self) -> Person:
        """The administrator: sets up what only administrators may, and stays away from the rest."""
        return self.person("admin")

    @property
    def head(self) -> Person:
        """钱岚, who leads 华东部 and sees all of its branch."""
        return self.person("head")

    @property
    def member(self) -> Person:
        """吴迪 of 上海组, who sees what is his own."""
        return self.person("member")

    @property
    def mate(self) -> Person:
        """孙悦 of 上海组, a member like 吴迪."""
        return self.person("mate")

    @property
    def colleague(self) -> Person:
        """周凯, who leads 华北部: he may do as much as the head, and sees nothing of 华东部."""
        return self.person("colleague")

    def person(self, login: str) -> Person:
        """Somebody who is there, signed in."""
        if login not in self._people:
            self._people[login] = Person(self, login)
        return self._people[login]

    def hire(self, role: str, department: str, *, name: str = "", heads: bool = False) -> Person:
        """Somebody new, for a test that changes what he may or where he works."""
        login = f"person{next(self._numbers)}"
        with self._session() as session:
            found = session.query(Department).filter(Department.name == department).one()
            hire(session, login, name or self.name("新人"), role, found.id, heads)
        return self.person(login)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """A session for what administrators do about people; searches find them."""
        with self.platform.database.system("the company of the tests") as session:
            session.info["watchers"] = self.platform.gate.watchers
            yield session
            raise_access(session)

    def name(self, word: str = "公司") -> str:
        """A name that nothing else has; searched for, it finds nothing else either."""
        number = next(self._numbers)
        return f"{word}{'甲乙丙丁戊己庚辛壬癸'[number % 10]}{number:04d}号"

    def day(self) -> str:
        """A day that no other test writes a journal for."""
        return (date(2021, 1, 1) + timedelta(days=next(self._numbers))).isoformat()

    def word(self, address: str, name: str) -> int:
        """The id of one of the words that come with a plugin: `company.word("customers/types", "潜在客户")`."""
        (found,) = self.admin.finds(address, name=name)
        return found

    def role(self, **grants: Mapping[str, str]) -> str:
        """A role that the administrator makes for a test: what it may with which resources; gives its name."""
        told = [
            {"resource": key.replace("__", "."), "action": action, "scope": scope}
            for key, actions in grants.items()
            for action, scope in actions.items()
        ]
        return str(self.admin.make("system/roles", name=self.name("角色"), grants=told)["name"])

    def customer(self, owner: Person, **values: Any) -> Record:
        """A customer of somebody's, with a name of its own."""
        return owner.make("customers/customers", **{"name": self.name("客户"), **values})

    def run(self, job: str) -> None:
        """Do at once what a schedule does at its hour."""
        with self.platform.database.transaction(write=True) as connection:
            enqueue(connection, job, why="a test", unique_key=job)
        make_worker(self.platform).run_due()


class Record:
    """A record that somebody has made."""

    def __init__(self, address: str, values: Mapping[str, Any]) -> None:
        self.address, self.values = address, values

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def id(self) -> int:
        """Its id."""
        return int(self.values["id"])

    @property
    def path(self) -> str:
        """The address of its page, and below `/api/v1` that of the API."""
        return f"/{self.address}/{self.id}"


class Person:
    """Somebody at a browser, who can call the API as well."""

    def __init__(self, company: Company, login: str) -> None:
        self.company, self.login = company, login
        self.client = Client(company.application, headers={"accept-language": "en"})
        assert self.client.sign_in(login, PASSWORD).status == 303
        with company.platform.database.system("who is it") as session:
            found = session.query(User).filter(User.login == login).one()
            self.id, self.name = int(found.id), str(found.name)

    # Pages

    def open(self, url: str, query: Fields = (), *, refused: int = 0) -> Page:
        """Open a page; `refused` is the status with which it must be refused."""
        answer = self.client.get(url, query)
        told = Page(self, url, answer.text, answer.status)
        assert answer.status == (refused or 200), f"{self.login} at {url}: {answer.status} {told.text}"
        pairs = list(query.items() if isinstance(query, Mapping) else query)
        whole = f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}" if pairs else url
        told.url = whole
        return told

    def post(
        self,
        url: str,
        form: Fields,
        *,
        files: Iterable[tuple[str, str, bytes]] = (),
        refused: int = 0,
    ) -> Page:
        """Send a form, and see where it leads; `refused` is the status with which it must come back."""
        files = list(files)
        answer = self.client.upload(url, form, files) if files else self.client.post(url, form)
        if answer.status == 303 and not refused:
            return self.open(answer.location)
        wanted = {refused} if refused else {200}
        told = Page(self, url, answer.text, answer.status)
        assert answer.status in wanted, f"{self.login} at {url}: {answer.status} {told.text}"
        return told

    def finds(self, address: str, **query: str) -> list[int]:
        """The ids in a list, as the API gives them."""
        return [int(item["id"]) for item in self.get(address, limit="200", **query)["items"]]

    def sees_nothing_of(self, record: Record, *words: str) -> None:
        """Whether neither page, list, search nor API tells this person of a record."""
        missing = self.client.get(f"/{record.address}/99999999")
        page, api = self.client.get(record.path), self.client.get(f"{API}{record.path}")
        assert (page.status, api.status, missing.status) == (404, 404, 404)
        assert record.id not in self.finds(record.address)
        for word in words:
            self.open(f"/{record.address}", {"q": word}).hides(f'href="{record.path}')
            self.open("/search", {"q": word}).hides(f'href="{record.path}')

    # The API

    def get(self, address: str, **query: str) -> Any:
        """What the API tells."""
        answer = self.client.get(f"{API}/{address}", query)
        assert answer.status == 200, f"{self.login} at {address}: {answer.text}"
        return answer.json

    def make(self, address: str, **values: Any) -> Record:
        """A new record."""
        return Record(address, self._send("POST", address, values, 201))

    def do(self, record: Record, action: str, *, refused: int = 0, **values: Any) -> Any:
        """Run an action of a record; `refused` is the status with which it must be refused."""
        return self._send("POST", f"{record.path[1:]}/actions/{action}", values, refused or 200)

    def change(self, record: Record, *, refused: int = 0, **values: Any) -> Any:
        """Change values of a record."""
        version = self.client.get(f"{API}{record.path}")
        known = str(version.json.get("version", 0)) if version.status == 200 else "1"
        return self._send("PATCH", record.path[1:], values, refused or 200, if_match=known)

    def read(self, record: Record) -> Any:
        """The record as it is now."""
        return self.get(record.path[1:])

    def _send(self, method: str, address: str, values: Mapping[str, Any], status: int, **headers: str) -> Any:
        answer = self.client.send(method, f"{API}/{address}", dict(values), **headers)
        assert answer.status == status, f"{self.login} at {address}: {answer.status} {answer.text}"
        return answer.json if answer.content else None
