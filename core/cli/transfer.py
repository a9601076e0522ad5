"""`sopia import` and `sopia export`: tables from files into the installation, and lists out of it."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.kernel.errors import BadRequest, Conflict
from core.kernel.i18n import translate as _

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.kernel.principal import Principal
    from core.resources.importing.imports import Imports
    from core.resources.importing.kept import Import
    from core.resources.importing.plans import Plan
    from core.resources.importing.targets import Target
    from core.resources.resolved import ResolvedResource

SHOWN = 20
"""Rows with a fault that are told one by one."""

as_user = click.option("--as", "login", metavar="LOGIN", help="With whose access; without this, an administrator's.")


@click.command(name="import")
@click.argument("resource")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key", default="", metavar="FIELD", help="Change the records that this field recognises, make the others."
)
@click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="What a column is, where it is not guessed.")
@click.option("--update-only", is_flag=True, help="With --key: make no new records.")
@click.option(
    "--duplicates",
    type=click.Choice(("skip", "update", "create")),
    default="skip",
    help="What becomes of rows that exist already by name or phone: left out, written over, made anyway.",
)
@click.option("--encoding", default="", help="How the text is encoded, where the guess is wrong: gb18030, utf-8, …")
@click.option("--sheet", default="", help="The sheet of a workbook; without this, the first.")
@click.option("--dry-run", is_flag=True, help="Only tell what would happen.")
@click.option(
    "--faults", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows left out to a CSV file."
)
@as_user
def import_(
    resource: str,
    file: Path,
    key: str,
    maps: Sequence[str],
    update_only: bool,
    duplicates: str,
    encoding: str,
    sheet: str,
    dry_run: bool,
    faults: Path | None,
    login: str | None,
) -> int:
    """Import a table (CSV, XLSX, XLS, ODS) into a resource, such as customers.customer."""
    from dataclasses import replace
    from functools import partial

    from core.cli.installation import opened
    from core.cli.output import progress
    from core.kernel.i18n import activate, current_locale
    from core.resources.importing.imports import Imports

    with opened() as platform, activate(platform.catalogues, current_locale()):
        found = _resource(platform, resource)
        principal = _principal(platform, login)
        imports = Imports(platform)
        gc.freeze()  # what is loaded stays: looking through it for garbage again and again takes a tenth of the time
        with file.open("rb") as content:
            brought = imports.bring(principal, found, content, file.name, "command")
        if encoding or sheet:
            brought = imports.reread(brought, principal, encoding or brought.plan.encoding, sheet)
        plan = _mapped(imports, brought, principal, maps)
        mode = "update" if update_only else "both" if key else plan.mode
        plan = replace(plan, key=key or plan.key, mode=mode, same=duplicates)  # type: ignore[arg-type]
        brought = imports.plan(brought, plan, principal)
        _tell_columns(imports, brought, principal)
        with progress(file.name) as advance:

            def tell(done: int, total: int | None, on: object = None) -> None:
                advance(done, total)

            work = (
                partial(imports.check, brought, principal)
                if dry_run
                else partial(imports.run, brought.id, brought.user_id)
            )
            brought = work(tell)
        _tell_outcome(brought, platform, dry_run=dry_run)
        if faults is not None and brought.left_out:
            with faults.open("wb") as out:
                imports.write_left_out(brought, out)
    return 1 if brought.faulty and not brought.good else 0


def _resource(platform: Platform, name: str) -> ResolvedResource:
    found: ResolvedResource | None = platform.above.find(name)
    if found is None:
        raise BadRequest(
            _("There is no resource '{name}'.", name=name),
            _("Use one of: {names}.", names=", ".join(sorted(platform.above))),
        )
    return found


def _principal(platform: Platform, login: str | None) -> Principal:
    """The person whose rights hold: the one named, else the first administrator."""
    from sqlalchemy import select

    from core.kernel.access import load_principal
    from core.kernel.roles import ADMINISTRATOR, Role, UserRole
    from core.kernel.users import User

    statement = select(User.id).where(User.active, User.deleted_at.is_(None)).order_by(User.id)
    if login:
        statement = statement.where(User.login == login)
    else:
        administrators = (
            select(UserRole.user_id).join(Role, Role.id == UserRole.role_id).where(Role.key == ADMINISTRATOR)
        )
        statement = statement.where(User.id.in_(administrators))
    with platform.database.transaction(write=False) as connection:
        user_id = connection.scalars(statement).first()
        if user_id is None:
            raise Conflict(
                _("There is nobody who may sign in as '{login}'.", login=login or ADMINISTRATOR),
                _("Add the person with: sopia user add {login}", login=login or "LOGIN"),
            )
        return load_principal(connection, user_id)


def _mapped(imports: Imports, brought: Import, principal: Principal, maps: Sequence[str]) -> Plan:
    """The plan with the columns that the person has named."""
    from dataclasses import replace

    columns = dict(brought.plan.columns)
    for given in maps:
        name, equals, path = given.rpartition("=")
        if not equals or name not in brought.header:
            raise BadRequest(
                _("The file has no column '{name}'.", name=name or given),
                _("Write COLUMN=FIELD with one of: {names}.", names=", ".join(brought.header)),
            )
        index = brought.header.index(name)
        columns = {i: each for i, each in columns.items() if i != index and each != path}
        if path:
            columns[index] = path
    return replace(brought.plan, columns=columns)


def _tell_columns(imports: Imports, brought: Import, principal: Principal) -> None:
    targets: dict[str, Target] = imports.targets(brought, principal)
    for index, name in enumerate(brought.header):
        path = brought.plan.columns.get(index)
        told = str(targets[path].label) if path else str(_("left out"))
        click.echo(f"  {name} → {told}" + (f" ({path})" if path else ""), err=True)


def _tell_outcome(done: Import, platform: Platform, *, dry_run: bool) -> None:
    from core.resources.importing import kept

    with platform.database.transaction(write=False) as connection:
        rows = kept.rows(connection, done, state="fault", count=SHOWN)
    for row in rows:
        click.echo(_("Row {row}: {faults}", row=row.number, faults=kept.in_words(done, row)), err=True)
    if done.faulty > len(rows):
        click.echo(_("… and {count} more rows with a fault.", count=done.faulty - len(rows)), err=True)
    figures = {"created": done.created, "updated": done.updated, "duplicates": done.duplicates, "faulty": done.faulty}
    if dry_run:
        click.echo(
            _(
                "Would create {created}, change {updated}; left out: {duplicates} duplicates, {faulty} with a fault.",
                **figures,
            )
        )
    else:
        click.echo(
            _(
                "Created {created}, changed {updated}; left out: {duplicates} duplicates, {faulty} with a fault.",
                **figures,
            )
        )


@click.command()
@click.argument("resource")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--filter", "filters", multiple=True, metavar="EXPR", help="As in the address of a list: name__contains=Ltd."
)
@click.option("--user", "login", default=None, help="In whose scope; without this, the first administrator's.")
def export(resource: str, file: Path, filters: Sequence[str], login: str | None) -> None:
    """Write the records of RESOURCE into FILE, as CSV or XLSX by its name."""
    from zoneinfo import ZoneInfo

    from core.cli.installation import opened
    from core.kernel.i18n import activate
    from core.resources import exporting
    from core.resources.conditions import Context
    from core.resources.queries import read_list, today_in

    with opened() as platform, activate(platform.catalogues, platform.settings.locale):
        exported, principal = _resource(platform, resource), _principal(platform, login)
        zone = ZoneInfo(platform.settings.timezone)
        context = Context(principal, zone, platform.settings.currency, today_in(zone))
        pairs = [(name, value) for name, _equals, value in (each.partition("=") for each in filters)]
        columns = [key for key in exported.fields if key in exported.readable(principal) and key != "id"]
        wanted = read_list(platform.above, exported, pairs, context, columns)
        form = file.suffix.lower().removeprefix(".")
        with file.open("wb") as opened_file:
            count = exporting.export(
                platform.above,
                exported,
                wanted,
                context,
                lambda: platform.gate.connection(principal),
                opened_file,
                form,
            )
        click.echo(_("{count} records were written.", count=count))
