"""Toolbars drawn once: whoever sees the same list in the same state gets what has been drawn already.

A toolbar offers all filters and columns of a resource, a hundred controls; drawing it takes longer than the rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

from core.resources.queries import ListRequest
from core.resources.resolved import ResolvedResource, Resources
from core.web.address import Pairs
from core.web.dictionaries import options_of, remember
from core.web.toolbar import filtered, toolbar
from core.web.views import Toolbar

if TYPE_CHECKING:
    from core.web.requests import Request

KEPT: Final = 256
"""Toolbars kept in a process; each has some twenty thousand characters."""

MARK: Final = "\ue000"
"""Stands for the words of the search in what is kept. The character has no meaning of its own, and no keyboard has it."""

MARK_IN_ADDRESS: Final = quote_plus(MARK)

RIGHTS: Final = ("create", "import", "export", "delete")


def bar_of(
    request: Request, resources: Resources, resource: ResolvedResource, wanted: ListRequest, pairs: Pairs
) -> Toolbar:
    """The toolbar of a list in the state that `pairs` say, drawn."""
    words = [text for name, text in pairs if name == "q"]
    if len(words) > 1 or any(MARK in text for _name, text in pairs):
        return toolbar(request, resources, resource, wanted, pairs)
    marked = tuple((name, MARK if name == "q" else text) for name, text in pairs)
    kept: dict[Any, Toolbar] = request.site.kept.setdefault("bars", {})
    key = (resource.key, request.locale, marked, *_seen(request, resources, resource))
    bar = kept.get(key)
    if bar is None:
        bar = toolbar(request, resources, resource, wanted, marked)
        if any(each.label for each in bar.filters):
            # It shows the name of a record, which may change.
            return toolbar(request, resources, resource, wanted, pairs)
        if len(kept) >= KEPT:
            kept.clear()
        bar = kept[key] = replace(bar, drawn=request.site.draw("parts/tools.html", request.locale, bar=bar))
    return _filled(bar, words[0]) if words else bar


def _seen(request: Request, resources: Resources, resource: ResolvedResource) -> tuple[Any, ...]:
    """What of the toolbar differs from person to person, and from time to time."""
    from core.web.pages.views import saved_views

    principal = request.principal
    readable = resource.readable(principal)
    offered = tuple(filtered(request, resources, resource, readable))
    targets = [target for _field, target in offered if target is not None]
    remember(request, targets)
    return (
        readable,
        tuple(field.key for field, _target in offered),
        tuple(options_of(request, target) for target in targets),
        tuple(resource.allows(principal, action) for action in RIGHTS),
        saved_views(request, resources, resource),
    )


def _filled(bar: Toolbar, words: str) -> Toolbar:
    """The toolbar with the words of this search in their places."""
    # Markup escapes what it puts in.
    drawn = bar.drawn.replace(MARK_IN_ADDRESS, quote_plus(words)).replace(MARK, words)
    return replace(bar, q=words, drawn=drawn)
