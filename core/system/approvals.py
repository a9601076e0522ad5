"""Approval in the administration: the rules with their steps, and who stands in for whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.kernel.i18n import translate as _
from core.resources.fields import Choice, Field, Words
from core.resources.resource import Check, Column, Resource, Rows
from core.system.departments import MENU
from core.workplace.approval_models import ApprovalRule, Deputy
from core.workplace.approval_rules import check_step, find_faults

KINDS = (
    Choice("head", _("Head of the department"), "blue"),
    Choice("person", _("A person"), "teal"),
    Choice("role", _("Whoever has a role"), "violet"),
)


def find_deputy_faults(_session: Any, deputy: Deputy) -> Mapping[str, Words]:
    """Nobody stands in for himself, and no absence ends before it begins."""
    if deputy.user_id is not None and deputy.user_id == deputy.deputy_id:
        return {"deputy": _("Nobody stands in for himself.")}
    if deputy.to_on is not None and deputy.from_on is not None and deputy.to_on < deputy.from_on:
        return {"to_on": _("This day lies before the first one.")}
    return {}


approval_rules = Resource(
    ApprovalRule,
    title=_("Approval rule"),
    plural=_("Approval rules"),
    list=("name", "resource", "condition", "position", "active"),
    form=("name", "resource", "condition", "position", "active", "steps"),
    search=("name",),
    sort="position",
    menu=MENU,
    icon="check",
    fields=(
        Field("name", label=_("Name")),
        Field("resource", label=_("Resource"), help=_("The key of what is submitted, as in sales.contract.")),
        Field(
            "condition",
            label=_("Condition"),
            help=_("Filters as in the address of a list, joined by &: amount__gte=50000. Empty: every record."),
        ),
        Field(
            "position", label=_("Position"), help=_("The first rule that applies decides; lower ones are asked first.")
        ),
        Field("active", label=_("In force")),
    ),
    parts=(
        Check(find_faults),
        Rows(
            "steps",
            fields=(
                Field("kind", label=_("Who decides"), choices=KINDS),
                Field("user", label=_("Person")),
                Field("role", label=_("Role")),
                Field("levels", label=_("Levels up")),
            ),
            check=check_step,
            label=_("Steps"),
            add=_("Add a step"),
            help=_(
                "They are asked one after the other. Nobody approves his own: the next head above is asked instead."
            ),
        ),
    ),
)

deputies = Resource(
    Deputy,
    title=_("Deputy"),
    plural=_("Deputies"),
    list=("user", "deputy", Column("from_on"), Column("to_on")),
    form=("user", "deputy", "from_on", "to_on"),
    sort="-from_on",
    menu=MENU,
    icon="people",
    fields=(
        Field("user", label=_("Who is away")),
        Field("deputy", label=_("Who stands in")),
        Field("from_on", label=_("First day")),
        Field("to_on", label=_("Last day")),
    ),
    parts=(Check(find_deputy_faults),),
)
