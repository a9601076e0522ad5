"""The company that is attacked: its people, its rows, and an oracle in plain Python that says who may reach which.

The oracle knows nothing of the gate; it reads the same sentences of the documentation once more, slowly and row by row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from core.kernel.access import Principal, load_principal
from core.kernel.database import Database, Model
from core.kernel.departments import Department, Membership
from core.kernel.history import HistoryEntry
from core.kernel.roles import Grant, Role, Share, UserRole
from core.kernel.types import now
from core.kernel.users import User
from tests.gate.models import (
    MODELS,
    Area,
    Asset,
    Badge,
    Bond,
    Case,
    CaseLabel,
    Errand,
    Label,
    Line,
    Machine,
    Note,
    Paper,
    Part,
    Remark,
    Town,
    Truck,
    Vault,
    Vehicle,
    case_badge,
    table_of,
)

EAST, SHOP, WEST, PROJECT = 1, 2, 3, 4
"""East has the shop below it; the project is of another tree."""

ADA, ANN, BOB, CAT, DAN, EVE, FAY, GUS, HAL, IDA = range(1, 11)

PLACES: Mapping[int, tuple[int, ...]] = {
    ADA: (),
    ANN: (EAST,),
    BOB: (WEST,),
    CAT: (SHOP,),
    DAN: (EAST,),
    EVE: (),
    FAY: (EAST,),
    GUS: (WEST, PROJECT),
    HAL: (EAST,),
    IDA: (EAST,),
}
"""Where everybody belongs."""

SCOPES: Mapping[int, Mapping[str, str]] = {
    ADA: {"*": "all"},
    ANN: {"*": "department"},
    BOB: {"*": "department"},
    CAT: {"*": "department"},
    DAN: {"*": "own"},
    EVE: {},
    FAY: {"*": "branch"},
    GUS: {"*": "own", "view": "department"},
    HAL: {"view": "department", "edit": "own", "create": "own", "delete": "own", "assign": "own"},
    IDA: {"view": "department"},
}
"""How far each person's role reaches, action by action."""

BELOW: Mapping[int, tuple[int, ...]] = {EAST: (SHOP,), SHOP: (), WEST: (), PROJECT: ()}

OWNERS: tuple[tuple[int | None, int | None], ...] = (
    (ANN, EAST),
    (DAN, EAST),
    (FAY, EAST),
    (HAL, EAST),
    (BOB, WEST),
    (GUS, WEST),
    (CAT, SHOP),
    (None, EAST),
    (None, WEST),
    (BOB, EAST),
    (ANN, WEST),
    (GUS, PROJECT),
)
"""Whose the cases are: the first column the owner, the second the department."""

DELETED = (len(OWNERS) + 1, len(OWNERS) + 2)
"""Two more cases, Ann's and Bob's, in the recycle bin."""

ACCESS_TABLES = tuple(table_of(model) for model in (User, Department, Membership, Role, Grant, UserRole))
"""What decides who may do what; nobody in these tests may change it."""

FIRST_BIT = 14
"""Amounts begin above every id, so that an id is never taken for an amount."""

Row = dict[str, Any]
State = dict[str, dict[Any, Row]]


def secret(table: str, key: int) -> str:
    """The canary of a row."""
    return f"CN-{table}-{key}-"


def found(company: Database) -> None:
    """Write the whole company."""
    with company.system("the company that is attacked") as session:
        _people(session.connection())
        _records(session.connection())


def _people(connection: Connection) -> None:
    names = ["ada", "ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal", "ida"]
    connection.execute(insert(User), [{"id": i, "login": name, "name": name} for i, name in enumerate(names, 1)])
    trees = [(EAST, "East", "line", None), (SHOP, "Shop", "line", EAST), (WEST, "West", "line", None)]
    trees.append((PROJECT, "Project", "project", None))
    keys = ("id", "name", "tree", "parent_id")
    connection.execute(insert(Department), [dict(zip(keys, values, strict=True)) for values in trees])
    for user, places in PLACES.items():
        for number, place in enumerate(places):
            values = {"user_id": user, "department_id": place, "primary": number == 0, "head": user == FAY}
            connection.execute(insert(Membership).values(**values))
    for user, scopes in SCOPES.items():
        connection.execute(insert(Role).values(id=user, key=f"role{user}", name=f"Role {user}"))
        connection.execute(insert(UserRole).values(user_id=user, role_id=user))
        for action, scope in scopes.items():
            connection.execute(insert(Grant).values(role_id=user, resource="*", action=action, scope=scope))


