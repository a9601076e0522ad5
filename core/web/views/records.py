"""What the page of one record shows: facts, panels, tabs, timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from core.web.views.lists import CellKind, Column
from core.web.views.shell import NOTHING, Button, Empty, Link, Person, Tone, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One field of a record as one reads it. `values` are the same as in a list, see core/web/cells.py."""

    key: str
    title: Words
    kind: CellKind = "text"
    values: tuple[object, ...] = ()  # all empty: drawn as a quiet dash
    base: str = ""  # relation, user: the address before the id
    unit: Words = ""  # what a number is counted in, behind it: "days"
    wide: bool = False  # over both columns
    tone: Tone = ""
    note: Words = ""  # one quiet line below: "5 days over the term"
    edit_url: str = ""  # the fragment with this one field, to edit in place; empty: may not be edited
    restricted: bool = False  # there is a value, but not for this user


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSection:
    """Facts under one headline."""

    facts: Sequence[Fact]
    title: Words = ""
    source: Words = ""  # the plugin that adds them


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A quantity against its limit, as a bar: credit used, money received, progress."""

    title: Words
    text: Words  # "¥32,000 of ¥50,000"
    share: float  # 0 to 1; above 1 is over the limit
    second: float = 0.0  # a part of `share` that weighs more: overdue
    tone: Tone = "accent"
    note: Words = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One state in the line of a workflow."""

    title: Words
    state: Literal["done", "now", "next", "refused"] = "next"
    hint: Words = ""  # who and when


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartButton:
    """What others know about this record, counted."""

    title: Words
    count: str
    url: str
    icon: str = ""
    tone: Tone = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A short list of records that belong to this one."""

    columns: Sequence[Column]
    rows_html: Markup = NOTHING
    count: str = ""
    all_url: str = ""
    create: Link | None = None
    empty: Empty | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One box of a record's page. Exactly one of `facts`, `meters`, `related`, `html`, `error` says what is in it."""

    key: str
    title: Words
    facts: Sequence[Fact] = ()
    meters: Sequence[Meter] = ()
    related: Related | None = None
    html: Markup = NOTHING  # from a plugin's own template
    error: Words = ""  # the panel broke: drawn as a quiet box, the page stays
    actions: tuple[Link, ...] = ()
    later_url: str = ""  # it comes when its reader gets there: GET `?key=` answers parts/panels.html
    ghosts: int = 0  # lines whose place is kept until then
    tall: bool = False  # such lines are of two rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A part of the page; only the current one is drawn, the others are addresses."""

    title: Words
    url: str
    current: bool = False
    count: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field before and after."""

    title: Words
    before: Words = ""
    after: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkTools:
    """What its reader may do with a remark."""

    id: int
    text: str  # as it was typed, to be edited
    acknowledge: Button | None = None
    reply_url: str = ""  # POST `text`, `parent`
    edit_url: str = ""  # POST `text`
    remove: Button | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened to the record."""

    at: Words  # short: "5 minutes ago"
    at_exact: str  # "2026-11-23 14:03:11"
    title: Words  # "changed Phone and Level", "created the customer"
    person: Person | None = None  # None: the system
    kind: Literal["change", "remark", "guidance", "file", "money", "state", "system"] = "change"
    origin: Words = ""  # "by import", "by API"; empty: on a page
    changes: tuple[Change, ...] = ()
    html: Markup = NOTHING  # the text of a remark
    link: Link | None = None
    undo: Button | None = None
    id: int = 0
    day: Words = ""  # set on the first entry of a day: the headline
    note: Words = ""  # one quiet line below: "for Wang Fang · acknowledged 5 minutes ago"
    remark: RemarkTools | None = None
    replies: tuple["Entry", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Remarks, changes, files and money of one record in one stream, newest first."""

    entries: tuple[Entry, ...] = ()
    more_url: str = ""  # older ones; the fragment is `parts/entries.html` with the same class
    remark_url: str = ""  # POST `kind` (comment, guidance), `text`; empty: may not remark
    remark_kinds: tuple[tuple[str, Words], ...] = ()
    filters: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """record.html: one record."""

    title: str
    url: str
    kind: Words  # what it is: "Customer"
    icon: str = ""
    trail: tuple[Link, ...] = ()  # back to the list, with its state
    number: str = ""  # code or number, quiet beside the title
    badges: tuple[tuple[Words, str], ...] = ()  # title, colour
    summary: Sequence[Fact] = ()  # the three or four facts under the title: owner, phone, last contact
    steps: tuple[Step, ...] = ()
    primary: Button | None = None
    actions: tuple[Button, ...] = ()  # beside the primary one, at most two
    more: tuple[Button, ...] = ()  # behind the three dots
    smart: tuple[SmartButton, ...] = ()
    meters: tuple[Meter, ...] = ()
    sections: Sequence[FactSection] = ()
    tabs: tuple[Tab, ...] = ()
    glance: Sequence[Panel] = ()  # what one looks for first, above the facts
    panels: Sequence[Panel] = ()
    absent: tuple[Link, ...] = ()  # what there is none of yet: ways to make it; without an address the name alone
    timeline: Timeline | None = None
    previous: Link | None = None
    next: Link | None = None
    position: Words = ""  # "3 of 236"
    warnings: tuple[Words, ...] = ()  # "Overdue: ¥12,000", "Deleted on …"
    restore: Button | None = None  # the record lies in the recycle bin
    explain: Link | None = None  # why do I see this
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeField:
    """One field that two people changed."""

    key: str
    title: Words
    original: Words = ""
    theirs: Words = ""
    mine: Words = ""
    mine_value: str = ""  # what is posted when mine is chosen
    theirs_value: str = ""
    conflict: bool = True  # False: only one of us changed it; it is taken over and only shown


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeView:
    """merge.html: 412, somebody was quicker. Posts the chosen values and the new version to `url`."""

    title: Words
    url: str
    version: int
    person: Person | None
    at: Words
    fields: tuple[MergeField, ...]
    cancel_url: str
    hidden: tuple[tuple[str, str], ...] = ()
