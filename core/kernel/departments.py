"""Where people belong: departments in several trees at once (line, region, project), and memberships in them."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index, String, and_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.orm import Session as AnySession

from core.kernel.database import Model, unique_present
from core.kernel.generations import GivesAccess, Privileged, privileged
from core.kernel.policies import Public
from core.kernel.types import link
from core.kernel.users import User

LINE = "line"
"""The tree that a department belongs to when nothing else is said: the ordinary organisation chart."""


class Department(GivesAccess, Model):
    """A part of the company, or of another order of the same people: a region, a project."""

    __tablename__ = "system_department"
    __policy__: ClassVar[Any] = Public("the organisation chart is known to everybody")
    __table_args__ = (Index("ix_system_department_tree", "tree", "position"),)

    name: Mapped[str] = mapped_column(String(100))
    tree: Mapped[str] = mapped_column(String(50), default=LINE)
    """The name of the dimension; the same from the top of a tree to its last leaf."""
    parent_id: Mapped[int | None] = link("system_department", nullable=True)
    position: Mapped[int] = mapped_column(default=0)

    parent: Mapped[Department | None] = relationship(remote_side="Department.id")
    memberships: Mapped[list[Membership]] = relationship(
        primaryjoin="and_(Department.id == Membership.department_id, Membership.deleted_at.is_(None))",
        order_by="Membership.id",
        back_populates="department",
    )

    def __str__(self) -> str:
        return self.name


class Membership(GivesAccess, Model):
    """A person's place in a department. Everybody may have many; the primary one says where new records belong."""

    __tablename__ = "system_membership"
    __policy__: ClassVar[Any] = Public("who belongs where is known to everybody")
    __table_args__ = (
        unique_present("uq_system_membership_user_id_department_id", "user_id", "department_id"),
        unique_present("uq_system_membership_user_id", "user_id", where='"primary"'),
    )

    user_id: Mapped[int] = link(User)
    department_id: Mapped[int] = link(Department)
    title: Mapped[str | None] = mapped_column(String(100))
    head: Mapped[bool] = mapped_column(default=False)
    deputy: Mapped[bool] = mapped_column(default=False)
    primary: Mapped[bool] = mapped_column(default=False)

    user: Mapped[User] = relationship(back_populates="memberships")
    department: Mapped[Department] = relationship(back_populates="memberships")


def department_head(session: AnySession, department_id: int) -> User | None:
    """The present head of a department; of several, the one who has been it longest."""
    return session.scalars(
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.department_id == department_id,
            Membership.head,
            Membership.deleted_at.is_(None),
            User.active,
            User.deleted_at.is_(None),
        )
        .order_by(Membership.id)
        .limit(1)
    ).first()


def primary_department(session: Privileged, user_id: int) -> int | None:
    """Where a person's new records belong: the primary department, or the first where none is marked."""
    return privileged(session).scalar(
        select(Membership.department_id)
        .join(Department, and_(Department.id == Membership.department_id, Department.deleted_at.is_(None)))
        .where(Membership.user_id == user_id, Membership.deleted_at.is_(None))
        .order_by(Membership.primary.desc(), Membership.id)
        .limit(1)
    )
