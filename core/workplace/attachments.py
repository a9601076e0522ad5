"""Files on records: attachments of any record, and the versioned content of resources that declare one.

A file is stored by its hash before anybody waits for the transaction, then a row names it. It is seen by whoever sees
the record, added and removed by whoever may edit it.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, ClassVar, Final

from sqlalchemy import BigInteger, Connection, Index, String, bindparam, delete, func, insert, select, update
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Model
from core.kernel.errors import FieldError, Invalid, NotFound
from core.kernel.guard import ScopedSession, check_ids, is_open
from core.kernel.history import Change, write_changes
from core.kernel.i18n import translate as _
from core.kernel.jobs import enqueue
from core.kernel.policies import Attached, Public, Sealed
from core.kernel.prepared import Prepared
from core.kernel.privilege import privileged
from core.kernel.storage import Stored
from core.kernel.types import Key, link, now
from core.kernel.users import User
from core.resources.fields import Words
from core.resources.indexing import put
from core.resources.resolved import ResolvedResource
from core.resources.resource import FurtherPart

THUMBNAIL: Final = "system.thumbnail"
"""The job that makes a preview picture."""

TEXT: Final = "system.file_text"
"""The job that reads the text of a file."""

LARGEST: Final = 60_000_000
"""Bytes of one file."""

KEPT_FOR: Final = timedelta(days=30)
"""So long a removed attachment could be brought back from the database; then upkeep forgets it."""

CONTENT: Final = "content"
"""The slot of the file that a record is about."""

PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
INLINE: Final = (*PICTURES, "application/pdf", "text/plain")
"""What a browser may show; everything else is only saved."""


@dataclass(frozen=True)
class Content(FurtherPart):
    """Makes each record of a resource stand for a file with versions: `…/<id>/content` takes and gives it."""

    title: Words = ""
    accept: tuple[str, ...] = ()
    """Kinds of files that are taken, such as `application/pdf`; empty: all."""
    search: bool = False
    """Whether the record is found by what stands in its file."""

    @property
    def searches(self) -> bool:
        """Whether it adds to the text by which records are found."""
        return self.search

    def searched(self, connection: Connection, resource: str, ids: Sequence[int]) -> Mapping[int, str]:
        """The text of the newest version of each record."""
        return texts_of(connection, resource, ids)


class Attachment(Model):
    """One file that hangs on a record; with a slot, one version of the file that the record is about."""

    __tablename__ = "system_attachment"
    __policy__: ClassVar[Any] = Attached(kept=True)
    __table_args__ = (
        Index("ix_system_attachment_record", "resource", "record_id", "slot", "number"),
        Index("ix_system_attachment_file_key", "file_key"),
    )

    resource: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Key)
    slot: Mapped[str] = mapped_column(String(40), default="")
    number: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    file_key: Mapped[str] = mapped_column(String(64))
    preview_file_key: Mapped[str | None] = mapped_column(String(64))
    author_id: Mapped[int | None] = link("system_user", nullable=True)
    text: Mapped[str | None] = mapped_column(LongText, deferred=True)
    """What stands in the file, where its record is found by it; empty until a job has read it."""


ATTACHMENT = Attachment.__table__.c


@dataclass(frozen=True, slots=True)
class File:
    """An attachment as it is read."""

    id: int
    slot: str
    number: int
    name: str
    kind: str
    size: int
    file_key: str
    preview_file_key: str | None
    author_id: int | None
    author: str
    created_at: datetime

    @property
    def inline(self) -> bool:
        """Whether a browser may show it."""
        return self.kind in INLINE


def takes_files(resource: ResolvedResource) -> bool:
    """Whether files hang on records of this kind: on everything that people edit but the administration."""
    return not resource.read_only and not resource.key.startswith("system.") and not isinstance(resource.policy, Sealed)


def has_panel(resource: ResolvedResource) -> bool:
    """Whether the record's page shows them: not on values of dictionaries."""
    return takes_files(resource) and not isinstance(resource.policy, Public)


def content_of(resource: ResolvedResource) -> Content | None:
    """The declaration of the file that records of this resource are about."""
    return next(iter(resource.declared.of_kind(Content)), None)


# ---------------------------------------------------------------- names and kinds


