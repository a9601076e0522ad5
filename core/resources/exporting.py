"""Lists as files: what a list shows, in the reader's scope and fields, as CSV or XLSX.

Read page by page, each in a transaction of its own, so that a long export keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, BinaryIO, Final

from sqlalchemy import Connection

from core.kernel.errors import BadRequest
from core.kernel.i18n import translate as _
from core.kernel.types import Money
from core.resources.conditions import Context
from core.resources.queries import MOST, Cell, ListRequest, Lists, read_cursor
from core.resources.resolved import ResolvedResource, Resources
from core.resources.sheets import write_csv, write_xlsx

FORMATS: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""The formats there are, and how each is announced."""

Connect = Callable[[], AbstractContextManager[Connection]]


def export(
    resources: Resources,
    resource: ResolvedResource,
    wanted: ListRequest,
    context: Context,
    connect: Connect,
    file: BinaryIO,
    form: str,
) -> int:
    """Write all that the request matches into a file, and return how many records that were."""
    check_format(form)
    cells = Lists(resources, resource).cells(wanted.columns)
    header = [str(_("Number")), *(str(cell.field.label) for cell in cells)]
    rows = _rows(resources, resource, wanted, context, connect)
    return write_table(header, rows, context, file, form, str(resource.names))


def check_format(form: str) -> None:
    """Refuse a format that there is not."""
    if form not in FORMATS:
        raise BadRequest(
            _("The format '{format}' does not exist.", format=form[:20]),
            _("Use one of: {formats}.", formats=", ".join(FORMATS)),
        )


def write_table(
    header: Sequence[str], rows: Iterable[Sequence[Any]], context: Context, file: BinaryIO, form: str, name: str
) -> int:
    """Write rows with a head into a file, and return how many there were."""
    check_format(form)
    if form == "csv":
        return write_csv(rows, header, file, context.currency)
    return write_xlsx(rows, header, file, name[:31], context.timezone, context.currency)


def _rows(
    resources: Resources, resource: ResolvedResource, wanted: ListRequest, context: Context, connect: Connect
) -> Iterator[list[Any]]:
    lists = Lists(resources, resource)
    request = replace(wanted, limit=MOST, cursor=None)
    while True:
        with connect() as connection:
            page = lists.page(connection, request, context)
        for row in page.rows:
            yield [row[0], *_values(page.cells, row)]
        if page.following is None:
            return
        request = replace(request, cursor=read_cursor(resources, resource, page.following, request.sort))


def _values(cells: Sequence[Cell], row: tuple[Any, ...]) -> Iterator[Any]:
    """One value for each column: labels of relations, money as money, the words of choices."""
    position = 1
    for cell in cells:
        given = row[position : position + cell.width]
        position += cell.width
        value = given[0]
        if cell.field.rows is not None:
            # What each row is about; the rows themselves are in the API.
            yield ", ".join(str(next(iter(line.values.values()))[-1] or "") for line in value or ())
        elif cell.field.many:
            yield ", ".join(label for _id, label, _colour in value or ())
        elif cell.field.is_relation:
            yield given[1] or ""
        elif value is None:
            yield ""
        elif cell.field.kind == "money":
            yield Money(int(value))
        elif cell.field.kind == "choice":
            choice = cell.field.choice(value)
            yield str(choice.label) if choice else value
        elif cell.field.kind == "json":
            yield str(value)
        else:
            yield value
