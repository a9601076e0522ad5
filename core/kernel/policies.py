"""Who may see which rows, as declarations on models; the gate (`core.kernel.gate`) turns them into WHERE clauses.

Every model declares one. A model without a policy keeps the application from starting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from core.kernel.types import Key


@dataclass(frozen=True)
class Restrict:
    """Takes rows away from people who would otherwise see them: `column <= ceiling(principal)`.

    For example the level of a document against the clearance of the reader. Rows whose column is empty stay visible.
    """

    column: str
    ceiling: Callable[[Any], int]


@dataclass(frozen=True)
class Commons:
    """Opens rows that belong to nobody to the people and departments that something in common names: a pool.

    `column` leads to that something while a row lies in it; `people` and `departments` are link tables between it and
    those who may see the row. What hangs on the row stays closed, and the columns in `hidden` read as empty for all but
    those whose scope is everything, until somebody takes the row.
    """

    column: str
    people: str = ""
    departments: str = ""
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Own:
    """The policy of the `Scoped` mixin: a record's people (`people`) and its department decide who is in scope.

    The first of `people` is the owner; for the others, and for whoever stands in the link table `members`, the record
    counts as their own.
    """

    people: tuple[str, ...] = ("owner_id",)
    department: str | None = "department_id"
    restrict: tuple[Restrict, ...] = ()
    members: str = ""
    """The link table between the record and people: `between("tasks_task_member", "tasks_task", "system_user")`."""
    commons: Commons | None = None
    """What lets others see rows without an owner; see `Commons`."""


@dataclass(frozen=True)
class Through:
    """A part of another record, seen by whoever sees that record; `parent` is the name of the link without `_id`."""

    parent: str


@dataclass(frozen=True)
class Attached:
    """Hangs on any record by its resource key and id, and follows the present access of that record.

    Links hang on two records and need both: name both pairs of columns. What is `kept` by the platform, such as
    history, is never written by people.
    """

    ends: tuple[tuple[str, str], ...] = (("resource", "record_id"),)
    kept: bool = False


@dataclass(frozen=True)
class Public:
    """Readable by everybody whose role may view the resource at all; `why` says why that is right.

    Such rows are written by those whose scope is all. With `grows`, whoever makes a record that leads to such a row may
    make the row with it: a customer brings its firm.
    """

    why: str
    grows: bool = False


@dataclass(frozen=True)
class Private:
    """Readable by the one person it belongs to, such as a saved view; `person` names the column."""

    person: str = "user_id"


@dataclass(frozen=True)
class Sealed:
    """Never part of a scoped session: password hashes, session tokens, queues. Only the kernel reads it."""

    why: str


Policy = Own | Through | Attached | Public | Private | Sealed


@dataclass(frozen=True)
class Between:
    """The policy of a link table (many to many): a row is visible when every record it joins is."""

    ends: tuple[str, ...] = field(default=())


class Scoped:
    """Mixin of a record that belongs to somebody: an owner, and the department it was made in."""

    __policy__: ClassVar[Any] = Own()

    @declared_attr
    def owner_id(cls) -> Mapped[int | None]:
        """The person in charge of the record; empty in a pool that nobody owns."""
        return mapped_column(Key, ForeignKey("system_user.id", ondelete="RESTRICT"), index=True)

    @declared_attr
    def department_id(cls) -> Mapped[int | None]:
        """The department that the record belongs to; it never moves by itself."""
        return mapped_column(Key, ForeignKey("system_department.id", ondelete="RESTRICT"), index=True)
