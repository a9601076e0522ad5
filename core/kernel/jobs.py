"""Work that is done later: the queue in the database, and what may be said and asked about it.

A job is asked for in a transaction and exists when that commits. A worker (`core.kernel.worker`) leases it, so that
another one takes over when the first dies; so it may run twice, and its work must bear that.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Literal

from cronsim import CronSim, CronSimError
from sqlalchemy import (
    JSON,
    CheckConstraint,
    Connection,
    CursorResult,
    Index,
    Row,
    String,
    Text,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, aliased, mapped_column

from core.kernel.database import Base
from core.kernel.errors import ConfigurationError, SopiaError
from core.kernel.generations import Privileged, privileged
from core.kernel.i18n import translate as _
from core.kernel.policies import Sealed
from core.kernel.types import Instant, Key, link, now
from core.kernel.users import User

State = Literal["waiting", "running", "done", "failed", "cancelled"]

LEASE: Final = timedelta(seconds=60)
"""So long after its last sign of life a worker counts as dead, and another one takes its jobs."""

FIRST_PAUSE: Final = 10.0
LONGEST_PAUSE: Final = 3600.0
"""Seconds between two attempts."""

ATTEMPTS: Final = 5
KEY_LENGTH: Final = 200
TRACE_LENGTH: Final = 8000


class QueuedJob(Base):
    """One piece of work: who asked for it, how far it is, what came of it."""

    __tablename__ = "system_job"
    __policy__: ClassVar[Any] = Sealed("the queue; people see their own jobs through read_job")
    __table_args__ = (
        # Work is done for a person with that person's rights, or for the system with a reason.
        CheckConstraint("(user_id IS NULL) <> (why IS NULL)", name="for_somebody"),
        Index("ix_system_job_due_at", "due_at", sqlite_where=text("due_at IS NOT NULL"),
              postgresql_where=text("due_at IS NOT NULL")),
        Index("uq_system_job_unique_key", "unique_key", unique=True, sqlite_where=text("due_at IS NOT NULL"),
              postgresql_where=text("due_at IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    unique_key: Mapped[str | None] = mapped_column(String(KEY_LENGTH))
    user_id: Mapped[int | None] = link("system_user", nullable=True, ondelete="CASCADE")
    why: Mapped[str | None] = mapped_column(String(200))
    priority: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    due_at: Mapped[datetime | None] = mapped_column(default=now)
    """When somebody should take it: of a waiting job its time, of a running one the end of its lease, then nothing."""
    worker: Mapped[str | None] = mapped_column(String(100))
    attempts: Mapped[int] = mapped_column(default=0)
    most_attempts: Mapped[int] = mapped_column(default=ATTEMPTS)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    message: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[str] = mapped_column(Text, default="")
    """What went wrong, in words for the person who asked."""
    trace: Mapped[str] = mapped_column(Text, default="")
    """What went wrong, for the programmer."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ScheduleTime(Base):
    """When a schedule is due next; all workers share it, so that each time happens once."""

    __tablename__ = "system_schedule"
    __policy__: ClassVar[Any] = Sealed("the times of the schedules")

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    cron: Mapped[str] = mapped_column(String(100))
    next_at: Mapped[datetime] = mapped_column(Instant)


JOB = QueuedJob.__table__.c


@dataclass(frozen=True)
class Job:
    """A kind of work that a plugin can do: `run` gets a `core.kernel.worker.Run` and returns what `result` shows."""

    name: str
    run: Callable[[Any], Any]


@dataclass(frozen=True)
class Schedule:
    """Work that the system asks for by itself, at the times of a cron expression in the installation's time zone.

    A time that passes while no worker runs is made up for once, however many were missed.
    """

    name: str
    cron: str
    job: str
    why: str

    def __post_init__(self) -> None:
        try:
            CronSim(self.cron, now())
        except CronSimError:
            raise ConfigurationError(
                _("The schedule '{name}' has the times '{cron}', which are not a cron expression.",
                  name=self.name, cron=self.cron),
                _("Write minute, hour, day, month and weekday, as in: 30 2 * * 1-5."),
            ) from None  # fmt: skip


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is, for the person who asked for it."""

    id: int
    name: str
    state: State
    done: int
    total: int | None
    message: str
    result: Any
    error: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come."""
        return self.state in {"done", "failed", "cancelled"}


