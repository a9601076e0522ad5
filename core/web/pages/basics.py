"""The way to what is set up once: the lists that plugins keep out of the daily navigation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.resources.resource import BASIC_DATA
from core.web.responses import Response
from core.web.routing import Everybody, Route
from core.web.views.administration import AdministrationGroup, AdministrationView

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request


def routes(platform: Platform) -> Iterable[Route]:
    """The page of basic data."""
    yield Route("/basics", show, Everybody("it shows what one may see, which may be nothing"))


def show(request: Request) -> Response:
    """What there is to set up, plugin by plugin."""
    found = request.site.shells.basics(request.principal)
    groups = tuple(AdministrationGroup(title=group.title, links=group.links) for group in found)
    return request.render("administration.html", AdministrationView(title=BASIC_DATA, groups=groups))
