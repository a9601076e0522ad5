"""What people may do: roles made of grants, given to people and to groups, and single records shared by hand."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from secrets import token_hex
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.kernel.database import Model, unique_present
from core.kernel.departments import Department
from core.kernel.generations import GivesAccess
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.policies import Attached, Public, Through
from core.kernel.types import Key, link
from core.kernel.users import User

ACTIONS = ("view", "create", "edit", "delete", "export", "import", "assign")
"""What can be done with every resource; any other action is a resource's own, such as `confirm`."""

ANYTHING = "*"
"""As a resource: all of the business (never `system.…`). As an action: all, a resource's own included."""

ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """How far a grant reaches: whose records it covers. A later one covers everything an earlier one does."""

    NONE = "none"
    OWN = "own"
    DEPARTMENT = "department"
    BRANCH = "branch"
    ALL = "all"

    @property
    def rank(self) -> int:
        """A number to compare scopes by."""
        return tuple(Scope).index(self)


def _one_of(column: str, choices: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(choice)) for choice in choices)})", name=column)


class Group(GivesAccess, Model):
    """People who share roles and records across departments: the tender team, the drivers."""

    __tablename__ = "system_group"
    __policy__: ClassVar[Any] = Public("the groups of colleagues are known to everybody")
    __table_args__ = (unique_present("uq_system_group_name", "name"),)

    name: Mapped[str] = mapped_column(String(100))

    members: Mapped[list[GroupMember]] = relationship(
        primaryjoin="and_(Group.id == GroupMember.group_id, GroupMember.deleted_at.is_(None))",
        order_by="GroupMember.id",
        back_populates="group",
    )
    roles: Mapped[list[GroupRole]] = relationship(
        primaryjoin="and_(Group.id == GroupRole.group_id, GroupRole.deleted_at.is_(None))",
        order_by="GroupRole.id",
        back_populates="group",
    )

    def __str__(self) -> str:
        return self.name


class GroupMember(GivesAccess, Model):
    """A person in a group."""

    __tablename__ = "system_group_member"
    __policy__: ClassVar[Any] = Through("group")
    __table_args__ = (unique_present("uq_system_group_member_group_id_user_id", "group_id", "user_id"),)

    group_id: Mapped[int] = link(Group)
    user_id: Mapped[int] = link(User)

    group: Mapped[Group] = relationship(back_populates="members")
    user: Mapped[User] = relationship(back_populates="groups")


class Role(GivesAccess, Model):
    """A set of grants with a name. Shipped roles have fixed keys; others get one that nobody has to think up."""

    __tablename__ = "system_role"
    __policy__: ClassVar[Any] = Public("roles hold no business; only who may view roles sees them")
    __table_args__ = (
        unique_present("uq_system_role_key", "key"),
        unique_present("uq_system_role_name", "name"),
    )

    @staticmethod
    def __shown__(name: str) -> str:
        """A shipped role's name in the reader's language; any other as somebody gave it."""
        return str(next((title for title in SHIPPED.values() if title.source == name), name))

    key: Mapped[str] = mapped_column(String(50), default=lambda: f"role_{token_hex(4)}")
    name: Mapped[str] = mapped_column(String(100))

    grants: Mapped[list[Grant]] = relationship(
        primaryjoin="and_(Role.id == Grant.role_id, Grant.deleted_at.is_(None))",
        order_by="Grant.id",
        back_populates="role",
    )
    fields: Mapped[list[FieldGrant]] = relationship(
        primaryjoin="and_(Role.id == FieldGrant.role_id, FieldGrant.deleted_at.is_(None))",
        order_by="FieldGrant.id",
        back_populates="role",
    )

    @property
    def title(self) -> Text | str:
        """The name in the reader's language, as long as a shipped role has not been renamed."""
        return role_title(self.key, self.name)

    def __str__(self) -> str:
        return str(self.title)


