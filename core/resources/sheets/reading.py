"""Opens a file as a table, by what is in it rather than by how it is called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from core.kernel.errors import TooLarge
from core.kernel.i18n import translate as _
from core.resources.sheets.delimited import read_delimited
from core.resources.sheets.tables import Limits, Table, not_a_table
from core.resources.sheets.workbooks import read_workbook

ARCHIVE = b"PK\x03\x04"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
OTHER_FILES = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"BZh",
    b"PK\x05\x06",
)


def read_table(
    source: Path | str | BinaryIO,
    filename: str = "",
    limits: Limits | None = None,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
) -> Table:
    """The table in a file (a path, or an open binary file that can seek): CSV, XLSX, XLS or ODS.

    What is not given is found out: the encoding, the delimiter, the sheet, the row of the header. `filename` is the
    name that the person knows the file by; it is only used in errors. A file that the caller opened stays open.
    Raises `TooLarge` beyond the limits, also while rows are read, and `Invalid` for what is no table.
    """
    limits = limits or Limits()
    path = Path(source) if isinstance(source, (str, Path)) else None
    file: BinaryIO = path.open("rb") if path is not None else source  # type: ignore[assignment]
    close: Callable[[], None] = file.close if path is not None else _leave_open
    try:
        size = _checked_size(file, filename or (path.name if path else ""), limits)
        kind = _kind(file)
    except BaseException:
        close()
        raise
    if kind == "csv":
        return read_delimited(file, size, limits, close, encoding, delimiter, header_row)
    return read_workbook(file, path, kind, limits, close, sheet, header_row)


def _leave_open() -> None:
    """The caller opened the file and closes it."""


def _checked_size(file: BinaryIO, filename: str, limits: Limits) -> int:
    size = file.seek(0, 2)
    if size > limits.bytes:
        raise TooLarge(
            _(
                'The file "{name}" has {megabytes} MB; at most {most} MB are read.',
                name=filename,
                megabytes=-(-size // 2**20),
                most=limits.bytes // 2**20,
            ),
            _("Split it into several files."),
        )
    if size == 0:
        raise not_a_table(
            _('The file "{name}" is empty. Give a file with a header and at least one row.', name=filename)
        )
    return size


def _kind(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(128)
    if head.startswith(ARCHIVE):
        return "ods" if OPEN_DOCUMENT in head else "xlsx"
    if head.startswith(COMPOUND):
        return "xls"
    if head.startswith(OTHER_FILES):
        raise not_a_table(_("The file is not a table. Give a file of type CSV, XLSX, XLS or ODS."))
    return "csv"
