"""The verbs of money: put down what is owed, allocate what came in and went out, release it, counter it.

Nothing is ever allocated twice: the rows concerned are locked in one order (the receipt, then the receivables by number),
read anew, and the tables refuse by themselves what does not add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from plugins.customers.models import Customer
from plugins.finance.models import (
    NOTHING,
    Allocation,
    Payable,
    Payment,
    PaymentAllocation,
    Receipt,
    Receivable,
    today,
)
from sopia import Conflict, FieldError, Invalid, Money, Session, Text, acting, now, values
from sopia import translate as _

MOST = 200
"""Receivables that one allocation settles at most."""


@dataclass(frozen=True)
class Side:
    """One of the two sides of money, in or out: what is paid, what is owed, and the lines between them."""

    paid: type[Any]
    owed: type[Any]
    line: type[Any]
    paid_name: str
    owed_name: str


IN = Side(Receipt, Receivable, Allocation, "receipt", "receivable")
OUT = Side(Payment, Payable, PaymentAllocation, "payment", "payable")


def side_of(record: Any) -> Side:
    """The side that a receipt or a payment is on."""
    return IN if isinstance(record, Receipt) else OUT


# ------------------------------------------------------------------------------------------------ what is owed


def make_receivable(
    session: Session,
    *,
    amount: Money,
    due_on: date,
    party_id: int | None = None,
    customer: Customer | None = None,
    source: str | None = None,
    source_key: str | None = None,
    on: date | None = None,
    owner_id: int | None = None,
    department_id: int | None = None,
    remark: str | None = None,
) -> Receivable:
    """Put down what a customer owes; for other plugins. What `source_key` names gives rise to one receivable alone."""
    made: Receivable = _make(
        session, IN, customer, source_key,
        {"amount": amount, "due_on": due_on, "party_id": party_id, "source": source, "on": on or today(),
         "owner_id": owner_id, "department_id": department_id, "remark": remark},
    )  # fmt: skip
    return made


def make_payable(
    session: Session,
    *,
    amount: Money,
    due_on: date,
    party_id: int | None = None,
    customer: Customer | None = None,
    source: str | None = None,
    source_key: str | None = None,
    on: date | None = None,
    owner_id: int | None = None,
    department_id: int | None = None,
    remark: str | None = None,
) -> Payable:
    """Put down what is owed to a firm; as `make_receivable`."""
    made: Payable = _make(
        session, OUT, customer, source_key,
        {"amount": amount, "due_on": due_on, "party_id": party_id, "source": source, "on": on or today(),
         "owner_id": owner_id, "department_id": department_id, "remark": remark},
    )  # fmt: skip
    return made


def _make(
    session: Session, side: Side, customer: Customer | None, source_key: str | None, given: dict[str, Any]
) -> Any:
    with acting(session, f"a {side.owed_name} follows from another document") as beyond:
        if source_key is not None:
            known = select(side.owed).where(side.owed.source_key == source_key, side.owed.deleted_at.is_(None))
            if (found := beyond.scalars(known).first()) is not None:
                return session.get(side.owed, found.id) or found
        if customer is None:
            customer = beyond.scalars(_customer_of(given["party_id"])).first()
        if customer is not None:
            given |= {"party_id": customer.party_id, "customer_id": customer.id}
            if given["owner_id"] is None and given["department_id"] is None:
                given |= {"owner_id": customer.owner_id, "department_id": customer.department_id}
        record = side.owed(source_key=source_key, **given)
        beyond.add(record)
        beyond.flush()
        made = record.id
    return session.get(side.owed, made) or record


def _customer_of(party_id: int | None) -> Any:
    return (
        select(Customer)
        .where(Customer.party_id == party_id, Customer.deleted_at.is_(None))
        .order_by(Customer.id)
        .limit(1)
    )


# ------------------------------------------------------------------------------------------------ allocation


def allocate(session: Session, record: Any, to: Any = None) -> None:
    """Settle receivables with a receipt (or payables with a payment); without `to` the oldest first, as far as it goes.

    `to` is a list of `{"receivable": id, "amount": "…"}`. What is more than is left or open is refused, with the figures.
    """
    side = side_of(record)
    wanted = _read(session, side, to) if to not in (None, "", []) else None
    with acting(session, f"allocation of {side.paid_name} {record.id}") as beyond:
        here = _locked(beyond, side.paid, [record.id])[record.id]
        _allocate(beyond, side, here, wanted)
    session.expire(record)


def release(session: Session, record: Any, of: Any = None) -> None:
    """Take allocations of a receipt or payment back: those whose ids are given, else all."""
    side = side_of(record)
    chosen = _read_ids(of) if of not in (None, "", []) else None
    with acting(session, f"release of {side.paid_name} {record.id}") as beyond:
        here = _locked(beyond, side.paid, [record.id])[record.id]
        if not release_here(beyond, here, chosen):
            raise Conflict(_("Nothing of it is allocated."))
    session.expire(record)


def release_here(beyond: Session, record: Any, chosen: Sequence[int] | None = None) -> int:
    """Take allocations of a locked record back, in a session beyond anybody's scope; how many there were."""
    side = side_of(record)
    mine, owed_key = getattr(side.line, f"{side.paid_name}_id"), f"{side.owed_name}_id"
    wanted = select(side.line).where(mine == record.id, side.line.deleted_at.is_(None)).order_by(side.line.id)
    lines = [line for line in beyond.scalars(wanted) if chosen is None or line.id in chosen]
    if chosen is not None and (missing := set(chosen) - {line.id for line in lines}):
        raise Invalid([FieldError("of", _("There is no record with the number {id}.", id=min(missing)))])
    owed = _locked(beyond, side.owed, [getattr(line, owed_key) for line in lines])
    for line in lines:
        there = owed[getattr(line, owed_key)]
        there.settled = there.settled - line.amount
        record.allocated = record.allocated - line.amount
        line.deleted_at = now()
    beyond.flush()
    return len(lines)


