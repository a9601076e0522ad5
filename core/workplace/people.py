"""Who is in charge of a record, who is whose superior, and who belongs to somebody's team."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, inspect, or_, select
from sqlalchemy.orm import Session as AnySession

from core.kernel.departments import Department, Membership
from core.kernel.gate import privileged
from core.kernel.history import HistoryEntry
from core.kernel.policies import Own, Through
from core.kernel.prepared import Prepared
from core.kernel.users import User
from core.resources.resolved import ResolvedResource, Resources
from core.workplace.declared import Activity


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of a team: where he belongs, and when he last did anything here."""

    id: int
    name: str
    department_ids: frozenset[int]
    department: str
    title: str
    seen_at: datetime | None


def person_in_charge(session: AnySession, resources: Resources, resource: ResolvedResource, record: Any) -> int | None:
    """Whose work a record is: the person of its activity, its owner, or the owner of what it is a part of."""
    for activity in resource.declared.of_kind(Activity):
        attribute = resource.fields[activity.person].attribute if activity.person in resource.fields else ""
        if attribute and getattr(record, attribute, None):
            return int(getattr(record, attribute))
    connection = privileged(session)
    policy: Any = resource.policy
    values = {column.key: getattr(record, prop.key) for prop in resource.mapper.column_attrs for column in prop.columns}
    table = resource.table
    for _depth in range(8):
        if isinstance(policy, Own):
            return values.get(policy.people[0])
        if not isinstance(policy, Through):
            return None
        column = table.c[policy.parent if policy.parent in table.c else f"{policy.parent}_id"]
        table = next(iter(column.foreign_keys)).column.table
        row = connection.execute(select(table).where(table.c.id == values[column.key])).mappings().first()
        model = next((m.class_ for m in inspect(resource.model).registry.mappers if m.local_table is table), None)
        if row is None or model is None:
            return None
        values, policy = dict(row), getattr(model, "__policy__", None)
    return None


_led = (
    select(Membership.department_id.label("id"))
    .where(Membership.user_id == bindparam("leader"), or_(Membership.head, Membership.deputy))
    .where(Membership.deleted_at.is_(None))
    .cte("led", recursive=True)
)
_led = _led.union(select(Department.id).where(Department.parent_id == _led.c.id, Department.deleted_at.is_(None)))

_reports = (
    select(User.id)
    .where(User.manager_id == bindparam("leader"), User.deleted_at.is_(None))
    .cte("reports", recursive=True)
)
_reports = _reports.union(select(User.id).where(User.manager_id == _reports.c.id, User.deleted_at.is_(None)))

TEAM = (
    select(User.id)
    .where(
        User.active,
        User.deleted_at.is_(None),
        or_(
            User.id.in_(select(_reports.c.id)),
            User.id.in_(
                select(Membership.user_id).where(
                    Membership.department_id.in_(select(_led.c.id)), Membership.deleted_at.is_(None)
                )
            ),
        ),
    )
    .order_by(User.id)
)
"""The people of the departments that `leader` heads or deputises, those below included, and who reports to him."""


_ONE = Prepared(TEAM.where(User.id == bindparam("person")))


def team_of(session: AnySession | Connection, leader: int) -> list[int]:
    """The people of somebody's team, without himself."""
    return [row[0] for row in privileged(session).execute(TEAM, {"leader": leader}) if row[0] != leader]


def manages(session: AnySession | Connection, leader: int, person: int) -> bool:
    """Whether a person belongs to the team of another."""
    return leader != person and bool(_ONE.rows(privileged(session), {"leader": leader, "person": person}))


def colleagues(session: AnySession | Connection, ids: list[int]) -> list[Colleague]:
    """People by id with their primary department and their last sign of life, in the order of departments and names."""
    connection = privileged(session)
    last = (
        select(HistoryEntry.at)
        .where(HistoryEntry.actor_id == User.id)
        .order_by(HistoryEntry.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(select(User.id, User.name, last.label("at")).where(User.id.in_(ids))).all()
    places = connection.execute(
        select(Membership.user_id, Membership.department_id, Membership.title, Department.name)
        .join(Department, Department.id == Membership.department_id)
        .where(Membership.user_id.in_(ids), Membership.deleted_at.is_(None), Department.deleted_at.is_(None))
        .order_by(Membership.primary.desc(), Membership.id)
    ).all()
    found = []
    for row in rows:
        mine = [place for place in places if place.user_id == row.id]
        first = mine[0] if mine else None
        found.append(
            Colleague(
                row.id,
                row.name,
                frozenset(place.department_id for place in mine),
                first.name if first else "",
                (first.title or "") if first else "",
                row.at,
            )
        )
    return sorted(found, key=lambda each: (not each.department, each.department, each.name))
