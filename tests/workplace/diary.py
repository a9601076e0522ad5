"""A plugin for tests: pages of a diary that name customers, and tasks of a plugin that is not there."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from sopia import Activity, Extension, Linked, Links, Model, Plugin, Reminder, Resource, Scoped


class DiaryPage(Scoped, Model):
    """What somebody did on a day."""

    __tablename__ = "diary_page"

    title: Mapped[str] = mapped_column(String(80))
    on: Mapped[date]
    due_at: Mapped[datetime | None]
    closed: Mapped[bool] = mapped_column(default=False)

    customers = Links("customers.customer")
    tasks = Links("tasks.task")


pages = Resource(
    DiaryPage,
    list=("title", "on", "customers", "tasks", "owner"),
    form=("title", "on", "due_at", "closed", "customers", "tasks", "owner"),
    search=("title",),
    sort="-on",
    menu="Diary",
    parts=(
        Activity("on", "owner", "title"),
        Activity("due_at", "owner", "title", kind="planned", filters={"closed": "false"}),
        Reminder("due_at", before=timedelta(hours=2), text="Finish", when=lambda page: not page.closed),
    ),
)

plugin = Plugin(
    "diary",
    "Diary",
    "1.0",
    requires=("customers",),
    resources=(pages,),
    extensions=(Extension("customers.customer", parts=(Linked("diary.page", "Diary"),)),),
)
