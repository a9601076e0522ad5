"""What the pages of many records show: list, board, calendar, statistics, search, recycle bin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from markupsafe import Markup

from core.web.views.shell import NOTHING, Button, Empty, Link, Person, Tone, Words

CellKind: TypeAlias = Literal[
    "text", "long", "integer", "decimal", "money", "percent", "progress", "date", "instant", "due", "boolean", "choice",
    "tags", "relation", "user", "phone", "email", "url", "colour", "file",
]  # fmt: skip
"""How a value is drawn in a list. core/web/cells.py says which values each of them takes from the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a list."""

    key: str
    title: Words
    kind: CellKind = "text"
    place: Literal["", "title", "first", "second"] = ""  # on a phone: the title of the card and its two facts
    base: str = ""  # relation, user: the address before the id, "/customers/customers/"
    width: Literal["", "narrow", "wide"] = ""
    sort_url: str = ""  # what a click on the head leads to; empty: cannot be sorted by
    sorted: Literal["", "ascending", "descending"] = ""
    total: str = ""  # of all that is filtered, formatted; shown in the foot


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """One line of the column chooser; the order is the order of the columns."""

    key: str
    title: Words
    shown: bool = False
    fixed: bool = False  # the title column stays
    source: Words = ""  # the plugin that adds it, if another


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the values one may choose."""

    value: str
    title: Words
    colour: str = ""  # one of COLOURS
    selected: bool = False
    depth: int = 0  # in a tree: how deep
    hint: Words = ""
    disabled: bool = False


