"""Two counters by which workers notice that what they remember is out of date: who may see what, and what is enabled.

Raising `access` also puts the transactions that change access in a queue, because they all update the same row; the
rules of `core.kernel.organisation` rely on that.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Connection, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as AnySession

from core.kernel.database import Base
from core.kernel.policies import Sealed
from core.kernel.privilege import privileged

__all__ = [
    "Generation",
    "GivesAccess",
    "Privileged",
    "privileged",
    "raise_access",
    "raise_plugins",
    "read_generations",
]

ONLY_ROW = 1


class Generation(Base):
    """The one row of counters."""

    __tablename__ = "system_generation"
    __policy__: ClassVar[Any] = Sealed("the kernel's own counters")
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=ONLY_ROW)
    access: Mapped[int] = mapped_column(default=1)
    plugins: Mapped[int] = mapped_column(default=1)


class GivesAccess:
    """Mixin of the models that decide who may see what: every change of such a record raises the access generation."""


Privileged = AnySession | Connection


def read_generations(session: Privileged) -> tuple[int, int]:
    """The generations of access and of the plugins; (1, 1) before anything has been raised."""
    row = privileged(session).execute(select(Generation.access, Generation.plugins)).first()
    return (row.access, row.plugins) if row else (1, 1)


def raise_access(session: Privileged) -> None:
    """Make every worker load its principals anew; holds back other changes of access until the transaction ends."""
    _raise(session, "access")


def raise_plugins(session: Privileged) -> None:
    """Make every worker build the application anew from what is enabled now."""
    _raise(session, "plugins")


def _raise(session: Privileged, counter: str) -> None:
    connection = privileged(session)
    column = Generation.__table__.c[counter]
    if connection.execute(update(Generation).values({counter: column + 1})).rowcount:
        return
    row = {"id": ONLY_ROW, "access": 1, "plugins": 1}
    connection.execute(insert(Generation).values({**row, counter: 2}))
