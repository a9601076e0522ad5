"""Dates as people, programs and spreadsheets write them: 2026-03-05, 2026/3/5, 2026年3月5日, 20260305, 46086."""

from __future__ import annotations

import datetime as dt
import math
import re
from calendar import monthrange

from core.kernel.i18n import translate as _
from core.resources.values.faults import ValueFault, is_blank, quoted
from core.resources.values.letters import typed

SPREADSHEET_EPOCH = dt.date(1899, 12, 30)
"""Day 0 of the serial numbers in which spreadsheets count days."""

SERIALS = range(10_000, 100_000)
"""Serials that are taken for a date: 1927-05-18 to 2173-10-13. Smaller numbers are more likely a slip."""

FIRST_YEAR = 1000
"""An earlier year is a year of two digits that some program has filled up."""

LONGEST_DATE = 40

_DATE = re.compile(r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日?)")
_SPACE_AT_SIGN = re.compile(r"\s*([-/.年月日号])\s*")
_REST = re.compile(
    r"(?:[T ]?\s*[0-9]{1,2}:[0-9]{2}(?::[0-9.]+)?\s*(?:[AP]M|Z|[+-][0-9]{2}:?[0-9]{2})?)?\Z", re.IGNORECASE
)
_WEEKDAY = re.compile(r"\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?")
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_SHORT_YEAR = re.compile(r"'?[0-9]{2}(?:[-/.][0-9]{1,2}[-/.][0-9]{1,2}|年[0-9]{1,2}月[0-9]{1,2}日?|[0-9]{4})")
_YEAR_LAST = re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}")
_NO_DAY = re.compile(r"[0-9]{4}(?:[-/.年]?[0-9]{1,2}月?|年)?")


def date(value: object) -> dt.date | None:
    """A day of the calendar; None for blank. A time behind the date is dropped, a date that does not exist is named."""
    if type(value) is str:
        size = len(value)
        try:
            if size == 10 and value[4] == "-" == value[7]:
                return _in_range(dt.date.fromisoformat(value), value)
            if size == 8 and value.isdigit():
                return _in_range(dt.date(int(value[:4]), int(value[4:6]), int(value[6:])), value)
        except ValueFault:
            raise
        except ValueError:
            pass  # The general way below finds the words for it.
        match = _DATE.fullmatch(value)
        return _from_parts(match, value) if match else _written(value)
    if isinstance(value, dt.datetime):
        return _in_range(value.date(), value)
    if isinstance(value, dt.date):
        return _in_range(value, value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return from_serial(value)
    if is_blank(value):
        return None
    raise no_date(value)


def from_serial(value: int | float) -> dt.date:
    """The date a spreadsheet means by a number: its serial, or a date somebody typed as 20260305."""
    if math.isfinite(value):
        if math.floor(value) in SERIALS:
            return SPREADSHEET_EPOCH + dt.timedelta(days=math.floor(value))
        if value == int(value) and len(str(int(value))) == 8:
            found = date(str(int(value)))
            if found is not None:
                return found
    raise no_date(value)


def tidy_date(value: str) -> str:
    """The date with half-width characters, no spaces around its signs and no weekday."""
    written = _SPACE_AT_SIGN.sub(r"\1", _WEEKDAY.sub(" ", typed(value[: LONGEST_DATE + 1])))
    return re.sub(r"日(?=[0-9])|号", lambda sign: "日" if sign.group() == "号" else "日 ", written).rstrip(" .")


def no_date(value: object) -> ValueFault:
    """What is said of a value that is no date at all."""
    return ValueFault(_('"{value}" is not a date. Write it as 2026-03-05.', value=quoted(value)))


def _written(value: str) -> dt.date | None:
    if is_blank(value):
        return None
    written = tidy_date(value)
    if len(value) > LONGEST_DATE:
        raise no_date(value)
    if written.isdigit() and len(written) == 8:
        written = f"{written[:4]}-{written[4:6]}-{written[6:]}"
    match = _DATE.match(written)
    if match is not None and _REST.match(written, match.end()):
        return _from_parts(match, value)
    if _SERIAL.fullmatch(written):
        return from_serial(float(written))
    raise _why_not(written, value)


def _from_parts(match: re.Match[str], value: object) -> dt.date:
    year, _sign, month, day, chinese_month, chinese_day = match.groups()
    return calendar_day(int(year), int(month or chinese_month), int(day or chinese_day), value)


def calendar_day(year: int, month: int, day: int, value: object) -> dt.date:
    """The date, or a fault that says which part of it does not exist."""
    try:
        return _in_range(dt.date(year, month, day), value)
    except ValueFault:
        raise
    except ValueError:
        if year >= 1 and not 1 <= month <= 12:
            problem = _(
                '"{value}" does not exist: there is no month {month}. Correct it.', value=quoted(value), month=month
            )
        elif year >= 1:
            problem = _(
                '"{value}" does not exist: {year}-{month} has {days} days. Correct it.',
                value=quoted(value),
                year=year,
                month=f"{month:02d}",
                days=monthrange(year, month)[1],
            )
        else:
            raise _short_year(value) from None
    raise ValueFault(problem)


def _in_range(found: dt.date, value: object) -> dt.date:
    if found.year < FIRST_YEAR:
        raise _short_year(value)
    return found


def _why_not(written: str, value: str) -> ValueFault:
    if _SHORT_YEAR.fullmatch(written):
        return _short_year(value)
    if _YEAR_LAST.fullmatch(written):
        return ValueFault(
            _('"{value}" can be read in two ways. Write the year first, as in 2026-03-05.', value=quoted(value))
        )
    if _NO_DAY.fullmatch(written):
        return ValueFault(
            _('"{value}" is not a whole date. Write year, month and day: 2026-03-05.', value=quoted(value))
        )
    return no_date(value)


def _short_year(value: object) -> ValueFault:
    return ValueFault(_('"{value}" has no year of four digits. Write it as 2026-03-05.', value=quoted(value)))
