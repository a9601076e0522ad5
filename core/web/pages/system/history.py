"""Who changed what, everywhere: operations in the reader's scope, newest first, with filters and the way back."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Select, func, select

from core.kernel import formats
from core.kernel.errors import BadRequest
from core.kernel.history import HistoryEntry
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.privilege import privileged
from core.kernel.users import User
from core.resources import values
from core.resources.fields import Words
from core.resources.resolved import Resources
from core.web.address import address, without
from core.web.line_history import entries_beneath
from core.web.responses import Response
from core.web.routing import Route
from core.web.timeline import ACTIONS, History
from core.web.views import Empty, Link, Option
from core.web.views.administration import HistoryFilter, HistoryRow, HistoryView

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

URL: Final = "/system/history"
SHOWN: Final = 30
"""Operations a page shows."""

BATCH: Final = 120
MOST_READ: Final = 6
"""Batches read for one page at most: operations of many records are skipped over in one step."""

COUNTED: Final = 1000

EVENTS: Final[dict[str, Text]] = {"system.plugin": _("Plugin")}
"""What happens to no record, and so stands in nobody's scope but that of who may see the function."""


@dataclass(frozen=True, slots=True)
class Found:
    """One operation: its newest change in scope, and how many records it touched besides."""

    entry: HistoryEntry
    more: int


def routes(platform: Platform) -> Iterable[Route]:
    """The page; every entry of it is in the reader's scope."""
    yield Route(URL, show, "system.history.view")


def show(request: Request) -> Response:
    """A page of operations."""
    conditions = _conditions(request)
    before = request.number("before") if request.query.get("before") else None
    found, following = _read(request, conditions, before)
    pairs = [(name, text) for name, text in request.query.pairs if name != "before" and text]
    view = HistoryView(
        title=_("History"),
        address=URL,
        rows=tuple(_rows(request, found)),
        filters=tuple(_filters(request)),
        previous_url=address(URL, tuple(pairs)) if before else "",
        next_url=address(URL, (*without(tuple(pairs), "before"), ("before", str(following)))) if following else "",
        empty=None if found else _empty(filtered=bool(pairs)),
    )
    return request.render("history.html", view)


def _empty(*, filtered: bool) -> Empty:
    button = Link(title=_("Clear all filters"), url=URL) if filtered else None
    title = _("Nothing matches") if filtered else _("Nothing has happened yet")
    return Empty(
        title=title, text=_("Every change of a record stands here, with who made it."), icon="history", button=button
    )


# ---------------------------------------------------------------- reading


def _conditions(request: Request) -> list[ColumnElement[bool]]:
    query = request.query
    conditions: list[ColumnElement[bool]] = []
    if query.get("actor"):
        conditions.append(HistoryEntry.actor_id == request.number("actor"))
    if query.get("resource"):
        conditions.append(HistoryEntry.resource == query["resource"][:80])
    if query.get("action"):
        conditions.append(HistoryEntry.action == query["action"][:40])
    if query.get("record"):
        conditions.append(HistoryEntry.record == request.number("record"))
    if query.get("operation"):
        conditions.append(HistoryEntry.operation == query["operation"][:64])
    for name in ("from", "to"):
        day = _day(query.get(name, ""))
        if day is None:
            continue
        start = dt.datetime.combine(day if name == "from" else day + dt.timedelta(days=1), dt.time(), request.timezone)
        moment = start.astimezone(dt.UTC)
        conditions.append(HistoryEntry.at >= moment if name == "from" else HistoryEntry.at < moment)
    return conditions


def _day(text: str) -> dt.date | None:
    try:
        return values.date(text) if text.strip() else None
    except (values.ValueFault, OverflowError) as fault:
        raise BadRequest(str(fault), _("Write a date as in 2026-11-23.")) from None


def _read(
    request: Request, conditions: Sequence[ColumnElement[bool]], before: int | None
) -> tuple[list[Found], int | None]:
    """The operations of a page, and the entry behind which the next page begins."""
    found: list[Found] = []
    for _batch in range(MOST_READ):
        entries = _entries(request, conditions, before)
        operations = dict.fromkeys(entry.operation for entry in entries)
        full = len(entries) == BATCH
        for number, operation in enumerate(operations):
            own = [entry for entry in entries if entry.operation == operation]
            more, last = len(own) - 1, own[-1].id
            if full and number == len(operations) - 1:
                more, last = _rest(request, conditions, operation, own[0].id)
            found.append(Found(own[0], more))
            before = last
            if len(found) == SHOWN:
                return found, before
        if not full:
            return found, None
    return found, before


