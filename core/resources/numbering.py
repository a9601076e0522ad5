"""Numbering: the numbers of documents by a rule, such as SO-202611-0042, declared as a part of their resource.

Counters are kept in a table of their own and raised by one statement in the transaction that makes the record. So two
records never get the same number, and a transaction that fails gives its number back.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Numbering:
    """Gives each new record its number, in the text column `field`; an administrator may change the pattern.

    The pattern holds text and, in braces, `year`, `month`, `day` and `counter`, with digits as in `{counter:04}`. The
    counter begins anew with each day, month or year that the pattern names, and never where it names none.
    """

    field: str
    pattern: str
    at: str = ""
    """The step of the workflow that gives the number; empty: the record has it from the beginning."""
