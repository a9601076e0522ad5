"""Demo data: a year of sales, from opportunities to contracts with their payment plans, within the credit limits."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select

from plugins.catalog.models import Product
from plugins.customers.models import Customer
from plugins.sales.firms import today
from plugins.sales.lines import line_amount
from plugins.sales.models import OrderLine, QuotationLine, contract_order
from plugins.sales.plans import evenly, state_of
from plugins.sales.stages import LIKELY, OPEN
from sopia import Demo, Money

DEALS = (
    "产线条码改造项目",
    "仓库二期设备采购",
    "年度耗材框架协议",
    "门店收银设备更新",
    "新厂区网络与监控",
    "手持终端换代",
    "机房不间断电源扩容",
    "仓储货架与周转箱采购",
)
STEPS = ("约技术部门现场勘察", "发送正式报价", "等待客户内部立项", "邀请客户参观样板仓库", "商定付款方式")
REASONS = ("价格高于竞争对手", "客户预算取消", "交货期不能满足", "客户选择了原供应商")
LAYOUTS = ((1, 0), (1, 15), (2, 15), (3, 30), (3, 45))
"""How many instalments a contract has, and after how many days the first is due."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer as the demo needs him."""

    id: int
    name: str
    limit: Money | None
    owner: int
    department: int | None


def demo(company: Demo) -> None:
    """Fill sales; it grows with the company."""
    _Sales(company).make()


