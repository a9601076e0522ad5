"""An application over a fresh database, and people at their browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.assembly import assemble
from core.kernel.passwords import hash_password, put_password
from core.kernel.platform import Platform
from core.kernel.roles import UserRole
from core.kernel.settings import Settings
from core.kernel.shipped_roles import find_role
from core.kernel.users import User
from core.testing.client import Client
from core.testing.databases import Schema
from core.testing.installation import Opened
from core.web.app import Application
from core.web.site import PAGES
from tests.web import probe

PASSWORD = "correct horse 7"
HASH = hash_password(PASSWORD)


@pytest.fixture
def schema() -> Schema:
    """What a fresh database holds: all that the first start puts in."""
    return Opened()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of a small installation without plugins."""
    return Settings.load(data_dir=tmp_path, database_url=database_url, admin_password=PASSWORD, plugins=())


@pytest.fixture
def platform(settings: Settings) -> Platform:
    """The platform over the fresh database; the application closes it."""
    return assemble(settings)


@pytest.fixture
def application(platform: Platform) -> Iterator[Application]:
    """The application with pages that only tests know."""
    made = Application(platform, pages=(*PAGES, probe.routes))
    yield made
    made.close()


@pytest.fixture
def visitor(application: Application) -> Client:
    """Somebody who has not signed in."""
    return Client(application)


@pytest.fixture
def admin(application: Application) -> Client:
    """The administrator, signed in."""
    client = Client(application)
    assert client.sign_in("admin", PASSWORD).status == 303
    return client


@pytest.fixture
def member(application: Application, platform: Platform) -> Client:
    """Lin, who has the role of a member, signed in."""
    add_person(platform, "lin", "member")
    client = Client(application)
    assert client.sign_in("lin", PASSWORD).status == 303
    return client


def add_person(platform: Platform, login: str, *roles: str) -> int:
    """A person with the common password and these roles."""
    with platform.database.system("test") as session:
        user = User(login=login, name=login.title())
        session.add(user)
        session.flush()
        for key in roles:
            role = find_role(session, key)
            assert role is not None
            session.add(UserRole(user_id=user.id, role_id=role.id))
        put_password(session.connection(), user.id, HASH)
        return user.id


@pytest.fixture
def count_statements(platform: Platform) -> Iterator[Callable[[], int]]:
    """How many statements were sent since the last call, BEGIN and COMMIT not counted."""
    from sqlalchemy import event

    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
            seen.append(statement)

    engines = (platform.database.reader, platform.database.writer)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)

    def count() -> int:
        number = len(seen)
        seen.clear()
        return number

    yield count
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
