"""Who has written his journal and who has not (提交情况): by the rules and the working calendar, within a reader's scope."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from plugins.journals.models import Journal, Rule, rule_department, rule_group, rule_member
from plugins.journals.periods import deadline, due_day, start_of, weekdays_in
from sopia import Session, acting, now, working_calendar

TABLES = Journal.metadata.tables


@dataclass(frozen=True)
class Expected:
    """Somebody who is to write a journal for a period, and until when."""

    person: int
    name: str
    rule: int
    until: dt.datetime


@dataclass(frozen=True)
class Standing:
    """How it stands with one person's journal: missing, waiting, draft, late, submitted or reviewed."""

    person: int
    name: str
    state: str
    journal: int | None = None
    at: dt.datetime | None = None

    @property
    def is_missing(self) -> bool:
        """Whether it should be there by now."""
        return self.state == "missing"


def expected(session: Session, kind: str, day: dt.date) -> Sequence[Expected]:
    """Everybody who is to write a journal of a kind for the period of a day; of several rules the mildest holds.

    Whom the rules name is looked up beyond anybody's scope; who of them is shown is up to the caller.
    """
    calendar = working_calendar(session)
    found: dict[int, Expected] = {}
    with acting(session, "the rules for journals name people") as beyond:
        for rule in beyond.scalars(_rules(kind)).all():
            weekdays = weekdays_in(rule.weekdays)
            if due_day(calendar, kind, weekdays, day) is None:
                continue
            until = deadline(calendar, kind, day, rule.window, weekdays)
            for person, name in _people(beyond, rule.id).items():
                if person not in found or found[person].until < until:
                    found[person] = Expected(person, name, rule.id, until)
    return sorted(found.values(), key=lambda each: (each.name, each.person))


def _rules(kind: str) -> Any:
    return select(Rule).where(Rule.kind == kind, Rule.archived.is_(False), Rule.deleted_at.is_(None)).order_by(Rule.id)


def _people(session: Session, rule_id: int) -> Mapping[int, str]:
    """The present people that a rule names, be it themselves, by a group, or by a department and those below it."""
    users, belonging, grouped = TABLES["system_user"].c, TABLES["system_membership"].c, TABLES["system_group_member"].c
    departments = _below(
        session, session.scalars(select(rule_department.c.department_id).where(rule_department.c.rule_id == rule_id))
    )
    groups = session.scalars(select(rule_group.c.group_id).where(rule_group.c.rule_id == rule_id)).all()
    ids = set(session.scalars(select(rule_member.c.user_id).where(rule_member.c.rule_id == rule_id)))
    ids |= set(
        session.scalars(
            select(belonging.user_id).where(belonging.department_id.in_(departments), belonging.deleted_at.is_(None))
        )
    )
    ids |= set(
        session.scalars(select(grouped.user_id).where(grouped.group_id.in_(groups), grouped.deleted_at.is_(None)))
    )
    present = select(users.id, users.name).where(users.id.in_(ids), users.active, users.deleted_at.is_(None))
    return {row.id: row.name for row in session.execute(present)}


def _below(session: Session, roots: Iterable[int]) -> set[int]:
    """The departments and all below them."""
    places = TABLES["system_department"].c
    children: dict[int | None, list[int]] = defaultdict(list)
    for row in session.execute(select(places.id, places.parent_id).where(places.deleted_at.is_(None))):
        children[row.parent_id].append(row.id)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        department = waiting.pop()
        if department not in found:
            found.add(department)
            waiting += children[department]
    return found


def standings(session: Session, principal: Any, kind: str, day: dt.date) -> Sequence[Standing]:
    """How it stands with the journals of those whose journals the person may see, the missing ones first."""
    people = [each for each in expected(session, kind, day) if covers(principal, each.person)]
    written = written_by(session, [each.person for each in people], kind, day)
    moment = now()
    found = [_standing(each, written.get(each.person), moment) for each in people]
    order = {name: place for place, name in enumerate(("missing", "waiting", "draft", "late", "submitted", "reviewed"))}
    return sorted(found, key=lambda each: (order[each.state], each.name))


def covers(principal: Any, person: int) -> bool:
    """Whether somebody's journals lie within the scope of the reader."""
    reach = principal.reach("journals.journal", "view")
    if reach.level == "all":
        return True
    if reach.level == "none":
        return False
    return person == principal.user_id or (reach.level == "departments" and person in reach.users)


def written_by(session: Session, people: Sequence[int], kind: str, day: dt.date) -> Mapping[int, Any]:
    """The journals of these people for a period, by the person, as far as the session shows them."""
    asked = select(Journal.owner_id, Journal.id, Journal.state, Journal.submitted_at).where(
        Journal.owner_id.in_(people),
        Journal.kind == kind,
        Journal.period_on == start_of(kind, day),
        Journal.deleted_at.is_(None),
    )
    return {row.owner_id: row for row in session.execute(asked)} if people else {}


def _standing(each: Expected, journal: Any, moment: dt.datetime) -> Standing:
    if journal is None:
        return Standing(each.person, each.name, "missing" if moment > each.until else "waiting")
    state = journal.state
    if state == "draft":
        state = "missing" if moment > each.until else "draft"
    elif journal.submitted_at is not None and journal.submitted_at > each.until:
        state = "late" if state == "submitted" else state
    return Standing(each.person, each.name, state, journal.id, journal.submitted_at)


def still_to_write(session: Session, kind: str, day: dt.date) -> Mapping[int, Sequence[int]]:
    """Who has not submitted the journal of a period, by the rule that asks for it; `session` sees all of them."""
    people = expected(session, kind, day)
    written = written_by(session, [each.person for each in people], kind, day)
    left: dict[int, list[int]] = defaultdict(list)
    for each in people:
        journal = written.get(each.person)
        if journal is None or journal.state == "draft":
            left[each.rule].append(each.person)
    return left
