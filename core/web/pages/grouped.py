"""A list in groups: each with its count and sums, opened and closed by the address, and with pages of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.kernel.i18n import translate as _
from core.resources.conditions import Context
from core.resources.dimensions import COUNT, Dimension, Measure, filter_of, narrowed, read_dimension
from core.resources.queries import ListRequest, Lists, read_list
from core.resources.resolved import ResolvedResource, Resources
from core.resources.statistics import Counts, Table, order_of, worked_out
from core.web.address import Pairs, address, changed, state_of, without
from core.web.bars import bar_of
from core.web.figures import group_title, path_title, said
from core.web.responses import Response
from core.web.showing import NUMBERS_TOTALLED
from core.web.views import Column, GroupedView, RowGroup

if TYPE_CHECKING:
    from core.web.requests import Request

SHOWN: Final = 200
"""Groups that a page lists."""

OPEN: Final = 3
"""Groups that are open until the reader opens or closes some."""

MOST_OPEN: Final = 12
ROWS: Final = 25
"""Records of a group on a page of it."""

NONE: Final = "-"
"""What the address says where every group is closed."""


class GroupedPages:
    """The grouped list of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource) -> None:
        self._resources = resources
        self._resource = resource

    def show(self, request: Request, columns: tuple[Column, ...], listed: ListRequest, context: Context) -> Response:
        """The page; `columns` are those of the list."""
        pairs = state_of(request.query.pairs)
        dimension = read_dimension(self._resources, self._resource, request.query.get("group", ""), request.principal)
        told = {column.field for column in self._resource.columns if column.total}
        summed = [column.key for column in columns if column.key in told]
        measures = [COUNT, *(m for path in summed if (m := self._sum(path)) is not None)]
        counts = Counts(self._resources, self._resource)
        table = counts.table(request.connection, listed, context, (dimension,), measures)
        keys = sorted((keys[0] for keys in table.groups), key=lambda key: order_of(table, 0, key))
        if dimension.is_time:
            keys = [*reversed([key for key in keys if key is not None]), *(key for key in keys if key is None)]
        opened = self._opened(request, dimension, keys)
        groups = tuple(
            self._group(request, table, key, measures, columns, pairs, opened, context) for key in keys[:SHOWN]
        )
        count = sum(sums.count for sums in table.groups.values())
        view = GroupedView(
            bar=bar_of(request, self._resources, self._resource, listed, pairs),
            by=path_title(self._resources, self._resource, dimension.path),
            columns=columns,
            groups=groups,
            # With tags, a record stands in several groups.
            count=f"{count:,}" if table.complete and not dimension.field.many else "",
            note=_("There are {count} groups; the first {most} are shown.", count=len(keys), most=SHOWN)
            if len(keys) > SHOWN
            else "",
        )
        return request.render("grouped.html", view)

    def _sum(self, path: str) -> Measure | None:
        field = self._resource.fields.get(path)
        return Measure(path, "sum", field) if field is not None and field.kind in NUMBERS_TOTALLED else None

    def _opened(self, request: Request, dimension: Dimension, keys: list[Any]) -> list[str]:
        """The groups that are open, as the address says them."""
        said_open = request.query.all("_open")
        names = [name_of(dimension, key) for key in keys]
        wanted = [name for name in names if name in said_open] if said_open else names[:OPEN]
        return wanted[:MOST_OPEN]

    def _group(
        self,
        request: Request,
        table: Table,
        key: Any,
        measures: list[Measure],
        columns: tuple[Column, ...],
        pairs: Pairs,
        opened: list[str],
        context: Context,
    ) -> RowGroup:
        dimension, sums = table.dimensions[0], table.groups[(key,)]
        name = name_of(dimension, key)
        sums_by_path = {measure.path: said(worked_out(sums, measure), context.currency) for measure in measures[1:]}
        is_open = name in opened
        others = [each for each in opened if each != name] if is_open else [*opened, name]
        toggle = (*without(pairs, "_open", "_in"), *(("_open", each) for each in others or [NONE]))
        behind = narrowed(without(pairs, "group", "_open", "_in", "_saved"), (dimension,), (key,))
        label = table.labels[0].get(key, (None, ""))[1] if dimension.leads else ""
        choice = dimension.field.choice(key) if isinstance(key, str) else None
        rows: dict[str, Any] = {}
        if is_open and behind is not None:
            rows = self._rows(request, behind, name, columns, pairs, opened, context)
        return RowGroup(
            key=name,
            title=group_title(table, 0, key, context),
            colour=label or (choice.colour if choice else ""),
            count=f"{sums.count:,}",
            totals=tuple(sums_by_path.get(column.key, "") for column in columns),
            open=is_open,
            toggle_url=address(self._resource.url, toggle),
            all_url=address(self._resource.url, behind) if behind is not None else "",
            **rows,
        )

    def _rows(
        self,
        request: Request,
        behind: Pairs,
        name: str,
        columns: tuple[Column, ...],
        pairs: Pairs,
        opened: list[str],
        context: Context,
    ) -> dict[str, Any]:
        """The records of an open group: the first, or the page of it that the address asks for."""
        from core.web.pages.lists import draw_table

        cursor = request.query.get("cursor", "") if request.query.get("_in") == name else ""
        given = [*behind, ("limit", str(ROWS)), *((("cursor", cursor),) if cursor else ())]
        wanted = read_list(self._resources, self._resource, given, context)
        page = Lists(self._resources, self._resource).page(request.connection, wanted, context)
        here = (*without(pairs, "_open", "_in"), *(("_open", each) for each in opened), ("_in", name))

        def url(cursor: str | None) -> str:
            return address(self._resource.url, changed(here, "cursor", cursor)) if cursor else ""

        return {
            "rows_html": draw_table(request, self._resource, page.cells, page.rows, columns, selectable=False),
            "previous_url": url(page.preceding),
            "next_url": url(page.following),
        }


def name_of(dimension: Dimension, key: Any) -> str:
    """A group as the address says it: by the filter that shows its records."""
    return "=".join(filter_of(dimension, key))
