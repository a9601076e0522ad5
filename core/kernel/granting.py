"""Nobody gives away what he does not have: the rule for whoever edits roles, gives them, or manages other people.

It holds for every flush of a scoped session, so a form, an import and the API cannot forget it. System sessions
(commands, the first start) are free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.orm import Session as AnySession

from core.kernel.access import load_principal
from core.kernel.database import Session
from core.kernel.departments import Membership
from core.kernel.errors import Conflict, FieldError, GateRefused, Invalid
from core.kernel.generations import GivesAccess, Privileged, privileged
from core.kernel.i18n import translate as _
from core.kernel.organisation import changed_in_bulk
from core.kernel.principal import NONE_OF_THEM, Principal
from core.kernel.roles import (
    ACTIONS,
    ANYTHING,
    FIELD_ACCESS,
    FieldGrant,
    Grant,
    GroupMember,
    GroupRole,
    Role,
    Scope,
    UserRole,
)
from core.kernel.users import User

WAYS_IN = ("login", "email", "active", "deleted_at")
"""Fields of a person by which somebody could take over an account, or shut its owner out."""


def check_grantable(principal: Principal, grants: Iterable[tuple[str, str, str]]) -> None:
    """Refuse grants (resource, action, scope) that reach further than the principal's own."""
    faults = [
        FieldError(
            "grants",
            _(
                "You may not grant '{action}' on '{resource}' with the scope '{scope}', because you do not have it.",
                action=action,
                resource=resource,
                scope=scope,
            ),
        )
        for resource, action, scope in grants
        if _lacks(principal, resource, action, Scope(scope), NONE_OF_THEM)
    ]
    if faults:
        raise Invalid(faults)


def check_manageable(session: Privileged, principal: Principal, user_id: int) -> None:
    """Refuse to let the principal manage somebody who may do what he may not: give roles or places, set a password."""
    person = load_principal(session, user_id)
    if user_id == principal.user_id and person == principal:
        return
    for right in person.rights:
        for resource, actions in right.grants.items():
            for action, scope in actions.items():
                departments = right.branch if scope is Scope.BRANCH else right.departments
                if _lacks(principal, resource, action, scope, departments):
                    raise Conflict(
                        _(
                            "'{name}' may do what you may not: '{action}' on '{resource}'.",
                            name=person.name,
                            action=action,
                            resource=resource,
                        ),
                        _("Ask somebody whose access reaches as far."),
                    )
    for resource, name in sorted({key for right in principal.rights for key in right.fields}):
        theirs, mine = person.field_access(resource, name), principal.field_access(resource, name)
        if FIELD_ACCESS.index(theirs) > FIELD_ACCESS.index(mine) and any(r.covers(resource) for r in person.rights):
            raise Conflict(
                _(
                    "'{name}' may see or change what you may not: the field '{field}' of '{resource}'.",
                    name=person.name,
                    field=name,
                    resource=resource,
                ),
                _("Ask somebody whose access reaches as far."),
            )


def _lacks(principal: Principal, resource: str, action: str, scope: Scope, departments: frozenset[int]) -> bool:
    if principal.administrator or scope is Scope.NONE:
        return False
    for one, other in _covered(principal, resource, action):
        if principal.scope(one, other).rank < scope.rank:
            return True
        reach = principal.reach(one, other)
        if scope in (Scope.DEPARTMENT, Scope.BRANCH) and reach.level != "all" and not departments <= reach.departments:
            return True
    return False


def _covered(principal: Principal, resource: str, action: str) -> Iterator[tuple[str, str]]:
    """The grant itself and, where it is a pattern, everything under it of which the principal's roles say more."""
    said = [(one, actions) for right in principal.rights for one, actions in right.grants.items()]
    resources = {resource, *(one for one, _ in said if _within(one, resource))}
    actions = {action}
    if action == ANYTHING:
        actions.update(ACTIONS, *(actions for one, actions in said if one in resources))
    return ((one, other) for one in sorted(resources) for other in sorted(actions))


def _within(resource: str, pattern: str) -> bool:
    if pattern == ANYTHING:
        return not resource.startswith("system.")
    return pattern.endswith(".*") and resource.startswith(pattern[:-1])


@event.listens_for(Session, "after_flush")
def _check(session: AnySession, context: Any) -> None:
    principal: Principal | None = session.info.get("principal")
    if principal is None or principal.administrator:
        return
    changed = [record for record in (*session.new, *session.dirty, *session.deleted) if isinstance(record, GivesAccess)]
    if changed:
        _check_roles(session, principal, changed)
        for user_id in sorted(_people(session, changed)):
            check_manageable(session, principal, user_id)


@event.listens_for(Session, "do_orm_execute")
def _refuse_bulk(state: ORMExecuteState) -> None:
    principal: Principal | None = state.session.info.get("principal")
    if principal is not None and not principal.administrator and changed_in_bulk(state) is not None:
        raise GateRefused(
            _("Who may do what is changed record by record, because each change is compared with one's own access."),
            _("Load the records and change them, or let an administrator do it."),
        )


def _check_roles(session: AnySession, principal: Principal, changed: list[GivesAccess]) -> None:
    """What a role allows is compared when it is edited, when it is given, and when it is taken away."""
    edited = {r.role_id for r in changed if isinstance(r, Grant | FieldGrant | UserRole | GroupRole)}
    edited |= {r.id for r in changed if isinstance(r, Role)}
    if edited:
        grants = select(Grant.resource, Grant.action, Grant.scope)
        rows = privileged(session).execute(grants.where(Grant.role_id.in_(edited), Grant.deleted_at.is_(None)))
        check_grantable(principal, [(row.resource, row.action, row.scope) for row in rows])


def _people(session: AnySession, changed: list[GivesAccess]) -> set[int]:
    """Whose access the changes touch directly."""
    people = {r.user_id for r in changed if isinstance(r, Membership | UserRole | GroupMember)}
    people |= {
        r.id
        for r in changed
        if isinstance(r, User) and any(inspect(r).attrs[name].history.has_changes() for name in WAYS_IN)
    }
    if any(isinstance(r, Role | Grant | FieldGrant) for r in changed):
        people.add(session.info["principal"].user_id)  # who may have the role, and has just widened it
    groups = {r.group_id for r in changed if isinstance(r, GroupRole)}
    if groups:
        members = select(GroupMember.user_id).where(GroupMember.group_id.in_(groups), GroupMember.deleted_at.is_(None))
        people |= set(privileged(session).scalars(members))
    return people
