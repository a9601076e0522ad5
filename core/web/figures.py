"""Draws the statistics of a list: the rows of the table, its totals, the chart, and what groups are called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from markupsafe import Markup

from core.kernel import formats
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.types import Money, minor_digits
from core.resources import values
from core.resources.conditions import Context
from core.resources.dimensions import Dimension, Measure, period_of
from core.resources.fields import Words
from core.resources.resolved import ResolvedResource, Resources
from core.resources.statistics import Keys, Sums, Table, order_of, worked_out
from core.web import charts
from core.web.views import StatisticsRow

SHOWN: Final = 60
"""Groups that a page names; the rest are one line."""

ACROSS: Final = 12
"""Groups of the second field that stand side by side."""

FILLED: Final = 120
"""Periods without any record are shown as well, as long as there are no more than so many."""

CHARTED: Final = 60
NAMED: Final = 12

UNIT_TITLES: Final = {
    "day": _("Day"), "week": _("Week"), "month": _("Month"), "quarter": _("Quarter"), "year": _("Year"),
}  # fmt: skip
WAY_TITLES: Final = {
    "sum": _("{field}: sum"), "avg": _("{field}: average"), "min": _("{field}: least"), "max": _("{field}: greatest"),
}  # fmt: skip

OTHERS: Final = object()
"""The key of all groups that are not named."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader wants to see of a list's statistics."""

    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    chart: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What statistics show: the groups, those of each dimension alone, and the whole."""

    table: Table
    parts: tuple[dict[Keys, Sums], ...]
    whole: Sums


class Drawing:
    """Makes rows and chart of the figures."""

    def __init__(
        self,
        resource: ResolvedResource,
        figures: Figures,
        wanted: Wanted,
        behind: Callable[[Sequence[Dimension], Keys], str],
        context: Context,
    ) -> None:
        self._resource = resource
        self._figures = figures
        self._wanted = wanted
        self._url = behind
        self._context = context
        self.along_time = bool(wanted.dimensions) and wanted.dimensions[0].is_time
        self._places = [self._named(place) for place in range(len(wanted.dimensions))]
        two = len(wanted.dimensions) > 1
        across = two and len(wanted.measures) == 1 and self._sums_up(wanted.measures[0])
        self.nested = 1 if two and not across else 0
        self.kind = self._kind()

    def _sums_up(self, measure: Measure) -> bool:
        return measure.way in ("count", "sum")

    def _kind(self) -> str:
        if not self._places or not self._sums_up(self._wanted.measures[0]):
            return "none" if not self._places or not self.along_time else (self._wanted.chart or "line")
        if self._wanted.chart == "line" and not self.along_time:
            return "bar"
        return self._wanted.chart or "bar"

    def _named(self, place: int) -> list[Any]:
        """The groups of a dimension that have a line of their own, in their order; `OTHERS` for the rest."""
        dimension, part = self._wanted.dimensions[place], self._figures.parts[place]
        keys = [keys[0] for keys in part]
        if dimension.is_time:
            return _stretched(keys, dimension.unit)
        first = self._wanted.measures[0]
        value = {key: _number(worked_out(part[(key,)], first)) for key in keys}
        keys.sort(key=lambda key: (key is None, -value[key], order_of(self._figures.table, place, key)))
        most = SHOWN if place == 0 else ACROSS
        return keys if len(keys) <= most else [*keys[: most - 1], OTHERS]

    # The table

    def heads(self) -> tuple[Words, ...]:
        """The heads of the columns."""
        if self._crossed:
            return (*(self._title(1, key) for key in self._places[1]), _("Total"))
        return tuple(measure_title(self._resource, each) for each in self._wanted.measures)

    @property
    def _crossed(self) -> bool:
        return len(self._places) > 1 and not self.nested

    def rows(self) -> Iterable[StatisticsRow]:
        """A row for each group of the first dimension, and where not all fits side by side, of the second below it."""
        if not self._places:
            return
        first = self._wanted.measures[0]
        sums = {key: self._along(key) for key in self._places[0]}
        most = max((abs(_number(worked_out(each, first))) for each in sums.values()), default=0) or 1
        for key in self._places[0]:
            yield self._row(key, sums[key], float(_number(worked_out(sums[key], first)) / most))
            if self.nested:
                for below in self._places[1]:
                    inner = self._cell(key, below)
                    if inner.count:
                        yield self._inner(key, below, inner, float(_number(worked_out(inner, first)) / most))

    def _row(self, key: Any, sums: Sums, share: float) -> StatisticsRow:
        own = self._link(key)
        if self._crossed:
            cells = [(self._cell(key, other), self._link(key, other)) for other in self._places[1]]
            cells.append((sums, own))
            texts = tuple(self._text(each, self._wanted.measures[0]) for each, _url in cells)
            urls = tuple(url if each.count else "" for each, url in cells)
        else:
            texts = tuple(self._text(sums, measure) for measure in self._wanted.measures)
            urls = (own if sums.count else "",) * len(texts)
        return StatisticsRow(
            title=self._title(0, key),
            values=texts,
            urls=urls,
            share=max(share, 0.0),
            url=own if sums.count else "",
            colour=self._colour(0, key),
        )

    def _inner(self, key: Any, below: Any, sums: Sums, share: float) -> StatisticsRow:
        url = self._link(key, below)
        return StatisticsRow(
            title=self._title(1, below),
            values=tuple(self._text(sums, measure) for measure in self._wanted.measures),
            urls=(url,) * len(self._wanted.measures),
            share=max(share, 0.0),
            url=url,
            depth=1,
            colour=self._colour(1, below) or "grey",
        )

    def totals(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The line below the table, and where its figures lead."""
        if not self._crossed:
            texts = tuple(self._text(self._figures.whole, measure) for measure in self._wanted.measures)
            return texts, (self._url((), ()),) * len(texts)
        measure, second = self._wanted.measures[0], self._wanted.dimensions[1:]
        columns = [self._across(key) for key in self._places[1]]
        urls = [
            "" if key is OTHERS or not sums.count else self._url(second, (key,))
            for key, sums in zip(self._places[1], columns, strict=True)
        ]
        texts = tuple(self._text(each, measure) for each in (*columns, self._figures.whole))
        return texts, (*urls, self._url((), ()))

    def note(self) -> Words:
        """What the page leaves out."""
        if not self._figures.table.complete:
            return _("There are so many groups that only the largest are shown; the totals hold for all.")
        if any(each.field.many for each in self._wanted.dimensions):
            return _("A record with several of these counts in each of them, and once in the total.")
        return ""

    def _along(self, key: Any) -> Sums:
        return self._one(0, key)

    def _across(self, key: Any) -> Sums:
        return self._one(1, key)

    def _one(self, place: int, key: Any) -> Sums:
        part = self._figures.parts[place]
        if key is not OTHERS:
            return part.get((key,), Sums())
        named = set(self._places[place])
        return _added(sums for keys, sums in part.items() if keys[0] not in named)

    def _cell(self, key: Any, other: Any) -> Sums:
        groups = self._figures.table.groups
        if key is not OTHERS and other is not OTHERS:
            return groups.get((key, other), Sums())
        named = [set(place) for place in self._places]
        return _added(
            sums
            for keys, sums in groups.items()
            if (keys[0] == key if key is not OTHERS else keys[0] not in named[0])
            and (keys[1] == other if other is not OTHERS else keys[1] not in named[1])
        )

    def _link(self, *keys: Any) -> str:
        if any(key is OTHERS for key in keys):
            return ""
        return self._url(self._wanted.dimensions[: len(keys)], keys)

    def _text(self, sums: Sums, measure: Measure) -> str:
        value = worked_out(sums, measure)
        if measure.field is None:
            return f"{sums.count:,}" if sums.count else "–"
        return said(value, self._context.currency) or "–"

    def _title(self, place: int, key: Any) -> Words:
        if key is OTHERS:
            return _("{count} others", count=len(self._figures.parts[place]) - len(self._places[place]) + 1)
        return group_title(self._figures.table, place, key, self._context)

    def _colour(self, place: int, key: Any) -> str:
        if key is None or key is OTHERS:
            return "grey"
        dimension = self._wanted.dimensions[place]
        if dimension.leads:
            return self._figures.table.labels[place].get(key, (None, ""))[1]
        choice = dimension.field.choice(key) if isinstance(key, str) and dimension.field.choices else None
        return choice.colour if choice else ""

    # The chart

    def chart(self) -> Markup:
        """The chart of the first measure."""
        if self.kind == "none" or not self._places or not self._figures.whole.count:
            return Markup()
        keys = [key for key in self._places[0] if (key is not OTHERS and key is not None) or not self.along_time]
        keys = keys[-CHARTED:] if self.along_time else keys[:NAMED]
        places = [charts.Place(self._short(key), self._link(key)) for key in keys]
        series = self._series(keys)
        measure = self._wanted.measures[0]

        def say(value: float) -> str:
            return short(value, measure, self._context.currency)

        draw = charts.bars if not self.along_time else charts.lines if self.kind == "line" else charts.columns
        return draw(places, series, say, str(measure_title(self._resource, measure)))

    def legend(self) -> tuple[tuple[Words, str], ...]:
        """The names of the series."""
        if self.kind == "none" or not self._stacked:
            return ()
        return tuple(zip([self._title(1, key) for key in self._places[1]], self._tints(), strict=True))

    @property
    def _stacked(self) -> bool:
        return len(self._places) > 1 and (self._sums_up(self._wanted.measures[0]) or self.kind == "line")

    def _tints(self) -> tuple[str, ...]:
        return charts.colours(self._colour(1, key) for key in self._places[1])

    def _series(self, keys: Sequence[Any]) -> list[charts.Series]:
        measure = self._wanted.measures[0]

        def numbers(sums: Iterable[Sums]) -> tuple[float, ...]:
            return tuple(float(_number(worked_out(each, measure))) for each in sums)

        if not self._stacked:
            return [charts.Series("", "accent", numbers(self._along(key) for key in keys))]
        return [
            charts.Series(str(self._title(1, other)), tint, numbers(self._cell(key, other) for key in keys))
            for other, tint in zip(self._places[1], self._tints(), strict=True)
        ]

    def _short(self, key: Any) -> str:
        """The name of a period as it stands below a chart, where there is little room."""
        if not self.along_time or key is None:
            return str(self._title(0, key))
        return key[5:] if self._wanted.dimensions[0].unit in ("day", "week") else str(self._title(0, key))


