"""The queue of jobs, the worker that runs them, and the outbox, on both databases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from core.kernel import jobs, outbox
from core.kernel.database import Database
from core.kernel.errors import ConfigurationError, Conflict, SopiaError
from core.kernel.gate import Gate
from core.kernel.jobs import JOB, Job, QueuedJob, Schedule, ScheduleTime, cancel_job, enqueue, read_job, retry_job
from core.kernel.outbox import MESSAGE, Message, OutboxMessage, post
from core.kernel.principal import Principal
from core.kernel.types import now
from core.kernel.users import User
from core.kernel.worker import Run, Stopped, Worker
from core.testing.databases import Schema

ANN, BOB = 1, 2
NO_LEASE = timedelta(seconds=-1)
"""A lease that is over as soon as it is given: its worker has died."""


def two_people(database: Database) -> None:
    with database.system("two people") as session:
        session.add_all([User(id=ANN, login="ann", name="Ann"), User(id=BOB, login="bob", name="Bob")])


@pytest.fixture
def schema() -> Schema:
    return Schema(fill=two_people)


@pytest.fixture
def gate(database: Database) -> Gate:
    return Gate(database, [User])


Work = Callable[[Run], Any]


def worker(gate: Gate, options: dict[str, Any] | None = None, **work: Work) -> Worker:
    return Worker(gate, [Job(name, run) for name, run in work.items()], **{"looking": 0.02, **(options or {})})


@contextmanager
def started(worker: Worker) -> Iterator[Worker]:
    worker.start()
    try:
        yield worker
    finally:
        assert worker.stop(20)


def eventually(condition: Callable[[], object], seconds: float = 20) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.01)


def ask(database: Database, name: str, **options: Any) -> int:
    with database.transaction(write=True) as connection:
        return enqueue(connection, name, **{"why": "a test", **options})


def ask_as(gate: Gate, person: int, name: str, **options: Any) -> int:
    from core.kernel.access import load_principal

    with gate.database.transaction(write=False) as connection:
        principal = load_principal(connection, person)
    with gate.session(principal, write=True) as session:
        return enqueue(session, name, **options)


def row(database: Database, job_id: int) -> Any:
    with database.transaction(write=False) as connection:
        return connection.execute(select(*QueuedJob.__table__.c).where(JOB.id == job_id)).one()


def make_due(database: Database) -> None:
    with database.transaction(write=True) as connection:
        connection.execute(update(QueuedJob).where(JOB.due_at.is_not(None)).values(due_at=now()))
        connection.execute(update(OutboxMessage).where(MESSAGE.due_at.is_not(None)).values(due_at=now()))


# ------------------------------------------------------------------------------------------------------------- queue


def test_job_exists_when_its_transaction_commits(database: Database, gate: Gate) -> None:
    class Interrupted(Exception): ...

    with pytest.raises(Interrupted), database.system("a test") as session:
        enqueue(session, "greet", {"name": "never"}, why="a test")
        raise Interrupted
    seen: list[Any] = []
    with database.system("a test") as session:
        enqueue(session, "greet", {"name": "Ann"}, why="a test")
    assert worker(gate, greet=lambda run: seen.append(run.payload)).run_due() == 1
    assert seen == [{"name": "Ann"}]


def test_job_without_a_person_needs_a_reason(database: Database) -> None:
    with database.system("a test") as session, pytest.raises(ValueError, match="the reason why"):
        enqueue(session, "greet")


def test_every_job_is_for_a_person_or_for_a_reason(database: Database) -> None:
    neither: dict[str, Any] = {}
    both: dict[str, Any] = {"user_id": ANN, "why": "both"}
    for values in (neither, both):
        with pytest.raises(IntegrityError), database.system("a test") as session:
            session.add(QueuedJob(name="greet", **values))


def test_urgent_jobs_come_first_and_later_ones_wait(database: Database, gate: Gate) -> None:
    order: list[Any] = []
    asked: list[dict[str, Any]] = [{}, {"priority": 5}, {"at": now() + timedelta(hours=1)}, {}]
    for number, options in enumerate(asked):
        ask(database, "note", payload={"number": number}, **options)
    assert worker(gate, note=lambda run: order.append(run.payload["number"])).run_due() == 3
    assert order == [1, 0, 3]


def test_jobs_that_the_worker_does_not_know_wait_for_one_that_does(database: Database, gate: Gate) -> None:
    job = ask(database, "of_a_parked_plugin")
    assert worker(gate, other=lambda run: None).run_due() == 0
    assert row(database, job).state == "waiting"
    assert worker(gate, of_a_parked_plugin=lambda run: "ran").run_due() == 1


def test_a_unique_key_makes_one_job_of_two_until_it_has_ended(database: Database, gate: Gate) -> None:
    first = ask(database, "count", unique_key="k")
    assert ask(database, "count", unique_key="k") == first
    assert ask(database, "count", unique_key="other") != first
    worker(gate, count=lambda run: None).run_due()
    assert ask(database, "count", unique_key="k") not in {first}


def test_two_jobs_of_one_name_are_a_fault_of_the_configuration(gate: Gate) -> None:
    with pytest.raises(ConfigurationError, match="'twice'"):
        Worker(gate, [Job("twice", print), Job("twice", print)])


def test_old_jobs_are_forgotten(database: Database, gate: Gate) -> None:
    job, waiting = ask(database, "old"), ask(database, "waiting")
    worker(gate, old=lambda run: None).run_due()
    with database.transaction(write=True) as connection:
        assert jobs.forget_finished(connection) == 0
        connection.execute(update(QueuedJob).where(JOB.id == job).values(finished_at=now() - timedelta(days=31)))
        assert jobs.forget_finished(connection) == 1
    assert row(database, waiting).state == "waiting"


# ---------------------------------------------------------------------------------------------------------- attempts


def test_result_is_kept_and_shown_to_the_owner_alone(database: Database, gate: Gate) -> None:
    def run_it(run: Run) -> dict[str, int]:
        run.progress(3, 10, "three of ten")
        return {"made": 3}

    job = ask_as(gate, ANN, "make")
    worker(gate, make=run_it).run_due()
    with database.transaction(write=False) as connection:
        progress = read_job(connection, job, ANN)
        assert progress is not None
        assert (progress.state, progress.done, progress.total, progress.message) == ("done", 3, 10, "three of ten")
        assert progress.result == {"made": 3}
        assert progress.is_finished
        assert read_job(connection, job, BOB) is None
        assert read_job(connection, job + 1, ANN) is None


def test_failure_is_tried_again_later_and_parked_after_the_last_attempt(database: Database, gate: Gate) -> None:
    def fail(run: Run) -> None:
        raise RuntimeError(f"secret inside, attempt {run.attempt}")

    job = ask(database, "fail", most_attempts=2)
    tries = worker(gate, fail=fail)
    assert tries.run_due() == 1
    found = row(database, job)
    assert (found.state, found.attempts) == ("waiting", 1)
    assert timedelta(seconds=5) < found.due_at - now() < timedelta(seconds=15)
    make_due(database)
    assert tries.run_due() == 1
    found = row(database, job)
    assert (found.state, found.attempts, found.due_at) == ("failed", 2, None)
    assert "secret" not in found.error
    assert "attempt 2" in found.trace
    with database.transaction(write=True) as connection:
        assert retry_job(connection, job)
        assert not retry_job(connection, job)
    assert tries.run_due() == 1


def test_pauses_grow_up_to_an_hour() -> None:
    assert jobs.pause(1) < jobs.pause(3) < jobs.pause(6) < jobs.pause(1000) <= timedelta(hours=1.2)


def test_what_can_never_succeed_is_not_tried_again(database: Database, gate: Gate) -> None:
    def refuse(run: Run) -> None:
        raise Conflict("The credit limit is reached.", "Raise it.")

    job = ask(database, "refuse")
    worker(gate, refuse=refuse).run_due()
    found = row(database, job)
    assert (found.state, found.attempts, found.error) == ("failed", 1, "The credit limit is reached. Raise it.")


@pytest.mark.parametrize("result", [{1, 2}, datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_result_that_json_does_not_know_becomes_text(database: Database, gate: Gate, result: object) -> None:
    job = ask(database, "odd")
    worker(gate, odd=lambda run: {"value": result}).run_due()
    assert row(database, job).result == {"value": str(result)}


def test_a_job_that_ends_the_thread_is_a_failed_job(database: Database, gate: Gate) -> None:
    def leave(run: Run) -> None:
        raise SystemExit(1)

    job = ask(database, "leave", most_attempts=1)
    worker(gate, leave=leave).run_due()
    assert row(database, job).state == "failed"


def test_a_dead_workers_job_is_taken_by_another_one(database: Database, gate: Gate) -> None:
    job = ask(database, "work")
    with database.transaction(write=True) as connection:
        (dead,) = jobs.claim(connection, "dead", ["work"], 1, NO_LEASE)
    assert worker(gate, work=lambda run: run.attempt).run_due() == 1
    assert (row(database, job).state, row(database, job).result) == ("done", 2)
    with database.transaction(write=True) as connection:
        assert not jobs.finish(connection, dead, "failed")
        assert not jobs.report(connection, dead, done=7)
        assert jobs.renew(connection, "dead", [job]) == set()


def test_a_job_that_takes_its_workers_along_is_parked(database: Database, gate: Gate) -> None:
    job = ask(database, "poison", most_attempts=2)
    for _ in range(2):
        with database.transaction(write=True) as connection:
            assert jobs.claim(connection, "dead", ["poison"], 1, NO_LEASE)
    ran: list[int] = []
    worker(gate, poison=lambda run: ran.append(1)).run_due()
    assert (row(database, job).state, ran) == ("failed", [])


def test_a_leased_job_is_taken_by_nobody_else(database: Database, gate: Gate) -> None:
    ask(database, "work")
    with database.transaction(write=True) as connection:
        assert jobs.claim(connection, "one", ["work"])
        assert not jobs.claim(connection, "other", ["work"])
    assert worker(gate, work=lambda run: None).run_due() == 0


def test_an_attempt_goes_on_from_the_last_committed_piece(database: Database, gate: Gate) -> None:
    written: list[int] = []

    def pieces(run: Run) -> str:
        for number in range(run.done, 4):
            with run.session(write=True) as session:
                run.progress(number + 1, 4, state={"last": number}, on=session)
                if number == 2 and run.attempt == 1:
                    raise RuntimeError("broken in the middle of a piece")
                written.append(number)
        return "whole"

    job = ask(database, "pieces")
    work = worker(gate, pieces=pieces)
    work.run_due()
    assert (row(database, job).done, row(database, job).result) == (2, {"last": 1})
    make_due(database)
    work.run_due()
    assert (row(database, job).done, row(database, job).result, written) == (4, "whole", [0, 1, 2, 3])


def test_a_piece_is_undone_when_the_job_belongs_to_another_worker_by_now(database: Database, gate: Gate) -> None:
    def slow(run: Run) -> None:
        with database.transaction(write=True) as connection:
            connection.execute(update(QueuedJob).where(JOB.id == run.id).values(due_at=now()))
            jobs.claim(connection, "quicker", ["slow"])
        with run.session(write=True) as session:
            session.add(User(login="twice", name="Twice"))
            run.progress(1, on=session)

    job = ask(database, "slow")
    worker(gate, slow=slow).run_due()
    with database.transaction(write=False) as connection:
        assert connection.execute(select(User.id).where(User.login == "twice")).all() == []
    assert (row(database, job).state, row(database, job).worker) == ("running", "quicker")


# -------------------------------------------------------------------------------------------------------- rights


def test_a_persons_job_runs_with_the_persons_rights(gate: Gate) -> None:
    seen: list[Any] = []

    def look(run: Run) -> None:
        with run.session() as session:
            seen.append((session.info["principal"].login, session.info["operation"].origin))

    ask_as(gate, ANN, "look")
    worker(gate, look=look).run_due()
    assert seen == [("ann", "job")]


def test_a_system_job_sees_everything_for_its_reason(database: Database, gate: Gate) -> None:
    seen: list[Any] = []

    def look(run: Run) -> None:
        with run.session() as session:
            seen.append((session.info["reason"], len(session.scalars(select(User)).all())))

    ask(database, "look", why="counting people")
    worker(gate, look=look).run_due()
    assert seen == [("counting people", 2)]


def deactivate(database: Database, person: int) -> None:
    with database.system("a test") as session:
        session.get_one(User, person).active = False


def test_the_job_of_somebody_who_has_left_does_not_run(database: Database, gate: Gate) -> None:
    job = ask_as(gate, ANN, "look")
    deactivate(database, ANN)
    ran: list[int] = []
    worker(gate, look=lambda run: ran.append(1)).run_due()
    found = row(database, job)
    assert (found.state, ran) == ("cancelled", [])
    assert "no longer active" in found.error


def test_a_running_job_ends_when_its_person_leaves(database: Database, gate: Gate) -> None:
    def look(run: Run) -> None:
        deactivate(database, ANN)
        with run.session():
            raise AssertionError("never reached")

    job = ask_as(gate, ANN, "look")
    worker(gate, look=look).run_due()
    assert row(database, job).state == "cancelled"


def test_a_long_job_that_asks_nothing_ends_when_its_person_leaves(database: Database, gate: Gate) -> None:
    began = threading.Event()

    def long(run: Run) -> None:
        began.set()
        while True:
            run.check()
            time.sleep(0.01)

    job = ask_as(gate, ANN, "long")
    with started(worker(gate, {"lease": timedelta(seconds=0.6), "threads": 1}, long=long)):
        assert began.wait(20)
        deactivate(database, ANN)
        eventually(lambda: row(database, job).state == "cancelled")


def test_a_person_may_cancel_the_own_job_only(database: Database, gate: Gate) -> None:
    job = ask_as(gate, ANN, "look")
    with database.transaction(write=True) as connection:
        assert not cancel_job(connection, job, BOB)
        assert cancel_job(connection, job, ANN)
        assert not cancel_job(connection, job, ANN)
    assert worker(gate, look=lambda run: None).run_due() == 0


def test_a_cancelled_job_ends_at_its_next_piece(database: Database, gate: Gate) -> None:
    def pieces(run: Run) -> None:
        with database.transaction(write=True) as connection:
            cancel_job(connection, run.id, ANN)
        run.progress(1)
        raise AssertionError("never reached")

    job = ask_as(gate, ANN, "pieces")
    worker(gate, pieces=pieces).run_due()
    assert row(database, job).state == "cancelled"


def test_words_are_in_the_language_of_who_asked(gate: Gate) -> None:
    active: list[str | None] = []
    spoken: list[str | None] = []

    @contextmanager
    def surroundings(principal: Principal | None) -> Iterator[None]:
        active.append(principal.login if principal else None)
        yield
        active.pop()

    ask_as(gate, BOB, "say")
    ask(gate.database, "say")
    worker(gate, {"surroundings": surroundings}, say=lambda run: spoken.append(active[-1])).run_due()
    assert spoken == ["bob", None]


# -------------------------------------------------------------------------------------------------------- threads


def test_every_job_is_done_once_by_several_workers(database: Database, gate: Gate) -> None:
    done: list[int] = []
    with database.transaction(write=True) as connection:
        for number in range(60):
            enqueue(connection, "note", {"number": number}, why="a test")
    with (
        started(worker(gate, {"threads": 3}, note=lambda run: done.append(run.payload["number"]))),
        started(worker(gate, {"threads": 3}, note=lambda run: done.append(run.payload["number"]))),
    ):
        eventually(lambda: len(done) >= 60)
    assert sorted(done) == list(range(60))


def test_a_lease_is_renewed_while_the_job_runs(database: Database, gate: Gate) -> None:
    release, ran = threading.Event(), list[int]()

    def long(run: Run) -> None:
        ran.append(1)
        release.wait(20)

    job = ask(database, "long")
    with started(worker(gate, {"lease": timedelta(seconds=0.9), "threads": 1}, long=long)):
        eventually(lambda: ran)
        ends = row(database, job).due_at + timedelta(seconds=1)
        eventually(lambda: now() > ends)
        assert row(database, job).due_at > ends
        release.set()
        eventually(lambda: row(database, job).state == "done")
    assert ran == [1]


def test_a_stopped_worker_gives_its_job_back_at_once(database: Database, gate: Gate) -> None:
    began, stopped = threading.Event(), list[bool]()

    def long(run: Run) -> None:
        began.set()
        try:
            while True:
                run.check()
                time.sleep(0.01)
        except Stopped:
            stopped.append(True)
            raise

    job = ask(database, "long")
    with started(worker(gate, long=long)):
        assert began.wait(20)
    found = row(database, job)
    assert (found.state, found.attempts, stopped) == ("waiting", 0, [True])
    assert found.due_at <= now()


def test_a_worker_that_is_called_looks_at_once(database: Database, gate: Gate) -> None:
    done = threading.Event()
    with started(worker(gate, {"looking": 60.0}, note=lambda run: done.set())) as waiting:
        time.sleep(0.2)
        ask(database, "note")
        waiting.wake()
        assert done.wait(20)


def test_a_worker_outlives_a_disturbance(database: Database, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([True] * 3)
    look = jobs.is_due

    def away(*arguments: Any) -> bool:
        if next(failures, False):
            raise OSError("the database is away")
        return look(*arguments)

    monkeypatch.setattr(jobs, "is_due", away)
    job = ask(database, "note")
    with started(worker(gate, note=lambda run: None)):
        eventually(lambda: row(database, job).state == "done")


# ------------------------------------------------------------------------------------------------------ schedules


def schedule_time(database: Database) -> datetime:
    with database.transaction(write=False) as connection:
        return connection.execute(select(ScheduleTime.next_at)).scalar_one()


def test_a_schedule_asks_for_its_job_at_its_times(database: Database, gate: Gate) -> None:
    done: list[Any] = []
    nightly = Schedule("nightly", "30 2 * * *", "note", "the nightly note")
    options = {"schedules": [nightly], "timezone": "Asia/Shanghai"}
    workers = [worker(gate, options, note=lambda run: done.append(run.user_id)) for _ in range(2)]
    assert [one.run_due() for one in workers] == [0, 0]
    due = schedule_time(database)
    assert due > now()
    assert due.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%H:%M") == "02:30"
    with database.transaction(write=True) as connection:
        connection.execute(update(ScheduleTime).values(next_at=now() - timedelta(days=3)))
    assert [one.run_due() for one in workers] == [1, 0]
    assert done == [None]
    assert schedule_time(database) == due


def test_a_changed_schedule_has_its_new_time(database: Database, gate: Gate) -> None:
    for cron, minute in (("30 2 * * *", 30), ("45 2 * * *", 45)):
        worker(gate, {"schedules": [Schedule("nightly", cron, "note", "a test")]}, note=lambda run: None).run_due()
        assert schedule_time(database).minute == minute


def test_a_schedule_of_nonsense_is_a_fault_of_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match="'every day'"):
        Schedule("nightly", "every day", "note", "a test")


# --------------------------------------------------------------------------------------------------------- outbox


def test_a_message_goes_after_the_commit_and_once(database: Database, gate: Gate) -> None:
    sent: list[Message] = []
    sender = worker(gate, {"senders": {"mail": sent.append}})

    class Interrupted(Exception): ...

    with pytest.raises(Interrupted), database.system("a test") as session:
        post(session, "mail", {"to": "never"})
        raise Interrupted
    with database.system("a test") as session:
        dedupe_id = post(session, "mail", {"to": "ann@example.com"})
        post(session, "webhook", {"nobody": "sends this"})
    assert sender.run_due() == 1
    assert sender.run_due() == 0
    assert [(message.payload, message.dedupe_id) for message in sent] == [({"to": "ann@example.com"}, dedupe_id)]


def test_messages_of_a_stream_keep_their_order(database: Database, gate: Gate) -> None:
    sent: list[Any] = []
    away = [True]

    def send(message: Message) -> None:
        if away and message.payload["number"] == 0:
            raise ConnectionError("the receiver is away")
        sent.append(message.payload["number"])

    with database.system("a test") as session:
        for number, stream in enumerate(["a", "a", "b", "a"]):
            post(session, "webhook", {"number": number}, stream=stream)
    sender = worker(gate, {"senders": {"webhook": send}})
    assert sender.run_due() == 2
    assert sent == [2]
    away.clear()
    make_due(database)
    sender.run_due()
    assert sent == [2, 0, 1, 3]


def test_a_message_that_cannot_be_sent_is_parked_and_can_be_sent_again(database: Database, gate: Gate) -> None:
    class BadAddress(SopiaError):
        status = 422

    good: list[Message] = []

    def refuse(message: Message) -> None:
        if message.attempt < 2 or not good:
            good.append(message)
            raise BadAddress("The address is not valid.")

    with database.system("a test") as session:
        post(session, "mail", {})
    sender = worker(gate, {"senders": {"mail": refuse}})
    assert (sender.run_due(), sender.run_due()) == (1, 0)
    with database.transaction(write=True) as connection:
        found = connection.execute(select(MESSAGE.id, MESSAGE.due_at, MESSAGE.error)).one()
        assert found.due_at is None
        assert "not valid" in found.error
        assert outbox.resend(connection, found.id)
    assert sender.run_due() == 1


def test_a_message_of_a_dead_sender_goes_again_with_the_same_id(database: Database, gate: Gate) -> None:
    sent: list[Message] = []
    with database.system("a test") as session:
        dedupe_id = post(session, "mail", {})
    with database.transaction(write=True) as connection:
        connection.execute(update(OutboxMessage).values(attempts=1, worker="dead", due_at=now()))
    worker(gate, {"senders": {"mail": sent.append}}).run_due()
    assert [(message.dedupe_id, message.attempt) for message in sent] == [(dedupe_id, 2)]


def test_messages_go_out_of_a_running_worker(database: Database, gate: Gate) -> None:
    sent: list[Message] = []
    with started(worker(gate, {"senders": {"mail": sent.append}})):
        with database.system("a test") as session:
            post(session, "mail", {})
        eventually(lambda: sent)
    with database.transaction(write=True) as connection:
        assert outbox.forget_sent(connection) == 0
        assert outbox.forget_sent(connection, timedelta(seconds=-60)) == 1
