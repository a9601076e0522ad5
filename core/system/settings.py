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
    fields=tuple(Field(key, readonly=True) for key in ("plugin", "name", "kind", "default", "value", "chosen")),
)
