"""What a resource declares of the workplace: what counts as somebody's day, what to be reminded of, which links to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from core.resources.fields import Words
from core.resources.resource import FurtherPart


@dataclass(frozen=True)
class Activity(FurtherPart):
    """Makes records entries of somebody's day, on "My team today" and on his own first page.

    `date` is a field with a day or a moment, `person` the field of whoever does it, `title` the field that says what.
    A `planned` one is something to do, and stays there for a month when its day has passed; `filters` leave out what
    is settled, written as in a list's address: `{"state__ne": "done"}`.
    """

    date: str
    person: str
    title: str
    kind: Literal["done", "planned"] = "done"
    about: str = ""
    """The field of the record that it is about, such as the customer."""
    filters: Mapping[str, str] = field(default_factory=dict)
    label: Words = ""
    """What such entries are called; empty: the resource's own name."""

    def __hash__(self) -> int:
        return hash((self.date, self.person, self.title, self.kind))


@dataclass(frozen=True)
class Reminder(FurtherPart):
    """Reminds somebody of a date: `before` it comes, once for each date, again when the date moves.

    `to` is the field of the person. It is not sent to who does not see the record, nor while `when(record)` is false,
    and it goes when the record is settled, moved or deleted.
    """

    date: str
    before: timedelta = timedelta()
    to: str = "owner"
    text: Words = ""
    """What it says, such as "Contact {title}"; `{title}` is the record's."""
    when: Callable[[Any], bool] | None = None


@dataclass(frozen=True)
class Linked(FurtherPart):
    """A panel on a record's page with the records of another resource that are linked with it, from whichever end."""

    resource: str
    title: Words = ""


@dataclass(frozen=True)
class Draft(FurtherPart):
    """What the form of a new record starts with: `make(session, principal, asked)` gives the values by field.

    `asked` is what the address of the form says, and goes first. A field of several records takes their ids. Whoever
    chooses something else in one of the fields `on` gets the draft for it, beside what he has typed himself.
    """

    make: Callable[[Any, Any, Mapping[str, str]], Mapping[str, Any]]
    on: tuple[str, ...] = ()
