"""Imports as the database keeps them: each belongs to one person, and survives a restart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from core.kernel.errors import Conflict, NotFound
from core.kernel.i18n import translate as _
from core.resources.importing.judging import Verdict
from core.resources.importing.models import ImportFile, ImportRow
from core.resources.importing.plans import Plan
from core.resources.values.texts import plain

IMPORT: Final = ImportFile.__table__.c
ROW: Final = ImportRow.__table__.c

ENDED: Final = frozenset({"done", "failed", "stopped", "undone"})
BUSY: Final = frozenset({"checking", "queued", "running", "undoing"})

KEPT: Final = 5_000
"""Rows with a fault, or that exist already, which a check keeps for looking at and correcting."""


@dataclass(frozen=True)
class Import:
    """One import as it is now."""

    id: int
    user_id: int
    resource: str
    filename: str
    file_key: str
    header: tuple[str, ...]
    signature: str
    encoding: str
    plan: Plan
    corrections: Mapping[int, Mapping[int, str]]
    state: str
    origin: str
    operation: str | None
    job_id: int | None
    rows_done: int
    rows_total: int | None
    created: int
    updated: int
    duplicates: int
    faulty: int
    new_words: Mapping[str, Sequence[str]]
    error: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def left_out(self) -> int:
        """Rows that were, or will be, not written."""
        return self.duplicates + self.faulty

    @property
    def good(self) -> int:
        """Rows that were, or will be, written."""
        return self.created + self.updated

    @property
    def is_busy(self) -> bool:
        """Whether something is happening to it."""
        return self.state in BUSY

    @property
    def has_ended(self) -> bool:
        """Whether it has run."""
        return self.state in ENDED


@dataclass(slots=True)
class Tally:
    """How many rows came to what."""

    done: int = 0
    created: int = 0
    updated: int = 0
    duplicates: int = 0
    faulty: int = 0

    @classmethod
    def of(cls, found: Import) -> Tally:
        """How far an import is."""
        return cls(found.rows_done, found.created, found.updated, found.duplicates, found.faulty)

    def with_(self, verdicts: Iterable[Verdict]) -> Tally:
        """The tally with the rows of one more chunk."""
        counts = {"create": self.created, "update": self.updated, "duplicate": self.duplicates, "fault": self.faulty}
        done = self.done
        for verdict in verdicts:
            done += 1
            counts[verdict.outcome] += 1
        return Tally(done, *counts.values())

    def values(self) -> dict[str, int]:
        """As columns of the import."""
        return {
            "rows_done": self.done,
            "created": self.created,
            "updated": self.updated,
            "duplicates": self.duplicates,
            "faulty": self.faulty,
        }


def get(connection: Connection, import_id: int, user_id: int) -> Import:
    """A person's own import; NotFound for those of others as for those that do not exist."""
    statement = select(*ImportFile.__table__.c).where(IMPORT.id == import_id, IMPORT.user_id == user_id)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    given = dict(row._mapping)
    given["header"] = tuple(given["header"])
    given["plan"] = Plan.from_json(given["plan"])
    given["corrections"] = {
        int(number): {int(index): text for index, text in cells.items()}
        for number, cells in given["corrections"].items()
    }
    return Import(**given)


def recent(connection: Connection, user_id: int, resource: str, count: int = 5) -> list[Import]:
    """A person's last imports of a resource."""
    mine = select(IMPORT.id).where(IMPORT.user_id == user_id, IMPORT.resource == resource)
    ids = connection.scalars(mine.order_by(IMPORT.id.desc()).limit(count)).all()
    return [get(connection, import_id, user_id) for import_id in ids]


def change(connection: Connection, found: Import, **values: Any) -> None:
    """Change an import that nothing is happening to; Conflict for one that runs or has ended."""
    idle = update(ImportFile).where(
        IMPORT.id == found.id, IMPORT.user_id == found.user_id, IMPORT.state.not_in(BUSY | ENDED)
    )
    if connection.execute(idle.values(**values)).rowcount != 1:
        raise Conflict(
            _("This import is running or has ended, and cannot be changed any more."), _("Bring the file anew.")
        )


