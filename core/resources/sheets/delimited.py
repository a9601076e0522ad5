"""Reads tables of text with delimiters: CSV and its relatives with semicolons and tabs."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import BinaryIO

from core.kernel.errors import TooLarge
from core.kernel.i18n import translate as _
from core.resources.sheets.encodings import check_encoding, guess_encoding
from core.resources.sheets.guards import without_guard
from core.resources.sheets.tables import Cell, Encoding, Limits, Source, Table, not_a_table

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 60
SAMPLE_TEXT = 2**16
ODD_LETTERS = 8
"""Control characters that a text may have by accident."""

LONGEST_LINE = 2**20
"""A line of more characters is no line of a table; it is not held in memory to find that out."""

_DECLARED = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)
_MARKUP = re.compile(r"\s*<(?:!doctype|html|table|\?xml|meta|head)", re.IGNORECASE)


def read_delimited(
    file: BinaryIO,
    size: int,
    limits: Limits,
    close: Callable[[], None],
    encoding: str | None = None,
    delimiter: str | None = None,
    header_row: int | None = None,
) -> Table:
    """The table in a text file.

    What cannot be decoded becomes U+FFFD, which no value of text accepts, so that a damaged character is told with its
    row instead of stopping the file.
    """
    found = Encoding(check_encoding(encoding), 1.0) if encoding else guess_encoding(file)
    file.seek(0)
    stream = io.TextIOWrapper(file, encoding=found.name, errors="replace", newline="")

    is_finished = False

    def finish() -> None:
        nonlocal is_finished
        if not is_finished:
            is_finished = True
            stream.detach()
            close()

    try:
        sample = stream.read(SAMPLE_TEXT)
        _refuse_other_files(sample)
        stream.seek(0)
        declared = _DECLARED.fullmatch(sample[: sample.find("\n") + 1])
        chosen = delimiter or (declared[1] if declared else sniff_delimiter(sample))
        rows = _rows(_lines(stream), chosen, limits, skip=1 if declared else 0)
    except BaseException:
        finish()
        raise
    position = _position(file)
    source = Source(rows, lambda: position() / max(size, 1), finish)
    return Table("csv", source, limits, header_row, found, chosen)


def sniff_delimiter(sample: str) -> str:
    """The delimiter that cuts most of the sample's rows into the same number of cells, more than one; else a comma."""
    lines = sample.splitlines(keepends=True)[:SAMPLE_LINES]
    if len(sample) >= SAMPLE_TEXT and len(lines) < SAMPLE_LINES:
        lines = lines[:-1] or lines

    def merit(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(row) for row in _parsed(lines, delimiter) if row)
        width, rows = max(((w, n) for w, n in widths.items() if w > 1), key=lambda one: one[1], default=(0, 0))
        return rows / max(1, widths.total()), width

    return max(DELIMITERS, key=merit)


def _parsed(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []


def _refuse_other_files(sample: str) -> None:
    if _MARKUP.match(sample.lstrip("\ufeff")):
        raise not_a_table(
            _("The file is a web page or XML under another name. Open it in a spreadsheet program and save it as XLSX.")
        )
    begin = sample[:4096]
    odd = sum(1 for letter in begin if letter < " " and letter not in "\t\r\n\f\v\x1a")
    if odd > max(ODD_LETTERS, len(begin) * 0.02):
        raise not_a_table(_("The file holds no text. Give a file of type CSV, XLSX, XLS or ODS."))


def _lines(stream: io.TextIOWrapper) -> Iterator[str]:
    for line in iter(lambda: stream.readline(LONGEST_LINE), ""):
        if len(line) >= LONGEST_LINE:
            raise TooLarge(
                _("A line of the file has more than {most} characters.", most=LONGEST_LINE),
                _("Check that the file is a table and that its quotation marks are closed."),
            )
        yield line


def _rows(lines: Iterator[str], delimiter: str, limits: Limits, skip: int) -> Iterator[tuple[int, list[Cell]]]:
    reader = csv.reader(lines, delimiter=delimiter)
    number, longest = 0, limits.cell
    try:
        for number, cells in enumerate(reader, 1):
            if number <= skip or not any(cells):
                continue
            row: list[Cell] = list(cells)
            text = "".join(cells)
            if len(text) > longest and max(map(len, cells)) > longest:
                raise _cell_too_long(number, longest)
            if "'" in text:
                row = [without_guard(cell) for cell in cells]
            elif text.isspace():
                continue
            yield number, row
    except csv.Error:
        raise _cell_too_long(number + 1, longest) from None


def _cell_too_long(number: int, longest: int) -> TooLarge:
    return TooLarge(
        _("Row {row} has a cell of more than {most} characters.", row=number, most=longest),
        _("Shorten it, or close the quotation mark that begins in this row."),
    )


def _position(file: BinaryIO) -> Callable[[], int]:
    last = 0

    def position() -> int:
        nonlocal last
        if not file.closed:
            last = file.tell()
        return last

    return position
