"""Remarks, links, following and reminders of every record in the API, and one's own notifications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from core.api.collections import BASE
from core.kernel.errors import BadRequest, FieldError, Forbidden, Invalid, NotFound
from core.kernel.i18n import translate as _
from core.resources import values
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources
from core.web.responses import Json, Response
from core.web.routing import Everybody, Route
from core.workplace.following import follow, followers_of, unfollow
from core.workplace.links import Tie, add_link, counts_of, remove_link, ties_of
from core.workplace.notifications import Note, mark_read, notes_of, unread
from core.workplace.remarks import Remarks, Said, has_remarks, names_of, remarks_of
from core.workplace.reminders import forget_reminder, my_reminders, remind_me

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

NOTIFICATIONS: Final = f"{BASE}/notifications"
OWN: Final = Everybody("they are one's own")
LIMIT, MOST = 50, 200


def routes(platform: Platform) -> Iterable[Route]:
    """The addresses below every record of the business, and the notifications."""
    resources: Resources = platform.above
    records = Records(resources, platform.registry.hooks)
    for resource in resources.values():
        if has_remarks(resource):
            yield from _routes_of(Workplace(resources, resource, records), resource)
    yield Route(NOTIFICATIONS, notifications, OWN)
    yield Route(f"{NOTIFICATIONS}/{{id:int}}", notification, OWN)
    yield Route(f"{NOTIFICATIONS}/read", read_notifications, OWN, methods=("POST",))


def _routes_of(place: Workplace, resource: ResolvedResource) -> Iterable[Route]:
    one, allow = f"{BASE}/{resource.address}/{{id:int}}", f"{resource.key}.view"
    for path, verb, function in (
        ("remarks", "GET", place.remarks),
        ("remarks", "POST", place.add_remark),
        ("remarks/{remark:int}", "PATCH", place.edit_remark),
        ("remarks/{remark:int}", "DELETE", place.remove_remark),
        ("remarks/{remark:int}/acknowledge", "POST", place.acknowledge),
        ("links", "GET", place.links),
        ("links", "POST", place.add_link),
        ("links/{link:int}", "DELETE", place.remove_link),
        ("followers", "GET", place.followers),
        ("followers", "POST", place.follow),
        ("followers", "DELETE", place.unfollow),
        ("reminders", "GET", place.reminders),
        ("reminders", "POST", place.remind),
        ("reminders/{reminder:int}", "DELETE", place.forget),
    ):
        yield Route(f"{one}/{path}", function, allow, methods=(verb,))


class Workplace:
    """Answers for what hangs on the records of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        self._resources = resources
        self._resource = resource
        self._records = records
        self._remarks = Remarks(resources)
        self._url = f"{BASE}/{resource.address}"

    # Remarks

    def remarks(self, request: Request) -> Response:
        """What was said about the record, oldest first."""
        record = self._seen(request)
        said = remarks_of(request.connection, self._resource.key, record.id)
        return Json({"items": [remark_json(each) for each in said]})

    def add_remark(self, request: Request) -> Response:
        """Write a remark."""
        given = body_of(request, ("kind", "text", "to", "parent"))
        session, record = request.session, self._written(request)
        remark = self._remarks.add(
            session,
            request.principal,
            self._resource,
            record,
            text=given.get("text", ""),
            kind=given.get("kind", "comment"),
            to=_id(given, "to"),
            parent=_id(given, "parent"),
        )
        told = self._one(request, record.id, remark.id)
        return Json(told, 201).header("Location", f"{self._url}/{record.id}/remarks")

    def edit_remark(self, request: Request) -> Response:
        """Put one's own remark in other words."""
        given = body_of(request, ("text",))
        session, record, remark = request.session, self._written(request), request.params["remark"]
        self._remarks.edit(session, request.principal, self._resource, record, remark, given.get("text", ""))
        return Json(self._one(request, record.id, remark))

    def remove_remark(self, request: Request) -> Response:
        """Take back one's own remark."""
        session, record = request.session, self._written(request)
        self._remarks.remove(session, request.principal, self._resource, record, request.params["remark"])
        return Response(b"", 204, "application/json")

    def acknowledge(self, request: Request) -> Response:
        """Say that one has read guidance."""
        session, record, remark = request.session, self._written(request), request.params["remark"]
        self._remarks.acknowledge(session, request.principal, self._resource, record, remark)
        return Json(self._one(request, record.id, remark))

    def _one(self, request: Request, record_id: int, remark_id: int) -> dict[str, Any]:
        said = remarks_of(request.session.connection(), self._resource.key, record_id)
        return remark_json(next(each for each in said if each.id == remark_id))

    # Links

    def links(self, request: Request) -> Response:
        """What the record is linked with, and how many of each resource."""
        record = self._seen(request)
        ties = ties_of(request.connection, self._resources, self._resource.key, record.id)
        return Json({"items": [tie_json(each) for each in ties], "counts": counts_of(ties)})

    def add_link(self, request: Request) -> Response:
        """Link the record with another."""
        given = body_of(request, ("resource", "record", "note"))
        session, record = request.session, self._written(request)
        note = given.get("note") or ""
        if not isinstance(note, str):
            raise Invalid([FieldError("note", _("This is not a text."))])
        key = self._resource.key
        link_id = add_link(
            session,
            request.principal,
            self._resources,
            self._resource,
            record.id,
            to=str(given.get("resource") or ""),
            to_id=_id(given, "record") or 0,
            note=note,
        )
        ties = ties_of(session.connection(), self._resources, key, record.id)
        told = tie_json(next(each for each in ties if each.id == link_id))
        return Json(told, 201).header("Location", f"{self._url}/{record.id}/links")

    def remove_link(self, request: Request) -> Response:
        """Take a link away."""
        session, record, link = request.session, self._written(request), request.params["link"]
        remove_link(session, request.principal, self._resources, self._resource, record.id, link)
        return Response(b"", 204, "application/json")

    # Following

    def followers(self, request: Request) -> Response:
        """Who follows the record, and whether one does oneself."""
        record = self._seen(request)
        return Json(self._followers(request, request.connection, record.id))

    def follow(self, request: Request) -> Response:
        """Follow the record."""
        session, record = request.session, self._written(request)
        follow(session, request.principal.user_id, self._resource.key, record.id)
        return Json(self._followers(request, session.connection(), record.id))

    def unfollow(self, request: Request) -> Response:
        """Follow it no more."""
        session, record = request.session, self._written(request)
        unfollow(session, request.principal.user_id, self._resource.key, record.id)
        return Response(b"", 204, "application/json")

    def _followers(self, request: Request, connection: Any, record_id: int) -> dict[str, Any]:
        people = followers_of(connection, self._resource.key, record_id)
        from core.kernel.gate import privileged

        names = names_of(privileged(connection), people)
        items = [{"id": each, "label": names.get(each, "")} for each in people]
        return {"items": items, "following": request.principal.user_id in people}

    # Reminders of one's own

    def reminders(self, request: Request) -> Response:
        """One's own reminders on the record."""
        record = self._seen(request)
        rows = my_reminders(request.connection, request.principal.user_id, self._resource.key, record.id)
        return Json({"items": [reminder_json(row) for row in rows]})

    def remind(self, request: Request) -> Response:
        """Ask to be reminded of the record."""
        given = body_of(request, ("at", "text"))
        session, record, me = request.session, self._written(request), request.principal.user_id
        try:
            at = values.instant(given.get("at"), request.timezone)
        except values.ValueFault as fault:
            raise Invalid([FieldError("at", fault.message)]) from None
        words = given.get("text") or ""
        if not isinstance(words, str):
            raise Invalid([FieldError("text", _("This is not a text."))])
        number = remind_me(session, request.principal, self._resource, record.id, at, words)
        rows = my_reminders(session.connection(), me, self._resource.key, record.id)
        told = reminder_json(next(row for row in rows if row.id == number))
        return Json(told, 201).header("Location", f"{self._url}/{record.id}/reminders")

    def forget(self, request: Request) -> Response:
        """Take back a reminder of one's own."""
        session, record = request.session, self._written(request)
        me, number = request.principal.user_id, request.params["reminder"]
        forget_reminder(session, me, number, self._resource.key, record.id)
        return Response(b"", 204, "application/json")

    def _seen(self, request: Request) -> Any:
        return self._records.get(request.reader, self._resource, request.params["id"])

    def _written(self, request: Request) -> Any:
        if request.principal.read_only:
            raise Forbidden
        return self._records.get(request.session, self._resource, request.params["id"])