def enqueue(
    session: Privileged,
    name: str,
    payload: Mapping[str, Any] | None = None,
    *,
    why: str | None = None,
    unique_key: str | None = None,
    priority: int = 0,
    at: datetime | None = None,
    most_attempts: int = ATTEMPTS,
) -> int:
    """Ask for work in the transaction of `session`; the job's id. Nothing happens if the transaction is undone.

    It runs with the rights that the session's principal has then, or as the system when the reason `why` is given.
    While a job with the same `unique_key` waits or runs, no second one is made and the id is that job's.
    """
    connection = privileged(session)
    principal = None if isinstance(session, Connection) else session.info.get("principal")
    if why is None and principal is None:
        raise ValueError(f"The job '{name}' needs a session with a principal, or the reason why it runs as the system")
    values = {
        "name": name,
        "payload": dict(payload or {}),
        "unique_key": unique_key,
        "user_id": principal.user_id if why is None and principal is not None else None,
        "why": why,
        "priority": priority,
        "due_at": at or now(),
        "most_attempts": most_attempts,
    }
    if unique_key is None:
        return int(connection.execute(insert(QueuedJob).values(values).returning(JOB.id)).scalar_one())
    statement = _dialect(connection).insert(QueuedJob).values(values).returning(JOB.id)
    statement = statement.on_conflict_do_nothing(index_elements=["unique_key"], index_where=JOB.due_at.is_not(None))
    present = select(JOB.id).where(JOB.unique_key == unique_key, JOB.due_at.is_not(None))
    for _attempt in range(5):
        # The one that stands in the way may finish between the two statements.
        found = connection.execute(statement).scalar() or connection.execute(present).scalar()
        if found is not None:
            return int(found)
    raise RuntimeError(f"The job '{name}' could not be queued under the key '{unique_key}'")


def read_job(connection: Connection, job_id: int, user_id: int) -> Progress | None:
    """How far a person's own job is; None for the jobs of others as for those that do not exist."""
    columns = [JOB[name] for name in Progress.__dataclass_fields__]
    row = connection.execute(select(*columns).where(JOB.id == job_id, JOB.user_id == user_id)).one_or_none()
    return Progress(**row._mapping) if row else None


def cancel_job(connection: Connection, job_id: int, user_id: int) -> bool:
    """Stop a person's own job; false if it has ended. What it has committed stays, and it ends at its next check."""
    mine = [JOB.id == job_id, JOB.user_id == user_id, JOB.due_at.is_not(None)]
    return _changed(connection, mine, state="cancelled", due_at=None, finished_at=now()) == 1


def forget_finished(connection: Connection, older_than: timedelta = timedelta(days=30)) -> int:
    """Remove jobs that ended long ago, and say how many."""
    return _count(connection.execute(delete(QueuedJob).where(JOB.finished_at < now() - older_than)))


def is_due(connection: Connection, names: Iterable[str]) -> bool:
    """Whether one of these jobs waits for a worker; looking does not hold up any writer."""
    due = select(JOB.id).where(JOB.due_at <= now(), JOB.name.in_(list(names))).limit(1)
    return connection.execute(due).first() is not None


def claim(
    connection: Connection, worker: str, names: Iterable[str], count: int = 1, lease: timedelta = LEASE
) -> Sequence[Row[Any]]:
    """Lease up to `count` jobs of these names that are due, the most urgent first; those of dead workers among them."""
    moment = now()
    first = (
        select(JOB.id)
        .where(JOB.due_at <= moment, JOB.name.in_(list(names)))
        .order_by(JOB.priority.desc(), JOB.due_at, JOB.id)
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(QueuedJob)
        .where(JOB.id.in_(first))
        .values(state="running", due_at=moment + lease, worker=worker, attempts=JOB.attempts + 1, started_at=moment)
        .returning(*QueuedJob.__table__.c)
    )
    return connection.execute(statement).all()


