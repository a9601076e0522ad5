"""What a field of a resource is: derived from the model's columns, refined by the author where they cannot say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import Boolean, Column, Date, Integer, Numeric, Table, inspect
from sqlalchemy import Enum as EnumType
from sqlalchemy import Text as TextType
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipDirection, RelationshipProperty
from sqlalchemy.types import JSON, TypeDecorator

from core.kernel.i18n import Text, translator
from core.kernel.i18n import translate as _
from core.kernel.policies import Own
from core.kernel.predicates import key_of
from core.kernel.types import MONEY_LIMIT, Exact, Instant, MoneyType

if TYPE_CHECKING:
    from core.resources.rows import ResolvedRows

Words = Text | str

Kind = Literal[
    "text", "long", "integer", "decimal", "money", "percent", "date", "instant", "boolean", "choice",
    "relation", "relations", "colour", "email", "phone", "url", "json", "rows", "password",
]  # fmt: skip

LINE = 255
"""The longest a single line is where the column says nothing."""

PROSE = 20_000
"""The longest a text of several lines is where the column says nothing."""

GIVEN: Final = frozenset({"id", "version", "created_at", "updated_at", "deleted_at"})
"""What every record has and nobody types."""


@dataclass(frozen=True)
class Choice:
    """One value of a field with few fixed values."""

    value: str
    label: Words
    colour: str = ""


@dataclass(frozen=True)
class Field:
    """What the author says of a field beyond its column; of an action, all there is to say of what it asks for."""

    key: str
    label: Words = ""
    kind: Kind | None = None
    required: bool | None = None
    readonly: bool | None = None
    help: Words = ""
    choices: tuple[Choice, ...] = ()
    max_length: int | None = None
    default: Any = None
    target: str = ""
    """The resource key that a relation leads to, where no foreign key says it."""
    unit: Words = ""
    hidden: bool = False
    """Kept from forms, lists and the API altogether."""


@dataclass(frozen=True, slots=True)
class ResolvedField:
    """A field as pages, the API and imports work with it."""

    key: str
    label: Words
    kind: Kind
    attribute: str
    """The attribute of the mapped class that holds the value: `customer_id` for the field `customer`."""
    table: Table
    column: Column[Any] | None
    required: bool = False
    readonly: bool = False
    help: Words = ""
    choices: tuple[Choice, ...] = ()
    max_length: int = LINE
    default: Any = None
    target: str = ""
    unit: Words = ""
    extension: str = ""
    """The plugin whose extension brings the field; empty for the resource's own."""
    moves: bool = False
    """Owner and department: changed by `assign` alone."""
    nullable: bool = True
    shown: Callable[[str], str] | None = None
    """Says a value in the reader's language: the names that come with the platform."""
    rows: ResolvedRows | None = None
    """What the rows of a field of the kind `rows` are."""
    work_out: Callable[[Any, Sequence[int]], Mapping[int, Any]] | None = None
    """Gives the values of a derived field for the records of a page."""
    linked: bool = False
    """Whether the field's records are kept in the table of links."""

    @property
    def many(self) -> bool:
        """Whether the field holds several records."""
        return self.kind == "relations"

    @property
    def is_relation(self) -> bool:
        """Whether the field leads to one other record."""
        return self.kind == "relation"

    @property
    def is_number(self) -> bool:
        """Whether the field can be summed."""
        return self.kind in ("integer", "decimal", "money", "percent")

    @property
    def precision(self) -> tuple[int, Decimal, Decimal]:
        """How many digits of a decimal may stand behind the point, and the smallest and largest that fit."""
        kind = self.column.type if self.column is not None else None
        if isinstance(kind, Exact):
            return kind.digits, -kind.largest, kind.largest
        most = Decimal(MONEY_LIMIT)
        return (4 if self.kind == "percent" else 6), -most, most

    @property
    def sortable(self) -> bool:
        """Whether a list can be ordered by the field."""
        return self.column is not None and self.kind not in ("long", "json")

    def choice(self, value: str | None) -> Choice | None:
        """The choice with this value."""
        return next((choice for choice in self.choices if choice.value == value), None)


def derive(model: type[Any], domain: str, told: Mapping[str, Field]) -> dict[str, ResolvedField]:
    """The fields of a model by key, in the order of its columns; `told` refines them."""
    mapper: Mapper[Any] = inspect(model)
    fields: dict[str, ResolvedField] = {}
    for attribute in mapper.attrs:
        if isinstance(attribute, ColumnProperty):
            derived = _of_column(model, mapper, attribute, domain)
        elif isinstance(attribute, RelationshipProperty) and attribute.direction is RelationshipDirection.MANYTOMANY:
            derived = _of_collection(mapper, attribute, domain)
        else:
            continue
        if derived is None:
            continue
        refined = _refine(derived, told.get(derived.key))
        if refined is not None:
            fields[refined.key] = refined
    return fields


