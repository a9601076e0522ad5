"""What is worked out from the documents: balances, ageing, the running account, profit by deal, the business situation.

All of it is asked for in the reader's scope, but for the balance of an account, which is the same for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Date,
    Select,
    String,
    bindparam,
    case,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from plugins.customers.models import Customer, Party
from plugins.finance.models import (
    Account,
    Expense,
    ExpenseCategory,
    Payable,
    Payment,
    Receipt,
    Receivable,
    today,
)
from plugins.finance.services import IN, OUT, Side, side_of
from sopia import Model, Question, Session, Text
from sopia import translate as _

SHOWN = 200
"""Firms or deals that a page shows; all of them are in the file."""

EVER = ("confirmed", "countered")


def minor(column: Any) -> ColumnElement[Any]:
    """Minor units, without the work of making objects of them."""
    return type_coerce(column, BigInteger)


def present(model: type[Model]) -> ColumnElement[bool]:
    """What is not in the recycle bin."""
    return model.deleted_at.is_(None)


def _by(connection: Connection, statement: Any) -> dict[Any, int]:
    return {key: int(amount or 0) for key, amount in connection.execute(statement)}


# ------------------------------------------------------------------------------------------------ accounts


def balances(connection: Connection, ids: Sequence[int]) -> Mapping[int, int]:
    """The balance of each account: what lay there, and all that was confirmed since."""
    parts: list[Any] = [select(Account.id, minor(Account.opening)).where(Account.id.in_(ids))]
    moves: tuple[tuple[Any, str, int], ...] = (
        (Receipt, "confirmed", 1),
        (Payment, "confirmed", -1),
        (Expense, "paid", -1),
    )
    for model, state, sign in moves:
        wanted = (model.account_id.in_(ids), model.state == state, present(model))
        moved = func.sum(minor(model.amount)) * sign
        parts.append(select(model.account_id, moved).where(*wanted).group_by(model.account_id))
    found: dict[int, int] = {}
    for account, amount in connection.execute(union_all(*parts)):
        found[account] = found.get(account, 0) + int(amount or 0)
    return found


# ------------------------------------------------------------------------------------------------ panels


def allocation_of(session: Session, record: Any) -> dict[str, Any]:
    """What the panel of a receipt or payment shows: its allocations, and what is left."""
    side = side_of(record)
    line, owed = side.line, side.owed
    rows = session.execute(
        select(line.id, line.on, minor(line.amount), owed.id, owed.number, owed.source)
        .outerjoin(owed, owed.id == getattr(line, f"{side.owed_name}_id"))
        .where(getattr(line, f"{side.paid_name}_id") == record.id, present(line))
        .order_by(line.id)
    ).all()
    return {
        "document": record,
        "lines": rows,
        "paid": f"/finance/{side.paid_name}s/{record.id}",
        "owed": f"/finance/{side.owed_name}s",
        "confirmed": record.state == "confirmed",
    }


def _owed() -> Select[Any]:
    late = case((Receivable.due_on < bindparam("day", type_=Date), minor(Receivable.open)), else_=0)
    party = bindparam("party", type_=BigInteger)
    advance = select(func.sum(minor(Receipt.left))).where(
        Receipt.party_id == party, present(Receipt), Receipt.state == "confirmed"
    )
    payable = select(func.sum(minor(Payable.open))).where(
        Payable.party_id == party, present(Payable), minor(Payable.open) > 0
    )
    return select(
        func.sum(minor(Receivable.open)),
        func.sum(late),
        func.min(Receivable.due_on),
        advance.scalar_subquery(),
        payable.scalar_subquery(),
    ).where(Receivable.party_id == party, present(Receivable), minor(Receivable.open) > 0)


OWED = Question(_owed())
"""What the page of every customer and supplier asks, in its reader's scope."""


