"""Demo data: goals of departments, plans below them, tasks below those, and everyday tasks at customers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select

from plugins.customers.models import Customer
from plugins.tasks.models import Step, task_member
from plugins.tasks.services import roll_up_moved
from sopia import Demo, now

GOALS = (
    ("本季度新签客户 30 家", ("整理目标客户名单", "区域拜访周计划", "老客户转介绍活动")),
    ("全年回款率达到 95%", ("逾期账款逐户催收", "新合同账期审核")),
    ("客户满意度提升到 92 分", ("重点客户季度回访", "投诉处理时限改进")),
)
TASKS = (
    ("电话确认样品试用结果", "约技术同事一起上门演示"),
    ("准备报价单并发给采购经理", "等对方确认数量后更新报价"),
    ("拜访客户，了解明年预算", "整理拜访纪要发给主管"),
    ("催办合同用印", "寄出后登记快递单号"),
    ("安排工程师现场安装", "与客户确认停机时间"),
    ("整理竞品对比材料", "补充近两年中标价格"),
    ("跟进逾期货款", "请财务出具对账单"),
    ("组织新品技术交流会", "落实会议室与讲师"),
)
STEPS = ("收集资料", "与客户确认需求", "形成书面方案", "内部评审", "提交并归档")
ROUTINES = (("提交销售周报", "week"), ("月度客户盘点", "month"), ("晨会前检查待办", "day"))


def demo(company: Demo) -> None:
    """Fill the tasks; they go with the number of customers."""
    sellers = [who for who in company.people.values() if company.primary.get(who)]
    if not sellers:
        return
    boss = company.people.get("lin.jing")
    plans = _goals(company, sellers, boss)
    rows = [_everyday(company, chosen, boss) for chosen in _customers(company)]
    _sort_in(company, rows, plans)
    rows += [_routine(company, who, title, rule) for who in sellers for title, rule in ROUTINES[:2]]
    _parts(company, company.add("tasks.task", rows), rows, sellers)
    company.session.flush()
    for _level in ("plans", "goals"):
        roll_up_moved(company.session)


def _customers(company: Demo) -> list[Any]:
    wanted = max(12, company.size * 3 // 5)
    found = company.session.execute(
        select(Customer.id, Customer.owner_id).where(Customer.deleted_at.is_(None)).order_by(Customer.id).limit(wanted)
    )
    return list(found.all())


def _row(company: Demo, owner: int | None, title: str, due: date, **more: Any) -> dict[str, Any]:
    return {
        "kind": "task",
        "title": title,
        "customer_id": None,
        "parent_id": None,
        "starts_on": due - timedelta(days=company.chance.randrange(1, 8)),
        "due_on": due,
        "progress": 0,
        "priority": company.chance.choice(("low", "normal", "normal", "normal", "high", "urgent")),
        "state": "open",
        "next_step": None,
        "detail": None,
        "owner_id": owner,
        "department_id": company.primary.get(owner) if owner else None,
        "giver_id": owner,
        "done_on": None,
        "repeat": None,
        "repeat_until": None,
        "repeat_day": None,
        "follows_id": None,
    } | more


def _goals(company: Demo, sellers: list[int], boss: int | None) -> list[tuple[int, int]]:
    """Goals, and the plans below them: the id and the owner of each plan."""
    quarter = now().date() + timedelta(days=60)
    goals = [
        _row(company, boss or sellers[0], title, quarter, kind="goal", priority="high", next_step="每周例会通报进度")
        for title, _plans in GOALS
    ]
    plans = []
    for goal_id, (_title, titles) in zip(company.add("tasks.task", goals), GOALS, strict=True):
        plans += [
            _row(company, company.chance.choice(sellers), title, quarter - timedelta(days=20), kind="plan",
                 parent_id=goal_id, giver_id=boss, progress=30, state="in_progress")
            for title in titles
        ]  # fmt: skip
    made = company.add("tasks.task", plans)
    return [(plan_id, row["owner_id"]) for plan_id, row in zip(made, plans, strict=True)]


def _everyday(company: Demo, customer: Any, boss: int | None) -> dict[str, Any]:
    chance, day = company.chance, now().date()
    title, next_step = chance.choice(TASKS)
    due = day + timedelta(days=chance.randrange(-18, 25))
    state = chance.choice(("done", "done", "in_progress", "open") if due < day else ("open", "open", "in_progress"))
    done = state == "done"
    return _row(
        company,
        customer.owner_id,
        title,
        due,
        customer_id=customer.id,
        state=state,
        progress=100 if done else chance.choice((20, 40, 60, 80)) if state == "in_progress" else 0,
        done_on=min(day, due - timedelta(days=chance.randrange(0, 3))) if done else None,
        next_step=None if done else next_step,
        giver_id=boss if chance.random() < 0.3 and boss else customer.owner_id,
    )


def _sort_in(company: Demo, rows: list[dict[str, Any]], plans: list[tuple[int, int]]) -> None:
    """Some of the everyday tasks are parts of a plan, of one's own where there is one."""
    for row in rows:
        own = [plan for plan, owner in plans if owner == row["owner_id"]]
        if plans and company.chance.random() < 0.4:
            row["parent_id"] = company.chance.choice(own or [plan for plan, _owner in plans])


def _routine(company: Demo, who: int, title: str, rule: str) -> dict[str, Any]:
    due = now().date() + timedelta(days=company.chance.randrange(0, 6))
    return _row(company, who, title, due, repeat=rule, repeat_day=due.day)


def _parts(company: Demo, ids: list[int], rows: list[dict[str, Any]], sellers: list[int]) -> None:
    chance = company.chance
    steps, members = [], []
    for task_id, row in zip(ids, rows, strict=True):
        if chance.random() < 0.5:
            finished = len(STEPS) * row["progress"] // 100
            steps += [
                {"task_id": task_id, "text": words, "done": number < finished, "position": number}
                for number, words in enumerate(STEPS)
            ]
        if chance.random() < 0.15 and (other := chance.choice(sellers)) != row["owner_id"]:
            members.append({"task_id": task_id, "user_id": other})
    company.add_parts(Step, steps)
    if members:
        company.session.execute(insert(task_member), members)
