"""`sopia backup`, `restore`, `verify`, `move`: the whole installation in one file, back, looked over, elsewhere."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.installation import explained, opened, opened_database, set_up_log
from core.cli.output import progress
from core.kernel.errors import ConfigurationError
from core.kernel.i18n import translate as _

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from core.kernel.backups import Advance, Packed
    from core.kernel.database import Database
    from core.kernel.settings import Settings


@contextmanager
def _shown(title: str) -> Iterator[Advance]:
    with progress(title) as bar:
        yield lambda what, done, total: bar(done, total)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write the database and all files into FILE; the server may go on running."""
    from core.kernel.backups import write_backup
    from core.kernel.settings import Settings
    from core.kernel.storage import open_storage

    settings = Settings.load()
    if file.exists():
        raise ConfigurationError(_("'{file}' is there already.", file=file), _("Choose another name."))
    with opened_database(settings) as database, _shown("backup") as advance:
        archives = settings.data_dir / "archives"
        made = write_backup(database, open_storage(settings.files_url), file, archives, advance)
    told = _("{tables} tables, {rows} rows, {files} files.", tables=made.tables, rows=made.rows, files=made.files)
    click.echo(f"{file}: {told}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Replace what is there, after a backup of it.")
def restore(file: Path, yes: bool) -> None:
    """Bring back the database and all files from FILE, into an empty place. Stop the server first."""
    from core.kernel.backups import copy_files, opened_backup
    from core.kernel.settings import Settings
    from core.kernel.storage import open_storage

    set_up_log(logging.WARNING)
    settings = Settings.load()
    with explained(), _shown("restore") as advance, opened_backup(file, advance) as packed:
        storage = open_storage(settings.files_url)
        anew = _occupied(settings)
        if anew:
            _refuse_or_keep(settings, file, yes)
        # Files first: they only add, and no row may come before its file.
        files = copy_files(packed, storage, advance)
        rows = _restore_rows(settings, packed, anew, advance)
        _restore_archives(packed, settings.data_dir / "archives")
    click.echo(_("Restored: {rows} rows, {files} files. Start Sopia now.", rows=rows, files=files))


def _occupied(settings: Settings) -> bool:
    from core.kernel.backups import is_empty
    from core.kernel.database import Database

    if settings.database_file is not None and not settings.database_file.exists():
        return False
    database = Database(settings.database_url)
    try:
        with database.transaction(write=False) as connection:
            return not is_empty(connection)
    finally:
        database.dispose()


def _refuse_or_keep(settings: Settings, file: Path, yes: bool) -> None:
    """Without --yes nothing is replaced; with it, a backup of what is there is made first, and nobody may work in it."""
    from core.kernel.backups import not_empty, write_backup
    from core.kernel.database import Database
    from core.kernel.storage import open_storage

    database = Database(settings.database_url)
    try:
        if not yes:
            raise not_empty(database)
        refuse_running(database)
        kept = settings.data_dir / f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"
        write_backup(database, open_storage(settings.files_url), kept, settings.data_dir / "archives")
    finally:
        database.dispose()
    click.echo(_("What was there is kept in '{file}'.", file=kept), err=True)


def refuse_running(database: Database) -> None:
    """Refuse to replace a database that a server works with."""
    from sqlalchemy import text
    from sqlalchemy.exc import OperationalError

    remedy = _("Stop every 'sopia serve' and 'sopia work', then try again.")
    busy = ConfigurationError(_("The database is in use."), remedy)
    if not database.is_sqlite:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        database.reader.dispose()
        with database.writer.connect() as connection:
            if connection.scalar(text(others)):
                raise busy
        return
    database.dispose()
    with database.writer.connect() as connection:
        driver: Any = connection.connection.driver_connection
        try:
            # Leaving the write-ahead log is possible for the only one who has the file open.
            driver.execute("PRAGMA busy_timeout=500")
            mode = driver.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except Exception as error:
            if not isinstance(error, OperationalError) and "locked" not in str(error):
                raise
            raise busy from error
        if mode != "delete":
            raise busy
        driver.execute("PRAGMA journal_mode=WAL")
    database.dispose()


