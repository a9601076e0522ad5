"""What is done with documents: grading, and keeping the rank of each in step with its level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import inspect, select

from plugins.documents.clearance import clearance, is_keeper
from plugins.documents.models import Document, DocumentLevel
from sopia import Conflict, Session, Text, acting
from sopia import translate as _


def grade(session: Session, document: Document, level: int | None) -> None:
    """Give a document its level; none takes it away."""
    fault = fault_of_level(session, level)
    if fault is not None:
        raise Conflict(fault)
    document.level_id = level
    session.flush()
    take_rank(session, document)


def fault_of_document(session: Session, document: Document) -> Mapping[str, Text]:
    """The level is the knowledge keeper's business, also that of a new document."""
    history = inspect(document).attrs.level_id.history
    before = history.deleted[0] if history.deleted else None
    if not history.has_changes() or before == document.level_id:
        return {}
    if not is_keeper(session.info["principal"]):
        return {"level": _("Only the knowledge keeper grades documents. Leave the level as it is.")}
    fault = fault_of_level(session, document.level_id)
    return {"level": fault} if fault is not None else {}


def fault_of_level(session: Session, level_id: int | None) -> Text | None:
    """Nobody grades a document out of his own sight."""
    rank = _rank(session, level_id)
    if rank is not None and rank > clearance(session.info["principal"]):
        return _("You are not cleared for this level. Choose a lower one.")
    return None


def fault_of_rank(session: Session, level: DocumentLevel) -> Mapping[str, Text]:
    """Ranks count from 0, which everybody may read."""
    if level.rank is not None and not 0 <= level.rank <= 1_000_000:
        return {"rank": _("A rank is a number from 0 to 1,000,000.")}
    return {}


def take_rank(session: Session, document: Document) -> None:
    """Let a document have the rank of its level."""
    rank = _rank(session, document.level_id)
    if document.rank == rank:
        return
    with acting(session, "a document has the rank of its level") as beyond:
        beyond.get_one(Document, document.id).rank = rank


def take_ranks(session: Session, level: DocumentLevel) -> None:
    """Let all documents of a level have its rank, which has changed."""
    with acting(session, "documents have the rank of their level") as beyond:
        for document in beyond.scalars(select(Document).where(Document.level_id == level.id)):
            document.rank = level.rank


def is_used(session: Session, level: DocumentLevel) -> bool:
    """Whether any document is of this level, in sight or not."""
    with acting(session, "a level that is used stays") as beyond:
        return beyond.scalar(select(Document.id).where(Document.level_id == level.id).limit(1)) is not None


def _rank(session: Session, level_id: int | None) -> Any:
    return (
        session.scalar(select(DocumentLevel.rank).where(DocumentLevel.id == level_id)) if level_id is not None else None
    )
