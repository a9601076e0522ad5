"""The frame around a page for one person: the navigation that he may use, his name, notices and preferences."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from jinja2 import Environment
from markupsafe import Markup
from sqlalchemy import select

from core.kernel.i18n import translate as _
from core.kernel.prepared import Prepared
from core.kernel.principal import Principal
from core.kernel.privilege import privileged
from core.resources.resource import BASIC_DATA
from core.web import cookies
from core.web.cells import initials
from core.web.menu import MenuEntry
from core.web.pages.views import url_of
from core.web.routing import MOST_SEGMENTS
from core.web.views import Banner, Link, NavigationGroup, Notice, Person, Shell
from core.web.views.shell import Words
from core.workplace.approvals import WAITING
from core.workplace.notifications import COUNTED, UNREAD
from core.workplace.views import pinned_views

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

KEPT = 2000
"""People whose navigation is remembered."""

DRAWN = 40
"""Drawings of it that are kept for each: one for each link that may be the current one, and then some."""

PARTS = ("side", "top_end")
BASICS = "/basics"


@dataclass(frozen=True, slots=True)
class Frame:
    """What of the frame is the same on every page of one person."""

    principal: Principal
    navigation: tuple[NavigationGroup, ...]
    basics: tuple[NavigationGroup, ...]
    create: tuple[Link, ...]
    administers: bool
    urls: frozenset[str]
    drawn: dict[tuple[object, ...], dict[str, Markup]] = field(default_factory=dict)
    """The parts of the frame as HTML, by all that they depend on."""


class Shells:
    """Makes the frames of one generation, and remembers what does not change from page to page."""

    def __init__(self, platform: Platform, stylesheets: tuple[str, ...] = (), scripts: tuple[str, ...] = ()) -> None:
        self._platform = platform
        self._stylesheets = stylesheets
        self._scripts = scripts
        self._frames: dict[int, Frame] = {}

    def shell(self, request: Request) -> Shell:
        """The frame around this request's page."""
        signed = request.signed
        common = Shell(
            locale=request.locale.replace("_", "-"),
            stylesheets=self._stylesheets,
            scripts=self._scripts,
            notices=self._notices(request),
            banners=self._banners(),
        )
        if signed is None or not request.principal.user_id:
            return common
        frame, path, held = self._frame(request.principal), request.path, request.incoming.cookies
        unread, waiting = _counts(request)
        return replace(
            common,
            theme=cast(Any, signed.theme if signed.theme in ("light", "dark") else "system"),
            density=cast(Any, "dense" if signed.density == "dense" else "comfortable"),
            narrow=held.get(cookies.NARROW) == "1",
            home=Link(title=_("Today"), url="/", icon="home", current=path == "/"),
            team=self._team(request, path),
            navigation=frame.navigation,
            basics=_basics(path, frame),
            administration=_administration(path) if frame.administers else None,
            create=frame.create,
            user=person(request.principal.user_id, request.principal.name),
            unread=unread,
            inbox=_inbox(path, waiting),
            user_links=(
                Link(title=_("My approvals"), url="/approvals", icon="check"),
                Link(title=_("My imports"), url="/imports", icon="import"),
                Link(title=_("Preferences"), url="/preferences", icon="gear"),
            ),
        )

    def drawn(self, request: Request, environment: Environment) -> dict[str, Markup]:
        """The parts of the frame that look the same on many pages: drawn once, and kept as long as the principal is."""
        shell, signed = request.shell, request.signed
        if signed is None or shell.user is None:
            return {}
        frame = self._frame(request.principal)
        opened = request.incoming.cookies.get(cookies.OPEN, "")[:200]
        here = tuple(url for url in _above(request.path) if url in frame.urls)
        leads = bool(shell.team)
        asked = (shell.inbox.count, shell.inbox.current) if shell.inbox else None
        key = (request.locale, shell.theme, shell.density, shell.narrow, shell.unread, asked, opened, here, leads)
        found = frame.drawn.get(key)
        if found is None:
            if len(frame.drawn) >= DRAWN:
                frame.drawn.clear()
            marked = set(opened.split("."))
            shell = replace(shell, navigation=tuple(_placed(group, here, marked) for group in frame.navigation))
            found = frame.drawn[key] = {
                part: Markup(environment.get_template(f"parts/{part}.html").render(shell=shell)) for part in PARTS
            }
        return found

    def basics(self, principal: Principal) -> tuple[NavigationGroup, ...]:
        """What is set up once, plugin by plugin, as far as this person may see it."""
        return self._frame(principal).basics

    def _frame(self, principal: Principal) -> Frame:
        frame = self._frames.get(principal.user_id)
        if frame is None or frame.principal is not principal:
            if len(self._frames) >= KEPT:
                self._frames.clear()
            frame = self._frames[principal.user_id] = self._make(principal)
        return frame

    def _make(self, principal: Principal) -> Frame:
        registry = self._platform.registry
        groups: dict[tuple[str, Words], list[Link]] = {}
        basics: dict[str, list[Link]] = {}
        create: list[Link] = []
        rest: list[Link] = []
        for resource in self._listed(principal):
            link = Link(title=resource.names, url=f"/{resource.address}", icon=resource.icon)
            if resource.menu is BASIC_DATA:
                basics.setdefault(resource.plugin, []).append(link)
                continue
            if self._platform.above[resource.key].allows(principal, "create"):
                new = Link(title=resource.name, url=f"/{resource.address}/new", icon=resource.icon)
                # The first of each plugin is what one makes most often.
                (rest if any(plugin == resource.plugin for plugin, _title in groups) else create).append(new)
            groups.setdefault((resource.plugin, resource.menu), []).append(link)
        for plugin, entry in sorted(registry.menu, key=lambda each: self._place(each[0])):
            if isinstance(entry, MenuEntry) and entry.shown_to(principal):
                title = entry.group or registry.plugin(plugin).title
                groups.setdefault((plugin, title), []).append(Link(title=entry.title, url=entry.url, icon=entry.icon))
        navigation = self._pinned(principal) + tuple(
            NavigationGroup(
                key=f"{plugin}{position or ''}", title=title, links=tuple(links), icon=links[0].icon or "square"
            )
            for position, ((plugin, title), links) in enumerate(groups.items())
        )
        apart = tuple(
            NavigationGroup(key=plugin, title=registry.plugin(plugin).title, links=tuple(links))
            for plugin, links in basics.items()
        )
        administers = any(principal.allows(f"system.{noun}", "create") for noun in ("user", "role", "department"))
        urls = {"/", "/team", "/system", BASICS, *(link.url for group in (*navigation, *apart) for link in group.links)}
        return Frame(principal, navigation, apart, (*create, *rest), administers, frozenset(urls))

    def _listed(self, principal: Principal) -> list[Any]:
        """The resources in the navigation that somebody may see, in the order of their plugins."""
        known = cast(Any, self._platform.registry.resources).values()
        seen = [
            each
            for each in known
            if not each.key.startswith("system.") and getattr(each, "menu", None) and principal.allows(each.key, "view")
        ]
        return sorted(seen, key=lambda resource: self._place(resource.plugin))

    def _place(self, plugin: str) -> tuple[int, str]:
        return self._platform.registry.plugin(plugin).place, plugin

    def _pinned(self, principal: Principal) -> tuple[NavigationGroup, ...]:
        """The views that a person has pinned, above everything else."""
        with self._platform.database.transaction(write=False) as connection:
            found = tuple(pinned_views(connection, self._platform.above, principal))
        links = tuple(
            Link(title=view.title, url=url_of(resource, view), icon=resource.declared.icon) for resource, view in found
        )
        return (NavigationGroup(key="pinned", title=_("Pinned"), links=links, icon="star", open=True),) if links else ()

    def _team(self, request: Request, path: str) -> Link | None:
        from core.web.remarks import my_team

        if not my_team(request):
            return None
        return Link(title=_("My team today"), url="/team", icon="target", current=path == "/team")

    def _notices(self, request: Request) -> tuple[Notice, ...]:
        sealed = request.incoming.cookies.get(cookies.NOTICE)
        told = cookies.open_notice(sealed, self._platform.settings.secret_key) if sealed else None
        return (*((told,) if told else ()), *request.notices)

    def _banners(self) -> tuple[Banner, ...]:
        if not self._platform.safe:
            return ()
        return (Banner(text=_("Safe mode: all plugins are left out until Sopia is started without --safe.")),)