def owed_by(session: Session, customer: Any) -> dict[str, Any]:
    """What the panel of a customer or supplier shows: open, overdue, advances, and when the next amount is due."""
    opened, overdue, due, advance, payable = OWED.one(session, party=customer.party_id, day=today())
    limit = getattr(customer, "credit_limit", None)
    return {
        "open": int(opened or 0),
        "overdue": int(overdue or 0),
        "due": due,
        "advance": int(advance or 0),
        "payable": int(payable or 0),
        "limit": limit.minor if limit else None,
        "statement": f"/finance/statement?party={customer.party_id}",
    }


# ------------------------------------------------------------------------------------------------ ageing

AGES: tuple[tuple[str, Text, int | None, int | None], ...] = (
    ("coming", _("Not due yet"), None, -1),
    ("a30", _("0–30 days"), 0, 30),
    ("a60", _("31–60 days"), 31, 60),
    ("a90", _("61–90 days"), 61, 90),
    ("older", _("Over 90 days"), 91, None),
)
"""The classes of age, by the days since it was due."""


def days_of(age: tuple[str, Text, int | None, int | None], on: date) -> tuple[date | None, date | None]:
    """The first and the last due date of a class of age."""
    _name, _title, least, most = age
    first = on - timedelta(days=most) if most is not None else None
    last = on - timedelta(days=least) if least is not None else None
    return first, last


@dataclass
class Aged:
    """One firm's open amounts by age, in minor units."""

    party: int
    name: str
    ages: list[int]

    @property
    def total(self) -> int:
        """All that is open."""
        return sum(self.ages)


def ageing(connection: Connection, side: Side, on: date) -> list[Aged]:
    """What is open, by firm and age, the greatest first."""
    owed = side.owed
    columns = []
    for age in AGES:
        first, last = days_of(age, on)
        within = [owed.due_on >= first] if first is not None else []
        within += [owed.due_on <= last] if last is not None else []
        condition = within[0] if len(within) == 1 else within[0] & within[1]
        columns.append(func.sum(case((condition, minor(owed.open)), else_=0)))
    statement = select(owed.party_id, *columns).where(present(owed), minor(owed.open) > 0).group_by(owed.party_id)
    rows = connection.execute(statement).all()
    names = names_of(connection, [row[0] for row in rows])
    found = [Aged(row[0], names.get(row[0], f"#{row[0]}"), [int(each or 0) for each in row[1:]]) for row in rows]
    return sorted(found, key=lambda each: (-each.total, each.party))


def names_of(connection: Connection, parties: Iterable[int]) -> dict[int, str]:
    """What firms are called, as far as the reader sees them."""
    wanted, found = sorted(set(parties)), {}
    table = Party.__table__
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        named = select(table.c.id, Party.__named_by__(table)).where(table.c.id.in_(part))
        found.update({key: name for key, name in connection.execute(named) if name})
    return found


# ------------------------------------------------------------------------------------------------ running account


@dataclass
class Line:
    """One line of a running account: `more` raises what is owed, `less` lowers it."""

    on: date
    kind: str
    record: int
    number: str
    text: str
    amount: int
    balance: int = 0

    @property
    def more(self) -> int | None:
        """The amount, where it raises the balance."""
        return self.amount if self.amount > 0 else None

    @property
    def less(self) -> int | None:
        """The amount, where it lowers the balance."""
        return -self.amount if self.amount < 0 else None


@dataclass
class Statement:
    """The running account of a firm over some days."""

    opening: int = 0
    lines: list[Line] = field(default_factory=list)

    @property
    def more(self) -> int:
        """The sum of all that raised the balance."""
        return sum(line.more or 0 for line in self.lines)

    @property
    def less(self) -> int:
        """The sum of all that lowered it."""
        return sum(line.less or 0 for line in self.lines)

    @property
    def closing(self) -> int:
        """What is owed at the end."""
        return self.opening + self.more - self.less


