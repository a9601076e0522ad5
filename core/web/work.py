"""The transactions of one request: opened when the page asks for them, ended before the answer is sent."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from core.kernel import idempotency
from core.kernel.errors import BadRequest
from core.kernel.history import Operation
from core.kernel.i18n import translate as _
from core.web.responses import Page, Redirect, Response, Stream

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from core.kernel.compiler import ScopedConnection
    from core.kernel.guard import ScopedSession
    from core.kernel.platform import Platform
    from core.kernel.principal import Principal


class Replayed(Exception):
    """The same request has done its work before; here is what was answered."""

    def __init__(self, answer: idempotency.Answer) -> None:
        self.answer = answer


class Undone(Exception):
    """Thrown into a transaction to take it back."""


class Work:
    """What one request reads and writes, as its principal.

    Reading shares one transaction. Writing waits for its turn when the first write session is asked for, and is
    committed after the page function has returned; an answer of 400 or above takes everything back.
    """

    def __init__(
        self, platform: Platform, principal: Principal, origin: str, *, writes: bool, reader: Connection | None = None
    ) -> None:
        self._platform = platform
        self._principal = principal
        self._origin = origin
        self._writes = writes
        self._reader = reader
        self._reading = ExitStack()
        self._writing = ExitStack()
        self._read_session: ScopedSession | None = None
        self._read_connection: ScopedConnection | None = None
        self._write_session: ScopedSession | None = None
        self._system: Connection | None = None
        self.key: tuple[str, str] | None = None
        """The idempotency key of the request, with the digest of what it says."""

    @property
    def session(self) -> ScopedSession:
        """The session of the request: it writes for unsafe verbs and only reads for the others."""
        if not self._writes:
            return self.reader
        return self._write_session or self.begin()

    @property
    def reader(self) -> ScopedSession:
        """A session that only reads, whatever the verb, and so waits for nobody."""
        if self._read_session is None:
            self._read_session = self._open_reader(bin=False)
        return self._read_session

    @property
    def connection(self) -> ScopedConnection:
        """A scoped connection that only reads, without the ORM: what lists are read through."""
        if self._read_connection is None:
            self._read_connection = self._platform.gate.adopted_connection(self._system_reader(), self._principal)
        return self._read_connection

    def begin(self, *, bin: bool = False, verb: str | None = None) -> ScopedSession:
        """Open the request's session with options, before anything else has asked for it.

        With `bin` it sees what was deleted and may be restored; `verb` is the word for history: confirm, claim.
        """
        if not self._writes:
            self._read_session = self._open_reader(bin=bin)
            return self._read_session
        if self._write_session is not None:
            raise RuntimeError("The session of this request is open already; call begin() before the first use")
        self._system = self._writing.enter_context(self._platform.database.transaction(write=True))
        self._claim(self._system)
        operation = Operation(self._principal.user_id or None, self._origin, verb=verb)
        self._write_session = self._writing.enter_context(
            self._platform.gate.adopted(self._system, self._principal, write=True, bin=bin, operation=operation)
        )
        return self._write_session

    @property
    def operation(self) -> str:
        """The id of what this request changes, for the button that undoes it."""
        found: Operation = self.session.info["operation"]
        return found.id

    def finish(self, response: Response) -> None:
        """Commit what the answer stands for, or take it back where the answer is a refusal."""
        if self._system is None:
            return
        if response.status >= 400:
            self.undo()
            return
        if self.key is not None:
            assert self._write_session is not None
            self._write_session.flush()
            idempotency.settle(self._system, self._principal.user_id, self.key[0], _remembered(response))
        writing, self._writing = self._writing, ExitStack()
        self._write_session = self._system = None
        writing.close()

    def undo(self) -> None:
        """Take back everything that was written."""
        writing, self._writing = self._writing, ExitStack()
        self._write_session = self._system = None
        with suppress(Undone):
            writing.__exit__(Undone, Undone(), None)

    def close(self) -> None:
        """End the reading transaction."""
        self._reading.close()

    def _open_reader(self, *, bin: bool) -> ScopedSession:
        reader = self._system_reader()
        return self._reading.enter_context(
            self._platform.gate.adopted(reader, self._principal, origin=self._origin, bin=bin)
        )

    def _system_reader(self) -> Connection:
        if self._reader is None:
            self._reader = self._reading.enter_context(self._platform.database.transaction(write=False))
        return self._reader

    def _claim(self, system: Connection) -> None:
        if self.key is None or not self._principal.user_id:
            self.key = None
            return
        answer = idempotency.claim(system, self._principal.user_id, *self.key)
        if answer is not None:
            raise Replayed(answer)


def key_of_request(key: str, *parts: bytes) -> tuple[str, str]:
    """An idempotency key with the digest of the request's address and content."""
    if len(key) > idempotency.LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise BadRequest(
            _("The Idempotency-Key is not accepted."),
            _("Use up to {most} letters, digits and signs.", most=idempotency.LONGEST_KEY),
        )
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return key, digest.hexdigest()


def _remembered(response: Response) -> idempotency.Answer:
    headers = {name.lower(): value for name, value in response.headers}
    location = response.location if isinstance(response, Redirect) else headers.get("location", "")
    body = "" if isinstance(response, Page | Stream) else response.body.decode("utf-8")
    return idempotency.Answer(response.status, location, headers.get("etag", ""), response.content_type, body)
