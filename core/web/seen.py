"""Notes when sessions and tokens were last in use: gathered in memory and written now and then, by no page."""

from __future__ import annotations

import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.kernel.database import Database
from core.kernel.sessions import SignedIn, note_seen
from core.kernel.tokens import note_used

log = structlog.get_logger("sopia.web")

EVERY = 15.0
"""Seconds between two writings. What a crash takes along is noted by the next request."""


class SeenNotes:
    """The sessions and tokens whose use is to be written down."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sessions: set[int] = set()
        self._tokens: set[int] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, signed: SignedIn) -> None:
        """Remember a session or token that is in use."""
        if signed.session_id is not None:
            self._sessions.add(signed.session_id)
        if signed.token_id is not None:
            self._tokens.add(signed.token_id)

    def write(self) -> None:
        """Write down what was gathered."""
        sessions, self._sessions = self._sessions, set()
        tokens, self._tokens = self._tokens, set()
        if not sessions and not tokens:
            return
        with self._database.transaction(write=True) as connection:
            note_seen(connection, sessions)
            note_used(connection, sorted(tokens))

    def start(self) -> None:
        """Begin to write now and then."""
        self._thread = threading.Thread(target=self._run, name="sopia-seen", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write the rest and end."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        ended = False
        while not ended:
            ended = self._stopping.wait(EVERY)
            try:
                self.write()
            except SQLAlchemyError as error:
                log.warning("use of sessions not noted", reason=str(error)[:200])
