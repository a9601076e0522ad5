"""A working day in a real browser: import a rough file, find a firm of it, open, edit and undo; others see none of it."""

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
IMPORTED = "牡丹江雪松琥珀食品有限公司"

ROUGH = f"""客户名称,客户类型,联系人,手机,地区,信用额度,最近联系,备注
{IMPORTED},正式客户,白雪,138 0013 8001,牡丹江,￥2万,2026年3月5日,"含,逗号"
佳木斯红柳玛瑙贸易有限公司,意向客户,金玲,+86-13800138002,佳木斯,面议,20260305,
 牡丹江市雪松琥珀食品有限公司 ,正式客户,白雪,13800138003,牡丹江,5000,2026/3/5,
齐齐哈尔白桦水晶建材有限公司,潜在客户,石磊,138-0013-8004,齐齐哈尔,面议,2026-02-30,
,初次客户,何洁,13800138005,大庆,1000,2026/3/6,
"""
"""What a spreadsheet program in China saves: no mark of its encoding, and a fault here and there."""
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


def test_a_rough_file_is_imported_found_edited_and_the_edit_undone(arrive: Arrive) -> None:
    seller = arrive("wang.fang")
    page = seller.open("/customers/customers")
    page.locator("details:has(a[href='/customers/customers/import']) > summary").first.click()
    with page.expect_navigation():
        page.locator("a[href='/customers/customers/import']").first.click()
    rough = {"name": "客户名单.csv", "mimeType": "text/csv", "buffer": ROUGH.encode("gb18030")}
    page.locator("[name=file]").set_input_files(rough)  # type: ignore[arg-type]
    with page.expect_navigation():
        page.locator(".drop button.primary").click()

    expect(page.locator("[name=encoding]")).to_have_value("gb18030")
    expect(page.locator("[name=map-0]")).to_have_value("name")
    expect(page.locator("tr:has([name=map-0]) .samples")).to_contain_text(IMPORTED)
    with page.expect_navigation():
        page.locator(".form-foot button.primary").click()

    expect(page.locator("[data-faulty]")).to_have_text("3")
    first, second = (page.locator(f"tr[data-row='{row}']") for row in (3, 5))
    expect(first.locator(".wrong")).to_contain_text("面议")
    expect(second.locator(".wrong")).to_contain_text("2026-02-30")
    cell = first.locator("td.bad input")
    cell.fill("3万")
    cell.press("Enter")
    expect(first).to_have_class("fixed")
    expect(page.locator("[data-faulty]")).to_have_text("2")
    expect(page.locator("[data-import]")).to_contain_text("2")
    address = page.url
    seller.open("/imports")
    page.locator(".line-main", has_text="客户名单.csv").first.click()
    page.wait_for_url(address)
    with page.expect_navigation():
        page.locator("[data-import]").click()
    expect(page.locator(".outcome.good")).to_be_visible(timeout=30_000)
    expect(page.locator(".figures .good strong")).to_have_text("2")
    expect(page.locator(".figures .bad strong")).to_have_text("3")
    with page.expect_download() as coming:
        page.locator(".figures .bad a").click()
    left = coming.value.path().read_text("utf-8-sig")
    assert left.count("2026-02-30") == 2  # the value, and what is wrong with it
    assert fits(page)

    found = {words: search(page, words) for words in ("雪松", "琥珀", "xshp", "xuesong")}
    path = found["雪松"][0]
    assert all(path in each for each in found.values()), found
    page.locator(f".hits a[href='{path}']").first.click()
    expect(page.locator("h1")).to_have_text(IMPORTED)
    edit_and_undo(page, path, "牡丹江", "绥芬河")
    sees_nothing_of(arrive("li.qiang"), path, IMPORTED, ("雪松", "xshp"), address.removeprefix(seller.address))

    page.goto(address, wait_until="networkidle")
    page.locator("form[action$='/undo'] button").last.click()
    page.locator("dialog button.danger").click()
    # One of its records has been changed since, and changed back: that is a later change all the same.
    seller.allow("409|Failed to load")
    expect(page.locator(".banner.bad")).to_be_visible()


def edit_and_undo(page: Page, path: str, before: str, after: str) -> None:
    """Change the region of a customer, and take that back."""
    page.goto(f"{path}/edit", wait_until="networkidle")
    page.locator("[name=region]").fill(after)
    with page.expect_navigation():
        page.locator("[name=region]").press("Enter")
    expect(page.locator(".record-main")).to_contain_text(after)
    with page.expect_navigation():
        page.locator(".toast form[action='/undo'] button").click()
    page.goto(path, wait_until="networkidle")
    expect(page.locator(".record-main")).to_contain_text(before)
    assert after not in page.locator(".record-main").inner_text()


def sees_nothing_of(colleague: Visitor, path: str, firm: str, words: tuple[str, ...], *others: str) -> None:
    """Whether neither searches, lists nor addresses tell somebody of a customer."""
    colleague.allow("404|Failed to load")
    page = colleague.page
    assert [search(page, each) for each in words] == [[] for _each in words]
    page.goto(f"/customers/customers?q={words[0]}", wait_until="networkidle")
    assert path not in page.content()
    for url in (path, f"{path}/edit", "/customers/customers/999999", *others):
        answer = page.goto(url)
        assert answer is not None
        assert answer.status == 404
        assert firm not in page.content()


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

    edit_and_undo(page, path, "哈尔滨", "佳木斯")
    sees_nothing_of(arrive("li.qiang"), path, FIRM, ("云杉", "ysfc"))


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