def _records(connection: Connection) -> None:
    bits = iter(range(FIRST_BIT, 62))

    def put(model: type[Any], key: int, amount: bool = True, **values: Any) -> None:
        table = model.__tablename__.removeprefix("probe_")
        extra = {"amount": 2 ** next(bits)} if amount else {}
        connection.execute(
            insert(table_of(model)).values(id=key, **_basics(model), **extra, **values, secret=secret(table, key))
        )

    connection.execute(insert(Town), [{"id": 1, "name": "Here"}, {"id": 2, "name": "There"}])
    gone: list[tuple[int | None, int | None]] = [(ANN, EAST), (BOB, WEST)]
    for key, (owner, department) in enumerate([*OWNERS, *gone], 1):
        values: Row = {"owner_id": owner, "department_id": department, "title": f"case {key}", "code": f"code-{key}"}
        put(Case, key, **values, town_id=1 + key % 2, deleted_at=now() if key in DELETED else None)
    # Each of the first points at one that most people may not see.
    for key, other in ((1, 5), (2, 6), (3, 6), (5, 1), (4, 7), (7, 1)):
        connection.execute(table_of(Case).update().where(Case.id == key).values(related_id=other))
    for key, case in enumerate((1, 2, 4, 5, 6, 7, 9, 13), 1):
        put(Line, key, case_id=case)
        put(Part, key, line_id=key)
    for key, (owner, department) in enumerate([(ANN, EAST), (BOB, WEST), (DAN, EAST)], 1):
        put(Label, key, owner_id=owner, department_id=department)
        put(Area, key, owner_id=owner, department_id=department, parent_id=(None, 1, 2)[key - 1])
    links = [(1, 1), (1, 2), (2, 3), (5, 2), (5, 1), (4, 1)]
    connection.execute(insert(CaseLabel), [{"case_id": case, "label_id": label} for case, label in links])
    put(Asset, 1, owner_id=ANN, department_id=EAST, kind="asset")
    put(Machine, 2, owner_id=BOB, department_id=WEST, kind="machine")
    put(Machine, 3, owner_id=DAN, department_id=EAST, kind="machine")
    for key, case in enumerate((1, 2, 5, 13), 1):
        put(Remark, key, resource="probe.case", record_id=case)
    put(Remark, 5, resource="probe.line", record_id=4, amount=False)
    put(Remark, 6, resource="probe.nothing", record_id=1, amount=False)
    for key, (a, b) in enumerate([(1, 2), (1, 5), (5, 1), (5, 6)], 1):
        put(Bond, key, amount=False, from_resource="probe.case", from_id=a, to_resource="probe.case", to_id=b)
    for key, (owner, department, level) in enumerate(
        [(ANN, EAST, 1), (ANN, EAST, 3), (BOB, WEST, 1), (DAN, EAST, None)], 1
    ):
        put(Paper, key, amount=False, owner_id=owner, department_id=department, level=level)
    for key, (giver, taker) in enumerate([(ANN, BOB), (BOB, GUS), (DAN, DAN)], 1):
        put(Errand, key, amount=False, giver_id=giver, taker_id=taker)
    for key, user in enumerate((ANN, BOB, DAN), 1):
        put(Note, key, amount=False, user_id=user)
    connection.execute(insert(Vault), [{"id": 1, "secret": secret("vault", 1)}])
    _linked_records(connection, put)
    past = {"operation": "founding", "at": now(), "origin": "system", "action": "create", "before": {}}
    for key, case in enumerate((1, 2, 5), 1):
        told = {"resource": "probe.case", "record": case, "after": {"secret": secret("case", case)}}
        connection.execute(insert(HistoryEntry).values(id=key, **past, **told))
    if connection.dialect.name == "postgresql":
        _go_on_counting(connection)


def _linked_records(connection: Connection, put: Any) -> None:
    for key, (owner, department) in enumerate([(ANN, EAST), (BOB, WEST), (DAN, EAST)], 1):
        put(Badge, key, amount=False, owner_id=owner, department_id=department)
        kind = ("vehicle", "truck", "truck")[key - 1]
        put(Vehicle, key, amount=False, owner_id=owner, department_id=department, kind=kind)
    connection.execute(insert(case_badge), [{"case_id": case, "badge_id": badge} for case, badge in BADGES])
    for key in (2, 3):
        connection.execute(insert(table_of(Truck)).values(vehicle_id=key, cargo=secret("truck", key)))


BADGES = [(1, 1), (1, 2), (2, 3), (5, 2), (5, 1)]


def _go_on_counting(connection: Connection) -> None:
    # Rows with given keys do not move the sequences; statistics are another way to see rows.
    for table in dict.fromkeys(table_of(model) for model in MODELS):
        if "id" in table.c:
            last = select(func.max(table.c.id)).scalar_subquery()
            connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), last)))
    connection.execute(text("ANALYZE"))


