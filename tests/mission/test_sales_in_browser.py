"""The story of a sale in a real browser: from the first call to the money in the bank, each step seen from the customer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, Page, expect

from core.testing.chromium import Visitor
from core.testing.databases import Databases, Kind
from core.testing.installation import PASSWORD, Installed, LiveServer
from tests.mission.company import Company

pytestmark = pytest.mark.browser

Answer = TypeVar("Answer")


class Street:
    """The company behind a real server, and people at browsers of their own."""

    def __init__(self, company: Company, server: LiveServer, chromium: Browser) -> None:
        self.company, self._server, self._chromium = company, server, chromium
        self._here: list[Visitor] = []

    def arrive(self, login: str, **options: object) -> Visitor:
        """Somebody signs in."""
        somebody = Visitor(self._chromium, self._server.address, **options)
        self._here.append(somebody)
        somebody.sign_in(login, PASSWORD)
        return somebody

    def aside(self, call: Callable[[Company], Answer]) -> Answer:
        """Do something without a browser, in a thread of its own: in this one the browser's events wait."""
        with ThreadPoolExecutor(1) as threads:
            return threads.submit(call, self.company).result()

    def leave(self) -> None:
        """All go home; whatever a browser complained of is told."""
        for somebody in self._here:
            somebody.close()
        assert [somebody.unexpected() for somebody in self._here] == [[] for _ in self._here]
        self._here.clear()


@pytest.fixture(scope="module")
def built(
    databases: Databases, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Company, LiveServer]]:
    """The company, and a server for browsers on the same installation."""
    kind: Kind = "postgresql" if pytestconfig.getoption("--database") == "postgresql" else "sqlite"
    url, folder = databases.make(kind, Installed()), tmp_path_factory.mktemp("street")
    company, server = Company(folder, url), LiveServer(folder, url)
    try:
        server.start()
        yield company, server
    finally:
        server.stop()
        company.close()
        databases.drop(url)
    assert "Traceback" not in server.log(), server.log()


@pytest.fixture
def street(built: tuple[Company, LiveServer], chromium: Browser) -> Iterator[Street]:
    """Where people come to their browsers."""
    opened = Street(*built, chromium)
    yield opened
    opened.leave()


def pick(page: Page, field: str, name: str) -> None:
    """Find a record by a piece of its name, and take the first one offered."""
    page.locator(f"input[name='{field}__label']").last.fill(name)
    page.get_by_role("option", name=name).first.click()


def press(page: Page, name: str) -> None:
    """Press what the page offers, be it a button, a link or an entry of its menu."""
    shown = page.locator(".record-actions").get_by_text(name, exact=True)
    if not shown.first.is_visible():
        page.locator(".record-actions summary").first.click()
    shown.first.click()


def answer(page: Page, button: str, /, **values: str) -> None:
    """Fill in the dialog of an action, and send it."""
    dialog = page.get_by_role("dialog")
    for field, value in values.items():
        control = dialog.locator(f"[name='{field}']").last
        control.select_option(label=value) if control.evaluate("e => e.tagName") == "SELECT" else control.fill(value)
    with page.expect_navigation():
        dialog.get_by_role("button", name=button, exact=True).last.click()


def create(page: Page) -> str:
    """Save a new record; its address."""
    with page.expect_navigation():
        page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_load_state("networkidle")
    return re.sub(r"\?.*", "", page.url)


def panel(page: Page, title: str) -> str:
    """What a part of a customer's page tells, once its reader gets there."""
    part = page.locator("section.panel").filter(has=page.get_by_role("heading", name=title)).first
    part.evaluate("part => part.scrollIntoView()")
    expect(part.locator(".ghosts")).to_have_count(0)
    return part.inner_text()


def spoken(company: Company, words: str) -> None:
    """What the mate said with a customer of his today."""
    customer = company.customer(company.mate)
    company.mate.make("customers/follow-ups", customer=customer.id, content=words)


def offered(street: Street, seller: Visitor, firm: str, product: str) -> tuple[str, int]:
    """A new customer, what was said with him, and an offer that he accepts: his address, and the order made of it."""
    page = seller.open("/customers/customers/new")
    page.locator("[name=name]").fill(firm)
    page.locator("[name=credit_limit]").fill("500")
    customer = create(page)
    number = customer.rpartition("/")[2]
    page = seller.open(f"/customers/follow-ups/new?customer={number}")
    page.locator("[name=content]").fill("要十台扫描枪")
    create(page)
    page = seller.open(f"/sales/quotations/new?customer={number}")
    pick(page, "lines-0-product", product)
    page.locator("[name='lines-0-quantity']").fill("10")
    create(page)
    expect(page.locator("main")).to_contain_text("1,000.00")  # the price is that of the goods
    press(page, "Customer accepts")
    expect(page.locator(".record-title")).to_contain_text("Accepted")
    press(page, "Make an order")
    page.wait_for_load_state("networkidle")
    return customer, street.aside(lambda company: company.member.finds("sales/orders", customer=number))[0]


