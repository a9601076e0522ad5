"""What sales keeps of a firm beyond its customers: what it owes besides the contracts."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from plugins.customers.models import Party
from sopia import Model, Money, MoneyType, Sealed, link


class Debt(Model):
    """Open receivables of a firm that come from no contract known here, as the plugin that keeps them has reported."""

    __tablename__ = "sales_debt"
    __policy__: ClassVar[Sealed] = Sealed(
        "a figure for the credit check; the receivables themselves are read elsewhere"
    )

    party_id: Mapped[int] = link(Party, index=False)
    amount: Mapped[Money] = mapped_column(MoneyType, default=Money(0))
    due_since: Mapped[date | None]
    """The oldest day on which one of them was due and is not settled."""

    __table_args__ = (
        Index("uq_sales_debt_party_id", "party_id", unique=True),
        CheckConstraint("amount >= 0", name="amount"),
    )
