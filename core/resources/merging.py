"""Merging two records of one kind into one: what points to the one that goes leads to the one that stays.

All of it is one operation, told record by record in history and taken back as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column as TableColumn
from sqlalchemy import Table, inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapper, RelationshipDirection
from sqlalchemy.orm import Session as AnySession

from core.kernel.database import Base, Model
from core.kernel.errors import Conflict, NotFound
from core.kernel.gate import acting
from core.kernel.guard import ScopedSession, check_ids
from core.kernel.history import HistoryEntry
from core.kernel.i18n import translate as _
from core.kernel.policies import Attached
from core.kernel.roles import Share
from core.kernel.types import now
from core.resources.fields import ResolvedField
from core.resources.importing.declared import Brings
from core.resources.locks import rules_of
from core.resources.records import set_duplicate_keys
from core.resources.resolved import ResolvedResource, Resources

UNMOVED: tuple[type[Any], ...] = (HistoryEntry, Share)
"""History stays with the record that it tells of, and nobody gains sight of a record by a merge."""


def merge_records(session: Any, leaving: Any, staying: Any, take: Iterable[str] = ()) -> dict[str, int]:
    """Merge `leaving` into `staying` and put it into the recycle bin; how many records moved, by resource.

    The person must be allowed to edit both and delete the one. `take` are fields whose value comes from the one that
    leaves; what is empty in the one that stays is filled from it by itself.
    """
    rules = rules_of(session)
    resource = rules.resources.of(type(staying)) if rules is not None else None
    if rules is None or resource is None or type(leaving) is not type(staying):
        raise TypeError("Two records of one resource are merged, in the session of a person.")
    if leaving.id == staying.id:
        raise Conflict(_("A record is not merged with itself. Choose another one."))
    if isinstance(session, ScopedSession):
        guarded = session.guarded[resource.table.name]
        check_ids(session, guarded, {leaving.id, staying.id}, "edit")
        check_ids(session, guarded, {leaving.id}, "delete")
    with acting(session, "whoever may merge moves what points to the record") as beyond:
        moved = _merge(beyond, rules.resources, resource, leaving.id, staying.id, frozenset(take))
    session.expire_all()
    return moved


def replace_record(session: Any, leaving: Any, staying: Any) -> dict[str, int]:
    """Let everything that leads to `leaving` lead to `staying`, whoever may see it; how many records, by resource.

    Both stay as they are. For words of dictionaries, whose uses are changed by whoever keeps them.
    """
    rules = rules_of(session)
    resource = rules.resources.of(type(staying)) if rules is not None else None
    if rules is None or resource is None or type(leaving) is not type(staying):
        raise TypeError("A record is replaced by another of its resource, in the session of a person.")
    if leaving.id == staying.id:
        raise Conflict(_("A word is not replaced by itself. Choose another one."))
    moved: Counter[str] = Counter()
    with acting(session, "whoever keeps a dictionary replaces its words everywhere") as beyond:
        old = beyond.get_one(resource.model, leaving.id)
        for model in resources_of(rules.resources, resource):
            moved += _move(beyond, model, resource.key, resource.table, leaving.id, staying.id, old)
    session.expire_all()
    return dict(moved)


def resources_of(resources: Resources, but: ResolvedResource) -> list[type[Base]]:
    """The models whose records may lead to a word; a word below another one stays where it is in the tree."""
    return [model for model in resources.registry.models if model not in UNMOVED and model is not but.model]


def _merge(
    beyond: AnySession,
    resources: Resources,
    resource: ResolvedResource,
    leaving_id: int,
    staying_id: int,
    take: frozenset[str],
) -> dict[str, int]:
    # Whoever comes second finds that one of the two is gone.
    asked = select(resource.model).where(resource.table.c.id.in_([leaving_id, staying_id]))
    found = {each.id: each for each in beyond.scalars(asked.order_by(resource.table.c.id).with_for_update())}
    leaving, staying = found.get(leaving_id), found.get(staying_id)
    if leaving is None or staying is None or leaving.deleted_at or staying.deleted_at:
        raise NotFound
    leaving.deleted_at = now()
    beyond.flush()
    _take_values(resource, leaving, staying, take)
    beyond.flush()
    moved: Counter[str] = Counter()
    for model in resources.registry.models:
        if model not in UNMOVED:
            moved += _move(beyond, model, resource.key, resource.table, leaving_id, staying_id, leaving)
    for part in resource.declared.of_kind(Brings):
        field = resource.fields[part.field]
        old, new = getattr(leaving, field.attribute), getattr(staying, field.attribute)
        if old is not None and new is not None and old != new:
            table = _table_of(field)
            for model in resources.registry.models:
                if model not in UNMOVED:
                    moved += _move(beyond, model, field.target, table, old, new, leaving)
    return dict(moved)


def _table_of(field: ResolvedField) -> Table:
    assert field.column is not None
    return next(iter(field.column.foreign_keys)).column.table


def _take_values(resource: ResolvedResource, leaving: Any, staying: Any, take: frozenset[str]) -> None:
    brought = {part.field for part in resource.declared.of_kind(Brings)}
    for field in resource.fields.values():
        if field.extension or field.linked or field.rows or field.moves or field.key in brought:
            continue
        if field.many:
            own, others = getattr(staying, field.attribute), getattr(leaving, field.attribute)
            if missing := [each for each in others if each not in own]:
                setattr(staying, field.attribute, [*own, *missing])
        elif field.column is not None and not field.readonly:
            value, present = getattr(leaving, field.attribute), getattr(staying, field.attribute)
            if value not in (None, "") and value != present and (field.key in take or present in (None, "")):
                setattr(staying, field.attribute, value)
    set_duplicate_keys(resource, staying)


def _move(
    beyond: AnySession, model: type[Base], key: str, table: Table, old: int, new: int, leaving: Any
) -> Counter[str]:
    """Let everything of one model that leads to the old record lead to the new one."""
    mapper: Mapper[Any] = inspect(model)
    moved: Counter[str] = Counter()
    for column in _leading(mapper, table):
        moved += _move_column(beyond, model, column, {column: old}, new, leaving)
    policy = getattr(model, "__policy__", None)
    for named, number in policy.ends if isinstance(policy, Attached) else ():
        columns = mapper.local_table.c
        moved += _move_column(beyond, model, columns[number], {columns[named]: key, columns[number]: old}, new, leaving)
    for relation in mapper.relationships:
        if relation.direction is RelationshipDirection.MANYTOMANY and relation.mapper.local_table is table:
            moved += _move_many(beyond, model, relation.key, relation.mapper.class_, old, new)
    return moved


def _leading(mapper: Mapper[Any], table: Table) -> Iterator[TableColumn[Any]]:
    for column in mapper.local_table.c:
        if isinstance(column, TableColumn) and column.references(table.c.id) and not column.primary_key:
            yield column


def _move_column(
    beyond: AnySession, model: type[Base], column: Any, where: dict[Any, Any], new: int, leaving: Any
) -> Counter[str]:
    conditions = [each == value for each, value in where.items()]
    if not issubclass(model, Model):
        beyond.execute(update(model.__table__).where(*conditions).values({column: new}))  # type: ignore[arg-type]
        return Counter()
    moved: Counter[str] = Counter()
    attribute = inspect(model).get_property_by_column(column).key
    for record in beyond.scalars(select(model).where(*conditions)).all():
        if record is leaving:
            continue
        try:
            # One that exists at the new place already, such as the same link, stays where it is.
            with beyond.begin_nested():
                setattr(record, attribute, new)
                beyond.flush()
        except IntegrityError:
            beyond.refresh(record)
            continue
        plugin, _sign, noun = str(model.__tablename__).partition("_")
        moved[f"{plugin}.{noun}"] += 1
    return moved


def _move_many(beyond: AnySession, model: type[Base], name: str, target: type[Any], old: int, new: int) -> Counter[str]:
    moved: Counter[str] = Counter()
    staying = beyond.get_one(target, new)
    for record in beyond.scalars(select(model).where(getattr(model, name).any(target.id == old))).all():
        present = getattr(record, name)
        kept = [each for each in present if each.id not in (old, new)]
        setattr(record, name, [*kept, staying])
        beyond.flush()
        moved[str(model.__tablename__).replace("_", ".", 1)] += 1
    return moved
