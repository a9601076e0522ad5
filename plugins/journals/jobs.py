"""Reminding those who have not written: in the evening of the day on which a journal is due, and the next morning."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from plugins.journals.models import Rule
from plugins.journals.periods import KINDS, deadline, due_day, is_written_on, last_due, name_of, weekdays_in
from plugins.journals.submissions import still_to_write
from sopia import Job, Schedule, Session, notify, now, working_calendar
from sopia import translate as _

REMIND = "journals.remind"

QUIET = dt.timedelta(hours=4)
"""By one rule nobody is reminded again so soon, even if the job is done twice."""

NOON = 12


def remind(run: Any) -> dict[str, int]:
    """Tell everybody whose journal is due and not submitted."""
    with run.session(write=True) as session:
        session.info["gate"] = run.platform.gate
        return {"told": remind_all(session, run.platform.above["journals.rule"], now())}


def remind_all(session: Session, resource: Any, moment: dt.datetime) -> int:
    """Remind by every rule whose period is due at this moment; how many people were told."""
    told = 0
    for kind in KINDS:
        rules = select(Rule).where(Rule.kind == kind, Rule.archived.is_(False), Rule.deleted_at.is_(None))
        for rule in session.scalars(rules.order_by(Rule.id)).all():
            day = period_due(session, rule, moment)
            if day is None or (rule.reminded_at is not None and moment - rule.reminded_at < QUIET):
                continue
            people = still_to_write(session, kind, day).get(rule.id, ())
            words = _("Your journal of {period} has not been submitted yet.", period=name_of(kind, day))
            told += notify(session, people, kind="reminder", resource=resource, record_id=rule.id, text=words)
            rule.reminded_at = moment
    session.flush()
    return told


def period_due(session: Session, rule: Rule, moment: dt.datetime) -> dt.date | None:
    """A day of the period that is to be reminded of: after noon the one that ends, before noon the last while it may
    still be written in time; on Monday that is Friday's. On free days nobody is reminded."""
    calendar = working_calendar(session)
    here = moment.astimezone(calendar.zone)
    day, weekdays = here.date(), weekdays_in(rule.weekdays)
    if here.hour >= NOON:
        return day if due_day(calendar, rule.kind, weekdays, day) == day else None
    last = last_due(calendar, rule.kind, weekdays, day)
    if last is None or not is_written_on(calendar, weekdays, day):
        return None
    return last if moment <= deadline(calendar, rule.kind, last, rule.window, weekdays) else None


JOBS = (
    Job(REMIND, remind),
    Schedule(f"{REMIND}_evening", "30 17 * * *", REMIND, "journals are due in the evening"),
    Schedule(f"{REMIND}_morning", "0 9 * * *", REMIND, "what was not written in the evening may still come in time"),
)
