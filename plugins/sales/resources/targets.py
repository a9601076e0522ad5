"""How people work with targets."""

from __future__ import annotations

from plugins.sales.models import Target
from plugins.sales.resources.opportunities import MENU
from plugins.sales.targets import fault_of_target, reached, share
from sopia import Check, Choice, Column, Derived, Field, Resource, Section, Statistics, View
from sopia import translate as _

WHOSE = (Choice("person", _("Person"), "blue"), Choice("department", _("Department with those below"), "violet"))
MEASURES = (Choice("contracts", _("Contracts signed"), "green"), Choice("receipts", _("Money received"), "teal"))

targets = Resource(
    Target,
    title=_("Sales target"),
    plural=_("Sales targets"),
    list=("period", "of", "owner", "department", "measure", Column("amount", total=True), "reached", "share"),
    form=(Section("", ("period", "measure", "amount", "of", "owner", "department")),),
    search=("period",),
    sort="-period",
    menu=MENU,
    icon="target",
    fields=(
        Field("period", label=_("Period"), help=_("A year, quarter or month: 2026, 2026-Q4, 2026-11.")),
        Field("of", label=_("Target of"), choices=WHOSE),
        Field("measure", label=_("Measured by"), choices=MEASURES),
        Field("amount", label=_("Target amount")),
        Field("first_on", hidden=True),
        Field("last_on", hidden=True),
    ),
    parts=(
        Check(fault_of_target),
        Derived(Field("reached", label=_("Reached"), kind="money"), reached),
        Derived(Field("share", label=_("Reached in percent"), kind="percent"), share),
        Statistics(by=("period", "owner"), measure=("amount:sum",)),
        View("mine", _("My targets"), {"owner": "me", "of": "person"}),
    ),
)
