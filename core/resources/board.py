"""Board: the list of a resource as columns of cards that are moved from one to the next, declared as a part of it.

The columns are the values of a field: the state of a workflow, whose steps a move then takes, or a choice or dictionary
that is edited by the move like any other field.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Board:
    """Shows the records of a list as cards in columns, one for each value of the field `by`.

    A card bears the record's name, its owner or another `person`, and what is named here; what the reader may not see
    is left out.
    """

    by: str
    """The field whose values are the columns: the workflow's, a choice, or a relation to a dictionary."""
    facts: tuple[str, ...] = ()
    """Fields that stand on a card, a line each."""
    total: str = ""
    """A number or an amount: on each card, and summed up for each column."""
    due: str = ""
    """A date that turns red when it has passed while the state is not final."""
    folded: tuple[str, ...] = ()
    """Columns that show only how many there are until somebody opens them: `cancelled`."""
    person: str = "owner"
    """The field of the person whose name stands on a card: whoever does the work."""
