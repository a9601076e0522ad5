"""The verbs of a record besides edit and delete: what they ask for, as a form of its own, and what they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.kernel.errors import Conflict, Forbidden, Invalid
from core.kernel.i18n import translate as _
from core.resources.fields import Words
from core.resources.records import Records, as_field
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import Action
from core.web.forms import Forms, text_of
from core.web.pages.forms import trail_of, undo_button
from core.web.pages.lists import context_of
from core.web.responses import Response
from core.web.views import FormSection, FormView, Link, Notice

if TYPE_CHECKING:
    from core.web.requests import Request


def left_at(resource: ResolvedResource, outcome: Any, record_id: int) -> int:
    """Where an action leads: to the record that it returned, such as what is left of two, or back to its own."""
    return int(outcome.id) if isinstance(outcome, resource.model) else record_id


class ActionPages:
    """Asks for and runs the actions of one resource's records."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        self._resource = resource
        self._records = records
        self._forms = Forms(resources, resource)

    def ask(self, request: Request) -> Response:
        """The form with what the action asks for."""
        context = context_of(request)
        fields = [as_field(self._resource, each) for each in self._action(request).ask]
        texts = {f.key: text_of(f, f.default, context) for f in fields if f.default is not None}
        texts |= {f.key: request.query[f.key] for f in fields if f.key in request.query and f.kind != "password"}
        return self._form(request, texts, {}, {})

    def act(self, request: Request) -> Response:
        """Run the action; what is wrong with the values asked for is shown beside them."""
        action, record_id = self._action(request), request.params["id"]
        fields = [as_field(self._resource, each) for each in action.ask]
        try:
            given: Mapping[str, Any] = self._forms.posted(request, fields, given={})
            given = self._records.prepared(request.reader, self._resource, record_id, action.name, given)
            outcome = self._records.run(
                request.session, self._resource, record_id, action.name, given, context_of(request)
            )
        except (Invalid, Conflict) as refused:
            if not action.ask:
                raise
            return self._again(request, refused)
        undo = None if action.final else undo_button(request.work.operation)
        notice = Notice(text=str(_("{action}: done.", action=action.title)), tone="good", undo=undo)
        response = request.redirect(f"{self._resource.url}/{left_at(self._resource, outcome, record_id)}", notice)
        if request.wants_fragment:
            # The dialog goes there by itself.
            response.status = 204
        return response

    def _action(self, request: Request) -> Action:
        name, resource, verbs = request.params["action"], self._resource, self._records.verbs
        action = next((each for each in resource.actions if each.name == name), None)
        if action is None:
            record = self._records.get(request.reader, resource, request.params["id"])
            action = verbs.find(request.reader, resource, record, request.principal, name)
        if not verbs.allows(request.principal, resource, action):
            raise Forbidden
        return action

    def _again(self, request: Request, refused: Invalid | Conflict) -> Response:
        request.work.undo()
        faults: dict[str, list[Words]] = {}
        for error in refused.errors if isinstance(refused, Invalid) else ():
            faults.setdefault(error.field, []).append(error.message)
        if isinstance(refused, Conflict):
            faults[""] = [str(refused)]
        asked = [as_field(self._resource, each) for each in self._action(request).ask]
        # A password is typed again rather than sent back.
        texts = {f.key: request.form.get(f.key) for f in asked if f.kind != "password"}
        labels = {f.key: request.form.get(f"{f.key}__label") for f in asked if f.is_relation}
        return self._form(request, texts, labels, faults, refused.status)

    def _form(
        self,
        request: Request,
        texts: Mapping[str, Any],
        labels: Mapping[str, Any],
        faults: Mapping[str, list[Words]],
        status: int = 200,
    ) -> Response:
        action, resource = self._action(request), self._resource
        label = resource.label.key if resource.label.key in resource.readable(request.principal) else "id"
        row = self._records.row(request.connection, resource, request.params["id"], context_of(request), (label,))
        home, name = f"{resource.url}/{row.id}", str(row.values[label][0])
        fields = [as_field(resource, each) for each in action.ask]
        known = {field.key for field in fields}
        view = FormView(
            title=action.title,
            url=f"{home}/actions/{action.name}",
            sections=[FormSection(fields=self._forms.drawn(request, fields, texts, labels, faults))],
            trail=(*trail_of(resource), Link(title=name, url=home)),
            icon=resource.declared.icon,
            token=request.new_token(),
            faults=tuple(m for key, messages in faults.items() if key not in known for m in messages),
            submit=action.title,
            cancel_url=home,
            fragment=request.wants_fragment,
        )
        return request.render("form_fragment.html" if request.wants_fragment else "form.html", view, status)
