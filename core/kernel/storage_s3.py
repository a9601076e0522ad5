"""Files in an S3 bucket, by obstore. Keys and region come from the usual `AWS_…` variables."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, BinaryIO, cast

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from core.kernel.errors import ConfigurationError
from core.kernel.i18n import translate as _
from core.kernel.storage import CHUNK, Readable, Storage, StorageFailed, Stored, check_key, copy_measured, gone, is_key

IN_MEMORY = 8_000_000
"""Larger files pass through a temporary file on their way."""


class S3Storage(Storage):
    """Files in a bucket, each an object whose name ends in its key."""

    def __init__(self, url: str, **options: Any) -> None:
        self.url = url
        try:
            # A page that waits for a store that is down should say so in seconds, not in three minutes.
            self._store: Any = S3Store.from_url(
                url,
                client_options={"allow_http": True, "connect_timeout": "3s", "timeout": "60s"},
                retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
                **options,
            )
        except (BaseError, ValueError) as error:
            raise ConfigurationError(
                _("The file storage '{url}' cannot be used: {reason}.", url=url, reason=_first_line(error)),
                _("Use s3://bucket/prefix, and give the keys and the region by AWS_… variables."),
            ) from error

    def put(self, source: Readable, limit: int | None = None) -> Stored:
        """Sent under its key once it is known whole; an upload that breaks off leaves no object.

        Content that is there already is sent again, because that is what makes it recent for the sweeper.
        """
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as draft:
            key, size = copy_measured(source, cast(BinaryIO, draft), limit)
            draft.seek(0)
            with self._explained():
                obstore.put(self._store, key, cast(BinaryIO, draft))
        found = self.stat(key)
        if found is None or found.size != size:
            raise StorageFailed(
                _("The file storage '{url}' has lost a file that it had accepted.", url=self.url),
                _("Try again, and tell an administrator."),
            )
        return found

    def open(self, key: str) -> BinaryIO:
        """The object, fetched whole before it is read."""
        local = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (the caller closes it)
        try:
            with self._explained():
                for piece in obstore.get(self._store, check_key(key)).stream(min_chunk_size=CHUNK):
                    local.write(piece)
        except FileNotFoundError:
            local.close()
            raise gone(key) from None
        except BaseException:
            local.close()
            raise
        local.seek(0)
        return cast(BinaryIO, local)

    def stat(self, key: str) -> Stored | None:
        """What the bucket says."""
        try:
            with self._explained():
                found: Any = obstore.head(self._store, check_key(key))
        except FileNotFoundError:
            return None
        return Stored(key, found["size"], found["last_modified"])

    def delete(self, key: str, *, unless_after: datetime | None = None) -> bool:
        """Removed from the bucket, which has no locks: between the look at its time and the removal is a moment."""
        found = self.stat(key)
        if found is None or (unless_after and found.at > unless_after):
            return False
        with self._explained():
            obstore.delete(self._store, key)
        return True

    def files(self) -> Iterator[Stored]:
        """Every object whose name is a key."""
        with self._explained():
            for page in obstore.list(self._store, chunk_size=1000):
                for found in page:
                    if is_key(found["path"]):
                        yield Stored(found["path"], found["size"], found["last_modified"])

    def tidy(self, older_than: timedelta) -> int:
        """Nothing: a broken upload leaves no object (let the bucket's own rule remove incomplete multipart uploads)."""
        return 0

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except (BaseError, OSError) as error:
            raise StorageFailed(
                _("The file storage '{url}' cannot be reached: {reason}.", url=self.url, reason=_first_line(error)),
                _("Try again in a minute; if it stays, check the AWS_… variables and the bucket."),
            ) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
