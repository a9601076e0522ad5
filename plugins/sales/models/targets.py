"""Targets: what a person or a department is to reach in a period."""

from __future__ import annotations

import re
from datetime import date, timedelta

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, validates

from plugins.customers.models import PRESENT
from sopia import Model, Money, MoneyType, Scoped, values

PERIOD = re.compile(r"((?:19|20|21)\d\d)(?:-(0[1-9]|1[0-2])|-Q([1-4]))?")


def days_of(period: str) -> tuple[date, date] | None:
    """The first and the last day of 2026, 2026-Q4 or 2026-11; None for what is no period."""
    found = PERIOD.fullmatch(period)
    if found is None:
        return None
    year, month, quarter = found.groups()
    first = date(int(year), int(month or 1) if not quarter else int(quarter) * 3 - 2, 1)
    months = 1 if month else 3 if quarter else 12
    return first, values.add_months(first, months) - timedelta(days=1)


class Target(Scoped, Model):
    """An amount of contracts or of receipts that is to be reached in a month, quarter or year."""

    __tablename__ = "sales_target"
    __label__ = "period"

    period: Mapped[str] = mapped_column(String(7))
    of: Mapped[str] = mapped_column(String(20), default="person")
    measure: Mapped[str] = mapped_column(String(20), default="contracts")
    amount: Mapped[Money] = mapped_column(MoneyType)
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]

    @validates("period")
    def _reckon(self, _key: str, value: str | None) -> str | None:
        """Its first and last day follow from the period."""
        told = (value or "").strip().upper()
        self.first_on, self.last_on = days_of(told) or (None, None)
        return told

    __table_args__ = (
        Index("ix_sales_target_period", "period"),
        Index("ix_sales_target_recent", "created_at", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("\"of\" IN ('person', 'department')", name="of"),
        CheckConstraint("measure IN ('contracts', 'receipts')", name="measure"),
    )
