"""The life of a plugin: enabled, parked, uninstalled; and what is started, with its tables brought up to date.

Every change of the set of enabled plugins is one transaction, with the migrations in it, and raises the generation, by which
every worker learns that it has to build the application anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, inspect

from core.kernel.archives import Report, remove_owned_rows, restore_archive, write_archive
from core.kernel.database import Database
from core.kernel.discovery import Found, discover, get, package_folder
from core.kernel.errors import PluginError
from core.kernel.generations import raise_plugins
from core.kernel.i18n import translate as _
from core.kernel.inventory import Bill, PluginLine, bill_of, lines_of
from core.kernel.migrations import (
    History,
    belongs,
    current,
    downgrade,
    migrate,
    migration,
    pending,
    system_history,
    upgrade,
)
from core.kernel.plugins import SYSTEM, RequirementError, migrations_folder
from core.kernel.registry import Registry, build_registry
from core.kernel.settings import Settings
from core.kernel.states import (
    PluginState,
    State,
    forget_ownership,
    known,
    note_installed,
    read_states,
    write_ownership,
    write_reason,
    write_state,
)
from core.kernel.trial import Trials, try_together

log = structlog.get_logger("sopia.plugins")

Cleaner = Callable[[Connection, str], None]
"""Takes what belongs to a plugin (by its name) out of a part of the platform that keeps it in a form of its own."""


class Lifecycle:
    """Enables, disables and uninstalls plugins in one installation, and starts those that are enabled."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        system: str | None = None,
        found: Mapping[str, Found] | None = None,
        cleaners: Sequence[Cleaner] = (),
    ) -> None:
        """`system` says where the platform's own plugin is (`module:name`); `found` replaces what is discovered."""
        self._database = database
        self._system = system
        self._found = found
        self._cleaners = cleaners
        self._overlay = settings.plugins
        self._trials = Trials(settings.data_dir / "plugin_trials.json")
        self._archives = settings.data_dir / "archives"

    # ------------------------------------------------------------ starting

    def start(self, *, safe: bool = False) -> Registry:
        """The registry of what is enabled, with every table brought up to date first. `safe` is the platform alone.

        What cannot start is set aside with its reason, and the others go on; but a set of plugins named by SOPIA_PLUGINS
        that is not complete is an error, and so is a clash between plugins.
        """
        self._migrate_system()
        if safe:
            return build_registry((), system=self._system, found={})
        found = self._discover()
        names, first = self._enabled(found)
        registry, broken = self._migrated(names, found)
        if self._overlay is not None:
            _refuse_incomplete(registry, found)
        else:
            self._remember(registry, names, broken, first=first)
        return registry

    def enabled(self) -> tuple[str, ...]:
        """The names of the plugins that should run: those of SOPIA_PLUGINS, or those that the database says."""
        return self._enabled(self._discover())[0]

    def _enabled(self, found: Mapping[str, Found]) -> tuple[tuple[str, ...], bool]:
        """The names, and whether this is the first start, which enables all built-in plugins."""
        if self._overlay is not None:
            return self._overlay, False
        states = self._states()
        if not states:
            return tuple(name for name, each in found.items() if each.built_in and name != SYSTEM), True
        return tuple(name for name, each in states.items() if each.state == State.ENABLED), False

    def _migrate_system(self) -> None:
        for error in migrate(self._database, [system_history()]).values():
            raise error

    def _migrated(self, names: Iterable[str], found: Mapping[str, Found]) -> tuple[Registry, dict[str, PluginError]]:
        """The registry, and the plugins that failed. What rests on a plugin that cannot be migrated is not migrated."""
        broken = self._untrustworthy(names, found)
        while True:
            registry = build_registry(names, system=self._system, found=found, broken=broken)
            with self._database.transaction(write=False) as connection:
                behind = pending(connection, _histories(registry))
            failed = next(filter(None, (migrate(self._database, [history]) for history in behind)), {})
            if not failed:
                return registry, broken
            broken |= failed

    def _untrustworthy(self, names: Iterable[str], found: Mapping[str, Found]) -> dict[str, PluginError]:
        """Of plugins by third parties, those that do not stand a trial in another process."""
        unknown = [found[name] for name in names if name in found and not found[name].built_in]
        verdicts = self._trials.verdicts([each for each in unknown if not each.problem])
        return {name: PluginError(verdict.reason) for name, verdict in verdicts.items() if verdict.manifest is None}

    def _remember(
        self, registry: Registry, names: Iterable[str], failed: Mapping[str, PluginError], *, first: bool
    ) -> None:
        """Write down what is enabled at the first start, and why something could not be migrated."""
        states = self._states()
        reasons = {name: str(failed.get(name, "")) for name in names}
        news = {name for name, reason in reasons.items() if name in states and states[name].reason != reason[:2000]}
        if not first and not news:
            return
        with migration(self._database) as connection:
            for name in sorted(news):
                write_reason(connection, name, reasons[name])
            if first and not read_states(connection):  # of several processes, one is the first
                for plugin in registry.plugins:
                    if plugin.name != SYSTEM:
                        _write_enabled(connection, registry, plugin.name, chosen=not plugin.automatic)

    # ------------------------------------------------------------ changing

    def enable(self, *names: str) -> tuple[str, ...]:
        """Enable plugins, with the bridges that then have all they require; what is enabled already is left alone.

        All of them or none: tables, state and generation change in one transaction, after a trial in another process.
        """
        return self._enable(names)[0]

    def bring_back(self, name: str, archive: Path | None = None) -> Report:
        """Enable an uninstalled plugin together with the data of its archive; the last one, if no other is given.

        A plugin that is enabled or parked takes an archive as well, as long as its tables are empty.
        """
        self._refuse_overlay()
        states = self._states()
        path = archive or (self._archives / states[name].archive if name in states and states[name].archive else None)
        if path is None or not path.is_file():
            raise PluginError(
                _("There is no archive of plugin '{name}'.", name=name),
                _("Name the file; archives are in '{folder}'.", folder=self._archives),
            )
        if name not in states or states[name].state in (State.AVAILABLE, State.UNINSTALLED):
            return self._enable((name,), path)[1] or Report({})
        with migration(self._database) as connection:
            report = _restore(connection, history_of(name, self._discover().get(name)), path)
            raise_plugins(connection)
        return report

    def _enable(self, names: Sequence[str], archive: Path | None = None) -> tuple[tuple[str, ...], Report | None]:
        self._refuse_overlay()
        self._migrate_system()
        found, states = self._discover(), self._states()
        before = [name for name, each in states.items() if each.state == State.ENABLED]
        wanted = [name for name in dict.fromkeys(names) if get(found, name) and name not in before]
        if not wanted:
            return (), None
        wanted += self._bridges([*before, *wanted], found, states)
        self._try_out(before, wanted, found)
        registry = build_registry([*before, *wanted], system=self._system, found=found)
        for name in wanted:
            if name in registry.broken:
                raise registry.broken[name]
        report = None
        with migration(self._database) as connection:
            for history in (each for each in _histories(registry) if each.plugin in wanted):
                upgrade(connection, history)
                if archive and history.plugin == names[0]:
                    report = _restore(connection, history, archive)
                chosen = history.plugin in names or not registry.plugin(history.plugin).automatic
                _write_enabled(connection, registry, history.plugin, chosen=chosen)
            raise_plugins(connection)
        log.info("plugins enabled", plugins=wanted)
        return tuple(name for name in registry.names if name in wanted), report

    def _try_out(self, before: Sequence[str], wanted: Sequence[str], found: Mapping[str, Found]) -> None:
        """Refuse plugins that do not start with the others, as another process shows; the built-in ones are known to."""
        for name in wanted:
            if found[name].problem:
                raise PluginError(found[name].problem)
        if all(found[name].built_in for name in wanted):
            return
        names = [name for name in [*before, *wanted] if name in found and not found[name].problem]
        while True:
            outcome = try_together(names, found, wanted=wanted, system=self._system)
            if outcome.fatal not in before:
                break
            names.remove(outcome.fatal)  # what was broken before does not keep others from being enabled
        if outcome.reason:
            raise PluginError(outcome.reason)
        self._trials.learn(found, outcome.verdicts)

    def _bridges(
        self, enabled: Iterable[str], found: Mapping[str, Found], states: Mapping[str, PluginState]
    ) -> list[str]:
        """The automatic plugins that nobody has decided on and that have all they require."""
        there = set(enabled)
        free = [each for name, each in found.items()
                if name not in there and name != SYSTEM and not each.problem
                and not (name in states and states[name].chosen)]  # fmt: skip
        manifests = [v.manifest for v in self._trials.verdicts(free).values() if v.manifest and v.manifest.automatic]
        bridges: list[str] = []
        while fits := [m.name for m in manifests if m.name not in there and {r.name for r in m.requirements} <= there]:
            bridges += fits
            there |= set(fits)
        return bridges

    def disable(self, *names: str) -> tuple[str, ...]:
        """Park plugins: off, with their data kept. Refused while others that are enabled require them.

        The bridges that rest on them go with them, and come back with them.
        """
        self._refuse_overlay()
        with self._database.transaction(write=True) as connection:
            states = read_states(connection)
            on = {name: each for name, each in states.items() if each.state == State.ENABLED}
            for name in names:
                if name not in states:
                    raise _never_used(name, on)
            going = [name for name in dict.fromkeys(names) if name in on]
            while bridges := [name for name in _dependents(on, going) if not on[name].chosen and name not in going]:
                going += bridges
            _refuse_dependents(on, going)
            for name in going:
                chosen = name in names or on[name].chosen
                write_state(connection, name, State.PARKED, chosen=chosen)
            if going:
                raise_plugins(connection)
        log.info("plugins disabled", plugins=going)
        return tuple(going)

    def uninstall(self, name: str) -> Path | None:
        """Take a plugin out of the database as if it had never been there, after its data is in an archive.

        Refused while another plugin requires it or has tables that point to its tables. Answers the archive, None when
        there was nothing to keep.
        """
        self._refuse_overlay()
        states = self._states()
        with self._database.transaction(write=False) as connection:
            if name not in states and current(connection, name) is None:
                raise _never_used(name, {})
            _refuse_while_needed(connection, name, states)
        if name in states and states[name].state == State.ENABLED:
            self.disable(name)  # first, so that every worker stops using the tables before they go
        found = self._discover().get(name)
        with migration(self._database) as connection:
            _refuse_while_needed(connection, name, read_states(connection))
            archive = write_archive(connection, name, self._archives, states[name].version if name in states else "")
            try:
                for clean in self._cleaners:
                    clean(connection, name)
                remove_owned_rows(connection, name)
                downgrade(connection, history_of(name, found))
                kept = archive.name if archive else ""
                forget_ownership(connection, name)
                write_state(connection, name, State.UNINSTALLED, archive=kept, chosen=True)
                raise_plugins(connection)
            except BaseException:
                if archive:
                    archive.unlink()
                raise
        log.info("plugin uninstalled", plugin=name, archive=str(archive))
        return archive

    # ------------------------------------------------------------ showing

    def bill(self, name: str) -> Bill:
        """What uninstalling a plugin would take away."""
        with self._database.transaction(write=False) as connection:
            return bill_of(connection, name)

    def lines(self) -> tuple[PluginLine, ...]:
        """Every plugin that is installed or was used, in order of names."""
        found, states = self._discover(), self._states()
        # Of what runs, the state tells enough; only a plugin of a third party may have broken since.
        asked = [each for name, each in found.items() if name != SYSTEM and not each.problem
                 and not (each.built_in and name in states and states[name].state == State.ENABLED)]  # fmt: skip
        return lines_of(found, states, self._trials.verdicts(asked), self._overlay)

    # ------------------------------------------------------------ reading

    def _discover(self) -> Mapping[str, Found]:
        return discover() if self._found is None else self._found

    def _states(self) -> dict[str, PluginState]:
        with self._database.transaction(write=False) as connection:
            return read_states(connection)

    def _refuse_overlay(self) -> None:
        if self._overlay is not None:
            raise PluginError(
                _("The plugins are fixed by SOPIA_PLUGINS ('{names}').", names=",".join(self._overlay)),
                _("Change that list and start again, or unset it to enable and disable plugins here."),
            )


