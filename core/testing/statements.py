"""Notes the SQL statements that are sent meanwhile, the gate's among them, to which no listener may listen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from sqlalchemy import Connection

from core.kernel.prepared import Prepared

TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements of all threads, without the beginnings and ends of transactions."""
    sent: list[str] = []

    def noting(name: str) -> Any:
        # Below the events of SQLAlchemy, because a scoped session has none.
        original = getattr(Connection, name)

        def note(connection: Connection, dialect: Any, context: Any, *rest: Any) -> Any:
            if not str(context.statement).lstrip().startswith(TRANSACTION):
                sent.append(context.statement)
            return original(connection, dialect, context, *rest)

        return mock.patch.object(Connection, name, note)

    straight = Prepared.straight

    def note_prepared(connection: Connection, sql: str, given: Any, prepare: bool = True) -> Any:
        sent.append(sql)
        return straight(connection, sql, given, prepare)

    straight_each = Prepared.straight_each

    def note_several(connection: Connection, sql: str, given: Any) -> None:
        sent.append(sql)
        straight_each(connection, sql, given)

    prepared = mock.patch.object(Prepared, "straight", staticmethod(note_prepared))
    several = mock.patch.object(Prepared, "straight_each", staticmethod(note_several))
    with noting("_exec_single_context"), noting("_exec_insertmany_context"), prepared, several:
        yield sent
