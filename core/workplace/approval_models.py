"""The tables of approvals: the rules that say who must agree, and each request with its steps and decisions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.kernel.database import Base, Model
from core.kernel.policies import Public, Sealed, Through
from core.kernel.roles import Role
from core.kernel.types import Key, link, now
from core.kernel.users import User

KINDS = ("person", "head", "role")
"""Who decides a step: a named person, the head of the department of the record, or whoever has a role."""


class ApprovalRule(Model):
    """When the records of a resource need approval, and by whom, step by step."""

    __tablename__ = "system_approval_rule"
    __policy__: ClassVar[Any] = Public("rules hold no business; only whose role shows them sees them")

    name: Mapped[str] = mapped_column(String(80))
    resource: Mapped[str] = mapped_column(String(80), index=True)
    condition: Mapped[str] = mapped_column(String(500), default="")
    """The filters of a list's address, `total__gte=50000&customer.level=2`; empty: every record."""
    position: Mapped[int] = mapped_column(default=0)
    """The first rule that applies decides; lower ones are asked first."""
    active: Mapped[bool] = mapped_column(default=True)

    steps: Mapped[list[ApprovalRuleStep]] = relationship(
        primaryjoin="and_(ApprovalRule.id == ApprovalRuleStep.rule_id, ApprovalRuleStep.deleted_at.is_(None))",
        order_by="ApprovalRuleStep.position",
        back_populates="rule",
    )


class ApprovalRuleStep(Model):
    """One step of a rule: who decides."""

    __tablename__ = "system_approval_rule_step"
    __policy__: ClassVar[Any] = Through("rule")
    __table_args__ = (CheckConstraint("kind IN ('person', 'head', 'role')", name="kind"),)

    rule_id: Mapped[int] = link(ApprovalRule)
    position: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(12), default="head")
    user_id: Mapped[int | None] = link(User, nullable=True)
    role_id: Mapped[int | None] = link(Role, nullable=True)
    levels: Mapped[int] = mapped_column(default=1)
    """Of heads: 1 is the department's own, 2 that of the department above."""

    rule: Mapped[ApprovalRule] = relationship(back_populates="steps")


class Deputy(Model):
    """Who decides for somebody who is away."""

    __tablename__ = "system_deputy"
    __policy__: ClassVar[Any] = Public("who stands in for whom is known to everybody who may see it")

    user_id: Mapped[int] = link(User)
    deputy_id: Mapped[int] = link(User)
    from_on: Mapped[date]
    to_on: Mapped[date | None]


class ApprovalRequest(Base):
    """One record that somebody has submitted, from then until it is decided."""

    __tablename__ = "system_approval_request"
    __policy__: ClassVar[Any] = Sealed("read with the record, or by whoever is asked")
    __table_args__ = (Index("ix_system_approval_request_record", "resource", "record_id", "id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    resource: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Key)
    label: Mapped[str] = mapped_column(String(255))
    rule: Mapped[str] = mapped_column(String(80), default="")
    requester_id: Mapped[int | None] = link(User, nullable=True)
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    """waiting, approved, rejected, withdrawn."""
    submitted_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]

    steps: Mapped[list[ApprovalStep]] = relationship(order_by="ApprovalStep.position", back_populates="request")


class ApprovalStep(Base):
    """One step of a request: who is asked, who has decided and how."""

    __tablename__ = "system_approval_step"
    __policy__: ClassVar[Any] = Sealed("read with the record, or by whoever is asked")

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    request_id: Mapped[int] = link(ApprovalRequest, ondelete="CASCADE")
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    role_id: Mapped[int | None] = link(Role, nullable=True)
    levels: Mapped[int] = mapped_column(default=1)
    user_id: Mapped[int | None] = link(User, nullable=True)
    state: Mapped[str] = mapped_column(String(12), default="to come")
    """to come, open, approved, rejected, dropped."""
    opened_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = link(User, nullable=True)
    decided_for_id: Mapped[int | None] = link(User, nullable=True)
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(1000), default="")

    request: Mapped[ApprovalRequest] = relationship(back_populates="steps")
    asked: Mapped[list[ApprovalAsked]] = relationship(order_by="ApprovalAsked.id", back_populates="step")


class ApprovalAsked(Base):
    """Somebody who may decide an open step, for himself or for whom he stands in."""

    __tablename__ = "system_approval_asked"
    __policy__: ClassVar[Any] = Sealed("read with the record, or by whoever is asked")
    __table_args__ = (Index("ix_system_approval_asked_user_id_step_id", "user_id", "step_id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    step_id: Mapped[int] = link(ApprovalStep, ondelete="CASCADE")
    user_id: Mapped[int] = link(User, index=False)
    for_id: Mapped[int | None] = link(User, nullable=True)
    share_id: Mapped[int | None] = mapped_column(Key)
    """The share through which he sees the record, where he would not otherwise."""

    step: Mapped[ApprovalStep] = relationship(back_populates="asked")
