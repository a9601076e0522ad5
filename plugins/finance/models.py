"""The tables of money: what is owed, what came in and went out, which settles which, expenses, and where money lies."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, validates

from plugins.customers.models import Customer, Party
from sopia import Dictionary, Model, Money, MoneyType, Scoped, Through, Tree, link, now

PRESENT = text("deleted_at IS NULL")
NOTHING = Money(0)


def today() -> date:
    """The day that a new document bears until somebody chooses another."""
    return now().astimezone().date()


class ExpenseCategory(Tree):
    """A branch of the tree in which expenses are sorted: travel, and below it train and hotel."""

    __tablename__ = "finance_expense_category"


class PaymentMethod(Dictionary):
    """How money changes hands: by transfer, in cash, by an app."""

    __tablename__ = "finance_payment_method"


class Account(Dictionary):
    """Where money lies: a bank account, the cash box. Its balance follows from what was confirmed."""

    __tablename__ = "finance_account"

    holder: Mapped[str | None] = mapped_column(String(80))
    card: Mapped[str | None] = mapped_column(String(60))
    opening: Mapped[Money] = mapped_column(MoneyType, default=NOTHING)


def _present_number(table: str) -> Index:
    return Index(f"uq_{table}_number", "number", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT)


def _lists(table: str) -> tuple[Index, ...]:
    """The orders in which lists are walked."""
    return (
        Index(f"ix_{table}_recent", "created_at", "id", sqlite_where=PRESENT, postgresql_where=PRESENT),
        Index(f"ix_{table}_on", "on", "id"),
    )


class Owed(Scoped, Model):
    """Money that a firm owes us, or that we owe a firm: an amount, and how much of it is settled."""

    __abstract__ = True

    number: Mapped[str | None] = mapped_column(String(30))
    party_id: Mapped[int] = link(Party)
    customer_id: Mapped[int | None] = link(Customer, nullable=True)
    source: Mapped[str | None] = mapped_column(String(200), index=True)
    source_key: Mapped[str | None] = mapped_column(String(120))
    on: Mapped[date] = mapped_column(default=today)
    due_on: Mapped[date] = mapped_column(index=True)
    amount: Mapped[Money] = mapped_column(MoneyType)
    settled: Mapped[Money] = mapped_column(MoneyType, default=NOTHING)
    open: Mapped[Money] = mapped_column(MoneyType, default=NOTHING)
    state: Mapped[str] = mapped_column(String(20), default="open")
    remark: Mapped[str | None] = mapped_column(LongText)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        table = cls.__tablename__
        return (
            _present_number(table),
            *_lists(table),
            # What another document gives rise to, it gives rise to once.
            Index(f"uq_{table}_source_key", "source_key", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),
            CheckConstraint("amount > 0", name="amount"),
            CheckConstraint("settled >= 0 AND settled <= amount", name="settled"),
            CheckConstraint("open = amount - settled", name="open"),
        )

    @validates("amount", "settled")
    def _keep_open(self, key: str, value: Money | None) -> Money | None:
        """What is open and the state follow from the two amounts."""
        amount = value if key == "amount" else self.amount
        settled = (value if key == "settled" else self.settled) or NOTHING
        if amount is not None:
            self.open = amount - settled
            self.state = "open" if not settled else "part" if self.open else "settled"
        return value


class Receivable(Owed):
    """Money that a customer owes."""

    __tablename__ = "finance_receivable"


class Payable(Owed):
    """Money that is owed to a supplier, or to whom else."""

    __tablename__ = "finance_payable"


class Paid(Scoped, Model):
    """Money that came in or went out on a day, by a method, over an account; part of it is allocated."""

    __abstract__ = True

    number: Mapped[str | None] = mapped_column(String(30))
    party_id: Mapped[int] = link(Party)
    customer_id: Mapped[int | None] = link(Customer, nullable=True)
    on: Mapped[date] = mapped_column(default=today)
    method_id: Mapped[int | None] = link(PaymentMethod, nullable=True)
    account_id: Mapped[int | None] = link(Account, nullable=True)
    amount: Mapped[Money] = mapped_column(MoneyType)
    allocated: Mapped[Money] = mapped_column(MoneyType, default=NOTHING)
    left: Mapped[Money] = mapped_column(MoneyType, default=NOTHING)
    state: Mapped[str] = mapped_column(String(20), default="draft")
    countered_on: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(String(200))
    remark: Mapped[str | None] = mapped_column(LongText)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        table = cls.__tablename__
        return (
            _present_number(table),
            *_lists(table),
            CheckConstraint("amount > 0", name="amount"),
            CheckConstraint("allocated >= 0 AND allocated <= amount", name="allocated"),
            CheckConstraint('"left" = amount - allocated', name="left"),
            CheckConstraint("allocated = 0 OR state = 'confirmed'", name="state"),
        )

    @validates("amount", "allocated")
    def _keep_left(self, key: str, value: Money | None) -> Money | None:
        """What is left follows from the two amounts."""
        amount = value if key == "amount" else self.amount
        allocated = (value if key == "allocated" else self.allocated) or NOTHING
        if amount is not None:
            self.left = amount - allocated
        return value


class Receipt(Paid):
    """Money that came in from a customer."""

    __tablename__ = "finance_receipt"


class Payment(Paid):
    """Money that went out to a supplier."""

    __tablename__ = "finance_payment"


class Allocation(Model):
    """How much of a receipt settles how much of a receivable."""

    __tablename__ = "finance_allocation"
    __policy__ = Through("receipt")

    receipt_id: Mapped[int] = link(Receipt)
    receivable_id: Mapped[int] = link(Receivable)
    amount: Mapped[Money] = mapped_column(MoneyType)
    on: Mapped[date] = mapped_column(default=today)

    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)


class PaymentAllocation(Model):
    """How much of a payment settles how much of a payable."""

    __tablename__ = "finance_payment_allocation"
    __policy__ = Through("payment")

    payment_id: Mapped[int] = link(Payment)
    payable_id: Mapped[int] = link(Payable)
    amount: Mapped[Money] = mapped_column(MoneyType)
    on: Mapped[date] = mapped_column(default=today)

    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)


class Expense(Scoped, Model):
    """What somebody spent for the company, or wants to: approved first, paid then."""

    __tablename__ = "finance_expense"

    number: Mapped[str | None] = mapped_column(String(30))
    title: Mapped[str] = mapped_column(String(200))
    category_id: Mapped[int] = link(ExpenseCategory)
    amount: Mapped[Money] = mapped_column(MoneyType)
    on: Mapped[date] = mapped_column(default=today)
    customer_id: Mapped[int | None] = link(Customer, nullable=True)
    order: Mapped[str | None] = mapped_column(String(200), index=True)
    method_id: Mapped[int | None] = link(PaymentMethod, nullable=True)
    account_id: Mapped[int | None] = link(Account, nullable=True)
    paid_on: Mapped[date | None]
    countered_on: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20), default="draft")
    remark: Mapped[str | None] = mapped_column(LongText)

    __table_args__ = (
        _present_number("finance_expense"),
        *_lists("finance_expense"),
        CheckConstraint("amount > 0", name="amount"),
    )
