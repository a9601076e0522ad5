"""What the checks of a plugin stand on: one installation with the plugin and what it requires, people, and records.

The checks of a class share the installation, so a check makes people and records of its own and counts on no others.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from sqlalchemy.orm import Session

from core.kernel.discovery import discover, get, load
from core.kernel.platform import Platform
from core.kernel.plugins import Plugin
from core.testing.client import Client
from core.testing.databases import Databases, Kind
from core.testing.installation import PASSWORD, Installed
from core.testing.plugin import opened_platform
from core.testing.samples import make_person, make_record

SignIn = Callable[..., tuple[Client, int]]
"""`signed_in("lin", "member")`: a client that has signed in, and the person's id."""

_numbers = itertools.count(1)


class Standing:
    """The plugin under test, installed. Say `plugin = "name"`; override `make` where records need more than values."""

    plugin: ClassVar[str]
    locales: ClassVar[tuple[str, ...]] = ("zh_Hans",)
    """The languages in which every text of the plugin has to be there."""
    not_by_hand: ClassVar[frozenset[str]] = frozenset()
    """Keys of resources whose records nobody types: made by actions or by other records alone."""

    def make(self, session: Session, model: type[Any], owner: int) -> Any:
        """A record for the checks, flushed: of `model`, belonging to `owner`."""
        return make_record(session, model, owner=owner)

    def values(self, session: Session, resource: Any, owner: int) -> dict[str, Any]:
        """Values of fields, as the API takes them, that a new record needs where those that are made up do not pass."""
        return {}

    @pytest.fixture(scope="class")
    @classmethod
    def installed_plugins(cls) -> tuple[str, ...]:
        """The plugin and all that it requires."""
        return tuple(with_required(cls.plugin))

    @pytest.fixture(scope="class")
    @classmethod
    def installation_url(
        cls, databases: Databases, shared_kind: Kind, installed_plugins: tuple[str, ...]
    ) -> Iterator[str]:
        """The address of the database that the checks of the class share."""
        url = databases.make(shared_kind, Installed(plugins=installed_plugins))
        yield url
        databases.drop(url)

    @pytest.fixture
    def own_url(self, databases: Databases, shared_kind: Kind, installed_plugins: tuple[str, ...]) -> Iterator[str]:
        """The address of a database for one check that takes it apart."""
        url = databases.make(shared_kind, Installed(plugins=installed_plugins))
        yield url
        databases.drop(url)

    @pytest.fixture(scope="class")
    @classmethod
    def installed_platform(
        cls,
        installation_url: str,
        installed_plugins: tuple[str, ...],
        tmp_path_factory: pytest.TempPathFactory,
        pytestconfig: pytest.Config,
    ) -> Iterator[Platform]:
        """The platform of the installation, opened in this process."""
        folder = tmp_path_factory.mktemp("installation")
        with opened_platform(installation_url, folder, installed_plugins, pytestconfig) as opened:
            yield opened

    @pytest.fixture
    def declared(self, installed_platform: Platform) -> Plugin:
        """The plugin as the registry has it."""
        return installed_platform.registry.plugin(self.plugin)

    @pytest.fixture
    def resources(self, installed_platform: Platform) -> list[Any]:
        """The plugin's own resources, resolved."""
        return [one for one in installed_platform.above.values() if one.key.partition(".")[0] == self.plugin]

    @pytest.fixture(scope="class")
    @classmethod
    def application(cls, installed_platform: Platform) -> Any:
        """The application over the installation."""
        from core.web.app import Application

        return Application(installed_platform, works=False)

    @pytest.fixture(scope="class")
    @classmethod
    def signed_in(cls, installed_platform: Platform, application: Any) -> SignIn:
        """Makes people: `signed_in("lin", "member")` gives a client that has signed in, and the person's id."""

        def sign_in(login: str, *roles: str) -> tuple[Client, int]:
            known = f"{login}{next(_numbers)}"
            with installed_platform.database.system("people for the checks") as session:
                person = make_person(session, known, *roles)
            client = Client(application)
            assert client.sign_in(known, PASSWORD).status == 303
            return client, person

        return sign_in

    def make_all(self, platform: Platform, resource: Any, owner: int, number: int = 1) -> list[int]:
        """Records of a resource; gives their ids."""
        with platform.database.system("records for the checks") as session:
            session.info["watchers"] = platform.gate.watchers
            return [int(self.make(session, resource.model, owner).id) for _ in range(number)]


def with_required(name: str) -> list[str]:
    """The plugin behind everything it requires, in the order in which they start."""
    every, order = discover(), list[str]()

    def add(wanted: str) -> None:
        for requirement in load(get(every, wanted)).manifest.requirements:
            add(requirement.name)
        if wanted not in order:
            order.append(wanted)

    add(name)
    return order
