"""What a page function answers: text, a page made from a template, a redirect, a stream or JSON.

A page is drawn after the transaction has ended, so that nobody waits for the lock while HTML is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import quote

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
PROBLEM = "application/problem+json"

UNTOUCHED = "/?#[]@!$&'()*+,;=:%-._~"
"""Characters of an address that are written as they are."""


class Response:
    """An answer in bytes."""

    __slots__ = ("body", "content_type", "headers", "status")

    def __init__(self, body: bytes | str = b"", status: int = 200, content_type: str = HTML) -> None:
        self.body = body.encode("utf-8", "replace") if isinstance(body, str) else body
        self.status = status
        self.content_type = content_type
        self.headers: list[tuple[str, str]] = []

    def header(self, name: str, value: str) -> Response:
        """Add a header; the response itself, to go on with. Control characters are taken out of the value."""
        told = value if value.isprintable() else "".join(c for c in value if c.isprintable())
        self.headers.append((name, told))
        return self


class Page(Response):
    """A template with its view, drawn later; `shell` tells what stands around it."""

    __slots__ = ("extra", "template", "view")

    def __init__(self, template: str, view: object, status: int = 200, **extra: object) -> None:
        super().__init__(b"", status)
        self.template = template
        self.view = view
        self.extra = extra


class Redirect(Response):
    """The way to another page of our own; never to somewhere else."""

    __slots__ = ("location",)

    def __init__(self, location: str, status: int = 303) -> None:
        super().__init__(b"", status, TEXT)
        if not is_local(location):
            raise ValueError(f"A redirect stays in the house; '{location}' does not start with a single '/'.")
        self.location = location
        self.header("Location", quote(location, safe=UNTOUCHED))


class Json(Response):
    """A value as JSON."""

    __slots__ = ()
    kind: ClassVar[str] = JSON

    def __init__(self, value: Any, status: int = 200) -> None:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
        super().__init__(text, status, self.kind)


class Problem(Json):
    """An error for programs (RFC 9457)."""

    __slots__ = ()
    kind = PROBLEM


class Stream(Response):
    """Bytes that are made while they are sent, such as an export; each piece is asked for in a thread.

    The maker opens and ends its own transactions: a long one would keep the database from tidying up.
    """

    __slots__ = ("chunks",)

    def __init__(self, chunks: Iterable[bytes], content_type: str, status: int = 200) -> None:
        super().__init__(b"", status, content_type)
        self.chunks = chunks


def is_local(address: str) -> bool:
    """Whether an address leads to a page of our own, however a browser may read it."""
    # Browsers take \\ for / and leave out tabs and line ends, so that "/\\evil.com" and "/\t/evil.com" lead away.
    return address[:1] == "/" and address[1:2] != "/" and "\\" not in address and address.isprintable()


def attachment(response: Response, filename: str) -> Response:
    """Make the browser save the answer under this name and show none of it."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in filename)
    named = quote(filename.encode("utf-8", "replace"), safe="")
    response.header("Content-Disposition", f"attachment; filename=\"{plain}\"; filename*=UTF-8''{named}")
    return response.header("Content-Security-Policy", "sandbox; default-src 'none'")
