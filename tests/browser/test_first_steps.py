"""The first minutes with a new installation, in a real browser."""

from __future__ import annotations

from core.testing.chromium import Visitor
from core.testing.installation import LiveServer


def test_the_administrator_signs_in_and_lands_on_a_page_without_complaints(
    visitor: Visitor, live_server: LiveServer
) -> None:
    page = visitor.sign_in(live_server.login, live_server.password)
    assert "/login" not in page.url
    assert page.locator("nav").count() > 0


def test_a_wrong_password_leads_nowhere(visitor: Visitor, live_server: LiveServer) -> None:
    visitor.allow("40[0-9]|42[0-9]|Failed to load")
    page = visitor.sign_in(live_server.login, "wrong")
    assert page.locator("[name=password]").count() == 1


def test_whoever_has_not_signed_in_is_sent_to_the_door(visitor: Visitor) -> None:
    page = visitor.open("/customers/customers")
    assert "/login" in page.url
