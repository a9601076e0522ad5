"""Preview pictures of attachments, and the sweeping of contents that nothing names: both in jobs."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, Final

import structlog
from sqlalchemy import select, update

from core.kernel.jobs import Job, Schedule
from core.kernel.privilege import privileged
from core.kernel.storage import sweep
from core.kernel.verifying import known_keys
from core.workplace.attachments import ATTACHMENT, PICTURES, THUMBNAIL, Attachment, forget_removed
from core.workplace.text_process import PICTURE
from core.workplace.texts import ask_apart

log = structlog.get_logger("sopia.previews")

WIDTH: Final = 400
MOST_PIXELS: Final = 60_000_000
SWEEP: Final = "system.sweep_files"


def make_preview(run: Any) -> bool:
    """Make the picture of one file; whether there is one now. What cannot be drawn has none, which is no fault."""
    with run.session() as session:
        row = privileged(session).execute(
            select(ATTACHMENT.file_key, ATTACHMENT.kind).where(ATTACHMENT.id == run.payload["file"])
        ).first()  # fmt: skip
    if row is None:
        return False
    storage = run.platform.storage
    try:
        with storage.open(row.file_key) as file:
            picture = draw(file, row.kind)
    except Exception as error:
        log.info("no preview", file=run.payload["file"], reason=f"{type(error).__name__}: {error}")
        return False
    if picture is None:
        return False
    stored = storage.put(io.BytesIO(picture))
    with run.session(write=True) as session:
        named = update(Attachment).where(ATTACHMENT.id == run.payload["file"]).values(preview_file_key=stored.key)
        privileged(session).execute(named)
    return True


def draw(file: BinaryIO, kind: str) -> bytes | None:
    """A small WebP of a picture or of a PDF's first page; None where the tool for it is not installed."""
    from PIL import Image, ImageOps

    if kind == "application/pdf":
        # PDFium serves one thread at a time and can fall over a file: not in the process that serves people.
        return ask_apart(file, PICTURE, WIDTH) or None
    if kind in PICTURES:
        picture: Image.Image = Image.open(file, formats=("PNG", "JPEG", "GIF", "WEBP"))
        if picture.width * picture.height > MOST_PIXELS:
            return None
        picture.draft("RGB", (2 * WIDTH, 2 * WIDTH))
        picture = ImageOps.exif_transpose(picture)
    else:
        return None
    picture.thumbnail((WIDTH, WIDTH))
    target = io.BytesIO()
    picture.convert("RGBA" if "A" in picture.getbands() or picture.mode == "P" else "RGB").save(
        target, "WEBP", quality=80
    )
    return target.getvalue()


def sweep_files(run: Any) -> dict[str, int]:
    """Forget attachments removed long ago, then remove contents that no row names."""
    with run.session(write=True) as session:
        rows = forget_removed(privileged(session))
    with run.session() as session:
        known = known_keys(privileged(session))
    return {"rows": rows, "files": sweep(run.platform.storage, known)}


FILES: Final = (
    Job(THUMBNAIL, make_preview),
    Job(SWEEP, sweep_files),
    Schedule(SWEEP, "41 3 * * *", SWEEP, "remove contents that no row names"),
)
"""The jobs of files, for the platform's own plugin."""
