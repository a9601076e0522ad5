"""Statistics of a list: its records by one or two fields, counted and summed up, in the reader's scope.

The database groups; what its calendars differ in (weeks, quarters) is put together here. Statements are built once for
each shape, as those of lists are. Amounts stay whole numbers from the table to the answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Interval,
    Select,
    String,
    bindparam,
    case,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.types import Text

from core.kernel.errors import BadRequest
from core.kernel.i18n import translate as _
from core.kernel.types import Money, MoneyType
from core.resources import values
from core.resources.conditions import Context
from core.resources.dimensions import Dimension, Measure, period_of
from core.resources.queries import Build, ListRequest, Lists

MOST_GROUPS: Final = 5000
"""Groups that one answer holds; a page shows the greatest of them."""

FIRST_YEAR, LAST_YEAR = 1970, 2100
"""Between these the clocks of a time zone are followed."""

DIGITS: Final = Decimal("0.000001")
"""To so much averages are worked out."""

Keys = tuple[Any, ...]


@dataclass(slots=True)
class Sums:
    """What is known of one group: how many records, and of each number its sum, count, least and greatest."""

    count: int = 0
    numbers: dict[str, tuple[Any, int, Any, Any]] = field(default_factory=dict)

    def add(self, other: Sums) -> None:
        """Put another group's records in."""
        self.count += other.count
        for path, theirs in other.numbers.items():
            mine = self.numbers.get(path)
            self.numbers[path] = theirs if mine is None else _together(mine, theirs)


def _together(mine: tuple[Any, int, Any, Any], theirs: tuple[Any, int, Any, Any]) -> tuple[Any, int, Any, Any]:
    if not theirs[1]:
        return mine
    if not mine[1]:
        return theirs
    return mine[0] + theirs[0], mine[1] + theirs[1], min(mine[2], theirs[2]), max(mine[3], theirs[3])


@dataclass(slots=True)
class Table:
    """The groups of a list: by the keys of each dimension, with what they are called."""

    dimensions: tuple[Dimension, ...]
    groups: dict[Keys, Sums]
    labels: tuple[dict[Any, tuple[str | None, str]], ...]
    """For each dimension that leads to records: name and colour by id; None for one that the reader may not see."""
    complete: bool = True
    """Whether these are all groups."""


