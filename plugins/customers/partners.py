"""The tables of those one buys from and sells through: suppliers and distributors, each a role of a firm."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from plugins.customers.models import DistributorCategory, Party, SupplierCategory
from sopia import Model, Scoped, link

PRESENT = text("deleted_at IS NULL")


class Partner(Scoped, Model):
    """What a supplier and a distributor have in common."""

    __abstract__ = True

    code: Mapped[str | None] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str | None] = mapped_column(String(80))
    region: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(60))
    email: Mapped[str | None] = mapped_column(String(200))
    website: Mapped[str | None] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(300))
    payment_days: Mapped[int | None]
    remark: Mapped[str | None] = mapped_column(LongText)
    name_key: Mapped[str | None] = mapped_column(String(255))
    phone_key: Mapped[str | None] = mapped_column(String(255))

    @declared_attr
    def party_id(cls) -> Mapped[int | None]:
        """The firm behind the role; it may be a customer as well."""
        return link(Party, nullable=True)

    @declared_attr
    def party(cls) -> Mapped[Party | None]:
        return relationship(Party)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:
        table = cls.__tablename__
        return (
            Index(f"uq_{table}_code", "code", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),
            Index(f"ix_{table}_name_key", "name_key"),
            Index(f"ix_{table}_phone_key", "phone_key"),
            Index(f"ix_{table}_recent", "created_at", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
        )

    def __init__(self, **values: Any) -> None:
        if values.get("party_id") is None:
            values.setdefault("party", Party())
        super().__init__(**values)


class Supplier(Partner):
    """A firm that one buys from."""

    __tablename__ = "customers_supplier"

    category_id: Mapped[int | None] = link(SupplierCategory, nullable=True)


class Distributor(Partner):
    """A firm through which one sells."""

    __tablename__ = "customers_distributor"

    category_id: Mapped[int | None] = link(DistributorCategory, nullable=True)
