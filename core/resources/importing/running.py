"""The run of an import: chunk by chunk, each one transaction with the mark up to which the file is done.

Rows are read, judged and made ready in one thread while another writes the chunk before, so that the lock is held for
the work of the database alone. What has changed between the two is noticed under the lock, and the chunk judged anew.
An attempt that is broken off goes on at the mark.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from core.kernel.access import NOBODY, load_principal
from core.kernel.errors import Conflict, Forbidden, SopiaError
from core.kernel.generations import read_generations
from core.kernel.history import Operation
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.resources.bulk import queue_up
from core.resources.importing import kept
from core.resources.importing.judging import Judge, Verdict
from core.resources.importing.kept import IMPORT, Import, Tally
from core.resources.importing.workshop import Tell, Workshop, chunks, estimate, silent
from core.resources.importing.writing import Prepared, Writer
from core.resources.sheets import Row, Table

TRIES: Final = 5
"""How often a chunk is tried that others keep from being written; from the second time on, row by row."""

REFUSED: Final = (IntegrityError, DataError)


OWN: Final = 3
"""The records of so many chunks are known for our own: those written since the present one was judged."""


class _Ended(Exception):
    """The import is no longer to go on: its person has stopped it, or another attempt is at it."""


class _Again(Exception):
    """A chunk was judged by what is no longer so: somebody's access has changed, or a value has been taken."""


class _Ready(NamedTuple):
    """A chunk on its way to be written."""

    rows: Sequence[Row]
    verdicts: list[Verdict]
    judge: Judge
    mark: int
    """How far the table had grown when the rows were judged."""
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
        self._own: deque[frozenset[int]] = deque(maxlen=OWN)

    def go(self) -> Import:
        """Write the rows that pass, from where an earlier attempt has ended; the import as it is after."""
        found = self._begin()
        if found.state == "stopped":
            return found
        try:
            self._attempt(found)
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
            if found.state == "stopped":
                return found
            if found.has_ended or found.state == "undoing":
                raise Conflict(_("This import has ended already."))
            if not found.operation:
                kept.forget_rows(connection, found)
                values: dict[str, Any] = {"operation": Operation(self._user_id, "import").id, "started_at": now()}
                kept.advance(connection, self._id, [found.state], **values, **Tally().values())
            kept.advance(connection, self._id, [found.state], state="running", error="")
            return kept.get(connection, self._id, self._user_id)

    def _end(self, state: str, error: str = "") -> None:
        with self._workshop.database.transaction(write=True) as connection:
            values: dict[str, Any] = {"rows_total": IMPORT.rows_done} if state == "done" else {}
            kept.advance(connection, self._id, ["running"], state=state, error=error, finished_at=now(), **values)

    def _attempt(self, found: Import) -> None:
        """Attempt the rest of the file."""
        self._tally = Tally.of(found)
        operation = Operation(self._user_id, "import", id=found.operation or "")
        with self._workshop.opened(found) as table, ThreadPoolExecutor(1, "sopia-import") as writing:
            done = self._skip(found, table)
            pending: tuple[_Ready, Future[None]] | None = None
            for rows in chunks(table):
                done += len(rows)
                ready = self._make_ready(found, rows, operation, estimate(done, table.progress))
                self._settle(found, operation, pending)
                # Each goes with the language of the one who asked, as all that is told is told in words.
                pending = ready, writing.submit(copy_context().run, self._write, ready)
            self._settle(found, operation, pending)

    def _skip(self, found: Import, table: Table) -> int:
        """Pass over the rows that an earlier attempt has dealt with, and know those that it has written."""
        if not found.rows_done:
            return 0
        with self._workshop.database.transaction(write=False) as connection:
            judge = self._present_judge(connection, found)
            left_out = frozenset(kept.row_numbers(connection, found))
        for row in islice(table, found.rows_done):
            if row.number not in left_out:
                judge.replay([row], found.corrections)
        return found.rows_done

    def _settle(self, found: Import, operation: Operation, pending: tuple[_Ready, Future[None]] | None) -> None:
        """Wait until a chunk is written; where others were in the way, judge it anew and write it more carefully."""
        if pending is None:
            return
        ready, writing = pending
        try:
            writing.result()
        except (_Again, *REFUSED):
            for count in range(1, TRIES):
                anew = self._make_ready(found, ready.rows, operation, ready.total, singly=count > 1)
                with suppress(_Again, *REFUSED):
                    self._write(anew)
                    return
            raise Conflict(_("Others keep changing what this import writes."), _("Start it again later.")) from None

    def _make_ready(
        self, found: Import, rows: Sequence[Row], operation: Operation, total: int | None, *, singly: bool = False
    ) -> _Ready:
        with self._workshop.database.transaction(write=False) as system:
            judge = self._present_judge(system, found)
            access, mark = self._access, judge.recognition.mark(system)
            connection = self._workshop.gate.adopted_connection(system, judge.context.principal)
            verdicts = judge.judge(connection, rows, found.corrections)
        writer = Writer(self._workshop.desk, judge, operation)
        writer.in_bulk = writer.in_bulk and not singly
        return _Ready(rows, verdicts, judge, mark, writer, writer.prepare(verdicts), access, total)

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
        resource = ready.judge.resource
        with self._workshop.database.transaction(write=True) as system:
            queue_up(system, resource.table)
            self._check_present(system, ready)
            ready.writer.write(system, ready.verdicts, ready.prepared)
            tally = self._tally.with_(ready.verdicts)
            # The mark moves from where this attempt has left it, so that two attempts never write a row twice.
            if not kept.advance(system, self._id, ["running"], self._tally.done, **tally.values()):
                raise _Ended
            kept.keep_rows(system, self._id, ready.verdicts)
            self._tell(tally.done, ready.total, system)
        self._tally = tally
        self._own.append(frozenset(each.record_id or 0 for each in ready.verdicts if each.outcome == "create"))

    def _check_present(self, system: Connection, ready: _Ready) -> None:
        """Refuse a chunk that was judged by what is no longer so."""
        if read_generations(system)[0] != ready.access:
            raise _Again
        own = frozenset().union(*self._own)
        if ready.judge.recognition.is_overtaken(system, ready.mark, own, ready.verdicts):
            raise _Again
