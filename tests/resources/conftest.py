"""What tests of resources stand on."""

from __future__ import annotations

import pytest

from core.kernel.platform import Platform
from tests.resources.desk import Desk


@pytest.fixture
def desk(installed_platform: Platform) -> Desk:
    """An installation with customers and some people."""
    return Desk(installed_platform)
