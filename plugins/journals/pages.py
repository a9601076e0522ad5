"""The page with who has written and who has not, and the panel of the first page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugins.journals.periods import KINDS, after, before, name_of, start_of
from plugins.journals.submissions import Standing, expected, standings, written_by
from sopia import BadRequest, Panel, Session, Text, now, values, working_calendar
from sopia import translate as _

URL = "/journals/submissions"
LIST = "/journals/journals"

TITLES: Mapping[str, Text] = {"day": _("Daily journals"), "week": _("Weekly journals"), "month": _("Monthly journals")}

STATES: Mapping[str, tuple[Text, str]] = {
    "missing": (_("Not submitted"), "red"),
    "waiting": (_("Still time"), "grey"),
    "draft": (_("Draft"), "grey"),
    "late": (_("Submitted late"), "amber"),
    "submitted": (_("Submitted"), "blue"),
    "reviewed": (_("Reviewed"), "green"),
}


@dataclass(frozen=True)
class Line:
    """One person with his journal."""

    standing: Standing
    title: Text
    colour: str
    url: str
    at: str


@dataclass(frozen=True)
class Submissions:
    """journals/submissions.html: who has written his journal of a period."""

    title: Text
    period: str
    kind: str
    day: str
    previous: str
    following: str
    kinds: Sequence[tuple[str, Text, str]]
    totals: Sequence[tuple[Text, int, str]]
    lines: Sequence[Line]
    can_rule: bool


def page(request: Any) -> Any:
    """Who has submitted and who has not, of those whose journals the reader may see."""
    session, zone = request.reader, working_calendar(request.reader).zone
    kind = request.query.get("kind") or "day"
    if kind not in KINDS:
        raise BadRequest(_("'{kind}' is none of: {kinds}.", kind=kind[:20], kinds=", ".join(KINDS)))
    day = _day(request.query.get("day")) or now().astimezone(zone).date()
    found = standings(session, request.principal, kind, day)
    view = Submissions(
        title=_("Who has written"),
        period=name_of(kind, day),
        kind=kind,
        day=start_of(kind, day).isoformat(),
        previous=_at(kind, before(kind, day)),
        following=_at(kind, after(kind, day)),
        kinds=tuple((each, TITLES[each], _at(each, day)) for each in KINDS),
        totals=_totals(found),
        lines=tuple(_line(each, kind, day, zone, request.principal.user_id) for each in found),
        can_rule=request.principal.allows("journals.rule", "create"),
    )
    return request.render("journals/submissions.html", view)


def _day(text: str | None) -> dt.date | None:
    if not text:
        return None
    try:
        day = values.date(text)
    except values.ValueFault as fault:
        raise BadRequest(str(fault)) from None
    return day if day is None or 1970 <= day.year <= 2200 else None


def _at(kind: str, day: dt.date) -> str:
    return f"{URL}?kind={kind}&day={day.isoformat()}"


def _totals(found: Sequence[Standing]) -> Sequence[tuple[Text, int, str]]:
    there = sum(each.state in ("late", "submitted", "reviewed") for each in found)
    missing = sum(each.is_missing for each in found)
    return (
        (_("To be written"), len(found), ""),
        (_("Submitted"), there, "good"),
        (_("Not submitted"), missing, "bad" if missing else ""),
        (_("Reviewed"), sum(each.state == "reviewed" for each in found), ""),
    )


def _line(each: Standing, kind: str, day: dt.date, zone: dt.tzinfo, me: int) -> Line:
    title, colour = STATES[each.state]
    url = f"{LIST}/{each.journal}" if each.journal else ""
    if not url and each.person == me:
        url = f"{LIST}/new?kind={kind}&on={day.isoformat()}"
    at = each.at.astimezone(zone).strftime("%m-%d %H:%M") if each.at is not None else ""
    return Line(each, title, colour, url, at)


def home_panel() -> Panel:
    """One's own journals of the day, the week and the month, where a rule asks for them."""
    return Panel(_("My journals"), "journals/home.html", _at_home)


def _at_home(session: Session, principal: Any) -> dict[str, Any]:
    day = now().astimezone(working_calendar(session).zone).date()
    lines = []
    for kind in KINDS:
        asked = any(each.person == principal.user_id for each in expected(session, kind, day))
        journal = written_by(session, [principal.user_id], kind, day).get(principal.user_id)
        if journal is None and not asked and kind != "day":
            continue
        state = journal.state if journal is not None else "waiting"
        new = f"{LIST}/new?kind={kind}&on={day.isoformat()}"
        url = f"{LIST}/{journal.id}" if journal is not None else new
        lines.append((TITLES[kind], name_of(kind, day), url, journal is not None, *STATES[state]))
    return {"lines": lines, "url": URL}
