"""Who sees what, worked out the slow way: from the rows of grants, places and shares, in plain Python, past the gate.

It knows the policies that models declare, and nothing of how the gate turns them into SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from core.kernel.policies import Attached, Own, Policy, Public, Through

RANKS = ("none", "own", "department", "branch", "all")
KNOWN = frozenset({"system.user", "system.department", "system.membership", "system.group", "system.group_member"})
"""What whoever signs in knows of his colleagues, whatever his roles say."""

CLEARED = {"clearance_1": 1, "clearance_2": 2, "clearance_3": 3, "clearance_all": 2**31 - 1}

Row = Mapping[str, Any]
Reach = tuple[str, set[int]]
"""How far, and the departments where that depends on some."""


def key_of(table: str) -> str:
    """The resource of a table."""
    plugin, _line, noun = table.partition("_")
    return f"{plugin}.{noun}"


class Oracle:
    """A picture of the company as of one moment."""

    def __init__(self, connection: Connection, models: Iterable[type[Any]]) -> None:
        self.tables: dict[str, Table] = {}
        self.policies: dict[str, Policy] = {}
        self._rows: dict[str, dict[int, Row]] = {}
        self._connection = connection
        self._links: dict[str, list[Row]] = {}
        self._seen: dict[Any, Any] = {}
        for model in models:
            key = key_of(model.__tablename__)
            self.tables[key], self.policies[key] = model.__table__, model.__policy__
        self._places: dict[int, set[int]] = defaultdict(set)
        self._above = {each["id"]: each["parent_id"] for each in self.rows("system.department").values()}
        for place in self.rows("system.membership").values():
            if place["department_id"] in self._above:
                self._places[place["user_id"]].add(place["department_id"])

    def rows(self, key: str) -> dict[int, Row]:
        """The rows of a table that are not deleted, by id."""
        if key not in self._rows:
            table = self.tables[key]
            found = [dict(row) for row in self._connection.execute(select(table)).mappings()]
            self._rows[key] = {row["id"]: row for row in found if row.get("deleted_at") is None}
        return self._rows[key]

    def pairs(self, table: str) -> list[Row]:
        """The rows of a link table."""
        if table not in self._links:
            metadata = next(iter(self.tables.values())).metadata
            self._links[table] = [dict(r) for r in self._connection.execute(select(metadata.tables[table])).mappings()]
        return self._links[table]

    # ------------------------------------------------------------------------------------------------ what roles give

    def _once(self, key: Any, work_out: Callable[[], Any]) -> Any:
        """What is asked again and again is worked out once."""
        if key not in self._seen:
            self._seen[key] = work_out()
        return self._seen[key]

    def groups(self, person: int) -> set[int]:
        """The groups somebody is in."""
        members = self.rows("system.group_member").values()
        return {each["group_id"] for each in members if each["user_id"] == person} & set(self.rows("system.group"))

    def given(self, person: int) -> set[tuple[int, int | None]]:
        """The roles of somebody, each with the department it was given at."""
        own = {(each["role_id"], each["department_id"]) for each in self.rows("system.user_role").values()
               if each["user_id"] == person}  # fmt: skip
        ofgroups = {(each["role_id"], each["department_id"]) for each in self.rows("system.group_role").values()
                    if each["group_id"] in self.groups(person)}  # fmt: skip
        return {(role, at) for role, at in own | ofgroups if role in self.rows("system.role")}

    def scope(self, role: int, resource: str, action: str) -> str:
        """How far one role reaches: what is said most particularly holds."""
        said = {(each["resource"], each["action"]): each["scope"]
                for each in self.rows("system.grant").values() if each["role_id"] == role}  # fmt: skip
        plugin = resource.partition(".")[0]
        for pattern in (resource, f"{plugin}.*", *(("*",) if plugin != "system" else ())):
            for wanted in (action, "*"):
                if (pattern, wanted) in said:
                    return str(said[pattern, wanted])
        return "none"

    def reach(self, person: int, resource: str, action: str = "view") -> Reach:
        """How far all roles together reach."""
        found: Reach = self._once((person, resource, action), lambda: self._reach(person, resource, action))
        return found

    def _reach(self, person: int, resource: str, action: str) -> Reach:
        roles = self.given(person)
        if any(self.rows("system.role")[role]["key"] == "administrator" for role, _at in roles):
            return "all", set()
        best, departments = "all" if action == "view" and resource in KNOWN else "none", set[int]()
        for role, at in roles:
            scope = self.scope(role, resource, action)
            best = max(best, scope, key=RANKS.index)
            roots = self._places[person] if at is None else {at} & set(self._above)
            if scope == "department":
                departments |= roots
            elif scope == "branch":
                departments |= {each for each in self._above if roots & set(self._chain(each))}
        if best in ("department", "branch"):
            return ("departments", departments) if departments else ("own", set())
        return best, set()

    def _chain(self, department: int | None) -> list[int]:
        found: list[int] = []
        while department in self._above:
            assert department is not None
            found.append(department)
            department = self._above[department]
        return found

    # ------------------------------------------------------------------------------------------------ what that shows

    def shared(self, person: int, resource: str) -> set[int]:
        """The records of a resource that somebody opened to this person by hand."""
        mine = {("user_id", person), *(("department_id", each) for each in self._places[person]),
                *(("group_id", each) for each in self.groups(person))}  # fmt: skip
        return {
            each["record_id"]
            for each in self.rows("system.share").values()
            if each["resource"] == resource
            and any(each[column] == receiver for column, receiver in mine)
            and (each["expires_at"] is None or each["expires_at"] > datetime.now(UTC))
        }

    def visible(self, person: int, resource: str, *, in_common: bool = True) -> set[int] | None:
        """The ids of what somebody sees; None where he has not even the function."""
        found: set[int] | None = self._once(
            ("visible", person, resource, in_common), lambda: self._visible(person, resource, in_common)
        )
        return found

    def _visible(self, person: int, resource: str, in_common: bool) -> set[int] | None:
        policy, reach = self.policies[resource], self.reach(person, resource)
        if reach[0] == "none" and not self.shared(person, resource):
            return None
        match policy:
            case Own():
                found = self._owned(person, resource, policy, reach)
                return found | self._common(person, resource, policy, reach) if in_common else found
            case Public():
                return set(self.rows(resource)) if reach[0] != "none" else set()
            case Through():
                return self._through(person, resource, policy, reach)
            case Attached():
                return self._attached(person, resource)
        raise AssertionError(f"nobody lists {resource}")

    def _owned(self, person: int, resource: str, policy: Own, reach: Reach) -> set[int]:
        level, departments = reach
        colleagues = {who for who, places in self._places.items() if places & departments} | {person}
        members = set[int]()
        if policy.members:
            record = next(c.name for c in self._column_pair(policy.members) if c.references(self.tables[resource].c.id))
            members = {pair[record] for pair in self.pairs(policy.members) if person in
                       [value for name, value in pair.items() if name != record]}  # fmt: skip
        shares = self.shared(person, resource)
        return {
            number
            for number, row in self.rows(resource).items()
            if self._cleared(person, policy, row)
            and (
                level == "all"
                or number in shares
                or (level != "none" and (any(row[column] == person for column in policy.people) or number in members))
                or (level == "departments" and row[policy.people[0]] in colleagues)
                or (level == "departments" and policy.department and row[policy.department] in departments)
            )
        }

    def _column_pair(self, table: str) -> Iterable[Any]:
        return next(iter(self.tables.values())).metadata.tables[table].c

    def _cleared(self, person: int, policy: Own, row: Row) -> bool:
        """Documents of a level are for whom some role clears for it."""
        for limit in policy.restrict:
            cleared = [rank for right, rank in CLEARED.items()
                       if self.reach(person, "documents.level", right)[0] == "all"]  # fmt: skip
            if (row[limit.column] or 0) > max(cleared, default=0):
                return False
        return True

    def _common(self, person: int, resource: str, policy: Own, reach: Reach) -> set[int]:
        """What lies in a pool that names the person, or a department of his."""
        if policy.commons is None or reach[0] == "none":
            return set()
        column = policy.commons.column
        pools = {pair[column] for pair in self.pairs(policy.commons.people) if pair["user_id"] == person}
        pools |= {pair[column] for pair in self.pairs(policy.commons.departments)
                  if pair["department_id"] in self._places[person]}  # fmt: skip
        return {number for number, row in self.rows(resource).items() if row[column] in pools}

    def _parent(self, resource: str, policy: Through) -> tuple[str, str]:
        columns = self.tables[resource].c
        column = columns[policy.parent if policy.parent in columns else f"{policy.parent}_id"]
        return column.name, key_of(next(iter(column.foreign_keys)).column.table.name)

    def _through(self, person: int, resource: str, policy: Through, reach: Reach) -> set[int]:
        """Who sees the record sees its parts, as far as the grant for the parts themselves goes."""
        if reach[0] == "none":
            return set()
        column, parent = self._parent(resource, policy)
        seen = self.visible(person, parent, in_common=False) or set()
        seen &= self._within(person, parent, reach)
        return {number for number, row in self.rows(resource).items() if row[column] in seen}

    def _within(self, person: int, resource: str, reach: Reach) -> set[int]:
        policy = self.policies[resource]
        if reach[0] == "all":
            return set(self.rows(resource))
        if isinstance(policy, Own):
            return self._owned(person, resource, policy, reach)
        if isinstance(policy, Through):
            column, parent = self._parent(resource, policy)
            above = self._within(person, parent, reach)
            return {number for number, row in self.rows(resource).items() if row[column] in above}
        return self.visible(person, resource) or set()

    def _attached(self, person: int, resource: str) -> set[int]:
        """What hangs on records is seen with them."""
        seen: dict[str, set[int]] = {}
        for row in self.rows(resource).values():
            key = row["resource"]
            if key not in seen:
                known = isinstance(self.policies.get(key), Own | Public | Through)
                seen[key] = (self.visible(person, key, in_common=False) or set()) if known else set()
        return {number for number, row in self.rows(resource).items() if row.get("record", row.get("record_id")) in
                seen[row["resource"]]}  # fmt: skip
