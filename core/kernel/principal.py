"""The principal: one person with everything that roles, groups, departments and shares give, as of one moment.

It is made by `core.kernel.access`, asked by dictionary look-ups, and turned into WHERE clauses by `core.kernel.gate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from core.kernel.roles import ANYTHING, Scope

Level = Literal["none", "own", "departments", "all"]
FieldAccess = Literal["hidden", "read", "write"]

NONE_OF_THEM: Final[frozenset[int]] = frozenset()

READING = frozenset({"view", "export"})
"""What a read-only token leaves of somebody's access."""

KNOWN_TO_EVERYBODY = frozenset(
    {"system.user", "system.department", "system.membership", "system.group", "system.group_member"}
)
"""Whoever signs in sees the names of colleagues and where they belong; no role has to say so."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose records an action covers: nobody's, one's own, those of departments and their people, or everybody's.

    `users` are the present members of `departments`. One's own records are always among them, so the person's own id
    is added by whoever turns this into a condition.
    """

    level: Level
    departments: frozenset[int] = NONE_OF_THEM
    users: frozenset[int] = NONE_OF_THEM


NOTHING = Reach("none")
OWN = Reach("own")
EVERYTHING = Reach("all")


@dataclass(frozen=True, slots=True)
class Rights:
    """One role as one person has it: its grants, and which departments its scopes mean."""

    role: str
    name: str
    grants: Mapping[str, Mapping[str, Scope]]
    fields: Mapping[tuple[str, str], FieldAccess]
    departments: frozenset[int]
    branch: frozenset[int]
    given_at: int | None = None

    def scope(self, resource: str, action: str) -> Scope:
        """How far the role reaches; the most particular grant decides: the resource, its plugin, the whole business."""
        for pattern in patterns(resource):
            actions = self.grants.get(pattern)
            if actions is not None:
                scope = actions.get(action) or actions.get(ANYTHING)
                if scope is not None:
                    return scope
        return Scope.NONE

    def covers(self, resource: str) -> bool:
        """Whether the role says anything about a resource but no."""
        granted = (self.grants.get(pattern, {}) for pattern in patterns(resource))
        return any(self.scope(resource, action) is not Scope.NONE for actions in granted for action in actions)


def patterns(resource: str) -> tuple[str, ...]:
    """The resources of grants that cover a resource, the most particular first; `*` stops before the system."""
    plugin = resource.partition(".")[0]
    if plugin == "system":
        return (resource, "system.*")
    return (resource, f"{plugin}.*", ANYTHING)


@dataclass(frozen=True, slots=True)
class Principal:
    """One person with everything that he may do, as of one moment. `NOBODY` is the one who may do nothing."""

    user_id: int
    login: str
    name: str
    locale: str | None = None
    timezone: str | None = None
    theme: str | None = None
    primary_department: int | None = None
    departments: frozenset[int] = NONE_OF_THEM
    groups: frozenset[int] = NONE_OF_THEM
    roles: tuple[str, ...] = ()
    administrator: bool = False
    read_only: bool = False
    rights: tuple[Rights, ...] = ()
    members: Mapping[int, frozenset[int]] = field(default_factory=dict, repr=False)
    """The present members of every department that any of the rights can mean."""
    shares: frozenset[tuple[str, bool]] = frozenset()
    """For which resources a share with this person exists, to read (False) or to write (True)."""
    _reaches: dict[tuple[str, str], Reach] = field(init=False, default_factory=dict, compare=False, repr=False)
    _reach_of: dict[frozenset[int], Reach] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __hash__(self) -> int:
        return hash((self.user_id, self.read_only, self.departments))

    def reach(self, resource: str, action: str) -> Reach:
        """Whose records of a resource an action covers; shares come on top."""
        reach = self._reaches.get((resource, action))
        if reach is None:
            reach = self._reaches[resource, action] = self._reach(resource, action)
        return reach

    def allows(self, resource: str, action: str) -> bool:
        """Whether the function exists for this person at all, be it for one shared record."""
        if self.reach(resource, action).level != "none":
            return True
        read, write = self.shared(resource)
        return (action == "view" and read) or (action == "edit" and write)

    def shared(self, resource: str) -> tuple[bool, bool]:
        """Whether any record of the resource is shared with this person to read, and to write."""
        write = (resource, True) in self.shares
        return write or (resource, False) in self.shares, write and not self.read_only

    def field_access(self, resource: str, field_name: str) -> FieldAccess:
        """Whether a field is hidden, readable or writable; of several roles at the resource the kindest decides."""
        access: FieldAccess = "write"
        if not self.administrator:
            rights = [role for role in self.rights if role.covers(resource)] or self.rights
            given = {role.fields.get((resource, field_name), "write") for role in rights}
            access = "write" if "write" in given or not given else "read" if "read" in given else "hidden"
        return "read" if self.read_only and access == "write" else access

    def with_read_only(self) -> Principal:
        """The same person through a token that may only read: viewing and exporting are left."""
        return self if self.read_only else replace(self, read_only=True)

    def scope(self, resource: str, action: str) -> Scope:
        """The widest scope that any role gives; which departments it means differs from role to role."""
        if self.administrator or (action == "view" and resource in KNOWN_TO_EVERYBODY and self.user_id):
            return Scope.ALL
        return max((role.scope(resource, action) for role in self.rights), key=lambda s: s.rank, default=Scope.NONE)

    def _reach(self, resource: str, action: str) -> Reach:
        if not self.user_id or (self.read_only and action not in READING):
            return NOTHING
        widest = self.scope(resource, action)
        if widest in (Scope.NONE, Scope.OWN, Scope.ALL):
            return {Scope.NONE: NOTHING, Scope.OWN: OWN, Scope.ALL: EVERYTHING}[widest]
        scopes = [(role.scope(resource, action), role) for role in self.rights]
        departments = NONE_OF_THEM.union(
            *(role.departments for scope, role in scopes if scope is Scope.DEPARTMENT),
            *(role.branch for scope, role in scopes if scope is Scope.BRANCH),
        )
        # Most actions mean the same departments; one object for all of them keeps a principal small.
        reach = self._reach_of.get(departments)
        if reach is None:
            users = NONE_OF_THEM.union(*(self.members.get(department, NONE_OF_THEM) for department in departments))
            reach = self._reach_of[departments] = Reach("departments", departments, users) if departments else OWN
        return reach


NOBODY = Principal(0, "", "")
"""The principal without a person: sees nothing, does nothing."""
