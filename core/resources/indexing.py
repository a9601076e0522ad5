"""Keeps the search index of every resource in step with its records, in the transaction that changes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, inspect, select

from core.kernel.database import Session
from core.kernel.history import Change, Watcher
from core.kernel.policies import Own
from core.kernel.prepared import Prepared
from core.kernel.privilege import privileged
from core.resources.fields import ResolvedField
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import FurtherPart


def search_watcher(resources: Resources) -> Watcher:
    """What tells the search index of each flush of a session."""
    indexed = {resource.model: resource for resource in resources.values() if resource.index is not None}

    def watch(session: Session, changes: Sequence[Change]) -> None:
        new: dict[ResolvedResource, dict[int, str | None]] = defaultdict(dict)
        dirty: dict[ResolvedResource, dict[int, str | None]] = defaultdict(dict)
        gone: dict[ResolvedResource, set[int]] = defaultdict(set)
        for change in changes:
            resource = indexed.get(change.model)
            if resource is None:
                continue
            if change.action == "purge":
                gone[resource].add(change.record_id)
            elif change.action == "create":
                new[resource][change.record_id] = _at_hand(resource, change)
            elif not attributes(resource).isdisjoint(change.after):
                dirty[resource][change.record_id] = _at_hand(resource, change)
        connection = privileged(session)
        for resource, told in new.items():
            _keep(connection, resource, told, new=True)
        for resource, told in dirty.items():
            _keep(connection, resource, told)
        for resource, ids in gone.items():
            assert resource.index is not None
            resource.index.remove(connection, ids)

    return watch


def _keep(
    connection: Connection, resource: ResolvedResource, told: dict[int, str | None], *, new: bool = False
) -> None:
    """Index records by the texts that are at hand; the others are read."""
    assert resource.index is not None
    found = [(record_id, text) for record_id, text in told.items() if text is not None]
    if found:
        into = resource.index.add if new else resource.index.put
        into(connection, _with_more(connection, resource, found))
    if len(found) < len(told):
        put(connection, resource, [record_id for record_id, text in told.items() if text is None], new=new)


def _at_hand(resource: ResolvedResource, change: Change) -> str | None:
    """The searched text of a record as it was just written; None where only the database can say what stands there."""
    if change.record is None:
        return None
    new = change.action == "create"
    commons = resource.policy.commons if isinstance(resource.policy, Own) else None
    if commons is not None and not new and inspect(change.record).dict.get(commons.column, 0) is not None:
        return None  # what lies in common does not show everything to whoever has read it
    fields = (resource.fields[name] for name in resource.declared.search if "." not in name)
    told = [_written(change.record, field, new=new) for field in fields if field.column is not None]
    return text_of(told) if all(type(value) in PLAIN for value in told) else None


def _written(record: Any, field: ResolvedField, *, new: bool) -> Any:
    """What was written into a column, `UNREAD` where that is not known; what nobody sets in a new record is empty."""
    state = inspect(record)
    if not new or field.attribute in state.dict:
        return state.dict.get(field.attribute, UNREAD)
    assert field.column is not None
    given = field.attribute in state.expired_attributes or field.column.server_default is not None
    return UNREAD if given else None


UNREAD: Final = object()
PLAIN: Final = frozenset({str, int, type(None)})
"""Types whose values come out of the database just as they went in."""


def attributes(resource: ResolvedResource) -> frozenset[str]:
    """The attributes whose text is searched."""
    kept: frozenset[str] | None = resource.kept.get("searched attributes")
    if kept is None:
        names = (name for name in resource.declared.search if "." not in name)
        kept = resource.keep("searched attributes", frozenset(resource.fields[name].attribute for name in names))
    return kept


def put(connection: Connection, resource: ResolvedResource, ids: Iterable[int], *, new: bool = False) -> None:
    """Index records anew by their present values; of `new` ones nothing stands in the index yet."""
    assert resource.index is not None
    into = resource.index.add if new else resource.index.put
    wanted = sorted(ids)
    if len(wanted) == 1:
        into(connection, _text_of_one(connection, resource, wanted[0]))
        return
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        into(connection, texts(connection, resource, resource.table.c.id.in_(part)))


def texts(connection: Connection, resource: ResolvedResource, *conditions: Any) -> list[tuple[int, str]]:
    """Id and searched text of the records of a resource, for the index."""
    found = [(row[0], text_of(row[1:])) for row in connection.execute(_searched(resource).where(*conditions))]
    return _with_more(connection, resource, found)


def _text_of_one(connection: Connection, resource: ResolvedResource, record_id: int) -> list[tuple[int, str]]:
    """The same of one record, which is what almost every change needs, by a statement that is kept."""
    kept: Prepared | None = resource.kept.get("searched")
    if kept is None:
        statement = _searched(resource).where(resource.table.c.id == bindparam("one"))
        kept = resource.keep("searched", Prepared(statement))
    found = [(row[0], text_of(row[1:])) for row in kept.rows(connection, {"one": record_id})]
    return _with_more(connection, resource, found)


def _with_more(
    connection: Connection, resource: ResolvedResource, found: list[tuple[int, str]]
) -> list[tuple[int, str]]:
    """The texts with what parts of the resource add to them, such as what stands in a file."""
    parts = [part for part in resource.declared.of_kind(FurtherPart) if part.searches]
    if not parts or not found:
        return found
    told: list[tuple[int, str]] = []
    for start in range(0, len(found), 100):
        some = found[start : start + 100]
        more = [part.searched(connection, resource.key, [record_id for record_id, _text in some]) for part in parts]
        told += [(key, "\n".join(filter(None, (text, *(each.get(key) for each in more))))) for key, text in some]
    return told


def _searched(resource: ResolvedResource) -> Select[Any]:
    columns = [resource.fields[name].column for name in resource.declared.search if "." not in name]
    return select(resource.table.c.id, *[c for c in columns if c is not None])


def text_of(searched: Iterable[Any]) -> str:
    """The searched text of a record: its search fields, one a line."""
    return "\n".join(str(value) for value in searched if value not in (None, ""))


def create_indexes(connection: Connection, resources: Resources) -> None:
    """Make the search indexes that are missing, and fill them from the records that are there."""
    present = set(inspect(connection).get_table_names())
    for resource in resources.values():
        if resource.index is None or resource.index.texts in present or resource.table.name not in present:
            continue
        resource.index.create(connection)
        resource.index.add(connection, texts(connection, resource))
