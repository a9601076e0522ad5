"""A small company for tests, made in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from core.kernel.access import Principal, load_principal
from core.kernel.database import Session
from core.kernel.departments import Department, Membership
from core.kernel.roles import FieldGrant, Grant, Group, GroupMember, GroupRole, Role, UserRole
from core.kernel.users import User

Made = TypeVar("Made")
Grants = Mapping[str, Mapping[str, str]]


class Company:
    """Makes people, departments, groups and roles in a session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def department(self, name: str, above: Department | None = None, tree: str | None = None) -> Department:
        """A department, below another one or at the top of its tree."""
        made = Department(name=name, parent_id=above.id if above else None, tree=tree)
        return self._added(made)

    def person(self, login: str, *places: Department, roles: tuple[Role, ...] = ()) -> User:
        """A person with places, the first of them primary, and roles."""
        made = self._added(User(login=login, name=login.title()))
        for number, place in enumerate(places):
            self.session.add(Membership(user_id=made.id, department_id=place.id, primary=number == 0))
        for role in roles:
            self.give(role, made)
        self.session.flush()
        return made

    def role(self, name: str, grants: Grants, fields: Mapping[tuple[str, str], str] | None = None) -> Role:
        """A role with grants as resource -> action -> scope, and fields as (resource, field) -> access."""
        made = self._added(Role(key=name, name=name))
        for resource, actions in grants.items():
            for action, scope in actions.items():
                self.session.add(Grant(role_id=made.id, resource=resource, action=action, scope=scope))
        for (resource, field), access in (fields or {}).items():
            self.session.add(FieldGrant(role_id=made.id, resource=resource, field=field, access=access))
        self.session.flush()
        return made

    def group(self, name: str, *members: User, roles: tuple[Role, ...] = ()) -> Group:
        """A group of people who get roles by it."""
        made = self._added(Group(name=name))
        self.session.add_all(GroupMember(group_id=made.id, user_id=member.id) for member in members)
        self.session.add_all(GroupRole(group_id=made.id, role_id=role.id) for role in roles)
        self.session.flush()
        return made

    def give(self, role: Role, user: User, at: Department | None = None) -> UserRole:
        """A role for a person, everywhere or at a department."""
        return self._added(UserRole(user_id=user.id, role_id=role.id, department_id=at.id if at else None))

    def principal(self, user: User) -> Principal:
        """The person as a principal, as of now."""
        self.session.flush()
        return load_principal(self.session, user.id)

    def _added(self, made: Made) -> Made:
        self.session.add(made)
        self.session.flush()
        return made
