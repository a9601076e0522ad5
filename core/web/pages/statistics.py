"""The statistics of a list: a table whose every figure opens its records, and a chart of the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from core.kernel.errors import BadRequest
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.resources.conditions import Context
from core.resources.dimensions import (
    COUNT,
    UNITS,
    Dimension,
    Measure,
    measured,
    narrowed,
    offered,
    read_dimension,
    read_dimensions,
    read_measures,
)
from core.resources.queries import CONTROL, ListRequest, read_list
from core.resources.resolved import ResolvedResource, Resources
from core.resources.statistics import Counts, Keys, Sums, Table, order_of, rolled_up, worked_out
from core.resources.views import Statistics
from core.web.address import Pairs, address, changed, filters_of, state_of, without
from core.web.bars import bar_of
from core.web.figures import (
    UNIT_TITLES,
    WAY_TITLES,
    Drawing,
    Figures,
    Wanted,
    filled,
    group_title,
    measure_title,
    path_title,
    title_of,
)
from core.web.responses import Response
from core.web.views import Empty, Link, Option, StatisticsView

if TYPE_CHECKING:
    from core.web.requests import Request


class StatisticsPages:
    """The statistics of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource) -> None:
        self._resources = resources
        self._resource = resource

    def show(self, request: Request) -> Response:
        """The page."""
        from core.web.pages.lists import context_of

        context, pairs = context_of(request), state_of(request.query.pairs)
        wanted = self.wanted(request)
        listed = read_list(self._resources, self._resource, request.query.pairs, context)
        figures = self.figures(request, listed, wanted, context)
        bar = bar_of(request, self._resources, self._resource, listed, pairs)
        drawn = Drawing(self._resource, figures, wanted, self._behind(pairs), context)
        view = StatisticsView(
            bar=bar,
            by=tuple(title_of(self._resources, self._resource, each) for each in wanted.dimensions[: drawn.nested + 1]),
            measures=drawn.heads(),
            rows=tuple(drawn.rows()),
            totals=drawn.totals()[0],
            total_urls=drawn.totals()[1],
            keep=without(pairs, "_by", "_unit", "_measure", "cursor"),
            group_options=tuple(self._options(request, wanted, 0)),
            second_options=tuple(self._options(request, wanted, 1)),
            unit_options=_units(wanted),
            measure_options=tuple(self._measures(request, wanted)),
            charts=self._charts(pairs, drawn),
            chart=drawn.chart(),
            legend=drawn.legend(),
            note=drawn.note(),
            empty=self._empty(pairs) if not figures.whole.count else None,
        )
        return request.render("statistics.html", view)

    def wanted(self, request: Request) -> Wanted:
        """What the address asks for, else what the resource declares, as far as the reader may see that."""
        query, principal = request.query, request.principal
        unit = query.get("_unit", "")
        names = [name for text in query.all("_by") for name in text.split(",") if name.strip()]
        if unit in UNITS:
            names = [self._with_unit(name, unit) for name in names]
        dimensions = read_dimensions(self._resources, self._resource, names, principal)
        measures = read_measures(self._resources, self._resource, query.all("_measure"), principal)
        usual = next(iter(self._resource.declared.of_kind(Statistics)), Statistics(by=()))
        if not dimensions:
            told = usual.by or tuple(offered(self._resources, self._resource, principal)[:1]) or ("created_at:month",)
            dimensions = tuple(found for name in told if (found := self._read(name, request)) is not None)[:2]
        if not query.all("_measure"):
            measures = self._usual_measures(usual, request)
        chart = query.get("_chart", "") or usual.chart
        return Wanted(dimensions, measures, chart if chart in ("bar", "line", "none") else "")

    def _with_unit(self, name: str, unit: str) -> str:
        path = name.partition(":")[0]
        steps = self._resources.walk(self._resource, path)
        return f"{path}:{unit}" if steps and steps[-1][1].kind in ("date", "instant") else name

    def _read(self, name: str, request: Request) -> Dimension | None:
        try:
            return read_dimension(self._resources, self._resource, name, request.principal)
        except BadRequest:
            return None

    def _usual_measures(self, usual: Statistics, request: Request) -> tuple[Measure, ...]:
        found: list[Measure] = []
        for name in usual.measure:
            try:
                found += read_measures(self._resources, self._resource, [name], request.principal)
            except BadRequest:
                continue
        return tuple(found) or (COUNT,)

    def figures(self, request: Request, listed: ListRequest, wanted: Wanted, context: Context) -> Figures:
        """The groups, and the sums over all of them."""
        counts = Counts(self._resources, self._resource)

        def of(*dimensions: Dimension) -> Table:
            return counts.table(request.connection, listed, context, dimensions, wanted.measures)

        table = of(*wanted.dimensions)
        parts: list[dict[Keys, Sums]] = []
        exact = table.complete and not any(each.field.many for each in wanted.dimensions)
        for place, each in enumerate(wanted.dimensions):
            # Records with two tags stand in two groups, so that their sum is not the sum of the groups.
            parts.append(rolled_up(table, (place,)) if exact else of(each).groups)
        whole = rolled_up(table, ()).get((), Sums()) if exact else of().groups[()]
        return Figures(table, tuple(parts), whole)

    def _behind(self, pairs: Pairs) -> Callable[[Sequence[Dimension], Keys], str]:
        """The address of the list that shows the records of a group."""
        kept = tuple(pair for pair in without(pairs, "view", "group", "format") if not pair[0].startswith("_"))

        def url(dimensions: Sequence[Dimension], keys: Keys) -> str:
            found = narrowed(kept, dimensions, keys)
            return "" if found is None else address(self._resource.url, found)

        return url

    def _options(self, request: Request, wanted: Wanted, place: int) -> Iterable[Option]:
        chosen = wanted.dimensions[place].path if place < len(wanted.dimensions) else ""
        paths = offered(self._resources, self._resource, request.principal)
        for path in dict.fromkeys((*paths, *((chosen,) if chosen else ()))):
            found = self._read(path, request)
            if found is not None:
                title = path_title(self._resources, self._resource, path)
                yield Option(value=path, title=title, selected=path == chosen)

    def _measures(self, request: Request, wanted: Wanted) -> Iterable[Option]:
        chosen = {each.name for each in wanted.measures}
        yield Option(value="count", title=_("Count"), selected="count" in chosen)
        for path in measured(self._resource, request.principal):
            for way, title in WAY_TITLES.items():
                name = f"{path}:{way}"
                label = filled(title, self._resource.fields[path].label)
                yield Option(value=name, title=label, selected=name in chosen)

    def _charts(self, pairs: Pairs, drawn: Drawing) -> tuple[Link, ...]:
        kinds: tuple[tuple[str, Text], ...] = (("bar", _("Bars")), ("line", _("Lines")), ("none", _("Table only")))
        if not drawn.along_time:
            kinds = (("bar", _("Bars")), ("none", _("Table only")))
        return tuple(
            Link(
                title=title, url=address(self._resource.url, changed(pairs, "_chart", kind)), current=kind == drawn.kind
            )
            for kind, title in kinds
        )

    def _empty(self, pairs: Pairs) -> Empty:
        filtered = any(name == "q" for name, _text in pairs) or bool(filters_of(pairs, CONTROL))
        clear = Link(title=_("Clear all filters"), url=address(self._resource.url, (("view", "statistics"),)))
        return Empty(
            title=_("Nothing to count"),
            text=_("No {names} in your scope match the search and all filters.", names=self._resource.names),
            icon="chart",
            button=clear if filtered else None,
        )

    def sheet(
        self, request: Request, context: Context, pairs: Sequence[tuple[str, str]]
    ) -> tuple[list[str], list[list[Any]]]:
        """The statistics as a table for spreadsheet programs: heads and rows, with values that they can reckon with."""
        wanted = self.wanted(request)
        listed = read_list(self._resources, self._resource, pairs, context)
        table = Counts(self._resources, self._resource).table(
            request.connection, listed, context, wanted.dimensions, wanted.measures
        )
        heads = [str(title_of(self._resources, self._resource, each)) for each in wanted.dimensions]
        heads += [str(measure_title(self._resource, each)) for each in wanted.measures]
        rows = []
        for keys in sorted(table.groups, key=lambda keys: tuple(order_of(table, n, key) for n, key in enumerate(keys))):
            names = [group_title(table, place, key, context) for place, key in enumerate(keys)]
            rows.append([*names, *(worked_out(table.groups[keys], each) for each in wanted.measures)])
        return heads, rows


def _units(wanted: Wanted) -> tuple[Option, ...]:
    units = [each.unit for each in wanted.dimensions if each.is_time]
    return tuple(Option(value=unit, title=UNIT_TITLES[unit], selected=unit in units) for unit in UNITS) if units else ()
