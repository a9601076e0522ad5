"""What the selection of a list is for: delete and the actions for many records, their question, and their outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from core.kernel.i18n import translate as _
from core.kernel.jobs import Progress, enqueue, read_job
from core.kernel.privilege import privileged
from core.resources.fields import ResolvedField, Words
from core.resources.many import AT_ONCE, DELETE, JOB, MOST, Many, Outcome, Refused, payload
from core.resources.queries import Lists, read_list
from core.resources.records import Records, as_field
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import Action
from core.web.forms import Forms, text_of
from core.web.pages.forms import trail_of, undo_button
from core.web.pages.lists import context_of
from core.web.responses import Json, Response
from core.web.views import (
    Button,
    Confirm,
    ConfirmView,
    FormSection,
    FormView,
    Link,
    ManyView,
    Notice,
    RefusedRow,
)

if TYPE_CHECKING:
    from core.web.requests import Request

SELECTION = "_selection"
"""The field of a later form that holds what was chosen in the list."""

CONTROL = frozenset({"id", "all", "confirmed", "_token", "cursor", "limit", "count"})
"""Fields of the list's form that are no filters."""


class ManyPages:
    """What is done with the chosen records of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        self._resources = resources
        self._resource = resource
        self._many = Many(records, resource)
        self._records = records
        self._forms = Forms(resources, resource)

    def delete(self, request: Request) -> Response:
        """Move the chosen records to the recycle bin."""
        return self._run(request, DELETE, _("Delete"), {})

    def act(self, request: Request) -> Response:
        """Run an action on the chosen records, after asking once for what it asks for."""
        action = self._action(request)
        if not action.ask:
            return self._run(request, action.name, action.title, {}, final=action.final)
        fields = [as_field(self._resource, each) for each in action.ask]
        if SELECTION not in request.form:
            texts = {f.key: text_of(f, f.default, context_of(request)) for f in fields if f.default is not None}
            return self._form(request, action, fields, texts, {}, {})
        given = self._forms.posted(request, fields, given={})
        try:
            self._records.asked(request.reader, self._resource, action, given, context_of(request))
        except Invalid as refused:
            return self._again(request, action, fields, refused)
        return self._run(request, action.name, action.title, given, final=action.final)

    def outcome(self, request: Request) -> Response:
        """How far the work in the queue is, and what came of it."""
        job = read_job(privileged(request.connection), request.params["job"], request.principal.user_id)
        if job is None or job.name != JOB:
            raise NotFound
        url = f"{self._resource.url}/many/{job.id}"
        text = _("{done} of {total}", done=f"{job.done:,}", total=f"{job.total:,}") if job.total else "…"
        if "application/json" in request.header("accept"):
            state = "done" if job.is_finished else "running"
            return Json({"state": state, "done": job.done, "total": job.total or 0, "text": str(text), "url": url})
        if not job.is_finished:
            view = ManyView(title=self._resource.names, text=text, trail=trail_of(self._resource),
                            done=job.done, total=job.total or 0, status_url=url)  # fmt: skip
            return request.render("many.html", view)
        return self._told(request, self._resource.names, Outcome.of(job.result), _operation_of(request, job), job.error)

    # ------------------------------------------------------------------------------------------------- what was chosen

    def _chosen(self, request: Request) -> list[tuple[str, str]]:
        """The form of the list, be it posted now or kept by the question in between."""
        if SELECTION in request.form:
            return parse_qsl(request.form.get(SELECTION), keep_blank_values=True, max_num_fields=2000)
        return [pair for pair in request.form.values.pairs if not pair[0].startswith("_")]

    def _ids(self, request: Request, chosen: Sequence[tuple[str, str]]) -> list[int]:
        if not _is_all(chosen):
            ticked = [text for name, text in chosen if name == "id"]
            return list(
                dict.fromkeys(int(text) for text in ticked if text.isascii() and text.isdigit() and len(text) < 19)
            )
        context = context_of(request)
        filters = [pair for pair in chosen if pair[0] not in CONTROL]
        wanted = read_list(self._resources, self._resource, filters, context)
        ids = Lists(self._resources, self._resource).ids(request.connection, wanted, context, MOST + 1)
        if len(ids) > MOST:
            raise Conflict(_("These are more than {most} records.", most=f"{MOST:,}"), _("Narrow the filter."))
        return ids

    # ---------------------------------------------------------------------------------------------------- doing it

    def _run(
        self, request: Request, verb: str, title: Words, given: Mapping[str, Any], *, final: bool = False
    ) -> Response:
        chosen = self._chosen(request)
        ids = self._ids(request, chosen)
        if not ids:
            return request.redirect(self._resource.url)
        if _is_all(chosen) and "confirmed" not in request.form and SELECTION not in request.form:
            return self._question(request, title, chosen, len(ids))
        if len(ids) > AT_ONCE:
            told = payload(self._resource, verb, ids, given, request.principal.user_id)
            job = enqueue(request.session, JOB, told)
            return request.redirect(f"{self._resource.url}/many/{job}")
        outcome = self._many.run(request.session, verb, ids, given, context_of(request))
        operation = "" if final or not outcome.done else request.work.operation
        if outcome.failed:
            return self._told(request, title, outcome, operation)
        text = _("{count} records are in the recycle bin.", count=outcome.done) if verb == DELETE else \
            _("{action}: done with {count} records.", action=title, count=outcome.done)  # fmt: skip
        undo = undo_button(operation) if operation else None
        return request.redirect(self._resource.url, Notice(text=str(text), tone="good", undo=undo))

    def _told(self, request: Request, title: Words, outcome: Outcome, operation: str, error: str = "") -> Response:
        text = _("Done with {done} records; {failed} were refused.", done=outcome.done, failed=outcome.failed)
        more = outcome.failed - len(outcome.refused)
        view = ManyView(
            title=title,
            text=error or text,
            trail=trail_of(self._resource),
            refused=tuple(self._row(each) for each in outcome.refused),
            more=_("And {count} more.", count=more) if more else "",
            undo=undo_button(operation) if operation else None,
            back=Link(title=_("Back to the list"), url=self._resource.url),
        )
        return request.render("many.html", view)

    def _row(self, refused: Refused) -> RefusedRow:
        url = "" if refused.label == f"#{refused.id}" else f"{self._resource.url}/{refused.id}"
        return RefusedRow(title=refused.label, url=url, reason=refused.reason)

    # ------------------------------------------------------------------------------------------------------- asking

    def _question(self, request: Request, title: Words, chosen: Sequence[tuple[str, str]], count: int) -> Response:
        button = Button(title=title, url=request.path, fields=tuple(chosen))
        confirm = Confirm(title=_("{action}: {count} records?", action=title, count=f"{count:,}"), button=title)
        back = Link(title=_("Cancel"), url=self._resource.url)
        return request.render("confirm.html", ConfirmView(title=title, confirm=confirm, button=button, back=back))

    def _action(self, request: Request) -> Action:
        name = request.params["action"]
        action = next((each for each in self._resource.actions if each.name == name and each.bulk), None)
        if action is None:
            raise NotFound
        if not self._records.verbs.allows(request.principal, self._resource, action):
            raise Forbidden
        return action

    def _again(self, request: Request, action: Action, fields: Sequence[ResolvedField], refused: Invalid) -> Response:
        faults: dict[str, list[Words]] = {}
        for error in refused.errors:
            faults.setdefault(error.field, []).append(error.message)
        texts = {f.key: request.form.get(f.key) for f in fields if f.kind != "password"}
        labels = {f.key: request.form.get(f"{f.key}__label") for f in fields if f.is_relation}
        return self._form(request, action, fields, texts, labels, faults, 422)

    def _form(
        self,
        request: Request,
        action: Action,
        fields: Sequence[ResolvedField],
        texts: Mapping[str, Any],
        labels: Mapping[str, Any],
        faults: Mapping[str, list[Words]],
        status: int = 200,
    ) -> Response:
        chosen = self._chosen(request)
        count = len(self._ids(request, chosen))
        if not count:
            return request.redirect(self._resource.url)
        view = FormView(
            title=_("{action}: {count} records", action=action.title, count=f"{count:,}"),
            url=f"{self._resource.url}/actions/{action.name}",
            sections=[FormSection(fields=self._forms.drawn(request, list(fields), texts, labels, faults))],
            trail=trail_of(self._resource),
            icon=self._resource.declared.icon,
            hidden=((SELECTION, urlencode(list(chosen))),),
            submit=action.title,
            cancel_url=self._resource.url,
        )
        return request.render("form.html", view, status)


def _is_all(chosen: Sequence[tuple[str, str]]) -> bool:
    return ("all", "true") in chosen


def _operation_of(request: Request, job: Progress) -> str:
    """The operation of a job that has done something."""
    from sqlalchemy import select

    from core.kernel.jobs import QueuedJob

    if not Outcome.of(job.result).done:
        return ""
    told = privileged(request.connection).execute(select(QueuedJob.payload).where(QueuedJob.id == job.id)).scalar_one()
    return str(told["operation"])