def _allocate(beyond: Session, side: Side, here: Any, wanted: Mapping[int, Money] | None) -> None:
    if here.deleted_at is not None or here.state != "confirmed":
        raise Conflict(_("Only what is confirmed is allocated. Confirm it first."))
    if wanted is None:
        owed = _oldest(beyond, side, here)
        wanted = shares(owed, here.left)
        if not wanted:
            raise Conflict(_nothing(here))
    else:
        owed = _locked(beyond, side.owed, sorted(wanted))
    _refuse_too_much(here, owed, wanted)
    for record_id, amount in wanted.items():
        owed[record_id].settled = owed[record_id].settled + amount
        here.allocated = here.allocated + amount
        beyond.add(side.line(**{f"{side.paid_name}_id": here.id, f"{side.owed_name}_id": record_id, "amount": amount}))
    beyond.flush()


def _nothing(here: Any) -> Text:
    if not here.left:
        return _("Nothing of it is left to allocate.")
    return _("Nothing is open for this firm. The amount stays as an advance.")


def _refuse_too_much(here: Any, owed: Mapping[int, Any], wanted: Mapping[int, Money]) -> None:
    whole = sum((amount.minor for amount in wanted.values()), 0)
    if whole > here.left.minor:
        raise Conflict(
            _("{wanted} is to be allocated, and {left} is left.", wanted=Money(whole), left=here.left),
            _("Allocate less, or release another allocation first."),
        )
    for record_id, amount in wanted.items():
        there = owed[record_id]
        if there.party_id != here.party_id:
            raise Conflict(_("{number} is of another firm.", number=there.number or f"#{record_id}"))
        if amount > there.open:
            raise Conflict(
                _(
                    "{wanted} is to be allocated to {number}, and {open} of it is open.",
                    wanted=amount,
                    number=there.number or f"#{record_id}",
                    open=there.open,
                ),
                _("Allocate at most what is open."),
            )


def _oldest(beyond: Session, side: Side, here: Any) -> dict[int, Any]:
    """The open receivables of the firm, locked, the first due first."""
    owed = side.owed
    found = beyond.scalars(
        select(owed.id)
        .where(owed.party_id == here.party_id, owed.open > NOTHING, owed.deleted_at.is_(None))
        .order_by(owed.due_on, owed.id)
        .limit(MOST)
    ).all()
    locked = _locked(beyond, owed, found)
    return {record_id: locked[record_id] for record_id in found if record_id in locked}


