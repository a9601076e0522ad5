"""What plugins let the administrator choose, a form for each; and how the installation is set up, to be read only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from sqlalchemy import select

from core.kernel.errors import FieldError, Invalid, NotFound
from core.kernel.history import plain
from core.kernel.i18n import translate as _
from core.kernel.plugin_settings import PluginSetting, kind_of, revive_setting
from core.kernel.plugins import Setting
from core.kernel.types import Money
from core.resources import values
from core.resources.fields import Choice, Field, ResolvedField, Words, label_of
from core.resources.records import as_field, read_plain
from core.resources.resolved import domain_of
from core.web import views
from core.web.forms import Forms, text_of
from core.web.pages.forms import undo_button
from core.web.pages.lists import context_of
from core.web.responses import Response
from core.web.routing import Route
from core.web.views import FormSection, FormView, Link, Notice, SettingsView

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

KEY: Final = "system.setting"
URL: Final = "/system/settings"
INSTALLATION: Final = "installation"


def routes(platform: Platform) -> Iterable[Route]:
    """The pages of the plugins' settings, and the one of the installation's."""
    yield Route(URL, first, f"{KEY}.view")
    yield Route(f"{URL}/{INSTALLATION}", installation, f"{KEY}.view")
    yield Route(f"{URL}/{{plugin}}", show, f"{KEY}.view")
    yield Route(f"{URL}/{{plugin}}", save, f"{KEY}.edit", methods=("POST",))


def first(request: Request) -> Response:
    """The settings of the first plugin that has any."""
    names = _plugins(request)
    return show_of(request, names[0]) if names else installation(request)


def show(request: Request) -> Response:
    """The settings of a plugin; the number of one of them, as history names it, leads to its plugin as well."""
    name = request.params["plugin"]
    if name.isascii() and name.isdigit() and len(name) < 19:
        row = request.reader.get(PluginSetting, int(name))
        name = row.plugin if row is not None else ""
    return show_of(request, name)


def show_of(request: Request, plugin: str) -> Response:
    """The form with what is chosen, or the defaults."""
    context = context_of(request)
    present = _present(request, plugin)
    texts = {}
    for setting, field in _fields(request, plugin):
        row = present.get(setting.name)
        value = revive_setting(row.kind, row.value) if row is not None and row.chosen else setting.default
        texts[setting.name] = text_of(field, value.minor if isinstance(value, Money) else value, context)
    return _page(request, plugin, texts, {})


def save(request: Request) -> Response:
    """Keep what was chosen; a value that is the default again is not chosen any more."""
    plugin, context = request.params["plugin"], context_of(request)
    found: dict[str, Any] = {}
    faults: list[FieldError] = []
    fields = _fields(request, plugin)
    for setting, field in fields:
        if setting.name not in request.form:
            continue
        try:
            value = read_plain(field, request.form.get(setting.name), context)
        except values.ValueFault as fault:
            faults.append(FieldError(setting.name, fault.message))
            continue
        if value is None and setting.default is not None and kind_of(setting) != "text":
            faults.append(FieldError(setting.name, _("Please fill this in.")))
        found[setting.name] = "" if value is None and isinstance(setting.default, str) else value
    if faults:
        texts = {setting.name: request.form.get(setting.name) for setting, _field in fields}
        request.work.undo()
        return _page(request, plugin, texts, _by_field(Invalid(faults)), 422)
    session = request.session
    chosen = {setting.name: setting for setting, _field in fields}
    for row in session.scalars(select(PluginSetting).where(PluginSetting.plugin == plugin)):
        if row.name in found:
            value = found[row.name]
            row.chosen = value != chosen[row.name].default
            row.value = plain(value) if row.chosen else None
    session.flush()
    notice = Notice(text=str(_("Saved.")), tone="good", undo=undo_button(request.work.operation))
    return request.redirect(f"{URL}/{plugin}", notice)


def installation(request: Request) -> Response:
    """How the installation is set up; it is changed in the environment or in sopia.toml."""
    settings = request.platform.settings
    shown: tuple[tuple[str, Words, str], ...] = (
        ("SOPIA_DATA_DIR", _("Data folder"), str(settings.data_dir)),
        ("SOPIA_DATABASE_URL", _("Database"), _without_password(settings.database_url)),
        ("SOPIA_FILES_URL", _("Files"), _without_password(settings.files_url)),
        ("SOPIA_PLUGINS", _("Plugins"), "" if settings.plugins is None else ", ".join(settings.plugins)),
        ("SOPIA_BASE_URL", _("Address of this installation"), settings.base_url),
        ("SOPIA_LOCALE", _("Language"), settings.locale),
        ("SOPIA_TIMEZONE", _("Time zone"), settings.timezone),
        ("SOPIA_CURRENCY", _("Currency"), settings.currency),
    )
    fields = [views.Field(key=key, title=title, kind="static", value=text, help=key) for key, title, text in shown]
    form = FormView(
        title=_("Installation"),
        url="",
        sections=[
            FormSection(
                fields=fields,
                title=_("Installation"),
                help=_(
                    "These are set in the environment or in sopia.toml in the data folder, and hold from the next start."
                ),
            )
        ],
        readonly=True,
    )
    return request.render(
        "settings.html", SettingsView(title=_("Settings"), groups=_groups(request, INSTALLATION), form=form)
    )


def _page(
    request: Request, plugin: str, texts: Mapping[str, Any], faults: Mapping[str, list[Words]], status: int = 200
) -> Response:
    fields = [field for _setting, field in _fields(request, plugin)]
    forms = Forms(request.platform.above, request.platform.above[KEY])
    readonly = not request.principal.allows(KEY, "edit")
    form = FormView(
        title=request.platform.registry.plugin(plugin).title,
        url=f"{URL}/{plugin}",
        sections=[
            FormSection(
                fields=forms.drawn(request, fields, texts, {}, faults),
                title=request.platform.registry.plugin(plugin).title,
            )
        ],
        token=request.new_token(),
        submit=_("Save"),
        readonly=readonly,
    )
    return request.render(
        "settings.html", SettingsView(title=_("Settings"), groups=_groups(request, plugin), form=form), status
    )


def _groups(request: Request, current: str) -> tuple[Link, ...]:
    registry = request.platform.registry
    links = [
        Link(title=registry.plugin(name).title, url=f"{URL}/{name}", icon="plugin", current=name == current)
        for name in _plugins(request)
    ]
    title = _("Installation")
    own = Link(title=title, url=f"{URL}/{INSTALLATION}", icon="screen", current=current == INSTALLATION)
    return (*links, own)


def _plugins(request: Request) -> list[str]:
    return list(dict.fromkeys(plugin for plugin, _setting in request.platform.registry.settings))


def _fields(request: Request, plugin: str) -> list[tuple[Setting, ResolvedField]]:
    """The settings of a plugin as fields of a form; NotFound for one that has none."""
    declared = [setting for name, setting in request.platform.registry.settings if name == plugin]
    if not declared:
        raise NotFound
    resource = request.platform.above[KEY]
    found = []
    for setting in declared:
        told = Field(
            setting.name,
            label=setting.title or label_of(setting.name, domain_of(plugin)),
            kind=kind_of(setting),  # type: ignore[arg-type]
            help=setting.help,
            choices=tuple(Choice(value, title) for value, title in setting.choices),
            max_length=2000,
            unit=setting.unit,
        )
        found.append((setting, as_field(resource, told)))
    return found


def _present(request: Request, plugin: str) -> dict[str, PluginSetting]:
    rows = request.reader.scalars(select(PluginSetting).where(PluginSetting.plugin == plugin))
    return {row.name: row for row in rows}


def _by_field(invalid: Invalid) -> dict[str, list[Words]]:
    found: dict[str, list[Words]] = {}
    for error in invalid.errors:
        found.setdefault(error.field, []).append(error.message)
    return found


def _without_password(url: str) -> str:
    """An address without the password in it."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    return url.replace(f":{parts.password}@", ":…@", 1)
