"""From the contract to the money, and what stands between a firm and a risk; service that was promised with a sale."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.mission.company import Company, Person, Record
from tests.mission.pages import Page

ZONE = ZoneInfo("Asia/Shanghai")


def today() -> date:
    return datetime.now(ZONE).date()


def signed(seller: Person, customer: Record, name: str, amount: str) -> Page:
    """The page of a contract that somebody writes from the page of his customer."""
    form = seller.open(f"/sales/contracts/new?customer={customer.id}").form("amount")
    return form.fill(name=name, amount=amount, signed_on=today().isoformat()).submit()


def received(seller: Person, customer: Record, amount: str) -> Page:
    """The page of money that has come, confirmed and settled against what was owed for the longest time."""
    form = seller.open(f"/finance/receipts/new?customer={customer.id}").form("amount")
    page = form.fill(amount=amount, account=form.options("account")[0]).submit().press("Confirm")
    return page.press("Allocate").press("Allocate")


def test_s1_money_of_a_contract_is_planned_reminded_of_and_watched_as_it_comes(
    company: Company, head: Person, member: Person, colleague: Person
) -> None:
    customer, name = company.customer(member), company.name("合同")
    page = signed(member, customer, name, "9000")
    contract = Record("sales/contracts", {"id": page.id})
    first = today() - timedelta(days=3)
    form = page.press("Plan the payments").form("count")
    page = form.fill(count="3", first_due_on=first.isoformat(), every="Week").submit().press("Submit")
    plan = page.panel("Payment plan").text
    assert plan.count("3,000.00") >= 3
    assert [state in plan for state in ("Overdue", "To come", "Received 3")] == [True, True, False]

    # Some days before it is due, whoever collects it is told; nobody else is.
    company.run("system.remind")
    number = member.read(contract)["number"]
    for person, told in ((member, True), (colleague, False), (company.mate, False)):
        notes = person.open("/notifications").text
        assert (f"Payment due soon {number} · 2" in notes) is told
        assert f"Payment due soon {number} · 3" not in notes

    receipt = received(member, customer, "3000")
    receipt.says("3,000.00", "Confirmed")
    page = head.open(contract.path)
    assert "6,000.00" in page.panel("Money").text
    assert "Received" in page.panel("Payment plan").text
    shown = head.open("/sales/installments", {"contract": str(contract.id), "sort": "due_on"})
    assert [row.count("3,000.00") for row in shown.rows()] == [2, 2, 2]
    figures = head.open("/sales/contracts", {"view": "statistics", "_by": "customer", "_measure": "received:sum"})
    assert "3,000.00" in str(figures.row(customer["name"]))
    assert "3,000.00" in head.open(customer.path).panel("Contracts").text
    colleague.sees_nothing_of(contract, name)
    assert customer["name"] not in str(
        colleague.open("/sales/contracts", {"view": "statistics", "_by": "customer"}).rows()
    )


def test_s2_prices_credit_and_overdue_money_stop_an_order_until_somebody_answers_for_it(
    company: Company, admin: Person, head: Person, member: Person, colleague: Person
) -> None:
    product = company.name("扫描枪")
    form = admin.open("/catalog/products/new").form("name")
    form.fill(name=product, unit="台", sale_price="100", floor_price="80").submit()
    prices = company.name("价格表")
    admin.open("/catalog/price-lists/new").form("name").fill(name=prices, kind="Sale").submit()
    form = admin.open("/catalog/prices/new").form("price")
    form.fill(price_list=prices, product=product, minimum_quantity="10", price="90").submit()
    customer = company.customer(member, credit_limit="1000")

    def order(quantity: str, **line: str) -> Page:
        form = member.open(f"/sales/orders/new?customer={customer.id}").form("lines-count")
        return form.row("lines", product=product, quantity=quantity, **line).submit()

    # The price comes from the list that applies, and nobody need know it.
    page = order("10")
    page.says("90.00", "900.00")
    page.press("Confirm the order").says("Confirmed")
    colleague.sees_nothing_of(Record("sales/orders", {"id": page.id}))

    # More than the limit: refused in figures, released by somebody else, with his reason.
    page = order("2")
    over = Record("sales/orders", {"id": page.id})
    refused = page.press("Confirm the order", refused=409).text
    assert [figure in refused for figure in ("1,000.00", "900.00", "200.00", "100.00")] == [True] * 4
    assert not member.open(over.path).offers("Release") or member.do(over, "release", refused=409, reason="我自己")
    reason = company.name("已付定金")
    head.open(over.path).press("Release").form("reason").fill(reason=reason).submit()
    member.open(over.path).says(reason)
    member.open(over.path).press("Confirm the order").says("Confirmed")

    # Below the lowest price it needs the word of the head.
    cheap = company.customer(member)
    form = member.open(f"/sales/orders/new?customer={cheap.id}").form("lines-count")
    page = form.row("lines", product=product, quantity="1", price="70").submit()
    low = Record("sales/orders", {"id": page.id})
    page.press("Confirm the order", refused=409).says("80.00")
    member.open(low.path).press("Submit").says("Submitted")
    assert not member.open(low.path).offers("Approve")
    head.open("/approvals").says(member.read(low)["number"])
    head.open(low.path).press("Approve").form(to="/actions/approve").submit("Approve")
    member.open(low.path).press("Confirm the order").says("Confirmed")

    # Whoever has owed for too long gets no more.
    contract = member.make("sales/contracts", customer=cheap.id, name="旧合同", amount="100", signed_on="2026-01-05")
    member.do(contract, "plan", count=1, first_due_on="2026-02-01")
    member.do(contract, "submit")
    late = member.make("sales/orders", customer=cheap.id, lines=[{"product": line_of(member, low), "quantity": "1"}])
    refused = member.open(late.path).press("Confirm the order", refused=409).text
    assert "2026-02-01" in refused
    credit = member.open(cheap.path).panel("Credit").text
    assert "100.00" in credit


def line_of(person: Person, order: Record) -> int:
    """The product of the first line of an order."""
    return int(person.read(order)["lines"][0]["product"]["id"])


def test_s3_service_is_planned_from_the_contract_and_each_complaint_is_asked_about_after(
    company: Company, admin: Person, head: Person, member: Person, colleague: Person
) -> None:
    customer, name = company.customer(member), company.name("维保")
    contract = signed(member, customer, name, "12000").press("Submit")
    form = contract.press("Plan service").form("type")
    page = form.fill(type="现场售后", rule="Every month", occurrences="12", first_on="2027-01-15").submit()
    assert "12" in page.panel("Service plans").text
    planned = member.get("service/requests", contract=str(contract.id), limit="200")["items"]
    assert len(planned) == 12
    assert planned[0]["subject"] in page.panel("Service requests").text
    assert colleague.finds("service/requests", contract=str(contract.id)) == []

    subject = company.name("漏发")
    form = member.open(f"/service/requests/new?customer={customer.id}").form("subject")
    taken = form.fill(type="投诉", subject=subject, detail="客户来电，少一箱", handler=company.mate.name).submit()
    complaint = Record("service/requests", {"id": taken.id})
    colleague.sees_nothing_of(complaint, subject)
    company.mate.open(complaint.path).press("Start work")
    member.open(complaint.path).press("Close").form("cause").submit(refused=409).says("cause")
    form = member.open(complaint.path).press("Close").form("cause")
    closed = form.fill(cause="装箱时漏了", measure="当天补发").submit()
    assert "To be made" in closed.panel("Return visits").text
    visit = member.get("service/visits", request=str(complaint.id))["items"][0]
    assert visit["on"] > today().isoformat()
    asked = Record("service/visits", visit)
    visitor = member if asked.id in member.finds("service/visits") else company.mate
    feedback = company.name("客户满意")
    form = visitor.open(asked.path).press("Record the visit").form("score")
    form.fill(score="5", feedback=feedback).submit()
    assert feedback in head.open(customer.path).panel("Return visits").text
    colleague.sees_nothing_of(asked)
