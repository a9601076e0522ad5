"""Takes back a whole import: what it created goes to the recycle bin, what it changed is as before.

History's own undo goes record by record; an import of a hundred thousand rows needs a way of its own. Everything is
looked at first: where a later change stands in the way, nothing is touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from hashlib import sha256
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, select, update

from core.kernel import history
from core.kernel.database import Base
from core.kernel.errors import Conflict
from core.kernel.gate import Gate
from core.kernel.guard import ScopedSession, check_ids
from core.kernel.history import HistoryEntry, Operation, plain
from core.kernel.i18n import translate as _
from core.kernel.platform import Platform
from core.kernel.plugins import table_of
from core.kernel.policies import Public
from core.kernel.predicates import key_of
from core.kernel.principal import Principal
from core.kernel.privilege import privileged
from core.kernel.types import now
from core.resources.bulk import remember
from core.resources.resolved import Resources

AT_ONCE: Final = 500
ENTRY: Final = HistoryEntry.__table__.c


class Undoing:
    """The taking back of one operation, by one person."""

    def __init__(self, platform: Platform, principal: Principal, operation: str) -> None:
        self._platform = platform
        self._gate: Gate = platform.gate
        self._principal = principal
        self._undone = operation
        # Always the same, so that a second attempt knows what the first has taken back.
        again = f"{operation[:12]}{sha256(operation.encode()).hexdigest()[:20]}"
        self._operation = Operation(principal.user_id, "undo", id=again)
        self._models = {key_of(table_of(model)): model for model in platform.registry.models}

    def look(self, connection: Connection) -> int:
        """How many records it concerns; Conflict where one of them has been changed, or is used, since."""
        total = 0
        created, edited = self._created(connection), self._edited(connection)
        for key, ids in created.items():
            self._model(key)
            changed = sum(len(self._touched(connection, key, part)) for part in _parts(ids))
            if changed:
                raise self._changed(key, changed)
            self._refuse_used(connection, key, created, edited)
            total += len(ids)
        edits = self._edits(connection)
        self._refuse_edited(connection, edits)
        return total + len(edits)

    def _touched(self, connection: Connection, key: str, ids: Sequence[int]) -> set[int]:
        """Those of the created records that others have changed since, and that are still there."""
        table: Any = self._model(key).__table__
        statement = (
            select(ENTRY.record)
            .join(table, table.c.id == ENTRY.record)
            .where(
                ENTRY.resource == key,
                ENTRY.record.in_(ids),
                ENTRY.operation.not_in([self._undone, self._operation.id]),
                table.c.deleted_at.is_(None),
            )
        )
        return set(connection.scalars(statement))

    def _refuse_used(
        self, connection: Connection, key: str, created: Mapping[str, Sequence[int]], edited: Mapping[str, Set[int]]
    ) -> None:
        """Conflict where a record that stays refers to one that would go."""
        resources: Resources = self._platform.above
        for place, field in resources.pointing_to(key) if key in resources else ():
            column, own = field.column, edited.get(place.key, set()) | set(created.get(place.key, ()))
            if column is None:
                continue
            rows = field.table
            stays = [rows.c.deleted_at.is_(None)] if "deleted_at" in rows.c else []
            record = rows.c.id if "id" in rows.c else next(iter(rows.primary_key))
            for part in _parts(created[key]):
                found = set(connection.scalars(select(record).where(column.in_(part), *stays))) - own
                if found:
                    raise Conflict(
                        _("{count} {names} refer to what this import has made.", count=len(found), names=place.names),
                        _("Delete them, or let them refer to others, then undo again."),
                    )

    def _refuse_edited(self, connection: Connection, edits: Sequence[int]) -> None:
        """Conflict where what the import changed has been changed again."""
        for part in _parts(edits):
            told = select(ENTRY.id, ENTRY.resource, ENTRY.record, ENTRY.after)
            mine = list(connection.execute(told.where(ENTRY.id.in_(part))))
            entries = {(row.resource, row.record): row for row in mine}
            later = told.where(
                ENTRY.resource.in_({row.resource for row in mine}),
                ENTRY.record.in_([row.record for row in mine]),
                ENTRY.id > min(part),
                ENTRY.operation.not_in([self._undone, self._operation.id]),
            )
            collided: dict[str, set[int]] = defaultdict(set)
            for row in connection.execute(later):
                entry = entries.get((row.resource, row.record))
                if entry is not None and row.id > entry.id and entry.after.keys() & row.after.keys():
                    collided[row.resource].add(row.record)
            for key, records in collided.items():
                raise self._changed(key, len(records))

    def take_back_created(self, key: str, ids: Sequence[int]) -> None:
        """Move records to the recycle bin, within the person's scope for deleting, in one transaction."""
        table: Any = self._model(key).__table__
        with self._gate.session(self._principal, write=True, bin=True, operation=self._operation) as session:
            self._check_scope(session, key, ids)
            moment = now()
            system: Connection = privileged(session)
            present = system.scalars(select(table.c.id).where(table.c.id.in_(ids), table.c.deleted_at.is_(None)))
            # What somebody has changed at the last moment is no longer what the import has made.
            gone = sorted(set(present) - self._touched(system, key, ids))
            values = {"deleted_at": moment, "updated_at": moment, "version": table.c.version + 1}
            for part in _parts(gone):
                system.execute(update(table).where(table.c.id.in_(part)).values(**values))
            told = {"deleted_at": plain(moment)}
            remember(system, self._operation, key, "delete", [(i, {"deleted_at": None}, told) for i in gone])

    def edits(self, connection: Connection) -> Iterator[list[int]]:
        """The entries of what it changed, the latest first, in pieces of one transaction each."""
        yield from _parts(self._edits(connection))

    def take_back_edits(self, entries: Sequence[int]) -> None:
        """Set what was changed back to what it was."""
        with self._gate.session(self._principal, write=True, bin=True, operation=self._operation) as session:
            table = HistoryEntry.__table__
            wanted = select(table).where(table.c.id.in_(entries)).order_by(table.c.id.desc())
            # All of them, whoever sees which: half of an import is never taken back.
            for row in privileged(session).execute(wanted).mappings().all():
                entry = HistoryEntry(
                    **{name: row[name] for name in ("resource", "record", "action", "before", "after")}
                )
                history.take_back(session, entry, self._models)
                session.flush()
                session.expunge_all()

    def created(self, connection: Connection) -> Iterator[tuple[str, list[int]]]:
        """What it created, in pieces of one transaction each; parts before the records they belong to."""
        found = self._created(connection)
        for key in reversed(list(found)):
            yield from ((key, part) for part in _parts(found[key]))

    def _created(self, connection: Connection) -> dict[str, list[int]]:
        statement = select(ENTRY.resource, ENTRY.record).where(
            ENTRY.operation == self._undone, ENTRY.action == "create"
        )
        found: dict[str, list[int]] = defaultdict(list)
        for key, record_id in connection.execute(statement.order_by(ENTRY.id)):
            found[key].append(record_id)
        return found

    def _edited(self, connection: Connection) -> dict[str, set[int]]:
        """The records that it changed, by resource."""
        statement = select(ENTRY.resource, ENTRY.record).where(
            ENTRY.operation == self._undone, ENTRY.action != "create"
        )
        found: dict[str, set[int]] = defaultdict(set)
        for key, record_id in connection.execute(statement):
            found[key].add(record_id)
        return found

    def _edits(self, connection: Connection) -> list[int]:
        """The entries of what it changed and has not been taken back by an attempt that was broken off."""
        later = HistoryEntry.__table__.alias()
        back = select(later.c.id).where(
            later.c.operation == self._operation.id, later.c.resource == ENTRY.resource, later.c.record == ENTRY.record
        )
        statement = select(ENTRY.id).where(ENTRY.operation == self._undone, ENTRY.action != "create", ~back.exists())
        return list(connection.scalars(statement.order_by(ENTRY.id.desc())))

    def _check_scope(self, session: ScopedSession, key: str, ids: Sequence[int]) -> None:
        guarded = self._gate.guarded[table_of(self._model(key))]
        if isinstance(guarded.policy, Public) and guarded.policy.grows:
            return  # It came along with a record, and goes with it, whoever may delete such records by themselves.
        check_ids(session, guarded, set(ids), "delete")

    def _model(self, key: str) -> type[Base]:
        model = self._models.get(key)
        if model is None:
            raise Conflict(
                _("'{resource}' is not available at present.", resource=key), _("Enable its plugin, then undo again.")
            )
        return model

    def _changed(self, key: str, count: int) -> Conflict:
        resource = self._platform.above.get(key)
        return Conflict(
            _(
                "{count} of the records have been changed since: {names}.",
                count=count,
                names=resource.names if resource else key,
            ),
            _("Undo those changes first, or delete single records by hand."),
        )


def _parts(ids: Sequence[int]) -> Iterator[list[int]]:
    remaining = iter(ids)
    while part := list(islice(remaining, AT_ONCE)):
        yield part