def _added(several: Iterable[Sums]) -> Sums:
    whole = Sums()
    for each in several:
        whole.add(each)
    return whole


def _stretched(keys: list[Any], unit: str) -> list[Any]:
    """Periods in their order, with those between them in which nothing was; what has no date comes last."""
    periods = sorted(key for key in keys if key is not None)
    rest = [None] if None in keys else []
    if not periods:
        return rest
    day, last = values.period(periods[0], dt.date.min)[0], values.period(periods[-1], dt.date.min)[0]
    filled: list[Any] = []
    while day <= last and len(filled) <= FILLED:
        filled.append(period_of(day, unit))
        day = values.period(filled[-1], day)[1] + dt.timedelta(days=1)
    return [*(filled if len(filled) <= FILLED else periods), *rest]


def _number(value: Any) -> Decimal:
    """A value to compare and to draw by; nothing counts as nought."""
    return value.decimal() if isinstance(value, Money) else Decimal(value or 0)


def said(value: int | Decimal | Money | None, currency: str) -> str:
    """A value of a measure as it is read."""
    if isinstance(value, Money):
        return formats.money(value, currency)
    if isinstance(value, Decimal) and value != value.to_integral_value():
        return formats.number(round(value, 2))
    return formats.number(value)


def short(value: float, measure: Measure, currency: str) -> str:
    """A value on a chart: amounts without their small change."""
    if measure.field is not None and measure.field.kind == "money":
        return formats.money(round(value * 10 ** minor_digits(currency)), currency).removesuffix(".00")
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def group_title(table: Table, place: int, key: Any, context: Context) -> Words:
    """What a group is called; one that leads to a record out of scope does not tell its name."""
    dimension = table.dimensions[place]
    if key is None:
        return _("Not filled in")
    if dimension.is_time:
        return period_title(str(key), dimension.unit)
    if dimension.leads:
        label = table.labels[place].get(key, (None, ""))[0]
        return label if label is not None else _("Not available (no. {id})", id=key)
    if isinstance(key, bool):
        return _("Yes") if key else _("No")
    choice = dimension.field.choice(key)
    return choice.label if choice else dimension.field.shown(key) if dimension.field.shown else str(key)


def period_title(key: str, unit: str) -> Words:
    """A period in words: 2026年3月, 2026年第10周."""
    year, _dash, rest = key.partition("-")
    match unit:
        case "month":
            return _("{year}-{padded}", year=year, padded=rest, month=int(rest))
        case "quarter":
            return _("Q{quarter} {year}", year=year, quarter=rest[1:])
        case "week":
            return _("Week {week}, {year}", year=year, week=int(rest[1:]))
    return key


def path_title(resources: Resources, resource: ResolvedResource, path: str) -> Words:
    """The label of a field, behind that of the relation which leads to it."""
    steps = resources.walk(resource, path) or []
    return " · ".join(str(field.label) for _place, field in steps)


def title_of(resources: Resources, resource: ResolvedResource, dimension: Dimension) -> Words:
    """The head of a column of groups."""
    title = path_title(resources, resource, dimension.path)
    return f"{title} ({UNIT_TITLES[dimension.unit]})" if dimension.unit else title


def measure_title(resource: ResolvedResource, measure: Measure) -> Words:
    """The head of a column of figures."""
    return _("Count") if measure.field is None else filled(WAY_TITLES[measure.way], measure.field.label)


def filled(title: Text, label: Words) -> str:
    return str(title).replace("{field}", str(label))
