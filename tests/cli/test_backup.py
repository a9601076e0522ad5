"""The installation in one file and back, from one database to the other, looked over, and refused where it must be."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from core.cli import run
from core.kernel.backups import Living, Part, digests, snapshot
from core.kernel.database import Database
from core.kernel.errors import ConfigurationError
from core.kernel.storage import LocalStorage
from core.testing.databases import Databases, Kind
from core.testing.installation import SECRET_KEY
from tests.api.company import DemoInstalled

Sopia = Callable[..., tuple[int, str]]

EMPTY: dict[Kind, str] = {}


class Nothing(DemoInstalled):
    """A database without any table."""

    def create(self, database: Database) -> None:
        """Leave it as it is."""
        with database.transaction(write=True):
            pass

    def key(self) -> str:
        """Its own."""
        return "nothing"


@pytest.fixture
def make(databases: Databases) -> Iterator[Callable[..., str]]:
    """Makes databases, and drops them at the end."""
    urls: list[str] = []

    def one(kind: Kind, *, demo: bool = False) -> str:
        urls.append(databases.make(kind, DemoInstalled() if demo else Nothing()))
        return urls[-1]

    yield one
    for url in urls:
        databases.drop(url)


@pytest.fixture
def sopia(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sopia:
    """Runs a command on an installation."""

    def command(url: str, *arguments: str, data: str = "data") -> tuple[int, str]:
        for name, value in (("DATABASE_URL", url), ("DATA_DIR", str(tmp_path / data)), ("SECRET_KEY", SECRET_KEY)):
            monkeypatch.setenv(f"SOPIA_{name}", value)
        monkeypatch.delenv("LANG", raising=False)
        status = run(arguments)
        told = capsys.readouterr()
        return status, told.out + told.err

    return command


def contents(url: str, folder: Path) -> dict[str, Part]:
    database = Database(url)
    try:
        with snapshot(database) as connection:
            return digests(Living(connection, LocalStorage(folder)))
    finally:
        database.dispose()


def test_a_company_goes_from_sqlite_to_postgresql_and_back_row_for_row(
    make: Callable[..., str], sopia: Sopia, tmp_path: Path
) -> None:
    begin, middle, end = make("sqlite", demo=True), make("postgresql"), make("sqlite")
    key = LocalStorage(tmp_path / "data" / "files").put(io.BytesIO(b"a contract")).key
    before = contents(begin, tmp_path / "f")
    assert before["customers_customer"].rows > 40
    status, told = sopia(begin, "move", middle, "--files", str(tmp_path / "elsewhere"))
    assert status == 0, told
    assert "SOPIA_DATABASE_URL" in told
    assert LocalStorage(tmp_path / "elsewhere").stat(key)
    assert contents(middle, tmp_path / "f") == before

    file = tmp_path / "backup.zip"
    assert sopia(middle, "backup", str(file))[0] == 0
    status, told = sopia(end, "restore", str(file), data="new")
    assert status == 0, told
    assert contents(end, tmp_path / "f") == before
    assert LocalStorage(tmp_path / "new" / "files").stat(key)
    status, told = sopia(end, "verify", data="new")
    assert status == 0, told
    assert "Everything is whole" in told
    assert sopia(begin, "move", end)[0] == 1, "the goal is not empty"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_is_replaced_without_a_backup_of_it(
    kind: Kind, make: Callable[..., str], sopia: Sopia, tmp_path: Path
) -> None:
    url, file = make(kind, demo=True), tmp_path / "backup.zip"
    assert sopia(url, "backup", str(file))[0] == 0
    assert sopia(url, "backup", str(file))[0] == 1, "a backup is not written over"
    before = contents(url, tmp_path / "f")
    database = Database(url)
    with database.transaction(write=True) as connection:
        connection.execute(text("UPDATE system_user SET name = 'later' WHERE id = 1"))
    changed = contents(url, tmp_path / "f")
    status, told = sopia(url, "restore", str(file))
    assert (status, "--yes" in told) == (1, True)
    with database.transaction(write=True):
        status, told = sopia(url, "restore", str(file), "--yes")
        assert (status, "in use" in told) == (1, True), told
    database.dispose()
    assert contents(url, tmp_path / "f") == changed != before
    status, told = sopia(url, "restore", str(file), "--yes")
    assert status == 0, told
    assert contents(url, tmp_path / "f") == before
    (kept,) = (tmp_path / "data").glob("before-restore-*.zip")
    assert "later" in zipfile.ZipFile(kept).read("tables/system_user.jsonl").decode()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_restore_that_dies_half_way_leaves_the_old_state(
    kind: Kind, make: Callable[..., str], sopia: Sopia, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, file = make(kind, demo=True), tmp_path / "backup.zip"
    assert sopia(url, "backup", str(file))[0] == 0
    before = contents(url, tmp_path / "f")
    from core.kernel import backups

    whole, count = backups._insert, [0]

    def dying(*arguments: object) -> int:
        count[0] += 1
        if count[0] > 8:
            raise ConfigurationError("the power is gone")
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(backups, "_insert", dying)
    assert sopia(url, "restore", str(file), "--yes")[0] == 1
    assert contents(url, tmp_path / "f") == before


def test_a_damaged_backup_is_refused_before_anything_is_touched(
    make: Callable[..., str], sopia: Sopia, tmp_path: Path
) -> None:
    url, file = make("sqlite", demo=True), tmp_path / "backup.zip"
    assert sopia(url, "backup", str(file))[0] == 0
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(b"admin", b"nimda") if "system_user." in name else content)
    goal = make("sqlite")
    status, told = sopia(goal, "restore", str(bad), data="new")
    assert (status, "damaged" in told) == (1, True)
    assert contents(goal, tmp_path / "f") == {}
    half = tmp_path / "half.zip"
    half.write_bytes(file.read_bytes()[:5000])
    assert sopia(goal, "restore", str(half), data="new")[0] == 1


def test_verify_finds_what_is_broken(make: Callable[..., str], sopia: Sopia, tmp_path: Path) -> None:
    url = make("sqlite", demo=True)
    database = Database(url)
    with database.transaction(write=True, links=False) as connection:
        connection.execute(text("UPDATE customers_contact SET customer_id = 999999 WHERE id = 1"))
        connection.execute(text("DELETE FROM customers_customer_search WHERE id = 2"))
    database.dispose()
    status, told = sopia(url, "verify")
    assert status == 1
    assert "customers_contact" in told
    assert "customers_customer_search" in told
