"""What a plugin declares about itself, and the order in which plugins come.

Finding and importing them is the job of `core.kernel.discovery`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from core.kernel.errors import PluginError
from core.kernel.hooks import hookimpl
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _

Words = Text | str

SYSTEM = "system"
"""The name under which the platform's own models, resources and migrations appear among the plugins."""

PLATFORM = "sopia"
"""The name by which a plugin requires a version of the platform itself: `requires=("sopia>=1.0",)`."""

NAME = re.compile(r"[a-z][a-z0-9]*")
LONGEST_NAME = 24  # the version of a plugin's schema, `<name>_0001`, has 32 characters to live in

RESERVED = {"api", "core", "healthz", "hooks", "login", "logout", "metrics", "plugin", "search", "sopia", "static"}
RESERVED |= {"alembic", "custom", "pg", "plugins", "sqlite", "themes"}
"""Names that are addresses of the platform, prefixes of the database's own tables, or parts of a field's key."""


class DeclaredResource(Protocol):
    """What the kernel needs to know of a resource; the class is `core.resources.Resource`."""

    @property
    def key(self) -> str:
        """The plugin's name and the noun in the singular: `customers.follow_up`."""

    @property
    def address(self) -> str:
        """The plugin's name and the collection, as in the browser's address line: `customers/follow-ups`."""

    @property
    def model(self) -> type[Any]:
        """The mapped class of its records."""


class DeclaredExtension(Protocol):
    """What the kernel needs to know of an extension; the class is `core.resources.Extension`."""

    @property
    def of(self) -> str:
        """The key of the resource that it extends."""