COUNTS = Prepared(select(UNREAD.scalar_subquery(), WAITING.scalar_subquery()))


def _counts(request: Request) -> tuple[str, int]:
    """What the bell says, and how many approvals wait: one look into two short indexes."""
    row = COUNTS.rows(privileged(request.connection), {"me": request.principal.user_id})[0]
    return f"{COUNTED - 1}+" if row[0] >= COUNTED else str(row[0] or ""), int(row[1])


def _inbox(path: str, waiting: int) -> Link | None:
    here = path == "/approvals"
    if not waiting and not here:
        return None
    return Link(title=_("Approvals"), url="/approvals", icon="check", count=str(waiting or ""), current=here)


def person(user_id: int, name: str, *, url: str = "", title: Words = "") -> Person:
    """Somebody as a round of initials with his name."""
    return Person(name=name, initials=initials(name), colour=user_id % 10, url=url, title=title)


def _above(path: str) -> list[str]:
    """The path and those above it: /a/b/c, /a/b, /a, /."""
    parts = path.rstrip("/").split("/")[:MOST_SEGMENTS]
    return ["/".join(parts[:end]) for end in range(len(parts), 1, -1)] or ["/"]


def _placed(group: NavigationGroup, here: tuple[str, ...], opened: set[str]) -> NavigationGroup:
    """The group as it looks on one page: the link to it marked, and the group open."""
    if not any(link.url in here for link in group.links):
        return replace(group, open=True) if group.key in opened else group
    links = tuple(replace(link, current=True) if link.url in here else link for link in group.links)
    return replace(group, links=links, open=True)


def _basics(path: str, frame: Frame) -> Link | None:
    if not frame.basics:
        return None
    here = {BASICS, *(link.url for group in frame.basics for link in group.links)}
    return Link(title=BASIC_DATA, url=BASICS, icon="list", current=any(url in here for url in _above(path)))


def _administration(path: str) -> Link:
    current = path == "/system" or path.startswith("/system/")
    return Link(title=_("Administration"), url="/system", icon="gear", current=current)


Theme = Literal["system", "light", "dark"]
