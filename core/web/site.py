"""One generation of the screens: routes, templates and static files over one generation of the platform.

A request is answered from beginning to end by one site, in one thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

from markupsafe import Markup
from sqlalchemy.exc import OperationalError, ProgrammingError

from core.kernel.errors import Forbidden, NotFound
from core.kernel.generations import read_generations
from core.kernel.i18n import activate
from core.kernel.principal import NOBODY, Principal
from core.kernel.registry import Registry
from core.kernel.roles import ACTIONS
from core.kernel.sessions import SignedIn, find_session
from core.kernel.tokens import find_token
from core.web import cookies
from core.web.folding import fold
from core.web.headers import RawHeaders, check_origin, finish
from core.web.incoming import Incoming
from core.web.navigation import Shells
from core.web.pages import errors
from core.web.requests import Request
from core.web.responses import Page, Response
from core.web.routing import Route, Router
from core.web.statics import Statics
from core.web.templating import STATIC, make_environment
from core.web.work import Replayed, Work

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from core.kernel.platform import Platform
    from core.web.metrics import Metrics

PAGES: Final = (
    "core.web.pages.sign_in",
    "core.web.pages.home",
    "core.web.pages.basics",
    "core.web.pages.preferences",
    "core.web.pages.search",
    "core.web.pages.imports",
    "core.web.pages.resources",
    "core.web.pages.open_links",
    "core.web.pages.workplace",
    "core.web.pages.notifications",
    "core.web.pages.team",
    "core.web.pages.approvals",
    "core.api.routes",
    "core.api.workplace",
    "core.api.approvals",
)
"""The modules whose `routes(platform)` gives the platform's own pages."""

TRIES: Final = 4
"""How often a request is tried whose transaction the database took back for another's sake."""


class Routes(Protocol):
    """What a module of pages offers."""

    def __call__(self, platform: Platform) -> Iterable[Route]: ...


Pages = Sequence[str | Routes]
"""Modules with `routes`, or such functions themselves."""


class Host(Protocol):
    """What holds the sites of one process, one after the other."""

    metrics: Metrics
    failure: Exception | None

    def renew(self, generation: int) -> None:
        """Make room for a newer generation of plugins."""

    def note_seen(self, signed: SignedIn) -> None:
        """Write down, some time, that a session is in use."""


