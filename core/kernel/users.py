"""The people of the company: who they are and how they like to be shown things.

What they may do stands in `core.kernel.roles`, where they belong in `core.kernel.departments`, and how they prove who
they are in `core.kernel.signin`.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import Dialect, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates
from sqlalchemy.types import TypeDecorator

from core.kernel.database import Model, unique_present
from core.kernel.generations import GivesAccess
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.policies import Public
from core.kernel.types import link

if TYPE_CHECKING:
    from core.kernel.departments import Membership
    from core.kernel.roles import GroupMember, UserRole

LOGIN_LENGTH = 100


def normal_login(login: str) -> str:
    """A login name as it is kept and compared: `" Ａdmin "` and `"admin"` are the same person."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", login).casefold()).strip()


class LoginType(TypeDecorator[str]):
    """A column of login names, which normalises whatever is written to it or compared with it."""

    impl = String(LOGIN_LENGTH)
    cache_ok = True

    @property
    def python_type(self) -> type[str]:
        """What those who make up records give it."""
        return str

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The normal form."""
        return None if value is None else normal_login(value)


class User(GivesAccess, Model):
    """A person who may sign in; `active=False` keeps the records and takes the access."""

    __tablename__ = "system_user"
    __policy__: ClassVar[Any] = Public("the names of colleagues are known to everybody")
    __table_args__ = (unique_present("uq_system_user_login", "login"),)

    __when_used__: ClassVar[Text] = _(
        "Deactivate the person instead: the access ends at once, and records and history keep their name."
    )

    login: Mapped[str] = mapped_column(LoginType)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(50))
    active: Mapped[bool] = mapped_column(default=True)
    manager_id: Mapped[int | None] = link("system_user", nullable=True)
    """The reporting line, for approvals; it gives no access."""

    # Preferences; empty means as the installation has it.
    locale: Mapped[str | None] = mapped_column(String(20))
    timezone: Mapped[str | None] = mapped_column(String(64))
    theme: Mapped[str | None] = mapped_column(String(50))
    density: Mapped[str | None] = mapped_column(String(20))

    manager: Mapped[User | None] = relationship(remote_side="User.id")
    memberships: Mapped[list[Membership]] = relationship(
        primaryjoin="and_(User.id == Membership.user_id, Membership.deleted_at.is_(None))",
        order_by="Membership.id",
        back_populates="user",
    )
    roles: Mapped[list[UserRole]] = relationship(
        primaryjoin="and_(User.id == UserRole.user_id, UserRole.deleted_at.is_(None))",
        order_by="UserRole.id",
        back_populates="user",
    )
    groups: Mapped[list[GroupMember]] = relationship(
        primaryjoin="and_(User.id == GroupMember.user_id, GroupMember.deleted_at.is_(None))",
        order_by="GroupMember.id",
        back_populates="user",
    )

    @validates("login")
    def _normal_login(self, key: str, login: str) -> str:
        return normal_login(login)

    def __str__(self) -> str:
        return self.name