def _histories(registry: Registry) -> list[History]:
    return [History(name, registry.migrations.get(name)) for name in registry.names]


def history_of(name: str, found: Found | None) -> History:
    """The migrations of a plugin that need not be imported."""
    folder = migrations_folder(name, package_folder(found)) if found else None
    return History(name, folder if folder and folder.is_dir() else None)


def _restore(connection: Connection, history: History, archive: Path) -> Report:
    report = restore_archive(connection, history, archive)
    note_installed(connection, history.plugin)
    return report


def _write_enabled(connection: Connection, registry: Registry, name: str, *, chosen: bool) -> None:
    manifest = registry.plugin(name).manifest
    write_state(connection, name, State.ENABLED, chosen=chosen, **known(manifest))
    write_ownership(connection, name, _things_of(connection, registry, name))


def _things_of(connection: Connection, registry: Registry, name: str) -> list[tuple[str, str]]:
    """What goes into the ledger."""
    tables = [each for each in inspect(connection).get_table_names() if belongs(each, name)]
    return [
        *(("table", each) for each in tables),
        *(("resource", key) for key in registry.resources if key.partition(".")[0] == name),
        *(("extension", each.of) for plugin, each in registry.extensions if plugin == name),
        *(("setting", each.name) for plugin, each in registry.settings if plugin == name),
    ]


