"""Puts the rooms together: what the floors above the kernel add to every platform, whoever opens it."""

from __future__ import annotations

from core.kernel.platform import Parts, Platform, open_platform
from core.kernel.settings import Settings
from core.resources.indexing import create_indexes, search_watcher
from core.resources.resolved import Resources

PARTS = Parts(
    system="core.system:plugin",
    above=Resources,
    watchers=lambda resources: (search_watcher(resources),),
    make=create_indexes,
)


def assemble(settings: Settings | None = None, *, safe: bool = False) -> Platform:
    """The platform of this installation, opened and ready; `safe` leaves every plugin out."""
    return open_platform(settings or Settings.load(), parts=PARTS, safe=safe)
