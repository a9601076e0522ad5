"""What the import wizard shows, one class per step."""

from dataclasses import dataclass
from typing import Literal

from core.web.views.lists import Option
from core.web.views.shell import Empty, Link, Tone, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportHead:
    """What all steps have above them."""

    title: Words  # "Import customers"
    step: int  # 1 file, 2 columns, 3 check, 4 import
    back: Link
    file: str = ""  # the name of the file
    about: Words = ""  # "3,000 rows, GB18030"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadView:
    """import_upload.html: choose the file. Posts `file` (multipart) to `url`."""

    head: ImportHead
    url: str
    accept: str = ".csv,.xlsx,.xls,.txt"
    limit: Words = ""  # "At most 64 MB"
    most: int = 0  # bytes; the script refuses larger files before they are sent
    too_large: Words = ""  # what it says then
    template_url: str = ""  # an empty sheet with the right heads
    error: Words = ""
    fields: tuple[Words, ...] = ()  # what can be imported, to show before
    recent: tuple[Link, ...] = ()  # earlier imports; `count` says how each stands, in the colour `tone`
    all_url: str = ""  # all of one's own imports


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportColumn:
    """One column of the file, and where it goes. Posts `map-<index>` = the key of the field, or empty."""

    index: int
    title: str
    samples: tuple[str, ...]
    options: tuple[Option, ...]  # the fields, one selected; the value "" is "leave out"
    reason: Words = ""  # why this one was chosen: "as last time", "same name"
    warning: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingView:
    """import_mapping.html: which column is which field, and what to do with rows that exist. Posts to `url`."""

    head: ImportHead
    url: str
    columns: tuple[ImportColumn, ...]
    encodings: tuple[Option, ...] = ()  # `encoding`
    sheets: tuple[Option, ...] = ()  # `sheet`
    modes: tuple[Option, ...] = ()  # `mode`: create, update, both
    keys: tuple[Option, ...] = ()  # `key`: the field by which a row is recognised
    sames: tuple[Option, ...] = ()  # `same`: what happens to rows that exist already by name or phone
    drop_url: str = ""  # POST: throw the file away
    missing: tuple[Words, ...] = ()  # required fields that no column fills
    error: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCell:
    """One value of a faulty row."""

    column: int
    value: str
    fault: Words = ""
    proposal: str = ""  # what it could be


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """A row that needs a look. A corrected cell is posted as `cell-<number>-<column>`."""

    number: int  # as in the spreadsheet
    cells: tuple[ImportCell, ...]
    state: Literal["fault", "duplicate", "fixed", "left_out"] = "fault"
    note: Words = ""  # of the whole row: "probably the same as …"
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """How often one fault occurs."""

    title: Words
    count: str
    url: str
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """import_report.html: the dry run. Nothing is written yet; the faulty rows can be corrected here.

    `check_url` takes one corrected cell from the script (`row`, `column`, `value`) and answers the row as JSON, see
    static/js/grid.js; without a script `save_url` takes all `cell-…` fields and shows the report again. `run_url`
    starts the import.
    """

    head: ImportHead
    good: str  # rows that will be written: "2,871"
    about: Words  # "2,640 new, 231 changed"
    run: Words  # on the button that starts: "Import 2,871 rows"
    faulty: str
    duplicates: str = ""
    columns: tuple[tuple[int, Words], ...] = ()  # index, title of those shown
    rows: tuple[ImportRow, ...] = ()
    kinds: tuple[FaultKind, ...] = ()
    notes: tuple[Words, ...] = ()  # what else will happen: words put into dictionaries
    error: Words = ""
    check_url: str = ""
    save_url: str = ""
    run_url: str = ""
    faults_url: str = ""  # the faulty rows as a file
    back_url: str = ""
    drop_url: str = ""  # POST: throw the file away
    previous_url: str = ""
    next_url: str = ""
    shown: Words = ""  # "1-50 of 129"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressView:
    """import_progress.html. `status_url` answers JSON, see static/js/progress.js; else it reloads itself."""

    head: ImportHead
    status_url: str
    done: int
    total: int  # 0: nobody knows yet
    text: Words = ""
    cancel_url: str = ""
    all_url: str = ""  # where it is found again
    error: Words = ""  # why it stands still
    again_url: str = ""  # POST: go on where it stands still


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """import_result.html: what came of it."""

    head: ImportHead
    title: Words  # "The import is done"
    tone: Tone  # good, warn, bad or quiet
    created: str
    updated: str
    left_out: str
    took: str = ""
    list_url: str = ""
    faults_url: str = ""
    undo_url: str = ""  # POST; empty: can no longer be undone
    new_url: str = ""  # import another file
    error: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """One of somebody's imports."""

    file: str
    url: str
    resource: Words
    state: Words
    tone: Tone
    figures: Words  # "2,871 written, 129 left out"
    when: str
    icon: str = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportsView:
    """import_list.html: all imports of one person, the newest first."""

    lines: tuple[ImportLine, ...]
    next_url: str = ""
    previous_url: str = ""
    empty: Empty | None = None
