"""The tables of tasks: goals, plans and tasks in one tree, and the work steps of each."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sopia import Model, Own, Scoped, Through, between, link

PRESENT = text("deleted_at IS NULL")

CLOSED = ("done", "cancelled")
"""The states in which nothing is left to do."""

MEMBERS = "tasks_task_member"

task_member = between(MEMBERS, "tasks_task", "system_user")


class Task(Scoped, Model):
    """A goal, a plan or a task: what somebody is to reach or to do, and by when."""

    __tablename__ = "tasks_task"
    __policy__: ClassVar[Own] = Own(people=("owner_id", "giver_id"), members=MEMBERS)

    kind: Mapped[str] = mapped_column(String(20), default="task")
    title: Mapped[str] = mapped_column(String(200))
    customer_id: Mapped[int | None] = link("customers_customer", nullable=True)
    parent_id: Mapped[int | None] = link("tasks_task", nullable=True)
    starts_on: Mapped[date | None]
    due_on: Mapped[date | None]
    progress: Mapped[int] = mapped_column(default=0)
    priority: Mapped[str] = mapped_column(String(20), default="normal")
    state: Mapped[str] = mapped_column(String(20), default="open")
    next_step: Mapped[str | None] = mapped_column(String(300))
    detail: Mapped[str | None] = mapped_column(LongText)
    giver_id: Mapped[int | None] = link("system_user", nullable=True)
    done_on: Mapped[date | None]
    repeat: Mapped[str | None] = mapped_column(String(20))
    repeat_until: Mapped[date | None]
    repeat_day: Mapped[int | None]
    """The day of the month on which a monthly task is due; kept, because February has no 31st."""
    follows_id: Mapped[int | None] = link("tasks_task", nullable=True, index=False)
    """The task of which this is the repetition."""
    steps: Mapped[list[Step]] = relationship(back_populates="task")
    members: Mapped[list[Any]] = relationship("User", secondary=task_member)

    __table_args__ = (
        CheckConstraint("progress >= 0 AND progress <= 100", name="progress"),
        CheckConstraint("starts_on <= due_on", name="days"),
        # One repetition for each task, whoever ends it how often.
        Index("uq_tasks_task_follows", "follows_id", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),
        Index("ix_tasks_task_due_on", "due_on"),
        Index("ix_tasks_task_mine", "owner_id", "state", "due_on", sqlite_where=PRESENT, postgresql_where=PRESENT),
    )

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in CLOSED


class Step(Model):
    """One line of the checklist of a task."""

    __tablename__ = "tasks_step"
    __policy__ = Through("task")
    __label__ = "text"

    task_id: Mapped[int] = link(Task, ondelete="CASCADE")
    text: Mapped[str] = mapped_column(String(300))
    done: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    task: Mapped[Task] = relationship(back_populates="steps")
