"""Every resource's pages, at its address: what the declarations of plugins become on the screen."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from core.resources.calendar import Calendar
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources
from core.web.forms import look_up
from core.web.pages import system
from core.web.pages import views as saved
from core.web.pages.actions import ActionPages
from core.web.pages.attachments import AttachmentPages
from core.web.pages.boards import BoardPages
from core.web.pages.calendar import CalendarPages
from core.web.pages.explain import ALLOW as EXPLAINED
from core.web.pages.explain import ExplainPages
from core.web.pages.exports import export_list
from core.web.pages.forms import FormPages
from core.web.pages.lists import ListPages
from core.web.pages.many import ManyPages
from core.web.pages.printing import PrintPages
from core.web.pages.records import RecordPages, undo
from core.web.pages.shares import SharePages
from core.web.responses import Json, Response
from core.web.routing import Everybody, Route
from core.workplace.attachments import content_of

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

SUGGESTED = 12
"""Records that a relation's field offers while somebody types."""


def routes(platform: Platform) -> Iterable[Route]:
    """The routes of all resources of a generation."""
    resources: Resources = platform.above
    records = Records(resources, platform.registry.hooks)
    own = list(system.routes(platform))
    taken = {(route.path, method) for route in own for method in route.methods}
    yield from own
    for resource in resources.values():
        routes = _routes_of(resources, resource, records)
        yield from (route for route in routes if (route.path, route.methods[0]) not in taken)
    yield from saved.routes(resources)
    yield Route("/undo", undo, Everybody("undoing runs under the rights for each change"), methods=("POST",))


def _routes_of(resources: Resources, resource: ResolvedResource, records: Records) -> Iterable[Route]:
    key, url = resource.key, resource.url
    lists = ListPages(resources, resource)
    forms = FormPages(resources, resource, records)
    pages = RecordPages(resources, resource, records)
    yield Route(url, lists.list, f"{key}.view")
    yield Route(f"{url}/{{id:int}}", pages.show, f"{key}.view")
    yield Route(f"{url}/export", partial(export_list, resources, resource), f"{key}.export")
    yield Route(f"{url}/options", partial(_options, resources, resource), f"{key}.view")
    yield Route(f"{url}/{{id:int}}/explain", ExplainPages(resources, resource, records).show, EXPLAINED)
    yield Route(f"{url}/{{id:int}}/timeline", pages.older, f"{key}.view")
    yield Route(f"{url}/{{id:int}}/panels", pages.panels, f"{key}.view")
    yield from PrintPages(resources, resource, records).routes()
    if resource.read_only:
        return
    yield from SharePages(resources, resource, records).routes()
    yield from AttachmentPages(resource, records).routes()
    yield Route(f"{url}/{{id:int}}/fields/{{field}}", forms.field, (f"{key}.edit", f"{key}.assign"))
    yield Route(
        f"{url}/{{id:int}}/fields/{{field}}", forms.set_field, (f"{key}.edit", f"{key}.assign"), methods=("POST",)
    )
    yield Route(f"{url}/new", forms.new, f"{key}.create")
    takes_file = content_of(resource) is not None
    yield Route(f"{url}/new", forms.create, f"{key}.create", methods=("POST",), uploads=takes_file)
    yield Route(f"{url}/{{id:int}}/edit", forms.edit, (f"{key}.edit", f"{key}.assign"))
    yield Route(f"{url}/{{id:int}}/edit", forms.update, (f"{key}.edit", f"{key}.assign"), methods=("POST",))
    if resource.declared.of_kind(Calendar):
        yield Route(
            f"{url}/calendar", CalendarPages(resources, resource, records).move, f"{key}.edit", methods=("POST",)
        )
    if resource.duplicates is not None:
        yield Route(f"{url}/duplicates", forms.duplicates, (f"{key}.create", f"{key}.edit"), methods=("POST",))
    if resource.board is not None:
        board = BoardPages(resources, resource, records)
        lists.add_view("board", board.show)
        yield Route(f"{url}/move", board.move, f"{key}.view", methods=("POST",))
    many = ManyPages(resources, resource, records)
    if resource.actions or records.verbs.are_offered(resource):
        allow = records.verbs.permissions(resource)
        actions = ActionPages(resources, resource, records)
        yield Route(f"{url}/{{id:int}}/actions/{{action}}", actions.ask, allow)
        yield Route(f"{url}/{{id:int}}/actions/{{action}}", actions.act, allow, methods=("POST",))
    bulk = tuple(action for action in resource.actions if action.bulk)
    if bulk:
        allow = records.verbs.permissions(resource, bulk)
        yield Route(f"{url}/actions/{{action}}", many.act, allow, methods=("POST",))
    if bulk or resource.has_bin:
        yield Route(f"{url}/many/{{job:int}}", many.outcome, f"{key}.view")
    if resource.has_bin:
        yield Route(f"{url}/{{id:int}}/delete", pages.delete, f"{key}.delete", methods=("POST",))
        yield Route(f"{url}/delete", many.delete, f"{key}.delete", methods=("POST",))
        yield Route(f"{url}/{{id:int}}/restore", pages.restore, f"{key}.delete", methods=("POST",))
        yield Route(f"{url}/bin", pages.bin, f"{key}.delete")


def _options(resources: Resources, resource: ResolvedResource, request: Request) -> Response:
    """What a relation's field offers for a typed text, within the reader's scope."""
    found = look_up(request, resources, resource, request.query.get("q", ""), SUGGESTED + 1)
    items: list[dict[str, Any]] = [{"id": i, "label": label, "hint": hint} for i, label, hint in found[:SUGGESTED]]
    return Json({"items": items, "more": len(found) > SUGGESTED})
