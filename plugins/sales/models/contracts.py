"""Contracts, and the instalments in which their money is to come."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from plugins.customers.models import PRESENT, Customer
from plugins.sales.models.documents import Order
from sopia import Model, Money, MoneyType, Scoped, Through, between, link

contract_order = between("sales_contract_order", "sales_contract", "sales_order")


class Contract(Scoped, Model):
    """What is agreed with a customer: an amount, for which orders, from when to when."""

    __tablename__ = "sales_contract"
    __label__ = "name"

    number: Mapped[str | None] = mapped_column(String(80))
    customer_id: Mapped[int] = link(Customer)
    name: Mapped[str] = mapped_column(String(160))
    amount: Mapped[Money] = mapped_column(MoneyType)
    signed_on: Mapped[date | None]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(20), default="draft")
    received: Mapped[Money] = mapped_column(MoneyType, default=Money(0))
    outstanding: Mapped[Money] = mapped_column(MoneyType, default=Money(0))
    remark: Mapped[str | None] = mapped_column(LongText)
    orders: Mapped[list[Order]] = relationship(secondary=contract_order, order_by=Order.id)

    @validates("amount", "received")
    def _settle(self, key: str, value: Money | None) -> Money | None:
        """What is still to come follows from the two."""
        told = {"amount": self.amount, "received": self.received, key: value}
        self.outstanding = (told["amount"] or Money(0)) - (told["received"] or Money(0))
        return value

    __table_args__ = (
        Index("uq_sales_contract_number", "number", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),
        Index("ix_sales_contract_signed_on", "signed_on"),
        Index("ix_sales_contract_recent", "created_at", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("received BETWEEN 0 AND amount", name="received"),
    )


class Installment(Model):
    """A part of a contract's amount that is due on a day."""

    __tablename__ = "sales_installment"
    __policy__: ClassVar[Through] = Through("contract")
    __label__ = "name"

    contract_id: Mapped[int] = link(Contract)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(120), default="")
    due_on: Mapped[date]
    amount: Mapped[Money] = mapped_column(MoneyType)
    received: Mapped[Money] = mapped_column(MoneyType, default=Money(0))
    outstanding: Mapped[Money] = mapped_column(MoneyType, default=Money(0))
    state: Mapped[str] = mapped_column(String(20), default="to come")
    """Follows from the rest and the day; kept, so that lists can be filtered and counted by it."""
    remind_days: Mapped[int] = mapped_column(default=7)
    remind_on: Mapped[date | None]
    collector_id: Mapped[int | None] = link("system_user", nullable=True)
    """Who is reminded: the owner of the contract."""
    remark: Mapped[str | None] = mapped_column(String(300))
    contract: Mapped[Contract] = relationship()

    @validates("amount", "received")
    def _settle(self, key: str, value: Any) -> Any:
        """What is still to come follows from the two."""
        told = {"amount": self.amount, "received": self.received, key: value}
        self.outstanding = (told["amount"] or Money(0)) - (told["received"] or Money(0))
        return value

    __table_args__ = (
        Index("ix_sales_installment_due_on", "due_on", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
        Index("ix_sales_installment_remind_on", "remind_on"),
        Index("ix_sales_installment_recent", "created_at", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("received BETWEEN 0 AND amount", name="received"),
        CheckConstraint("remind_days BETWEEN 0 AND 365", name="remind_days"),
    )


class Receipt(Model):
    """Money that arrived for an instalment, or was taken back: what targets by receipts are measured with."""

    __tablename__ = "sales_receipt"
    __policy__: ClassVar[Through] = Through("installment")

    installment_id: Mapped[int] = link(Installment)
    on: Mapped[date] = mapped_column(index=True)
    amount: Mapped[Money] = mapped_column(MoneyType)
    installment: Mapped[Installment] = relationship()
