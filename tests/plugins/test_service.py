"""The service plugin: what every plugin must hold, and what is its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.testing.checks import PluginChecks


class TestService(PluginChecks):
    plugin = "service"

    def make(self, session: Session, model: type[Any], owner: int) -> Any:
        from core.testing.samples import make_record
        from plugins.service.models import Plan

        given = {"occurrences": 3} if model is Plan else {}
        return make_record(session, model, owner=owner, **given)

    def values(self, session: Session, resource: Any, owner: int) -> dict[str, Any]:
        return {"service.plan": {"occurrences": 3}}.get(resource.key, {})
