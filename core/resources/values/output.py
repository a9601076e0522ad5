"""Values on their way out to the API and to exported files: exact, the same everywhere, readable by every program."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from core.kernel.types import minor_digits


def money_text(minor: int, currency: str = "CNY") -> str:
    """Minor units as a decimal string: 123450 is "1234.50", of a currency without cents "123450"."""
    digits = minor_digits(currency)
    if digits == 0:
        return str(minor)
    whole, part = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}.{part:0{digits}d}"


def instant_text(moment: dt.datetime) -> str:
    """An aware moment in UTC: "2026-03-05T06:30:00Z"; parts of a second only where there are any."""
    if moment.tzinfo is None:
        raise TypeError(f"{moment!r} has no time zone; an instant needs one, for example datetime.now(UTC)")
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"


def date_text(day: dt.date) -> str:
    """A day as "2026-03-05"."""
    return day.isoformat()


def decimal_text(number: Decimal) -> str:
    """An exact number without an exponent: "1234.5", "1000", never "1E+3"."""
    return f"{number:f}"


def boolean_text(value: bool) -> str:
    """ "true" or "false", which `boolean` reads back."""
    return "true" if value else "false"
