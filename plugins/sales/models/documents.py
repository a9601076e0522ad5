"""Quotations and orders with their lines: what is offered and sold, at which price."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from plugins.catalog.models import PRICE, QUANTITY, Product
from plugins.customers.models import PRESENT, Customer
from sopia import Exact, Model, Money, MoneyType, Scoped, Through, link, now


class Line(Model):
    """So much of a product at a price, less a discount in percent; its amount is rounded by itself."""

    __abstract__ = True

    position: Mapped[int] = mapped_column(default=0)
    quantity: Mapped[Decimal] = mapped_column(QUANTITY, default=Decimal(1))
    price: Mapped[Decimal | None] = mapped_column(PRICE)
    discount: Mapped[Decimal] = mapped_column(Exact(4), default=Decimal(0))
    amount: Mapped[Money] = mapped_column(MoneyType, default=Money(0))

    @declared_attr
    def product_id(cls) -> Mapped[int]:
        """What is sold."""
        return link(Product)


LINE_RULES = (
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("price >= 0", name="price"),
    CheckConstraint("discount BETWEEN 0 AND 1000000", name="discount"),
)


class Document(Scoped, Model):
    """What quotations and orders have in common: a customer, a day, lines, and their sum."""

    __abstract__ = True

    number: Mapped[str | None] = mapped_column(String(80))
    on: Mapped[date] = mapped_column(default=lambda: now().date())
    total: Mapped[Money] = mapped_column(MoneyType, default=Money(0))
    below_floor: Mapped[bool] = mapped_column(default=False)
    remark: Mapped[str | None] = mapped_column(LongText)

    @declared_attr
    def customer_id(cls) -> Mapped[int]:
        """Who buys."""
        return link(Customer)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:
        name = cls.__tablename__
        return (
            Index(f"uq_{name}_number", "number", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),
            Index(f"ix_{name}_on", "on", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
            Index(f"ix_{name}_recent", "created_at", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
        )


class Quotation(Document):
    """What is offered to a customer, and until when it holds."""

    __tablename__ = "sales_quotation"

    valid_to: Mapped[date | None]
    opportunity_id: Mapped[int | None] = link("sales_opportunity", nullable=True)
    state: Mapped[str] = mapped_column(String(20), default="draft")
    lines: Mapped[list[QuotationLine]] = relationship(
        back_populates="quotation", order_by="QuotationLine.position, QuotationLine.id"
    )


class QuotationLine(Line):
    """One line of a quotation."""

    __tablename__ = "sales_quotation_line"
    __policy__: ClassVar[Through] = Through("quotation")
    __table_args__ = LINE_RULES

    quotation_id: Mapped[int] = link(Quotation)
    quotation: Mapped[Quotation] = relationship(back_populates="lines")


class Order(Document):
    """What a customer has bought."""

    __tablename__ = "sales_order"

    deliver_on: Mapped[date | None]
    quotation_id: Mapped[int | None] = link(Quotation, nullable=True)
    state: Mapped[str] = mapped_column(String(20), default="draft")
    receivable: Mapped[Money] = mapped_column(MoneyType, default=Money(0))
    """How much of it is counted among the receivables elsewhere, and so no longer here."""
    released_to: Mapped[Money | None] = mapped_column(MoneyType)
    """The exposure up to which somebody has released the order from the credit check."""
    released_by_id: Mapped[int | None] = link("system_user", nullable=True)
    released_at: Mapped[datetime | None]
    release_reason: Mapped[str | None] = mapped_column(String(500))
    lines: Mapped[list[OrderLine]] = relationship(back_populates="order", order_by="OrderLine.position, OrderLine.id")


class OrderLine(Line):
    """One line of an order."""

    __tablename__ = "sales_order_line"
    __policy__: ClassVar[Through] = Through("order")
    __table_args__ = LINE_RULES

    order_id: Mapped[int] = link(Order)
    order: Mapped[Order] = relationship(back_populates="lines")
