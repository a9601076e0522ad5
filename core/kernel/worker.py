"""The worker: takes jobs from the queue and runs them, in threads of the server or of a `sopia work` process.

Nothing here is global: which jobs there are belongs to the registry of a generation of the platform, and a worker is
stopped and replaced together with it.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from cronsim import CronSim
from sqlalchemy import Connection, Row, select, update

from core.kernel import jobs, outbox
from core.kernel.access import load_principal
from core.kernel.database import Database, Session
from core.kernel.errors import ConfigurationError, SopiaError
from core.kernel.gate import Gate
from core.kernel.generations import Privileged, privileged
from core.kernel.history import Operation
from core.kernel.i18n import translate as _
from core.kernel.jobs import LEASE, Job, Schedule, ScheduleTime, enqueue, is_final, words_for
from core.kernel.outbox import Sender
from core.kernel.principal import NOBODY, Principal
from core.kernel.types import now

log = structlog.get_logger("sopia.worker")

THREADS: Final = 2
"""So that a short job does not wait for the end of a long one."""

LOOKING: Final = 1.0
"""Seconds between two looks at the queue, for jobs that another process asks for."""

LONGEST_REST: Final = 30.0
"""Seconds between two tries while the database is away."""

Surroundings = Callable[[Principal | None], AbstractContextManager[Any]]


class Stopped(Exception):
    """The job has to end here: the worker stops, the job was cancelled, or another worker has it."""


class NoLongerActive(SopiaError):
    """The person whose rights a job runs with has left."""

    status = 403

    def __init__(self) -> None:
        super().__init__(_("The person who asked for this is no longer active."))


class Run:
    """One attempt at a job, as the job's function sees it."""

    def __init__(self, job: Row[Any], gate: Gate, platform: Any = None) -> None:
        self.id: int = job.id
        self.platform = platform
        """The generation of the platform that the job runs in, where the worker belongs to one."""
        self.payload: dict[str, Any] = job.payload
        self.user_id: int | None = job.user_id
        self.attempt: int = job.attempts
        self.done: int = job.done
        """What the last committed `progress` said; an attempt after a crash goes on from there."""
        self.state: Any = job.result
        self._job = job
        self._gate = gate
        self._end: BaseException | None = None

    @contextmanager
    def session(self, *, write: bool = False, operation: Operation | None = None) -> Iterator[Session]:
        """A session in one transaction: with the present rights of who asked for the job, or of the system."""
        self.check()
        if self.user_id is None:
            with self._gate.database.system(self._job.why, write=write) as session:
                session.info["watchers"] = self._gate.watchers
                yield session
            return
        with self._gate.database.transaction(write=write) as system:
            principal = self.principal(system)
            with self._gate.adopted(system, principal, write=write, origin="job", operation=operation) as scoped:
                yield scoped

    def principal(self, connection: Connection) -> Principal:
        """Who the job runs for, with the rights of this moment; `NoLongerActive` if that person has left."""
        assert self.user_id is not None
        principal = load_principal(connection, self.user_id)
        if principal is NOBODY:
            raise NoLongerActive
        return principal

    def progress(
        self, done: int, total: int | None = None, message: Any = "", *, state: Any = None, on: Privileged | None = None
    ) -> None:
        """Say how far the job is, in the transaction of the session `on`, or in one of its own.

        In the transaction of a piece of work it is the mark up to which the work is done: a later attempt finds it
        in `done` and `state`. Raises `Stopped` when the job is no longer this worker's, so the piece is undone.
        """
        self.check()
        values = {"done": done, "message": str(message)}
        values |= {"total": total} if total is not None else {}
        values |= {"result": state} if state is not None else {}
        if on is not None:
            held = jobs.report(privileged(on), self._job, **values)
        else:
            with self._gate.database.transaction(write=True) as connection:
                held = jobs.report(connection, self._job, **values)
        if not held:
            raise Stopped
        self.done, self.state = done, self.state if state is None else state

    def check(self) -> None:
        """Raise `Stopped` if the job has to end; for long work, between two pieces that can stand alone."""
        if self._end is not None:
            raise self._end

    def end(self, error: BaseException | None = None) -> None:
        """Make the job stop at its next check."""
        self._end = error or Stopped()


