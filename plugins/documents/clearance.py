"""Who is cleared for which rank, and who grades: rights on levels that roles are granted for all of them or not at all."""

from __future__ import annotations

from typing import Any

from sopia import Permission
from sopia import translate as _

LEVELS = "documents.level"

EVERYTHING = 2**31 - 1
"""The clearance for any rank."""

RANKS = (1, 2, 3)
"""The ranks that have a clearance of their own; what lies above them needs that for every rank."""

CLEARANCES = (
    Permission("clearance_1", _("Read documents up to rank 1")),
    Permission("clearance_2", _("Read documents up to rank 2")),
    Permission("clearance_3", _("Read documents up to rank 3")),
    Permission("clearance_all", _("Read documents of every rank")),
)


def clearance(principal: Any) -> int:
    """The highest rank that somebody may read; whoever has no clearance reads rank 0 and what is not graded."""
    if _has(principal, "clearance_all"):
        return EVERYTHING
    return max((rank for rank in RANKS if _has(principal, f"clearance_{rank}")), default=0)


def is_keeper(principal: Any) -> bool:
    """Whether somebody keeps the levels, and so grades documents: the knowledge keeper, or an administrator."""
    return _has(principal, "edit")


def _has(principal: Any, right: str) -> bool:
    # Levels belong to nobody, so the rights on them hold for all or not at all: a role's "everything of one's own"
    # does not clear anybody. The scope is asked for, because a token that only reads takes no clearance away.
    return bool(principal.scope(LEVELS, right) == "all")
