"""The administration: the screens that are more than the pages of a resource, one a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.web.pages.system import departments, history, home, plugins, roles, settings
from core.web.routing import Route

if TYPE_CHECKING:
    from core.kernel.platform import Platform

SCREENS = (home, departments, roles, plugins, history, settings)


def routes(platform: Platform) -> Iterable[Route]:
    """All of them; where a resource has a page at the same address, these stand in its place."""
    for screen in SCREENS:
        yield from screen.routes(platform)
