"""Takes back a whole import: what it created goes to the recycle bin, what it changed is as before.

History's own undo goes record by record; an import of a hundred thousand rows needs a way of its own. Everything is
looked at first: where a later change stands in the way, nothing is touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

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

AT_ONCE: Final = 500
ENTRY: Final = HistoryEntry.__table__.c


class Undoing:
    """The taking back of one operation, by one person."""

    def __init__(self, platform: Platform, principal: Principal, operation: str) -> None:
        self._platform = platform
        self._gate: Gate = platform.gate
        self._principal = principal
        self._undone = operation
        self._operation = Operation(principal.user_id, "undo")
        self._models = {key_of(table_of(model)): model for model in platform.registry.models}

    def look(self, connection: Connection) -> int:
        """How many records it concerns; Conflict where one of them has been changed since."""
        total = 0
        for key, ids in self._created(connection).items():
            model = self._model(key)
            table: Any = model.__table__
            changed = 0
            for part in _parts(ids):
                statement = select(func.count()).where(
                    table.c.id.in_(part), table.c.version != 1, table.c.deleted_at.is_(None)
                )
                changed += connection.execute(statement).scalar_one()
            if changed:
                raise self._changed(key, changed)
            total += len(ids)
        return total + len(self._edits(connection))

    def take_back_created(self, key: str, ids: Sequence[int]) -> None:
        """Move records to the recycle bin, within the person's scope for deleting, in one transaction."""
        table: Any = self._model(key).__table__
        with self._gate.session(self._principal, write=True, bin=True, operation=self._operation) as session:
            self._check_scope(session, key, ids)
            moment = now()
            fresh = table.c.id.in_(ids) & table.c.deleted_at.is_(None) & (table.c.version == 1)
            system: Connection = privileged(session)
            gone = list(system.scalars(select(table.c.id).where(fresh)))
            values = {"deleted_at": moment, "updated_at": moment, "version": 2}
            for part in _parts(gone):
                system.execute(update(table).where(table.c.id.in_(part)).values(**values))
            told = {"deleted_at": plain(moment)}
            remember(system, self._operation, key, "delete", [(i, {"deleted_at": None}, told) for i in gone])

    def take_back_edits(self) -> None:
        """Set what was changed back to what it was, all of it or nothing."""
        with self._gate.session(self._principal, write=True, bin=True, operation=self._operation) as session:
            for entry in self._edits(privileged(session)):
                found = session.get(HistoryEntry, entry)
                if found is not None:
                    history.take_back(session, found, self._models)
                    session.flush()

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

    def _edits(self, connection: Connection) -> list[int]:
        statement = select(ENTRY.id).where(ENTRY.operation == self._undone, ENTRY.action != "create")
        return list(connection.scalars(statement.order_by(ENTRY.id.desc())))

    def _check_scope(self, session: ScopedSession, key: str, ids: Sequence[int]) -> None:
        guarded = self._gate.guarded[table_of(self._model(key))]
        if isinstance(guarded.policy, Public) and self._platform.registry.resources.get(key) is None:
            return  # It came along with a record, and goes with it.
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
