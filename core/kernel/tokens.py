"""The tokens with which programs use the API in a person's name: his present access, or the reading part of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Index, String, bindparam, delete, event, insert, or_, select, true, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as AnySession

from core.kernel.database import Base, Session
from core.kernel.errors import FieldError, Invalid
from core.kernel.generations import Generation
from core.kernel.i18n import translate as _
from core.kernel.policies import Sealed
from core.kernel.prepared import Prepared
from core.kernel.privilege import privileged
from core.kernel.sessions import SEEN_EVERY, WITH_USER, SignedIn, end_all_sessions, new_token, token_hash
from core.kernel.types import Key, link, now
from core.kernel.users import User

PREFIX: Final = "sopia_"
"""So that a scanner recognises a token that was left in a file."""

MOST_DAYS: Final = 3650


class Token(Base):
    """The permission of one program, as the hash of a token that was shown once."""

    __tablename__ = "system_token"
    __policy__: ClassVar[Any] = Sealed("tokens of programs")
    __table_args__ = (Index("uq_system_token_token_hash", "token_hash", unique=True),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int] = link(User, ondelete="CASCADE")
    name: Mapped[str] = mapped_column(String(100))
    read_only: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """A token in its owner's list; the token itself is not known any more."""

    id: int
    name: str
    read_only: bool
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


_FIND: Final = Prepared(
    select(*WITH_USER, Token.id.label("token_id"), Token.read_only, Token.used_at.label("seen_at"))
    .join_from(Token, User, User.id == Token.user_id)
    .outerjoin(Generation, true())
    .where(
        Token.token_hash == bindparam("hash"),
        or_(Token.expires_at.is_(None), Token.expires_at > bindparam("now")),
        User.active,
        User.deleted_at.is_(None),
    )
)


def create_token(
    connection: Connection, user_id: int, name: str, *, read_only: bool = False, days: int | None = None
) -> str:
    """A new token of a person, to be shown this once; with `days` it expires."""
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise Invalid([FieldError("name", _("Give the token a name of up to {most} characters.", most=100))])
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise Invalid([FieldError("days", _("'{days}' is not between 1 and {most} days.", days=days, most=MOST_DAYS))])
    token, moment = PREFIX + new_token(), now()
    connection.execute(
        insert(Token).values(
            token_hash=token_hash(token),
            user_id=user_id,
            name=name,
            read_only=read_only,
            created_at=moment,
            expires_at=None if days is None else moment + timedelta(days=days),
        )
    )
    return token


def find_token(connection: Connection, token: str) -> SignedIn | None:
    """In whose name a program speaks, in one statement; None when the token is unknown or has expired."""
    row = _FIND.first(connection, {"hash": token_hash(token), "now": now()})
    return None if row is None else SignedIn(**row)


def tokens_of(connection: Connection, user_id: int) -> list[TokenEntry]:
    """A person's tokens, the newest first, those that have expired included."""
    shown = (Token.id, Token.name, Token.read_only, Token.created_at, Token.expires_at, Token.used_at)
    rows = connection.execute(select(*shown).where(Token.user_id == user_id).order_by(Token.id.desc()))
    return [TokenEntry(*row) for row in rows]


def revoke_token(connection: Connection, user_id: int, token_id: int) -> bool:
    """Make a person's token useless from the next request on; whether there was one."""
    mine = delete(Token).where(Token.user_id == user_id, Token.id == token_id)
    return connection.execute(mine).rowcount > 0


def revoke_all_tokens(connection: Connection, user_id: int) -> int:
    """Make every token of a person useless from the next request on; how many there were."""
    return connection.execute(delete(Token).where(Token.user_id == user_id)).rowcount


def shut_out(connection: Connection, user_id: int, *, but: str | None = None) -> None:
    """End every session of a person, but that of the browser's token `but`, and revoke all tokens of programs.

    For a new password, which whoever knew the old one must not outlive, and for somebody who is deactivated.
    """
    end_all_sessions(connection, user_id, but=but)
    revoke_all_tokens(connection, user_id)


@event.listens_for(Session, "after_flush")
def _shut_out_the_deactivated(session: AnySession, context: Any) -> None:
    """However somebody is deactivated or deleted, what he left signed in does not come back with him."""
    for user in session.dirty:
        if isinstance(user, User) and (not user.active or user.deleted_at is not None):
            shut_out(privileged(session), user.id)


def note_used(connection: Connection, token_ids: list[int]) -> None:
    """Note that tokens are in use. For the queue, in a transaction of its own: reading writes nothing."""
    moment = now()
    connection.execute(
        update(Token)
        .where(Token.id.in_(token_ids), or_(Token.used_at.is_(None), Token.used_at <= moment - SEEN_EVERY))
        .values(used_at=moment)
    )
