"""The calendar of a resource that declares one: a month, a week, or the days that hold anything; records are moved there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from core.kernel.errors import BadRequest, Conflict, Invalid, NotFound, SopiaError, Stale
from core.kernel.i18n import translate as _
from core.kernel.privilege import privileged
from core.resources import values
from core.resources.calendar import Calendar
from core.resources.conditions import Condition, Context, readable_field
from core.resources.queries import Cell, ListRequest, Lists, read_list, read_sort
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources
from core.web.address import Pairs, address, changed, state_of
from core.web.bars import bar_of
from core.web.figures import period_title
from core.web.responses import Json, Response, is_local
from core.web.views import CalendarDay, CalendarEntry, CalendarView, Link, Notice, Words
from core.workplace.working_calendar import WorkingCalendar, working_calendar

if TYPE_CHECKING:
    from core.web.requests import Request

Span = Literal["month", "week", "agenda"]

SPANS: Final[tuple[tuple[Span, Words], ...]] = (("month", _("Month")), ("week", _("Week")), ("agenda", _("Agenda")))
WEEKDAYS: Final = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))

MOST_ENTRIES: Final = 1000
IN_A_CELL: Final = 4
"""Entries that a day of a month shows."""

ONE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What part of the calendar is shown."""

    span: Span
    on: dt.date
    first: dt.date
    last: dt.date

    @property
    def title(self) -> Words:
        """What it is called."""
        if self.span == "week":
            year, week, _day = self.on.isocalendar()
            return period_title(f"{year}-W{week:02d}", "week")
        return period_title(f"{self.on.year}-{self.on.month:02d}", "month")

    def moved(self, step: int) -> dt.date:
        """A day of the stretch before or after."""
        return self.on + step * 7 * ONE_DAY if self.span == "week" else values.add_months(self.on.replace(day=1), step)


def stretch_of(span: str, on: str, today: dt.date) -> Stretch:
    """What an address asks to see; this month where it asks nothing."""
    try:
        day = dt.date.fromisoformat(on) if on else today
    except ValueError:
        raise BadRequest(_("'{value}' is no date.", value=on[:20]), _("Write it as 2026-03-05.")) from None
    if not FIRST <= day.year <= LAST:
        raise BadRequest(_("'{value}' is no date.", value=on[:20]), _("Write it as 2026-03-05."))
    if span == "week":
        first = day - day.weekday() * ONE_DAY
        return Stretch("week", day, first, first + 6 * ONE_DAY)
    start = day.replace(day=1)
    end = values.add_months(start, 1) - ONE_DAY
    if span == "agenda":
        return Stretch("agenda", day, start, end)
    return Stretch("month", day, start - start.weekday() * ONE_DAY, end + (6 - end.weekday()) * ONE_DAY)


FIRST, LAST = 1900, 2200


