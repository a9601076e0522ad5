"""The jobs of imports: long checks and all runs, with the present rights of whoever asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete

from core.kernel.errors import SopiaError
from core.kernel.generations import privileged
from core.kernel.jobs import Job, Schedule
from core.kernel.types import now
from core.resources.importing.imports import CHECK, RUN, UNDO, Imports
from core.resources.importing.kept import IMPORT
from core.resources.importing.models import ImportFile
from core.resources.importing.workshop import Tell

FORGET: Final = "system.import_forget"
FORGOTTEN: Final = timedelta(days=90)
"""How long files, and rows that were left out, are kept to be looked at."""


def run_import(run: Any) -> dict[str, int]:
    """Write the rows of a file."""
    done = Imports(run.platform).run(run.payload["import"], run.user_id, _telling(run))
    return {"created": done.created, "updated": done.updated, "left_out": done.left_out}


def check_import(run: Any) -> dict[str, int]:
    """Judge the rows of a file."""
    imports = Imports(run.platform)
    with run.platform.database.transaction(write=False) as connection:
        found = imports.get(connection, run.payload["import"], run.user_id)
        principal = run.principal(connection)
    try:
        checked = imports.check(found, principal, _telling(run))
    except SopiaError as error:
        imports.refuse(found, str(error))
        raise
    return {"faulty": checked.faulty}


def undo_import(run: Any) -> dict[str, int]:
    """Take back everything that an import wrote."""
    return {"records": Imports(run.platform).undo(run.payload["import"], run.user_id, _telling(run))}


def forget_imports(run: Any) -> dict[str, int]:
    """Forget imports of long ago; what they wrote, and its history, stay."""
    with run.session(write=True) as session:
        return {"imports": forget_old(privileged(session))}


def forget_old(connection: Connection, older_than: timedelta = FORGOTTEN) -> int:
    """Remove imports, with the rows that were left out; how many those were."""
    return connection.execute(delete(ImportFile).where(IMPORT.created_at < now() - older_than)).rowcount


def _telling(run: Any) -> Tell:
    told = [0]

    def tell(done: int, total: int | None, on: Connection | None = None) -> None:
        run.check()
        # A check writes nothing, so its progress is worth a transaction of its own only now and then.
        if on is not None or done - told[0] >= 5_000:
            told[0] = done
            run.progress(done, total, on=on)

    return tell


IMPORTS: Final = (
    Job(RUN, run_import),
    Job(CHECK, check_import),
    Job(UNDO, undo_import),
    Job(FORGET, forget_imports),
    Schedule(FORGET, "47 3 * * *", FORGET, "forget imports of long ago"),
)
"""For the platform's own plugin."""
