"""What one chooses for oneself: language, looks, password, and where one is signed in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.kernel import formats
from core.kernel.errors import BadRequest, FieldError, Invalid, NotFound
from core.kernel.history import Operation, write_event
from core.kernel.i18n import Text, activate
from core.kernel.i18n import translate as _
from core.kernel.sessions import OpenSession, end_session, open_sessions
from core.kernel.signin import change_password
from core.kernel.tokens import TokenEntry, create_token, revoke_token, tokens_of
from core.kernel.types import now
from core.kernel.users import User
from core.web import cookies
from core.web.pages.sign_in import LANGUAGES
from core.web.requests import Request
from core.web.responses import Response
from core.web.routing import Everybody, Route
from core.web.views import Button, Confirm, Device, Notice, Option, PreferencesView
from core.web.views.administration import TokenLine
from core.workplace.notifications import KINDS, mailed_kinds, person_named

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
    yield Route("/preferences/tokens", make_token, OWN, methods=("POST",))
    yield Route("/preferences/tokens/{id:int}/revoke", drop_token, OWN, methods=("POST",))


def show(request: Request) -> Response:
    """The page."""
    return request.render("preferences.html", _view(request))


def save(request: Request) -> Response:
    """Keep what was chosen; what was not sent stays as it is."""
    _refuse_tokens(request)
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


def _refuse_tokens(request: Request) -> None:
    """A program with a token works in somebody's name; his account itself is his own, in the browser."""
    if request.principal.read_only or request.signed is None or request.signed.session_id is None:
        raise BadRequest(_("A token changes nothing about the account that it belongs to."), _("Use the browser."))


def renew_password(request: Request) -> Response:
    """Change the password; everybody else who is signed in with the old one is signed out, programs as well."""
    _refuse_tokens(request)
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
    return request.redirect(
        "/preferences", _("The password is changed; all other sessions have ended, and all tokens are revoked.")
    )


def end_device(request: Request) -> Response:
    """Sign out another browser of one's own."""
    _refuse_tokens(request)
    with request.platform.database.transaction(write=True) as connection:
        end_session(connection, request.principal.user_id, request.params["id"])
    return request.redirect("/preferences", _("Signed out there."))


def make_token(request: Request) -> Response:
    """Make a token for a program that speaks in one's own name, and show it this once."""
    form, me = request.form, request.principal.user_id
    _refuse_tokens(request)
    days = form.get("days").strip()
    try:
        if days and not (days.isascii() and days.isdigit() and len(days) < 6):
            raise Invalid([FieldError("days", _("'{value}' is not a number of days.", value=days[:20]))])
        with request.platform.database.transaction(write=True) as connection:
            token = create_token(
                connection,
                me,
                form.get("name"),
                read_only=form.get("read_only") == "true",
                days=int(days) if days else None,
            )
            write_event(connection, me, "page", "system.token", "create", {"name": form.get("name").strip()})
    except Invalid as error:
        view = replace(_view(request), token_errors=tuple(each.message for each in error.errors))
        return request.render("preferences.html", view, 422)
    return request.render("preferences.html", replace(_view(request), token=token))


def drop_token(request: Request) -> Response:
    """Make a token of one's own useless."""
    _refuse_tokens(request)
    me = request.principal.user_id
    with request.platform.database.transaction(write=True) as connection:
        if not revoke_token(connection, me, request.params["id"]):
            raise NotFound
        write_event(connection, me, "page", "system.token", "delete", {"number": request.params["id"]})
    return request.redirect("/preferences", _("The token is revoked."))


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
        tokens = tokens_of(connection, request.principal.user_id)
    return PreferencesView(
        title=_("Preferences"),
        locales=tuple(
            Option(value=name, title=LANGUAGES.get(name, name), selected=name == request.locale)
            for name in request.platform.catalogues.available_locales
        ),
        timezones=tuple(
            Option(value=name, title=name, selected=name == zone) for name in dict.fromkeys((zone, *ZONES))
        ),
        mail_address=_mail_address(request),
        mail_kinds=_mail_kinds(request),
        password_url="/preferences/password",
        password_errors=faults,
        tokens_url="/preferences/tokens",
        tokens=tuple(_token(each, zone) for each in tokens),
        devices=tuple(_device(each, signed.session_id if signed else None, request) for each in devices),
    )


def _mail_address(request: Request) -> str:
    if not request.platform.settings.mail_url:
        return ""
    person = person_named(request.connection, request.principal.user_id)
    return (person.email or "") if person is not None else ""


def _mail_kinds(request: Request) -> tuple[Option, ...]:
    wanted = mailed_kinds(request.connection, request.principal.user_id)
    return tuple(Option(value=key, title=title, selected=key in wanted) for key, title in KINDS.items())


def _token(token: TokenEntry, zone: str) -> TokenLine:
    parts = [_("made {when}", when=formats.ago(token.created_at, zone, now()))]
    if token.used_at is not None:
        parts.append(_("used {when}", when=formats.ago(token.used_at, zone, now())))
    if token.expires_at is not None:
        parts.append(_("until {day}", day=formats.day(formats.local(token.expires_at, zone).date())))
    if token.read_only:
        parts.append(_("reads only"))
    confirm = Confirm(
        title=_("Revoke “{name}”?", name=token.name),
        text=_("The program that uses it is shut out at once. This cannot be undone."),
        button=_("Revoke"),
    )
    revoke = Button(title=_("Revoke"), url=f"/preferences/tokens/{token.id}/revoke", kind="quiet", confirm=confirm)
    return TokenLine(title=token.name, hint=" · ".join(str(part) for part in parts), revoke=revoke)


def _device(session: OpenSession, current: int | None, request: Request) -> Device:
    when = formats.ago(session.seen_at, request.timezone.key, now())
    return Device(
        title=session.device,
        hint=f"{session.address} · {when}" if session.address else when,
        current=session.id == current,
        end=None
        if session.id == current
        else Button(title=_("Sign out there"), url=f"/preferences/devices/{session.id}/end", kind="quiet"),
    )
