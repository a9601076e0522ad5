"""Undoing what a person did, as he may do it: rows of a record under the right to edit the record that they are part of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from core.kernel import history
from core.kernel.errors import NotFound
from core.kernel.gate import acting
from core.kernel.guard import ScopedSession, check_ids
from core.kernel.history import HistoryEntry
from core.kernel.plugins import table_of
from core.kernel.predicates import key_of
from core.kernel.privilege import privileged
from core.resources.locks import refuse_locked
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import Action
from core.resources.rows import ResolvedRows


def undo(session: ScopedSession, resources: Resources, operation: str) -> int:
    """Take back a whole operation, as far as its person may; how many records that touched."""
    places: dict[str, list[tuple[ResolvedResource, ResolvedRows]]] = defaultdict(list)
    for resource in resources.values():
        for field in resource.fields.values():
            if field.rows is not None:
                places[field.rows.resource].append((resource, field.rows))

    whole = _is_whole(session, resources, operation)

    @contextmanager
    def able(mine: Any, entry: HistoryEntry) -> Iterator[Any]:
        if whole:
            with acting(mine, "undoing an action as a whole") as beyond:
                yield beyond
            mine.expire_all()
            return
        for place in places.get(entry.resource, ()):
            _refuse_locked(session, *place, entry.record)
        # A place in a department is a row of the person and of the department: the right to edit either is enough.
        if not any(_may_edit_whole(session, *place, entry.record) for place in places.get(entry.resource, ())):
            yield mine
            return
        with acting(mine, f"undoing a row '{entry.resource}'") as beyond:
            yield beyond
        # What was read before knows nothing of the rows that have come and gone beyond it.
        mine.expire_all()

    models = {key_of(table_of(model)): model for model in resources.registry.models}
    return history.undo(session, operation, models | resources.models, able)


def _is_whole(session: ScopedSession, resources: Resources, operation: str) -> bool:
    """Whether an operation was one of the actions that are undone as a whole, and the person may still do it there."""
    entry = HistoryEntry
    told = select(entry.resource, entry.record, entry.action, entry.after).where(entry.operation == operation)
    done = False
    for key, record_id, verb, after in privileged(session).execute(told):
        resource = resources.get(key)
        if resource is None:
            continue
        if resource.workflow is not None and resource.workflow.field in after:
            return False
        action = next((each for each in resource.declared.of_kind(Action) if each.name == verb), None)
        if action is None:
            continue
        if not action.whole or not resource.allows(session.principal, action.allow or action.name):
            return False
        try:
            check_ids(session, session.guarded[resource.table.name], {record_id}, "edit")
        except NotFound:
            return False
        done = True
    return done


def _refuse_locked(session: ScopedSession, resource: ResolvedResource, rows: ResolvedRows, row_id: int) -> None:
    """What the state of a record locks does not come back by its rows either."""
    statement = select(rows.parent_column).where(rows.table.c.id == row_id)
    record = session.get(resource.model, privileged(session).execute(statement).scalar())
    if record is not None:
        refuse_locked(resource, record, [key for key, each in resource.fields.items() if each.rows is rows])


def _may_edit_whole(session: ScopedSession, resource: ResolvedResource, rows: ResolvedRows, row_id: int) -> bool:
    """Whether the person may edit the record that a row is part of, which is all that editing the row takes."""
    statement = select(rows.parent_column).where(rows.table.c.id == row_id)
    parent = privileged(session).execute(statement).scalar()
    if parent is None:
        return False
    try:
        check_ids(session, session.guarded[resource.table.name], {int(parent)}, "edit")
    except NotFound:
        return False
    return True
