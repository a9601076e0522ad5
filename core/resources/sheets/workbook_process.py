"""Reads one workbook in a process of its own, which the operating system keeps small.

A workbook of a few kilobytes can ask for gigabytes: by compression, by one cell in the last corner, by one long text
that a million cells point to. No inspection foresees all of it, so the parser runs here, under a limit of memory in
proportion to what the file holds, and what it makes of the file goes out row by row. Only the standard library and the
parser are imported; the parent puts the faults into words.

    python -I -X utf8 workbook_process.py PATH KIND LIMITS      → one JSON value a line: facts, [number, cells]…, "end"
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import mmap
import re
import sys
import zipfile
from pathlib import Path
from typing import Any, NoReturn, TypedDict

MEGABYTE = 2**20

ROOM = 48 * MEGABYTE
"""Memory for the parser itself and for workbooks of little content."""

ROOM_PER_BYTE = {"xlsx": 8, "ods": 8, "xls": 16}
"""Memory for each byte that the file holds unpacked. Twice as much is seen with the densest honest sheets."""

MOST_ROOM = 1024 * MEGABYTE
PROCESSOR_SECONDS = 120

PROLOG = 64 * 1024
"""The root element of a part begins within so many bytes; before it a document type may be declared."""

END_OF_DIRECTORY = b"PK\x05\x06"
END_OF_DIRECTORY_SIZE = 22
LONGEST_COMMENT = 2**16
LONGEST_ENTRY = 512
SMALL = 4 * MEGABYTE
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")

_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_ROOT = re.compile(rb"<[A-Za-z_]")


class Limits(TypedDict):
    """What the parent allows, and the sheet it wants ("" for the first with content)."""

    unpacked: int
    ratio: int
    entries: int
    cell: int
    sheet: str


class Fault(Exception):
    """Why the workbook is not read: a word for the parent, and the figures for its sentence."""

    def __init__(self, kind: str, **figures: object) -> None:
        super().__init__(kind)
        self.answer = {"fault": kind, **figures}


def main(path: str, kind: str, limits: Limits) -> None:
    """Prints the workbook, or why not."""
    try:
        restrain(ROOM)
        size = inspect_archive(path, limits) if kind in ("xlsx", "ods") else inspect_compound(path)
        restrain(min(ROOM + size * ROOM_PER_BYTE[kind], MOST_ROOM))
        print_rows(path, limits)
    except Fault as fault:
        answer(fault.answer)
    except MemoryError:
        answer({"fault": "memory"})
    except BrokenPipeError:
        pass  # The reader has seen enough.
    except BaseException:  # The parser is written in Rust: its panics arrive as exceptions of no known kind.
        answer({"fault": "broken"})


def restrain(memory: int) -> None:
    """Lets this process grow by so many bytes from here and no further; does nothing where the system cannot."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        wanted = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))
        resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def inspect_archive(path: str, limits: Limits) -> int:
    """The size of everything unpacked, after all that makes a ZIP file dangerous has been refused."""
    refuse_long_directory(path, limits)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        refuse_bomb(entries, limits)
        refuse_foreign({entry.filename for entry in entries})
        for entry in entries:
            if entry.filename.endswith((".xml", ".rels")) and entry.file_size:
                refuse_declarations(archive, entry)
    return sum(entry.file_size for entry in entries)


def refuse_long_directory(path: str, limits: Limits) -> None:
    """Looks at the size of the directory before it is read, because each entry costs a kilobyte of memory."""
    with Path(path).open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - LONGEST_COMMENT - END_OF_DIRECTORY_SIZE))
        tail = file.read()
    at = tail.rfind(END_OF_DIRECTORY)
    if at < 0 or len(tail) - at < END_OF_DIRECTORY_SIZE:
        raise Fault("broken")
    entries = int.from_bytes(tail[at + 10 : at + 12], "little")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    if entries > limits["entries"] or directory > limits["entries"] * LONGEST_ENTRY:
        raise Fault("entries", most=limits["entries"])


def refuse_bomb(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Sizes are what the file says of itself; where it lies, the limit of memory holds."""
    if any(entry.flag_bits & 1 for entry in entries):
        raise Fault("password")
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if unpacked > SMALL and unpacked > packed * limits["ratio"]:
        raise Fault("ratio", megabytes=unpacked // MEGABYTE, most=limits["ratio"])
    if unpacked > limits["unpacked"]:
        raise Fault("unpacked", megabytes=unpacked // MEGABYTE, most=limits["unpacked"] // MEGABYTE)


def refuse_foreign(names: set[str]) -> None:
    """A ZIP file is not a workbook yet; it may hold one, or a text document."""
    if "xl/workbook.bin" in names:
        raise Fault("binary")
    if not names & {"xl/workbook.xml", "content.xml"}:
        raise Fault("archive")


def refuse_declarations(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """No program writes document types or entities into a workbook; they only serve to attack parsers."""
    with archive.open(entry) as part:
        head = _COMMENT.sub(b"", part.read(PROLOG))
    root = _ROOT.search(head)
    if root is None or b"<!" in head[: root.start()]:
        raise Fault("declarations", part=entry.filename)


def inspect_compound(path: str) -> int:
    """The size of an old workbook, unless it is a new one in the wrapping of a password."""
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(ENCRYPTED_PACKAGE) >= 0:
            raise Fault("password")
        return len(content)


def print_rows(path: str, limits: Limits) -> None:
    """Prints the facts of the workbook and the rows of one sheet, those without content left out."""
    workbook = opened(path)
    names = [str(sheet.name) for sheet in workbook.sheets_metadata if is_visible(sheet)]
    sheet = chosen(workbook, names, limits["sheet"])
    answer({"sheets": names, "sheet": str(sheet.name), "rows": sheet.total_height, "columns": sheet.width})
    longest = limits["cell"]
    for number, cells in enumerate(sheet.iter_rows(), 1):
        if cells.count("") == len(cells):
            continue
        for cell in cells:
            if type(cell) is str and len(cell) > longest:
                raise Fault("cell", row=number, most=longest)
        answer([number, cells])
    answer("end")


def opened(path: str) -> Any:
    """The parsed workbook."""
    import python_calamine as calamine

    try:
        return calamine.CalamineWorkbook.from_path(path)
    except calamine.PasswordError:
        raise Fault("password") from None


def is_visible(sheet: Any) -> bool:
    """Whether the sheet is a table that a person sees."""
    return str(sheet.visible).endswith(".Visible") and str(sheet.typ).endswith(".WorkSheet")


def chosen(workbook: Any, names: list[str], wanted: str) -> Any:
    """The sheet asked for, or the first that holds anything."""
    if wanted and wanted not in names:
        raise Fault("sheet", sheet=wanted, sheets=names)
    for name in [wanted] if wanted else names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.height:
            return sheet
    raise Fault("empty")


def answer(value: object) -> None:
    """Prints one line of the answer."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=marked))
    sys.stdout.write("\n")


def marked(cell: object) -> object:
    """A cell that JSON has no form for."""
    if isinstance(cell, dt.datetime):
        return {"moment": cell.isoformat()}
    if isinstance(cell, dt.date):
        return {"day": cell.isoformat()}
    return str(cell)


if __name__ == "__main__":

    def stop() -> NoReturn:
        """Ends at once: nothing here needs to be tidied, and the pipe may be gone."""
        import os

        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
        os._exit(0)

    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
    stop()
