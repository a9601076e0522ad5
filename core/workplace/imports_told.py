"""Tells whoever asked for an import when it has ended: it may have taken longer than he looked on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from core.kernel.i18n import translate as _
from core.kernel.jobs import Job
from core.resources.importing.imports import RUN
from core.resources.importing.models import ImportFile
from core.workplace.notifications import notify


def telling(parts: Iterable[Any]) -> tuple[Any, ...]:
    """The jobs of imports, the one that writes with a word to its person behind it."""
    return tuple(
        replace(part, run=_run(part)) if isinstance(part, Job) and part.name == RUN else part for part in parts
    )


def _run(job: Job) -> Any:
    def run_and_tell(run: Any) -> Any:
        result = job.run(run)
        tell(run)
        return result

    return run_and_tell


def tell(run: Any) -> None:
    """What the import wrote and left out, in the bell."""
    table = ImportFile.__table__
    with run.platform.database.system("the end of an import") as session:
        row = session.execute(select(*table.c).where(table.c.id == run.payload["import"])).first()
        if row is None or row.state != "done":
            return
        text = _(
            "{created} created, {updated} updated, {left} left out: {file}",
            created=row.created,
            updated=row.updated,
            left=row.faulty + row.duplicates,
            file=row.filename,
        )
        notify(session, [row.user_id], kind="import", text=text)
