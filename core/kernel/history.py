"""Who changed what: one table, written in the same transaction as the change, and the undo of an operation.

An operation is everything that one request, import or job did; it is undone as a whole.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from sqlalchemy import JSON, Connection, Index, String, event, insert, inspect, select
from sqlalchemy.orm import InstanceState, Mapped, Mapper, MapperProperty, RelationshipDirection, mapped_column
from sqlalchemy.orm.attributes import History as AttributeHistory

from core.kernel.database import Base, Model, Session
from core.kernel.errors import Conflict, NotFound
from core.kernel.i18n import translate as _
from core.kernel.policies import Attached
from core.kernel.predicates import key_of
from core.kernel.prepared import Prepared
from core.kernel.privilege import privileged
from core.kernel.types import Instant, Key, Money, MoneyType, link, now

UNTOLD = frozenset({"version", "updated_at", "created_at"})
"""Columns that every change touches and that tell nobody anything."""


class HistoryEntry(Base):
    """One change of one record: its values before and after, who made it, when and from where."""

    __tablename__ = "system_history"
    __address__ = "history"
    __policy__ = Attached(kept=True)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    operation: Mapped[str] = mapped_column(String(32), index=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    actor_id: Mapped[int | None] = link("system_user", nullable=True)
    origin: Mapped[str] = mapped_column(String(20))
    resource: Mapped[str] = mapped_column(String(80))
    record: Mapped[int] = mapped_column("record_id", Key, key="record")
    action: Mapped[str] = mapped_column(String(40))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index("ix_system_history_record", "resource", "record", "id"),)


NOTED = frozenset({"shared", "attached"})
"""Told in history under a name of its own, because it is no field of the record; it is taken back by a button of its own."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one record in one flush."""

    model: type[Model]
    record_id: int
    action: str
    before: dict[str, Any]
    after: dict[str, Any]
    record: Any = None

    @property
    def resource(self) -> str:
        """The resource key of the record."""
        return key_of(self.model.__tablename__)


Watcher = Callable[[Session, Sequence[Change]], None]
"""Called after each flush with what changed, in the same transaction; the search index is one."""


@dataclass(slots=True)
class Operation:
    """Everything that one request, import or job changes; its id is what undo takes."""

    actor_id: int | None
    origin: str
    id: str = field(default_factory=lambda: f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}")
    verb: str | None = None
    """What the person asked for, when that says more than "edit": confirm, claim, merge."""


def plain(value: Any) -> Any:
    """A value as history keeps it: text, numbers, lists; money in minor units, instants in UTC."""
    if value is None or isinstance(value, str | int | bool):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Money):
        return value.minor
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return str(value)


def revive(mapper: Mapper[Any], key: str, value: Any) -> Any:
    """The value of a column as history kept it, in the type that the column takes."""
    if value is None:
        return None
    kind = mapper.columns[key].type
    if isinstance(kind, MoneyType):
        return Money(int(value))
    if isinstance(kind, Instant):
        return datetime.fromisoformat(value)
    expected = kind.python_type
    if expected is date:
        return date.fromisoformat(value)
    if expected is Decimal:
        return Decimal(value)
    return value


_WRITE: Final = Prepared(insert(HistoryEntry))


def write_changes(connection: Connection, operation: Operation, changes: Iterable[Change]) -> None:
    """Put changes into history, on the privileged connection of the transaction that makes them."""
    moment = now()
    rows = [
        {
            "operation": operation.id,
            "at": moment,
            "actor_id": operation.actor_id,
            "origin": operation.origin,
            "resource": change.resource,
            "record": change.record_id,
            "action": operation.verb if operation.verb and change.action == "edit" else change.action,
            "before": change.before,
            "after": change.after,
        }
        for change in changes
    ]
    _WRITE.run_each(connection, rows)


def write_event(
    connection: Connection, actor_id: int | None, origin: str, resource: str, action: str, after: dict[str, Any]
) -> None:
    """Put something into history that happened to no record: a plugin enabled, demo data removed."""
    operation = Operation(actor_id, origin)
    values = {"operation": operation.id, "at": now(), "actor_id": actor_id, "origin": origin, "resource": resource}
    connection.execute(insert(HistoryEntry).values(**values, record=0, action=action, before={}, after=after))


def tell(session: Session, changes: Sequence[Change]) -> None:
    """Write changes into history and let the watchers of the session know."""
    if not changes:
        return
    operation = session.info.setdefault("operation", Operation(None, "system"))
    write_changes(privileged(session), operation, changes)
    for watcher in session.info.get("watchers", ()):
        watcher(session, changes)


@event.listens_for(Session, "after_flush")
def _remember(session: Session, _context: Any) -> None:
    changes = [_created(record) for record in session.new if isinstance(record, Model)]
    changes += [change for record in session.dirty if isinstance(record, Model) and (change := _edited(record))]
    changes += [_removed(record) for record in session.deleted if isinstance(record, Model)]
    tell(session, changes)


def _created(record: Model) -> Change:
    after = {key: plain(value) for key, value in _values(record).items() if value is not None}
    return Change(type(record), record.id, "create", {}, after, record)


def _removed(record: Model) -> Change:
    return Change(type(record), record.id, "purge", {k: plain(v) for k, v in _values(record).items()}, {}, record)


def changed_attributes(state: InstanceState[Any]) -> set[str]:
    """What was set in a record to something else than before, since it was last written or read."""
    touched = {*state.committed_state, *state._pending_mutations}
    return {key for key in touched if state.attrs[key].history.has_changes()}


