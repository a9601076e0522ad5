"""One verb on many records: each in a transaction of its own kind, so that one refusal does not stop the others.

All of it is one operation, which is undone as a whole. What is too much for one request is a job, with the present
rights of whoever asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.kernel.errors import Invalid, NotFound, SopiaError
from core.kernel.guard import ScopedSession
from core.kernel.history import Operation
from core.kernel.i18n import translate as _
from core.kernel.jobs import Job
from core.resources.conditions import Context
from core.resources.queries import today_in
from core.resources.records import Records
from core.resources.resolved import ResolvedResource

AT_ONCE: Final = 100
"""Records that are done while somebody waits; more are a job."""

MOST: Final = 100_000
"""Records that one job takes."""

PIECE: Final = 50
"""Records that a job does in one transaction."""

TOLD: Final = 200
"""Refusals that are told one by one."""

DELETE: Final = "delete"
"""The one verb that needs no declaration."""

JOB: Final = "system.many"


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that stayed as it was, and why."""

    id: int
    label: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """What became of many records."""

    done: int = 0
    failed: int = 0
    refused: list[Refused] = field(default_factory=list)
    """The first of those that failed."""

    def refuse(self, refused: Refused) -> None:
        """One more that stayed as it was."""
        self.failed += 1
        if len(self.refused) < TOLD:
            self.refused.append(refused)

    def as_json(self) -> dict[str, Any]:
        """As the queue keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, told: Any) -> Outcome:
        """As it was kept."""
        if not isinstance(told, dict):
            return cls()
        return cls(told["done"], told["failed"], [Refused(**each) for each in told["refused"]])


class Many:
    """Runs a verb on many records of one resource."""

    def __init__(self, records: Records, resource: ResolvedResource) -> None:
        self._records = records
        self._resource = resource

    def run(
        self,
        session: ScopedSession,
        verb: str,
        ids: Iterable[int],
        given: Mapping[str, Any],
        context: Context,
        outcome: Outcome | None = None,
    ) -> Outcome:
        """Do it with each record that may be; those that may not are in the outcome with the reason."""
        outcome = outcome or Outcome()
        with self._records.together(session, context) as records:
            for record_id in ids:
                label = ""
                try:
                    with session.begin_nested():
                        label = self._resource.label_of(records.get(session, self._resource, record_id))
                        self._one(records, session, verb, record_id, given, context)
                    outcome.done += 1
                except SopiaError as error:
                    if error.status >= 500:
                        raise
                    outcome.refuse(Refused(record_id, label or f"#{record_id}", _reason(error, seen=bool(label))))
        return outcome

    def _one(
        self,
        records: Records,
        session: ScopedSession,
        verb: str,
        record_id: int,
        given: Mapping[str, Any],
        context: Context,
    ) -> None:
        if verb == DELETE:
            records.delete(session, self._resource, record_id, context)
        else:
            records.run(session, self._resource, record_id, verb, given, context)


def _reason(error: SopiaError, *, seen: bool) -> str:
    if isinstance(error, NotFound):
        return str(_("This lies beyond what you may change.") if seen else _("There is no such record."))
    if isinstance(error, Invalid):
        return " ".join(str(each.message) for each in error.errors)
    return str(error)


def payload(
    resource: ResolvedResource, verb: str, ids: list[int], given: Mapping[str, Any], user_id: int
) -> dict[str, Any]:
    """What the job is told; its operation is known before it begins, so that attempts after a crash go on with it."""
    operation = Operation(user_id, "job").id
    return {"resource": resource.key, "verb": verb, "ids": ids, "given": dict(given), "operation": operation}


def run_many(run: Any) -> dict[str, Any]:
    """The job: piece by piece, from where an earlier attempt has ended."""
    platform, told = run.platform, run.payload
    resource = platform.above.find(told["resource"])
    if resource is None:
        raise NotFound
    many = Many(Records(platform.above, platform.registry.hooks), resource)
    ids, outcome = told["ids"], Outcome.of(run.state)
    for start in range(run.done, len(ids), PIECE):
        operation = Operation(run.user_id, "job", id=told["operation"])
        with run.session(write=True, operation=operation) as session:
            zone = ZoneInfo(session.principal.timezone or platform.settings.timezone)
            context = Context(session.principal, zone, platform.settings.currency, today_in(zone))
            many.run(session, told["verb"], ids[start : start + PIECE], told["given"], context, outcome)
            session.flush()
            run.progress(min(start + PIECE, len(ids)), len(ids), state=outcome.as_json(), on=session)
    return outcome.as_json()


MANY = (Job(JOB, run_many),)
