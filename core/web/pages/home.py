"""The workplace of today: a greeting, and what the plugins put on it. And the addresses that machines ask for."""

from __future__ import annotations

import ipaddress
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog
from markupsafe import Markup
from sqlalchemy import bindparam, select

from core.kernel import formats
from core.kernel.errors import NotFound
from core.kernel.gate import privileged
from core.kernel.generations import read_generations
from core.kernel.history import HistoryEntry
from core.kernel.hooks import Broken
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.roles import ADMINISTRATOR
from core.kernel.types import now
from core.resources.resource import Panel as DeclaredPanel
from core.web.pages.lists import context_of
from core.web.pages.notifications import lines_of as lines_of_notes
from core.web.pages.team import lines_of as lines_of_day
from core.web.pages.team import people_days, totals_of
from core.web.remarks import my_team
from core.web.requests import Request
from core.web.responses import TEXT, Json, Redirect, Response
from core.web.routing import Anybody, Everybody, Route
from core.web.views import Button, Link, Panel
from core.web.views.home import HomeView, RecentLine, ReminderLine
from core.workplace.activity import doings
from core.workplace.notifications import labels_in_sight, notes_of
from core.workplace.people import colleagues
from core.workplace.remarks import has_remarks
from core.workplace.reminders import my_reminders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.platform import Platform

log = structlog.get_logger("sopia.pages")

NOTES = 6
RECENT = 8
TEAM = 12
"""How much of each stands on the first page."""

LATELY = (
    select(HistoryEntry.resource, HistoryEntry.record, HistoryEntry.at)
    .where(HistoryEntry.actor_id == bindparam("me"))
    .order_by(HistoryEntry.id.desc())
    .limit(60)
)

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def routes(platform: Platform) -> Iterable[Route]:
    """The first page and the machines' addresses."""
    yield Route("/", today, Everybody("everybody has a first page"))
    yield Route("/healthz", health, Anybody("a load balancer has no account"))
    yield Route("/metrics", metrics, Anybody("it looks at the address or the token itself"))
    yield Route("/favicon.ico", icon, Anybody("browsers ask before sign-in"))
    yield Route("/robots.txt", robots, Anybody("it is for machines"))


def today(request: Request) -> Response:
    """The first page after sign-in."""
    hooks = request.platform.registry.hooks
    panels: tuple[Panel, ...] = ()
    if hooks.implemented_by("home_panels"):
        given = hooks.collect("home_panels", session=request.reader, principal=request.principal)
        panels = tuple(_panel(request, each, position) for position, each in enumerate(given))
    here = now().astimezone(request.timezone)
    me = request.principal.user_id
    own = doings(request.connection, request.platform.above, context_of(request), [me], here.date())
    lines = lines_of_day(request, own)
    waiting = notes_of(request.connection, request.platform.above, me, only_unread=True, limit=NOTES)
    team = people_days(request, colleagues(request.connection, sorted(my_team(request))), here.date(), entries=False)
    view = HomeView(
        title=_("Today"),
        greeting=greeting(here.hour, request.principal.name),
        day=_long_day(here.date(), request.locale),
        planned=tuple(line for line in lines if line.kind == "planned"),
        done=tuple(line for line in lines if line.kind == "done"),
        reminders=_reminders(request, here),
        notes=lines_of_notes(request, waiting),
        recent=_recent(request),
        team=tuple(sorted(team, key=lambda each: (-each.late, -each.done - each.planned))[:TEAM]),
        team_totals=totals_of(team),
        team_link=Link(title=_("My team today"), url="/team", icon="people") if team else None,
        panels=panels,
    )
    return request.render("home.html", view)