def _basics(model: type[Any]) -> Row:
    return {"version": 1, "created_at": now(), "updated_at": now()} if issubclass(model, Model) else {}


def principal(company: Database, user: int) -> Principal:
    """A person of the company, with what the roles in the database give him."""
    with company.system("who is it", write=False) as session:
        return load_principal(session, user)


def read_state(connection: Connection) -> State:
    """Every row of the probe, by table and key."""
    state: State = {}
    tables = [table_of(model) for model in MODELS if model.__tablename__.startswith("probe_")]
    for table in dict.fromkeys([*tables, case_badge]):
        keys = [column.name for column in table.primary_key]
        rows = [dict(row) for row in connection.execute(select(table)).mappings()]
        state[table.name.removeprefix("probe_")] = {tuple(row[key] for key in keys): row for row in rows}
    for table in ACCESS_TABLES:
        state[table.name] = {(row["id"],): dict(row) for row in connection.execute(select(table)).mappings()}
    for name, table in (("history", table_of(HistoryEntry)), ("share", table_of(Share))):
        state[name] = {(row["id"],): dict(row) for row in connection.execute(select(table)).mappings()}
    return state


@dataclass(frozen=True)
class Oracle:
    """Which rows of a state one person reaches by one action, decided row by row."""

    state: State
    user: int
    action: str = "view"

    @cached_property
    def scope(self) -> str:
        """How far the person's role reaches."""
        scopes = SCOPES[self.user]
        return scopes.get(self.action, scopes.get("*", "none"))

    @cached_property
    def departments(self) -> frozenset[int]:
        """The departments that the scope means."""
        if self.scope == "department":
            return frozenset(PLACES[self.user])
        if self.scope == "branch":
            return frozenset(PLACES[self.user]).union(*(BELOW[place] for place in PLACES[self.user]))
        return frozenset()

    def reaches(self, table: str, key: Any) -> bool:
        """Whether the row is there for this person."""
        if table.startswith("system_"):
            return self.action == "view"
        row = self.state.get(table, {}).get(key if isinstance(key, tuple) else (key,))
        if row is None or row.get("deleted_at") is not None:
            return False
        judge = getattr(self, f"_{table}", None)
        return bool(judge(row)) if judge else self._scoped(row)

    def keys(self, table: str) -> set[Any]:
        """The keys of all rows of a table that are there for this person."""
        return {key if len(key) > 1 else key[0] for key in self.state[table] if self.reaches(table, key)}

    def strangers(self) -> dict[tuple[str, Any], Row]:
        """Every row that is not there for this person."""
        return {
            (table, key): row
            for table, rows in self.state.items()
            for key, row in rows.items()
            if not self.reaches(table, key)
        }

    def _scoped(self, row: Row) -> bool:
        if self.scope in ("none", "all"):
            return self.scope == "all"
        owner, department = row["owner_id"], row["department_id"]
        if owner == self.user:
            return True
        at_home = owner is not None and self.departments & frozenset(PLACES[owner])
        return department in self.departments or bool(at_home)

    def _town(self, row: Row) -> bool:
        return self.scope == "all" or (self.action == "view" and self.scope != "none")

    def _line(self, row: Row) -> bool:
        return self.reaches("case", row["case_id"])

    def _part(self, row: Row) -> bool:
        return self.reaches("line", row["line_id"])

    @cached_property
    def viewing(self) -> Oracle:
        """The same person, looking only."""
        return Oracle(self.state, self.user)

    def _case_label(self, row: Row) -> bool:
        # Whoever links two records changes one of them, and has to see both.
        ends = (("case", row["case_id"]), ("label", row["label_id"]))
        return all(self.viewing.reaches(*end) for end in ends) and any(self.reaches(*end) for end in ends)

    def _case_badge(self, row: Row) -> bool:
        ends = (("case", row["case_id"]), ("badge", row["badge_id"]))
        return all(self.viewing.reaches(*end) for end in ends) and any(self.reaches(*end) for end in ends)

    def _truck(self, row: Row) -> bool:
        return self.reaches("vehicle", row["vehicle_id"])

    def _remark(self, row: Row) -> bool:
        # Whoever sees a record may remark on it, if his role lets him write remarks at all.
        return self.scope != "none" and self.viewing.reaches(row["resource"].removeprefix("probe."), row["record_id"])

    def _share(self, row: Row) -> bool:
        return self._remark(row)

    def _history(self, row: Row) -> bool:
        return self._remark(row)

    def _bond(self, row: Row) -> bool:
        ends = ((row["from_resource"], row["from_id"]), (row["to_resource"], row["to_id"]))
        found_ones = (self.viewing.reaches(resource.removeprefix("probe."), key) for resource, key in ends)
        return self.scope != "none" and all(found_ones)

    def _paper(self, row: Row) -> bool:
        return self._scoped(row) and (row["level"] is None or row["level"] <= 2)

    def _errand(self, row: Row) -> bool:
        if self.scope in ("none", "all"):
            return self.scope == "all"
        # Both are its people; the first of them is the owner, whose departments count.
        return self.user in (row["giver_id"], row["taker_id"]) or bool(
            self.departments & frozenset(PLACES[row["giver_id"]])
        )

    def _note(self, row: Row) -> bool:
        return self.scope != "none" and bool(row["user_id"] == self.user)

    def _vault(self, row: Row) -> bool:
        return False


