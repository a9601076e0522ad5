"""One's inbox of approvals in the API: `GET /api/v1/approvals`. Decisions are actions of the record itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from core.api.collections import BASE
from core.kernel.i18n import translate as _
from core.resources import values
from core.web.responses import Json, Response
from core.web.routing import Everybody, Route
from core.workplace.approvals import Waiting, inbox

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

URL: Final = f"{BASE}/approvals"


def routes(_platform: Platform) -> Iterable[Route]:
    """The inbox of whoever asks."""
    yield Route(URL, waiting, Everybody("it is one's own"))


def waiting(request: Request) -> Response:
    """What waits for one's own decision, the longest first."""
    found = inbox(request.reader, request.principal.user_id)
    return Json({"items": [_item(request, each) for each in found], "count": len(found)})


def _item(request: Request, each: Waiting) -> dict[str, Any]:
    resource = request.platform.above.get(each.resource)
    return {
        "id": each.id,
        "resource": each.resource,
        "record": {"id": each.record_id, "label": each.label},
        "url": f"{BASE}/{resource.address}/{each.record_id}" if resource is not None else None,
        "requester": {"id": each.requester_id, "label": each.requester} if each.requester_id else None,
        "submitted_at": values.instant_text(each.submitted_at),
        "since": values.instant_text(each.since),
        "rule": each.rule,
        "deputy_for": each.for_name or None,
    }


def approval_paths() -> dict[str, Any]:
    """The address for the description of the API."""
    moment = {"type": "string", "format": "date-time"}
    text = {"type": "string"}
    reference = {"$ref": "#/components/schemas/relation"}
    item = {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "resource": text,
            "record": reference,
            "url": {"type": ["string", "null"]},
            "requester": {"oneOf": [reference, {"type": "null"}]},
            "submitted_at": moment,
            "since": moment,
            "rule": text,
            "deputy_for": {"type": ["string", "null"]},
        },
    }
    answer = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": item}, "count": {"type": "integer"}},
        "required": ["items", "count"],
    }
    content = {"application/json": {"schema": answer}}
    told = {
        "tags": ["approvals"],
        "operationId": "approvals.list",
        "summary": str(_("What waits for your decision")),
        "description": str(_("Decide by the actions approve and reject of the record.")),
        "responses": {"200": {"description": str(_("The requests, the longest waiting first.")), "content": content}},
    }
    return {URL: {"get": told}}
