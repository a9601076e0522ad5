"""The database: engines, transactions and the base of every model. SQLite by default, PostgreSQL by psycopg 3.

One transaction a request, opened and ended by whoever opened the session, never by the code that uses it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final
from weakref import WeakSet

import structlog
from sqlalchemy import Column, Connection, Engine, ForeignKey, Index, MetaData, Table, create_engine, event, text
from sqlalchemy import orm as sqlalchemy_orm
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from core.kernel.policies import Between
from core.kernel.types import Instant, Key, now

try:
    import fcntl
except ImportError:  # Windows: one process writes at a time there, held by SQLite's own lock
    fcntl = None  # type: ignore[assignment]

log = structlog.get_logger("sopia.database")

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, because one without a name cannot be changed later."""


RESERVED_WORDS.add("system_user")
"""A word of SQL from PostgreSQL 16 on, which SQLAlchemy does not quote by itself, and the name of a table here."""


class Base(DeclarativeBase):
    """The root of every mapped class; a technical table inherits it directly, a record inherits `Model`."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Instant}


class Model(Base):
    """A business record: it has an id, a version that guards against blind overwriting, and a recycle bin."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None] = mapped_column(default=None, index=False)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


def unique_present(name: str, *columns: str, where: str = "") -> Index:
    """A unique index among the records that are not in the recycle bin, for `__table_args__`; `where` narrows it."""
    condition = text(f"deleted_at IS NULL AND {where}" if where else "deleted_at IS NULL")
    return Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


def between(name: str, one: str, other: str) -> Table:
    """The link table of many to many between two tables, for `relationship(secondary=…)`.

    A link is seen by whoever sees both records. It goes with the first of them; the second is kept while it is linked.
    """
    columns = [f"{table.partition('_')[2]}_id" for table in (one, other)]
    return Table(
        name,
        Base.metadata,
        Column(columns[0], Key, ForeignKey(f"{one}.id", ondelete="CASCADE"), primary_key=True),
        Column(columns[1], Key, ForeignKey(f"{other}.id", ondelete="RESTRICT"), primary_key=True, index=True),
        info={"policy": Between(tuple(columns))},
    )


class Session(sqlalchemy_orm.Session):
    """A session in one transaction that somebody else opened and will end; `commit` and `rollback` are not yours."""

    def commit(self) -> None:
        """Refused: whoever opened the session ends the transaction."""
        raise RuntimeError(
            "The transaction is committed by whoever opened the session; call flush() to see your changes"
        )

    def rollback(self) -> None:
        """Refused: raise an exception instead, and everything is undone."""
        raise RuntimeError("The transaction is undone by raising an exception; use begin_nested() for a part of it")

    def abandon(self) -> None:
        """Forget everything that has not been flushed; for the opener, when the transaction is rolled back."""
        super().rollback()


FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)


class _Ticket:
    """One thread's open file of the queue; closed when its thread or the queue is gone."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)


NEVER: Final = 1_000_000_000
"""So often a statement would have to be run before psycopg prepares it unasked."""


class WriteQueue:
    """Lets one writer at a time into a SQLite database, first come first served, across threads and processes.

    SQLite's own busy handler is unfair and makes some wait for seconds; an flocked file is first in, first out,
    and the operating system frees it when a process is killed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._fallback = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn, hold it for the block."""
        if fcntl is None:
            with self._fallback:
                yield
            return
        ticket = self._ticket()
        fcntl.flock(ticket.number, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(ticket.number, fcntl.LOCK_UN)

    def _ticket(self) -> _Ticket:
        # The lock belongs to the open file, so each thread opens its own.
        ticket: _Ticket | None = getattr(self._local, "ticket", None)
        if ticket is None:
            ticket = self._local.ticket = _Ticket(os.open(self._path, FLAGS, 0o600))
        return ticket


class Database:
    """One database: a reading and a writing engine, and transactions on them.

    The reading engine cannot write (`query_only`, `default_transaction_read_only`), so no GET changes anything.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 20) -> None:
        self.url = make_url(url)
        if self.url.get_backend_name() == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.reader, self.writer = (
            (_sqlite(self.url, pool_size, write=False), _sqlite(self.url, pool_size, write=True))
            if self.is_sqlite
            else (_postgresql(self.url, pool_size, write=False), _postgresql(self.url, pool_size, write=True))
        )
        self._queue = WriteQueue(Path(f"{self.url.database}.lock")) if self.is_sqlite else None
        self._local = threading.local()

    @contextmanager
    def transaction(self, *, write: bool, links: bool = True) -> Iterator[Connection]:
        """A privileged connection in one transaction, committed at the end and rolled back by an exception.

        For the kernel. A thread that holds a writing transaction cannot open another: it would wait for itself.
        Without `links`, SQLite does not enforce foreign keys meanwhile; for migrations, which rebuild tables.
        """
        if not write:
            with self.reader.connect() as connection, connection.begin():
                yield connection
            return
        if getattr(self._local, "writing", False):
            raise RuntimeError("This thread already writes in another transaction; use the session it has")
        self._local.writing = True
        try:
            with self._turn(), self.writer.connect() as connection, self._links(connection, links), connection.begin():
                yield connection
        finally:
            self._local.writing = False

    @contextmanager
    def _links(self, connection: Connection, enforced: bool) -> Iterator[None]:
        if enforced or not self.is_sqlite:
            yield
            return
        # SQLite ignores this pragma inside of a transaction, so it is given before the BEGIN.
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            yield
        finally:
            driver.execute("PRAGMA foreign_keys=ON")

    @contextmanager
    def system(self, reason: str, *, write: bool = True) -> Iterator[Session]:
        """A session that sees everything, for migrations, sign-in, schedules; `reason` goes to the log."""
        log.debug("system session", reason=reason, write=write)
        with self.transaction(write=write) as connection:
            session = Session(bind=connection, info={"reason": reason, "database": self})
            try:
                yield session
                session.flush()
            except BaseException:
                session.abandon()
                raise
            finally:
                session.close()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._queue is None:
            yield
        else:
            with self._queue.turn():
                yield

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.reader.dispose()
        self.writer.dispose()