class _Sales:
    """A year of business, made from the present day backwards."""

    def __init__(self, company: Demo) -> None:
        self.company, self.chance = company, company.chance
        self.day = today(company.session)
        session = company.session
        shown = (Customer.id, Customer.name, Customer.credit_limit, Customer.owner_id, Customer.department_id)
        rows: Any = session.execute(select(*shown).where(Customer.deleted_at.is_(None)).order_by(Customer.id))
        self.buyers = [Buyer(*row) for row in rows if row.owner_id is not None]
        self.products = list(
            session.scalars(select(Product).where(Product.sale_price.is_not(None)).order_by(Product.id))
        )
        self.owed: dict[int, Money] = defaultdict(lambda: Money(0))
        self.numbers: dict[str, int] = defaultdict(int)

    def make(self) -> None:
        """All of it, in the order in which it comes about."""
        if not self.buyers or not self.products:
            return
        self._opportunities()
        self._quotations()
        self._contracts(self._orders())
        self._targets()

    def _number(self, prefix: str, day: date) -> str:
        """A number with one digit more than those of real documents, so that the two never meet."""
        month = f"{prefix}-{day:%Y%m}"
        self.numbers[month] += 1
        return f"{month}-{self.numbers[month]:05}"

    def _buyers(self, share: float) -> list[Buyer]:
        return self.chance.sample(self.buyers, max(1, min(len(self.buyers), int(len(self.buyers) * share))))

    def _opportunities(self) -> None:
        stages = (*OPEN, "won", "lost")
        rows = []
        for buyer in self._buyers(0.6):
            stage = self.chance.choices(stages, (3, 4, 4, 3, 3, 2))[0]
            away = self.chance.randrange(-60, 0) if stage in ("won", "lost") else self.chance.randrange(-5, 90)
            rows.append(
                {
                    "customer_id": buyer.id,
                    "name": self.chance.choice(DEALS),
                    "stage": stage,
                    "amount": Money.of(self.chance.randrange(8, 400) * 1000),
                    "probability": LIKELY[stage],
                    "close_on": self.day + timedelta(days=away),
                    "next_step": self.chance.choice(STEPS) if stage in OPEN else None,
                    "lost_reason": self.chance.choice(REASONS) if stage == "lost" else None,
                    "remark": None,
                    "owner_id": buyer.owner,
                    "department_id": buyer.department,
                }
            )
        self.company.add("sales.opportunity", rows)

    def _lines(self, most: Money | None = None) -> list[dict[str, Any]]:
        """Some lines, of less than `most` together; none where that is too little."""
        lines: list[dict[str, Any]] = []
        left = most or Money.of(200_000)
        for product in self.chance.sample(self.products, min(len(self.products), self.chance.randrange(1, 5))):
            price = product.sale_price or Decimal(1)
            fits = int(left.decimal() / price / 2)
            if fits < 1:
                continue
            quantity = Decimal(min(fits, self.chance.choice((1, 2, 5, 10, 20, 50, 100))))
            discount = Decimal(self.chance.choice((0, 0, 0, 3, 5)))
            amount = line_amount(price, quantity, discount)
            left -= amount
            lines.append(
                {
                    "position": len(lines),
                    "product_id": product.id,
                    "quantity": quantity,
                    "price": price,
                    "discount": discount,
                    "amount": amount,
                }
            )
        return lines

    def _document(self, prefix: str, buyer: Buyer, day: date, lines: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "number": self._number(prefix, day),
            "customer_id": buyer.id,
            "on": day,
            "total": sum((line["amount"] for line in lines), Money(0)),
            "below_floor": False,
            "remark": None,
            "owner_id": buyer.owner,
            "department_id": buyer.department,
        }

    def _days(self, count: int, longest: int) -> list[date]:
        """So many days of the past, the oldest first, so that numbers follow the calendar."""
        return sorted(self.day - timedelta(days=self.chance.randrange(0, longest)) for _number in range(count))

    def _quotations(self) -> None:
        buyers = self._buyers(0.5)
        rows, lines = [], []
        for buyer, day in zip(buyers, self._days(len(buyers), 120), strict=True):
            own = self._lines()
            fresh = (self.day - day).days < 30
            state = self.chance.choice(("draft", "approved", "confirmed") if fresh else ("confirmed", "cancelled"))
            rows.append(
                {
                    **self._document("QT", buyer, day, own),
                    "valid_to": day + timedelta(days=30),
                    "opportunity_id": None,
                    "state": state,
                }
            )
            lines.append(own)
        ids = self.company.add("sales.quotation", rows)
        told = [{**line, "quotation_id": i} for i, own in zip(ids, lines, strict=True) for line in own]
        self.company.add_parts(QuotationLine, told)

    def _orders(self) -> list[tuple[int, dict[str, Any]]]:
        buyers = self._buyers(0.7)
        buyers += self.chance.sample(buyers, len(buyers) // 3)
        rows, lines = [], []
        for buyer, drawn in zip(buyers, self._days(len(buyers), 300), strict=True):
            day = drawn
            room = None if buyer.limit is None else buyer.limit - self.owed[buyer.id]
            own = self._lines(room) if room is None or room > Money(0) else []
            state = self.chance.choices(("confirmed", "draft", "approved", "cancelled"), (14, 2, 1, 1))[0]
            if (self.day - day).days > 20 and state in ("draft", "approved"):
                state = "confirmed"
            if not own:
                own, state = self._lines(), "draft"
                day = self.day - timedelta(days=self.chance.randrange(0, 10))
            row = {
                **self._document("SO", buyer, day, own),
                "deliver_on": day + timedelta(days=self.chance.randrange(5, 40)),
                "quotation_id": None,
                "state": state,
                "receivable": Money(0),
                "released_to": None,
                "released_by_id": None,
                "released_at": None,
                "release_reason": None,
            }
            if state == "confirmed":
                self.owed[buyer.id] += row["total"]
            rows.append(row)
            lines.append(own)
        ids = self.company.add("sales.order", rows)
        told = [{**line, "order_id": i} for i, own in zip(ids, lines, strict=True) for line in own]
        self.company.add_parts(OrderLine, told)
        return [(i, row) for i, row in zip(ids, rows, strict=True) if row["state"] == "confirmed"]

    def _contracts(self, orders: list[tuple[int, dict[str, Any]]]) -> None:
        names = {buyer.id: buyer.name for buyer in self.buyers}
        chosen = [each for each in orders if self.chance.random() < 0.8]
        rows = []
        for _order, row in chosen:
            signed = min(row["on"] + timedelta(days=self.chance.randrange(0, 7)), self.day)
            rows.append(
                {
                    "number": self._number("HT", signed),
                    "customer_id": row["customer_id"],
                    "name": f"{names[row['customer_id']][:24]} {signed.year} 年供货合同",
                    "amount": row["total"],
                    "signed_on": signed,
                    "starts_on": signed,
                    "ends_on": signed + timedelta(days=365),
                    "state": "approved" if self.chance.random() < 0.93 else "draft",
                    "received": Money(0),
                    "outstanding": row["total"],
                    "remark": None,
                    "owner_id": row["owner_id"],
                    "department_id": row["department_id"],
                }
            )
        ids = self.company.add("sales.contract", rows)
        pairs = [{"contract_id": i, "order_id": order} for i, (order, _row) in zip(ids, chosen, strict=True)]
        if pairs:
            self.company.session.connection().execute(insert(contract_order), pairs)
        self._installments(list(zip(ids, rows, strict=True)))

    def _installments(self, contracts: list[tuple[int, dict[str, Any]]]) -> None:
        rows = []
        for number, contract in contracts:
            count, after = self.chance.choice(LAYOUTS)
            first = contract["signed_on"] + timedelta(days=after)
            for position, due in enumerate(evenly(contract["amount"], count, first, "month"), 1):
                state = state_of(due.on, due.amount, Money(0), 7, self.day)
                rows.append(
                    {
                        "contract_id": number,
                        "position": position,
                        "name": f"{contract['number']} · {position}",
                        "due_on": due.on,
                        "amount": due.amount,
                        "received": Money(0),
                        "outstanding": due.amount,
                        "state": state,
                        "remind_days": 7,
                        "remind_on": due.on - timedelta(days=7),
                        "collector_id": contract["owner_id"],
                        "remark": None,
                    }
                )
        self.company.add("sales.installment", rows)

    def _targets(self) -> None:
        sellers = {buyer.owner: buyer.department for buyer in self.buyers}
        quarter = f"{self.day.year}-Q{(self.day.month + 2) // 3}"
        first = date(self.day.year, (self.day.month - 1) // 3 * 3 + 1, 1)
        last = (first + timedelta(days=93)).replace(day=1) - timedelta(days=1)
        self.company.add(
            "sales.target",
            [
                {
                    "period": quarter,
                    "of": "person",
                    "measure": measure,
                    "amount": Money.of(self.chance.choice((30, 50, 80, 120)) * 10_000),
                    "first_on": first,
                    "last_on": last,
                    "owner_id": owner,
                    "department_id": department,
                }
                for owner, department in sorted(sellers.items())
                for measure in ("contracts", "receipts")
            ],
        )
