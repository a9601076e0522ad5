"""What the enabled plugins add up to: one object, built by `build_registry`, handed on, and thrown away.

Nothing here is global. A worker that sees a newer set of plugins builds another registry beside the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from core.kernel import checks
from core.kernel.discovery import Found, discover, get, hook_modules, load
from core.kernel.errors import NotFound, PluginError
from core.kernel.hooks import Hooks
from core.kernel.plugins import (
    SYSTEM,
    DeclaredExtension,
    DeclaredResource,
    Plugin,
    Setting,
    arrange,
    platform_version,
    table_of,
)

log = structlog.get_logger("sopia.plugins")


@dataclass(frozen=True)
class Registry:
    """The enabled plugins in order, and all that they declare, each thing with the plugin that it comes from."""

    plugins: tuple[Plugin, ...]
    hooks: Hooks = field(repr=False)
    broken: Mapping[str, PluginError]
    """Plugins that are enabled and cannot be used, with the reason. The others work without them."""
    models: Mapping[type[Any], str]
    """The mapped classes in use and their plugins."""
    resources: Mapping[str, DeclaredResource]
    """By key, `customers.follow_up`."""
    addresses: Mapping[str, DeclaredResource]
    """By address, `customers/follow-ups`."""
    extensions: tuple[tuple[str, DeclaredExtension], ...] = ()
    routes: tuple[tuple[str, Any], ...] = ()
    menu: tuple[tuple[str, Any], ...] = ()
    settings: tuple[tuple[str, Setting], ...] = ()
    listeners: tuple[tuple[str, Any], ...] = ()
    jobs: tuple[tuple[str, Any], ...] = ()
    migrations: Mapping[str, Path] = field(default_factory=dict)
    """The folder of each plugin's migrations, where it has one."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the plugins, in order, `system` first."""
        return tuple(plugin.name for plugin in self.plugins)

    @property
    def tables(self) -> Mapping[str, str]:
        """The names of the tables in use and their plugins."""
        return {table_of(model): plugin for model, plugin in self.models.items()}

    def plugin(self, name: str) -> Plugin:
        """An enabled plugin by its name."""
        for plugin in self.plugins:
            if plugin.name == name:
                return plugin
        raise NotFound

    def has(self, name: str) -> bool:
        """Whether a plugin is enabled and works."""
        return name in self.names

    def resource(self, key_or_address: str) -> DeclaredResource:
        """A resource by its key or its address."""
        found = self.resources.get(key_or_address) or self.addresses.get(key_or_address.strip("/"))
        if found is None:
            raise NotFound
        return found

    def resource_of(self, model: type[Any]) -> DeclaredResource | None:
        """The resource whose records are of this class."""
        return next((each for each in self.resources.values() if each.model is model), None)

    def plugin_of(self, key: str) -> Plugin:
        """The plugin that a resource belongs to."""
        return self.plugin(key.partition(".")[0])

    def extensions_of(self, key: str) -> tuple[tuple[str, DeclaredExtension], ...]:
        """The extensions of a resource with their plugins, in plugin order."""
        return tuple((plugin, each) for plugin, each in self.extensions if each.of == key)

    def folders(self, kind: str) -> dict[str, Path]:
        """The folders of one kind, `templates`, `static` or `locale`, of the plugins that have one."""
        found = {plugin.name: plugin.folder / kind for plugin in self.plugins if plugin.folder}
        return {name: folder for name, folder in found.items() if name != SYSTEM and folder.is_dir()}


def build_registry(
    enabled: Iterable[str] = (),
    *,
    system: Plugin | str | None = None,
    found: Mapping[str, Found] | None = None,
    broken: Mapping[str, PluginError] | None = None,
    strict: bool = False,
) -> Registry:
    """The registry of the enabled plugins, imported here, in order, checked against each other.

    `system` is the platform's own plugin, or where it is (`module:name`). A plugin that does not import, or whose
    requirements are not met, is set aside with its reason in `broken`, and the others go on; with `strict` it is an
    error. Plugins that clash with each other are always one. `broken` hands in plugins already known not to start.
    """
    found = discover() if found is None else found
    refused = dict(broken or {})
    loaded = _load_all([name for name in dict.fromkeys(enabled) if name not in refused], found, refused)
    kernel = _system(system)
    arrangement = arrange([kernel.manifest, *(plugin.manifest for plugin in loaded.values())], refused)
    refused |= arrangement.refused
    for name, error in refused.items():
        if strict:
            raise error
        log.error("plugin set aside", plugin=name, reason=str(error))
    ordered = [kernel, *(loaded[name] for name in arrangement.order if name in loaded)]
    return _assemble(ordered, refused)


def _load_all(names: Iterable[str], found: Mapping[str, Found], refused: dict[str, PluginError]) -> dict[str, Plugin]:
    loaded: dict[str, Plugin] = {}
    for name in names:
        try:
            loaded[name] = load(get(found, name))
        except PluginError as error:
            refused[name] = error
    return loaded


def _system(system: Plugin | str | None) -> Plugin:
    if isinstance(system, str):
        return load(Found(SYSTEM, system))
    return system or Plugin(SYSTEM, "Sopia", platform_version(), module="core.plugin")


def _assemble(plugins: list[Plugin], broken: Mapping[str, PluginError]) -> Registry:
    hooks = Hooks(_parts(plugins))
    models = checks.models_of(plugins, hooks.gather("register_models"))
    checks.check_tables(plugins, models)
    resources = checks.resources_of(plugins, hooks.gather("register_resources"))
    extensions = tuple(hooks.gather("register_extensions"))
    checks.check_extensions(extensions, resources, plugins)
    checks.check_fields(plugins, models, resources)
    settings = tuple(hooks.gather("register_settings"))
    checks.check_settings(settings)
    return Registry(
        plugins=tuple(plugins),
        hooks=hooks,
        broken=broken,
        models=models,
        resources=resources,
        addresses={resource.address: resource for resource in resources.values()},
        extensions=extensions,
        routes=tuple(hooks.gather("register_routes")),
        menu=tuple(hooks.gather("register_menu")),
        settings=settings,
        listeners=tuple(hooks.gather("register_listeners")),
        jobs=tuple(hooks.gather("register_jobs")),
        migrations=dict(hooks.gather("register_migrations")),
    )


def _parts(plugins: Iterable[Plugin]) -> Iterable[tuple[str, object]]:
    """Every plugin and its modules with hook implementations."""
    for plugin in plugins:
        yield plugin.name, plugin
        for module in hook_modules(plugin):
            yield plugin.name, module
