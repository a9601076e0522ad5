"""Files by the hash of their content: in a local folder, or in an S3 bucket (`storage_s3`) behind the same six methods.

A file is complete before it has its key, and has its key before the caller writes a row that names it: no row is
without its bytes. Bytes without a row are left behind by a crash, and `sweep` removes them. Same content is kept once.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import threading
from abc import ABC, abstractmethod
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, ClassVar, Protocol

from core.kernel.errors import ConfigurationError, SopiaError, TooLarge
from core.kernel.i18n import translate as _
from core.kernel.types import now

try:
    import fcntl
except ImportError:  # Windows: the lock holds within the process only
    fcntl = None  # type: ignore[assignment]

CHUNK = 1 << 18
UNFINISHED = "unfinished"
"""The folder of files that are still being written."""


class StorageFailed(SopiaError):
    """The files cannot be reached or written at present."""

    status: ClassVar[int] = 503


class StorageFull(StorageFailed):
    """No room is left for another file."""

    status: ClassVar[int] = 507


class FileGone(SopiaError):
    """A file that should be there is not."""


class Readable(Protocol):
    """Where the bytes of a new file come from: an open file, an upload."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; nothing at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the storage. `key` is the SHA-256 of the content; `at` says when it was last put there."""

    key: str
    size: int
    at: datetime


def is_key(key: object) -> bool:
    """Whether this is the key of a file, as far as one can see: a hash of 64 hexadecimal digits."""
    return isinstance(key, str) and re.fullmatch(r"[0-9a-f]{64}", key) is not None


def check_key(key: str) -> str:
    """The key itself, or a ValueError: nothing but a hash gets near a path."""
    if not is_key(key):
        raise ValueError(f"{key!r} is not the key of a file; a key has 64 hexadecimal digits")
    return key


class Storage(ABC):
    """Where files are kept."""

    @abstractmethod
    def put(self, source: Readable, limit: int | None = None) -> Stored:
        """Keep what `source` gives, durably, and say its key. More than `limit` bytes are `TooLarge` and not kept."""

    @abstractmethod
    def open(self, key: str) -> BinaryIO:
        """The content, to be read in pieces or from any place, and closed by the caller; `FileGone` if missing."""

    @abstractmethod
    def stat(self, key: str) -> Stored | None:
        """Size and time of a file without reading it; None if it is not there."""

    @abstractmethod
    def delete(self, key: str, *, unless_after: datetime | None = None) -> bool:
        """Remove a file, and say whether it was there; not when it was put there after `unless_after`."""

    @abstractmethod
    def files(self) -> Iterator[Stored]:
        """Every file, in no certain order: for sweeping, verifying, moving."""

    @abstractmethod
    def tidy(self, older_than: timedelta) -> int:
        """Remove what interrupted uploads left behind, and say how many."""


def open_storage(files_url: str) -> Storage:
    """The storage at a folder's path or at `s3://bucket/prefix`, whose keys and region come from `AWS_…` variables."""
    if not files_url.startswith("s3://"):
        return LocalStorage(Path(files_url))
    try:
        from core.kernel.storage_s3 import S3Storage
    except ImportError:
        raise ConfigurationError(
            _("The files are to be kept at '{url}', but the support for S3 is not installed.", url=files_url),
            _("Install it: pip install 'sopia[s3]'."),
        ) from None
    return S3Storage(files_url)


def sweep(storage: Storage, known_keys: Container[str], older_than: timedelta = timedelta(days=1)) -> int:
    """Remove files that no row names, but for recent ones, whose rows may still be on their way; says how many.

    `known_keys` is read before or while this runs. A file that is put there again meanwhile is spared.
    """
    before = now() - older_than
    orphans = (file.key for file in storage.files() if file.at < before and file.key not in known_keys)
    return sum(storage.delete(key, unless_after=before) for key in orphans) + storage.tidy(older_than)


def is_intact(storage: Storage, key: str) -> bool:
    """Whether the content still has the hash that it was stored by; for verifying and moving."""
    with storage.open(check_key(key)) as file:
        digest = hashlib.sha256()
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest() == key


