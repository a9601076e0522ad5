"""What lines and payment plans of sales amount to: exact to the cent, whatever the figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.sales.plans import Term, by_terms, evenly, read_terms, state_of
from plugins.sales.services import line_amount
from sopia import Invalid, Money

DAY = dt.date(2026, 11, 23)
prices = st.decimals(0, 10**9, places=4)
quantities = st.decimals(Decimal("0.0001"), 10**6, places=4)
discounts = st.decimals(0, 100, places=4)
amounts = st.integers(1, 10**14).map(Money)


@given(prices, quantities, discounts)
def test_a_line_is_rounded_half_up_once_and_never_before(price: Decimal, quantity: Decimal, discount: Decimal) -> None:
    exact = Fraction(price) * Fraction(quantity) * (1 - Fraction(discount) / 100) * 100
    assert line_amount(price, quantity, discount).minor == (exact + Fraction(1, 2)).__floor__()


@pytest.mark.parametrize(
    ("price", "quantity", "discount", "amount"),
    [
        ("0.005", "1", "0", "0.01"),
        ("10", "3", "5", "28.50"),
        ("0.0350", "1000", "0", "35.00"),
        ("9.99", "1", "100", "0.00"),
    ],
)
def test_lines_amount_to_what_one_reckons_by_hand(price: str, quantity: str, discount: str, amount: str) -> None:
    assert line_amount(Decimal(price), Decimal(quantity), Decimal(discount)) == Money.of(amount)


@given(amounts, st.integers(1, 120), st.sampled_from(["week", "month", "quarter", "half_year", "year"]))
def test_equal_instalments_make_the_amount_and_differ_by_a_cent_at_most(amount: Money, count: int, every: str) -> None:
    dues = evenly(amount, count, DAY, every)
    assert sum((due.amount for due in dues), Money(0)) == amount
    assert len(dues) == count
    assert max(due.amount.minor for due in dues) - min(due.amount.minor for due in dues) <= 1
    assert sorted({due.on for due in dues}) == [due.on for due in dues]


@given(amounts, st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_percentages_make_the_amount_each_within_a_cent_of_its_share(amount: Money, parts: list[int]) -> None:
    # Percentages of four digits that make 100.
    whole = Money(10**6).split(parts)
    terms = [Term(Decimal(part.minor).scaleb(-4), number * 30) for number, part in enumerate(whole)]
    dues = by_terms(amount, terms, DAY)
    assert sum((due.amount for due in dues), Money(0)) == amount
    for term, due in zip(terms, dues, strict=True):
        assert abs(Fraction(due.amount.minor) - Fraction(term.percent) * amount.minor / 100) < 1
        assert due.on == DAY + dt.timedelta(days=term.days)


def test_the_last_day_of_a_month_stays_the_last_day() -> None:
    dues = evenly(Money.of(300), 3, dt.date(2026, 12, 31), "month")
    assert [due.on.isoformat() for due in dues] == ["2026-12-31", "2027-01-31", "2027-02-28"]


def test_terms_are_read_as_programs_send_and_as_people_type_them() -> None:
    sent = read_terms([{"percent": "30", "days": 0}, {"percent": "70%", "days": 30}])
    assert sent == [Term(Decimal(30), 0), Term(Decimal(70), 30)]
    assert read_terms("30% 0\n\n70，30") == sent
    faults: list[Any] = [
        [],
        [{"percent": "30"}],
        "thirty",
        {"percent": 100},
        [{"percent": []}],
        [{"percent": "-1"}, 5],
        7,
    ]
    for wrong in faults:
        with pytest.raises(Invalid):
            read_terms(wrong)


@pytest.mark.parametrize(
    ("away", "received", "state"),
    [
        (8, 0, "to come"),
        (7, 0, "due"),
        (0, 0, "due"),
        (-1, 0, "overdue"),
        (3, 5, "part"),
        (-1, 5, "overdue"),
        (-9, 10, "done"),
    ],
)
def test_the_state_of_an_instalment_follows_from_the_day_and_the_money(away: int, received: int, state: str) -> None:
    due = DAY + dt.timedelta(days=away)
    assert state_of(due, Money.of(10), Money.of(received), 7, DAY) == state
