"""Settings of plugins: defaults until somebody chooses, in the type that the plugin declared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from core.kernel.database import Database
from core.kernel.errors import ConfigurationError, PluginError
from core.kernel.plugin_settings import PluginSetting, enter_settings, read_setting
from core.kernel.plugins import Setting
from core.kernel.types import Money


@pytest.mark.parametrize(
    ("default", "kept", "chosen"),
    [
        (14, 30, 30),
        (True, False, False),
        ("KH-", "C", "C"),
        (Decimal("0.5"), "1.25", Decimal("1.25")),
        (Money(500), 700, Money(700)),
        (date(2026, 1, 1), "2027-02-03", date(2027, 2, 3)),
    ],
)
def test_a_setting_is_its_default_until_somebody_chooses(
    database: Database, default: Any, kept: Any, chosen: Any
) -> None:
    declared = [("visits", Setting("term", default))]
    with database.transaction(write=True) as connection:
        enter_settings(connection, declared)
        assert read_setting(connection, "visits.term") == default
    with database.system("test") as session:
        row = session.scalars(select(PluginSetting)).one()
        row.value, row.chosen = kept, True
    with database.transaction(write=True) as connection:
        enter_settings(connection, declared)
        assert read_setting(connection, "visits.term") == chosen


def test_a_new_default_counts_where_nobody_has_chosen(database: Database) -> None:
    with database.transaction(write=True) as connection:
        enter_settings(connection, [("visits", Setting("term", 14))])
        enter_settings(connection, [("visits", Setting("term", 21))])
        assert read_setting(connection, "visits.term") == 21


def test_what_was_chosen_for_another_kind_is_forgotten(database: Database) -> None:
    with database.system("test") as session:
        enter_settings(session.connection(), [("visits", Setting("term", 14))])
        row = session.scalars(select(PluginSetting)).one()
        row.value, row.chosen = 30, True
    with database.transaction(write=True) as connection:
        enter_settings(connection, [("visits", Setting("term", "a fortnight"))])
        assert read_setting(connection, "visits.term") == "a fortnight"


def test_an_unknown_setting_and_an_impossible_default_are_named(database: Database) -> None:
    with database.transaction(write=True) as connection:
        with pytest.raises(ConfigurationError, match=r"visits\.nothing"):
            read_setting(connection, "visits.nothing")
        with pytest.raises(PluginError, match="term"):
            enter_settings(connection, [("visits", Setting("term", object()))])
