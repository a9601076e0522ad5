"""Statements that are compiled once: values in and out, errors, and that they are counted."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.kernel.database import Database
from core.kernel.idempotency import EMPTY, RequestKey
from core.kernel.prepared import Prepared
from core.testing.statements import counted

MOMENT = datetime(2026, 3, 5, 8, 30, tzinfo=timezone(timedelta(hours=8)))
NEW = Prepared(insert(RequestKey))
FIND = Prepared(select(RequestKey.key, RequestKey.at).where(RequestKey.user_id == bindparam("person")))
SET = Prepared(update(RequestKey).where(RequestKey.key == bindparam("wanted")))


def test_values_go_in_and_come_out_as_their_columns_take_them(database: Database) -> None:
    with database.transaction(write=True) as connection:
        NEW.run(connection, {"user_id": 5, "key": "a", "digest": "d", "at": MOMENT, **EMPTY})
        SET.run(connection, {"wanted": "a", "location": "/here"})
        assert FIND.rows(connection, {"person": 5}) == [("a", MOMENT.astimezone(UTC))]
        assert FIND.first(connection, {"person": 5}) == {"key": "a", "at": MOMENT}
        assert FIND.first(connection, {"person": 6}) is None
        assert connection.scalar(select(RequestKey.location)) == "/here"


def test_an_error_of_the_driver_is_one_of_sqlalchemy(database: Database) -> None:
    values = {"user_id": 5, "key": "b", "digest": "d", "at": MOMENT, **EMPTY}
    with pytest.raises(IntegrityError), database.transaction(write=True) as connection:
        NEW.run(connection, values)
        NEW.run(connection, values)
    with database.transaction(write=False) as connection:
        assert FIND.rows(connection, {"person": 5}) == []


def test_they_are_counted_like_any_other_statement(database: Database) -> None:
    with counted() as sent, database.transaction(write=False) as connection:
        FIND.rows(connection, {"person": 5})
    assert sum("system_idempotency" in sql for sql in sent) == 1
