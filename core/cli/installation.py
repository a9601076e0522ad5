"""How commands reach the installation that the settings name, and change it so that it is in history."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from core.kernel.errors import ConfigurationError
from core.kernel.i18n import translate as _

if TYPE_CHECKING:
    from core.kernel.database import Database, Session
    from core.kernel.platform import Platform
    from core.kernel.settings import Settings

ORIGIN = "command"
"""Where changes come from, as history tells it."""


@contextmanager
def opened(*, new: bool = False, safe: bool = False, level: int = logging.WARNING) -> Iterator[Platform]:
    """The platform of this installation. Only with `new` is an SQLite database made that is not there."""
    from core.assembly import assemble
    from core.kernel.settings import Settings

    set_up_log(level)
    settings = Settings.load()
    if not new:
        refuse_missing(settings)
    with explained():
        platform = assemble(settings, safe=safe)
        try:
            # Where it is not what the command was asked for, it must not get into what a program reads.
            tell_first_password(platform, err=not new)
            yield platform
        finally:
            platform.close()


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The database of this installation alone, without the plugins that work with it."""
    from sqlalchemy import inspect

    from core.kernel.database import Database

    set_up_log(logging.WARNING)
    refuse_missing(settings)
    with explained():
        database = Database(settings.database_url)
        try:
            with database.transaction(write=False) as connection:
                if not inspect(connection).has_table("system_user"):
                    raise not_made(database.url.render_as_string(hide_password=True))
            yield database
        finally:
            database.dispose()


@contextmanager
def explained() -> Iterator[None]:
    """Say in one sentence when the database cannot be reached."""
    from sqlalchemy.exc import OperationalError

    try:
        yield
    except OperationalError as error:
        raise ConfigurationError(
            _("The database cannot be used: {reason}.", reason=first_line(error.orig)),
            _("Look at SOPIA_DATABASE_URL, and whether the database server is running."),
        ) from error


def set_up_log(level: int) -> None:
    """Log from this level up, and everything with SOPIA_DEBUG=1."""
    from core.kernel import logs

    logs.set_up(logging.DEBUG if os.environ.get("SOPIA_DEBUG") == "1" else level)


def refuse_missing(settings: Settings) -> None:
    """Most commands on an installation that is not there are slips of its folder's name, not wishes for a new one."""
    file = settings.database_file
    if file is not None and not file.exists():
        raise not_made(file)


def not_made(place: object) -> ConfigurationError:
    """For commands that are of no use to an installation that is not there."""
    return ConfigurationError(
        _("There is no installation at '{place}' yet.", place=place),
        _("Make it with: sopia init"),
    )


def tell_first_password(platform: Platform, *, err: bool) -> None:
    """Show the made-up password of the first administrator, for the only time."""
    if platform.first_password:
        click.echo(_("First administrator: {login}", login="admin"), err=err)
        click.echo(_("Password: {password}", password=platform.first_password), err=err)


@contextmanager
def writing(reason: str) -> Iterator[Session]:
    """A session that may change everything, in one transaction, with history and index."""
    from core.kernel.history import Operation

    with opened() as platform, platform.database.system(reason) as session:
        session.info["operation"] = Operation(None, ORIGIN)
        session.info["watchers"] = platform.gate.watchers
        yield session


def first_line(error: object) -> str:
    """The reason that a database driver gives, without what it says below it."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
