"""The import wizard: a file, its columns, the check with its faults, the run, the result, and the way back.

An import has one address, which shows the step that it is at: whoever leaves and comes back goes on there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select

from core.kernel.errors import Conflict, FieldError, Invalid, NotFound, SopiaError, TooLarge
from core.kernel.i18n import translate as _
from core.kernel.jobs import Progress, read_job, retry_job
from core.resources.importing import kept
from core.resources.importing.imports import Imports
from core.resources.importing.kept import BUSY, ENDED, IMPORT, Import
from core.resources.importing.models import ImportFile
from core.resources.importing.plans import Plan
from core.resources.importing.targets import NUMBER, targets_of
from core.resources.resolved import ResolvedResource, Resources
from core.resources.sheets import write_xlsx
from core.web import import_rows as rows
from core.web import import_steps as steps
from core.web.responses import Json, Response, Stream, attachment
from core.web.routing import Everybody, Route
from core.web.views import Words

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

RECENT: Final = 8
"""Earlier imports that the first step shows."""

LISTED: Final = 50
"""Imports on a page of all of them."""

QUICK: Final = 1 << 20
"""Bytes of a file that is checked while its person waits; larger ones are checked by a job."""

PIECE: Final = 1 << 16
KEPT_IN_MEMORY: Final = 8 << 20
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def routes(platform: Platform) -> Iterable[Route]:
    """The wizard of every resource that files may be brought for."""
    resources: Resources = platform.above
    imports = Imports(platform)
    yield Route(steps.ALL, partial(list_imports, resources), Everybody("they are one's own"))
    for resource in resources.values():
        if not resource.read_only:
            yield from ImportPages(resources, resource, imports).routes()


def list_imports(resources: Resources, request: Request) -> Response:
    """One's own imports, of whatever."""
    me, page = request.principal.user_id, _page(request)
    statement = select(IMPORT.id).where(IMPORT.user_id == me, IMPORT.resource.in_(list(resources)))
    statement = statement.order_by(IMPORT.id.desc()).offset((page - 1) * LISTED).limit(LISTED + 1)
    with request.platform.database.transaction(write=False) as connection:
        found = [kept.get(connection, import_id, me) for import_id in connection.scalars(statement).all()]
    view = steps.listed(
        [(each, resources[each.resource]) for each in found[:LISTED]],
        request,
        previous_url=f"{steps.ALL}?page={page - 1}" if page > 1 else "",
        next_url=f"{steps.ALL}?page={page + 1}" if len(found) > LISTED else "",
    )
    return request.render("import_list.html", view)


def _page(request: Request) -> int:
    text = request.query.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


