"""What a scoped session checks before and after it writes: new rows, rows that move, references.

The compiler narrows every UPDATE and DELETE by itself; here is what only the unit of work knows. Changes
by one statement are in `core.kernel.bulk_changes`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, inspect, or_, select
from sqlalchemy.orm import InstanceState, Mapper, RelationshipDirection
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.exc import StaleDataError

from core.kernel import granting as _granting  # noqa: F401  (its rule holds wherever there are scoped sessions)
from core.kernel.access import Principal, Reach
from core.kernel.compiler import InScope, ScopedConnection, refuse
from core.kernel.database import Model, Session
from core.kernel.departments import primary_department
from core.kernel.errors import NotFound, Stale
from core.kernel.history import changed_attributes
from core.kernel.kept import rows_of
from core.kernel.policies import Attached, Between, Own, Private, Public, Sealed, Through
from core.kernel.predicates import Guarded
from core.kernel.privilege import privileged
from core.kernel.types import now

CHUNK = 500


class ScopedSession(Session):
    """A session of one principal: it sees and changes what lies in his scope, and nothing else."""

    guarded: dict[str, Guarded]
    principal: Principal

    def _scoped(self) -> ScopedConnection:
        assert isinstance(self.bind, ScopedConnection)
        return self.bind

    def _flush(self, objects: Any = None) -> None:
        connection = self._scoped()
        connection.writing, connection.sent = True, {}
        try:
            super()._flush(objects)
        except StaleDataError:
            raise Stale from None
        finally:
            connection.writing, connection.sent = False, {}

    def _bulk_save_mappings(self, *args: Any, **kw: Any) -> None:
        refuse("Saving past the unit of work")


def check_flush(session: ScopedSession, _context: Any = None, _instances: Any = None) -> None:
    """Complete and check everything that is about to be written; raises NotFound for what lies out of scope."""
    _into_the_bin(session)
    references: dict[str, set[int]] = defaultdict(set)
    for record in session.new:
        _check_new(session, record)
        _collect_references(session, record, references)
    changed = [record for record in session.dirty if changed_attributes(instance_state(record))]
    for record in changed:
        _check_move(session, record)
        _collect_references(session, record, references)
    _check_editable(session, changed)
    for table, ids in references.items():
        check_ids(session, session.guarded[table], ids, "view")


def verify_flush(session: ScopedSession, _context: Any = None) -> None:
    """Ask the database whether what was written lies where it may: what listeners changed meanwhile is seen as well."""
    written: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for record in session.new:
        guarded = _guarded_of(session, record)
        if not (isinstance(guarded.policy, Public) and guarded.policy.grows) and not _surely_placed(session, guarded):
            written[guarded.table.name, "create"].append(_key_of(record))
    for record in session.dirty:
        guarded = _guarded_of(session, record)
        state = inspect(record)
        if any(name in state.attrs and state.attrs[name].history.has_changes() for name in placing(guarded)):
            written[guarded.table.name, "assign" if isinstance(guarded.policy, Own) else "edit"].append(_key_of(record))
    for (table, action), keys in written.items():
        check_rows(session, session.guarded[table], keys, action)


def _surely_placed(session: ScopedSession, guarded: Guarded) -> bool:
    """Whether the values that were sent for the one new row of a table show that it lies where it may.

    They are those of the statement itself, not of the record, which listeners may have changed before or after it.
    """
    policy, sent = guarded.policy, session._scoped().sent.get(guarded.table.name, ())
    if not isinstance(policy, Own) or policy.restrict or len(sent) != 1:
        return False
    statement, rows = sent[0]
    given = rows[0] if isinstance(rows, Sequence) and len(rows) == 1 else None
    if not statement.is_insert or statement._values or statement._multi_values or not isinstance(given, dict):
        return False
    if given.get("deleted_at") is not None:
        return False
    values: dict[str, Any] = {}
    for name in _named(policy):
        column = guarded.table.c[name]
        values[name] = given.get(name)
        told = name in given or (column.default is None and column.server_default is None)
        plain = type(values[name]) in (int, type(None)) and type(column.type).__module__.startswith("sqlalchemy.")
        if not told or not plain:
            return False
    principal = session.principal
    return all(
        _reached(principal, principal.reach(guarded.resource, action), policy, values) for action in ("view", "create")
    )


def placing(guarded: Guarded) -> frozenset[str]:
    """The attributes that decide in whose scope a row lies."""
    policy = guarded.policy
    match policy:
        case Own():
            return frozenset(name for name in (policy.people[0], policy.department) if name)
        case Through():
            return frozenset({guarded.link_of(policy.parent)[0]})
        case Attached():
            names = {name for end in policy.ends for name in end}
            return frozenset(column.key for column in guarded.table.c if column.name in names)
        case Private():
            return frozenset({policy.person})
        case Between():
            return frozenset(guarded.link_of(end)[0] for end in policy.ends)
        case _:
            return frozenset()


def _key_of(record: Any) -> tuple[Any, ...]:
    return tuple(instance_state(record).mapper.primary_key_from_instance(record))


def _into_the_bin(session: ScopedSession) -> None:
    """Deleting is moving to the bin. Parts stay as they are: nobody sees them while their record is gone."""
    doomed = [record for record in session.deleted if isinstance(record, Model)]
    gone = {(_guarded_of(session, record).table.name, record.id) for record in doomed}
    for record in doomed:
        guarded = _guarded_of(session, record)
        session.add(record)
        if isinstance(guarded.policy, Through):
            column, parent = guarded.link_of(guarded.policy.parent)
            if (parent, inspect(record).dict.get(column)) in gone:
                continue
        record.deleted_at = now()


def _guarded_of(session: ScopedSession, record: Any) -> Guarded:
    mapper: Any = instance_state(record).mapper
    name = mapper.local_table.name
    found = session.guarded.get(name)
    if found is None or isinstance(found.policy, Sealed):
        refuse(f"The table '{name}', which no enabled plugin gives to sessions of people,")
    return found


def _check_new(session: ScopedSession, record: Any) -> None:
    guarded, principal = _guarded_of(session, record), session.principal
    key = instance_state(record).mapper.primary_key[0]
    if not key.foreign_keys and isinstance(record, Model) and record.id is not None:
        refuse("An id of one's own choice")
    reach = principal.reach(guarded.resource, "create")
    policy = guarded.policy
    if isinstance(policy, Public) and policy.grows and _comes_with_another(session, record):
        return
    if reach.level == "none" and not isinstance(policy, Private | Between):
        raise NotFound
    if isinstance(policy, Attached) and policy.kept:
        refuse(f"Writing into '{guarded.table.name}', which the platform keeps by itself,")
    if isinstance(policy, Own):
        _own_defaults(session, policy, record)
        if not covers(principal, reach, policy, record) or not department_fits(principal, reach, policy, record):
            raise NotFound
    elif isinstance(policy, Public) and reach.level != "all":
        raise NotFound
    elif isinstance(policy, Private) and getattr(record, policy.person) is None:
        setattr(record, policy.person, principal.user_id)


def _comes_with_another(session: ScopedSession, record: Any) -> bool:
    """Whether a new row is made together with a new record that leads to it, which is checked by itself."""
    return any(
        relation.direction is RelationshipDirection.MANYTOONE and inspect(other).dict.get(relation.key) is record
        for other in session.new
        for relation in inspect(type(other)).relationships
    )


def _own_defaults(session: ScopedSession, policy: Own, record: Any) -> None:
    """A record without an owner or department belongs to whoever makes it, in the owner's primary department."""
    owner = policy.people[0]
    if getattr(record, owner) is None and (policy.department is None or getattr(record, policy.department) is None):
        setattr(record, owner, session.principal.user_id)
    if policy.department and getattr(record, policy.department) is None and getattr(record, owner) is not None:
        setattr(record, policy.department, _primary_department(session, getattr(record, owner)))


