"""By what records can be grouped and what can be worked out of a group, read from the words of an address.

Also the way back: the filters that show exactly the records of one group.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.kernel.errors import BadRequest
from core.kernel.i18n import translate as _
from core.kernel.principal import Principal
from core.resources.conditions import readable_field
from core.resources.fields import ResolvedField
from core.resources.resolved import ResolvedResource, Resources

UNITS: Final = ("day", "week", "month", "quarter", "year")
"""Into what dates and moments are grouped; moments on the clocks of the reader."""

WAYS: Final = ("sum", "avg", "min", "max")
"""What is worked out of the numbers of a group."""

MOST_DIMENSIONS: Final = 2
MOST_MEASURES: Final = 6

GROUPED: Final = frozenset({"relation", "relations", "choice", "boolean", "date", "instant", "text"})
"""The kinds of fields that records can be grouped by."""

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Dimension:
    """One thing that records are grouped by."""

    path: str
    unit: str
    """Of a date or a moment: one of `UNITS`."""
    field: ResolvedField
    target: ResolvedResource | None = None

    @property
    def name(self) -> str:
        """As an address says it."""
        return f"{self.path}:{self.unit}" if self.unit else self.path

    @property
    def is_time(self) -> bool:
        """Whether its groups follow one after the other."""
        return bool(self.unit)

    @property
    def leads(self) -> bool:
        """Whether its groups are records."""
        return self.field.is_relation or self.field.many


@dataclass(frozen=True, slots=True)
class Measure:
    """What is worked out of each group: how many there are, or something of one of their numbers."""

    path: str
    way: str
    field: ResolvedField | None = None

    @property
    def name(self) -> str:
        """As an address says it."""
        return f"{self.path}:{self.way}" if self.path else self.way


COUNT: Final = Measure("", "count")


def read_dimensions(
    resources: Resources, resource: ResolvedResource, texts: Iterable[str], principal: Principal
) -> tuple[Dimension, ...]:
    """What `owner,created_at:month` means; a BadRequest where it means nothing that the reader may group by."""
    names = list(dict.fromkeys(name.strip() for text in texts for name in text.split(",") if name.strip()))
    if len(names) > MOST_DIMENSIONS:
        raise BadRequest(
            _("Records are grouped by two fields at most, not by {count}.", count=len(names)),
            _("Leave some of '{names}' out.", names=", ".join(names[:10])),
        )
    return tuple(read_dimension(resources, resource, name, principal) for name in names)


def read_dimension(resources: Resources, resource: ResolvedResource, name: str, principal: Principal) -> Dimension:
    """What one such name means."""
    path, colon, unit = name.partition(":")
    found = readable_field(resources, resource, path, principal)
    if not is_grouped(found, path):
        raise BadRequest(
            _("Records cannot be grouped by '{name}'.", name=path),
            _("Group by a date, a choice, yes or no, a short text, or by what a relation leads to."),
        )
    is_time = found.kind in ("date", "instant")
    if colon and not (is_time and unit in UNITS):
        raise BadRequest(
            _("'{name}' cannot be grouped by '{unit}'.", name=path, unit=unit[:20]),
            _("Use one of: {allowed}.", allowed=", ".join(UNITS) if is_time else path),
        )
    target = resources.target(found) if found.is_relation or found.many else None
    return Dimension(path, (unit or "month") if is_time else "", found, target)


def is_grouped(found: ResolvedField, path: str) -> bool:
    """Whether records can be grouped by a field."""
    if found.kind not in GROUPED or found.work_out is not None or found.rows is not None:
        return False
    # Tags are those of the record itself: through a relation they would be counted once for each way to them.
    return found.column is not None or (found.many and "." not in path)


def read_measures(
    resources: Resources, resource: ResolvedResource, texts: Iterable[str], principal: Principal
) -> tuple[Measure, ...]:
    """What `count,amount:sum` means; counting alone where nothing is said."""
    names = list(dict.fromkeys(name.strip() for text in texts for name in text.split(",") if name.strip()))
    if len(names) > MOST_MEASURES:
        raise BadRequest(_("At most {most} measures are worked out at a time.", most=MOST_MEASURES))
    return tuple(_measure(resources, resource, name, principal) for name in names) or (COUNT,)


def _measure(resources: Resources, resource: ResolvedResource, name: str, principal: Principal) -> Measure:
    if name == "count":
        return COUNT
    path, _colon, way = name.partition(":")
    found = readable_field(resources, resource, path, principal)
    if not found.is_number or found.column is None or found.key in ("id", "version"):
        raise BadRequest(
            _("'{name}' is no number that can be summed up.", name=path), _("Use count, or a field with numbers.")
        )
    if way not in WAYS:
        raise BadRequest(
            _("'{name}' cannot be worked out by '{way}'.", name=path, way=way[:20]),
            _("Use one of: {allowed}.", allowed=", ".join(f"{path}:{each}" for each in WAYS)),
        )
    return Measure(path, way, found)


def offered(resources: Resources, resource: ResolvedResource, principal: Principal) -> tuple[str, ...]:
    """The paths that a reader is offered to group by: the fields of the record, and what its parent belongs to."""
    found = list(_groupable(resources, resource, principal))
    if not resource.scoped and (parent := getattr(resource.policy, "parent", "")):
        step = resource.fields.get(parent)
        target = resources.target(step) if step is not None and step.is_relation else None
        if step is not None and target is not None and parent in found and target.allows(principal, "view"):
            above = (path for path in _groupable(resources, target, principal) if not target.fields[path].many)
            kinds = ("relation", "choice")
            found += [f"{parent}.{path}" for path in above if target.fields[path].kind in kinds]
    return tuple(found)


def _groupable(resources: Resources, resource: ResolvedResource, principal: Principal) -> Iterable[str]:
    readable = resource.readable(principal)
    shown = [column.field for column in resource.columns]
    for key in sorted(readable, key=lambda key: (shown.index(key) if key in shown else len(shown), key)):
        each = resource.fields[key]
        if not is_grouped(each, key) or (each.kind == "text" and not _is_short(resource, each)):
            continue
        target = resources.target(each) if each.is_relation or each.many else None
        if (each.is_relation or each.many) and (
            target is None or not target.allows(principal, "view") or target.label.key == "id"
        ):
            continue
        yield key


def _is_short(resource: ResolvedResource, each: ResolvedField) -> bool:
    """A text that several records may well share: a region, not a name or a number of their own."""
    own = each.column is resource.label or each.key in ("code", "number")
    return not own and each.max_length <= SHARED


SHARED: Final = 80


def measured(resource: ResolvedResource, principal: Principal) -> tuple[str, ...]:
    """The numbers that a reader is offered to sum up."""
    readable = resource.readable(principal)
    return tuple(
        key
        for key, each in resource.fields.items()
        if key in readable and each.is_number and each.column is not None and key not in ("id", "version", "position")
    )


def filter_of(dimension: Dimension, key: Any) -> tuple[str, str]:
    """The filter that shows the records of a group: name and value in the list's address."""
    if key is None:
        return f"{dimension.path}__empty", "true"
    if dimension.is_time:
        return f"{dimension.path}__period", str(key)
    if isinstance(key, bool):
        return dimension.path, "true" if key else "false"
    return dimension.path, str(key)


