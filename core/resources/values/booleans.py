"""Yes or no, in the words that lists use."""

from __future__ import annotations

from core.kernel.i18n import translate as _
from core.resources.values.faults import ValueFault, quoted
from core.resources.values.letters import typed

YES = frozenset({"是", "有", "对", "真", "√", "✓", "✔", "true", "yes", "y", "t", "1", "on"})
NO = frozenset({"否", "无", "没有", "不", "不是", "假", "×", "✗", "✘", "false", "no", "n", "f", "0", "off"})


def boolean(value: object) -> bool | None:
    """True or False; None for blank. Here "无" is a no, whereas elsewhere it means that a cell is blank."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        written = typed(value).lower()
        if not written:
            return None
        if written in YES:
            return True
        if written in NO:
            return False
    raise ValueFault(_('"{value}" is neither yes nor no. Write 是 or 否, true or false.', value=quoted(value)))
