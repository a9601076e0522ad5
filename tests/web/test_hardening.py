"""What an attacker tries at the edges: leading people away, fixing sessions, writing headers, poisoning the host."""

from __future__ import annotations

import pytest

from core.testing.client import Client
from core.web.app import Application
from tests.web.conftest import PASSWORD


@pytest.mark.parametrize(
    "wanted", ["//evil.test", "/\\evil.test", "https://evil.test", "/\t/evil.test", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_else(application: Application, wanted: str) -> None:
    client = Client(application)
    answer = client.post("/login", {"login": "admin", "password": PASSWORD, "next": wanted})
    assert (answer.status, answer.location) == (303, "/")
    assert client.get("/login", {"next": wanted}).location == "/"


@pytest.mark.parametrize(
    "referer", ["http://sopia.test//evil.test/x", "http://evil.test/x", "http://sopia.test/\\evil.test"]
)
def test_undoing_goes_back_to_a_page_of_ours_alone(admin: Client, referer: str) -> None:
    answer = admin.post("/undo", {"operation": "nothing"}, referer=referer)
    assert answer.status < 500
    group = admin.send("POST", "/api/v1/system/groups", {"name": "Drivers"})
    assert group.status == 201
    import re

    operation = re.search(r'name="operation" value="([0-9a-f]+)"', admin.get(f"/system/groups/{group.json['id']}").text)
    assert operation
    back = admin.post("/undo", {"operation": operation[1]}, referer=referer)
    assert (back.status, back.location.startswith("/") and not back.location.startswith("//")) == (303, True)
    assert "evil" not in back.location


def test_a_session_that_was_there_before_is_not_taken_up(application: Application) -> None:
    client = Client(application)
    client.cookies["sopia"] = "chosen-by-somebody-else"
    assert client.sign_in("admin", PASSWORD).status == 303
    first = client.cookies["sopia"]
    assert first != "chosen-by-somebody-else"
    assert client.sign_in("admin", PASSWORD).status == 303
    other = Client(application)
    other.cookies["sopia"] = first
    assert other.get("/").status == 303, "the session before a new sign-in has ended"


def test_behind_https_the_cookie_belongs_to_this_host_alone(application: Application) -> None:
    client = Client(application, scheme="https")
    answer = client.sign_in("admin", PASSWORD)
    cookie = next(value for name, value in answer.raw_headers if name == "set-cookie" and "sopia=" in value)
    assert cookie.startswith("__Host-sopia=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert answer.headers["strict-transport-security"]


def test_no_page_repeats_the_host_it_was_asked_by(application: Application) -> None:
    client = Client(application, host="evil.test")
    assert "evil.test" not in client.get("/login").text
    assert "evil.test" not in client.get("/").location


def test_what_belongs_to_somebody_is_kept_by_nobody(admin: Client) -> None:
    for path in ("/", "/system/users", "/api/v1/system/users/1", "/api/v1/system/users/export?format=csv"):
        headers = admin.get(path).headers
        assert headers["cache-control"] == "no-store, private", path
        assert "Cookie" in headers["vary"]
