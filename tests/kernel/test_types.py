"""Money is exact and never a float; instants are UTC; both survive the database."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Database, Model
from core.kernel.policies import Public
from core.kernel.types import MONEY_LIMIT, Instant, Money, MoneyType, link, minor_digits, now
from core.testing import Schema

minor_units = st.integers(-MONEY_LIMIT, MONEY_LIMIT)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(lambda parts: sum(parts) > 0)


class Bill(Model):
    """A row with an amount and a moment."""

    __tablename__ = "exact_bill"
    __policy__ = Public("A table of tests")

    amount: Mapped[Money | None] = mapped_column(MoneyType)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    follows_id: Mapped[int | None] = link("exact_bill", nullable=True)


@pytest.fixture
def schema() -> Schema:
    return Schema.of(Bill)


@given(minor_units, weights)
def test_parts_of_a_split_add_up_to_the_whole(minor: int, parts: list[int]) -> None:
    assert sum(part.minor for part in Money(minor).split(parts)) == minor


@given(minor_units, weights)
def test_no_part_is_a_whole_unit_away_from_its_exact_share(minor: int, parts: list[int]) -> None:
    for part, weight in zip(Money(minor).split(parts), parts, strict=True):
        assert abs(part.minor - Decimal(minor) * weight / sum(parts)) < 1


@given(minor_units, weights)
def test_a_weight_of_nothing_gets_nothing(minor: int, parts: list[int]) -> None:
    assert all(not part for part, weight in zip(Money(minor).split(parts), parts, strict=True) if weight == 0)


@given(minor_units, weights)
def test_splitting_a_debt_mirrors_splitting_a_credit(minor: int, parts: list[int]) -> None:
    assert Money(-minor).split(parts) == [-part for part in Money(minor).split(parts)]


@given(minor_units, weights, st.sampled_from(["CNY", "JPY", None]))
def test_parts_keep_the_currency(minor: int, parts: list[int], currency: str | None) -> None:
    assert {part.currency for part in Money(minor, currency).split(parts)} == {currency}


@pytest.mark.parametrize("parts", [[], [0], [0, 0], [1, -1], [-1, 2]])
def test_weights_that_split_nothing_are_refused(parts: list[int]) -> None:
    with pytest.raises(ValueError, match="split nothing"):
        Money(100).split(parts)


@given(minor_units, minor_units)
def test_sums_and_differences_are_exact(a: int, b: int) -> None:
    assert Money(a) + Money(b) == Money(a + b)
    assert Money(a) - Money(b) == Money(a - b)
    assert Money(a) - Money(b) + Money(b) == Money(a)


@given(minor_units, minor_units)
def test_money_is_ordered_as_its_units_are(a: int, b: int) -> None:
    assert (Money(a) < Money(b), Money(a) <= Money(b)) == (a < b, a <= b)
    assert (Money(a) > Money(b), Money(a) >= Money(b)) == (a > b, a >= b)


@given(minor_units, st.sampled_from(["CNY", "JPY", "KWD", None]))
def test_the_written_amount_reads_back_as_the_same_money(minor: int, currency: str | None) -> None:
    money = Money(minor, currency)
    assert Money.of(str(money), currency) == money
    assert Money.of(money.decimal(), currency) == money


@given(minor_units, st.decimals(-1000, 1000, places=6))
def test_a_product_is_rounded_half_up_to_the_unit(minor: int, factor: Decimal) -> None:
    exact = Decimal(minor) * factor
    assert abs(Money(minor).times(factor).minor - exact) <= Decimal("0.5")


def test_half_a_unit_is_rounded_away_from_zero() -> None:
    assert [Money(minor).times(Decimal("0.5")).minor for minor in (1, 3, -1, -3)] == [1, 2, -1, -2]


@pytest.mark.parametrize("number", [1.0, 0.1, True, "1", None, Decimal(1)])
def test_money_is_made_of_whole_units_only(number: Any) -> None:
    with pytest.raises(TypeError, match="whole minor units"):
        Money(number)


@pytest.mark.parametrize("number", [1.5, 0.1, True])
def test_a_float_never_becomes_money(number: Any) -> None:
    with pytest.raises(TypeError):
        Money.of(number)


def test_money_is_not_multiplied_by_a_float() -> None:
    with pytest.raises(TypeError, match="float is not exact"):
        Money(100).times(0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize("other", [1, 1.0, "1", None])
def test_money_and_plain_numbers_do_not_add_up(other: Any) -> None:
    with pytest.raises(TypeError, match="Money is added to money"):
        Money(1) + other


def test_two_currencies_do_not_add_up_but_the_own_one_gives_way() -> None:
    with pytest.raises(ValueError, match="CNY and JPY"):
        Money(1, "CNY") + Money(1, "JPY")
    assert Money(1) + Money(2, "JPY") == Money(3, "JPY")
    assert Money(1, "JPY") - Money(2) == Money(-1, "JPY")


@pytest.mark.parametrize(("amount", "currency"), [("0.001", "CNY"), ("1.5", "JPY"), ("0.0001", "KWD"), ("NaN", "CNY")])
def test_more_digits_than_the_currency_has_are_refused(amount: str, currency: str) -> None:
    with pytest.raises((ValueError, InvalidOperation)):
        Money.of(amount, currency)


def test_an_infinite_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="Infinity"):
        Money.of("Infinity")


def test_digits_follow_the_currency() -> None:
    assert [minor_digits(currency) for currency in ("CNY", "JPY", "KWD")] == [2, 0, 3]
    assert [str(Money(1234, currency)) for currency in ("CNY", "JPY", "KWD", None)] == [
        "12.34",
        "1234",
        "1.234",
        "12.34",
    ]


def test_equal_money_counts_as_one_in_sets() -> None:
    assert len({Money(1), Money(1), Money(1, "CNY"), Money(2)}) == 3
    assert Counter([Money(5), Money(5)])[Money(5)] == 2


def test_only_no_money_is_false() -> None:
    assert not Money(0)
    assert Money(-1)


def test_money_survives_the_database_exactly(database: Database) -> None:
    amounts = [Money(minor) for minor in (0, 1, -1, 10**12 + 1, MONEY_LIMIT, -MONEY_LIMIT)]
    with database.system("test") as session:
        session.add_all([*(Bill(amount=amount) for amount in amounts), Bill(amount=None)])
    with database.system("test", write=False) as session:
        assert list(session.scalars(select(Bill.amount).order_by(Bill.id))) == [*amounts, None]


def test_a_sum_in_the_database_is_money_again(database: Database) -> None:
    with database.system("test") as session:
        session.add_all([Bill(amount=Money(2**i)) for i in range(40)])
    with database.system("test", write=False) as session:
        assert session.scalar(select(func.sum(Bill.amount))) == Money(2**40 - 1)
        assert session.scalar(select(func.max(Bill.amount))) == Money(2**39)
        assert session.scalar(select(func.count()).where(Bill.amount > Money(2**30))) == 9


@pytest.mark.parametrize("value", [1, 1.5, "12.00", Decimal("12.00"), True])
def test_a_money_column_takes_nothing_but_money(database: Database, value: Any) -> None:
    with pytest.raises(StatementError, match="takes Money"), database.system("test") as session:
        session.execute(insert(Bill).values(amount=value))


def test_an_amount_too_large_to_stay_exact_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="too large"), database.system("test") as session:
        session.execute(insert(Bill).values(amount=Money(MONEY_LIMIT + 1)))


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_a_moment_goes_in_as_utc_for_each_database(moment: datetime, minutes: int) -> None:
    from sqlalchemy.dialects import postgresql, sqlite

    local = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    for dialect in (sqlite.dialect(), postgresql.dialect()):  # type: ignore[no-untyped-call]
        kept = Instant().process_bind_param(local, dialect)
        read = Instant().process_result_value(kept, dialect)
        assert read == local
        assert read is not None
        assert read.tzinfo is UTC


def test_a_moment_without_an_offset_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="no time zone"), database.system("test") as session:
        session.execute(insert(Bill).values(due_at=datetime(2026, 1, 1)))


def test_moments_of_all_offsets_are_ordered_by_time(database: Database) -> None:
    start = datetime(2026, 3, 5, 12, tzinfo=UTC)
    offsets = [timezone(timedelta(hours=hours)) for hours in (8, -11, 0, 14, -5)]
    moments = [(start + timedelta(minutes=i)).astimezone(offset) for i, offset in enumerate(offsets)]
    with database.system("test") as session:
        session.add_all([Bill(due_at=moment) for moment in reversed(moments)])
    with database.system("test", write=False) as session:
        assert list(session.scalars(select(Bill.due_at).order_by(Bill.due_at))) == moments
        late = select(func.count()).where(Bill.due_at >= moments[2])
        assert session.scalar(late) == 3


def test_this_moment_is_aware_and_in_utc() -> None:
    assert now().tzinfo is UTC


def test_a_link_is_an_indexed_key_to_the_other_table() -> None:
    column = Bill.__table__.c.follows_id
    assert {key.target_fullname for key in column.foreign_keys} == {"exact_bill.id"}
    assert column.index
    assert column.nullable
