"""What is owed, what came and what was spent, told in words that everybody knows."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.mission.company import Company, Person, Record
from tests.mission.pages import Page

ZONE = ZoneInfo("Asia/Shanghai")
ROOT = Path(__file__).resolve().parents[2]
PAGES = ("receivables", "payables", "receipts", "payments", "expenses", "situation", "statement", "ageing", "deals")
LEARNED = re.compile(r"\b(debit|debits|debited|credited|creditor|debtor|ledger|double.entry|posting)\b", re.IGNORECASE)
LEARNED_IN_CHINESE = ("借方", "贷方", "借记", "贷记", "会计科目", "记账凭证", "分录", "总账", "明细账")


def today() -> date:
    return datetime.now(ZONE).date()


def settled(person: Person, customer: Record, amount: str) -> Page:
    """The page of money that has come, and was put against what is owed."""
    form = person.open(f"/finance/receipts/new?customer={customer.id}").form("amount")
    page = form.fill(amount=amount, account=form.options("account")[0]).submit().press("Confirm")
    return page.press("Allocate").press("Allocate")


def test_fa_what_is_owed_and_overdue_what_came_and_what_was_spent_have_their_lists(
    company: Company, head: Person, member: Person, colleague: Person, customer: Record
) -> None:
    deal, purpose = company.name("货款"), company.name("运费")
    form = member.open(f"/finance/receivables/new?customer={customer.id}").form("amount")
    page = form.fill(amount="1500", on="2026-01-05", due_on="2026-02-05", source=deal).submit()
    receivable = Record("finance/receivables", {"id": page.id})
    late = member.open("/finance/receivables").follow("Overdue")
    assert "1,500.00" in late.row(deal)
    receipt = Record("finance/receipts", {"id": settled(member, customer, "600").id})
    assert "900.00" in str(head.open("/finance/receivables").follow("Overdue").row(deal))
    number = member.read(receipt)["number"]
    assert "600.00" in str(head.open("/finance/receipts").row(number))
    form = member.open("/finance/expenses/new").form("title")
    form = form.fill(title=purpose, amount="88.80", category=form.options("category")[1])
    expense = Record("finance/expenses", {"id": form.submit().press("Submit").id})
    assert "88.80" in head.open("/finance/expenses").row(purpose)
    for record in (receivable, receipt, expense):
        colleague.sees_nothing_of(record)
    assert deal not in colleague.open("/finance/receivables").follow("Overdue").text


def test_f1_nobody_needs_to_know_bookkeeping(
    company: Company, head: Person, member: Person, colleague: Person, customer: Record
) -> None:
    # A sum that is owed, and money that comes: two short forms, and all of it is settled.
    form = member.open(f"/finance/receivables/new?customer={customer.id}").form("amount")
    assert {"account", "subject"}.isdisjoint(form.values)
    page = form.fill(amount="400", due_on=today().isoformat()).submit()
    owed = Record("finance/receivables", {"id": page.id})
    settled(member, customer, "400")
    member.open(owed.path).says("Settled")
    colleague.sees_nothing_of(owed)
    for name in PAGES:
        for locale in ("en", "zh-CN"):
            answer = head.client.get(f"/finance/{name}", accept_language=locale)
            assert answer.status == 200
            told = Page(head, f"/finance/{name}", answer.text).text
            assert LEARNED.findall(told) == []
            assert [word for word in LEARNED_IN_CHINESE if word in told] == []
    words = (ROOT / "plugins" / "finance" / "locale" / "zh_Hans" / "LC_MESSAGES" / "finance.po").read_text("utf-8")
    assert [word for word in LEARNED_IN_CHINESE if word in words] == []
    assert LEARNED.findall(words) == []


def test_f2_each_deal_has_a_page_with_its_money_and_its_profit(
    company: Company, head: Person, member: Person, colleague: Person, customer: Record
) -> None:
    deal = company.name("项目")
    about = {"customer": customer.id, "source": deal}
    owed = member.make("finance/receivables", **about, amount="5000", due_on="2099-01-31")
    party = member.read(customer)["party"]["id"]
    cost = member.make("finance/payables", party=party, source=deal, amount="3000", due_on="2099-01-31")
    receipt = member.read(Record("finance/receipts", {"id": settled(member, customer, "2000").id}))
    purpose = company.name("运费")
    spent_on = {"customer": customer.id, "category": company.word("finance/expense-categories", "运输费")}
    spent = member.make("finance/expenses", title=purpose, order=deal, amount="500", **spent_on)
    member.do(spent, "submit")
    if head.read(spent)["state"] == "submitted":
        head.do(spent, "approve")

    page = head.open("/finance/deals", {"q": deal}).follow(deal)
    page.says(deal, customer["name"], "5,000.00", "2,000.00", "3,000.00", "500.00", "1,500.00", "30.0%")
    links = {link["href"] for link in page.main.walk("a")}
    assert {owed.path, cost.path, spent.path, f"/finance/receipts/{receipt['id']}"} <= links
    assert "2,000.00" in str(page.row(receipt["number"]))
    # Seen from the customer as well, and not by whoever may not see the money.
    assert "1,500.00" in str(head.open("/finance/deals", {"by": "customer"}).row(customer["name"]))
    colleague.open("/finance/deal", {"of": deal}, refused=404).hides("5,000.00")
    assert deal not in str(colleague.open("/finance/deals", {"q": deal}).rows())


def test_f3_running_accounts_of_customers_and_suppliers_and_the_business_on_one_page(
    company: Company, head: Person, colleague: Person
) -> None:
    seller = company.hire("member", "上海组")
    customer = company.customer(seller)
    before = {"on": "2025-12-01", "due_on": "2025-12-31", "source": "去年"}
    seller.make("finance/receivables", customer=customer.id, amount="1000", **before)
    seller.make("finance/receivables", customer=customer.id, amount="700", due_on="2099-01-31", source="今年")
    receipt = seller.read(Record("finance/receipts", {"id": settled(seller, customer, "400").id}))
    party = str(seller.read(customer)["party"]["id"])
    start = today().replace(month=1, day=1)
    page = head.open("/finance/statement", {"party": party, "from": start.isoformat()})
    balances = [row[-1] for row in page.rows()]
    assert [each.lstrip("¥￥ ") for each in balances] == ["1,000.00", "1,700.00", "1,300.00"]
    page.says("Opening balance", "Closing balance", "The firm owes us this.", receipt["number"])
    colleague.open("/finance/statement", {"party": party}, refused=404).hides(customer["name"])

    supplier = seller.make("customers/suppliers", name=company.name("供应商"))
    theirs = str(seller.read(supplier)["party"]["id"])
    seller.make("finance/payables", party=int(theirs), amount="250", due_on="2099-01-31", source="材料")
    page = head.open("/finance/statement", {"party": theirs, "which": "supplier"})
    page.says("250.00", "We owe the firm this.")

    # What came, what was earned and what is open: the seller sees his own, the head all of his branch, in figures.
    sheet = seller.open("/finance/situation")
    sheet.says("700.00", "400.00", "1,300.00", "250.00")
    assert customer["name"] in sheet.html
    day = (start - timedelta(days=40)).isoformat()
    assert "1,700.00" in seller.open("/finance/situation", {"from": day}).text
    assert customer["name"] in head.open("/finance/ageing").text
    for name in ("situation", "ageing"):
        colleague.open(f"/finance/{name}").hides(customer["name"])