@dataclass(frozen=True)
class ShippedRole:
    """A role that comes with a plugin: `grants` says by resource and action how far it reaches (`own` … `all`).

    With the key of a role that is there, such as `member`, it is what the plugin adds to that role. It is put in once;
    whoever administers roles may change it afterwards.
    """

    key: str
    title: Words
    grants: Mapping[str, Mapping[str, str]]
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By resource, what it may do with fields: `hidden`, `read` or `write`."""


@dataclass(frozen=True)
class Setting:
    """A value that the administrator chooses for a plugin while Sopia runs, with the default until he does.

    The default's type says what is asked for: a text, a number, a yes or no, a date, an amount. `choices` are pairs of a
    value and what it is called.
    """

    name: str
    default: Any
    title: Words = ""
    help: Words = ""
    choices: tuple[tuple[str, Words], ...] = ()
    unit: Words = ""


@dataclass(frozen=True)
class Manifest:
    """What must be known of a plugin to put it in order with others, without having it imported."""

    name: str
    title: str
    version: str
    requires: tuple[str, ...] = ()
    automatic: bool = False
    summary: str = ""

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """The plugins it requires, each with its range of versions."""
        return tuple(Requirement(text) for text in self.requires)


@dataclass(frozen=True, eq=False, repr=False)
class Plugin:
    """A business module and all that it adds. Write one in `plugin.py`, called `plugin`: it is the table of contents.

    `requires` names other plugins with their versions (`"customers>=1.0"`). `automatic` is for a bridge: it is enabled
    as soon as all that it requires are. `install` puts in what the plugin starts with, once, given a system session.
    `hooks` names modules with hook implementations; the package's own `hooks.py` needs no mention. `roles` come with it.
    `place` is where it stands in the navigation: the smaller the higher, those of one place by their names.
    """

    name: str
    title: Words
    version: str
    requires: tuple[str, ...] = ()
    resources: tuple[DeclaredResource, ...] = ()
    extensions: tuple[DeclaredExtension, ...] = ()
    routes: tuple[Any, ...] = ()
    menu: tuple[Any, ...] = ()
    settings: tuple[Setting, ...] = ()
    listeners: tuple[Any, ...] = ()
    jobs: tuple[Any, ...] = ()
    automatic: bool = False
    summary: Words = ""
    demo: Callable[..., Any] | None = None
    install: Callable[..., Any] | None = None
    hooks: tuple[str, ...] = ()
    roles: tuple[ShippedRole, ...] = ()
    place: int = field(default=50, kw_only=True)
    module: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if not self.module:
            # The frame above the generated __init__ is the module that writes the declaration.
            object.__setattr__(self, "module", sys._getframe(2).f_globals.get("__name__", ""))
        check_name(self.name, self.module)
        _check_tuples(self)
        try:
            Version(self.version)
        except (InvalidVersion, TypeError):
            raise PluginError(
                _("Plugin '{name}' has the version '{version}', which is none.", name=self.name, version=self.version),
                _("Write numbers with points, as in 1.0 or 2.3.1."),
            ) from None
        for requirement in self.requires:
            _check_requirement(self.name, requirement)

    def __repr__(self) -> str:
        return f"<Plugin {self.name} {self.version}>"

    @property
    def manifest(self) -> Manifest:
        """The part of the declaration that other plugins depend on."""
        return Manifest(
            self.name, str(self.title), self.version, tuple(self.requires), self.automatic, str(self.summary)
        )

    @property
    def package(self) -> str:
        """The package with all the plugin's code: the parent of `plugin.py`, or the only module of a small plugin."""
        parent, _dot, last = self.module.rpartition(".")
        return parent if parent and last == "plugin" else self.module

    @property
    def folder(self) -> Path | None:
        """The folder of the package, with templates, static files, translations; None for a plugin in one file."""
        paths = getattr(sys.modules.get(self.package), "__path__", None)
        return Path(next(iter(paths))) if paths else None

    def owns(self, module: str) -> bool:
        """Whether a Python module is a part of this plugin."""
        return module == self.package or module.startswith(self.package + ".")

    # How the declaration reaches the registry: the same hooks that any module with hook implementations may use.

    @hookimpl
    def register_resources(self) -> Iterable[DeclaredResource]:
        """The resources declared."""
        return self.resources

    @hookimpl
    def register_extensions(self) -> Iterable[DeclaredExtension]:
        """The extensions declared."""
        return self.extensions

    @hookimpl
    def register_models(self) -> Iterable[type[Any]]:
        """The mapped classes in the plugin's modules."""
        from core.kernel.database import Base

        mapped = (mapper.class_ for mapper in Base.registry.mappers if self._defines(mapper.class_))
        return sorted(mapped, key=lambda model: (table_of(model), model.__name__))

    @hookimpl
    def register_migrations(self) -> Iterable[Path]:
        """The folder `migrations` of the package."""
        folder = migrations_folder(self.name, self.folder)
        return [folder] if folder and folder.is_dir() else []

    @hookimpl
    def register_routes(self) -> Iterable[Any]:
        """The routes declared."""
        return self.routes

    @hookimpl
    def register_menu(self) -> Iterable[Any]:
        """The menu entries declared."""
        return self.menu

    @hookimpl
    def register_settings(self) -> Iterable[Setting]:
        """The settings declared."""
        return self.settings

    @hookimpl
    def register_listeners(self) -> Iterable[Any]:
        """The listeners declared."""
        return self.listeners

    @hookimpl
    def register_jobs(self) -> Iterable[Any]:
        """The jobs and schedules declared."""
        return self.jobs

    def _defines(self, model: type[Any]) -> bool:
        return table_of(model).startswith("system_") if self.name == SYSTEM else self.owns(model.__module__)


def table_of(model: type[Any]) -> str:
    """The name of the table that a mapped class is kept in."""
    return str(model.__table__.name)


def migrations_folder(name: str, package_folder: Path | None) -> Path | None:
    """Where a plugin's migrations are or would be; None for one in a single file. The platform's are in the kernel."""
    if name == SYSTEM:
        return Path(__file__).parent / "versions"
    return package_folder / "migrations" if package_folder else None


def check_name(name: str, module: str = "") -> None:
    """Refuse a name that no plugin can have."""
    allowed = _("Use lower-case letters and digits, a letter first, at most {longest} of them, as in visits.",
                longest=LONGEST_NAME)  # fmt: skip
    if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise PluginError(_("A plugin cannot be called '{name}'.", name=name), allowed)
    if name in RESERVED or (name == SYSTEM and module.partition(".")[0] != "core"):
        raise PluginError(
            _("A plugin cannot be called '{name}', because the platform uses that name.", name=name),
            _("Choose another name, as in visits."),
        )


def _check_tuples(plugin: Plugin) -> None:
    for part in (
        "requires",
        "resources",
        "extensions",
        "routes",
        "menu",
        "settings",
        "listeners",
        "jobs",
        "hooks",
        "roles",
    ):
        value = getattr(plugin, part)
        if isinstance(value, list):
            object.__setattr__(plugin, part, tuple(value))
        elif not isinstance(value, tuple):
            raise PluginError(
                _("Plugin '{name}' gives '{part}' as {value}.", name=plugin.name, part=part, value=repr(value)),
                _("Write a tuple, with a comma behind a single entry: {part}=({value},).",
                  part=part, value=repr(value)),
            )  # fmt: skip