def _movements(party: int, side: Side, sign: int) -> list[Any]:
    """All that ever moved the account of a firm on one side, with what it did to the balance."""
    owed, paid = side.owed, side.paid

    def row(model: Any, on: Any, kind: str, text: Any, amount: Any, *conditions: Any) -> Any:
        return select(
            type_coerce(on, Date).label("day"),
            literal(kind, String()).label("kind"),
            model.id.label("record"),
            type_coerce(model.number, String()).label("number"),
            type_coerce(text, String()).label("told"),
            (minor(model.amount) * amount).label("amount"),
        ).where(model.party_id == party, present(model), *conditions)

    return [
        row(owed, owed.on, side.owed_name, owed.source, sign),
        row(paid, paid.on, side.paid_name, paid.remark, -sign, paid.state.in_(EVER)),
        row(paid, paid.countered_on, f"{side.paid_name}_countered", paid.reason, sign, paid.state == "countered"),
    ]


def statement(connection: Connection, party: int, start: date, end: date, which: str = "both") -> Statement:
    """The running account of a firm from a day to a day, both included.

    Above 0 the firm owes us; of a supplier alone (`which="supplier"`), above 0 we owe the firm.
    """
    parts = []
    if which in ("both", "customer"):
        parts += _movements(party, IN, 1)
    if which in ("both", "supplier"):
        parts += _movements(party, OUT, 1 if which == "supplier" else -1)
    moved = union_all(*parts).subquery("moved")
    before = connection.execute(select(func.sum(moved.c.amount)).where(moved.c.day < start)).scalar()
    found = Statement(opening=int(before or 0))
    wanted = select(moved).where(moved.c.day >= start, moved.c.day <= end)
    balance = found.opening
    # What is paid on the day on which it arose comes behind it, as it happened.
    later = case((moved.c.kind.in_((IN.owed_name, OUT.owed_name)), 0), else_=1)
    for row in connection.execute(wanted.order_by(moved.c.day, later, moved.c.number, moved.c.kind, moved.c.record)):
        balance += int(row.amount)
        line = Line(
            row.day, row.kind, row.record, row.number or f"#{row.record}", row.told or "", int(row.amount), balance
        )
        found.lines.append(line)
    return found


# ------------------------------------------------------------------------------------------------ profit


@dataclass
class Deal:
    """What came of one deal or one customer, in minor units."""

    key: Any
    name: str
    earned: int
    received: int
    costs: int
    paid: int
    expenses: int

    @property
    def amounts(self) -> tuple[int, int, int, int, int]:
        """The five amounts that it is worked out from."""
        return self.earned, self.received, self.costs, self.paid, self.expenses

    @property
    def profit(self) -> int:
        """What it earns once all is settled."""
        return self.earned - self.costs - self.expenses

    @property
    def cash(self) -> int:
        """What is in hand of it by now."""
        return self.received - self.paid - self.expenses

    @property
    def margin(self) -> float | None:
        """The profit as a share of what was earned."""
        return self.profit / self.earned if self.earned else None


SPENT = ("approved", "paid")


def _deal_parts(by: str, start: date | None, end: date | None, text: str) -> list[Any]:
    def part(model: Any, key: Any, place: int, first: Any, second: Any, *conditions: Any) -> Any:
        amounts = [literal(0, BigInteger())] * 5
        amounts[place] = first
        if second is not None:
            amounts[place + 1] = second
        given = [
            condition
            for condition in (
                model.on >= start if start else None,
                model.on <= end if end else None,
                model.__table__.c["order" if model is Expense else "source"].contains(text, autoescape=True)
                if text
                else None,
            )
            if condition is not None
        ]
        return select(key.label("key"), *(each.label(f"a{i}") for i, each in enumerate(amounts))).where(
            present(model), *given, *conditions
        )  # fmt: skip

    deal = by == "deal"
    owing = Receivable.source if deal else Receivable.customer_id
    owed = Payable.source if deal else Payable.customer_id
    spent = Expense.order if deal else Expense.customer_id
    return [
        part(Receivable, owing, 0, minor(Receivable.amount), minor(Receivable.settled)),
        part(Payable, owed, 2, minor(Payable.amount), minor(Payable.settled)),
        part(Expense, spent, 4, minor(Expense.amount), None, Expense.state.in_(SPENT)),
    ]