def copy_measured(source: Readable, target: BinaryIO, limit: int | None) -> tuple[str, int]:
    """Copy to `target` in pieces; the key and the size of what was copied, or `TooLarge`."""
    digest, size = hashlib.sha256(), 0
    while piece := source.read(CHUNK):
        size += len(piece)
        if limit is not None and size > limit:
            raise TooLarge(
                _("The file has more than {limit} MB.", limit=f"{limit / 1_000_000:g}"),
                _("Send a smaller file, or divide it."),
            )
        digest.update(piece)
        target.write(piece)
    return digest.hexdigest(), size


class LocalStorage(Storage):
    """Files in a folder, each at `ab/cd/abcd…`, so that no folder grows large."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        with _explained():
            _make_folder(folder)
            _make_folder(folder / UNFINISHED)

    def put(self, source: Readable, limit: int | None = None) -> Stored:
        """Written beside its place, flushed to the disk, then renamed into it, so a crash leaves no half file."""
        draft = self.folder / UNFINISHED / secrets.token_hex(16)
        try:
            with _explained(), draft.open("xb") as file:
                key, size = copy_measured(source, file, limit)
                file.flush()
                os.fsync(file.fileno())
            with _explained():
                return Stored(key, size, self._place(draft, key))
        finally:
            draft.unlink(missing_ok=True)

    def _place(self, draft: Path, key: str) -> datetime:
        path = self._path(key)
        _make_folder(path.parent.parent)
        _make_folder(path.parent)
        with self._sweeper_waits():
            if path.exists():
                # The sweeper sees by the time that somebody has asked for the file again.
                os.utime(path)
            else:
                draft.replace(path)
                _flush_folder(path.parent)
            return _time_of(path.stat())

    def open(self, key: str) -> BinaryIO:
        """The file itself."""
        try:
            with _explained():
                return self._path(key).open("rb")
        except FileNotFoundError:
            raise gone(key) from None

    def stat(self, key: str) -> Stored | None:
        """What the file system says."""
        try:
            with _explained():
                found = self._path(key).stat()
        except FileNotFoundError:
            return None
        return Stored(key, found.st_size, _time_of(found))

    def delete(self, key: str, *, unless_after: datetime | None = None) -> bool:
        """Removed at once; readers who have it open keep it until they close it."""
        path = self._path(key)
        try:
            with _explained(), self._sweeper_waits():
                if unless_after and _time_of(path.stat()) > unless_after:
                    return False
                path.unlink()
        except FileNotFoundError:
            return False
        return True

    def files(self) -> Iterator[Stored]:
        """Every file in the folders; one that vanishes meanwhile is left out."""
        for path in self.folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/" + "[0-9a-f]" * 8 + "*"):
            if is_key(path.name) and (found := self.stat(path.name)):
                yield found

    def tidy(self, older_than: timedelta) -> int:
        """Files that were never finished."""
        before, removed = now() - older_than, 0
        for path in (self.folder / UNFINISHED).iterdir():
            try:
                if _time_of(path.stat()) < before:
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue
        return removed

    def _path(self, key: str) -> Path:
        return self.folder / check_key(key)[:2] / key[2:4] / key

    @contextmanager
    def _sweeper_waits(self) -> Iterator[None]:
        """Between finding that a content is there and marking it as wanted, nobody may sweep it away."""
        with self._lock, (self.folder / ".lock").open("ab") as handle:
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def gone(key: str) -> FileGone:
    """The error for a file that is missing though it should be there."""
    return FileGone(
        _("The file '{key}' is not in the storage.", key=key),
        _("Bring it back from a backup, then run 'sopia verify'."),
    )


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the operating system says into an error with a remedy.

    A missing file is for the caller to judge, and an upload that breaks off is no fault of the folder.
    """
    try:
        yield
    except (FileNotFoundError, ConnectionError):
        raise
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull(
                _("There is no room left for files."), _("Ask an administrator to make room, then try again.")
            ) from error
        raise StorageFailed(
            _("The folder of the files cannot be used: {reason}.", reason=error.strerror or str(error)),
            _("Check SOPIA_FILES_URL and the rights of the folder."),
        ) from error


def _make_folder(folder: Path) -> None:
    """Make a folder that is still there after a power cut."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _time_of(found: os.stat_result) -> datetime:
    return datetime.fromtimestamp(found.st_mtime, UTC)
