"""The tables of customers: customers with their dictionaries, pools, contacts and follow-ups."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, String, event, func, inspect, select, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sopia import (
    Commons,
    Dictionary,
    Model,
    Money,
    MoneyType,
    Own,
    Public,
    Scoped,
    Through,
    Tree,
    between,
    link,
    now,
)

PRESENT = text("deleted_at IS NULL")
"""Unique values and sorted lists count only what is not in the recycle bin."""


class Type(Dictionary):
    """How far a firm is on its way to being a customer: first-time, interested, potential, formal, or one's own."""

    __tablename__ = "customers_type"


class Level(Dictionary):
    """How important a customer is, and so within how many days somebody should be in touch with him."""

    __tablename__ = "customers_level"

    contact_days: Mapped[int | None]


class Source(Dictionary):
    """Where a customer came from."""

    __tablename__ = "customers_source"


class Tag(Dictionary):
    """A word that any number of customers may bear."""

    __tablename__ = "customers_tag"


class Category(Tree):
    """A branch of the tree in which customers are sorted."""

    __tablename__ = "customers_category"


class SupplierCategory(Tree):
    """A branch of the tree in which suppliers are sorted."""

    __tablename__ = "customers_supplier_category"


class DistributorCategory(Tree):
    """A branch of the tree in which distributors are sorted."""

    __tablename__ = "customers_distributor_category"


pool_user = between("customers_pool_user", "customers_pool", "system_user")
pool_department = between("customers_pool_department", "customers_pool", "system_department")


class Pool(Dictionary):
    """Customers of nobody, with those who may claim them and the rules by which customers come back."""

    __tablename__ = "customers_pool"

    return_days: Mapped[int | None]
    most_claims: Mapped[int | None]
    users: Mapped[list[Any]] = relationship("User", secondary=pool_user)
    departments: Mapped[list[Any]] = relationship("Department", secondary=pool_department)


class Party(Model):
    """A firm or person one deals with, be it as customer, supplier or distributor."""

    __tablename__ = "customers_party"
    __policy__ = Public("the firm alone, an id without a fact; those who know it guard the rest", grows=True)

    @classmethod
    def __named_by__(cls, table: Any) -> Any:
        """What a firm is called: as its customer, supplier or distributor is, whichever the reader sees."""
        names: list[Any] = [
            select(role.c.name)
            .where(role.c.party_id == table.c.id, role.c.deleted_at.is_(None))
            .order_by(role.c.id)
            .limit(1)
            .correlate(table)
            .scalar_subquery()
            for key in ("customers_customer", "customers_supplier", "customers_distributor")
            if (role := cls.metadata.tables.get(key)) is not None
        ]
        return func.coalesce(*names, type_=String()) if len(names) > 1 else names[0]


customer_tag = between("customers_customer_tag", "customers_customer", "customers_tag")


