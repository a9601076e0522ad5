"""What happens in finance when a plan changes in sales, and in sales when money is allocated in finance."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, or_, select

from plugins.customers.models import Customer
from plugins.finance.models import Receivable
from plugins.finance.services import make_receivable
from plugins.sales.models import Contract, Installment
from plugins.sales.services import note_receivables, note_received
from sopia import Money, Session, now

RUNNING = "approved"
KEY = "sales.installment:"
"""What the receivables of instalments bear, with the number of the instalment behind it."""


def key_of(installment_id: int) -> str:
    """By which finance knows the receivable of an instalment."""
    return f"{KEY}{installment_id}"


def receivable_of(session: Session, installment_id: int) -> Receivable | None:
    """The receivable of an instalment."""
    wanted = select(Receivable).where(Receivable.source_key == key_of(installment_id), Receivable.deleted_at.is_(None))
    return session.scalars(wanted).first()


def owe_contract(session: Session, event: Any) -> None:
    """A contract that runs makes its instalments receivables; a void one takes them back."""
    contract = session.get_one(Contract, event.id)
    for installment in _parts(session, contract):
        if event.after == RUNNING:
            _owe(session, installment, contract)
        elif event.before == RUNNING:
            _drop(session, installment.id)


def owe_installment(session: Session, event: Any) -> None:
    """An instalment that is planned while its contract runs is a receivable at once."""
    installment = session.get(Installment, event.id)
    contract = session.get(Contract, installment.contract_id) if installment is not None else None
    if installment is not None and contract is not None and contract.state == RUNNING:
        _owe(session, installment, contract)


def change_receivable(session: Session, event: Any) -> None:
    """The receivable follows the day and the amount of its instalment."""
    installment = session.get(Installment, event.id)
    owed = receivable_of(session, event.id)
    if installment is None or owed is None or not {"due_on", "amount"} & set(event.fields):
        return
    # What had arrived before the receivable was made is no part of it.
    wanted = installment.amount - installment.received + owed.settled
    if owed.due_on != installment.due_on:
        owed.due_on = installment.due_on
    if owed.amount != wanted and wanted > Money(0):
        owed.amount = wanted
    session.flush()


def drop_receivable(session: Session, event: Any) -> None:
    """An instalment that goes takes its receivable with it."""
    _drop(session, event.id)


def note_money(session: Session, event: Any) -> None:
    """Money allocated to the receivable of an instalment has arrived there; others count for the credit check."""
    owed = session.get(Receivable, event.id)
    if owed is None:
        return
    if not (owed.source_key or "").startswith(KEY):
        _report(session, owed.party_id)
        return
    installment = session.get(Installment, int((owed.source_key or "").removeprefix(KEY)))
    if installment is None or owed.deleted_at is not None or "settled" not in event.fields:
        return
    arrived = installment.amount - owed.amount + owed.settled - installment.received
    if arrived:
        note_received(session, installment, arrived)


def take_over(session: Session) -> None:
    """Make what is outstanding already a receivable, and report what firms owe besides."""
    contracts = select(Contract).where(Contract.state == RUNNING, Contract.deleted_at.is_(None)).order_by(Contract.id)
    for contract in session.scalars(contracts).all():
        for installment in _parts(session, contract):
            _owe(session, installment, contract)
    owing = select(Receivable.party_id).where(_others(), Receivable.open > Money(0)).distinct()
    for party in session.scalars(owing.order_by(Receivable.party_id)).all():
        _report(session, party)


def _parts(session: Session, contract: Contract) -> list[Installment]:
    wanted = select(Installment).where(Installment.contract_id == contract.id, Installment.deleted_at.is_(None))
    return list(session.scalars(wanted.order_by(Installment.due_on, Installment.id)))


def _owe(session: Session, installment: Installment, contract: Contract) -> None:
    if installment.outstanding <= Money(0) or receivable_of(session, installment.id) is not None:
        return
    make_receivable(
        session,
        amount=installment.outstanding,
        due_on=installment.due_on,
        customer=session.get_one(Customer, contract.customer_id),
        source=contract.number or contract.name,
        source_key=key_of(installment.id),
        owner_id=contract.owner_id,
        department_id=contract.department_id,
        remark=installment.name,
    )


def _drop(session: Session, installment_id: int) -> None:
    owed = receivable_of(session, installment_id)
    if owed is not None and not owed.settled:
        owed.deleted_at = now()
        session.flush()


def _others() -> Any:
    """Receivables that come from no instalment."""
    foreign = or_(Receivable.source_key.is_(None), Receivable.source_key.not_like(f"{KEY}%"))
    return foreign & Receivable.deleted_at.is_(None)


def _report(session: Session, party_id: int) -> None:
    wanted = select(func.sum(Receivable.open), func.min(Receivable.due_on)).where(
        _others(), Receivable.party_id == party_id, Receivable.open > Money(0)
    )
    amount, since = session.execute(wanted).one()
    note_receivables(session, party_id, amount or Money(0), since)
