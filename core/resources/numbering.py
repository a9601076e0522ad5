"""Numbering: the numbers of documents by a rule, such as SO-202611-0042, declared as a part of their resource.

Counters are kept in a table of their own and raised by one statement in the transaction that makes the record. So two
records never get the same number, and there are no gaps: a transaction that fails gives its number back. Whoever makes
records of the same series at the same time waits for the other to end.
"""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, String, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Base, Model, Session, unique_present
from core.kernel.errors import PluginError
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.policies import Public, Sealed
from core.kernel.privilege import privileged
from core.kernel.types import Key, now

if TYPE_CHECKING:
    from core.resources.resolved import ResolvedResource

NAMES: Final = ("year", "yy", "month", "day", "counter")
LONGEST: Final = 80
TRIES: Final = 1000
"""Numbers that are skipped at most, because records bear them already that were numbered in another way."""


@dataclass(frozen=True)
class Numbering:
    """Gives each new record its number, in the text column `field`; an administrator may change the pattern.

    The pattern holds text and, in braces, `year` (or `yy`), `month`, `day` and `counter`, with digits as in
    `{counter:04}`. The counter begins anew with each day, month or year that the pattern names.
    """

    field: str
    pattern: str
    at: str = ""
    """The step of the workflow that gives the number; empty: the record has it from the beginning."""


class NumberRule(Model):
    """The pattern of the numbers of one resource: the one that its plugin declares, until another is chosen."""

    __tablename__ = "system_number_rule"
    __label__ = "resource"
    __policy__: ClassVar[Any] = Public("how documents are numbered belongs to nobody")
    __table_args__ = (unique_present("uq_system_number_rule_resource_field", "resource", "field"),)

    resource: Mapped[str] = mapped_column(String(80))
    field: Mapped[str] = mapped_column(String(60))
    declared: Mapped[str] = mapped_column(String(LONGEST))
    pattern: Mapped[str] = mapped_column(String(LONGEST))


class Counter(Base):
    """The last number that was given in one series: a resource's field, and the day, month or year."""

    __tablename__ = "system_counter"
    __policy__: ClassVar[Any] = Sealed("the platform alone gives numbers")

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    series: Mapped[str] = mapped_column(String(200), unique=True)
    value: Mapped[int] = mapped_column(Key)


def what_is_wrong(pattern: str) -> Text | None:
    """Why a pattern cannot give numbers; None where it can."""
    try:
        named = [(name, spec) for _text, name, spec, _c in string.Formatter().parse(pattern) if name is not None]
        written = pattern.format(**_parts(dt.date(2026, 11, 23)), counter=1)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        return _("Write text with {names} in braces, and digits as in {example}.", names=", ".join(NAMES),
                 example="{counter:04}")  # fmt: skip
    names = {name for name, _spec in named}
    if unknown := sorted(names - set(NAMES)):
        return _("A number knows no '{name}'. It may hold: {names}.", name=unknown[0], names=", ".join(NAMES))
    if "counter" not in names:
        return _("Without {counter} all records would get the same number.", counter="{counter}")
    if ("month" in names and not names & {"year", "yy"}) or ("day" in names and "month" not in names):
        return _("The counter begins anew with each month or day, so the number must name the year and month as well.")
    return None if len(written) <= LONGEST else _("The numbers would become too long.")


def _parts(day: dt.date) -> dict[str, Any]:
    return {"year": day.year, "yy": f"{day.year % 100:02}", "month": day.month, "day": day.day}


def period_of(pattern: str, day: dt.date) -> str:
    """What the counter of a pattern counts within: a day, a month, a year, or for ever."""
    names = {name for _text, name, _spec, _c in string.Formatter().parse(pattern)}
    if "day" in names:
        return day.isoformat()
    if "month" in names:
        return f"{day:%Y-%m}"
    return f"{day:%Y}" if names & {"year", "yy"} else ""


def enter_numberings(connection: Connection, resources: Iterable[ResolvedResource]) -> None:
    """Enter the patterns that plugins declare; one that somebody chose stays."""
    shown = (NumberRule.resource, NumberRule.field, NumberRule.id, NumberRule.declared, NumberRule.pattern)
    rows = connection.execute(select(*shown).where(NumberRule.deleted_at.is_(None)))
    present = {(row.resource, row.field): row for row in rows}
    moment = now()
    for resource in resources:
        for each in resource.numberings:
            row = present.get((resource.key, each.field))
            told = {"declared": each.pattern, "updated_at": moment}
            if row is None:
                new = {"resource": resource.key, "field": each.field, "pattern": each.pattern, "created_at": moment}
                connection.execute(insert(NumberRule).values(**told, **new, version=1))
            elif row.declared != each.pattern:
                kept = {} if row.pattern != row.declared else {"pattern": each.pattern}
                connection.execute(update(NumberRule).where(NumberRule.id == row.id).values(**told, **kept))


def give_numbers(session: Session, resource: ResolvedResource, record: Any, timezone: str, at: str = "") -> None:
    """Give a record the numbers it has none of yet, at its making or at a step."""
    for each in resource.numberings:
        attribute = resource.fields[each.field].attribute
        if each.at == at and not getattr(record, attribute):
            number = next_number(privileged(session), resource, each, dt.datetime.now(ZoneInfo(timezone)).date())
            setattr(record, attribute, number)


def next_number(connection: Connection, resource: ResolvedResource, numbering: Numbering, day: dt.date) -> str:
    """The next number of a series, which nobody else gets unless this transaction is taken back."""
    rule = select(NumberRule.pattern).where(
        NumberRule.resource == resource.key, NumberRule.field == numbering.field, NumberRule.deleted_at.is_(None)
    )
    pattern = connection.scalar(rule) or numbering.pattern
    series = f"{resource.key}.{numbering.field} {period_of(pattern, day)}".strip()
    column = resource.table.c[resource.fields[numbering.field].attribute]
    for _try in range(TRIES):
        written = pattern.format(**_parts(day), counter=_raise(connection, series))
        # Records that came from elsewhere keep their numbers, and those must not be given again.
        if connection.execute(select(column).where(column == written).limit(1)).first() is None:
            return written
    raise RuntimeError(f"The next {TRIES} numbers of {resource.key} are taken")


def _raise(connection: Connection, series: str) -> int:
    """Count one further; the row stays locked until the transaction ends."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    new = dialect.insert(Counter).values(series=series, value=1)
    counted = new.on_conflict_do_update(index_elements=["series"], set_={"value": Counter.value + 1})
    return int(connection.execute(counted.returning(Counter.value)).scalar_one())


def check_numberings(resource: ResolvedResource) -> None:
    """Refuse a declaration that cannot work, at the start and with its name."""
    steps = {""} | {each.name for each in resource.workflow.transitions} if resource.workflow else {""}
    for each in resource.numberings:
        wrong = what_is_wrong(each.pattern)
        if each.field not in resource.fields:
            wrong = _("There is no such field.")
        elif each.at not in steps:
            wrong = _("There is no step '{step}'.", step=each.at)
        if wrong:
            raise PluginError(
                _("The numbering of '{resource}' by '{pattern}' does not work.",
                  resource=resource.key, pattern=each.pattern),
                wrong,
            )  # fmt: skip


def find_pattern_fault(_session: Any, rule: NumberRule) -> Mapping[str, Text]:
    """What is wrong with a rule that an administrator writes."""
    if not rule.resource:
        return {"": _("Rules come with the plugins whose records are numbered. Change the pattern of one of them.")}
    wrong = what_is_wrong(rule.pattern or "")
    return {"pattern": wrong} if wrong else {}