class Customer(Scoped, Model):
    """A firm that buys, or may buy one day: the company's core asset."""

    __tablename__ = "customers_customer"
    __policy__: ClassVar[Own] = Own(
        commons=Commons(
            "pool_id",
            people="customers_pool_user",
            departments="customers_pool_department",
            hidden=("phone", "phone_key", "website", "address", "remark", "credit_limit", "payment_days"),
        )
    )

    code: Mapped[str | None] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    type_id: Mapped[int | None] = link(Type, nullable=True)
    category_id: Mapped[int | None] = link(Category, nullable=True)
    level_id: Mapped[int | None] = link(Level, nullable=True)
    source_id: Mapped[int | None] = link(Source, nullable=True)
    industry: Mapped[str | None] = mapped_column(String(80))
    region: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(60))
    website: Mapped[str | None] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(300))
    credit_limit: Mapped[Money | None] = mapped_column(MoneyType)
    payment_days: Mapped[int | None]
    last_contact_at: Mapped[datetime | None]
    next_contact_at: Mapped[datetime | None]
    remark: Mapped[str | None] = mapped_column(LongText)
    party_id: Mapped[int | None] = link(Party, nullable=True)
    name_key: Mapped[str | None] = mapped_column(String(255))
    phone_key: Mapped[str | None] = mapped_column(String(255))
    pool_id: Mapped[int | None] = link(Pool, nullable=True)
    pooled_at: Mapped[datetime | None]
    pool_reason: Mapped[str | None] = mapped_column(String(200))
    claimed_from_id: Mapped[int | None] = link(Pool, nullable=True)
    owned_since: Mapped[datetime | None]
    returns_at: Mapped[datetime | None]
    silent_at: Mapped[datetime | None]
    tags: Mapped[list[Tag]] = relationship(secondary=customer_tag, order_by=Tag.name)
    party: Mapped[Party | None] = relationship()

    def __init__(self, **values: Any) -> None:
        if values.get("party_id") is None:
            # A new customer brings its firm, to which finance and other roles of the firm refer.
            values.setdefault("party", Party())
        super().__init__(**values)

    __table_args__ = (
        # What lies in a pool belongs to nobody.
        CheckConstraint("pool_id IS NULL OR (owner_id IS NULL AND department_id IS NULL)", name="pool"),
        Index("ix_customers_customer_returns_at", "returns_at"),
        Index("ix_customers_customer_silent_at", "silent_at"),
        Index("uq_customers_customer_code", "code", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),
        Index("ix_customers_customer_name_key", "name_key"),
        Index("ix_customers_customer_phone_key", "phone_key"),
        # The order of the list, with all that the scope asks about, so that walking it reads no rows in vain.
        Index(
            "ix_customers_customer_recent",
            "created_at",
            "id",
            "owner_id",
            "department_id",
            sqlite_where=PRESENT,
            postgresql_where=PRESENT,
        ),
        Index(
            "ix_customers_customer_mine",
            "owner_id",
            "created_at",
            "id",
            sqlite_where=PRESENT,
            postgresql_where=PRESENT,
        ),
        Index("ix_customers_customer_last_contact_at", "last_contact_at"),
        Index("ix_customers_customer_next_contact_at", "next_contact_at"),
        Index("ix_customers_customer_updated_at", "updated_at"),
        Index("ix_customers_customer_name", "name"),
    )


@event.listens_for(Customer, "before_insert")
def _owned(_mapper: Any, _connection: Any, customer: Customer) -> None:
    if customer.owner_id is not None and customer.owned_since is None:
        customer.owned_since = now()


@event.listens_for(Customer, "before_update")
def _leave_pool(_mapper: Any, _connection: Any, customer: Customer) -> None:
    """Whoever becomes the owner takes a customer out of its pool, and has it from now on."""
    attributes = inspect(customer).attrs
    if customer.owner_id is None or not attributes.owner_id.history.has_changes():
        return
    left = {"pool_id": None, "pooled_at": None, "pool_reason": None, "claimed_from_id": None, "returns_at": None}
    for name, value in {**left, "owned_since": now()}.items():
        if not attributes[name].history.has_changes():
            setattr(customer, name, value)


class Contact(Model):
    """A person at a customer."""

    __tablename__ = "customers_contact"
    __policy__ = Through("customer")

    customer_id: Mapped[int] = link(Customer)
    name: Mapped[str] = mapped_column(String(80))
    title: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(60))
    email: Mapped[str | None] = mapped_column(String(200))
    wechat: Mapped[str | None] = mapped_column(String(80))
    birthday: Mapped[date | None]
    primary: Mapped[bool] = mapped_column(default=False)
    remark: Mapped[str | None] = mapped_column(LongText)

    __table_args__ = (
        Index(
            "ix_customers_contact_recent",
            "created_at",
            "id",
            "customer_id",
            sqlite_where=PRESENT,
            postgresql_where=PRESENT,
        ),
    )


class FollowUp(Model):
    """What was said or done with a customer, and when the next time will be."""

    __tablename__ = "customers_follow_up"
    __policy__ = Through("customer")
    __label__ = "content"

    customer_id: Mapped[int] = link(Customer)
    contact_id: Mapped[int | None] = link(Contact, nullable=True)
    kind: Mapped[str] = mapped_column(String(20), default="call")
    at: Mapped[datetime] = mapped_column(default=now)
    content: Mapped[str] = mapped_column(LongText)
    next_contact_at: Mapped[datetime | None]
    author_id: Mapped[int | None] = link("system_user", nullable=True)

    __table_args__ = (
        Index(
            "ix_customers_follow_up_recent", "at", "id", "customer_id", sqlite_where=PRESENT, postgresql_where=PRESENT
        ),
    )
