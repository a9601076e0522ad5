import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli import run
from tests.cli.wheels import build_wheel, install_wheel, surroundings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """An installation with all built-in plugins, which is also the present folder."""
    monkeypatch.setenv("SOPIA_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("SOPIA_ADMIN_PASSWORD", "correct horse battery")
    for name in ("SOPIA_DATABASE_URL", "SOPIA_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0, capsys.readouterr().err
    capsys.readouterr()
    return tmp_path


def leaf(capsys: pytest.CaptureFixture[str]) -> str:
    """A built-in plugin that no other one requires."""
    assert run(["plugin", "list", "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)
    required = json.dumps([line["requires"] for line in lines])
    return next(line["name"] for line in lines if line["state"] == "enabled" and line["name"] not in required)


def state_of(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["plugin", "list", "--json"]) == 0
    states = {line["name"]: line["state"] for line in json.loads(capsys.readouterr().out)}
    return str(states[name])


def test_plugins_are_enabled_at_the_first_start_and_can_be_parked(capsys: pytest.CaptureFixture[str]) -> None:
    name = leaf(capsys)
    assert run(["plugin", "disable", name]) == 0
    assert name in capsys.readouterr().out
    assert state_of(name, capsys) == "parked"
    assert run(["plugin", "enable", name]) == 0
    capsys.readouterr()
    assert state_of(name, capsys) == "enabled"
    assert run(["plugin", "enable", name]) == 0
    assert "enabled already" in capsys.readouterr().out


def test_list_is_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plugin", "list"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["NAME", "TITLE", "VERSION", "STATE"]
    assert any(line.startswith("customers ") for line in lines)


def test_plugins_of_no_installation_are_not_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty.db").touch()
    for name in ("absent", "empty"):
        monkeypatch.setenv("SOPIA_DATABASE_URL", f"sqlite:///{folder}/{name}.db")
        assert run(["plugin", "list"]) == 1
        assert "Make it with: sopia init" in capsys.readouterr().err


def test_unknown_plugin_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plugin", "enable", "nonsuch"]) == 1
    assert "no plugin 'nonsuch'" in capsys.readouterr().err


def test_uninstalling_asks_first_and_keeps_an_archive_that_comes_back(capsys: pytest.CaptureFixture[str]) -> None:
    name = leaf(capsys)
    assert run(["plugin", "uninstall", name]) == 1
    assert "--yes" in capsys.readouterr().err
    assert run(["plugin", "restore", "nonsuch"]) == 1
    assert "no archive of plugin 'nonsuch'" in capsys.readouterr().err
    assert run(["plugin", "uninstall", name, "--yes"]) == 0
    capsys.readouterr()
    assert state_of(name, capsys) == "uninstalled"
    assert run(["plugin", "restore", name]) == 0
    assert f"'{name}' is back" in capsys.readouterr().out
    assert state_of(name, capsys) == "enabled"
    assert run(["plugin", "restore", name, "nowhere.zip"]) == 1
    assert "There is no archive" in capsys.readouterr().err


def test_plugins_fixed_by_the_environment_cannot_be_changed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOPIA_PLUGINS", "customers")
    assert run(["plugin", "disable", "customers"]) == 1
    assert "SOPIA_PLUGINS" in capsys.readouterr().err


def test_built_in_plugin_is_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plugin", "check", "customers"]) == 0
    assert "is in order" in capsys.readouterr().out


def test_new_plugin_passes_its_own_tests_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plugin", "new", "visits"]) == 0
    assert "visits" in capsys.readouterr().out
    assert run(["plugin", "new", "visits"]) == 1
    assert "There is a folder" in capsys.readouterr().err
    found = install_wheel(build_wheel(folder / "visits", folder / "dist"), folder / "installed")
    outcome = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--database=sqlite"],
        cwd=folder / "visits",
        env=surroundings(found),
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert " passed" in outcome.stdout


@pytest.mark.parametrize("name", ["Visits", "1st", "core", "../up", "my-plugin"])
def test_new_plugin_needs_a_name_that_a_plugin_can_have(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plugin", "new", name]) == 1
    assert "cannot be called" in capsys.readouterr().err
