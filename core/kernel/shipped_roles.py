"""The roles that come with Sopia: what they allow, and how they get into a new installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as AnySession

from core.kernel.roles import ADMINISTRATOR, ANYTHING, SHIPPED, Grant, Role, Scope

GRANTS: Final[Mapping[str, Mapping[str, Mapping[str, Scope]]]] = {
    ADMINISTRATOR: {ANYTHING: {ANYTHING: Scope.ALL}, "system.*": {ANYTHING: Scope.ALL}},
    "manager": {ANYTHING: {ANYTHING: Scope.BRANCH}},
    # Own records may go to the recycle bin, whence they come back. Taking lists out of the house and handing records
    # over are decisions of a manager.
    "member": {ANYTHING: {ANYTHING: Scope.OWN, "export": Scope.NONE, "assign": Scope.NONE}},
    "reader": {ANYTHING: {"view": Scope.DEPARTMENT}},
}
"""What the shipped roles allow when they are installed; whoever administers them may change that."""


def install_roles(session: AnySession) -> None:
    """Make the shipped roles that were never there; what somebody has changed or deleted since stays as it is."""
    known = set(session.scalars(select(Role.key)))
    for key, resources in GRANTS.items():
        if key in known:
            continue
        grants = [
            Grant(resource=resource, action=action, scope=scope)
            for resource, actions in resources.items()
            for action, scope in actions.items()
        ]
        session.add(Role(key=key, name=SHIPPED[key].source, grants=grants))
    session.flush()


def find_role(session: AnySession, wanted: str) -> Role | None:
    """The present role with this key or name, whatever the case."""
    return session.scalars(
        select(Role)
        .where(Role.deleted_at.is_(None), or_(Role.key == wanted, func.lower(Role.name) == wanted.lower()))
        .order_by(Role.id)
        .limit(1)
    ).first()