def plain_name(name: str) -> str:
    """A sender's name for a file as a name and nothing else: no folders, no control characters, not too long."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = "".join(c for c in name.encode("utf-8", "replace").decode() if c.isprintable()).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if len(name) > 200:
        name = f"{stem[: 190 - len(ending[:9])]}{dot}{ending[:9]}" if dot else name[:200]
    return name or "file"


def kind_of_file(file: BinaryIO) -> str:
    """What a file is by its own first bytes, whatever the sender says; `application/octet-stream` for all else."""
    start = file.read(4096)
    file.seek(0)
    for mark, kind in MARKS:
        if start.startswith(mark):
            return kind
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    try:
        # A character may be cut at the end of what was read.
        start[: len(start) - 3 if len(start) == 4096 else None].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 8:
            return "application/octet-stream"
    return "application/octet-stream" if b"\0" in start or not start else "text/plain"


MARKS: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


# ---------------------------------------------------------------- reading


def files_of(connection: Connection, resource: str, record_id: int, slot: str = "") -> list[File]:
    """The files of a record, the newest first. The caller has found the record in the reader's scope."""
    found = _IN_SLOT.named(privileged(connection), {"of": resource, "record": record_id, "place": slot})
    if not found or not is_open(connection, resource, record_id):
        return []
    return [File(**row) for row in found]


def find_file(connection: Connection, resource: str, record_id: int, file_id: int) -> File:
    """One file of a record that the caller has found in scope; NotFound where it is not one of its."""
    row = privileged(connection).execute(_files(resource, record_id).where(ATTACHMENT.id == file_id)).first()
    if row is None or not is_open(connection, resource, record_id):
        raise NotFound
    return File(**row._asdict())


def newest(connection: Connection, resource: str, record_id: int, slot: str, number: int | None = None) -> File:
    """A version of the file that a record is about, the newest if none is named; NotFound where there is none."""
    statement = _files(resource, record_id).where(ATTACHMENT.slot == slot)
    if number is not None:
        statement = statement.where(ATTACHMENT.number == number)
    row = privileged(connection).execute(statement.limit(1)).first()
    if row is None or not is_open(connection, resource, record_id):
        raise NotFound
    return File(**row._asdict())


def texts_of(connection: Connection, resource: str, ids: Sequence[int]) -> dict[int, str]:
    """The text of the newest version of the file that each record is about, where it has been read."""
    statement = (
        select(ATTACHMENT.record_id, ATTACHMENT.text)
        .where(
            ATTACHMENT.resource == resource,
            ATTACHMENT.record_id.in_(ids),
            ATTACHMENT.slot == CONTENT,
            ATTACHMENT.deleted_at.is_(None),
        )
        .order_by(ATTACHMENT.number)
    )
    return {row[0]: row[1] or "" for row in connection.execute(statement)}


def versions_of(connection: Connection, resource: str, ids: Sequence[int]) -> dict[int, list[File]]:
    """The versions of the files that several records are about, the newest first."""
    found: dict[int, list[File]] = defaultdict(list)
    statement = _files(resource, None, ids).where(ATTACHMENT.slot == CONTENT)
    for row in privileged(connection).execute(statement.add_columns(ATTACHMENT.record_id)):
        told = dict(row._mapping)
        found[told.pop("record_id")].append(File(**told))
    return found


