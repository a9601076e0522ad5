"""What tasks do by themselves at night."""

from __future__ import annotations

from typing import Any

from plugins.tasks.services import repeat_what_is_done
from sopia import Job, Schedule

REPEAT = "tasks.repeat"


def repeat_tasks(run: Any) -> dict[str, int]:
    """Make the next of what was done and comes again, where finishing it has not: after an import, say."""
    with run.session(write=True) as session:
        return {"made": repeat_what_is_done(session)}


JOBS = (
    Job(REPEAT, repeat_tasks),
    Schedule(REPEAT, "10 1 * * *", REPEAT, "tasks that come again do so whoever has finished them"),
)
