"""The checks for plugins pass for the plugins that come with Sopia."""

from __future__ import annotations

from core.testing.checks import PluginChecks


class TestCustomers(PluginChecks):
    plugin = "customers"
