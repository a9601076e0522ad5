"""Imports by program: a file is sent, a job is answered, and what the job says is asked for until it has ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from core.api.once import once
from core.kernel.errors import FieldError, Invalid, SopiaError
from core.kernel.i18n import translate as _
from core.resources import values
from core.resources.importing import kept
from core.resources.importing.imports import Imports
from core.resources.importing.kept import BUSY, Import
from core.resources.resolved import ResolvedResource
from core.web.import_steps import how_far
from core.web.pages.imports import discard, found_import, job_of, left_out_file
from core.web.responses import Json, Response
from core.web.routing import Route

if TYPE_CHECKING:
    from core.web.requests import Request

SHOWN: Final = 200
"""Rows left out that the job tells of; the file has them all."""

FIELDS: Final = frozenset({"key", "map", "mode", "same", "dry_run", "encoding", "sheet"})


class ImportCollection:
    """Imports into one resource."""

    def __init__(self, imports: Imports, resource: ResolvedResource, url: str) -> None:
        self._imports = imports
        self._resource = resource
        self._url = f"{url}/import"

    def routes(self) -> Iterable[Route]:
        """Where it is; what belongs to one import is its own person's only."""
        allow, one = f"{self._resource.key}.import", f"{self._url}/{{id:int}}"
        yield Route(self._url, self.send, allow, methods=("POST",), uploads=True)
        yield Route(one, self.read, allow)
        yield Route(f"{one}/left-out", self.left_out, allow)
        verbs: dict[str, Callable[[Request], Response]] = {"run": self.run, "stop": self.stop, "undo": self.undo}
        for name, verb in verbs.items():
            yield Route(f"{one}/{name}", verb, allow, methods=("POST",))

    def send(self, request: Request) -> Response:
        """Take a file and start with it: the whole import, or the check alone."""
        return once(request, lambda: self._send(request))

    def _send(self, request: Request) -> Response:
        form = request.form
        unknown = [name for name in form.values if name not in FIELDS and name != "_token"]
        if unknown:
            known = ", ".join(sorted(FIELDS))
            message = _("There is no such field. There are: {names}.", names=f"file, {known}")
            raise Invalid([FieldError(unknown[0][:80], message)])
        dry_run = _boolean("dry_run", form.get("dry_run"))
        upload = form.file("file")
        if upload is None:
            raise Invalid([FieldError("file", _("Send a table in the part “file” of multipart/form-data."))])
        brought = self._imports.bring(request.principal, self._resource, upload.file, upload.filename, "api")
        try:
            planned = self._planned(request, brought)
        except SopiaError:
            # What was refused leaves nothing behind.
            discard(request.platform, brought)
            raise
        begin = self._imports.start_check if dry_run else self._imports.start
        begin(planned, request.principal)
        return self._answer(request, planned.id, 202)

    def _planned(self, request: Request, brought: Import) -> Import:
        form, principal = request.form, request.principal
        encoding, sheet = form.get("encoding"), form.get("sheet")
        if encoding or sheet:
            brought = self._imports.reread(brought, principal, encoding or brought.plan.encoding, sheet)
        plan = replace(brought.plan, columns=_columns(brought, form.all("map")))
        key = form.get("key") or plan.key
        mode: Any = form.get("mode") or ("both" if form.get("key") else plan.mode)
        same: Any = form.get("same") or plan.same
        plan = replace(plan, key=key, mode=mode, same=same)
        return self._imports.plan(brought, plan, principal)

    def read(self, request: Request) -> Response:
        """How it stands."""
        return self._answer(request, request.params["id"])

    def left_out(self, request: Request) -> Response:
        """The rows that were, or would be, left out, as CSV with what is wrong in the last column."""
        return left_out_file(self._imports, self._found(request))

    def run(self, request: Request) -> Response:
        """Import after a dry run."""
        self._imports.start(self._found(request), request.principal)
        return self._answer(request, request.params["id"], 202)

    def stop(self, request: Request) -> Response:
        """End the run after the chunk that it is at."""
        self._imports.stop(self._found(request))
        return self._answer(request, request.params["id"], 202)

    def undo(self, request: Request) -> Response:
        """Take everything back."""
        self._imports.start_undo(self._found(request), request.principal)
        return self._answer(request, request.params["id"], 202)

    def _found(self, request: Request) -> Import:
        return found_import(request, self._imports, self._resource)

    def _answer(self, request: Request, import_id: int, status: int = 200) -> Response:
        request.params = {"id": import_id}
        found = self._found(request)
        job = job_of(request.platform, found)
        done, total = how_far(found, job)
        broken = job is not None and job.state in ("failed", "cancelled") and found.state in BUSY
        address = f"{self._url}/{found.id}"
        response = Json(
            {
                "id": found.id,
                "url": address,
                "resource": found.resource,
                "file": found.filename,
                "state": "failed" if broken else found.state,
                "done": done,
                "total": total or None,
                "created": found.created,
                "updated": found.updated,
                "duplicates": found.duplicates,
                "faulty": found.faulty,
                "left_out": f"{address}/left-out" if found.left_out else None,
                "mode": found.plan.mode,
                "key": found.plan.key or None,
                "same": found.plan.same,
                "encoding": found.plan.encoding or None,
                "map": {found.header[index]: path for index, path in found.plan.columns.items()},
                "faults": self._faults(request, found),
                "error": found.error or (job.error if job is not None and broken else "") or None,
                "created_at": _moment(found.created_at),
                "started_at": _moment(found.started_at),
                "finished_at": _moment(found.finished_at),
            },
            status,
        )
        return response.header("Location", address) if status == 202 else response

    def _faults(self, request: Request, found: Import) -> list[dict[str, Any]]:
        """The first rows left out: the number of the row, its column and value, and what is wrong with it."""
        with request.platform.database.transaction(write=False) as connection:
            rows = kept.rows(connection, found, count=SHOWN)
        return [fault for row in rows if row.state != "fixed" for fault in _faults_of(found, row)]


