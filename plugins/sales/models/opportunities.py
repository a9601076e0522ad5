"""Opportunities: what may become business, and how far it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from plugins.customers.models import PRESENT, Customer
from sopia import Exact, Model, Money, MoneyType, Scoped, link


class Opportunity(Scoped, Model):
    """A deal that may come about with a customer."""

    __tablename__ = "sales_opportunity"

    customer_id: Mapped[int] = link(Customer)
    name: Mapped[str] = mapped_column(String(120))
    stage: Mapped[str] = mapped_column(String(20), default="contact")
    amount: Mapped[Money | None] = mapped_column(MoneyType)
    probability: Mapped[Decimal | None] = mapped_column(Exact(2))
    close_on: Mapped[date | None]
    next_step: Mapped[str | None] = mapped_column(String(200))
    lost_reason: Mapped[str | None] = mapped_column(String(200))
    remark: Mapped[str | None] = mapped_column(LongText)

    __table_args__ = (
        Index("ix_sales_opportunity_recent", "created_at", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
        Index("ix_sales_opportunity_close_on", "close_on"),
        CheckConstraint("probability BETWEEN 0 AND 10000", name="probability"),
    )