def released(seller: Visitor, head: Visitor, order: int) -> None:
    """More than the customer's limit: refused in figures, and let pass by the head, who says why."""
    seller.allow("409|Failed to load")
    page = seller.open(f"/sales/orders/{order}")
    press(page, "Confirm the order")
    expect(page.locator("main")).to_contain_text("500.00")
    page = head.open(f"/sales/orders/{order}")
    press(page, "Release")
    answer(page, "Release", reason="已付三成定金")
    page = seller.open(f"/sales/orders/{order}")
    expect(page.locator("main")).to_contain_text("已付三成定金")
    press(page, "Confirm the order")
    expect(page.locator(".record-title")).to_contain_text("Confirmed")


def contracted(street: Street, seller: Visitor, order: int, customer: str) -> tuple[int, str]:
    """The contract of an order with its plan, running: its id and its number."""
    page = seller.open(f"/sales/orders/{order}")
    press(page, "Make a contract")
    answer(page, "Make a contract", name="年度供货")
    number = customer.rpartition("/")[2]
    made = street.aside(lambda company: company.member.get("sales/contracts", customer=number)["items"][0])
    page = seller.open(f"/sales/contracts/{made['id']}")
    press(page, "Plan the payments")
    first = (date.today() + timedelta(days=2)).isoformat()
    answer(page, "Plan the payments", count="2", first_due_on=first, every="Month")
    assert panel(page, "Payment plan").count("500.00") >= 2
    press(page, "Submit")
    expect(page.locator(".record-title")).to_contain_text("Running")
    return made["id"], made["number"]


def paid(seller: Visitor, customer: str, amount: str) -> None:
    """Money comes, and is put against what is owed."""
    page = seller.open(f"/finance/receipts/new?customer={customer.rpartition('/')[2]}")
    page.locator("[name=amount]").fill(amount)
    page.locator("select[name=account]").select_option(index=1)
    create(page)
    press(page, "Confirm")
    expect(page.locator(".record-title")).to_contain_text("Confirmed")
    page.get_by_role("link", name="Allocate", exact=True).click()
    with page.expect_navigation():
        page.get_by_role("button", name="Allocate").click()


def test_a_sale_from_the_first_call_to_the_money_in_the_bank(street: Street) -> None:
    firm, product = street.company.name("云杉"), street.company.name("扫描枪")
    goods = {"name": product, "unit": "台", "sale_price": "100", "floor_price": "80"}
    street.aside(lambda company: company.admin.make("catalog/products", **goods))
    seller, head = street.arrive("member"), street.arrive("head")
    customer, order = offered(street, seller, firm, product)
    released(seller, head, order)
    contract, number = contracted(street, seller, order, customer)

    # What is due soon is told to whoever collects it.
    street.aside(lambda company: company.run("system.remind"))
    expect(seller.open("/notifications").locator("main")).to_contain_text(f"{number} · 1")

    paid(seller, customer, "500")
    page = head.open(f"/sales/contracts/{contract}")
    assert "500.00" in panel(page, "Money")
    assert "1,000.00" in panel(page, "Profit of the deal")
    page.get_by_role("link", name="Paper by paper").click()
    expect(page.locator("h1")).to_have_text(number)
    expect(page.locator("main")).to_contain_text("100.0%")

    # Each step is seen from the customer, by the head; the colleague sees no customer.
    page = head.open(customer)
    told = {
        "Follow-ups": "要十台扫描枪",
        "Quotations": "1,000.00",
        "Sales orders": "1,000.00",
        "Contracts": number,
        "Receivables": "500.00",
        "Receipts": "500.00",
        "Money owed": "500.00",
    }
    assert [title for title, words in told.items() if words not in panel(page, title)] == []
    colleague = street.arrive("colleague")
    colleague.allow("404|Failed to load")
    assert colleague.open(f"/search?q={firm}").locator(".hits li a").count() == 0
    assert firm not in colleague.open(customer).content()


def test_a_head_coaches_at_once_where_he_sees_the_day_of_his_people(street: Street) -> None:
    company = street.company
    said, advice = company.name("约好回访"), company.name("带上样品")
    street.aside(lambda company: spoken(company, said))
    head = street.arrive("head")
    page = head.open("/")
    page.get_by_role("link", name="My team today").first.click()
    line = page.locator(".day-line", has_text=said)
    line.locator("summary").click()
    line.locator("textarea").fill(advice)
    line.get_by_role("button", name="Give guidance").click()
    expect(page.locator(".toast").first).to_be_visible()
    mate = street.arrive("mate", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = mate.open("/notifications")
    expect(page.locator("main")).to_contain_text(advice)
    page.locator(".note", has_text=advice).get_by_role("button").click()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".timeline")).to_contain_text("acknowledged")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    colleague = street.arrive("colleague")
    assert said not in colleague.open("/team").content()
