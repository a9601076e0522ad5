"""Following a record: whoever does is told what is said about it and what is changed of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Connection, Index, String, bindparam, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as AnySession

from core.kernel.database import Base
from core.kernel.gate import privileged
from core.kernel.policies import Private
from core.kernel.prepared import Prepared
from core.kernel.types import Key, link, now


class Follower(Base):
    """Somebody who follows a record."""

    __tablename__ = "system_follower"
    __policy__: ClassVar[Private] = Private()
    __table_args__ = (Index("uq_system_follower", "resource", "record_id", "user_id", unique=True),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = link("system_user", ondelete="CASCADE")
    resource: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Key)
    created_at: Mapped[datetime] = mapped_column(default=now)


FOLLOWER = Follower.__table__.c


def follow(session: AnySession, user_id: int, resource: str, record_id: int) -> None:
    """Follow a record, which the caller has found in the person's scope."""
    connection = privileged(session)
    if not follows(connection, user_id, resource, record_id):
        values = {"user_id": user_id, "resource": resource, "record_id": record_id, "created_at": now()}
        connection.execute(insert(Follower).values(values))


def unfollow(session: AnySession, user_id: int, resource: str, record_id: int) -> None:
    """Follow it no more."""
    privileged(session).execute(delete(Follower).where(*_at(resource, record_id), FOLLOWER.user_id == user_id))


_ONE = Prepared(
    select(FOLLOWER.id).where(
        FOLLOWER.resource == bindparam("of"),
        FOLLOWER.record_id == bindparam("record"),
        FOLLOWER.user_id == bindparam("person"),
    )
)


def follows(connection: Connection, user_id: int, resource: str, record_id: int) -> bool:
    """Whether somebody follows a record."""
    return bool(_ONE.rows(privileged(connection), {"of": resource, "record": record_id, "person": user_id}))


def followers_of(connection: Connection, resource: str, record_id: int) -> list[int]:
    """Who follows a record."""
    asked = select(FOLLOWER.user_id).where(*_at(resource, record_id)).order_by(FOLLOWER.id)
    return list(privileged(connection).execute(asked).scalars())


def _at(resource: str, record_id: int) -> tuple[Any, Any]:
    return FOLLOWER.resource == resource, FOLLOWER.record_id == record_id
