"""Demo data: a year of money of a trading company, in which every amount adds up to the cent."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from plugins.customers.models import Customer
from plugins.finance.models import (
    NOTHING,
    Account,
    ExpenseCategory,
    Payment,
    PaymentMethod,
    Receipt,
    today,
)
from plugins.finance.services import IN, Side
from sopia import Demo, Money

WORK = ("年度采购框架", "设备供货", "系统集成", "备件补货", "技术服务", "仓储改造", "扩容项目", "门店升级")
SPENT = (
    ("拜访客户往返高铁票", 320, 1480), ("项目现场住宿", 280, 1900), ("客户接待用餐", 180, 2600), ("样品快递费", 25, 360),
    ("展会物料制作", 600, 7800), ("办公用品采购", 80, 900), ("设备运输费", 300, 4200), ("电话与网络费", 100, 600),
    ("安装现场差旅补贴", 150, 1200), ("办公室水电费", 400, 2300),
)  # fmt: skip
STATES = ("paid", "paid", "paid", "approved", "draft")


def demo(company: Demo) -> None:
    """Fill finance; about every third customer has dealings."""
    year = _Year(company)
    for customer in year.customers:
        year.deal_with(customer)
    for supplier in year.suppliers:
        year.buy_from(supplier)
    year.spend()
    year.write()


class _Year:
    """The documents of a year, put together first and written at once."""

    def __init__(self, company: Demo) -> None:
        self.company, self.chance, self.today = company, company.chance, today()
        session = company.session
        columns = (Customer.id, Customer.party_id, Customer.owner_id, Customer.department_id, Customer.payment_days)
        every = session.execute(select(*columns).where(Customer.deleted_at.is_(None)).order_by(Customer.id)).all()
        self.customers = [row for row in every if row.party_id and self.chance.random() < 0.35]
        self.deals: list[tuple[str, Any, int]] = []
        self.suppliers = self._suppliers(every)
        self.methods = self._ids(PaymentMethod)
        self.accounts = self._ids(Account)
        categories = session.execute(select(ExpenseCategory.id, ExpenseCategory.parent_id)).all()
        above = {row.parent_id for row in categories}
        self.categories = [row.id for row in categories if row.id not in above]
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.lines: dict[str, list[tuple[int, int, int]]] = defaultdict(list)

    def _ids(self, model: Any) -> list[int]:
        return list(self.company.session.scalars(select(model.id).where(model.deleted_at.is_(None)).order_by(model.id)))

    def _suppliers(self, customers: Any) -> list[Any]:
        """Whom one buys from: suppliers where there are any, else some of the customers."""
        known = self.company.resources.get("customers.supplier")
        if known is None:
            return [row for row in customers if row.party_id and self.chance.random() < 0.12]
        table = known.table
        found = self.company.session.execute(
            select(table.c.party_id, table.c.owner_id, table.c.department_id)
            .where(table.c.deleted_at.is_(None))
            .order_by(table.c.id)
        ).all()
        return [row for row in found if row.party_id]

    def _amount(self, least: int, most: int) -> int:
        """An amount in minor units, round more often than not."""
        whole = self.chance.randrange(least, most) * 100
        return whole // 10_000 * 10_000 + 10_000 if self.chance.random() < 0.6 else whole + self.chance.randrange(100)

    def _day(self, most: int = 330) -> date:
        return self.today - timedelta(days=int(self.chance.random() ** 1.3 * most))

    def _number(self, prefix: str, kind: str, on: date) -> str:
        return f"{prefix}-{on:%Y%m}-D{len(self.rows[kind]) + 1:04d}"

    def deal_with(self, customer: Any) -> None:
        """Deals with a customer: what he owes, and what he has paid of it."""
        for _number in range(self.chance.choice((1, 1, 2, 3))):
            name = f"{self.chance.choice(WORK)}-{len(self.deals) + 1:04d}"
            whole = self._amount(6_000, 180_000)
            start = self._day()
            self.deals.append((name, customer, whole))
            parts = Money(whole).split(self.chance.choice(([1], [3, 7], [3, 4, 3])))
            for step, part in enumerate(parts):
                on = min(start + timedelta(days=45 * step), self.today)
                due = on + timedelta(days=customer.payment_days or 30)
                self._owe("finance.receivable", "YS", customer, name, part.minor, on, due)
                if self.chance.random() < (0.86 if due < self.today else 0.25):
                    share = part.minor if self.chance.random() < 0.8 else part.minor * 6 // 10
                    late = timedelta(days=self.chance.randrange(-8, 35))
                    self._pay(IN, "finance.receipt", "SK", customer, share, min(max(on, due + late), self.today))
        if self.chance.random() < 0.12:
            self._pay(IN, "finance.receipt", "SK", customer, self._amount(1_000, 20_000), self._day(60), settles=False)

    def buy_from(self, supplier: Any) -> None:
        """Purchases for deals, most of them paid."""
        from plugins.finance.services import OUT

        for _number in range(self.chance.choice((1, 2, 3))):
            name, _customer, whole = self.chance.choice(self.deals) if self.deals else ("", None, 1_000_000)
            on = self._day(300)
            amount = max(whole * self.chance.randrange(20, 55) // 100, 100)
            due = on + timedelta(days=30)
            self._owe("finance.payable", "YF", supplier, name or None, amount, on, due)
            if due < self.today and self.chance.random() < 0.8:
                self._pay(OUT, "finance.payment", "FK", supplier, amount, min(due, self.today))

    def _owe(self, kind: str, prefix: str, firm: Any, source: str | None, amount: int, on: date, due: date) -> None:
        self.rows[kind].append(
            {
                "number": self._number(prefix, kind, on),
                "party_id": firm.party_id,
                "customer_id": getattr(firm, "id", None),
                "source": source,
                "source_key": None,
                "on": on,
                "due_on": due,
                "amount": Money(amount),
                "settled": NOTHING,
                "open": Money(amount),
                "state": "open",
                "remark": None,
                "owner_id": firm.owner_id,
                "department_id": firm.department_id,
            }
        )

    def _pay(
        self, side: Side, kind: str, prefix: str, firm: Any, amount: int, on: date, *, settles: bool = True
    ) -> None:
        self.rows[kind].append(
            {
                "number": self._number(prefix, kind, on),
                "party_id": firm.party_id,
                "customer_id": getattr(firm, "id", None),
                "on": on,
                "method_id": self.chance.choice(self.methods) if self.methods else None,
                "account_id": self.accounts[0]
                if self.accounts and self.chance.random() < 0.9
                else self.accounts[-1]
                if self.accounts
                else None,
                "amount": Money(amount),
                "allocated": NOTHING,
                "left": Money(amount),
                "state": "confirmed",
                "countered_on": None,
                "reason": None,
                "remark": None if settles else "预收货款",
                "owner_id": firm.owner_id,
                "department_id": firm.department_id,
            }
        )
        if settles:
            self._settle(side, kind, amount)

    def _settle(self, side: Side, kind: str, amount: int) -> None:
        """Let the newest payment settle the newest thing owed, which is the one it was made for."""
        owed, paid = self.rows[f"finance.{side.owed_name}"], self.rows[kind]
        there, here = owed[-1], paid[-1]
        there["settled"], there["open"] = Money(amount), there["amount"] - Money(amount)
        there["state"] = "part" if there["open"] else "settled"
        here["allocated"], here["left"] = Money(amount), here["amount"] - Money(amount)
        self.lines[kind].append((len(paid) - 1, len(owed) - 1, amount))

    def spend(self) -> None:
        """Expenses of the people, some of them for a deal."""
        people = [who for who in self.company.people.values() if self.company.primary.get(who)]
        if not (self.categories and people):
            return
        for _number in range(max(12, self.company.size // 4)):
            title, least, most = self.chance.choice(SPENT)
            owner, on, state = self.chance.choice(people), self._day(), self.chance.choice(STATES)
            deal = self.chance.choice(self.deals) if self.deals and self.chance.random() < 0.5 else None
            paid = state == "paid"
            self.rows["finance.expense"].append(
                {
                    "number": self._number("FY", "finance.expense", on),
                    "title": title,
                    "category_id": self.chance.choice(self.categories),
                    "amount": Money(self._amount(least, most)),
                    "on": on,
                    "customer_id": deal[1].id if deal else None,
                    "order": deal[0] if deal else None,
                    "method_id": self.chance.choice(self.methods) if paid and self.methods else None,
                    "account_id": self.chance.choice(self.accounts) if paid and self.accounts else None,
                    "paid_on": min(on + timedelta(days=5), self.today) if paid else None,
                    "countered_on": None,
                    "reason": None,
                    "state": state,
                    "remark": None,
                    "owner_id": owner,
                    "department_id": self.company.primary[owner],
                }
            )

    def write(self) -> None:
        """Put all of it into the database."""
        ids = {kind: self.company.add(kind, rows) for kind, rows in self.rows.items() if rows}
        for kind, owed, key, mine, theirs in (
            (Receipt, "finance.receivable", "finance.allocation", "receipt_id", "receivable_id"),
            (Payment, "finance.payable", "finance.payment_allocation", "payment_id", "payable_id"),
        ):
            paid = f"finance.{kind.__tablename__.removeprefix('finance_')}"
            lines = [
                {
                    mine: ids[paid][here],
                    theirs: ids[owed][there],
                    "amount": Money(amount),
                    "on": self.rows[paid][here]["on"],
                }
                for here, there, amount in self.lines[paid]
            ]
            if lines:
                self.company.add(key, lines)
