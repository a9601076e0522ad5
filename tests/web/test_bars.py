"""Toolbars that are kept look like those that are drawn anew, for whoever asks and whatever for."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from core.kernel.platform import Platform
from core.testing.client import Client
from core.testing.installation import PASSWORD
from core.testing.statements import counted
from core.web import bars, toolbar
from core.web.app import Application
from core.web.pages import lists

LIST = "/customers/customers"

STATES: list[list[tuple[str, str]]] = [
    [],
    [("q", "云图")],
    [("q", "a&b \"<x>'%EE%80%80 +/?")],
    [("q", "x"), ("sort", "-name"), ("columns", "name,type")],
    [("q", "x"), ("type__in", "1"), ("type__in", "2")],
    [("owner", "1")],
    [("credit_limit__gte", "100"), ("created_at", "this_month")],
    [("q", "\ue000")],
    [("q", "one"), ("q", "two")],
]


@pytest.fixture
def client(installed_platform: Platform) -> Client:
    """The first administrator of a whole installation."""
    client = Client(Application(installed_platform, works=False))
    client.sign_in("admin", PASSWORD)
    return client


def shown(client: Client, state: list[tuple[str, str]]) -> str:
    answer = client.get(f"{LIST}?{urlencode(state)}")
    assert answer.status == 200
    return re.sub(r"\s+", " ", re.sub(r' nonce="[^"]*"', "", answer.text))


@pytest.mark.parametrize("state", STATES)
def test_a_kept_toolbar_looks_like_one_drawn_anew(
    client: Client, state: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown(client, [("q", "before") if name == "q" else (name, text) for name, text in state])
    kept = shown(client, state)
    monkeypatch.setattr(lists, "bar_of", toolbar.toolbar)
    assert kept == shown(client, state)


def test_a_new_word_of_a_dictionary_is_offered_when_the_old_ones_are_forgotten(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.web import dictionaries

    monkeypatch.setattr(dictionaries, "REMEMBERED", 0)
    assert "Walked in" not in shown(client, [])
    client.post("/customers/sources/new", {"name": "Walked in"})
    assert "Walked in" in shown(client, [])


def test_kept_toolbars_do_not_grow_without_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "KEPT", 2)
    for number in range(5):
        shown(client, [("credit_limit__gte", str(number))])
    assert len(client.application.site.kept["bars"]) <= 2  # type: ignore[attr-defined]


def test_a_list_takes_few_statements(client: Client) -> None:
    shown(client, [])
    with counted() as statements:
        shown(client, [])
    assert 1 <= len(statements) <= 6, statements
