"""The text of files, read in a job: the records of a resource are then found by what stands in their files.

The reading itself happens in `text_process`, a process of its own under limits of memory and time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO, Final

import structlog
from sqlalchemy import select, update

from core.kernel.jobs import Job
from core.kernel.privilege import privileged
from core.resources.indexing import put
from core.workplace.attachments import ATTACHMENT, TEXT, Attachment

log = structlog.get_logger("sopia.texts")

PROGRAM: Final = Path(__file__).with_name("text_process.py")

MOST: Final = 100_000
"""Characters of a file by which it is found: a book's first chapters, and all of any contract."""

SECONDS: Final = 60.0

KEPT_ENVIRONMENT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")


def read_text(file: BinaryIO, name: str, most: int = MOST) -> str:
    """What stands in a file; empty where nothing can be read of it, or not in time."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    try:
        found = json.loads(ask_apart(file, ending[:5], most))
    except ValueError:
        return ""
    return str(found)[:most]


def ask_apart(file: BinaryIO, wanted: str, most: int) -> bytes:
    """What the process of its own makes of a file; empty where it falls over it, or takes too long."""
    with tempfile.NamedTemporaryFile(prefix="sopia-", suffix=".bin") as copy:
        shutil.copyfileobj(file, copy, 2**20)
        copy.flush()
        try:
            return subprocess.run(
                [sys.executable, "-I", "-X", "utf8", str(PROGRAM), copy.name, wanted, str(most)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
                check=False,
                env={key: os.environ[key] for key in KEPT_ENVIRONMENT if key in os.environ},
            ).stdout
        except (subprocess.TimeoutExpired, OSError):
            return b""


def keep_text(run: Any) -> int:
    """Read one file and let its record be found by it; how many characters there are."""
    with run.session() as session:
        names = ("file_key", "name", "resource", "record_id")
        row = privileged(session).execute(
            select(*(ATTACHMENT[name] for name in names)).where(ATTACHMENT.id == run.payload["file"])
        ).first()  # fmt: skip
    if row is None:
        return 0
    with run.platform.storage.open(row.file_key) as file:
        text = read_text(file, row.name)
    resource = run.platform.above.get(row.resource)
    with run.session(write=True) as session:
        connection = privileged(session)
        connection.execute(update(Attachment).where(ATTACHMENT.id == run.payload["file"]).values(text=text))
        if resource is not None and resource.index is not None:
            put(connection, resource, [row.record_id])
    log.info("read a file", file=run.payload["file"], characters=len(text))
    return len(text)


READING: Final = (Job(TEXT, keep_text),)
"""The job, for the platform's own plugin."""
