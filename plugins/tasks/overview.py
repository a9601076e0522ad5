"""My work (本人任务一览): how much there is, what is planned, how far it is, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from plugins.tasks.models import CLOSED, Task
from plugins.tasks.services import today
from sopia import NotFound, Panel, Session, Text, values
from sopia import translate as _

NEXT = 12
"""Tasks that stand under what comes next."""

LIST = "/tasks/tasks"


@dataclass(frozen=True)
class Figure:
    """One number with the list behind it."""

    title: Text
    value: str
    url: str
    tone: str = ""


@dataclass(frozen=True)
class Line:
    """One open task with its next step."""

    id: int
    title: str
    next_step: str
    due_on: date | None
    progress: int
    late: bool

    @property
    def url(self) -> str:
        """The task's page."""
        return f"{LIST}/{self.id}"


@dataclass(frozen=True)
class Overview:
    """tasks/overview.html: somebody's work as its reader may see it."""

    title: Text
    person: int
    figures: Sequence[Figure]
    progress: int
    plans: Sequence[Line]
    following: Sequence[Line]
    people: Sequence[tuple[int, str]] = ()


def overview(session: Session, person: int, people: Sequence[tuple[int, str]] = ()) -> Overview:
    """The work of one person, as far as the session shows it."""
    day = today(session)
    mine = Task.owner_id == person
    counted = _counts(session, person, day)
    at = {"owner": str(person)}
    figures = (
        Figure(_("All my work"), str(counted["total"]), _list(at)),
        Figure(_("Goals and plans"), str(counted["planned"]), _list({**at, "kind__in": "goal,plan"})),
        Figure(_("Still to do"), str(counted["open"]), _list({**at, "state__in": "open,in_progress"})),
        Figure(_("Done"), str(counted["done"]), _list({**at, "state": "done"}), "good"),
        Figure(
            _("Overdue"),
            str(counted["late"]),
            _list({**at, "state__in": "open,in_progress", "due_on__lt": "today"}),
            "bad" if counted["late"] else "",
        ),
    )
    left = and_(mine, Task.state.not_in(CLOSED))
    plans = and_(left, Task.kind.in_(("goal", "plan")))
    return Overview(
        _("My work"),
        person,
        figures,
        counted["progress"],
        _lines(session, plans, day),
        _lines(session, and_(left, or_(Task.kind == "task", Task.next_step.is_not(None))), day),
        people,
    )


def _counts(session: Session, person: int, day: date) -> Mapping[str, int]:
    still = Task.state.not_in(CLOSED)
    row = session.execute(
        select(
            func.count(),
            func.sum(_one(Task.kind.in_(("goal", "plan")))),
            func.sum(_one(still)),
            func.sum(_one(Task.state == "done")),
            func.sum(_one(and_(still, Task.due_on < day))),
            func.sum(case((Task.state != "cancelled", Task.progress), else_=0)),
            func.sum(_one(Task.state != "cancelled")),
        ).where(Task.owner_id == person)
    ).one()
    total, planned, still_open, done, late, progress, counting = (int(each or 0) for each in row)
    return {
        "total": total,
        "planned": planned,
        "open": still_open,
        "done": done,
        "late": late,
        "progress": progress // counting if counting else 0,
    }


def _one(condition: Any) -> Any:
    return case((condition, 1), else_=0)


def _lines(session: Session, condition: Any, day: date) -> Sequence[Line]:
    found = session.execute(
        select(Task.id, Task.title, Task.next_step, Task.due_on, Task.progress)
        .where(condition)
        .order_by(Task.due_on.is_(None), Task.due_on, Task.id)
        .limit(NEXT)
    )
    return [
        Line(
            row.id,
            row.title,
            row.next_step or "",
            row.due_on,
            row.progress,
            row.due_on is not None and row.due_on < day,
        )
        for row in found
    ]


def _list(filters: Mapping[str, str]) -> str:
    return f"{LIST}?" + "&".join(f"{key}={value}" for key, value in filters.items())


def home_panel() -> Panel:
    """One's own work on the first page."""
    return Panel(_("My work"), "tasks/home.html", _at_home)


def _at_home(session: Session, principal: Any) -> dict[str, Any]:
    return {"view": overview(session, principal.user_id)}


def page(request: Any) -> Any:
    """One's own work, or that of somebody in one's scope."""
    asked = request.query.get("person")
    person = values.integer(asked) if asked and asked.isascii() and asked.isdigit() and len(asked) < 18 else None
    if asked and person is None:
        raise NotFound
    view = overview(request.reader, person or request.principal.user_id)
    return request.render("tasks/overview.html", view)