def _restore_rows(settings: Settings, packed: Packed, anew: bool, advance: Advance) -> int:
    """Fill the database in one transaction; an SQLite file is made beside its place and takes it when it is whole."""
    from core.kernel.backups import fill
    from core.kernel.database import Database

    place = settings.database_file
    if place is None:
        database = Database(settings.database_url)
        try:
            return fill(database, packed, anew=anew, advance=advance).rows
        finally:
            database.dispose()
    draft = place.with_name(f"{place.name}.restoring")
    _remove(draft)
    database = Database(f"sqlite:///{draft}")
    try:
        rows = fill(database, packed, advance=advance).rows
        database.dispose()
        _settle(draft)
        for suffix in ("-wal", "-shm"):
            place.with_name(place.name + suffix).unlink(missing_ok=True)
        draft.replace(place)
    finally:
        database.dispose()
        _remove(draft)
    return rows


def _settle(draft: Path) -> None:
    """Everything into the one file, and onto the disk."""
    import sqlite3

    connection = sqlite3.connect(draft)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.chmod(draft, 0o600)


def _remove(draft: Path) -> None:
    for suffix in ("", "-wal", "-shm", ".lock"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def _restore_archives(packed: Packed, folder: Path) -> None:
    for name in packed.manifest["archives"]:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / name).exists():
            draft = folder / f".{name}.part"
            draft.write_bytes(packed.read(f"archives/{name}"))
            draft.replace(folder / name)


@click.command()
def verify() -> int:
    """Look whether the installation is whole: files, links, search indexes, history."""
    from core.kernel.verifying import verify as look

    with opened() as platform, _shown("verify") as advance:
        found = list(look(platform.database, platform.storage, lambda c: _counted(platform.above, c), advance))
    for trouble in found:
        mark = click.style("wrong", fg="red") if trouble.serious else click.style("note", fg="yellow")
        click.echo(f"{mark}  {trouble.what} {trouble.remedy}")
    serious = sum(trouble.serious for trouble in found)
    click.echo(_("Everything is whole.") if not serious else _("{count} things are wrong.", count=serious))
    return int(bool(serious))


def _counted(resources: Any, connection: Connection) -> Mapping[str, tuple[int, int]]:
    """Of each search index the records it should hold and those it holds."""
    from sqlalchemy import func, select, table

    counts = {}
    for resource in resources.values():
        if resource.index is not None:
            wanted = connection.scalar(select(func.count()).select_from(resource.table)) or 0
            held = connection.scalar(select(func.count()).select_from(table(resource.index.texts))) or 0
            counts[resource.table.name] = (wanted, held)
    return counts


@click.command()
@click.argument("database_url")
@click.option("--files", "files_url", default="", help="Where the files go: a folder or s3://bucket/prefix.")
def move(database_url: str, files_url: str) -> None:
    """Copy everything to another empty database, and with --files to another storage. Stop the server first."""
    from core.kernel.backups import Living, copy_files, digests, fill, snapshot
    from core.kernel.database import Database
    from core.kernel.settings import Settings
    from core.kernel.storage import open_storage

    settings = Settings.load()
    goal = replace_url(settings, database_url, files_url)
    if goal.database_url == settings.database_url:
        raise ConfigurationError(_("This is the database that is in use now."), _("Name another one."))
    with opened_database(settings) as database, explained(), _shown("move") as advance:
        storage, target = open_storage(settings.files_url), Database(goal.database_url)
        try:
            with snapshot(database) as connection:
                living = Living(connection, storage)
                if files_url:
                    copy_files(living, open_storage(goal.files_url), advance)
                made = fill(target, living, advance=advance)
                with snapshot(target) as there:
                    arrived = digests(Living(there, storage), advance)
                if arrived != digests(living, advance):
                    raise ConfigurationError(
                        _("What arrived is not what was sent."),
                        _("Nothing was changed here; tell the makers of Sopia."),
                    )
        finally:
            target.dispose()
    click.echo(_("Copied and compared: {tables} tables, {rows} rows.", tables=made.tables, rows=made.rows))
    click.echo(_("Now set SOPIA_DATABASE_URL={url} and start Sopia.", url=database_url))
    if files_url:
        click.echo(_("And set SOPIA_FILES_URL={url}.", url=files_url))


def replace_url(settings: Settings, database_url: str, files_url: str) -> Settings:
    """The settings as they will be, checked."""
    from core.kernel.settings import Settings

    given: dict[str, Any] = {"database_url": database_url}
    if files_url:
        given["files_url"] = files_url
    return Settings.load(data_dir=settings.data_dir, **given)


__all__ = ["backup", "move", "refuse_running", "restore", "verify"]
