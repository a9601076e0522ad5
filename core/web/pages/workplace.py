"""What one does with any record beside its fields: remarks, links, following, reminders of one's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from core.kernel.errors import BadRequest, FieldError, Invalid
from core.kernel.i18n import translate as _
from core.kernel.search import parse
from core.resources import values
from core.resources.queries import ListRequest, Lists
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources
from core.web.pages.forms import trail_of
from core.web.pages.lists import context_of
from core.web.pages.records import back_of
from core.web.responses import Json, Response
from core.web.routing import Route
from core.web.views import Button, Field, FormSection, Link
from core.web.views.workplace import RemindView
from core.workplace.following import follow, follows, unfollow
from core.workplace.links import add_link, has_links, remove_link
from core.workplace.remarks import Remarks, has_remarks
from core.workplace.reminders import forget_reminder, my_reminders, remind_me

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

OFFERED = 5
"""Records of each resource that are offered to be linked."""


def routes(platform: Platform) -> Iterable[Route]:
    """The addresses below every record of the business."""
    resources: Resources = platform.above
    records = Records(resources, platform.registry.hooks)
    for resource in resources.values():
        if has_remarks(resource):
            yield from _routes_of(WorkplacePages(resources, resource, records), f"{resource.key}.view")


def _routes_of(pages: WorkplacePages, allow: str) -> Iterable[Route]:
    one, post = f"{pages.url}/{{id:int}}", ("POST",)
    yield Route(f"{one}/remarks", pages.remark, allow, methods=post)
    yield Route(f"{one}/remarks/{{remark:int}}", pages.edit_remark, allow, methods=post)
    yield Route(f"{one}/remarks/{{remark:int}}/acknowledge", pages.acknowledge, allow, methods=post)
    yield Route(f"{one}/remarks/{{remark:int}}/delete", pages.remove_remark, allow, methods=post)
    yield Route(f"{one}/links", pages.link, allow, methods=post)
    yield Route(f"{one}/links/options", pages.linkable, allow)
    yield Route(f"{one}/links/{{link:int}}/delete", pages.unlink, allow, methods=post)
    yield Route(f"{one}/follow", pages.follow, allow, methods=post)
    yield Route(f"{one}/remind", pages.ask_when, allow)
    yield Route(f"{one}/remind", pages.remind, allow, methods=post)
    yield Route(f"{one}/remind/{{reminder:int}}/delete", pages.forget, allow, methods=post)


class WorkplacePages:
    """The pages below the records of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        self._resources = resources
        self._resource = resource
        self._records = records
        self._remarks = Remarks(resources)
        self.url = resource.url

    def remark(self, request: Request) -> Response:
        """Write a remark, or an answer to one."""
        form = request.form
        session, record = request.session, self._record(request)
        remark = self._remarks.add(
            session,
            request.principal,
            self._resource,
            record,
            text=form.get("text"),
            kind=form.get("kind") or "comment",
            to=_number(form.get("to"), "to"),
            parent=_number(form.get("parent"), "parent"),
        )
        return self._back(request, record.id, f"#remark-{remark.id}")

    def edit_remark(self, request: Request) -> Response:
        """Put one's own remark in other words."""
        record, remark = self._record(request), request.params["remark"]
        self._remarks.edit(request.session, request.principal, self._resource, record, remark, request.form.get("text"))
        return self._back(request, record.id, f"#remark-{remark}")

    def acknowledge(self, request: Request) -> Response:
        """Say that one has read guidance."""
        record, remark = self._record(request), request.params["remark"]
        self._remarks.acknowledge(request.session, request.principal, self._resource, record, remark)
        return self._back(request, record.id, f"#remark-{remark}")

    def remove_remark(self, request: Request) -> Response:
        """Take back one's own remark."""
        record = self._record(request)
        self._remarks.remove(request.session, request.principal, self._resource, record, request.params["remark"])
        return self._back(request, record.id, "#timeline")

    def link(self, request: Request) -> Response:
        """Link the record with another."""
        record, form = self._record(request), request.form
        key, _colon, number = form.get("to").rpartition(":")
        if not key:
            raise Invalid([FieldError("to", _("Choose one of the records that are offered."))])
        add_link(
            request.session,
            request.principal,
            self._resources,
            self._resource,
            record.id,
            to=key,
            to_id=_number(number, "to") or 0,
            note=form.get("note"),
        )
        return request.redirect(f"{self.url}/{record.id}#panel-links", _("Linked."))

    def unlink(self, request: Request) -> Response:
        """Take a link away."""
        record = self._record(request)
        remove_link(
            request.session, request.principal, self._resources, self._resource, record.id, request.params["link"]
        )
        return request.redirect(f"{self.url}/{record.id}#panel-links", _("The link is removed."))

    def linkable(self, request: Request) -> Response:
        """Records of every resource that a typed text may mean, within the reader's scope."""
        terms = parse(request.query.get("q", "").strip()[:200])
        items: list[dict[str, Any]] = []
        here = (self._resource.key, request.params["id"])
        for resource in self._resources.values() if terms else ():
            if resource.index is None or not has_links(resource) or not resource.allows(request.principal, "view"):
                continue
            label = resource.label.key if resource.label.key in resource.readable(request.principal) else "id"
            wanted = ListRequest((label,), terms=terms, limit=OFFERED)
            for row in Lists(self._resources, resource).page(request.connection, wanted, context_of(request)).rows:
                if (resource.key, row[0]) != here:
                    told = {"label": str(row[1] or f"#{row[0]}")[:120], "hint": str(resource.name)}
                    items.append({"id": f"{resource.key}:{row[0]}", **told})
        return Json({"items": items[:20], "more": len(items) > 20})

    def follow(self, request: Request) -> Response:
        """Follow the record, or follow it no more."""
        session, record, me = request.session, self._record(request), request.principal.user_id
        if request.principal.read_only:
            raise BadRequest(_("A token that only reads changes nothing."), _("Use the browser."))
        if follows(session.connection(), me, self._resource.key, record.id):
            unfollow(session, me, self._resource.key, record.id)
            return request.redirect(f"{self.url}/{record.id}", _("You no longer follow this."))
        follow(session, me, self._resource.key, record.id)
        return request.redirect(f"{self.url}/{record.id}", _("You are told of remarks and changes here."))

    def ask_when(self, request: Request) -> Response:
        """The form for a reminder of one's own."""
        return self._ask(request, {}, {})

    def remind(self, request: Request) -> Response:
        """Keep a reminder of one's own."""
        record, form = self._record(request), request.form
        try:
            at = values.instant(form.get("at"), request.timezone) if form.get("at").strip() else None
            remind_me(request.session, request.principal, self._resource, record.id, at, form.get("text"))
        except (values.ValueFault, Invalid) as fault:
            request.work.undo()
            faults = [FieldError("at", fault.message)] if isinstance(fault, values.ValueFault) else fault.errors
            texts = {"at": form.get("at"), "text": form.get("text")}
            return self._ask(request, texts, {each.field: [each.message] for each in faults}, 422)
        return request.redirect(f"{self.url}/{record.id}", _("You will be reminded."))

    def forget(self, request: Request) -> Response:
        """Take back a reminder of one's own."""
        session, me = request.session, request.principal.user_id
        forget_reminder(session, me, request.params["reminder"], self._resource.key, request.params["id"])
        return request.redirect(back_of(request), _("The reminder is removed."))

    def _ask(self, request: Request, texts: dict[str, str], faults: dict[str, Any], status: int = 200) -> Response:
        record = self._records.get(request.reader, self._resource, request.params["id"])
        me, home = request.principal.user_id, f"{self.url}/{record.id}"
        waiting = my_reminders(request.connection, me, self._resource.key, record.id)
        title = self._resource.shown(self._resource.label_of(record))
        fields = [
            Field(key="at", title=_("When"), kind="instant", required=True, value=texts.get("at", ""),
                  errors=tuple(faults.get("at", ())), narrow=True, autofocus=True,
                  help=_("A day and a time, such as 2026-03-05 09:00.")),
            Field(key="text", title=_("What of"), value=texts.get("text", ""), max_length=200,
                  errors=tuple(faults.get("text", ()))),
        ]  # fmt: skip
        lines = [
            (
                f"{row.due_at.astimezone(request.timezone):%Y-%m-%d %H:%M}",
                row.text,
                Button(title=_("Remove"), url=f"{home}/remind/{row.id}/delete", kind="quiet"),
            )
            for row in waiting
        ]
        view = RemindView(
            title=_("Remind me of “{title}”", title=title),
            url=f"{home}/remind",
            sections=[FormSection(fields=fields)],
            trail=(*trail_of(self._resource), Link(title=title, url=home)),
            cancel_url=home,
            waiting=tuple(lines),
        )
        return request.render("remind.html", view, status)

    def _record(self, request: Request) -> Any:
        return self._records.get(request.session, self._resource, request.params["id"])

    def _back(self, request: Request, record_id: int, place: str) -> Response:
        """To the record, or to where the remark was written."""
        came = back_of(request)
        home = f"{self.url}/{record_id}"
        stays = bool(request.header("referer")) and came.partition("?")[0] in ("/team", "/", "/notifications")
        return request.redirect(came if stays else f"{home}{place}", _("Written down.") if stays else None)


def _number(text: str, field: str) -> int | None:
    """A number of a person or a remark; None where nothing is given."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid([FieldError(field, _("'{value}' is not a number.", value=text[:40]))])
    return int(text)
