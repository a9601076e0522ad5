"""What the database knows of plugins: their states, and the ledger of what belongs to whom.

A plugin is *available* (installed, never used), *enabled*, *parked* (off, data kept), or *uninstalled* (data in an
archive).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, Connection, String, delete, insert, select, true, update
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Base
from core.kernel.plugins import Manifest
from core.kernel.policies import Sealed
from core.kernel.types import now

INSTALL = "install"
"""The kind of the entry that says that a plugin has put in what it starts with."""


class State(StrEnum):
    """How far a plugin has come."""

    AVAILABLE = "available"
    ENABLED = "enabled"
    PARKED = "parked"
    UNINSTALLED = "uninstalled"


class PluginState(Base):
    """One plugin that has been enabled at some time, with what must be known of it while it is off."""

    __tablename__ = "system_plugin"
    __policy__: ClassVar[Any] = Sealed("the kernel's own record of plugins; the administration shows it")

    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    chosen: Mapped[bool] = mapped_column(default=True)
    """Whether a person decided it. A bridge that nobody has decided on comes and goes with what it joins."""
    title: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[str] = mapped_column(String(60), default="")
    requires: Mapped[list[str]] = mapped_column(JSON, default=list)
    automatic: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(2000), default="")
    """Why it could not start when it was last tried."""
    archive: Mapped[str] = mapped_column(String(255), default="")
    """The file with its data, in the folder of archives, once it is uninstalled."""
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    @property
    def manifest(self) -> Manifest:
        """What others must know of it."""
        return Manifest(self.name, self.title, self.version, tuple(self.requires), self.automatic)


class Ownership(Base):
    """One thing that belongs to a plugin: a table, a resource, an extension of another's, a setting, a job."""

    __tablename__ = "system_ownership"
    __policy__: ClassVar[Any] = Sealed("the kernel's own ledger")

    plugin: Mapped[str] = mapped_column(String(24), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)


def read_states(connection: Connection) -> dict[str, PluginState]:
    """The plugins that have been enabled at some time, by name."""
    rows = connection.execute(select(PluginState.__table__).order_by(PluginState.name)).mappings()
    return {row["name"]: PluginState(**row) for row in rows}


def write_state(connection: Connection, name: str, state: State, **values: Any) -> None:
    """Put a plugin into a state; `values` are further columns."""
    row = {"state": str(state), "reason": "", "changed_at": now(), **values}
    if not connection.execute(update(PluginState).where(PluginState.name == name).values(row)).rowcount:
        connection.execute(insert(PluginState).values(name=name, **row))


def write_reason(connection: Connection, name: str, reason: str) -> None:
    """Remember why a plugin could not start, or ("") that it could."""
    connection.execute(update(PluginState).where(PluginState.name == name).values(reason=reason[:2000]))


def known(manifest: Manifest) -> dict[str, Any]:
    """The columns that keep a manifest."""
    return {
        "title": manifest.title[:200],
        "version": manifest.version,
        "requires": list(manifest.requires),
        "automatic": manifest.automatic,
    }


def write_ownership(connection: Connection, plugin: str, things: Iterable[tuple[str, str]]) -> None:
    """Enter what belongs to a plugin now, as pairs of kind and name. That it was installed once stays noted."""
    connection.execute(delete(Ownership).where(Ownership.plugin == plugin, Ownership.kind != INSTALL))
    rows = [{"plugin": plugin, "kind": kind, "name": name} for kind, name in dict.fromkeys(things)]
    if rows:
        connection.execute(insert(Ownership), rows)


def note_installed(connection: Connection, plugin: str) -> None:
    """Note that what the plugin starts with is there, so that it is not put in again."""
    forget_ownership(connection, plugin, INSTALL)
    connection.execute(insert(Ownership).values(plugin=plugin, kind=INSTALL, name="once"))


def forget_ownership(connection: Connection, plugin: str, kind: str = "") -> None:
    """Strike everything of a plugin, or everything of one kind, out of the ledger."""
    condition = (Ownership.plugin == plugin) & (Ownership.kind == kind if kind else true())
    connection.execute(delete(Ownership).where(condition))


def read_ownership(connection: Connection, plugin: str) -> Mapping[str, tuple[str, ...]]:
    """What belongs to a plugin, by kind."""
    query = select(Ownership.kind, Ownership.name).where(Ownership.plugin == plugin).order_by(Ownership.name)
    found: dict[str, tuple[str, ...]] = {}
    for kind, name in connection.execute(query):
        found[kind] = (*found.get(kind, ()), name)
    return found
