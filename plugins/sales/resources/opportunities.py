"""How people work with opportunities: a board of stages."""

from __future__ import annotations

from plugins.sales.following import fault_of_opportunity
from plugins.sales.models import Opportunity
from plugins.sales.stages import OPEN, STAGES, lost, moved
from sopia import (
    Activity,
    Board,
    Calendar,
    Check,
    Column,
    Field,
    Panel,
    Resource,
    Section,
    Statistics,
    Transition,
    View,
    Workflow,
)
from sopia import translate as _

MENU = _("Sales")

WORKFLOW = Workflow(
    "stage",
    states=STAGES,
    transitions=(
        Transition("move", _("Move on"), OPEN, OPEN, effect=moved, allow="edit", style="primary"),
        Transition("win", _("Won"), OPEN, "won", effect=moved, allow="edit", icon="check"),
        Transition(
            "lose",
            _("Lost"),
            OPEN,
            "lost",
            effect=lost,
            ask=(Field("lost_reason", label=_("Why it was lost"), required=True, max_length=200),),
            allow="edit",
            style="danger",
        ),
        Transition("reopen", _("Take up again"), ("won", "lost"), "contact", effect=moved, allow="edit", style="quiet"),
    ),
    label=_("Stage"),
)

opportunities = Resource(
    Opportunity,
    title=_("Opportunity"),
    plural=_("Opportunities"),
    list=(
        "name",
        "customer",
        "stage",
        Column("amount", total=True),
        "probability",
        "close_on",
        "owner",
        Column("next_step", shown=False),
        Column("lost_reason", shown=False),
        Column("created_at", shown=False),
    ),
    form=(
        Section("", ("name", "customer", "amount", "probability", "close_on")),
        Section(_("What is next"), ("next_step", "remark")),
        Section(_("More"), ("owner", "department")),
    ),
    search=("name", "customer.name"),
    menu=MENU,
    icon="deal",
    fields=(
        Field("name", label=_("Opportunity name")),
        Field("customer", label=_("Customer")),
        Field("amount", label=_("Expected amount")),
        Field("probability", label=_("Probability"), kind="percent", help=_("Follows the stage where it is empty.")),
        Field("close_on", label=_("Expected close")),
        Field("next_step", label=_("Next step")),
        Field("lost_reason", label=_("Why it was lost"), readonly=True),
        Field("remark", label=_("Remark")),
    ),
    parts=(
        WORKFLOW,
        Check(fault_of_opportunity),
        Board("stage", facts=("customer",), total="amount", due="close_on", folded=("lost",)),
        Statistics(by=("stage", "owner"), measure=("count", "amount:sum")),
        Calendar(start="close_on", title="name", colour="stage"),
        View("mine", _("My open opportunities"), {"owner": "me", "stage__in": list(OPEN)}, sort="close_on"),
        View("late", _("Past their date"), {"stage__in": list(OPEN), "close_on__lt": "today"}, sort="close_on"),
        View("lost", _("Lost, by reason"), {"stage": "lost"}, group="lost_reason"),
        Panel(
            _("Quotations"), resource="sales.quotation", by="opportunity", columns=("number", "on", "total", "state")
        ),
        Activity(
            "close_on", "owner", "name", kind="planned", about="customer",
            filters={"stage__in": ",".join(OPEN)}, label=_("Expected close"),
        ),
    ),
)  # fmt: skip
