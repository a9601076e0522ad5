"""The words of dictionaries, as whoever draws lists of them remembers them: forgotten as soon as one of them changes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from core.kernel.database import Session
from core.kernel.history import Change, Watcher
from core.resources.resolved import ResolvedResource, Resources

WORDS: Final = "options"
TREE: Final = "tree"
CHANGED: Final = "changed"
"""Under these names a resource keeps its words, their tree, and when one of them changed last."""

SETTLING: Final = 3.0
"""Seconds until a change is certainly committed, so that what is read may be remembered again."""


def are_words(resource: ResolvedResource) -> bool:
    """Whether its records have a place in a list and leave it when they are archived."""
    return {"archived", "position"} <= set(resource.table.c.keys())


def word_watcher(resources: Resources) -> Watcher:
    """What lets a new word be offered at once in the process that made it."""
    watched = {resource.model: resource for resource in resources.values() if are_words(resource)}

    def watch(session: Session, changes: Sequence[Change]) -> None:
        for model in {change.model for change in changes} & watched.keys():
            resource = watched[model]
            resource.keep(CHANGED, time.monotonic())
            for name in (WORDS, TREE):
                if (kept := resource.kept.get(name)) is not None:
                    # Not taken away, because another thread may be about to read it.
                    resource.keep(name, (0.0, kept[1]))

    return watch


def is_settled(resource: ResolvedResource, moment: float) -> bool:
    """Whether no change is under way of which a reader might miss the end."""
    changed: float = resource.kept.get(CHANGED, -SETTLING)
    return changed + SETTLING <= moment
