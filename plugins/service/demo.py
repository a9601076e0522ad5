"""Demo data: calls for service in every state, plans of inspections, and what customers said afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from plugins.customers.models import Contact, Customer
from plugins.service.models import Type
from plugins.service.planning import days_of, deadline_on
from sopia import Demo, now, working_calendar

CALLS = (
    (
        "扫描枪无法连接电脑",
        "更换数据线后仍然识别不到，客户希望今天能恢复。",
        "USB 接口驱动未安装",
        "远程安装驱动并演示使用方法",
    ),
    ("标签打印机走纸歪斜", "打印一百张左右开始偏移，标签浪费较多。", "纸卷安装不到位", "指导客户重新装纸并校准传感器"),
    ("申请上门调试货架", "新仓库货架到货，需要安排人员安装调试。", "新设备首次安装", "上门安装并完成承重测试"),
    ("平板电脑频繁重启", "产线高温环境下每天重启三四次。", "散热风扇积灰", "更换风扇并清理风道"),
    ("交换机部分端口不通", "八号到十二号端口没有指示灯。", "端口模块损坏", "更换备用交换机，返厂维修"),
    ("咨询数据终端固件升级", "客户想知道升级后是否影响现有程序。", "使用咨询", "发送升级说明并远程协助"),
    ("不间断电源报警", "夜间报警，电池指示灯闪烁。", "电池老化", "更换电池组"),
)
ASKED = (
    ("老客户季度回访", "了解近期使用情况和新的需求。", "例行回访", "已记录客户意见并转业务员跟进"),
    ("新设备试用回访", "设备到货两周，了解运行情况。", "例行回访", "客户使用正常，无异常"),
)
COMPLAINTS = (
    ("到货数量与订单不符", "少发两箱周转箱，影响客户入库。", "装车前未复核", "补发两箱并由仓库主管致歉"),
    ("上门服务迟到", "约定上午十点，下午两点才到。", "排班冲突未提前通知", "减免上门费，调整排班提醒"),
    ("开票信息错误", "税号填写错误，客户财务无法入账。", "客户资料未更新", "作废重开并核对资料"),
)
FEEDBACK = (
    "处理及时，非常满意。",
    "问题解决了，等待时间略长。",
    "工程师很专业。",
    "基本满意，希望以后提前通知。",
    "还需要再观察几天。",
)
CHANNELS = ("phone", "phone", "phone", "wechat", "mail", "web", "onsite")
STATES = ("new", "assigned", "assigned", "working", "working", "resolved", "closed", "closed", "closed", "closed")
PLAN = "设备季度巡检"
ZONE = ZoneInfo("Asia/Shanghai")


def demo(company: Demo) -> None:
    """Fill the service plugin."""
    company.give_role("he.ping", "service")
    session = company.session
    types = list(session.scalars(select(Type).where(Type.deleted_at.is_(None)).order_by(Type.position)))
    wanted = max(8, company.size // 3)
    columns = (Customer.id, Customer.owner_id, Customer.department_id)
    customers: list[Any] = [tuple(row) for row in session.execute(select(*columns).order_by(Customer.id).limit(wanted))]
    if not types or not customers:
        return
    contacts: dict[int, int] = {
        row.customer_id: row.id
        for row in session.execute(select(Contact.customer_id, Contact.id).where(Contact.primary.is_(True)))
    }
    calls = _Calls(company, types, contacts)
    _plans(company, calls, customers[:: max(1, len(customers) // max(2, company.size // 50))], types)
    rows = sorted((calls.make(*customer) for customer in customers), key=lambda row: str(row["number"]))
    made = company.add("service.request", rows)
    company.add("service.visit", [visit for each in zip(made, rows, strict=True) if (visit := calls.visit(*each))])


class _Calls:
    """Makes the rows of requests and of what follows from them."""

    def __init__(self, company: Demo, types: list[Any], contacts: dict[int, int]) -> None:
        self.company = company
        self.chance = company.chance
        self.types = types
        self.contacts = contacts
        self.calendar = working_calendar(company.session)
        staff = [who for login, who in company.people.items() if login == "he.ping"]
        others = [who for who in company.people.values() if company.primary.get(who)]
        self.people = others + staff * len(others)
        self.moment = now()
        self._number = 0

    def number(self, at: datetime) -> str:
        """A number of another form than those that the platform counts."""
        self._number += 1
        return f"SR-{at:%Y%m%d}-{self._number:03}"

    def make(self, customer: int, owner: int | None, department: int | None) -> dict[str, Any]:
        """A request of some day of the last weeks."""
        chance = self.chance
        kind = chance.choices(self.types, [5, 4, 2, 1, *([1] * len(self.types))][: len(self.types)])[0]
        subject, detail, cause, measure = chance.choice(self.words(kind))
        state = chance.choice(STATES)
        owner = owner or chance.choice(self.people)  # a customer of the pool has no owner, his request has
        back = chance.expovariate(1 / 25) if state in ("resolved", "closed") else chance.random() * 4
        at = self.moment - timedelta(days=min(back, 200), minutes=chance.randrange(30, 500))
        handler = chance.choice(self.people) if state != "new" and self.people else None
        ended = at + timedelta(hours=chance.randrange(2, 50))
        ended = min(ended, self.moment)
        done = state in ("resolved", "closed")
        return {
            "number": self.number(at),
            "customer_id": customer,
            "contact_id": self.contacts.get(customer),
            "contract": None,
            "type_id": kind.id,
            "complaint": kind.complaint,
            "channel": chance.choice(CHANNELS),
            "subject": subject,
            "detail": detail,
            "priority": chance.choice(("low", "normal", "normal", "normal", "high", "urgent")),
            "accepted_by_id": owner,
            "handler_id": handler,
            "due_at": self.calendar.add_hours(at, kind.working_hours or 16),
            "state": state,
            "started_at": at if state not in ("new", "assigned") else None,
            "resolved_at": ended if done else None,
            "closed_at": ended if state == "closed" else None,
            "cause": cause if done else None,
            "measure": measure if done else None,
            "score": chance.choice((3, 4, 4, 5, 5, 5)) if state == "closed" and chance.random() < 0.6 else None,
            "feedback": None,
            "plan_id": None,
            "occurrence": None,
            "planned_on": None,
            "owner_id": owner,
            "department_id": self.company.primary.get(handler) if handler else department,
        }

    def words(self, kind: Any) -> Any:
        """What calls of a type are about."""
        if kind.complaint:
            return COMPLAINTS
        return ASKED if kind.visit_days is None else CALLS

    def visit(self, request: int, row: dict[str, Any]) -> dict[str, Any] | None:
        """The return visit of a closed request: made where it has a score, else still to come."""
        if row["state"] != "closed":
            return None
        made = row["score"] is not None
        day = row["closed_at"].astimezone(ZONE).date() + timedelta(days=3)
        today = self.moment.astimezone(ZONE).date()
        if not made:
            day = today + timedelta(days=self.chance.randrange(-2, 6))
        row["feedback"] = self.chance.choice(FEEDBACK) if made else None
        return {
            "request_id": request,
            "contract": None,
            "customer_id": row["customer_id"],
            "subject": row["subject"],
            "visitor_id": row["accepted_by_id"],
            "on": min(day, today) if made else day,
            "way": self.chance.choice(("phone", "phone", "wechat", "onsite")),
            "score": row["score"],
            "feedback": row["feedback"],
            "state": "done" if made else "planned",
            "owner_id": row["owner_id"],
            "department_id": row["department_id"],
        }


def _plans(company: Demo, calls: _Calls, customers: list[Any], types: list[Any]) -> None:
    """Quarterly inspections, with the requests that come of them."""
    today = calls.moment.astimezone(ZONE).date()
    kind = types[min(1, len(types) - 1)]
    rows = [
        {
            "name": PLAN,
            "customer_id": customer,
            "contract": None,
            "type_id": kind.id,
            "rule": "quarter",
            "first_on": today + timedelta(days=company.chance.randrange(3, 60)),
            "occurrences": 4,
            "handler_id": company.chance.choice(calls.people),
            "detail": None,
            "owner_id": owner,
            "department_id": department,
        }
        for customer, owner, department in customers
    ]
    rows = [row for row in rows if row["owner_id"] is not None]
    made = company.add("service.plan", rows)
    company.add("service.request", [each for pair in zip(made, rows, strict=True) for each in _planned(calls, *pair)])


def _planned(calls: _Calls, plan: int, row: dict[str, Any]) -> list[dict[str, Any]]:
    days = days_of(row["rule"], row["first_on"], row["occurrences"])
    base = dict.fromkeys(
        (
            "contact_id",
            "contract",
            "detail",
            "started_at",
            "resolved_at",
            "closed_at",
            "cause",
            "measure",
            "score",
            "feedback",
        )
    )
    return [
        base
        | {
            "number": calls.number(calls.moment),
            "customer_id": row["customer_id"],
            "type_id": row["type_id"],
            "complaint": False,
            "channel": "plan",
            "subject": f"{PLAN} {time}/{len(days)}",
            "priority": "normal",
            "accepted_by_id": row["owner_id"],
            "handler_id": row["handler_id"],
            "due_at": deadline_on(calls.calendar, day),
            "state": "assigned",
            "plan_id": plan,
            "occurrence": time,
            "planned_on": day,
            "owner_id": row["owner_id"],
            "department_id": row["department_id"],
        }
        for time, day in enumerate(days, 1)
    ]
