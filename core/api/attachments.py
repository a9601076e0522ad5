"""Files on records through the API: `…/<id>/attachments`, and `…/<id>/content` of records that are about a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from core.kernel.errors import FieldError, Invalid, NotFound
from core.kernel.i18n import translate as _
from core.resources.resolved import ResolvedResource
from core.web.files import give, take
from core.web.responses import Json, Response
from core.web.routing import Route
from core.workplace.attachments import (
    CONTENT,
    File,
    attach,
    content_of,
    detach,
    files_of,
    find_file,
    newest,
    takes_files,
)

if TYPE_CHECKING:
    from core.web.requests import Request


class AttachmentCollection:
    """The files of the records of one resource."""

    def __init__(self, resource: ResolvedResource, url: str) -> None:
        self._resource = resource
        self._one = f"{url}/{{id:int}}"

    def routes(self) -> Iterable[Route]:
        """Listing, adding, reading and taking away."""
        if not takes_files(self._resource):
            return
        key, files = self._resource.key, f"{self._one}/attachments"
        yield Route(files, self.list, f"{key}.view")
        yield Route(files, self.add, f"{key}.edit", methods=("POST",), uploads=True)
        yield Route(f"{files}/{{file:int}}", self.read, f"{key}.view")
        yield Route(f"{files}/{{file:int}}", self.delete, f"{key}.edit", methods=("DELETE",))
        if content_of(self._resource) is not None:
            yield Route(f"{self._one}/content", self.content, f"{key}.view")
            yield Route(f"{self._one}/content", self.put_content, f"{key}.edit", methods=("POST",), uploads=True)
            yield Route(f"{self._one}/versions", self.versions, f"{key}.view")

    def list(self, request: Request) -> Response:
        """The attachments of a record, the newest first."""
        return self._listed(request, "")

    def versions(self, request: Request) -> Response:
        """The versions of the file that the record is about, the newest first."""
        return self._listed(request, CONTENT)

    def add(self, request: Request) -> Response:
        """Hang one file on the record."""
        return self._added(request, "")

    def put_content(self, request: Request) -> Response:
        """The next version of the file that the record is about."""
        return self._added(request, CONTENT)

    def read(self, request: Request) -> Response:
        """One attachment."""
        record_id = self._id(request)
        return give(request, find_file(request.connection, self._resource.key, record_id, request.params["file"]))

    def content(self, request: Request) -> Response:
        """The newest version, or that of `number`."""
        record_id = self._id(request)
        number = request.number("number") if "number" in request.query else None
        return give(request, newest(request.connection, self._resource.key, record_id, CONTENT, number))

    def delete(self, request: Request) -> Response:
        """Take one attachment off the record."""
        self._id(request)
        detach(request.session, self._resource, request.params["id"], request.params["file"])
        return Response(b"", 204, "application/json")

    def _id(self, request: Request) -> int:
        record = request.reader.get(self._resource.model, request.params["id"])
        if record is None:
            raise NotFound
        return int(record.id)

    def _listed(self, request: Request, slot: str) -> Response:
        files = files_of(request.connection, self._resource.key, self._id(request), slot)
        return Json({"items": [_told(file) for file in files]})

    def _added(self, request: Request, slot: str) -> Response:
        # Looked up first: nobody fills the disk through a record that he does not see.
        record_id = self._id(request)
        taken = take(request)
        if len(taken) > 1:
            raise Invalid([FieldError("file", _("Send one file at a time."))])
        stored, name, kind = taken[0]
        made = attach(request.session, self._resource, record_id, stored, name, kind, slot)
        place = request.path if slot else f"{request.path}/{made.id}"
        return Json(_told(made), 201).header("Location", place)


def _told(file: File) -> dict[str, Any]:
    return {
        "id": file.id,
        "name": file.name,
        "kind": file.kind,
        "size": file.size,
        "number": file.number,
        "sha256": file.file_key,
        "author": {"id": file.author_id, "label": file.author} if file.author_id else None,
        "created_at": file.created_at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
    }


# ---------------------------------------------------------------- OpenAPI

FILE: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "kind": {"type": "string"},
        "size": {"type": "integer"},
        "number": {"type": "integer"},
        "sha256": {"type": "string"},
        "author": {"oneOf": [{"$ref": "#/components/schemas/relation"}, {"type": "null"}]},
        "created_at": {"type": "string", "format": "date-time"},
    },
    "required": ["id", "name", "kind", "size", "number", "sha256", "author", "created_at"],
}
LIST: Mapping[str, Any] = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": FILE}},
    "required": ["items"],
}
SENT: Mapping[str, Any] = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
}


def attachment_paths(
    resource: ResolvedResource, url: str, operation: Callable[..., dict[str, Any]], *, edits: bool
) -> dict[str, Any]:
    """What OpenAPI says of it."""
    if not takes_files(resource):
        return {}
    one, record = f"{url}/{{id}}", {"$ref": "#/components/parameters/id"}
    which = {"name": "file", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
    once = {"$ref": "#/components/parameters/once"}
    body = {"required": True, "content": {"multipart/form-data": {"schema": SENT}}}
    raw: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    bytes_ = {"200": {"description": str(_("The file.")), "content": {"application/octet-stream": raw}}}
    reads, writes = (401, 403, 404, 429), (400, 401, 403, 404, 409, 413, 422, 429)

    def listing(verb: str, title: object) -> dict[str, Any]:
        return operation(verb, title, reads, parameters=[record], answers={"200": _json(_("The files."), LIST)})

    def adding(verb: str, title: object) -> dict[str, Any]:
        return operation(
            verb,
            title,
            writes,
            parameters=[record, once],
            requestBody=body,
            answers={"201": _json(_("The file."), FILE)},
        )

    def reading(verb: str, title: object, *parameters: Any) -> dict[str, Any]:
        return operation(verb, title, (400, *reads), parameters=[record, *parameters], answers=bytes_)

    told: dict[str, Any] = {
        f"{one}/attachments": {"get": listing("attachments.list", _("Attachments"))},
        f"{one}/attachments/{{file}}": {"get": reading("attachments.read", _("One file"), which)},
    }
    if edits:
        told[f"{one}/attachments"]["post"] = adding("attachments.add", _("Add a file"))
        told[f"{one}/attachments/{{file}}"]["delete"] = operation(
            "attachments.delete", _("Take away"), reads, parameters=[record, which, once],
            answers={"204": {"description": str(_("It is gone from the record."))}},
        )  # fmt: skip
    if content_of(resource) is not None:
        number = {"name": "number", "in": "query", "schema": {"type": "integer", "minimum": 1}}
        told[f"{one}/content"] = {"get": reading("content.read", _("The file, its newest version or another"), number)}
        told[f"{one}/versions"] = {"get": listing("versions.list", _("The versions of the file"))}
        if edits:
            told[f"{one}/content"]["post"] = adding("content.add", _("The next version of the file"))
    return told


def _json(description: object, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": str(description), "content": {"application/json": {"schema": schema}}}
