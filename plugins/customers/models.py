"""The tables of customers: firms, customers with their dictionaries, contacts, follow-ups."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import Index, String, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from sopia import Model, Money, MoneyType, Public, Scoped, Through, between, link, now

PRESENT = text("deleted_at IS NULL")
"""Unique values and sorted lists count only what is not in the recycle bin."""


class Dictionary(Model):
    """A list of words that the administrator keeps: customer types, levels, sources."""

    __abstract__ = True
    __policy__: ClassVar[Public] = Public("the words of dictionaries are known to everybody who works with customers")

    name: Mapped[str] = mapped_column(String(80))
    colour: Mapped[str] = mapped_column(String(20), default="")
    position: Mapped[int] = mapped_column(default=0)
    archived: Mapped[bool] = mapped_column(default=False)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:
        name = f"uq_{cls.__tablename__}_name"
        return (Index(name, "name", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),)


class Type(Dictionary):
    """How far a firm is on its way to being a customer: first-time, interested, potential, formal, or one's own."""

    __tablename__ = "customers_type"


class Level(Dictionary):
    """How important a customer is."""

    __tablename__ = "customers_level"


class Source(Dictionary):
    """Where a customer came from."""

    __tablename__ = "customers_source"


class Tag(Dictionary):
    """A word that any number of customers may bear."""

    __tablename__ = "customers_tag"


class Category(Model):
    """A branch of the tree in which customers are sorted."""

    __tablename__ = "customers_category"
    __policy__ = Public("the tree of categories is known to everybody who works with customers")

    name: Mapped[str] = mapped_column(String(80))
    parent_id: Mapped[int | None] = link("customers_category", nullable=True)
    colour: Mapped[str] = mapped_column(String(20), default="")
    position: Mapped[int] = mapped_column(default=0)
    archived: Mapped[bool] = mapped_column(default=False)


class Party(Model):
    """A firm or person one deals with, be it as customer, supplier or distributor."""

    __tablename__ = "customers_party"
    __policy__ = Public("the firm alone, an id without a fact; those who know it guard the rest", grows=True)


customer_tag = between("customers_customer_tag", "customers_customer", "customers_tag")


class Customer(Scoped, Model):
    """A firm that buys, or may buy one day: the company's core asset."""

    __tablename__ = "customers_customer"

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
    tags: Mapped[list[Tag]] = relationship(secondary=customer_tag, order_by=Tag.name)
    party: Mapped[Party | None] = relationship()

    def __init__(self, **values: Any) -> None:
        if values.get("party_id") is None:
            # A new customer brings its firm, to which finance and other roles of the firm refer.
            values.setdefault("party", Party())
        super().__init__(**values)

    __table_args__ = (
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
