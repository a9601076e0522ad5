"""Reads one record into a session by its id: what almost every change begins with, by a statement that is kept."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, inspect, select
from sqlalchemy.orm import Mapper, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict

from core.kernel.database import Model
from core.kernel.guard import ScopedSession
from core.kernel.kept import rows_of

T = TypeVar("T", bound=Model)


def load(session: ScopedSession, model: type[T], record_id: int) -> T | None:
    """The record, as `session.get` gives it; None where it is missing or out of scope."""
    mapper: Mapper[T] = inspect(model)
    plan = _plan(mapper)
    key = mapper.identity_key_from_primary_key((record_id,))
    if plan is None or key in session.identity_map:
        return session.get(model, record_id)
    statement, names = plan
    if session.autoflush:
        session.flush()
    found = rows_of(session._scoped(), statement, {"the_record": record_id}, by_key=True)
    if not found:
        return None
    record: T = mapper.class_manager.new_instance()
    instance_dict(record).update(zip(names, found[0], strict=True))
    make_transient_to_detached(record)
    session.add(record)
    return record


@lru_cache(maxsize=500)
def _plan(mapper: Mapper[Any]) -> tuple[Select[Any], tuple[str, ...]] | None:
    """The statement, and the attributes that its columns fill; None for a class that is more than one plain table."""
    if mapper.inherits is not None or mapper.polymorphic_on is not None or len(mapper.primary_key) != 1:
        return None
    table = mapper.local_table
    pairs = [(each.key, each.columns[0]) for each in mapper.column_attrs]
    if any(column.table is not table for _name, column in pairs) or mapper.class_manager.dispatch.load:
        return None
    statement = select(*(column for _name, column in pairs)).where(mapper.primary_key[0] == bindparam("the_record"))
    return statement, tuple(name for name, _column in pairs)