def _entries(request: Request, conditions: Sequence[ColumnElement[bool]], before: int | None) -> list[HistoryEntry]:
    statement = _behind(select(HistoryEntry).where(*conditions), before)
    scoped = list(request.reader.scalars(statement.order_by(HistoryEntry.id.desc()).limit(BATCH)))
    events = [key for key in EVENTS if request.principal.allows(key, "view")]
    if not events:
        return scoped
    table = HistoryEntry.__table__
    told = _behind(select(table).where(*conditions, table.c.resource.in_(events)), before)
    scoped += entries_beneath(request.connection, told.order_by(table.c.id.desc()).limit(BATCH))
    return sorted(scoped, key=lambda entry: entry.id, reverse=True)[:BATCH]


def _behind(statement: Select[Any], before: int | None) -> Select[Any]:
    return statement if before is None else statement.where(HistoryEntry.id < before)


def _rest(request: Request, conditions: Sequence[ColumnElement[bool]], operation: str, newest: int) -> tuple[int, int]:
    """How many other changes of an operation there are, and the id of its oldest."""
    own = select(HistoryEntry.id).where(HistoryEntry.operation == operation, HistoryEntry.id <= newest, *conditions)
    counted = own.limit(COUNTED + 1).subquery()
    count = request.connection.execute(select(func.count()).select_from(counted)).scalar_one()
    oldest = select(func.min(HistoryEntry.id)).where(HistoryEntry.operation == operation)
    return max(0, count - 1), privileged(request.connection).execute(oldest).scalar() or newest


# ---------------------------------------------------------------- showing


def _rows(request: Request, found: Sequence[Found]) -> Iterable[HistoryRow]:
    resources: Resources = request.platform.above
    told = History(request, resources).told([each.entry for each in found])
    names = _names(request, resources, [each.entry for each in found])
    day = None
    for each, entry in zip(found, told, strict=True):
        local = each.entry.at.astimezone(request.timezone).date()
        headline = formats.long_day(local) if local != day else ""
        day = local
        key = each.entry.resource
        event = key in EVENTS
        undo = None if event else entry.undo
        yield HistoryRow(
            entry=replace(entry, day=headline, undo=undo),
            resource=EVENTS.get(key) or _title(resources, key),
            record=names.get((key, each.entry.record)),
            operation=each.entry.operation,
            also=_also(each.more) if not event else str(each.entry.after.get("name", "")),
        )


def _also(more: int) -> Words:
    if not more:
        return ""
    return _("and {count} more", count=f"{more:,}" if more < COUNTED else f"{COUNTED:,}+")


def _title(resources: Resources, key: str) -> Words:
    resource, part = resources.get(key), resources.parts.get(key)
    if resource is not None:
        return resource.name
    return part[1].label if part is not None else key


def _names(request: Request, resources: Resources, entries: Sequence[HistoryEntry]) -> dict[tuple[str, int], Link]:
    """What the records are called that the entries speak of, as far as they are there and in scope."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        wanted[entry.resource].add(entry.record)
    found: dict[tuple[str, int], Link] = {}
    for key, ids in wanted.items():
        resource = resources.get(key)
        if resource is None or not request.principal.allows(key, "view"):
            continue
        label = resource.label if resource.label.key in resource.readable(request.principal) else resource.table.c.id
        statement = select(resource.table.c.id, label).where(resource.table.c.id.in_(sorted(ids)))
        for record_id, name in request.connection.execute(statement):
            found[key, record_id] = Link(title=str(name or f"#{record_id}"), url=f"{resource.url}/{record_id}")
    return found


def _filters(request: Request) -> Iterable[HistoryFilter]:
    query, resources = request.query, request.platform.above
    actor = query.get("actor", "")
    people = request.connection.execute(select(User.id, User.name).order_by(User.name).limit(500)).all()
    yield HistoryFilter(
        key="actor",
        title=_("Person"),
        options=tuple(Option(value=str(row[0]), title=row[1], selected=str(row[0]) == actor) for row in people),
    )
    chosen = query.get("resource", "")
    seen = [(key, each.names) for key, each in resources.items() if request.principal.allows(key, "view")]
    seen += [(key, title) for key, title in EVENTS.items() if request.principal.allows(key, "view")]
    yield HistoryFilter(
        key="resource",
        title=_("What"),
        options=tuple(Option(value=key, title=title, selected=key == chosen) for key, title in seen),
    )
    action = query.get("action", "")
    yield HistoryFilter(
        key="action",
        title=_("Done"),
        options=tuple(Option(value=key, title=NAMES[key], selected=key == action) for key in ACTIONS if key in NAMES),
    )
    yield HistoryFilter(key="from", title=_("From"), value=query.get("from", ""), kind="date")
    yield HistoryFilter(key="to", title=_("Until"), value=query.get("to", ""), kind="date")


NAMES: Final[dict[str, Text]] = {
    "create": _("Making"),
    "edit": _("Changing"),
    "assign": _("Handing over"),
    "delete": _("Deleting"),
    "restore": _("Bringing back"),
    "purge": _("Removing for good"),
}
