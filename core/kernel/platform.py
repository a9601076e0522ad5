"""The running platform as one object: settings, database, registry, gate, storage, translations.

`open_platform` prepares the installation and builds the first generation; `build` makes another one beside it when the
set of enabled plugins has changed. Nothing here is global.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session as AnySession

from core.kernel import idempotency, search, signin, tokens
from core.kernel.access import PrincipalCache
from core.kernel.database import Base, Database
from core.kernel.discovery import discover
from core.kernel.gate import Gate
from core.kernel.generations import read_generations
from core.kernel.history import Watcher
from core.kernel.i18n import Catalogues, activate
from core.kernel.i18n import translate as _
from core.kernel.passwords import hash_password, put_password
from core.kernel.plugins import Plugin, table_of
from core.kernel.registry import Registry, build_registry
from core.kernel.roles import ADMINISTRATOR, UserRole
from core.kernel.settings import Settings, check_data_folder
from core.kernel.shipped_roles import find_role, install_roles
from core.kernel.users import User

log = structlog.get_logger("sopia.platform")

FIRST_LOGIN: Final = "admin"

POOL: Final = 16
"""Connections for reading and as many for writing; the threads of a server are no more than that."""

PREPARING: Final = 7_360_274
"""The number of the lock under which PostgreSQL lets one process at a time prepare the database."""

KERNEL: Final = tuple(
    mapper.class_ for mapper in Base.registry.mappers if table_of(mapper.class_).startswith("system_")
)
"""The models that are there with the kernel alone."""

SystemPlugin = Plugin | str | None
Above = Callable[[Registry], Any]
Watching = Callable[[Any], Sequence[Watcher]]
Making = Callable[[Connection, Any], None]


@dataclass(frozen=True)
class Parts:
    """What the floors above the kernel add: the platform's own plugin, and what watches every change."""

    system: SystemPlugin = None
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
        password = prepare(settings, database)
        platform = build(settings, database, parts=parts, safe=safe)
        create_tables(database, platform.registry.models)
        with database.transaction(write=True) as connection, activate(platform.catalogues, settings.locale):
            platform.parts.make(connection, platform.above)
    except BaseException:
        database.dispose()
        raise
    return replace(platform, first_password=password)


def build(
    settings: Settings,
    database: Database,
    *,
    parts: Parts | None = None,
    safe: bool = False,
    principals: PrincipalCache | None = None,
) -> Platform:
    """One generation of the platform over a database, from the plugins that are enabled now."""
    parts = parts or Parts()
    with database.transaction(write=False) as connection:
        generation = read_generations(connection)[1]
    registry = build_registry(() if safe else enabled_plugins(settings, database), system=parts.system)
    above = parts.above(registry)
    return Platform(
        settings=settings,
        database=database,
        registry=registry,
        gate=Gate(database, registry.models, parts.watchers(above)),
        above=above,
        catalogues=Catalogues(registry.folders("locale")),
        generation=generation,
        safe=safe,
        parts=parts,
        principals=principals or PrincipalCache(),
    )


def rebuild(platform: Platform) -> Platform:
    """The next generation of a running platform, over the same connections."""
    return build(
        platform.settings,
        platform.database,
        parts=platform.parts,
        safe=platform.safe,
        principals=platform.principals,
    )


def enabled_plugins(settings: Settings, database: Database) -> Iterable[str]:
    """The plugins to load: those that SOPIA_PLUGINS lists, else those that the database says, at first all built-in."""
    if settings.plugins is not None:
        return settings.plugins
    return [name for name, found in discover().items() if found.built_in]


def prepare(settings: Settings, database: Database) -> str | None:
    """Make what the kernel needs: its tables, the shipped roles, the first administrator.

    His password is the answer where it was made up here, for the only time that anybody can read it.
    """
    create_tables(database, KERNEL)
    with database.transaction(write=False) as connection:
        empty = connection.scalar(select(func.count()).select_from(User)) == 0
    password = settings.admin_password or secrets.token_urlsafe(12)
    # The hash takes its time, and nobody should have to wait for the lock meanwhile.
    password_hash = hash_password(password) if empty else ""
    with database.system("shipped roles and first administrator") as session:
        install_roles(session)
        made = empty and _make_administrator(session, password_hash, settings.locale)
    return password if made and not settings.admin_password else None


def create_tables(database: Database, models: Iterable[type[Any]]) -> None:
    """Make the tables that are missing; one process at a time."""
    with database.transaction(write=True) as connection:
        if not database.is_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(PREPARING)))
        prefixes = {table_of(model).partition("_")[0] for model in models}
        own = [table for table in Base.metadata.sorted_tables if table.name.partition("_")[0] in prefixes]
        Base.metadata.create_all(connection, tables=own)


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
