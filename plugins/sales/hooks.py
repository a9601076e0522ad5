"""What sales does when records change: sums of documents, instalments in step with their contract."""

from __future__ import annotations

from typing import Any

from plugins.sales.lines import in_figures, reckon
from plugins.sales.models import Contract, Installment
from plugins.sales.plans import follow, installments_of
from sopia import Session, Text, acting, concerning, hookimpl
from sopia import translate as _


@hookimpl
@concerning("sales.quotation", "sales.order", "sales.contract", "sales.installment")
def on_change(session: Session, resource: str, record: Any, action: str) -> None:
    """Keep what follows from a change in step with it."""
    if resource in ("sales.quotation", "sales.order"):
        if action in ("create", "edit"):
            reckon(session, record)
    elif action in ("create", "edit", "assign", "restore"):
        follow_contract(session, record)


@hookimpl
@concerning("sales.installment")
def check_action(record: Installment, action: str) -> Text | None:
    """An instalment for which money has arrived stays."""
    if action == "delete" and record.received:
        return _("{received} has arrived for it. Release that money first.", received=in_figures(record.received))
    return None


def follow_contract(session: Session, record: Any) -> None:
    """Instalments bear the number of their contract and remind its owner."""
    with acting(session, "instalments follow their contract") as beyond:
        number = record.contract_id if isinstance(record, Installment) else record.id
        contract = beyond.get_one(Contract, number)
        for installment in installments_of(beyond, contract):
            follow(beyond, installment, contract)
    if isinstance(record, Installment):
        session.expire(record)
