"""What of the workplace the API's description tells: remarks, links, followers and reminders of each resource."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from core.api.collections import BASE
from core.api.workplace import NOTIFICATIONS
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.principal import Principal
from core.resources.resolved import ResolvedResource
from core.workplace.notifications import KINDS as NOTED
from core.workplace.remarks import KINDS, LONGEST, has_remarks

Schema = dict[str, Any]

NUMBER: Final[Schema] = {"type": "integer", "minimum": 1}
TEXT: Final[Schema] = {"type": "string"}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
PERSON: Final[Schema] = {"oneOf": [{"$ref": "#/components/schemas/relation"}, {"type": "null"}]}
MAYBE_MOMENT: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}

REMARK: Final[Schema] = {
    "type": "object",
    "properties": {
        "id": NUMBER, "kind": {"enum": list(KINDS)}, "text": TEXT, "author": PERSON, "to": PERSON,
        "parent": {"type": ["integer", "null"]}, "mentions": {"type": "array", "items": PERSON},
        "at": MOMENT, "acknowledged_at": MAYBE_MOMENT, "edited_at": MAYBE_MOMENT,
    },
    "required": ["id", "kind", "text", "author", "at"],
}  # fmt: skip

LINK: Final[Schema] = {
    "type": "object",
    "properties": {
        "id": NUMBER, "resource": TEXT, "record": {"$ref": "#/components/schemas/relation"}, "field": TEXT,
        "note": TEXT, "author": PERSON, "at": MOMENT,
    },
    "required": ["id", "resource", "record"],
}  # fmt: skip

REMINDER: Final[Schema] = {
    "type": "object",
    "properties": {"id": NUMBER, "at": MOMENT, "text": TEXT},
    "required": ["id", "at", "text"],
}

NOTE: Final[Schema] = {
    "type": "object",
    "properties": {
        "id": NUMBER, "kind": {"enum": list(NOTED)}, "text": TEXT, "excerpt": TEXT,
        "resource": {"type": ["string", "null"]}, "record": PERSON, "url": {"type": ["string", "null"]},
        "actor": PERSON, "at": MOMENT, "read": {"type": "boolean"},
    },
    "required": ["id", "kind", "text", "at", "read"],
}  # fmt: skip

SCHEMAS: Final[dict[str, Schema]] = {"remark": REMARK, "link": LINK, "reminder": REMINDER, "notification": NOTE}
"""Shared by all resources."""

WRITTEN: Final[dict[str, Schema]] = {
    "remarks": {
        "type": "object",
        "properties": {
            "kind": {"enum": list(KINDS), "default": "comment"},
            "text": {"type": "string", "minLength": 1, "maxLength": LONGEST},
            "to": {"type": "integer", "description": "Whom it is for; guidance goes to who is in charge."},
            "parent": {"type": "integer", "description": "The remark that it answers."},
        },
        "required": ["text"],
        "additionalProperties": False,
    },
    "links": {
        "type": "object",
        "properties": {"resource": TEXT, "record": NUMBER, "note": {"type": "string", "maxLength": 200}},
        "required": ["resource", "record"],
        "additionalProperties": False,
    },
    "reminders": {
        "type": "object",
        "properties": {"at": MOMENT, "text": {"type": "string", "maxLength": 200}},
        "required": ["at"],
        "additionalProperties": False,
    },
}


def workplace_paths(resource: ResolvedResource, principal: Principal) -> dict[str, Any]:
    """What hangs on the records of one resource, with the verbs that the person has."""
    if not has_remarks(resource):
        return {}
    one, key, writes = f"{BASE}/{resource.address}/{{id}}", resource.key, not principal.read_only
    names: tuple[tuple[str, str, Text], ...] = (
        ("remarks", "remark", _("Remarks on a record")),
        ("links", "link", _("Links of a record")),
        ("reminders", "reminder", _("One's own reminders of a record")),
    )
    told: dict[str, Any] = {}
    for name, schema, title in names:
        extra = {"counts": {"type": "object", "additionalProperties": {"type": "integer"}}} if name == "links" else {}
        told[f"{one}/{name}"] = {"get": _operation(key, f"{name}.list", title, ("id",), _list(schema, extra))}
        if writes:
            body = WRITTEN[name]
            told[f"{one}/{name}"]["post"] = _operation(key, f"{name}.add", title, ("id",), _one(schema, "201"), body)
            told[f"{one}/{name}/{{{schema}}}"] = {
                "delete": _operation(key, f"{name}.remove", title, ("id", schema), _nothing())
            }
    following = _list("relation", {"following": {"type": "boolean"}})
    title = _("Who follows a record")
    told[f"{one}/followers"] = {"get": _operation(key, "followers.list", title, ("id",), following)}
    if writes:
        told[f"{one}/followers"]["post"] = _operation(key, "followers.add", title, ("id",), following)
        told[f"{one}/followers"]["delete"] = _operation(key, "followers.remove", title, ("id",), _nothing())
        words = {"type": "object", "properties": {"text": WRITTEN["remarks"]["properties"]["text"]}}
        body = words | {"required": ["text"], "additionalProperties": False}
        told[f"{one}/remarks/{{remark}}"]["patch"] = _operation(
            key, "remarks.edit", _("Put one's own remark in other words"), ("id", "remark"), _one("remark"), body
        )
        told[f"{one}/remarks/{{remark}}/acknowledge"] = {
            "post": _operation(key, "remarks.acknowledge", _("Acknowledge guidance"), ("id", "remark"), _one("remark"))
        }
    return told


def notification_paths(principal: Principal) -> dict[str, Any]:
    """One's own notifications."""
    key = "notifications"
    title = _("One's own notifications")
    page = _list("notification", {"next": {"type": ["string", "null"]}, "unread": {"type": "integer"}})
    listed = _operation(key, "list", title, (), page)
    listed["parameters"] = [
        *({"$ref": f"#/components/parameters/{name}"} for name in ("limit", "cursor", "count")),
        {"name": "unread", "in": "query", "schema": {"type": "boolean"}},
    ]
    told: dict[str, Any] = {
        NOTIFICATIONS: {"get": listed},
        f"{NOTIFICATIONS}/{{id}}": {"get": _operation(key, "read", title, ("id",), _one("notification"))},
    }
    if not principal.read_only:
        body = {
            "type": "object",
            "properties": {"ids": {"type": ["array", "null"], "items": NUMBER, "maxItems": 1000}},
            "additionalProperties": False,
        }
        answer = _answered(
            {"type": "object", "properties": {name: {"type": "integer"} for name in ("changed", "unread")}}
        )
        told[f"{NOTIFICATIONS}/read"] = {"post": _operation(key, "mark_read", title, (), {"200": answer}, body)}
    return told


