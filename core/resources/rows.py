"""Rows of a record that stand in tables of their own and are read and written with it: lines of an order, memberships.

Who sees the record sees its rows. How they are written is the job of `core.resources.row_writing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    and_,
    bindparam,
    inspect,
    select,
    type_coerce,
)
from sqlalchemy.orm import RelationshipDirection

from core.kernel.errors import PluginError
from core.kernel.gate import privileged
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.policies import Public, Through
from core.kernel.predicates import key_of
from core.kernel.principal import Principal
from core.resources.fields import Field, ResolvedField, derive, label_of

if TYPE_CHECKING:
    from core.resources.resolved import Resources
    from core.resources.resource import Derived, Resource, Rows


@dataclass(frozen=True, slots=True)
class ResolvedRows:
    """Rows as pages and the API work with them."""

    declared: Rows
    model: type[Any]
    parent: str
    """The attribute of a row that holds the id of its record."""
    fields: Mapping[str, ResolvedField]

    @property
    def table(self) -> Table:
        """The table of the rows."""
        return self.model.__table__  # type: ignore[no-any-return]

    @property
    def resource(self) -> str:
        """The resource key of a row, by which history and field permissions know it."""
        return key_of(self.table.name)

    @property
    def parent_column(self) -> Column[Any]:
        """The column that leads to the record."""
        return inspect(self.model).columns[self.parent]  # type: ignore[no-any-return]

    @property
    def lead(self) -> ResolvedField:
        """The field that a row is about: the first."""
        return next(iter(self.fields.values()))

    @property
    def order(self) -> tuple[Column[Any], ...]:
        """The order in which rows stand."""
        columns = self.table.c
        return (columns.position, columns.id) if "position" in columns else (columns.id,)

    def readable(self, principal: Principal) -> Mapping[str, ResolvedField]:
        """The fields of a row that a person may read."""
        return {k: f for k, f in self.fields.items() if principal.field_access(self.resource, k) != "hidden"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row as read: its id, and for each field the values that a cell of a list would have."""

    id: int
    values: Mapping[str, tuple[Any, ...]]


# ---------------------------------------------------------------- what the declarations mean


def resolve_rows(resource: Resource, declared: Rows, domain: str) -> ResolvedField:
    """The field that rows are on their record; a PluginError where the declaration does not fit the model."""
    mapper = inspect(resource.model)
    relation = mapper.relationships.get(declared.name)
    if relation is None or relation.direction is not RelationshipDirection.ONETOMANY:
        raise _misfit(resource, declared, _("the model has no relationship of that name to many records"))
    model = relation.mapper.class_
    record = resource.model.__table__.c.id
    column = next((c for c in model.__table__.c if c in relation.remote_side and c.references(record)), None)
    policy = getattr(model, "__policy__", None)
    if column is None or not isinstance(policy, Public | Through):
        raise _misfit(resource, declared, _("its rows are neither part of a record nor public"))
    told = {each.key: each for each in declared.fields if isinstance(each, Field)}
    found = derive(model, domain, told)
    names = [each.key if isinstance(each, Field) else each for each in declared.fields]
    if unknown := [name for name in (*names, *declared.key) if name not in found]:
        raise _misfit(resource, declared, _("a row has no field '{name}'", name=unknown[0]))
    rows = ResolvedRows(
        declared,
        model,
        relation.mapper.get_property_by_column(column).key,
        {name: replace(found[name], moves=False) for name in names},
    )
    return ResolvedField(
        key=declared.name,
        label=declared.label or label_of(declared.name, domain),
        kind="rows",
        attribute=declared.name,
        table=resource.model.__table__,
        column=None,
        help=declared.help,
        target=rows.lead.target,
        rows=rows,
    )


def resolve_derived(resource: Resource, declared: Derived, domain: str) -> ResolvedField:
    """The field that a derived value is on its record."""
    told = declared.field
    return ResolvedField(
        key=told.key,
        label=told.label or label_of(told.key, domain),
        kind=told.kind or ("relation" if told.target else "text"),
        attribute=told.key,
        table=resource.model.__table__,
        column=None,
        readonly=True,
        help=told.help,
        choices=told.choices,
        target=told.target,
        unit=told.unit,
        work_out=declared.read,
    )


