"""Reads XLSX, XLS and ODS by a process of its own (`workbook_process`), and says in words why one is not read."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

from core.kernel.errors import SopiaError, TooLarge
from core.kernel.i18n import translate as _
from core.resources.sheets.tables import Cell, Limits, Source, Table, not_a_table

PROGRAM = Path(__file__).with_name("workbook_process.py")
KEPT_ENVIRONMENT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""The process gets no more of the environment than it needs to start; secrets stay here."""


def read_workbook(
    file: BinaryIO,
    path: Path | None,
    kind: str,
    limits: Limits,
    close: Callable[[], None],
    sheet: str | None = None,
    header_row: int | None = None,
) -> Table:
    """The table in one sheet of a workbook, by default the first visible one with content."""
    reading = _Reading(file, path, kind, limits, sheet or "", close)
    try:
        facts = reading.facts()
    except BaseException:
        reading.close()
        raise
    source = Source(reading.rows(), reading.progress, reading.close)
    return Table(kind, source, limits, header_row, sheets=tuple(facts["sheets"]), sheet=facts["sheet"])


class _Reading:
    """One run of the process."""

    def __init__(
        self, file: BinaryIO, path: Path | None, kind: str, limits: Limits, sheet: str, close: Callable[[], None]
    ) -> None:
        self._copy = None if path is not None and path.suffix.lower() in ("", f".{kind}") else _copied(file, kind)
        self._close_file = close
        self._limits = limits
        self._last = 0
        self._height = 1
        allowed = {"unpacked": limits.unpacked, "ratio": limits.ratio, "entries": limits.entries, "cell": limits.cell}
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                *("-X", "utf8"),
                str(PROGRAM),
                str(self._copy or path),
                kind,
                json.dumps({**allowed, "sheet": sheet}),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ},
        )

    def facts(self) -> dict[str, Any]:
        """The names of the sheets, the one being read, its height and width."""
        answer: dict[str, Any] = self._answer()
        if answer["columns"] > self._limits.columns:
            raise TooLarge(
                _(
                    "The sheet has {columns} columns; at most {most} are read.",
                    columns=answer["columns"],
                    most=self._limits.columns,
                ),
                _("Delete the columns that are not needed."),
            )
        self._height = answer["rows"]
        return answer

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """The rows with their numbers, until the process has no more."""
        while (answer := self._answer()) != "end":
            self._last, cells = answer
            yield self._last, cells

    def progress(self) -> float:
        """The part of the sheet's height that has been read."""
        return self._last / max(self._height, 1)

    def close(self) -> None:
        """Ends the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        if self._copy is not None:
            self._copy.unlink(missing_ok=True)
        self._close_file()

    def _answer(self) -> Any:
        output: IO[bytes] | None = self._process.stdout
        line = output.readline() if output is not None and not output.closed else b""
        if not line.endswith(b"\n"):
            # The system ends a process that wants too much; everything else it would have said itself.
            raise _fault({"fault": "memory" if self._process.wait() < 0 else "broken"})
        answer = json.loads(line, object_hook=_typed)
        if isinstance(answer, dict) and "fault" in answer:
            raise _fault(answer)
        return answer


def _copied(file: BinaryIO, kind: str) -> Path:
    """A file that the process can open, with the ending by which the parser chooses its way."""
    number, name = tempfile.mkstemp(suffix=f".{kind}", prefix="sopia-")
    with os.fdopen(number, "wb") as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy, 2**20)
    return Path(name)


def _typed(value: dict[str, Any]) -> Any:
    if "day" in value:
        return dt.date.fromisoformat(value["day"])
    if "moment" in value:
        return dt.datetime.fromisoformat(value["moment"])
    return value


def _fault(answer: dict[str, Any]) -> SopiaError:
    """The error in words. The kinds are those of `workbook_process`."""
    match answer["fault"]:
        case "memory":
            return TooLarge(
                _("The workbook needs more memory or time than its content explains."),
                _("Delete the empty rows and columns behind your data, or save the sheet as CSV."),
            )
        case "unpacked":
            return TooLarge(
                _("The workbook unpacks to {megabytes} MB; at most {most} MB are read.", **_figures(answer)),
                _("Save the sheet that you need as a file of its own, or as CSV."),
            )
        case "ratio":
            return TooLarge(
                _("The workbook unpacks to {megabytes} MB, more than {most} times its size.", **_figures(answer)),
                _("Open it in a spreadsheet program, delete what is empty and save it anew."),
            )
        case "entries":
            return TooLarge(
                _("The workbook consists of more than {most} parts.", **_figures(answer)),
                _("Save the sheet that you need as a file of its own, or as CSV."),
            )
        case "cell":
            return TooLarge(
                _("Row {row} has a cell of more than {most} characters.", **_figures(answer)), _("Shorten it.")
            )
        case "password":
            return not_a_table(_("The workbook is protected by a password. Remove the password and send it again."))
        case "declarations":
            return not_a_table(
                _("The workbook declares XML entities, which no spreadsheet program does. Save it anew.")
            )
        case "binary":
            return not_a_table(_("Workbooks of type XLSB are not read. Save it as XLSX."))
        case "archive":
            return not_a_table(_("The file is an archive, not a workbook. Unpack it and send the table inside."))
        case "sheet":
            return not_a_table(
                _(
                    'The workbook has no sheet "{sheet}". It has: {sheets}.',
                    sheet=answer["sheet"],
                    sheets=", ".join(answer["sheets"]),
                )
            )
        case "empty":
            return not_a_table(_("The file holds no rows. Give a file with a header and at least one row."))
        case _:
            return not_a_table(_("The workbook is damaged. Open it in a spreadsheet program and save it anew."))


def _figures(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: figure for name, figure in answer.items() if name != "fault"}
