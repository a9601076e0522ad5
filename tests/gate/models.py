"""The guarded tables that the attacks are aimed at: one model for each policy and each way of relating records.

Every row carries two canaries. Its `secret` names the table and the row; its `amount` is a power of two of its own,
so that a row which leaks into a sum can be told from the sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, func, inspect, select
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DynamicMapped,
    Mapped,
    WriteOnlyMapped,
    aliased,
    column_property,
    mapped_column,
    query_expression,
    relationship,
)

from core.kernel.database import Base, Model, between
from core.kernel.departments import Department, Membership
from core.kernel.history import HistoryEntry
from core.kernel.policies import Attached, Between, Own, Private, Public, Restrict, Scoped, Sealed, Through
from core.kernel.roles import FieldGrant, Grant, Group, GroupMember, GroupRole, Role, Share, UserRole
from core.kernel.types import Key, link
from core.kernel.users import User


class Town(Model):
    """A dictionary that everybody may read; its collection leads to records that not everybody may."""

    __tablename__ = "probe_town"
    __policy__: ClassVar[Any] = Public("names of towns are no secret")

    name: Mapped[str] = mapped_column(String(50))
    cases: Mapped[list[Case]] = relationship(back_populates="town")


class Case(Scoped, Model):
    """The scoped record."""

    __tablename__ = "probe_case"
    __table_args__ = (UniqueConstraint("code"),)

    title: Mapped[str] = mapped_column(String(50))
    code: Mapped[str] = mapped_column(String(50))
    secret: Mapped[str] = mapped_column(String(50), default="")
    amount: Mapped[int] = mapped_column(BigInteger, default=0)
    town_id: Mapped[int | None] = link(Town, nullable=True)
    related_id: Mapped[int | None] = link("probe_case", nullable=True)

    town: Mapped[Town | None] = relationship(back_populates="cases")
    related: Mapped[Case | None] = relationship(remote_side="Case.id", back_populates="relating")
    relating: Mapped[list[Case]] = relationship(back_populates="related")
    lines: Mapped[list[Line]] = relationship(back_populates="case", cascade="all, delete-orphan")
    lines_raise: Mapped[list[Line]] = relationship(lazy="raise", viewonly=True)
    lines_dynamic: DynamicMapped[Line] = relationship(viewonly=True)
    lines_write_only: WriteOnlyMapped[Line] = relationship(overlaps="lines,case", passive_deletes=True)
    labels: Mapped[list[Label]] = relationship(secondary="probe_case_label", back_populates="cases")
    badges: Mapped[list[Badge]] = relationship(secondary="probe_case_badge", back_populates="cases")
    related_secret: AssociationProxy[str] = association_proxy("related", "secret")
    label_secrets: AssociationProxy[list[str]] = association_proxy("labels", "secret")
    whatever: Mapped[int] = query_expression()

    if TYPE_CHECKING:
        line_total: Mapped[int]
        related_amount: Mapped[int]

    @hybrid_property
    def town_total(self) -> Any:
        """What all cases of the town come to; on the class a scalar subquery."""
        return None

    @town_total.inplace.expression
    @classmethod
    def _town_total(cls) -> Any:
        other = aliased(Case)
        return select(func.sum(other.amount)).where(other.town_id == cls.town_id).scalar_subquery()


class Line(Model):
    """A part of a case."""

    __tablename__ = "probe_line"
    __policy__: ClassVar[Any] = Through("case")

    case_id: Mapped[int] = link(Case)
    secret: Mapped[str] = mapped_column(String(50), default="")
    amount: Mapped[int] = mapped_column(BigInteger, default=0)

    case: Mapped[Case] = relationship(back_populates="lines")
    case_joined: Mapped[Case] = relationship(lazy="joined", viewonly=True)
    parts: Mapped[list[Part]] = relationship(back_populates="line", cascade="all, delete-orphan")


class Part(Model):
    """A part of a part."""

    __tablename__ = "probe_part"
    __policy__: ClassVar[Any] = Through("line")

    line_id: Mapped[int] = link(Line)
    secret: Mapped[str] = mapped_column(String(50), default="")
    amount: Mapped[int] = mapped_column(BigInteger, default=0)

    line: Mapped[Line] = relationship(back_populates="parts")


class Label(Scoped, Model):
    """A scoped record at the other end of a link table."""

    __tablename__ = "probe_label"

    secret: Mapped[str] = mapped_column(String(50), default="")
    amount: Mapped[int] = mapped_column(BigInteger, default=0)
    cases: Mapped[list[Case]] = relationship(secondary="probe_case_label", back_populates="labels")


class CaseLabel(Base):
    """The link table between cases and labels."""

    __tablename__ = "probe_case_label"
    __policy__: ClassVar[Any] = Between(("case", "label"))

    case_id: Mapped[int] = mapped_column(Key, ForeignKey("probe_case.id"), primary_key=True)
    label_id: Mapped[int] = mapped_column(Key, ForeignKey("probe_label.id"), primary_key=True)


case_badge = between("probe_case_badge", "probe_case", "probe_badge")
"""A link table as plugins declare it, without a class."""


class Badge(Scoped, Model):
    """A scoped record at the other end of a link table without a class."""

    __tablename__ = "probe_badge"

    secret: Mapped[str] = mapped_column(String(50), default="")
    cases: Mapped[list[Case]] = relationship(secondary=case_badge, back_populates="badges")


class Vehicle(Scoped, Model):
    """The top of a family of records in several tables."""

    __tablename__ = "probe_vehicle"

    kind: Mapped[str] = mapped_column(String(20))
    secret: Mapped[str] = mapped_column(String(50), default="")
    __mapper_args__ = {  # noqa: RUF012
        "polymorphic_on": "kind",
        "polymorphic_identity": "vehicle",
    }


class Truck(Vehicle):
    """One of the family, with a table of its own beside that of the family."""

    __tablename__ = "probe_truck"
    __policy__: ClassVar[Any] = Through("vehicle")
    __mapper_args__ = {  # noqa: RUF012
        "polymorphic_identity": "truck",
    }

    vehicle_id: Mapped[int] = mapped_column(Key, ForeignKey("probe_vehicle.id"), primary_key=True)
    cargo: Mapped[str] = mapped_column(String(50), default="")


class Remark(Model):
    """Hangs on any record."""

    __tablename__ = "probe_remark"
    __policy__: ClassVar[Any] = Attached()

    resource: Mapped[str] = mapped_column(String(50))
    record_id: Mapped[int] = mapped_column(Key)
    secret: Mapped[str] = mapped_column(String(50), default="")
    amount: Mapped[int] = mapped_column(BigInteger, default=0)


class Bond(Model):
    """Hangs on two records and needs both."""

    __tablename__ = "probe_bond"
    __policy__: ClassVar[Any] = Attached((("from_resource", "from_id"), ("to_resource", "to_id")))

    from_resource: Mapped[str] = mapped_column(String(50))
    from_id: Mapped[int] = mapped_column(Key)
    to_resource: Mapped[str] = mapped_column(String(50))
    to_id: Mapped[int] = mapped_column(Key)
    secret: Mapped[str] = mapped_column(String(50), default="")


class Area(Scoped, Model):
    """A tree whose nodes belong to different people."""

    __tablename__ = "probe_area"

    secret: Mapped[str] = mapped_column(String(50), default="")
    amount: Mapped[int] = mapped_column(BigInteger, default=0)
    parent_id: Mapped[int | None] = link("probe_area", nullable=True)
    parent: Mapped[Area | None] = relationship(remote_side="Area.id", back_populates="children", lazy="selectin")
    children: Mapped[list[Area]] = relationship(back_populates="parent", lazy="subquery")


class Asset(Scoped, Model):
    """The top of a family of records in one table."""

    __tablename__ = "probe_asset"

    kind: Mapped[str] = mapped_column(String(20))
    secret: Mapped[str] = mapped_column(String(50), default="")
    amount: Mapped[int] = mapped_column(BigInteger, default=0)
    wheels: Mapped[int | None] = mapped_column(default=None)
    __mapper_args__ = {  # noqa: RUF012
        "polymorphic_on": "kind",
        "polymorphic_identity": "asset",
    }


class Machine(Asset):
    """One of the family, told apart by its kind."""

    __mapper_args__ = {  # noqa: RUF012
        "polymorphic_identity": "machine"
    }


class Paper(Scoped, Model):
    """A document with a level that not everybody in its department reaches."""

    __tablename__ = "probe_paper"
    __policy__: ClassVar[Any] = Own(restrict=(Restrict("level", lambda principal: 2),))

    secret: Mapped[str] = mapped_column(String(50), default="")
    level: Mapped[int | None] = mapped_column(default=None)


class Errand(Model):
    """A record with two people and no department."""

    __tablename__ = "probe_errand"
    __policy__: ClassVar[Any] = Own(people=("giver_id", "taker_id"), department=None)

    giver_id: Mapped[int] = link("system_user")
    taker_id: Mapped[int] = link("system_user")
    secret: Mapped[str] = mapped_column(String(50), default="")


class Note(Model):
    """Belongs to one person alone."""

    __tablename__ = "probe_note"
    __policy__: ClassVar[Any] = Private()

    user_id: Mapped[int] = link("system_user")
    secret: Mapped[str] = mapped_column(String(50), default="")


class Vault(Base):
    """Never part of a scoped session."""

    __tablename__ = "probe_vault"
    __policy__: ClassVar[Any] = Sealed("keys")

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    secret: Mapped[str] = mapped_column(String(50), default="")


_other = aliased(Case)
_line_total = column_property(
    select(func.sum(Line.amount)).where(Line.case_id == Case.id).correlate(Case.__table__).scalar_subquery()
)
_related_amount = column_property(
    select(_other.amount).where(_other.id == Case.related_id).correlate(Case.__table__).scalar_subquery(), deferred=True
)

inspect(Case).add_property("line_total", _line_total)
inspect(Case).add_property("related_amount", _related_amount)


def table_of(model: type[Any]) -> Any:
    """The table of a model, for statements past the ORM."""
    return model.__table__


MODELS: tuple[type[Any], ...] = (
    User,
    Department,
    Membership,
    Role,
    Grant,
    FieldGrant,
    UserRole,
    Group,
    GroupMember,
    GroupRole,
    Share,
    HistoryEntry,
    Town,
    Case,
    Line,
    Part,
    Label,
    CaseLabel,
    Badge,
    Vehicle,
    Truck,
    Remark,
    Bond,
    Area,
    Asset,
    Machine,
    Paper,
    Errand,
    Note,
    Vault,
)
"""Every model that the gate is told of, in the order in which their tables can be made."""
