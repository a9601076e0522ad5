"""The rows of an import that need a look: filtered by what is wrong, drawn as a grid, corrected cell by cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import Connection, select

from core.kernel.i18n import ngettext
from core.kernel.i18n import translate as _
from core.resources.importing.judging import WHOLE_ROW
from core.resources.importing.kept import KEPT, ROW, Import
from core.resources.resolved import ResolvedResource, Resources
from core.web.import_steps import address_of, count, head
from core.web.views import FaultKind, ImportCell, ImportRow, Link, ReportView, Words

AT_ONCE: Final = 50
"""Rows on one page."""

MOST_CELLS: Final = 3_000
"""Cells on one page, all of which may be sent back at once."""

FAULTS, EXISTING, FIXED, ROWS = "faults", "existing", "fixed", "rows"
STATES: Final[Mapping[str, str]] = {FAULTS: "fault", EXISTING: "duplicate", FIXED: "fixed"}

Changes = dict[int, dict[int, str]]


@dataclass(frozen=True)
class Kept:
    """What is known of all rows that were kept: number, state, and in which columns they are faulty."""

    rows: Sequence[tuple[int, str, frozenset[int]]]

    @classmethod
    def of(cls, connection: Connection, found: Import) -> Kept:
        """Those of an import."""
        statement = select(ROW.number, ROW.state, ROW.faults).where(ROW.import_id == found.id).order_by(ROW.number)
        rows = connection.execute(statement).all()
        return cls([(number, state, frozenset(map(int, faults))) for number, state, faults in rows])

    def numbers(self, show: str) -> list[int]:
        """The rows of one kind: those with a fault, those that exist, those corrected, those faulty in a column."""
        if show in STATES:
            return [number for number, state, _faults in self.rows if state == STATES[show]]
        column = WHOLE_ROW if show == ROWS else int(show)
        return [number for number, state, faults in self.rows if state == "fault" and column in faults]

    def kinds(self) -> dict[str, int]:
        """How many rows there are of each kind that there is."""
        states = Counter(state for _number, state, _faults in self.rows)
        columns = Counter(column for _number, state, faults in self.rows if state == "fault" for column in faults)
        told = {show: states[state] for show, state in STATES.items() if states[state]}
        if len(columns) > 1:
            told |= {ROWS if column == WHOLE_ROW else str(column): many for column, many in sorted(columns.items())}
        return told

    def chosen(self, wanted: str) -> str:
        """The kind to show: the one asked for if there is such, else the first."""
        kinds = self.kinds()
        return wanted if wanted in kinds else next(iter(kinds), FAULTS)


def report(
    connection: Connection,
    resources: Resources,
    resource: ResolvedResource,
    found: Import,
    query: Mapping[str, str],
    error: Words = "",
) -> ReportView:
    """The third step: what the check has found."""
    url = address_of(resource, found)
    kept = Kept.of(connection, found)
    show = kept.chosen(query.get("show", ""))
    size = max(1, min(AT_ONCE, MOST_CELLS // max(len(found.plan.columns), 1)))
    numbers = kept.numbers(show)
    columns = tuple((index, found.header[index]) for index in _in_order(resource, found, kept))
    page = min(_page(query.get("page", "")), max(1, -(-len(numbers) // size)))
    first = (page - 1) * size
    here = numbers[first : first + size]
    place = _address("", show, page)
    return ReportView(
        head=head(resource, 3, found),
        good=count(found.good),
        about=told(found),
        run=asked(found),
        faulty=count(found.faulty),
        duplicates=count(found.duplicates) if found.duplicates else "",
        columns=columns,
        rows=tuple(_row(resource, each, columns) for each in _rows(connection, found, here)),
        kinds=tuple(_kinds(kept, found, url, show)),
        notes=tuple(_notes(resources, found)),
        error=error,
        check_url=f"{url}/cell",
        save_url=f"{url}/rows{place}",
        run_url=f"{url}/run",
        faults_url=f"{url}/left-out" if found.left_out else "",
        back_url=f"{url}?step=columns",
        drop_url=f"{url}/drop",
        previous_url=_address(url, show, page - 1) if page > 1 else "",
        next_url=_address(url, show, page + 1) if first + size < len(numbers) else "",
        shown=_("{first}-{last} of {count}", first=first + 1, last=first + len(here), count=count(len(numbers)))
        if here
        else "",
    )


def told(found: Import) -> Words:
    """What the rows that are right will do."""
    return _("{creates} new, {updates} changed", creates=count(found.created), updates=count(found.updated))


def asked(found: Import) -> str:
    """What the button that starts the import says."""
    return ngettext("Import {count} row", "Import {count} rows", found.good).format(count=count(found.good))


def _in_order(resource: ResolvedResource, found: Import, kept: Kept) -> list[int]:
    """The columns: first that by which one knows the row, then those with faults, then the rest."""
    faulty = {column for _number, _state, faults in kept.rows for column in faults}
    label = {index for index, path in found.plan.columns.items() if path == resource.label.key}
    return sorted(found.plan.columns, key=lambda index: (index not in label, index not in faulty, index))


def _page(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _address(url: str, show: str, page: int) -> str:
    pairs = [("show", show), *([("page", str(page))] if page > 1 else [])]
    return f"{url}?{urlencode(pairs)}"


def _kinds(kept: Kept, found: Import, url: str, show: str) -> Iterable[FaultKind]:
    words: dict[str, Words] = {
        FAULTS: _("With a fault"),
        EXISTING: _("Exist already"),
        FIXED: _("Corrected"),
        ROWS: _("The row as a whole"),
    }
    kinds = kept.kinds()
    if len(kinds) < 2:
        return
    for kind, many in kinds.items():
        title = words.get(kind) or found.header[int(kind)]
        yield FaultKind(title=title, count=count(many), url=_address(url, kind, 1), current=kind == show)


def _notes(resources: Resources, found: Import) -> Iterable[Words]:
    for key, texts in found.new_words.items():
        resource = resources.get(key)
        if resource is not None and texts:
            told = str(_(", ")).join(texts[:8]) + (" …" if len(texts) > 8 else "")
            yield _("New in the dictionary “{name}”: {words}", name=resource.names, words=told)
    if found.left_out > KEPT:
        yield _("Only the first {most} rows that need a look are shown.", most=count(KEPT))


def _rows(connection: Connection, found: Import, numbers: Sequence[int]) -> list[Any]:
    statement = select(ROW.number, ROW.state, ROW.cells, ROW.faults, ROW.note, ROW.record_id)
    statement = statement.where(ROW.import_id == found.id, ROW.number.in_(numbers))
    return list(connection.execute(statement.order_by(ROW.number)))


def _row(
    resource: ResolvedResource,
    row: Any,
    columns: Sequence[tuple[int, Words]],
) -> ImportRow:
    faults = {int(index): text for index, text in row.faults.items()}
    cells = tuple(
        ImportCell(column=index, value=_text(row.cells[index]), fault=faults.pop(index, ""))
        for index, _title in columns
    )
    link = None
    if row.record_id:
        link = Link(title=_("Show it"), url=f"{resource.url}/{row.record_id}")
    state: Any = row.state
    return ImportRow(
        number=row.number, cells=cells, state=state, note=" ".join([*faults.values(), row.note]).strip(), link=link
    )


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)


# ------------------------------------------------------------------------------------------------------- corrected cells


def like(connection: Connection, found: Import, number: int, column: int, was: str) -> list[int]:
    """The other rows that have the same faulty value in a column."""
    if not was.strip():
        return []  # Two blank cells seldom mean the same.
    statement = select(ROW.number, ROW.cells, ROW.faults).where(
        ROW.import_id == found.id, ROW.state == "fault", ROW.number != number
    )
    return [
        row.number
        for row in connection.execute(statement.order_by(ROW.number))
        if str(column) in row.faults and _on_one_line(row.cells[column]) == _on_one_line(was)
    ]


def changed_cells(connection: Connection, found: Import, sent: Iterable[tuple[str, str]]) -> Changes:
    """The cells `cell-<number>-<column>` of a form that are no longer as they were."""
    told: Changes = {}
    for name, text in sent:
        kind, _dash, rest = name.partition("-")
        number, _dash, column = rest.partition("-")
        if kind == "cell" and _is_number(number) and _is_number(column):
            told.setdefault(int(number), {})[int(column)] = text
    changes: Changes = {}
    for row in _rows(connection, found, list(told)):
        cells = {
            column: text
            for column, text in told[row.number].items()
            if column in found.plan.columns and _on_one_line(row.cells[column]) != _on_one_line(text)
        }
        if cells:
            changes[row.number] = cells
    return changes


def with_like(connection: Connection, found: Import, changes: Changes) -> Changes:
    """The changes, and the same for all cells of the same column that were faulty in the same way."""
    everywhere: Changes = {number: dict(cells) for number, cells in changes.items()}
    for row in _rows(connection, found, list(changes)):
        for column, text in changes[row.number].items():
            if str(column) not in row.faults:
                continue
            for number in like(connection, found, row.number, column, _text(row.cells[column])):
                everywhere.setdefault(number, {}).setdefault(column, text)
    return everywhere


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _on_one_line(cell: Any) -> str:
    # A line in a form loses the line ends of its value, which is no change that anybody made.
    return "".join(_text(cell).splitlines())
