"""When people work: weekdays and hours, holidays and the days that make up for them; deadlines are reckoned with it.

What the weekdays say is overruled by the days in the table of holidays, which the administrator keeps.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Model, unique_present
from core.kernel.errors import BadRequest
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.plugin_settings import read_setting
from core.kernel.plugins import Setting
from core.kernel.policies import Public
from core.kernel.prepared import Prepared
from core.kernel.privilege import privileged
from core.kernel.types import now

CHINA: Final = ZoneInfo("Asia/Shanghai")

MOST_DAYS: Final = 4000
"""Working days, there or back, that are ever reckoned; more are a mistake."""

USUAL_WEEKDAYS: Final = "1,2,3,4,5"
USUAL_HOURS: Final = "09:00-12:00,13:30-18:00"

SHIPPED: Final[Mapping[str, Text]] = {
    each.source: each
    for each in (
        _("New Year"),
        _("Spring Festival"),
        _("Qingming Festival"),
        _("Labour Day"),
        _("Dragon Boat Festival"),
        _("Mid-Autumn Festival"),
        _("National Day"),
        _("National Day and Mid-Autumn Festival"),
        _("Make-up working day"),
    )
}
"""The names that come with Sopia, in the reader's language."""

SETTINGS: Final = (
    Setting(
        "working_weekdays",
        default=USUAL_WEEKDAYS,
        title=_("Working days of the week"),
        help=_("Numbers with commas, Monday is 1: 1,2,3,4,5. Holidays have a list of their own."),
    ),
    Setting(
        "working_hours",
        default=USUAL_HOURS,
        title=_("Working hours"),
        help=_("Stretches with commas: 09:00-12:00,13:30-18:00. Deadlines in hours are reckoned with them."),
    ),
    Setting("working_timezone", default="Asia/Shanghai", title=_("Time zone of the working hours")),
)

Stretch = tuple[dt.time, dt.time]

_STRETCH = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])-([01]?[0-9]|2[0-4]):([0-5][0-9])")


class Holiday(Model):
    """A day on which it is otherwise than the weekdays say: free, or worked to make up for a free one."""

    __tablename__ = "system_holiday"
    __policy__: ClassVar[Any] = Public("on which days nobody works is known to everybody")
    __table_args__ = (unique_present("uq_system_holiday_on", "on"),)

    @staticmethod
    def __shown__(name: str) -> str:
        """A name that comes with Sopia in the reader's language; any other as somebody gave it."""
        return str(SHIPPED.get(name, name))

    on: Mapped[dt.date]
    name: Mapped[str] = mapped_column(String(80))
    works: Mapped[bool] = mapped_column(default=False)


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days and hours are worked, as of one moment."""

    weekdays: frozenset[int] = frozenset(range(5))
    """Monday is 0."""
    hours: tuple[Stretch, ...] = ((dt.time(9), dt.time(12)), (dt.time(13, 30), dt.time(18)))
    zone: ZoneInfo = CHINA
    days: Mapping[dt.date, tuple[bool, str]] = field(default_factory=dict)
    """By the day that is an exception: whether it is worked, and what it is called."""

    def is_working_day(self, day: dt.date) -> bool:
        """Whether people work on a day."""
        found = self.days.get(day)
        return found[0] if found is not None else day.weekday() in self.weekdays

    def name_of(self, day: dt.date) -> str:
        """The name of a holiday or of a day that makes up for one, in the reader's language; "" for any other day."""
        found = self.days.get(day)
        return Holiday.__shown__(found[1]) if found is not None else ""

    def add_days(self, day: dt.date, count: int) -> dt.date:
        """The working day so many working days later, or earlier; for 0 the day itself, or the next that is worked."""
        if abs(count) > MOST_DAYS:
            raise BadRequest(_("{count} working days are too many.", count=count), _("Reckon with less."))
        step = dt.timedelta(days=-1 if count < 0 else 1)
        while count == 0 and not self.is_working_day(day):
            day = _next(day, step)
        for _number in range(abs(count)):
            day = _next(day, step)
            while not self.is_working_day(day):
                day = _next(day, step)
        return day

    def add_hours(self, moment: dt.datetime, hours: Decimal | int | dt.timedelta) -> dt.datetime:
        """The moment at which so much working time has passed; nought leads to the next moment that is worked."""
        left = _stretch_of(hours)
        if left < dt.timedelta() or left > dt.timedelta(days=MOST_DAYS):
            raise BadRequest(_("{hours} working hours cannot be added.", hours=hours), _("Add a number from 0."))
        day = moment.astimezone(self.zone).date()
        for _number in range(MOST_DAYS * 2):
            for start, end in self._stretches(day):
                begin = max(start, moment)
                if begin < end:
                    if left <= end - begin:
                        return (begin + left).astimezone(dt.UTC)
                    left -= end - begin
            day = _next(day, dt.timedelta(days=1))
        raise BadRequest(_("No working time is left."), _("Say on which days and hours people work."))

    def time_between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """How much working time lies between two moments; less than nought where the second is the earlier."""
        if end < start:
            return -self.time_between(end, start)
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        whole = dt.timedelta()
        while day <= last:
            for begin, finish in self._stretches(day):
                whole += max(min(finish, end) - max(begin, start), dt.timedelta())
            day = _next(day, dt.timedelta(days=1))
        return whole

    def _stretches(self, day: dt.date) -> Iterable[tuple[dt.datetime, dt.datetime]]:
        """The stretches of a day as moments in UTC: clocks may be put forward or back within them."""
        if self.is_working_day(day):
            for start, end in self.hours:
                last = day if end != dt.time() else _next(day, dt.timedelta(days=1))
                yield (
                    dt.datetime.combine(day, start, self.zone).astimezone(dt.UTC),
                    dt.datetime.combine(last, end, self.zone).astimezone(dt.UTC),
                )