def _refuse_incomplete(registry: Registry, found: Mapping[str, Found]) -> None:
    for name, error in registry.broken.items():
        if name not in found or isinstance(error, RequirementError):
            raise error


def _dependents(on: Mapping[str, PluginState], names: Iterable[str]) -> list[str]:
    gone = set(names)
    return [
        name
        for name, each in on.items()
        if name not in gone and gone & {requirement.name for requirement in each.manifest.requirements}
    ]


def _refuse_dependents(on: Mapping[str, PluginState], going: Sequence[str]) -> None:
    for name in going:
        if dependents := [each for each in _dependents(on, [name]) if each not in going]:
            raise PluginError(
                _("Plugin '{name}' is required by {dependents}.", name=name, dependents=_quoted(dependents)),
                _("Disable {dependents} first.", dependents=_quoted(dependents)),
            )


def _refuse_while_needed(connection: Connection, name: str, states: Mapping[str, PluginState]) -> None:
    used = {each: state for each, state in states.items() if state.state in (State.ENABLED, State.PARKED)}
    if dependents := _dependents(used, [name]):
        raise PluginError(
            _("Plugin '{name}' is required by {dependents}.", name=name, dependents=_quoted(dependents)),
            _("Uninstall {dependents} first.", dependents=_quoted(dependents)),
        )
    inspector = inspect(connection)
    for (_schema, other), keys in inspector.get_multi_foreign_keys().items():
        for key in keys:
            if belongs(key["referred_table"], name) and not belongs(other, name):
                raise PluginError(
                    _("The table '{table}' of '{other}' points to '{target}' of plugin '{name}'.",
                      table=other, other=other.partition("_")[0], target=key["referred_table"], name=name),
                    _("Uninstall '{other}' first.", other=other.partition("_")[0]),
                )  # fmt: skip


def _never_used(name: str, on: Mapping[str, Any]) -> PluginError:
    return PluginError(
        _("Plugin '{name}' is not enabled.", name=name),
        _("Enabled are: {names}.", names=", ".join(on)) if on else _("See what there is: sopia plugin list"),
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
