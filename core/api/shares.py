"""Sharing a record through the API: `…/<id>/shares`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from core.kernel.errors import BadRequest, FieldError, Invalid, NotFound
from core.kernel.i18n import translate as _
from core.resources import values
from core.resources.resolved import ResolvedResource
from core.web.responses import Json, Response
from core.web.routing import Route
from core.workplace.shares import RECEIVERS, Sharing, can_be_shared, share, shares_of, withdraw

if TYPE_CHECKING:
    from core.web.requests import Request

KNOWN = frozenset({*RECEIVERS, "write", "expires_at"})


class ShareCollection:
    """With whom the records of one resource are shared."""

    def __init__(self, resource: ResolvedResource, url: str) -> None:
        self._resource = resource
        self._one = f"{url}/{{id:int}}/shares"

    def routes(self) -> Iterable[Route]:
        """Listing, sharing, withdrawing, for records that can be shared."""
        if can_be_shared(self._resource):
            key = self._resource.key
            yield Route(self._one, self.list, f"{key}.view")
            yield Route(self._one, self.create, f"{key}.edit", methods=("POST",))
            yield Route(f"{self._one}/{{share:int}}", self.delete, f"{key}.edit", methods=("DELETE",))

    def list(self, request: Request) -> Response:
        """With whom a record is shared now."""
        record = request.reader.get(self._resource.model, request.params["id"])
        if record is None:
            raise NotFound
        found = shares_of(request.connection, self._resource.key, record.id)
        return Json({"items": [_told(each) for each in found]})

    def create(self, request: Request) -> Response:
        """Share a record with one person, department or group."""
        body = _body(request)
        given = {kind: _number(kind, body.get(kind)) for kind in RECEIVERS}
        made = share(
            request.session,
            self._resource,
            request.params["id"],
            given,
            write=_flag(body.get("write", False)),
            expires_at=moment_of(body.get("expires_at")),
        )
        response = Json(_told(made), 201)
        return response.header("Location", f"{request.path}/{made.id}")

    def delete(self, request: Request) -> Response:
        """Take a share back."""
        withdraw(request.session, self._resource, request.params["id"], request.params["share"])
        return Response(b"", 204, "application/json")


def share_paths(resource: ResolvedResource, url: str, operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """What OpenAPI says of it."""
    if not can_be_shared(resource):
        return {}
    relation = {"oneOf": [{"$ref": "#/components/schemas/relation"}, {"type": "null"}]}
    told: dict[str, Any] = {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            **dict.fromkeys(RECEIVERS, relation),
            "write": {"type": "boolean"},
            "expires_at": {"type": ["string", "null"], "format": "date-time"},
            "created_at": {"type": "string", "format": "date-time"},
        },
        "required": ["id", *RECEIVERS, "write", "expires_at", "created_at"],
    }
    given: dict[str, Any] = {
        "type": "object",
        "properties": {
            **{kind: {"type": "integer", "minimum": 1} for kind in RECEIVERS},
            "write": {"type": "boolean", "default": False},
            "expires_at": {"type": ["string", "null"], "format": "date-time"},
        },
        "additionalProperties": False,
    }
    items = {"type": "object", "properties": {"items": {"type": "array", "items": told}}, "required": ["items"]}
    record = {"$ref": "#/components/parameters/id"}
    which = {"name": "share", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
    once = {"$ref": "#/components/parameters/once"}
    return {
        f"{url}/{{id}}/shares": {
            "get": operation("shares.list", _("With whom it is shared"), (401, 403, 404, 429), parameters=[record],
                             answers={"200": _content(_("The shares."), items)}),
            "post": operation("shares.create", _("Share with a person, a department or a group"),
                              (400, 401, 403, 404, 409, 413, 422, 429), parameters=[record, once],
                              requestBody={"required": True, "content": {"application/json": {"schema": given}}},
                              answers={"201": _content(_("The share."), told)}),
        },
        f"{url}/{{id}}/shares/{{share}}": {
            "delete": operation("shares.delete", _("Take a share back"), (401, 403, 404, 409, 429),
                                parameters=[record, which, once], answers={"204": {"description": str(_("It has ended."))}}),
        },
    }  # fmt: skip


def _content(description: object, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": str(description), "content": {"application/json": {"schema": schema}}}


def _told(sharing: Sharing) -> dict[str, Any]:
    relations = {
        kind: {"id": sharing.receiver_id, "label": sharing.receiver} if kind == sharing.kind else None
        for kind in RECEIVERS
    }
    ends = sharing.expires_at
    return {
        "id": sharing.id,
        **relations,
        "write": sharing.write,
        "expires_at": utc(ends) if ends else None,
        "created_at": utc(sharing.created_at),
    }


def utc(moment: dt.datetime) -> str:
    """A moment as the API says it."""
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _body(request: Request) -> Mapping[str, Any]:
    body = request.json if request.incoming.body.raw else {}
    if not isinstance(body, dict):
        raise BadRequest(_("The body is not a JSON object."), _("Send one, as in {example}.", example='{"user": 3}'))
    unknown = [FieldError(str(key), _("There is no such field.")) for key in body if key not in KNOWN]
    if unknown:
        raise Invalid(unknown)
    return body


def _number(name: str, value: Any) -> int | None:
    value = value.get("id") if isinstance(value, dict) else value
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise Invalid([FieldError(name, _("A relation is given as the number of the record."))])
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid([FieldError("write", _("This is neither true nor false."))])
    return value


def moment_of(value: Any) -> dt.datetime | None:
    """The moment until which something counts; Invalid where it is none."""
    if value in (None, ""):
        return None
    try:
        found = values.instant(value, dt.UTC) if isinstance(value, str) else None
    except (values.ValueFault, TypeError, ValueError):
        found = None
    if found is None:
        raise Invalid([FieldError("expires_at", _("'{value}' is not a moment.", value=str(value)[:50]))])
    return found
