"""The gate: sessions that belong to a principal and see only what is in his scope, whoever writes the query.

Access is a WHERE clause, and the compiler writes it (`core.kernel.compiler`). The gate knows the guarded tables of one
registry and lends an engine to each shape of scope.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy import Connection, Table, event, inspect
from sqlalchemy.orm import Mapper
from sqlalchemy.orm import Session as AnySession

from core.kernel.access import Principal
from core.kernel.bulk_changes import check_bulk
from core.kernel.compiler import ScopedConnection, ScopedEngine
from core.kernel.database import Base, Database, Session
from core.kernel.errors import ConfigurationError
from core.kernel.guard import ScopedSession, check_flush, verify_flush
from core.kernel.history import Operation, Watcher
from core.kernel.i18n import translate as _
from core.kernel.policies import Attached, Between, Own, Private, Public, Sealed, Through
from core.kernel.predicates import Grasp, Guarded, Predicates, key_of
from core.kernel.privilege import entrust, privileged

__all__ = ["Gate", "acting", "privileged"]

log = structlog.get_logger("sopia.gate")

ENGINES = 64
"""Shapes of scope kept at a time; each has compiled statements of its own."""

PRINCIPALS = 5000
"""Principals whose shape is kept."""

ACTED = ("view", "create", "edit", "delete", "assign")
"""The actions that conditions of rows are written for."""

event.listen(ScopedSession, "before_flush", check_flush)
event.listen(ScopedSession, "after_flush", verify_flush)
event.listen(ScopedSession, "do_orm_execute", check_bulk)


class Gate:
    """Opens scoped sessions on one database for the models of one registry."""

    def __init__(self, database: Database, models: Iterable[type[Base]], watchers: Sequence[Watcher] = ()) -> None:
        self.database = database
        self.watchers = tuple(watchers)
        self.guarded = _guarded(models)
        self._engines: OrderedDict[tuple[Any, ...], ScopedEngine] = OrderedDict()
        self._resources = sorted({guarded.resource for guarded in self.guarded.values()})
        self._shapes: dict[Principal, tuple[Any, ...]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def connection(self, principal: Principal, *, write: bool = False, bin: bool = False) -> Iterator[ScopedConnection]:
        """A scoped connection in one transaction, without an ORM session around it: what lists read through."""
        with self.database.transaction(write=write) as system:
            yield self._adopt(system, principal, write=write, with_bin=bin)

    @contextmanager
    def session(
        self,
        principal: Principal,
        *,
        write: bool = False,
        origin: str = "page",
        bin: bool = False,
        operation: Operation | None = None,
    ) -> Iterator[ScopedSession]:
        """A session of `principal` in one transaction, committed at the end and undone by an exception.

        `origin` is where the wish comes from (page, api, import, job, command, plugin) and goes into history.
        With `bin`, what was deleted and may be restored is visible too.
        """
        options: Any = {"write": write, "origin": origin, "bin": bin, "operation": operation}
        with self.database.transaction(write=write) as system, self.adopted(system, principal, **options) as session:
            yield session

    @contextmanager
    def adopted(
        self,
        system: Connection,
        principal: Principal,
        *,
        write: bool = False,
        origin: str = "page",
        bin: bool = False,
        operation: Operation | None = None,
    ) -> Iterator[ScopedSession]:
        """A session of `principal` in a transaction that somebody else opened and will end."""
        connection = self._adopt(system, principal, write=write, with_bin=bin)
        operation = operation or Operation(principal.user_id, origin)
        info = {"principal": principal, "operation": operation, "watchers": self.watchers}
        session = ScopedSession(bind=connection, info=info)
        entrust(session, system)
        session.guarded, session.principal = self.guarded, principal
        try:
            yield session
            if write:
                session.flush()
        except BaseException:
            session.abandon()
            raise
        finally:
            session.close()

    def adopted_connection(
        self, system: Connection, principal: Principal, *, write: bool = False, bin: bool = False
    ) -> ScopedConnection:
        """A scoped connection in a transaction that somebody else opened and will end."""
        return self._adopt(system, principal, write=write, with_bin=bin)

    def _adopt(self, system: Connection, principal: Principal, *, write: bool, with_bin: bool) -> ScopedConnection:
        return self._engine(principal, write=write, with_bin=with_bin).adopt(system, principal, write=write)

    def _engine(self, principal: Principal, *, write: bool, with_bin: bool) -> ScopedEngine:
        # The reading and the writing engine initialise their dialects on first use, each its own.
        key = (self._shape(principal), write, with_bin)
        with self._lock:
            engine = self._engines.get(key)
            if engine is None:
                engine = self._engines[key] = self._make(principal, write, with_bin)
                if len(self._engines) > ENGINES:
                    self._engines.popitem(last=False)
            else:
                self._engines.move_to_end(key)
        return engine

    def _shape(self, principal: Principal) -> tuple[Any, ...]:
        """What decides the text of conditions: the level of every action, and whether shares exist."""
        shape = self._shapes.get(principal)
        if shape is None:
            shape = tuple(
                (principal.shared(resource), *(principal.reach(resource, action).level for action in ACTED))
                for resource in self._resources
            )
            if len(self._shapes) >= PRINCIPALS:
                self._shapes.clear()
            self._shapes[principal] = shape
        return shape

    def _make(self, principal: Principal, write: bool, with_bin: bool) -> ScopedEngine:
        def grasp(resource: str, action: str) -> Grasp:
            readable, writable = principal.shared(resource)
            shared = readable if action == "view" else writable and action == "edit"
            return Grasp(principal.reach(resource, action).level, shared)

        predicates = Predicates(self.guarded, grasp, with_bin=with_bin)
        return ScopedEngine(self.database.writer if write else self.database.reader, predicates)


@contextmanager
def acting(session: Session, reason: str) -> Iterator[Session]:
    """A session beyond the scope of its person, in the same transaction and operation, for what a rule of the business
    changes: the permission was asked for the action, not for each table that it touches. `reason` goes to the log.
    """
    log.debug("acting beyond scope", reason=reason)
    session.flush()
    info = {key: session.info[key] for key in ("principal", "operation", "watchers") if key in session.info}
    connection = privileged(session)
    # Within a savepoint what fails here is undone alone, as for one record of many; else all of it is.
    apart = session.in_nested_transaction() or connection.in_nested_transaction()
    mode: Any = "create_savepoint" if apart else "conditional_savepoint"
    beyond = Session(bind=connection, info=info, join_transaction_mode=mode)
    try:
        yield beyond
        beyond.flush()
        if apart and beyond.in_transaction():
            AnySession.commit(beyond)
    except BaseException:
        beyond.abandon()
        raise
    finally:
        beyond.close()


def _guarded(models: Iterable[type[Base]]) -> dict[str, Guarded]:
    guarded: dict[str, Guarded] = {}
    for model in models:
        mapper: Mapper[Any] = inspect(model)
        table = mapper.local_table
        assert isinstance(table, Table)
        guarded[table.name.lower()] = Guarded(table, key_of(table.name), _policy(model, mapper))
        for relation in mapper.relationships:
            if isinstance(relation.secondary, Table):
                between = relation.secondary
                guarded[between.name.lower()] = Guarded(between, key_of(between.name), _between(between))
    return guarded


def _between(table: Table) -> Any:
    """What a link table says of itself; one that says nothing needs all its ends seen, the strictest there is."""
    ends = tuple(key.parent.name for key in sorted(table.foreign_keys, key=lambda key: key.parent.name))
    return table.info.get("policy") or Between(ends)


def _policy(model: type[Base], mapper: Mapper[Any]) -> Any:
    if mapper.inherits is not None and mapper.local_table is not mapper.inherits.local_table:
        # A sub-class with a table of its own is part of the row that it extends.
        return Through(next(iter(mapper.local_table.primary_key)).name)
    policy = getattr(model, "__policy__", None)
    if not isinstance(policy, Own | Through | Attached | Public | Private | Sealed | Between):
        raise ConfigurationError(
            _("The model '{model}' does not say who may see its rows.", model=model.__name__),
            _("Give it the Scoped mixin, or set __policy__ to Through, Attached, Public, Private or Sealed."),
        )
    return policy
