"""What is made of what: an order of a quotation, a contract of an order; and what a contract must hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from plugins.customers.models import Customer
from plugins.sales.firms import lock_firm, today
from plugins.sales.lines import in_figures, lines_of, why_incomplete
from plugins.sales.models import Contract, Opportunity, Order, OrderLine, Quotation, contract_order
from plugins.sales.plans import follow, installments_of, planned
from plugins.sales.stages import LIKELY
from sopia import Conflict, Money, Session, Text, acting
from sopia import translate as _


def make_order(session: Session, quotation: Quotation) -> None:
    """Make an order of a quotation that the customer has accepted, with its lines and prices."""
    with acting(session, "an order follows from an accepted quotation") as beyond:
        if reason := why_incomplete(beyond, quotation):
            raise Conflict(reason)
        order = Order(
            customer_id=quotation.customer_id,
            on=today(beyond),
            quotation_id=quotation.id,
            owner_id=quotation.owner_id,
            department_id=quotation.department_id,
            total=quotation.total,
            below_floor=quotation.below_floor,
        )
        beyond.add(order)
        beyond.flush()
        for line in lines_of(beyond, quotation):
            told = {
                name: getattr(line, name)
                for name in ("position", "product_id", "quantity", "price", "discount", "amount")
            }
            beyond.add(OrderLine(order_id=order.id, **told))


def why_ordered_already(session: Session, quotation: Quotation) -> Text | None:
    """A quotation becomes one order: which one it is already."""
    with acting(session, "whether a quotation has an order already") as beyond:
        number = beyond.scalar(
            select(Order.number).where(
                Order.quotation_id == quotation.id, Order.state != "cancelled", Order.deleted_at.is_(None)
            )
        )
    return _("The order {number} was made of it already.", number=number) if number else None


def order_of(session: Session, quotation: Quotation) -> None:
    """The button: an order, unless there is one."""
    if reason := why_ordered_already(session, quotation):
        raise Conflict(reason)
    make_order(session, quotation)


def make_contract(session: Session, order: Order, name: str | None = None) -> None:
    """Make the draft of a contract of a confirmed order, over its total."""
    with acting(session, "a contract follows from a confirmed order") as beyond:
        here = beyond.get_one(Order, order.id)
        if number := contract_with(beyond, here):
            raise Conflict(_("The order is part of the contract {number} already.", number=number))
        customer = beyond.get_one(Customer, here.customer_id)
        contract = Contract(
            customer_id=here.customer_id,
            name=(name or customer.name)[:160],
            amount=here.total,
            received=Money(0),
            signed_on=today(beyond),
            owner_id=here.owner_id,
            department_id=here.department_id,
        )
        contract.orders = [here]
        beyond.add(contract)


def contract_with(session: Session, order: Order, without: int = 0) -> str | None:
    """The number of the contract that an order is part of; void ones do not count."""
    return session.scalar(
        select(Contract.number)
        .join(contract_order, contract_order.c.contract_id == Contract.id)
        .where(
            contract_order.c.order_id == order.id,
            Contract.state != "void",
            Contract.deleted_at.is_(None),
            Contract.id != without,
        )
        .limit(1)
    )


def why_in_contract(session: Session, order: Order) -> Text | None:
    """Why an order is not cancelled: it is part of a contract."""
    number = contract_with(session, order)
    return _("The order is part of the contract {number}. Void that first.", number=number) if number else None


def fault_of_document(session: Session, document: Any) -> Mapping[str, Text]:
    """The day of a document is today's where none is given, and what holds until a day holds from before."""
    if document.on is None:
        document.on = today(session)
    last = getattr(document, "valid_to", None) or getattr(document, "deliver_on", None)
    field = "valid_to" if hasattr(document, "valid_to") else "deliver_on"
    return {field: _("It lies before the day of the document.")} if last and last < document.on else {}


def fault_of_opportunity(session: Session, opportunity: Opportunity) -> Mapping[str, Text]:
    """A probability is one, and follows from the stage where nobody gives one."""
    if opportunity.probability is None:
        opportunity.probability = LIKELY.get(opportunity.stage or "contact")
    elif not 0 <= opportunity.probability <= 100:
        return {"probability": _("A probability is between 0 and 100 percent.")}
    if opportunity.amount is not None and opportunity.amount < Money(0):
        return {"amount": _("An amount is not below 0.")}
    return {}


def fault_of_contract(session: Session, contract: Contract) -> Mapping[str, Text]:
    """A contract takes the sum of its orders where no amount is given; its orders are this customer's alone."""
    faults = _faults_of_orders(session, contract)
    if contract.amount is None or not contract.amount:
        contract.amount = sum((order.total for order in contract.orders), Money(0))
    if contract.amount < Money(0):
        faults["amount"] = _("An amount is not below 0.")
    if contract.received is not None and contract.amount < contract.received:
        faults["amount"] = _("{received} has arrived already.", received=in_figures(contract.received))
    if contract.starts_on is not None and contract.ends_on is not None and contract.ends_on < contract.starts_on:
        faults["ends_on"] = _("It ends before it begins. Choose a later day.")
    return faults


def _faults_of_orders(session: Any, contract: Contract) -> dict[str, Text]:
    for order in contract.orders:
        if order.customer_id != contract.customer_id:
            return {"orders": _("The order {number} is another customer's.", number=order.number)}
        if order.state == "cancelled":
            return {"orders": _("The order {number} is cancelled.", number=order.number)}
        if number := contract_with(session, order, without=contract.id or 0):
            return {"orders": _("The order {order} is part of the contract {number} already.",
                                order=order.number, number=number)}  # fmt: skip
    return {}


def why_not_submitted(session: Session, contract: Contract) -> Text | None:
    """Why a contract is not ready: no amount, less than its orders, or a plan that does not add up."""
    if contract.amount <= Money(0):
        return _("A contract of 0.00 cannot be submitted. Fill in its amount first.")
    faults = _faults_of_orders(session, contract)
    if faults:
        return faults["orders"]
    orders = sum((order.total for order in contract.orders), Money(0))
    if contract.amount < orders:
        return _("The contract is over {amount}, its orders make {orders}. Take orders out, or raise the amount.",
                 amount=in_figures(contract.amount), orders=in_figures(orders))  # fmt: skip
    whole = planned(session, contract)
    if whole and whole != contract.amount:
        return _("The instalments make {planned}, the contract is over {amount}. Plan anew, or change them.",
                 planned=in_figures(whole), amount=in_figures(contract.amount))  # fmt: skip
    return None


def approved(session: Session, contract: Contract) -> None:
    """What follows when a contract runs: nothing owed is counted twice, and the plan knows its people."""
    lock_firm(session, session.get_one(Customer, contract.customer_id))
    for installment in installments_of(session, contract):
        follow(session, installment, contract)


def why_not_void(session: Session, contract: Contract) -> Text | None:
    """A contract for which money has arrived is settled first."""
    if contract.received:
        return _("{received} has arrived for it. Release that money first.", received=in_figures(contract.received))
    return None
