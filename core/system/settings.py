"""The settings of plugins as a resource: programs read them, people choose them on a page of their own."""

from __future__ import annotations

from core.kernel.i18n import translate as _
from core.kernel.plugin_settings import PluginSetting
from core.resources.fields import Field
from core.resources.resource import Resource

settings = Resource(
    PluginSetting,
    title=_("Setting"),
    plural=_("Settings"),
    list=("plugin", "name", "kind", "default", "value", "chosen"),
    sort="name",
    fields=(
        Field("plugin", label=_("Plugin"), readonly=True),
        Field("name", label=_("Name"), readonly=True),
        Field("kind", label=_("Kind"), readonly=True),
        Field("default", label=_("Default"), readonly=True),
        Field("value", label=_("Value"), readonly=True),
        Field("chosen", label=_("Chosen here"), readonly=True),
    ),
)
