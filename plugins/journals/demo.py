"""Demo data: two weeks of daily journals, a weekly one each, and the rules that ask for them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select

from plugins.customers.models import Customer
from plugins.journals.models import rule_member
from plugins.journals.periods import end_of, name_of, start_of
from sopia import Demo, now, working_calendar

DONE = (
    "上午整理客户资料，电话联系 6 家老客户。\n下午拜访{customer}，了解四季度采购计划。",
    "与{customer}确认报价单第三版，对方要求月底前签约。\n协助技术部准备演示环境。",
    "到{customer}现场回访设备使用情况，收集改进意见 4 条。\n填写出差报销单。",
    "参加部门周会，汇报在谈项目进度。\n给{customer}寄出样品并登记快递单号。",
    "催收{customer}逾期货款，对方承诺下周三付清。\n更新客户信用记录。",
)
PLANNED = (
    "跟进{customer}合同审批进度。\n准备下周拜访名单。",
    "与{customer}采购经理确认交货时间。\n整理投标资料。",
    "回访上月成交客户 3 家。\n完成季度总结初稿。",
)
RESULTS = ("客户同意试用一个月。", "报价被接受，进入合同流程。", "问题当场解决，客户满意。", "拿到明年预算区间。", None)
LESSONS = ("提前了解对方决策流程，少跑一趟。", "报价前要先确认付款条件。", "技术问题带工程师一起去更有效。", None, None)
DAYS = 10


def demo(company: Demo) -> None:
    """Fill the journals."""
    sellers = [who for who in company.people.values() if company.primary.get(who)]
    if not sellers:
        return
    calendar = working_calendar(company.session)
    today = now().astimezone(calendar.zone).date()
    days = [day for back in range(21) if calendar.is_working_day(day := today - timedelta(days=back))][:DAYS]
    rows = [
        _row(company, who, "day", day, today, calendar.zone)
        for who in sellers
        for number, day in enumerate(days)
        if company.chance.random() < (0.55 if number == 0 else 0.9)
    ]
    week = today - timedelta(days=7)
    rows += [
        _row(company, who, "week", end_of("week", week) - timedelta(days=2), today, calendar.zone) for who in sellers
    ]
    customers = _customers(company)
    named = [_filled(company, row, customers) for row in rows]
    _tie(company, company.add("journals.journal", rows), named)
    _rules(company, sellers)


def _customers(company: Demo) -> dict[int, list[tuple[int, str]]]:
    """The customers of each person, whom his journals name."""
    found: dict[int, list[tuple[int, str]]] = {}
    asked = select(Customer.id, Customer.name, Customer.owner_id).where(Customer.deleted_at.is_(None))
    for row in company.session.execute(asked.order_by(Customer.id).limit(2000)):
        found.setdefault(row.owner_id, []).append((row.id, row.name))
    return found


def _row(company: Demo, who: int, kind: str, day: date, today: date, zone: Any) -> dict[str, Any]:
    evening = datetime.combine(day, time(17, company.chance.randrange(60)), zone)
    state = "submitted" if day >= today - timedelta(days=2) else company.chance.choice(("reviewed", "submitted"))
    state = "draft" if day == today and company.chance.random() < 0.4 else state
    boss = company.people.get("lin.jing")
    reviewed = state == "reviewed" and boss is not None and boss != who
    return {
        "title": name_of(kind, day),
        "kind": kind,
        "on": day,
        "period_on": start_of(kind, day),
        "state": "reviewed" if reviewed else "submitted" if state == "reviewed" else state,
        "submitted_at": None if state == "draft" else min(evening, now()),
        "reviewer_id": boss if reviewed else None,
        "reviewed_at": min(evening + timedelta(hours=16), now()) if reviewed else None,
        "owner_id": who,
        "department_id": company.primary.get(who),
    }


def _filled(company: Demo, row: dict[str, Any], customers: dict[int, list[tuple[int, str]]]) -> int | None:
    """Write what stands in a journal; the customer that it names."""
    chance = company.chance
    chosen = chance.choice(customers[row["owner_id"]]) if customers.get(row["owner_id"]) else None
    name = chosen[1] if chosen else "老客户"
    row["done"] = chance.choice(DONE).format(customer=name)
    row["planned"] = chance.choice(PLANNED).format(customer=name)
    row["results"], row["lessons"] = chance.choice(RESULTS), chance.choice(LESSONS)
    return chosen[0] if chosen else None


def _tie(company: Demo, ids: list[int], named: list[int | None]) -> None:
    """Let the customers' pages find the journals that name them."""
    pairs = [(journal, customer) for journal, customer in zip(ids, named, strict=True) if customer is not None]
    company.tie("journals.journal", "customers", "customers.customer", pairs)


def _rules(company: Demo, sellers: list[int]) -> None:
    wanted = (("销售日报", "day"), ("销售周报", "week"))
    made = company.add(
        "journals.rule",
        [
            {"name": name, "kind": kind, "weekdays": None, "window": 12, "archived": False, "reminded_at": None}
            for name, kind in wanted
        ],
    )
    company.session.execute(
        insert(rule_member), [{"rule_id": rule, "user_id": who} for rule in made for who in sellers]
    )
