"""How people work with contracts and the instalments of their payment plans."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from plugins.sales import following, plans
from plugins.sales.lines import in_figures
from plugins.sales.models import Contract, Installment
from plugins.sales.resources.documents import DRAFT, REJECTED, SUBMITTED
from plugins.sales.resources.opportunities import MENU
from sopia import (
    Action,
    Activity,
    Approval,
    Calendar,
    Check,
    Choice,
    Column,
    Field,
    Money,
    Numbering,
    Panel,
    Reminder,
    Resource,
    Section,
    Session,
    State,
    Statistics,
    Transition,
    View,
    Workflow,
)
from sopia import translate as _

DISTANCES = (
    Choice("month", _("Month")),
    Choice("quarter", _("Quarter")),
    Choice("half_year", _("Half-year")),
    Choice("year", _("Year")),
    Choice("week", _("Week")),
)

STATES = (
    Choice("to come", _("To come"), "grey"),
    Choice("due", _("Due"), "amber"),
    Choice("part", _("Part received"), "blue"),
    Choice("done", _("Received"), "green"),
    Choice("overdue", _("Overdue"), "red"),
)

PLAN = Action(
    "plan",
    _("Plan the payments"),
    plans.plan,
    ask=(
        Field("count", label=_("Number of instalments"), kind="integer", help=_("Equal ones; or percentages below.")),
        Field("first_due_on", label=_("First due on"), kind="date"),
        Field("every", label=_("Every"), choices=DISTANCES, default="month"),
        Field(
            "terms",
            label=_("By percentages"),
            kind="json",
            help=_("A line for each: percent, and days after signing. For example 30% 0, then 70% 30."),
        ),
    ),
    allow="edit",
    when=lambda contract: contract.state != "void",
    style="primary",
    icon="calendar",
)


def collection_of(session: Session, contract: Contract) -> dict[str, Any]:
    """What the panel shows: how much of a contract has arrived, and how much is overdue."""
    late = [each for each in plans.installments_of(session, contract) if each.state == "overdue"]
    overdue = sum((each.outstanding for each in late), Money(0))
    return {
        "amount": in_figures(contract.amount),
        "received": in_figures(contract.received),
        "outstanding": in_figures(contract.outstanding),
        "share": contract.received.minor / contract.amount.minor if contract.amount else 0.0,
        "overdue": in_figures(overdue),
        "since": min((each.due_on for each in late), default=None),
    }


contracts = Resource(
    Contract,
    title=_("Contract"),
    plural=_("Contracts"),
    list=(
        "number",
        "name",
        "customer",
        "signed_on",
        Column("amount", total=True),
        Column("received", total=True),
        Column("outstanding", total=True),
        "state",
        "owner",
        Column("starts_on", shown=False),
        Column("ends_on", shown=False),
        Column("orders", shown=False),
        Column("created_at", shown=False),
    ),
    form=(
        Section("", ("name", "customer", "orders", "amount")),
        Section(_("Term"), ("signed_on", "starts_on", "ends_on")),
        Section(_("More"), ("owner", "department", "remark")),
    ),
    search=("number", "name", "customer.name"),
    sort="-signed_on",
    menu=MENU,
    icon="folder",
    fields=(
        Field("number", label=_("Number")),
        Field("customer", label=_("Customer")),
        Field("name", label=_("Contract name")),
        Field("amount", label=_("Contract amount"), required=False, help=_("Empty: the sum of its orders.")),
        Field("signed_on", label=_("Signed on")),
        Field("starts_on", label=_("Starts on")),
        Field("ends_on", label=_("Ends on")),
        Field("orders", label=_("Orders")),
        Field("received", label=_("Received"), readonly=True, help=_("The effective income.")),
        Field("outstanding", label=_("Outstanding"), readonly=True),
        Field("remark", label=_("Remark")),
    ),
    parts=(
        Workflow(
            "state",
            states=(
                DRAFT,
                SUBMITTED,
                State("approved", _("Running"), "green"),
                REJECTED,
                State("void", _("Void"), "grey", final=True),
            ),
            transitions=(
                Transition(
                    "void", _("Declare void"), ("draft", "rejected", "approved"), "void",
                    guard=following.why_not_void, style="danger",
                ),
            ),
            editable=("draft", "rejected"),
            always=("remark",),
        ),
        Approval(guard=following.why_not_submitted, effect=following.approved),
        Numbering("number", "HT-{year}{month:02}-{counter:04}"),
        Check(following.fault_of_contract),
        PLAN,
        Panel(_("Money"), "sales/collection.html", collection_of),
        Panel(
            _("Payment plan"),
            resource="sales.installment",
            by="contract",
            columns=("due_on", "position", "amount", "received", "outstanding", "state"),
            limit=24,
        ),
        Statistics(by=("signed_on:month", "owner"), measure=("amount:sum", "received:sum")),
        Calendar(start="signed_on", title="name", colour="state"),
        View("mine", _("My contracts"), {"owner": "me"}),
        View("open", _("With money outstanding"), {"state": "approved", "outstanding__gt": "0"}, sort="-outstanding"),
        View("ending", _("Ending within 30 days"), {"state": "approved", "ends_on__lte": "+30d"}, sort="ends_on"),
        Activity("signed_on", "owner", "name", about="customer"),
        Reminder("ends_on", before=timedelta(days=30), text=_("The contract ends"), when=lambda c: c.state == "approved"),
    ),
)  # fmt: skip

installments = Resource(
    Installment,
    title=_("Instalment"),
    plural=_("Instalments"),
    list=(
        "name",
        "due_on",
        "contract.customer",
        Column("amount", total=True),
        Column("received", total=True),
        Column("outstanding", total=True),
        "state",
        "collector",
        Column("contract", shown=False),
        Column("position", shown=False),
        Column("remind_days", shown=False),
        Column("created_at", shown=False),
    ),
    form=(
        Section("", ("contract", "position", "due_on", "amount", "remind_days")),
        Section(_("More"), ("remark",)),
    ),
    search=("name", "contract.name", "contract.customer.name"),
    sort="-due_on",
    menu=MENU,
    icon="wallet",
    fields=(
        Field("contract", label=_("Contract")),
        Field("position", label=_("Instalment no.")),
        Field("name", label=_("Instalment"), readonly=True),
        Field("due_on", label=_("Due on")),
        Field("amount", label=_("Planned amount")),
        Field("received", label=_("Received"), readonly=True),
        Field("outstanding", label=_("Outstanding"), readonly=True),
        Field("state", label=_("State"), choices=STATES, readonly=True),
        Field("remind_days", label=_("Remind"), unit=_("days before")),
        Field("remind_on", label=_("Reminder on"), readonly=True),
        Field("collector", label=_("Collected by"), readonly=True),
        Field("remark", label=_("Remark")),
    ),
    parts=(
        Check(plans.fault_of_installment),
        Statistics(by=("due_on:month", "state"), measure=("amount:sum", "outstanding:sum")),
        Calendar(start="due_on", title="name", colour="state"),
        View("mine", _("Mine to collect"), {"collector": "me", "outstanding__gt": "0"}, sort="due_on"),
        View("overdue", _("Overdue"), {"state": "overdue"}, sort="due_on"),
        View("soon", _("Due within 30 days"), {"due_on__lte": "+30d", "outstanding__gt": "0"}, sort="due_on"),
        Activity(
            "due_on", "collector", "name", kind="planned", about="contract",
            filters={"outstanding__gt": "0"}, label=_("Payment due"),
        ),
        Reminder(
            "remind_on", to="collector", text=_("Payment due soon"),
            when=lambda installment: installment.outstanding > Money(0),
        ),
    ),
)  # fmt: skip
