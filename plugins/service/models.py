"""The tables of service: types, requests, the plans that bring them about, and return visits."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Index, String, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column, relationship

from plugins.customers.models import Contact, Customer
from sopia import Dictionary, Exact, Model, Own, Scoped, link

PRESENT = text("deleted_at IS NULL")

MOST_OCCURRENCES = 200
"""Requests that one plan brings about at most."""

SCORES = (1, 5)
"""From not satisfied at all to very satisfied."""


class Type(Dictionary):
    """What kind of service it is, and what follows from that: what is asked, how soon it is due, who asks afterwards."""

    __tablename__ = "service_type"

    complaint: Mapped[bool] = mapped_column(default=False)
    outline: Mapped[str | None] = mapped_column(LongText)
    needs_contact: Mapped[bool] = mapped_column(default=False)
    working_hours: Mapped[Decimal | None] = mapped_column(Exact(2))
    visit_days: Mapped[int | None]


class Plan(Scoped, Model):
    """A promise to do the same service again and again: twelve monthly inspections."""

    __tablename__ = "service_plan"
    __policy__: ClassVar[Any] = Own(people=("owner_id", "handler_id"))

    name: Mapped[str] = mapped_column(String(200), default="")
    customer_id: Mapped[int] = link(Customer)
    # Contracts belong to sales, which need not be there: the id alone, without a foreign key.
    contract: Mapped[int | None] = mapped_column(BigInteger, index=True)
    type_id: Mapped[int] = link(Type)
    rule: Mapped[str] = mapped_column(String(20), default="month")
    first_on: Mapped[date | None]
    occurrences: Mapped[int]
    handler_id: Mapped[int | None] = link("system_user", nullable=True)
    detail: Mapped[str | None] = mapped_column(LongText)
    type: Mapped[Type] = relationship(lambda: Type, viewonly=True)

    __table_args__ = (
        Index("ix_service_plan_recent", "created_at", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
        CheckConstraint(f"occurrences BETWEEN 1 AND {MOST_OCCURRENCES}", name="occurrences"),
    )


class Request(Scoped, Model):
    """A customer's call for service: taken on by one, carried out by another, due at a moment."""

    __tablename__ = "service_request"
    __label__ = "subject"
    __policy__: ClassVar[Any] = Own(people=("owner_id", "accepted_by_id", "handler_id"))

    number: Mapped[str | None] = mapped_column(String(40))
    customer_id: Mapped[int] = link(Customer)
    contact_id: Mapped[int | None] = link(Contact, nullable=True)
    contract: Mapped[int | None] = mapped_column(BigInteger, index=True)
    type_id: Mapped[int] = link(Type)
    complaint: Mapped[bool] = mapped_column(default=False)
    channel: Mapped[str] = mapped_column(String(20), default="phone")
    subject: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str | None] = mapped_column(LongText)
    priority: Mapped[str] = mapped_column(String(20), default="normal")
    accepted_by_id: Mapped[int | None] = link("system_user", nullable=True)
    handler_id: Mapped[int | None] = link("system_user", nullable=True)
    due_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(20), default="new")
    started_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cause: Mapped[str | None] = mapped_column(LongText)
    measure: Mapped[str | None] = mapped_column(LongText)
    score: Mapped[int | None]
    feedback: Mapped[str | None] = mapped_column(LongText)
    plan_id: Mapped[int | None] = link(Plan, nullable=True)
    occurrence: Mapped[int | None]
    planned_on: Mapped[date | None]
    type: Mapped[Type] = relationship(lambda: Type, viewonly=True)

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state not in ("resolved", "closed")

    __table_args__ = (
        Index("uq_service_request_number", "number", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),
        # Each occurrence of a plan comes about once, whoever asks for it at the same time.
        Index(
            "uq_service_request_occurrence", "plan_id", "occurrence",
            unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT,
        ),
        Index("ix_service_request_recent", "created_at", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
        Index("ix_service_request_due_at", "due_at"),
        Index("ix_service_request_state", "state"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
    )  # fmt: skip


class Visit(Scoped, Model):
    """Asking the customer, some days after the service, whether he is satisfied."""

    __tablename__ = "service_visit"
    __label__ = "subject"
    __policy__: ClassVar[Any] = Own(people=("owner_id", "visitor_id"))

    request_id: Mapped[int | None] = link(Request, nullable=True)
    contract: Mapped[int | None] = mapped_column(BigInteger, index=True)
    customer_id: Mapped[int] = link(Customer)
    subject: Mapped[str] = mapped_column(String(200), default="")
    visitor_id: Mapped[int | None] = link("system_user", nullable=True)
    on: Mapped[date | None] = mapped_column(index=True)
    way: Mapped[str] = mapped_column(String(20), default="phone")
    score: Mapped[int | None]
    feedback: Mapped[str | None] = mapped_column(LongText)
    state: Mapped[str] = mapped_column(String(20), default="planned")

    __table_args__ = (
        Index("ix_service_visit_recent", "created_at", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
    )
