"""The cells of a file on their way to values: one reader a column, made once for all rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Integer

from core.kernel.i18n import translate as _
from core.kernel.types import Money
from core.resources import values
from core.resources.conditions import Context
from core.resources.fields import Kind, ResolvedField
from core.resources.importing.linking import Links, words_of
from core.resources.importing.targets import Target
from core.resources.records import read_plain
from core.resources.sheets import Cell

Read = Callable[[Cell], Any]

REPEATED: Final[frozenset[Kind]] = frozenset(
    {"text", "date", "instant", "money", "integer", "decimal", "percent", "boolean", "choice"}
)
"""Kinds whose cells say the same again and again; what they mean is remembered."""

REMEMBERED: Final = 20_000
WORDY: Final[frozenset[Kind]] = frozenset({"text", "email", "url", "phone", "colour", "choice"})
SMALL: Final = 2**31 - 1
DAYS: Final = ("天", "日", "days", "day")


class ColumnReader:
    """Reads one column; what is wrong with a cell is a ValueFault."""

    __slots__ = ("_known", "_read", "index", "links", "remembers", "target")

    def __init__(self, index: int, target: Target, context: Context, links: Links | None) -> None:
        self.index = index
        self.target = target
        self.links = links
        self.remembers = target.field.kind in REPEATED and links is None
        self._known: dict[Cell, Any] = {}
        self._read = _linked(target.field, links) if links else _plain(target.field, context)

    def value(self, raw: Cell) -> Any:
        """The value of a cell; None for blank."""
        if not self.remembers or type(raw) is not str:
            return self._read(raw)
        try:
            return self._known[raw]
        except KeyError:
            pass
        value = self._read(raw)
        if len(self._known) < REMEMBERED:
            self._known[raw] = value
        return value

    def words(self, cells: Sequence[Sequence[Cell]]) -> set[str]:
        """The words of a relation's column in many rows; those that cannot be read tell so later."""
        found: set[str] = set()
        for raw in {row[self.index] for row in cells}:
            try:
                found.update(words_of(raw, several=self.target.field.many))
            except values.ValueFault:
                continue
        return found


def _linked(field: ResolvedField, links: Links) -> Read:
    known: dict[Cell, list[str]] = {}

    def words(raw: Cell) -> list[str]:
        found = known.get(raw)
        if found is None:
            found = words_of(raw, several=field.many)
            if len(known) < REMEMBERED:
                known[raw] = found
        return found

    if field.many:
        return lambda raw: [links.find(text) for text in words(raw)] or None
    return lambda raw: links.find(found[0]) if (found := words(raw)) else None


def _plain(field: ResolvedField, context: Context) -> Read:
    kind = field.kind
    if kind == "integer":
        return _integer(field)
    if kind == "money":
        return lambda raw: None if (minor := values.money(raw, context.currency)) is None else Money(minor)
    if kind == "boolean":
        return values.boolean
    if kind == "text":
        return _text(field, context)
    if kind in WORDY:
        return lambda raw: None if values.is_blank(raw) else read_plain(field, raw, context) or None
    return lambda raw: read_plain(field, raw, context)


def _text(field: ResolvedField, context: Context) -> Read:
    longest, line, is_blank = field.max_length, values.text, values.is_blank

    def read(raw: Cell) -> Any:
        if is_blank(raw):
            return None
        return (line(raw, longest) if type(raw) is str else read_plain(field, raw, context)) or None

    return read


def _integer(field: ResolvedField) -> Read:
    units = (str(field.unit), *DAYS) if field.unit else ()
    wide = field.column is not None and isinstance(field.column.type, BigInteger)
    if field.column is None or not isinstance(field.column.type, Integer) or wide:
        return lambda raw: values.integer(raw, units=units)
    return lambda raw: values.integer(raw, -SMALL, SMALL, units=units)


def no_surplus() -> values.ValueFault:
    """What is wrong with a row that is longer than the header."""
    return values.ValueFault(
        _("The row has more cells than the header has names. Put quotation marks around text with commas.")
    )
