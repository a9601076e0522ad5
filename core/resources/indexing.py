"""Keeps the search index of every resource in step with its records, in the transaction that changes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from core.kernel.database import Session
from core.kernel.history import Change, Watcher
from core.kernel.privilege import privileged
from core.resources.resolved import ResolvedResource, Resources


def search_watcher(resources: Resources) -> Watcher:
    """What tells the search index of each flush of a session."""
    indexed = {resource.model: resource for resource in resources.values() if resource.index is not None}

    def watch(session: Session, changes: Sequence[Change]) -> None:
        dirty: dict[ResolvedResource, set[int]] = defaultdict(set)
        gone: dict[ResolvedResource, set[int]] = defaultdict(set)
        for change in changes:
            resource = indexed.get(change.model)
            if resource is None:
                continue
            if change.action == "purge":
                gone[resource].add(change.record_id)
            elif change.action == "create" or attributes(resource) & change.after.keys():
                dirty[resource].add(change.record_id)
        connection = privileged(session)
        for resource, ids in dirty.items():
            put(connection, resource, ids)
        for resource, ids in gone.items():
            assert resource.index is not None
            resource.index.remove(connection, ids)

    return watch


def attributes(resource: ResolvedResource) -> set[str]:
    """The attributes whose text is searched."""
    return {resource.fields[name].attribute for name in resource.declared.search if "." not in name}


def put(connection: Connection, resource: ResolvedResource, ids: Iterable[int]) -> None:
    """Index records anew by their present values."""
    assert resource.index is not None
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        resource.index.put(connection, texts(connection, resource, resource.table.c.id.in_(part)))


def texts(connection: Connection, resource: ResolvedResource, *conditions: Any) -> list[tuple[int, str]]:
    """Id and searched text of the records of a resource, for the index."""
    columns = [resource.fields[name].column for name in resource.declared.search if "." not in name]
    statement = select(resource.table.c.id, *[c for c in columns if c is not None]).where(*conditions)
    return [(row[0], text_of(row[1:])) for row in connection.execute(statement)]


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