def _operation(
    key: str, verb: str, summary: Text, places: Iterable[str], answers: dict[str, Any], body: Schema | None = None
) -> dict[str, Any]:
    refusals = ("400", "401", "403", "404", "409", "422", "429")
    told: dict[str, Any] = {
        "operationId": f"{key}.{verb}",
        "tags": [key],
        "summary": str(summary),
        "parameters": [
            {"$ref": "#/components/parameters/id"}
            if place == "id"
            else {"name": place, "in": "path", "required": True, "schema": NUMBER}
            for place in places
        ],
        "responses": answers | {status: {"$ref": f"#/components/responses/e{status}"} for status in refusals},
    }
    if body is not None:
        told["requestBody"] = {"required": "required" in body, "content": {"application/json": {"schema": body}}}
    return told


def _answered(schema: Schema) -> dict[str, Any]:
    return {"description": str(_("Done.")), "content": {"application/json": {"schema": schema}}}


def _list(name: str, extra: Schema) -> dict[str, Any]:
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
    return {"200": _answered({"type": "object", "properties": {"items": items, **extra}, "required": ["items"]})}


def _one(name: str, status: str = "200") -> dict[str, Any]:
    return {status: _answered({"$ref": f"#/components/schemas/{name}"})}


def _nothing() -> dict[str, Any]:
    return {"204": {"description": str(_("It is removed."))}}