def shares(owed: Mapping[int, Any], left: Money) -> dict[int, Money]:
    """The amount over what is open, in this order, as far as it goes."""
    found = {}
    for record_id, there in owed.items():
        share = min(there.open, left)
        if share:
            found[record_id] = share
            left = left - share
    return found


def _locked(beyond: Session, model: type[Any], ids: Sequence[int]) -> dict[int, Any]:
    """Records as they are now, which nobody else changes until the transaction ends; locked in the order of their ids."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    table = model.__table__
    beyond.execute(select(table.c.id).where(table.c.id.in_(wanted)).order_by(table.c.id).with_for_update())
    fresh = select(model).where(model.id.in_(wanted)).execution_options(populate_existing=True)
    found = {record.id: record for record in beyond.scalars(fresh)}
    for record_id in wanted:
        if record_id not in found or (model not in (Receipt, Payment) and found[record_id].deleted_at is not None):
            raise Invalid([FieldError("to", _("There is no record with the number {id}.", id=record_id))])
    return found


def _read(session: Session, side: Side, to: Any) -> dict[int, Money]:
    """What is to be allocated, by the id of what is owed; only to what the person sees."""
    if not isinstance(to, list) or len(to) > MOST or not all(isinstance(each, dict) for each in to):
        raise _wrong(side)
    wanted: dict[int, Money] = {}
    for each in to:
        record_id, amount = each.get(side.owed_name), each.get("amount")
        if set(each) - {side.owed_name, "amount"} or not _is_id(record_id):
            raise _wrong(side)
        minor = _minor(amount)
        wanted[int(record_id)] = wanted.get(int(record_id), NOTHING) + Money(minor)
    seen = set(session.scalars(select(side.owed.id).where(side.owed.id.in_(wanted), side.owed.deleted_at.is_(None))))
    for record_id in wanted:
        if record_id not in seen:
            raise Invalid([FieldError("to", _("There is no record with the number {id}.", id=record_id))])
    return wanted


def _is_id(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63) or (
        isinstance(value, str) and value.isascii() and value.isdigit() and 0 < int(value[:20]) < 2**63
    )


def _minor(amount: Any) -> int:
    """The amount in minor units; the money of a form is read by the platform, that of a list here."""
    try:
        minor = values.money(amount) if isinstance(amount, (str, int)) and not isinstance(amount, bool) else None
    except values.ValueFault as fault:
        raise Invalid([FieldError("to", fault.message)]) from None
    if minor is None or minor <= 0:
        raise Invalid([FieldError("to", _("'{amount}' is not an amount above 0.", amount=str(amount)[:40]))])
    return minor


def _read_ids(of: Any) -> list[int]:
    if not isinstance(of, list) or not all(map(_is_id, of)):
        raise Invalid([FieldError("of", _("Send the ids of allocations as a list."))])
    return [int(each) for each in of]


def _wrong(side: Side) -> Invalid:
    shape = f'[{{"{side.owed_name}": 1, "amount": "100.00"}}]'
    return Invalid([FieldError("to", _("Send a list such as {shape}.", shape=shape))])


# ------------------------------------------------------------------------------------------------ countering


def counter(session: Session, record: Any, reason: str) -> None:
    """What follows from countering a receipt or payment: it settles nothing any more, and stays to be seen."""
    with session.no_autoflush:  # the state and what is allocated change together, as the table wants it
        release_here(session, record)
    record.countered_on = today()
    record.reason = reason


def counter_expense(session: Session, record: Any, reason: str) -> None:
    """What follows from countering an expense."""
    record.countered_on = today()
    record.reason = reason


def pay_expense(session: Session, record: Any, account: int, method: int | None, paid_on: date | None) -> None:
    """What follows from paying an expense: over which account, how and when."""
    record.account_id = account
    record.method_id = method or record.method_id
    record.paid_on = paid_on or today()
