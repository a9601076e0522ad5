"""Saved views on the screen: keeping the list as it is, and the page where one renames, shares, pins and deletes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from core.kernel.departments import Department
from core.kernel.errors import Forbidden, Invalid, NotFound
from core.kernel.i18n import translate as _
from core.kernel.privilege import privileged
from core.kernel.roles import Role
from core.resources.resolved import ResolvedResource, Resources
from core.web.address import Pairs, address
from core.web.responses import Json, Response
from core.web.routing import Everybody, Route
from core.web.views import Button, Confirm, Link, Notice, Option, SavedView, SavedViewsView, Words
from core.web.views.lists import SavedViewRow
from core.workplace import views
from core.workplace.views import KeptView

if TYPE_CHECKING:
    from core.web.requests import Request

URL = "/views"
OWN = Everybody("views are one's own, or were shared by whoever keeps them")

AUDIENCES = {
    "me": _("Only me"),
    "department": _("My department"),
    "role": _("A role"),
    "everybody": _("Everybody"),
}


def routes(resources: Resources) -> Iterable[Route]:
    """Everything about saved views."""
    yield Route(f"{URL}/{{id:int}}", partial(change, resources), OWN, methods=("POST",))
    yield Route(f"{URL}/{{id:int}}/delete", partial(delete, resources), OWN, methods=("POST",))
    for resource in resources.values():
        allow = f"{resource.key}.view"
        yield Route(f"{resource.url}/views", partial(show, resources, resource), allow)
        yield Route(f"{resource.url}/views", partial(keep, resources, resource), allow, methods=("POST",))
        yield Route(f"{resource.url}/views/choose", partial(choose, resources, resource), allow, methods=("POST",))


def saved_views(request: Request, resources: Resources, resource: ResolvedResource) -> tuple[KeptView, ...]:
    """The views of a resource for this reader; read again when anything about views or rights has changed anywhere."""
    kept: dict[Any, Any] = request.site.kept.setdefault("views", {})
    key = (resource.key, request.principal.user_id)
    found = kept.get(key)
    if found is None or found[0] is not request.principal:
        if len(kept) >= KEPT:
            kept.clear()
        read = views.views_of(privileged(request.connection), resources, resource, request.principal)
        found = kept[key] = (request.principal, read)
    told: tuple[KeptView, ...] = found[1]
    return told


KEPT = 5000


def url_of(resource: ResolvedResource, view: KeptView) -> str:
    """Where a view leads."""
    return address(resource.url, (*view.pairs, ("_saved", view.key)))


def menu_of(request: Request, resources: Resources, resource: ResolvedResource, pairs: Pairs) -> tuple[SavedView, ...]:
    """The views as the toolbar offers them; none where there are none."""
    current = next((text for name, text in pairs if name == "_saved"), "")
    found = saved_views(request, resources, resource)
    if not found:
        return ()
    everything = SavedView(
        title=_("All {names}", names=resource.names),
        url=address(resource.url, (("_saved", "all"),)),
        current=current == "all",
        default=not any(view.first for view in found),
        icon="list",
    )
    return (
        everything,
        *(
            SavedView(
                title=view.title,
                url=url_of(resource, view),
                current=view.key == current,
                shared=view.audience != "me",
                default=view.first,
            )
            for view in found
        ),
    )


def first_view(request: Request, resources: Resources, resource: ResolvedResource) -> str:
    """Where a list leads that is opened without saying what to see: the view that the reader starts with, or ""."""
    if request.query.pairs:
        return ""
    found = next((view for view in saved_views(request, resources, resource) if view.first), None)
    return url_of(resource, found) if found is not None else ""


def note_of(request: Request, resources: Resources, resource: ResolvedResource) -> None:
    """Say so where the view that is shown names what its reader may not see."""
    key = request.query.get("_saved", "")
    if key and any(view.key == key and view.left_out for view in saved_views(request, resources, resource)):
        text = _("This view also filters or shows what you may not see; that is left out.")
        request.notify(Notice(text=str(text), tone="warn"))


def keep(resources: Resources, resource: ResolvedResource, request: Request) -> Response:
    """Keep the list as it is under a name."""
    form, connection = request.form, privileged(_writer(request))
    audience = "department" if form.get("shared") == "true" else "me"
    try:
        made = views.keep_view(connection, resource, request.principal, form.get("title"), form.get("query"), audience)
    except Invalid as refused:
        return _refused(request, resource.url, refused)
    kept = next(v for v in views.views_of(connection, resources, resource, request.principal) if v.key == str(made))
    return request.redirect(url_of(resource, kept), _("The view “{title}” is kept.", title=kept.title))


def change(resources: Resources, request: Request) -> Response:
    """Rename a view or share it otherwise."""
    form = request.form
    audience, _colon, target = form.get("audience").partition(":")
    number = int(target) if target.isascii() and target.isdigit() and len(target) < 19 else None
    try:
        key = views.change_view(
            privileged(_writer(request)),
            resources,
            request.principal,
            request.params["id"],
            title=form.get("title"),
            audience=audience,
            role_id=number if audience == "role" else None,
            department_id=number if audience == "department" else None,
        )
    except Invalid as refused:
        return _refused(request, "/", refused)
    return request.redirect(f"{resources[key].url}/views", _("Saved."))


def delete(resources: Resources, request: Request) -> Response:
    """Delete a view of one's own."""
    key = views.delete_view(privileged(_writer(request)), request.principal, request.params["id"])
    return request.redirect(f"{resources[key].url}/views", _("The view is deleted."))


