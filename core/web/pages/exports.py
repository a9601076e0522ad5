"""The list as a file: what the filters show, in the columns that are shown."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.resources.exporting import FORMATS, export, write_table
from core.resources.queries import read_list, today_in
from core.resources.resolved import ResolvedResource, Resources
from core.web.responses import Response, Stream, attachment

if TYPE_CHECKING:
    from core.web.requests import Request

KEPT_IN_MEMORY = 8 << 20
PIECE = 1 << 16


def export_list(resources: Resources, resource: ResolvedResource, request: Request) -> Response:
    """Send the list as CSV or XLSX."""
    from core.web.pages.lists import context_of
    from core.web.pages.statistics import StatisticsPages

    context = context_of(request)
    form = request.query.get("format", "xlsx")
    pairs = [pair for pair in request.query.pairs if pair[0] not in ("format", "cursor", "limit", "count")]
    # The file is finished before it is sent, so that a fault half-way is an answer and not half a file.
    file: Any = tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 - closed when it has been sent
    try:
        if request.query.get("view") == "statistics":
            heads, rows = StatisticsPages(resources, resource).sheet(request, context, pairs)
            write_table(heads, rows, context, file, form, str(resource.names))
        else:
            wanted = read_list(resources, resource, pairs, context)
            gate, principal = request.platform.gate, request.principal
            export(resources, resource, wanted, context, lambda: gate.connection(principal), file, form)
    except BaseException:
        file.close()
        raise
    name = f"{resource.names}-{today_in(request.timezone).isoformat()}.{form}"
    return attachment(Stream(_pieces(file), FORMATS[form]), name)


def _pieces(file: Any) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
