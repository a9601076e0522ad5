"""How people work with quotations and orders: lines, approval, confirmation under the credit check."""

from __future__ import annotations

from typing import Any

from plugins.customers.models import Customer
from plugins.sales import credit, following
from plugins.sales.customers import credit_of
from plugins.sales.lines import fault_of_line, in_figures, why_below_floor, why_incomplete
from plugins.sales.models import Order, Quotation
from plugins.sales.resources.opportunities import MENU
from sopia import (
    Action,
    Activity,
    Approval,
    Board,
    Calendar,
    Check,
    Column,
    Field,
    Numbering,
    Panel,
    Resource,
    Rows,
    Section,
    Session,
    State,
    Statistics,
    Text,
    Transition,
    View,
    Workflow,
    acting,
    working_calendar,
)
from sopia import translate as _

DRAFT = State("draft", _("Draft"))
SUBMITTED = State("submitted", _("Submitted"), "amber")
APPROVED = State("approved", _("Approved"), "blue")
REJECTED = State("rejected", _("Turned down"), "red")
CANCELLED = State("cancelled", _("Cancelled"), "grey", final=True)

LINES = Rows(
    "lines",
    fields=(
        Field("product", label=_("Product")),
        Field("quantity", label=_("Quantity")),
        Field("price", label=_("Unit price"), help=_("Empty: the price list that applies.")),
        Field("discount", label=_("Discount"), kind="percent"),
        Field("amount", label=_("Amount"), readonly=True),
    ),
    label=_("Lines"),
    check=fault_of_line,
    add=_("Add a line"),
    help=_("Where the price is empty, the price list that applies to the customer, the day and the quantity gives it."),
)

SHARED = (
    Field("number", label=_("Number")),
    Field("customer", label=_("Customer")),
    Field("on", label=_("Date")),
    Field("total", label=_("Total"), readonly=True),
    Field("below_floor", label=_("Below the lowest price"), readonly=True),
    Field("remark", label=_("Remark")),
)

QUOTATION_APPROVAL = Approval(guard=why_incomplete, needs=why_below_floor)
ORDER_APPROVAL = Approval(guard=why_incomplete, needs=why_below_floor)


def why_approval_comes_first(session: Session, document: Any, approval: Approval) -> Text | None:
    """Why a draft is not confirmed as it is: somebody has to approve it."""
    reason = approval.why(session, document) if document.state == "draft" else None
    if reason is None:
        return None
    return _("It needs approval before that: {reason}. Submit it.", reason=str(reason).rstrip("."))


def credit_of_order(session: Session, order: Order) -> dict[str, Any]:
    """What the panel shows: what the firm owes by now, and by whom the order was released."""
    with acting(session, "what stops an order is told to whoever sees it") as beyond:
        told = credit_of(beyond, beyond.get_one(Customer, order.customer_id))
        if order.released_to is not None and order.released_at is not None:
            told["released"] = {
                "name": credit.name_of(beyond, order.released_by_id),
                "day": order.released_at.astimezone(working_calendar(beyond).zone).date().isoformat(),
                "amount": in_figures(order.released_to),
                "reason": order.release_reason or "",
            }
    return told


def why_quotation_waits(session: Session, quotation: Quotation) -> Text | None:
    """Why the customer's word on a quotation cannot be noted yet."""
    return why_incomplete(session, quotation) or why_approval_comes_first(session, quotation, QUOTATION_APPROVAL)


def why_order_waits(session: Session, order: Order) -> Text | None:
    """Why an order is not confirmed: it is incomplete, not approved, or the customer gets no credit for it."""
    return (
        why_incomplete(session, order)
        or why_approval_comes_first(session, order, ORDER_APPROVAL)
        or credit.why_no_credit(session, order)
    )


