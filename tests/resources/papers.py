"""A plugin for tests: papers that are drafted, filed and shredded, with lines; each gets a number by a rule."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sopia import (
    Board,
    Field,
    Model,
    Money,
    MoneyType,
    Numbering,
    Plugin,
    Resource,
    Rows,
    Scoped,
    Session,
    State,
    Through,
    Transition,
    Workflow,
    link,
)


class FiledPaper(Scoped, Model):
    """A paper."""

    __tablename__ = "papers_paper"

    number: Mapped[str | None] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(60))
    amount: Mapped[Money | None] = mapped_column(MoneyType)
    shelf: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20), default="draft")
    filings: Mapped[int] = mapped_column(default=0)
    sheets: Mapped[list[Sheet]] = relationship(back_populates="paper", order_by="Sheet.id")


class Sheet(Model):
    """One sheet of a paper."""

    __tablename__ = "papers_sheet"
    __policy__: ClassVar[Any] = Through("paper")

    paper_id: Mapped[int] = link(FiledPaper)
    text: Mapped[str] = mapped_column(String(60))

    paper: Mapped[FiledPaper] = relationship(back_populates="sheets")


def worth_filing(session: Session, paper: FiledPaper) -> str | None:
    """A paper without an amount is not worth it."""
    return "A paper without an amount is not filed." if paper.amount is None else None


def filed(session: Session, paper: FiledPaper, shelf: str) -> None:
    """What follows when a paper is filed."""
    paper.shelf = shelf
    paper.filings += 1


def where(session: Session, paper: FiledPaper) -> str:
    """A paper that was filed before goes to the archive."""
    return "archived" if paper.filings > 1 else "draft"


PAPERS = Workflow(
    "state",
    states=(
        State("draft", "Draft"),
        State("filed", "Filed", "green"),
        State("lent", "Lent", "amber"),
        State("archived", "Archived", "blue"),
        State("shredded", "Shredded", "red", final=True),
    ),
    transitions=(
        Transition(
            "file",
            "File",
            "draft",
            "filed",
            guard=worth_filing,
            effect=filed,
            ask=(Field("shelf", label="Shelf", required=True),),
            style="primary",
            bulk=True,
        ),
        Transition("pull", "Pull", ("filed", "lent"), where),
        Transition("place", "Place", "filed", ("lent", "archived"), allow="edit"),
        Transition("shred", "Shred", "*", "shredded", style="danger"),
    ),
    editable=("draft",),
    always=("note",),
)

plugin = Plugin(
    name="papers",
    title="Papers",
    version="1.0",
    resources=(
        Resource(
            FiledPaper,
            title="Paper",
            plural="Papers",
            list=("number", "title", "amount", "state", "owner"),
            form=("title", "amount", "note", "sheets"),
            search=("title", "number"),
            sort="-created_at",
            menu="Papers",
            fields=(Field("filings", readonly=True),),
            parts=(
                Rows("sheets", fields=("text",)),
                PAPERS,
                Numbering("number", "P-{year}{month:02}-{counter:04}"),
                Board("state", facts=("shelf",), total="amount", folded=("shredded",)),
            ),
        ),
    ),
)
