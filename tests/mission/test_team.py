"""What leaders see of the day of their people, and how they help at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.mission.company import Company, Person

ZONE = ZoneInfo("Asia/Shanghai")


def test_p0_a_head_sees_the_day_of_his_people_and_coaches_them(
    company: Company, head: Person, colleague: Person
) -> None:
    seller = company.hire("member", "上海组")
    customer = company.customer(seller)
    today = datetime.now(ZONE).date()
    names = {word: company.name(word) for word in ("任务", "日志", "拜访", "服务", "商机", "合同")}
    seller.make("tasks/tasks", title=names["任务"], due_on=today.isoformat())
    journal = seller.make("journals/journals", on=today.isoformat(), kind="day", done=names["日志"])
    seller.do(journal, "submit")
    visit = seller.make("customers/follow-ups", customer=customer.id, kind="visit", content=names["拜访"])
    service = {"type": company.word("service/types", "投诉"), "subject": names["服务"], "detail": "客户来电"}
    seller.make("service/requests", customer=customer.id, **service)
    deal = {"name": names["商机"], "close_on": today.isoformat(), "amount": "80000"}
    seller.make("sales/opportunities", customer=customer.id, **deal)
    late = (today - timedelta(days=2)).isoformat()
    seller.make("tasks/tasks", title=names["合同"], due_on=late)

    team = head.open(head.open("/").menu["My team today"])
    day = team.panel(seller.name).text
    assert [word for word in names.values() if word not in day] == []
    assert "late" in day[day.index(names["合同"]) :]
    # Whoever leads others sees theirs; whoever leads nobody is told so.
    colleague.open("/team").hides(seller.name, *names.values())
    seller.open("/team").says("You lead no team")

    advice = company.name("先问交货期")
    team.form(to=f"{visit.path}/remarks").fill(text=advice).submit()
    told = seller.open("/notifications")
    assert advice in told.text
    page = seller.open(visit.path)
    page.says(advice, "not yet acknowledged")
    page.press("Acknowledge")
    head.open(visit.path).says("acknowledged Just now")
    colleague.open(visit.path, refused=404).hides(advice)
    # The way of the business with this customer, step by step, with who did what.
    trace = head.open(customer.path).panel("Timeline").text
    assert seller.name in trace
    assert company.colleague.client.get(customer.path).status == 404
