"""The running platform as one object: settings, database, registry, gate, storage, translations.

`open_platform` prepares the installation and builds the first generation; `build` makes another one beside it when the
set of enabled plugins has changed. Nothing here is global.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog
from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.orm import Session as AnySession

from core.kernel.access import PrincipalCache
from core.kernel.database import Database
from core.kernel.gate import Gate
from core.kernel.generations import Generation, read_generations
from core.kernel.history import Watcher
from core.kernel.i18n import Catalogues, activate
from core.kernel.i18n import translate as _
from core.kernel.lifecycle import Lifecycle
from core.kernel.passwords import hash_password, put_password
from core.kernel.registry import Registry
from core.kernel.roles import ADMINISTRATOR, UserRole
from core.kernel.settings import Settings, check_data_folder
from core.kernel.shipped_roles import find_role, install_roles
from core.kernel.storage import Storage, open_storage
from core.kernel.users import User

log = structlog.get_logger("sopia.platform")

FIRST_LOGIN: Final = "admin"

POOL: Final = 16
"""Connections for reading and as many for writing; the threads of a server are no more than that."""

PREPARING: Final = 7_360_274
"""The number of the lock under which PostgreSQL lets one process at a time prepare the database."""

Above = Callable[[Registry], Any]
Watching = Callable[[Any], Sequence[Watcher]]
Making = Callable[[Connection, Any], None]


@dataclass(frozen=True)
class Parts:
    """What the floors above the kernel add: the platform's own plugin, and what watches every change."""

    system: str | None = None
    """Where the platform's own plugin is: `module:name`."""
    above: Above = lambda registry: None
    """Makes what the floors above keep for each generation: the resolved resources."""
    watchers: Watching = lambda above: ()
    """What watches every change, given `above`."""
    make: Making = lambda connection, above: None
    """Makes what the floors above keep in the database beside the models' tables: the search indexes."""


@dataclass(frozen=True)
class Platform:
    """One generation of the platform: built, handed on, and thrown away when a newer one stands."""

    settings: Settings
    database: Database
    registry: Registry = field(repr=False)
    gate: Gate = field(repr=False)
    storage: Storage = field(repr=False)
    catalogues: Catalogues = field(repr=False)
    above: Any = field(repr=False)
    """What the floors above keep for this generation; see `Parts.above`."""
    generation: int = 1
    """The generation of plugins that it was built from."""
    safe: bool = False
    """Whether it is the kernel alone, for an administrator whose plugins do not let him in."""
    parts: Parts = field(default_factory=Parts, repr=False)
    principals: PrincipalCache = field(default_factory=PrincipalCache, repr=False)
    first_password: str | None = field(default=None, repr=False)
    """The first administrator's password, where this process has just made it up."""

    def close(self) -> None:
        """Close every connection to the database."""
        self.database.dispose()


def open_platform(settings: Settings, *, parts: Parts | None = None, safe: bool = False) -> Platform:
    """The platform, ready to work: tables, roles and the first administrator are there, plugins loaded.

    Several processes may do this at the same time; one prepares, the others wait.
    """
    if settings.database_file is not None:
        settings.database_file.parent.mkdir(parents=True, exist_ok=True)
        check_data_folder(settings.database_file.parent)
    database = Database(settings.database_url, pool_size=POOL)
    try:
        platform = build(settings, database, parts=parts, safe=safe)
        return replace(platform, first_password=prepare(settings, database, platform.gate.watchers))
    except BaseException:
        database.dispose()
        raise


def build(
    settings: Settings,
    database: Database,
    *,
    parts: Parts | None = None,
    safe: bool = False,
    storage: Storage | None = None,
    principals: PrincipalCache | None = None,
) -> Platform:
    """One generation of the platform over a database, from the plugins that are enabled now."""
    parts = parts or Parts()
    lifecycle = Lifecycle(database, settings, system=parts.system)
    generation, registry = _current(database, lambda: lifecycle.start(safe=safe))
    above = parts.above(registry)
    catalogues = Catalogues(registry.folders("locale"))
    with database.transaction(write=True) as connection, activate(catalogues, settings.locale):
        _one_at_a_time(connection)
        parts.make(connection, above)
    return Platform(
        settings=settings,
        database=database,
        registry=registry,
        gate=Gate(database, registry.models, parts.watchers(above)),
        storage=storage or open_storage(settings.files_url),
        above=above,
        catalogues=catalogues,
        generation=generation,
        safe=safe,
        parts=parts,
        principals=principals or PrincipalCache(),
    )


def _current(database: Database, start: Callable[[], Registry]) -> tuple[int, Registry]:
    """The registry with a generation that it is no older than: whoever enables a plugin meanwhile raises another."""
    before = _generation(database)
    while True:
        registry = start()
        now = _generation(database)
        if now == before:
            return now, registry
        before = now


def _generation(database: Database) -> int:
    """The generation of plugins in the database; 0 before there are tables."""
    with database.transaction(write=False) as connection:
        if not inspect(connection).has_table(Generation.__tablename__):
            return 0
        return read_generations(connection)[1]


def rebuild(platform: Platform) -> Platform:
    """The next generation of a running platform, over the same connections."""
    return build(
        platform.settings,
        platform.database,
        parts=platform.parts,
        safe=platform.safe,
        storage=platform.storage,
        principals=platform.principals,
    )


def prepare(settings: Settings, database: Database, watchers: Sequence[Watcher] = ()) -> str | None:
    """Make what an installation begins with: the shipped roles and the first administrator.

    His password is the answer where it was made up here, for the only time that anybody can read it.
    """
    with database.transaction(write=False) as connection:
        empty = connection.scalar(select(func.count()).select_from(User)) == 0
    password = settings.admin_password or secrets.token_urlsafe(12)
    # The hash takes its time, and nobody should have to wait for the lock meanwhile.
    password_hash = hash_password(password) if empty else ""
    with database.system("shipped roles and first administrator") as session:
        session.info["watchers"] = tuple(watchers)
        _one_at_a_time(session.connection())
        install_roles(session)
        made = empty and _make_administrator(session, password_hash, settings.locale)
    return password if made and not settings.admin_password else None


def _one_at_a_time(connection: Connection) -> None:
    """Let processes that start together prepare the database one after the other; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(PREPARING)))


def _make_administrator(session: AnySession, password_hash: str, locale: str) -> bool:
    """The first administrator; nobody where another process was quicker."""
    if session.scalar(select(func.count()).select_from(User)):
        return False
    with activate(Catalogues(), locale):
        user = User(login=FIRST_LOGIN, name=str(_("Administrator")))
    session.add(user)
    session.flush()
    role = find_role(session, ADMINISTRATOR)
    if role is not None:
        session.add(UserRole(user_id=user.id, role_id=role.id))
    session.flush()
    put_password(session.connection(), user.id, password_hash)
    return True
