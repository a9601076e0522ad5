"""Who is asked to approve: persons, heads of departments, whoever has a role; never the one whose record it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, or_, select

from core.kernel.departments import Department, Membership, primary_department
from core.kernel.roles import ADMINISTRATOR, GroupMember, GroupRole, Role, UserRole
from core.kernel.users import User
from core.workplace.approval_models import ApprovalStep, Deputy


@dataclass(frozen=True, slots=True)
class Case:
    """Whose record is to be approved: nobody of these decides, and the department tells who is their head."""

    people: frozenset[int]
    department: int | None


def case_of(connection: Connection, record: Any, requester: int | None) -> Case:
    """The people and the department of a record that is submitted."""
    owner = getattr(record, "owner_id", None)
    department = getattr(record, "department_id", None)
    somebody = owner or requester
    if department is None and somebody is not None:
        department = primary_department(connection, somebody)
    return Case(frozenset(each for each in (owner, requester) if each is not None), department)


def asked_for(connection: Connection, step: ApprovalStep, case: Case) -> tuple[int, ...]:
    """The people who may decide a step; the next head above where it would be one's own, at last an administrator."""
    match step.kind:
        case "person":
            found = _present(connection, [step.user_id] if step.user_id else [])
        case "role":
            found = _with_role(connection, step.role_id, case)
        case _:
            found = set()
            skip = max(step.levels, 1) - 1
            for number, department in enumerate(_upwards(connection, case.department)):
                heads = _heads(connection, department)
                if number >= skip and heads - case.people:
                    found = heads
                    break
    left = found - case.people
    for department in () if left else _upwards(connection, case.department):
        left = _heads(connection, department) - case.people
        if left:
            break
    return tuple(sorted(left or _administrators(connection) - case.people))


def deputies_of(connection: Connection, people: Iterable[int], day: dt.date) -> dict[int, int]:
    """Who stands in for whom on a day: the person by his deputy."""
    wanted = sorted(set(people))
    rows = connection.execute(
        select(Deputy.deputy_id, Deputy.user_id)
        .join(User, User.id == Deputy.deputy_id)
        .where(Deputy.user_id.in_(wanted), *_now(day), User.active, User.deleted_at.is_(None))
        .order_by(Deputy.id)
    )
    return {row[0]: row[1] for row in rows}


def stood_in_for(connection: Connection, deputy: int, day: dt.date) -> set[int]:
    """For whom somebody stands in on a day."""
    rows = connection.execute(select(Deputy.user_id).where(Deputy.deputy_id == deputy, *_now(day)))
    return {row[0] for row in rows}


def _now(day: dt.date) -> tuple[Any, ...]:
    return Deputy.deleted_at.is_(None), Deputy.from_on <= day, or_(Deputy.to_on.is_(None), Deputy.to_on >= day)


def _present(connection: Connection, people: Iterable[int]) -> set[int]:
    wanted = sorted(people)
    rows = connection.execute(select(User.id).where(User.id.in_(wanted), User.active, User.deleted_at.is_(None)))
    return {row[0] for row in rows}


def _upwards(connection: Connection, department: int | None) -> Iterator[int]:
    """A department and those above it."""
    seen: set[int] = set()
    while department is not None and department not in seen:
        seen.add(department)
        yield department
        statement = select(Department.parent_id).where(Department.id == department, Department.deleted_at.is_(None))
        department = connection.execute(statement).scalar()


def _heads(connection: Connection, department: int) -> set[int]:
    """Those who head a department, and who is marked as deputy of its head."""
    rows = connection.execute(
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.department_id == department,
            or_(Membership.head, Membership.deputy),
            Membership.deleted_at.is_(None),
            User.active,
            User.deleted_at.is_(None),
        )
    )
    return {row[0] for row in rows}


def _with_role(connection: Connection, role: int | None, case: Case) -> set[int]:
    """Whoever has a role, himself or by a group; where it is given at a department, for records in its branch."""
    above = set(_upwards(connection, case.department))
    own = select(UserRole.user_id, UserRole.department_id).where(
        UserRole.role_id == role, UserRole.deleted_at.is_(None)
    )
    grouped = (
        select(GroupMember.user_id, GroupRole.department_id)
        .join(GroupRole, GroupRole.group_id == GroupMember.group_id)
        .where(GroupRole.role_id == role, GroupRole.deleted_at.is_(None), GroupMember.deleted_at.is_(None))
    )
    rows = [*connection.execute(own), *connection.execute(grouped)]
    return _present(connection, {user for user, department in rows if department is None or department in above})


def _administrators(connection: Connection) -> set[int]:
    role = connection.execute(select(Role.id).where(Role.key == ADMINISTRATOR, Role.deleted_at.is_(None))).scalar()
    return _with_role(connection, role, Case(frozenset(), None)) if role is not None else set()
