"""The list of a resource: one table, whose state is in the address."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from core.kernel.i18n import translate as _
from core.resources.conditions import Context
from core.resources.queries import CONTROL, COUNTED, Cell, ListPage, ListRequest, Lists, read_list, today_in
from core.resources.resolved import ResolvedResource, Resources
from core.web.address import Pairs, address, changed, filters_of, state_of
from core.web.bars import bar_of
from core.web.branches import tree_of
from core.web.pages.calendar import CalendarPages
from core.web.pages.grouped import GroupedPages
from core.web.pages.statistics import StatisticsPages
from core.web.pages.views import first_view, note_of
from core.web.responses import Json, Response
from core.web.showing import NUMBERS_TOTALLED, Reader, base_of, draw_rows, kind_of, total_of
from core.web.templating import render_rows, row_writer
from core.web.toolbar import title_of
from core.web.views import Bulk, Column, Empty, Link, ListView

if TYPE_CHECKING:
    from core.web.requests import Request


KEPT = 256
"""Heads of tables kept in a process."""


def context_of(request: Request) -> Context:
    """What reading filters and values depends on for this request."""
    zone = request.timezone
    return Context(request.principal, zone, request.platform.settings.currency, today_in(zone))


def reader_of(request: Request) -> Reader:
    """For whom this request's page is drawn."""
    return Reader(request.timezone, today_in(request.timezone), request.platform.settings.currency)


