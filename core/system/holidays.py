"""Holidays, and the days worked to make up for them, as a resource that the administrator keeps."""

from __future__ import annotations

from core.kernel.i18n import translate as _
from core.resources.calendar import Calendar
from core.resources.fields import Field
from core.resources.resource import Check, Resource
from core.system.departments import MENU
from core.workplace.working_calendar import Holiday, find_holiday_fault

holidays = Resource(
    Holiday,
    title=_("Holiday"),
    plural=_("Holidays"),
    list=("name", "on", "works"),
    form=("on", "name", "works"),
    search=("name",),
    sort="-on",
    menu=MENU,
    icon="calendar",
    fields=(
        Field("on", label=_("Date")),
        Field("name", label=_("Name")),
        Field("works", label=_("Worked"), help=_("Ticked for a day at the weekend that makes up for a holiday.")),
    ),
    parts=(Check(find_holiday_fault), Calendar(start="on", title="name")),
)
