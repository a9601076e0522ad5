"""The tables of documents: what is kept, where it stands, and how confidential it is."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column, relationship

from plugins.documents.clearance import clearance
from sopia import Dictionary, Links, Model, Own, Restrict, Scoped, Tree, between, link
from sopia import translate as _

PRESENT = text("deleted_at IS NULL")


class Folder(Tree):
    """A branch of the tree in which documents are put."""

    __tablename__ = "documents_folder"


class DocumentTag(Dictionary):
    """A word that any number of documents may bear."""

    __tablename__ = "documents_tag"


class DocumentLevel(Dictionary):
    """How confidential a document is; whoever is not cleared for the rank does not know that there is one."""

    __tablename__ = "documents_level"

    rank: Mapped[int] = mapped_column(default=0)

    __table_args__ = (  # type: ignore[assignment]
        Index("uq_documents_level_name", "name", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),
        CheckConstraint("rank >= 0", name="rank"),
    )


document_tag = between("documents_document_tag", "documents_document", "documents_tag")


class Document(Scoped, Model):
    """What somebody knows and others shall find: a file with its versions, and what it is about."""

    __tablename__ = "documents_document"
    __policy__: ClassVar[Any] = Own(restrict=(Restrict("rank", clearance),))

    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str | None] = mapped_column(LongText)
    folder_id: Mapped[int | None] = link(Folder, nullable=True)
    level_id: Mapped[int | None] = link(DocumentLevel, nullable=True)
    customer_id: Mapped[int | None] = link("customers_customer", nullable=True)
    rank: Mapped[int | None]
    """The rank of the level, kept here because the gate compares it for every row."""
    tags: Mapped[list[DocumentTag]] = relationship(secondary=document_tag, order_by=DocumentTag.name)
    task = Links("tasks.task", label=_("Tasks"))

    __table_args__ = (
        Index(
            "ix_documents_document_recent", "created_at", "id", "owner_id", "department_id", "rank",
            sqlite_where=PRESENT, postgresql_where=PRESENT,
        ),
        Index(
            "ix_documents_document_mine", "owner_id", "created_at", "id", sqlite_where=PRESENT, postgresql_where=PRESENT
        ),
        Index("ix_documents_document_updated_at", "updated_at"),
        Index("ix_documents_document_title", "title"),
    )  # fmt: skip
