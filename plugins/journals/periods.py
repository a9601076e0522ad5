"""Days, weeks and months that journals are written for: where they begin and end, and on which day one is due."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from typing import Any

KINDS = ("day", "week", "month")


def start_of(kind: str | None, day: dt.date) -> dt.date:
    """The first day of the period in which a day lies; weeks begin on Monday."""
    if kind == "week":
        return day - dt.timedelta(days=day.weekday())
    return day.replace(day=1) if kind == "month" else day


def end_of(kind: str | None, day: dt.date) -> dt.date:
    """The last day of the period in which a day lies."""
    first = start_of(kind, day)
    if kind == "week":
        return first + dt.timedelta(days=6)
    return first.replace(day=monthrange(first.year, first.month)[1]) if kind == "month" else first


def before(kind: str | None, day: dt.date) -> dt.date:
    """The first day of the period before."""
    return start_of(kind, start_of(kind, day) - dt.timedelta(days=1))


def after(kind: str | None, day: dt.date) -> dt.date:
    """The first day of the period after."""
    return end_of(kind, day) + dt.timedelta(days=1)


def name_of(kind: str | None, day: dt.date) -> str:
    """A period as it is written everywhere: 2026-11-23, 2026-11-23 ~ 11-29, 2026-11."""
    first, last = start_of(kind, day), end_of(kind, day)
    if kind == "week":
        return f"{first} ~ {last:%m-%d}"
    return f"{first:%Y-%m}" if kind == "month" else str(first)


def weekdays_in(text: str | None) -> frozenset[int]:
    """The weekdays that a rule names, Monday is 0; none where it leaves them to the working calendar."""
    return frozenset(int(sign) - 1 for sign in text or "" if sign in "1234567")


def is_written_on(calendar: Any, weekdays: frozenset[int], day: dt.date) -> bool:
    """Whether a journal is written for a day: a working day, or a weekday that the rule names and that is no holiday."""
    if not weekdays:
        return bool(calendar.is_working_day(day))
    exception = calendar.days.get(day)
    if exception is not None and not exception[0]:
        return False
    return day.weekday() in weekdays


def due_day(calendar: Any, kind: str, weekdays: frozenset[int], day: dt.date) -> dt.date | None:
    """The day on which the journal of a period is written: its last one that is worked; None where none is."""
    first, last = start_of(kind, day), end_of(kind, day)
    while last >= first:
        if is_written_on(calendar, weekdays, last):
            return last
        last -= dt.timedelta(days=1)
    return None


def deadline(calendar: Any, kind: str, day: dt.date, window: int) -> dt.datetime:
    """The moment until which a journal comes in time: so many hours after its period has ended."""
    end = dt.datetime.combine(after(kind, day), dt.time(), calendar.zone)
    return (end + dt.timedelta(hours=window)).astimezone(dt.UTC)
