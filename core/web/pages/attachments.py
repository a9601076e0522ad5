"""Files on a record's page: the panel, adding by drag and drop, opening, previews, taking away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from core.kernel import formats
from core.kernel.errors import NotFound
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.resources.records import Records
from core.resources.resolved import ResolvedResource
from core.web.files import give, give_preview, take
from core.web.responses import Response
from core.web.routing import Route
from core.web.views import Button, Confirm, Notice, Panel
from core.workplace.attachments import (
    CONTENT,
    LARGEST,
    PICTURES,
    File,
    attach,
    content_of,
    detach,
    files_of,
    find_file,
    takes_files,
)

if TYPE_CHECKING:
    from core.web.requests import Request

SEEN = 20_000
"""Bytes of a text that are shown on the page."""


class AttachmentPages:
    """Files on the records of one resource."""

    def __init__(self, resource: ResolvedResource, records: Records) -> None:
        self._resource = resource
        self._records = records

    def routes(self) -> Iterable[Route]:
        """Adding, opening and taking away."""
        if not takes_files(self._resource):
            return
        one, key = f"{self._resource.url}/{{id:int}}/attachments", self._resource.key
        yield Route(one, self.add, f"{key}.edit", methods=("POST",), uploads=True)
        yield Route(f"{one}/{{file:int}}", self.open, f"{key}.view")
        yield Route(f"{one}/{{file:int}}/preview", self.preview, f"{key}.view")
        yield Route(f"{one}/{{file:int}}/delete", self.remove, f"{key}.edit", methods=("POST",))

    def add(self, request: Request) -> Response:
        """Hang the files that were sent on the record."""
        slot = CONTENT if request.query.get("slot") == CONTENT and content_of(self._resource) else ""
        # Looked up first: nobody fills the disk through a record that he does not see.
        self._records.get(request.reader, self._resource, request.params["id"])
        taken = take(request)
        for stored, name, kind in taken:
            attach(request.session, self._resource, request.params["id"], stored, name, kind, slot)
        return request.redirect(self._home(request), Notice(text=str(_("The file is kept.")), tone="good"))

    def open(self, request: Request) -> Response:
        """One file, to be saved or shown."""
        return give(request, self._file(request))

    def preview(self, request: Request) -> Response:
        """The small picture of one file."""
        file = self._file(request)
        if file.preview_file_key is None:
            raise NotFound
        return give_preview(request, file)

    def remove(self, request: Request) -> Response:
        """Take one file off the record."""
        detach(request.session, self._resource, request.params["id"], request.params["file"])
        return request.redirect(self._home(request), Notice(text=str(_("The file is taken away.")), tone="good"))

    def _home(self, request: Request) -> str:
        return f"{self._resource.url}/{request.params['id']}"

    def _file(self, request: Request) -> File:
        record = self._records.get(request.reader, self._resource, request.params["id"])
        return find_file(request.connection, self._resource.key, record.id, request.params["file"])


def content_panel(request: Request, resource: ResolvedResource, record_id: int) -> Panel | None:
    """The versions of the file that the record is about."""
    content = content_of(resource)
    return _panel(request, resource, record_id, CONTENT, content.title or _("File")) if content is not None else None


def attachments_panel(request: Request, resource: ResolvedResource, record_id: int, *, there: bool = True) -> Panel:
    """The files that hang on the record; nobody looks for any where none are `there`."""
    return _panel(request, resource, record_id, "", _("Attachments"), there=there)


def _panel(
    request: Request, resource: ResolvedResource, record_id: int, slot: str, title: object, *, there: bool = True
) -> Panel:
    home, zone = f"{resource.url}/{record_id}/attachments", request.timezone.key
    edits = resource.allows(request.principal, "edit")
    files = files_of(request.connection, resource.key, record_id, slot) if there else []
    lines = [
        {
            "name": file.name,
            "url": f"{home}/{file.id}",
            "open": f"{home}/{file.id}?inline=1" if file.inline else "",
            "preview": f"{home}/{file.id}/preview" if file.preview_file_key else "",
            "icon": "eye" if file.kind in PICTURES else "document",
            "size": size_in_words(file.size),
            "number": file.number if slot else 0,
            "author": file.author,
            "at": formats.ago(file.created_at, zone, now()),
            "remove": _remove(home, file) if edits else None,
        }
        for file in files
    ]
    add = f"{home}?slot={slot}" if slot else home
    html = request.site.draw(
        "parts/attachments.html",
        request.locale,
        lines=lines,
        key=slot or "files",
        add_url=add if edits else "",
        most=LARGEST,
        too_large=_("The file has more than {limit} MB.", limit=f"{LARGEST / 1_000_000:g}"),
        several=not slot,
        shown=_shown(request, home, files[0]) if slot and files and files[0].inline else None,
    )
    return Panel(key=slot or "attachments", title=title, html=html)  # type: ignore[arg-type]


def _shown(request: Request, home: str, file: File) -> dict[str, Any]:
    """The newest version as it is seen on the page itself: a picture, a PDF in the browser's viewer, the first text."""
    url = f"{home}/{file.id}"
    told = {"name": file.name, "url": f"{url}?inline=1", "kind": "picture" if file.kind in PICTURES else "pdf"}
    if file.kind == "text/plain":
        with request.platform.storage.open(file.file_key) as content:
            start = content.read(SEEN)
        return {"kind": "text", "text": start.decode("utf-8", "ignore").lstrip("\ufeff"), "more": file.size > SEEN}
    return {**told, "preview": f"{url}/preview" if file.preview_file_key else ""}


def _remove(home: str, file: File) -> Button:
    confirm = Confirm(
        title=_("Take “{name}” away?", name=file.name),
        text=_("It is gone from this record. History says that it was there."),
        button=_("Take away"),
    )
    return Button(title=_("Take away"), url=f"{home}/{file.id}/delete", kind="quiet", confirm=confirm)


def size_in_words(size: int) -> str:
    """A size as one reads it: 12 KB, 3.4 MB."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.0f} KB"
    return f"{size / 1_000_000:.1f} MB"
