"""History as a resource: read only, and without what its reader may not see."""

from __future__ import annotations

from typing import Any

from core.kernel.access import Principal
from core.kernel.history import HistoryEntry
from core.kernel.i18n import translate as _
from core.resources.fields import Field
from core.resources.resolved import Resources
from core.resources.resource import Redaction, Resource


def visible_changes(resources: Resources, principal: Principal, item: dict[str, Any]) -> dict[str, Any]:
    """An entry of history without the values of fields that its reader may not see."""
    fields = resources.fields_of(item.get("resource", ""), principal)
    if fields is None:
        return item
    kept = {
        side: {key: value for key, value in (item.get(side) or {}).items() if key in fields}
        for side in ("before", "after")
        if side in item
    }
    return item | kept


history = Resource(
    HistoryEntry,
    title=_("History"),
    plural=_("History"),
    list=("at", "actor", "origin", "resource", "record", "action"),
    sort="-id",
    fields=tuple(
        Field(key, readonly=True)
        for key in ("operation", "at", "actor", "origin", "resource", "record", "action", "before", "after")
    ),
    parts=(Redaction(visible_changes),),
)