quotations = Resource(
    Quotation,
    title=_("Quotation"),
    plural=_("Quotations"),
    list=(
        "number",
        "customer",
        "on",
        "valid_to",
        Column("total", total=True),
        "state",
        "owner",
        Column("below_floor", shown=False),
        Column("opportunity", shown=False),
        Column("created_at", shown=False),
    ),
    form=(
        Section("", ("customer", "opportunity", "on", "valid_to")),
        Section(_("What is offered"), ("lines",)),
        Section(_("More"), ("owner", "department", "remark")),
    ),
    search=("number", "customer.name"),
    sort="-on",
    menu=MENU,
    icon="document",
    fields=(*SHARED, Field("valid_to", label=_("Valid to")), Field("opportunity", label=_("Opportunity"))),
    parts=(
        LINES,
        Workflow(
            "state",
            states=(DRAFT, SUBMITTED, APPROVED, REJECTED, State("confirmed", _("Accepted"), "green"), CANCELLED),
            transitions=(
                Transition(
                    "confirm", _("Customer accepts"), ("draft", "approved"), "confirmed",
                    guard=why_quotation_waits, allow="edit", style="primary", icon="check",
                ),
                Transition(
                    "cancel", _("Cancel it"), ("draft", "rejected", "approved", "confirmed"), "cancelled",
                    guard=following.why_ordered_already, allow="edit", style="quiet",
                ),
            ),
            editable=("draft", "rejected"),
            always=("remark",),
        ),
        QUOTATION_APPROVAL,
        Numbering("number", "QT-{year}{month:02}-{counter:04}"),
        Check(following.fault_of_document),
        Action(
            "order", _("Make an order"), following.order_of, allow="sales.order.create",
            when=lambda quotation: quotation.state == "confirmed", style="primary", icon="plus",
        ),
        Panel(_("Orders"), resource="sales.order", by="quotation", columns=("number", "on", "total", "state")),
        Board("state", facts=("customer", "on"), total="total", due="valid_to", folded=("cancelled",)),
        Statistics(by=("on:month", "state"), measure=("count", "total:sum")),
        Calendar(start="on", title="number", colour="state"),
        View("mine", _("My quotations"), {"owner": "me"}),
        View("ending", _("Expiring this week"), {"state__in": ["draft", "approved"], "valid_to__lte": "+7d"}),
        Activity("on", "owner", "number", about="customer"),
    ),
)  # fmt: skip

orders = Resource(
    Order,
    title=_("Sales order"),
    plural=_("Sales orders"),
    list=(
        "number",
        "customer",
        "on",
        "deliver_on",
        Column("total", total=True),
        "state",
        "owner",
        Column("below_floor", shown=False),
        Column("quotation", shown=False),
        Column("released_by", shown=False),
        Column("created_at", shown=False),
    ),
    form=(
        Section("", ("customer", "quotation", "on", "deliver_on")),
        Section(_("What is sold"), ("lines",)),
        Section(_("More"), ("owner", "department", "remark")),
    ),
    search=("number", "customer.name"),
    sort="-on",
    menu=MENU,
    icon="truck",
    fields=(
        *SHARED,
        Field("deliver_on", label=_("Deliver by")),
        Field("quotation", label=_("Quotation")),
        Field("receivable", label=_("Of it receivable"), readonly=True),
        Field("released_to", label=_("Released up to"), readonly=True),
        Field("released_by", label=_("Released by"), readonly=True),
        Field("released_at", label=_("Released"), readonly=True),
        Field("release_reason", label=_("Reason of the release"), readonly=True),
    ),
    parts=(
        LINES,
        Workflow(
            "state",
            states=(DRAFT, SUBMITTED, APPROVED, REJECTED, State("confirmed", _("Confirmed"), "green"), CANCELLED),
            transitions=(
                Transition(
                    "confirm", _("Confirm the order"), ("draft", "approved"), "confirmed",
                    guard=why_order_waits, allow="edit", style="primary", icon="check", bulk=True,
                ),
                Transition(
                    "cancel", _("Cancel it"), ("draft", "rejected", "approved", "confirmed"), "cancelled",
                    guard=following.why_in_contract, allow="edit", style="quiet",
                ),
            ),
            editable=("draft", "rejected"),
            always=("remark", "deliver_on"),
        ),
        ORDER_APPROVAL,
        Numbering("number", "SO-{year}{month:02}-{counter:04}"),
        Check(following.fault_of_document),
        Action(
            "release", _("Release"), credit.release,
            ask=(Field("reason", label=_("Reason"), kind="long", required=True, max_length=500),),
            when=credit.can_be_released, style="quiet", icon="lock", final=True,
        ),
        Panel(_("Credit"), "sales/credit.html", credit_of_order),
        Action(
            "contract", _("Make a contract"), following.make_contract,
            ask=(Field("name", label=_("Contract name"), max_length=160),), allow="sales.contract.create",
            when=lambda order: order.state == "confirmed", icon="plus",
        ),
        Board("state", facts=("customer", "on"), total="total", due="deliver_on", folded=("cancelled",)),
        Statistics(by=("on:month", "owner"), measure=("count", "total:sum")),
        Calendar(start="on", title="number", colour="state"),
        View("mine", _("My orders"), {"owner": "me"}),
        View("open", _("To be confirmed"), {"state__in": ["draft", "submitted", "approved"]}),
        View("released", _("Released from the credit check"), {"released_by__empty": "false"}),
        Activity("on", "owner", "number", about="customer"),
    ),
)  # fmt: skip