def _primary_department(session: ScopedSession, user_id: int) -> int | None:
    if user_id == session.principal.user_id:
        return session.principal.primary_department
    return primary_department(privileged(session), user_id)


def covers(principal: Principal, reach: Reach, policy: Own, record: Any) -> bool:
    """Whether the values that a record has now lie within a reach."""
    return _reached(principal, reach, policy, {name: getattr(record, name) for name in _named(policy)})


def _named(policy: Own) -> tuple[str, ...]:
    return (*policy.people, policy.department) if policy.department else policy.people


def _reached(principal: Principal, reach: Reach, policy: Own, values: dict[str, Any]) -> bool:
    if reach.level == "all":
        return True
    if reach.level == "none":
        return False
    if any(values[person] == principal.user_id for person in policy.people):
        return True
    if reach.level != "departments":
        return False
    department = values[policy.department] if policy.department else None
    return values[policy.people[0]] in reach.users or (department is not None and department in reach.departments)


def department_fits(principal: Principal, reach: Reach, policy: Own, record: Any) -> bool:
    """Nobody puts a record into a department that is neither his own nor within his reach."""
    department = getattr(record, policy.department) if policy.department else None
    if department is None or reach.level == "all" or department in principal.departments:
        return True
    return department in reach.departments or getattr(record, policy.people[0]) in reach.users


