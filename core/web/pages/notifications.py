"""The bell: what one is told, to be read, and what of it comes by mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from core.kernel import formats
from core.kernel.errors import BadRequest, NotFound
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.web.address import address
from core.web.navigation import person
from core.web.responses import Response
from core.web.routing import Everybody, Route
from core.web.views import Button, Empty, Link
from core.web.views.workplace import NoteLine, NotificationsView
from core.workplace.notifications import Note, choose_mail, mark_read, notes_of, unread

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

URL: Final = "/notifications"
OWN: Final = Everybody("they are one's own")
SHOWN: Final = 40


def routes(platform: Platform) -> Iterable[Route]:
    """The page, and what is done there."""
    yield Route(URL, show, OWN)
    yield Route(f"{URL}/read", read_all, OWN, methods=("POST",))
    yield Route(f"{URL}/{{id:int}}", open_one, OWN, methods=("POST",))
    yield Route("/preferences/mail", choose, OWN, methods=("POST",))


def show(request: Request) -> Response:
    """What one is told, the latest first."""
    me, only = request.principal.user_id, request.query.get("unread") == "1"
    before = request.number("before") if "before" in request.query else None
    notes = notes_of(request.connection, request.platform.above, me, only_unread=only, before=before, limit=SHOWN + 1)
    more = ""
    if len(notes) > SHOWN:
        pairs = [("before", str(notes[SHOWN - 1].id)), *([("unread", "1")] if only else [])]
        more = address(URL, tuple(pairs))
    filters = (
        Link(title=_("All"), url=URL, current=not only),
        Link(title=_("Unread"), url=address(URL, (("unread", "1"),)), current=only),
    )
    waiting = unread(request.connection, me)
    view = NotificationsView(
        title=_("Notifications"),
        lines=lines_of(request, notes[:SHOWN]),
        filters=filters,
        read_all=Button(title=_("Mark all as read"), url=f"{URL}/read", icon="check") if waiting else None,
        more_url=more,
        empty=None
        if notes
        else Empty(
            title=_("Nothing new"),
            text=_("Remarks, guidance, mentions, reminders and what is handed to you will stand here."),
            icon="bell",
            ghost="none",
        ),
    )
    return request.render("notifications.html", view)


def lines_of(request: Request, notes: Sequence[Note]) -> tuple[NoteLine, ...]:
    """Notifications as they are shown."""
    zone = request.timezone.key
    return tuple(
        NoteLine(
            id=note.id,
            said=note.said,
            person=person(note.actor_id, note.actor) if note.actor_id and note.actor else None,
            title=note.title,
            excerpt=note.excerpt,
            url=f"{URL}/{note.id}",
            icon=note.icon,
            at=formats.ago(note.at, zone, now()),
            at_exact=f"{note.at.astimezone(request.timezone):%Y-%m-%d %H:%M:%S}",
            read=note.read,
        )
        for note in notes
    )


def open_one(request: Request) -> Response:
    """Mark one as read and go where it leads."""
    me, wanted = request.principal.user_id, request.params["id"]
    found = notes_of(request.connection, request.platform.above, me, ids=(wanted,), limit=1)
    if not found:
        raise NotFound
    if not request.principal.read_only:
        mark_read(request.session.connection(), me, (wanted,))
    return request.redirect(found[0].url or URL)


def read_all(request: Request) -> Response:
    """Mark everything as read."""
    if request.principal.read_only:
        raise BadRequest(_("A token that only reads changes nothing."), _("Use the browser."))
    mark_read(request.session.connection(), request.principal.user_id)
    return request.redirect(URL)


def choose(request: Request) -> Response:
    """Keep what one wants by mail."""
    if request.principal.read_only:
        raise BadRequest(_("A token that only reads changes nothing."), _("Use the browser."))
    choose_mail(request.session.connection(), request.principal.user_id, request.form.all("kind"))
    return request.redirect("/preferences#mail", _("Saved"))
