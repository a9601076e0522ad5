"""Sharing one record on the screen: the panel with whom it is shared, the form, taking a share back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from core.kernel import formats
from core.kernel.errors import Conflict, Invalid
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.resources import values
from core.resources.fields import Field, Words
from core.resources.records import Records, as_field, read_value
from core.resources.resolved import ResolvedResource, Resources
from core.web.forms import Forms
from core.web.openings import link_lines
from core.web.pages.forms import trail_of
from core.web.pages.lists import context_of
from core.web.responses import Response
from core.web.routing import Route
from core.web.views import Button, FormSection, FormView, Link, Notice, Panel
from core.workplace.open_links import can_be_opened
from core.workplace.shares import RECEIVERS, can_be_shared, may_share, share, shares_of, withdraw

if TYPE_CHECKING:
    from core.web.requests import Request

ASKED: Final = (
    Field("user", label=_("Person"), target="system.user"),
    Field("department", label=_("Department"), target="system.department"),
    Field("group", label=_("Group"), target="system.group", help=_("Name one of the three.")),
    Field("write", label=_("May also edit"), kind="boolean"),
    Field(
        "expires_on", label=_("Until"), kind="date", help=_("The last day on which it counts; empty: until withdrawn.")
    ),
)


class SharePages:
    """Sharing the records of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        self._resources = resources
        self._resource = resource
        self._records = records
        self._forms = Forms(resources, resource)
        self._fields = [as_field(resource, each) for each in ASKED if each.target in resources or not each.target]

    def routes(self) -> Iterable[Route]:
        """The form and what it posts, for records that can be shared."""
        if not can_be_shared(self._resource):
            return
        one, allow = f"{self._resource.url}/{{id:int}}/shares", f"{self._resource.key}.edit"
        yield Route(f"{one}/new", self.ask, allow)
        yield Route(f"{one}/new", self.act, allow, methods=("POST",))
        yield Route(f"{one}/{{share:int}}/withdraw", self.take_back, allow, methods=("POST",))

    def ask(self, request: Request) -> Response:
        """The form: with whom, how far, until when."""
        return self._form(request, {}, {}, {})

    def act(self, request: Request) -> Response:
        """Share; what is wrong stands beside its field."""
        try:
            given = self._read(request)
            day = given.pop("expires_on", None)
            ends = end_of(day, request) if day else None
            write = bool(given.pop("write", False))
            share(request.session, self._resource, request.params["id"], given, write=write, expires_at=ends)
        except (Invalid, Conflict) as refused:
            return self._again(request, refused)
        return request.redirect(self._home(request), Notice(text=str(_("It is shared.")), tone="good"))

    def take_back(self, request: Request) -> Response:
        """End a share."""
        withdraw(request.session, self._resource, request.params["id"], request.params["share"])
        return request.redirect(self._home(request), Notice(text=str(_("It is no longer shared.")), tone="good"))

    def _home(self, request: Request) -> str:
        return f"{self._resource.url}/{request.params['id']}"

    def _read(self, request: Request) -> dict[str, Any]:
        context, posted = context_of(request), self._forms.posted(request, self._fields, given={})
        return {
            field.key: _value(self._resources, request, field, posted.get(field.key), context) for field in self._fields
        }

    def _again(self, request: Request, refused: Invalid | Conflict) -> Response:
        request.work.undo()
        faults: dict[str, list[Words]] = {}
        for error in refused.errors if isinstance(refused, Invalid) else ():
            faults.setdefault("expires_on" if error.field == "expires_at" else error.field, []).append(error.message)
        if isinstance(refused, Conflict):
            faults[""] = [str(refused)]
        texts = {f.key: request.form.get(f.key) for f in self._fields}
        labels = {f.key: request.form.get(f"{f.key}__label") for f in self._fields if f.is_relation}
        return self._form(request, texts, labels, faults, refused.status)

    def _form(
        self,
        request: Request,
        texts: Mapping[str, Any],
        labels: Mapping[str, Any],
        faults: Mapping[str, list[Words]],
        status: int = 200,
    ) -> Response:
        resource = self._resource
        label = resource.label.key if resource.label.key in resource.readable(request.principal) else "id"
        row = self._records.row(request.connection, resource, request.params["id"], context_of(request), (label,))
        home, name = f"{resource.url}/{row.id}", str(row.values[label][0])
        view = FormView(
            title=_("Share “{name}”", name=name),
            url=f"{home}/shares/new",
            sections=[FormSection(fields=self._forms.drawn(request, self._fields, texts, labels, faults))],
            trail=(*trail_of(resource), Link(title=name, url=home)),
            icon=resource.declared.icon,
            token=request.new_token(),
            faults=tuple(faults.get("", ())),
            submit=_("Share it"),
            cancel_url=home,
            aside=_("Whoever it is shared with sees this record and its parts, beside what the roles open."),
        )
        return request.render("form.html", view, status)


def _value(resources: Resources, request: Request, field: Any, raw: Any, context: Any) -> Any:
    from core.kernel.errors import FieldError

    try:
        return read_value(resources, request.session, field, raw, context)
    except values.ValueFault as fault:
        raise Invalid([FieldError(field.key, fault.message)]) from None


def end_of(day: dt.date, request: Request) -> dt.datetime:
    """The end of a day in the person's time zone."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), request.timezone).astimezone(dt.UTC)


def shares_panel(request: Request, resource: ResolvedResource, record: Any, *, there: bool = True) -> Panel | None:
    """With whom the record is shared; nothing where nobody is and the reader may not share it.

    Nobody looks for shares where none are `there`.
    """
    found = shares_of(request.connection, resource.key, record.id) if there else []
    mine = may_share(request.reader, resource, record)
    links = link_lines(request, resource, record.id, mine=mine)
    if not found and not links and not mine:
        return None
    home, zone = f"{resource.url}/{record.id}/shares", request.timezone.key
    lines = [
        {
            "kind": KINDS[each.kind],
            "receiver": each.receiver,
            "write": each.write,
            "until": formats.instant(each.expires_at - dt.timedelta(seconds=1), zone) if each.expires_at else "",
            "since": formats.ago(each.created_at, zone, now()),
            "withdraw": Button(title=_("Withdraw"), url=f"{home}/{each.id}/withdraw", kind="quiet") if mine else None,
        }
        for each in found
    ]
    add = (Link(title=_("Share it"), url=f"{home}/new", icon="plus"),) if mine else ()
    if mine and can_be_opened(resource):
        add = (*add, Link(title=_("Make a link"), url=f"{resource.url}/{record.id}/open-links/new", icon="link"))
    html = request.site.draw("parts/shares.html", request.locale, lines=lines, links=links)
    return Panel(key="shares", title=_("Shared with"), html=html, actions=add)


KINDS: Final[Mapping[str, Words]] = {"user": _("Person"), "department": _("Department"), "group": _("Group")}

assert KINDS.keys() == RECEIVERS.keys()
