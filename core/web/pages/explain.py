"""Why somebody can or cannot do something with a record: one sentence for each action, for who administers access."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.kernel.access import load_principal
from core.kernel.errors import NotFound
from core.kernel.explain import explain, judge
from core.kernel.i18n import translate as _
from core.kernel.roles import ACTIONS
from core.kernel.users import User
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources
from core.web import views
from core.web.forms import look_up
from core.web.pages.forms import trail_of
from core.web.responses import Response
from core.web.views import Link
from core.web.views.administration import ExplainView, Reason

if TYPE_CHECKING:
    from core.web.requests import Request

ALLOW: Final = "system.role.view"
"""The sentences name departments and roles."""

ASKED: Final = ("view", "edit", "assign", "delete")


def explain_link(request: Request, resource: ResolvedResource, record_id: int) -> Link | None:
    """The way to the explanation, for whoever may read it."""
    if not request.principal.allows(*ALLOW.rsplit(".", 1)):
        return None
    return Link(title=_("Who may do what with this, and why"), url=f"{resource.url}/{record_id}/explain", icon="shield")


class ExplainPages:
    """Explains access to the records of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        self._resources = resources
        self._resource = resource
        self._records = records

    def show(self, request: Request) -> Response:
        """The page: of oneself until somebody is chosen."""
        record = self._records.get(request.reader, self._resource, request.params["id"])
        name, url = self._resource.label_of(record), f"{self._resource.url}/{record.id}"
        chosen = self._chosen(request)
        reasons: tuple[Reason, ...] = ()
        label = ""
        if chosen is not None:
            user = self._records.get(request.reader, self._resources["system.user"], chosen)
            label, reasons = user.name, self._reasons(request, user, record.id)
        field = views.Field(
            key="user",
            title=_("Person"),
            kind="relation",
            value=str(chosen or ""),
            label=label or request.query.get("user__label", ""),
            endpoint="/system/users/options",
            errors=() if chosen is not None else (_("Nothing is called “{text}”.", text=request.query["user__label"]),),
        )
        trail = (*trail_of(self._resource), Link(title=name, url=url))
        view = ExplainView(title=_("Access to “{name}”", name=name), url=f"{url}/explain", trail=trail, user=field,
                           reasons=reasons)  # fmt: skip
        return request.render("explain.html", view)

    def _chosen(self, request: Request) -> int | None:
        """The person asked for: by number, or by the typed name where no script has set one."""
        text, label = request.query.get("user", ""), request.query.get("user__label", "").strip()
        if text:
            return request.number("user")
        if not label:
            return request.principal.user_id
        found = look_up(request, self._resources, self._resources["system.user"], label, 1)
        return found[0][0] if found else None

    def _reasons(self, request: Request, user: User, record_id: int) -> tuple[Reason, ...]:
        key = self._resource.key
        with request.platform.database.system("explain access", write=False) as session:
            record: Any = session.get(self._resource.model, record_id)
            if record is None:
                raise NotFound
            principal = load_principal(session, user.id)
            own = [each.allow or each.name for each in self._resource.actions]
            asked = dict.fromkeys((*ASKED, *(name for name in own if name not in ACTIONS)))
            if not self._resource.scoped:
                asked.pop("assign")
            return tuple(
                Reason(
                    allowed=judge(session, principal, key, record, action).allowed,
                    text=str(explain(session, principal, key, record, action)),
                )
                for action in asked
            )
