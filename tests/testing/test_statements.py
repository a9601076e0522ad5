"""Every statement is counted, and those of scoped sessions as well."""

from __future__ import annotations

from sqlalchemy import select, text

from core.kernel.access import NOBODY
from core.kernel.database import Database
from core.kernel.gate import Gate
from core.kernel.users import User
from core.testing.statements import counted


def test_statements_of_scoped_sessions_count(database: Database) -> None:
    with counted() as sent, Gate(database, [User]).session(NOBODY) as session:
        session.scalars(select(User)).all()
        session.get(User, 1)
    assert len([one for one in sent if "system_user" in one]) == 2


def test_statements_of_privileged_sessions_count(database: Database) -> None:
    with counted() as sent, database.system("test") as session:
        session.execute(text("SELECT 1"))
        session.add_all([User(login="a", name="a"), User(login="b", name="b")])
        session.flush()
    assert "SELECT 1" in sent
    assert any(one.startswith("INSERT INTO") and "system_user" in one for one in sent)


def test_nothing_is_counted_afterwards(database: Database) -> None:
    with counted() as sent:
        pass
    with database.system("test") as session:
        session.execute(text("SELECT 1"))
    assert sent == []
