"""The words of short dictionaries, such as types and levels: read together in one statement, and remembered for a while."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, String, cast, func, literal, select, union_all

from core.kernel.policies import Public
from core.resources.resolved import ResolvedResource
from core.resources.words import WORDS, are_words, is_settled

if TYPE_CHECKING:
    from core.web.requests import Request

Words = tuple[tuple[int, str, str], ...]
"""Id, name and colour of each."""

SHORT = 40
"""A dictionary of at most so many words is offered as a list; a longer one is looked up while typing."""

REMEMBERED = 10
"""Seconds for which the words of dictionaries are remembered, unless one of them changes in this process."""


def options_of(request: Request, target: ResolvedResource) -> Words | None:
    """The words of a short dictionary; None for whatever is no short dictionary."""
    if not is_dictionary(target):
        return None
    kept = target.kept.get(WORDS)
    if kept is None or kept[0] < time.monotonic():
        remember(request, [target])
        kept = target.kept[WORDS]
    found: Words | None = kept[1]
    return found


def is_dictionary(target: ResolvedResource) -> bool:
    """Whether its records are words that everybody chooses from, and not things like products that are looked up."""
    return isinstance(target.policy, Public) and are_words(target)


def remember(request: Request, targets: Iterable[ResolvedResource]) -> None:
    """Read the words of those dictionaries that are not remembered, in one statement for all."""
    moment = time.monotonic()
    wanted = {
        target.key: target
        for target in targets
        if is_dictionary(target) and (target.kept.get(WORDS) or (moment,))[0] <= moment
    }
    if not wanted:
        return
    found: dict[str, list[tuple[int, str, str]]] = {key: [] for key in wanted}
    for key, _place, word_id, name, colour in request.connection.execute(_statement(list(wanted.values()))):
        found[key].append((word_id, str(name), colour or ""))
    for key, words in found.items():
        until = moment + REMEMBERED if is_settled(wanted[key], moment) else moment
        wanted[key].keep(WORDS, (until, tuple(words) if len(words) <= SHORT else None))


def _statement(targets: Sequence[ResolvedResource]) -> Any:
    each = [select(_words(target).subquery()) for target in targets]
    return union_all(*each).order_by("key", "place")


def _words(target: ResolvedResource) -> Select[Any]:
    table = target.table
    order = [table.c.position, table.c.id] if "position" in table.c else [target.label]
    return (
        select(
            literal(target.key).label("key"),
            func.row_number().over(order_by=order).label("place"),
            table.c.id.label("id"),
            cast(target.label, String).label("name"),
            (table.c.colour if "colour" in table.c else literal("")).label("colour"),
        )
        .where(table.c.archived.is_(False))
        .order_by(*order)
        .limit(SHORT + 1)
    )
