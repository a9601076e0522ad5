"""What a firm owes: the money that counts against its credit limit, and since when something is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Select, bindparam, func, join, or_, select, type_coerce

from plugins.customers.models import Customer, Party
from plugins.sales.models import Contract, Debt, Installment, Order, contract_order
from sopia import Model, Money, Question, Session
from sopia import today_at_work as today

__all__ = ["Exposure", "exposure_of", "lock_firm", "today"]

RUNNING = "approved"
"""The state of a contract in which it counts."""


NOTHING = Money(0)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a firm owes or is about to: `receivables` are due some day, `orders` are confirmed and not yet receivable."""

    receivables: Money
    orders: Money
    overdue_since: date | None = None
    overdue: Money = NOTHING

    @property
    def total(self) -> Money:
        """All of it."""
        return self.receivables + self.orders


def _minor(column: Any) -> ColumnElement[Any]:
    """Minor units, without the work of making objects of them."""
    return type_coerce(column, BigInteger)


def _owed() -> Select[Any]:
    """All that a firm owes, in one statement: it is asked with every page of a customer, and when an order is confirmed."""
    own = select(Customer.id).where(
        or_(Customer.id == bindparam("customer"), Customer.party_id == bindparam("party", type_=BigInteger))
    )
    runs = (Contract.state == RUNNING, Contract.deleted_at.is_(None))
    contracts = select(func.sum(_minor(Contract.outstanding))).where(Contract.customer_id.in_(own), *runs)
    in_contract = (
        select(contract_order.c.order_id).join(Contract, Contract.id == contract_order.c.contract_id).where(*runs)
    )
    orders = select(func.sum(_minor(Order.total)) - func.sum(_minor(Order.receivable))).where(
        Order.customer_id.in_(own),
        Order.state == "confirmed",
        Order.deleted_at.is_(None),
        Order.id != bindparam("without"),
        Order.id.not_in(in_contract),
    )
    of_firm = Debt.party_id == bindparam("party", type_=BigInteger)
    late = (
        Contract.customer_id.in_(own),
        *runs,
        Installment.deleted_at.is_(None),
        Installment.due_on < bindparam("today", type_=Date),
        _minor(Installment.outstanding) > 0,
    )
    installments = join(Installment, Contract, Contract.id == Installment.contract_id)
    return select(
        contracts.scalar_subquery(),
        orders.scalar_subquery(),
        select(_minor(Debt.amount)).where(of_firm).limit(1).scalar_subquery(),
        select(Debt.due_since).where(of_firm).limit(1).scalar_subquery(),
        select(func.min(Installment.due_on)).select_from(installments).where(*late).scalar_subquery(),
        select(func.sum(_minor(Installment.outstanding))).select_from(installments).where(*late).scalar_subquery(),
    )


OWED = Question(_owed())


def lock_firm(session: Session, customer: Customer) -> None:
    """Keep others from adding to what a firm owes until the transaction ends."""
    # SQLite has one writer at a time; on PostgreSQL whoever comes second waits here, and then counts the first.
    model: type[Model] = Party if customer.party_id is not None else Customer
    row = customer.party_id if customer.party_id is not None else customer.id
    session.execute(select(model.id).where(model.id == row).with_for_update())


def exposure_of(session: Session, customer: Customer, without: int = 0) -> Exposure:
    """What the firm of a customer owes, `without` one order; `session` must reach beyond anybody's scope."""
    contracts, orders, debt, debt_since, since, overdue = OWED.one(
        session, customer=customer.id, party=customer.party_id, without=without, today=today(session)
    )
    if debt_since is not None:
        since = min(filter(None, (since, debt_since)))
    receivables = Money(int(contracts or 0)) + Money(int(debt or 0))
    return Exposure(receivables, Money(int(orders or 0)), since, Money(int(overdue or 0)))
