"""What a firm owes: the money that counts against its credit limit, and since when something is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from plugins.customers.models import Customer, Party
from plugins.sales.models import Contract, Debt, Installment, Order, contract_order
from sopia import Model, Money, Session, working_calendar
from sopia import now as this_moment

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


def today(session: Session) -> date:
    """The day where people work."""
    return this_moment().astimezone(working_calendar(session).zone).date()


def lock_firm(session: Session, customer: Customer) -> None:
    """Keep others from adding to what a firm owes until the transaction ends."""
    # SQLite has one writer at a time; on PostgreSQL whoever comes second waits here, and then counts the first.
    model: type[Model] = Party if customer.party_id is not None else Customer
    row = customer.party_id if customer.party_id is not None else customer.id
    session.execute(select(model.id).where(model.id == row).with_for_update())


def exposure_of(session: Session, customer: Customer, without: int = 0) -> Exposure:
    """What the firm of a customer owes, `without` one order; `session` must reach beyond anybody's scope."""
    own = customers_of_firm(session, customer)
    contracts = _sum(
        session,
        select(func.sum(Contract.outstanding)).where(
            Contract.customer_id.in_(own), Contract.state == RUNNING, Contract.deleted_at.is_(None)
        ),
    )
    in_contract = (
        select(contract_order.c.order_id)
        .join(Contract, Contract.id == contract_order.c.contract_id)
        .where(Contract.state == RUNNING, Contract.deleted_at.is_(None))
    )
    orders = _sum(
        session,
        select(func.sum(Order.total) - func.sum(Order.receivable)).where(
            Order.customer_id.in_(own),
            Order.state == "confirmed",
            Order.deleted_at.is_(None),
            Order.id != without,
            Order.id.not_in(in_contract),
        ),
    )
    debt = session.scalars(select(Debt).where(Debt.party_id == customer.party_id)).first()
    since, overdue = _overdue(session, own)
    if debt is not None and debt.due_since is not None:
        since = min(filter(None, (since, debt.due_since)))
    return Exposure(contracts + (debt.amount if debt is not None else Money(0)), orders, since, overdue)


def customers_of_firm(session: Session, customer: Customer) -> list[int]:
    """The customers that are the same firm."""
    if customer.party_id is None:
        return [customer.id]
    return list(session.scalars(select(Customer.id).where(Customer.party_id == customer.party_id)))


def _overdue(session: Session, customers: list[int]) -> tuple[date | None, Money]:
    """Since when instalments of running contracts are overdue, and how much they are together."""
    found = session.execute(
        select(func.min(Installment.due_on), func.sum(Installment.outstanding))
        .join(Contract, Contract.id == Installment.contract_id)
        .where(
            Contract.customer_id.in_(customers),
            Contract.state == RUNNING,
            Contract.deleted_at.is_(None),
            Installment.deleted_at.is_(None),
            Installment.due_on < today(session),
            Installment.outstanding > Money(0),
        )
    ).one()
    return found[0], _money(found[1])


def _sum(session: Session, statement: object) -> Money:
    return _money(session.scalar(statement))  # type: ignore[call-overload]


def _money(found: object) -> Money:
    """A sum as the database gives it: money, a number of minor units, or nothing."""
    return found if isinstance(found, Money) else Money(int(found or 0))  # type: ignore[call-overload]
