"""From a draft to money in the account: the states of receipts, payments and expenses."""

from __future__ import annotations

from typing import Any

from plugins.finance import services
from sopia import Field, Session, State, Text, Transition, Workflow
from sopia import translate as _

REASON = Field("reason", label=_("Reason"), required=True, max_length=200)


def may_be_confirmed(session: Session, record: Any) -> Text | None:
    """Money lies somewhere, or its balance would not be right."""
    return None if record.account_id is not None else _("Choose the account first, so that its balance is right.")


PAID = Workflow(
    "state",
    states=(
        State("draft", _("Draft"), "grey"),
        State("confirmed", _("Confirmed"), "green"),
        State("countered", _("Countered"), "red", final=True),
    ),
    transitions=(
        Transition(
            "confirm", _("Confirm"), "draft", "confirmed", guard=may_be_confirmed, style="primary", icon="check", bulk=True
        ),
        Transition(
            "counter",
            _("Counter"),
            "confirmed",
            "countered",
            effect=services.counter,
            ask=(REASON,),
            style="danger",
        ),
    ),
    editable=("draft",),
    always=("remark",),
)  # fmt: skip
"""What is confirmed is never edited; it is countered, and a new document written."""

EXPENSE = Workflow(
    "state",
    states=(
        State("draft", _("Draft"), "grey"),
        State("submitted", _("Submitted"), "blue"),
        State("rejected", _("Rejected"), "orange"),
        State("approved", _("Approved"), "teal"),
        State("paid", _("Paid"), "green"),
        State("countered", _("Countered"), "red", final=True),
    ),
    transitions=(
        Transition(
            "pay",
            _("Pay out"),
            "approved",
            "paid",
            effect=services.pay_expense,
            ask=(
                Field("account", label=_("Account"), target="finance.account", required=True),
                Field("method", label=_("Payment method"), target="finance.payment_method"),
                Field("paid_on", label=_("Paid on"), kind="date", help=_("Empty: today.")),
            ),
            style="primary",
            icon="coin",
        ),
        Transition(
            "counter",
            _("Counter"),
            ("approved", "paid"),
            "countered",
            effect=services.counter_expense,
            ask=(REASON,),
            style="danger",
        ),
    ),
    editable=("draft", "rejected"),
    always=("remark",),
)