class CalendarPages:
    """The calendar of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records | None = None) -> None:
        self._resources = resources
        self._resource = resource
        self._records = records
        self._declared = next(iter(resource.declared.of_kind(Calendar)), None)

    def show(self, request: Request) -> Response:
        """The page."""
        from core.web.pages.lists import context_of

        declared = self._part()
        context, pairs = context_of(request), state_of(request.query.pairs)
        stretch = stretch_of(request.query.get("_span", ""), request.query.get("_on", ""), context.today)
        listed = read_list(self._resources, self._resource, request.query.pairs, context)
        bar = bar_of(request, self._resources, self._resource, listed, pairs)
        entries = self._entries(request, declared, listed, stretch, context)
        working = working_calendar(privileged(request.connection))
        days = [self._day(day, entries.get(day, []), stretch, working, context, pairs) for day in _days(stretch)]
        full = sum(map(len, entries.values())) >= MOST_ENTRIES
        movable = self._movable(request, declared)
        view = CalendarView(
            bar=bar,
            month=stretch.title,
            weekdays=WEEKDAYS,
            weeks=tuple(tuple(days[start : start + 7]) for start in range(0, len(days), 7)),
            previous_url=self._at(pairs, stretch.moved(-1)),
            next_url=self._at(pairs, stretch.moved(1)),
            today_url=self._at(pairs, context.today),
            span=stretch.span,
            spans=self._spans(pairs, stretch),
            move_url=f"{self._resource.url}/calendar" if movable else "",
            keep=address("", pairs).removeprefix("?"),
            note=_("There are more; only the first {most} are shown.", most=MOST_ENTRIES) if full else "",
        )
        return request.render("calendar.html", view)

    def move(self, request: Request) -> Response:
        """Move a record by as many days as lie between two of the calendar."""
        from core.web.pages.forms import undo_button
        from core.web.pages.lists import context_of

        context, form = context_of(request), request.form
        try:
            self._move(request, context)
        except (Stale, Invalid, Conflict, NotFound) as refused:
            if not request.wants_fragment:
                raise
            request.work.undo()
            return Response(_reason(refused), refused.status, "text/plain; charset=utf-8")
        if request.wants_fragment:
            return Json({"version": request.number("version") + 1})
        notice = Notice(text=str(_("Moved.")), tone="good", undo=undo_button(request.work.operation))
        url = f"{self._resource.url}?{form.get('keep')}"
        return request.redirect(url if is_local(url) else self._resource.url, notice)

    def _move(self, request: Request, context: Context) -> None:
        declared, form = self._part(), request.form
        if self._records is None or not self._movable(request, declared):
            raise NotFound
        days = _day_of(form.get("to")) - _day_of(form.get("from"))
        paths = tuple(filter(None, (declared.start, declared.end)))
        record_id = request.number("id")
        row = self._records.row(request.connection, self._resource, record_id, context, paths) if days else None
        if row is None:
            return
        given = {
            path: _shifted(row.values[path][0], days, context) for path in paths if row.values[path][0] is not None
        }
        version = request.number("version")
        self._records.update(request.session, self._resource, record_id, given, context, version=version)

    def _part(self) -> Calendar:
        if self._declared is None:
            raise NotFound
        return self._declared

    def _movable(self, request: Request, declared: Calendar) -> bool:
        wanted = {path for path in (declared.start, declared.end) if path}
        writable = self._resource.writable(request.principal)
        return self._resource.allows(request.principal, "edit") and wanted <= writable

    def _at(self, pairs: Pairs, day: dt.date) -> str:
        return address(self._resource.url, changed(pairs, "_on", day.isoformat()))

    def _spans(self, pairs: Pairs, stretch: Stretch) -> tuple[Link, ...]:
        return tuple(
            Link(
                title=title,
                url=address(self._resource.url, changed(pairs, "_span", span)),
                current=span == stretch.span,
            )
            for span, title in SPANS
        )

    def _entries(
        self, request: Request, declared: Calendar, listed: ListRequest, stretch: Stretch, context: Context
    ) -> dict[dt.date, list[CalendarEntry]]:
        """The entries of each day: what starts in the stretch, and what has started before and goes on."""
        start = readable_field(self._resources, self._resource, declared.start, request.principal)
        readable = self._resource.readable(request.principal)
        end = declared.end if declared.end in readable else ""
        title = declared.title if declared.title in readable else self._label(readable)
        named = (declared.start, end, title, declared.colour if declared.colour.partition(".")[0] in readable else "")
        columns = tuple(dict.fromkeys(filter(None, (*named, "version" if "version" in self._resource.fields else ""))))
        sort = read_sort(self._resources, self._resource, declared.start, context)
        wanted = replace(listed, columns=columns, sort=sort, cursor=None, limit=MOST_ENTRIES)
        is_date = start.kind == "date"
        span: Any = (stretch.first, stretch.last)
        bounds: Any = span if is_date else values.bounds(span, context.timezone)
        asked: list[tuple[Condition, ...]] = [(Condition(declared.start, "between" if is_date else "within", bounds),)]
        if end:
            asked.append((Condition(declared.start, "lt", bounds[:1]), Condition(end, "gte", bounds[:1])))
            # What only says until when stands on that day.
            within = Condition(end, "between" if is_date else "within", bounds)
            asked.append((Condition(declared.start, "empty", (True,)), within))
        lists = Lists(self._resources, self._resource)
        found: dict[dt.date, list[CalendarEntry]] = {}
        for conditions in asked:
            more = replace(wanted, conditions=(*listed.conditions, *conditions))
            page = lists.page(request.connection, more, context)
            for row in page.rows:
                told = _told(page.cells, row)
                entry = self._entry(row[0], told, named, context, movable=self._movable(request, declared))
                for day in _lasting(told, declared.start, end, stretch, context):
                    found.setdefault(day, []).append(replace(entry, day=day.isoformat()))
        return found

    def _label(self, readable: frozenset[str]) -> str:
        label = self._resource.label.key
        return label if label in readable else ""

    def _entry(
        self,
        record_id: int,
        told: Mapping[str, tuple[Any, ...]],
        named: tuple[str, ...],
        context: Context,
        *,
        movable: bool,
    ) -> CalendarEntry:
        start, end, title, colour = named
        moment = told[start][0] or told[end][0]
        words = told[title] if title else ()
        text = words[1] if len(words) > 1 else words[0] if words else None
        return CalendarEntry(
            title=str(text or f"#{record_id}")[:LONGEST],
            url=f"{self._resource.url}/{record_id}",
            time=f"{moment.astimezone(context.timezone):%H:%M}" if isinstance(moment, dt.datetime) else "",
            colour=self._colour(colour, told.get(colour, ())) or "grey",
            id=record_id,
            version=int(told["version"][0] or 0) if "version" in told else 0,
            movable=movable,
        )

    def _colour(self, path: str, given: tuple[Any, ...]) -> str:
        if not path or not given:
            return ""
        if len(given) == 3:
            return given[2] or ""
        steps = self._resources.walk(self._resource, path)
        choice = steps[-1][1].choice(given[0]) if steps else None
        return choice.colour if choice else ""

    def _day(
        self,
        day: dt.date,
        entries: list[CalendarEntry],
        stretch: Stretch,
        working: WorkingCalendar,
        context: Context,
        pairs: Pairs,
    ) -> CalendarDay:
        more = len(entries) - IN_A_CELL if stretch.span == "month" else 0
        week = changed(changed(pairs, "_span", "week"), "_on", day.isoformat())
        return CalendarDay(
            date=day.isoformat(),
            number=str(day.day),
            inside=stretch.span == "week" or day.month == stretch.on.month,
            today=day == context.today,
            rest=not working.is_working_day(day),
            note=working.name_of(day),
            entries=tuple(entries),
            more=Link(title=_("{count} more", count=more), url=address(self._resource.url, week)) if more > 0 else None,
            title=f"{day.isoformat()} {WEEKDAYS[day.weekday()]}",
        )


LONGEST: Final = 80


def _days(stretch: Stretch) -> Iterable[dt.date]:
    return (stretch.first + number * ONE_DAY for number in range((stretch.last - stretch.first).days + 1))


def _told(cells: tuple[Cell, ...], row: tuple[Any, ...]) -> dict[str, tuple[Any, ...]]:
    """The values of a row by the path of their column."""
    found, position = {}, 1
    for cell in cells:
        found[cell.path] = row[position : position + cell.width]
        position += cell.width
    return found


def _lasting(
    told: Mapping[str, tuple[Any, ...]], start: str, end: str, stretch: Stretch, context: Context
) -> Iterable[dt.date]:
    """The days of the stretch on which a record stands."""
    given = [told[path][0] for path in (start, end) if path and told[path][0] is not None]
    first, last = _on(given[0], context), _on(given[-1], context)
    day, last = max(first, stretch.first), min(max(first, last), stretch.last)
    while day <= last:
        yield day
        day += ONE_DAY


def _on(value: dt.date | dt.datetime, context: Context) -> dt.date:
    return value.astimezone(context.timezone).date() if isinstance(value, dt.datetime) else value


def _day_of(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadRequest(_("'{value}' is no date.", value=text[:20]), _("Write it as 2026-03-05.")) from None


def _shifted(value: dt.date | dt.datetime, days: dt.timedelta, context: Context) -> str:
    """The value so many days later, at the same time on the clocks of the reader."""
    try:
        if not isinstance(value, dt.datetime):
            return (value + days).isoformat()
        there = value.astimezone(context.timezone)
        moved = dt.datetime.combine(there.date() + days, there.time(), context.timezone)
        return moved.astimezone(dt.UTC).isoformat()
    except OverflowError:
        raise BadRequest(_("The calendar ends before that."), _("Choose another day.")) from None


def _reason(refused: SopiaError) -> str:
    if isinstance(refused, Invalid):
        return "; ".join(str(error.message) for error in refused.errors)
    return str(refused)
