"""What a resource declares of the ways it is looked at: views that come with it, and its usual statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from core.resources.fields import Words

SHARED: Final = "shared_with"
"""The one filter that is no field: `shared_with=me`, what others have opened by hand."""


@dataclass(frozen=True)
class View:
    """A view that comes with a resource: a list's state under a name, as `View("mine", _("Mine"), {"owner": "me"})`.

    People keep views of their own beside it.
    """

    name: str
    """Its name in addresses: lower-case letters, digits and underscores; never changed."""
    title: Words
    filters: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    """The filters as the list's address says them: `{"due_on__lt": "today", "state__in": ["open", "late"]}`."""
    sort: str = ""
    columns: tuple[str, ...] = ()
    group: str = ""
    view: str = ""
    """`statistics`, `calendar` or `board`; empty: the list."""

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The parameters of the list's address."""
        told = [
            (name, text)
            for name, given in self.filters.items()
            for text in ([given] if isinstance(given, str) else given)
        ]
        rest = (("sort", self.sort), ("columns", ",".join(self.columns)), ("group", self.group), ("view", self.view))
        return (*told, *(pair for pair in rest if pair[1]))


@dataclass(frozen=True)
class Statistics:
    """The statistics that a resource shows until its reader asks for others: `Statistics(by=("state", "on:month"))`."""

    by: tuple[str, ...]
    """One or two fields, through relations too; a date or moment with its unit: `created_at:month`."""
    measure: tuple[str, ...] = ("count",)
    """What is counted or worked out of each group: `count`, `amount:sum`, with avg, min and max likewise."""
    chart: str = ""
    """bar, line or none; empty: as fits."""
