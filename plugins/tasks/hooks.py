"""What follows when tasks change: who gave them, the progress of what they belong to, and the panel of the first page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from plugins.tasks import services
from plugins.tasks.models import Task
from plugins.tasks.overview import home_panel
from sopia import Panel, RecordChanged, Session, acting, concerning, hookimpl

MOVING = frozenset({"progress", "state", "parent_id", "deleted_at"})
"""The fields on which the progress of what stands above depends."""


@hookimpl
@concerning("tasks.task")
def on_change(session: Session, principal: Any, record: Task, action: str) -> None:
    """Whoever makes a task has given it."""
    if action == "create":
        with acting(session, "a task knows who gave it") as beyond:
            services.give(beyond, record.id, principal.user_id)
        session.expire(record)


def follow(session: Session, event: Any) -> None:
    """Let the progress of everything above a task follow; in the transaction in which the task has changed."""
    task = session.get(Task, event.id)
    if task is None or (event.fields and not MOVING & set(event.fields)):
        return
    services.roll_up(session, task.parent_id)
    if isinstance(event, RecordChanged) and (not event.fields or "parent_id" in event.fields):
        services.roll_up_moved(session)


@hookimpl
def home_panels(session: Session, principal: Any) -> Iterable[Panel]:
    """One's own tasks in figures."""
    return [home_panel()] if principal.allows("tasks.task", "view") else []
