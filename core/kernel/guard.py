"""What a scoped session checks before it writes: new rows, rows that move, references, and changes in bulk.

The compiler narrows every UPDATE and DELETE by itself; here is what only the unit of work knows.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Result, inspect, or_, select
from sqlalchemy.orm import InstanceState, Mapper, ORMExecuteState, RelationshipDirection
from sqlalchemy.orm.exc import StaleDataError

from core.kernel import granting as _granting  # noqa: F401  (its rule holds wherever there are scoped sessions)
from core.kernel.access import Principal, Reach
from core.kernel.compiler import InScope, ScopedConnection, refuse
from core.kernel.database import Model, Session
from core.kernel.errors import NotFound, Stale
from core.kernel.history import Change, action_of, plain, tell
from core.kernel.policies import Own, Public, Sealed, Through
from core.kernel.predicates import Guarded
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
        connection.writing = True
        try:
            super()._flush(objects)
        except StaleDataError:
            raise Stale from None
        finally:
            connection.writing = False

    def _bulk_save_mappings(self, *args: Any, **kw: Any) -> None:
        refuse("Saving past the unit of work")


def check_flush(session: ScopedSession, _context: Any = None, _instances: Any = None) -> None:
    """Complete and check everything that is about to be written; raises NotFound for what lies out of scope."""
    _into_the_bin(session)
    references: dict[str, set[int]] = defaultdict(set)
    for record in session.new:
        _check_new(session, record)
        _collect_references(session, record, references)
    changed = [record for record in session.dirty if session.is_modified(record)]
    for record in changed:
        _check_move(session, record)
        _collect_references(session, record, references)
    _check_editable(session, changed)
    for table, ids in references.items():
        check_ids(session, session.guarded[table], ids, "view")


def _into_the_bin(session: ScopedSession) -> None:
    for record in list(session.deleted):
        if isinstance(record, Model):
            session.add(record)
            record.deleted_at = now()


def _guarded_of(session: ScopedSession, record: Any) -> Guarded:
    name = inspect(type(record)).local_table.name
    found = session.guarded.get(name)
    if found is None or isinstance(found.policy, Sealed):
        refuse(f"The table '{name}', which no enabled plugin gives to sessions of people,")
    return found


def _check_new(session: ScopedSession, record: Any) -> None:
    guarded, principal = _guarded_of(session, record), session.principal
    mapper: Mapper[Any] = inspect(type(record))
    key = mapper.primary_key[0]
    if not key.foreign_keys and isinstance(record, Model) and record.id is not None:
        refuse("An id of one's own choice")
    reach = principal.reach(guarded.resource, "create")
    policy = guarded.policy
    if isinstance(policy, Public) and policy.grows and _comes_with_another(session, record):
        return
    if reach.level == "none":
        raise NotFound
    if isinstance(policy, Own):
        _own_defaults(session, policy, record)
        if not covers(principal, reach, policy, record) or not _department_fits(principal, reach, policy, record):
            raise NotFound
    elif isinstance(policy, Public) and reach.level != "all":
        raise NotFound
    elif isinstance(policy, Through):
        column, table = guarded.link_of(policy.parent)
        _check_parent(session, guarded, record, column, table)


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
    from core.kernel.departments import Membership

    return session.info["system"].scalar(  # type: ignore[no-any-return]
        select(Membership.department_id).where(Membership.user_id == user_id, Membership.primary.is_(True))
    )


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


def _department_fits(principal: Principal, reach: Reach, policy: Own, record: Any) -> bool:
    """Nobody puts a record into a department that is neither his own nor within his reach."""
    department = getattr(record, policy.department) if policy.department else None
    if department is None or reach.level == "all" or department in principal.departments:
        return True
    return department in reach.departments or getattr(record, policy.people[0]) in reach.users


def _check_parent(session: ScopedSession, guarded: Guarded, record: Any, column: str, table: str) -> None:
    """A part is made only of a record that its maker sees, and that lies within his reach for making parts."""
    parent_id = getattr(record, inspect(type(record)).get_property_by_column(guarded.table.c[column]).key)
    if parent_id is None:
        parent = _related(record, column)
        if parent is None or inspect(parent).pending:
            return
        parent_id = parent.id
    parent = session.guarded[table]
    check_ids(session, parent, {parent_id}, "view")
    if isinstance(parent.policy, Own):
        check_ids(session, parent, {parent_id}, "view", reach=session.principal.reach(guarded.resource, "create"))


def _related(record: Any, column: str) -> Any:
    state: InstanceState[Any] = inspect(record)
    for relation in state.mapper.relationships:
        if relation.direction is RelationshipDirection.MANYTOONE and column in {c.key for c in relation.local_columns}:
            return state.dict.get(relation.key)
    return None


def _check_move(session: ScopedSession, record: Any) -> None:
    """Owner and department change only within the reach of `assign`, before and after."""
    guarded = _guarded_of(session, record)
    policy = guarded.policy
    state: InstanceState[Any] = inspect(record)
    if isinstance(policy, Through):
        column, table = guarded.link_of(policy.parent)
        if state.attrs[column].history.has_changes():
            _check_parent(session, guarded, record, column, table)
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
    changed = {attribute.key for attribute in state.attrs if attribute.history.has_changes()} - {
        "version",
        "updated_at",
    }
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


def _collect_references(session: ScopedSession, record: Any, references: dict[str, set[int]]) -> None:
    state: InstanceState[Any] = inspect(record)
    for column in state.mapper.local_table.c:
        for key in column.foreign_keys:
            target = session.guarded.get(key.column.table.name)
            if target is None or isinstance(target.policy, Public | Sealed):
                continue
            attribute = state.mapper.get_property_by_column(column).key
            references[target.table.name].update(i for i in state.attrs[attribute].history.added or () if i is not None)
    for relation in state.mapper.relationships:
        if relation.key not in state.dict or relation.viewonly:
            continue
        history = state.attrs[relation.key].history
        for other in (*(history.added or ()), *(history.deleted or ())):
            if other is None or inspect(other).pending or inspect(other).transient:
                continue
            target = session.guarded.get(inspect(type(other)).local_table.name)
            if target is None:
                refuse(f"The table of {type(other).__name__}, which no enabled plugin declares,")
            if not isinstance(target.policy, Public):
                references[target.table.name].add(other.id)


def check_ids(
    session: ScopedSession, guarded: Guarded, ids: set[int], action: str, *, reach: Reach | None = None
) -> None:
    """Raise NotFound unless every id is a row in scope for `action`; `reach` narrows by another resource's grant."""
    table = guarded.table
    wanted = sorted(ids)
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        statement = select(table.c.id).where(table.c.id.in_(part), InScope(table.name, action))
        if reach is not None:
            statement = statement.where(_within(session.principal, reach, guarded))
        with session.no_autoflush:
            found = len(session.scalars(statement).all())
        if found != len(part):
            raise NotFound


