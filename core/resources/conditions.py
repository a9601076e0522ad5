"""What a reader filters by: `field__op=value` read into conditions, and conditions as SQL with parameters.

Names are looked up among the fields that the reader may read; an unreadable one gets the answer of an unknown one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, String, and_, bindparam, false, func, literal, or_, select
from sqlalchemy.sql import FromClause

from core.kernel.access import Principal
from core.kernel.errors import BadRequest
from core.kernel.i18n import translate as _
from core.kernel.types import Money, now
from core.resources import values
from core.resources.fields import Kind, ResolvedField
from core.resources.resolved import ResolvedResource, Resources
from core.resources.views import SHARED

EQUALITY: Final = ("eq", "ne", "in", "empty")
ORDER: Final = (*EQUALITY, "lt", "lte", "gt", "gte")
WORDS: Final = (*EQUALITY, "contains", "startswith")

OPERATORS: Final[dict[Kind, tuple[str, ...]]] = {
    "text": WORDS, "long": WORDS, "email": WORDS, "phone": WORDS, "url": WORDS, "colour": EQUALITY,
    "integer": ORDER, "decimal": ORDER, "money": ORDER, "percent": ORDER, "date": (*ORDER, "period"),
    "instant": (*ORDER, "period"),
    "boolean": ("eq", "ne", "empty"), "choice": EQUALITY, "relation": (*EQUALITY, "under"),
    "relations": ("eq", "ne", "in", "empty"), "rows": ("eq", "ne", "in", "empty"), "json": (), "password": (),
}  # fmt: skip
"""What each kind of field can be filtered by."""

ME = "me"
MOST_VALUES = 500


@dataclass(frozen=True, slots=True)
class Context:
    """What reading a filter depends on besides the filter: who asks, where it is now, which money."""

    principal: Principal
    timezone: ZoneInfo
    currency: str
    today: dt.date


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter: a path of fields, an operator, and its values as the database takes them."""

    path: str
    operator: str
    operands: tuple[Any, ...]

    @property
    def shape(self) -> tuple[Any, ...]:
        """What decides the text of the SQL; conditions of one shape differ in parameters only."""
        if self.operator in ("empty", "in", "under"):
            # Empty or not, and in nothing at all, are other statements.
            return (self.path, self.operator, bool(self.operands[0]))
        return (self.path, self.operator, tuple(operand is None for operand in self.operands[:2]))


def read_condition(
    resources: Resources, resource: ResolvedResource, name: str, texts: list[str], context: Context
) -> Condition:
    """The condition that a parameter such as `customer.name__contains=云图` means; BadRequest where it means none."""
    if name == SHARED and SHARED not in resource.fields and resource.scoped:
        return _shared(texts[-1], context)
    path, separator, operator = name.partition("__")
    operator = operator if separator else "eq"
    field = readable_field(resources, resource, path, context.principal)
    allowed = operators_of(field)
    if operator not in allowed:
        raise BadRequest(
            _("'{name}' cannot be filtered by '{operator}'.", name=path, operator=operator),
            _("Use one of: {allowed}.", allowed=", ".join(allowed) or "-"),
        )
    if operator == "empty":
        return Condition(path, operator, (_boolean(name, texts[-1]),))
    if operator in ("in", "under"):
        # Repeated parameters and one list with commas mean the same.
        parts = [part for text in texts for part in text.split(",") if part.strip()]
        if len(parts) > MOST_VALUES:
            raise BadRequest(_("'{name}' has more than {most} values.", name=name, most=MOST_VALUES))
        wanted = tuple(_operand(field, name, part, context) for part in parts)
        if operator == "under" and wanted and None in wanted:
            return Condition(path, "empty", (True,))
        return Condition(path, operator, (wanted,))
    if operator == "period":
        return _within_all(field, path, texts, context)
    text = texts[-1]
    if field.kind in ("date", "instant") and values.is_period(text):
        return _period(field, path, operator, text, context)
    if operator in ("contains", "startswith"):
        return Condition(path, operator, (_escaped(_plain(name, text).lower()),))
    operand = _operand(field, name, text, context)
    if operand is None and operator in ("eq", "ne", "under"):
        # A stroke means nothing in a file; asked for in an address, it means those without anything.
        return Condition(path, "empty", (operator != "ne",))
    return Condition(path, operator, (operand,))


def _shared(text: str, context: Context) -> Condition:
    """What others have opened to somebody by hand: to himself, to his departments, to his groups."""
    if text != ME:
        raise BadRequest(_("'{name}': {reason}", name=SHARED, reason=f"“{text[:20]}” ≠ “{ME}”"))
    who = context.principal
    receivers = ((who.user_id,), tuple(sorted(who.departments)), tuple(sorted(who.groups)))
    return Condition(SHARED, SHARED, (*receivers, now()))


def operators_of(field: ResolvedField) -> tuple[str, ...]:
    """What a field can be filtered by; nothing for one that is worked out, or for rows that are about no record."""
    if field.work_out is not None or (field.rows is not None and not field.rows.lead.is_relation):
        return ()
    return OPERATORS[field.kind]


def readable_field(resources: Resources, resource: ResolvedResource, path: str, principal: Principal) -> ResolvedField:
    """The field at the end of a path, every step of which the principal may read."""
    steps = resources.walk(resource, path)
    if steps is None or any(
        field.key not in place.readable(principal)
        or (place is not resource and not principal.allows(place.key, "view"))
        for place, field in steps
    ):
        raise BadRequest(
            _("There is no field '{name}'.", name=path),
            _("Use one of: {fields}.", fields=", ".join(sorted(resource.readable(principal)))),
        )
    return steps[-1][1]