class Counts(Lists):
    """Works out the statistics of one resource on scoped connections."""

    def table(
        self,
        connection: Connection,
        request: ListRequest,
        context: Context,
        dimensions: Sequence[Dimension],
        measures: Sequence[Measure],
        most: int = MOST_GROUPS,
    ) -> Table:
        """The groups of what the request matches, the largest first in so far as not all fit."""
        paths = tuple(sorted({measure.path for measure in measures if measure.path}))
        clocks = tuple(self._clocks(connection, request, context, each) for each in dimensions)
        statement = self._grouped(connection, request, context, tuple(dimensions), paths, clocks)
        given = self._parameters(request) | {"most": most + 1} | _moments(clocks, connection.dialect.name)
        rows = connection.execute(statement, given).all()
        groups: dict[Keys, Sums] = {}
        for row in rows[:most]:
            keys = tuple(_key(each, row[place]) for place, each in enumerate(dimensions))
            groups.setdefault(keys, Sums()).add(_sums(row[len(dimensions) :], paths))
        if not dimensions and not groups:
            groups[()] = Sums()
        labels = tuple(
            self._labels(connection, each, {keys[place] for keys in groups}) for place, each in enumerate(dimensions)
        )
        return Table(tuple(dimensions), groups, labels, complete=len(rows) <= most)

    def _grouped(
        self,
        connection: Connection,
        request: ListRequest,
        context: Context,
        dimensions: tuple[Dimension, ...],
        paths: tuple[str, ...],
        clocks: tuple[Clocks | None, ...],
    ) -> Select[Any]:
        walk = self._plan(connection, request)[1]
        broad = self._is_broad(connection, context)
        hidden, dialect = self._hidden(context), connection.dialect.name
        by = tuple(
            (each.name, len(clock.changes) if clock else -1) for each, clock in zip(dimensions, clocks, strict=True)
        )
        shape = ("statistics", by, paths, *self._shape(request), walk, broad, hidden, dialect)
        statement: Select[Any] | None = self._resource.kept.get(shape)
        if statement is not None:
            return statement
        build = Build(self._resources, self._resource, broad=broad, hidden=hidden)
        keys = [
            _expression(build, each, place, clock, dialect).label(f"g{place}")
            for place, (each, clock) in enumerate(zip(dimensions, clocks, strict=True))
        ]
        numbers = [_steps(build.field(path)[1]).label(f"n{place}") for place, path in enumerate(paths)]
        # Grouped in a query around it: a parameter in an expression is not the same parameter a second time.
        inner = build.where(select(*(keys + numbers or [literal(1).label("one")])), request, walk=walk).subquery("part")
        by_keys = [inner.c[f"g{place}"] for place in range(len(keys))]
        worked_out: list[ColumnElement[Any]] = [func.count()]
        for place in range(len(paths)):
            each = inner.c[f"n{place}"]
            worked_out += [func.sum(each), func.count(each), func.min(each), func.max(each)]
        statement = select(*by_keys, *worked_out).select_from(inner)
        if by_keys:
            statement = statement.group_by(*by_keys).order_by(func.count().desc(), *by_keys)
        return self._resource.keep(shape, statement.limit(bindparam("most", type_=BigInteger)))  # type: ignore[no-any-return]

    def _clocks(
        self, connection: Connection, request: ListRequest, context: Context, dimension: Dimension
    ) -> Clocks | None:
        """How far the reader's clocks are from UTC while the records' moments last."""
        if dimension.field.kind != "instant":
            return None
        whole = clocks_of(context.timezone)
        if len(whole.changes) <= FEW_CHANGES:
            return whole
        # Clocks that change twice a year: only the changes that the records have lived through are asked about.
        build = Build(self._resources, self._resource, hidden=self._hidden(context))
        column = build.field(dimension.path)[1]
        bounds = select(func.min(column), func.max(column))
        statement = build.where(bounds, request, walk=self._plan(connection, request)[1])
        first, last = connection.execute(statement, self._parameters(request)).one()
        return whole.between(first, last) if first is not None else whole.between(EPOCH, EPOCH)

    def _labels(
        self, connection: Connection, dimension: Dimension, keys: set[Any]
    ) -> dict[Any, tuple[str | None, str]]:
        """Names and colours of the records that groups lead to; those out of scope have none to tell."""
        ids = [key for key in keys if key is not None]
        target = dimension.target
        if not dimension.leads:
            return {}
        found: dict[Any, tuple[str | None, str]] = dict.fromkeys(ids, (None, ""))
        if target is not None and ids:
            colour = target.table.c.colour if "colour" in target.table.c else literal("")
            columns = select(target.table.c.id, target.label, colour)
            statement = columns.where(target.table.c.id.in_(bindparam("ids", expanding=True)))
            for start in range(0, len(ids), PORTION):
                for record_id, label, tint in connection.execute(statement, {"ids": ids[start : start + PORTION]}):
                    found[record_id] = (target.shown(str(label)) if label is not None else f"#{record_id}", tint or "")
        return found


