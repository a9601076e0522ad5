"""The `sopia` command. Each family of commands is a file here; this one finds them and tells errors in one sentence.

Nothing heavy is imported before a command runs, so that help and mistyped commands answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from keyword import iskeyword

import click

from core.kernel.errors import SopiaError
from core.kernel.i18n import Catalogues, activate

COMMANDS = {
    "serve": "core.cli.serve",
    "work": "core.cli.work",
    "init": "core.cli.init",
    "demo": "core.cli.demo",
    "plugin": "core.cli.plugin",
    "user": "core.cli.user",
    "token": "core.cli.token",
    "import": "core.cli.transfer",
    "export": "core.cli.transfer",
    "backup": "core.cli.backup",
    "restore": "core.cli.backup",
    "verify": "core.cli.backup",
    "move": "core.cli.backup",
    "doctor": "core.cli.doctor",
}
"""Each command and the module that holds it under its own name."""

STOPPED = 130
"""What a program ends with when the person pressed Ctrl-C."""


class Commands(click.Group):
    """The commands of `COMMANDS`, imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        # A word of Python's own, such as import, cannot be the name of a function.
        command = getattr(import_module(COMMANDS[cmd_name]), f"{name}_" if iskeyword(name) else name)
        assert isinstance(command, click.Command)
        return command


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"sopia {version('sopia')}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="The version."
)
def sopia() -> None:
    """Sopia, a modular business platform.

    Settings come from the environment (SOPIA_DATA_DIR, SOPIA_DATABASE_URL, …) or from sopia.toml in the data folder.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process: 0 done, 1 an error, 2 wrong usage."""
    with _language():
        sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit status; every error is told on standard error, in one sentence."""
    try:
        outcome = sopia.main(arguments, prog_name="sopia", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return STOPPED
    except BrokenPipeError:
        # The reader of the output (`head`) has gone; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("SOPIA_DEBUG") == "1":
            raise
        click.echo(f"Error: {_sentence(error)}", err=True)
        return 1
    return outcome if isinstance(outcome, int) else 0


def _sentence(error: Exception) -> str:
    if isinstance(error, SopiaError):
        return str(error)
    reason = " ".join(str(error).split()) or "no reason given"
    if len(reason) > 300:
        reason = reason[:300] + "…"
    return f"Something unexpected happened ({type(error).__name__}: {reason}). Set SOPIA_DEBUG=1 to see where."


def _language() -> AbstractContextManager[None]:
    """Chinese where the terminal speaks Chinese, else English."""
    wanted = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    if not wanted.startswith("zh"):
        return nullcontext()
    return activate(Catalogues(), "zh_Hans")
