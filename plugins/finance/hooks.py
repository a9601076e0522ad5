"""The rules of money that concern what is already settled."""

from __future__ import annotations

from typing import Any

from sopia import Text, concerning, hookimpl
from sopia import translate as _


@hookimpl
@concerning("finance.receivable", "finance.payable")
def check_action(record: Any, action: str) -> Text | None:
    """What is settled, be it in part, is not deleted, and does not become another firm's."""
    if action == "delete" and record.settled:
        return _("{settled} of it is settled. Release the allocation first.", settled=record.settled)
    return None
