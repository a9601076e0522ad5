"""Keeps the search index of every resource in step with its records, in the transaction that changes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from core.kernel.database import Session
from core.kernel.history import Change, Watcher
from core.kernel.prepared import Prepared
from core.kernel.privilege import privileged
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import FurtherPart


def search_watcher(resources: Resources) -> Watcher:
    """What tells the search index of each flush of a session."""
    indexed = {resource.model: resource for resource in resources.values() if resource.index is not None}

    def watch(session: Session, changes: Sequence[Change]) -> None:
        new: dict[ResolvedResource, set[int]] = defaultdict(set)
        dirty: dict[ResolvedResource, set[int]] = defaultdict(set)
        gone: dict[ResolvedResource, set[int]] = defaultdict(set)
        for change in changes:
            resource = indexed.get(change.model)
            if resource is None:
                continue
            if change.action == "purge":
                gone[resource].add(change.record_id)
            elif change.action == "create":
                new[resource].add(change.record_id)
            elif attributes(resource) & change.after.keys():
                dirty[resource].add(change.record_id)
        connection = privileged(session)
        for resource, ids in new.items():
            put(connection, resource, ids, new=True)
        for resource, ids in dirty.items():
            put(connection, resource, ids)
        for resource, ids in gone.items():
            assert resource.index is not None
            resource.index.remove(connection, ids)

    return watch


def attributes(resource: ResolvedResource) -> set[str]:
    """The attributes whose text is searched."""
    return {resource.fields[name].attribute for name in resource.declared.search if "." not in name}


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
    from sqlalchemy import inspect

    present = set(inspect(connection).get_table_names())
    for resource in resources.values():
        if resource.index is None or resource.index.texts in present or resource.table.name not in present:
            continue
        resource.index.create(connection)
        resource.index.add(connection, texts(connection, resource))
