"""The scripts of the screens in a real browser, over the style guide: no database, no network."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright import sync_api

from tests.web.styleguide.app import SPECIMENS, make_app

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium")

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(make_app(), port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield browser
        browser.close()


class Visit:
    """A page that notes what the browser complains of."""

    def __init__(self, page: sync_api.Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", self.note)
        page.on("pageerror", self.note_error)

    def note(self, message: sync_api.ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def note_error(self, error: sync_api.Error) -> None:
        # The browser leaves out the fading between two pages where it is too busy: nothing that anybody misses.
        if "Transition was" not in str(error):
            self.complaints.append(str(error))

    def open(self, name: str) -> sync_api.Page:
        self.page.goto(f"{self.address}/{name}", wait_until="networkidle")
        return self.page


@pytest.fixture
def visit(browser: sync_api.Browser, address: str) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    visit = Visit(context.new_page(), address)
    yield visit
    context.close()
    assert visit.complaints == []


def test_no_page_scrolls_sideways_or_complains_on_a_phone(browser: sync_api.Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    visit = Visit(context.new_page(), address)
    wide = [name for name in SPECIMENS if visit.open(name).evaluate("document.documentElement.scrollWidth") > 390]
    context.close()
    assert wide == []
    assert visit.complaints == []


@pytest.mark.parametrize(("density", "rows"), [("comfortable", 24), ("dense", 36)])
def test_a_list_shows_enough_rows(visit: Visit, density: str, rows: int) -> None:
    page = visit.open(f"list?density={density}")
    shown = page.evaluate(
        """() => {
        const end = document.querySelector("tfoot td").getBoundingClientRect().top + 1;
        return [...document.querySelectorAll("tbody tr")].filter((row) => row.getBoundingClientRect().bottom <= end).length;
    }"""
    )
    assert shown >= rows


def test_rows_are_walked_ticked_and_opened_by_keys(visit: Visit) -> None:
    page = visit.open("list")
    for key in "jjxjx":
        page.keyboard.press(key)
    assert page.locator("tbody .s :checked").count() == 2
    assert "2" in page.locator("[data-selected]").inner_text()
    page.locator(".bulk .danger").click()
    page.locator("dialog h2").wait_for()
    assert page.locator("dialog h2").inner_text() == "删除 2 个客户？"
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_the_filter_menu_sends_only_what_has_a_value(visit: Visit) -> None:
    page = visit.open("list")
    page.keyboard.press("f")
    page.locator("[data-field=name] summary").click()
    page.locator("[name=name__contains]").fill("鼎晟")
    with page.expect_request(lambda request: request.is_navigation_request()) as sent:
        page.locator(".filters .menu-foot button").click()
    query = sent.value.url.partition("?")[2]
    assert "name__contains=" in query
    assert "credit_limit" not in query
    assert "__label" not in query


def test_columns_are_sent_in_the_order_they_were_moved_to(visit: Visit) -> None:
    page = visit.open("list")
    page.locator("[data-module=columns] summary").click()
    page.locator(".chooser li:nth-child(3) .move").focus()
    page.keyboard.press("ArrowUp")
    with page.expect_request(lambda request: request.is_navigation_request()) as sent:
        page.locator(".chooser .menu-foot button").click()
    assert "columns=name%2Cphone%2Ctype%2C" in sent.value.url


def test_a_relation_is_picked_by_typing(visit: Visit) -> None:
    page = visit.open("form")
    page.locator("[name=category__label]").fill("物流")
    page.locator(".options [role=option]").first.wait_for()
    page.keyboard.press("Enter")
    assert page.input_value("[name=category__label]") == "宁波百宇物流有限公司"
    assert page.input_value("[name=category]") == "4"
    page.locator("[name=category__label]").fill("宁")
    assert page.input_value("[name=category]") == ""


def test_a_day_is_picked_from_the_calendar_and_by_arrows(visit: Visit) -> None:
    page = visit.open("form")
    page.locator(".tabs [data-tab=more]").click()
    page.locator("#field-founded_on button.open").click()
    page.locator('.calendar [data-day="1998-05-20"]').click()
    assert page.input_value("[name=founded_on]") == "1998-05-20"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.input_value("[name=founded_on]") == "1998-05-21"


def test_a_row_of_fields_can_be_added(visit: Visit) -> None:
    page = visit.open("form")
    page.locator(".tabs [data-tab=more]").click()
    page.locator("[data-add]").click()
    page.locator("[name=lines-2-product__label]").fill("物流")
    page.locator(".options [role=option]").first.wait_for()
    page.keyboard.press("Enter")
    assert page.input_value("[name=lines-2-product]") == "4"
    assert page.input_value("[name=lines-count]") == "3"


def test_a_changed_form_is_not_left_by_accident(visit: Visit) -> None:
    page = visit.open("form")
    page.locator("#f-name").fill("石油")
    page.locator(".duplicates li").first.wait_for()
    page.locator(".side-link").first.click()
    page.locator("dialog").wait_for()
    page.locator("dialog button").first.click()
    assert page.url.endswith("/form")


def test_deleting_says_what_is_lost(visit: Visit) -> None:
    page = visit.open("record")
    page.locator(".record-actions summary").click()
    page.locator(".menu-item.danger").click()
    assert page.locator("dialog li").all_inner_texts() == ["3 个联系人", "12 条跟进记录"]


def test_the_palette_opens_by_key_and_finds(visit: Visit) -> None:
    page = visit.open("list")
    page.keyboard.press("Control+k")
    page.keyboard.type("物流")
    page.get_by_role("option", name="宁波百宇物流有限公司").wait_for()
    page.keyboard.press("Escape")
    assert not page.locator("dialog[open]").count()


def test_a_faulty_cell_is_corrected_in_the_grid(visit: Visit) -> None:
    page = visit.open("import-report")
    page.locator("[name=cell-17-3]").fill("17126614242")
    page.keyboard.press("Enter")
    page.locator("tr[data-row='17'].fixed").wait_for()
    assert page.evaluate("document.activeElement.name") == "cell-40-3"


def test_looks_change_at_once(visit: Visit) -> None:
    page = visit.open("list")
    page.locator("summary.user").click()
    with page.expect_request("**/preferences") as sent:
        page.locator("[data-preference=theme] [value=dark]").click()
    assert sent.value.post_data == "theme=dark"
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_filters_and_menus_work_without_scripts(browser: sync_api.Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/list")
    page.locator(".filters > summary").click()
    page.locator("[data-field=name] summary").click()
    page.locator("[name=name__contains]").fill("鼎晟")
    page.locator("tbody .s input").first.check(force=True)
    assert page.locator(".bulk").is_visible()
    page.locator(".filters .menu-foot button").click()
    assert page.url
    page.goto(f"{address}/form")
    assert page.locator("[name=lines-0-quantity]").is_visible()
    context.close()