def renew(connection: Connection, worker: str, job_ids: Sequence[int], lease: timedelta = LEASE) -> set[int]:
    """Give a sign of life for jobs; those of them that the worker still holds, the others are no longer its own."""
    statement = (
        update(QueuedJob)
        .where(JOB.id.in_(job_ids), JOB.worker == worker, JOB.state == "running")
        .values(due_at=now() + lease)
        .returning(JOB.id)
    )
    return set(connection.execute(statement).scalars())


def report(connection: Connection, job: Row[Any], **values: Any) -> bool:
    """Write down how far a leased job is; false, with nothing written, when the lease is no longer the worker's."""
    return _changed(connection, _held(job), **values) == 1


def finish(connection: Connection, job: Row[Any], state: State, **values: Any) -> bool:
    """End a leased job; false when the lease is no longer the worker's."""
    return report(connection, job, state=state, due_at=None, worker=None, finished_at=now(), **values)


def give_back(connection: Connection, job: Row[Any]) -> bool:
    """Let another worker do a leased job at once; the attempt does not count."""
    return report(connection, job, state="waiting", due_at=now(), worker=None, attempts=JOB.attempts - 1)


def fail(connection: Connection, job: Row[Any], *, error: str, trace: str, final: bool) -> bool:
    """Try a leased job again later, or park it when that cannot help (`final`) or it has been tried enough."""
    said = {"error": error, "trace": trace[-TRACE_LENGTH:]}
    if final or job.attempts >= job.most_attempts:
        return finish(connection, job, "failed", **said)
    return report(connection, job, state="waiting", due_at=now() + pause(job.attempts), worker=None, **said)


def without_person(connection: Connection, job_ids: Sequence[int]) -> set[int]:
    """Those of the jobs whose person is no longer active."""
    left = or_(User.active.is_(False), User.deleted_at.is_not(None))
    asked = select(JOB.id).join(User, User.id == JOB.user_id).where(JOB.id.in_(job_ids), left)
    return set(connection.execute(asked).scalars())


def upsert_schedule(connection: Connection, name: str, values: Mapping[str, Any]) -> None:
    """Write down the times of a schedule, whether it is known or not."""
    statement = _dialect(connection).insert(ScheduleTime).values(name=name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=dict(values)))


def retry_job(connection: Connection, job_id: int) -> bool:
    """Let a job that was parked or cancelled start anew; false for any other, and while another has its unique key."""
    other = aliased(QueuedJob)
    same = select(other.id).where(other.unique_key == JOB.unique_key, other.due_at.is_not(None)).exists()
    parked = [JOB.id == job_id, or_(JOB.state == "failed", JOB.state == "cancelled"), ~same]
    values = {"state": "waiting", "due_at": now(), "attempts": 0, "finished_at": None, "error": "", "trace": ""}
    return _changed(connection, parked, **values) == 1


def pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, not all at the same moment."""
    seconds: float = FIRST_PAUSE * 2.0 ** min(attempts - 1, 20)
    return timedelta(seconds=min(seconds, LONGEST_PAUSE) * random.uniform(0.8, 1.2))


def is_final(error: BaseException) -> bool:
    """Whether the same attempt would fail again: what was asked for is wrong, not the circumstances."""
    return isinstance(error, SopiaError) and error.status < 500


def words_for(error: BaseException) -> str:
    """What a person may read of an error; the inside of the program is for the log."""
    return (
        str(error) if isinstance(error, SopiaError) else str(_("Something went wrong; an administrator can see what."))
    )


def _held(job: Row[Any]) -> list[Any]:
    # The attempt is part of it: the same worker may hold a later lease of the same job.
    return [JOB.id == job.id, JOB.worker == job.worker, JOB.attempts == job.attempts, JOB.state == "running"]


def _changed(connection: Connection, where: Iterable[Any], **values: Any) -> int:
    return _count(connection.execute(update(QueuedJob).where(*where).values(values)))


def _count(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount


def _dialect(connection: Connection) -> Any:
    return sqlite if connection.dialect.name == "sqlite" else postgresql