def harvest(seen: Any) -> list[Any]:
    """Every string and number in something, as they are now."""
    return list(_scalars(seen, set()))


TOKEN = re.compile(r"CN-(\w+)-(\d+)-")


def leaks(oracle: Oracle, seen: Any) -> list[str]:
    """The canaries in what somebody has got hold of that are not his to see."""
    mask = 0
    for table, rows in oracle.state.items():
        for key, row in rows.items():
            if oracle.reaches(table, key):
                mask |= row.get("amount", 0)
    found_ones = []
    for value in harvest(seen):
        if isinstance(value, str):
            tokens = TOKEN.findall(value)
            found_ones += [f"{t} {k}" for t, k in tokens if not oracle.reaches(t, int(k))]
            found_ones += [value] if "LEAK" in value else []
        elif not isinstance(value, bool) and int(value) & ~mask & -(2**FIRST_BIT):
            found_ones.append(f"amount {value}")
    return found_ones


LINKS: Mapping[str, Mapping[str, str]] = {
    "case": {"town_id": "town", "related_id": "case"},
    "line": {"case_id": "case"},
    "part": {"line_id": "line"},
    "case_label": {"case_id": "case", "label_id": "label"},
    "case_badge": {"case_id": "case", "badge_id": "badge"},
    "area": {"parent_id": "area"},
}
"""Which columns point at which tables."""


def breaches(before: State, after: State, user: int) -> list[str]:
    """What has changed between two states that this person had no right to change."""
    found_ones = []
    for table in before:
        for key in sorted({*before[table], *after[table]}):
            old, new = before[table].get(key), after[table].get(key)
            if old == new:
                continue
            action = _action(old, new)
            if not _allowed(table, key, action, before, after, user):
                found_ones.append(f"{action} {table} {key}")
            for column, target in LINKS.get(table, {}).items() if new else ():
                value = (new or {})[column]
                if (
                    value is not None
                    and value != (old or {}).get(column)
                    and not Oracle(after, user).reaches(target, value)
                ):
                    found_ones.append(f"{table} {key} points at {target} {value}")
    return found_ones


def _allowed(table: str, key: Any, action: str, before: State, after: State, user: int) -> bool:
    """Whether the person may do this to the row as it was and to the row as it became."""
    if table == "history":
        told = after[table].get(key)
        ends = (told["resource"].removeprefix("probe."), told["record_id"]) if told else ("", 0)
        return key not in before[table] and any(Oracle(state, user).reaches(*ends) for state in (before, after))
    states = {"create": (after,), "delete": (before,)}.get(action, (before, after))
    return all(Oracle(state, user, action).reaches(table, key) for state in states)


def _action(old: Row | None, new: Row | None) -> str:
    if old is None:
        return "create"
    if new is None or (old.get("deleted_at") is None and new.get("deleted_at") is not None):
        return "delete"
    moved = any(old.get(column) != new.get(column) for column in ("owner_id", "department_id"))
    return "assign" if moved else "edit"


def _scalars(value: Any, seen: set[int]) -> Iterable[Any]:
    """Every string and number inside a value: in rows, lists, dictionaries and the loaded attributes of records."""
    if id(value) in seen or value is None:
        return
    if isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif isinstance(value, (str, int)):
        yield value
    elif hasattr(value, "as_tuple"):
        yield int(value)
    elif isinstance(value, Mapping):
        yield from _scalars(list(value.items()), seen)
    elif isinstance(value, (Sequence, set, frozenset)):
        for one in value:
            yield from _scalars(one, seen)
    elif hasattr(value, "_sa_instance_state"):
        seen.add(id(value))
        loaded = {name: part for name, part in vars(value).items() if name != "_sa_instance_state"}
        yield from _scalars(loaded, seen)
    elif isinstance(value, BaseException):
        yield str(value)
