"""The values that the administrator chooses for plugins while Sopia runs: declared as `Setting`, kept in one table.

What a plugin declares is entered at each start, so reading a setting needs no registry: one small statement on any session.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Final

from sqlalchemy import JSON, Connection, String, bindparam, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Model, unique_present
from core.kernel.errors import ConfigurationError, PluginError
from core.kernel.generations import Privileged, privileged
from core.kernel.history import plain
from core.kernel.i18n import translate as _
from core.kernel.plugins import Setting
from core.kernel.policies import Public
from core.kernel.prepared import Prepared
from core.kernel.types import Money, now

KINDS: Final[dict[type[Any], str]] = {
    bool: "boolean",
    int: "integer",
    Decimal: "decimal",
    Money: "money",
    date: "date",
    str: "text",
}
"""What a setting holds, by the type of its default."""


class PluginSetting(Model):
    """One setting of a plugin: its default, and what the administrator chose instead."""

    __tablename__ = "system_setting"
    __policy__: ClassVar[Any] = Public("settings belong to nobody; only whose role shows them sees them")
    __table_args__ = (unique_present("uq_system_setting_plugin_name", "plugin", "name"),)

    plugin: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(12))
    default: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    value: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    chosen: Mapped[bool] = mapped_column(default=False)


def kind_of(setting: Setting) -> str:
    """The kind of a setting: what it says itself, or what its default is."""
    if setting.choices:
        return "choice"
    found = KINDS.get(type(setting.default))
    if found is None:
        raise PluginError(
            _("The setting '{name}' has the default {value}, which is of no kind that a form can show.",
              name=setting.name, value=repr(setting.default)),
            _("Give a default that is a text, a number, a yes or no, a date or an amount."),
        )  # fmt: skip
    return found


def enter_settings(connection: Connection, declared: Iterable[tuple[str, Setting]]) -> None:
    """Enter what the enabled plugins declare; what somebody chose stays."""
    shown = (PluginSetting.id, PluginSetting.plugin, PluginSetting.name, PluginSetting.kind, PluginSetting.default)
    present = {(row.plugin, row.name): row for row in connection.execute(select(*shown))}
    moment = now()
    for plugin, setting in declared:
        values = {"kind": kind_of(setting), "default": plain(setting.default)}
        row = present.get((plugin, setting.name))
        if row is None:
            given = {"plugin": plugin, "name": setting.name, "version": 1, "created_at": moment, "updated_at": moment}
            connection.execute(insert(PluginSetting).values(**given, **values, chosen=False))
        elif (row.kind, json.dumps(row.default)) != (values["kind"], json.dumps(values["default"])):
            # What was chosen for a setting of another kind means nothing any more.
            kept = {} if row.kind == values["kind"] else {"chosen": False, "value": None}
            connection.execute(update(PluginSetting).where(PluginSetting.id == row.id).values(**values, **kept))


_ONE = Prepared(
    select(PluginSetting.kind, PluginSetting.default, PluginSetting.value, PluginSetting.chosen).where(
        PluginSetting.plugin == bindparam("of"), PluginSetting.name == bindparam("own")
    )
)
"""What a page asks several times: each rule of the business reads its setting by itself."""


def read_setting(session: Privileged, name: str) -> Any:
    """The value of a setting such as `customers.days_to_pool`: what was chosen, or the default."""
    plugin, _dot, own = name.partition(".")
    row = _ONE.first(privileged(session), {"of": plugin, "own": own})
    if row is None:
        raise ConfigurationError(
            _("There is no setting '{name}'.", name=name),
            _("Write the plugin's name and the setting's, as in customers.name, and declare it in `settings`."),
        )
    return revive_setting(row["kind"], row["value"] if row["chosen"] else row["default"])


def revive_setting(kind: str, value: Any) -> Any:
    """A kept value in the type that its plugin works with."""
    if value is None:
        return None
    match kind:
        case "money":
            return Money(int(value))
        case "decimal":
            return Decimal(str(value))
        case "date":
            return date.fromisoformat(value)
        case _:
            return value
