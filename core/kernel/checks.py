"""What must hold between the enabled plugins before the application starts.

Each failure names the plugin, the value and the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from sqlalchemy import inspect as sqlalchemy_inspect
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm import configure_mappers

from core.kernel.database import Base
from core.kernel.errors import PluginError
from core.kernel.i18n import translate as _
from core.kernel.plugins import SYSTEM, DeclaredExtension, DeclaredResource, Plugin, Setting, table_of
from core.kernel.policies import Between, Policy

KEY = re.compile(r"[a-z][a-z0-9]*\.[a-z][a-z0-9_]*")
ADDRESS = re.compile(r"[a-z][a-z0-9]*/[a-z][a-z0-9-]*")
POLICIES = (*get_args(Policy), Between)


def models_of(plugins: Iterable[Plugin], declared: Iterable[tuple[str, type[Any]]]) -> dict[type[Any], str]:
    """The mapped classes and their plugins: each in a table of its plugin, each with a policy."""
    found: dict[type[Any], str] = {}
    for plugin, model in declared:
        try:
            sqlalchemy_inspect(model)
            table = table_of(model)
        except (NoInspectionAvailable, AttributeError):
            raise PluginError(
                _(
                    "Plugin '{plugin}' registers '{model}', which is not a mapped class.",
                    plugin=plugin,
                    model=str(model),
                ),
                _("Let it inherit Model and give it a __tablename__."),
            ) from None
        _check_prefix(plugin, table, model.__name__)
        _check_policy(plugin, model.__name__, getattr(model, "__policy__", None))
        found[model] = plugin
    return found


def check_tables(plugins: Iterable[Plugin], models: Iterable[type[Any]]) -> None:
    """Every table without a class links many to many, so that the gate knows of it; any other would be unguarded."""
    _configure(plugins)
    names = {plugin.name for plugin in plugins}
    known = {mapper.local_table for mapper in Base.registry.mappers}
    known |= {relation.secondary for model in models for relation in sqlalchemy_inspect(model).relationships}
    for table in Base.metadata.tables.values():
        plugin = table.name.partition("_")[0]
        if plugin in names and table not in known:
            _check_policy(plugin, table.name, None)


def _configure(plugins: Iterable[Plugin]) -> None:
    """Join the mapped classes to each other. One that fails fails all, so the one to blame is looked up."""
    try:
        configure_mappers()
    except Exception as error:
        blamed = [mapper.class_ for mapper in Base.registry.mappers if getattr(mapper, "_configure_failed", False)]
        names = [plugin.name for plugin in plugins for model in blamed if plugin.owns(model.__module__)]
        reason = str(error).partition("Original exception was: ")[2] or str(error)
        raise PluginError(
            _("Plugin '{plugin}' has a model that cannot be mapped: {reason}.",
              plugin=next(iter(names), table_of(blamed[0]).partition("_")[0] if blamed else SYSTEM),
              reason=reason.rstrip(".")),
            _("Mend the model, or disable the plugin; then start again."),
        ) from error  # fmt: skip


def _check_prefix(plugin: str, table: str, model: str) -> None:
    if not table.startswith(f"{plugin}_"):
        noun = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model).lower()
        raise PluginError(
            _("Plugin '{plugin}' keeps '{model}' in the table '{table}', which is not named after the plugin.",
              plugin=plugin, model=model, table=table),
            _("Call the table '{plugin}_{noun}'.", plugin=plugin, noun=noun),
        )  # fmt: skip


def _check_policy(plugin: str, model: str, policy: Any) -> None:
    if not isinstance(policy, POLICIES):
        raise PluginError(
            _("Plugin '{plugin}' does not say who may see '{model}'.", plugin=plugin, model=model),
            _("Let it inherit Scoped, or give it a __policy__: Through, Attached, Private, Sealed or Public."),
        )


def resources_of(
    plugins: Iterable[Plugin], declared: Iterable[tuple[str, DeclaredResource]]
) -> dict[str, DeclaredResource]:
    """The resources by key; no two share a key or an address, and each bears its plugin's name."""
    by_key: dict[str, DeclaredResource] = {}
    owners: dict[str, str] = {}
    for plugin, resource in declared:
        for what, value, form, example in (
            ("key", resource.key, KEY, f"{plugin}.noun"),
            ("address", resource.address, ADDRESS, f"{plugin}/nouns"),
        ):
            if not form.fullmatch(value) or re.split(r"[./]", value)[0] != plugin:
                raise PluginError(
                    _(
                        "Plugin '{plugin}' has a resource with the {what} '{value}'.",
                        plugin=plugin,
                        what=what,
                        value=value,
                    ),
                    _("Write it as in {example}.", example=example),
                )
            if value in owners:
                raise PluginError(
                    _("Two resources have the {what} '{value}', one of '{one}' and one of '{other}'.",
                      what=what, value=value, one=owners[value], other=plugin),
                    _("Give one of them another {what}.", what=what),
                )  # fmt: skip
            owners[value] = plugin
        by_key[resource.key] = resource
    return by_key


