"""The first page, the workplace of today."""

from dataclasses import dataclass

from core.web.views.records import Panel
from core.web.views.shell import Button, Empty, Link, Words
from core.web.views.workplace import DayLine, NoteLine, PersonDay


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentLine:
    """A record that one has worked on lately."""

    title: str
    url: str
    icon: str
    kind: Words
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderLine:
    """A reminder of one's own that waits."""

    title: str
    text: str
    url: str
    at: str
    late: bool
    done: Button


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    """home.html: one's own day, what one is told, what one worked on, the team, and the panels that plugins add."""

    title: Words
    greeting: Words
    day: str  # "2026年11月20日 星期五"
    planned: tuple[DayLine, ...] = ()
    done: tuple[DayLine, ...] = ()
    reminders: tuple[ReminderLine, ...] = ()
    notes: tuple[NoteLine, ...] = ()
    recent: tuple[RecentLine, ...] = ()
    team: tuple[PersonDay, ...] = ()  # without entries
    team_totals: tuple[tuple[Words, int, str], ...] = ()
    team_link: Link | None = None
    panels: tuple[Panel, ...] = ()
    empty: Empty | None = None
