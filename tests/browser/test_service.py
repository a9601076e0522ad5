"""A call comes in: taken on one screen, handed on, a complaint that is not closed unexplained, and asked about after."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from core.testing.chromium import Visitor
from core.testing.installation import LiveServer


@pytest.fixture
def installed_plugins() -> tuple[str, ...]:
    return ("customers", "service")


def take(page: Page, step: str) -> None:
    """A step from the menu of the page."""
    page.locator(".record-actions summary").first.click()
    page.locator(".record-actions").get_by_text(step, exact=True).first.click()


def test_a_complaint_goes_from_the_call_to_the_return_visit(visitor: Visitor, live_server: LiveServer) -> None:
    visitor.allow("409|Conflict")
    page = visitor.sign_in(live_server.login, live_server.password)
    visitor.open("/customers/customers/new")
    page.locator("[name=name]").fill("云帆实业")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("h1")).to_have_text("云帆实业")

    page = visitor.open("/service/requests/new")
    page.keyboard.type("云帆")
    page.get_by_role("option", name="云帆实业").first.click()
    page.locator("select[name=type]").select_option(label="投诉")
    page.locator("[name=subject]").fill("少发一箱")
    page.locator("[name=detail]").fill("客户来电，清点少一箱")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("h1")).to_have_text("少发一箱")
    expect(page.locator(".record-title")).to_contain_text(re.compile(r"SR-\d{6}-\d{4}"))
    address = page.url

    take(page, "Close")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Close", exact=True).last.click()
    expect(page.get_by_text("A complaint is closed with its cause").first).to_be_visible()

    page = visitor.open(address)
    take(page, "Close")
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=cause]").fill("漏装")
    dialog.locator("[name=measure]").fill("当天补发")
    dialog.get_by_role("button", name="Close", exact=True).last.click()
    expect(page.locator(".record-title")).to_contain_text("Closed")
    expect(page.get_by_text("To be made").first).to_be_visible()
