"""What documents start with: the levels, folders and tags, the knowledge keeper, and who is cleared for what."""

from __future__ import annotations

from plugins.documents.models import DocumentLevel, DocumentTag, Folder
from sopia import Session, ShippedRole
from sopia import translate as _

LEVELS = ((_("Public"), 0, "green"), (_("Internal"), 1, "blue"), (_("Confidential"), 2, "red"))
FOLDERS = (_("Rules and regulations"), _("Contracts"), _("Product material"), _("Training"), _("Personal knowledge"))
TAGS = ((_("Template"), "blue"), (_("Experience"), "teal"), (_("Case"), "violet"))

GRADED = {"documents.document": {"level": "read"}}
"""The level can be read; it is the keeper who sets it."""

ROLES = (
    ShippedRole("knowledge_keeper", _("Knowledge keeper"), {"documents.*": {"*": "all"}}),
    ShippedRole("manager", _("Manager"), {"documents.level": {"clearance_2": "all"}}, GRADED),
    ShippedRole("member", _("Member"), {"documents.level": {"clearance_1": "all"}}, GRADED),
    ShippedRole("reader", _("Reader"), {"documents.level": {"clearance_1": "all"}}, GRADED),
)
"""Managers read what is confidential in their branch, everybody else of the house what is internal in his scope."""


def install(session: Session) -> None:
    """Put in the words, in the language of the installation."""
    session.add_all(
        DocumentLevel(name=str(word), rank=rank, colour=colour, position=rank) for word, rank, colour in LEVELS
    )
    session.add_all(Folder(name=str(word), position=i) for i, word in enumerate(FOLDERS, 1))
    session.add_all(DocumentTag(name=str(word), colour=colour, position=i) for i, (word, colour) in enumerate(TAGS, 1))