def check_extensions(
    extensions: Iterable[tuple[str, DeclaredExtension]],
    resources: Mapping[str, DeclaredResource],
    plugins: Iterable[Plugin],
) -> None:
    """Every extension extends a resource of a plugin that its own plugin requires."""
    required = requirements_of(plugins)
    for plugin, extension in extensions:
        if extension.of not in resources:
            raise PluginError(
                _("Plugin '{plugin}' extends '{key}', which does not exist.", plugin=plugin, key=extension.of),
                _("Use the key of a resource, as in customers.customer, and require its plugin."),
            )
        other = extension.of.partition(".")[0]
        if other not in {SYSTEM, plugin, *required[plugin]}:
            raise PluginError(
                _("Plugin '{plugin}' extends '{key}' but does not require '{other}'.",
                  plugin=plugin, key=extension.of, other=other),
                _("Add '{other}' to requires=… of the plugin.", other=other),
            )  # fmt: skip


def check_fields(
    plugins: Iterable[Plugin], models: Mapping[type[Any], str], resources: Mapping[str, DeclaredResource]
) -> None:
    """No field bears the name of a plugin: `sales.price_list` must mean the field that sales adds.

    A plugin may name a field after one that it requires (a journal has `customers`): that one can never extend it.
    """
    required = requirements_of(plugins)
    fields = [(plugin, model.__name__, _columns(model)) for model, plugin in models.items()]
    fields += [(key.partition(".")[0], key, _fields(resource)) for key, resource in resources.items()]
    for plugin, owner, names in fields:
        for clash in sorted(names & ({*required, "custom"} - required[plugin])):
            raise PluginError(
                _("Plugin '{plugin}' has a field '{field}' in '{owner}', and a plugin has that name.",
                  plugin=plugin, field=clash, owner=owner),
                _("Give the field another name."),
            )  # fmt: skip


def requirements_of(plugins: Iterable[Plugin]) -> dict[str, set[str]]:
    """Each plugin's requirements with theirs; the plugins come in order."""
    found: dict[str, set[str]] = {}
    for plugin in plugins:
        direct = {requirement.name for requirement in plugin.manifest.requirements}
        found[plugin.name] = direct.union(*(found.get(name, set()) for name in direct))
    return found


def _columns(model: type[Any]) -> set[str]:
    return {column.key.removesuffix("_id") for column in model.__table__.columns}


def _fields(resource: DeclaredResource) -> set[str]:
    fields = getattr(resource, "fields", ())
    return {str(getattr(each, "name", each)) for each in fields}


def check_settings(settings: Iterable[tuple[str, Setting]]) -> None:
    """No plugin declares a setting twice."""
    seen: set[tuple[str, str]] = set()
    for plugin, setting in settings:
        if (plugin, setting.name) in seen:
            raise PluginError(
                _("Plugin '{plugin}' declares the setting '{name}' twice.", plugin=plugin, name=setting.name),
                _("Remove one of them."),
            )
        seen.add((plugin, setting.name))