class Site:
    """Answers requests for one generation of the platform."""

    def __init__(
        self,
        platform: Platform,
        *,
        host: Host,
        pages: Pages = PAGES,
    ) -> None:
        self.platform = platform
        self.host = host
        registry = platform.registry
        self.statics = Statics([*registry.folders("static").values(), STATIC])
        folders = list(registry.folders("templates").values())
        self.templates = make_environment(self.statics.url, folders)
        """Templates that are made while the site runs, and serve every language."""
        self._pages = {
            locale: fold(make_environment(self.statics.url, folders))
            for locale in platform.catalogues.available_locales
        }
        self.shells = Shells(platform, *_own_files(registry, self.statics))
        self.router = _router(platform, pages)
        self.kept: dict[Any, Any] = {}
        """What pages make once and use again while this generation lives, such as compiled templates of rows."""
        self._https = platform.settings.base_url.startswith("https://")

    def is_secure(self, incoming: Incoming) -> bool:
        """Whether the browser speaks https, with us or with what stands before us."""
        return self._https or incoming.scheme == "https"

    def answer(self, incoming: Incoming, fault: Exception | None = None) -> tuple[Response, RawHeaders]:
        """The answer to a request and its headers; to a request with a fault, the answer that says so."""
        nonce = ""
        try:
            response, nonce = self._answer(incoming, fault)
        except Exception as error:
            # Not even the page that tells of an error could be made.
            errors.log.error("no answer could be made", path=incoming.path, exc_info=error)
            response = errors.plainly(error)
        return response, finish(response, incoming, nonce, secure=self.is_secure(incoming))

    def _answer(self, incoming: Incoming, fault: Exception | None) -> tuple[Response, str]:
        database = self.platform.database
        try:
            with database.transaction(write=False) as reader:
                signed, principal = self._identify(reader, incoming)
                if incoming.is_safe:
                    request = self._request(incoming, signed, principal, reader)
                    return self._run(request, fault), request.nonce
        except errors.SQLAlchemyError as error:
            signed, principal, fault = None, NOBODY, fault or error
        request = self._request(incoming, signed, principal, None)
        return self._run(request, fault), request.nonce

    def _identify(self, reader: Connection, incoming: Incoming) -> tuple[SignedIn | None, Principal]:
        """Who asks, in one statement, which tells the generations as well."""
        bearer = incoming.bearer
        token = bearer or cookies.session_token(incoming, secure=self.is_secure(incoming))
        signed = (find_token if bearer else find_session)(reader, token) if token else None
        plugins = signed.plugins if signed else read_generations(reader)[1]
        if plugins > self.platform.generation:
            self.host.renew(plugins)
        if signed is None:
            return None, NOBODY
        if signed.seen_long_ago:
            self.host.note_seen(signed)
        principal = self.platform.principals.get(reader, signed.user_id, signed.access)
        return signed, principal.with_read_only() if signed.read_only else principal

    def _request(
        self, incoming: Incoming, signed: SignedIn | None, principal: Principal, reader: Connection | None
    ) -> Request:
        origin = "api" if incoming.is_api else "page"
        work = Work(self.platform, principal, origin, writes=not incoming.is_safe, reader=reader)
        return Request(self, incoming, signed, principal, self._locale(incoming, signed), work)

    def _locale(self, incoming: Incoming, signed: SignedIn | None) -> str:
        wanted = (signed.locale if signed else None, incoming.cookies.get(cookies.LOCALE), *incoming.languages)
        return self.platform.catalogues.choose(filter(None, wanted), self.platform.settings.locale)

    def _run(self, request: Request, fault: Exception | None) -> Response:
        with activate(self.platform.catalogues, request.locale):
            try:
                response = self._attempt(request, fault)
                return self._draw(request, response)
            except Exception as error:
                request.work.undo()
                told = NotFound() if self._is_outlived(error) else error
                return self._draw(request, errors.answer(request, told))
            finally:
                request.work.close()

    def _is_outlived(self, error: Exception) -> bool:
        """Whether a newer set of plugins has taken away the tables that this generation still asks for."""
        if not isinstance(error, OperationalError | ProgrammingError):
            return False
        try:
            with self.platform.database.transaction(write=False) as reader:
                return read_generations(reader)[1] > self.platform.generation
        except errors.SQLAlchemyError:
            return False

    def _attempt(self, request: Request, fault: Exception | None) -> Response:
        if fault is not None:
            raise fault
        for attempt in range(TRIES):
            try:
                return self._page(request)
            except Replayed as replayed:
                request.work.undo()
                return _again(replayed)
            except Exception as error:
                if attempt + 1 == TRIES or not errors.may_be_repeated(error):
                    raise
                request.work.undo()
                request.form.rewind()
        raise AssertionError

    def _page(self, request: Request) -> Response:
        match = self.router.find(request.path)
        route = match.route(request.method) if match else None
        if not (route and route.is_open) and not request.principal.user_id:
            raise errors.SignInNeeded
        if match is None:
            raise NotFound
        if route is None:
            raise errors.MethodNotAllowed(request.method, match.methods)
        if not route.admits(request.principal):
            raise Forbidden
        request.route, request.params = route, match.params
        request.work.key = request.idempotency()
        response = route.page(request)
        request.work.finish(response)
        return response

    def _draw(self, request: Request, response: Response) -> Response:
        if isinstance(response, Page):
            pages = self._pages[request.locale]
            names = {"shell": request.shell, "view": response.view, "nonce": request.nonce}
            names |= self.shells.drawn(request, pages)
            html = pages.get_template(response.template).render(names | response.extra)
            response.body = html.encode("utf-8", "replace")
            if request.shell.notices and cookies.NOTICE in request.incoming.cookies:
                cookies.set_cookie(response, cookies.NOTICE, "", secure=request.is_secure, seconds=0)
        return response

    def draw(self, template: str, locale: str, **names: object) -> Markup:
        """A part of a page, drawn beforehand and in the language that is active."""
        return Markup(self._pages[locale].get_template(template).render(names))

    def check(self, incoming: Incoming) -> None:
        """Refuse at once what another site made the browser send."""
        check_origin(incoming, self.platform.settings.base_url)

    def takes_uploads(self, incoming: Incoming) -> bool:
        """Whether files may come with this request."""
        match = self.router.find(incoming.path)
        route = match.route(incoming.method) if match else None
        return bool(route and route.uploads)


def _again(replayed: Replayed) -> Response:
    """The answer that the same request got before."""
    kept = replayed.answer
    response = Response(kept.body, kept.status, kept.content_type or "text/plain; charset=utf-8")
    for name, value in (("Location", kept.location), ("ETag", kept.etag)):
        if value:
            response.header(name, value)
    return response


def _router(platform: Platform, pages: Pages) -> Router:
    router = Router(cache(partial(_exists, platform)))
    for each in pages:
        routes: Routes = import_module(each).routes if isinstance(each, str) else each
        router.add(routes(platform))
    for plugin, route in platform.registry.routes:
        router.add([route], plugin, f"/{plugin}")
    return router


def _exists(platform: Platform, permission: str) -> bool:
    """Whether a permission names a resource that there is, and an action that it has."""
    key, _dot, action = permission.rpartition(".")
    resource: Any = platform.registry.resources.get(key)
    if resource is None:
        # The platform's own tables may be administered before each of them is a resource.
        return key.startswith("system.") and action in ACTIONS
    own = {getattr(part, "name", None) for part in getattr(resource, "parts", ())}
    resolved = platform.above.get(key) if platform.above is not None else None
    own |= {each.name for each in resolved.actions} if resolved is not None else set()
    return action in ACTIONS or action in own


def _own_files(registry: Registry, statics: Statics) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Style sheets and modules that plugins add to every page: `static/<plugin>/<plugin>.css` and `.js`."""
    names = [plugin.name for plugin in registry.plugins]
    return (
        tuple(statics.url(f"{name}/{name}.css") for name in names if f"{name}/{name}.css" in statics),
        tuple(statics.url(f"{name}/{name}.js") for name in names if f"{name}/{name}.js" in statics),
    )
