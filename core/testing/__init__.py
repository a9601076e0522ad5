"""The kit with which plugin authors test their plugins: real databases, a real server, a real browser.

Installing Sopia registers it as a pytest plugin; nothing needs to be imported for the fixtures. It imports no plugin.
"""

import pytest

from core.testing.databases import Schema

# Without this, a failing check says "AssertionError" and not what the two sides were.
pytest.register_assert_rewrite("core.testing.checks")

__all__ = ["Schema"]
