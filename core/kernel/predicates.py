"""What a policy means as SQL: for each guarded table and action, the condition under which a row is in scope.

Conditions are text of our own making with bind parameters; no value of a user ever becomes part of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import BindParameter, Select, Table, bindparam
from sqlalchemy.types import Integer

from core.kernel.access import Principal
from core.kernel.policies import Attached, Between, Own, Policy, Private, Public, Sealed, Through
from core.kernel.types import Instant, now

NEVER = "1 = 0"
ALWAYS = "1 = 1"


@dataclass(frozen=True)
class Guarded:
    """One table behind the gate: whose resource it is, and its policy."""

    table: Table
    resource: str
    policy: Policy | Between
    questions: dict[str, Select[Any]] = field(default_factory=dict, compare=False, repr=False)
    """Statements that ask whether one row is in scope, by action; see `core.kernel.guard`."""
    leading: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """Where the records of a mapped class lead to, by its mapper; see `core.kernel.guard`."""

    @property
    def in_bin(self) -> bool:
        """Whether rows of this table go to the recycle bin."""
        return "deleted_at" in self.table.c

    def link_of(self, parent: str) -> tuple[str, str]:
        """The column and the table that the link named `parent` points with and to."""
        column = parent if parent in self.table.c else f"{parent}_id"
        keys = list(self.table.c[column].foreign_keys)
        return column, keys[0].column.table.name


def key_of(table: str) -> str:
    """The resource key of a table: `customers_follow_up` is `customers.follow_up`."""
    plugin, _, noun = table.partition("_")
    return f"{plugin}.{noun}"


def members_of(table: Table, name: str) -> tuple[str, str]:
    """The columns of a link table of members: the one that leads to the record of `table`, and that of the person."""
    columns = table.metadata.tables[name].c
    record = next(column.name for column in columns if column.references(table.c.id))
    return record, next(column.name for column in columns if column.name != record and column.foreign_keys)


class Writes(Protocol):
    """The part of a SQL compiler that a predicate needs: it turns a bind parameter into its place in the text."""

    preparer: Any

    def process(self, obj: Any, **kwargs: Any) -> str: ...


class _Binding(threading.local):
    principal: Principal | None = None


_binding = _Binding()


@contextmanager
def bound_to(principal: Principal) -> Iterator[None]:
    """Give the gate's parameters the values of this principal while the parameters of one statement are collected."""
    before, _binding.principal = _binding.principal, principal
    try:
        yield
    finally:
        _binding.principal = before


def _value(read: Callable[[Principal], Any]) -> Callable[[], Any]:
    def current() -> Any:
        if _binding.principal is None:
            raise RuntimeError("A scoped statement was run outside of a scoped session")
        return read(_binding.principal)

    return current


def _one(name: str, read: Callable[[Principal], Any]) -> BindParameter[Any]:
    return bindparam(f"gate_{name}", callable_=_value(read), type_=Integer, unique=True)


def _many(name: str, read: Callable[[Principal], Iterable[int]]) -> BindParameter[Any]:
    # Sorted, so that the same principal always sends the same text and a database may keep its plan.
    ordered = _value(lambda principal: sorted(read(principal)))
    return bindparam(f"gate_{name}", callable_=ordered, type_=Integer, unique=True, expanding=True)


@dataclass(frozen=True)
class Grasp:
    """What principals of one shape reach of one table for one action: a level, and whether shares with them exist."""

    level: str
    shared: bool


