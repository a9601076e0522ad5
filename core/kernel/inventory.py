"""What the administration and `sopia plugin list` show of plugins: each with its state, and what would go with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from core.kernel.archives import own_tables, owned_rows
from core.kernel.discovery import Found
from core.kernel.i18n import translate as _
from core.kernel.plugins import SYSTEM, Manifest
from core.kernel.states import PluginState, State, read_ownership
from core.kernel.trial import Verdict


@dataclass(frozen=True)
class PluginLine:
    """One plugin as the administration and `sopia plugin list` show it."""

    name: str
    title: str
    version: str
    state: State
    source: str
    requires: tuple[str, ...] = ()
    automatic: bool = False
    reason: str = ""
    archive: str = ""


@dataclass(frozen=True)
class Bill:
    """What uninstalling a plugin takes away: rows by table, and rows of the platform that speak of the plugin."""

    plugin: str
    tables: Mapping[str, int]
    elsewhere: Mapping[str, int]
    owned: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All rows together."""
        return sum(self.tables.values()) + sum(self.elsewhere.values())


def bill_of(connection: Connection, name: str) -> Bill:
    """What uninstalling a plugin would take away."""
    tables = own_tables(connection, name)
    counts = {each.name: connection.scalar(select(func.count()).select_from(each)) or 0 for each in tables}
    return Bill(name, counts, owned_rows(connection, name), read_ownership(connection, name))


def lines_of(
    found: Mapping[str, Found],
    states: Mapping[str, PluginState],
    verdicts: Mapping[str, Verdict],
    overlay: Sequence[str] | None,
) -> tuple[PluginLine, ...]:
    """Every plugin that is installed or was used, in order of names; `overlay` is what SOPIA_PLUGINS says."""
    names = sorted({*found, *states} - {SYSTEM})
    return tuple(_line(name, found.get(name), states.get(name), verdicts.get(name), overlay) for name in names)


def _line(
    name: str, found: Found | None, state: PluginState | None, verdict: Verdict | None, overlay: Sequence[str] | None
) -> PluginLine:
    manifest = (verdict.manifest if verdict else None) or (state.manifest if state else Manifest(name, name, ""))
    at = State(state.state) if state else State.AVAILABLE
    if overlay is not None:
        at = State.ENABLED if name in overlay else State.PARKED if at == State.ENABLED else at
    reason = found.problem if found else str(_("It is not installed any more.")) if at != State.UNINSTALLED else ""
    reason = reason or (verdict.reason if verdict else "") or (state.reason if state else "")
    return PluginLine(
        name, manifest.title, manifest.version, at, found.source if found else "", manifest.requires,
        manifest.automatic, reason, state.archive if state else "",
    )  # fmt: skip
