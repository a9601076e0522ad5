"""Plugins: what is installed, what is on, and what stands against a change; every worker takes a change up by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from core.kernel.errors import PluginError
from core.kernel.generations import read_generations
from core.kernel.history import write_event
from core.kernel.i18n import translate as _
from core.kernel.i18n import translate_plural
from core.kernel.inventory import PluginLine
from core.kernel.lifecycle import Lifecycle
from core.kernel.plugins import PLATFORM, SYSTEM, Manifest
from core.kernel.registry import Registry
from core.kernel.states import State
from core.resources.fields import Words
from core.web.responses import Response
from core.web.routing import Route
from core.web.views import Button, Confirm, Link, Notice
from core.web.views.administration import PluginRow, PluginsView

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

KEY: Final = "system.plugin"
URL: Final = "/system/plugins"


def routes(platform: Platform) -> Iterable[Route]:
    """The page, and the two changes that are made on it."""
    yield Route(URL, show, f"{KEY}.view")
    yield Route(f"{URL}/{{name}}/enable", enable, f"{KEY}.edit", methods=("POST",))
    yield Route(f"{URL}/{{name}}/disable", disable, f"{KEY}.edit", methods=("POST",))


def show(request: Request) -> Response:
    """Every plugin with its state."""
    return request.render("plugins.html", _view(request))


def enable(request: Request) -> Response:
    """Enable a plugin, with the bridges that come along."""
    return _change(request, "enable")


def disable(request: Request) -> Response:
    """Park a plugin: off, its data kept."""
    return _change(request, "disable")


def _change(request: Request, verb: str) -> Response:
    lifecycle, name = _lifecycle(request), request.params["name"]
    try:
        changed = lifecycle.enable(name) if verb == "enable" else lifecycle.disable(name)
    except PluginError as error:
        request.notify(Notice(text=str(error), tone="bad"))
        return request.render("plugins.html", _view(request), 409)
    database = request.platform.database
    with database.transaction(write=True) as connection:
        for each in changed:
            write_event(connection, request.principal.user_id, "page", KEY, verb, {"name": each})
    with database.transaction(write=False) as connection:
        request.site.host.renew(read_generations(connection)[1])
    titles = {line.name: line.title for line in lifecycle.lines()}
    titles |= {plugin.name: str(plugin.title) for plugin in request.platform.registry.plugins}
    words = _("Enabled: {names}") if verb == "enable" else _("Disabled: {names}")
    return request.redirect(
        URL,
        str(words).format(names=", ".join(titles.get(each, each) for each in changed))
        if changed
        else _("Nothing to do."),
    )


def _lifecycle(request: Request) -> Lifecycle:
    platform = request.platform
    return Lifecycle(platform.database, platform.settings, system=platform.parts.system)


def _view(request: Request) -> PluginsView:
    overlay = request.platform.settings.plugins
    lines = {line.name: line for line in _lifecycle(request).lines() if line.name != SYSTEM}
    changes = overlay is None and request.principal.allows(KEY, "edit")
    registry = request.platform.registry
    rows = [_row(line, lines, registry, changes=changes) for line in lines.values()]
    order = {"broken": 0, "enabled": 1, "parked": 2, "available": 3, "uninstalled": 4}
    wanted = request.query.get("state", "")
    with request.platform.database.transaction(write=False) as connection:
        newest = read_generations(connection)[1]
    notice: Words = ""
    if overlay is not None:
        notice = _("SOPIA_PLUGINS decides which plugins are on ({names}); nothing can be changed here.",
                   names=", ".join(overlay) or "–")  # fmt: skip
    elif newest > request.platform.generation:
        notice = _("A change is being taken up. Load the page again in a moment.")
    return PluginsView(
        title=_("Plugins"),
        rows=tuple(sorted((r for r in rows if not wanted or r.state == wanted), key=lambda r: order[r.state])),
        filters=_filters(rows, wanted),
        notice=notice,
        generation=str(_("Generation {number}", number=request.platform.generation)),
    )


def _filters(rows: list[PluginRow], wanted: str) -> tuple[Link, ...]:
    names = {"enabled": _("Enabled"), "parked": _("Parked"), "available": _("Available"), "broken": _("Broken")}
    counts = {state: sum(row.state == state for row in rows) for state in names}
    links = [Link(title=_("All"), url=URL, current=not wanted, count=str(len(rows)))]
    links += [
        Link(title=title, url=f"{URL}?state={state}", current=wanted == state, count=str(counts[state]))
        for state, title in names.items()
        if counts[state]
    ]
    return tuple(links)


def _row(line: PluginLine, lines: Mapping[str, PluginLine], registry: Registry, *, changes: bool) -> PluginRow:
    there = registry.has(line.name)
    broken = registry.broken.get(line.name)
    reason = str(broken) if broken is not None else line.reason
    requirements = Manifest(line.name, line.title, line.version, line.requires).requirements
    plugin = registry.plugin(line.name) if there else None
    needed_by = [each for each in lines.values() if line.name in _required(each)]
    return PluginRow(
        name=line.name,
        title=plugin.title if plugin else line.title,
        version=line.version,
        state="broken" if reason and line.state != State.UNINSTALLED else str(line.state),  # type: ignore[arg-type]
        text=plugin.summary if plugin else "",
        author="" if line.source == PLATFORM else line.source,
        requires=tuple((_named(r.name, lines) + str(r.specifier), _is_on(r.name, lines)) for r in requirements),
        required_by=tuple(_named(each.name, lines) for each in needed_by),
        adds=tuple(_adds(line.name, registry)) if there else (),
        error=reason,
        actions=tuple(
            _actions(
                line,
                plugin.title if plugin else line.title,
                lines,
                [each for each in needed_by if each.state == State.ENABLED],
            )
        )
        if changes
        else (),
        link=_first_page(line.name, registry) if there else None,
    )


def _actions(
    line: PluginLine, title: Words, lines: Mapping[str, PluginLine], needed_by: list[PluginLine]
) -> Iterable[Button]:
    if line.state == State.ENABLED:
        # The bridges that nobody has decided on go along, and so stand against nothing.
        chosen = [each for each in needed_by if not each.automatic]
        names = str(_(", ")).join(_named(each.name, lines) for each in chosen)
        confirm = Confirm(
            title=_("Disable “{title}”?", title=title),
            text=_(
                "Its pages and fields disappear for everybody. Its data is kept, and comes back when it is enabled."
            ),
            button=_("Disable"),
        )
        yield Button(
            title=_("Disable"),
            url=f"{URL}/{line.name}/disable",
            confirm=None if chosen else confirm,
            refused=_("First disable {names}, which need it.", names=names) if chosen else "",
        )
        return
    missing = [name for name in _required(line) if not _is_on(name, lines)]
    names = str(_(", ")).join(_named(name, lines) for name in missing)
    yield Button(
        title=_("Enable"),
        url=f"{URL}/{line.name}/enable",
        kind="primary",
        refused=_("First enable {names}, which it needs.", names=names) if missing else "",
    )


def _required(line: PluginLine) -> list[str]:
    manifest = Manifest(line.name, line.title, line.version, line.requires)
    return [requirement.name for requirement in manifest.requirements]


def _is_on(name: str, lines: Mapping[str, PluginLine]) -> bool:
    return name not in lines or lines[name].state == State.ENABLED


def _named(name: str, lines: Mapping[str, PluginLine]) -> str:
    return lines[name].title if name in lines else name


def _adds(name: str, registry: Registry) -> Iterable[Words]:
    """What an enabled plugin brings, counted."""
    resources = sum(key.partition(".")[0] == name for key in registry.resources)
    extensions = sum(plugin == name for plugin, _each in registry.extensions)
    settings = sum(plugin == name for plugin, _each in registry.settings)
    jobs = sum(plugin == name for plugin, _each in registry.jobs)
    if resources:
        yield translate_plural("{count} list", "{count} lists", resources)
    if extensions:
        yield translate_plural("{count} extension of others", "{count} extensions of others", extensions)
    if settings:
        yield translate_plural("{count} setting", "{count} settings", settings)
    if jobs:
        yield translate_plural("{count} job", "{count} jobs", jobs)


def _first_page(name: str, registry: Registry) -> Link | None:
    found = next((r for key, r in registry.resources.items() if key.partition(".")[0] == name), None)
    return Link(title=_("Open"), url=f"/{found.address}") if found is not None else None
