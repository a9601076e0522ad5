"""Events reach their listeners: exactly when what they tell of has happened, each once, whatever the others do."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.kernel.announcing import Announcer, announce, hearing
from core.kernel.database import Database
from core.kernel.discovery import Found
from core.kernel.errors import Conflict, PluginError
from core.kernel.events import RecordCreated, listen
from core.kernel.gate import Gate
from core.kernel.history import HistoryEntry, Operation
from core.kernel.jobs import JOB, QueuedJob
from core.kernel.registry import Registry, build_registry
from core.kernel.types import Money, now
from core.kernel.users import User
from core.kernel.worker import Worker
from core.testing.databases import Schema
from core.testing.statements import counted
from tests.kernel import fair
from tests.kernel.fair import FairGuest, FairNote, GateShut, TicketSold

ANN = 1


def ann(database: Database) -> None:
    with database.system("somebody") as session:
        session.add(User(id=ANN, login="ann", name="Ann"))


@pytest.fixture
def schema() -> Schema:
    return Schema.of(FairGuest, FairNote, fill=ann)


@dataclass
class Stage:
    """A fair with those who listen, and the worker through which they hear."""

    database: Database
    registry: Registry
    gate: Gate = field(init=False)
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.gate = Gate(self.database, self.registry.models, (Announcer(self.registry),))
        self.worker = Worker(self.gate, hearing(self.registry))

    def session(self) -> Any:
        return self.opened(self.database.system("a test"))

    def opened(self, system: Any) -> Any:
        stage = self

        class Opened:
            def __enter__(self) -> Any:
                session = system.__enter__()
                session.info["watchers"] = stage.gate.watchers
                session.info["operation"] = Operation(ANN, "page")
                return session

            def __exit__(self, *error: Any) -> Any:
                return system.__exit__(*error)

        return Opened()

    def invite(self, *names: str) -> list[int]:
        with self.session() as session:
            guests = [FairGuest(name=name) for name in names]
            session.add_all(guests)
            session.flush()
            return [guest.id for guest in guests]

    def sell(self, guest: int, price: str = "12.50") -> None:
        with self.session() as session:
            fair.sell(session, session.get(FairGuest, guest), Money.of(price))

    def notes(self) -> list[str]:
        with self.database.transaction(write=False) as connection:
            return list(connection.execute(select(FairNote.text).order_by(FairNote.id)).scalars())

    def again(self) -> None:
        """Let time pass until what failed is tried once more."""
        with self.database.transaction(write=True) as connection:
            connection.execute(update(QueuedJob).where(JOB.state == "waiting").values(due_at=now()))
        self.worker.run_due()


def registry_of() -> Registry:
    found = {"fair": Found("fair", "tests.kernel.fair:plugin")}
    return build_registry(("fair",), found=found, system="core.system:plugin", strict=True)


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database, registry_of())


def test_an_event_is_heard_after_the_commit_with_all_its_values(stage: Stage) -> None:
    (guest,) = stage.invite("Li")
    stage.worker.run_due()
    stage.sell(guest)
    assert not [note for note in stage.notes() if note.startswith("later")]
    stage.worker.run_due()
    assert f"later {guest} 12.50 2026-03-05 ('a', 'b')" in stage.notes()


def test_an_event_of_what_was_undone_is_never_heard(stage: Stage) -> None:
    (guest,) = stage.invite("Li")
    stage.worker.run_due()
    before = stage.notes()
    with pytest.raises(ZeroDivisionError), stage.session() as session:
        fair.sell(session, session.get(FairGuest, guest), Money.of("12.50"))
        raise ZeroDivisionError
    stage.again()
    assert stage.notes() == before


def test_a_listener_that_fails_is_tried_again_and_keeps_no_other_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (guest,) = stage.invite("Li")
    stage.sell(guest)
    stage.worker.run_due()
    assert [note for note in stage.notes() if note.startswith("later")]
    assert "through the storm" not in stage.notes()
    monkeypatch.setattr(fair.Weather, "storm", False)
    stage.again()
    stage.again()
    assert stage.notes().count("through the storm") == 1
    assert len([note for note in stage.notes() if note.startswith("later")]) == 1


def test_whoever_listens_at_once_is_part_of_the_transaction(stage: Stage) -> None:
    (guest,) = stage.invite("Li")
    with stage.session() as session:
        found = session.get(FairGuest, guest)
        fair.sell(session, found, Money.of("12.50"))
        assert found.name == "LI!"  # what the listener has changed is seen
    assert "at once Li!" in stage.notes()
    with pytest.raises(Conflict, match="Thirteen"):
        stage.sell(guest, "13")
    with stage.session() as session:
        assert session.get(FairGuest, guest).name == "LI!"
    assert stage.notes().count("at once LI!!") == 0


def test_listeners_hear_of_records_that_come_go_and_return(stage: Stage) -> None:
    (guest,) = stage.invite("Li")
    for moment in (now(), None):
        with stage.session() as session:
            session.get(FairGuest, guest).deleted_at = moment
    stage.worker.run_due()
    told = [note for note in stage.notes() if note.startswith("Record")]
    assert told == [
        f"RecordCreated {guest} name",
        f"RecordDeleted {guest} deleted_at",
        f"RecordRestored {guest} deleted_at",
    ]
    with stage.session() as session:
        session.get(FairGuest, guest).name = "Wang"
    assert "changed at once ('name',)" in stage.notes()


def test_of_many_records_the_troublesome_one_is_put_aside(stage: Stage) -> None:
    stage.invite("a", "trouble", "b")
    stage.worker.run_due()
    assert len([note for note in stage.notes() if note.startswith("RecordCreated")]) == 2
    with stage.database.transaction(write=False) as connection:
        waiting = connection.execute(select(QueuedJob.payload).where(JOB.state == "waiting")).scalars().all()
    assert [len(payload["events"]) for payload in waiting] == [1]


def test_what_was_written_past_the_session_is_announced_as_well(stage: Stage) -> None:
    (guest,) = stage.invite("Li")
    stage.worker.run_due()
    announcer = next(each for each in stage.gate.watchers if isinstance(each, Announcer))
    with stage.database.transaction(write=True) as connection:
        announcer.announce_many(connection, Operation(ANN, "import"), "create", "fair.guest", [guest] * 3)
        announcer.announce_many(connection, Operation(ANN, "import"), "create", "fair.note", [1])
    stage.worker.run_due()
    assert stage.notes().count(f"RecordCreated {guest} ") == 3


def test_what_a_listener_does_is_in_history_under_whoever_announced(stage: Stage) -> None:
    (guest,) = stage.invite("Li")
    stage.sell(guest)
    stage.worker.run_due()
    with stage.database.transaction(write=False) as connection:
        of_notes = select(HistoryEntry.actor_id, HistoryEntry.origin).where(HistoryEntry.resource == "fair.note")
        assert (ANN, "plugin") in {tuple(row) for row in connection.execute(of_notes)}


def test_nobody_pays_for_what_nobody_listens_to(stage: Stage) -> None:
    with stage.session() as session:
        session.add(FairNote(text="first"))
        session.flush()
        with counted() as sent:
            session.add(FairNote(text="second"))
            session.flush()
        assert not [each for each in sent if "system_job" in each]
        announce(session, GateShut())
        assert session.scalar(select(func.count()).select_from(QueuedJob)) == 0


def test_a_parked_plugin_hears_nothing(stage: Stage, database: Database) -> None:
    without = build_registry((), found={}, system="core.system:plugin", strict=True)
    with database.system("a test") as session:
        session.info["watchers"] = (Announcer(without),)
        announce(session, TicketSold(1, Money.of("1"), now().date()))
        session.add(FairGuest(name="Li"))
        session.flush()
        assert session.scalar(select(func.count()).select_from(QueuedJob)) == 0


def test_what_is_no_event_is_refused(stage: Stage) -> None:
    with stage.session() as session, pytest.raises(TypeError, match="no event"):
        announce(session, {"guest": 1})


def inner() -> Any:
    def nested(session: Any, event: Any) -> None: ...

    return nested


@dataclass
class Loose:
    guest: int


@dataclass(frozen=True)
class Odd:
    what: Any
    thing: SimpleNamespace


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (fair.hear_later, "as a listener"),
        (listen(Loose, fair.hear_later), "no event"),
        (listen(TicketSold, inner()), "cannot find again"),
        (listen(Odd, fair.hear_later), "cannot be kept"),
    ],
)
def test_a_wrong_listener_is_told_at_the_start(wrong: Any, told: str) -> None:
    from dataclasses import replace

    with pytest.raises(PluginError, match=told):
        Announcer(replace(registry_of(), listeners=(("fair", wrong),)))


def test_twice_the_same_listener_is_told_at_the_start() -> None:
    from dataclasses import replace

    twice = listen(TicketSold, fair.hear_later)
    with pytest.raises(PluginError, match="twice"):
        Announcer(replace(registry_of(), listeners=(("fair", twice), ("fair", twice))))


def test_nobody_listens_to_every_record_there_is() -> None:
    with pytest.raises(PluginError, match="of every resource"):
        listen(RecordCreated, fair.hear_of_record)
