"""`sopia work`: a process that does jobs and serves no pages, where a server's own threads are not enough."""

from __future__ import annotations

import gc
import logging
import signal
import threading
from types import FrameType

import click

from core.kernel.i18n import translate as _

PATIENCE = 30.0
"""Seconds that running jobs have to come to a point where they can stop."""


@click.command()
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 32), help="Jobs at a time.")
def work(threads: int) -> None:
    """Do jobs in a process of its own, until it is stopped."""
    from core.cli.installation import opened
    from core.kernel.crew import Crew

    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with opened(new=True, level=logging.INFO) as platform:
        gc.freeze()  # what is loaded stays, and need not be looked through for garbage
        crew = Crew(platform, threads=threads)
        crew.start()
        click.echo(_("Working. Ctrl-C stops it."))
        stopping.wait()
        crew.stop(PATIENCE)
