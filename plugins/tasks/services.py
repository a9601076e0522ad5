"""The verbs of tasks: progress that follows from what stands below, ending, and coming again."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, insert, select

from plugins.tasks.models import CLOSED, Step, Task, task_member
from sopia import Session, Text, now, working_calendar
from sopia import translate as _


def today(session: Session) -> date:
    """The day that it is where the company works."""
    return now().astimezone(working_calendar(session).zone).date()


# ---------------------------------------------------------------- progress


def progress_below(session: Session, task_id: int) -> int | None:
    """The mean of what stands directly below, each counting the same; None where nothing does.

    What is cancelled does not count. It is rounded down, so that 100 is said only when all of it is done.
    """
    counted = select(func.count(), func.coalesce(func.sum(Task.progress), 0)).where(
        Task.parent_id == task_id, Task.state != "cancelled", Task.deleted_at.is_(None)
    )
    number, total = session.execute(counted).one()
    return int(total) // int(number) if number else None


def roll_up(session: Session, task_id: int | None) -> None:
    """Let the progress of one task follow what stands directly below; `session` sees all of it.

    That changes the task, of which those listen who keep what stands above it in step.
    """
    task = session.get(Task, task_id, populate_existing=True) if task_id is not None else None
    below = progress_below(session, task.id) if task is not None else None
    if task is not None and below is not None and below != task.progress:
        task.progress = below
        session.flush()


def roll_up_moved(session: Session) -> None:
    """As `roll_up`, for what a task has left when it moved elsewhere in the tree: nobody says from where."""
    mean = func.sum(Task.progress) // func.count()
    below = (
        select(Task.parent_id, mean.label("mean"))
        .where(Task.parent_id.is_not(None), Task.state != "cancelled", Task.deleted_at.is_(None))
        .group_by(Task.parent_id)
        .subquery()
    )
    wrong = select(Task.id).join(below, below.c.parent_id == Task.id).where(below.c.mean != Task.progress)
    for task_id in session.scalars(wrong).all():
        roll_up(session, task_id)


# ---------------------------------------------------------------- the steps of the workflow


def open_below(session: Session, task_id: int) -> int:
    """How many tasks directly below are neither done nor cancelled."""
    below = select(func.count()).where(Task.parent_id == task_id, Task.state.not_in(CLOSED), Task.deleted_at.is_(None))
    return int(session.scalar(below) or 0)


def may_finish(session: Session, task: Task) -> Text | None:
    """A plan is done when all that belongs to it is."""
    if count := open_below(session, task.id):
        return _("{count} of what stands below it is still open. Finish or cancel that first.", count=count)
    return None


def may_reopen(session: Session, task: Task) -> Text | None:
    """What belongs to something that is done stays as it is."""
    parent = session.get(Task, task.parent_id) if task.parent_id is not None else None
    if parent is not None and parent.deleted_at is None and parent.is_closed:
        return _("It belongs to “{title}”, which is closed. Reopen that first.", title=parent.title)
    return None


def finish(session: Session, task: Task) -> None:
    """It is done: whole progress, and the next one where it comes again."""
    task.progress = 100
    task.done_on = today(session)
    repeat(session, task)


def reopen(session: Session, task: Task) -> None:
    """It goes on: with as much progress as the work steps or what stands below say."""
    task.done_on = None
    if (below := progress_below(session, task.id)) is not None:
        task.progress = below
    elif task.progress == 100:
        task.progress = progress_of_steps(session, task.id)


def progress_of_steps(session: Session, task_id: int) -> int:
    """How many of a hundred work steps are ticked; 0 where there are none, and never the whole."""
    steps = session.scalars(select(Step.done).where(Step.task_id == task_id, Step.deleted_at.is_(None))).all()
    return min(99, 100 * sum(steps) // len(steps)) if steps else 0


# ---------------------------------------------------------------- coming again


def next_date(day: date, rule: str, day_of_month: int | None = None) -> date:
    """The next day by a rule; monthly on the same day of the month, or its last."""
    if rule == "day":
        return day + timedelta(days=1)
    if rule == "week":
        return day + timedelta(days=7)
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day_of_month or day.day, monthrange(year, month)[1]))


def following_date(task: Task, earliest: date) -> date | None:
    """The next due day that is not before `earliest`; None where the task does not come again."""
    if not task.repeat or task.due_on is None:
        return None
    found = task.due_on
    while found == task.due_on or found < earliest:
        if found.year >= 9990:
            return None
        found = next_date(found, task.repeat, task.repeat_day or task.due_on.day)
    return None if task.repeat_until is not None and found > task.repeat_until else found


def repeat(session: Session, task: Task) -> Task | None:
    """Make the next of a task that comes again, once; occasions that have passed meanwhile are left out."""
    due = following_date(task, today(session))
    made = select(Task.id).where(Task.follows_id == task.id, Task.deleted_at.is_(None))
    if due is None or session.scalar(made) is not None:
        return None
    assert task.due_on is not None
    parent = session.get(Task, task.parent_id) if task.parent_id is not None else None
    again = Task(
        kind=task.kind,
        title=task.title,
        owner_id=task.owner_id,
        department_id=task.department_id,
        customer_id=task.customer_id,
        parent_id=None if parent is None or parent.is_closed or parent.deleted_at is not None else parent.id,
        starts_on=task.starts_on + (due - task.due_on) if task.starts_on is not None else None,
        due_on=due,
        priority=task.priority,
        detail=task.detail,
        giver_id=task.giver_id,
        repeat=task.repeat,
        repeat_until=task.repeat_until,
        repeat_day=task.repeat_day or task.due_on.day,
        follows_id=task.id,
    )
    session.add(again)
    session.flush()
    _copy_parts(session, task, again)
    return again


def _copy_parts(session: Session, task: Task, again: Task) -> None:
    steps = select(Step).where(Step.task_id == task.id, Step.deleted_at.is_(None)).order_by(Step.position, Step.id)
    session.add_all(Step(task_id=again.id, text=step.text, position=step.position) for step in session.scalars(steps))
    people = select(task_member.c.user_id).where(task_member.c.task_id == task.id)
    if members := session.scalars(people).all():
        session.execute(insert(task_member), [{"task_id": again.id, "user_id": each} for each in members])
    session.flush()


def repeat_what_is_done(session: Session) -> int:
    """Make the next of everything that was done and has none yet, such as after an import; how many that were."""
    later = select(Task.follows_id).where(Task.follows_id.is_not(None), Task.deleted_at.is_(None))
    done = select(Task).where(
        Task.repeat.is_not(None), Task.state == "done", Task.deleted_at.is_(None), Task.id.not_in(later)
    )
    return sum(repeat(session, task) is not None for task in session.scalars(done).all())


def give(session: Any, task_id: int, person: int | None) -> None:
    """Note who made the task, that is who gave it to its owner."""
    session.get_one(Task, task_id).giver_id = person