class ListPages:
    """The pages that show many records of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource) -> None:
        self._resources = resources
        self._resource = resource
        self._views: dict[str, Callable[[Request], Response]] = {
            "calendar": CalendarPages(resources, resource).show,
            "statistics": StatisticsPages(resources, resource).show,
        }
        """The other ways to look at the same records, by the word in the address."""

    def add_view(self, name: str, show: Callable[[Request], Response]) -> None:
        """Let the records be looked at in another way, by its word in the address."""
        self._views[name] = show

    def list(self, request: Request) -> Response:
        """The table, or the view that the address asks for."""
        first = first_view(request, self._resources, self._resource)
        if first and "application/json" not in request.header("accept"):
            return request.redirect(first)
        note_of(request, self._resources, self._resource)
        show = self._views.get(request.query.get("view", ""))
        return show(request) if show else self._table(request)

    def _table(self, request: Request) -> Response:
        context = context_of(request)
        given = request.query.pairs
        # A cursor of a grouped list belongs to one of its groups.
        grouped = bool(request.query.get("group", "").strip())
        wanted = read_list(
            self._resources, self._resource, [p for p in given if p[0] != "cursor"] if grouped else given, context
        )
        if grouped:
            cells = Lists(self._resources, self._resource).cells(wanted.columns)
            heads = self._heads(request, cells, wanted, state_of(given), {})
            return GroupedPages(self._resources, self._resource).show(request, heads, wanted, context)
        lists = Lists(self._resources, self._resource)
        page = lists.page(request.connection, wanted, context)
        exact = request.query.get("count") == "true"
        count = self._count(request, lists, wanted, page, context, exact=exact)
        if exact and "application/json" in request.header("accept"):
            return Json({"count": count if isinstance(count, str) else f"{count:,}"})
        pairs = state_of(given)
        totals = self._totals(request, lists, wanted, page.cells, context)
        columns = self._heads(request, page.cells, wanted, pairs, totals)
        bar = bar_of(request, self._resources, self._resource, wanted, pairs)
        bulk = bulk_of(request, self._resource)
        summed = any(column.total for column in self._resource.columns)
        view = ListView(
            bar=bar,
            columns=columns,
            rows_html=self._rows(request, page, columns, selectable=bool(bulk)),
            shown=len(page.rows),
            count=count if isinstance(count, str) else f"{count:,}",
            count_url="" if isinstance(count, int) else address(self._resource.url, (*pairs, ("count", "true"))),
            first_url=address(self._resource.url, pairs) if wanted.cursor else "",
            previous_url=address(self._resource.url, (*pairs, ("cursor", page.preceding))) if page.preceding else "",
            next_url=address(self._resource.url, (*pairs, ("cursor", page.following))) if page.following else "",
            bulk=bulk,
            totals=bool(totals),
            totals_url=address(self._resource.url, (*pairs, ("totals", "true"))) if summed and not totals else "",
            empty=self._empty(request, pairs) if not page.rows else None,
            tree=tree_of(request, self._resources, self._resource, pairs),
        )
        return request.render("list.html", view)

    def _count(
        self, request: Request, lists: Lists, wanted: ListRequest, page: ListPage, context: Context, *, exact: bool
    ) -> int | str:
        """How many there are; a page that is neither continued nor a continuation has been counted already."""
        if not page.following and not wanted.cursor:
            return len(page.rows)
        count = lists.count(request.connection, wanted, context, exact=exact)
        return f"{COUNTED:,}+" if count > COUNTED and not exact else count

    def _totals(
        self, request: Request, lists: Lists, wanted: ListRequest, cells: tuple[Cell, ...], context: Context
    ) -> dict[str, str]:
        if request.query.get("totals") != "true":
            return {}
        told = {column.field for column in self._resource.columns if column.total}
        paths = [cell.path for cell in cells if cell.path in told and cell.field.kind in NUMBERS_TOTALLED]
        sums = lists.totals(request.connection, wanted, context, paths) if paths else {}
        reader = reader_of(request)
        return {path: total_of(cell, sums[path], reader) for cell in cells if (path := cell.path) in sums}

    def _heads(
        self, request: Request, cells: tuple[Cell, ...], wanted: ListRequest, pairs: Pairs, totals: dict[str, str]
    ) -> tuple[Column, ...]:
        """The columns; those without totals are kept for the next page of the same list."""
        if totals:
            return self._columns(cells, wanted, pairs, totals)
        kept: dict[Any, tuple[Column, ...]] = request.site.kept.setdefault("heads", {})
        key = (self._resource.key, wanted.columns, wanted.sort, pairs)
        columns = kept.get(key)
        if columns is None:
            if len(kept) >= KEPT:
                kept.clear()
            columns = kept[key] = self._columns(cells, wanted, pairs, totals)
        return columns

    def _columns(
        self, cells: tuple[Cell, ...], wanted: ListRequest, pairs: Pairs, totals: dict[str, str]
    ) -> tuple[Column, ...]:
        leading = wanted.sort[0] if wanted.sort else None
        facts = iter(("first", "second"))
        columns = []
        for position, cell in enumerate(cells):
            here = leading is not None and leading.path == cell.path
            falling = bool(leading and leading.descending)
            told: Any = "title" if position == 0 else next(facts, "")
            columns.append(
                Column(
                    key=cell.path,
                    title=title_of(self._resource, cell.path, cell.field),
                    kind=kind_of(cell),
                    place=told,
                    base=base_of(cell),
                    sort_url=self._sort_url(cell, pairs, here=here, falling=falling),
                    sorted=("descending" if falling else "ascending") if here else "",
                    total=totals.get(cell.path, ""),
                )
            )
        return tuple(columns)

    def _sort_url(self, cell: Cell, pairs: Pairs, *, here: bool, falling: bool) -> str:
        if not cell.field.sortable:
            return ""
        starts_falling = cell.field.kind in ("date", "instant", "money", "integer", "decimal", "percent")
        down = not falling if here else starts_falling
        return address(self._resource.url, changed(pairs, "sort", f"-{cell.path}" if down else cell.path))

    def _rows(self, request: Request, page: ListPage, columns: tuple[Column, ...], *, selectable: bool) -> Markup:
        return draw_table(request, self._resource, page.cells, page.rows, columns, selectable=selectable)

    def _empty(self, request: Request, pairs: Pairs) -> Empty:
        resource = self._resource
        searched = any(name == "q" for name, _text in pairs) or filters_of(pairs, CONTROL)
        if searched:
            return Empty(
                title=_("Nothing matches"),
                text=_("No {names} in your scope match the search and all filters.", names=resource.names),
                icon="filter",
                button=Link(title=_("Clear all filters"), url=resource.url),
            )
        create = resource.allows(request.principal, "create")
        imports = resource.allows(request.principal, "import") and request.site.router.find(f"{resource.url}/import")
        return Empty(
            title=_("No {names} yet", names=resource.names),
            text=_("What you and those in your scope enter will stand here.")
            if create
            else _("None lie in your scope."),
            icon=resource.declared.icon,
            button=Link(title=_("New {name}", name=resource.name), url=f"{resource.url}/new", icon="plus")
            if create
            else None,
            second=Link(title=_("Import a spreadsheet"), url=f"{resource.url}/import", icon="import")
            if imports
            else None,
        )


def draw_table(
    request: Request,
    resource: ResolvedResource,
    cells: tuple[Cell, ...],
    rows: list[tuple[Any, ...]],
    columns: tuple[Column, ...],
    *,
    selectable: bool,
) -> Markup:
    """The body of a table; its template is written once for each set of columns and kept by the site."""
    key = ("rows", resource.key, tuple(cell.path for cell in cells), selectable)
    writer = request.site.kept.get(key)
    if writer is None:
        writer = row_writer(request.site.templates, columns, resource.url, selectable=selectable)
        request.site.kept[key] = writer
    return render_rows(writer, draw_rows(cells, rows, reader_of(request)))


def bulk_of(request: Request, resource: ResolvedResource) -> tuple[Bulk, ...]:
    """What this reader may do with the ticked rows of a list."""
    found = []
    for action in resource.actions:
        if action.bulk and resource.allows(request.principal, action.allow or action.name):
            ask = "" if action.ask else _("{action}: {count} records?", action=action.title, count="{count}")
            url, danger = f"{resource.url}/actions/{action.name}", action.style == "danger"
            found.append(Bulk(title=action.title, url=url, icon=action.icon, danger=danger, ask=ask))
    if resource.allows(request.principal, "delete") and resource.has_bin and not resource.read_only:
        ask = _("Move {count} records to the recycle bin?", count="{count}")
        found.append(Bulk(title=_("Delete"), url=f"{resource.url}/delete", icon="trash", danger=True, ask=ask))
    return tuple(found)
