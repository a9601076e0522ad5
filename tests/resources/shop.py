"""A plugin for tests: orders that belong to people, with lines that are edited inside them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.resources.resource import Rows
from sopia import Model, Money, MoneyType, Plugin, Resource, Scoped, Through, link


class ShopOrder(Scoped, Model):
    """An order."""

    __tablename__ = "shop_order"

    number: Mapped[str] = mapped_column(String(30))
    lines: Mapped[list[ShopLine]] = relationship(back_populates="order", order_by="ShopLine.position")


class ShopLine(Model):
    """One line of an order."""

    __tablename__ = "shop_line"
    __policy__: ClassVar[Any] = Through("order")

    order_id: Mapped[int] = link(ShopOrder)
    position: Mapped[int] = mapped_column(default=0)
    product: Mapped[str] = mapped_column(String(50))
    quantity: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(1))
    price: Mapped[Money | None] = mapped_column(MoneyType)
    secret: Mapped[str | None] = mapped_column(String(50))

    order: Mapped[ShopOrder] = relationship(back_populates="lines")


plugin = Plugin(
    name="shop",
    title="Shop",
    version="1.0",
    resources=(
        Resource(
            ShopOrder,
            list=("number",),
            form=("number", "lines"),
            search=("number",),
            sort="number",
            parts=(Rows("lines", fields=("product", "quantity", "price", "secret")),),
        ),
    ),
)
