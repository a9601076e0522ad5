"""What was reached of targets, and what a target must say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from plugins.sales.models import Contract, Installment, Receipt, Target
from plugins.sales.models.targets import days_of
from sopia import Money, Session, Text
from sopia import translate as _


def fault_of_target(session: Session, target: Target) -> Mapping[str, Text]:
    """A period that can be read, an amount, and a department where it is one's."""
    faults: dict[str, Text] = {}
    if days_of(target.period or "") is None:
        faults["period"] = _("Write a year, quarter or month: 2026, 2026-Q4, 2026-11.")
    if target.amount is not None and target.amount <= Money(0):
        faults["amount"] = _("A target is more than 0.")
    return faults


def reached(connection: Any, ids: Sequence[int]) -> Mapping[int, int]:
    """What was reached of each target, in minor units: beyond anybody's scope, because a target counts them all."""
    table = Target.__table__.c
    wanted = connection.execute(select(table.id, table.of, table.measure, table.department_id).where(table.id.in_(ids)))
    targets = wanted.all()
    found: dict[int, int] = {row.id: 0 for row in targets}
    for measure, of in sorted({(row.measure, row.of) for row in targets}):
        part = {row.id: row.department_id for row in targets if (row.measure, row.of) == (measure, of)}
        for number, amount in _sums(connection, measure, of, part):
            found[number] += amount
    return found


def share(connection: Any, ids: Sequence[int]) -> Mapping[int, Any]:
    """How many percent of each target were reached."""
    table = Target.__table__.c
    rows = connection.execute(select(table.id, table.amount).where(table.id.in_(ids))).all()
    got = reached(connection, ids)
    tenth = Decimal("0.1")
    return {i: (Decimal(got[i]) * 100 / amount.minor).quantize(tenth) for i, amount in rows if amount}


def _sums(connection: Any, measure: str, of: str, targets: Mapping[int, int | None]) -> Iterator[tuple[int, int]]:
    """Pairs of a target and an amount that counts for it."""
    if of == "person":
        statement = _asked(measure, Contract.owner_id == Target.owner_id).where(Target.id.in_(targets))
        yield from ((row[0], _minor(row[2])) for row in connection.execute(statement))
        return
    below = _below(connection)
    statement = _asked(measure, Contract.department_id.is_not(None)).where(Target.id.in_(targets))
    for number, department, amount in connection.execute(statement):
        wanted = targets[number]
        if wanted is not None and department in below[wanted]:
            yield number, _minor(amount)


def _asked(measure: str, who: ColumnElement[bool]) -> Select[Any]:
    """Target, department and sum of what was signed or received within the period of a target."""
    statement: Any
    if measure == "receipts":
        statement = (
            select(Target.id, Contract.department_id, func.sum(Receipt.amount))
            .select_from(Receipt)
            .join(Installment, Installment.id == Receipt.installment_id)
            .join(Contract, Contract.id == Installment.contract_id)
            .join(Target, who & Receipt.on.between(Target.first_on, Target.last_on))
            .where(Receipt.deleted_at.is_(None), Contract.deleted_at.is_(None))
        )
    else:
        statement = (
            select(Target.id, Contract.department_id, func.sum(Contract.amount))
            .select_from(Contract)
            .join(Target, who & Contract.signed_on.between(Target.first_on, Target.last_on))
            .where(Contract.state == "approved", Contract.deleted_at.is_(None))
        )
    grouped: Select[Any] = statement.group_by(Target.id, Contract.department_id)
    return grouped


def _minor(amount: Any) -> int:
    return amount.minor if isinstance(amount, Money) else int(amount or 0)


def _below(connection: Any) -> Mapping[int, set[int]]:
    """By department, itself and all that stand below it."""
    table = Target.metadata.tables["system_department"].c
    above = dict(connection.execute(select(table.id, table.parent_id).where(table.deleted_at.is_(None))).tuples())
    found: dict[int, set[int]] = defaultdict(set)
    for department in above:
        here, seen = department, set[int]()
        while here is not None and here not in seen:
            seen.add(here)
            found[here].add(department)
            here = above.get(here)
    return found
