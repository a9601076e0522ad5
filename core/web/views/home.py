"""The first page, the workplace of today."""

from dataclasses import dataclass

from core.web.views.records import Panel
from core.web.views.shell import Empty, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    """home.html: a greeting, and the panels that plugins put on the first page."""

    title: Words
    greeting: Words
    day: str  # "2026年11月20日 星期五"
    panels: tuple[Panel, ...] = ()
    empty: Empty | None = None
