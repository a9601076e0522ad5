"""Taking files in and giving them out: always behind the gate, never able to act as a page of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast
from urllib.parse import quote

from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import translate as _
from core.web.responses import Response, Stream, attachment
from core.workplace.attachments import LARGEST, File, kind_of_file, plain_name

if TYPE_CHECKING:
    from core.kernel.storage import Storage, Stored
    from core.web.requests import Request

PIECE = 1 << 18

HARMLESS = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
OF_PDF = "default-src 'none'; frame-ancestors 'self'"
"""Browsers do not show a PDF in a sandbox; what it holds runs in their viewer, away from our pages."""


def take(request: Request, field: str = "file") -> list[tuple[Stored, str, str]]:
    """The files that were sent, stored before anybody waits for the transaction: each with its name and its kind."""
    uploads = [upload for upload in request.form.files.get(field, ()) if upload.filename or upload.size]
    if not uploads:
        raise Invalid([FieldError(field, _("Choose a file."))])
    taken = []
    for upload in uploads:
        kind = kind_of_file(cast(BinaryIO, upload.file))
        stored = request.platform.storage.put(upload.file, LARGEST)
        taken.append((stored, plain_name(upload.filename), kind))
    return taken


def give(request: Request, file: File) -> Response:
    """A file to be saved; shown in the browser where that was asked for and can do no harm."""
    response = _whole_or_part(request, file)
    if request.query.get("inline") != "1" or not file.inline:
        return attachment(response, file.name)
    named = quote(file.name.encode("utf-8", "replace"), safe="")
    response.header("Content-Disposition", f"inline; filename*=UTF-8''{named}")
    return response.header("Content-Security-Policy", OF_PDF if file.kind == "application/pdf" else HARMLESS)


def _whole_or_part(request: Request, file: File) -> Response:
    """The file, or the one range of it that was asked for: players and viewers fetch what they show."""
    storage, kind = request.platform.storage, _served(file)
    asked = _range_of(request.header("range"), file.size)
    if asked is None:
        response: Response = Stream(_pieces(storage, file.file_key), kind)
        response.header("Content-Length", str(file.size))
    elif asked[0] >= asked[1]:
        response = Response(b"", 416, kind).header("Content-Range", f"bytes */{file.size}")
    else:
        start, end = asked
        response = Stream(_pieces(storage, file.file_key, start, end - start), kind, 206)
        response.header("Content-Length", str(end - start))
        response.header("Content-Range", f"bytes {start}-{end - 1}/{file.size}")
    return response.header("Accept-Ranges", "bytes").header("ETag", f'"{file.file_key}"')


RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def _range_of(header: str, size: int) -> tuple[int, int] | None:
    """Where a range begins and ends; None where none was asked for, or several, which are answered by all of it."""
    found = RANGE.fullmatch(header.strip())
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def give_preview(request: Request, file: File) -> Response:
    """The small picture of a file."""
    assert file.preview_file_key is not None
    response = Stream(_pieces(request.platform.storage, file.preview_file_key), "image/webp")
    return response.header("Content-Security-Policy", HARMLESS)


def _served(file: File) -> str:
    if file.kind == "text/plain":
        return "text/plain; charset=utf-8"
    return file.kind if file.inline else "application/octet-stream"


def _pieces(storage: Storage, key: str, start: int = 0, size: int | None = None) -> Iterator[bytes]:
    # Opened at once, so that a missing file is an answer and not half of one.
    file = storage.open(key)
    file.seek(start)
    return _read(file, size)


def _read(file: Any, left: int | None) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE if left is None else min(PIECE, left)):
            yield piece
            left = None if left is None else left - len(piece)