PORTION: Final = 1000
FEW_CHANGES: Final = 40
EPOCH: Final = dt.datetime(FIRST_YEAR, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The offsets of a time zone: what holds at first, and each later one with the moment it begins, newest first."""

    first: dt.timedelta
    changes: tuple[tuple[dt.datetime, dt.timedelta], ...]

    def between(self, start: dt.datetime, end: dt.datetime) -> Clocks:
        """The same for a stretch of time alone."""
        before = [offset for moment, offset in self.changes if moment <= start]
        within = tuple(change for change in self.changes if start < change[0] <= end)
        return Clocks(before[0] if before else self.first, within)


@lru_cache(maxsize=64)
def clocks_of(zone: ZoneInfo) -> Clocks:
    """When the clocks of a zone have been, and will be, put forward or back."""
    hour = dt.timedelta(hours=1)
    moment, end = EPOCH, dt.datetime(LAST_YEAR, 1, 1, tzinfo=dt.UTC)
    offset = first = _offset(zone, moment)
    changes = []
    while moment < end:
        later = moment + dt.timedelta(days=7)
        if _offset(zone, later) != offset:
            low, high = moment, later
            while high - low > hour / 60:
                middle = low + (high - low) / 2
                low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
            # Clocks change on a whole minute.
            exact = high.replace(second=0, microsecond=0)
            offset = _offset(zone, later)
            changes.append((exact, offset))
        moment = later
    return Clocks(first, tuple(reversed(changes)))


def _offset(zone: ZoneInfo, moment: dt.datetime) -> dt.timedelta:
    return moment.astimezone(zone).utcoffset() or dt.timedelta()


def _moments(clocks: Iterable[Clocks | None], dialect: str) -> dict[str, Any]:
    """The parameters of the expressions that shift moments to the reader's clocks."""
    given: dict[str, Any] = {}
    for place, clock in enumerate(clocks):
        if clock is not None:
            given[f"shift_{place}"] = _shift(clock.first, dialect)
            for number, (moment, offset) in enumerate(clock.changes):
                given[f"change_{place}_{number}"] = moment
                given[f"shift_{place}_{number}"] = _shift(offset, dialect)
    return given


def _shift(offset: dt.timedelta, dialect: str) -> Any:
    return f"{int(offset.total_seconds()):+d} seconds" if dialect == "sqlite" else offset


def _expression(
    build: Build, dimension: Dimension, place: int, clock: Clocks | None, dialect: str
) -> ColumnElement[Any]:
    """What the database groups by: days for weeks, months for longer times, else the value itself."""
    if dimension.field.many:
        return build.collection(dimension.path)
    column = build.field(dimension.path)[1]
    if dimension.is_time:
        return _calendar(column, dimension, place, clock, dialect)
    if dimension.field.kind in ("text", "choice"):
        return func.nullif(type_coerce(column, String()), "")
    return column


def _calendar(
    column: ColumnElement[Any], dimension: Dimension, place: int, clock: Clocks | None, dialect: str
) -> ColumnElement[Any]:
    by_day = dimension.unit in ("day", "week")
    if dialect != "sqlite":
        moment: Any = (
            type_coerce(column, DateTime(timezone=True)) + _when(column, place, clock, Interval()) if clock else column
        )
        return func.to_char(moment, "YYYY-MM-DD" if by_day else "YYYY-MM", type_=Text())
    if clock is None:
        return func.substr(type_coerce(column, Text()), 1, 10 if by_day else 7, type_=Text())
    pattern = "%Y-%m-%d" if by_day else "%Y-%m"
    return func.strftime(pattern, type_coerce(column, Text()), _when(column, place, clock, String()), type_=Text())


def _when(column: ColumnElement[Any], place: int, clock: Clocks, kind: Any) -> ColumnElement[Any]:
    """The offset of the reader's clocks at the moment in a column."""
    usual: ColumnElement[Any] = bindparam(f"shift_{place}", type_=kind)
    ways = [
        (
            column >= bindparam(f"change_{place}_{number}", type_=column.type),
            bindparam(f"shift_{place}_{number}", type_=kind),
        )
        for number in range(len(clock.changes))
    ]
    return case(*ways, else_=usual) if ways else usual


def _steps(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A number as whole steps where the database keeps it so: amounts and exact decimals."""
    return (
        type_coerce(column, BigInteger)
        if isinstance(column.type, MoneyType) or _digits(column.type) is not None
        else column
    )


def _key(dimension: Dimension, value: Any) -> Any:
    if value is None:
        return None
    if dimension.is_time:
        # A month stands for itself and for its quarter and year, a day for its week.
        day = dt.date.fromisoformat(value if len(value) > len("2026-03") else f"{value}-01")
        return period_of(day, dimension.unit)
    return bool(value) if dimension.field.kind == "boolean" else value


def _sums(numbers: Sequence[Any], paths: Sequence[str]) -> Sums:
    told = {
        path: (_whole(numbers[1 + 4 * place]), int(numbers[2 + 4 * place]), *numbers[3 + 4 * place : 5 + 4 * place])
        for place, path in enumerate(paths)
    }
    return Sums(int(numbers[0]), told)


def _whole(total: Any) -> Any:
    """Sums of whole numbers come as decimals from some databases."""
    return int(total) if isinstance(total, Decimal) and total == total.to_integral_value() else total


def worked_out(sums: Sums, measure: Measure) -> int | Decimal | Money | None:
    """The value of a measure for a group; None where no record of it has a number."""
    if measure.field is None:
        return sums.count
    total, count, least, greatest = sums.numbers.get(measure.path, (None, 0, None, None))
    if not count:
        return None
    kind = measure.field.column.type if measure.field.column is not None else None
    if isinstance(kind, MoneyType):
        average = (Decimal(total) / count).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        found = {"sum": total, "min": least, "max": greatest, "avg": average}[measure.way]
        return Money(int(found))
    digits = _digits(kind)
    scale = Decimal(1).scaleb(-digits) if digits is not None else None
    if measure.way == "avg":
        exact = Decimal(str(total)) / count * (scale or 1)
        return _tidy(exact.quantize(DIGITS, rounding=ROUND_HALF_UP))
    found = {"sum": total, "min": least, "max": greatest}[measure.way]
    return (
        _tidy(Decimal(found) * scale)
        if scale is not None
        else found
        if isinstance(found, int)
        else _tidy(Decimal(str(found)))
    )


def _digits(kind: Any) -> int | None:
    """How many digits behind the point an exact decimal has, which the database keeps as a whole number."""
    found: int | None = getattr(kind, "digits", None)
    return found


def _tidy(number: Decimal) -> Decimal:
    """Without the noughts at the end that say nothing."""
    plain = number.normalize()
    return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain


def rolled_up(table: Table, places: Sequence[int]) -> dict[Keys, Sums]:
    """The groups by some of the dimensions alone; exact where no record stands in two groups of the others."""
    found: dict[Keys, Sums] = {}
    for keys, sums in table.groups.items():
        found.setdefault(tuple(keys[place] for place in places), Sums()).add(sums)
    return found


def json_rows(table: Table, measures: Sequence[Measure], currency: str) -> list[dict[str, Any]]:
    """The groups as the API answers them, in the order of their keys."""
    if not table.complete:
        raise BadRequest(
            _("There are more than {most} groups.", most=MOST_GROUPS),
            _("Filter the list, or group by something coarser."),
        )
    rows = []
    for keys in sorted(
        table.groups, key=lambda keys: tuple(order_of(table, place, key) for place, key in enumerate(keys))
    ):
        told: dict[str, Any] = {"by": [_json_key(table, place, key) for place, key in enumerate(keys)]}
        for measure in measures:
            told[measure.name] = _json(worked_out(table.groups[keys], measure), currency)
        rows.append(told)
    return rows


def order_of(table: Table, place: int, key: Any) -> tuple[Any, ...]:
    """Where a group stands among others: those without a value last, times by time, records by name."""
    if key is None:
        return (1, "")
    if table.dimensions[place].leads:
        return (0, table.labels[place].get(key, (None, ""))[0] or "\uffff", key)
    choices = [choice.value for choice in table.dimensions[place].field.choices]
    if key in choices:
        return (0, f"{choices.index(key):06d}")
    return (0, str(key))


def _json_key(table: Table, place: int, key: Any) -> Any:
    if key is None or not table.dimensions[place].leads:
        return key
    return {"id": key, "label": table.labels[place].get(key, (None, ""))[0]}


def _json(value: int | Decimal | Money | None, currency: str) -> Any:
    if isinstance(value, Money):
        return values.money_text(value.minor, currency)
    return values.decimal_text(value) if isinstance(value, Decimal) else value
