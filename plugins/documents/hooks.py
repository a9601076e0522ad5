"""What documents do when records change: ranks follow levels, and a level that is used stays."""

from __future__ import annotations

from typing import Any

from plugins.documents import services
from sopia import Session, Text, concerning, hookimpl
from sopia import translate as _


@hookimpl
@concerning("documents.document", "documents.level")
def on_change(session: Session, resource: str, record: Any, action: str) -> None:
    """Keep the rank of documents in step with their levels."""
    if resource == "documents.level":
        services.take_ranks(session, record)
    elif action != "grade":
        services.take_rank(session, record)


@hookimpl
@concerning("documents.level")
def check_action(session: Session, record: Any, action: str) -> Text | None:
    """Without its level a document would be open to everybody."""
    if action == "delete" and services.is_used(session, record):
        return _("There are documents of this level. Archive it instead.")
    return None
