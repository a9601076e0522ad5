"""Fixtures of the kernel's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.throwaway import Workshop, Write


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """Where throw-away plugins are written."""
    folder = tmp_path / "plugins_of_the_test"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield Workshop(folder)
    Workshop(folder).forget_modules()


@pytest.fixture
def write(workshop: Workshop) -> Write:
    """Writes one plugin."""
    return workshop.write
