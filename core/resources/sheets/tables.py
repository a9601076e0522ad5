"""A table read from a file: its header, its rows one after another, and what was found out about the file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import NamedTuple, Self

from core.kernel.errors import FieldError, Invalid, TooLarge
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _

Cell = str | int | float | bool | dt.date | dt.datetime | None
"""What a cell holds: always text in CSV, in workbooks also numbers, truth values, dates; "" where it is empty."""

PEEKED = 12
"""The header is looked for among so many first rows with content; above it stand titles and remarks."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a table may be. Beyond a limit stands an error, never a part of the table."""

    bytes: int = 100 * 2**20
    rows: int = 1_000_000
    columns: int = 256
    cell: int = 32_767
    unpacked: int = 300 * 2**20
    ratio: int = 100
    entries: int = 2_000


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes of a text file were read; below a confidence of 0.8 the person should be asked, with a preview."""

    name: str
    confidence: float


class Row(NamedTuple):
    """One row with content. `number` is the one that a spreadsheet program shows beside it, `cells` are as many as the
    header has, and `surplus` holds what stands right of the header: mostly the trace of a comma without quotes."""

    number: int
    cells: list[Cell]
    surplus: tuple[Cell, ...] = ()


class Table:
    """An opened table. It is read once, from top to bottom; close it, or use it in a `with`.

    Names in the header are unique and never empty: a second 电话 is "电话 (2)", a column without a name is "(C)".
    """

    def __init__(
        self,
        kind: str,
        source: Source,
        limits: Limits,
        header_row: int | None = None,
        encoding: Encoding | None = None,
        delimiter: str = "",
        sheets: tuple[str, ...] = (),
        sheet: str = "",
    ) -> None:
        self.kind = kind
        self.encoding = encoding
        self.delimiter = delimiter
        self.sheets = sheets
        self.sheet = sheet
        self._source = source
        self._limits = limits
        self._is_read = False
        try:
            peeked = list(islice(source.rows, PEEKED if header_row is None else max(PEEKED, header_row)))
            at = _header_position(peeked, header_row)
            self.header_row, names = peeked[at]
            self.header = tidy_header(names, _width(names, peeked[at + 1 :]), limits)
        except BaseException:
            source.close()
            raise
        self.rows: Iterator[Row] = self._shaped(chain(peeked[at + 1 :], source.rows))

    def __iter__(self) -> Iterator[Row]:
        return self.rows

    @property
    def progress(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return 1.0 if self._is_read else min(1.0, self._source.progress())

    def close(self) -> None:
        """Frees the file; the rows not read yet are gone."""
        self.rows = iter(())
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _shaped(self, rows: Iterable[tuple[int, list[Cell]]]) -> Iterator[Row]:
        width, most = len(self.header), self._limits.rows
        try:
            for count, (number, cells) in enumerate(rows, 1):
                if count > most:
                    raise TooLarge(
                        _("The file has more than {most} rows.", most=most), _("Split it into several files.")
                    )
                if len(cells) == width:
                    yield Row(number, cells)
                elif len(cells) < width:
                    yield Row(number, cells + [""] * (width - len(cells)))
                else:
                    yield Row(number, cells[:width], tuple(cell for cell in cells[width:] if cell != ""))
            self._is_read = True
        finally:
            self._source.close()


@dataclass(slots=True)
class Source:
    """Where the rows of a table come from: their numbers and cells, how far one is, and what to do at the end."""

    rows: Iterator[tuple[int, list[Cell]]]
    progress: Callable[[], float]
    close: Callable[[], None] = field(default=lambda: None)


def not_a_table(message: Text) -> Invalid:
    """The error for a file that cannot be read as a table."""
    return Invalid([FieldError("file", message)])


def tidy_header(names: list[Cell], width: int, limits: Limits) -> tuple[str, ...]:
    """The names of the columns: trimmed, unique, never empty."""
    if width > limits.columns:
        raise TooLarge(
            _("The table has {columns} columns; at most {most} are read.", columns=width, most=limits.columns),
            _("Delete the columns that are not needed."),
        )
    header: list[str] = []
    for position in range(width):
        cell = names[position] if position < len(names) else ""
        name = " ".join(str(cell).split())[: limits.cell] or f"({column_letters(position)})"
        unique, count = name, 1
        while unique in header:
            count += 1
            unique = f"{name} ({count})"
        header.append(unique)
    return tuple(header)


def column_letters(position: int) -> str:
    """The letters of a column as spreadsheet programs show them: 0 is A, 26 is AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _filled(cells: list[Cell]) -> int:
    return sum(1 for cell in cells if cell != "" and not (isinstance(cell, str) and cell.isspace()))


def _width(names: list[Cell], rows: list[tuple[int, list[Cell]]]) -> int:
    """The columns up to the last with a name, and those behind it that at least half of the first rows fill.

    Programs add empty columns, and a comma without quotes makes a row longer; neither is a column of the table.
    """
    width = max((i + 1 for i, cell in enumerate(names) if cell != ""), default=0)
    enough = max(2, len(rows) // 2)
    while sum(1 for _number, cells in rows if len(cells) > width and cells[width] != "") >= enough:
        width += 1
    return width


def _header_position(rows: list[tuple[int, list[Cell]]], wanted: int | None) -> int:
    """The row asked for, or the first that fills at least half as many columns as the fullest of the first rows."""
    if not rows:
        raise not_a_table(_("The file holds no rows. Give a file with a header and at least one row."))
    if wanted is not None:
        for position, (number, _cells) in enumerate(rows):
            if number == wanted:
                return position
        raise not_a_table(_("Row {row} is empty. Name the row in which the header stands.", row=wanted))
    fullest = max(_filled(cells) for _number, cells in rows)
    return next(i for i, (_number, cells) in enumerate(rows) if _filled(cells) * 2 >= fullest)
