"""Exact decimals survive the database, show as many digits as they shall, and refuse what is not exact."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Database, Model
from core.kernel.policies import Public
from core.kernel.types import EXACT_LIMIT, Exact
from core.testing import Schema


class Measured(Model):
    """A row with a unit price and a quantity."""

    __tablename__ = "exact_measured"
    __policy__ = Public("A table of tests")

    price: Mapped[Decimal | None] = mapped_column(Exact(4, least=2))
    quantity: Mapped[Decimal | None] = mapped_column(Exact(3))


@pytest.fixture
def schema() -> Schema:
    return Schema.of(Measured)


PRICES = {"12.5": "12.50", "0": "0.00", "1000": "1000.00", "0.035": "0.035", "-3": "-3.00", "0.0001": "0.0001"}


def test_a_price_shows_two_digits_and_more_where_it_has_more(database: Database) -> None:
    with database.system("test") as session:
        session.execute(insert(Measured), [{"price": Decimal(given)} for given in PRICES])
        shown = session.scalars(select(Measured.price).order_by(Measured.id)).all()
        assert [str(each) for each in shown] == list(PRICES.values())
        assert str(session.scalar(select(func.sum(Measured.price)))) == "1009.5351"


def test_decimals_are_compared_and_sorted_by_their_value(database: Database) -> None:
    with database.system("test") as session:
        session.execute(insert(Measured), [{"quantity": Decimal(q)} for q in ("9", "10", "0.5", "-1")])
        found = session.scalars(select(Measured.quantity).order_by(Measured.quantity)).all()
        assert found == [Decimal("-1"), Decimal("0.5"), Decimal(9), Decimal(10)]
        assert session.scalar(select(func.count()).where(Measured.quantity > Decimal("0.5"))) == 2


@given(st.integers(-EXACT_LIMIT, EXACT_LIMIT), st.integers(0, 6), st.integers(0, 6))
def test_what_goes_in_comes_out(steps: int, digits: int, least: int) -> None:
    kind = Exact(digits, min(least, digits))
    number = Decimal(steps).scaleb(-digits)
    kept = kind.process_bind_param(number, None)  # type: ignore[arg-type]
    assert kept == steps
    back = kind.process_result_value(kept, None)  # type: ignore[arg-type]
    assert back == number
    assert "E" not in str(back)


@pytest.mark.parametrize("wrong", [0.1, True, "1", Decimal("0.00001"), Decimal("NaN"), Decimal(10) ** 20])
def test_what_is_not_exact_or_does_not_fit_is_refused(database: Database, wrong: object) -> None:
    with pytest.raises((StatementError, TypeError, ValueError)), database.system("test") as session:
        session.execute(insert(Measured).values(price=wrong))
