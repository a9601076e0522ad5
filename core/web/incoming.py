"""A request as it comes from the server: its line, headers and body, understood but not yet believed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from core.web.bodies import Body, Values, parse_fields
from core.web.routing import SAFE_METHODS

API = "/api/"

NO_BODY = Body()


class Incoming:
    """One request before anybody knows whose it is."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_query: bytes = scope["query_string"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.scheme: str = scope.get("scheme", "http")
        client = scope.get("client")
        self.address: str = client[0] if client else ""
        self.body = NO_BODY

    @property
    def is_safe(self) -> bool:
        """Whether the verb promises to change nothing."""
        return self.method in SAFE_METHODS

    @property
    def is_api(self) -> bool:
        """Whether a program asks, who is answered in JSON."""
        return self.path.startswith(API)

    def header(self, name: str) -> str:
        """A header's value, "" where it is missing. The name is in lower case."""
        return self.headers.get(name.encode(), b"").decode("latin-1")

    @cached_property
    def query(self) -> Values:
        """The fields behind the question mark."""
        return parse_fields(self.raw_query)

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies. Where two have the same name the first counts, which browsers make the more particular one."""
        found: dict[str, str] = {}
        for part in self.header("cookie").split(";"):
            name, _equals, value = part.strip().partition("=")
            found.setdefault(name, value)
        return found

    @property
    def bearer(self) -> str:
        """The token in the header Authorization."""
        kind, _space, token = self.header("authorization").partition(" ")
        return token.strip() if kind.lower() == "bearer" else ""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the browser asks for, the dearest first."""
        return _languages(self.header("accept-language"))


@lru_cache(maxsize=512)
def _languages(header: str) -> tuple[str, ...]:
    wanted = []
    for position, part in enumerate(header[:1000].split(",")):
        name, _semicolon, rest = part.partition(";")
        weight = rest.strip().removeprefix("q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        if name.strip() not in ("", "*") and quality > 0:
            wanted.append((-quality, position, name.strip()))
    return tuple(name for _quality, _position, name in sorted(wanted))