def _check_move(session: ScopedSession, record: Any) -> None:
    """Owner and department change only within the reach of `assign`, before and after."""
    guarded = _guarded_of(session, record)
    policy = guarded.policy
    state: InstanceState[Any] = inspect(record)
    if not isinstance(policy, Own):
        return
    moved = [name for name in (policy.people[0], policy.department) if name and state.attrs[name].history.has_changes()]
    if moved and not covers(session.principal, session.principal.reach(guarded.resource, "assign"), policy, record):
        raise NotFound


def _check_editable(session: ScopedSession, records: list[Any]) -> None:
    """Records whose old values do not show that they are in reach are asked for in the database, table by table."""
    doubtful: dict[tuple[str, str], set[int]] = defaultdict(set)
    for record in records:
        guarded = _guarded_of(session, record)
        state = inspect(record)
        actions = _actions(state, guarded)
        for action in actions:
            if not _surely_covered(session.principal, guarded, state, action):
                doubtful[guarded.table.name, action].add(state.identity[0])
    for (table, action), ids in doubtful.items():
        check_ids(session, session.guarded[table], ids, action)


def _actions(state: InstanceState[Any], guarded: Guarded) -> set[str]:
    changed = changed_attributes(state) - {"version", "updated_at"}
    actions = {"delete"} if "deleted_at" in changed else set()
    if isinstance(guarded.policy, Own):
        moved = {guarded.policy.people[0], guarded.policy.department}
        actions |= {"assign"} if changed & moved else set()
        changed -= moved
    return actions | ({"edit"} if changed - {"deleted_at"} else set())


def _surely_covered(principal: Principal, guarded: Guarded, state: InstanceState[Any], action: str) -> bool:
    policy = guarded.policy
    reach = principal.reach(guarded.resource, action)
    if isinstance(policy, Public):
        return reach.level == "all"
    if not isinstance(policy, Own) or policy.restrict:
        return False
    before = {}
    for name in _named(policy):
        history = state.attrs[name].history
        before[name] = history.deleted[0] if history.deleted else state.dict.get(name)
    return _reached(principal, reach, policy, before)


@dataclass(frozen=True, slots=True)
class _Leading:
    """What of a mapped class leads to rows that not everybody sees."""

    keys: tuple[tuple[str, str], ...]
    """Attributes that hold the key of such a row, with its table."""
    relations: tuple[str, ...]


def _leading(session: ScopedSession, mapper: Mapper[Any]) -> _Leading:
    """Worked out once for each class and gate."""
    guarded = session.guarded[mapper.local_table.name]  # type: ignore[attr-defined]
    found: _Leading | None = guarded.leading.get(mapper)
    if found is None:
        pairs = [(column, key.column.table.name) for column in mapper.local_table.c for key in column.foreign_keys]
        keys = tuple(
            (mapper.get_property_by_column(column).key, target.table.name)
            for column, name in pairs
            if (target := session.guarded.get(name)) is not None and not isinstance(target.policy, Public | Sealed)
        )
        relations = tuple(relation.key for relation in mapper.relationships if not relation.viewonly)
        found = guarded.leading[mapper] = _Leading(keys, relations)
    return found


