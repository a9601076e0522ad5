"""The documents plugin: what every plugin must hold, and what is its own."""

from __future__ import annotations

from core.testing.checks import PluginChecks


class TestDocuments(PluginChecks):
    plugin = "documents"
