"""The working calendar: deadlines reckoned in working days and hours, by what holds for any calendar."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.errors import BadRequest
from core.kernel.platform import Platform
from core.workplace.working_calendar import (
    WorkingCalendar,
    add_working_days,
    add_working_hours,
    working_calendar,
    working_hours_between,
)

CHINA = ZoneInfo("Asia/Shanghai")
DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2027, 12, 31))
MOMENTS = st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2026, 12, 31), timezones=st.just(dt.UTC))
CALENDARS = st.builds(
    WorkingCalendar,
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    hours=st.sampled_from(
        [
            ((dt.time(9), dt.time(12)), (dt.time(13, 30), dt.time(18))),
            ((dt.time(1), dt.time()),),
            ((dt.time(), dt.time()),),
        ]
    ),
    zone=st.sampled_from([CHINA, ZoneInfo("America/New_York"), ZoneInfo("UTC")]),
    days=st.dictionaries(DAYS, st.tuples(st.booleans(), st.just("x")), max_size=20),
)


@given(CALENDARS, DAYS, st.integers(1, 60))
def test_working_days_there_and_back(calendar: WorkingCalendar, day: dt.date, count: int) -> None:
    later = calendar.add_days(day, count)
    assert calendar.is_working_day(later)
    between = [day + dt.timedelta(days=n) for n in range(1, (later - day).days + 1)]
    assert sum(calendar.is_working_day(each) for each in between) == count
    start = calendar.add_days(day, 0)
    assert start >= day
    assert calendar.add_days(calendar.add_days(start, count), -count) == start
    assert calendar.add_days(calendar.add_days(day, 1), count) == calendar.add_days(day, count + 1)


@given(CALENDARS, MOMENTS, st.decimals(0, 200, places=2), st.decimals(0, 50, places=2))
def test_working_hours_add_up(calendar: WorkingCalendar, moment: dt.datetime, hours: Decimal, more: Decimal) -> None:
    end = calendar.add_hours(moment, hours)
    assert end >= moment
    assert calendar.time_between(moment, end) == dt.timedelta(microseconds=int(hours * 3_600_000_000))
    assert calendar.time_between(end, moment) == -calendar.time_between(moment, end)
    further = calendar.add_hours(end, more)
    assert calendar.time_between(moment, further) == calendar.time_between(moment, end) + calendar.time_between(
        end, further
    )


def test_chinas_holidays_come_with_an_installation(installed_platform: Platform) -> None:
    with installed_platform.database.system("a test") as session:
        calendar = working_calendar(session)
        assert not calendar.is_working_day(dt.date(2026, 2, 17))
        assert calendar.name_of(dt.date(2026, 2, 17)) == "Spring Festival"
        assert calendar.is_working_day(dt.date(2026, 2, 14))
        free = [day.year for day, (works, _name) in calendar.days.items() if not works]
        assert (free.count(2025), free.count(2026)) == (28, 33)
        assert add_working_days(session, dt.date(2026, 9, 30), 1) == dt.date(2026, 10, 8)
        assert add_working_days(session, dt.date(2026, 10, 8), -1) == dt.date(2026, 9, 30)
        friday = dt.datetime(2026, 4, 30, 17, 0, tzinfo=CHINA)
        assert add_working_hours(session, friday, 2) == dt.datetime(2026, 5, 6, 10, 0, tzinfo=CHINA)
        assert working_hours_between(session, friday, dt.datetime(2026, 5, 6, 10, 15, tzinfo=CHINA)) == Decimal("2.25")
        for hours in (-1, 10**9):
            with pytest.raises(BadRequest):
                add_working_hours(session, friday, hours)
