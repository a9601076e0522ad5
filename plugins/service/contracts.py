"""What service adds to a contract: its plans and requests, and the step that plans its service.

Contracts belong to sales, which service does not require: it knows them by their key alone.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from plugins.service import planning
from plugins.service.models import Plan
from plugins.service.resources import RULES, fault_of_plan
from sopia import Action, Conflict, Field, Panel, Session
from sopia import translate as _

PANELS = (
    Panel(
        _("Service plans"), resource="service.plan", by="contract",
        columns=("name", "rule", "first_on", "occurrences"),
    ),
    Panel(
        _("Service requests"), resource="service.request", by="contract",
        columns=("number", "subject", "state", "due_at"),
        limit=12,
        sort="due_at",
    ),
)  # fmt: skip


def plan_service(
    session: Session,
    contract: Any,
    type: int,
    rule: str | None,
    occurrences: int,
    first_on: dt.date | None,
    handler: int | None,
) -> None:
    """Promise a service for a contract, and make its requests."""
    plan = Plan(
        customer_id=contract.customer_id,
        contract=contract.id,
        type_id=type,
        rule=rule or "month",
        occurrences=occurrences,
        first_on=first_on,
        handler_id=handler,
    )
    if faults := fault_of_plan(session, plan):
        raise Conflict(" ".join(map(str, faults.values())))
    session.add(plan)
    session.flush()
    planning.generate(session, plan)


PLAN = Action(
    "plan_service",
    _("Plan service"),
    plan_service,
    ask=(
        Field("type", label=_("Service type"), target="service.type", required=True),
        Field("rule", label=_("Falls"), choices=RULES, default="month"),
        Field("occurrences", label=_("Times"), kind="integer", required=True, default=12),
        Field("first_on", label=_("For the first time on"), kind="date", help=_("Empty: today.")),
        Field("handler", label=_("Carried out by"), target="system.user"),
    ),
    allow="service.plan.create",
    icon="calendar",
)