def _next(day: dt.date, step: dt.timedelta) -> dt.date:
    try:
        return day + step
    except OverflowError:
        raise BadRequest(_("The calendar ends before that."), _("Choose another day.")) from None


def _stretch_of(hours: Decimal | int | dt.timedelta) -> dt.timedelta:
    if isinstance(hours, dt.timedelta):
        return hours
    # Whole microseconds, reckoned exactly.
    return dt.timedelta(microseconds=int(Decimal(hours) * 3_600_000_000))


_HOLIDAYS = Prepared(select(Holiday.on, Holiday.works, Holiday.name).where(Holiday.deleted_at.is_(None)))


def working_calendar(session: Any) -> WorkingCalendar:
    """The working calendar of the installation, as the session's transaction sees it."""
    connection = privileged(session)
    rows = _HOLIDAYS.rows(connection, {})
    return WorkingCalendar(
        weekdays=_weekdays(read_setting(connection, "system.working_weekdays")),
        hours=_hours(read_setting(connection, "system.working_hours")),
        zone=_zone(read_setting(connection, "system.working_timezone")),
        days={day: (bool(works), name) for day, works, name in rows},
    )


def today_at_work(session: Any) -> dt.date:
    """The day where people work, whatever the time zone of whoever asks."""
    zone = _zone(read_setting(privileged(session), "system.working_timezone"))
    return now().astimezone(zone).date()


def add_working_days(session: Any, day: dt.date, count: int) -> dt.date:
    """The working day so many working days later, or with a negative count earlier."""
    return working_calendar(session).add_days(day, count)


def add_working_hours(session: Any, moment: dt.datetime, hours: Decimal | int | dt.timedelta) -> dt.datetime:
    """The moment, in UTC, at which so many working hours have passed since another one."""
    return working_calendar(session).add_hours(moment, hours)


def working_hours_between(session: Any, start: dt.datetime, end: dt.datetime) -> Decimal:
    """How many working hours lie between two moments, to the hundredth; negative where the second is the earlier."""
    whole = working_calendar(session).time_between(start, end)
    return (Decimal(whole // dt.timedelta(microseconds=1)) / 3_600_000_000).quantize(Decimal("0.01"))


def _weekdays(text: str) -> frozenset[int]:
    found = frozenset(int(part) - 1 for part in re.split(r"[,，、 ]+", text or "") if part in {*"1234567"})
    return found or _weekdays(USUAL_WEEKDAYS)


def _hours(text: str) -> tuple[Stretch, ...]:
    """The stretches that a setting says; the usual ones where it says none that make sense."""
    found = []
    for match in _STRETCH.finditer(text or ""):
        start = dt.time(int(match[1]), int(match[2]))
        end = dt.time() if match[3] == "24" else dt.time(int(match[3]), int(match[4]))
        if start < end or end == dt.time():
            found.append((start, end))
    found.sort()
    apart = all(before[1] <= after[0] and before[1] != dt.time() for before, after in pairwise(found))
    return tuple(found) if found and apart else _hours(USUAL_HOURS)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name) if name else CHINA
    except (KeyError, ValueError, OSError):
        return CHINA


def find_holiday_fault(_session: Any, record: Any) -> dict[str, Text]:
    """What is wrong with a day that somebody enters."""
    if record.on is not None and not FIRST <= record.on.year <= LAST:
        return {"on": _("Give a day from {first} to {last}.", first=FIRST, last=LAST)}
    return {}


FIRST: Final = 1970
LAST: Final = 2100
