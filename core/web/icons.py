"""The icon sheet: every symbol's name, and the function `icon` that templates draw them with."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from re import findall

from markupsafe import Markup

SHEET = Path(__file__).parent / "static" / "icons.svg"


@lru_cache(maxsize=1)
def icon_names() -> frozenset[str]:
    """The names that the sheet knows."""
    return frozenset(findall(r'<symbol id="([a-z-]+)"', SHEET.read_text(encoding="utf-8")))


def icon_drawer(sheet_url: str) -> Callable[[str], Markup]:
    """The template function `icon(name)` for a sheet at this address; an unknown name draws a plain square."""
    known = icon_names()

    @lru_cache(maxsize=512)
    def icon(name: str) -> Markup:
        shown = name if name in known else "square"
        return Markup('<svg class="i" aria-hidden="true"><use href="{}#{}"/></svg>').format(sheet_url, shown)

    return icon
