"""The stage on which attacks are played: once behind the gate, once with the gate off, on the same company.

An attack is a function with a telling name. A reading one returns whatever it has got hold of; a writing one changes
things. What counts is not how it is stopped but that nothing foreign was seen or changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from core.kernel.access import Principal
from core.kernel.database import Database
from core.kernel.gate import Gate
from core.kernel.privilege import privileged
from tests.gate import company as firm
from tests.gate.company import ANN, BOB, DAN, EVE, HAL, IDA, WEST, Oracle, State

Kind = Literal["read", "write", "scene"]

FOREIGN: Mapping[str, int] = {
    "case": 5,
    "line": 4,
    "part": 4,
    "label": 2,
    "area": 2,
    "asset": 2,
    "paper": 3,
    "errand": 2,
    "note": 2,
    "remark": 3,
    "bond": 4,
    "owner": BOB,
    "department": WEST,
    "child_area": 3,
}
"""Rows that belong to another department."""

HERS: Mapping[str, int] = {
    "case": 1,
    "line": 1,
    "part": 1,
    "label": 1,
    "area": 1,
    "asset": 1,
    "paper": 1,
    "errand": 1,
    "note": 1,
    "remark": 1,
    "bond": 1,
}
HIS: Mapping[str, int] = {**HERS, "case": 2, "line": 2, "part": 2, "label": 3, "area": 3, "asset": 3, "paper": 4}

ATTACKERS: Mapping[int, tuple[Mapping[str, int], Mapping[str, int]]] = {
    ANN: (HERS, FOREIGN),
    DAN: ({**HIS, "remark": 2, "note": 3, "errand": 3}, FOREIGN),
    EVE: (HERS, FOREIGN),
    IDA: (HERS, FOREIGN),
    # Who may see the department but edit only what is his own: for writing, a colleague's rows are foreign.
    HAL: ({**HERS, "case": 4, "line": 3, "part": 3}, {**FOREIGN, **HERS}),
}
"""Who attacks, which rows each calls his own, and which are the target."""


@dataclass(frozen=True)
class World:
    """What an attacker knows: the keys of some rows, and the way to pretend that a record had been loaded."""

    mine: Mapping[str, int]
    foreign: Mapping[str, int]
    user: int
    oracle: Oracle

    def stub(self, session: Session, model: type[Any], key: int, **loaded: Any) -> Any:
        """A record that the session believes to have loaded, though it never has."""
        record = model()
        set_committed_value(record, "id", key)
        make_transient_to_detached(record)
        for name, value in {"version": 1, **loaded}.items():
            if name in type(record).__mapper__.columns:
                set_committed_value(record, name, value)
        session.add(record)
        return record

    def more(self, table: str, count: int | None) -> str:
        """Says LEAK when more rows have been counted than there are for the attacker."""
        visible = len(self.oracle.keys(table))
        return f"LEAK: {count} instead of {visible}" if (count or 0) > visible else "as many as expected"

    def any(self, found: Any) -> str:
        """Says LEAK when anything has been found."""
        return f"LEAK: {found!r}" if found else "nothing"


@dataclass
class Stage:
    """A company and, unless it is off, the gate before it."""

    company: Database
    gate: Gate | None
    user: int
    world: World
    beginning: State | None = None
    _people: dict[int, Principal] = field(default_factory=dict)

    @contextmanager
    def session(self, user: int | None = None, *, write: bool = True) -> Iterator[Session]:
        """A session of the attacker or of somebody else; with the gate off, one that sees everything."""
        if self.gate is None:
            with self.company.system("the gate is off", write=write) as session:
                yield session
        else:
            with self.gate.session(self.person(user or self.user), write=write) as session:
                yield session

    def begin_here(self) -> None:
        """What has been done so far was done by somebody who may."""
        self.beginning = state_of(self.company)

    def person(self, user: int) -> Principal:
        """A person of the company."""
        if user not in self._people:
            self._people[user] = firm.principal(self.company, user)
        return self._people[user]


@dataclass(frozen=True)
class Attack:
    """One way to reach what is foreign; `only` names the database it is possible on."""

    name: str
    kind: Kind
    function: Callable[..., Any]
    only: str | None = None

    def play(self, stage: Stage, *, write: bool) -> tuple[Any, State | None]:
        """Do it; gives what has been seen, an error included, and the state it would have left, and undoes it.

        Scenes open and end their sessions themselves, so nothing of theirs is undone.
        """
        seen: Any = None
        after: State | None = None
        try:
            if self.kind == "scene":
                return firm.harvest(self.function(stage)), None
            with stage.session(write=write) as session:
                # At once, because records forget their values when the transaction is undone.
                seen = firm.harvest(self.function(session, stage.world))
                session.flush()
                after = firm.read_state(privileged(session)) if self.kind == "write" else None
                raise Undone
        except Undone:
            return seen, after
        except Exception as error:
            return [seen, error], None


class Undone(Exception):
    """Ends the transaction of an attack whose outcome is known."""


ATTACKS: dict[str, Attack] = {}


def _known(kind: Kind, only: str | None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        assert name not in ATTACKS, f"there are two attacks named '{name}'"
        ATTACKS[name] = Attack(name, kind, function, only)
        return function

    return register


def reading(only: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an attack `(session, world)` that returns what it has seen."""
    return _known("read", only)


def writing(only: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an attack `(session, world)` that changes something."""
    return _known("write", only)


def scene(only: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an attack `(stage)` that opens its sessions itself, of several people or one after the other."""
    return _known("scene", only)


def state_of(company: Database) -> State:
    """Everything there is, seen from outside."""
    with company.transaction(write=False) as connection:
        return firm.read_state(connection)


def world_of(user: int, state: State) -> World:
    """What an attacker knows of this state."""
    mine, foreign = ATTACKERS[user]
    return World(mine, foreign, user, Oracle(state, user))
