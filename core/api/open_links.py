"""Links that open a file without signing in, through the API: `…/<id>/open-links`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from core.api.shares import moment_of, utc
from core.kernel.errors import BadRequest, FieldError, Invalid, NotFound
from core.kernel.i18n import translate as _
from core.resources.resolved import ResolvedResource
from core.web.openings import address_of
from core.web.responses import Json, Response
from core.web.routing import Route
from core.workplace.open_links import Opening, can_be_opened, close_link, open_to_all, openings_of

if TYPE_CHECKING:
    from core.web.requests import Request


class OpenLinkCollection:
    """The links to the files of one resource."""

    def __init__(self, resource: ResolvedResource, url: str) -> None:
        self._resource = resource
        self._one = f"{url}/{{id:int}}/open-links"

    def routes(self) -> Iterable[Route]:
        """Listing, making and ending, for records that stand for a file."""
        if can_be_opened(self._resource):
            key = self._resource.key
            yield Route(self._one, self.list, f"{key}.edit")
            yield Route(self._one, self.create, f"{key}.edit", methods=("POST",))
            yield Route(f"{self._one}/{{link:int}}", self.delete, f"{key}.edit", methods=("DELETE",))

    def list(self, request: Request) -> Response:
        """The links that open something now."""
        record = request.reader.get(self._resource.model, request.params["id"])
        if record is None:
            raise NotFound
        key = request.platform.settings.secret_key
        found = openings_of(request.connection, key, self._resource.key, record.id)
        return Json({"items": [_told(request, each) for each in found]})

    def create(self, request: Request) -> Response:
        """Make a link; it lasts a week where nothing is said."""
        body = request.json if request.incoming.body.raw else {}
        if not isinstance(body, dict):
            raise BadRequest(_("The body is not a JSON object."), _("Send one, as in {example}.", example="{}"))
        if unknown := [FieldError(str(key), _("There is no such field.")) for key in body if key != "expires_at"]:
            raise Invalid(unknown)
        ends, key = moment_of(body.get("expires_at")), request.platform.settings.secret_key
        try:
            made = open_to_all(request.session, key, self._resource, request.params["id"], ends)
        except Invalid as refused:
            raise Invalid([FieldError("expires_at", each.message) for each in refused.errors]) from None
        return Json(_told(request, made), 201).header("Location", f"{request.path}/{made.id}")

    def delete(self, request: Request) -> Response:
        """End a link."""
        close_link(request.session, self._resource, request.params["id"], request.params["link"])
        return Response(b"", 204, "application/json")


def open_link_paths(resource: ResolvedResource, url: str, operation: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """What OpenAPI says of it."""
    if not can_be_opened(resource):
        return {}
    moment = {"type": "string", "format": "date-time"}
    told: dict[str, Any] = {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "url": {"type": "string", "format": "uri"},
            "author": {"type": "string"},
            "expires_at": moment,
            "created_at": moment,
        },
        "required": ["id", "url", "author", "expires_at", "created_at"],
    }
    given = {
        "type": "object",
        "properties": {"expires_at": {"type": ["string", "null"], "format": "date-time"}},
        "additionalProperties": False,
    }
    items = {"type": "object", "properties": {"items": {"type": "array", "items": told}}, "required": ["items"]}
    record, once = {"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/once"}
    which = {"name": "link", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
    return {
        f"{url}/{{id}}/open-links": {
            "get": operation("open-links.list", _("Links that open its file without signing in"), (401, 403, 404, 429),
                             parameters=[record], answers={"200": _content(_("The links."), items)}),
            "post": operation("open-links.create", _("Make a link that opens its file without signing in"),
                              (400, 401, 403, 404, 409, 413, 422, 429), parameters=[record, once],
                              requestBody={"content": {"application/json": {"schema": given}}},
                              answers={"201": _content(_("The link."), told)}),
        },
        f"{url}/{{id}}/open-links/{{link}}": {
            "delete": operation("open-links.delete", _("End a link"), (401, 403, 404, 409, 429),
                                parameters=[record, which, once], answers={"204": {"description": str(_("It has ended."))}}),
        },
    }  # fmt: skip


def _content(description: object, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": str(description), "content": {"application/json": {"schema": schema}}}


def _told(request: Request, opening: Opening) -> dict[str, Any]:
    return {
        "id": opening.id,
        "url": address_of(request, opening),
        "author": opening.author,
        "expires_at": utc(opening.expires_at),
        "created_at": utc(opening.created_at),
    }
