"""Signing in with a password: the same answer in the same time for a wrong password and for an unknown person.

Tries are counted in the database, for all workers together. They are counted by person *and* address, so nobody can
lock somebody else out from elsewhere, and by address, so nobody can try one password on everybody.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Index, String, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Base, Database
from core.kernel.errors import FieldError, Invalid, NotFound, SopiaError, TooManyRequests
from core.kernel.i18n import translate as _
from core.kernel.passwords import Credential, check_password, hash_password, put_password, verify_password
from core.kernel.policies import Sealed
from core.kernel.sessions import (
    SignedIn,
    begin_session,
    end_all_sessions,
    end_session,
    find_session,
    note_seen,
    open_sessions,
    sign_out,
)
from core.kernel.tokens import shut_out
from core.kernel.types import Key, now
from core.kernel.users import LOGIN_LENGTH, User, normal_login

__all__ = [
    "SignInFailed",
    "SignedIn",
    "change_password",
    "end_all_sessions",
    "end_session",
    "find_session",
    "forget_old_tries",
    "note_seen",
    "open_sessions",
    "set_password",
    "sign_in",
    "sign_out",
]

WINDOW: Final = timedelta(minutes=15)
TRIES_OF_PERSON: Final = 10
TRIES_OF_ADDRESS: Final = 100


class SignInFailed(SopiaError):
    """The login and the password do not belong together; it does not say which of the two is wrong."""

    status = 401

    def __init__(self) -> None:
        super().__init__(_("The login name or the password is wrong."), _("Check both, then try again."))


class SignInTry(Base):
    """One failed try to sign in, remembered for a quarter of an hour."""

    __tablename__ = "system_sign_in_try"
    __policy__: ClassVar[Any] = Sealed("the counters against guessing")
    __table_args__ = (
        Index("ix_system_sign_in_try_pair", "pair", "at"),
        Index("ix_system_sign_in_try_address", "address", "at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pair: Mapped[str] = mapped_column(String(64))
    """The login and the address as a hash: who mistakes the fields types his password here."""
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=now)


def sign_in(database: Database, login: str, password: str, *, address: str = "", user_agent: str = "") -> str:
    """The token of a new session.

    Raises `SignInFailed`, or `TooManyRequests` after 10 wrong passwords for one person from one address, or 100 from
    one address, in 15 minutes.
    """
    login, origin = normal_login(login), _origin(address)
    with database.transaction(write=True) as connection:
        _count_try(connection, login, origin)
    with database.transaction(write=False) as connection:
        user_id, kept = _find(connection, login)
    right, renewed = verify_password(password, kept)
    if not right:
        raise SignInFailed
    with database.transaction(write=True) as connection:
        # The person may have been deactivated, or the password changed, while the hash was made.
        if _find(connection, login) != (user_id, kept):
            raise SignInFailed
        if renewed:
            put_password(connection, user_id, renewed)
        connection.execute(delete(SignInTry).where(SignInTry.pair == _pair(login, origin)))
        return begin_session(connection, user_id, address=address, user_agent=user_agent)


def set_password(database: Database, user_id: int, password: str, *, keep: str | None = None) -> None:
    """Give a person a new password, end his sessions but the one of the token `keep`, and revoke his API tokens.

    For an administrator's act and the first start; a person himself uses `change_password`.
    """
    with database.transaction(write=False) as connection:
        login = connection.scalar(select(User.login).where(User.id == user_id, User.deleted_at.is_(None)))
    if login is None:
        raise NotFound
    check_password(password, login)
    password_hash = hash_password(password)
    with database.transaction(write=True) as connection:
        put_password(connection, user_id, password_hash)
        shut_out(connection, user_id, but=keep)


def change_password(
    database: Database, user_id: int, current: str, password: str, *, keep: str | None = None, address: str = ""
) -> None:
    """Change one's own password, proving oneself by the current one; the other sessions and all API tokens end."""
    with database.transaction(write=True) as connection:
        login = connection.scalar(select(User.login).where(User.id == user_id))
        _count_try(connection, login or "", _origin(address))
        kept = connection.scalar(select(Credential.password_hash).where(Credential.user_id == user_id))
    if not verify_password(current, kept)[0]:
        raise Invalid([FieldError("current", _("The current password is wrong."))])
    set_password(database, user_id, password, keep=keep)
    with database.transaction(write=True) as connection:
        connection.execute(delete(SignInTry).where(SignInTry.pair == _pair(login or "", _origin(address))))


def forget_old_tries(connection: Connection) -> None:
    """Delete the tries that count no more, of addresses that have not come back. For the schedule."""
    connection.execute(delete(SignInTry).where(SignInTry.at <= now() - WINDOW))


def _find(connection: Connection, login: str) -> tuple[int, str | None]:
    """The person who may sign in with this name, and the hash of his password; (0, None) for nobody."""
    if not login or len(login) > LOGIN_LENGTH or not login.isprintable():
        return 0, None
    row = connection.execute(
        select(User.id, Credential.password_hash)
        .join(Credential, Credential.user_id == User.id)
        .where(User.login == login, User.active, User.deleted_at.is_(None))
    ).first()
    return (row.id, row.password_hash) if row else (0, None)


def _count_try(connection: Connection, login: str, origin: str) -> None:
    """Count a try, or refuse it. It is counted before the password is looked at, so that no crowd slips through."""
    if connection.dialect.name == "postgresql":
        # Tries from one address are counted one after the other. SQLite has one writer at a time anyway.
        key = int.from_bytes(hashlib.sha256(origin.encode()).digest()[:8], signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(key)))
    moment, pair = now(), _pair(login, origin)
    connection.execute(delete(SignInTry).where(SignInTry.address == origin, SignInTry.at <= moment - WINDOW))
    for same, most in ((SignInTry.pair == pair, TRIES_OF_PERSON), (SignInTry.address == origin, TRIES_OF_ADDRESS)):
        count, first = connection.execute(select(func.count(), func.min(SignInTry.at)).where(same)).one()
        if count >= most:
            raise TooManyRequests(max(1, math.ceil((first + WINDOW - moment).total_seconds())))
    connection.execute(insert(SignInTry).values(pair=pair, address=origin, at=moment))


def _pair(login: str, origin: str) -> str:
    return hashlib.sha256(f"{login}\0{origin}".encode("utf-8", "surrogatepass")).hexdigest()


def _origin(address: str) -> str:
    """What counts as one address: of IPv6 the first half, because everybody has the whole other half to choose from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "".join(c for c in address if c.isascii() and c.isprintable())[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found.packed[:8] + bytes(8), 64)))
    return str(found)
