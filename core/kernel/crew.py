"""The worker of a process, replaced by another when the set of enabled plugins changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from core.kernel.announcing import hearing
from core.kernel.generations import read_generations
from core.kernel.i18n import activate
from core.kernel.jobs import Job, Schedule
from core.kernel.mail import senders
from core.kernel.platform import Platform, rebuild
from core.kernel.principal import Principal
from core.kernel.worker import THREADS, Worker

log = structlog.get_logger("sopia.worker")

LOOKING = 2.0
"""Seconds between two looks at the generation of plugins, in a process that serves no pages."""


def make_worker(platform: Platform, threads: int = THREADS) -> Worker:
    """A worker for the jobs of one generation, in the language of whoever asked for each."""
    found = [*(job for _plugin, job in platform.registry.jobs), *hearing(platform.registry)]

    def surroundings(principal: Principal | None) -> AbstractContextManager[None]:
        locale = principal.locale if principal else None
        return activate(platform.catalogues, locale or platform.settings.locale)

    return Worker(
        platform.gate,
        [job for job in found if isinstance(job, Job)],
        schedules=[job for job in found if isinstance(job, Schedule)],
        timezone=platform.settings.timezone,
        surroundings=surroundings,
        senders=senders(platform.settings),
        threads=threads,
        platform=platform,
    )


class Crew:
    """Holds the workers of a process, one after the other. `watches` makes it look for newer generations by itself."""

    def __init__(
        self,
        platform: Platform,
        *,
        threads: int = THREADS,
        watches: bool = True,
        built: Callable[[Platform], Platform] = rebuild,
    ) -> None:
        self._platform = platform
        self._count = threads
        self._built = built
        self._worker = make_worker(platform, threads)
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="sopia-crew", daemon=True) if watches else None

    def start(self) -> None:
        """Begin to work."""
        self._worker.start()
        if self._watcher is not None:
            self._watcher.start()

    def follow(self, platform: Platform) -> None:
        """Go on with the jobs of a newer generation; those that run come to their end first."""
        before, self._worker = self._worker, make_worker(platform, self._count)
        self._platform = platform
        self._worker.start()
        before.stop()

    def wake(self) -> None:
        """Look at the queue now."""
        self._worker.wake()

    def stop(self, timeout: float = 10.0) -> bool:
        """Take no more jobs and wait for those that run; false where one did not end in time."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join(timeout)
        return self._worker.stop(timeout)

    def _watch(self) -> None:
        tried = self._platform.generation
        while not self._stopping.wait(LOOKING):
            try:
                with self._platform.database.transaction(write=False) as connection:
                    newest = read_generations(connection)[1]
                if newest > tried:
                    tried = newest
                    self.follow(self._built(self._platform))
            except SQLAlchemyError as error:
                log.warning("generation not read", reason=str(error)[:200])
            except Exception as error:
                log.error("the new generation could not be built; the old one goes on", exc_info=error)
