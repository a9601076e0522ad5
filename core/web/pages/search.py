"""Searching everywhere: the page `/search`, and what the palette offers while one types."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from core.kernel.i18n import translate as _
from core.kernel.search import parse
from core.kernel.search_words import normalise
from core.resources.queries import ListRequest, Lists
from core.resources.resolved import ResolvedResource, Resources
from core.web.address import address
from core.web.pages.lists import context_of
from core.web.responses import Json, Response
from core.web.routing import Everybody, Route
from core.web.views import Empty, Hit, HitGroup, Link, SearchView

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

HITS = 8
"""Hits of each resource on the page; the palette shows fewer."""

OFFERED = 4
PAGES = 6


def routes(platform: Platform) -> Iterable[Route]:
    """The search page and the palette."""
    why = "what is found lies in the reader's scope"
    yield Route("/search", search, Everybody(why))
    yield Route("/palette", palette, Everybody(why))


def search(request: Request) -> Response:
    """What was found of every resource that the reader may see."""
    q = request.query.get("q", "").strip()[:200]
    started = time.perf_counter()
    groups = tuple(found for resource in _searched(request) if (found := _group(request, resource, q))) if q else ()
    took = (time.perf_counter() - started) * 1000
    empty = None
    if not groups:
        title = _("Nothing found for “{q}”", q=q) if q else _("Search everything in your scope")
        text = _("Parts of names, phone numbers, codes, pinyin or its initials are enough.")
        empty = Empty(title=title, text=text, icon="search", ghost="none")
    view = SearchView(title=_("Search"), q=q, groups=groups, took=f"{took:.0f} ms" if q else "", empty=empty)
    return request.render("search.html", view)


def palette(request: Request) -> Response:
    """Pages and records for a typed text: `{"groups": [{"title", "items": [{"title", "url", "icon", "hint"}]}]}`."""
    q = request.query.get("q", "").strip()[:200]
    groups: list[dict[str, Any]] = []
    pages = list(_pages(request, q))
    if pages:
        groups.append({"title": str(_("Go to")), "items": pages[:PAGES]})
    if q:
        for resource in _searched(request):
            rows = _rows(request, resource, q, OFFERED)
            items = [
                {"title": title, "url": f"{resource.url}/{record_id}", "icon": resource.declared.icon, "hint": hint}
                for record_id, title, hint in rows
            ]
            if items:
                groups.append({"title": str(resource.names), "items": items})
        everywhere = {
            "title": str(_("Search everywhere for “{q}”", q=q)),
            "url": address("/search", (("q", q),)),
            "icon": "search",
            "hint": "",
        }
        groups.append({"title": str(_("Search")), "items": [everywhere]})
    return Json({"groups": groups})


def _searched(request: Request) -> Iterable[ResolvedResource]:
    resources: Resources = request.platform.above
    for resource in resources.values():
        if resource.index is not None and resource.declared.menu and resource.allows(request.principal, "view"):
            yield resource


def _rows(request: Request, resource: ResolvedResource, q: str, most: int) -> list[tuple[int, str, str]]:
    """Id, label and a hint of the first records found."""
    readable = resource.readable(request.principal)
    label = resource.label.key if resource.label.key in readable else "id"
    hints = [
        c.field
        for c in resource.columns
        if c.field != label and c.field in readable and not resource.fields[c.field].many
    ]
    columns = (label, *hints[:2])
    resources: Resources = request.platform.above
    lists = Lists(resources, resource)
    page = lists.page(request.connection, ListRequest(columns, terms=parse(q), limit=most), context_of(request))
    found = []
    for row in page.rows:
        texts = []
        position = 2
        for cell in page.cells[1:]:
            value = row[position + 1] if cell.field.is_relation else row[position]
            position += cell.width
            if isinstance(value, str) and value:
                choice = cell.field.choice(value)
                texts.append(str(choice.label) if choice else value)
        found.append((row[0], str(row[1] or f"#{row[0]}"), " · ".join(texts)))
    return found


def _group(request: Request, resource: ResolvedResource, q: str) -> HitGroup | None:
    rows = _rows(request, resource, q, HITS + 1)
    if not rows:
        return None
    hits = tuple(
        Hit(title=marked(title, q), url=f"{resource.url}/{record_id}", hint=hint, icon=resource.declared.icon)
        for record_id, title, hint in rows[:HITS]
    )
    more = len(rows) > HITS
    return HitGroup(
        title=resource.names,
        icon=resource.declared.icon,
        hits=hits,
        count=f"{HITS}+" if more else str(len(hits)),
        all_url=address(resource.url, (("q", q),)),
    )


def marked(title: str, q: str) -> Markup:
    """The title with the words of the query marked, where they stand in it."""
    folded = normalise(title)
    if len(folded) != len(title):
        return escape(title)
    spans = [(at, at + len(word)) for word in parse(q).words if (at := folded.find(word)) >= 0]
    html, position = Markup(), 0
    for start, end in sorted(spans):
        if start < position:
            continue
        html += escape(title[position:start]) + Markup("<mark>") + escape(title[start:end]) + Markup("</mark>")
        position = end
    return html + escape(title[position:])


def _pages(request: Request, q: str) -> Iterable[dict[str, Any]]:
    wanted = normalise(q)
    groups = (*request.shell.navigation, *request.site.shells.basics(request.principal))
    links = [link for group in groups for link in group.links]
    extra = [Link(title=_("Preferences"), url="/preferences", icon="gear")]
    for link in (*links, *request.shell.create, *extra):
        if wanted in normalise(str(link.title)):
            yield {"title": str(link.title), "url": link.url, "icon": link.icon, "hint": ""}
