"""The links that open a file to whoever has them, as they stand on the page of its record."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from core.kernel import formats
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.resources.resolved import ResolvedResource
from core.web.views import Button
from core.workplace.open_links import Opening, can_be_opened, openings_of

if TYPE_CHECKING:
    from core.web.requests import Request

URL: Final = "/open"
"""Where such links lead."""


def address_of(request: Request, opening: Opening) -> str:
    """The whole address of a link: that of the installation, or the one by which it was asked."""
    here = f"{'https' if request.is_secure else 'http'}://{request.header('host')}"
    base = (request.platform.settings.base_url or here).rstrip("/")
    return f"{base}{URL}/{opening.token}"


def link_lines(request: Request, resource: ResolvedResource, record_id: int, *, mine: bool) -> list[dict[str, Any]]:
    """The links of a record as they stand on its page."""
    if not can_be_opened(resource):
        return []
    key, zone = request.platform.settings.secret_key, request.timezone.key
    home = f"{resource.url}/{record_id}/open-links"
    return [
        {
            "url": address_of(request, each),
            "author": each.author,
            "until": formats.instant(each.expires_at - timedelta(seconds=1), zone),
            "since": formats.ago(each.created_at, zone, now()),
            "withdraw": Button(title=_("Withdraw"), url=f"{home}/{each.id}/close", kind="quiet") if mine else None,
        }
        for each in openings_of(request.connection, key, resource.key, record_id)
    ]
