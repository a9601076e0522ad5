"""Days, weeks and months that journals are written for: where they begin and end, and on which day one is due."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from typing import Any

KINDS = ("day", "week", "month")

LONGEST_REST = 31
"""Days in a row on which nobody works, and no more."""


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


def deadline(
    calendar: Any, kind: str, day: dt.date, window: int, weekdays: frozenset[int] = frozenset()
) -> dt.datetime:
    """The moment until which a journal comes in time: so many hours into the next day that is worked after its period."""
    end = dt.datetime.combine(next_worked(calendar, after(kind, day), weekdays), dt.time(), calendar.zone)
    return (end + dt.timedelta(hours=window)).astimezone(dt.UTC)


def next_worked(calendar: Any, day: dt.date, weekdays: frozenset[int]) -> dt.date:
    """The day itself, or the next on which journals are written; the day itself where none comes for a month."""
    days = (day + dt.timedelta(days=number) for number in range(LONGEST_REST))
    return next((each for each in days if is_written_on(calendar, weekdays, each)), day)


def last_due(calendar: Any, kind: str, weekdays: frozenset[int], today: dt.date) -> dt.date | None:
    """The first day of the last period before today's for which a journal is written, over weekends and holidays."""
    earliest, first = today - dt.timedelta(days=LONGEST_REST), before(kind, today)
    while due_day(calendar, kind, weekdays, first) is None:
        first = before(kind, first)
        if first < earliest:
            return None
    return first