def deals(
    connection: Connection, by: str = "deal", start: date | None = None, end: date | None = None, text: str = ""
) -> list[Deal]:
    """What came of each deal (`by="deal"`) or customer, the greatest first; what is of none comes last, as None."""
    every = union_all(*_deal_parts(by, start, end, text)).subquery("every")
    sums = [func.sum(every.c[f"a{place}"]) for place in range(5)]
    rows = connection.execute(select(every.c.key, *sums).group_by(every.c.key)).all()
    names: dict[Any, str] = {}
    if by == "customer":
        wanted = select(Customer.id, Customer.name).where(Customer.id.in_([row[0] for row in rows if row[0]]))
        names = {row[0]: row[1] for row in connection.execute(wanted)}
    merged: dict[Any, Deal] = {}
    for key, *amounts in rows:
        chosen = key or None
        numbers = [int(each or 0) for each in amounts]
        name = str(names.get(chosen, f"#{chosen}") if by == "customer" else chosen) if chosen is not None else ""
        known = merged.get(chosen)
        if known is not None:
            numbers = [a + b for a, b in zip(numbers, known.amounts, strict=True)]
        merged[chosen] = Deal(chosen, name, *numbers)
    return sorted(merged.values(), key=lambda each: (each.key is None, -each.earned, -each.profit, each.name))


def total_of(found: Iterable[Deal]) -> Deal:
    """All of them together."""
    whole = [0] * 5
    for each in found:
        whole = [a + b for a, b in zip(whole, each.amounts, strict=True)]
    return Deal(None, "", *whole)


# ------------------------------------------------------------------------------------------------ situation


def months_between(start: date, end: date) -> list[tuple[int, int]]:
    """Every month from the first day's to the last day's."""
    found, here = [], (start.year, start.month)
    while here <= (end.year, end.month):
        found.append(here)
        here = (here[0] + here[1] // 12, here[1] % 12 + 1)
    return found


def by_month(
    connection: Connection, model: Any, start: date, end: date, states: tuple[str, ...] | None = None, on: Any = None
) -> dict[tuple[int, int], int]:
    """The sum of the amounts of each month, by year and month."""
    day = model.on if on is None else on
    wanted = [present(model), day >= start, day <= end]
    if states is not None:
        wanted.append(model.state.in_(states))
    sums = select(day, func.sum(minor(model.amount))).where(*wanted).group_by(day)
    found: dict[tuple[int, int], int] = {}
    for moment, amount in connection.execute(sums):
        key = (moment.year, moment.month)
        found[key] = found.get(key, 0) + int(amount)
    return found


def by_category(connection: Connection, start: date, end: date) -> list[tuple[int | None, str, str, int]]:
    """Expenses by category: id, name, colour and sum, the greatest first."""
    sums = (
        select(ExpenseCategory.id, ExpenseCategory.name, ExpenseCategory.colour, func.sum(minor(Expense.amount)))
        .join(Expense, Expense.category_id == ExpenseCategory.id)
        .where(present(Expense), Expense.state.in_(SPENT), Expense.on >= start, Expense.on <= end)
        .group_by(ExpenseCategory.id, ExpenseCategory.name, ExpenseCategory.colour)
    )
    found = [(row[0], row[1], row[2] or "", int(row[3])) for row in connection.execute(sums)]
    return sorted(found, key=lambda each: -each[3])


def open_and_late(connection: Connection, side: Side, on: date) -> tuple[int, int]:
    """All that is open, and what of it is overdue."""
    owed = side.owed
    late = case((owed.due_on < on, minor(owed.open)), else_=0)
    row = connection.execute(
        select(func.sum(minor(owed.open)), func.sum(late)).where(present(owed), minor(owed.open) > 0)
    ).one()
    return int(row[0] or 0), int(row[1] or 0)


def accounts(connection: Connection) -> list[tuple[int, str, int]]:
    """Every account with its balance, as far as the reader sees the documents."""
    rows = connection.execute(
        select(Account.id, Account.name).where(present(Account), Account.archived.is_(False)).order_by(Account.position)
    ).all()
    found = balances(connection, [row[0] for row in rows])
    return [(row[0], row[1], found.get(row[0], 0)) for row in rows]
