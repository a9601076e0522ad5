"""The description of the API (OpenAPI 3.1) as one person may use it: what is enabled, granted and readable to him."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from core.api.approvals import approval_paths
from core.api.attachments import attachment_paths
from core.api.collections import BASE
from core.api.import_paths import IMPORT, import_paths
from core.api.open_links import open_link_paths
from core.api.schemas import (
    PROBLEM,
    RELATION,
    Schema,
    filters,
    needed,
    properties_read,
    properties_written,
    writes,
)
from core.api.shares import share_paths
from core.api.workplace_told import SCHEMAS, notification_paths, workplace_paths
from core.kernel.i18n import translate as _
from core.kernel.plugins import platform_version
from core.kernel.principal import Principal
from core.resources.actions import Verbs
from core.resources.dimensions import UNITS, WAYS
from core.resources.exporting import FORMATS
from core.resources.queries import LIMIT, MOST
from core.resources.records import as_field
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import Action
from core.web.responses import Json, Response
from core.web.routing import Everybody, Route

if TYPE_CHECKING:
    from core.web.requests import Request

ADDRESS = f"{BASE}/openapi.json"

KEPT = 50
"""Descriptions that are remembered, each for one set of rights and one language."""

REFUSALS: Final[Mapping[int, str]] = {
    400: "A parameter, a name or the body cannot be understood.",
    401: "The token is missing, unknown, or no longer valid.",
    403: "The whole function is not granted to you.",
    404: "There is no such record, or it lies outside your scope: the answer is the same.",
    409: "A rule of the business stands against it; the reason is in `detail`.",
    412: "The record was changed in the meantime; read it again.",
    413: "The body is too large.",
    422: "Values are not accepted; `errors` names each field.",
    428: "The header If-Match is missing.",
    429: "Too many requests; see Retry-After.",
}

TEXT: Final[Schema] = {"type": "string"}
ERRORS: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}
CHANGED_MEANWHILE: Final = (400, 401, 403, 404, 409, 412, 413, 422, 428, 429)


class Description:
    """Makes the document, once for each set of rights and language."""

    def __init__(self, resources: Resources, currency: str) -> None:
        self._resources = resources
        self._currency = currency
        self._verbs = Verbs(resources, resources.registry.hooks)
        self._kept: dict[Any, Response] = {}

    def routes(self) -> Iterator[Route]:
        """Where it is."""
        yield Route(ADDRESS, self.answer, Everybody("it tells everybody what he himself may do"))

    def answer(self, request: Request) -> Response:
        """The document for whoever asks."""
        key = (request.principal, request.locale)
        if key not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[key] = Json(self.document(request.principal))
        kept = self._kept[key]
        return Response(kept.body, content_type=kept.content_type)

    def document(self, principal: Principal) -> dict[str, Any]:
        """The whole description."""
        seen = [resource for resource in self._resources.values() if principal.allows(resource.key, "view")]
        paths: dict[str, Any] = {}
        schemas: dict[str, Any] = {"problem": PROBLEM, "relation": RELATION, "import": IMPORT}
        for resource in seen:
            told = _Told(resource, principal, self._currency, self._verbs)
            paths |= told.paths() | workplace_paths(resource, principal)
            schemas |= told.schemas()
        paths |= notification_paths(principal) | approval_paths()
        schemas |= SCHEMAS
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Sopia",
                "version": platform_version(),
                "description": str(
                    _("Everything that is enabled and granted to you. Send the token as `Authorization: Bearer …`.")
                ),
            },
            "servers": [{"url": "/"}],
            "security": [{"token": []}],
            "tags": [{"name": resource.key, "description": str(resource.names)} for resource in seen],
            "paths": paths,
            "components": {
                "schemas": schemas,
                "parameters": PARAMETERS,
                "responses": {f"e{status}": _refusal(status) for status in REFUSALS},
                "headers": {"ETag": {"schema": TEXT, "description": 'The version, as in "3".'}},
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
        }


PARAMETERS: Final[Mapping[str, Any]] = {
    "id": {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}},
    "q": {"name": "q", "in": "query", "schema": TEXT, "description": "Words, a part of them, or pinyin initials."},
    "limit": {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
    },
    "cursor": {"name": "cursor", "in": "query", "schema": TEXT, "description": "`next` of the page before."},
    "count": {"name": "count", "in": "query", "schema": {"type": "boolean"}, "description": "Count all that match."},
    "version": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "schema": TEXT,
        "description": 'The version that the change is based on, as in "3".',
    },
    "once": {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "maxLength": 200},
        "description": "The same key and body get the same answer, and the work is done once.",
    },
}


class _Told:
    """The paths and schemas of one resource for one person."""

    def __init__(self, resource: ResolvedResource, principal: Principal, currency: str, verbs: Verbs) -> None:
        self._verbs = verbs
        self._resource = resource
        self._principal = principal
        self._currency = currency
        self._url = f"{BASE}/{resource.address}"

    def schemas(self) -> dict[str, Schema]:
        """How records read and what is sent for them."""
        key = self._resource.key
        read = properties_read(self._resource, self._principal, self._currency)
        written = properties_written(self._resource, self._principal, self._currency)
        item = {"type": "object", "title": str(self._resource.name), "properties": read, "required": ["id"]}
        page = {
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": _ref(f"{key}.item")},
                "next": {"type": ["string", "null"], "description": "The cursor of the next page."},
                "count": {"type": "integer", "description": "Only with count=true."},
            },
            "required": ["items", "next"],
        }
        told: dict[str, Schema] = {
            f"{key}.item": item,
            key: {"allOf": [_ref(f"{key}.item"), {"required": list(read)}]},
            f"{key}.page": page,
        }
        if self._may("create"):
            body = {"type": "object", "properties": written, "additionalProperties": False}
            told[f"{key}.create"] = body | {"required": needed(self._resource, self._principal)}
        if self._may("edit", "assign"):
            fields = {name: {k: v for k, v in each.items() if k != "default"} for name, each in written.items()}
            told[f"{key}.change"] = {"type": "object", "properties": fields, "additionalProperties": False}
        return told

    def paths(self) -> dict[str, Any]:
        """Its addresses, with the verbs that are granted."""
        one = f"{self._url}/{{id}}"
        told: dict[str, Any] = {self._url: {"get": self._list()}, one: {"get": self._read()}}
        if self._resource.allows(self._principal, "export"):
            told[f"{self._url}/export"] = {"get": self._export()}
        told[f"{self._url}/statistics"] = {"get": self._statistics()}
        told[f"{self._url}/views"] = {"get": self._views()}
        if self._resource.read_only:
            return told
        told[f"{one}/print.pdf"] = {"get": self._print()}
        told |= attachment_paths(self._resource, self._url, self._operation, edits=self._may("edit"))
        if self._may("edit"):
            told |= share_paths(self._resource, self._url, self._operation)
            told |= open_link_paths(self._resource, self._url, self._operation)
        if self._may("import") and self._may("create", "edit"):
            told |= import_paths(self._resource, self._url, self._operation)
        if self._may("create"):
            told[self._url]["post"] = self._create()
        if self._may("edit", "assign"):
            told[one]["patch"] = self._change()
        if self._may("delete") and self._resource.has_bin:
            told[one]["delete"] = self._delete()
            told[f"{one}/restore"] = {"post": self._restore()}
        for action in self._resource.actions:
            if self._verbs.allows(self._principal, self._resource, action):
                told[f"{one}/actions/{action.name}"] = {"post": self._act(action)}
        return told

    def _may(self, *actions: str) -> bool:
        if self._resource.read_only:
            return False
        return any(self._resource.allows(self._principal, action) for action in actions)

    def _operation(self, verb: str, summary: object, refusals: tuple[int, ...], **told: Any) -> dict[str, Any]:
        answers = told.pop("answers") | {str(status): _ref(f"e{status}", "responses") for status in refusals}
        named = {"operationId": f"{self._resource.key}.{verb}", "tags": [self._resource.key], "summary": str(summary)}
        return named | told | {"responses": answers}

    def _list(self) -> dict[str, Any]:
        return self._operation(
            "list",
            self._resource.names,
            (400, 401, 403, 429),
            parameters=[
                *(_ref(name, "parameters") for name in self._usual_parameters()),
                self._names("fields", _("The fields to read, also through relations: name,owner.name.")),
                self._names("sort", _("The order: -created_at,name.")),
                *self._filters(),
            ],
            answers={"200": _answer(_("One page."), _ref(f"{self._resource.key}.page"))},
        )

    def _export(self) -> dict[str, Any]:
        file: Schema = {"type": "string", "format": "binary"}
        form = {"name": "format", "in": "query", "schema": {"type": "string", "enum": list(FORMATS), "default": "xlsx"}}
        names = (*(("q",) if self._resource.declared.search else ()),)
        return self._operation(
            "export",
            _("{names} as a file", names=self._resource.names),
            (400, 401, 403, 429),
            parameters=[
                form,
                *(_ref(name, "parameters") for name in names),
                self._names("fields", _("The fields to read, also through relations: name,owner.name.")),
                self._names("sort", _("The order: -created_at,name.")),
                *self._filters(),
            ],
            answers={
                "200": {
                    "description": str(_("The file.")),
                    "content": {kind: {"schema": file} for kind in FORMATS.values()},
                }
            },
        )

    def _statistics(self) -> dict[str, Any]:
        row: Schema = {
            "type": "object",
            "properties": {
                "by": {"type": "array", "description": str(_("The group: a value, a period, or id and label."))},
                "count": {"type": "integer"},
            },
            "required": ["by"],
            "additionalProperties": {"type": ["string", "integer", "null"]},
        }
        answer: Schema = {
            "type": "object",
            "properties": {"rows": {"type": "array", "items": row}},
            "required": ["rows"],
        }
        units, ways = ", ".join(UNITS), ", ".join(WAYS)
        return self._operation(
            "statistics",
            _("{names} counted and summed up", names=self._resource.names),
            (400, 401, 403, 429),
            parameters=[
                *(_ref(name, "parameters") for name in (("q",) if self._resource.declared.search else ())),
                self._names("by", _("One or two fields; dates with {units}: owner,created_at:month.", units=units)),
                self._names("measure", _("count, or a number with {ways}: count,amount:sum.", ways=ways)),
                *self._filters(but=("by", "measure")),
            ],
            answers={"200": _answer(_("The groups."), answer)},
        )

    def _views(self) -> dict[str, Any]:
        properties: Schema = {
            "key": TEXT,
            "title": TEXT,
            "query": {"type": "string", "description": str(_("The query of the list that it shows."))},
            "audience": {"type": "string", "enum": ["shipped", "me", "department", "role", "everybody"]},
            "mine": {"type": "boolean"},
            "first": {"type": "boolean", "description": str(_("Whether the list starts with it."))},
            "pinned": {"type": "boolean"},
        }
        item: Schema = {"type": "object", "properties": properties, "required": list(properties)}
        answer: Schema = {
            "type": "object",
            "properties": {"items": {"type": "array", "items": item}},
            "required": ["items"],
        }
        return self._operation(
            "views",
            _("Saved views of {names}", names=self._resource.names),
            (401, 403, 429),
            parameters=[],
            answers={"200": _answer(_("Those that are yours or shared with you."), answer)},
        )

    def _usual_parameters(self) -> tuple[str, ...]:
        return (*(("q",) if self._resource.declared.search else ()), "limit", "cursor", "count")

    def _names(self, name: str, told: object) -> dict[str, Any]:
        return {"name": name, "in": "query", "schema": TEXT, "description": str(told)}

    def _filters(self, but: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
        readable = self._resource.readable(self._principal)
        for key, each in self._resource.fields.items():
            if key not in readable:
                continue
            for operator, schema in filters(each, self._currency).items():
                name = key if operator == "eq" and key not in but else f"{key}__{operator}"
                told: dict[str, Any] = {"name": name, "in": "query", "schema": schema}
                if operator == "in":
                    told |= {"style": "form", "explode": False}
                if operator == "eq" and each.is_relation:
                    told["description"] = str(
                        _(
                            "Also through it, with the filters of where it leads: {example}.",
                            example=f"{key}.name__contains",
                        )
                    )
                yield told

    def _print(self) -> dict[str, Any]:
        file: Schema = {"type": "string", "format": "binary"}
        return self._operation(
            "print",
            _("Its document as a PDF"),
            (401, 403, 404, 429),
            parameters=[_ref("id", "parameters")],
            answers={
                "200": {"description": str(_("The file.")), "content": {"application/pdf": {"schema": file}}},
                "501": {"description": str(_("The support for PDF is not installed.")), "content": ERRORS},
            },
        )

    def _read(self) -> dict[str, Any]:
        return self._operation(
            "read",
            self._resource.name,
            (401, 403, 404, 429),
            parameters=[_ref("id", "parameters")],
            answers={"200": self._record()},
        )

    def _create(self) -> dict[str, Any]:
        made = self._record()
        made["headers"]["Location"] = {"schema": TEXT, "description": "Its address."}
        return self._operation(
            "create",
            _("New {name}", name=self._resource.name),
            (400, 401, 403, 409, 413, 422, 429),
            parameters=[_ref("once", "parameters")],
            requestBody=_body(_ref(f"{self._resource.key}.create")),
            answers={"201": made},
        )

    def _change(self) -> dict[str, Any]:
        return self._operation(
            "change",
            _("Set the fields sent; the others stay"),
            CHANGED_MEANWHILE,
            parameters=[_ref(name, "parameters") for name in ("id", "version", "once")],
            requestBody=_body(_ref(f"{self._resource.key}.change")),
            answers={"200": self._record()},
        )

    def _delete(self) -> dict[str, Any]:
        version = {**PARAMETERS["version"], "required": False}
        return self._operation(
            "delete",
            _("Move to the recycle bin"),
            (400, 401, 403, 404, 409, 412, 429),
            parameters=[_ref("id", "parameters"), version, _ref("once", "parameters")],
            answers={"204": {"description": str(_("It is in the recycle bin."))}},
        )

    def _restore(self) -> dict[str, Any]:
        return self._operation(
            "restore",
            _("Bring back from the recycle bin"),
            (401, 403, 404, 409, 422, 429),
            parameters=[_ref("id", "parameters"), _ref("once", "parameters")],
            answers={"200": self._record()},
        )

    def _act(self, action: Action) -> dict[str, Any]:
        asked = [as_field(self._resource, each) for each in action.ask]
        body = {
            "type": "object",
            "properties": {each.key: writes(each, self._currency) for each in asked},
            "required": [each.key for each in asked if each.required],
            "additionalProperties": False,
        }
        return self._operation(
            f"actions.{action.name}",
            action.title,
            (400, 401, 403, 404, 409, 413, 422, 429),
            parameters=[_ref("id", "parameters"), _ref("once", "parameters")],
            requestBody=_body(body, required=bool(body["required"])),
            answers={"200": self._record()},
        )

    def _record(self) -> dict[str, Any]:
        told = _answer(self._resource.name, _ref(self._resource.key))
        return told | {"headers": {"ETag": _ref("ETag", "headers")}}


def _ref(name: str, place: str = "schemas") -> dict[str, str]:
    return {"$ref": f"#/components/{place}/{name}"}


def _answer(description: object, schema: Schema) -> dict[str, Any]:
    return {"description": str(description), "content": {"application/json": {"schema": schema}}}


def _body(schema: Schema, *, required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def _refusal(status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"description": REFUSALS[status], "content": ERRORS}
    if status == 429:
        told["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return told
