"""What must hold between the fields of a document, and what follows from its customer: the firm, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import inspect, select

from plugins.customers.models import Customer, Party
from plugins.finance.models import NOTHING
from sopia import Session, Text
from sopia import translate as _

Faults = dict[str, Text]


def fault_of_owed(session: Session, record: Any) -> Mapping[str, Text]:
    """What is wrong with a receivable or payable."""
    faults = complete(session, record)
    faults |= _fault_of_amount(record)
    if record.amount is not None and record.settled is not None and record.amount < record.settled:
        faults["amount"] = _("{settled} of it is settled already. The amount is not less.", settled=record.settled)
    if record.due_on is not None and record.on is not None and record.due_on < record.on:
        faults["due_on"] = _("It is due before it arose. Choose a later day.")
    return faults


def fault_of_paid(session: Session, record: Any) -> Mapping[str, Text]:
    """What is wrong with a receipt or payment."""
    return complete(session, record) | _fault_of_amount(record)


def fault_of_expense(session: Session, record: Any) -> Mapping[str, Text]:
    """What is wrong with an expense."""
    return _fault_of_amount(record)


def _fault_of_amount(record: Any) -> Faults:
    if record.amount is not None and record.amount <= NOTHING:
        return {"amount": _("An amount is more than 0.")}
    return {}


def complete(session: Session, record: Any) -> Faults:
    """Let firm and customer follow from each other, and a new document belong to whoever has the customer."""
    known = _customer(session, record)
    if known is None:
        if record.party_id is None:
            return {"party": _("Choose the firm."), "customer": _("Choose the firm.")}
        if not _is_known(session, record.party_id):
            return {"party": _("There is no record with the number {id}.", id=record.party_id)}
        record.customer_id = None
        return {}
    if record.party_id not in (None, known.party_id):
        if record.id is None or _was_set(record, "party_id"):
            return {"party": _("The customer is another firm. Leave one of the two empty.")}
        if getattr(record, "settled", NOTHING) or getattr(record, "allocated", NOTHING):
            return {"customer": _("It is allocated already, and stays with its firm. Release the allocation first.")}
    record.party_id, record.customer_id = known.party_id, known.id
    if record.id is None:
        _hand_over(session, record, known)
    return {}


def _customer(session: Session, record: Any) -> Customer | None:
    """The customer of the document, as far as the person sees him."""
    by_customer = record.customer_id is not None and (record.id is None or not _was_set(record, "party_id"))
    if by_customer or _was_set(record, "customer_id"):
        found: Customer | None = session.get(Customer, record.customer_id)
        return found
    by_firm = select(Customer).where(Customer.party_id == record.party_id).order_by(Customer.id).limit(1)
    return session.scalars(by_firm).first() if record.party_id is not None else None


def _is_known(session: Session, party_id: int) -> bool:
    """Whether the person knows the firm in any of its roles: a supplier need not be a customer."""
    table = Party.__table__
    return bool(session.execute(select(Party.__named_by__(table)).where(table.c.id == party_id)).scalar())


def _was_set(record: Any, name: str) -> bool:
    """Whether somebody sets this now."""
    return bool(inspect(record).attrs[name].history.has_changes()) and getattr(record, name) is not None


def _hand_over(session: Session, record: Any, customer: Customer) -> None:
    """Owner and department of the customer, where the person may make documents of theirs and has not said otherwise."""
    if record.owner_id is not None or record.department_id is not None or customer.owner_id is None:
        return
    principal: Any = getattr(session, "principal", None)
    if principal is None:
        return
    reach = principal.reach(record.__tablename__.replace("_", ".", 1), "create")
    if reach.level == "all" or customer.owner_id in reach.users or customer.owner_id == principal.user_id:
        record.owner_id = customer.owner_id
        if reach.level == "all" or customer.department_id in (reach.departments | principal.departments):
            record.department_id = customer.department_id