# ---------------------------------------------------------------- notifications


def notifications(request: Request) -> Response:
    """One's own notifications, the latest first."""
    query = request.query
    if unknown := set(query) - {"unread", "limit", "cursor", "count"}:
        raise BadRequest(
            _("There is no field '{name}'.", name=min(unknown)), _("Use one of: unread, limit, cursor, count.")
        )
    limit, before = _whole(query, "limit", LIMIT, MOST), _whole(query, "cursor", 0, 2**63 - 1) or None
    me = request.principal.user_id
    only = query.get("unread") == "true"
    notes = notes_of(request.connection, request.platform.above, me, only_unread=only, before=before, limit=limit + 1)
    following = str(notes[limit - 1].id) if len(notes) > limit else None
    told: dict[str, Any] = {"items": [note_json(each) for each in notes[:limit]], "next": following}
    return Json(told | {"unread": unread(request.connection, me)})


def notification(request: Request) -> Response:
    """One of one's own notifications."""
    found = notes_of(request.connection, request.platform.above, request.principal.user_id, ids=(request.params["id"],))
    if not found:
        raise NotFound
    return Json(note_json(found[0]))


def read_notifications(request: Request) -> Response:
    """Mark notifications as read: those of `ids`, or all."""
    if request.principal.read_only:
        raise Forbidden
    given = body_of(request, ("ids",))
    ids = given.get("ids")
    if ids is not None and not (
        isinstance(ids, list) and len(ids) <= 1000 and all(type(i) is int and 0 < i < 2**63 for i in ids)
    ):
        raise Invalid([FieldError("ids", _("This is not a list of at most 1000 numbers."))])
    connection = request.session.connection()
    changed = mark_read(connection, request.principal.user_id, ids)
    return Json({"changed": changed, "unread": unread(connection, request.principal.user_id)})