def _reminders(request: Request, here: datetime) -> tuple[ReminderLine, ...]:
    """One's own reminders of today and before."""
    end = datetime.combine(here.date() + timedelta(days=1), time(), here.tzinfo)
    rows = my_reminders(request.connection, request.principal.user_id, until=end)
    resources = request.platform.above
    labels = labels_in_sight(request.connection, resources, ((row.resource, row.record_id) for row in rows))
    found = []
    for row in rows:
        title = labels.get((row.resource, row.record_id))
        if title is None:
            continue
        at, home = row.due_at.astimezone(request.timezone), f"{resources[row.resource].url}/{row.record_id}"
        shown = f"{at:%m-%d}" if at.date() < here.date() else f"{at:%H:%M}"
        done = Button(title=_("Remove"), url=f"{home}/remind/{row.id}/delete", icon="check")
        found.append(ReminderLine(title=title, text=row.text, url=home, at=shown, late=at < here, done=done))
    return tuple(found)


def _recent(request: Request) -> tuple[RecentLine, ...]:
    """The records that one has changed last and still sees."""
    resources = request.platform.above
    rows = privileged(request.connection).execute(LATELY, {"me": request.principal.user_id}).all()
    last: dict[tuple[str, int], datetime] = {}
    for row in rows:
        if (found := resources.get(row.resource)) is not None and has_remarks(found):
            last.setdefault((row.resource, row.record), row.at)
    labels = labels_in_sight(request.connection, resources, last)
    zone = request.timezone.key
    lines = [
        RecentLine(
            title=labels[at],
            url=f"{resources[at[0]].url}/{at[1]}",
            icon=resources[at[0]].declared.icon,
            kind=resources[at[0]].name,
            at=formats.ago(moment, zone, now()),
        )
        for at, moment in last.items()
        if at in labels
    ]
    return tuple(lines[:RECENT])


@lru_cache(maxsize=64)
def _long_day(day: date, locale: str) -> str:
    # Babel takes longer for one date than the rest of the page.
    return formats.long_day(day)


def _panel(request: Request, given: Any, position: int) -> Panel:
    """What a plugin gave, as a box of the page; a quiet box in the place of what failed."""
    if isinstance(given, Panel):
        return given
    if isinstance(given, DeclaredPanel):
        return _own(request, given, f"panel{position}")
    told = given.message if isinstance(given, Broken) else _("This is no panel: {kind}.", kind=type(given).__name__)
    return Panel(key=f"broken{position}", title=_("Not available"), error=told)


def _own(request: Request, declared: DeclaredPanel, key: str) -> Panel:
    """A panel with a template of its own; one that fails says so and leaves the page alone."""
    try:
        given = declared.make(request.reader, request.principal) if declared.make else {}
        template = request.site.templates.get_template(declared.template)
        return Panel(key=key, title=declared.title, html=Markup(template.render(given)))
    except Exception as error:
        log.error("a panel failed", panel=str(declared.title), exc_info=error)
        return Panel(key=key, title=declared.title, error=_("This part of the page could not be shown."))


def greeting(hour: int, name: str) -> Text:
    """How one says hello at this hour."""
    if 5 <= hour < 12:
        return _("Good morning, {name}", name=name)
    if 12 <= hour < 18:
        return _("Good afternoon, {name}", name=name)
    return _("Good evening, {name}", name=name)


def health(request: Request) -> Response:
    """Whether this worker works: the database has just answered. It names no versions to strangers."""
    _access, plugins = read_generations(request.session)
    behind = plugins > request.platform.generation
    state = {
        "status": "degraded" if request.site.host.failure else "ok",
        "database": "ok",
        "generation": request.platform.generation,
        "behind": behind,
    }
    return Json(state)


def metrics(request: Request) -> Response:
    """The counters of this worker, for whoever asks from this machine or with an administrator's token."""
    forwarded = request.header("x-forwarded-for") or request.header("forwarded")
    near = _is_near(request.incoming.address) and not forwarded
    if not near and ADMINISTRATOR not in request.principal.roles:
        raise NotFound
    return Response(request.site.host.metrics.text(), content_type=PROMETHEUS)


def icon(request: Request) -> Response:
    """The icon under the address at which browsers look by themselves."""
    return Redirect(request.site.statics.url("icon.svg"), 302)


def robots(request: Request) -> Response:
    """Nothing here is for search engines."""
    return Response("User-agent: *\nDisallow: /\n", content_type=TEXT)


def _is_near(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
