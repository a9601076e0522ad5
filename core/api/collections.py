"""The addresses of one resource in the API: list, read, create, change, delete, restore, actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from core.kernel.errors import BadRequest, FieldError, Invalid, SopiaError
from core.kernel.i18n import translate as _
from core.resources import values
from core.resources.conditions import readable_field
from core.resources.dimensions import read_dimensions, read_measures
from core.resources.queries import Lists, read_list
from core.resources.records import Records
from core.resources.representation import json_of, objects
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import Redaction
from core.resources.statistics import Counts, json_rows
from core.resources.views import SHARED
from core.web.pages.exports import export_list
from core.web.pages.lists import context_of
from core.web.pages.views import listed
from core.web.responses import Json, Response

if TYPE_CHECKING:
    from core.web.requests import Request

BASE = "/api/v1"

PARAMETERS = frozenset({"q", "sort", "limit", "cursor", "fields", "count"})
"""Parameters of a list that are no filters."""

OF_STATISTICS = frozenset({"by", "measure"})
STATISTICS = OF_STATISTICS | {"q"}
"""Parameters of statistics that are no filters. A field of such a name is filtered by `measure__eq`."""


class PreconditionRequired(SopiaError):
    """A change without saying which version it is based on."""

    status = 428

    def __init__(self) -> None:
        super().__init__(
            _("The header If-Match is missing."),
            _('Send the version you read, as in If-Match: "3"; it stands in the field version and in the header ETag.'),
        )


class Collection:
    """Answers for one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, records: Records) -> None:
        self._resources = resources
        self._resource = resource
        self._records = records

    @property
    def url(self) -> str:
        """Its address in the API."""
        return f"{BASE}/{self._resource.address}"

    def list(self, request: Request) -> Response:
        """One page of records, as the parameters ask."""
        context = context_of(request)
        self._check_names(request)
        usual = self._usual(request)
        wanted = read_list(self._resources, self._resource, request.query.pairs, context, usual)
        lists = Lists(self._resources, self._resource)
        page = lists.page(request.connection, wanted, context)
        items = [self._redacted(request, item) for item in objects(page.cells, page.rows, context.currency)]
        answer: dict[str, Any] = {"items": items, "next": page.following}
        if self._is_counted(request):
            answer["count"] = lists.count(request.connection, wanted, context, exact=True)
        return Json(answer)

    def statistics(self, request: Request) -> Response:
        """The records that the filters match, by one or two fields, counted and summed up."""
        context, query = context_of(request), request.query
        self._check_names(request, STATISTICS)
        pairs = [pair for pair in query.pairs if pair[0] not in OF_STATISTICS]
        by = read_dimensions(self._resources, self._resource, query.all("by"), request.principal)
        measures = read_measures(self._resources, self._resource, query.all("measure"), request.principal)
        wanted = read_list(self._resources, self._resource, pairs, context, ("id",))
        counts = Counts(self._resources, self._resource)
        table = counts.table(request.connection, wanted, context, by, measures)
        return Json({"rows": json_rows(table, measures, context.currency)})

    def views(self, request: Request) -> Response:
        """The saved views that the caller may use."""
        return listed(self._resources, self._resource, request)

    def _check_names(self, request: Request, known: frozenset[str] = PARAMETERS) -> None:
        """A misspelt filter must not show more than was asked for, so every parameter has to mean something."""
        for name in request.query:
            if name not in known and name != SHARED:
                path = name.partition("__")[0]
                readable_field(self._resources, self._resource, path, request.principal)

    def _is_counted(self, request: Request) -> bool:
        try:
            return bool(values.boolean(request.query.get("count", "")))
        except values.ValueFault as fault:
            raise BadRequest(_("'{name}': {reason}", name="count", reason=str(fault))) from None

    def read(self, request: Request) -> Response:
        """One record."""
        return self._answer(request, request.params["id"])

    def export(self, request: Request) -> Response:
        """All that the list's filters match, as a file."""
        return export_list(self._resources, self._resource, request)

    def create(self, request: Request) -> Response:
        """A new record."""
        record = self._records.create(request.session, self._resource, self._body(request), context_of(request))
        response = self._answer(request, record.id, status=201, written=True)
        return response.header("Location", f"{self.url}/{record.id}")

    def change(self, request: Request) -> Response:
        """Set the fields sent; the others stay."""
        version = self._version(request)
        given = self._body(request)
        record_id = request.params["id"]
        self._records.update(request.session, self._resource, record_id, given, context_of(request), version=version)
        return self._answer(request, record_id, written=True)

    def delete(self, request: Request) -> Response:
        """Move a record to the recycle bin."""
        version = self._version(request) if request.header("if-match") else None
        record_id = request.params["id"]
        self._records.delete(request.session, self._resource, record_id, context_of(request), version=version)
        return Response(b"", 204, "application/json")

    def restore(self, request: Request) -> Response:
        """Bring a record back from the recycle bin."""
        record_id = request.params["id"]
        self._records.restore(request.begin(bin=True), self._resource, record_id, context_of(request))
        return self._answer(request, record_id, written=True)

    def act(self, request: Request) -> Response:
        """Run an action of a record."""
        record_id, name = request.params["id"], request.params["action"]
        given = self._records.prepared(request.reader, self._resource, record_id, name, self._body(request))
        outcome = self._records.run(request.session, self._resource, record_id, name, given, context_of(request))
        left = int(outcome.id) if isinstance(outcome, self._resource.model) else record_id
        return self._answer(request, left, written=True)

    def _usual(self, request: Request) -> tuple[str, ...]:
        readable = self._resource.readable(request.principal)
        return tuple(key for key in self._resource.fields if key in readable and key != "id")

    def _answer(self, request: Request, record_id: int, status: int = 200, *, written: bool = False) -> Response:
        context = context_of(request)
        # What was just written is read in the same transaction, before it is committed.
        connection = request.session.connection() if written else request.connection
        row = self._records.row(connection, self._resource, record_id, context, self._usual(request))
        told = {"id": row.id, "version": row.version}
        told |= {cell.path: json_of(cell.field, row.values[cell.path], context.currency) for cell in row.cells}
        response = Json(self._redacted(request, told), status)
        return response.header("ETag", f'"{row.version}"') if row.version else response

    def _redacted(self, request: Request, item: dict[str, Any]) -> dict[str, Any]:
        for part in self._resource.declared.of_kind(Redaction):
            item = part.redact(self._resources, request.principal, item)
        return item

    def _body(self, request: Request) -> Mapping[str, Any]:
        if not request.incoming.body.raw:
            return {}
        body = request.json
        if not isinstance(body, dict):
            raise BadRequest(
                _("The body is not a JSON object."), _("Send one, as in {example}.", example='{"name": "…"}')
            )
        return body

    def _version(self, request: Request) -> int:
        text = request.header("if-match").strip().removeprefix("W/").strip('"')
        if not text:
            raise PreconditionRequired
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise Invalid([FieldError("If-Match", _("'{value}' is not a version.", value=text[:20]))])
        return int(text)


Page = Callable[["Request"], Response]
