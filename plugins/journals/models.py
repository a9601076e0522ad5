"""The tables of journals: what somebody did and plans, and the rules that say who writes one when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from plugins.journals.periods import name_of, start_of
from sopia import Links, Model, Public, Scoped, between, link
from sopia import translate as _

PRESENT = text("deleted_at IS NULL")

MEMBERS, GROUPS, DEPARTMENTS = "journals_rule_member", "journals_rule_group", "journals_rule_department"

rule_member = between(MEMBERS, "journals_rule", "system_user")
rule_group = between(GROUPS, "journals_rule", "system_group")
rule_department = between(DEPARTMENTS, "journals_rule", "system_department")


class Journal(Scoped, Model):
    """What somebody did in a day, a week or a month, what came of it, what he learnt and what he plans."""

    __tablename__ = "journals_journal"

    title: Mapped[str] = mapped_column(String(40), default="")
    kind: Mapped[str] = mapped_column(String(20), default="day")
    on: Mapped[date]
    period_on: Mapped[date | None]
    done: Mapped[str | None] = mapped_column(LongText)
    planned: Mapped[str | None] = mapped_column(LongText)
    results: Mapped[str | None] = mapped_column(LongText)
    lessons: Mapped[str | None] = mapped_column(LongText)
    state: Mapped[str] = mapped_column(String(20), default="draft")
    submitted_at: Mapped[datetime | None]
    reviewer_id: Mapped[int | None] = link("system_user", nullable=True)
    reviewed_at: Mapped[datetime | None]

    customers = Links("customers.customer", _("Customers"), _("Each of them shows this journal on its page."))
    tasks = Links("tasks.task", _("Tasks"))
    documents = Links("documents.document", _("Documents"))

    __table_args__ = (
        # One for each person, kind and period.
        Index(
            "uq_journals_journal_period", "owner_id", "kind", "period_on",
            unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT,
        ),
        Index("ix_journals_journal_on", "on"),
        CheckConstraint("kind IN ('day', 'week', 'month')", name="kind"),
    )  # fmt: skip

    @validates("kind", "on")
    def _follow(self, name: str, value: Any) -> Any:
        """The period and what it is called follow from the day and the kind."""
        kind = value if name == "kind" else self.kind
        day = value if name == "on" else self.on
        if isinstance(day, date):
            self.period_on, self.title = start_of(kind, day), name_of(kind, day)
        return value


class Rule(Model):
    """Who writes journals of a kind, and until when."""

    __tablename__ = "journals_rule"
    __policy__: ClassVar[Public] = Public("whoever writes journals knows the rules for them")

    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20), default="day")
    weekdays: Mapped[str | None] = mapped_column(String(20))
    window: Mapped[int] = mapped_column(default=12)
    archived: Mapped[bool] = mapped_column(default=False)
    reminded_at: Mapped[datetime | None]
    members: Mapped[list[Any]] = relationship("User", secondary=rule_member)
    groups: Mapped[list[Any]] = relationship("Group", secondary=rule_group)
    departments: Mapped[list[Any]] = relationship("Department", secondary=rule_department)

    __table_args__ = (
        CheckConstraint("kind IN ('day', 'week', 'month')", name="kind"),
        CheckConstraint('"window" >= 0', name="window"),
    )
