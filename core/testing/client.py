"""A browser for tests without a browser's weight: it calls the application in this process and keeps its cookies."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

Application = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]
Fields = Mapping[str, str] | Iterable[tuple[str, str]]

BOUNDARY = "sopia-test-boundary"


@dataclass
class Answer:
    """What came back."""

    status: int
    raw_headers: list[tuple[str, str]]
    content: bytes = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The headers by their names in lower case; of several with one name the last."""
        return dict(self.raw_headers)

    @property
    def text(self) -> str:
        """The body as text, unpacked."""
        packed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.content) if packed else self.content).decode("utf-8")

    @property
    def json(self) -> Any:
        """The body as the value that its JSON says."""
        return json.loads(self.text)

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("location", "")


class Client:
    """Somebody at a browser. `headers` go along with every request; unsafe ones come from the site's own pages."""

    def __init__(
        self,
        application: Application,
        *,
        host: str = "sopia.test",
        address: str = "127.0.0.1",
        scheme: str = "http",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.application = application
        self.cookies: dict[str, str] = {}
        self._address = address
        self._scheme = scheme
        self._headers = {"host": host, "accept": "text/html", **(headers or {})}

    def sign_in(self, login: str, password: str) -> Answer:
        """Sign in; the cookie is kept."""
        return self.post("/login", {"login": login, "password": password})

    def get(self, url: str, query: Fields = (), **headers: str) -> Answer:
        """Ask for a page. Headers are named with `_` for `-`."""
        return self.request("GET", _with(url, query), headers=headers)

    def post(self, url: str, form: Fields = (), **headers: str) -> Answer:
        """Send a form."""
        body = urlencode(list(form.items() if isinstance(form, Mapping) else form)).encode()
        sent = {"content_type": "application/x-www-form-urlencoded", **headers}
        return self.request("POST", url, body=body, headers=sent)

    def upload(
        self,
        url: str,
        form: Fields,
        files: Iterable[tuple[str, str, bytes]],
        *,
        boundary: str = BOUNDARY,
        **headers: str,
    ) -> Answer:
        """Send a form with files, each as its field, its name, and its content."""
        parts = [
            f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
            for name, value in (form.items() if isinstance(form, Mapping) else form)
        ]
        parts += [
            f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
            f"Content-Type: application/octet-stream\r\n\r\n".encode()
            + content
            for name, filename, content in files
        ]
        separator = f"--{boundary}\r\n".encode()
        body = b"".join(separator + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
        sent = {"content_type": f"multipart/form-data; boundary={boundary}", **headers}
        return self.request("POST", url, body=body, headers=sent)

    def send(self, method: str, url: str, value: Any = None, **headers: str) -> Answer:
        """Call the API with a value as JSON."""
        body = b"" if value is None else json.dumps(value).encode()
        return self.request(method, url, body=body, headers={"content_type": "application/json", **headers})

    def request(
        self, method: str, url: str, *, body: bytes | Iterable[bytes] = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send anything; a body in several pieces comes without its length."""
        sent = dict(self._headers)
        if method not in ("GET", "HEAD"):
            sent["sec-fetch-site"] = "same-origin"
        if isinstance(body, bytes):
            sent["content-length"] = str(len(body))
        else:
            sent["transfer-encoding"] = "chunked"
        sent |= {name.lower().replace("_", "-"): value for name, value in (headers or {}).items()}
        if self.cookies:
            kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            sent.setdefault("cookie", kept)
        pieces = [body] if isinstance(body, bytes) else list(body)
        answer = asyncio.run(_call(self.application, self._scope(method, url, sent), pieces))
        self._keep_cookies(answer)
        return answer

    def _scope(self, method: str, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
        parts = urlsplit(url)
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": self._scheme,
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items() if value],
            "client": (self._address, 50000),
            "server": ("127.0.0.1", 8000),
        }

    def _keep_cookies(self, answer: Answer) -> None:
        for name, value in answer.raw_headers:
            if name == "set-cookie":
                key, _equals, rest = value.partition("=")
                content = rest.partition(";")[0]
                if "max-age=0" in rest.lower():
                    self.cookies.pop(key, None)
                else:
                    self.cookies[key] = content


async def _call(application: Application, scope: dict[str, Any], pieces: list[bytes]) -> Answer:
    waiting = [
        {"type": "http.request", "body": piece, "more_body": number + 1 < len(pieces)}
        for number, piece in enumerate(pieces or [b""])
    ]
    sent: list[Mapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await application(scope, receive, send)
    if not sent:
        return Answer(0, [], b"")
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in sent[0]["headers"]]
    return Answer(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))


def _with(url: str, query: Fields) -> str:
    pairs = list(query.items() if isinstance(query, Mapping) else query)
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}" if pairs else url
