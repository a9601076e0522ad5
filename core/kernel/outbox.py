"""Messages to the outside: written in the transaction of what they tell, sent after it has been committed.

Nothing talks to the network inside of a transaction. A message is sent at least once, in the order of its stream, and
carries an id by which a receiver knows a second copy. Who sends (mail, webhooks) is handed in, by channel.
"""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import structlog
from sqlalchemy import JSON, Connection, Index, Row, String, Text, delete, insert, select, text, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from core.kernel.database import Base, Database
from core.kernel.generations import Privileged, privileged
from core.kernel.jobs import is_final, pause
from core.kernel.policies import Sealed
from core.kernel.types import Key, now

log = structlog.get_logger("sopia.outbox")

LEASE: Final = timedelta(seconds=120)
"""A sender takes less than this, or its message may be sent a second time."""

MOST_ATTEMPTS: Final = 12
"""With the pauses of `jobs.pause` a receiver may be away for about six hours."""


class OutboxMessage(Base):
    """One message to somebody outside, and whether it has gone."""

    __tablename__ = "system_outbox"
    __policy__: ClassVar[Any] = Sealed("what is sent outside, with addresses and secrets")
    __table_args__ = (
        Index("ix_system_outbox_due_at", "due_at", sqlite_where=text("due_at IS NOT NULL"),
              postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_system_outbox_stream", "stream", "id", sqlite_where=text("due_at IS NOT NULL"),
              postgresql_where=text("due_at IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    channel: Mapped[str] = mapped_column(String(50))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    dedupe_id: Mapped[str] = mapped_column(String(100), unique=True)
    stream: Mapped[str | None] = mapped_column(String(200))
    due_at: Mapped[datetime | None] = mapped_column(default=now)
    """When to send it next; while it is being sent, when to give its sender up; nothing when it has gone or failed."""
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(100))
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]


MESSAGE = OutboxMessage.__table__.c


@dataclass(frozen=True, slots=True)
class Message:
    """What a sender gets. A receiver that has seen `dedupe_id` has seen the message."""

    id: int
    channel: str
    payload: dict[str, Any]
    dedupe_id: str
    attempt: int


Sender = Callable[[Message], Any]
"""Sends one message, outside of any transaction, or raises; a `SopiaError` below 500 means that trying is no use."""


def post(
    session: Privileged,
    channel: str,
    payload: Mapping[str, Any],
    *,
    stream: str | None = None,
    dedupe_id: str | None = None,
    at: datetime | None = None,
) -> str:
    """Write a message in the transaction of `session`; its dedupe id. If the transaction is undone, so is the message.

    Messages of one `stream` (one customer's webhooks) are sent one after the other, in the order they were written.
    """
    found = dedupe_id or uuid.uuid4().hex
    values = {"channel": channel, "payload": dict(payload), "stream": stream, "dedupe_id": found, "due_at": at or now()}
    privileged(session).execute(insert(OutboxMessage).values(values))
    return found


def deliver_due(database: Database, senders: Mapping[str, Sender], worker: str, limit: int = 100) -> int:
    """Send up to `limit` messages that are due, and say how many were tried."""
    tried = 0
    while tried < limit and (message := _claim(database, senders, worker)) is not None:
        _deliver(database, senders, message)
        tried += 1
    return tried


def resend(connection: Connection, message_id: int) -> bool:
    """Try a message anew that had failed; false for any other."""
    parked = update(OutboxMessage).where(MESSAGE.id == message_id, MESSAGE.due_at.is_(None), MESSAGE.sent_at.is_(None))
    return connection.execute(parked.values(due_at=now(), attempts=0, error="")).rowcount == 1


def forget_sent(connection: Connection, older_than: timedelta = timedelta(days=30)) -> int:
    """Remove messages that were sent long ago, and say how many."""
    return connection.execute(delete(OutboxMessage).where(MESSAGE.sent_at < now() - older_than)).rowcount


def _due(channels: Iterable[str]) -> Any:
    """The first message that is due and has no earlier one of its stream before it."""
    earlier = aliased(OutboxMessage)
    waits = select(earlier.id).where(
        earlier.stream == MESSAGE.stream, earlier.id < MESSAGE.id, earlier.due_at.is_not(None)
    )
    return (
        select(MESSAGE.id)
        .where(MESSAGE.due_at <= now(), MESSAGE.channel.in_(list(channels)), ~waits.exists())
        .order_by(MESSAGE.due_at, MESSAGE.id)
        .limit(1)
    )


def _claim(database: Database, senders: Mapping[str, Sender], worker: str) -> Row[Any] | None:
    if not senders:
        return None
    with database.transaction(write=False) as connection:
        if connection.execute(_due(senders)).first() is None:
            return None
    with database.transaction(write=True) as connection:
        first = _due(senders).with_for_update(skip_locked=True, of=OutboxMessage)
        values = {"due_at": now() + LEASE, "attempts": MESSAGE.attempts + 1, "worker": worker}
        statement = update(OutboxMessage).where(MESSAGE.id.in_(first)).values(values)
        return connection.execute(statement.returning(*OutboxMessage.__table__.c)).first()


def _deliver(database: Database, senders: Mapping[str, Sender], row: Row[Any]) -> None:
    message = Message(row.id, row.channel, row.payload, row.dedupe_id, row.attempts)
    try:
        senders[row.channel](message)
        values: dict[str, Any] = {"due_at": None, "sent_at": now(), "error": ""}
    except Exception as error:
        log.warning("message not sent", message=row.id, channel=row.channel, attempt=row.attempts, exc_info=error)
        over = is_final(error) or row.attempts >= MOST_ATTEMPTS
        values = {"due_at": None if over else now() + pause(row.attempts), "error": traceback.format_exc()[-2000:]}
    held = update(OutboxMessage).where(
        MESSAGE.id == row.id, MESSAGE.attempts == row.attempts, MESSAGE.sent_at.is_(None)
    )
    with database.transaction(write=True) as connection:
        connection.execute(held.values(worker=None, **values))
