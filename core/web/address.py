"""Addresses of lists: the whole state of a list is in its query string, and every link changes a part of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

Pairs = tuple[tuple[str, str], ...]

UNSTATED = frozenset({"cursor", "count", "totals"})
"""Parameters that belong to one page of a list, not to its state."""


def state_of(given: Iterable[tuple[str, str]]) -> Pairs:
    """The parameters that make up the state: no empty ones, no page."""
    return tuple((name, text) for name, text in given if text.strip() and name not in UNSTATED)


def address(base: str, pairs: Iterable[tuple[str, str]]) -> str:
    """The address with these parameters."""
    query = urlencode(list(pairs))
    return f"{base}?{query}" if query else base


def without(pairs: Pairs, *names: str) -> Pairs:
    """The parameters but those of these names."""
    return tuple(pair for pair in pairs if pair[0] not in names)


def changed(pairs: Pairs, name: str, text: str) -> Pairs:
    """The parameters with one of them set to another value; "" takes it out."""
    rest = without(pairs, name)
    return (*rest, (name, text)) if text else rest


def filters_of(pairs: Pairs, control: Iterable[str]) -> Pairs:
    """The parameters that are filters; what begins with an underscore belongs to a view."""
    names = set(control)
    return tuple(pair for pair in pairs if pair[0] not in names and not pair[0].startswith("_"))


def of_field(pairs: Pairs, path: str) -> dict[str, list[str]]:
    """What is said of one field, by operator: `{"gte": ["100"], "eq": ["3"]}`."""
    found: dict[str, list[str]] = {}
    for name, text in pairs:
        field, _sep, operator = name.partition("__")
        if field == path:
            found.setdefault(operator or "eq", []).append(text)
    return found


def first(values: Sequence[str] | None) -> str:
    """The last of some values, as where a parameter is repeated the last one counts."""
    return values[-1] if values else ""