def _boolean(name: str, text: str) -> bool:
    try:
        return bool(values.boolean(text))
    except values.ValueFault as fault:
        raise _bad(name, fault) from None


def _plain(name: str, text: str) -> str:
    try:
        return values.text(text)
    except values.ValueFault as fault:
        raise _bad(name, fault) from None


def _escaped(text: str) -> str:
    """A text whose own wildcards mean themselves in LIKE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _bad(name: str, fault: values.ValueFault) -> BadRequest:
    return BadRequest(_("'{name}': {reason}", name=name, reason=str(fault)))


READ: Final[dict[Kind, Callable[[str, Context], Any]]] = {
    "integer": lambda text, _c: values.integer(text),
    "money": lambda text, c: None if (minor := values.money(text, c.currency)) is None else Money(minor),
    "date": lambda text, _c: values.date(text),
    "instant": lambda text, c: values.instant(text, c.timezone),
    "boolean": lambda text, _c: values.boolean(text),
}


def _operand(field: ResolvedField, name: str, text: str, context: Context) -> Any:
    try:
        if field.kind in ("relation", "relations", "rows"):
            return context.principal.user_id if text == ME else values.integer(text)
        if field.kind == "decimal":
            return values.decimal(text, *field.precision)
        if field.kind == "percent":
            return values.percent(text, *field.precision)
        read = READ.get(field.kind)
        return read(text, context) if read else values.text(text)
    except values.ValueFault as fault:
        raise _bad(name, fault) from None


def _period(field: ResolvedField, path: str, operator: str, text: str, context: Context) -> Condition:
    """A word such as `this_month`: equal means within, before means before its start, after means behind its end."""
    span = values.period(text, context.today)
    start: Any
    end: Any
    start, end = values.bounds(span, context.timezone) if field.kind == "instant" else span
    last_included = field.kind == "date"
    if operator in ("eq", "in"):
        return Condition(path, "between" if last_included else "within", (start, end))
    if operator in ("lt", "gte"):
        return Condition(path, operator, (start,))
    if operator == "ne":
        return Condition(path, "outside", (start, end))
    after = {"lte": "lte" if last_included else "lt", "gt": "gt" if last_included else "gte"}[operator]
    return Condition(path, after, (end,))


def _within_all(field: ResolvedField, path: str, texts: list[str], context: Context) -> Condition:
    """What lies in every one of some periods: `created_at__period=2026-03` within a list that is of this year alone."""
    try:
        spans = [values.period(text, context.today) for text in texts]
    except values.ValueFault as fault:
        raise _bad(f"{path}__period", fault) from None
    span = max(start for start, _end in spans), min(end for _start, end in spans)
    if field.kind == "date":
        return Condition(path, "between", span)
    return Condition(path, "within", values.bounds(span, context.timezone))


def parameters(conditions: Iterable[Condition]) -> dict[str, Any]:
    """The values of the parameters that `to_sql` names for conditions in this order."""
    return {
        f"f{number}_{position}": operand
        for number, condition in enumerate(conditions)
        for position, operand in enumerate(condition.operands)
        if condition.operator != "empty" and operand is not None
    }


def to_sql(condition: Condition, number: int, field: ResolvedField, column: Any) -> Any:
    """The WHERE condition on `column`, with parameters named after the condition's `number`."""

    def value(position: int = 0, *, kind: Any = None) -> Any:
        return bindparam(f"f{number}_{position}", type_=kind or column.type)

    operator, operands = condition.operator, condition.operands
    if operator == "empty":
        return _empty(field, column, wanted=operands[0])
    if operator == "in":
        if not operands[0]:
            return false()
        return column.in_(bindparam(f"f{number}_0", type_=column.type, expanding=True))
    if operator in ("contains", "startswith"):
        folded = func.lower(column)
        # The text is a parameter, so its own % and _ are escaped by whoever gives the value.
        text, rest = value(kind=String()), literal("%")
        pattern = text + rest if operator == "startswith" else rest + text + rest
        return folded.like(pattern, escape="\\")
    if operands[0] is None:
        return column.is_(None) if operator == "eq" else column.is_not(None)
    return _compared(operator, column, value)


def _compared(operator: str, column: Any, value: Callable[..., Any]) -> Any:
    match operator:
        case "eq":
            return column == value()
        case "ne":
            # Whoever asks for "not this" means those without any as well.
            return or_(column != value(), column.is_(None))
        case "lt":
            return column < value()
        case "lte":
            return column <= value()
        case "gt":
            return column > value()
        case "gte":
            return column >= value()
        case "between":
            return and_(column >= value(0), column <= value(1))
        case "within":
            return and_(column >= value(0), column < value(1))
        case "outside":
            return or_(column < value(0), column > value(1), column.is_(None))
    raise AssertionError(operator)


def _empty(field: ResolvedField, column: ColumnElement[Any], *, wanted: bool) -> ColumnElement[bool]:
    textual = field.kind in ("text", "long", "email", "phone", "url", "colour", "choice")
    if wanted:
        return or_(column.is_(None), column == "") if textual else column.is_(None)
    return and_(column.is_not(None), column != "") if textual else column.is_not(None)


def below(table: FromClause, parent: str, number: int) -> Any:
    """The ids of some records and of all below them in a tree, as a sub-select."""
    start = select(table.c.id).where(table.c.id.in_(bindparam(f"f{number}_0", type_=Integer, expanding=True)))
    tree = start.cte(f"tree_{number}", recursive=True)
    child = table.alias()
    return select(tree.union(select(child.c.id).where(child.c[parent] == tree.c.id)).c.id)
