"""The demo company behind a running application; and the same with a plugin that links, plans and reminds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.kernel.crew import make_worker
from core.kernel.discovery import Found, discover
from core.kernel.gate import Gate
from core.kernel.registry import build_registry
from core.kernel.worker import Worker
from core.resources.indexing import create_indexes, search_watcher
from core.resources.resolved import Resources
from core.testing.databases import Databases, Kind
from core.workplace.watching import workplace_watcher
from tests.api.company import Company, DemoInstalled, open_platform
from tests.api.conftest import company, pytest_generate_tests

__all__ = ["company", "pytest_generate_tests"]


@pytest.fixture(scope="module")
def office(databases: Databases, company_kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The demo company with the diary."""
    url = databases.make(company_kind, DemoInstalled())
    platform = open_platform(tmp_path_factory.mktemp("office"), url)
    registry = build_registry(
        ("customers", "diary"),
        found={**discover(), "diary": Found("diary", "tests.workplace.diary:plugin")},
        system="core.system:plugin",
        strict=True,
    )
    resources = Resources(registry)
    with platform.database.transaction(write=True) as connection:
        resources["diary.page"].table.create(connection)
        create_indexes(connection, resources)
    watchers = (search_watcher(resources), workplace_watcher(resources))
    gate = Gate(platform.database, registry.models, watchers)
    opened = Company(replace(platform, registry=registry, above=resources, gate=gate))
    yield opened
    opened.application.close()
    databases.drop(url)


@pytest.fixture
def worker(office: Company) -> Worker:
    """Does the office's jobs when it is told to."""
    return make_worker(office.platform)
