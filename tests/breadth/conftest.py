"""The demo company with every plugin, in English, which the tests of a module share and may spoil."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.testing.databases import Databases
from tests.breadth.house import House, opened_house


@pytest.fixture(scope="module")
def house(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demo company on SQLite: nothing that is asked here concerns the database."""
    with opened_house(databases, "sqlite", tmp_path_factory.mktemp("house")) as opened:
        yield opened