def humanise(key: str) -> str:
    """The English words of a key: `next_contact_at` is "Next contact", `on` is "Date"."""
    words = key.removesuffix("_at").removesuffix("_id").replace("_", " ").strip()
    return {"on": "Date", "at": "Time"}.get(key) or (words[:1].upper() + words[1:])


def label_of(key: str, domain: str) -> Text:
    """The translatable label of a field nobody named."""
    return KNOWN.get(key) or translator(domain)(humanise(key))


KNOWN: Final[dict[str, Text]] = {
    "owner": _("Owner"),
    "department": _("Department"),
    "created_at": _("Created"),
    "updated_at": _("Last changed"),
    "deleted_at": _("Deleted"),
    "id": _("Number"),
}


def _of_column(
    model: type[Any], mapper: Mapper[Any], attribute: ColumnProperty[Any], domain: str
) -> ResolvedField | None:
    column = attribute.columns[0]
    if not isinstance(column, Column) or attribute.key == "deleted_at":
        return None
    relation = bool(column.foreign_keys) and not column.primary_key
    key = attribute.key.removesuffix("_id") if relation else attribute.key
    kind: Kind = "relation" if relation else _kind(column)
    policy = getattr(model, "__policy__", None)
    moves = isinstance(policy, Own) and attribute.key in (policy.people[0], policy.department)
    has_default = column.default is not None or column.server_default is not None
    return ResolvedField(
        key=key,
        label=label_of(key, domain),
        kind=kind,
        attribute=attribute.key,
        table=column.table,
        column=column,
        required=not column.nullable and not has_default and kind != "boolean" and not column.primary_key,
        readonly=attribute.key in GIVEN or column.primary_key,
        choices=_choices(column, domain),
        max_length=getattr(column.type, "length", None) or (PROSE if kind == "long" else LINE),
        target=key_of(next(iter(column.foreign_keys)).column.table.name) if relation else "",
        moves=moves,
        default=column.default.arg if column.default is not None and column.default.is_scalar else None,  # type: ignore[attr-defined]
        nullable=bool(column.nullable),
        shown=getattr(model, "__shown__", None) if attribute.key == "name" else None,
    )


def _of_collection(mapper: Mapper[Any], attribute: RelationshipProperty[Any], domain: str) -> ResolvedField | None:
    return ResolvedField(
        key=attribute.key,
        label=label_of(attribute.key, domain),
        kind="relations",
        attribute=attribute.key,
        table=mapper.local_table,  # type: ignore[arg-type]
        column=None,
        readonly=attribute.viewonly,
        target=key_of(attribute.mapper.local_table.name),  # type: ignore[attr-defined]
    )


def _kind(column: Column[Any]) -> Kind:
    kind = column.type
    if isinstance(kind, MoneyType):
        return "money"
    if isinstance(kind, Instant):
        return "instant"
    if isinstance(kind, Exact):
        return "decimal"
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    if isinstance(kind, EnumType):
        return "choice"
    if isinstance(kind, Date):
        return "date"
    if isinstance(kind, Boolean):
        return "boolean"
    if isinstance(kind, Numeric):
        return "decimal"
    if isinstance(kind, Integer):
        return "integer"
    if isinstance(kind, JSON):
        return "json"
    if isinstance(kind, TextType):
        return "long"
    return "text"


def _choices(column: Column[Any], domain: str) -> tuple[Choice, ...]:
    kind = column.type
    if not isinstance(kind, EnumType):
        return ()
    words = translator(domain)
    return tuple(Choice(value, words(humanise(value))) for value in kind.enums)


def _refine(derived: ResolvedField, told: Field | None) -> ResolvedField | None:
    if told is None:
        return derived
    if told.hidden:
        return None
    changes: dict[str, Any] = {}
    for name in ("label", "kind", "help", "choices", "max_length", "target", "unit"):
        if getattr(told, name):
            changes[name] = getattr(told, name)
    for name in ("required", "readonly", "default"):
        if getattr(told, name) is not None:
            changes[name] = getattr(told, name)
    if told.choices and told.kind is None:
        changes["kind"] = "choice"
    return replace(derived, **changes)
