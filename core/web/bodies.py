"""Reading what a request brings: within limits, before a thread or the database is asked for anything."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, NoReturn, cast
from urllib.parse import parse_qsl

from core.kernel.errors import BadRequest, SopiaError, TooLarge
from core.kernel.i18n import translate as _
from core.web import limits

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class TooSlow(SopiaError):
    """The body did not come within the time that we wait for it."""

    status = 408

    def __init__(self) -> None:
        super().__init__(_("The data did not arrive in time."), _("Check the connection, then send again."))


class Gone(Exception):
    """The other side has hung up; there is nobody to answer."""


@dataclass(slots=True)
class Upload:
    """A file that came with a form; what it is called and claims to be is the sender's word only."""

    filename: str
    content_type: str
    file: IO[bytes]
    size: int


class Values(Mapping[str, str]):
    """The fields of a form or of a query: by name the last value, with `all` every one."""

    __slots__ = ("_by_name", "pairs")

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs
        self._by_name: dict[str, list[str]] = {}
        for name, value in pairs:
            self._by_name.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> str:
        return self._by_name[name][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def all(self, name: str) -> list[str]:
        """Every value of a field, in the order sent."""
        return list(self._by_name.get(name, ()))

    def without(self, *names: str) -> list[tuple[str, str]]:
        """The pairs but those of these names."""
        return [pair for pair in self.pairs if pair[0] not in names]


@dataclass(slots=True)
class Form:
    """What was posted: its fields, and its files by the name of their field."""

    values: Values = field(default_factory=lambda: Values([]))
    files: dict[str, list[Upload]] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field."""
        return self.values.get(name, default)

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return self.values.all(name)

    def file(self, name: str) -> Upload | None:
        """The file of a field; None where none was chosen."""
        return next((upload for upload in self.files.get(name, ()) if upload.filename or upload.size), None)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def digest(self) -> bytes:
        """The same for the same fields and files, however they were sent."""
        digest = hashlib.sha256()
        for name, value in sorted(self.values.without("_token")):
            digest.update(f"{len(name)}:{name}={len(value)}:{value};".encode("utf-8", "surrogatepass"))
        for name, uploads in sorted(self.files.items()):
            for upload in uploads:
                digest.update(f"{name}/{upload.filename}/{upload.size};".encode("utf-8", "surrogatepass"))
                while chunk := upload.file.read(1 << 20):
                    digest.update(chunk)
                upload.file.seek(0)
        return digest.digest()

    def rewind(self) -> None:
        """Put every file back to its beginning."""
        for upload in self._uploads():
            upload.file.seek(0)

    def close(self) -> None:
        """Throw the files away."""
        for upload in self._uploads():
            upload.file.close()

    def _uploads(self) -> Iterator[Upload]:
        return (upload for uploads in self.files.values() for upload in uploads)


@dataclass(slots=True)
class Body:
    """The body of a request: as bytes, and as the form that it is."""

    raw: bytes = b""
    form: Form = field(default_factory=Form)


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, *, uploads: bool) -> Body:
    """The body, within the limits of its route. Files come only where the route takes them."""
    most = limits.UPLOAD if uploads else limits.BODY
    announced = headers.get(b"content-length", b"0")
    if not announced.isdigit() or len(announced) > 15:
        raise BadRequest(_("The header Content-Length is '{value}'.", value=_shown(announced)), _("Send a number."))
    if int(announced) > most:
        _refuse_size(most)
    if announced == b"0" and b"transfer-encoding" not in headers:
        return Body()
    chunks = _chunks(receive, most)
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind == b"multipart/form-data":
        return Body(form=await _read_parts(headers, chunks, uploads=uploads))
    raw = b"".join([chunk async for chunk in chunks])
    if kind == b"application/x-www-form-urlencoded":
        return Body(raw, Form(parse_fields(raw)))
    return Body(raw)


def parse_fields(raw: bytes) -> Values:
    """The fields in the bytes of a form or of a query."""
    try:
        text = raw.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=limits.FIELDS)
    except UnicodeDecodeError:
        raise BadRequest(_("The fields are not valid UTF-8."), _("Encode them as UTF-8, then as a form.")) from None
    except ValueError:
        raise BadRequest(
            _("There are more than {most} fields.", most=limits.FIELDS), _("Send fewer fields at once.")
        ) from None
    return Values(pairs)


def parse_json(raw: bytes) -> Any:
    """The value in a JSON body."""
    try:
        value = json.loads(raw, parse_constant=_no_constant)
    except RecursionError:
        _refuse_depth()
    except ValueError as error:
        raise BadRequest(
            _("The body is not JSON: {reason}.", reason=str(error).rstrip(".")), _("Send one JSON value in UTF-8.")
        ) from None
    if raw.count(b"[") + raw.count(b"{") > limits.JSON_DEPTH:
        _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _depth in range(limits.JSON_DEPTH + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
        ]
        if not level:
            return
    _refuse_depth()


def _refuse_depth() -> NoReturn:
    raise BadRequest(
        _("The JSON is nested more than {most} levels deep.", most=limits.JSON_DEPTH), _("Send a flatter value.")
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


async def _chunks(receive: Receive, most: int) -> AsyncGenerator[bytes, None]:
    size = 0
    while True:
        try:
            async with asyncio.timeout(limits.PATIENCE):
                message = await receive()
        except TimeoutError:
            raise TooSlow from None
        if message["type"] == "http.disconnect":
            raise Gone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > most:
            _refuse_size(most)
        if chunk:
            yield chunk
        if not message.get("more_body", False):
            return


async def _read_parts(headers: Mapping[bytes, bytes], chunks: AsyncGenerator[bytes, None], *, uploads: bool) -> Form:
    from starlette.datastructures import Headers
    from starlette.formparsers import MultiPartException, MultiPartParser

    content_type = Headers(raw=[(b"content-type", headers[b"content-type"])])
    parser = MultiPartParser(
        content_type,
        chunks,
        max_files=limits.FILES if uploads else 0,
        max_fields=limits.FIELDS,
        max_part_size=limits.FIELD,
    )
    try:
        parsed = await parser.parse()
    except MultiPartException as error:
        raise BadRequest(
            _("The form cannot be read: {reason}.", reason=error.message.rstrip(".")), _("Send it again.")
        ) from None
    form = Form(Values([(name, value) for name, value in parsed.multi_items() if isinstance(value, str)]))
    for name, value in parsed.multi_items():
        if not isinstance(value, str):
            upload = Upload(
                value.filename or "", value.content_type or "", cast(IO[bytes], value.file), value.size or 0
            )
            form.files.setdefault(name, []).append(upload)
    return form


def _refuse_size(most: int) -> NoReturn:
    raise TooLarge(
        _("The data sent is larger than {most} MB.", most=most // (1024 * 1024)), _("Send it in smaller parts.")
    )


def _shown(value: bytes) -> str:
    return value[:40].decode("latin-1")
