"""Rules about people and departments that hold whatever path a change comes by: pages, import, undo, plugins, commands.

They are checked after the flush, in its transaction, and behind the row of the access generation: of two transactions
that each take away one of the last two administrators, the later one sees what the earlier one did.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, event, inspect, select, union, update
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.orm import Session as AnySession

from core.kernel.database import Session
from core.kernel.departments import LINE, Department, Membership
from core.kernel.errors import Conflict
from core.kernel.generations import GivesAccess, privileged, raise_access
from core.kernel.i18n import translate as _
from core.kernel.roles import ADMINISTRATOR, Group, GroupMember, GroupRole, Role, UserRole
from core.kernel.users import User

HAD_ADMINISTRATOR = "had_administrator"
CARRY_ADMINISTRATORS = (User, Role, UserRole, Group, GroupMember, GroupRole)
"""A change of one of these can take the last administrator away."""

_PRESENT_ROLE = and_(Role.key == ADMINISTRATOR, Role.deleted_at.is_(None))
_HOLDERS = union(
    select(UserRole.user_id)
    .join(Role, and_(Role.id == UserRole.role_id, _PRESENT_ROLE))
    .where(UserRole.deleted_at.is_(None)),
    select(GroupMember.user_id)
    .join(Group, and_(Group.id == GroupMember.group_id, Group.deleted_at.is_(None)))
    .join(GroupRole, and_(GroupRole.group_id == Group.id, GroupRole.deleted_at.is_(None)))
    .join(Role, and_(Role.id == GroupRole.role_id, _PRESENT_ROLE))
    .where(GroupMember.deleted_at.is_(None)),
).subquery()
ADMINISTRATORS = (
    select(User.id)
    .where(User.active, User.deleted_at.is_(None), User.id.in_(select(_HOLDERS.c.user_id)))
    .order_by(User.id)
)


def administrators(connection: Connection) -> list[int]:
    """The ids of the active people who administer this installation, with the role themselves or by a group."""
    return list(connection.scalars(ADMINISTRATORS))


@event.listens_for(Session, "before_flush")
def _prepare(session: AnySession, context: Any, instances: Any) -> None:
    changed = _changed(session)
    if not changed:
        return
    for record in changed:
        if isinstance(record, Department) and (record in session.new or not record.tree):
            _inherit_tree(session, record)
        elif isinstance(record, Membership):
            _keep_one_primary(session, record)
    if any(isinstance(record, CARRY_ADMINISTRATORS) and record not in session.new for record in changed):
        session.info[HAD_ADMINISTRATOR] = bool(administrators(privileged(session)))


@event.listens_for(Session, "after_flush")
def _check(session: AnySession, context: Any) -> None:
    changed = _changed(session)
    if changed:
        moved = any(isinstance(r, User) and inspect(r).attrs.manager_id.history.has_changes() for r in changed)
        _check_rules(session, departments=any(isinstance(r, Department) for r in changed), reporting_lines=moved)


@event.listens_for(Session, "do_orm_execute")
def _check_bulk(state: ORMExecuteState) -> Any:
    model = changed_in_bulk(state)
    if model is None:
        return None
    session = state.session
    session.info[HAD_ADMINISTRATOR] = bool(administrators(privileged(session)))
    # In a savepoint, because whoever catches the refusal may go on and have the rest committed.
    with session.begin_nested():
        result = state.invoke_statement()
        _check_rules(session, departments=model is Department, reporting_lines=model is User)
    return result


def changed_in_bulk(state: ORMExecuteState) -> type[Any] | None:
    """The model, among those that decide over access, of which a statement changes rows past the unit of work."""
    if not (state.is_update or state.is_delete or state.is_insert):
        return None
    name = getattr(getattr(state.statement, "table", None), "name", None)
    return next((model for model in GivesAccess.__subclasses__() if getattr(model, "__tablename__", "") == name), None)


def _changed(session: AnySession) -> list[GivesAccess]:
    changed = [record for record in (*session.new, *session.deleted) if isinstance(record, GivesAccess)]
    dirty = (record for record in session.dirty if isinstance(record, GivesAccess))
    return [*changed, *(record for record in dirty if session.is_modified(record))]


def _check_rules(session: AnySession, *, departments: bool, reporting_lines: bool) -> None:
    connection = privileged(session)
    raise_access(connection)
    if session.info.pop(HAD_ADMINISTRATOR, False) and not administrators(connection):
        raise Conflict(
            _("This would leave nobody who administers the installation."),
            _("Give somebody else the role of administrator first."),
        )
    if departments:
        _check_departments(connection)
    if reporting_lines:
        _check_reporting_lines(connection)


def _check_departments(connection: Connection) -> None:
    columns = select(Department.id, Department.name, Department.tree, Department.parent_id)
    present = {row.id: row for row in connection.execute(columns.where(Department.deleted_at.is_(None)))}
    for row in present.values():
        if row.parent_id is None:
            continue
        parent = present.get(row.parent_id)
        if parent is None:
            raise Conflict(
                _("The department '{name}' lies below one that is deleted.", name=row.name),
                _("Move it elsewhere first, or delete it too."),
            )
        if parent.tree != row.tree:
            raise Conflict(
                _(
                    "The department '{name}' belongs to the tree '{tree}', but the one above it to '{other}'.",
                    name=row.name,
                    tree=row.tree,
                    other=parent.tree,
                ),
                _("Put it below a department of its own tree."),
            )
    if circle := _circle({row.id: row.parent_id for row in present.values()}):
        raise Conflict(
            _("The department '{name}' would lie below itself.", name=present[circle].name),
            _("Choose another department to put it below."),
        )
    _check_nobody_left_behind(connection)


def _check_nobody_left_behind(connection: Connection) -> None:
    name = connection.scalar(
        select(Department.name)
        .join(Membership, Membership.department_id == Department.id)
        .where(Department.deleted_at.is_not(None), Membership.deleted_at.is_(None))
        .limit(1)
    )
    if name is not None:
        raise Conflict(
            _("People still belong to the department '{name}'.", name=name),
            _("Move them to another department, then delete it."),
        )


def _check_reporting_lines(connection: Connection) -> None:
    rows = connection.execute(select(User.id, User.manager_id).where(User.manager_id.is_not(None))).all()
    if circle := _circle({row.id: row.manager_id for row in rows}):
        raise Conflict(
            _(
                "'{name}' would report to himself or herself, by way of others.",
                name=connection.scalar(select(User.name).where(User.id == circle)),
            ),
            _("Choose another manager."),
        )


def _circle(above: dict[int, int | None]) -> int | None:
    """Somebody on a way up that comes back to where it began; None where every way ends."""
    safe: set[int] = set()
    for start in above:
        way: list[int] = []
        on_way: set[int] = set()
        here: int | None = start
        while here is not None and here not in safe and here not in on_way:
            way.append(here)
            on_way.add(here)
            here = above.get(here)
        if here is not None and here in on_way:
            return here
        safe.update(way)
    return None


def _inherit_tree(session: AnySession, department: Department) -> None:
    """A new department below another belongs to that one's tree, unless it says otherwise (and is refused)."""
    if department.tree:
        return
    if department.parent is not None:
        _inherit_tree(session, department.parent)
        department.tree = department.parent.tree
    elif department.parent_id is not None:
        tree = select(Department.tree).where(Department.id == department.parent_id)
        department.tree = privileged(session).scalar(tree) or LINE
    else:
        department.tree = LINE


def _keep_one_primary(session: AnySession, membership: Membership) -> None:
    """The first place of a person is the primary one; a new primary one takes over from the old."""
    if membership in session.deleted or membership.deleted_at is not None:
        return
    person = _person(membership)
    others = _other_primaries(session, membership, person)
    if membership.primary is None:
        membership.primary = not others
    elif membership.primary and inspect(membership).attrs.primary.history.has_changes():
        for other in others:
            other.primary = False
        # Ahead of the flush, which inserts before it updates and would meet the unique index.
        if isinstance(person, int):
            mine = update(Membership).where(Membership.user_id == person, Membership.primary)
            privileged(session).execute(mine.values(primary=False))


def _other_primaries(session: AnySession, membership: Membership, person: int | User | None) -> list[Membership]:
    found = [other for other in session.new if isinstance(other, Membership) and _person(other) == person]
    if isinstance(person, int):
        found += session.scalars(
            select(Membership).where(Membership.user_id == person, Membership.deleted_at.is_(None))
        )
    return [
        other
        for other in found
        if other is not membership and other.primary and other.deleted_at is None and other not in session.deleted
    ]


def _person(membership: Membership) -> int | User | None:
    if membership.user is not None:
        return membership.user.id or membership.user
    return membership.user_id
