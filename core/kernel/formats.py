"""How amounts, numbers, dates and sizes are written for the reader: Chinese and English, in figures that line up.

Everything here is exact (no floats for money) and quick enough for thousands of cells. Words follow the active locale.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.kernel.i18n import current_locale, gettext, ngettext
from core.kernel.types import Money, minor_digits

SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "TWD": "NT$", "JPY": "JP¥", "KRW": "₩"}

RELATIVE_DAYS = 7
"""As far as this from today a date is told in words, which are quicker to grasp than a date."""

MINUTE, HOUR, DAY = 60, 3600, 86400
KILO = 1024


def money(amount: Money | int | None, currency: str = "CNY") -> str:
    """An amount with its symbol: "¥1,234.50". A plain number counts minor units of `currency`."""
    if amount is None:
        return ""
    if isinstance(amount, Money):
        currency = amount.currency or currency
        amount = amount.minor
    symbol = SYMBOLS.get(currency) or currency + "\N{NO-BREAK SPACE}"
    sign = "-" if amount < 0 else ""
    return f"{sign}{symbol}{_grouped(abs(amount), minor_digits(currency))}"


def _grouped(minor: int, digits: int) -> str:
    if digits == 0:
        return f"{minor:,}"
    whole, part = divmod(minor, 10**digits)
    return f"{whole:,}.{part:0{digits}d}"


def number(value: int | float | Decimal | None, digits: int | None = None) -> str:
    """A number in groups of three: "1,234.5". `digits` fixes how many stand behind the point."""
    if value is None:
        return ""
    if digits is not None:
        return f"{value:,.{digits}f}"
    return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"


def percent(value: float | Decimal | None, digits: int = 0) -> str:
    """A share of one as a percentage: 0.125 is "12.5%" with one digit."""
    return "" if value is None else f"{value:.{digits}%}"


def day(value: date | None, today: date | None = None) -> str:
    """A date in figures: "11-20" in this year, else "2025-11-20"; always with the year where `today` is not given."""
    if value is None:
        return ""
    if today is not None and value.year == today.year:
        return f"{value.month:02d}-{value.day:02d}"
    return f"{value.year:04d}-{value.month:02d}-{value.day:02d}"


def relative_day(value: date | None, today: date) -> str:
    """A date near today in words (今天, 3天前), else in figures."""
    if value is None:
        return ""
    distance = value.toordinal() - today.toordinal()
    if abs(distance) > RELATIVE_DAYS:
        return day(value, today)
    if distance == 0:
        return gettext("Today")
    if abs(distance) == 1:
        return gettext("Tomorrow") if distance > 0 else gettext("Yesterday")
    if distance > 0:
        return _counted(ngettext("In {count} day", "In {count} days", distance), distance)
    return _counted(ngettext("{count} day ago", "{count} days ago", -distance), -distance)


def long_day(value: date | None) -> str:
    """A date as it heads a page: "2026年11月20日 星期五", "Friday, 20 November 2026"."""
    if value is None:
        return ""
    from babel.dates import format_date

    if current_locale() == "zh_Hans":
        return format_date(value, "y年M月d日 EEEE", locale="zh_Hans")
    return format_date(value, "EEEE, d MMMM y", locale="en_GB")


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local(value: datetime, timezone: str) -> datetime:
    """A moment as the clocks of a time zone show it."""
    return value.astimezone(_zone(timezone))


def instant(value: datetime | None, timezone: str, now: datetime | None = None) -> str:
    """A moment on the clocks of a time zone: "今天 14:05", "11-20 14:05", and in full where `now` is not given."""
    if value is None:
        return ""
    there = local(value, timezone)
    clock = f"{there.hour:02d}:{there.minute:02d}"
    if now is None:
        return f"{day(there.date())} {clock}"
    today = local(now, timezone).date()
    near = abs(there.date() - today) <= timedelta(days=1)
    return f"{relative_day(there.date(), today) if near else day(there.date(), today)} {clock}"


def ago(value: datetime | None, timezone: str, now: datetime) -> str:
    """How long since: "刚刚", "5分钟前", "3小时前", then days as `relative_day` tells them."""
    if value is None:
        return ""
    seconds = int((now - value).total_seconds())
    if 0 <= seconds < MINUTE:
        return gettext("Just now")
    if 0 <= seconds < HOUR:
        return _counted(ngettext("{count} minute ago", "{count} minutes ago", seconds // MINUTE), seconds // MINUTE)
    today, there = local(now, timezone).date(), local(value, timezone).date()
    if 0 <= seconds < DAY and today == there:
        return _counted(ngettext("{count} hour ago", "{count} hours ago", seconds // HOUR), seconds // HOUR)
    return relative_day(there, today)


def _counted(wording: str, count: int) -> str:
    return wording.replace("{count}", str(count))


def file_size(size: int | None) -> str:
    """The size of a file: "512 B", "1.2 MB". A unit is 1,024 of the smaller one."""
    if size is None:
        return ""
    if size < KILO:
        return f"{size} B"
    amount, unit = size / KILO, "KB"
    for larger in ("MB", "GB"):
        if round(amount, 1) >= KILO:
            amount, unit = amount / KILO, larger
    return f"{amount:,.1f} {unit}"