class Tidy(sqlite3.Connection):
    """A connection to SQLite whose transactions really end.

    A SELECT that was not read to its end keeps its transaction open beyond COMMIT and ROLLBACK: whoever got the
    connection from the pool next would go on reading what was there then, and could not write.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        """A cursor that is closed with the transaction."""
        cursor = super().cursor(*arguments, **options)
        self._cursors.add(cursor)
        return cursor

    def commit(self) -> None:
        """End every read, and commit."""
        self._end_reads()
        super().commit()

    def rollback(self) -> None:
        """End every read, and roll back."""
        self._end_reads()
        super().rollback()

    def _end_reads(self) -> None:
        if self._cursors:
            for cursor in list(self._cursors):
                cursor.close()
            self._cursors.clear()


def _sqlite(url: URL, pool_size: int, *, write: bool) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=20,
        # Python's own transaction mode leaves reads outside of the transaction, and money is lost without an error.
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": 30, "factory": Tidy},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        pragmas = ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000", "temp_store=MEMORY"]
        # Pages that are written again and again, as by imports, are copied into the file once and not each time.
        pragmas.append("wal_autocheckpoint=4000")
        for pragma in [*pragmas, "mmap_size=268435456", *([] if write else ["query_only=ON"])]:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        _send(connection, "BEGIN IMMEDIATE" if write else "BEGIN")

    return _with_quick_savepoints(engine)


def _postgresql(url: URL, pool_size: int, *, write: bool) -> Engine:
    # Fifty rows are read before a second process has started, and from memory, not from the tracks of a disk.
    planning = "-c jit=off -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1"
    options = f"{planning} -c timezone=UTC" + ("" if write else " -c default_transaction_read_only=on")
    # Automatic prepared statements switch to generic plans, which ruin the search index: 37 ms instead of 0.2. None
    # would forbid those as well that are asked for, so nothing is run often enough; see Prepared.straight.
    arguments = {"prepare_threshold": NEVER, "options": f"{url.query.get('options', '')} {options}".strip()}
    url = url.difference_update_query(["options"])
    if write:
        return _with_quick_savepoints(create_engine(url, pool_size=pool_size, max_overflow=20, connect_args=arguments))
    return create_engine(
        url, pool_size=pool_size, max_overflow=20, connect_args=arguments, isolation_level="AUTOCOMMIT"
    )


def _send(connection: Connection, sql: str) -> None:
    """Give the driver a word about the transaction; through SQLAlchemy it takes ten times as long."""
    driver: Any = connection._dbapi_connection.driver_connection  # type: ignore[union-attr]
    try:
        driver.execute(sql)
    except BaseException as error:
        connection._handle_dbapi_exception(error, sql, None, None, None)
        raise


def _with_quick_savepoints(engine: Engine) -> Engine:
    """Every hook gets a savepoint, and every rule that acts beyond the scope within one."""

    def telling(words: str) -> Any:
        def tell(connection: Connection, name: str) -> None:
            _send(connection, f"{words} {engine.dialect.identifier_preparer.quote(name)}")

        return tell

    dialect: Any = engine.dialect
    dialect.do_savepoint = telling("SAVEPOINT")
    dialect.do_release_savepoint = telling("RELEASE SAVEPOINT")
    dialect.do_rollback_to_savepoint = telling("ROLLBACK TO SAVEPOINT")
    return engine
