"""One deal: what was earned, received and spent for it, paper by paper, and what is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Connection, Date, String, case, literal, select, type_coerce, union_all

from plugins.customers.models import Customer
from plugins.finance import figures
from plugins.finance.figures import SPENT, Deal, minor, present
from plugins.finance.models import Allocation, Expense, Payable, Payment, PaymentAllocation, Receipt, Receivable
from sopia import Text
from sopia import translate as _

PLACES = ("earned", "received", "costs", "paid", "expenses")
KINDS: dict[str, tuple[Text, str]] = {
    "earned": (_("Receivable"), "/finance/receivables"),
    "received": (_("Receipt"), "/finance/receipts"),
    "costs": (_("Payable"), "/finance/payables"),
    "paid": (_("Payment"), "/finance/payments"),
    "expenses": (_("Expense"), "/finance/expenses"),
}
"""What a line of each column is, and where its papers are."""

ORDER = ("earned", "costs", "expenses", "received", "paid")


@dataclass
class Line:
    """One paper of a deal, with its amount in minor units."""

    place: str
    record: int
    on: date
    number: str
    text: str
    amount: int


def lines_of(connection: Connection, deal: str) -> list[Line]:
    """All papers of a deal within the reader's scope, the oldest first."""

    def part(place: str, paper: Any, on: Any, text: Any, amount: Any, *conditions: Any) -> Any:
        return select(
            literal(place, String()).label("place"),
            paper.id.label("record"),
            type_coerce(on, Date).label("day"),
            type_coerce(paper.number, String()).label("number"),
            type_coerce(text, String()).label("told"),
            type_coerce(minor(amount), BigInteger()).label("amount"),
        ).where(*conditions, present(paper))

    every = union_all(
        part("earned", Receivable, Receivable.on, Receivable.remark, Receivable.amount, Receivable.source == deal),
        part(
            "received", Receipt, Allocation.on, Receipt.remark, Allocation.amount,
            Allocation.receipt_id == Receipt.id, Allocation.receivable_id == Receivable.id, Receivable.source == deal,
            present(Allocation), present(Receivable),
        ),
        part("costs", Payable, Payable.on, Payable.remark, Payable.amount, Payable.source == deal),
        part(
            "paid", Payment, PaymentAllocation.on, Payment.remark, PaymentAllocation.amount,
            PaymentAllocation.payment_id == Payment.id, PaymentAllocation.payable_id == Payable.id,
            Payable.source == deal, present(PaymentAllocation), present(Payable),
        ),
        part("expenses", Expense, Expense.on, Expense.title, Expense.amount, Expense.order == deal,
             Expense.state.in_(SPENT)),
    ).subquery("every")  # fmt: skip
    # What is owed comes before what is paid of it on the same day.
    rank = case({place: number for number, place in enumerate(ORDER)}, value=every.c.place)
    wanted = select(every).order_by(every.c.day, rank, every.c.number, every.c.record).limit(figures.SHOWN * 5)
    return [
        Line(row.place, row.record, row.day, row.number or f"#{row.record}", row.told or "", int(row.amount))
        for row in connection.execute(wanted)
    ]


def customers_of(connection: Connection, deal: str) -> list[tuple[int, str]]:
    """Whom a deal is with: the customers of its papers, as far as the reader sees them."""
    owing = select(Receivable.customer_id).where(Receivable.source == deal, present(Receivable))
    spent = select(Expense.customer_id).where(Expense.order == deal, present(Expense))
    wanted = select(Customer.id, Customer.name).where(Customer.id.in_(union_all(owing, spent)), present(Customer))
    return [(row.id, row.name) for row in connection.execute(wanted.order_by(Customer.name).limit(5))]


def sum_of(deal: str, lines: list[Line]) -> Deal:
    """What the lines come to."""
    return Deal(deal, deal, *(sum(line.amount for line in lines if line.place == place) for place in PLACES))


def of_contract(session: Any, contract: Any) -> dict[str, Any]:
    """What a contract's page shows of its deal, which bears its number."""
    deal = contract.number or contract.name
    whole = sum_of(deal, lines_of(session.connection(), deal))
    return {"deal": deal, "whole": whole}
