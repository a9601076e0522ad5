"""Colours of labels, written in hexadecimal."""

from __future__ import annotations

import re

from core.kernel.i18n import translate as _
from core.resources.values.faults import ValueFault, is_blank, quoted
from core.resources.values.letters import typed

_COLOUR = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})")


def colour(value: object) -> str | None:
    """A colour as "#1a2b3c"; None for blank. Short forms are written out."""
    if is_blank(value):
        return None
    match = _COLOUR.fullmatch(typed(value).lower()) if isinstance(value, str) else None
    if match is None:
        raise ValueFault(_('"{value}" is not a colour. Write it as #1a2b3c.', value=quoted(value)))
    figures = match[1]
    return "#" + (figures if len(figures) == 6 else "".join(figure * 2 for figure in figures))
