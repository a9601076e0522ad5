"""The API of an application over a fresh database, and of a whole company that the tests of a module share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.testing.databases import Databases, Kind, kinds_wanted
from tests.api.company import Company, DemoInstalled, open_platform
from tests.web.conftest import admin, application, count_statements, member, platform, schema, settings, visitor

__all__ = ["admin", "application", "count_statements", "member", "platform", "schema", "settings", "visitor"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what needs the company on both databases, one after the other."""
    if "company_kind" in metafunc.fixturenames:
        kinds = kinds_wanted(metafunc.config.getoption("--database"), ())
        params = [pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in kinds]
        metafunc.parametrize("company_kind", params, scope="module")


@pytest.fixture(scope="module")
def company(databases: Databases, company_kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The demo company behind a running application."""
    url = databases.make(company_kind, DemoInstalled())
    opened = Company(open_platform(tmp_path_factory.mktemp("company"), url))
    yield opened
    opened.application.close()
    databases.drop(url)