FilterKind: TypeAlias = Literal["text", "number", "money", "date", "boolean", "choice", "relation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterField:
    """A field one may filter by, with what is filtered now.

    The template makes the parameters of the address from the kind: text `k__contains`; number and money `k__gte` and
    `k__lte`; date the same, or `k=<relative>`; boolean `k=true|false`; choice `k__in` or `k__under` repeated; relation `k` with one
    id. All but boolean also `k__empty=true|false`. Parameters without a value come from forms and mean nothing.
    """

    key: str
    title: Words
    kind: FilterKind
    group: Words = ""  # headline above: the plugin or the related record
    value: str = ""  # text: contains; date: the relative value; boolean: true or false; relation: the id
    label: str = ""  # relation: what the id reads as
    low: str = ""
    high: str = ""
    empty: Literal["", "true", "false"] = ""
    options: tuple[Option, ...] = ()  # choice; date: the relative values; relation: the few usual ones ("me")
    operator: str = "in"  # choice: "under" where a word of a tree means all that is below it as well
    endpoint: str = ""  # relation: where to look up, see static/js/combobox.js
    unit: str = ""
    active: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A filter that holds, in words."""

    title: Words  # "Type"
    text: Words  # "is Formal or Interested"
    remove_url: str
    key: str = ""  # the FilterField that changes it


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A list kept under a name."""

    title: Words
    url: str
    current: bool = False
    shared: bool = False
    default: bool = False
    icon: str = ""
    remove: Button | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViewRow:
    """A view on the page where one keeps them. Changing posts `title` and `audience` to `change_url`."""

    title: Words
    url: str
    told: Words  # whom it is for
    first: Button
    pinned: Button
    change_url: str = ""  # empty: somebody else's
    audiences: tuple[Option, ...] = ()
    is_first: bool = False
    is_pinned: bool = False
    remove: Button | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedViewsView:
    """views.html: the saved views of one resource."""

    title: Words
    back: Link
    rows: tuple[SavedViewRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """What may be done with the ticked rows. Posts `id` repeated, or `all=true` with the filters, to `url`."""

    title: Words
    url: str
    icon: str = ""
    danger: bool = False
    ask: Words = ""  # asked before; "{count}" in it becomes the number of rows
    dialog_url: str = ""  # instead of posting at once: a fragment with the fields to fill in, `?id=…` repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolbar:
    """The line above list, board, calendar and statistics: title, search, filters, columns, views, primary button."""

    title: Words
    address: str  # "/customers/customers"; every form of the bar is a GET to it
    q: str = ""
    placeholder: Words = ""
    keep: tuple[tuple[str, str], ...] = ()  # the present state but `q` and `cursor`, sent along by the search
    keep_columns: tuple[tuple[str, str], ...] = ()  # the same but `columns`, for the column chooser
    keep_filters: tuple[tuple[str, str], ...] = ()  # the same but the filters, for the filter form (with `q`)
    chips: tuple[Chip, ...] = ()
    clear_url: str = ""  # without any filter
    filters: tuple[FilterField, ...] = ()
    columns: tuple[ColumnChoice, ...] = ()
    reset_columns_url: str = ""
    switch: tuple[Link, ...] = ()  # list, board, calendar, statistics
    sorts: tuple[Link, ...] = ()  # the phone's and the board's way to sort
    groups: tuple[Link, ...] = ()
    saved: tuple[SavedView, ...] = ()
    save_url: str = ""  # POST `title`, `shared`, `query` (the present query string); GET is the page of all views
    query: str = ""
    create: Link | None = None
    more: tuple[Link, ...] = ()  # import, export, recycle bin
    drawn: Markup = NOTHING  # all but the title, where it was drawn before and kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One line of the tree beside a list."""

    title: Words
    url: str
    depth: int = 0
    current: bool = False
    folded: bool = False  # there is more below it


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePane:
    """The tree beside a list."""

    title: Words
    whole: Branch
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """list.html: one resource as a table.

    `rows_html` is the finished `<tbody>`, from the template that `core.web.cells.row_template` wrote for these columns.
    """

    bar: Toolbar
    columns: Sequence[Column]
    rows_html: Markup = NOTHING
    shown: int = 0  # rows on this page
    count: str = ""  # "236" or "1,000+"
    count_url: str = ""  # counts exactly; empty: `count` is exact
    first_url: str = ""
    previous_url: str = ""
    next_url: str = ""
    bulk: tuple[Bulk, ...] = ()  # empty: no ticks; then make rows with selectable=False
    totals: bool = False  # some column has a total
    totals_url: str = ""  # the totals are not counted yet; this address has them
    empty: Empty | None = None  # set when there are no rows
    tree: TreePane | None = None  # at the left of the rows


@dataclass(frozen=True, slots=True, kw_only=True)
class RowGroup:
    """One group of a grouped list; with its rows where it is open."""

    key: str
    title: Words
    count: str
    totals: tuple[str, ...]  # one for each column, "" where there is none
    toggle_url: str  # opens it, or closes it
    open: bool = False
    colour: str = ""
    rows_html: Markup = NOTHING
    previous_url: str = ""
    next_url: str = ""
    all_url: str = ""  # the plain list of its records


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedView:
    """grouped.html: one resource as a table in groups."""

    bar: Toolbar
    by: Words
    columns: Sequence[Column]
    groups: tuple[RowGroup, ...]
    count: str = ""
    note: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One record on a board."""

    id: int
    title: str
    url: str
    amount: str = ""
    facts: tuple[Words, ...] = ()
    tags: tuple[tuple[Words, str], ...] = ()  # title, colour
    person: Person | None = None
    due: Words = ""
    due_tone: Tone = ""
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One column of a board."""

    key: str
    title: Words
    colour: str = "grey"
    count: str = ""
    total: str = ""
    share: int = 0  # of the board's total in percent, for the bar
    cards: tuple[Card, ...] = ()
    more_url: str = ""
    create_url: str = ""
    folded: bool = False
    open_url: str = ""  # of a folded one: the board with it open
    movable: bool = True  # cards may be put here
    targets: tuple[str, ...] = ()  # the keys of the lanes that its cards may be moved to


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """board.html: the records in lanes. Moving posts `id`, `version`, `to` (the key of the lane) to `move_url`."""

    bar: Toolbar
    lanes: tuple[Lane, ...]
    move_url: str = ""
    empty: Empty | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """A record on its day."""

    title: str
    url: str
    time: str = ""
    colour: str = "grey"
    id: int = 0
    version: int = 0
    day: str = ""  # the day that it stands on, from which it is moved
    movable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One day of the month shown."""

    date: str
    number: str
    inside: bool = True  # of the month itself
    today: bool = False
    rest: bool = False  # weekend or holiday
    note: Words = ""  # the holiday's name
    entries: tuple[CalendarEntry, ...] = ()
    more: Link | None = None
    title: Words = ""  # in the agenda


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """calendar.html: a month or a week of records, or the days that have any. A phone shows the last.

    Moving posts `id`, `version`, `from` and `to` to `move_url`; a script gets `{"version": 8}`.
    """

    bar: Toolbar
    month: Words  # what is shown: 2026年3月
    weekdays: tuple[Words, ...]
    weeks: tuple[tuple[CalendarDay, ...], ...]
    previous_url: str
    next_url: str
    today_url: str
    span: Literal["month", "week", "agenda"] = "month"
    spans: tuple[Link, ...] = ()
    move_url: str = ""
    keep: str = ""  # the query to come back to after moving
    note: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsRow:
    """One group, and how it compares."""

    title: Words
    values: tuple[str, ...]  # one per column, formatted
    urls: tuple[str, ...] = ()  # for each value: the list of the records it counts; "" where there is none
    share: float = 0.0  # 0 to 1 of the greatest, of the first measure: the bar
    url: str = ""  # the list of exactly these records
    depth: int = 0
    colour: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsView:
    """statistics.html: grouped numbers, each with its bar, and the chart if there is one.

    The form sends `_by` once or twice, `_unit` for the dates among them, and `_measure` repeated.
    """

    bar: Toolbar
    by: tuple[Words, ...]  # heads of the grouping columns, joined by a comma
    measures: tuple[Words, ...]  # heads of the columns: the measures, or the groups of the second field and a total
    rows: tuple[StatisticsRow, ...]
    totals: tuple[str, ...] = ()
    total_urls: tuple[str, ...] = ()
    keep: tuple[tuple[str, str], ...] = ()  # the state that the form sends along: filters, search, view
    group_options: tuple[Option, ...] = ()
    second_options: tuple[Option, ...] = ()
    unit_options: tuple[Option, ...] = ()  # empty: nothing is grouped by a date
    measure_options: tuple[Option, ...] = ()
    charts: tuple[Link, ...] = ()  # bars, lines, none
    chart: Markup = NOTHING  # finished SVG
    legend: tuple[tuple[Words, str], ...] = ()  # of the chart: title and colour
    note: Words = ""  # what is left out
    empty: Empty | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One found record."""

    title: Markup  # with <mark> around what was found
    url: str
    text: Markup = NOTHING
    icon: str = ""
    hint: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HitGroup:
    """The hits of one resource."""

    title: Words
    icon: str
    hits: tuple[Hit, ...]
    count: str = ""
    all_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchView:
    """search.html: what was found everywhere."""

    title: Words
    q: str
    groups: tuple[HitGroup, ...] = ()
    scopes: tuple[Link, ...] = ()  # everything, customers, contacts …
    took: str = ""  # "3 ms"
    empty: Empty | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BinRow:
    """One deleted record."""

    id: int
    title: str
    kind: Words
    icon: str
    person: Person
    at: str
    at_exact: str
    restore: Button | None = None
    purge: Button | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BinView:
    """bin.html: what was deleted and can come back."""

    title: Words
    rows: tuple[BinRow, ...] = ()
    back: Link | None = None
    kept: Words = ""  # "Kept for 90 days"
    kinds: tuple[Link, ...] = ()
    previous_url: str = ""
    next_url: str = ""
    empty: Empty | None = None
