"""The credit check of orders: limit and overdue days when one is confirmed, and the release by whoever may."""

from __future__ import annotations

from sqlalchemy import select

from plugins.customers.models import Customer
from plugins.sales.firms import Exposure, exposure_of, lock_firm, today
from plugins.sales.lines import in_figures
from plugins.sales.models import Debt, Order
from plugins.sales.settings import CHECKED, OVERDUE_DAYS
from sopia import Conflict, Money, Session, Text, acting, now, read_setting
from sopia import translate as _


def why_no_credit(session: Session, order: Order) -> Text | None:
    """Why the customer gets no credit for an order, in figures; None where he does, or where it was released.

    The firm is locked from here to the end of the transaction, so that of many who confirm at once each counts those
    before him. `session` must reach beyond anybody's scope.
    """
    if not read_setting(session, f"sales.{CHECKED.name}"):
        return None
    customer = session.get_one(Customer, order.customer_id)
    lock_firm(session, customer)
    exposure = exposure_of(session, customer, without=order.id)
    total = exposure.total + order.total
    if order.released_to is not None and total <= order.released_to:
        return None
    return _over_limit(customer, exposure, order, total) or _overdue(session, customer, exposure)


def _over_limit(customer: Customer, exposure: Exposure, order: Order, total: Money) -> Text | None:
    limit = customer.credit_limit
    if limit is None or total <= limit:
        return None
    return _(
        "The credit limit of “{customer}” is {limit}. Receivables of {receivables}, confirmed orders of {orders} and "
        "this one of {own} make {total}: {over} too much.",
        customer=customer.name,
        limit=in_figures(limit),
        receivables=in_figures(exposure.receivables),
        orders=in_figures(exposure.orders),
        own=in_figures(order.total),
        total=in_figures(total),
        over=in_figures(total - limit),
    )


def _overdue(session: Session, customer: Customer, exposure: Exposure) -> Text | None:
    most = int(read_setting(session, f"sales.{OVERDUE_DAYS.name}"))
    days = (today(session) - exposure.overdue_since).days if exposure.overdue_since is not None else 0
    if exposure.overdue_since is None or days <= most:
        return None
    return _(
        "“{customer}” has owed money since {day}, for {days} days; more than {most} days stop new orders.",
        customer=customer.name,
        day=exposure.overdue_since.isoformat(),
        days=days,
        most=most,
    )


def release(session: Session, order: Order, reason: str) -> None:
    """Let an order pass the credit check, up to what the firm owes with it now; who, when and why is kept."""
    principal = session.info.get("principal")
    me = principal.user_id if principal is not None else None
    if me is not None and me == order.owner_id:
        raise Conflict(_("Nobody releases his own order."), _("Ask a colleague who may release orders."))
    with acting(session, "an order is released from the credit check") as beyond:
        here = beyond.get_one(Order, order.id)
        customer = beyond.get_one(Customer, here.customer_id)
        lock_firm(beyond, customer)
        here.released_to = exposure_of(beyond, customer, without=here.id).total + here.total
        here.released_by_id, here.released_at, here.release_reason = me, now(), reason
    session.expire(order)


def name_of(session: Session, user_id: int | None) -> str:
    """The name of a colleague, "" for nobody."""
    users = Order.metadata.tables["system_user"].c
    return session.scalar(select(users.name).where(users.id == user_id)) or ""


def can_be_released(order: Order) -> bool:
    """Whether an order still has the credit check before it."""
    return order.state in ("draft", "submitted", "approved")


def note_receivables(session: Session, party_id: int, amount: Money, due_since: object = None) -> None:
    """Report what a firm owes besides the contracts of sales, and the oldest day on which a part of it was due.

    For the plugin that keeps receivables; those that it has made from instalments are counted with their contract.
    """
    debt = session.scalars(select(Debt).where(Debt.party_id == party_id)).first()
    if debt is None:
        debt = Debt(party_id=party_id)
        session.add(debt)
    debt.amount, debt.due_since = amount, due_since  # type: ignore[assignment]
    session.flush()


def note_receivable(session: Session, order_id: int, amount: Money) -> None:
    """Report how much of an order is a receivable by now, and counted among those of `note_receivables`."""
    order = session.get_one(Order, order_id)
    order.receivable = max(Money(0), min(amount, order.total))
    session.flush()
