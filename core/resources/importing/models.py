"""The tables of imports: one row for each file that somebody brings, and its rows that were not written."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Base
from core.kernel.policies import Private, Sealed
from core.kernel.types import Key, link, now


class ImportFile(Base):
    """A file on its way in: what it is, how it is read, how far it is, what came of it."""

    __tablename__ = "system_import"
    __policy__: ClassVar[Any] = Private()
    __table_args__ = (
        Index("ix_system_import_person", "user_id", "resource", "id"),
        Index("ix_system_import_signature", "resource", "signature"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = link("system_user", ondelete="CASCADE", index=False)
    resource: Mapped[str] = mapped_column(String(80))
    filename: Mapped[str] = mapped_column(String(255))
    file_key: Mapped[str] = mapped_column(String(64))
    header: Mapped[list[str]] = mapped_column(JSON)
    signature: Mapped[str] = mapped_column(String(40))
    """The same for files with the same header; what its columns mean is remembered by it."""
    encoding: Mapped[str] = mapped_column(String(40), default="")
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    corrections: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Cells that the person has corrected: by the number of the row and the position of the column."""
    state: Mapped[str] = mapped_column(String(12), default="new")
    origin: Mapped[str] = mapped_column(String(20), default="page")
    operation: Mapped[str | None] = mapped_column(String(32))
    """Under which id history has what it wrote."""
    job_id: Mapped[int | None] = mapped_column(Key)
    rows_done: Mapped[int] = mapped_column(default=0)
    """How many rows of the file have been dealt with; written together with them, so it is where to go on."""
    rows_total: Mapped[int | None]
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    faulty: Mapped[int] = mapped_column(default=0)
    new_words: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What will be put into dictionaries, as the check has found: words by resource key."""
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ImportRow(Base):
    """A row of a file that was not, or would not be, written: its cells, and what is wrong with them."""

    __tablename__ = "system_import_row"
    __policy__: ClassVar[Any] = Sealed("rows of a file belong to whoever brought it, and are read with the import")
    __table_args__ = (Index("ix_system_import_row_number", "import_id", "number"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    import_id: Mapped[int] = link("system_import", ondelete="CASCADE", index=False)
    number: Mapped[int]
    """As spreadsheet programs show it beside the row."""
    state: Mapped[str] = mapped_column(String(10))
    """fault, duplicate, or fixed since the check."""
    cells: Mapped[list[Any]] = mapped_column(JSON)
    faults: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """What is wrong, by the position of the column; -1 is the row as a whole."""
    note: Mapped[str] = mapped_column(Text, default="")
    record_id: Mapped[int | None] = mapped_column(Key)
    """The record that it is probably the same as, where its importer sees that."""
