"""The print page of a record and its PDF."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateNotFound

from core.kernel import formats
from core.kernel.errors import ConfigurationError
from core.kernel.i18n import current_locale
from core.kernel.i18n import translate as _
from core.kernel.plugin_settings import read_setting
from core.kernel.types import Money, now
from core.resources.queries import Cell, today_in
from core.resources.records import Records, Row
from core.resources.resolved import ResolvedResource, Resources
from core.resources.values.capitals import capital_amount
from core.web import lines
from core.web.pages.lists import context_of
from core.web.responses import Response, attachment
from core.web.routing import Route
from core.web.showing import Reader, drawer, kind_of
from core.web.views import Button
from core.workplace.printing import Line, Part, PdfNotInstalled, Printed, Table, logo_address, makes_pdf, pdf

if TYPE_CHECKING:
    from core.web.requests import Request


class PrintPages:
    """Documents of the records of one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        self._resources = resources
        self._resource = resource
        self._records = records

    def routes(self, url: str = "") -> Iterable[Route]:
        """The page and the PDF; with `url`, the PDF alone, for the API."""
        if self._resource.read_only:
            return
        one, allow = f"{url or self._resource.url}/{{id:int}}", f"{self._resource.key}.view"
        if not url:
            yield Route(f"{one}/print", self.show, allow)
        yield Route(f"{one}/print.pdf", self.download, allow)

    def show(self, request: Request) -> Response:
        """The document as a page for the browser's printer."""
        printed, folder = self._printed(request), request.platform.settings.data_dir
        home = f"{self._resource.url}/{request.params['id']}"
        pdf_url = f"{home}/print.pdf" if makes_pdf() else ""
        return request.render(self._template(request), printed, logo=logo_address(folder), home=home, pdf_url=pdf_url)

    def download(self, request: Request) -> Response:
        """The document as a PDF."""
        printed = self._printed(request)
        if not makes_pdf():
            raise PdfNotInstalled
        # No transaction is held open while the pages are set.
        content = pdf(printed, request.platform.settings.data_dir, self._typst(request))
        return attachment(Response(content, 200, "application/pdf"), f"{printed.title}.pdf")

    def _own(self, ending: str) -> str:
        plugin, _point, noun = self._resource.key.partition(".")
        return f"{plugin}/print_{noun}.{ending}"

    def _template(self, request: Request) -> str:
        try:
            request.site.templates.get_template(self._own("html"))
        except TemplateNotFound:
            return "print.html"
        return self._own("html")

    def _typst(self, request: Request) -> Path | None:
        folders = request.platform.registry.folders("templates").values()
        found = (Path(str(folder)) / self._own("typ") for folder in folders)
        return next((path for path in found if path.is_file()), None)

    def _printed(self, request: Request) -> Printed:
        resource = self._resource
        row = self._records.row(request.connection, resource, request.params["id"], context_of(request))
        by_path = {cell.path: cell for cell in row.cells}
        label = resource.label.key
        parts = []
        for section in resource.sections:
            named = [by_path[name] for name in section.fields if name in by_path and name != label]
            found = [
                line for cell in named if not lines.is_table(cell.field) and (line := self._line(request, row, cell))
            ]
            if found:
                parts.append(Part(str(section.title), found))
        tables = [
            self._table(request, cell, row.values[cell.path][0])
            for cell in row.cells
            if lines.is_table(cell.field) and row.values[cell.path][0]
        ]
        own = row.values.get(label, (None,))[0]
        moment = formats.instant(now(), request.timezone.key)
        return Printed(
            title=str(own) if own not in (None, "") else f"#{row.id}",
            kind=str(resource.name),
            number=str(row.values["code"][0] or "") if "code" in row.values and label != "code" else "",
            company=_company(request),
            parts=parts,
            tables=tables,
            foot=str(_("Printed by {name}, {moment}", name=request.principal.name, moment=moment)),
            locale=current_locale() or "en",
        )

    def _line(self, request: Request, row: Row, cell: Cell) -> Line | None:
        given = row.values[cell.path]
        text = _text(request, cell, given)
        if not text:
            return None
        capitals = ""
        chinese = request.platform.settings.currency == "CNY" and (current_locale() or "").startswith("zh")
        if cell.field.kind == "money" and chinese and isinstance(given[0], Money | int):
            capitals = capital_amount(given[0] if isinstance(given[0], Money) else Money(given[0]))
        return Line(str(cell.field.label), text, capitals, wide=cell.field.kind == "long" or bool(capitals))

    def _table(self, request: Request, cell: Cell, found: Sequence[Any]) -> Table:
        rows = lines.rows_of(cell.field)
        columns = [key for key in rows.fields if key in found[0].values]
        cells = {key: lines._cell_of(self._resources, rows.fields[key]) for key in columns}
        texts = [[_text(request, cells[key], line.values[key]) for key in columns] for line in found]
        heads = [str(rows.fields[key].label) for key in columns]
        return Table(str(cell.field.label), heads, texts, [rows.fields[key].is_number for key in columns])


def _company(request: Request) -> str:
    try:
        return str(read_setting(request.reader, "system.company_name") or "")
    except ConfigurationError:
        return ""


def _text(request: Request, cell: Cell, given: tuple[Any, ...]) -> str:
    """A value in words that are still true tomorrow: no "today" on paper."""
    zone, currency = request.timezone, request.platform.settings.currency
    if given[0] in (None, "", [], ()):
        return ""
    match cell.field.kind:
        case "date":
            return formats.day(given[0])
        case "instant":
            return formats.instant(given[0], zone.key)
        case "boolean":
            return str(_("yes") if given[0] else _("no"))
        case "money":
            return formats.money(given[0], currency)
    drawn = drawer(cell, Reader(zone, today_in(zone), currency))((*given, None))
    if kind_of(cell) == "tags":
        return str(_(", ")).join(str(each[0]) for each in drawn[0])
    return str(drawn[0])


def print_buttons(resource: ResolvedResource, record_id: int) -> tuple[Button, ...]:
    """What the menu of a record's page offers."""
    if resource.read_only:
        return ()
    home = f"{resource.url}/{record_id}"
    page = Button(title=_("Print"), url=f"{home}/print", post=False, icon="document")
    file = Button(title=_("Save as PDF"), url=f"{home}/print.pdf", post=False, icon="download")
    return (page, file) if makes_pdf() else (page,)


__all__ = ["PrintPages", "print_buttons"]
