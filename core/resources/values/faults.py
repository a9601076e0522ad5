"""The one exception of this package, and how a refused value is shown inside its sentence."""

from __future__ import annotations

from core.kernel.i18n import Text

SHOWN = 40
"""A quoted value is cut after so many characters: the sentence must stay a sentence."""

PLACEHOLDERS = frozenset(
    {"-", "--", "---", "—", "——", "–", "/", "\\", "无", "暂无", "n/a", "na", "nil", "null", "none"}
)
"""What people write into a cell of a list to say that there is nothing."""


class ValueFault(ValueError):
    """A value that a person typed or a file holds and that cannot be taken; `message` tells why and what to write."""

    def __init__(self, message: Text | str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


def quoted(value: object) -> str:
    """The value as it stands in a message: shortened, and harmless in a terminal, a log and a page."""
    shown = value if isinstance(value, str) else str(value)
    if len(shown) > SHOWN:
        shown = shown[: SHOWN - 1] + "…"
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() or c.isspace() else f"\\u{ord(c):04x}" for c in shown)


def is_blank(value: object) -> bool:
    """Whether the cell says nothing: empty, only spaces, or a mark such as "-", "/", "无", "N/A"."""
    if value is None:
        return True
    if isinstance(value, str):
        written = value.strip()
        return not written or written.lower() in PLACEHOLDERS
    return False