class ImportPages:
    """The wizard for one resource."""

    def __init__(self, resources: Resources, resource: ResolvedResource, imports: Imports) -> None:
        self._resources = resources
        self._resource = resource
        self._imports = imports

    def routes(self) -> Iterable[Route]:
        """Its addresses; what belongs to one import is its own person's only."""
        allow, url = f"{self._resource.key}.import", f"{self._resource.url}/import"
        one = f"{url}/{{id:int}}"
        yield Route(url, self.begin, allow)
        yield Route(url, self.bring, allow, methods=("POST",), uploads=True)
        yield Route(f"{url}/template", self.template, allow)
        yield Route(one, self.show, allow)
        yield Route(f"{one}/status", self.status, allow)
        yield Route(f"{one}/left-out", self.left_out, allow)
        posts: dict[str, Callable[[Request], Response]] = {
            "columns": self.columns,
            "cell": self.cell,
            "rows": self.rows,
            "run": self.run,
            "stop": self.stop,
            "again": self.again,
            "undo": self.undo,
            "drop": self.drop,
        }
        for name, page in posts.items():
            yield Route(f"{one}/{name}", page, allow, methods=("POST",))

    # --------------------------------------------------------------------------------------------------------- the file

    def begin(self, request: Request) -> Response:
        """Ask for the file."""
        return self._ask_for_file(request)

    def _ask_for_file(self, request: Request, error: Words = "", status: int = 200) -> Response:
        principal, resource = request.principal, self._resource
        targets = targets_of(self._resources, resource, principal)
        with request.platform.database.transaction(write=False) as connection:
            recent = kept.recent(connection, principal.user_id, resource.key, RECENT)
        view = steps.upload(resource, targets, recent, request, error)
        return request.render("import_upload.html", view, status)

    def bring(self, request: Request) -> Response:
        """Take the file; what is no table is told beside the field."""
        upload = request.form.file("file")
        try:
            if upload is None:
                raise Invalid([FieldError("file", _("Choose a file first."))])
            found = self._imports.bring(request.principal, self._resource, upload.file, upload.filename)
        except (Invalid, TooLarge) as refused:
            return self._ask_for_file(request, _told(refused), refused.status)
        return request.redirect(self._url(found))

    def template(self, request: Request) -> Response:
        """An empty sheet with the headings that are understood."""
        targets = targets_of(self._resources, self._resource, request.principal)
        header = [str(each.label) for path, each in targets.items() if path != NUMBER]
        file: Any = tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 - closed when it has been sent
        write_xlsx([], header, file, sheet=str(self._resource.names)[:31])
        return attachment(Stream(_pieces(file), XLSX), f"{self._resource.names}.xlsx")

    # ------------------------------------------------------------------------------------------------------ the one page

    def show(self, request: Request) -> Response:
        """The step that the import is at."""
        found = self._found(request)
        if found.state in BUSY:
            view = steps.progress(self._resource, found, self._job(request, found))
            return request.render("import_progress.html", view)
        if found.state in ENDED:
            return request.render("import_result.html", steps.result(self._resource, found))
        if found.state == "checked" and request.query.get("step", "") != "columns":
            return self._report(request, found)
        return self._mapping(request, found, found.plan)

    def status(self, request: Request) -> Response:
        """How far it is, for the script of the page."""
        found = self._found(request)
        job = self._job(request, found)
        done, total = steps.how_far(found, job)
        runs = found.state in BUSY and not (job is not None and job.state in ("failed", "cancelled"))
        state = "running" if runs else "failed" if found.state in ("failed", *BUSY) else "done"
        text = steps.doing(found, done, total)
        return Json({"state": state, "done": done, "total": total, "text": text, "url": self._url(found)})

    # ------------------------------------------------------------------------------------------------------- the columns

    def columns(self, request: Request) -> Response:
        """Take what the columns are, and check the rows; or read the file in another way."""
        found, form = self._found(request), request.form
        encoding = form.get("encoding", found.plan.encoding)
        sheet = form.get("sheet", found.plan.sheet)
        another = sheet != found.plan.sheet or not steps.is_same_encoding(encoding, found.plan.encoding)
        try:
            if another or form.get("_reread"):
                self._imports.reread(found, request.principal, encoding, sheet)
                return request.redirect(f"{self._url(found)}?step=columns")
            plan = self._plan(request, found)
            self._refuse_doubled(request, found, plan)
            planned = self._imports.plan(found, plan, request.principal)
            self._check(request, planned)
        except (Invalid, TooLarge) as refused:
            plan = found.plan if another else self._plan(request, found)
            faults = refused.errors if isinstance(refused, Invalid) else [FieldError("file", _told(refused))]
            return self._mapping(request, found, plan, faults, refused.status)
        return request.redirect(self._url(found))

    def _plan(self, request: Request, found: Import) -> Plan:
        form = request.form
        paths = {index: form.get(f"map-{index}") for index in range(len(found.header))}
        mode: Any = form.get("mode", found.plan.mode)
        same: Any = form.get("same", found.plan.same)
        return replace(
            found.plan,
            columns={index: path for index, path in paths.items() if path},
            mode=mode,
            # Who makes new records recognises none, whatever stands in the field beside it.
            key="" if mode == "create" else form.get("key"),
            same=same,
        )

    def _refuse_doubled(self, request: Request, found: Import, plan: Plan) -> None:
        """Two columns of one field, told by its name on the screen."""
        targets, paths = self._imports.targets(found, request.principal), list(plan.columns.values())
        doubled = [targets[path].label for path in dict.fromkeys(paths) if paths.count(path) > 1 and path in targets]
        if doubled:
            raise Invalid(FieldError("map", _("Two columns are the field '{field}'.", field=each)) for each in doubled)

    def _check(self, request: Request, found: Import) -> None:
        stored = request.platform.storage.stat(found.file_key)
        if stored is not None and stored.size > QUICK:
            self._imports.start_check(found, request.principal)
        else:
            self._imports.check(found, request.principal)

    def _mapping(
        self, request: Request, found: Import, plan: Plan, faults: Iterable[FieldError] = (), status: int = 200
    ) -> Response:
        look = self._imports.look(found, request.principal, rows=20)
        view = steps.mapping(self._resource, found, look, plan, list(faults))
        return request.render("import_mapping.html", view, status)

    # ---------------------------------------------------------------------------------------------------------- the rows

    def _report(self, request: Request, found: Import, error: Words = "", status: int = 200) -> Response:
        with request.platform.database.transaction(write=False) as connection:
            view = rows.report(connection, self._resources, self._resource, found, request.query, error)
        return request.render("import_report.html", view, status)

    def cell(self, request: Request) -> Response:
        """Correct one cell, or all that are wrong in the same way, and say what is still wrong with the row."""
        found, form = self._found(request), request.form
        number, column = request.number("row"), request.number("column")
        with request.platform.database.transaction(write=False) as connection:
            if not kept.rows_of(connection, found, [number]) or column not in found.plan.columns:
                raise NotFound
            others = rows.like(connection, found, number, column, form.get("was"))
        everywhere = [number, *others] if form.get("all") == "true" else [number]
        changes = {each: {column: form.get("value")} for each in everywhere}
        verdict = self._imports.correct(found, request.principal, changes)[number]
        after = self._found(request)
        return Json(
            {
                "faults": {str(index): str(message) for index, message in verdict.faults.items()},
                "note": str(verdict.note) if verdict.outcome == "duplicate" else "",
                "faulty": steps.count(after.faulty),
                "good": steps.count(after.good),
                "about": str(rows.told(after)),
                "run": rows.asked(after) if after.good else "",
                "like": len(others) if form.get("all") != "true" else 0,
            }
        )

    def rows(self, request: Request) -> Response:
        """Correct all cells of a page at once: the way without a script."""
        found = self._found(request)
        with request.platform.database.transaction(write=False) as connection:
            changes = rows.changed_cells(connection, found, request.form.values.pairs)
            if request.form.get("like") == "true":
                changes = rows.with_like(connection, found, changes)
        try:
            if changes:
                self._imports.correct(found, request.principal, changes)
        except (Invalid, TooLarge) as refused:
            return self._report(request, found, _told(refused), refused.status)
        query = f"?{request.incoming.raw_query.decode('ascii', 'replace')}" if request.incoming.raw_query else ""
        return request.redirect(f"{self._url(found)}{query}", _("Checked again") if changes else None)

    def left_out(self, request: Request) -> Response:
        """The rows that were, or will be, left out, with what is wrong, as a file to correct and bring again."""
        return left_out_file(self._imports, self._found(request))

    # ------------------------------------------------------------------------------------------------- the run, and back

    def run(self, request: Request) -> Response:
        """Ask for the run."""
        found = self._found(request)
        self._imports.start(found, request.principal)
        return request.redirect(self._url(found))

    def stop(self, request: Request) -> Response:
        """End the run after the chunk that it is at."""
        found = self._found(request)
        self._imports.stop(found)
        return request.redirect(self._url(found))

    def again(self, request: Request) -> Response:
        """Go on with work that was broken off."""
        found = self._found(request)
        if found.state in BUSY and found.job_id is not None:
            with request.platform.database.transaction(write=True) as connection:
                retry_job(connection, found.job_id)
        return request.redirect(self._url(found))

    def undo(self, request: Request) -> Response:
        """Take everything back; where a later change stands in the way, say which."""
        found = self._found(request)
        try:
            self._imports.start_undo(found, request.principal)
        except Conflict as refused:
            view = steps.result(self._resource, found, str(refused))
            return request.render("import_result.html", view, refused.status)
        return request.redirect(self._url(found))

    def drop(self, request: Request) -> Response:
        """Throw away an import that has not run."""
        found = self._found(request)
        discard(request.platform, found)
        return request.redirect(f"{self._resource.url}/import", _("The file is thrown away."))

    # ----------------------------------------------------------------------------------------------------------- reading

    def _found(self, request: Request) -> Import:
        return found_import(request, self._imports, self._resource)

    def _job(self, request: Request, found: Import) -> Progress | None:
        return job_of(request.platform, found)

    def _url(self, found: Import) -> str:
        return steps.address_of(self._resource, found)


