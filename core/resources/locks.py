"""Keeps states and locked records as their workflow wants, whoever writes in the session of a person.

A state changes by a step, and what a state locks stays as it is: after a form, a PATCH, an import, a change by one
statement and an undo alike. Steps and their effects write beyond the session of their person and are free.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import event, select

from core.kernel.database import Session
from core.kernel.errors import Conflict
from core.kernel.guard import ScopedSession
from core.kernel.history import Change
from core.kernel.i18n import translate as _
from core.kernel.privilege import privileged
from core.resources.numbering import give_numbers
from core.resources.resolved import ResolvedResource, Resources

FREE: Final = frozenset({"restore", "purge"})
"""What happens to a record without changing what it says."""


class Rules:
    """What holds for every change in one generation of the platform; it watches each flush of a session."""

    def __init__(self, resources: Resources, timezone: str = "UTC", currency: str = "CNY") -> None:
        self.resources = resources
        self.timezone = timezone
        self.currency = currency
        self._guided = {each.model: each for each in resources.values() if each.workflow is not None}
        self._numbered = {each.model: each for each in resources.values() if each.numberings}
        self._rows = {
            field.rows.model: (resource, field.key, field.rows.parent)
            for resource in self._guided.values()
            for field in resource.fields.values()
            if field.rows is not None
        }

    def __call__(self, session: Session, changes: Sequence[Change]) -> None:
        """Refuse what no step has done."""
        if not isinstance(session, ScopedSession):
            return
        for change in changes:
            if resource := self._guided.get(change.model):
                self._check(session, resource, change)
            elif (found := self._rows.get(change.model)) and change.action != "create":
                self._check_row(session, *found, change)

    def number(self, session: Session, record: Any, step: str = "") -> None:
        """Give a record the number that it gets at a step, or at its making."""
        resource = self._numbered.get(type(record))
        if resource is not None:
            give_numbers(session, resource, record, self.timezone, step)

    def _check(self, session: Session, resource: ResolvedResource, change: Change) -> None:
        workflow = resource.workflow
        assert workflow is not None
        told = change.after.get(workflow.field)
        if told is not None and not (change.action == "create" and told == workflow.initial):
            field = resource.fields[workflow.field]
            raise Conflict(_("“{field}” changes by its steps alone.", field=field.label))
        if change.action in FREE or change.action == "create":
            return
        if change.action == "delete" or _touched(resource, change.after):
            refuse_locked(resource, self._record(session, resource, change))

    def _check_row(self, session: Session, resource: ResolvedResource, key: str, parent: str, change: Change) -> None:
        workflow = resource.workflow
        assert workflow is not None
        if key in workflow.always:
            return
        row = change.record or session.get(change.model, change.record_id)
        record = session.get(resource.model, getattr(row, parent)) if row is not None else None
        if record is not None:
            refuse_locked(resource, record)

    def _record(self, session: Session, resource: ResolvedResource, change: Change) -> Any:
        if change.record is not None:
            return change.record
        table = resource.table
        return privileged(session).execute(select(table).where(table.c.id == change.record_id)).one()


def _touched(resource: ResolvedResource, attributes: Iterable[str]) -> bool:
    """Whether what people write in an unlocked record is among the attributes."""
    workflow = resource.workflow
    assert workflow is not None
    changed = set(attributes)
    return any(
        field.attribute in changed and not field.extension and is_kept(resource, field.key)
        for field in resource.fields.values()
    )


def is_kept(resource: ResolvedResource, key: str) -> bool:
    """Whether a locked state keeps a field as it is."""
    field, workflow = resource.fields.get(key), resource.workflow
    if field is None or workflow is None:
        return False
    return not (field.readonly or field.moves or field.extension or key in workflow.always)


def is_locked(resource: ResolvedResource, record: Any) -> bool:
    """Whether the state of a record locks it."""
    return resource.workflow is not None and resource.workflow.is_locked(record)


def refuse_locked(resource: ResolvedResource, record: Any, keys: Iterable[str] | None = None) -> None:
    """Raise the reason for which a record cannot be edited now, or these fields of it."""
    workflow = resource.workflow
    if workflow is None or not workflow.is_locked(record):
        return
    if keys is None or any(is_kept(resource, key) for key in keys):
        raise Conflict(workflow.locked_words(record))


def rules_of(session: Session) -> Rules | None:
    """The rules that watch a session; a session of the system has none."""
    return next((each for each in session.info.get("watchers", ()) if isinstance(each, Rules)), None)


@event.listens_for(Session, "before_flush")
def _number(session: Any, _context: Any, _instances: Any) -> None:
    """New records get their numbers, whoever makes them."""
    if session.new and (rules := rules_of(session)) is not None:
        for record in list(session.new):
            rules.number(session, record)
