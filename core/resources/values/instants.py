"""Moments in time: with an offset as programs write them, or on the clocks of a time zone as people do."""

from __future__ import annotations

import datetime as dt
import math
import re

from core.kernel.i18n import translate as _
from core.resources.values.dates import FIRST_YEAR, LONGEST_DATE, SERIALS, SPREADSHEET_EPOCH, date, no_date, tidy_date
from core.resources.values.faults import ValueFault, is_blank, quoted

_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_PERSON = re.compile(
    r"""(?P<day>[0-9]{4}[-/.年0-9月]*日?)[T ]?\s*
        (?P<half>上午|下午|晚上|凌晨|早上|中午|AM|PM)?\s*
        (?P<hour>[0-9]{1,2})[:时点](?P<minute>[0-9]{1,2})?(?:[:分](?P<second>[0-9]{1,2})?(?:\.[0-9]+)?)?秒?
        \s*(?P<after>AM|PM)?\s*(?P<zone>Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?""",
    re.VERBOSE | re.IGNORECASE,
)
_SERIAL = re.compile(r"[0-9]{5}\.[0-9]{1,12}")
_LATER_HALF = frozenset({"下午", "晚上", "PM"})
_NOON = 12
_DAY_SECONDS = 86_400

LAST_YEAR = 9998
"""The last year whose every moment can be shown on the clocks of every zone."""


def instant(value: object, zone: dt.tzinfo) -> dt.datetime | None:
    """The moment in UTC; None for blank. Without an offset the clocks of `zone` are meant; a date alone is midnight."""
    try:
        found = _moment(value)
        if found is None:
            return None
        if found.tzinfo is None:
            found = _on_the_clocks(found, zone, value)
        found = found.astimezone(dt.UTC)
    except OverflowError:
        raise _no_moment(value) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise _no_moment(value)
    return found


def _moment(value: object) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, str):
        if _ISO.fullmatch(value):
            try:
                return dt.datetime.fromisoformat(value)
            except ValueError:
                date(value[:10])  # Says so where the day is what does not exist.
                raise _no_moment(value) from None
        return _written(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        if math.floor(value) in SERIALS:
            seconds = round((value - math.floor(value)) * _DAY_SECONDS)
            midnight = dt.datetime.combine(SPREADSHEET_EPOCH, dt.time())
            return midnight + dt.timedelta(days=math.floor(value), seconds=seconds)
        raise _no_moment(value)
    day = date(value)
    return None if day is None else dt.datetime.combine(day, dt.time())


def _written(value: str) -> dt.datetime | None:
    if is_blank(value):
        return None
    if len(value) > LONGEST_DATE:
        raise _no_moment(value)
    written = tidy_date(value)
    match = _PERSON.fullmatch(written)
    if match is None:
        return _moment(float(written)) if _SERIAL.fullmatch(written) else _midnight(value)
    day = date(match["day"])
    if day is None:
        raise no_date(value)
    return _at(day, match, value)


def _midnight(value: str) -> dt.datetime | None:
    day = date(value)
    return None if day is None else dt.datetime.combine(day, dt.time())


def _at(day: dt.date, match: re.Match[str], value: str) -> dt.datetime:
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    half = (match["half"] or match["after"] or "").upper()
    if half in _LATER_HALF and hour < _NOON:
        hour += _NOON
    elif half in ("AM", "凌晨") and hour == _NOON:
        hour = 0
    zone = (match["zone"] or "").upper()
    try:
        clock = dt.time(hour, minute, second)
        offset = dt.UTC if zone in ("Z", "UTC", "GMT") else dt.datetime.strptime(zone, "%z").tzinfo if zone else None
    except ValueError:
        raise _no_moment(value) from None
    return dt.datetime.combine(day, clock, offset)


def _on_the_clocks(local: dt.datetime, zone: dt.tzinfo, value: object) -> dt.datetime:
    there = local.replace(tzinfo=zone)
    if there.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise ValueFault(
            _(
                '"{value}" does not exist in {zone}, where the clocks were put forward. Correct the hour.',
                value=quoted(value),
                zone=zone,
            )
        )
    return there


def _no_moment(value: object) -> ValueFault:
    return ValueFault(_('"{value}" is not a date and time. Write it as 2026-03-05 14:30.', value=quoted(value)))
