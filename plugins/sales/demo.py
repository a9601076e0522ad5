"""Demo data: a year of sales, from opportunities to contracts with their payment plans, within the credit limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select

from plugins.catalog.models import Product
from plugins.customers.models import Customer
from plugins.sales.firms import today
from plugins.sales.lines import line_amount
from plugins.sales.models import OrderLine, QuotationLine, Receipt, contract_order
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


LEAST = Money.of(500)
"""Nobody writes an order over less."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer as the demo needs him."""

    id: int
    name: str
    limit: Money | None
    owner: int
    department: int | None


@dataclass(frozen=True, slots=True)
class Deal:
    """An order with its lines, and where there is one its contract with the instalments."""

    order: dict[str, Any]
    lines: list[dict[str, Any]]
    contract: dict[str, Any] | None = None
    parts: Sequence[dict[str, Any]] = ()


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
        self._orders()
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
            usual = self.chance.choice((1, 2, 5, 10, 20, 50, 100)) * (1 if price >= 1 else 1000)
            quantity = Decimal(min(fits, usual))
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

    def _orders(self) -> None:
        """Orders of some ten months, most of them in contracts whose money has arrived by now."""
        buyers = self._buyers(0.8)
        buyers += self.chance.sample(buyers, len(buyers) // 2)
        deals = [self._deal(buyer, day) for buyer, day in zip(buyers, self._days(len(buyers), 300), strict=True)]
        made = [deal for deal in deals if deal is not None]
        ids = self.company.add("sales.order", [deal.order for deal in made])
        told = [{**line, "order_id": i} for i, deal in zip(ids, made, strict=True) for line in deal.lines]
        self.company.add_parts(OrderLine, told)
        self._contracts([(i, deal) for i, deal in zip(ids, made, strict=True) if deal.contract is not None])

    def _deal(self, buyer: Buyer, day: date) -> Deal | None:
        room = None if buyer.limit is None else buyer.limit - self.owed[buyer.id]
        lines = self._lines(room) if room is None or room > Money(0) else []
        if sum((line["amount"] for line in lines), Money(0)) < LEAST:
            return None
        order = {
            **self._document("SO", buyer, day, lines),
            "deliver_on": day + timedelta(days=self.chance.randrange(5, 40)),
            "quotation_id": None,
            "state": self.chance.choice(("draft", "approved", "confirmed"))
            if (self.day - day).days < 15
            else "confirmed",
            "receivable": Money(0),
            "released_to": None,
            "released_by_id": None,
            "released_at": None,
            "release_reason": None,
        }
        if order["state"] != "confirmed":
            return Deal(order, lines)
        if (self.day - day).days < 30 and self.chance.random() < 0.4:
            self.owed[buyer.id] += order["total"]
            return Deal(order, lines)
        contract = self._contract(order)
        parts = self._installments(contract)
        contract["received"] = sum((part["received"] for part in parts), Money(0))
        contract["outstanding"] = contract["amount"] - contract["received"]
        self.owed[buyer.id] += contract["outstanding"]
        return Deal(order, lines, contract, parts)

    def _contract(self, order: dict[str, Any]) -> dict[str, Any]:
        signed = min(order["on"] + timedelta(days=self.chance.randrange(0, 7)), self.day)
        return {
            "number": self._number("HT", signed),
            "customer_id": order["customer_id"],
            "name": self.chance.choice(DEALS),
            "amount": order["total"],
            "signed_on": signed,
            "starts_on": signed,
            "ends_on": signed + timedelta(days=365),
            "state": "approved",
            "remark": None,
            "owner_id": order["owner_id"],
            "department_id": order["department_id"],
        }

    def _installments(self, contract: dict[str, Any]) -> list[dict[str, Any]]:
        """Instalments of a contract; nearly all whose day is long past are paid, some of the later ones in part."""
        count, after = self.chance.choice(LAYOUTS)
        first = contract["signed_on"] + timedelta(days=after)
        rows = []
        for position, due in enumerate(evenly(contract["amount"], count, first, "month"), 1):
            late = (self.day - due.on).days
            received = Money(0)
            if late > 25 or (late > 0 and self.chance.random() < 0.7):
                received = due.amount
            elif abs(late) < 12 and self.chance.random() < 0.3:
                received = due.amount.split([1, 1])[0]
            rows.append(
                {
                    "position": position,
                    "name": f"{contract['number']} · {position}",
                    "due_on": due.on,
                    "amount": due.amount,
                    "received": received,
                    "outstanding": due.amount - received,
                    "state": state_of(due.on, due.amount, received, 7, self.day),
                    "remind_days": 7,
                    "remind_on": due.on - timedelta(days=7),
                    "collector_id": contract["owner_id"],
                    "remark": None,
                }
            )
        return rows

    def _contracts(self, deals: list[tuple[int, Deal]]) -> None:
        contracts = [deal.contract for _order, deal in deals if deal.contract is not None]
        ids = self.company.add("sales.contract", contracts)
        pairs = [{"contract_id": i, "order_id": order} for i, (order, _deal) in zip(ids, deals, strict=True)]
        if pairs:
            self.company.session.connection().execute(insert(contract_order), pairs)
        parts = [
            {**part, "contract_id": i} for i, (_order, deal) in zip(ids, deals, strict=True) for part in deal.parts
        ]
        made = self.company.add("sales.installment", parts)
        receipts = [
            {"installment_id": i, "on": min(part["due_on"], self.day), "amount": part["received"]}
            for i, part in zip(made, parts, strict=True)
            if part["received"]
        ]
        self.company.add_parts(Receipt, receipts)

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
                    "amount": Money.of(self.chance.choice((3, 5, 8, 12)) * 10_000),
                    "first_on": first,
                    "last_on": last,
                    "owner_id": owner,
                    "department_id": department,
                }
                for owner, department in sorted(sellers.items())
                for measure in ("contracts", "receipts")
            ],
        )
