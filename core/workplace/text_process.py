"""Reads the text of one file, or draws a PDF, in a process of its own, which the operating system keeps small and short.

A file of a few kilobytes can ask for gigabytes, or for hours, and a parser may fall over it. What is made of the file
goes out as one JSON text; whatever goes wrong leaves no text, which is no fault: the file is kept all the same.

    python -I -X utf8 text_process.py PATH ENDING MOST      → one JSON value: the text
    python -I -X utf8 text_process.py PATH picture WIDTH    → the first page of a PDF as WebP; nothing where it cannot be
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

PICTURE = "picture"
"""In the place of an ending: what is wanted is a picture."""

MEMORY = 512 * 2**20
PROCESSOR_SECONDS = 30

PART = 64 * 2**20
"""Bytes of one part of an archive, unpacked; honest documents stay far below."""

PROLOG = 64 * 1024
"""The root element begins within so many bytes; before it a document type may be declared."""

PLAIN = ("txt", "md", "csv", "log", "json", "xml", "html", "htm", "")
"""Endings of files whose text is the file itself."""

_ROOT = re.compile(rb"<[A-Za-z_]")
_SLIDE = re.compile(r"ppt/slides/slide\d+\.xml")


class Unreadable(Exception):
    """There is no text to be had."""


def main(path: str, ending: str, most: int) -> None:
    """Prints the text, as much as is wanted; or the picture."""
    if ending == PICTURE:
        restrain()
        sys.stdout.buffer.write(first_page(path, most))
        sys.stdout.buffer.flush()
        return
    try:
        restrain()
        text = together(pieces(Path(path), ending), most)
    except BaseException:  # Parsers in other languages raise what they like; there is no text then.
        text = ""
    sys.stdout.write(json.dumps(text))
    sys.stdout.flush()


def restrain() -> None:
    """Lets this process take so much memory and time and no more; does nothing where the system cannot."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        for what, limit in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, PROCESSOR_SECONDS)):
            hard = resource.getrlimit(what)[1]
            resource.setrlimit(what, (limit if hard < 0 else min(limit, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def together(found: Iterable[str], most: int) -> str:
    """The pieces in lines, with runs of blanks made one, up to so many characters; the rest is not even read."""
    lines: list[str] = []
    size = 0
    for piece in found:
        line = " ".join("".join(c if c.isprintable() else " " for c in piece[:most]).split())
        if line:
            lines.append(line)
            size += len(line) + 1
        if size >= most:
            break
    return "\n".join(lines)[:most]


def pieces(path: Path, ending: str) -> Iterator[str]:
    """The text of a file, piece by piece, by what the file is and not by what it is called."""
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"%PDF-"):
        yield from of_pdf(path)
    elif start.startswith(b"PK\x03\x04"):
        yield from of_archive(path)
    elif start.startswith(b"\xd0\xcf\x11\xe0") and ending == "xls":
        yield from of_workbook(path)
    else:
        yield from of_plain(path, ending)


def of_pdf(path: Path) -> Iterator[str]:
    """Page by page."""
    import pypdfium2  # type: ignore[import-untyped, unused-ignore]

    document = pypdfium2.PdfDocument(path)
    for number in range(min(len(document), 2000)):
        page = document[number]
        yield page.get_textpage().get_text_range()
        page.close()


def first_page(path: str, width: int) -> bytes:
    """The first page of a PDF as a picture of that width, and at most as high."""
    import io

    import pypdfium2

    page = pypdfium2.PdfDocument(path)[0]
    # A page may say that it is a kilometre wide.
    scale = min(2 * width / max(page.get_width(), 1.0), 4 * width / max(page.get_height(), 1.0))
    picture = page.render(scale=scale).to_pil().convert("RGB")
    picture.thumbnail((width, width))
    target = io.BytesIO()
    picture.save(target, "WEBP", quality=80)
    return target.getvalue()


def of_archive(path: Path) -> Iterator[str]:
    """A text document, a workbook or slides; any other archive has no text."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if "xl/workbook.xml" in names:
            yield from of_workbook(path)
        elif "word/document.xml" in names:
            wanted = [
                "word/document.xml",
                *(n for n in names if re.fullmatch(r"word/(header|footer|footnotes)\d*\.xml", n)),
            ]
            yield from of_parts(archive, wanted, paragraph="p", text="t")
        elif slides := sorted(filter(_SLIDE.fullmatch, names), key=lambda name: (len(name), name)):
            yield from of_parts(archive, slides, paragraph="p", text="t")
        elif "content.xml" in names:
            yield from of_parts(archive, ["content.xml"], paragraph="p", text="")
        else:
            raise Unreadable


def of_parts(archive: zipfile.ZipFile, names: list[str], *, paragraph: str, text: str) -> Iterator[str]:
    """The paragraphs of XML parts; with `text` only what stands in elements of that name."""
    for name in names:
        with archive.open(name) as part:
            refuse_declarations(part.read(PROLOG))
        with archive.open(name) as part:
            for _event, element in ElementTree.iterparse(Limited(part)):
                if local(element.tag) == paragraph:
                    yield "".join(words(element, text))
                    element.clear()


def words(paragraph: Any, name: str) -> Iterator[str]:
    """The text of a paragraph; tabs and line breaks keep words apart."""
    if not name:
        yield from paragraph.itertext()
        return
    for element in paragraph.iter():
        kind = local(element.tag)
        if kind == name:
            yield element.text or ""
        elif kind in ("tab", "br", "cr"):
            yield " "


def local(tag: object) -> str:
    """The name of an element without its namespace."""
    return str(tag).rpartition("}")[2]


def refuse_declarations(head: bytes) -> None:
    """No program writes document types or entities into a document; they only serve to attack parsers."""
    root = _ROOT.search(head)
    if root is None or b"<!D" in head[: root.start()] or b"<!E" in head[: root.start()]:
        raise Unreadable


class Limited:
    """A part of an archive that ends the reading when it unpacks to more than it may."""

    def __init__(self, part: IO[bytes]) -> None:
        self._part = part
        self._left = PART

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self._part.read(min(size, 2**16) if size > 0 else 2**16)
        self._left -= len(piece)
        if self._left < 0:
            raise Unreadable
        return piece


def of_workbook(path: Path) -> Iterator[str]:
    """The rows of every sheet."""
    import python_calamine

    workbook = python_calamine.CalamineWorkbook.from_path(str(path))
    for name in workbook.sheet_names:
        yield str(name)
        for row in workbook.get_sheet_by_name(name).iter_rows():
            yield " ".join(str(cell) for cell in row if cell != "")


def of_plain(path: Path, ending: str) -> Iterator[str]:
    """The file itself, in the encodings that are met: UTF-8, UTF-16 with its mark, GB 18030."""
    raw = path.read_bytes()[: 4 * 2**20]
    encodings: list[tuple[str, Callable[[], bool]]] = [
        ("utf-16", lambda: raw[:2] in (b"\xff\xfe", b"\xfe\xff")),
        ("utf-8-sig", lambda: b"\0" not in raw[:4096]),
        ("gb18030", lambda: b"\0" not in raw[:4096] and ending in PLAIN),
    ]
    for encoding, fits in encodings:
        if fits():
            with contextlib.suppress(UnicodeDecodeError):
                yield from decoded(raw, encoding).splitlines()
                return
    raise Unreadable


def decoded(raw: bytes, encoding: str) -> str:
    """The text of the bytes; a character that was cut at their end is left out."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start < len(raw) - 4:
            raise
        return raw[: error.start].decode(encoding)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    os._exit(0)  # Nothing here needs to be tidied.