# ---------------------------------------------------------------- as JSON


def remark_json(said: Said) -> dict[str, Any]:
    """A remark as the API tells it."""
    return {
        "id": said.id,
        "kind": said.kind,
        "text": said.text,
        "author": _person(said.author_id, said.author),
        "to": _person(said.addressee_id, said.addressee),
        "parent": said.parent_id,
        "mentions": [_person(each, name) for each, name in said.mentions],
        "at": values.instant_text(said.at),
        "acknowledged_at": values.instant_text(said.acknowledged_at) if said.acknowledged_at else None,
        "edited_at": values.instant_text(said.edited_at) if said.edited_at else None,
    }


def tie_json(tie: Tie) -> dict[str, Any]:
    """A link as the API tells it, seen from one of its ends."""
    return {
        "id": tie.id,
        "resource": tie.resource.key,
        "record": {"id": tie.record_id, "label": tie.label},
        "field": str(tie.field),
        "note": tie.note,
        "author": _person(tie.author_id, tie.author),
        "at": values.instant_text(tie.at),
    }


def note_json(note: Note) -> dict[str, Any]:
    """A notification as the API tells it; without record where its reader no longer sees it."""
    told = asdict(note)
    record = {"id": note.record_id, "label": note.title} if note.url and note.record_id else None
    return {
        "id": note.id,
        "kind": note.kind,
        "text": told["said"],
        "excerpt": note.excerpt,
        "resource": note.resource if record else None,
        "record": record,
        "url": note.url or None,
        "actor": _person(note.actor_id, note.actor) if note.actor else None,
        "at": values.instant_text(note.at),
        "read": note.read,
    }


def reminder_json(row: Any) -> dict[str, Any]:
    """A reminder as the API tells it."""
    return {"id": row.id, "at": values.instant_text(row.due_at), "text": row.text}


def _person(number: int | None, name: str) -> dict[str, Any] | None:
    return None if number is None else {"id": number, "label": name}


def body_of(request: Request, allowed: Sequence[str]) -> Mapping[str, Any]:
    """The object sent; what it may not hold is a fault of that field."""
    body = request.json if request.incoming.body.raw else {}
    if not isinstance(body, dict):
        raise BadRequest(_("The body is not a JSON object."), _("Send one, as in {example}.", example='{"text": "…"}'))
    if unknown := [name for name in body if name not in allowed]:
        raise Invalid([FieldError(str(name)[:100], _("There is no such field.")) for name in unknown[:20]])
    return body


def _id(given: Mapping[str, Any], name: str) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, dict):
        value = value.get("id")
    if type(value) is not int or not 0 < value < 2**63:
        raise Invalid([FieldError(name, _("'{value}' is not the number of a record.", value=str(value)[:50]))])
    return value


def _whole(query: Mapping[str, str], name: str, usual: int, most: int) -> int:
    text = query.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and 1 <= int(text) <= most):
        raise BadRequest(_("'{name}' is '{value}'.", name=name, value=text[:20]), _("Give a whole number."))
    return int(text)
