"""Payment plans: instalments of a contract whose sum is exact, and the money that arrives for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select

from plugins.sales.firms import today
from plugins.sales.lines import in_figures
from plugins.sales.models import Contract, Installment, Receipt
from plugins.sales.settings import REMIND_DAYS
from sopia import Conflict, FieldError, Invalid, Money, Session, Text, acting, now, read_setting, values
from sopia import translate as _

MOST = 120
"""Instalments of one plan."""

EARLIEST, LATEST = 1990, 2200
"""The years in which plans begin."""

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
DAYS = {"week": 7}

SHARE = re.compile(r"(\d+(?:\.\d{1,4})?)\s*[%％]?\s*(?:[,，;；:：/@ \t]\s*|$)(\d{1,4})?")
"""A line such as "30% 0" or "70 30": so many percent, so many days after the contract is signed."""


@dataclass(frozen=True, slots=True)
class Due:
    """An amount that is due on a day."""

    on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Term:
    """So many percent of a contract, so many days after it is signed."""

    percent: Decimal
    days: int


# ------------------------------------------------------------------------------------------------------ reckoning


def evenly(amount: Money, count: int, first: date, every: str) -> list[Due]:
    """Equal instalments at equal distances; what cannot be shared out evenly goes to the first ones."""
    parts = amount.split([1] * count)
    return [Due(_later(first, number, every), part) for number, part in enumerate(parts)]


def by_terms(amount: Money, terms: Sequence[Term], start: date) -> list[Due]:
    """Instalments by percentages that make 100, each so many days after the start."""
    parts = amount.split([int(term.percent.scaleb(4)) for term in terms])
    return [Due(start + timedelta(days=term.days), part) for term, part in zip(terms, parts, strict=True)]


def _later(first: date, number: int, every: str) -> date:
    if every in DAYS:
        return first + timedelta(days=DAYS[every] * number)
    return values.add_months(first, MONTHS[every] * number)


def read_terms(given: Any) -> list[Term]:
    """The terms as the API sends them, a list of objects, or as people type them, a line for each."""
    if isinstance(given, str):
        given = [_typed_term(number, line) for number, line in enumerate(filter(str.strip, given.splitlines()))]
    if not isinstance(given, list) or not 1 <= len(given) <= MOST:
        raise _fault("terms", _("Give between 1 and {most} instalments.", most=MOST))
    terms = [_term(number, each) for number, each in enumerate(given)]
    whole = sum((term.percent for term in terms), Decimal(0))
    if whole != 100:
        raise _fault("terms", _("The percentages make {whole}; they must make 100.", whole=f"{whole.normalize():f}"))
    return terms


def _typed_term(number: int, line: str) -> dict[str, Any]:
    found = SHARE.fullmatch(line.strip())
    if found is None:
        raise _fault(
            f"terms.{number}", _("“{line}” is no instalment. Write percent and days, as in 30% 15.", line=line[:40])
        )
    return {"percent": found[1], "days": found[2] or 0}


def _term(number: int, given: Any) -> Term:
    if not isinstance(given, dict) or set(given) - {"percent", "days"}:
        raise _fault(f"terms.{number}", _("An instalment is given as an object with percent and days."))
    try:
        percent = values.percent(given.get("percent"))
        days = values.integer(given.get("days", 0), 0, 3660)
    except values.ValueFault as fault:
        raise Invalid([FieldError(f"terms.{number}", fault.message)]) from None
    if percent is None or percent <= 0:
        raise _fault(f"terms.{number}.percent", _("An instalment is more than 0 percent."))
    return Term(percent, days or 0)


def _fault(field: str, message: Any) -> Invalid:
    return Invalid([FieldError(field, message)])


# ------------------------------------------------------------------------------------------------------ planning


def plan(
    session: Session,
    contract: Contract,
    count: int | None = None,
    first_due_on: date | None = None,
    every: str | None = None,
    terms: Any = None,
) -> None:
    """Plan in which instalments the money of a contract comes, in place of the plan that it has."""
    with acting(session, "the plan of a contract follows from its terms") as beyond:
        here = beyond.get_one(Contract, contract.id, with_for_update=True)
        if here.amount <= Money(0):
            raise Conflict(_("A contract of 0.00 has nothing to plan. Fill in its amount first."))
        dues = _dues(beyond, here, count, first_due_on, every, terms)
        if any(due.amount <= Money(0) for due in dues):
            raise Conflict(
                _("{amount} cannot be divided into {count} instalments of at least 0.01.",
                  amount=in_figures(here.amount), count=len(dues))
            )  # fmt: skip
        _drop(beyond, here)
        _make(beyond, here, dues)
    session.expire(contract)


def _dues(
    session: Session, contract: Contract, count: int | None, first: date | None, every: str | None, terms: Any
) -> list[Due]:
    if terms not in (None, "", []):
        if count is not None:
            raise _fault("terms", _("Plan by count or by percentages, not by both."))
        start = contract.signed_on or today(session)
        if not EARLIEST <= start.year <= LATEST:
            raise Conflict(_("The contract is signed in {year}, which cannot be planned from.", year=start.year))
        return by_terms(contract.amount, read_terms(terms), start)
    faults = []
    if count is None or not 1 <= count <= MOST:
        faults.append(FieldError("count", _("Give between 1 and {most} instalments.", most=MOST)))
    if first is None:
        faults.append(FieldError("first_due_on", _("Please fill this in.")))
    elif not EARLIEST <= first.year <= LATEST:
        faults.append(
            FieldError("first_due_on", _("Choose a day between {first} and {last}.", first=EARLIEST, last=LATEST))
        )
    if faults or count is None or first is None:
        raise Invalid(faults)
    return evenly(contract.amount, count, first, every or "month")


def _drop(session: Session, contract: Contract) -> None:
    """Take the present plan away, unless money has arrived for it."""
    present = installments_of(session, contract)
    got = sum((each.received for each in present), Money(0))
    if got:
        raise Conflict(
            _("{amount} has arrived for the present plan, so it is no longer replaced.", amount=in_figures(got)),
            _("Change the instalments that are still open one by one."),
        )
    for each in present:
        each.deleted_at = now()
    session.flush()


def _make(session: Session, contract: Contract, dues: Iterable[Due]) -> None:
    days = int(read_setting(session, f"sales.{REMIND_DAYS.name}"))
    for number, due in enumerate(dues, 1):
        made = Installment(
            contract_id=contract.id,
            position=number,
            due_on=due.on,
            amount=due.amount,
            received=Money(0),
            remind_days=days,
        )
        follow(session, made, contract)
        session.add(made)
    session.flush()


def installments_of(session: Session, contract: Contract) -> list[Installment]:
    """The instalments of a contract in their order."""
    wanted = select(Installment).where(Installment.contract_id == contract.id, Installment.deleted_at.is_(None))
    return list(session.scalars(wanted.order_by(Installment.due_on, Installment.position, Installment.id)))


def planned(session: Session, contract: Contract, without: int = 0) -> Money:
    """How much of a contract is planned already."""
    wanted = select(func.sum(Installment.amount)).where(
        Installment.contract_id == contract.id, Installment.deleted_at.is_(None), Installment.id != without
    )
    return session.scalar(wanted) or Money(0)


def fault_of_installment(session: Session, installment: Installment) -> Mapping[str, Text]:
    """An instalment stands behind the others, is more than nothing, and fits into what its contract leaves."""
    contract = session.get(Contract, installment.contract_id) if installment.contract_id else None
    if installment.amount is None or contract is None:
        return {}
    others = planned(session, contract, without=installment.id or 0)
    if not installment.position:
        installment.position = 1 + len(installments_of(session, contract))
    if installment.remind_days is not None and not 0 <= installment.remind_days <= 365:
        return {"remind_days": _("Choose between 0 and 365 days.")}
    if not EARLIEST <= installment.due_on.year <= LATEST + MOST:
        return {"due_on": _("Choose a day between {first} and {last}.", first=EARLIEST, last=LATEST)}
    if installment.amount <= Money(0):
        return {"amount": _("An instalment is more than 0.")}
    if installment.received is not None and installment.amount < installment.received:
        return {"amount": _("{received} has arrived already.", received=in_figures(installment.received))}
    if contract.state == "void":
        return {"contract": _("The contract is void.")}
    if others + installment.amount > contract.amount:
        left = contract.amount - others
        return {"amount": _("The contract is over {amount}; {left} of it is not planned yet.",
                            amount=in_figures(contract.amount), left=in_figures(left))}  # fmt: skip
    return {}


# ------------------------------------------------------------------------------------------------------ following


def state_of(due_on: date, amount: Money, received: Money, remind_days: int, day: date) -> str:
    """Where an instalment stands on a day: to come, due, part, done or overdue."""
    if received >= amount:
        return "done"
    if due_on < day:
        return "overdue"
    if received > Money(0):
        return "part"
    return "due" if due_on - timedelta(days=remind_days) <= day else "to come"


def follow(session: Session, installment: Installment, contract: Contract) -> None:
    """Set what follows from the other fields of an instalment: state, day of the reminder, who is reminded."""
    days = installment.remind_days if installment.remind_days is not None else 7
    state = state_of(installment.due_on, installment.amount, installment.received or Money(0), days, today(session))
    told = {
        "state": state,
        "remind_on": installment.due_on - timedelta(days=days),
        "collector_id": contract.owner_id,
        "name": f"{contract.number or contract.name} · {installment.position}"[:120],
    }
    for name, value in told.items():
        if getattr(installment, name) != value:
            setattr(installment, name, value)


def note_received(session: Session, installment: Installment, amount: Money, on: date | None = None) -> None:
    """Note money that arrived for an instalment, or with a negative amount was taken back.

    For the plugin that keeps receipts: call it where the money is allocated, in the same transaction. More than is
    outstanding is refused, as is taking back more than has arrived.
    """
    with acting(session, "money arrived for an instalment") as beyond:
        contract = beyond.get_one(Contract, installment.contract_id, with_for_update=True)
        here = beyond.get_one(Installment, installment.id, with_for_update=True, populate_existing=True)
        if amount > here.outstanding or here.received + amount < Money(0):
            raise Conflict(
                _(
                    "{amount} does not fit: of {whole} {received} has arrived and {open} is outstanding.",
                    amount=in_figures(amount),
                    whole=in_figures(here.amount),
                    received=in_figures(here.received),
                    open=in_figures(here.outstanding),
                )
            )
        here.received += amount
        contract.received += amount
        follow(beyond, here, contract)
        beyond.add(Receipt(installment_id=here.id, on=on or today(beyond), amount=amount))
    if installment in session:
        session.expire(installment)


def age(run: Any) -> dict[str, int]:
    """Bring the states of instalments up to the day; for the schedule of the night."""
    with run.session(write=True) as session:
        changed = 0
        day = today(session)
        stale = or_(
            (Installment.state.in_(("to come", "due", "part"))) & (Installment.due_on < day),
            (Installment.state == "to come") & (Installment.remind_on <= day),
            (Installment.state == "overdue") & (Installment.due_on >= day),
        )
        for each in session.scalars(select(Installment).where(stale, Installment.deleted_at.is_(None))):
            each.state = state_of(each.due_on, each.amount, each.received, each.remind_days, day)
            changed += 1
        return {"instalments": changed}
