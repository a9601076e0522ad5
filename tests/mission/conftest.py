"""One small company for all tests of the mission, made once for each process; every test brings names of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.testing.databases import Databases, Kind
from core.testing.installation import Installed
from tests.mission.company import Company, Person, Record


@pytest.fixture(scope="session")
def company(
    databases: Databases, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    """The company behind a running application: on SQLite, or on PostgreSQL where only that was asked for."""
    kind: Kind = "postgresql" if pytestconfig.getoption("--database") == "postgresql" else "sqlite"
    url = databases.make(kind, Installed())
    opened = Company(tmp_path_factory.mktemp("mission"), url)
    yield opened
    opened.close()
    databases.drop(url)


@pytest.fixture
def admin(company: Company) -> Person:
    """The administrator, for what only administrators may."""
    return company.admin


@pytest.fixture
def head(company: Company) -> Person:
    """Leads 华东部, with 上海组 below it."""
    return company.head


@pytest.fixture
def member(company: Company) -> Person:
    """Works in 上海组, and sees what is his own."""
    return company.member


@pytest.fixture
def mate(company: Company) -> Person:
    """Works in 上海组 like the member."""
    return company.mate


@pytest.fixture
def colleague(company: Company) -> Person:
    """Leads 华北部, and may see nothing of 华东部."""
    return company.colleague


@pytest.fixture
def customer(company: Company, member: Person) -> Record:
    """A customer of the member."""
    return company.customer(member)
