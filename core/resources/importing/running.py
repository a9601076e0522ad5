"""The run of an import: chunk by chunk, each one transaction with the mark up to which the file is done.

Rows are read, judged and made ready in one thread while another writes the chunk before, so that the lock is held for
the work of the database alone. An attempt that is broken off goes on at the mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from core.kernel.access import NOBODY, load_principal
from core.kernel.errors import Conflict, Forbidden, SopiaError
from core.kernel.generations import read_generations
from core.kernel.history import Operation
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.resources.importing import kept
from core.resources.importing.judging import Judge, Verdict
from core.resources.importing.kept import IMPORT, Import, Tally
from core.resources.importing.workshop import Tell, Workshop, chunks, estimate, silent
from core.resources.importing.writing import Prepared, Writer
from core.resources.sheets import Row

TRIES: Final = 4
"""How often a chunk is tried that others keep from being written."""


class _Ended(Exception):
    """The import is no longer to go on: its person has stopped it."""


class _Again(Exception):
    """A chunk was judged by what is no longer so: somebody's access has changed, or a value has been taken."""


class _Ready(NamedTuple):
    """A chunk on its way to be written."""

    verdicts: list[Verdict]
    writer: Writer
    prepared: Prepared | None
    access: int
    total: int | None


class Run:
    """One attempt at the run of an import, with the present rights of its person."""

    def __init__(self, workshop: Workshop, import_id: int, user_id: int, tell: Tell = silent) -> None:
        self._workshop = workshop
        self._id = import_id
        self._user_id = user_id
        self._tell = tell
        self._judge: Judge | None = None
        self._access = -1
        self._tally = Tally()
        self._singly = False

    def go(self) -> Import:
        """Write the rows that pass, from where an earlier attempt has ended; the import as it is after."""
        found = self._begin()
        try:
            self._try(found)
        except _Ended:
            pass
        except SopiaError as error:
            if error.status < 500:
                self._end("failed", str(error))
            raise
        else:
            self._end("done")
        return self._now()

    def _now(self) -> Import:
        with self._workshop.database.transaction(write=False) as connection:
            return kept.get(connection, self._id, self._user_id)

    def _begin(self) -> Import:
        """Take the import up; an operation of its own is what undoes it."""
        with self._workshop.database.transaction(write=True) as connection:
            found = kept.get(connection, self._id, self._user_id)
            if found.has_ended or found.state == "undoing":
                raise Conflict(_("This import has ended already."))
            if found.state != "running":
                kept.forget_rows(connection, found)
                operation = found.operation or Operation(self._user_id, "import").id
                values = {"operation": operation, "started_at": now(), "error": "", **Tally().values()}
                kept.advance(connection, self._id, [found.state], state="running", **values)
            return kept.get(connection, self._id, self._user_id)

    def _end(self, state: str, error: str = "") -> None:
        with self._workshop.database.transaction(write=True) as connection:
            values = {"rows_total": IMPORT.rows_done} if state == "done" else {}
            kept.advance(connection, self._id, ["running"], state=state, error=error, finished_at=now(), **values)

    def _try(self, found: Import) -> None:
        """Attempt the rest of the file; again from the mark, and more carefully, where others were in the way."""
        tries = 0
        while True:
            done = found.rows_done
            try:
                return self._attempt(found)
            except (_Again, IntegrityError):
                found = self._now()
                tries = tries + 1 if found.rows_done == done else 1
                if tries >= TRIES:
                    raise Conflict(
                        _("Others keep changing what this import writes."), _("Start it again later.")
                    ) from None
                self._judge, self._singly = None, tries > 1

    def _attempt(self, found: Import) -> None:
        self._tally = Tally.of(found)
        operation = Operation(self._user_id, "import", id=found.operation or "")
        with self._workshop.opened(found) as table, ThreadPoolExecutor(1, "sopia-import") as writing:
            if found.rows_done:
                with self._workshop.database.transaction(write=False) as connection:
                    judge = self._present_judge(connection, found)
                judge.replay(list(islice(table, found.rows_done)), found.corrections)
            pending: Future[None] | None = None
            for rows in chunks(table):
                ready = self._make_ready(found, rows, operation, estimate(found.rows_done + len(rows), table.progress))
                if pending is not None:
                    pending.result()
                # Each goes with the language of the one who asked, as all that is told is told in words.
                pending = writing.submit(copy_context().run, self._write, ready)
            if pending is not None:
                pending.result()

    def _make_ready(self, found: Import, rows: Sequence[Row], operation: Operation, total: int | None) -> _Ready:
        with self._workshop.database.transaction(write=False) as system:
            judge = self._present_judge(system, found)
            access = self._access
            connection = self._workshop.gate.adopted_connection(system, judge.context.principal)
            verdicts = judge.judge(connection, rows, found.corrections)
        writer = Writer(self._workshop.desk, judge, operation)
        writer.in_bulk = writer.in_bulk and not self._singly
        return _Ready(verdicts, writer, writer.prepare(verdicts), access, total)

    def _present_judge(self, connection: Connection, found: Import) -> Judge:
        """The judge with the rights that the person has at this moment."""
        access = read_generations(connection)[0]
        if self._judge is None or access != self._access:
            principal = load_principal(connection, self._user_id)
            if principal is NOBODY:
                raise Forbidden
            self._workshop.need(principal, self._workshop.resource_of(found))
            judge = self._workshop.judge(found, principal)
            if self._judge is not None:
                judge.take_over(self._judge)
            self._judge, self._access = judge, access
        return self._judge

    def _write(self, ready: _Ready) -> None:
        """Write one chunk with its mark, in one transaction."""
        with self._workshop.database.transaction(write=True) as system:
            if read_generations(system)[0] != ready.access:
                raise _Again
            ready.writer.write(system, ready.verdicts, ready.prepared)
            tally = self._tally.with_(ready.verdicts)
            if not kept.advance(system, self._id, ["running"], **tally.values()):
                raise _Ended
            kept.keep_rows(system, self._id, ready.verdicts)
            self._tell(tally.done, ready.total, system)
        self._tally = tally
