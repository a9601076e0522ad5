"""What a new journal starts with: the records of its period, and what was planned the last time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from plugins.journals.models import Journal
from plugins.journals.periods import KINDS, after, before, end_of, start_of
from sopia import Session, activity_of, now, values, working_calendar
from sopia import translate as _

OWN = "journals.journal"

LONGEST = 6000
"""What is drafted stops here; nobody reads more."""


def draft(session: Any, principal: Any, asked: Mapping[str, str]) -> Mapping[str, Any]:
    """The values with which somebody's new journal begins; `asked` may say the kind and the day."""
    kind = asked.get("kind", "day")
    kind = kind if kind in KINDS else "day"
    day = _day(asked.get("on", "")) or now().astimezone(working_calendar(session).zone).date()
    return {"kind": kind, "on": day, **drafted(session, principal.user_id, kind, day)}


def drafted(session: Any, person: int, kind: str, day: dt.date) -> dict[str, Any]:
    """What the records say that somebody did in a period and has to do next, as far as the session shows them."""
    first, last = start_of(kind, day), end_of(kind, day)
    entries = [each for each in activity_of(session, person, first, last) if each.resource.key != OWN]
    done = [each for each in entries if each.kind == "done"]
    coming = activity_of(session, person, first, end_of(kind, after(kind, day)))
    told = [_("Planned last time:"), earlier] if (earlier := planned_before(session, person, kind, day)) else []
    told += [_("Done, by the records:"), *map(_line, done)] if told and done else [_line(each) for each in done]
    return {
        "done": _joined(told),
        "planned": _joined(_line(each) for each in coming if each.kind == "planned"),
        "customers": sorted({e.about_id for e in done if e.about_id and e.about_resource == "customers.customer"}),
        "tasks": sorted({e.record_id for e in entries if e.resource.key == "tasks.task"}),
        "documents": sorted({e.record_id for e in done if e.resource.key == "documents.document"}),
    }


def fill_in(session: Any, journal: Journal) -> None:
    """Add to a journal what the records of its period say and it does not say yet."""
    assert journal.owner_id is not None
    found = drafted(session, journal.owner_id, journal.kind, journal.on)
    journal.done = _with(journal.done, found["done"])
    journal.planned = _with(journal.planned, found["planned"])
    for name in ("customers", "tasks", "documents"):
        if found[name]:
            setattr(journal, name, sorted({*getattr(journal, name), *found[name]}))


def planned_before(session: Session, person: int, kind: str, day: dt.date) -> str:
    """What somebody planned in his journal of the period before; nothing where the session does not show it."""
    found = select(Journal.planned).where(
        Journal.owner_id == person, Journal.kind == kind, Journal.period_on >= _earliest(kind, day),
        Journal.period_on < start_of(kind, day),
    )  # fmt: skip
    return session.scalar(found.order_by(Journal.period_on.desc()).limit(1)) or ""


def panel_before(session: Session, journal: Journal) -> dict[str, Any]:
    """What stood under "planned" the last time, beside what was done."""
    if journal.owner_id is None:
        return {"planned": ""}
    return {"planned": planned_before(session, journal.owner_id, journal.kind, journal.on)}


def _earliest(kind: str, day: dt.date) -> dt.date:
    """Over a weekend or a holiday the last day that was worked counts; further back nothing does."""
    return before(kind, day) if kind != "day" else day - dt.timedelta(days=10)


def _line(each: Any) -> str:
    """One entry of the day on a line."""
    if isinstance(each, str):
        return each
    if not hasattr(each, "label"):
        return str(each)
    what = " ".join(filter(None, (str(each.label), each.about)))
    title = " ".join(each.title.split())
    return str(_("· {what}: {title}", what=what, title=title[:200]))


def _joined(lines: Iterable[Any]) -> str | None:
    return "\n".join(str(line) for line in lines)[:LONGEST] or None


def _with(text: str | None, more: str | None) -> str | None:
    known = set((text or "").splitlines())
    new = [line for line in (more or "").splitlines() if line not in known]
    return "\n".join(filter(None, (text, *new))) or None


def _day(text: str) -> dt.date | None:
    try:
        return values.date(text)
    except values.ValueFault:
        return None