def _misfit(resource: Resource, declared: Rows, reason: Text) -> PluginError:
    return PluginError(
        _("The resource '{resource}' has rows '{name}' that cannot be used: {reason}.",
          resource=resource.key, name=declared.name, reason=reason),
        _("Name a relationship of the model to many records whose policy is Through this one, and fields of those."),
    )  # fmt: skip


# ---------------------------------------------------------------- reading


def load(
    connection: Connection, resources: Resources, rows: ResolvedRows, ids: Sequence[int], principal: Principal
) -> dict[int, list[Line]]:
    """The rows of records that the reader sees, by the record's id.

    The records came through the gate, and their rows follow them; what a row leads to is looked up in scope again.
    """
    fields = rows.readable(principal)
    known, joined = _known_to(principal, resources, fields)
    # Amounts as plain numbers of minor units, as a list's own statement gives them.
    columns = [
        type_coerce(f.column, BigInteger) if f.kind == "money" else f.column
        for f in fields.values()
        if f.column is not None
    ]
    statement = (
        select(rows.parent_column, rows.table.c.id, *columns, *known.values())
        .select_from(_with_names(rows, fields, joined))
        .where(rows.parent_column.in_(bindparam("ids", expanding=True)), *undeleted(rows.table))
        .order_by(*rows.order)
    )
    given = privileged(connection).execute(statement, {"ids": list(ids)}).all() if ids else []
    labels = {
        key: labels_of(connection, resources, each, {row[number] for row in given})
        for number, (key, each) in enumerate(fields.items(), start=2)
        if each.is_relation and key not in known
    }
    found: dict[int, list[Line]] = {}
    for row in given:
        names = dict(zip(known, row[2 + len(columns) :], strict=True))
        told = {}
        for key, value in zip(fields, row[2:], strict=False):
            if key in labels:
                names[key] = labels[key].get(value)
            told[key] = (value, names[key]) if key in names else (value,)
        found.setdefault(row[0], []).append(Line(row[1], told))
    return found


def _known_to(
    principal: Principal, resources: Resources, fields: Mapping[str, ResolvedField]
) -> tuple[dict[str, ColumnElement[Any]], dict[str, Table]]:
    """The names that come with the rows in one statement: of records that this person sees all of."""
    names: dict[str, ColumnElement[Any]] = {}
    tables: dict[str, Any] = {}
    for key, each in fields.items():
        target = resources.target(each) if each.is_relation else None
        if target is not None and isinstance(target.policy, Public) and principal.allows(target.key, "view"):
            tables[key] = target.table.alias(f"n{len(tables)}")
            names[key] = tables[key].c[target.label.key]
    return names, tables


def _with_names(rows: ResolvedRows, fields: Mapping[str, ResolvedField], joined: Mapping[str, Any]) -> FromClause:
    source: FromClause = rows.table
    for key, table in joined.items():
        source = source.outerjoin(table, and_(table.c.id == fields[key].column, *undeleted(table)))
    return source


def labels_of(
    connection: Connection, resources: Resources, relation: ResolvedField, ids: Iterable[Any]
) -> dict[int, str]:
    """What the records that a relation leads to are called, those in the reader's scope."""
    target, wanted = resources.target(relation), sorted(i for i in ids if i is not None)
    if target is None or not wanted:
        return {}
    return {row[0]: str(row[1]) for row in connection.execute(target.labels, {"ids": wanted})}


def work_out(
    connection: Connection, resources: Resources, derived: ResolvedField, width: int, ids: Sequence[int]
) -> dict[int, tuple[Any, ...]]:
    """The values of a derived field for records on a page, each as wide as its cell."""
    assert derived.work_out is not None
    found = derived.work_out(privileged(connection), ids) if ids else {}
    if not derived.is_relation:
        return {record_id: (value,) for record_id, value in found.items()}
    labels = labels_of(connection, resources, derived, found.values())
    return {i: (value, labels.get(value), *[None] * (width - 2)) for i, value in found.items()}


def undeleted(table: Any) -> Iterable[Any]:
    return (table.c.deleted_at.is_(None),) if "deleted_at" in table.c else ()
