"""My team today (掌握员工动态): what each person of one's team did and has to do on a day, and guidance on any of it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from core.kernel import formats
from core.kernel.errors import BadRequest
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.resources import values
from core.web.address import address
from core.web.navigation import person
from core.web.pages.lists import context_of
from core.web.remarks import my_team
from core.web.responses import Response
from core.web.routing import Everybody, Route
from core.web.views import Empty, Link, Option
from core.web.views.workplace import DayLine, PersonDay, TeamView
from core.workplace.activity import Doing, doings
from core.workplace.people import Colleague, colleagues

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

URL: Final = "/team"
SHOWN: Final = 30
"""People whose entries are shown; the rest are counted, and opened one by one."""


def routes(platform: Platform) -> Iterable[Route]:
    """The page."""
    yield Route(URL, show, Everybody("who has no team sees an empty page, and records are behind the gate"))


def show(request: Request) -> Response:
    """The day of one's team."""
    context = context_of(request)
    day = _day(request, context.today)
    every = colleagues(request.connection, sorted(my_team(request)))
    shown = _chosen(request, every)
    days = people_days(request, shown, day)
    pairs = tuple((name, request.query[name]) for name in ("department", "person") if request.query.get(name))
    before, after = day - dt.timedelta(days=1), day + dt.timedelta(days=1)
    view = TeamView(
        title=_("My team today") if day == context.today else _("My team"),
        day=formats.long_day(day),
        date=day.isoformat(),
        previous=Link(title=_("The day before"), url=address(URL, (("day", before.isoformat()), *pairs))),
        following=Link(title=_("The day after"), url=address(URL, (("day", after.isoformat()), *pairs))),
        today=None if day == context.today else Link(title=_("Today"), url=address(URL, pairs)),
        people=tuple(days),
        departments=_departments(request, every),
        persons=tuple(
            Option(value=str(each.id), title=each.name, selected=request.query.get("person") == str(each.id))
            for each in every
        ),
        totals=totals_of(days),
        empty=None if every else _nobody(),
    )
    return request.render("team.html", view)


def people_days(
    request: Request, people: Sequence[Colleague], day: dt.date, *, entries: bool = True
) -> list[PersonDay]:
    """Each person's day, as far as the reader sees it."""
    context = context_of(request)
    found: dict[int, list[Doing]] = defaultdict(list)
    for doing in doings(request.connection, request.platform.above, context, [each.id for each in people], day):
        found[doing.person_id].append(doing)
    zone = request.timezone.key
    return [
        PersonDay(
            person=person(each.id, each.name, title=each.title, url=address(URL, (("person", str(each.id)),))),
            department=each.department,
            done=sum(doing.kind == "done" for doing in found[each.id]),
            planned=sum(doing.kind == "planned" for doing in found[each.id]),
            late=sum(doing.late for doing in found[each.id]),
            seen=formats.ago(each.seen_at, zone, now()) if each.seen_at else _("never yet"),
            lines=lines_of(request, found[each.id], guide=True) if entries and position < SHOWN else (),
        )
        for position, each in enumerate(people)
    ]


def lines_of(request: Request, given: Iterable[Doing], *, guide: bool = False) -> tuple[DayLine, ...]:
    """Entries as they are shown; `guide` offers guidance on them."""
    writes = guide and not request.principal.read_only
    return tuple(
        DayLine(
            title=doing.title if len(doing.title) <= 160 else f"{doing.title[:159]}…",
            about=doing.about,
            label=doing.label,
            url=doing.url,
            icon=doing.resource.declared.icon,
            at=_when(request, doing),
            kind=doing.kind,
            late=doing.late,
            guide_url=f"{doing.url}/remarks" if writes else "",
        )
        for doing in given
    )


def totals_of(days: Sequence[PersonDay]) -> tuple[tuple[str, int, str], ...]:
    """What all of them did, have to do, and are late with."""
    return (
        (str(_("done")), sum(each.done for each in days), "good"),
        (str(_("to do")), sum(each.planned for each in days), ""),
        (str(_("late")), sum(each.late for each in days), "bad" if any(each.late for each in days) else ""),
        (str(_("without any entry")), sum(not each.done and not each.planned for each in days), "quiet"),
    )


def _when(request: Request, doing: Doing) -> str:
    if doing.late:
        return f"{doing.day:%m-%d}"
    if doing.at is not None:
        return f"{doing.at.astimezone(request.timezone):%H:%M}"
    return formats.relative_day(doing.day, now().astimezone(request.timezone).date())


def _day(request: Request, today: dt.date) -> dt.date:
    text = request.query.get("day", "").strip()
    try:
        found = values.date(text) if text else None
    except values.ValueFault as fault:
        raise BadRequest(_("'{name}': {reason}", name="day", reason=str(fault))) from None
    chosen = found or today
    if not dt.date(1990, 1, 1) <= chosen <= dt.date(2200, 1, 1):
        raise BadRequest(_("'{value}' lies too far away.", value=text[:20]), _("Choose a day of these years."))
    return chosen


def _chosen(request: Request, every: Sequence[Colleague]) -> list[Colleague]:
    """The people that the filters leave; what is no number of theirs leaves nobody."""
    person_id, department = request.query.get("person", ""), request.query.get("department", "")
    return [
        each
        for each in every
        if (not person_id or str(each.id) == person_id)
        and (not department or department in {str(one) for one in each.department_ids})
    ]


def _departments(request: Request, every: Sequence[Colleague]) -> tuple[Option, ...]:
    resource = request.platform.above.get("system.department")
    ids = sorted({one for each in every for one in each.department_ids})
    if resource is None or not ids:
        return ()
    chosen = request.query.get("department")
    rows = request.connection.execute(resource.labels, {"ids": ids})
    named = sorted((str(row[1]), row[0]) for row in rows)
    return tuple(Option(value=str(one), title=name, selected=str(one) == chosen) for name, one in named)


def _nobody() -> Empty:
    return Empty(
        title=_("You lead no team"),
        text=_("Heads and deputies of departments, and those to whom people report, see their team's day here."),
        icon="people",
        ghost="none",
    )
