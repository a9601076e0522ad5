"""Links between records of any kind, as a table and as conditions; who may see and make them is decided above.

A link has two ends that are equal in rights: it is found and counted from both. One that fills a field (the customers
of a journal) bears the field's name and belongs to its first end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from sqlalchemy import (
    Boolean,
    Connection,
    Index,
    Select,
    String,
    and_,
    bindparam,
    literal,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from core.kernel.database import Model
from core.kernel.policies import Attached
from core.kernel.types import Key, link

ENDS = (("source_resource", "source_id"), ("target_resource", "target_id"))
PRESENT = text("deleted_at IS NULL")


class Link(Model):
    """One record tied to another; both ends must be in sight to see it."""

    __tablename__ = "system_link"
    __policy__: ClassVar[Attached] = Attached(ends=ENDS, kept=True)
    __table_args__ = (
        Index("uq_system_link", "source_resource", "source_id", "field", "target_resource", "target_id", unique=True,
              sqlite_where=PRESENT, postgresql_where=PRESENT),
        Index("ix_system_link_target", "target_resource", "target_id", "source_resource", "field"),
    )  # fmt: skip

    source_resource: Mapped[str] = mapped_column(String(80))
    source_id: Mapped[int] = mapped_column(Key)
    target_resource: Mapped[str] = mapped_column(String(80))
    target_id: Mapped[int] = mapped_column(Key)
    field: Mapped[str] = mapped_column(String(60), default="")
    """The field of the first end that the link fills; empty for one that somebody made by hand."""
    note: Mapped[str] = mapped_column(String(200), default="")
    author_id: Mapped[int | None] = link("system_user", nullable=True)


LINK = Link.__table__.c

ENDS_OF = union_all(
    select(LINK.id, LINK.target_resource.label("resource"), LINK.target_id.label("record"), LINK.field, LINK.note,
           LINK.author_id, LINK.created_at, literal(0).label("backwards"))
    .where(LINK.source_resource == bindparam("resource"), LINK.source_id == bindparam("record"),
           LINK.deleted_at.is_(None)),
    select(LINK.id, LINK.source_resource, LINK.source_id, LINK.field, LINK.note,
           LINK.author_id, LINK.created_at, literal(1))
    .where(LINK.target_resource == bindparam("resource"), LINK.target_id == bindparam("record"),
           LINK.deleted_at.is_(None)),
).order_by("id")  # fmt: skip
"""Everything that a record is linked with, seen from it; for a privileged connection, who sees the ends is asked next."""


def of_field(resource: str, field: str, ids: Iterable[int]) -> Select[Any]:
    """The pairs of record and linked record of one field; for a privileged connection."""
    return (
        select(LINK.source_id, LINK.target_id)
        .where(LINK.source_resource == resource, LINK.field == field, LINK.source_id.in_(list(ids)))
        .where(LINK.deleted_at.is_(None))
        .order_by(LINK.id)
    )


def linked_ids(connection: Connection, resource: str, field: str, record_id: int) -> list[int]:
    """What one field of a record links, whoever may see it; on a privileged connection."""
    return [row[1] for row in connection.execute(of_field(resource, field, (record_id,)))]


def between(one: tuple[str, int], other: tuple[str, int]) -> ColumnElement[bool]:
    """The condition that a link joins these two records, in either direction."""

    def directed(source: tuple[str, int], target: tuple[str, int]) -> ColumnElement[bool]:
        return and_(
            LINK.source_resource == source[0],
            LINK.source_id == source[1],
            LINK.target_resource == target[0],
            LINK.target_id == target[1],
        )

    return and_(LINK.deleted_at.is_(None), or_(directed(one, other), directed(other, one)))


class LinkedTo(FunctionElement[bool]):
    """The record `key` is linked by a field to one of the records that `within` selects.

    An element of its own, so that the table of links, which is looked at past the gate, appears in it and nowhere else:
    what it finds is narrowed by `within`, which the gate scopes.
    """

    inherit_cache = True
    type = Boolean()

    def __init__(self, key: ColumnElement[Any], resource: str, field: str, target: str, within: Select[Any]) -> None:
        super().__init__(key, literal(resource), literal(field), literal(target), within.scalar_subquery())

    def self_group(self, against: Any = None) -> Any:
        """Itself, which is in brackets already."""
        return self


class LinkedFrom(LinkedTo):
    """The record `key` is linked by a field of one of the records that `within` selects."""

    inherit_cache = True


class SharedWith(FunctionElement[bool]):
    """The record `key` of a resource is shared now with one of these people, departments and groups.

    An element of its own, so that the table of shares is looked at past the gate in it and nowhere else.
    """

    inherit_cache = True
    type = Boolean()

    def __init__(self, key: ColumnElement[Any], resource: str, *receivers: ColumnElement[Any]) -> None:
        """`receivers` are parameters: the ids of the people, the departments, the groups, and this moment."""
        super().__init__(key, literal(resource), *receivers)

    def self_group(self, against: Any = None) -> Any:
        """Itself, which is in brackets already."""
        return self


@compiles(SharedWith)
def _shared_with(element: SharedWith, compiler: SQLCompiler, **options: Any) -> str:
    key, resource, people, departments, groups, moment = (compiler.process(each, **options) for each in element.clauses)
    return (
        f"({key} IN (SELECT record_id FROM system_share WHERE resource = {resource} AND deleted_at IS NULL"
        f" AND (user_id IN {people} OR department_id IN {departments} OR group_id IN {groups})"
        f" AND (expires_at IS NULL OR expires_at > {moment})))"
    )


def _write(element: LinkedTo, compiler: SQLCompiler, mine: str, others: str, **options: Any) -> str:
    key, resource, field, target, within = (compiler.process(each, **options) for each in element.clauses)
    return (
        f"({key} IN (SELECT {mine}_id FROM system_link WHERE source_resource = {resource} AND field = {field}"
        f" AND target_resource = {target} AND deleted_at IS NULL AND {others}_id IN {within}))"
    )


@compiles(LinkedTo)
def _linked_to(element: LinkedTo, compiler: SQLCompiler, **options: Any) -> str:
    return _write(element, compiler, "source", "target", **options)


@compiles(LinkedFrom)
def _linked_from(element: LinkedFrom, compiler: SQLCompiler, **options: Any) -> str:
    return _write(element, compiler, "target", "source", **options)
