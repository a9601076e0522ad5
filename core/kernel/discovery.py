"""Which plugins are there: found by entry points and in the folder of the built-in ones, without importing any of them.

SQLAlchemy's mappers only ever accumulate in a process, so a plugin is imported here only once it is enabled
and was tried elsewhere (`core.kernel.trial`).
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from types import ModuleType

from core.kernel.errors import PluginError
from core.kernel.i18n import translate as _
from core.kernel.plugins import NAME, PLATFORM, SYSTEM, Plugin

GROUP = "sopia.plugins"
"""The group of entry points: `visits = "visits.plugin:plugin"`."""

BUILT_IN = "plugins"
"""The package whose folders are the plugins that come with the platform."""


@dataclass(frozen=True)
class Found:
    """A plugin that is installed, not imported: where its declaration is and where it comes from."""

    name: str
    target: str
    source: str = ""
    version: str = ""
    built_in: bool = False
    problem: str = ""

    @property
    def module(self) -> str:
        """The module with the declaration."""
        return self.target.partition(":")[0]

    @property
    def attribute(self) -> str:
        """The name of the declaration in its module."""
        return self.target.partition(":")[2] or "plugin"


def discover() -> dict[str, Found]:
    """The plugins installed, by name. Nothing is imported but the empty package of the built-in ones."""
    importlib.invalidate_caches()
    found: dict[str, Found] = {}
    for each in [*_entry_points(), *_built_in_folders()]:
        known = found.get(each.name)
        if known is None:
            found[each.name] = each
        elif known.target != each.target:
            # Whichever came first would depend on the order of the file system, so none of them is taken.
            problem = _("Two plugins are called '{name}': '{one}' and '{other}'. Uninstall one of them.",
                        name=each.name, one=known.target, other=each.target)  # fmt: skip
            found[each.name] = replace(known, problem=str(problem))
    return dict(sorted(found.items()))


def _entry_points() -> Iterable[Found]:
    for point in metadata.entry_points(group=GROUP):
        source, version = (point.dist.name, point.dist.version) if point.dist else ("", "")
        problem = "" if NAME.fullmatch(point.name) else str(_("A plugin cannot be called '{name}'.", name=point.name))
        built_in = source == PLATFORM or point.module.startswith(f"{BUILT_IN}.")
        yield Found(point.name, point.value, source, version, built_in, problem)


def _built_in_folders() -> Iterable[Found]:
    """The folders themselves, for a checkout whose metadata is older than its newest plugin."""
    package = importlib.util.find_spec(BUILT_IN)
    for root in (package.submodule_search_locations or ()) if package else ():
        for path in sorted(Path(root).glob("*/plugin.py")):
            name = path.parent.name
            yield Found(name, f"{BUILT_IN}.{name}.plugin:plugin", PLATFORM, "", built_in=True)


def load(found: Found) -> Plugin:
    """Import a plugin into this process and return its declaration; whatever goes wrong is a `PluginError`."""
    if found.problem:
        raise PluginError(found.problem)
    try:
        module = importlib.import_module(found.module)
    except (Exception, SystemExit) as error:
        raise PluginError(
            _("Plugin '{name}' cannot be imported: {reason}.", name=found.name, reason=_reason(error)),
            _("Mend the plugin, or disable it: sopia plugin disable {name}", name=found.name),
        ) from error
    plugin = getattr(module, found.attribute, None)
    if not isinstance(plugin, Plugin):
        raise PluginError(
            _("Plugin '{name}' has no declaration at '{target}'.", name=found.name, target=found.target),
            _("Write there: {attribute} = Plugin(…)", attribute=found.attribute),
        )
    if plugin.name != found.name:
        raise PluginError(
            _("The plugin found as '{name}' calls itself '{own}'.", name=found.name, own=plugin.name),
            _("Use the same name in the entry point and in Plugin(…)."),
        )
    hook_modules(plugin)
    return plugin


def hook_modules(plugin: Plugin) -> list[ModuleType]:
    """The modules with hook implementations: `hooks` in the package, and those that the declaration names."""
    names = list(plugin.hooks)
    usual = f"{plugin.package}.hooks"
    if plugin.folder and plugin.name != SYSTEM and importlib.util.find_spec(usual):
        names = list(dict.fromkeys([usual, *names]))
    return [_hook_module(plugin, name) for name in names]


def _hook_module(plugin: Plugin, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise PluginError(
            _("Plugin '{plugin}' has hooks in '{module}', which cannot be imported: {reason}.",
              plugin=plugin.name, module=name, reason=_reason(error)),
            _("Mend that module, or disable the plugin: sopia plugin disable {plugin}", plugin=plugin.name),
        ) from error  # fmt: skip


def get(found: Mapping[str, Found], name: str) -> Found:
    """The plugin of a name among those installed, or one sentence about what is there instead."""
    if name not in found or name == SYSTEM:
        others = ", ".join(each for each in found if each != SYSTEM)
        raise PluginError(
            _("There is no plugin '{name}'.", name=name),
            _("Install it first, or choose one of: {others}.", others=others or "-"),
        )
    return found[name]


def fingerprint(found: Found) -> str:
    """A digest of the plugin's files; while it stays the same, a plugin that was tried once needs no second trial."""
    digest = hashlib.sha256(f"{sys.version}|{found.target}|{found.version}".encode())
    for path in sorted(_files_of(found)):
        about = path.stat()
        digest.update(f"{path}|{about.st_size}|{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:32]


def package_folder(found: Found) -> Path | None:
    """The folder of a plugin that is not imported; None for a plugin in one file."""
    place = _place(found)
    return place if place and place.is_dir() else None


def _files_of(found: Found) -> Iterable[Path]:
    place = _place(found)
    if place is None:
        return []
    return place.rglob("*.py") if place.is_dir() else [place]


def _place(found: Found) -> Path | None:
    """The folder or the file of a plugin. Only its outermost package is looked up, because that imports nothing."""
    top, *rest = found.module.split(".")
    rest = rest[:-1] if rest and rest[-1] == "plugin" else rest
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:  # a module that was made by hand
        return None
    roots = [Path(root) for root in (spec.submodule_search_locations or ())] if spec else []
    if spec and spec.origin and not roots:
        return Path(spec.origin) if Path(spec.origin).is_file() else None
    places = [root.joinpath(*rest) for root in roots]
    places += [place.with_suffix(".py") for place in places if rest]
    return next((place for place in places if place.exists()), None)


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": .")
