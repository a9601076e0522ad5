"""The roles that come with Sopia: what they allow, and how they get into a new installation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as AnySession

from core.kernel.i18n import Text
from core.kernel.roles import ADMINISTRATOR, ANYTHING, SHIPPED, FieldGrant, Grant, Role, Scope

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


class Shipped(Protocol):
    """What is asked of a plugin's `core.kernel.plugins.ShippedRole`."""

    @property
    def key(self) -> str: ...

    @property
    def title(self) -> Text | str: ...

    @property
    def grants(self) -> Mapping[str, Mapping[str, str]]: ...

    @property
    def fields(self) -> Mapping[str, Mapping[str, str]]: ...


def install_plugin_roles(session: AnySession, roles: Iterable[Shipped]) -> None:
    """Put in the roles that come with a plugin, and what it adds to those that are there."""
    for shipped in roles:
        role = session.scalars(select(Role).where(Role.key == shipped.key, Role.deleted_at.is_(None))).first()
        if role is None:
            if shipped.key in SHIPPED:
                continue  # Somebody has deleted it.
            role = Role(key=shipped.key, name=str(shipped.title))
            session.add(role)
            session.flush()
        present = {(grant.resource, grant.action) for grant in role.grants}
        session.add_all(
            Grant(role_id=role.id, resource=resource, action=action, scope=Scope(scope))
            for resource, actions in shipped.grants.items()
            for action, scope in actions.items()
            if (resource, action) not in present
        )
        told = {(grant.resource, grant.field) for grant in role.fields}
        session.add_all(
            FieldGrant(role_id=role.id, resource=resource, field=name, access=access)
            for resource, fields in shipped.fields.items()
            for name, access in fields.items()
            if (resource, name) not in told
        )
    session.flush()


def find_role(session: AnySession, wanted: str) -> Role | None:
    """The present role with this key or name, whatever the case."""
    return session.scalars(
        select(Role)
        .where(Role.deleted_at.is_(None), or_(Role.key == wanted, func.lower(Role.name) == wanted.lower()))
        .order_by(Role.id)
        .limit(1)
    ).first()
