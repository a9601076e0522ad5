"""Passwords: what a good one is, how it is kept, and how long a check takes, whoever asks.

Hashing takes 20 ms and 19 MiB on purpose. It is never done inside a transaction: everybody would wait for it.
"""

from __future__ import annotations

import threading
import unicodedata
from datetime import datetime
from typing import Any, ClassVar, Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection, ForeignKey, String, insert, update
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.common_passwords import COMMON_PASSWORDS
from core.kernel.database import Base
from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.policies import Sealed
from core.kernel.types import Key, now
from core.kernel.users import normal_login

SHORTEST = 8
LONGEST = 1000

_hasher: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
_at_once: Final = threading.BoundedSemaphore(4)
"""At most so many hashes are made at a time in a process, so that a storm of sign-ins does not eat the memory."""

NOBODYS_HASH: Final = f"$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cy1vd24tc2FsdA${'A' * 43}"
"""Stands in for an unknown person, so that the answer takes as long as for a known one."""


class Credential(Base):
    """The hash of a person's password."""

    __tablename__ = "system_credential"
    __policy__: ClassVar[Any] = Sealed("hashes of passwords")

    user_id: Mapped[int] = mapped_column(Key, ForeignKey("system_user.id", ondelete="CASCADE"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


def check_password(password: str, login: str = "", *, field: str = "password") -> None:
    """Refuse a password that is too short or that everybody tries first."""
    fault = _fault(password, login)
    if fault is not None:
        raise Invalid([FieldError(field, fault)])


def _fault(password: str, login: str) -> Text | None:
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(password) < SHORTEST:
        return _("The password has {count} characters; use at least {least}.", count=len(password), least=SHORTEST)
    if len(password) > LONGEST:
        return _("The password is longer than {most} characters.", most=LONGEST)
    if plain in COMMON_PASSWORDS or len(set(plain)) <= 2:
        return _("This password is among the first that anybody tries; choose another.")
    if login and plain == normal_login(login):
        return _("The password is the login name; choose another.")
    return None


def hash_password(password: str) -> str:
    """The hash to keep. Slow; call it before the transaction is opened."""
    with _at_once:
        return _hasher.hash(_bytes(password))


def verify_password(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Whether the password is right, and a new hash where the kept one is weaker than today's.

    Without a hash it takes as long and says no. Slow; call it outside of a transaction.
    """
    kept = password_hash or NOBODYS_HASH
    with _at_once:
        right, renewed = _hasher.verify_and_update(_bytes(password), kept)
    return (right and password_hash is not None and len(password) <= LONGEST), renewed


def put_password(connection: Connection, user_id: int, password_hash: str) -> None:
    """Keep a hash, in place of the one that was there."""
    values = {"password_hash": password_hash, "changed_at": now()}
    if not connection.execute(update(Credential).where(Credential.user_id == user_id).values(values)).rowcount:
        connection.execute(insert(Credential).values(user_id=user_id, **values))


def _bytes(password: str) -> bytes:
    # The same characters, however a keyboard composes them; half a character is refused by no form, so it is no error.
    return unicodedata.normalize("NFC", password[: LONGEST + 1]).encode("utf-8", "surrogatepass")
