"""What the platform does for itself every hour: forget what has expired, so that no table grows for ever."""

from __future__ import annotations

from typing import Any, Final

from core.kernel import idempotency, jobs, outbox, sessions, signin
from core.kernel.generations import privileged
from core.kernel.jobs import Job, Schedule

NAME: Final = "system.upkeep"


def forget_expired(run: Any) -> dict[str, int]:
    """Delete ended sessions, old sign-in tries, answered requests, sent messages and finished jobs."""
    with run.session(write=True) as session:
        connection = privileged(session)
        signin.forget_old_tries(connection)
        return {
            "sessions": sessions.forget_ended_sessions(connection),
            "requests": idempotency.forget_old_keys(connection),
            "messages": outbox.forget_sent(connection),
            "jobs": jobs.forget_finished(connection),
        }


UPKEEP: Final = (
    Job(NAME, forget_expired),
    # Not on the hour, when everybody else's machines wake up.
    Schedule(NAME, "17 * * * *", NAME, "forget what has expired"),
)
"""The job and its times, for the platform's own plugin."""
