"""The demo company behind a running application, as the tests of the API have it."""

from __future__ import annotations

from tests.api.conftest import company, pytest_generate_tests

__all__ = ["company", "pytest_generate_tests"]
