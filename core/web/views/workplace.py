"""What the pages of the workplace show: notifications, the team's day, reminders of one's own."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.web.views.forms import FormSection
from core.web.views.lists import Option
from core.web.views.shell import Button, Empty, Link, Person, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindView:
    """remind.html: when to be reminded of a record, and the reminders that wait already."""

    title: Words
    url: str
    sections: Sequence[FormSection]
    trail: tuple[Link, ...]
    cancel_url: str
    waiting: tuple[tuple[str, str, Button], ...] = ()  # when, what of, the button that removes it


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLine:
    """One notification."""

    id: int
    said: Words  # "gave you guidance"
    person: Person | None
    title: str  # of the record; empty where it is out of sight
    excerpt: str
    url: str  # marks it as read and goes there
    icon: str
    at: str
    at_exact: str
    read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsView:
    """notifications.html: what one is told."""

    title: Words
    lines: tuple[NoteLine, ...]
    filters: tuple[Link, ...]
    read_all: Button | None = None
    more_url: str = ""
    empty: Empty | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """One entry of somebody's day."""

    title: str
    about: str
    label: Words
    url: str
    icon: str
    at: str  # "14:30", or the day of what is late
    kind: str  # planned, done
    late: bool
    guide_url: str = ""  # POST kind, text; empty: no guidance by this reader on this record


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDay:
    """One person of a team and his day."""

    person: Person
    department: str
    done: int
    planned: int
    late: int
    seen: Words  # "5 minutes ago"
    lines: tuple[DayLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamView:
    """team.html: the day of everybody in one's team."""

    title: Words
    day: str
    date: str  # as it is typed
    previous: Link
    following: Link
    today: Link | None
    people: tuple[PersonDay, ...]
    departments: tuple[Option, ...]
    persons: tuple[Option, ...]
    totals: tuple[tuple[Words, int, str], ...]  # title, number, tone
    empty: Empty | None = None
