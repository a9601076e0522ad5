"""A member's day in a real browser: a call, a plan with steps, a file that is found by its text, and the journal of it all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core.kernel.database import Database
from core.testing.chromium import Visitor
from core.testing.databases import Databases, Kind, kinds_wanted
from core.testing.installation import PASSWORD, Installed, LiveServer
from plugins.documents import demo_files as files
from tests.mission.company import settle

Arrive = Callable[[str], Visitor]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One database is enough for what browsers do."""
    if "day_kind" in metafunc.fixturenames:
        kinds = kinds_wanted(metafunc.config.getoption("--database"), ())[:1]
        params = [pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in kinds]
        metafunc.parametrize("day_kind", params, scope="module")


@pytest.fixture(scope="module")
def office(databases: Databases, day_kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A running server with the people of the company."""
    url = databases.make(day_kind, Installed())
    server = LiveServer(tmp_path_factory.mktemp("day"), url)
    database = Database(url)
    with database.system("the people of the story") as session:
        settle(session)
    database.dispose()
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

    def come(login: str) -> Visitor:
        somebody = Visitor(chromium, office.address, locale="zh-CN")
        here.append(somebody)
        somebody.sign_in(login, PASSWORD)
        return somebody

    yield come
    for somebody in here:
        somebody.close()
    assert [somebody.unexpected() for somebody in here] == [[] for _ in here]


def create(page: Page) -> None:
    """Send the form of a new record."""
    page.get_by_role("button", name="创建", exact=True).click()
    expect(page.locator(".record-title")).to_be_visible()


def pick(page: Page, field: str, name: str) -> None:
    """Choose a record in a field by a piece of its name."""
    page.locator(f"#f-{field}").fill(name)
    page.get_by_role("option", name=name).first.click()


def test_a_member_works_with_calls_tasks_documents_and_his_journal(arrive: Arrive) -> None:
    member = arrive("member")
    member.allow(r"^foreign host: chrome(-extension)?://")  # the browser's own viewer of PDFs
    page = member.open("/customers/customers/new")
    page.locator("[name=name]").fill("云杉物流")
    create(page)

    # A call: its type brings what is to be asked, and leaves alone what was typed.
    page = member.open("/service/requests/new")
    pick(page, "customer", "云杉物流")
    page.locator("[name=subject]").fill("少发一箱")
    page.locator("select[name=type]").select_option(label="投诉")
    expect(page.locator("[name=detail]")).to_have_value(re.compile("事情经过"))
    expect(page.locator("[name=subject]")).to_have_value("少发一箱")
    create(page)

    # A plan with steps; one who has none to write down need not.
    page = member.open("/tasks/tasks/new")
    page.locator("[name=title]").fill("补发方案")
    page.locator("select[name=kind]").select_option(label="计划")
    pick(page, "customer", "云杉物流")
    page.locator("[name='steps-0-text']").fill("确认库存")
    page.get_by_role("button", name="添加步骤").click()
    page.locator("[name='steps-1-text']").fill("安排发车")
    create(page)
    expect(page.get_by_text("安排发车")).to_be_visible()
    page = member.open("/tasks/tasks/new")
    page.locator("[name=title]").fill("没有步骤的任务")
    create(page)

    # A file: its name becomes the title, it is seen at once, and found by what stands in it.
    page = member.open("/documents/documents/new")
    content = files.pdf(("补发说明", "周转箱两只由仓库主管签收"))
    page.set_input_files("#new-file", {"name": "补发说明.pdf", "mimeType": "application/pdf", "buffer": content})
    expect(page.locator("[name=title]")).to_have_value("补发说明")
    create(page)
    expect(page.locator(".file-shown iframe")).to_be_visible()
    for _try in range(60):
        page = member.open("/documents/documents?q=仓库主管签收")
        if page.locator("table.rows a", has_text="补发说明").count():
            break
        page.wait_for_timeout(500)
    expect(page.locator("table.rows a", has_text="补发说明").first).to_be_visible()

    # The journal knows what the records say, for the day as for the week.
    page = member.open("/journals/journals/new")
    expect(page.locator("[name=done]")).to_have_value(re.compile("少发一箱"))
    page.locator("[name=lessons]").fill("装车前先复核")
    page.locator("select[name=kind]").select_option(label="周报")
    expect(page.locator("[name=done]")).to_have_value(re.compile("补发说明"))
    expect(page.locator("[name=lessons]")).to_have_value("装车前先复核")
    create(page)
    expect(page.locator(".record-title")).to_contain_text("~")

    colleague = arrive("colleague")
    for address in ("/documents/documents?q=仓库主管签收", "/tasks/tasks?q=补发方案", "/journals/journals"):
        page = colleague.open(address)
        expect(page.locator("main")).not_to_contain_text("补发")