class Grant(GivesAccess, Model):
    """One thing a role allows: an action on a resource, within a scope.

    The resource is a key (`customers.customer`), a plugin's all (`customers.*`) or `*`. Within a role the most
    particular grant decides; several roles add up.
    """

    __tablename__ = "system_grant"
    __policy__: ClassVar[Any] = Through("role")
    __table_args__ = (
        unique_present("uq_system_grant_role_id_resource_action", "role_id", "resource", "action"),
        _one_of("scope", tuple(Scope)),
    )

    role_id: Mapped[int] = link(Role)
    resource: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(50))
    scope: Mapped[str] = mapped_column(String(20))

    role: Mapped[Role] = relationship(back_populates="grants")


FIELD_ACCESS = ("hidden", "read", "write")


class FieldGrant(GivesAccess, Model):
    """What a role may do with one field of a resource; without one the field can be read and written."""

    __tablename__ = "system_field_grant"
    __policy__: ClassVar[Any] = Through("role")
    __table_args__ = (
        unique_present("uq_system_field_grant_role_id_resource_field", "role_id", "resource", "field"),
        _one_of("access", FIELD_ACCESS),
    )

    role_id: Mapped[int] = link(Role)
    resource: Mapped[str] = mapped_column(String(100))
    field: Mapped[str] = mapped_column(String(100))
    access: Mapped[str] = mapped_column(String(20))

    role: Mapped[Role] = relationship(back_populates="fields")


class UserRole(GivesAccess, Model):
    """A role given to a person; at a department, it reaches from there instead of from where the person belongs."""

    __tablename__ = "system_user_role"
    __policy__: ClassVar[Any] = Through("role")
    __table_args__ = (
        unique_present("uq_system_user_role_user_id_role_id", "user_id", "role_id", where="department_id IS NULL"),
        unique_present("uq_system_user_role_department_id", "user_id", "role_id", "department_id"),
    )

    user_id: Mapped[int] = link(User)
    role_id: Mapped[int] = link(Role)
    department_id: Mapped[int | None] = link(Department, nullable=True)

    user: Mapped[User] = relationship(back_populates="roles")
    role: Mapped[Role] = relationship()
    department: Mapped[Department | None] = relationship()


class GroupRole(GivesAccess, Model):
    """A role given to everybody in a group, at a department or where each belongs."""

    __tablename__ = "system_group_role"
    __policy__: ClassVar[Any] = Through("role")
    __table_args__ = (
        unique_present("uq_system_group_role_group_id_role_id", "group_id", "role_id", where="department_id IS NULL"),
        unique_present("uq_system_group_role_department_id", "group_id", "role_id", "department_id"),
    )

    group_id: Mapped[int] = link(Group)
    role_id: Mapped[int] = link(Role)
    department_id: Mapped[int | None] = link(Department, nullable=True)

    group: Mapped[Group] = relationship(back_populates="roles")
    role: Mapped[Role] = relationship()
    department: Mapped[Department | None] = relationship()


class Share(GivesAccess, Model):
    """One record opened by hand to a person, to a department's members or to a group, to read or also to write."""

    __tablename__ = "system_share"
    __policy__: ClassVar[Any] = Attached(kept=True)
    __table_args__ = (
        Index("ix_system_share_resource_record_id", "resource", "record_id"),
        CheckConstraint(
            "(CASE WHEN user_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN department_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN group_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_receiver",
        ),
    )

    resource: Mapped[str] = mapped_column(String(100))
    record_id: Mapped[int] = mapped_column(Key)
    user_id: Mapped[int | None] = link(User, nullable=True)
    department_id: Mapped[int | None] = link(Department, nullable=True)
    group_id: Mapped[int | None] = link(Group, nullable=True)
    write: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime | None]
    """The moment from which it counts no more; empty means that it stays."""


SHIPPED: dict[str, Text] = {
    ADMINISTRATOR: _("Administrator"),
    "manager": _("Manager"),
    "member": _("Member"),
    "reader": _("Reader"),
}
"""The names of the roles that come with Sopia, by key."""


def role_title(key: str, name: str) -> Text | str:
    """A shipped role's name in the reader's language, or the name that somebody gave a role."""
    shipped = SHIPPED.get(key)
    return shipped if shipped is not None and shipped.source == name else name
