"""How many records of several resources belong to one record: all counted in one statement, each in the reader's scope."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from core.kernel.kept import rows_of
from core.resources.conditions import Condition, parameters
from core.resources.queries import COUNTED, Build
from core.resources.resolved import ResolvedResource, Resources

Wanted = tuple[ResolvedResource, Condition]


def count_all(connection: Connection, resources: Resources, wanted: Sequence[Wanted]) -> list[int]:
    """How many records meet each condition, in the order asked; of many at most one more than `COUNTED`."""
    if not wanted:
        return []
    first = wanted[0][0]
    shape = ("counts", tuple((resource.key, condition.shape) for resource, condition in wanted))
    statement = first.kept.get(shape)
    if statement is None:
        counts = []
        for number, (resource, condition) in enumerate(wanted):
            matching = Build(resources, resource).matching(condition, number).limit(COUNTED + 1).subquery()
            counts.append(select(func.count()).select_from(matching).scalar_subquery())
        statement = first.keep(shape, select(*counts))
    values = parameters([condition for _resource, condition in wanted])
    return [int(count) for count in rows_of(connection, statement, values, by_key=True)[0]]
