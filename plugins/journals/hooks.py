"""What journals put on the first page: what is to be written today."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from plugins.journals.pages import home_panel
from sopia import Panel, Session, hookimpl


@hookimpl
def home_panels(session: Session, principal: Any) -> Iterable[Panel]:
    """The journal that is to be written today."""
    return [home_panel()] if principal.allows("journals.journal", "create") else []
