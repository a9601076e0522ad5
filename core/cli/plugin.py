"""`sopia plugin`: what is installed, what is enabled, and the tools of those who write plugins."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.output import as_json, print_rows
from core.kernel.errors import PluginError
from core.kernel.i18n import translate as _

if TYPE_CHECKING:
    from core.kernel.lifecycle import Lifecycle

COLUMNS = ("name", "title", "version", "state", "requires", "reason")


@contextmanager
def opened_lifecycle() -> Iterator[Lifecycle]:
    """The plugins of this installation, without importing any: a broken one must not keep itself from being disabled."""
    from core.assembly import PARTS
    from core.cli.installation import opened_database
    from core.kernel.lifecycle import Lifecycle
    from core.kernel.settings import Settings

    settings = Settings.load()
    with opened_database(settings) as database:
        yield Lifecycle(database, settings, system=str(PARTS.system))


@click.group()
def plugin() -> None:
    """List, enable, disable, uninstall, check and write plugins."""


@plugin.command("list")
@as_json
def list_plugins(as_json: bool) -> None:
    """Show every plugin that is installed or was used, with its state."""
    from dataclasses import asdict

    with opened_lifecycle() as lifecycle:
        rows = [{**asdict(line), "state": str(line.state)} for line in lifecycle.lines()]
    print_rows(rows, COLUMNS, as_json=as_json)


@plugin.command()
@click.argument("names", nargs=-1, required=True)
def enable(names: Sequence[str]) -> None:
    """Enable plugins; running servers take them up by themselves."""
    with opened_lifecycle() as lifecycle:
        enabled = lifecycle.enable(*names)
    click.echo(_("Enabled: {names}", names=", ".join(enabled)) if enabled else _("Nothing to do: enabled already."))


@plugin.command()
@click.argument("names", nargs=-1, required=True)
def disable(names: Sequence[str]) -> None:
    """Park plugins: off, with their data kept."""
    with opened_lifecycle() as lifecycle:
        disabled = lifecycle.disable(*names)
    click.echo(_("Disabled: {names}", names=", ".join(disabled)) if disabled else _("Nothing to do: disabled already."))


@plugin.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def uninstall(name: str, yes: bool) -> None:
    """Take a plugin's tables and data out of the database, after writing the data to an archive."""
    with opened_lifecycle() as lifecycle:
        if not yes:
            _ask(lifecycle, name)
        archive = lifecycle.uninstall(name)
    click.echo(_("'{name}' is uninstalled.", name=name))
    if archive:
        click.echo(_("Its data is in {archive}", archive=archive))
        click.echo(_("Bring it back with: sopia plugin restore {name}", name=name))


@plugin.command("restore")
@click.argument("name")
@click.argument("archive", required=False, type=click.Path(dir_okay=False, path_type=Path))
def bring_back(name: str, archive: Path | None) -> None:
    """Enable an uninstalled plugin with its data as before, from its last archive or from the one named."""
    with opened_lifecycle() as lifecycle:
        report = lifecycle.bring_back(name, archive)
    for table, rows in report.restored.items():
        click.echo(f"  {table}: {rows}")
    for reason in report.left_out:
        click.echo(reason, err=True)
    click.echo(_("'{name}' is back with {rows} rows.", name=name, rows=sum(report.restored.values())))


def _ask(lifecycle: Lifecycle, name: str) -> None:
    if not sys.stdin.isatty():
        raise PluginError(
            _("Uninstalling '{name}' takes its data out of the database, and nobody can be asked.", name=name),
            _("Repeat the command with --yes."),
        )
    bill = lifecycle.bill(name)
    for table, rows in {**bill.tables, **bill.elsewhere}.items():
        click.echo(f"  {table}: {rows}")
    click.confirm(str(_("Take {rows} rows out of the database?", rows=bill.rows)), abort=True)


@plugin.command()
@click.argument("name")
def check(name: str) -> int:
    """Try a plugin in a process of its own, and compare its models with its migrations."""
    from core.kernel import autogenerate
    from core.kernel.discovery import discover, get
    from core.kernel.trial import try_import

    found = get(discover(), name)
    verdict = try_import([found])[name]
    if verdict.manifest is None:
        raise PluginError(verdict.reason)
    history, before = autogenerate.known_histories(name)
    differences = autogenerate.check(history, before)
    for difference in differences:
        click.echo(difference, err=True)
    if differences:
        remedy = _("Write the migration that is missing: sopia plugin migration {name} MESSAGE", name=name)
        raise PluginError(_("The models of '{name}' differ from its migrations.", name=name), remedy)
    click.echo(_("'{name}' {version} is in order.", name=name, version=verdict.manifest.version))
    return 0


@plugin.command()
@click.argument("name")
@click.argument("message", nargs=-1, required=True)
def migration(name: str, message: Sequence[str]) -> None:
    """Write the next migration of a plugin, from the difference between its models and its migrations."""
    from core.kernel import autogenerate

    history, before = autogenerate.known_histories(name)
    path = autogenerate.write_migration(history, before, " ".join(message))
    click.echo(path if path else _("There is nothing to write: the models agree with the migrations."))


@plugin.command()
@click.argument("name")
def new(name: str) -> None:
    """Write a new plugin into a folder of its own, NAME/, to begin with."""
    from core.cli.new_plugin import write_plugin

    folder = write_plugin(name, Path.cwd())
    click.echo(_("The plugin is in {folder}/", folder=folder))
    click.echo(_("Next: pip install --editable {folder}, then sopia plugin enable {name}", folder=folder, name=name))