def _within(principal: Principal, reach: Reach, guarded: Guarded) -> Any:
    policy, columns = guarded.policy, guarded.table.c
    assert isinstance(policy, Own)
    if reach.level == "all":
        return columns.id == columns.id
    ways = [columns[person] == principal.user_id for person in policy.people]
    if reach.level == "departments":
        ways.append(columns[policy.people[0]].in_(reach.users))
        if policy.department:
            ways.append(columns[policy.department].in_(reach.departments))
    return or_(*ways)


def check_bulk(state: ORMExecuteState) -> Result[Any] | None:
    """Changes by one statement: within scope, with history and version; or refused."""
    session = state.session
    if not isinstance(session, ScopedSession) or state.is_select:
        return None
    if state.is_insert:
        refuse("An INSERT past the unit of work")
    if not (state.is_update or state.is_delete):
        return None
    mapper = state.bind_mapper
    if mapper is None or not issubclass(mapper.class_, Model):
        refuse("A change of a table that is no record")
    return _bulk(session, mapper, state)


def _bulk(session: ScopedSession, mapper: Mapper[Any], state: ORMExecuteState) -> Result[Any]:
    model: Any = mapper.class_
    statement: Any = state.statement
    if state.is_delete:
        from sqlalchemy import update

        statement = update(model).where(*statement._where_criteria).values(deleted_at=now())
    if statement._multi_values or isinstance(state.parameters, list):
        refuse("An UPDATE with a list of parameters")
    guarded = session.guarded[model.__table__.name]
    columns = {getattr(column, "key", column) for column in (statement._values or {})}
    session.flush()
    changing = _bulk_actions(columns, guarded)
    conditions = (*statement._where_criteria, *(InScope(guarded.table.name, action) for action in changing))
    told = [mapper.columns[key] for key in sorted(columns) if key in mapper.columns]
    before = {row[0]: row[1:] for row in session.execute(select(model.id, *told).where(*conditions))}
    session._scoped().writing = True
    try:
        result = state.invoke_statement(statement=statement.values(version=model.version + 1))
    finally:
        session._scoped().writing = False
    _tell_bulk(session, model, guarded, [column.key for column in told], told, before)
    if "assign" in changing:
        check_ids(session, guarded, set(before), "assign")
    return result


def _bulk_actions(columns: set[Any], guarded: Guarded) -> set[str]:
    actions = {"delete"} if "deleted_at" in columns else set()
    moved = {guarded.policy.people[0], guarded.policy.department} if isinstance(guarded.policy, Own) else set()
    if columns & moved:
        actions.add("assign")
    return actions | ({"edit"} if columns - moved - {"deleted_at"} else set())


def _tell_bulk(
    session: ScopedSession, model: Any, guarded: Guarded, names: list[str], columns: list[Any], before: dict[int, Any]
) -> None:
    changes = []
    references: dict[str, set[int]] = defaultdict(set)
    ids = sorted(before)
    system = session.info["system"]
    for start in range(0, len(ids), CHUNK):
        for row in system.execute(select(model.id, *columns).where(model.id.in_(ids[start : start + CHUNK]))):
            old = dict(zip(names, map(plain, before[row[0]]), strict=True))
            new = dict(zip(names, map(plain, row[1:]), strict=True))
            changes.append(Change(model, row[0], action_of(old, new), old, new))
            _note_references(session, columns, row[1:], references)
    for table, wanted in references.items():
        check_ids(session, session.guarded[table], wanted, "view")
    tell(session, changes)


def _note_references(session: ScopedSession, columns: list[Any], values: Any, references: dict[str, set[int]]) -> None:
    for column, value in zip(columns, values, strict=True):
        for key in column.foreign_keys:
            target = session.guarded.get(key.column.table.name)
            if target is not None and value is not None and not isinstance(target.policy, Public | Sealed):
                references[target.table.name].add(value)