def _edited(record: Model) -> Change | None:
    state = inspect(record)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    columns = state.mapper.columns
    for key in _in_order(state):
        past = state.attrs[key].history
        if not past.has_changes():
            continue
        if key in columns:
            # An attribute that was set without having been loaded has no old value to tell.
            before[key] = plain(past.deleted[0]) if past.deleted else None
            after[key] = plain(state.dict[key])
        elif _is_many_to_many(state.mapper.attrs[key]):
            before[key], after[key] = _ids_before(past), _ids_after(past)
    if not after:
        return None
    return Change(type(record), record.id, action_of(before, after), before, after, record)


def _in_order(state: InstanceState[Any]) -> list[str]:
    """The attributes that may have changed and tell somebody something, in the order of the class."""
    touched = {*state.committed_state, *state._pending_mutations} - UNTOLD
    return [key for key in state.mapper.attrs.keys() if key in touched and key in state.dict]  # noqa: SIM118


def action_of(before: dict[str, Any], after: dict[str, Any]) -> str:
    """The name of a change: into the bin, out of it, to another owner, or an ordinary edit."""
    if "deleted_at" in after:
        return "restore" if after["deleted_at"] is None else "delete"
    return "assign" if after.keys() & {"owner_id", "department_id"} else "edit"


def _values(record: Model) -> dict[str, Any]:
    mapper = inspect(type(record))
    loaded = inspect(record).dict
    values = {key: loaded.get(key) for key in mapper.columns.keys() if key not in UNTOLD and key != "id"}  # noqa: SIM118
    for attribute in mapper.relationships:
        if _is_many_to_many(attribute) and loaded.get(attribute.key):
            values[attribute.key] = [target.id for target in loaded[attribute.key]]
    return values


def _is_many_to_many(attribute: MapperProperty[Any]) -> bool:
    return getattr(attribute, "direction", None) is RelationshipDirection.MANYTOMANY


def _ids_before(past: AttributeHistory) -> list[int]:
    return sorted(target.id for target in (*(past.unchanged or ()), *(past.deleted or ())))


def _ids_after(past: AttributeHistory) -> list[int]:
    return sorted(target.id for target in (*(past.unchanged or ()), *(past.added or ())))


class _Unavailable(Conflict):
    """The record of an entry is gone, or out of the person's scope."""


Able = Callable[[Session, "HistoryEntry"], AbstractContextManager[Session]]
"""Gives the session that may take an entry back: the person's own, or one beyond his scope where a right covers it."""


def undo(session: Session, operation_id: str, models: dict[str, type[Model]], able: Able | None = None) -> int:
    """Take back a whole operation and return how many records that touched.

    Runs under the rights of the session's principal. Where a later edit collides, nothing is changed and the reason
    is raised as a Conflict. `session` must be one that sees the recycle bin, so that what was deleted comes back.
    """
    table = HistoryEntry.__table__
    of_operation = select(table).where(table.c.operation == operation_id).order_by(table.c.id.desc())
    # All of it, seen or not: half of an operation is never taken back.
    entries = [HistoryEntry(**_by_attribute(row)) for row in privileged(session).execute(of_operation).mappings()]
    if not entries:
        raise NotFound
    for number, entry in enumerate(entries):
        with able(session, entry) if able else nullcontext(session) as allowed:
            try:
                take_back(allowed, entry, models)
            except _Unavailable:
                # Whoever sees nothing of an operation does not learn that there was one.
                if number == 0:
                    raise NotFound from None
                raise
            allowed.flush()
    return len({(entry.resource, entry.record) for entry in entries})


def _by_attribute(row: Any) -> dict[str, Any]:
    return {key: row[column] for key, column in inspect(HistoryEntry).columns.items()}


def take_back(session: Session, entry: HistoryEntry, models: dict[str, type[Model]]) -> None:
    """Take one change back; Conflict where a later one stands in the way."""
    model = models.get(entry.resource)
    record = session.get(model, entry.record) if model else None
    if model is None or record is None or entry.action == "purge":
        raise _Unavailable(
            _("'{resource}' {id} is no longer available.", resource=entry.resource, id=entry.record),
            _("An operation is undone as a whole; this one cannot be any more."),
        )
    if entry.action != "create" and (not (entry.before or entry.after) or entry.after.keys() & NOTED):
        raise Conflict(_("What was done there cannot be undone."))
    if entry.action == "create":
        _still(session, entry, record, entry.after)
        record.deleted_at = now()
        return
    _still(session, entry, record, entry.after)
    mapper: Mapper[Any] = inspect(model)
    for key, value in entry.before.items():
        if key in mapper.relationships:
            target = mapper.relationships[key].mapper.class_
            kept = session.scalars(select(target).where(target.id.in_(value))).all()
            setattr(record, key, list(kept))
        elif key not in mapper.columns:
            setattr(record, key, value)  # a field of links, which knows by itself what to do
        else:
            setattr(record, key, revive(mapper, key, value))


def _still(session: Session, entry: HistoryEntry, record: Model, expected: dict[str, Any]) -> None:
    mapper: Mapper[Any] = inspect(type(record))
    for key, value in expected.items():
        present = getattr(record, key)
        if key in mapper.relationships:
            same = sorted(target.id for target in present) == value
        elif key not in mapper.columns:
            same = present == value
        else:
            # A number may have got its places from the database since: 9 and 9.00 are the same.
            same = plain(present) == value or revive(mapper, key, value) == present
        if not same:
            raise Conflict(
                _("The field '{field}' has been changed again since then.", field=key),
                _("Undo the later change first, or set the value by hand."),
            )
