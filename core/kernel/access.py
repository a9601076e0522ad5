"""Who may do what: makes principals from the database, and keeps them until somebody's access changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Connection, Row, and_, bindparam, case, literal, null, or_, select, union_all
from sqlalchemy import cast as as_type

from core.kernel import organisation as _rules  # noqa: F401  (its rules hold wherever there are principals)
from core.kernel.departments import Department, Membership
from core.kernel.generations import Privileged, privileged
from core.kernel.principal import (
    EVERYTHING,
    NOBODY,
    NOTHING,
    OWN,
    FieldAccess,
    Level,
    Principal,
    Reach,
    Rights,
)
from core.kernel.roles import (
    ACTIONS,
    ADMINISTRATOR,
    FieldGrant,
    Grant,
    Group,
    GroupMember,
    GroupRole,
    Role,
    Scope,
    Share,
    UserRole,
)
from core.kernel.types import Key, now
from core.kernel.users import User

__all__ = [
    "ACTIONS",
    "EVERYTHING",
    "NOBODY",
    "NOTHING",
    "OWN",
    "FieldAccess",
    "Level",
    "Principal",
    "PrincipalCache",
    "Reach",
    "Rights",
    "Scope",
    "load_principal",
]


@dataclass(frozen=True, slots=True)
class RoleContent:
    """What a role allows, whoever has it; principals of the same moment share it."""

    grants: Mapping[str, Mapping[str, Scope]]
    fields: Mapping[tuple[str, str], FieldAccess]


@dataclass(slots=True)
class Pool:
    """What the principals of one access generation have in common, so that each of them stays small."""

    principals: dict[int, Principal] = field(default_factory=dict)
    roles: dict[int, RoleContent] = field(default_factory=dict)
    sets: dict[frozenset[int], frozenset[int]] = field(default_factory=dict)

    def one(self, ids: Iterable[int]) -> frozenset[int]:
        """A set of ids, the same object for the same ids."""
        wanted = frozenset(ids)
        return self.sets.setdefault(wanted, wanted)


def load_principal(session: Privileged, user_id: int, pool: Pool | None = None) -> Principal:
    """The principal of a person, in four statements; `NOBODY` for somebody missing, deleted or not active."""
    connection, pool = privileged(session), pool or Pool()
    person = connection.execute(PERSON, {"user_id": user_id}).all()
    if not person:
        return NOBODY
    given = connection.execute(GIVEN, {"user_id": user_id}).all()
    mine = pool.one(row.department_id for row in person if row.department_id is not None)
    groups = pool.one(row.group_id for row in given if row.group_id is not None)
    roles = {(row.role_id, row.department_id): row for row in given if row.role_id is not None}
    shares = _load_contents(connection, user_id, mine, groups, {role_id for role_id, _ in roles}, pool)
    roots = mine.union(department for _, department in roles if department is not None)
    below, members = _load_branches(connection, roots, pool)
    rights = tuple(
        _rights(row, mine, below, pool)
        for _, row in sorted(roles.items(), key=lambda item: (item[0][0], item[0][1] or 0))
    )
    first = person[0]
    return Principal(
        user_id=user_id,
        login=first.login,
        name=first.name,
        locale=first.locale,
        timezone=first.timezone,
        theme=first.theme,
        primary_department=first.department_id,
        departments=mine,
        groups=groups,
        roles=tuple(dict.fromkeys(role.role for role in rights)),
        administrator=any(role.role == ADMINISTRATOR for role in rights),
        rights=rights,
        members=members,
        shares=shares,
    )


class PrincipalCache:
    """The principals of one process, kept until the access generation is raised."""

    def __init__(self, limit: int = 5000) -> None:
        self._limit = limit
        self._current: tuple[int, Pool] = (0, Pool())

    def get(self, session: Privileged, user_id: int, generation: int) -> Principal:
        """The principal as of an access generation or later; `generation` was read in the same request."""
        kept, pool = self._current
        if generation > kept or len(pool.principals) >= self._limit:
            # One assignment, because threads share the cache; a loser of the race loads a principal too many.
            self._current = (max(generation, kept), pool := Pool())
        principal = pool.principals.get(user_id)
        if principal is None:
            if generation < kept:
                # This request reads the state of an earlier moment, which later ones must not be given.
                return load_principal(session, user_id)
            principal = pool.principals[user_id] = load_principal(session, user_id, pool)
        return principal


_PLACE = and_(
    Membership.user_id == User.id,
    Membership.deleted_at.is_(None),
    Membership.department_id.in_(select(Department.id).where(Department.deleted_at.is_(None))),
)

PERSON = (
    select(User.login, User.name, User.locale, User.timezone, User.theme, Membership.department_id)
    .select_from(User)
    .outerjoin(Membership, _PLACE)
    .where(User.id == bindparam("user_id"), User.active, User.deleted_at.is_(None))
    .order_by(Membership.primary.desc(), Membership.id)
)
"""The person, once for each place that he has, the primary one first."""

_NO_ID = as_type(null(), Key)

GIVEN = union_all(
    select(
        _NO_ID.label("group_id"),
        Role.id.label("role_id"),
        Role.key,
        Role.name,
        UserRole.department_id.label("department_id"),
    )
    .join_from(UserRole, Role, and_(Role.id == UserRole.role_id, Role.deleted_at.is_(None)))
    .where(UserRole.user_id == bindparam("user_id"), UserRole.deleted_at.is_(None)),
    select(GroupMember.group_id, Role.id, Role.key, Role.name, GroupRole.department_id)
    .join_from(GroupMember, Group, and_(Group.id == GroupMember.group_id, Group.deleted_at.is_(None)))
    .outerjoin(GroupRole, and_(GroupRole.group_id == Group.id, GroupRole.deleted_at.is_(None)))
    .outerjoin(Role, and_(Role.id == GroupRole.role_id, Role.deleted_at.is_(None)))
    .where(GroupMember.user_id == bindparam("user_id"), GroupMember.deleted_at.is_(None)),
)
"""The groups of a person, and the roles given to him and to them."""


def _ids(name: str) -> Any:
    return bindparam(name, type_=Key, expanding=True)


_WANTED = _ids("roles")

CONTENTS = union_all(
    select(
        literal("grant").label("kind"), Grant.role_id, Grant.resource, Grant.action.label("name"), Grant.scope
    ).where(Grant.role_id.in_(_WANTED), Grant.deleted_at.is_(None)),
    select(literal("field"), FieldGrant.role_id, FieldGrant.resource, FieldGrant.field, FieldGrant.access).where(
        FieldGrant.role_id.in_(_WANTED), FieldGrant.deleted_at.is_(None)
    ),
    select(case((Share.write, "write"), else_="read"), _NO_ID, Share.resource, literal(""), literal(""))
    .where(
        or_(
            Share.user_id == bindparam("user_id"),
            Share.department_id.in_(_ids("departments")),
            Share.group_id.in_(_ids("groups")),
        ),
        or_(Share.expires_at.is_(None), Share.expires_at > bindparam("now")),
        Share.deleted_at.is_(None),
    )
    .distinct(),
)
"""What the roles allow, and for which resources there are shares."""

_below = (
    select(Department.id, Department.parent_id)
    .where(Department.id.in_(_ids("roots")), Department.deleted_at.is_(None))
    .cte("below", recursive=True)
)
_below = _below.union(
    select(Department.id, Department.parent_id).where(
        Department.parent_id == _below.c.id, Department.deleted_at.is_(None)
    )
)

BRANCHES = select(_below.c.id, _below.c.parent_id, Membership.user_id).outerjoin(
    Membership, and_(Membership.department_id == _below.c.id, Membership.deleted_at.is_(None))
)
"""Departments, all below them, and who belongs to each."""


def _load_contents(
    connection: Connection,
    user_id: int,
    departments: frozenset[int],
    groups: frozenset[int],
    roles: set[int],
    pool: Pool,
) -> frozenset[tuple[str, bool]]:
    """Put the contents of roles that are not known yet into the pool; the kinds of shares are returned."""
    missing = roles.difference(pool.roles)
    rows = connection.execute(
        CONTENTS,
        {
            "user_id": user_id,
            "roles": sorted(missing),
            "departments": sorted(departments),
            "groups": sorted(groups),
            "now": now(),
        },
    ).all()
    grants: dict[int, dict[str, dict[str, Scope]]] = defaultdict(lambda: defaultdict(dict))
    fields: dict[int, dict[tuple[str, str], FieldAccess]] = defaultdict(dict)
    shares = set()
    for kind, role_id, resource, name, value in rows:
        if kind == "grant":
            grants[role_id][resource][name] = Scope(value)
        elif kind == "field":
            fields[role_id][resource, name] = cast(FieldAccess, value)
        else:
            shares.add((resource, kind == "write"))
    for role_id in missing:
        pool.roles[role_id] = RoleContent(dict(grants[role_id]), fields[role_id])
    return frozenset(shares)


def _load_branches(
    connection: Connection, roots: frozenset[int], pool: Pool
) -> tuple[dict[int, list[int]], dict[int, frozenset[int]]]:
    """For each department in the branches of the roots: those directly below it, and its members."""
    below: dict[int, list[int]] = {}
    people: dict[int, set[int]] = {}
    if not roots:
        return below, {}
    rows = connection.execute(BRANCHES, {"roots": sorted(roots)}).all()
    for department, _, user in rows:
        below.setdefault(department, [])
        people.setdefault(department, set())
        if user is not None:
            people[department].add(user)
    for department, parent in {(row.id, row.parent_id) for row in rows}:
        if parent in below:
            below[parent].append(department)
    return below, {department: pool.one(users) for department, users in people.items()}


def _rights(row: Row[*tuple[Any, ...]], mine: frozenset[int], below: Mapping[int, list[int]], pool: Pool) -> Rights:
    """The role of a row of `GIVEN`: at a department it means that one, otherwise those of the person."""
    content = pool.roles[row.role_id]
    roots = mine if row.department_id is None else frozenset({row.department_id}).intersection(below)
    branch, waiting = set(roots), list(roots)
    while waiting:
        new = [child for child in below[waiting.pop()] if child not in branch]
        branch.update(new)
        waiting.extend(new)
    return Rights(
        role=row.key,
        name=row.name,
        grants=content.grants,
        fields=content.fields,
        departments=pool.one(roots),
        branch=pool.one(branch),
        given_at=row.department_id,
    )
