from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from core.kernel import formats
from core.kernel.i18n import Catalogues, activate
from core.kernel.types import Money

CHINESE = Catalogues()
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 6, 5, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"


@pytest.fixture
def chinese() -> Iterator[None]:
    with activate(CHINESE, "zh_Hans"):
        yield


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (123450, "CNY", "¥1,234.50"),
        (Money(123450), "CNY", "¥1,234.50"),
        (Money(5, "USD"), "CNY", "$0.05"),
        (-1, "CNY", "-¥0.01"),
        (0, "CNY", "¥0.00"),
        (1234, "JPY", "JP¥1,234"),
        (1234567, "KWD", "KWD\N{NO-BREAK SPACE}1,234.567"),
        (9007199254740991, "CNY", "¥90,071,992,547,409.91"),
        (None, "CNY", ""),
    ],
)
def test_money_is_written_exactly(amount: Money | int | None, currency: str, written: str) -> None:
    assert formats.money(amount, currency) == written


def test_numbers_are_grouped() -> None:
    assert formats.number(1234567) == "1,234,567"
    assert formats.number(Decimal("1234.50")) == "1,234.50"
    assert formats.number(2, digits=2) == "2.00"
    assert formats.number(None) == formats.percent(None) == ""
    assert formats.percent(0.125, 1) == "12.5%"


def test_date_has_its_year_only_when_it_is_another_one() -> None:
    assert formats.day(TODAY, TODAY) == "11-20"
    assert formats.day(date(2025, 1, 2), TODAY) == "2025-01-02"
    assert formats.day(TODAY) == "2026-11-20"
    assert formats.day(None) == ""


def near(distance: int) -> str:
    return formats.relative_day(TODAY + timedelta(days=distance), TODAY)


@pytest.mark.usefixtures("chinese")
def test_dates_near_today_are_told_in_chinese() -> None:
    assert [near(distance) for distance in (-3, -1, 0, 1, 2)] == ["3天前", "昨天", "今天", "明天", "2天后"]
    assert [near(distance) for distance in (-8, 8, -365)] == ["11-12", "11-28", "2025-11-20"]
    assert formats.long_day(TODAY) == "2026年11月20日 星期五"


def test_dates_near_today_are_told_in_english() -> None:
    assert [near(distance) for distance in (-2, -1, 0, 1, 2)] == [
        "2 days ago",
        "Yesterday",
        "Today",
        "Tomorrow",
        "In 2 days",
    ]
    assert formats.long_day(TODAY) == "Friday, 20 November 2026"


@pytest.mark.usefixtures("chinese")
def test_instant_is_shown_on_the_readers_clock() -> None:
    assert formats.instant(NOW, SHANGHAI) == "2026-11-20 14:05"
    assert formats.instant(NOW, SHANGHAI, NOW) == "今天 14:05"
    assert formats.instant(NOW, "America/New_York", NOW) == "今天 01:05"
    late = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)
    assert formats.instant(late, SHANGHAI, NOW) == "今天 04:00"
    assert formats.instant(late, "UTC", NOW) == "昨天 20:00"
    assert formats.instant(NOW - timedelta(days=3), SHANGHAI, NOW) == "11-17 14:05"


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=5), "刚刚"),
        (timedelta(minutes=5), "5分钟前"),
        (timedelta(hours=3), "3小时前"),
        (timedelta(hours=20), "昨天"),
        (timedelta(days=3), "3天前"),
        (timedelta(days=-1), "明天"),
    ],
)
def test_time_since_is_told_in_the_largest_unit(before: timedelta, words: str) -> None:
    assert formats.ago(NOW - before, SHANGHAI, NOW) == words


@pytest.mark.parametrize(
    ("size", "written"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KB"),
        (1024**2 - 1, "1.0 MB"),
        (3_000_000, "2.9 MB"),
        (5 * 1024**4, "5,120.0 GB"),
        (None, ""),
    ],
)
def test_file_sizes_use_the_largest_unit_that_fits(size: int | None, written: str) -> None:
    assert formats.file_size(size) == written
