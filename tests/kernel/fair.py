"""A plugin for tests: visitors of a fair, who are announced, heard of, and sometimes not heard of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from sopia import (
    Conflict,
    Model,
    Money,
    Plugin,
    Public,
    RecordChanged,
    RecordCreated,
    RecordDeleted,
    RecordRestored,
    Resource,
    Session,
    announce,
    listen,
)


class FairGuest(Model):
    """Somebody who comes to the fair."""

    __tablename__ = "fair_guest"
    __policy__ = Public("a test")

    name: Mapped[str] = mapped_column(String(50))


class FairNote(Model):
    """What somebody heard."""

    __tablename__ = "fair_note"
    __policy__ = Public("a test")

    text: Mapped[str] = mapped_column(String(200))


@dataclass(frozen=True)
class TicketSold:
    """A guest has paid."""

    guest: int
    price: Money
    on: date
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class GateShut:
    """Nobody hears of this."""


def write(session: Session, text: str) -> None:
    session.add(FairNote(text=text))
    session.flush()


def sell(session: Session, guest: FairGuest, price: Money) -> None:
    """What a service does."""
    guest.name = f"{guest.name}!"
    announce(session, TicketSold(guest.id, price, date(2026, 3, 5), ("a", "b")))


def hear_later(session: Session, event: TicketSold) -> None:
    write(session, f"later {event.guest} {event.price} {event.on} {event.names}")


class Weather:
    """What keeps a listener from its work."""

    storm = True


def hear_in_the_storm(session: Session, event: TicketSold) -> None:
    write(session, "through the storm")
    if Weather.storm:
        raise RuntimeError("not now")


def hear_at_once(session: Session, event: TicketSold) -> None:
    if event.price == Money.of("13"):
        raise Conflict("Thirteen brings bad luck.")
    guest = session.scalars(select(FairGuest).where(FairGuest.id == event.guest)).one()
    write(session, f"at once {guest.name}")
    guest.name = guest.name.upper()


def hear_of_record(session: Session, event: RecordCreated) -> None:
    if session.scalar(select(FairGuest.name).where(FairGuest.id == event.id)) == "trouble":
        raise RuntimeError("trouble")
    write(session, f"{type(event).__name__} {event.id} {','.join(event.fields)}")


def count_at_once(session: Session, event: RecordChanged) -> None:
    write(session, f"changed at once {event.fields}")


GUEST = "fair.guest"

plugin = Plugin(
    name="fair",
    title="Fair",
    version="1.0",
    resources=(Resource(FairGuest, list=("name",), sort="name"), Resource(FairNote, list=("text",), sort="text")),
    listeners=(
        listen(TicketSold, hear_later),
        listen(TicketSold, hear_in_the_storm),
        listen(TicketSold, hear_at_once, at_once=True),
        listen(RecordCreated, hear_of_record, of=GUEST),
        listen(RecordDeleted, hear_of_record, of=GUEST),
        listen(RecordRestored, hear_of_record, of=GUEST),
        listen(RecordChanged, count_at_once, of=GUEST, at_once=True),
    ),
)
