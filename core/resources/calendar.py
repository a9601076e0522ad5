"""Records as entries of a calendar: which of their fields say when, what they are called there, and in which colour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Calendar:
    """Shows a resource as a calendar: each record stands on the days from `start` to `end`.

    Both name a date or a moment; without `end`, or where one of the two is empty, a record stands on one day.
    `title` names the text that an entry bears,
    `colour` the field with its colour: a choice, or a relation to records that have one.
    """

    start: str
    end: str = ""
    title: str = ""
    colour: str = ""