class Worker:
    """Runs the jobs of one registry until it is stopped."""

    def __init__(
        self,
        gate: Gate,
        known: Iterable[Job],
        *,
        schedules: Iterable[Schedule] = (),
        senders: Mapping[str, Sender] | None = None,
        timezone: str = "UTC",
        surroundings: Surroundings = lambda principal: nullcontext(),
        threads: int = THREADS,
        lease: timedelta = LEASE,
        looking: float = LOOKING,
        platform: Any = None,
    ) -> None:
        self.name = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._gate = gate
        self._platform = platform
        self._database: Database = gate.database
        self._jobs = _by_name(known)
        self._schedules = tuple(schedules)
        self._senders = dict(senders or {})
        self._timezone = ZoneInfo(timezone)
        self._surroundings = surroundings
        self._lease = lease
        self._looking = looking
        self._running: dict[int, Run] = {}
        self._renewed = time.monotonic()
        self._stopping = threading.Event()
        self._called, self._calls = threading.Condition(), 0
        loops = [self._run_one] * threads + [self._keep] + ([self._deliver] if self._senders else [])
        self._threads = [threading.Thread(target=self._forever, args=(loop,), daemon=True) for loop in loops]

    def start(self) -> None:
        """Begin, in threads of this process."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """Take no more jobs, ask the running ones to end, and wait; false if one did not end in time.

        Such a job goes on until the process ends. Another worker takes it when its lease is over.
        """
        self._stopping.set()
        for run in list(self._running.values()):
            run.end()
        self.wake()
        ends = time.monotonic() + timeout
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, ends - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def wake(self) -> None:
        """Look at the queue now; for whoever has just committed a job or a message in this process."""
        with self._called:
            self._calls += 1
            self._called.notify_all()

    def run_due(self) -> int:
        """Do everything that is due, in this thread; how many attempts and messages it was. For commands and tests."""
        self._ask_for_scheduled()
        count = 0
        while self._run_one():
            count += 1
        return count + outbox.deliver_due(self._database, self._senders, self.name)

    # ---------------------------------------------------------------------------------------------------- the threads

    def _forever(self, loop: Callable[[], bool]) -> None:
        rest = self._looking
        while not self._stopping.is_set():
            calls = self._calls
            try:
                busy, rest = loop(), self._looking
            except Exception:
                # The database may be away for a while; a worker outlives that.
                log.exception("worker disturbed", worker=self.name, rest=rest)
                busy, rest = False, min(rest * 2, LONGEST_REST)
            if not busy:
                self._rest(rest, calls)

    def _rest(self, seconds: float, calls: int) -> None:
        """Wait, but not if somebody has called since."""
        with self._called:
            self._called.wait_for(lambda: self._stopping.is_set() or self._calls != calls, seconds)

    def _deliver(self) -> bool:
        return outbox.deliver_due(self._database, self._senders, self.name) > 0

    def _keep(self) -> bool:
        """Signs of life for the running jobs, and the schedules."""
        self._ask_for_scheduled()
        if self._running and time.monotonic() - self._renewed > self._lease.total_seconds() / 3:
            self._renew(dict(self._running))
            self._renewed = time.monotonic()
        return False

    def _renew(self, running: dict[int, Run]) -> None:
        with self._database.transaction(write=True) as connection:
            held = jobs.renew(connection, self.name, list(running), self._lease)
            gone = jobs.without_person(connection, list(running))
        for job_id, run in running.items():
            if job_id in gone:
                run.end(NoLongerActive())
            elif job_id not in held:
                run.end()

    # -------------------------------------------------------------------------------------------------------- one job

    def _run_one(self) -> bool:
        """Take one job that is due and attempt it; false if there is none."""
        with self._database.transaction(write=False) as connection:
            if not jobs.is_due(connection, self._jobs):
                return False
        with self._database.transaction(write=True) as connection:
            claimed = [
                job
                for job in jobs.claim(connection, self.name, self._jobs, 1, self._lease)
                # One that has taken its workers along every time is not run again.
                if job.attempts <= job.most_attempts or not jobs.finish(connection, job, "failed", error=_broken_off())
            ]
        for job in claimed:
            self._attempt(job)
        return True

    def _attempt(self, job: Row[Any]) -> None:
        run = Run(job, self._gate, self._platform)
        replaced = self._running.get(job.id)
        if replaced is not None:
            replaced.end()
        self._running[job.id] = run
        if self._stopping.is_set():
            run.end()
        try:
            settle = self._outcome(job, run)
        finally:
            if self._running.get(job.id) is run:
                del self._running[job.id]
        with self._database.transaction(write=True) as connection:
            if not settle(connection):
                log.warning("job is no longer this worker's", job=job.id, name=job.name, worker=self.name)

    def _outcome(self, job: Row[Any], run: Run) -> Callable[[Connection], bool]:
        """Run the job; what is to be written down about it."""
        try:
            with self._surroundings(self._person(run)):
                return self._call(job, run)
        except NoLongerActive as error:
            said = str(error)
            return lambda connection: jobs.finish(connection, job, "cancelled", error=said)

    def _person(self, run: Run) -> Principal | None:
        if run.user_id is None:
            return None
        with self._database.transaction(write=False) as connection:
            return run.principal(connection)

    def _call(self, job: Row[Any], run: Run) -> Callable[[Connection], bool]:
        try:
            result = self._jobs[job.name].run(run)
            # What cannot be kept is a fault of the job, not of the writing of its end.
            kept = json.loads(json.dumps(run.state if result is None else result, default=str))
        except Stopped:
            return lambda connection: jobs.give_back(connection, job)
        except NoLongerActive:
            raise
        except (Exception, SystemExit) as error:
            log.warning("job failed", job=job.id, name=job.name, attempt=job.attempts, exc_info=error)
            said = {"error": words_for(error), "trace": traceback.format_exc()}
            final = is_final(error)
            return lambda connection: jobs.fail(connection, job, final=final, **said)
        return lambda connection: jobs.finish(connection, job, "done", result=kept, error="", trace="")

    # ------------------------------------------------------------------------------------------------------ schedules

    def _ask_for_scheduled(self) -> None:
        if not self._schedules:
            return
        moment = now()
        with self._database.transaction(write=False) as connection:
            if not self._late(connection, moment):
                return
        with self._database.transaction(write=True) as connection:
            for schedule, known in self._late(connection, moment):
                self._advance(connection, schedule, known, moment)

    def _late(self, connection: Connection, moment: datetime) -> list[tuple[Schedule, datetime | None]]:
        """The schedules whose time has come, with that time, and those that are new or have changed, without."""
        columns = select(ScheduleTime.name, ScheduleTime.cron, ScheduleTime.next_at)
        rows = {row.name: row for row in connection.execute(columns)}
        late: list[tuple[Schedule, datetime | None]] = []
        for schedule in self._schedules:
            row = rows.get(schedule.name)
            if row is None or row.cron != schedule.cron:
                late.append((schedule, None))
            elif row.next_at <= moment:
                late.append((schedule, row.next_at))
        return late

    def _advance(self, connection: Connection, schedule: Schedule, time_: datetime | None, moment: datetime) -> None:
        following = next(CronSim(schedule.cron, moment.astimezone(self._timezone)))
        values = {"cron": schedule.cron, "next_at": following}
        if time_ is None:
            jobs.upsert_schedule(connection, schedule.name, values)
            return
        mine = update(ScheduleTime).where(ScheduleTime.name == schedule.name, ScheduleTime.next_at == time_)
        # Of several workers one moves the time on, and that one asks for the job.
        if connection.execute(mine.values(values)).rowcount == 1:
            enqueue(connection, schedule.job, why=schedule.why, unique_key=f"schedule:{schedule.name}")


def _by_name(known: Iterable[Job]) -> dict[str, Job]:
    found: dict[str, Job] = {}
    for job in known:
        if job.name in found:
            raise ConfigurationError(
                _("There are two jobs with the name '{name}'.", name=job.name), _("Rename one of them.")
            )
        found[job.name] = job
    return found


def _broken_off() -> str:
    return str(_("The work was broken off each time it was tried."))
