"""What all steps of an import work with: the file, the resource it goes into, the judge of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from core.kernel.access import Principal
from core.kernel.errors import Forbidden, NotFound
from core.kernel.platform import Platform
from core.resources.conditions import Context
from core.resources.importing.judging import Judge
from core.resources.importing.kept import Import
from core.resources.importing.writing import Desk
from core.resources.queries import today_in
from core.resources.records import Records
from core.resources.resolved import ResolvedResource, Resources
from core.resources.sheets import Limits, Row, Table, read_table

CHUNK: Final = 2_000
"""Rows of one transaction."""

LIMITS: Final = Limits(bytes=64 * 2**20)
"""Of a file that comes over the network."""

LARGEST: Final = Limits(bytes=180 * 2**20)
"""Of a file that the command line brings: a million rows of a dozen columns."""


class Tell(Protocol):
    """Hears how far a check or a run is; within the transaction of a chunk where there is one."""

    def __call__(self, done: int, total: int | None, on: Connection | None = None) -> None: ...


def silent(done: int, total: int | None, on: Connection | None = None) -> None:
    """Tells nobody."""


class Workshop:
    """The platform as imports see it."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.database = platform.database
        self.gate = platform.gate
        self.resources: Resources = platform.above
        hooks = platform.registry.hooks
        self.desk = Desk(platform.gate, self.resources, Records(self.resources, hooks), hooks)

    def need(self, principal: Principal, resource: ResolvedResource) -> None:
        """Refuse whoever may not import into a resource."""
        if resource.read_only or not principal.allows(resource.key, "import"):
            raise Forbidden
        if not (principal.allows(resource.key, "create") or principal.allows(resource.key, "edit")):
            raise Forbidden

    def resource_of(self, found: Import) -> ResolvedResource:
        """The resource that an import goes into; NotFound while its plugin is off."""
        resource = self.resources.get(found.resource)
        if resource is None:
            raise NotFound
        return resource

    @contextmanager
    def opened(self, found: Import) -> Iterator[Table]:
        """The file as a table, read as its plan says."""
        encoding, sheet = found.plan.encoding or None, found.plan.sheet or None
        with (
            self.platform.storage.open(found.file_key) as content,
            read_table(content, found.filename, LARGEST, encoding=encoding, sheet=sheet) as table,
        ):
            yield table

    def judge(self, found: Import, principal: Principal) -> Judge:
        """The judge of an import's rows, with the rights that a person has now."""
        return Judge(self.resources, self.resource_of(found), found.plan, self.context(principal))

    def context(self, principal: Principal) -> Context:
        """What reading values depends on."""
        settings = self.platform.settings
        zone = ZoneInfo(principal.timezone or settings.timezone)
        return Context(principal, zone, settings.currency, today_in(zone))


def chunks(table: Table) -> Iterator[list[Row]]:
    """The rows of a table, as many at a time as one transaction takes."""
    rows = iter(table)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def estimate(done: int, progress: float) -> int | None:
    """How many rows there will be, told from how much of the file has been read."""
    return max(done, round(done / progress)) if progress > 0.01 else None
