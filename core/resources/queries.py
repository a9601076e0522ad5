"""Lists: from the address (search, filters, sort, columns, page) to one statement, kept by its shape, and its rows.

Statements are built once for each shape and run with parameters through Core on a scoped connection; the gate adds the
scope. Pages go by key, never by offset. Counting stops at a thousand unless asked for exactly.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NoReturn

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal,
    not_,
    nulls_first,
    nulls_last,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.sql import FromClause

from core.kernel.compiler import BROAD
from core.kernel.errors import BadRequest
from core.kernel.gate import privileged
from core.kernel.history import plain
from core.kernel.i18n import translate as _
from core.kernel.kept import rows_of
from core.kernel.links import Link, LinkedTo, SharedWith
from core.kernel.policies import Through
from core.kernel.search import Plan, Terms, Way, parse
from core.kernel.types import MONEY_LIMIT, Instant, Money, MoneyType
from core.resources.conditions import Condition, Context, below, parameters, read_condition, readable_field, to_sql
from core.resources.fields import ResolvedField
from core.resources.linked import linked_records
from core.resources.resolved import ResolvedResource, Resources
from core.resources.rows import load, work_out
from core.resources.views import SHARED

COUNTED = 1000
"""Counting stops here, and the page says "1,000+"."""

LIMIT, MOST = 50, 200
"""Records a page holds where nothing is said, and at most."""

WIDE = 1000
"""Whoever sees more records than this gets lists by walking the sort order, others by collecting their own first."""

LONGEST_DECIMAL = 30
"""Figures that no number in a cursor exceeds."""

REMEMBERED = 300
"""Seconds for which it is remembered whether somebody sees much."""

CONTROL = frozenset({"q", "sort", "limit", "cursor", "fields", "columns", "count", "view", "group", "format", "totals"})
"""Parameters of a list's address that are no filters; neither is what begins with an underscore and means something to
one view alone."""


@dataclass(frozen=True, slots=True)
class Sort:
    """One step of an order."""

    path: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page starts: the sorted values of the record beside it, and on which side of it."""

    values: tuple[Any, ...]
    backwards: bool = False

    def encode(self, sort: Sequence[Sort]) -> str:
        """The cursor as it stands in an address."""
        told = [
            self.backwards,
            [f"{'-' if s.descending else ''}{s.path}" for s in sort],
            [plain(v) for v in self.values],
        ]
        return base64.urlsafe_b64encode(json.dumps(told, ensure_ascii=False).encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What somebody wants to see of a resource."""

    columns: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    sort: tuple[Sort, ...] = ()
    terms: Terms = field(default_factory=lambda: parse(""))
    cursor: Cursor | None = None
    limit: int = LIMIT
    deleted: bool = False
    """Only what lies in the recycle bin."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How one column stands in the rows: its field, and how many values it takes."""

    path: str
    field: ResolvedField
    width: int
    target: ResolvedResource | None = None


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page: rows as flat tuples, the id first, then `Cell.width` values for each cell."""

    cells: tuple[Cell, ...]
    rows: list[tuple[Any, ...]]
    following: str | None
    preceding: str | None


def read_list(
    resources: Resources,
    resource: ResolvedResource,
    given: Iterable[tuple[str, str]],
    context: Context,
    columns: Sequence[str] | None = None,
) -> ListRequest:
    """The request that the parameters of an address mean; anything unknown in them is a BadRequest."""
    grouped: dict[str, list[str]] = {}
    for name, text in given:
        grouped.setdefault(name, []).append(text)
    sort = read_sort(resources, resource, grouped.get("sort", [""])[-1], context)
    wanted = _read_columns(resources, resource, grouped, context, columns)
    conditions = tuple(
        read_condition(resources, resource, name, texts, context)
        for name, given_texts in grouped.items()
        if name not in CONTROL and not name.startswith("_") and (texts := [t for t in given_texts if t.strip()])
    )
    cursor = grouped.get("cursor", [""])[-1]
    return ListRequest(
        columns=wanted,
        conditions=conditions,
        sort=sort,
        terms=parse(grouped.get("q", [""])[-1]) if resource.declared.search else parse(""),
        cursor=read_cursor(resources, resource, cursor, sort) if cursor else None,
        limit=_read_limit(grouped.get("limit", [""])[-1]),
    )


def _read_limit(text: str) -> int:
    if not text:
        return LIMIT
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= MOST:
        raise BadRequest(_("'limit' is '{value}'.", value=text[:20]), _("Give a number from 1 to {most}.", most=MOST))
    return int(text)


def _read_columns(
    resources: Resources,
    resource: ResolvedResource,
    grouped: Mapping[str, list[str]],
    context: Context,
    usual: Sequence[str] | None,
) -> tuple[str, ...]:
    readable = resource.readable(context.principal)
    chosen = [
        name for text in (grouped.get("columns") or grouped.get("fields") or []) for name in text.split(",") if name
    ]
    for name in chosen:
        readable_field(resources, resource, name, context.principal)
    if chosen:
        return tuple(dict.fromkeys(chosen))
    if usual is not None:
        return tuple(usual)
    return tuple(
        column.field
        for column in resource.columns
        if column.shown and column.field.split(".")[0] in readable | {column.field.split(".")[0]} & readable
    )


def read_sort(resources: Resources, resource: ResolvedResource, text: str, context: Context) -> tuple[Sort, ...]:
    steps = []
    for part in (text or resource.sort).split(","):
        path = part.strip().removeprefix("-")
        found = readable_field(resources, resource, path, context.principal)
        if not found.sortable:
            raise BadRequest(_("A list cannot be sorted by '{name}'.", name=path))
        steps.append(Sort(path, part.strip().startswith("-")))
    if len(steps) > 4:
        raise BadRequest(_("A list is sorted by four fields at most."))
    return tuple(steps)


def read_cursor(resources: Resources, resource: ResolvedResource, text: str, sort: Sequence[Sort]) -> Cursor:
    broken = BadRequest(_("The cursor is broken or belongs to another list."), _("Start at the first page."))
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        backwards, order, told = json.loads(raw)
        if order != [f"{'-' if s.descending else ''}{s.path}" for s in sort] or len(told) != len(sort) + 1:
            raise broken
        found = [
            _revive(resources, resources.walk(resource, step.path), value)
            for step, value in zip(sort, told[:-1], strict=True)
        ]
        return Cursor((*found, _whole(told[-1], 2**63 - 1)), bool(backwards))
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
        raise broken from None


def _revive(resources: Resources, steps: Any, value: Any) -> Any:
    """A value out of a cursor as its column takes it; ValueError or TypeError where it never came from one."""
    if value is None:
        return None
    resolved = steps[-1][1]
    target = resources.target(resolved) if resolved.is_relation else None
    kind = (target.label if target is not None else resolved.column).type
    if isinstance(kind, MoneyType):
        return Money(_whole(value, MONEY_LIMIT))
    if isinstance(kind, Instant):
        moment = dt.datetime.fromisoformat(value).astimezone(dt.UTC)
        return moment if "T" in value and value[-6:] == "+00:00" else _refuse(value)
    expected = kind.python_type
    if expected is str:
        return _text(value)
    if expected is dt.date:
        return dt.date.fromisoformat(value)
    if expected is Decimal:
        return _exact(resolved, Decimal(_text(value)))
    if expected is bool:
        return value if isinstance(value, bool) else _refuse(value)
    return _whole(value, 2**63 - 1 if isinstance(kind, BigInteger) else 2**31 - 1)


def _exact(resolved: ResolvedField, number: Decimal) -> Decimal:
    digits, smallest, largest = resolved.precision
    fits = number.is_finite() and abs(number.adjusted()) < LONGEST_DECIMAL and smallest <= number <= largest
    return number if fits and round(number, digits) == number else _refuse(number)


def _whole(value: Any, most: int) -> int:
    return value if type(value) is int and abs(value) <= most else _refuse(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        _refuse(value)
    value.encode()
    return str(value)


def _refuse(value: Any) -> NoReturn:
    raise ValueError(value)


class Lists:
    """Runs list requests of one resource on scoped connections."""

    def __init__(self, resources: Resources, resource: ResolvedResource) -> None:
        self._resources = resources
        self._resource = resource
        self._plans: dict[Terms, Plan] = {}

    def page(self, connection: Connection, request: ListRequest, context: Context) -> ListPage:
        """One page of rows."""
        cells = self.cells(request.columns)
        backwards = request.cursor is not None and request.cursor.backwards
        statement, values = self._statement(connection, request, context, cells)
        rows: list[Any] = list(rows_of(connection, statement, values, by_key=self._is_by_key(request)))
        more = len(rows) > request.limit
        rows = rows[: request.limit]
        if backwards:
            rows.reverse()
        keys = len(request.sort)
        following, preceding = self._neighbours(request, rows, more, backwards, keys)
        rows = [row[keys:] for row in rows]
        return ListPage(cells, self._with_others(connection, cells, rows, context), following, preceding)

    def count(self, connection: Connection, request: ListRequest, context: Context, *, exact: bool = False) -> int:
        """How many records the request matches; without `exact` at most one more than `COUNTED`."""
        walk = self._plan(connection, request)[1]
        # Whoever counts all that he sees stops after a thousand of his own, without looking at others'.
        broad = bool(request.conditions or request.terms) and self._is_broad(connection, context)
        shape = ("count", exact, *self._shape(request), walk, broad, self._hidden(context))
        statement = self._resource.kept.get(shape)
        if statement is None:
            build = Build(self._resources, self._resource, broad=broad, hidden=self._hidden(context))
            matching = build.where(select(literal(1).label("one")), request, walk=walk)
            if not exact:
                matching = matching.limit(COUNTED + 1)
            statement = self._resource.keep(shape, select(func.count()).select_from(matching.subquery()))
        return int(rows_of(connection, statement, self._parameters(request))[0][0])

    def totals(
        self, connection: Connection, request: ListRequest, context: Context, paths: Sequence[str]
    ) -> dict[str, Any]:
        """The sums of number fields over all that the request matches: minor units for money."""
        broad = self._is_broad(connection, context)
        build = Build(self._resources, self._resource, broad=broad, hidden=self._hidden(context))
        sums = [func.sum(build.raw(build.field(path)[1], path)) for path in paths]
        statement = build.where(select(*sums), request, walk=self._plan(connection, request)[1])
        row = connection.execute(statement, self._parameters(request)).one()
        return dict(zip(paths, row, strict=True))

    def ids(self, connection: Connection, request: ListRequest, context: Context, most: int) -> list[int]:
        """The ids of what the request matches, up to `most`, in its order."""
        statement, values = self._statement(connection, replace(request, limit=most), context, ())
        return [row[len(request.sort)] for row in connection.execute(statement, values)][:most]

    def cells(self, columns: Sequence[str]) -> tuple[Cell, ...]:
        """How the columns stand in a row."""
        key = ("cells", tuple(columns))
        cells: tuple[Cell, ...] | None = self._resource.kept.get(key)
        if cells is None:
            cells = self._resource.keep(key, tuple(self._cell(path) for path in columns))
        return cells

    def _cell(self, path: str) -> Cell:
        steps = self._resources.walk(self._resource, path)
        if steps is None:  # through a relation whose plugin is off
            first = self._resource.fields[path.partition(".")[0]]
            return Cell(path, replace(first, kind="text", column=None, target=""), 1)
        found = steps[-1][1]
        leads = found.is_relation or found.many or found.rows is not None
        target = self._resources.target(found) if leads else None
        return Cell(path, found, _width(found, target), target)

    def _statement(
        self, connection: Connection, request: ListRequest, context: Context, cells: Sequence[Cell]
    ) -> tuple[Select[Any], dict[str, Any]]:
        walk = self._plan(connection, request)[0]
        broad = self._is_broad(connection, context)
        cursor = request.cursor
        missing = tuple(value is None for value in cursor.values) if cursor else None
        backwards = cursor.backwards if cursor else False
        shape = (
            "list",
            request.columns if cells else None,
            *self._shape(request),
            missing,
            backwards,
            walk,
            broad,
            self._hidden(context),
        )
        statement = self._resource.kept.get(shape)
        if statement is None:
            build = Build(self._resources, self._resource, broad=broad, hidden=self._hidden(context))
            statement = self._resource.keep(shape, build.list(request, cells, walk=walk))
        values = self._parameters(request) | {"page": request.limit + 1}
        if cursor:
            values |= {f"key_{i}": value for i, value in enumerate(cursor.values) if value is not None}
        return statement, values

    @staticmethod
    def _shape(request: ListRequest) -> tuple[Any, ...]:
        return (tuple(c.shape for c in request.conditions), request.sort, request.terms.shape, request.deleted)

    def _is_by_key(self, request: ListRequest) -> bool:
        """Whether one record is asked for, or what belongs to one."""
        policy = self._resource.policy
        parent = policy.parent if isinstance(policy, Through) else "id"
        return not request.terms and any(
            each.operator == "eq" and each.path in ("id", parent) for each in request.conditions
        )

    def _parameters(self, request: ListRequest) -> dict[str, Any]:
        values = parameters(request.conditions)
        if request.terms:
            values |= {f"word_{i}": word for i, word in enumerate(request.terms.words)}
            for index in self._indexes():
                values |= index.parameters(request.terms, index.table_name)
        return values

    def _hidden(self, context: Context) -> frozenset[str]:
        """The search fields that the reader may not see."""
        searched = frozenset(name.partition(".")[0] for name in self._resource.declared.search)
        return searched - self._resource.readable(context.principal)

    def _indexes(self) -> Iterable[Any]:
        if self._resource.index:
            yield self._resource.index
        for name in self._resource.declared.search:
            step, dot, _rest = name.partition(".")
            target = self._resources.target(self._resource.fields[step]) if dot else None
            if target is not None and target.index:
                yield target.index

    def _plan(self, connection: Connection, request: ListRequest) -> Plan:
        """How the words of the search are best looked for, asked once."""
        if not request.terms or self._resource.index is None:
            return Plan("index", "index")
        if request.terms not in self._plans:
            self._plans[request.terms] = self._resource.index.plan(privileged(connection), request.terms)
        return self._plans[request.terms]

    def _is_broad(self, connection: Connection, context: Context) -> bool:
        """Whether the reader sees so much that the sort order is walked rather than his rows collected."""
        principal = context.principal
        if connection.dialect.name != "sqlite" or not self._resource.scoped:
            return False
        if principal.reach(self._resource.key, "view").level in ("all", "none"):
            return False
        key = ("broad", principal)
        known: tuple[float, bool] | None = self._resource.kept.get(key)
        moment = time.monotonic()
        if known is None or known[0] < moment:
            within = select(literal(1)).select_from(self._resource.table).limit(WIDE + 1).subquery()
            seen = connection.execute(select(func.count()).select_from(within)).scalar_one()
            known = self._resource.keep(key, (moment + REMEMBERED, seen > WIDE))
        return known[1]

    def _neighbours(
        self, request: ListRequest, rows: list[tuple[Any, ...]], more: bool, backwards: bool, keys: int
    ) -> tuple[str | None, str | None]:
        if not rows:
            return None, None
        first = Cursor((*rows[0][:keys], rows[0][keys]), backwards=True).encode(request.sort)
        last = Cursor((*rows[-1][:keys], rows[-1][keys])).encode(request.sort)
        has_next = more if not backwards else True
        has_previous = more if backwards else request.cursor is not None
        return last if has_next else None, first if has_previous else None

    def _with_others(
        self, connection: Connection, cells: Sequence[Cell], rows: list[tuple[Any, ...]], context: Context
    ) -> list[tuple[Any, ...]]:
        """Put in what stands in other tables: many-to-many fields, rows, derived values; a statement or two for each."""
        ids = [row[0] for row in rows]
        position = 1
        for cell in cells:
            found = self._others(connection, cell, ids, context)
            if found is not None:
                end, none = position + cell.width, (None,) * cell.width
                rows = [(*row[:position], *found.get(row[0], none), *row[end:]) for row in rows]
            position += cell.width
        return rows

    def _others(
        self, connection: Connection, cell: Cell, ids: list[int], context: Context
    ) -> Mapping[int, tuple[Any, ...]] | None:
        """The values of a cell by record, None where the list's own statement has them."""
        each = cell.field
        if each.rows is not None:
            lines = load(connection, self._resources, each.rows, ids, context.principal)
            return {record_id: (tuple(found),) for record_id, found in lines.items()}
        if each.work_out is not None:
            return work_out(connection, self._resources, each, cell.width, ids)
        if not each.many or cell.target is None:
            return None
        if each.linked:
            links = linked_records(connection, self._resource, each, cell.target, ids)
            return {record_id: (found,) for record_id, found in links.items()}
        related = collections(connection, self._resource, each, cell.target, ids)
        return {record_id: (tuple(found),) for record_id, found in related.items()}


def collections(
    connection: Connection, resource: ResolvedResource, field: ResolvedField, target: ResolvedResource, ids: list[int]
) -> dict[int, list[tuple[int, str, str]]]:
    """The records of a many-to-many field by the id of the record they belong to: id, label and colour of each."""
    if not ids:
        return {}
    key = ("collection", field.key)
    statement = resource.kept.get(key)
    if statement is None:
        statement = resource.keep(key, _of_collection(resource, field, target))
    found: dict[int, list[tuple[int, str, str]]] = {}
    for record_id, target_id, label, tint in rows_of(connection, statement, {"ids": ids}, by_key=True):
        found.setdefault(record_id, []).append((target_id, label, tint or ""))
    return found


def _of_collection(resource: ResolvedResource, field: ResolvedField, target: ResolvedResource) -> Select[Any]:
    relation = resource.mapper.relationships[field.attribute]
    secondary = relation.secondary
    assert isinstance(secondary, Table)
    mine = next(c for c in secondary.c if c.references(resource.table.c.id))
    theirs = next(c for c in secondary.c if c is not mine and c.references(target.table.c.id))
    colour = target.table.c.colour if "colour" in target.table.c else literal("")
    return (
        select(mine, target.table.c.id, target.label, colour)
        .select_from(secondary.join(target.table, target.table.c.id == theirs))
        .where(mine.in_(bindparam("ids", expanding=True)))
        .order_by(target.label)
        # They are reached by their ids; without this, SQLite collects everything in the reader's scope first.
        .with_hint(target.table, BROAD)
    )


def _width(resolved: ResolvedField, target: ResolvedResource | None) -> int:
    if not resolved.is_relation:
        return 1
    return 3 if target is not None and "colour" in target.table.c else 2


class Build:
    """Builds the statement of one shape: the tables it joins, its columns, conditions and order."""

    def __init__(
        self,
        resources: Resources,
        resource: ResolvedResource,
        *,
        broad: bool = False,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self._resources = resources
        self._resource = resource
        self._broad = broad
        self._hidden = hidden
        self._joined: dict[tuple[str, ...], FromClause] = {(): resource.table}
        self._from: FromClause = resource.table

    def list(self, request: ListRequest, cells: Sequence[Cell], *, walk: Way) -> Select[Any]:
        backwards = request.cursor is not None and request.cursor.backwards
        order = [(self._sorted(step), step.descending != backwards) for step in request.sort]
        chosen: list[ColumnElement[Any]] = [expression.label(f"k{i}") for i, (expression, _) in enumerate(order)]
        chosen.append(self._resource.table.c.id)
        for number, cell in enumerate(cells):
            chosen += [expression.label(f"c{number}_{i}") for i, expression in enumerate(self._cell(cell))]
        statement = self.where(select(*chosen), request, walk=walk)
        id_down = order[0][1] if order else True
        if request.cursor is not None:
            statement = statement.where(self._after(order, id_down, request.cursor))
        ordering = [_ordered(expression, down) for expression, down in order]
        ordering.append(self._resource.table.c.id.desc() if id_down else self._resource.table.c.id.asc())
        return statement.order_by(*ordering).limit(bindparam("page", type_=BigInteger))

    def where(self, statement: Select[Any], request: ListRequest, *, walk: Way) -> Select[Any]:
        conditions = [self._condition(condition, number) for number, condition in enumerate(request.conditions)]
        if request.terms:
            conditions.append(self._matching(request.terms, walk))
        if request.deleted:
            conditions.append(self._resource.table.c.deleted_at.is_not(None))
        statement = statement.select_from(self._from).where(*conditions)
        return statement.with_hint(self._resource.table, BROAD) if self._broad else statement

    def matching(self, condition: Condition, number: int) -> Select[Any]:
        """A row for each record that meets one condition, whose parameters bear a number."""
        met = self._condition(condition, number)
        return select(literal(1).label("one")).select_from(self._from).where(met)

    def field(self, path: str) -> tuple[ResolvedField, ColumnElement[Any]]:
        """The field at the end of a path and its column, with whatever must be joined for it."""
        steps = self._resources.walk(self._resource, path)
        assert steps is not None
        prefix: tuple[str, ...] = ()
        here = self._resource
        for _place, step in steps[:-1]:
            prefix = self._join(here, prefix, step)
            target = self._resources.target(step)
            assert target is not None
            here = target
        resolved = steps[-1][1]
        return resolved, self._column(here, prefix, resolved)

    def collection(self, path: str) -> ColumnElement[Any]:
        """The ids of a field that holds several records, a row for each; one row without any for a record that has none."""
        if self._resource.fields[path].linked:
            return self._links(path)
        secondary = self._resource.mapper.relationships[self._resource.fields[path].attribute].secondary
        assert isinstance(secondary, Table)
        mine = next(c for c in secondary.c if c.references(self._resource.table.c.id))
        theirs = next(c for c in secondary.c if c is not mine)
        table = secondary.alias(f"j{len(self._joined)}")
        self._from = self._from.outerjoin(table, table.c[mine.key] == self._resource.table.c.id)
        self._joined[(f"*{path}",)] = table
        found: ColumnElement[Any] = table.c[theirs.key]
        return found

    def _links(self, path: str) -> ColumnElement[Any]:
        """The same of a field of links, of which the gate leaves those whose other end is in sight."""
        linked, table = self._resource.fields[path], Link.__table__.alias(f"j{len(self._joined)}")
        tied = and_(
            table.c.source_resource == literal(self._resource.key),
            table.c.source_id == self._resource.table.c.id,
            table.c.field == literal(linked.attribute),
            table.c.target_resource == literal(linked.target),
        )
        self._from = self._from.outerjoin(table, tied)
        self._joined[(f"*{path}",)] = table
        found: ColumnElement[Any] = table.c.target_id
        return found

    def raw(self, column: ColumnElement[Any], path: str) -> ColumnElement[Any]:
        """The column without the work of making objects of its values."""
        steps = self._resources.walk(self._resource, path)
        assert steps is not None
        return type_coerce(column, BigInteger) if steps[-1][1].kind == "money" else column

    def _cell(self, cell: Cell) -> Sequence[ColumnElement[Any]]:
        if cell.field.column is None:
            return (literal(None),) * cell.width
        resolved, column = self.field(cell.path)
        if not resolved.is_relation:
            return (self.raw(column, cell.path),)
        if cell.target is None:
            return (column, literal(None))
        table = self._target_of(cell.path)
        label = cell.target.label_in(table)
        return (column, label, table.c.colour) if cell.width == 3 else (column, label)

    def _sorted(self, step: Sort) -> ColumnElement[Any]:
        resolved, column = self.field(step.path)
        target = self._resources.target(resolved) if resolved.is_relation else None
        return self._target_of(step.path).c[target.label.key] if target is not None else column

    def _target_of(self, path: str) -> FromClause:
        """The joined table of the record that the relation at the end of a path leads to."""
        steps = self._resources.walk(self._resource, path)
        assert steps is not None
        prefix: tuple[str, ...] = ()
        here = self._resource
        for _place, step in steps:
            prefix = self._join(here, prefix, step)
            here = self._resources.target(step) or here
        return self._joined[prefix]

    def _column(self, here: ResolvedResource, prefix: tuple[str, ...], resolved: ResolvedField) -> ColumnElement[Any]:
        assert resolved.column is not None
        if not resolved.extension:
            return self._joined[prefix].c[resolved.column.key]
        return self._extension(here, prefix, resolved.extension).c[resolved.column.key]

    def _extension(self, here: ResolvedResource, prefix: tuple[str, ...], plugin: str) -> FromClause:
        key = (*prefix, f"+{plugin}")
        if key not in self._joined:
            extension = here.extensions[plugin]
            table = extension.table.alias(f"x{len(self._joined)}")
            self._from = self._from.outerjoin(table, table.c[extension.key.key] == self._joined[prefix].c.id)
            self._joined[key] = table
        return self._joined[key]

    def _join(self, here: ResolvedResource, prefix: tuple[str, ...], step: ResolvedField) -> tuple[str, ...]:
        key = (*prefix, step.key)
        if key not in self._joined:
            target = self._resources.target(step)
            assert target is not None
            table = target.table.alias(f"j{len(self._joined)}")
            self._from = self._from.outerjoin(table, table.c.id == self._column(here, prefix, step))
            self._joined[key] = table
        return key

    def _condition(self, condition: Condition, number: int) -> Any:
        if condition.operator == SHARED:
            ids = [bindparam(f"f{number}_{position}", type_=BigInteger, expanding=True) for position in range(3)]
            moment = bindparam(f"f{number}_3", type_=Instant())
            return SharedWith(self._resource.table.c.id, self._resource.key, *ids, moment)
        steps = self._resources.walk(self._resource, condition.path)
        assert steps is not None
        place, resolved = steps[-1]
        if resolved.many or resolved.rows is not None:
            return self._any(condition, number, place, resolved, self._key(steps))
        resolved, column = self.field(condition.path)
        if condition.operator == "under":
            target = self._resources.target(resolved)
            parent = next((c.key for c in target.table.c if c.references(target.table.c.id)), None) if target else None
            if target is None or parent is None:
                raise BadRequest(_("'{name}' is no tree.", name=condition.path))
            return column.in_(below(target.table, parent, number)) if condition.operands[0] else false()
        return to_sql(condition, number, resolved, column)

    def _key(self, steps: Sequence[tuple[ResolvedResource, ResolvedField]]) -> ColumnElement[Any]:
        """The id of the record that has the last field of a path; what lies between is joined."""
        prefix: tuple[str, ...] = ()
        for place, step in steps[:-1]:
            prefix = self._join(place, prefix, step)
        found: ColumnElement[Any] = (self._joined[prefix] if prefix else self._resource.table).c.id
        return found

    def _any(
        self,
        condition: Condition,
        number: int,
        place: ResolvedResource,
        resolved: ResolvedField,
        key: ColumnElement[Any],
    ) -> ColumnElement[bool]:
        """A condition on a many-to-many field, or on what rows are about: some of its records, or none.

        `place` is the resource that has the field, `key` the id of its record.
        """
        if resolved.linked:
            return self._linked(condition, number, place, resolved, key)
        related: Select[Any]
        theirs: ColumnElement[Any]
        present: tuple[Any, ...] = ()
        if resolved.rows is not None:
            assert resolved.rows.lead.column is not None
            mine, theirs = resolved.rows.parent_column, resolved.rows.lead.column
            present = (mine.table.c.deleted_at.is_(None),)
        else:
            secondary = place.mapper.relationships[resolved.attribute].secondary
            assert isinstance(secondary, Table)
            mine = next(c for c in secondary.c if c.references(place.table.c.id))
            theirs = next(c for c in secondary.c if c is not mine)
        related = select(literal(1)).where(mine == key, *present)
        if condition.operator == "empty":
            found = exists(related)
            return ~found if condition.operands[0] else found
        if condition.operator == "in":
            if not condition.operands[0]:
                return false()
            return exists(related.where(theirs.in_(bindparam(f"f{number}_0", expanding=True))))
        found = exists(related.where(theirs == bindparam(f"f{number}_0", type_=BigInteger)))
        return ~found if condition.operator == "ne" else found

    def _linked(
        self,
        condition: Condition,
        number: int,
        place: ResolvedResource,
        resolved: ResolvedField,
        key: ColumnElement[Any],
    ) -> ColumnElement[bool]:
        """A condition on a field of links; of what it links only what is in sight counts."""
        target = self._resources.target(resolved)
        assert target is not None
        table = target.table.alias(f"l{number}")
        within = select(table.c.id)
        if condition.operator == "in":
            if not condition.operands[0]:
                return false()
            within = within.where(table.c.id.in_(bindparam(f"f{number}_0", expanding=True)))
        elif condition.operator != "empty":
            within = within.where(table.c.id == bindparam(f"f{number}_0", type_=BigInteger))
        found = LinkedTo(key, place.key, resolved.attribute, resolved.target, within)
        without = condition.operator == "ne" or (condition.operator == "empty" and condition.operands[0])
        return not_(found) if without else found

    def _matching(self, terms: Terms, walk: Way) -> Any:
        ways: list[ColumnElement[bool]] = []
        if self._hidden:
            # The index holds all search fields together; whoever may not read one of them is answered by the others.
            return self._compared(terms)
        if self._resource.index is not None:
            ways.append(
                self._resource.index.condition(self._resource.table, terms, walk, name=self._resource.table.name)
            )
        for name in self._resource.declared.search:
            if "." not in name:
                continue
            step = self._resource.fields[name.split(".")[0]]
            target = self._resources.target(step)
            if target is not None and target.index is not None:
                table = target.table.alias()
                narrowed = target.index.condition(table, terms, name=target.table.name)
                found = select(table.c.id).where(narrowed)
                ways.append(self._column(self._resource, (), step).in_(found))
        return or_(*ways) if len(ways) > 1 else ways[0]

    def _compared(self, terms: Terms) -> Any:
        """Every word stands in one of the search fields that the reader may see."""
        names = [n for n in self._resource.declared.search if "." not in n and n not in self._hidden]
        columns = [func.lower(self._column(self._resource, (), self._resource.fields[name])) for name in names]
        words = [bindparam(f"word_{i}", type_=String()) for i in range(len(terms.words))]
        return and_(*(or_(false(), *(column.contains(word) for column in columns)) for word in words))

    def _after(self, order: Sequence[tuple[ColumnElement[Any], bool]], id_down: bool, cursor: Cursor) -> Any:
        """The records behind the cursor in this order; empty values come first when rising, last when falling."""
        steps = [*order, (self._resource.table.c.id, id_down)]
        ways = []
        same: list[Any] = []
        for number, ((column, down), value) in enumerate(zip(steps, cursor.values, strict=True)):
            told = bindparam(f"key_{number}", type_=column.type)
            ways.append(and_(*same, _beyond(column, told, value, down)))
            same.append(column.is_(None) if value is None else column == told)
        behind = or_(*ways)
        first, down = steps[0]
        if cursor.values[0] is not None and not (_nullable(first) and down):
            # Said twice, because only a plain comparison lets the index start at the right place.
            told = bindparam("key_0", type_=first.type)
            behind = and_(first <= told if down else first >= told, behind)
        return behind


def _nullable(column: ColumnElement[Any]) -> bool:
    """Whether there may be no value; a record that leads nowhere has none of what it leads to."""
    joined = not isinstance(getattr(column, "table", None), Table)
    return joined or bool(getattr(column, "nullable", True))


def _beyond(column: ColumnElement[Any], told: Any, value: Any, down: bool) -> Any:
    if value is None:
        return false() if down else column.is_not(None)
    if not down:
        return column > told
    return or_(column < told, column.is_(None)) if _nullable(column) else column < told


def _ordered(column: ColumnElement[Any], down: bool) -> Any:
    if not _nullable(column):
        return column.desc() if down else column.asc()
    return nulls_last(column.desc()) if down else nulls_first(column.asc())


def today_in(timezone: Any) -> dt.date:
    """The date of today in a time zone."""
    return dt.datetime.now(timezone).date()