def _collect_references(session: ScopedSession, record: Any, references: dict[str, set[int]]) -> None:
    state = instance_state(record)
    leading, values = _leading(session, state.mapper), state.dict
    # Of a new record everything is written, of another what was set.
    everything = state.key is None
    for attribute, table in leading.keys:
        if everything:
            told: Iterable[Any] = (values.get(attribute),)
        elif attribute in state.committed_state:
            told = state.attrs[attribute].history.added or ()
        else:
            continue
        references[table].update(i for i in told if i is not None)
    for name in leading.relations:
        if name not in values:
            continue
        history = state.attrs[name].history
        unchanged = history.unchanged or () if everything else ()
        for other in (*(history.added or ()), *(history.deleted or ()), *unchanged):
            if other is None or inspect(other).pending or inspect(other).transient:
                continue
            target = session.guarded.get(inspect(type(other)).local_table.name)
            if target is None:
                refuse(f"The table of {type(other).__name__}, which no enabled plugin declares,")
            if not isinstance(target.policy, Public):
                references[target.table.name].add(other.id)


def check_ids(session: ScopedSession, guarded: Guarded, ids: Iterable[int], action: str) -> None:
    """Raise NotFound unless every id is a row in scope for `action`."""
    check_rows(session, guarded, [(i,) for i in sorted(ids)], action)


def is_open(connection: Any, resource: str, record_id: int) -> bool:
    """Whether what hangs on a record that is seen may be seen as well; not while it is seen as one in common alone.

    `connection` is the reader's scoped one, or his session; a privileged one sees everything.
    """
    if isinstance(connection, ScopedSession):
        connection = connection._scoped()
    predicates = getattr(connection.dialect, "gate_predicates", None) if isinstance(connection, Connection) else None
    guarded = predicates.find(resource.replace(".", "_", 1)) if predicates is not None else None
    if guarded is None or not isinstance(guarded.policy, Own) or guarded.policy.commons is None:
        return True
    if connection.principal.reach(resource, "view").level == "all":
        return True
    known = connection.opened.get((resource, record_id))
    if known is not None:
        return bool(known)
    asked = _question(guarded, guarded.table.c.id, "view")
    found = bool(rows_of(connection, asked, {"row": record_id}, by_key=True)[0][0])
    if connection.only_reads:
        connection.opened[resource, record_id] = found
    return found


def _question(guarded: Guarded, key: Any, action: str) -> Select[Any]:
    """The question whether a row is in scope, which almost every change asks; built once."""
    statement = guarded.questions.get(action)
    if statement is None:
        matching = (key == bindparam("row"), InScope(guarded.table.name, action))
        statement = guarded.questions[action] = select(func.count()).select_from(guarded.table).where(*matching)
    return statement


def is_within(connection: Any, resource: str, record_id: int, action: str) -> bool:
    """Whether a record that is seen lies in scope for `action` as well: who may see much may be allowed to change less.

    It asks the database only where the one scope is not the other, or something is shared by hand.
    """
    if isinstance(connection, ScopedSession):
        connection = connection._scoped()
    predicates = getattr(connection.dialect, "gate_predicates", None) if isinstance(connection, Connection) else None
    guarded = predicates.find(resource.replace(".", "_", 1)) if predicates is not None else None
    if guarded is None or "id" not in guarded.table.c:
        return True
    principal = connection.principal
    reach = principal.reach(resource, action)
    if not principal.shares and (reach.level == "none" or reach == principal.reach(resource, "view")):
        return bool(reach.level != "none")
    asked = _question(guarded, guarded.table.c.id, action)
    return bool(rows_of(connection, asked, {"row": record_id}, by_key=True)[0][0])


def check_rows(session: ScopedSession, guarded: Guarded, keys: Sequence[tuple[Any, ...]], action: str) -> None:
    """Raise NotFound unless every primary key is a row in scope for `action`."""
    columns = list(guarded.table.primary_key)
    if len(keys) == 1 and len(columns) == 1:
        question = _question(guarded, columns[0], action)
        if not rows_of(session._scoped(), question, {"row": keys[0][0]}, by_key=True)[0][0]:
            raise NotFound
        return
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        wanted: Any
        if len(columns) == 1:
            wanted = columns[0].in_([key[0] for key in part])
        else:
            wanted = or_(*(and_(*(c == v for c, v in zip(columns, key, strict=True))) for key in part))
        statement = select(func.count()).select_from(guarded.table).where(wanted, InScope(guarded.table.name, action))
        if session.bind.execute(statement).scalar_one() != len(set(part)):  # type: ignore[union-attr]
            raise NotFound
