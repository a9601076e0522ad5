"""What a plugin adds to the navigation besides its resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.kernel.i18n import Text

if TYPE_CHECKING:
    from core.kernel.principal import Principal

Words = Text | str


@dataclass(frozen=True)
class MenuEntry:
    """An entry of the navigation besides those of resources; shown to whoever has the permission `allow`."""

    title: Words
    url: str
    allow: str = ""
    icon: str = ""
    group: Words = ""

    def shown_to(self, principal: Principal) -> bool:
        """Whether this person may open what it leads to."""
        resource, _dot, action = self.allow.rpartition(".")
        return not self.allow or principal.allows(resource, action)
