"""Colours of words and lanes: names, not numbers, because light and dark draw each in their own way."""

from __future__ import annotations

from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.resources.values.faults import ValueFault, is_blank, quoted
from core.resources.values.letters import typed

COLOURS: dict[str, Text] = {
    "grey": _("Grey"),
    "red": _("Red"),
    "orange": _("Orange"),
    "amber": _("Amber"),
    "green": _("Green"),
    "teal": _("Teal"),
    "blue": _("Blue"),
    "indigo": _("Indigo"),
    "violet": _("Violet"),
    "pink": _("Pink"),
}
"""The colours there are, each with its name in the reader's language."""


def colour(value: object) -> str | None:
    """The name of a colour; None for blank."""
    if is_blank(value):
        return None
    written = typed(value).strip().lower() if isinstance(value, str) else ""
    for name, shown in COLOURS.items():
        if written in (name, str(shown).lower()):
            return name
    allowed = ", ".join(str(shown) for shown in COLOURS.values())
    raise ValueFault(_('"{value}" is not a colour. Use one of: {allowed}.', value=quoted(value), allowed=allowed))
