"""Carries events to their listeners: at once in the same transaction, or after the commit as jobs in the queue.

The job is written in the transaction of the change, so an event is heard exactly when what it tells of has happened.
A listener of a parked plugin hears nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pydantic import TypeAdapter
from sqlalchemy import Connection, insert
from sqlalchemy.orm import Session as AnySession

from core.kernel.database import Session
from core.kernel.errors import PluginError
from core.kernel.events import (
    Listener,
    RecordChanged,
    RecordCreated,
    RecordDeleted,
    RecordEvent,
    RecordRestored,
    check_listeners,
    is_event,
)
from core.kernel.history import Change, Operation
from core.kernel.i18n import translate as _
from core.kernel.jobs import Job, QueuedJob
from core.kernel.privilege import privileged
from core.kernel.registry import Registry
from core.kernel.worker import Stopped

log = structlog.get_logger("sopia.events")

TOGETHER: Final = 500
"""Events of one change that one job carries; each still has a transaction of its own."""

ORIGIN: Final = "plugin"

KINDS: Final[Mapping[str, type[RecordEvent]]] = {
    "create": RecordCreated,
    "delete": RecordDeleted,
    "purge": RecordDeleted,
    "restore": RecordRestored,
}
"""The event of each action of history; all others change the record."""


@dataclass(frozen=True)
class _Heard:
    plugin: str
    listener: Listener

    @property
    def job(self) -> str:
        return job_of(self.plugin)


def announce(session: AnySession, event: Any) -> None:
    """Tell whoever listens that something has happened; for services, in the transaction in which it happens."""
    if not is_event(type(event)):
        raise TypeError(f"{event!r} is no event; announce an instance of a class with @dataclass(frozen=True)")
    announcer = next((each for each in session.info.get("watchers", ()) if isinstance(each, Announcer)), None)
    if announcer is None:
        log.debug("announced where nobody listens", announced=repr(event))
    else:
        announcer.announce(session, event)


class Announcer:
    """The listeners of one generation of the platform; as a watcher it hears of every change of a record."""

    def __init__(self, registry: Registry) -> None:
        check_listeners(registry.listeners)
        self._adapters: dict[type[Any], TypeAdapter[Any]] = {}
        self._by_event: dict[type[Any], list[_Heard]] = defaultdict(list)
        self._by_record: dict[tuple[type[Any], str], list[_Heard]] = defaultdict(list)
        for plugin, listener in registry.listeners:
            if not listener.at_once:
                self._adapters[listener.event] = _adapter(plugin, listener.event)
            heard = _Heard(plugin, listener)
            for key in listener.of:
                self._by_record[listener.event, key].append(heard)
            if not listener.of:
                self._by_event[listener.event].append(heard)
        self._concerned = frozenset(key for _event, key in self._by_record)

    def __call__(self, session: Session, changes: Sequence[Change]) -> None:
        """Announce what happened to records that somebody listens to."""
        if not self._concerned:
            return
        told: dict[tuple[type[Any], str], list[RecordEvent]] = defaultdict(list)
        for change in changes:
            kind = KINDS.get(change.action, RecordChanged)
            if change.resource in self._concerned and (kind, change.resource) in self._by_record:
                fields = tuple(sorted(change.after))
                told[kind, change.resource].append(kind(change.resource, change.record_id, fields))
        for key, events in told.items():
            self._tell(session, self._by_record[key], events)

    def listens(self, action: str, resource: str) -> bool:
        """Whether anybody wants to hear that this happened to a record."""
        return (KINDS.get(action, RecordChanged), resource) in self._by_record

    def announce_many(
        self, connection: Connection, operation: Operation, action: str, resource: str, ids: Iterable[int]
    ) -> None:
        """Announce what was written past the unit of work, as an import does; `connection` is the privileged one."""
        if not self.listens(action, resource):
            return
        kind = KINDS.get(action, RecordChanged)
        with Session(bind=connection, info={"operation": operation, "watchers": (self,)}) as session:
            self._tell(session, self._by_record[kind, resource], [kind(resource, each) for each in ids])

    def announce(self, session: AnySession, event: Any) -> None:
        """Tell the listeners of an event; those that hear it at once have done so when this returns."""
        heard = self._by_event.get(type(event), [])
        if isinstance(event, RecordEvent):
            heard = [*heard, *self._by_record.get((type(event), event.resource), ())]
        if not heard:
            return
        session.flush()
        self._tell(session, heard, [event])
        if any(each.listener.at_once for each in heard):
            session.expire_all()  # what a listener has changed is read anew

    def _tell(self, session: AnySession, heard: Sequence[_Heard], events: Sequence[Any]) -> None:
        later = [each for each in heard if not each.listener.at_once]
        if later:
            _queue(session, later, events, self._adapters[type(events[0])])
        for each in heard:
            if each.listener.at_once:
                _at_once(session, each, events)


def _at_once(session: AnySession, heard: _Heard, events: Sequence[Any]) -> None:
    """Beyond the scope of its person and beside his session, which may be in the middle of writing."""
    info = {key: session.info[key] for key in ("principal", "operation", "watchers") if key in session.info}
    beyond = Session(bind=privileged(session), info=info)
    try:
        for event in events:
            heard.listener.function(beyond, event)
        beyond.flush()
    except BaseException:
        beyond.abandon()
        raise
    finally:
        beyond.close()


def _queue(session: AnySession, heard: Sequence[_Heard], events: Sequence[Any], adapter: TypeAdapter[Any]) -> None:
    operation: Operation | None = session.info.get("operation")
    rows = []
    for start in range(0, len(events), TOGETHER):
        part = events[start : start + TOGETHER]
        kept = [adapter.dump_python(event, mode="json") for event in part]
        for each in heard:
            payload = {
                "listener": each.listener.name,
                "event": part[0].__class__.__name__,
                "events": kept,
                "actor": operation.actor_id if operation else None,
            }
            why = f"{each.plugin} listens to {type(part[0]).__name__}"[:200]
            rows.append({"name": each.job, "payload": payload, "why": why})
    privileged(session).execute(insert(QueuedJob), rows)


# ------------------------------------------------------------------------------------------------ hearing, in a worker


def job_of(plugin: str) -> str:
    """The name of the job in which a plugin hears; a worker without the plugin leaves it to one that has it."""
    return f"{plugin}.hear"


def hearing(registry: Registry) -> Iterator[Job]:
    """The jobs in which the plugins of a registry hear."""
    plugins = dict.fromkeys(plugin for plugin, listener in registry.listeners if not listener.at_once)
    for plugin in plugins:
        found = {(each.name, each.event.__name__): each for name, each in registry.listeners if name == plugin}
        yield Job(job_of(plugin), _hear(plugin, found))


def _hear(plugin: str, listeners: Mapping[tuple[str, str], Listener]) -> Callable[[Any], None]:
    def hear(run: Any) -> None:
        """Let one listener hear its events, each in a transaction of its own, each once."""
        listener = listeners.get((run.payload["listener"], run.payload["event"]))
        if listener is None:  # it went with a newer version of the plugin
            log.warning("nobody listens any more", plugin=plugin, listener=run.payload["listener"])
            return
        adapter, events = _adapter(plugin, listener.event), run.payload["events"]
        failure: Exception | None = None
        while run.done < len(events):
            try:
                with run.session(write=True) as session:
                    session.info["operation"] = Operation(run.payload["actor"], ORIGIN)
                    listener.function(session, adapter.validate_python(events[run.done]))
                    session.flush()
                    run.progress(run.done + 1, len(events), on=session)
            except Stopped:
                raise
            except Exception as error:
                if len(events) == 1:
                    raise
                failure = error
                _put_aside(run, plugin, events[run.done])
        if failure is not None:
            log.warning("an event was put aside", plugin=plugin, listener=listener.name, exc_info=failure)

    return hear


def _put_aside(run: Any, plugin: str, event: Any) -> None:
    """Try an event that fails again by itself, so that it keeps no other waiting."""
    with run.session(write=True) as session:
        values = {"name": job_of(plugin), "payload": {**run.payload, "events": [event]}, "why": f"{plugin} listens"}
        session.connection().execute(insert(QueuedJob), [values])
        run.progress(run.done + 1, on=session)


# ------------------------------------------------------------------------------------------------ events as they are kept


def _adapter(plugin: str, event: type[Any]) -> TypeAdapter[Any]:
    """What turns events of a class into JSON and back."""
    try:
        return TypeAdapter(event)
    except Exception as error:
        raise PluginError(
            _("The event '{event}', to which plugin '{plugin}' listens, holds what cannot be kept: {reason}.",
              event=event.__name__, plugin=plugin, reason=str(error).partition("\n")[0]),
            _("Use numbers, texts, dates, amounts, ids of records, and tuples of them."),
        ) from error  # fmt: skip
