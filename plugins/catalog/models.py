"""The tables of the catalog: products, what they cost by which price list, and the words of stock and purchase."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sopia import Dictionary, Exact, Model, Public, Through, Tree, link

PRESENT = text("deleted_at IS NULL")

PRICE = Exact(4, least=2)
"""Unit prices: 12.50, or 0.0035 for a screw."""

QUANTITY = Exact(4)


class Category(Tree):
    """A branch of the tree in which products are sorted."""

    __tablename__ = "catalog_category"


class Warehouse(Dictionary):
    """A place where goods are kept."""

    __tablename__ = "catalog_warehouse"

    address: Mapped[str | None] = mapped_column(String(300))
    stock_in_nature_id: Mapped[int | None] = link("catalog_stock_in_nature", nullable=True)
    stock_out_nature_id: Mapped[int | None] = link("catalog_stock_out_nature", nullable=True)


class PurchaseType(Dictionary):
    """Why something is bought: for stock, for an order, for own use."""

    __tablename__ = "catalog_purchase_type"


class StockInNature(Dictionary):
    """How goods come into a warehouse: bought, returned, found at the count."""

    __tablename__ = "catalog_stock_in_nature"


class StockOutNature(Dictionary):
    """How goods leave a warehouse: sold, used up, lost."""

    __tablename__ = "catalog_stock_out_nature"


class Product(Model):
    """What is sold and bought: goods, or a service by the hour."""

    __tablename__ = "catalog_product"
    __policy__: ClassVar[Public] = Public("products are known to everybody who may see the catalog")

    code: Mapped[str | None] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    spec: Mapped[str | None] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(20), default="件")
    category_id: Mapped[int | None] = link(Category, nullable=True)
    purchase_type_id: Mapped[int | None] = link(PurchaseType, nullable=True)
    warehouse_id: Mapped[int | None] = link(Warehouse, nullable=True)
    purchase_price: Mapped[Decimal | None] = mapped_column(PRICE)
    sale_price: Mapped[Decimal | None] = mapped_column(PRICE)
    floor_price: Mapped[Decimal | None] = mapped_column(PRICE)
    archived: Mapped[bool] = mapped_column(default=False)
    remark: Mapped[str | None] = mapped_column(LongText)

    __table_args__ = (
        Index("uq_catalog_product_code", "code", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),
        Index("ix_catalog_product_name", "name"),
        Index("ix_catalog_product_recent", "created_at", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
        CheckConstraint("purchase_price >= 0", name="purchase_price"),
        CheckConstraint("sale_price >= 0", name="sale_price"),
        CheckConstraint("floor_price >= 0", name="floor_price"),
    )


class PriceList(Model):
    """Prices for sale or purchase that hold for a time, for all customers or for those of one type."""

    __tablename__ = "catalog_price_list"
    __policy__: ClassVar[Public] = Public("who may see price lists is a matter of the grant, not of a record's owner")

    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20), default="sale")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    customer_type_id: Mapped[int | None] = link("customers_type", nullable=True)
    archived: Mapped[bool] = mapped_column(default=False)
    prices: Mapped[list[Price]] = relationship(back_populates="price_list")

    __table_args__ = (
        Index("uq_catalog_price_list_name", "name", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),
        CheckConstraint("kind IN ('sale', 'purchase')", name="kind"),
        CheckConstraint("valid_from <= valid_to", name="validity"),
    )


class Price(Model):
    """What one unit of a product costs by a price list, from a quantity on."""

    __tablename__ = "catalog_price"
    __policy__ = Through("price_list")

    price_list_id: Mapped[int] = link(PriceList)
    product_id: Mapped[int] = link(Product)
    minimum_quantity: Mapped[Decimal] = mapped_column(QUANTITY, default=Decimal(1))
    price: Mapped[Decimal] = mapped_column(PRICE)
    price_list: Mapped[PriceList] = relationship(back_populates="prices")

    __table_args__ = (
        Index(
            "uq_catalog_price_step", "price_list_id", "product_id", "minimum_quantity",
            unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT,
        ),
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("minimum_quantity > 0", name="minimum_quantity"),
    )  # fmt: skip
