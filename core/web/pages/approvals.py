"""The inbox of approvals: what waits for one's own decision, and what one has submitted oneself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from core.kernel import formats
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.resources.resolved import ResolvedResource
from core.web.navigation import person
from core.web.responses import Response
from core.web.routing import Everybody, Route
from core.web.views import Button, Empty
from core.web.views.approvals import ApprovalLine, ApprovalsView
from core.workplace.approvals import Submitted, Waiting, inbox, submitted_by

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

URL: Final = "/approvals"

STATES: Final[dict[str, tuple[Text, str]]] = {
    "waiting": (_("Waiting"), "amber"),
    "approved": (_("Approved"), "green"),
    "rejected": (_("Turned down"), "red"),
    "withdrawn": (_("Withdrawn"), "grey"),
}


def routes(_platform: Platform) -> Iterable[Route]:
    """The page."""
    yield Route(URL, show, Everybody("it is one's own"))


def show(request: Request) -> Response:
    """What waits, the longest first; below it one's own requests, the latest first."""
    me = request.principal.user_id
    waiting = [line for each in inbox(request.reader, me) if (line := _waiting(request, each)) is not None]
    mine = [line for each in submitted_by(request.reader, me) if (line := _mine(request, each)) is not None]
    view = ApprovalsView(
        title=_("Approvals"),
        waiting=tuple(waiting),
        mine=tuple(mine),
        empty=None
        if waiting
        else Empty(
            title=_("Nothing waits for you"),
            text=_("What others submit for your approval will stand here."),
            icon="check",
            ghost="none",
        ),
    )
    return request.render("approvals.html", view)


def _resource(request: Request, key: str) -> ResolvedResource | None:
    found: ResolvedResource | None = request.platform.above.get(key)
    return found


def _waiting(request: Request, each: Waiting) -> ApprovalLine | None:
    resource = _resource(request, each.resource)
    if resource is None:
        return None
    url, zone = f"{resource.url}/{each.record_id}", request.timezone.key
    return ApprovalLine(
        title=each.label,
        url=url,
        kind=resource.name,
        icon=resource.declared.icon,
        person=person(each.requester_id, each.requester) if each.requester_id else None,
        at=formats.ago(each.since, zone, now()),
        rule=each.rule,
        deputy_for=each.for_name,
        approve=Button(title=_("Approve"), url=f"{url}/actions/approve", post=False, kind="primary", asks=True),
        reject=Button(title=_("Reject"), url=f"{url}/actions/reject", post=False, asks=True),
    )


def _mine(request: Request, each: Submitted) -> ApprovalLine | None:
    resource = _resource(request, each.resource)
    if resource is None:
        return None
    title, colour = STATES.get(each.state, (each.state, ""))
    return ApprovalLine(
        title=each.label,
        url=f"{resource.url}/{each.record_id}",
        kind=resource.name,
        icon=resource.declared.icon,
        at=formats.ago(each.submitted_at, request.timezone.key, now()),
        rule=each.rule,
        state=(title, colour),
    )
