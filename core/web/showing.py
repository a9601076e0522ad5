"""How fields are drawn: from what a list statement gives to the finished strings that templates take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from core.kernel import formats
from core.resources.fields import Kind, ResolvedField
from core.resources.queries import Cell, today_in
from core.resources.records import Row
from core.resources.resolved import ResolvedResource
from core.resources.rows import Line
from core.web.cells import initials, safe_address
from core.web.stages import is_open
from core.web.views import CellKind, Fact

if TYPE_CHECKING:
    from core.web.requests import Request

USER = "system.user"

Draw = Callable[[tuple[Any, ...]], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom something is drawn: zone, date of today, currency of the installation."""

    zone: ZoneInfo
    today: dt.date
    currency: str

    @property
    def timezone(self) -> str:
        """The zone's name."""
        return self.zone.key


PLAIN: Final[dict[Kind, CellKind]] = {
    "text": "text", "long": "long", "integer": "integer", "decimal": "decimal", "money": "money", "percent": "percent",
    "date": "date", "instant": "instant", "boolean": "boolean", "choice": "choice", "relations": "tags",
    "colour": "colour", "email": "email", "phone": "phone", "url": "url", "json": "text", "rows": "tags",
    "password": "text",
}  # fmt: skip


def kind_of(cell: Cell) -> CellKind:
    """How the values of a cell are drawn."""
    if not cell.field.is_relation:
        return PLAIN[cell.field.kind]
    if cell.field.target == USER:
        return "user"
    return "choice" if cell.width == 3 else "relation"


def base_of(cell: Cell) -> str:
    """The address before the id of a related record."""
    return f"{cell.target.url}/" if cell.target is not None else ""


def drawer(cell: Cell, reader: Reader) -> Draw:
    """The function that makes the values of a cell ready to be shown."""
    field = cell.field
    if field.is_relation:
        return _related(cell)
    match field.kind:
        case "money":
            return lambda v: (formats.money(v[0], reader.currency)[1:] if v[0] is not None else "", "")
        case "date":
            return lambda v: (formats.relative_day(v[0], reader.today), v[0].isoformat()) if v[0] else ("", "")
        case "instant":
            return _instant(reader)
        case "boolean":
            return lambda v: (None if v[0] is None else bool(v[0]),)
        case "choice":
            return _choice(field)
        case "relations" | "rows":
            return lambda v: (tuple(_tag(each, cell) for each in v[0] or ()),)
        case "phone":
            return lambda v: (v[0] or "", "".join(c for c in v[0] or "" if c in "+0123456789"))
        case "url":
            return lambda v: (v[0] or "", safe_address(v[0] or ""))
        case "integer" | "decimal":
            return lambda v: (formats.number(v[0]),)
        case "percent":
            return lambda v: ("" if v[0] is None else f"{v[0]:f}%",)
        case _:
            shown = field.shown or str
            return lambda v: ("" if v[0] is None else shown(v[0]),)


def _tag(each: tuple[int, str, str] | Line, cell: Cell) -> tuple[str, str]:
    """A related record with its colour, or what a row is about, in a word."""
    if not isinstance(each, Line):
        return each[1], each[2]
    label = str(next(iter(each.values.values()))[-1] or "…")
    return cell.target.shown(label) if cell.target is not None else label, ""


def draw_rows(cells: Sequence[Cell], rows: Sequence[Sequence[Any]], reader: Reader) -> list[tuple[Any, ...]]:
    """Rows of a list page as the row template takes them: the id, then what each cell needs."""
    if not rows:
        return []
    # Column by column, because a loop over one column costs a third of a call for each of its cells.
    columns = list(zip(*rows, strict=True))
    drawn: list[Sequence[Any]] = [columns[0]]
    position = 1
    for cell in cells:
        drawn += _draw_column(cell, columns[position : position + cell.width], reader)
        position += cell.width
    return list(zip(*drawn, strict=True))


def _draw_column(cell: Cell, given: Sequence[Sequence[Any]], reader: Reader) -> Iterable[Sequence[Any]]:
    """What `drawer` makes of every row's values, for the commonest kinds without a call for each."""
    if cell.field.is_relation:
        names = [name or "" for name in given[1]]
        if cell.field.target == USER:
            return names, given[0], [initials(name) for name in names]
        if cell.width == 3:
            return names, [colour or "" for colour in given[2]]
    elif cell.field.kind in ("text", "long", "email", "colour") and cell.field.shown is None:
        return (["" if value is None else value for value in given[0]],)
    draw = drawer(cell, reader)
    return zip(*[draw(values) for values in zip(*given, strict=True)], strict=True)


def _related(cell: Cell) -> Draw:
    if cell.field.target == USER:
        return lambda v: (v[1] or "", v[0], initials(v[1] or ""))
    if cell.width == 3:
        return lambda v: (v[1] or "", v[2] or "")
    # A record out of scope, or of a plugin that is off, keeps its place and says no more.
    return lambda v: (v[1], v[0]) if v[1] else ("" if v[0] is None else "…", None)


def _instant(reader: Reader) -> Draw:
    zone, today = reader.zone, reader.today

    def draw(values: tuple[Any, ...]) -> tuple[Any, ...]:
        moment = values[0]
        if moment is None:
            return ("", "")
        local = moment.astimezone(zone)
        return (formats.relative_day(local, today), local.isoformat(" ", "minutes")[:16])

    return draw


def _choice(field: ResolvedField) -> Draw:
    known = {choice.value: (choice.label, choice.colour) for choice in field.choices}

    def draw(values: tuple[Any, ...]) -> tuple[Any, ...]:
        label, colour = known.get(values[0], (values[0] or "", ""))
        return (str(label), colour)

    return draw


def fact_of(request: Request, resource: ResolvedResource, row: Row, cell: Cell) -> Fact:
    """One field of a record as its page shows it, with the way to edit it for whoever may."""
    principal = request.principal
    field = cell.field
    action = "assign" if field.moves else "edit"
    may = field.key in resource.writable(principal) and resource.allows(principal, action)
    editable = may and is_open(resource, row, field.key)
    in_form = field.rows is None and any(field.key in section.fields for section in resource.sections)
    zone = request.timezone
    reader = Reader(zone, today_in(zone), request.platform.settings.currency)
    return Fact(
        key=cell.path,
        title=field.label,
        kind=kind_of(cell),
        values=drawer(cell, reader)(row.values[cell.path]),
        base=base_of(cell),
        unit=field.unit,
        wide=field.kind == "long",
        edit_url=f"{resource.url}/{row.id}/fields/{field.key}" if editable and in_form else "",
    )


NUMBERS_TOTALLED: Final = frozenset({"integer", "decimal", "money"})
"""The kinds of fields whose sum means something."""


def total_of(cell: Cell, total: Any, reader: Reader) -> str:
    """The sum of a column as it stands in the foot."""
    if total is None:
        return ""
    return formats.money(int(total), reader.currency) if cell.field.kind == "money" else formats.number(total)
