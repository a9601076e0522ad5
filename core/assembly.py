"""Puts the rooms together: what the floors above the kernel add to every platform, whoever opens it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from core.kernel.announcing import Announcer
from core.kernel.database import Session
from core.kernel.history import Operation, Watcher
from core.kernel.platform import Parts, Platform, open_platform
from core.kernel.plugin_settings import enter_settings
from core.kernel.settings import Settings
from core.kernel.shipped_roles import install_plugin_roles, install_roles
from core.kernel.states import Ownership
from core.resources.indexing import create_indexes, search_watcher
from core.resources.locks import Rules
from core.resources.numbering import enter_numberings
from core.resources.resolved import Resources
from core.resources.words import word_watcher
from core.workplace.watching import workplace_watcher


def assemble(settings: Settings | None = None, *, safe: bool = False) -> Platform:
    """The platform of this installation, opened and ready; `safe` leaves every plugin out."""
    settings = settings or Settings.load()

    def watchers(resources: Resources) -> tuple[Watcher, ...]:
        return (
            search_watcher(resources),
            Rules(resources, settings.timezone, settings.currency),
            workplace_watcher(resources),
            word_watcher(resources),
            Announcer(resources.registry),
        )

    return open_platform(settings, parts=replace(PARTS, watchers=watchers), safe=safe)


def make(connection: Connection, resources: Resources) -> None:
    """What a generation needs in the database beside its tables: search indexes, and what plugins start with."""
    create_indexes(connection, resources)
    enter_settings(connection, resources.registry.settings)
    enter_numberings(connection, resources.values())
    _install(connection, resources)


def _install(connection: Connection, resources: Resources) -> None:
    """Let every plugin put in what it starts with, once; the ledger remembers it."""
    for plugin in resources.registry.plugins:
        if plugin.install is None and not plugin.roles:
            continue
        info = {"operation": Operation(None, "plugin"), "watchers": (search_watcher(resources), Rules(resources))}
        with Session(bind=connection, info=info) as session:
            mark = (plugin.name, "install", "once")
            if session.get(Ownership, mark) is None:
                session.add(Ownership(plugin=plugin.name, kind="install", name="once"))
                if plugin.roles:
                    # In a new installation these are not there yet, and a plugin may add to them.
                    install_roles(session)
                    install_plugin_roles(session, plugin.roles)
                if plugin.install is not None:
                    plugin.install(session)
                session.flush()


PARTS = Parts(
    system="core.system:plugin",
    above=Resources,
    watchers=lambda resources: (search_watcher(resources), Rules(resources), Announcer(resources.registry)),
    make=make,
)
