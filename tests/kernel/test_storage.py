"""Files by the hash of their content, in a folder and in a bucket of an S3 server on this machine."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.kernel.errors import ConfigurationError, TooLarge
from core.kernel.storage import (
    FileGone,
    LocalStorage,
    Storage,
    StorageFailed,
    Stored,
    is_intact,
    open_storage,
    sweep,
)
from core.kernel.types import now

CONTENT = "合同 2026".encode() * 1000
KEY = hashlib.sha256(CONTENT).hexdigest()
LATER = timedelta(seconds=-60)
"""An age that every file has, even one of this moment."""


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_server: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    import http.client

    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": s3_server,
    }.items():
        monkeypatch.setenv(name, value)
    bucket = f"files-{hashlib.sha256(request.node.name.encode()).hexdigest()[:20]}"
    connection = http.client.HTTPConnection(s3_server.removeprefix("http://"), timeout=10)
    connection.request("PUT", f"/{bucket}")
    assert connection.getresponse().status == 200
    connection.close()
    return f"s3://{bucket}/sopia"


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return open_storage(str(tmp_path / "files") if request.param == "folder" else request.getfixturevalue("s3_url"))


@pytest.fixture
def folder(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


def put(storage: Storage, content: bytes = CONTENT, limit: int | None = None) -> Stored:
    return storage.put(io.BytesIO(content), limit)


def everything_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]


def test_file_is_kept_under_the_hash_of_its_content(storage: Storage) -> None:
    stored = put(storage)
    assert (stored.key, stored.size) == (KEY, len(CONTENT))
    assert abs(now() - stored.at) < timedelta(minutes=1)
    with storage.open(KEY) as file:
        assert file.read() == CONTENT
        file.seek(3)
        assert file.read(5) == CONTENT[3:8]
    assert storage.stat(KEY) == stored
    assert is_intact(storage, KEY)


def test_empty_file_is_a_file(storage: Storage) -> None:
    assert put(storage, b"").size == 0
    with storage.open(hashlib.sha256(b"").hexdigest()) as file:
        assert file.read() == b""


def test_large_file_comes_back_whole(storage: Storage) -> None:
    content = os.urandom(1 << 20) * 11
    with storage.open(put(storage, content).key) as file:
        assert hashlib.sha256(file.read()).hexdigest() == hashlib.sha256(content).hexdigest()


def test_same_content_is_kept_once(storage: Storage) -> None:
    put(storage)
    put(storage)
    put(storage, b"another")
    assert sorted(file.size for file in storage.files()) == [7, len(CONTENT)]


def test_missing_file_is_said_to_be_gone(storage: Storage) -> None:
    assert storage.stat(KEY) is None
    assert storage.delete(KEY) is False
    with pytest.raises(FileGone, match=KEY):
        storage.open(KEY)


def test_deleted_file_is_gone(storage: Storage) -> None:
    put(storage)
    assert storage.delete(KEY) is True
    assert storage.stat(KEY) is None
    assert list(storage.files()) == []


def test_file_over_the_limit_is_refused_and_leaves_nothing(storage: Storage) -> None:
    with pytest.raises(TooLarge, match=r"more than 0\.005 MB"):
        put(storage, limit=5_000)
    assert list(storage.files()) == []
    assert put(storage, limit=len(CONTENT)).size == len(CONTENT)


def test_endless_upload_is_cut_off_at_the_limit(storage: Storage) -> None:
    class Endless:
        given = 0

        def read(self, size: int) -> bytes:
            self.given += size
            return b"x" * size

    source = Endless()
    with pytest.raises(TooLarge):
        storage.put(source, 1_000_000)
    assert source.given < 2_000_000


class Broken:
    """An upload that breaks off after its first piece."""

    def __init__(self) -> None:
        self.pieces = [b"half"]

    def read(self, size: int, /) -> bytes:
        if not self.pieces:
            raise ConnectionResetError
        return self.pieces.pop()


def test_upload_that_breaks_off_leaves_nothing(folder: LocalStorage) -> None:
    with pytest.raises(ConnectionResetError):
        folder.put(Broken())
    assert everything_below(folder.folder) == []


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", KEY[:-1], KEY.upper(), f"{KEY}/", f"{KEY}\n", "../" + KEY, KEY[:-1] + "\0"]
)
def test_nothing_but_a_hash_gets_near_a_path(storage: Storage, key: str) -> None:
    for use in (storage.open, storage.stat, storage.delete):
        call: Callable[[str], Any] = use
        with pytest.raises(ValueError, match="is not the key of a file"):
            call(key)


def test_sweeping_removes_what_no_row_names(storage: Storage) -> None:
    put(storage)
    orphan = put(storage, b"orphan").key
    assert sweep(storage, {KEY}, LATER) == 1
    assert [file.key for file in storage.files()] == [KEY]
    assert storage.stat(orphan) is None


def test_sweeping_spares_recent_files(storage: Storage) -> None:
    put(storage)
    assert sweep(storage, set()) == 0
    assert storage.stat(KEY)


def test_sweeping_spares_a_file_that_is_put_there_again_meanwhile(folder: LocalStorage) -> None:
    put(folder)
    old = time.time() - 5 * 86_400
    os.utime(folder.folder / KEY[:2] / KEY[2:4] / KEY, (old, old))

    class UploadedDuringTheSweep(set[str]):
        def __contains__(self, key: object) -> bool:
            put(folder)
            return False

    assert sweep(folder, UploadedDuringTheSweep()) == 0
    assert folder.stat(KEY)


def test_sweeping_removes_unfinished_uploads(folder: LocalStorage) -> None:
    left = folder.folder / "unfinished" / "0123"
    left.write_bytes(b"half")
    assert sweep(folder, set()) == 0
    assert sweep(folder, set(), LATER) == 1
    assert not left.exists()


def test_changed_bytes_are_noticed(folder: LocalStorage) -> None:
    put(folder)
    (folder.folder / KEY[:2] / KEY[2:4] / KEY).write_bytes(b"changed")
    assert not is_intact(folder, KEY)


def test_foreign_files_in_the_folder_are_left_alone(folder: LocalStorage) -> None:
    (folder.folder / "ab" / "cd").mkdir(parents=True)
    (folder.folder / "ab" / "cd" / "notes.txt").write_text("mine")
    assert list(folder.files()) == []


def test_uploads_of_the_same_content_at_once_and_a_sweeper_leave_it_readable(folder: LocalStorage) -> None:
    stop = threading.Event()

    def sweeping() -> None:
        while not stop.is_set():
            sweep(folder, set(), timedelta(days=1))

    sweeper = threading.Thread(target=sweeping)
    sweeper.start()
    try:
        uploads = [threading.Thread(target=put, args=(folder,)) for _ in range(20)]
        for upload in uploads:
            upload.start()
        for upload in uploads:
            upload.join()
    finally:
        stop.set()
        sweeper.join()
    assert is_intact(folder, KEY)
    assert len(everything_below(folder.folder)) == 1


def test_a_folder_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file, not a folder")
    with pytest.raises(StorageFailed, match="SOPIA_FILES_URL"):
        open_storage(str(tmp_path / "files"))


def test_s3_that_is_down_says_so(monkeypatch: pytest.MonkeyPatch, s3_url: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StorageFailed, match="cannot be reached"):
        open_storage(s3_url).stat(KEY)


def test_wrong_s3_address_is_a_fault_of_the_configuration() -> None:
    with pytest.raises((ConfigurationError, StorageFailed)):
        open_storage("s3://").stat(KEY)
