"""The same request sent twice is one change: keys of requests, kept with their answers in the same transaction.

The web takes the key from the form (`_token`), the API from the header `Idempotency-Key`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Index, String, Text, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Base
from core.kernel.errors import Conflict, SopiaError
from core.kernel.i18n import translate as _
from core.kernel.policies import Sealed
from core.kernel.prepared import Prepared
from core.kernel.types import Key, now

KEPT: Final = timedelta(hours=24)
LONGEST_KEY: Final = 200
EMPTY: Final = {"location": "", "etag": "", "content_type": "", "body": ""}
"""What an answer says as long as there is none."""


class RequestKey(Base):
    """A request that has done its work, and what was answered."""

    __tablename__ = "system_idempotency"
    __policy__: ClassVar[Any] = Sealed("the answers to requests already made")
    __table_args__ = (Index("ix_system_idempotency_at", "at"),)

    user_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    location: Mapped[str] = mapped_column(Text, default="")
    etag: Mapped[str] = mapped_column(String(100), default="")
    content_type: Mapped[str] = mapped_column(String(100), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(default=now)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to the first of the two."""

    status: int
    location: str = ""
    etag: str = ""
    content_type: str = ""
    body: str = ""


class KeyUsedOtherwise(SopiaError):
    """The key came before, with other content."""

    status = 422

    def __init__(self) -> None:
        super().__init__(
            _("This form or Idempotency-Key was already sent with other content."),
            _("Load the page again, or use a new key."),
        )


_CLAIM: Final = {
    "sqlite": Prepared(sqlite.insert(RequestKey).on_conflict_do_nothing().returning(RequestKey.key)),
    "postgresql": Prepared(postgresql.insert(RequestKey).on_conflict_do_nothing().returning(RequestKey.key)),
}
_SETTLE: Final = Prepared(
    update(RequestKey).where(RequestKey.user_id == bindparam("person"), RequestKey.key == bindparam("claimed"))
)


def claim(connection: Connection, user_id: int, key: str, digest: str) -> Answer | None:
    """Take a key for this transaction; the first answer where the key has done its work already.

    On PostgreSQL the second of two at the same time waits here until the first has ended.
    """
    values = {"user_id": user_id, "key": key, "digest": digest, "at": now()}
    if _CLAIM[connection.dialect.name].rows(connection, values | EMPTY):
        return None
    kept = connection.execute(
        select(RequestKey)
        .with_only_columns(
            RequestKey.digest,
            RequestKey.status,
            RequestKey.location,
            RequestKey.etag,
            RequestKey.content_type,
            RequestKey.body,
        )
        .where(RequestKey.user_id == user_id, RequestKey.key == key)
    ).first()
    if kept is None or kept.status is None:
        raise Conflict(_("The same request is being worked on."), _("Wait a moment, then look whether it is done."))
    if kept.digest != digest:
        raise KeyUsedOtherwise
    return Answer(kept.status, kept.location, kept.etag, kept.content_type, kept.body)


def settle(connection: Connection, user_id: int, key: str, answer: Answer) -> None:
    """Keep the answer with the key, in the transaction that did the work."""
    told = {name: getattr(answer, name) for name in Answer.__slots__}
    _SETTLE.run(connection, {"person": user_id, "claimed": key, **told})


def forget_old_keys(connection: Connection) -> int:
    """Delete the keys that are older than a day; the number of them. For the schedule."""
    return connection.execute(delete(RequestKey).where(RequestKey.at < now() - KEPT)).rowcount
