"""How commands reach the installation that the settings name: its database, and changes to it that leave history."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.kernel.errors import ConfigurationError
from core.kernel.i18n import translate as _

if TYPE_CHECKING:
    from core.kernel.database import Database, Session
    from core.kernel.settings import Settings

ORIGIN = "command"
"""Where changes come from, as history tells it."""


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The database of this installation, which must have been made before."""
    from sqlalchemy.exc import OperationalError

    from core.kernel import logs
    from core.kernel.database import Database

    logs.set_up(logging.DEBUG if os.environ.get("SOPIA_DEBUG") == "1" else logging.WARNING)
    file = settings.database_file
    if file is not None and not file.exists():
        raise ConfigurationError(
            _("There is no database at '{place}' yet.", place=file),
            _("Make it with: sopia init"),
        )
    database = Database(settings.database_url)
    try:
        yield database
    except OperationalError as error:
        raise ConfigurationError(
            _("The database cannot be used: {reason}.", reason=first_line(error.orig)),
            _("Look at SOPIA_DATABASE_URL, and whether the database server is running."),
        ) from error
    finally:
        database.dispose()


@contextmanager
def writing(reason: str) -> Iterator[Session]:
    """A session that may change everything, in one transaction, with its history."""
    from core.kernel import access  # noqa: F401  (it brings the rules of the organisation, which hold for commands too)
    from core.kernel.history import Operation
    from core.kernel.settings import Settings

    with opened_database(Settings.load()) as database, database.system(reason) as session:
        session.info["operation"] = Operation(None, ORIGIN)
        yield session


def first_line(error: object) -> str:
    """The reason that a database driver gives, without what it says below it."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
