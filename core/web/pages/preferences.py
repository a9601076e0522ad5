"""What one chooses for oneself: language, looks, password, and where one is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.kernel import formats
from core.kernel.errors import BadRequest, FieldError, Invalid
from core.kernel.history import Operation
from core.kernel.i18n import Text, activate
from core.kernel.i18n import translate as _
from core.kernel.sessions import OpenSession, end_session, open_sessions
from core.kernel.signin import change_password
from core.kernel.types import now
from core.kernel.users import User
from core.web import cookies
from core.web.pages.sign_in import LANGUAGES
from core.web.requests import Request
from core.web.responses import Response
from core.web.routing import Everybody, Route
from core.web.views import Button, Device, Notice, Option, PreferencesView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.kernel.platform import Platform

OWN: Final = Everybody("they are one's own")

THEMES: Final = ("system", "light", "dark")
DENSITIES: Final = ("comfortable", "dense")

ZONES: Final = (
    "Asia/Shanghai",
    "Asia/Urumqi",
    "Asia/Hong_Kong",
    "Asia/Taipei",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Dubai",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Sydney",
    "UTC",
)
"""The zones offered; any other of the tz database is taken too."""


def routes(platform: Platform) -> Iterable[Route]:
    """Everything about oneself."""
    yield Route("/preferences", show, OWN)
    yield Route("/preferences", save, OWN, methods=("POST",))
    yield Route("/preferences/password", renew_password, OWN, methods=("POST",))
    yield Route("/preferences/devices/{id:int}/end", end_device, OWN, methods=("POST",))


def show(request: Request) -> Response:
    """The page."""
    return request.render("preferences.html", _view(request))


def save(request: Request) -> Response:
    """Keep what was chosen; what was not sent stays as it is."""
    chosen = _chosen(request)
    platform = request.platform
    if chosen:
        # The permission to change these is being oneself, which no role has to give.
        with platform.database.system("own preferences") as session:
            session.info["operation"] = Operation(request.principal.user_id, "page")
            session.info["watchers"] = platform.gate.watchers
            user = session.get_one(User, request.principal.user_id)
            for name, value in chosen.items():
                setattr(user, name, value)
    locale = chosen.get("locale") or request.locale
    with activate(platform.catalogues, locale):
        # The script that switches light and dark wants no page, and no notice at the next one.
        notice = None if request.wants_fragment else Notice(text=str(_("Saved")), tone="good")
        response = request.redirect("/preferences", notice)
    if "locale" in chosen:
        cookies.set_cookie(response, cookies.LOCALE, locale, secure=request.is_secure, seconds=cookies.YEAR)
    return response


def renew_password(request: Request) -> Response:
    """Change the password; everybody else who is signed in with the old one is signed out."""
    form = request.form
    faults: list[Text | str] = []
    if form.get("new") != form.get("again"):
        faults.append(_("The two new passwords differ."))
    else:
        token = cookies.session_token(request.incoming, secure=request.is_secure)
        try:
            change_password(
                request.platform.database,
                request.principal.user_id,
                form.get("current"),
                form.get("new"),
                keep=token,
                address=request.incoming.address,
            )
        except Invalid as error:
            faults += [each.message for each in error.errors]
    if faults:
        return request.render("preferences.html", _view(request, tuple(faults)), 422)
    return request.redirect("/preferences", _("The password is changed; all other sessions have ended."))


def end_device(request: Request) -> Response:
    """Sign out another browser of one's own."""
    with request.platform.database.transaction(write=True) as connection:
        end_session(connection, request.principal.user_id, request.params["id"])
    return request.redirect("/preferences", _("Signed out there."))


def _chosen(request: Request) -> dict[str, str]:
    """The values sent, each checked."""
    form, locales = request.form, request.platform.catalogues.available_locales
    chosen = {}
    for name, allowed in (("locale", locales), ("theme", THEMES), ("density", DENSITIES)):
        if name in form:
            if form.get(name) not in allowed:
                raise Invalid([FieldError(name, _("'{value}' is not one of the choices.", value=form.get(name)[:50]))])
            chosen[name] = form.get(name)
    if "timezone" in form:
        chosen["timezone"] = _zone(form.get("timezone"))
    if request.principal.read_only:
        raise BadRequest(_("A token that only reads changes nothing."), _("Use the browser."))
    return chosen


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid([FieldError("timezone", _("'{value}' is no time zone.", value=name[:50]))]) from None


def _view(request: Request, faults: tuple[Text | str, ...] = ()) -> PreferencesView:
    zone = request.timezone.key
    signed = request.signed
    with request.platform.database.transaction(write=False) as connection:
        devices = open_sessions(connection, request.principal.user_id)
    return PreferencesView(
        title=_("Preferences"),
        locales=tuple(
            Option(value=name, title=LANGUAGES.get(name, name), selected=name == request.locale)
            for name in request.platform.catalogues.available_locales
        ),
        timezones=tuple(
            Option(value=name, title=name, selected=name == zone) for name in dict.fromkeys((zone, *ZONES))
        ),
        password_url="/preferences/password",
        password_errors=faults,
        devices=tuple(_device(each, signed.session_id if signed else None, request) for each in devices),
    )


def _device(session: OpenSession, current: int | None, request: Request) -> Device:
    when = formats.ago(session.seen_at, request.timezone.key, now())
    return Device(
        title=browser_of(session.user_agent),
        hint=f"{session.address} · {when}" if session.address else when,
        current=session.id == current,
        end=None
        if session.id == current
        else Button(title=_("Sign out there"), url=f"/preferences/devices/{session.id}/end", kind="quiet"),
    )


BROWSERS: Final = (("Edg", "Edge"), ("Firefox", "Firefox"), ("MicroMessenger", "WeChat"), ("Chrome", "Chrome"),
                   ("Safari", "Safari"))  # fmt: skip
SYSTEMS: Final = (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
                  ("Mac OS", "macOS"), ("Linux", "Linux"))  # fmt: skip


def browser_of(user_agent: str) -> Text | str:
    """What a person calls the browser that sends this: "Chrome, Windows"."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return ", ".join(filter(None, (browser, system))) or _("Another program")