def narrowed(pairs: Pairs, dimensions: Sequence[Dimension], keys: Sequence[Any]) -> Pairs | None:
    """A list's filters, narrowed to the records of one group; None where an address cannot say it."""
    found = list(pairs)
    for dimension, key in zip(dimensions, keys, strict=True):
        name, text = filter_of(dimension, key)
        present = [pair for pair in found if pair[0] == name]
        if not dimension.is_time and present and present[-1][1] != text:
            if dimension.field.many and not any(pair[0] == f"{name}__in" for pair in found):
                # A record may have both: what was asked for before is said in another way.
                found = [(f"{name}__in", pair[1]) if pair[0] == name else pair for pair in found]
            elif name.endswith("__empty") or dimension.field.many:
                return None
            else:
                found = [pair for pair in found if pair[0] != name]
        if (name, text) not in found:
            found.append((name, text))
    return tuple(found)


def period_of(day: dt.date, unit: str) -> str:
    """The name of the period of a unit in which a day lies: 2026-03-05, 2026-W10, 2026-03, 2026-Q1, 2026."""
    match unit:
        case "day":
            return day.isoformat()
        case "week":
            year, week, _day = day.isocalendar()
            return f"{year:04d}-W{week:02d}"
        case "month":
            return f"{day.year:04d}-{day.month:02d}"
        case "quarter":
            return f"{day.year:04d}-Q{(day.month + 2) // 3}"
    return f"{day.year:04d}"