def advance(
    connection: Connection, import_id: int, states: Iterable[str], done: int | None = None, **values: Any
) -> bool:
    """Change an import that is in one of these states, and so far if `done` is given; whether it was."""
    statement = update(ImportFile).where(IMPORT.id == import_id, IMPORT.state.in_(list(states)))
    if done is not None:
        statement = statement.where(IMPORT.rows_done == done)
    return connection.execute(statement.values(**values)).rowcount == 1


def rows(connection: Connection, found: Import, *, state: str = "", after: int = 0, count: int = 50) -> list[Any]:
    """Rows that were kept, in the order of the file: number, state, cells, faults, note, record_id.

    There are more cells than the header has names where the row has.
    """
    statement = select(ROW.number, ROW.state, ROW.cells, ROW.faults, ROW.note, ROW.record_id)
    statement = statement.where(ROW.import_id == found.id, ROW.number > after)
    if state:
        statement = statement.where(ROW.state == state)
    return list(connection.execute(statement.order_by(ROW.number).limit(count)))


def rows_of(connection: Connection, found: Import, numbers: Sequence[int]) -> list[Any]:
    """Certain rows that were kept: number and cells."""
    statement = select(ROW.number, ROW.cells).where(ROW.import_id == found.id, ROW.number.in_(numbers))
    return list(connection.execute(statement.order_by(ROW.number)))


def row_numbers(connection: Connection, found: Import, state: str = "") -> list[int]:
    """The numbers of the rows that were kept, in the order of the file."""
    statement = select(ROW.number).where(ROW.import_id == found.id)
    if state:
        statement = statement.where(ROW.state == state)
    return list(connection.scalars(statement.order_by(ROW.number)))


def keep_rows(connection: Connection, import_id: int, verdicts: Sequence[Verdict]) -> None:
    """Keep the rows that are not written."""
    kept = [_as_row(each) | {"import_id": import_id} for each in verdicts if each.outcome in ("fault", "duplicate")]
    if kept:
        connection.execute(insert(ImportRow), kept)


def rewrite_row(connection: Connection, found: Import, verdict: Verdict) -> None:
    """Say of a kept row what has become of it by a correction."""
    values = _as_row(verdict)
    if verdict.outcome not in ("fault", "duplicate"):
        values["state"] = "fixed"
    statement = update(ImportRow).where(ROW.import_id == found.id, ROW.number == verdict.number)
    connection.execute(statement.values(values))


def forget_rows(connection: Connection, found: Import) -> None:
    """Forget the rows that were kept."""
    connection.execute(delete(ImportRow).where(ROW.import_id == found.id))


def recount(connection: Connection, found: Import) -> None:
    """Set the counts after a correction; those of a file with more faults than are kept stay as they were."""
    counted = select(ROW.state, func.count()).where(ROW.import_id == found.id).group_by(ROW.state)
    now_kept = {row[0]: int(row[1]) for row in connection.execute(counted)}
    before = get(connection, found.id, found.user_id)
    if before.left_out > KEPT:
        return
    faulty, duplicates = now_kept.get("fault", 0), now_kept.get("duplicate", 0)
    created = max((before.rows_total or 0) - faulty - duplicates - before.updated, 0)
    values = {"faulty": faulty, "duplicates": duplicates, "created": created}
    connection.execute(update(ImportFile).where(IMPORT.id == found.id).values(**values))


def as_json(corrections: Mapping[int, Mapping[int, str]]) -> dict[str, dict[str, str]]:
    """Corrected cells as they are kept."""
    return {str(number): {str(i): text for i, text in cells.items()} for number, cells in corrections.items()}


def in_words(found: Import, row: Any) -> str:
    """What is wrong with a row that was kept, in one line."""
    parts = [
        f"{found.header[int(index)]}: {message}" if 0 <= int(index) < len(found.header) else message
        for index, message in row.faults.items()
    ]
    return " ".join(filter(None, [*parts, row.note]))


def _as_row(verdict: Verdict) -> dict[str, Any]:
    return {
        "number": verdict.number,
        "state": verdict.outcome,
        "cells": [plain(cell) for cell in (*verdict.cells, *verdict.surplus)],
        "faults": {str(index): str(message) for index, message in verdict.faults.items()},
        "note": str(verdict.note),
        "record_id": verdict.record_id if verdict.outcome == "duplicate" else None,
    }