def found_import(request: Request, imports: Imports, resource: ResolvedResource) -> Import:
    """The import that an address names: one's own, and of this resource; else NotFound."""
    with request.platform.database.transaction(write=False) as connection:
        found = imports.get(connection, request.params["id"], request.principal.user_id)
    if found.resource != resource.key:
        raise NotFound
    return found


def job_of(platform: Platform, found: Import) -> Progress | None:
    """The work that is done for an import."""
    if found.job_id is None:
        return None
    with platform.database.transaction(write=False) as connection:
        return read_job(connection, found.job_id, found.user_id)


def discard(platform: Platform, found: Import) -> None:
    """Forget an import that has written nothing; Conflict for one that runs or has run."""
    idle = delete(ImportFile).where(IMPORT.id == found.id, IMPORT.state.not_in(BUSY | ENDED))
    with platform.database.transaction(write=True) as connection:
        if connection.execute(idle).rowcount != 1:
            raise Conflict(_("This import is running or has ended."), _("Stop it, or undo it."))


def left_out_file(imports: Imports, found: Import) -> Response:
    """The rows left out as a download."""
    file: Any = tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 - closed when it has been sent
    imports.write_left_out(found, file)
    name = f"{found.filename.rpartition('.')[0] or found.filename}-{_('left out')}.csv"
    return attachment(Stream(_pieces(file), "text/csv; charset=utf-8"), name)


def _told(refused: SopiaError) -> str:
    if isinstance(refused, Invalid):
        return " ".join(str(each.message) for each in refused.errors)
    return str(refused)


def _pieces(file: Any) -> Iterable[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
