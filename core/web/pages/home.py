"""The workplace of today: a greeting, and what the plugins put on it. And the addresses that machines ask for."""

from __future__ import annotations

import ipaddress
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog
from markupsafe import Markup

from core.kernel import formats
from core.kernel.errors import NotFound
from core.kernel.generations import read_generations
from core.kernel.hooks import Broken
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.roles import ADMINISTRATOR
from core.kernel.types import now
from core.resources.resource import Panel as DeclaredPanel
from core.web.requests import Request
from core.web.responses import TEXT, Json, Redirect, Response
from core.web.routing import Anybody, Everybody, Route
from core.web.views import Panel
from core.web.views.home import HomeView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.platform import Platform

log = structlog.get_logger("sopia.pages")

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
    view = HomeView(
        title=_("Today"),
        greeting=greeting(here.hour, request.principal.name),
        day=_long_day(here.date(), request.locale),
        panels=panels,
    )
    return request.render("home.html", view)


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
