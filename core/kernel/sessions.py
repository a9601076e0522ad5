"""Who is behind a request: sessions kept on the server, of which the browser holds nothing but a random token.

The database keeps the token's hash, so a stolen copy of it opens no session. See `core.kernel.signin` for how one
begins, `core.kernel.tokens` for the tokens of programs.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Index, String, bindparam, delete, func, insert, or_, select, true, update
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Base, Database
from core.kernel.generations import Generation
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.policies import Sealed
from core.kernel.prepared import Prepared
from core.kernel.types import Key, link, now
from core.kernel.users import User

IDLE: Final = timedelta(days=14)
ABSOLUTE: Final = timedelta(days=90)
SEEN_EVERY: Final = timedelta(minutes=5)
"""How coarse the time is at which a session was last seen: a page view should not cost a write."""


class SignInSession(Base):
    """One browser in which somebody has signed in."""

    __tablename__ = "system_session"
    __policy__: ClassVar[Any] = Sealed("tokens of sessions")
    __table_args__ = (
        Index("uq_system_session_token_hash", "token_hash", unique=True),
        Index("ix_system_session_expires_at", "expires_at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int] = link(User, ondelete="CASCADE")
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(String(64), default="")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is behind a request, how he likes things shown, and as of which generations to answer."""

    user_id: int
    access: int
    plugins: int
    locale: str | None
    timezone: str | None
    theme: str | None
    density: str | None
    session_id: int | None = None
    token_id: int | None = None
    read_only: bool = False
    seen_at: datetime | None = None

    @property
    def seen_long_ago(self) -> bool:
        """Whether it is time to note that the session or token is in use; see `note_seen` and `note_used`."""
        return self.seen_at is None or now() - self.seen_at >= SEEN_EVERY


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One of somebody's sessions, as he sees it in a list of his devices."""

    id: int
    created_at: datetime
    seen_at: datetime
    user_agent: str
    address: str

    @property
    def device(self) -> Text | str:
        """What a person calls the browser: "Chrome, Windows"."""
        return browser_of(self.user_agent)


BROWSERS: Final = (("Edg", "Edge"), ("Firefox", "Firefox"), ("MicroMessenger", "WeChat"), ("Chrome", "Chrome"),
                   ("Safari", "Safari"))  # fmt: skip
SYSTEMS: Final = (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
                  ("Mac OS", "macOS"), ("Linux", "Linux"))  # fmt: skip


def browser_of(user_agent: str) -> Text | str:
    """What a person calls the browser that sends this: "Chrome, Windows"."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return ", ".join(filter(None, (browser, system))) or _("Another program")


def new_token() -> str:
    """256 random bits, to be shown once."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is kept of a token. A random token needs no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


# What of a person and of the generations comes with every request.
WITH_USER: Final = (
    User.id.label("user_id"),
    func.coalesce(Generation.access, 1).label("access"),
    func.coalesce(Generation.plugins, 1).label("plugins"),
    User.locale,
    User.timezone,
    User.theme,
    User.density,
)

_FIND: Final = Prepared(
    select(*WITH_USER, SignInSession.id.label("session_id"), SignInSession.seen_at)
    .join_from(SignInSession, User, User.id == SignInSession.user_id)
    .outerjoin(Generation, true())
    .where(
        SignInSession.token_hash == bindparam("hash"),
        SignInSession.expires_at > bindparam("now"),
        SignInSession.seen_at > bindparam("idle_since"),
        User.active,
        User.deleted_at.is_(None),
    )
)


def find_session(connection: Connection, token: str) -> SignedIn | None:
    """Who is behind a token, in one statement; None when the session has ended or the person is not active."""
    moment = now()
    values = {"hash": token_hash(token), "now": moment, "idle_since": moment - IDLE}
    row = _FIND.first(connection, values)
    return None if row is None else SignedIn(**row)


def begin_session(connection: Connection, user_id: int, *, address: str = "", user_agent: str = "") -> str:
    """A new session for somebody who has proved who he is; the token goes to the browser."""
    token, moment = new_token(), now()
    connection.execute(
        insert(SignInSession).values(
            token_hash=token_hash(token),
            user_id=user_id,
            created_at=moment,
            seen_at=moment,
            expires_at=moment + ABSOLUTE,
            user_agent=_plain(user_agent, 300),
            address=_plain(address, 64),
        )
    )
    return token


def note_seen(connection: Connection, session_ids: Iterable[int]) -> None:
    """Note that sessions are in use. For the queue, in a transaction of its own: reading a page writes nothing."""
    moment = now()
    connection.execute(
        update(SignInSession)
        .where(SignInSession.id.in_(list(session_ids)), SignInSession.seen_at <= moment - SEEN_EVERY)
        .values(seen_at=moment)
    )


def sign_out(database: Database, token: str) -> None:
    """End the session of this token."""
    with database.transaction(write=True) as connection:
        connection.execute(delete(SignInSession).where(SignInSession.token_hash == token_hash(token)))


def end_all_sessions(connection: Connection, user_id: int, *, but: str | None = None) -> None:
    """End every session of a person, or every other one than that of the token `but`."""
    mine = delete(SignInSession).where(SignInSession.user_id == user_id)
    connection.execute(mine if but is None else mine.where(SignInSession.token_hash != token_hash(but)))


def end_session(connection: Connection, user_id: int, session_id: int) -> None:
    """End one of a person's sessions, such as the one on a lost telephone."""
    mine = delete(SignInSession).where(SignInSession.user_id == user_id, SignInSession.id == session_id)
    connection.execute(mine)


def open_sessions(connection: Connection, user_id: int) -> list[OpenSession]:
    """A person's sessions that have not ended, the one seen last first."""
    shown = (
        SignInSession.id,
        SignInSession.created_at,
        SignInSession.seen_at,
        SignInSession.user_agent,
        SignInSession.address,
    )
    moment = now()
    rows = connection.execute(
        select(*shown)
        .where(
            SignInSession.user_id == user_id,
            SignInSession.expires_at > moment,
            SignInSession.seen_at > moment - IDLE,
        )
        .order_by(SignInSession.seen_at.desc(), SignInSession.id.desc())
    )
    return [OpenSession(*row) for row in rows]


def forget_ended_sessions(connection: Connection) -> int:
    """Delete sessions that can no longer be used; the number of them. For the schedule."""
    moment = now()
    ended = or_(SignInSession.expires_at <= moment, SignInSession.seen_at <= moment - IDLE)
    return connection.execute(delete(SignInSession).where(ended)).rowcount


def _plain(text: str, length: int) -> str:
    """What a browser says of itself, as something that every database can keep."""
    return "".join(c for c in text.encode("utf-8", "replace").decode() if c.isprintable())[:length]
