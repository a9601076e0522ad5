"""Changes by one statement on a scoped session: within scope, with history and version; or refused."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Result, select, update
from sqlalchemy.orm import Mapper, ORMExecuteState

from core.kernel.compiler import InScope, refuse
from core.kernel.database import Model
from core.kernel.guard import CHUNK, ScopedSession, check_ids, placing
from core.kernel.history import Change, action_of, plain, tell
from core.kernel.policies import Own, Public, Sealed
from core.kernel.predicates import Guarded
from core.kernel.privilege import privileged
from core.kernel.types import now


def check_bulk(state: ORMExecuteState) -> Result[Any] | None:
    """Changes by one statement: within scope, with history and version; or refused."""
    session = state.session
    if not isinstance(session, ScopedSession) or state.is_select:
        return None
    if state.is_insert:
        refuse("An INSERT past the unit of work")
    if not (state.is_update or state.is_delete):
        return None
    mapper = state.bind_mapper
    if mapper is None or not issubclass(mapper.class_, Model):
        refuse("A change of a table that is no record")
    return _bulk(session, mapper, state)


def _bulk(session: ScopedSession, mapper: Mapper[Any], state: ORMExecuteState) -> Result[Any]:
    model: Any = mapper.class_
    statement: Any = state.statement
    if state.is_delete:
        statement = update(model).where(*statement._where_criteria).values(deleted_at=now())
    if statement._multi_values or isinstance(state.parameters, list):
        refuse("An UPDATE with a list of parameters")
    guarded = session.guarded[model.__table__.name]
    columns = {getattr(column, "key", column) for column in (statement._values or {})}
    session.flush()
    changing = _bulk_actions(columns, guarded)
    conditions = (*statement._where_criteria, *(InScope(guarded.table.name, action) for action in changing))
    told = [mapper.columns[key] for key in sorted(columns) if key in mapper.columns]
    before = {row[0]: row[1:] for row in session.execute(select(model.id, *told).where(*conditions))}
    session._scoped().writing = True
    try:
        result = state.invoke_statement(statement=statement.values(version=model.version + 1))
    finally:
        session._scoped().writing = False
    _tell_bulk(session, model, guarded, [column.key for column in told], told, before)
    if columns & placing(guarded):
        for action in changing - {"delete"}:
            check_ids(session, guarded, before, action)
    return result


def _bulk_actions(columns: set[Any], guarded: Guarded) -> set[str]:
    actions = {"delete"} if "deleted_at" in columns else set()
    moved = {guarded.policy.people[0], guarded.policy.department} if isinstance(guarded.policy, Own) else set()
    if columns & moved:
        actions.add("assign")
    return actions | ({"edit"} if columns - moved - {"deleted_at"} else set())


def _tell_bulk(
    session: ScopedSession, model: Any, guarded: Guarded, names: list[str], columns: list[Any], before: dict[int, Any]
) -> None:
    changes = []
    references: dict[str, set[int]] = defaultdict(set)
    ids = sorted(before)
    system = privileged(session)
    for start in range(0, len(ids), CHUNK):
        for row in system.execute(select(model.id, *columns).where(model.id.in_(ids[start : start + CHUNK]))):
            old = dict(zip(names, map(plain, before[row[0]]), strict=True))
            new = dict(zip(names, map(plain, row[1:]), strict=True))
            changes.append(Change(model, row[0], action_of(old, new), old, new))
            _note_references(session, columns, row[1:], references)
    for table, wanted in references.items():
        check_ids(session, session.guarded[table], wanted, "view")
    tell(session, changes)


def _note_references(session: ScopedSession, columns: list[Any], values: Any, references: dict[str, set[int]]) -> None:
    for column, value in zip(columns, values, strict=True):
        for key in column.foreign_keys:
            target = session.guarded.get(key.column.table.name)
            if target is not None and value is not None and not isinstance(target.policy, Public | Sealed):
                references[target.table.name].add(value)
