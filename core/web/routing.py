"""Which address leads to which page, and who may open it. A route without a permission stops the start."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from core.kernel.errors import PluginError
from core.kernel.i18n import translate as _

if TYPE_CHECKING:
    from core.kernel.principal import Principal
    from core.web.requests import Request
    from core.web.responses import Response

Page: TypeAlias = "Callable[[Request], Response]"
"""A page function: plain, run in a thread, in one transaction."""

Kind = Literal["int", "str", "path"]

SAFE_METHODS = frozenset({"GET", "HEAD"})
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

PLACE = re.compile(r"\{([a-z_]+)(?::(int|str|path))?\}")
PATH = re.compile(r"(/([a-z0-9._-]+|\{[a-z_]+(:(int|str|path))?\}))+|/")
LARGEST_ID = 2**63 - 1
MOST_SEGMENTS = 16


@dataclass(frozen=True, slots=True)
class Anybody:
    """The permission of a route that needs no sign-in, with the reason."""

    why: str


@dataclass(frozen=True, slots=True)
class Everybody:
    """The permission of a route that is open to whoever is signed in, with the reason."""

    why: str


Allow: TypeAlias = "str | tuple[str, ...] | Anybody | Everybody"
"""A permission `plugin.noun.action`, several of which one is enough, or an explicit opening."""


@dataclass(frozen=True, eq=False)
class Route:
    """An address, the function behind it, and the permission it needs: `Route("/map", map_page, "visits.visit.view")`.

    In a path, `{id:int}` stands for a number, `{name}` for one part, `{rest:path}` for all that follows; the values
    are in `request.params`. A plugin's routes stand under its name. `uploads` admits files up to 64 MB.
    """

    path: str
    page: Page
    allow: Allow | None = None
    methods: tuple[str, ...] = ("GET",)
    uploads: bool = False

    def admits(self, principal: Principal) -> bool:
        """Whether this person may use the function at all; which records he sees is up to the gate."""
        if isinstance(self.allow, str):
            resource, _dot, action = self.allow.rpartition(".")
            return principal.allows(resource, action)
        if isinstance(self.allow, tuple):
            return any(principal.allows(*permission.rsplit(".", 1)) for permission in self.allow)
        return isinstance(self.allow, Anybody) or bool(principal.user_id)

    @property
    def is_open(self) -> bool:
        """Whether it needs no sign-in."""
        return isinstance(self.allow, Anybody)

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions that it names."""
        return (self.allow,) if isinstance(self.allow, str) else self.allow if isinstance(self.allow, tuple) else ()


@dataclass(slots=True)
class _Step:
    """One part of a path: what may follow it, and the routes that end here."""

    words: dict[str, _Step] = field(default_factory=dict)
    places: dict[tuple[Kind, str], _Step] = field(default_factory=dict)
    routes: dict[str, tuple[str, Route]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """What stands at an address: the route of each method, and the values in the path."""

    routes: Mapping[str, tuple[str, Route]]
    params: Mapping[str, Any]

    def route(self, method: str) -> Route | None:
        """The route of a method; HEAD is answered as GET."""
        found = self.routes.get("GET" if method == "HEAD" else method)
        return found[1] if found else None

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that the address takes."""
        return tuple(sorted({*self.routes, *(["HEAD"] if "GET" in self.routes else [])}))


class Router:
    """All routes of one generation. `permissions` are those that exist; a route that names another is refused."""

    def __init__(self, permissions: Callable[[str], bool] = lambda permission: True) -> None:
        self._root = _Step()
        self._exists = permissions
        self._still: dict[str, Match] = {}
        self.routes: list[tuple[str, str, Route]] = []
        """Plugin, full path and route of everything that can be asked for."""

    def add(self, routes: Iterable[Route], plugin: str = "system", prefix: str = "") -> None:
        """Take routes in, after a look at each."""
        for route in routes:
            path = prefix if prefix and route.path == "/" else prefix + route.path
            self._check(plugin, path, route)
            step = self._root
            for part in _parts(path):
                place = PLACE.fullmatch(part)
                if place:
                    kind: Any = place[2] or "str"
                    step = step.places.setdefault((kind, place[1]), _Step())
                else:
                    step = step.words.setdefault(part, _Step())
            for method in route.methods:
                if method in step.routes:
                    _refuse(plugin, path, _("the plugin '{other}' has the same address", other=step.routes[method][0]))
                step.routes[method] = (plugin, route)
            if "{" not in path:
                self._still[path] = Match(step.routes, {})
            self.routes.append((plugin, path, route))

    def find(self, path: str) -> Match | None:
        """What stands at a path, None where there is nothing."""
        still = self._still.get(path)
        if still is not None:
            return still
        parts = _parts(path)
        if len(parts) > MOST_SEGMENTS:
            return None
        params: dict[str, Any] = {}
        step = _walk(self._root, parts, 0, params)
        return Match(step.routes, params) if step else None

    def _check(self, plugin: str, path: str, route: Route) -> None:
        if not PATH.fullmatch(path):
            _refuse(plugin, path, _("a path starts with / and has lower-case words and places like {id:int}"))
        if not route.methods or not METHODS.issuperset(route.methods):
            _refuse(plugin, path, _("its methods are not among {methods}", methods=", ".join(sorted(METHODS))))
        if route.allow is None or route.allow in ("", ()):
            _refuse(plugin, path, _("it does not say who may open it"))
        for permission in route.permissions:
            if not self._exists(permission):
                _refuse(plugin, path, _("there is no permission '{permission}'", permission=permission))


def _parts(path: str) -> list[str]:
    return path[1:].split("/") if path != "/" else []


def _walk(step: _Step, parts: list[str], position: int, params: dict[str, Any]) -> _Step | None:
    if position == len(parts):
        return step if step.routes else None
    part = parts[position]
    word = step.words.get(part)
    if word is not None:
        found = _walk(word, parts, position + 1, params)
        if found is not None:
            return found
    for (kind, name), place in step.places.items():
        value = _value(kind, parts, position)
        if value is None:
            continue
        params[name] = value
        found = place if kind == "path" and place.routes else _walk(place, parts, position + 1, params)
        if found is not None:
            return found
        del params[name]
    return None


def _value(kind: Kind, parts: list[str], position: int) -> int | str | None:
    part = parts[position]
    if kind == "path":
        return "/".join(parts[position:])
    if kind == "str":
        return part or None
    # The digits are counted first: turning a megabyte of them into a number takes seconds.
    if not (part.isascii() and part.isdigit() and len(part) <= 19):
        return None
    number = int(part)
    return number if number <= LARGEST_ID else None


def _refuse(plugin: str, path: str, reason: Any) -> None:
    raise PluginError(
        _("Plugin '{plugin}' has a route '{path}' that cannot be used: {reason}.",
          plugin=plugin, path=path, reason=reason),
        _('Write it as in Route("/map", pages.map_of_visits, allow="visits.visit.view"), '
          'or allow=Everybody("why"), or allow=Anybody("why").'),
    )  # fmt: skip