def _faults_of(found: Import, row: Any) -> Iterable[dict[str, Any]]:
    for text, message in row.faults.items():
        index = int(text)
        cell = 0 <= index < len(found.header)
        yield {
            "row": row.number,
            "column": found.header[index] if cell else None,
            "field": found.plan.columns.get(index),
            "value": row.cells[index] if cell else None,
            "message": message,
        }
    if row.note:
        yield {"row": row.number, "column": None, "field": None, "value": None, "message": row.note}


def _columns(brought: Import, given: Iterable[str]) -> dict[int, str]:
    """The columns as they were guessed, but for those that are named."""
    columns = dict(brought.plan.columns)
    for name, path in (pair for text in given for pair in _pairs(text)):
        if name not in brought.header:
            known = ", ".join(brought.header)[:500]
            message = _("The file has no column '{name}'. It has: {names}.", name=name[:80], names=known)
            raise Invalid([FieldError("map", message)])
        index = brought.header.index(name)
        columns = {i: each for i, each in columns.items() if i != index and each != path}
        if path:
            columns[index] = path
    return columns


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    """What `map` says: COLUMN=FIELD, or all of it as a JSON object; an empty field leaves the column out."""
    if text.lstrip().startswith("{"):
        try:
            told = json.loads(text)
        except ValueError:
            told = None
        if isinstance(told, dict) and all(path is None or isinstance(path, str) for path in told.values()):
            return [(name, path or "") for name, path in told.items()]
    name, equals, path = text.rpartition("=")
    if not equals:
        message = _("Write COLUMN=FIELD, once for each column, or one JSON object of them.")
        raise Invalid([FieldError("map", message)])
    return [(name, path.strip())]


def _boolean(name: str, text: str) -> bool:
    try:
        return bool(values.boolean(text))
    except values.ValueFault as fault:
        raise Invalid([FieldError(name, fault.message)]) from None


def _moment(value: Any) -> str | None:
    return value.isoformat(timespec="seconds").replace("+00:00", "Z") if value else None
