"""Service: calls taken on at any time, carried out by somebody in time, complaints followed through, all of it counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.workplace.working_calendar import working_calendar
from sopia import now
from tests.mission.company import Company, Person, Record

REQUESTS = "service/requests"


def take(company: Company, who: Person, customer: Record | None = None, **values: Any) -> Record:
    """A request that somebody has taken on."""
    told = {"subject": company.name("报修"), "type": company.word("service/types", "远程售后"), **values}
    return who.make(REQUESTS, customer=(customer or company.customer(who)).id, **told)


def test_v1_types_of_service_bring_their_own_form_deadline_and_flow(
    company: Company, member: Person, colleague: Person
) -> None:
    chief = company.hire("service_head", "华东部")
    name, outline = company.name("安装"), "安装地址：\n设备型号："
    form = chief.open("/service/types").press("New Service type").form("name")
    filled = form.fill(name=name, outline=outline, needs_contact=True, working_hours="4", visit_days="5")
    kind = filled.fill(complaint=True).submit()
    kind.says(name)

    new = member.open(f"/{REQUESTS}/new")
    assert name in new.form("subject").options("type"), "it is offered at once"
    form = member.open(f"/{REQUESTS}/new", {"type": str(kind.id)}).form("subject")
    assert form.values["detail"].replace("\r", "") == outline, "the form is the type's own"
    customer = company.customer(member)
    subject = company.name("装机")
    form.fill(customer=customer["name"], subject=subject)
    form.submit(refused=422).says("A request of this type names who calls")
    contact = member.make("customers/contacts", customer=customer.id, name=company.name("联系人"))
    page = form.fill(customer=customer["name"], contact=contact["name"]).submit()
    request = Record(REQUESTS, {"id": page.id})
    known = member.read(request)
    with company.platform.database.system("when is it due") as session:
        due = working_calendar(session).add_hours(datetime.fromisoformat(known["created_at"]), 4)
    assert abs((datetime.fromisoformat(known["due_at"]) - due).total_seconds()) < 60, "the deadline is the type's own"
    member.do(request, "close", refused=409)  # a complaint: not without its cause and the measure
    member.do(request, "close", cause="漏装", measure="补装")
    (visit,) = member.get("service/visits", request=str(request.id))["items"]
    assert visit["state"] == "planned", "somebody asks afterwards"

    shown = member.open(f"/{REQUESTS}", {"type": str(kind.id)})
    assert len(shown.rows()) == 1
    member.open("/service/types/new", refused=403)
    colleague.sees_nothing_of(request, subject)


def test_v2_a_call_is_written_down_on_one_screen_and_changed_later(
    company: Company, member: Person, mate: Person, colleague: Person
) -> None:
    customer = company.customer(member)
    subject, detail = company.name("打不开"), company.name("开机无反应")
    contact = member.make("customers/contacts", customer=customer.id, name=company.name("来电人"))
    form = member.open(f"/{REQUESTS}/new").form("subject")
    form.fill(customer=customer["name"], contact=contact["name"], type="远程售后", subject=subject)
    page = form.fill(detail=detail, channel="Telephone", priority="Urgent").submit()
    page.says(subject, detail, customer["name"], contact["name"], "Urgent", "Telephone", "SR-")
    assert member.name in page.fact("Taken on by"), "whoever enters it has taken it on"
    request = Record(REQUESTS, {"id": page.id})

    better = company.name("修改")
    member.open(f"{request.path}/edit").form("subject").fill(detail=better).submit().says(better)
    member.open(f"{request.path}").says("changed Detail")
    for stranger in (mate, colleague):
        stranger.sees_nothing_of(request, subject)
    member.open(request.path).press("Delete")
    assert member.finds(REQUESTS, q=subject) == []
    member.open(f"/{REQUESTS}/bin").form(to=f"{request.path}/restore").submit()
    member.open(f"/{REQUESTS}", {"q": subject}).row(subject)


def test_v3_one_finds_what_one_took_on_what_one_carries_out_and_complaints_that_are_open(
    company: Company, colleague: Person
) -> None:
    clerk, engineer = company.hire("member", "上海组"), company.hire("member", "上海组")
    chief = company.hire("service_head", "华东部")
    taken, complaint = company.name("维修"), company.name("投诉")
    first = take(company, clerk, subject=taken)
    second = take(company, clerk, subject=complaint, type=company.word("service/types", "投诉"))
    for request in (first, second):
        engineer.sees_nothing_of(request)
        chief.do(request, "assign", handler=engineer.id)

    for who, view, wanted in (
        (clerk, "Taken on by me", {taken, complaint}), (clerk, "Carried out by me", set()),
        (clerk, "My complaints", {complaint}), (engineer, "Taken on by me", set()),
        (engineer, "Carried out by me", {taken, complaint}),
    ):  # fmt: skip
        rows = who.open(f"/{REQUESTS}").follow(view).rows()
        assert {name for name in (taken, complaint) if any(name in row for row in rows)} == wanted, (who.name, view)

    unexplained = engineer.open(second.path).press("Close").form("cause").submit(refused=409)
    unexplained.says("A complaint is closed with its cause and the measure taken")
    form = engineer.open(second.path).press("Close").form("cause").fill(cause="漏发一箱", measure="当天补发")
    form.submit().says("Closed", "漏发一箱", "当天补发")
    rows = clerk.open(f"/{REQUESTS}").follow("My complaints").rows()
    assert not any(complaint in row for row in rows), "settled"
    colleague.sees_nothing_of(second, complaint)


def test_v4_who_leads_sees_how_much_service_there_is_how_far_it_is_and_where_it_fails(
    company: Company, head: Person, colleague: Person
) -> None:
    one, two = company.hire("member", "上海组"), company.hire("member", "华东部")
    word = company.name("检修")
    for number, (who, kind) in enumerate(((one, "远程售后"), (one, "远程售后"), (one, "投诉"), (two, "投诉"))):
        request = take(company, who, subject=f"{word}{number}", type=company.word("service/types", kind))
        if number:
            who.do(request, "start")
        if number == 1:
            who.do(request, "resolve", cause="老化", measure="更换")
    foreign = take(company, colleague, subject=f"{word}外")

    board = head.open(f"/{REQUESTS}", {"view": "board", "q": word})
    board.says("Not assigned 1", "In progress 2", "Resolved 1")
    for by, name, wanted in (
        ("handler", one.name, "2"), ("department", "上海组", "3"), ("type", "投诉", "2"), ("state", "In progress", "2"),
    ):  # fmt: skip
        figures = head.open(f"/{REQUESTS}", {"view": "statistics", "_by": by, "q": word})
        assert figures.row(name)[1] == wanted, (by, figures.rows())
        figures.hides(colleague.name, "华北部")
    told = head.get(f"{REQUESTS}/statistics", by="type,state", measure="count", q=word)["rows"]
    assert sum(row["count"] for row in told) == 4
    head.open(f"/{REQUESTS}", {"q": word, "complaint": "true", "state__ne": "closed"}).row(f"{word}3")
    assert foreign.id not in head.finds(REQUESTS, q=word)
    assert len(one.finds(REQUESTS, q=word)) == 3, "his own alone"


def test_v5_who_leads_names_the_department_and_the_person_in_charge_and_the_deadline(
    company: Company, head: Person, member: Person, colleague: Person
) -> None:
    engineer = company.hire("member", "华东部")
    request = take(company, member)
    form = head.open(request.path).press("Assign").form("department")
    page = form.fill(department="华东部").submit()
    page.says("Assigned", "华东部")
    assert head.read(request)["handler"] is None, "the department chooses who carries it out"
    form = head.open(request.path).press("Assign").form("handler")
    page = form.fill(handler=engineer.name, due_at="2031-09-01 18:00").submit()
    page.says(engineer.name, "2031-09-01 18:00")
    engineer.open("/notifications").says(request["subject"])
    engineer.open(f"/{REQUESTS}").follow("Carried out by me").row(request["subject"])
    assert member.read(request)["handler"]["id"] == engineer.id, "who took it on keeps sight of it"

    # Nobody named a moment: eight working hours from now, nights and weekends left out.
    fresh = take(company, member)
    with company.platform.database.system("when is it due") as session:
        calendar = working_calendar(session)
        wanted = calendar.add_hours(now(), 8)
        assert calendar.is_working_day(datetime.fromisoformat(fresh["due_at"]).astimezone(calendar.zone).date())
    assert abs((datetime.fromisoformat(fresh["due_at"]) - wanted).total_seconds()) < 120

    colleague.sees_nothing_of(request, request["subject"])
    colleague.do(request, "assign", handler=colleague.id, refused=404)
