"""Signing in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel.errors import TooManyRequests
from core.kernel.i18n import translate as _
from core.kernel.sessions import ABSOLUTE
from core.kernel.signin import SignInFailed, sign_in, sign_out
from core.web import cookies
from core.web.requests import Request
from core.web.responses import Redirect, Response, is_local
from core.web.routing import Anybody, Route
from core.web.views import Link, SignInView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.errors import SopiaError
    from core.kernel.platform import Platform

LANGUAGES = {"zh_Hans": "中文", "en": "English"}

LONGEST = 2000
"""Characters of the address to go on to."""


def routes(platform: Platform) -> Iterable[Route]:
    """The ways in and out."""
    everyone = Anybody("whoever is not signed in yet must be able to")
    yield Route("/login", form, everyone)
    yield Route("/login", submit, everyone, methods=("POST",))
    yield Route("/logout", leave, Anybody("signing out twice is no error"), methods=("POST",))
    yield Route("/logout", ask, Anybody("the address may be typed by hand"))


def form(request: Request) -> Response:
    """The form; whoever is signed in already goes on."""
    locale = request.query.get("locale", "")
    if locale in request.platform.catalogues.available_locales:
        response = Redirect(_address(_wanted(request.query.get("next", ""))))
        cookies.set_cookie(response, cookies.LOCALE, locale, secure=request.is_secure, seconds=cookies.YEAR)
        return response
    if request.principal.user_id:
        return Redirect(_wanted(request.query.get("next", "")) or "/")
    return request.render("sign_in.html", _view(request, wanted=_wanted(request.query.get("next", ""))))


def submit(request: Request) -> Response:
    """Sign in, and go on to where the person wanted to go. A session that was there before ends."""
    login, password = request.form.get("login"), request.form.get("password")
    wanted = _wanted(request.form.get("next"))
    database = request.platform.database
    try:
        token = sign_in(
            database,
            login,
            password,
            address=request.incoming.address,
            user_agent=request.header("user-agent"),
        )
    except (SignInFailed, TooManyRequests) as error:
        return _refused(request, login, wanted, error)
    before = cookies.session_token(request.incoming, secure=request.is_secure)
    if before:
        sign_out(database, before)
    response = Redirect(wanted or "/")
    seconds = int(ABSOLUTE.total_seconds())
    cookies.keep_session(response, token, secure=request.is_secure, seconds=seconds)
    return response


def leave(request: Request) -> Response:
    """End the session, here and on the server."""
    token = cookies.session_token(request.incoming, secure=request.is_secure)
    if token:
        sign_out(request.platform.database, token)
    response = request.redirect("/login")
    cookies.end_session(response, secure=request.is_secure)
    return response.header("Clear-Site-Data", '"cache"')


def ask(request: Request) -> Response:
    """A link cannot sign out; the first page has the button."""
    return Redirect("/" if request.principal.user_id else "/login")


def _refused(request: Request, login: str, wanted: str, error: SopiaError) -> Response:
    view = _view(request, login=login[:200], wanted=wanted, error=str(error))
    response = request.render("sign_in.html", view, error.status)
    if isinstance(error, TooManyRequests):
        response.header("Retry-After", str(error.retry_after))
    return response


def _view(request: Request, *, login: str = "", wanted: str = "", error: str = "") -> SignInView:
    available = request.platform.catalogues.available_locales
    separator = "&" if "?" in _address(wanted) else "?"
    return SignInView(
        title=_("Sign in"),
        login=login,
        error=error,
        next=wanted,
        locales=tuple(
            Link(
                title=LANGUAGES.get(name, name),
                url=f"{_address(wanted)}{separator}locale={name}",
                current=name == request.locale,
            )
            for name in available
        ),
    )


def _wanted(address: str) -> str:
    """The page to go on to; "" for one that is not ours."""
    return address if len(address) <= LONGEST and is_local(address) and not address.startswith("/login") else ""


def _address(wanted: str) -> str:
    from urllib.parse import urlencode

    return f"/login?{urlencode({'next': wanted})}" if wanted and wanted != "/" else "/login"