def _check_requirement(name: str, text: str) -> None:
    try:
        requirement = Requirement(text)
        plain = not (requirement.extras or requirement.marker or requirement.url)
    except (InvalidRequirement, TypeError):
        plain = False
    if not plain or not NAME.fullmatch(requirement.name):
        raise PluginError(
            _(
                "Plugin '{name}' requires '{text}', which is not a plugin with a range of versions.",
                name=name,
                text=text,
            ),
            _("Write it as in customers>=1.0 or customers>=1.0,<2."),
        )


class RequirementError(PluginError):
    """A plugin is there and works, but what it requires is missing, too old, or requires it in turn."""


@dataclass(frozen=True)
class Arrangement:
    """Plugins in the order in which they can start, and those that cannot, each with its reason."""

    order: tuple[str, ...]
    refused: Mapping[str, PluginError]


def arrange(manifests: Iterable[Manifest], broken: Iterable[str] = ()) -> Arrangement:
    """Put every plugin behind those it requires; what is missing, too old, cyclic or built on such is refused.

    `broken` are the names of plugins that are enabled but cannot be used, which makes a clearer sentence.
    """
    present = {manifest.name: manifest for manifest in manifests}
    refused: dict[str, PluginError] = {}
    unusable = set(broken)
    while True:
        usable = {name: manifest for name, manifest in present.items() if name not in refused}
        found = {name: error for name, m in usable.items() if (error := _unmet(m, usable, unusable))}
        if not found:
            order, circle = _sorted(usable)
            if not circle:
                return Arrangement(order, refused)
            found = {name: _circular(circle) for name in circle}
        refused |= found
        unusable |= set(found)


def _unmet(manifest: Manifest, present: Mapping[str, Manifest], broken: set[str]) -> PluginError | None:
    """The first requirement that is not met, as the error that says so."""
    for requirement in manifest.requirements:
        name, wanted = manifest.name, requirement.name
        values = {"name": name, "wanted": wanted}
        if wanted in broken:
            return PluginError(
                _("Plugin '{name}' requires '{wanted}', which cannot start.", **values),
                _("Mend '{wanted}', whose own message says what is wrong, or disable '{name}'.", **values),
            )
        if wanted not in present and wanted != PLATFORM:
            return RequirementError(
                _("Plugin '{name}' requires '{wanted}', which is not enabled.", **values),
                _("Enable '{wanted}' or disable '{name}'.", **values),
            )
        version = platform_version() if wanted == PLATFORM else present[wanted].version
        if not requirement.specifier.contains(version, prereleases=True):
            return RequirementError(
                _("Plugin '{name}' {own} requires '{requirement}', but '{wanted}' is version {version}.",
                  own=manifest.version, requirement=str(requirement), version=version, **values),
                _("Install a '{wanted}' that fits, or another version of '{name}', or disable '{name}'.", **values),
            )  # fmt: skip
    return None


def _sorted(manifests: Mapping[str, Manifest]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names in order, alphabetically where nothing else decides, and the names of one circle, if there is any."""
    waiting = {name: {r.name for r in m.requirements} & set(manifests) for name, m in sorted(manifests.items())}
    order: list[str] = []
    while ready := [name for name, required in waiting.items() if required <= set(order)]:
        first = SYSTEM if SYSTEM in ready else ready[0]
        order.append(first)
        del waiting[first]
    if not waiting:
        return tuple(order), ()
    path = [next(iter(waiting))]
    while path[-1] not in path[:-1]:
        path.append(min(waiting[path[-1]] - set(order)))
    return tuple(order), tuple(path[path.index(path[-1]) : -1])


def _circular(circle: tuple[str, ...]) -> PluginError:
    path = " → ".join([*circle, circle[0]])
    return RequirementError(
        _("These plugins require each other in a circle: {path}.", path=path),
        _("Disable one of them, or take one requirement out; a third plugin with automatic=True can join two others."),
    )


def platform_version() -> str:
    """The version of Sopia that is installed."""
    try:
        return metadata.version(PLATFORM)
    except metadata.PackageNotFoundError:  # run from a folder that was never installed
        return "0"
