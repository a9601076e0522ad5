"""A working day in a real browser: write a customer down, find it, open, edit and undo; the colleague sees none of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core.testing.chromium import Visitor
from core.testing.databases import Databases, Kind, kinds_wanted
from core.testing.installation import Installed, LiveServer
from core.workplace.demo import PASSWORD

FIRM = "哈尔滨云杉翡翠物流有限公司"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}

Arrive = Callable[..., Visitor]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the stories of one database one after the other, before one server."""
    if "story_kind" in metafunc.fixturenames:
        kinds = kinds_wanted(metafunc.config.getoption("--database"), ())
        params = [pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in kinds]
        metafunc.parametrize("story_kind", params, scope="module")


@pytest.fixture(scope="module")
def office(databases: Databases, story_kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A running server with the demo company."""
    url = databases.make(story_kind, Installed())
    server = LiveServer(tmp_path_factory.mktemp("office"), url)
    server.run("demo", "--customers", "40")
    try:
        server.start()
        yield server
    finally:
        server.stop()
        databases.drop(url)
    assert "Traceback" not in server.log(), server.log()


@pytest.fixture
def arrive(chromium: Browser, office: LiveServer) -> Iterator[Arrive]:
    """Lets somebody sign in at a browser of his own; whatever a browser complains of fails the test."""
    here: list[Visitor] = []

    def come(login: str, **options: object) -> Visitor:
        somebody = Visitor(chromium, office.address, **options)
        here.append(somebody)
        page = somebody.sign_in(login, PASSWORD)
        assert "/login" not in page.url, page.locator("main").inner_text()
        return somebody

    yield come
    for somebody in here:
        somebody.close()
    assert [somebody.unexpected() for somebody in here] == [[] for _ in here]


def search(page: Page, words: str) -> list[str]:
    """The addresses of what the search of everything finds."""
    page.goto(f"/search?q={words}", wait_until="networkidle")
    return [str(link.get_attribute("href")) for link in page.locator(".hits li a").all()]


def fits(page: Page) -> bool:
    """Whether nothing is to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_customer_is_written_found_edited_and_the_edit_undone(arrive: Arrive) -> None:
    seller = arrive("wang.fang")
    page = seller.open("/customers/customers/new")
    page.locator("[name=name]").fill(FIRM)
    page.locator("[name=region]").fill("哈尔滨")
    page.locator("[name=name]").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    address = re.sub(r"\?.*", "", page.url)
    assert re.search(r"/customers/customers/\d+$", address), page.locator("main").inner_text()
    path = address.removeprefix(seller.address)

    for words in ("云杉", "翡翠", "ysfc", "yunshan"):
        assert path in search(page, words), words
    page.locator(f".hits a[href='{path}']").first.click()
    expect(page.locator("h1")).to_have_text(FIRM)

    page.goto(f"{path}/edit", wait_until="networkidle")
    page.locator("[name=region]").fill("佳木斯")
    with page.expect_navigation():
        page.locator("[name=region]").press("Enter")
    expect(page.locator(".record-main")).to_contain_text("佳木斯")
    with page.expect_navigation():
        page.locator(".toast form[action='/undo'] button").click()
    page.goto(path, wait_until="networkidle")
    expect(page.locator(".record-main")).to_contain_text("哈尔滨")
    assert "佳木斯" not in page.locator(".record-main").inner_text()

    colleague = arrive("li.qiang")
    colleague.allow("404|Failed to load")
    elsewhere = colleague.page
    assert search(elsewhere, "云杉") == search(elsewhere, "ysfc") == []
    elsewhere.goto("/customers/customers?q=云杉", wait_until="networkidle")
    assert path not in elsewhere.content()
    for url in (path, f"{path}/edit", "/customers/customers/999999"):
        answer = elsewhere.goto(url)
        assert answer is not None
        assert answer.status == 404
        assert FIRM not in elsewhere.content()


def test_a_wrong_value_is_told_beside_its_field_and_nothing_typed_is_lost(arrive: Arrive) -> None:
    seller = arrive("zhao.lei")
    seller.allow("422|Failed to load")
    page = seller.open("/customers/customers/new")
    page.locator("[name=name]").fill("错号公司")
    page.locator("[name=phone]").fill("没有电话")
    with page.expect_navigation():
        page.locator("[name=name]").press("Enter")
    expect(page.locator("[name=name]")).to_have_value("错号公司")
    expect(page.locator("[name=phone]")).to_have_value("没有电话")
    expect(page.locator("#field-phone")).to_contain_text("没有电话")
    assert page.locator("[name=phone]").get_attribute("aria-invalid") == "true"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_screens_fit_a_phone_in_light_and_dark(arrive: Arrive, scheme: str) -> None:
    seller = arrive("lin.jing", **PHONE, color_scheme=scheme)
    page = seller.page
    wide = []
    first = ""
    for path in ("/", "/customers/customers", "FIRST", "FIRST/edit", "/customers/customers/new", "/customers/follow-ups",
                 "/search?q=有限", "/preferences"):  # fmt: skip
        page.goto(path.replace("FIRST", first), wait_until="networkidle")
        if path == "/customers/customers":
            links = page.locator("main a[href^='/customers/customers/']").all()
            found = [str(link.get_attribute("href")) for link in links]
            first = next(link for link in found if re.fullmatch(r"/customers/customers/\d+", link))
        if not fits(page):
            wide.append(path)
    assert wide == []
    ground = page.evaluate(
        """() => {
        const paint = document.createElement("canvas").getContext("2d");
        for (const part of [document.documentElement, document.body]) {
            paint.fillStyle = getComputedStyle(part).backgroundColor;
            paint.fillRect(0, 0, 1, 1);
        }
        return paint.getImageData(0, 0, 1, 1).data[0];
    }"""
    )
    assert (ground < 128) == (scheme == "dark")