def file_versions(resource: str) -> Callable[[Connection, Sequence[int]], dict[int, list[dict[str, Any]]]]:
    """Reads the versions of the files of records, for a `Derived` field of theirs: number, name, size, author, moment."""

    def read(connection: Connection, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
        found = versions_of(connection, resource, ids)
        return {key: [told_of(file) for file in found.get(key, ())] for key in ids}

    return read


def told_of(file: File) -> dict[str, Any]:
    """A version as plain values."""
    at = file.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {"number": file.number, "name": file.name, "size": file.size, "author": file.author, "created_at": at}


def _files(resource: Any, record_id: Any, ids: Sequence[int] = ()) -> Any:
    names = ("id", "slot", "number", "name", "kind", "size", "file_key", "preview_file_key", "author_id", "created_at")
    return (
        select(*(ATTACHMENT[name] for name in names), func.coalesce(User.name, "").label("author"))
        .outerjoin(User, User.id == ATTACHMENT.author_id)
        .where(
            ATTACHMENT.resource == resource,
            ATTACHMENT.record_id.in_(ids) if ids else ATTACHMENT.record_id == record_id,
            ATTACHMENT.deleted_at.is_(None),
        )
        .order_by(ATTACHMENT.number.desc(), ATTACHMENT.id.desc())
    )


_IN_SLOT = Prepared(
    _files(bindparam("of"), bindparam("record")).where(ATTACHMENT.slot == bindparam("place")).limit(500)
)
"""What every page of a record asks."""


# ---------------------------------------------------------------- writing


def attach(
    session: ScopedSession,
    resource: ResolvedResource,
    record_id: int,
    stored: Stored,
    name: str,
    kind: str,
    slot: str = "",
) -> File:
    """Hang a stored file on a record that the person may edit; in a slot it is the next version."""
    check_ids(session, session.guarded[resource.table.name], {record_id}, "edit")
    content = content_of(resource) if slot else None
    if content is not None and content.accept and kind not in content.accept:
        allowed = ", ".join(content.accept)
        raise Invalid([FieldError("file", _("'{kind}' is not among: {allowed}.", kind=kind, allowed=allowed))])
    connection = privileged(session)
    file_id = _enter(connection, resource.key, record_id, stored, name, kind, slot, session.principal.user_id or None)
    if content is not None and content.search:
        enqueue(connection, TEXT, {"file": file_id}, why="the text of a file", unique_key=f"{TEXT}.{file_id}")
    found = find_file(connection, resource.key, record_id, file_id)
    _tell(session, resource, record_id, "attach", found)
    return found


def _enter(
    connection: Connection,
    resource: str,
    record_id: int,
    stored: Stored,
    name: str,
    kind: str,
    slot: str,
    author: int | None,
) -> int:
    """The row of a new file, and the job that draws it; its id."""
    moment = now()
    of_record = (ATTACHMENT.resource == resource, ATTACHMENT.record_id == record_id, ATTACHMENT.slot == slot)
    last = connection.scalar(select(func.max(ATTACHMENT.number)).where(*of_record)) or 0
    values = {
        "resource": resource,
        "record_id": record_id,
        "slot": slot,
        "number": last + 1 if slot else 1,
        "name": plain_name(name),
        "kind": kind,
        "size": stored.size,
        "file_key": stored.key,
        "author_id": author,
        "version": 1,
        "created_at": moment,
        "updated_at": moment,
    }
    file_id: int | None = connection.scalar(insert(Attachment).values(values).returning(ATTACHMENT.id))
    assert file_id is not None
    if kind in PICTURES or kind == "application/pdf":
        enqueue(
            connection, THUMBNAIL, {"file": file_id}, why="a preview of a file", unique_key=f"{THUMBNAIL}.{file_id}"
        )
    return file_id


def keep_version(
    connection: Connection,
    resource: ResolvedResource,
    record_id: int,
    stored: Stored,
    name: str,
    kind: str,
    author: int,
    text: str,
) -> None:
    """The next version of a record's file whose text is known already: of demo data, past everybody's rights."""
    file_id = _enter(connection, resource.key, record_id, stored, name, kind, CONTENT, author)
    connection.execute(update(Attachment).where(ATTACHMENT.id == file_id).values(text=text))
    if resource.index is not None:
        put(connection, resource, [record_id])


def detach(session: ScopedSession, resource: ResolvedResource, record_id: int, file_id: int) -> None:
    """Take a file off a record that the person may edit."""
    check_ids(session, session.guarded[resource.table.name], {record_id}, "edit")
    connection = privileged(session)
    found = find_file(connection, resource.key, record_id, file_id)
    gone = {"deleted_at": now(), "updated_at": now(), "version": ATTACHMENT.version + 1}
    connection.execute(update(Attachment).where(ATTACHMENT.id == file_id).values(gone))
    content = content_of(resource)
    if found.slot and content is not None and content.search and resource.index is not None:
        put(connection, resource, [record_id])
    _tell(session, resource, record_id, "detach", found)


def _tell(session: ScopedSession, resource: ResolvedResource, record_id: int, verb: str, file: File) -> None:
    told = {"name": file.name, "size": file.size, "number": file.number, "slot": file.slot}
    change = Change(resource.model, record_id, verb, {}, {"attached": told})
    write_changes(privileged(session), session.info["operation"], [change])


def forget_removed(connection: Connection) -> int:
    """Delete the rows of files that were removed long ago; how many. For upkeep, which then sweeps the contents."""
    old = delete(Attachment).where(ATTACHMENT.deleted_at <= now() - KEPT_FOR)
    return connection.execute(old).rowcount


def total_size(files: Iterable[File]) -> int:
    """Bytes of several files together."""
    return sum(file.size for file in files)