def choose(resources: Resources, resource: ResolvedResource, request: Request) -> Response:
    """Start the list with a view, or have it in the navigation; or no longer."""
    form = request.form
    what, on = form.get("what"), form.get("on") == "true"
    if what not in ("first", "pinned"):
        raise NotFound
    connection = privileged(_writer(request))
    chosen = {what: on}
    views.choose_view(connection, resources, resource, request.principal, form.get("view"), **chosen)
    return request.redirect(f"{resource.url}/views", _("Saved."))


def listed(resources: Resources, resource: ResolvedResource, request: Request) -> Response:
    """The views as the API tells them."""
    found = saved_views(request, resources, resource)
    return Json(
        {
            "items": [
                {
                    "key": view.key,
                    "title": str(view.title),
                    "query": address("", view.pairs).removeprefix("?"),
                    "audience": "shipped" if view.shipped else view.audience,
                    "mine": view.mine,
                    "first": view.first,
                    "pinned": view.pinned,
                }
                for view in found
            ]
        }
    )


def show(resources: Resources, resource: ResolvedResource, request: Request) -> Response:
    """The page of all views of a resource."""
    rows = tuple(_row(request, resource, view) for view in saved_views(request, resources, resource))
    view = SavedViewsView(
        title=_("Views of {names}", names=resource.names),
        rows=rows,
        back=Link(title=resource.names, url=address(resource.url, (("_saved", "all"),)), icon=resource.declared.icon),
    )
    return request.render("views.html", view)


def _row(request: Request, resource: ResolvedResource, view: KeptView) -> SavedViewRow:
    choose = f"{resource.url}/views/choose"

    def button(what: str, title: Words, icon: str, *, on: bool) -> Button:
        fields = (("view", view.key), ("what", what), ("on", "true" if on else "false"))
        return Button(title=title, url=choose, fields=fields, icon=icon, kind="quiet")

    remove = Button(
        title=_("Delete"),
        url=f"{URL}/{view.key}/delete",
        icon="trash",
        kind="quiet",
        confirm=Confirm(
            title=_("Delete the view “{title}”?", title=view.title),
            text=_("Those whom it is shared with lose it too. The records stay."),
            button=_("Delete"),
        ),
    )
    return SavedViewRow(
        title=view.title,
        url=url_of(resource, view),
        told=_("comes with Sopia") if view.shipped else AUDIENCES[view.audience],
        change_url=f"{URL}/{view.key}" if view.mine else "",
        audiences=tuple(_audiences(request, resource, view)) if view.mine else (),
        first=button(
            "first", _("Start with it") if not view.first else _("No longer start with it"), "home", on=not view.first
        ),
        pinned=button("pinned", _("Pin") if not view.pinned else _("Unpin"), "star", on=not view.pinned),
        is_first=view.first,
        is_pinned=view.pinned,
        remove=remove if view.mine else None,
    )


def _audiences(request: Request, resource: ResolvedResource, view: KeptView) -> Iterable[Option]:
    """Whom a view may be shared with."""
    connection, principal = privileged(request.connection), request.principal
    yield Option(value="me", title=AUDIENCES["me"], selected=view.audience == "me")
    mine = select(Department.id, Department.name).where(
        Department.id.in_(principal.departments), Department.deleted_at.is_(None)
    )
    for number, name in connection.execute(mine.order_by(Department.name)):
        chosen = view.audience == "department" and view.department_id == number
        yield Option(value=f"department:{number}", title=_("Department: {name}", name=name), selected=chosen)
    if views.may_share_widely(resource, principal):
        for number, name in connection.execute(select(Role.id, Role.name).where(Role.deleted_at.is_(None))):
            chosen = view.audience == "role" and view.role_id == number
            title = _("Role: {name}", name=Role.__shown__(name))
            yield Option(value=f"role:{number}", title=title, selected=chosen)
        yield Option(value="everybody", title=AUDIENCES["everybody"], selected=view.audience == "everybody")


def _writer(request: Request) -> Any:
    if request.principal.read_only:
        raise Forbidden
    return request.session


def _refused(request: Request, url: str, refused: Invalid) -> Response:
    request.work.undo()
    return request.redirect(url, Notice(text="; ".join(str(error.message) for error in refused.errors), tone="bad"))