class Predicates:
    """Writes the condition of every guarded table for principals of one shape."""

    def __init__(self, guarded: dict[str, Guarded], shape: Callable[[str, str], Grasp], *, with_bin: bool) -> None:
        self._guarded = guarded
        self._grasp = shape
        self._with_bin = with_bin
        self._aliases = 0

    def find(self, table_name: str) -> Guarded | None:
        """The guarded table of this name, whatever its case: SQL does not tell cases apart."""
        return self._guarded.get(table_name.lower())

    def write(
        self,
        compiler: Writes,
        guarded: Guarded,
        prefix: str,
        action: str,
        *,
        broad: bool = False,
        commons: bool = False,
    ) -> str:
        """The condition under which a row named `prefix` is in scope for `action`; empty when every row is.

        With `commons`, rows that lie in something shared are read too; what hangs on them is asked for without.
        """
        parts = []
        if guarded.in_bin and not self._with_bin:
            parts.append(f"{prefix}.deleted_at IS NULL")
        scope = self._scope(compiler, guarded, prefix, action, broad)
        if commons and scope != ALWAYS and (shared := self._commons(compiler, guarded, prefix)):
            scope = f"({scope} OR {shared})"
        if scope != ALWAYS:
            parts.append(scope)
        return " AND ".join(parts)

    def masked(self, guarded: Guarded) -> frozenset[str]:
        """The columns that read as empty while their row lies in something shared."""
        commons = guarded.policy.commons if isinstance(guarded.policy, Own) else None
        if commons is None or self._grasp(guarded.resource, "view").level == "all":
            return frozenset()
        return frozenset(commons.hidden)

    def _commons(self, compiler: Writes, guarded: Guarded, prefix: str) -> str:
        """The row lies in something that names the reader or a department of his."""
        policy = guarded.policy
        commons = policy.commons if isinstance(policy, Own) else None
        if commons is None or self._grasp(guarded.resource, "view").level == "none":
            return ""
        named = (
            (commons.people, "user_id", _one("me", lambda p: p.user_id), "="),
            (commons.departments, "department_id", _many("departments", lambda p: p.departments), "IN"),
        )
        ways = [
            f"{prefix}.{commons.column} IN (SELECT {commons.column} FROM {compiler.preparer.quote(table)}"
            f" WHERE {column} {operator} {compiler.process(value)})"
            for table, column, value, operator in named
            if table
        ]
        return f"({' OR '.join(ways)})" if ways else ""

    def _scope(self, compiler: Writes, guarded: Guarded, prefix: str, action: str, broad: bool = False) -> str:
        policy, grasp = guarded.policy, self._grasp(guarded.resource, action)
        match policy:
            case Sealed():
                return NEVER
            case Public():
                return ALWAYS if grasp.level == "all" or (action == "view" and grasp.level != "none") else NEVER
            case Private():
                return f"{prefix}.{policy.person} = {compiler.process(_one('me', lambda p: p.user_id))}"
            case Own():
                return self._own(compiler, guarded, policy, prefix, action, grasp, broad)
            case Through():
                return self._through(compiler, guarded, policy, prefix, action, grasp)
            case Attached():
                # To read what hangs on a record nothing more is needed than to see the record.
                free = action == "view" or (grasp.level != "none" and not policy.kept)
                return self._attached(compiler, policy, prefix) if free else NEVER
            case Between():
                return self._between(compiler, guarded, policy, prefix, action)

    def _own(
        self,
        compiler: Writes,
        guarded: Guarded,
        policy: Own,
        prefix: str,
        action: str,
        grasp: Grasp,
        broad: bool,
        reach: tuple[str, str] | None = None,
    ) -> str:
        resource, reached = reach or (guarded.resource, action)
        level = grasp.level
        limits = [
            f"({prefix}.{limit.column} IS NULL OR {prefix}.{limit.column} <= "
            f"{compiler.process(_one('ceiling', limit.ceiling))})"
            for limit in policy.restrict
        ]
        if level == "all":
            return " AND ".join(limits) or ALWAYS
        # A plus sign keeps SQLite from collecting every row of a wide scope before it sorts them.
        at = f"+{prefix}" if broad else prefix
        ways: list[str] = []
        if level in ("own", "departments"):
            me = _one("me", lambda p: p.user_id)
            people = policy.people if level == "own" else policy.people[1:]
            ways += [f"{at}.{column} = {compiler.process(me)}" for column in people]
            if policy.members:
                ways.append(self._members(compiler, guarded, policy.members, at))
        if level == "departments":
            users = _many("users", lambda p: p.reach(resource, reached).users | {p.user_id})
            ways.append(f"{at}.{policy.people[0]} IN {compiler.process(users)}")
            if policy.department:
                departments = _many("departments", lambda p: p.reach(resource, reached).departments)
                ways.append(f"{at}.{policy.department} IN {compiler.process(departments)}")
        if grasp.shared:
            ways.append(self._shares(compiler, guarded.resource, at, action))
        return " AND ".join([f"({' OR '.join(ways)})" if ways else NEVER, *limits])

    def _members(self, compiler: Writes, guarded: Guarded, name: str, prefix: str) -> str:
        """The person stands in the link table of the record's members."""
        record, person = members_of(guarded.table, name)
        me = compiler.process(_one("me", lambda p: p.user_id))
        alias, table = self._alias(), compiler.preparer.quote(name)
        return f"{prefix}.id IN (SELECT {alias}.{record} FROM {table} AS {alias} WHERE {alias}.{person} = {me})"

    def _shares(self, compiler: Writes, resource: str, prefix: str, action: str) -> str:
        alias = self._alias()
        me = compiler.process(_one("me", lambda p: p.user_id))
        departments = compiler.process(_many("departments", lambda p: p.departments))
        groups = compiler.process(_many("groups", lambda p: p.groups))
        moment = compiler.process(bindparam("gate_now", callable_=now, type_=Instant(), unique=True))
        named = compiler.process(bindparam("gate_resource", resource, unique=True))
        write = "" if action == "view" else f" AND {alias}.write"
        return (
            f"{prefix}.id IN (SELECT {alias}.record_id FROM system_share AS {alias} WHERE {alias}.resource = {named}"
            f" AND ({alias}.user_id = {me} OR {alias}.department_id IN {departments} OR {alias}.group_id IN {groups})"
            f" AND ({alias}.expires_at IS NULL OR {alias}.expires_at > {moment}) AND {alias}.deleted_at IS NULL{write})"
        )

    def _through(
        self, compiler: Writes, guarded: Guarded, policy: Through, prefix: str, action: str, grasp: Grasp
    ) -> str:
        column, parent_name = guarded.link_of(policy.parent)
        parent, alias = self._guarded[parent_name], self._alias()
        if grasp.level == "none":
            return NEVER
        root = self._root(parent)
        conditions = [f"{alias}.id = {prefix}.{column}"]
        if seen := self.write(compiler, parent, alias, "view"):
            conditions.append(seen)
        # The part's own grant may reach less far than the record's, also where both say "departments".
        same = action == "view" and grasp.level == "own" and self._grasp(root.resource, "view").level == "own"
        narrower = grasp.level != "all" and not same
        if narrower:
            conditions.append(self._reached(compiler, parent, alias, guarded.resource, action, grasp))
        return f"EXISTS (SELECT 1 FROM {compiler.preparer.quote(parent.table.name)} AS {alias} WHERE {' AND '.join(conditions)})"

    def _reached(self, compiler: Writes, parent: Guarded, prefix: str, resource: str, action: str, grasp: Grasp) -> str:
        """The parent lies within the reach that the part's own grant gives."""
        if isinstance(parent.policy, Own):
            return self._own(
                compiler,
                parent,
                parent.policy,
                prefix,
                action,
                self._with_shares(parent, action, grasp),
                False,
                (resource, action),
            )
        if isinstance(parent.policy, Through):
            column, name = parent.link_of(parent.policy.parent)
            grand, alias = self._guarded[name], self._alias()
            inner = self._reached(compiler, grand, alias, resource, action, grasp)
            return f"EXISTS (SELECT 1 FROM {compiler.preparer.quote(name)} AS {alias} WHERE {alias}.id = {prefix}.{column} AND {inner})"  # noqa: E501
        if isinstance(parent.policy, Public) and action != "view":
            # A part of what everybody sees is nobody's own: who writes it needs it for everything, as for the whole.
            return NEVER
        return self._scope(compiler, parent, prefix, "view")

    def _with_shares(self, parent: Guarded, action: str, grasp: Grasp) -> Grasp:
        return Grasp(grasp.level, self._grasp(parent.resource, "view" if action == "view" else "edit").shared)

    def _root(self, guarded: Guarded) -> Guarded:
        while isinstance(guarded.policy, Through):
            guarded = self._guarded[guarded.link_of(guarded.policy.parent)[1]]
        return guarded

    def _attached(self, compiler: Writes, policy: Attached, prefix: str) -> str:
        ends = []
        for resource_column, id_column in policy.ends:
            ways = []
            for target in self._guarded.values():
                if isinstance(target.policy, Sealed | Attached | Between | Private) or "id" not in target.table.c:
                    continue
                alias = self._alias()
                seen = self.write(compiler, target, alias, "view")
                if seen.endswith(NEVER):
                    continue
                named = compiler.process(bindparam("gate_resource", target.resource, unique=True))
                ways.append(
                    f"({prefix}.{resource_column} = {named} AND EXISTS (SELECT 1 FROM {compiler.preparer.quote(target.table.name)} AS {alias}"  # noqa: E501
                    f" WHERE {alias}.id = {prefix}.{id_column}{f' AND {seen}' if seen else ''}))"
                )
            ends.append(f"({' OR '.join(ways)})" if ways else NEVER)
        return " AND ".join(ends)

    def _between(self, compiler: Writes, guarded: Guarded, policy: Between, prefix: str, action: str) -> str:
        ends = []
        for end in policy.ends:
            column, name = guarded.link_of(end)
            target, alias = self._guarded[name], self._alias()
            # A link belongs to its first end: who may edit that record may link it to what he sees.
            needed = "edit" if action != "view" and end == policy.ends[0] else "view"
            seen = self.write(compiler, target, alias, needed)
            ends.append(
                f"EXISTS (SELECT 1 FROM {compiler.preparer.quote(name)} AS {alias} WHERE {alias}.id = {prefix}.{column}"
                f"{f' AND {seen}' if seen else ''})"
            )
        return " AND ".join(ends) or ALWAYS

    def _alias(self) -> str:
        self._aliases += 1
        return f"gate_{self._aliases}"
