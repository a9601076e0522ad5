"""Writes tables for spreadsheet programs: CSV and XLSX, both so that no cell is ever run as a formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

from core.kernel.errors import TooLarge
from core.kernel.i18n import translate as _
from core.kernel.types import Money, minor_digits
from core.resources.sheets.guards import guarded
from core.resources.values.output import boolean_text, decimal_text, instant_text, money_text

MOST_ROWS = 2**20 - 1
"""What a sheet of XLSX holds below its header."""

LONGEST_CELL = 32_767
NARROWEST, WIDEST = 8, 48
MEASURED_ROWS = 500
"""Columns are made as wide as the first rows need; nobody scrolls further before seeing them."""

EXACT_FIGURES = 15
"""Spreadsheets keep numbers to so many figures; longer ones are written as text."""

CURRENCY = "CNY"


def write_csv(
    rows: Iterable[Sequence[object]], header: Sequence[object], file: BinaryIO, currency: str = CURRENCY
) -> int:
    """Writes UTF-8 with a byte order mark (without it, Chinese becomes rubbish in spreadsheet programs) and returns the
    number of rows. Money and instants are written as the API writes them; `currency` is that of money without one."""
    stream = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    try:
        out = csv.writer(stream)
        out.writerow([guarded(str(name)) for name in header])
        count = 0
        for row in rows:
            out.writerow([csv_cell(cell, currency) for cell in row])
            count += 1
        return count
    finally:
        stream.detach()


def csv_cell(value: object, currency: str = CURRENCY) -> str:
    """A value as the text of a cell."""
    if isinstance(value, str):
        return guarded(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return boolean_text(value)
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, Money):
        return money_text(value.minor, value.currency or currency)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return instant_text(value)
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return guarded(str(value))


def write_xlsx(
    rows: Iterable[Sequence[object]],
    header: Sequence[object],
    file: BinaryIO,
    sheet: str = "Sheet1",
    zone: dt.tzinfo = dt.UTC,
    currency: str = CURRENCY,
) -> int:
    """Writes a workbook row by row in constant memory and returns the number of rows.

    Cells are typed: money and decimals are numbers, dates are dates, instants show the clocks of `zone`.
    """
    from xlsxwriter import Workbook

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(file, options) as workbook:
        page = workbook.add_worksheet(sheet_name(sheet))
        return _SheetWriter(workbook, page, zone, currency).write(rows, [str(name) for name in header])


def sheet_name(name: str) -> str:
    """A name that spreadsheet programs accept: at most 31 characters, none of []:*?/\\, no apostrophe at the ends."""
    plain = "".join(" " if letter in "[]:*?/\\" or not letter.isprintable() else letter for letter in name)
    plain = plain.strip("' ")[:31].strip("' ")
    return plain if plain and plain.lower() != "history" else "Sheet1"


class _SheetWriter:
    """Puts values into the cells of one sheet, each in the form that its type asks for."""

    def __init__(self, workbook: Any, page: Any, zone: dt.tzinfo, currency: str) -> None:
        self._workbook = workbook
        self._page = page
        self._zone = zone
        self._currency = currency
        self._formats: dict[str, Any] = {}
        self._heading = workbook.add_format({"bold": True, "bottom": 1, "bg_color": "#F2F4F7"})
        self._writers: dict[type, Callable[[int, int, Any], object]] = {
            str: self._text,
            bool: self._truth,
            int: self._number,
            float: self._number,
            Decimal: self._number,
            Money: self._money,
            dt.date: self._day,
            dt.datetime: self._moment,
        }

    def write(self, rows: Iterable[Sequence[object]], header: Sequence[str]) -> int:
        page = self._page
        page.freeze_panes(1, 0)
        widths = [shown_width(name) for name in header]
        for column, name in enumerate(header):
            page.write_string(0, column, _fitting(name), self._heading)
        count = 0
        for count, row in enumerate(rows, 1):
            if count > MOST_ROWS:
                raise TooLarge(
                    _("A sheet holds at most {most} rows.", most=MOST_ROWS),
                    _("Filter the list, or export it as CSV."),
                )
            if count <= MEASURED_ROWS:
                widths = [max(width, self._width(cell)) for width, cell in zip(widths, row, strict=False)]
            for column, cell in enumerate(row):
                if cell is not None and cell != "":
                    self._writers.get(type(cell), self._text)(count, column, cell)
        for column, width in enumerate(widths):
            page.set_column(column, column, min(max(width + 2, NARROWEST), WIDEST))
        if header:
            page.autofilter(0, 0, max(count, 1), len(header) - 1)
        return count

    def _width(self, cell: object) -> int:
        return shown_width(csv_cell(cell, self._currency))

    def _format(self, pattern: str) -> Any:
        if pattern not in self._formats:
            self._formats[pattern] = self._workbook.add_format({"num_format": pattern})
        return self._formats[pattern]

    def _text(self, row: int, column: int, value: object) -> None:
        self._page.write_string(row, column, _fitting(str(value)))

    def _truth(self, row: int, column: int, value: bool) -> None:
        self._page.write_boolean(row, column, value)

    def _number(self, row: int, column: int, value: int | float | Decimal) -> None:
        exact = Decimal(value) if not isinstance(value, float) else Decimal(f"{value:.15g}")
        if not exact.is_finite() or len("".join(map(str, exact.as_tuple().digits)).strip("0")) > EXACT_FIGURES:
            self._text(row, column, csv_cell(value))
        else:
            self._page.write_number(row, column, float(value))

    def _money(self, row: int, column: int, value: Money) -> None:
        currency = value.currency or self._currency
        digits = minor_digits(currency)
        if len(str(abs(value.minor))) > EXACT_FIGURES:
            self._text(row, column, money_text(value.minor, currency))
            return
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        if currency != self._currency:
            pattern = f'"{currency} "{pattern}'
        self._page.write_number(row, column, value.minor / 10**digits, self._format(pattern))

    def _day(self, row: int, column: int, value: dt.date) -> None:
        self._dated(row, column, dt.datetime.combine(value, dt.time()), "yyyy-mm-dd")

    def _moment(self, row: int, column: int, value: dt.datetime) -> None:
        local = value if value.tzinfo is None else value.astimezone(self._zone).replace(tzinfo=None)
        self._dated(row, column, local.replace(microsecond=0), "yyyy-mm-dd hh:mm")

    def _dated(self, row: int, column: int, value: dt.datetime, pattern: str) -> None:
        if value.year < 1901:  # The calendar of spreadsheets begins in 1900, with a mistake in its first February.
            self._text(row, column, value.date())
        else:
            self._page.write_datetime(row, column, value, self._format(pattern))


def shown_width(text: str) -> int:
    """The columns that the longest line of a text takes on the screen; a Chinese character takes two."""
    line = max(text[: WIDEST * 4].split("\n"), key=len)[:WIDEST]
    return len(line) + sum(1 for letter in line if letter > "\u1100" and unicodedata.east_asian_width(letter) in "WF")


def _fitting(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"
