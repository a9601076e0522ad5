import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from core import cli
from core.kernel.errors import Conflict

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("SOPIA_", "LC_", "LANG"))}


def sopia(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "sopia", *arguments],
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_command_and_what_it_does() -> None:
    outcome = sopia("--help")
    assert outcome.returncode == 0
    for name in cli.COMMANDS:
        assert f"\n  {name} " in outcome.stdout


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([name, "--help"]) == 0
    assert f"Usage: sopia {name}" in capsys.readouterr().out


def test_help_answers_without_importing_anything_heavy() -> None:
    script = "import sys; from core.cli import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "pydantic", "starlette", "uvicorn", "babel", "jinja2", "rich"}
    assert not heavy & set(outcome.stderr.split())


def test_wrong_usage_ends_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = sopia("no-such-command")
    assert outcome.returncode == 2
    assert "Error: No such command 'no-such-command'." in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert cli.run(["doctor", "--no-such-option"]) == 2
    assert "Error: No such option" in capsys.readouterr().err


def run_raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    @click.command()
    def doctor() -> None:
        raise error

    monkeypatch.setattr(import_module("core.cli.doctor"), "doctor", doctor)
    return cli.run(["doctor"])


def test_error_is_one_sentence_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = Conflict("Plugin 'sales' is still needed by 'finance'.", "Disable 'finance' first.")
    assert run_raising(error, monkeypatch) == 1
    assert capsys.readouterr() == ("", "Error: Plugin 'sales' is still needed by 'finance'. Disable 'finance' first.\n")


def test_unexpected_error_has_no_traceback_unless_wanted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SOPIA_DEBUG", raising=False)
    assert run_raising(ZeroDivisionError("division\nby zero"), monkeypatch) == 1
    assert "(ZeroDivisionError: division by zero). Set SOPIA_DEBUG=1" in capsys.readouterr().err
    monkeypatch.setenv("SOPIA_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run_raising(ZeroDivisionError("division by zero"), monkeypatch)


def test_interruption_is_no_error_of_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_raising(KeyboardInterrupt(), monkeypatch) == 130
    assert capsys.readouterr().err.strip() == "Stopped."


def test_version_is_that_of_the_distribution() -> None:
    assert sopia("--version").stdout.startswith("sopia 0.")


def test_doctor_finds_nothing_wrong_with_a_new_data_folder(tmp_path: Path) -> None:
    outcome = sopia("doctor", "--json", SOPIA_DATA_DIR=str(tmp_path / "var"))
    assert outcome.returncode == 0, outcome.stdout
    assert {finding["problem"] for finding in json.loads(outcome.stdout)} == {""}


def test_doctor_names_a_bad_setting_in_the_language_of_the_terminal(tmp_path: Path) -> None:
    outcome = sopia("doctor", SOPIA_DATA_DIR=str(tmp_path), SOPIA_CURRENCY="yuan", LANG="zh_CN.UTF-8")
    assert outcome.returncode == 1
    assert "设置 SOPIA_CURRENCY 的值“yuan”无效。" in outcome.stdout
    outcome = sopia("doctor", SOPIA_DATA_DIR=str(tmp_path), SOPIA_CURRENCY="yuan")
    assert "The setting SOPIA_CURRENCY has the value 'yuan'" in outcome.stdout


def test_documentation_names_every_command() -> None:
    written = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8")
    for name in cli.COMMANDS:
        command = cli.sopia.get_command(click.Context(cli.sopia), name)
        below = command.commands if isinstance(command, click.Group) else {"": command}
        for lower in below:
            assert f"`sopia {name} {lower}".rstrip() in written
