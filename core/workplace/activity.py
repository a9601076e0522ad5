"""What people did and have to do on a day: entries of every resource that declares an `Activity`, within a reader's scope.

It knows none of those resources: it asks each, through its list, for the records of these people and that day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from core.kernel.errors import PluginError
from core.kernel.guard import ScopedSession
from core.kernel.i18n import translate as _
from core.kernel.types import now
from core.resources import values
from core.resources.conditions import Condition, Context, read_condition
from core.resources.fields import Words
from core.resources.locks import rules_of
from core.resources.queries import ListPage, ListRequest, Lists, Sort
from core.resources.resolved import ResolvedResource, Resources
from core.workplace.declared import Activity, Reminder

LATE: Final = dt.timedelta(days=30)
"""What was planned longer ago than this no longer stands among what is to do."""

MOST: Final = 200
"""Entries of one kind and day that are shown."""


@dataclass(frozen=True, slots=True)
class Doing:
    """One entry of somebody's day."""

    resource: ResolvedResource
    record_id: int
    person_id: int
    kind: str
    label: Words
    title: str
    about: str
    at: dt.datetime | None
    """The moment; empty where only the day is known."""
    day: dt.date
    late: bool
    about_resource: str = ""
    """The key of the resource of the record that it is about."""
    about_id: int | None = None

    @property
    def url(self) -> str:
        """The record's page."""
        return f"{self.resource.url}/{self.record_id}"


def activities(resources: Resources) -> Iterator[tuple[ResolvedResource, Activity]]:
    """Everything that declares itself part of people's days, what extensions declare included."""
    for resource in resources.values():
        for part in parts_of(resources, resource, Activity):
            yield resource, part


def parts_of(resources: Resources, resource: ResolvedResource, kind: type[Any]) -> Iterator[Any]:
    """The parts of one kind that a resource and its extensions declare."""
    yield from resource.declared.of_kind(kind)
    for _plugin, extension in resources.registry.extensions_of(resource.key):
        yield from (part for part in getattr(extension, "parts", ()) if isinstance(part, kind))


def check_declarations(resources: Resources) -> None:
    """Refuse an activity or a reminder whose fields are not there, when the platform is built."""
    for resource, activity in activities(resources):
        _check(resource, "Activity", (activity.date, activity.person, activity.title, activity.about))
    for resource in resources.values():
        for reminder in resource.declared.of_kind(Reminder):
            _check(resource, "Reminder", (reminder.date, reminder.to))


def _check(resource: ResolvedResource, part: str, names: tuple[str, ...]) -> None:
    for name in filter(None, names):
        if name not in resource.fields:
            raise PluginError(
                _("The {part} of '{resource}' names '{name}', which is no field of it.",
                  part=part, resource=resource.key, name=name),
                _("Use one of: {fields}.", fields=", ".join(sorted(resource.fields))),
            )  # fmt: skip


def doings(
    connection: Connection,
    resources: Resources,
    context: Context,
    people: Sequence[int],
    day: dt.date,
    until: dt.date | None = None,
) -> list[Doing]:
    """What these people did and have to do on a day, as far as `connection`, the reader's scoped one, shows it.

    With `until`, on all days up to that one. On the present day, what was planned before and is not settled stands
    there as late.
    """
    found: list[Doing] = []
    for resource, activity in activities(resources):
        if people and resource.allows(context.principal, "view"):
            found += _of(connection, resources, context, resource, activity, people, day, until or day)
    return sorted(found, key=lambda each: (each.kind != "planned", not each.late, each.at is None, each.at or each.day))


def activity_of(session: ScopedSession, person: int, first: dt.date, last: dt.date) -> list[Doing]:
    """What somebody did and has to do on some days, as far as the session's person sees it: for services of plugins."""
    rules, principal = rules_of(session), session.principal
    if rules is None:
        return []
    zone = ZoneInfo(principal.timezone or rules.timezone)
    context = Context(principal, zone, rules.currency, now().astimezone(zone).date())
    return doings(session.connection(), rules.resources, context, [person], first, last)


def _of(
    connection: Connection,
    resources: Resources,
    context: Context,
    resource: ResolvedResource,
    activity: Activity,
    people: Sequence[int],
    day: dt.date,
    until: dt.date,
) -> Iterator[Doing]:
    readable = resource.readable(context.principal)
    if not {activity.date, activity.person} <= readable:
        return
    title = activity.title if activity.title in readable else "id"
    about = (activity.about,) if activity.about in readable else ()
    conditions = (
        Condition(activity.person, "in", (tuple(people),)),
        _within(resource, activity, context, day, until),
        *(read_condition(resources, resource, name, [text], context) for name, text in activity.filters.items()),
    )
    wanted = ListRequest(
        (activity.date, activity.person, title, *about), conditions, sort=(Sort(activity.date, False),), limit=MOST
    )
    page = Lists(resources, resource).page(connection, wanted, context)
    for told in _rows(page):
        yield _doing(resource, activity, context, told, title, day)


def _within(
    resource: ResolvedResource, activity: Activity, context: Context, day: dt.date, until: dt.date
) -> Condition:
    overdue = activity.kind == "planned" and day == context.today
    first = day - LATE if overdue else day
    if resource.fields[activity.date].kind == "date":
        return Condition(activity.date, "between", (first, until))
    start, end = values.bounds((first, until), context.timezone)
    return Condition(activity.date, "within", (start, end))


def _rows(page: ListPage) -> Iterator[tuple[int, Mapping[str, tuple[Any, ...]]]]:
    for row in page.rows:
        position, told = 1, {}
        for cell in page.cells:
            told[cell.path] = row[position : position + cell.width]
            position += cell.width
        yield row[0], told


def _doing(
    resource: ResolvedResource,
    activity: Activity,
    context: Context,
    told: tuple[int, Mapping[str, tuple[Any, ...]]],
    title: str,
    day: dt.date,
) -> Doing:
    record_id, given = told
    moment = given[activity.date][0]
    instant = moment if isinstance(moment, dt.datetime) else None
    own_day = instant.astimezone(context.timezone).date() if instant else moment
    field = resource.fields[title]
    value = given[title][1] if field.is_relation else given[title][0]
    choice = field.choice(value) if isinstance(value, str) else None
    about = given.get(activity.about, (None, None))
    return Doing(
        resource,
        record_id,
        given[activity.person][0],
        activity.kind,
        activity.label or resource.name,
        str(choice.label if choice else value or f"#{record_id}"),
        str(about[1] if len(about) > 1 and about[1] else ""),
        instant,
        own_day,
        own_day < day,
        resource.fields[activity.about].target if activity.about in given else "",
        about[0] if activity.about in given else None,
    )
