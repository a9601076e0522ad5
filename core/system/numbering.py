"""How documents are numbered, as a resource: the pattern of each, which an administrator may change."""

from __future__ import annotations

from core.kernel.i18n import translate as _
from core.resources.fields import Field
from core.resources.numbering import NumberRule, find_pattern_fault
from core.resources.resource import Check, Resource
from core.system.departments import MENU

numberings = Resource(
    NumberRule,
    title=_("Numbering"),
    plural=_("Numbering"),
    list=("resource", "pattern", "declared"),
    form=("pattern",),
    sort="resource",
    menu=MENU,
    icon="tag",
    fields=(
        Field("resource", label=_("Resource"), readonly=True),
        Field("field", label=_("Field"), readonly=True),
        Field("declared", label=_("As delivered"), readonly=True),
        Field(
            "pattern",
            label=_("Pattern"),
            help=_("Text with year, yy, month, day and counter in braces; the counter begins anew with each period."),
        ),
    ),
    parts=(Check(find_pattern_fault),),
)
