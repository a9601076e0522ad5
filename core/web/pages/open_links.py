"""Links that open a file to whoever has them: made and ended on the record's page, followed without signing in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from core.kernel.errors import Conflict, FieldError, Invalid, NotFound
from core.kernel.i18n import translate as _
from core.resources import values
from core.resources.fields import Field, Words
from core.resources.records import Records, as_field
from core.resources.resolved import ResolvedResource, Resources
from core.web.files import give
from core.web.forms import Forms
from core.web.openings import URL
from core.web.pages.attachments import SEEN, size_in_words
from core.web.pages.forms import trail_of
from core.web.pages.lists import context_of
from core.web.pages.shares import end_of
from core.web.responses import Response
from core.web.routing import Anybody, Route
from core.web.views import FormSection, FormView, Link, Notice
from core.workplace.attachments import CONTENT, PICTURES, File, files_of
from core.workplace.open_links import LONGEST, USUAL, can_be_opened, close_link, open_to_all, opened

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request


@dataclass(frozen=True)
class OpenedView:
    """opened.html: a file as whoever has the link sees it."""

    title: str
    name: str
    size: str
    url: str
    sender: str
    kind: str
    text: str = ""


def routes(platform: Platform) -> Iterable[Route]:
    """What a link leads to, and the pages on which links are made."""
    resources: Resources = platform.above
    records = Records(resources, platform.registry.hooks)
    yield Route(f"{URL}/{{token}}", show, Anybody("the token in the address says who may open it"))
    yield Route(f"{URL}/{{token}}/file", file, Anybody("the token in the address says who may open it"))
    for resource in filter(can_be_opened, resources.values()):
        yield from OpenLinkPages(resources, resource, records).routes()


def show(request: Request) -> Response:
    """The page of a file that was opened to whoever has the link."""
    with opened(request.platform, request.connection, request.params["token"]) as (resource, record, session):
        found = _newest(session, resource, record)
        sender = str(session.principal.name)
        title = str(getattr(record, resource.label.key, "") or found.name)
    url = f"{URL}/{request.params['token']}/file"
    kind, text = _kind(found), ""
    if kind == "text":
        with request.platform.storage.open(found.file_key) as content:
            text = content.read(SEEN).decode("utf-8", "ignore").lstrip("\ufeff")
    view = OpenedView(title, found.name, size_in_words(found.size), url, sender, kind, text)
    return request.render("opened.html", view)


def file(request: Request) -> Response:
    """The file itself."""
    with opened(request.platform, request.connection, request.params["token"]) as (resource, record, session):
        found = _newest(session, resource, record)
    return give(request, found)


def _newest(session: Any, resource: ResolvedResource, record: Any) -> File:
    found = files_of(session.connection(), resource.key, record.id, CONTENT)
    if not found:
        raise NotFound
    return found[0]


def _kind(found: File) -> str:
    if not found.inline:
        return "other"
    return "picture" if found.kind in PICTURES else "text" if found.kind == "text/plain" else "pdf"


ASKED: Final = Field(
    "until",
    label=_("Opens until"),
    kind="date",
    required=True,
    help=_("The last day on which the link opens the file; {days} days at most.", days=LONGEST.days),
)


class OpenLinkPages:
    """The links to the records of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        self._resource = resource
        self._records = records
        self._forms = Forms(resources, resource)
        self._field = as_field(resource, ASKED)

    def routes(self) -> Iterable[Route]:
        """Making and ending links."""
        one, allow = f"{self._resource.url}/{{id:int}}/open-links", f"{self._resource.key}.edit"
        yield Route(f"{one}/new", self.ask, allow)
        yield Route(f"{one}/new", self.act, allow, methods=("POST",))
        yield Route(f"{one}/{{link:int}}/close", self.close, allow, methods=("POST",))

    def ask(self, request: Request) -> Response:
        """The form: until when."""
        return self._form(request, (context_of(request).today + USUAL).isoformat(), {})

    def act(self, request: Request) -> Response:
        """Make the link; it stands on the record's page from now on."""
        typed = request.form.get("until")
        try:
            day = values.date(typed)
        except values.ValueFault as fault:
            return self._form(request, typed, {"until": [fault.message]}, 422)
        key, ends = request.platform.settings.secret_key, end_of(day, request) if day else None
        try:
            if ends is None:
                raise Invalid([FieldError("until", _("Please fill this in."))])
            open_to_all(request.session, key, self._resource, request.params["id"], ends)
        except (Invalid, Conflict) as refused:
            request.work.undo()
            faults: dict[str, list[Words]] = {"": [str(refused)]}
            if isinstance(refused, Invalid):
                faults = {"until": [each.message for each in refused.errors]}
            return self._form(request, typed, faults, refused.status)
        told = _("The link is made. Copy it from “Shared with”.")
        return request.redirect(self._home(request), Notice(text=str(told), tone="good"))

    def close(self, request: Request) -> Response:
        """End a link."""
        close_link(request.session, self._resource, request.params["id"], request.params["link"])
        return request.redirect(
            self._home(request), Notice(text=str(_("The link opens nothing any more.")), tone="good")
        )

    def _home(self, request: Request) -> str:
        return f"{self._resource.url}/{request.params['id']}"

    def _form(self, request: Request, typed: str, faults: dict[str, list[Words]], status: int = 200) -> Response:
        resource = self._resource
        label = resource.label.key if resource.label.key in resource.readable(request.principal) else "id"
        row = self._records.row(request.connection, resource, request.params["id"], context_of(request), (label,))
        home, name = f"{resource.url}/{row.id}", str(row.values[label][0])
        drawn = self._forms.drawn(request, [self._field], {"until": typed}, {}, faults)
        view = FormView(
            title=_("Make a link to “{name}”", name=name),
            url=f"{home}/open-links/new",
            sections=[FormSection(fields=drawn)],
            trail=(*trail_of(resource), Link(title=name, url=home)),
            icon=resource.declared.icon,
            token=request.new_token(),
            faults=tuple(faults.get("", ())),
            submit=_("Make the link"),
            cancel_url=home,
            aside=_("Whoever has the link reads the newest version of the file without signing in, and nothing else."),
        )
        return request.render("form.html", view, status)
