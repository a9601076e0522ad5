import re
from pathlib import Path

import pytest
from sqlalchemy import select

from core.cli import run
from core.kernel.database import Database
from core.kernel.passwords import Credential, verify_password
from core.kernel.users import User


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and no plugins."""
    monkeypatch.setenv("SOPIA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SOPIA_PLUGINS", "")
    monkeypatch.delenv("SOPIA_DATABASE_URL", raising=False)
    monkeypatch.delenv("SOPIA_ADMIN_PASSWORD", raising=False)
    return tmp_path


def administrators_hash(folder: Path) -> str | None:
    database = Database(f"sqlite:///{folder}/sopia.db")
    with database.transaction(write=False) as connection:
        hashes = select(Credential.password_hash).join(User, User.id == Credential.user_id).where(User.login == "admin")
        found = connection.scalar(hashes)
    database.dispose()
    return found


def test_init_makes_the_database_and_shows_the_password_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init"]) == 0
    found = re.search(r"^Password: (\S+)$", capsys.readouterr().out, re.MULTILINE)
    assert found
    password = found[1]
    assert verify_password(password, administrators_hash(folder))[0]
    assert run(["init"]) == 0
    assert "Password" not in capsys.readouterr().out
    assert verify_password(password, administrators_hash(folder))[0]


def test_init_takes_the_password_of_the_settings_and_does_not_show_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOPIA_ADMIN_PASSWORD", "correct horse battery")
    assert run(["init"]) == 0
    assert "correct horse" not in "".join(capsys.readouterr())
    assert verify_password("correct horse battery", administrators_hash(folder))[0]
