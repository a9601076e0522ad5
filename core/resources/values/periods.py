"""Dates relative to today, as filters, saved views and schedules say them: this_month, last_7_days, -30d."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from core.kernel.i18n import translate as _
from core.resources.values.faults import ValueFault, quoted

Period = tuple[dt.date, dt.date]
"""First and last day, both included."""

_MONTHS = 12
_QUARTER = 3
_STRETCH = re.compile(r"(last|next)_([0-9]{1,5})_(day|week|month|year)s?")
_SHIFT = re.compile(r"([-+])([0-9]{1,5})([dwmy])")
_CALENDAR = re.compile(r"([0-9]{4})(?:-(?:Q([1-4])|W([0-9]{2})|([0-9]{2})(?:-([0-9]{2}))?))?")
_LENGTHS = {"d": "day", "w": "week", "m": "month", "y": "year"}


def period(word: str, today: dt.date) -> Period:
    """The first and the last day that `word` means on `today`, both included. Weeks begin on Monday.

    Words: today, yesterday, tomorrow; this_, last_, next_ with week, month, quarter, year; last_7_days (today and the
    six before), next_30_days (today and the 29 after), the same with weeks, months and years; -30d (from 30 days ago to
    today), +2w (from today to two weeks ahead), with d, w, m, y; 2026, 2026-Q1, 2026-03, 2026-W10.
    """
    try:
        found = _named(word, today) or _stretched(word, today) or _shifted(word, today) or _dated(word)
    except (OverflowError, ValueError):
        found = None
    if found is None or not dt.MINYEAR < found[0].year <= found[1].year < dt.MAXYEAR:
        raise ValueFault(
            _('"{value}" is not a period. Use for example today, this_month, last_7_days or -30d.', value=quoted(word))
        )
    return found


def is_period(word: str) -> bool:
    """Whether `word` is understood by `period`."""
    if word in _WORDS or _STRETCH.fullmatch(word) or _SHIFT.fullmatch(word):
        return True
    dated = _CALENDAR.fullmatch(word)
    # A whole date is a date, for which a field has its own reading.
    return dated is not None and dated[5] is None


def bounds(span: Period, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """The period as moments in UTC on the clocks of `zone`: from the first, up to but without the second."""
    first, last = span
    after = dt.datetime.combine(last, dt.time()) + dt.timedelta(days=1)
    begin = dt.datetime.combine(first, dt.time(), zone)
    return begin.astimezone(dt.UTC), after.replace(tzinfo=zone).astimezone(dt.UTC)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day some months later, or the last of that month where it has no such day."""
    first = _month(day, months)
    return min(first + dt.timedelta(days=day.day - 1), _month(first, 1) - dt.timedelta(days=1))


def _month(day: dt.date, away: int) -> dt.date:
    years, month = divmod(day.year * _MONTHS + day.month - 1 + away, _MONTHS)
    return dt.date(years, month + 1, 1)


def _days(first: int, last: int) -> Callable[[dt.date], Period]:
    return lambda today: (today + dt.timedelta(days=first), today + dt.timedelta(days=last))


def _week(away: int) -> Callable[[dt.date], Period]:
    return lambda today: _days(-today.weekday() + 7 * away, -today.weekday() + 7 * away + 6)(today)


def _months(away: int) -> Callable[[dt.date], Period]:
    return lambda today: (_month(today, away), _month(today, away + 1) - dt.timedelta(days=1))


def _quarter(away: int) -> Callable[[dt.date], Period]:
    def whole(today: dt.date) -> Period:
        first = _month(today, away * _QUARTER - (today.month - 1) % _QUARTER)
        return first, _month(first, _QUARTER) - dt.timedelta(days=1)

    return whole


def _year(away: int) -> Callable[[dt.date], Period]:
    return lambda today: (dt.date(today.year + away, 1, 1), dt.date(today.year + away, 12, 31))


_WORDS: dict[str, Callable[[dt.date], Period]] = {
    "today": _days(0, 0),
    "yesterday": _days(-1, -1),
    "tomorrow": _days(1, 1),
    **{f"{name}_week": _week(away) for name, away in (("last", -1), ("this", 0), ("next", 1))},
    **{f"{name}_month": _months(away) for name, away in (("last", -1), ("this", 0), ("next", 1))},
    **{f"{name}_quarter": _quarter(away) for name, away in (("last", -1), ("this", 0), ("next", 1))},
    **{f"{name}_year": _year(away) for name, away in (("last", -1), ("this", 0), ("next", 1))},
}

WORDS = tuple(_WORDS)
"""The periods that have a name of their own, for the choice in a filter."""


def _named(word: str, today: dt.date) -> Period | None:
    return _WORDS[word](today) if word in _WORDS else None


def _moved(today: dt.date, count: int, unit: str) -> dt.date:
    if unit in ("day", "week"):
        return today + dt.timedelta(days=count * (7 if unit == "week" else 1))
    return add_months(today, count * (_MONTHS if unit == "year" else 1))


def _stretched(word: str, today: dt.date) -> Period | None:
    match = _STRETCH.fullmatch(word)
    if match is None or not int(match[2]):
        return None
    if match[1] == "last":
        return _moved(today, -int(match[2]), match[3]) + dt.timedelta(days=1), today
    return today, _moved(today, int(match[2]), match[3]) - dt.timedelta(days=1)


def _shifted(word: str, today: dt.date) -> Period | None:
    match = _SHIFT.fullmatch(word)
    if match is None:
        return None
    count = int(match[2])
    if match[1] == "-":
        return _moved(today, -count, _LENGTHS[match[3]]), today
    return today, _moved(today, count, _LENGTHS[match[3]])


def _dated(word: str) -> Period | None:
    """A year, a quarter, a month, a week by its number, or a day."""
    match = _CALENDAR.fullmatch(word)
    if match is None:
        return None
    year, quarter, week, month, day = (int(part) if part else 0 for part in match.groups())
    if week:
        return dt.date.fromisocalendar(year, week, 1), dt.date.fromisocalendar(year, week, 7)
    if day:
        return dt.date(year, month, day), dt.date(year, month, day)
    if month:
        return _months(0)(dt.date(year, month, 1))
    return _quarter(0)(dt.date(year, quarter * 3, 1)) if quarter else _year(0)(dt.date(year, 1, 1))
