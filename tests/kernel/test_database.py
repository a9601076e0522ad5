"""Transactions, the two engines, the queue of writers, and what is left when a process is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.exc import StaleDataError

from core.kernel.database import Database, Model, WriteQueue
from core.kernel.policies import Public
from core.kernel.privilege import privileged
from core.kernel.types import link
from core.testing import Schema

THREADS = 16
PROCESSES = 2
ROUNDS = 4


class Purse(Model):
    """A row that many want to change at once."""

    __tablename__ = "account_purse"
    __policy__ = Public("A table of tests")
    __table_args__ = (CheckConstraint("amount >= 0", name="not_negative"),)

    name: Mapped[str] = mapped_column(unique=True)
    amount: Mapped[int] = mapped_column(default=0)
    beside_id: Mapped[int | None] = link("account_purse", nullable=True)


@pytest.fixture
def schema() -> Schema:
    return Schema.of(Purse, fill=two_purses)


def two_purses(database: Database) -> None:
    """One purse with money, one without."""
    with database.system("test") as session:
        session.add_all([Purse(name="left", amount=1000), Purse(name="right", amount=0)])


def amounts(database: Database) -> dict[str, int]:
    """What is in each purse."""
    with database.system("test", write=False) as session:
        return {row.name: row.amount for row in session.execute(select(Purse.name, Purse.amount))}


def move(database: Database, amount: int) -> None:
    """Move money from left to right by reading, computing and writing, as a careless author would."""
    with database.system("test") as session:
        left = session.scalars(select(Purse).filter_by(name="left").with_for_update()).one()
        right = session.scalars(select(Purse).filter_by(name="right").with_for_update()).one()
        left.amount, right.amount = left.amount - amount, right.amount + amount


def move_often(url: str) -> None:
    """What each process of the crowd does: many threads, each moving one unit a few times."""
    database = Database(url)
    with ThreadPoolExecutor(THREADS) as pool:
        waiting = [pool.submit(move, database, 1) for _ in range(THREADS * ROUNDS)]
        for moved in waiting:
            moved.result()
    database.dispose()


def move_half(url: str) -> None:
    """Take from left, and never come to giving to right."""
    with Database(url).system("test") as session:
        session.execute(update(Purse).filter_by(name="left").values(amount=Purse.amount - 500))
        print("half", flush=True)
        time.sleep(60)


def elsewhere(function: Callable[[str], None], url: str) -> subprocess.Popen[str]:
    """Run a function of this module in a process of its own."""
    code = f"from tests.kernel.test_database import {function.__name__} as run; run({url!r})"
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True)


def test_a_transaction_is_kept_at_its_end(database: Database) -> None:
    move(database, 10)
    assert amounts(database) == {"left": 990, "right": 10}


def test_an_exception_undoes_everything(database: Database) -> None:
    with pytest.raises(KeyError), database.system("test") as session:
        session.execute(update(Purse).values(amount=7))
        session.add(Purse(name="third"))
        session.flush()
        raise KeyError("something went wrong")
    assert amounts(database) == {"left": 1000, "right": 0}


def test_what_was_not_flushed_is_flushed_at_the_end(database: Database) -> None:
    with database.system("test") as session:
        session.add(Purse(name="third", amount=3))
    assert amounts(database)["third"] == 3


def test_a_failing_last_flush_undoes_everything(database: Database) -> None:
    with pytest.raises(IntegrityError), database.system("test") as session:
        session.execute(update(Purse).filter_by(name="left").values(amount=1))
        session.add(Purse(name="left"))
    assert amounts(database)["left"] == 1000


def test_whoever_uses_a_session_neither_commits_nor_rolls_back(database: Database) -> None:
    with database.system("test") as session:
        session.execute(update(Purse).values(amount=5))
        with pytest.raises(RuntimeError, match="flush"):
            session.commit()
        with pytest.raises(RuntimeError, match="exception"):
            session.rollback()
    assert amounts(database) == {"left": 5, "right": 5}


def test_a_part_can_be_undone(database: Database) -> None:
    with database.system("test") as session:
        session.add(Purse(name="kept"))
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(Purse(name="left"))
            session.flush()
        session.add(Purse(name="kept as well"))
    assert {"kept", "kept as well"} < amounts(database).keys()


def test_the_session_and_its_privileged_connection_share_the_transaction(database: Database) -> None:
    with database.system("test") as session:
        privileged(session).execute(insert(Purse).values(name="third", amount=3))
        assert session.scalar(select(Purse.amount).filter_by(name="third")) == 3


def test_a_read_that_was_broken_off_does_not_hold_the_next_one_in_the_past(database: Database) -> None:
    with database.transaction(write=True) as connection:
        connection.execute(insert(Purse), [{"name": f"purse {number}"} for number in range(300)])
    unfinished = []
    for _turn in range(3):
        with database.transaction(write=False) as connection:
            broken_off = connection.execute(select(Purse.id))
            broken_off.fetchone()
            unfinished.append(broken_off)
    with database.transaction(write=True) as connection:
        connection.execute(delete(Purse))
    with database.transaction(write=False) as connection:
        assert connection.execute(select(func.count()).select_from(Purse)).scalar_one() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE account_purse SET amount = 1",
        "DELETE FROM account_purse",
        "INSERT INTO account_purse (name, amount, version) VALUES ('x', 1, 1)",
        "CREATE TABLE account_other (id int)",
        "DROP TABLE account_purse",
    ],
)
def test_the_reading_engine_cannot_write(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError), database.system("test", write=False) as session:
        session.execute(text(statement))
    assert amounts(database) == {"left": 1000, "right": 0}


def test_a_reading_session_refuses_to_flush(database: Database) -> None:
    with pytest.raises(DBAPIError), database.system("test", write=False) as session:
        session.scalars(select(Purse)).first().amount = 3  # type: ignore[union-attr]
    assert amounts(database)["left"] == 1000


def test_a_reader_still_works_after_a_refused_write(database: Database) -> None:
    for _ in range(3):
        with pytest.raises(DBAPIError), database.transaction(write=False) as connection:
            connection.execute(text("DELETE FROM account_purse"))
        assert len(amounts(database)) == 2


def test_a_second_writing_transaction_in_one_thread_is_refused_and_does_not_wait(database: Database) -> None:
    with database.system("outer"):
        with pytest.raises(RuntimeError, match="already writes"), database.system("inner"):
            pass
        assert amounts(database)["left"] == 1000  # reading beside is allowed
    move(database, 1)


def test_a_reader_does_not_see_what_is_not_yet_kept(database: Database) -> None:
    with database.system("test") as session:
        session.execute(update(Purse).values(amount=77))
        assert amounts(database)["left"] == 1000
    assert amounts(database)["left"] == 77


def test_two_processes_of_sixteen_threads_lose_no_update(database: Database, database_url: str) -> None:
    crowd = [elsewhere(move_often, database_url) for _ in range(PROCESSES)]
    for process in crowd:
        process.communicate(timeout=120)
    assert [process.returncode for process in crowd] == [0] * PROCESSES
    moved = PROCESSES * THREADS * ROUNDS
    assert amounts(database) == {"left": 1000 - moved, "right": moved}


def test_a_killed_process_leaves_nothing_half_and_holds_up_nobody(database: Database, database_url: str) -> None:
    with elsewhere(move_half, database_url) as process:
        assert process.stdout is not None
        assert "half\n" in process.stdout
        assert amounts(database) == {"left": 1000, "right": 0}
        os.kill(process.pid, signal.SIGKILL)
    started = time.monotonic()
    move(database, 1)
    assert time.monotonic() - started < 10
    assert amounts(database) == {"left": 999, "right": 1}


def test_writers_take_turns_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    queue, order = WriteQueue(tmp_path / "queue.lock"), list[int]()

    def take(number: int) -> None:
        with queue.turn():
            order.append(number)
            time.sleep(0.005)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(12)]
    with queue.turn():
        for thread in threads:
            thread.start()
            time.sleep(0.03)  # so that they come one after the other
    for thread in threads:
        thread.join()
    assert order == list(range(12))


def test_a_turn_ends_with_an_exception(tmp_path: Path) -> None:
    queue = WriteQueue(tmp_path / "queue.lock")
    with pytest.raises(KeyError), queue.turn():
        raise KeyError
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: queue.turn().__enter__()).result(timeout=5)


def test_a_record_changed_by_somebody_else_is_not_overwritten(database: Database) -> None:
    with database.system("test", write=False) as session:
        mine = session.scalars(select(Purse).filter_by(name="left")).one()
        session.expunge(mine)
    move(database, 100)
    mine.amount = 5
    with pytest.raises(StaleDataError), database.system("test") as session:
        session.merge(mine)
        session.flush()
    assert amounts(database) == {"left": 900, "right": 100}


def test_a_flush_notices_a_version_raised_meanwhile(database: Database) -> None:
    with pytest.raises(StaleDataError), database.system("test") as session:
        record = session.scalars(select(Purse).filter_by(name="left")).one()
        privileged(session).execute(update(Purse).values(version=Purse.version + 1))
        record.amount = 5
        session.flush()
    assert amounts(database)["left"] == 1000


def test_each_edit_raises_the_version_and_the_time_of_the_change(database: Database) -> None:
    with database.system("test") as session:
        record = session.scalars(select(Purse).filter_by(name="left")).one()
        version, changed, made = record.version, record.updated_at, record.created_at
        record.amount += 1
        session.flush()
        assert record.version == version + 1
        assert record.updated_at > changed
        assert record.created_at == made
        assert timedelta(0) <= record.updated_at - made < timedelta(hours=1)


def test_a_link_to_nothing_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.system("test") as session:
        session.add(Purse(name="lost", beside_id=999))


def test_a_record_that_others_point_at_is_not_deleted(database: Database) -> None:
    with database.system("test") as session:
        first = session.scalars(select(Purse).filter_by(name="left")).one()
        session.add(Purse(name="beside", beside_id=first.id))
    with pytest.raises(IntegrityError), database.system("test") as session:
        session.delete(session.scalars(select(Purse).filter_by(name="left")).one())


def test_a_check_holds_in_the_database(database: Database) -> None:
    with pytest.raises(IntegrityError, match="not_negative"), database.system("test") as session:
        session.execute(update(Purse).values(amount=-1))


def test_every_constraint_has_a_name() -> None:
    table = Purse.__table__
    names = {constraint.name for constraint in table.constraints} | {index.name for index in table.indexes}  # type: ignore[attr-defined]
    assert names == {
        "pk_account_purse",
        "uq_account_purse_name",
        "ck_account_purse_not_negative",
        "fk_account_purse_beside_id",
        "ix_account_purse_beside_id",
    }


def test_names_that_are_words_of_newer_databases_are_quoted() -> None:
    from sqlalchemy.dialects import postgresql

    from core.kernel.users import User

    assert 'FROM "system_user"' in str(select(User.id).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


def test_ids_are_given_by_the_database(database: Database) -> None:
    with database.system("test") as session:
        purses = [Purse(name=f"purse {i}") for i in range(5)]
        session.add_all(purses)
        session.flush()
        assert [purse.id for purse in purses] == list(range(3, 8))


@pytest.mark.sqlite
def test_sqlite_is_set_up_to_lose_nothing(database: Database) -> None:
    for write in (True, False):
        with database.transaction(write=write) as connection:
            values = {
                name: connection.scalar(text(f"PRAGMA {name}"))
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
        assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.sqlite
def test_a_read_of_several_statements_sees_one_moment(database: Database) -> None:
    with database.system("test", write=False) as session:
        before = session.scalar(select(func.sum(Purse.amount)))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: database_write(database)).result()
        assert session.scalar(select(func.sum(Purse.amount))) == before


def database_write(database: Database) -> None:
    """Change every purse."""
    with database.system("test") as session:
        session.execute(update(Purse).values(amount=1))


@pytest.mark.postgresql
def test_postgresql_speaks_utc_and_does_not_compile_plans(database: Database) -> None:
    for write in (True, False):
        with database.transaction(write=write) as connection:
            assert connection.scalar(text("SHOW timezone")) == "UTC"
            assert connection.scalar(text("SHOW jit")) == "off"
