"""Boards: the columns of a list, and moves that are steps of its workflow; locked records on their pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.kernel.platform import Platform
from core.kernel.settings import Settings
from core.testing.client import Client
from core.web.app import Application
from tests.web.conftest import PASSWORD, add_person

PAPERS = "/papers/papers"
API = f"/api/v1{PAPERS}"

FRAGMENT: dict[str, Any] = {"sopia_fragment": "1"}


@pytest.fixture
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with the papers, which are a plugin of tests alone."""
    from core.kernel import discovery

    found = {"papers": discovery.Found("papers", "tests.resources.papers:plugin")}
    monkeypatch.setattr("core.kernel.lifecycle.discover", lambda: found)
    return Settings.load(
        data_dir=tmp_path, database_url=database_url, admin_password=PASSWORD, plugins=("papers",), locale="en"
    )


@pytest.fixture
def application(platform: Platform) -> Iterator[Application]:
    made = Application(platform)
    yield made
    made.close()


def made(client: Client, **values: Any) -> dict[str, Any]:
    answer = client.send("POST", API, {"title": "Lease", **values})
    assert answer.status == 201, answer.text
    return dict(answer.json)


def lane(page: str, key: str) -> str:
    return page.partition(f'data-lane="{key}"')[2].partition("</section>")[0]


def test_the_columns_hold_their_cards_with_counts_and_sums(admin: Client) -> None:
    first, second = made(admin, amount="1000"), made(admin, amount="234.50", title="Deed")
    admin.send("POST", f"{API}/{second['id']}/actions/file", {"shelf": "A 3"})
    page = admin.get(f"{PAPERS}?view=board").text
    assert first["title"] in lane(page, "draft")
    assert "1,000.00" in lane(page, "draft")
    assert "A 3" in lane(page, "filed")
    assert "234.50" in lane(page, "filed")
    assert "Deed" not in lane(page, "draft")
    assert 'data-targets="|filed|shredded|"' in lane(page, "draft") or 'data-targets="|filed|shredded|"' in page
    assert "_open=shredded" in page
    narrowed = admin.get(f"{PAPERS}?view=board&q=deed").text
    assert "Lease" not in narrowed
    assert "Deed" in lane(narrowed, "filed")


def test_a_move_is_the_step_that_leads_there_and_asks_what_the_step_asks(admin: Client) -> None:
    paper = made(admin, amount="1")
    move = {"id": str(paper["id"]), "version": "1", "to": "filed"}
    answer = admin.post(f"{PAPERS}/move", move, **FRAGMENT)
    assert answer.json == {"ask": f"{PAPERS}/{paper['id']}/actions/file", "title": "File"}
    assert 'name="shelf"' in admin.get(answer.json["ask"], **FRAGMENT).text
    done = admin.post(answer.json["ask"], {"shelf": "B"}, **FRAGMENT)
    assert (done.status, done.location) == (204, f"{PAPERS}/{paper['id']}")
    lent = admin.post(f"{PAPERS}/move", {**move, "to": "lent"}, **FRAGMENT)
    assert (lent.json["lane"], lent.json["version"]) == ("lent", 3)
    refused = admin.post(f"{PAPERS}/move", {**move, "to": "filed"}, **FRAGMENT)
    assert (refused.status, refused.text) == (409, "No step of yours leads from “Lent” to “Filed”.")
    # Without a script the same form leads to the page that asks, or back to the board.
    other = made(admin, amount="1")
    asked = admin.post(f"{PAPERS}/move", {"id": str(other["id"]), "version": "1", "to": "filed"})
    assert (asked.status, asked.location) == (303, f"{PAPERS}/{other['id']}/actions/file")


def test_what_is_out_of_scope_stands_on_no_board_and_is_not_moved(
    admin: Client, platform: Platform, application: Application
) -> None:
    foreign = made(admin, title="Secret", amount="5")
    add_person(platform, "lin", "member")
    lin = Client(application)
    lin.sign_in("lin", PASSWORD)
    made(lin, title="Mine", amount="1")
    page = lin.get(f"{PAPERS}?view=board").text
    assert "Mine" in page
    assert "Secret" not in page
    assert "1.00" in lane(page, "draft")
    assert "6.00" not in page
    answer = lin.post(f"{PAPERS}/move", {"id": str(foreign["id"]), "version": "1", "to": "shredded"}, **FRAGMENT)
    assert answer.status == 404
    assert admin.get(f"{API}/{foreign['id']}").json["state"] == "draft"


def test_the_page_of_a_locked_record_offers_steps_and_no_editing(admin: Client) -> None:
    paper = made(admin, amount="1", sheets=[{"text": "One"}])
    url = f"{PAPERS}/{paper['id']}"
    assert 'class="button primary' in admin.get(url).text
    page = admin.get(url).text
    assert 'data-module="asks"' in page
    assert f"{url}/actions/pull" not in page
    admin.send("POST", f"{API}/{paper['id']}/actions/file", {"shelf": "A"})
    page = admin.get(url).text
    assert "Filed" in page
    assert paper["number"] in page
    assert f"{url}/actions/pull" in page
    assert f"{url}/delete" not in page
    assert f"{url}/fields/title" not in page
    assert f"{url}/fields/note" in page
    form = admin.get(f"{url}/edit").text
    assert 'name="note"' in form
    assert 'name="title"' not in form
    refused = admin.send("PATCH", f"{API}/{paper['id']}", {"title": "Other"}, if_match='"2"')
    assert refused.status == 409
    assert refused.json["detail"].startswith("In the state “Filed” it is no longer changed.")


def test_the_api_describes_steps_and_the_state_as_a_choice(admin: Client) -> None:
    told = admin.get("/api/v1/openapi.json").json
    assert f"{PAPERS}/{{id}}/actions/file" in json.dumps(list(told["paths"]))
    states = ["draft", "filed", "lent", "archived", "shredded"]
    assert json.dumps(states) in json.dumps(told)


def test_a_step_is_taken_for_many_records_of_a_list(admin: Client) -> None:
    papers = [made(admin, amount="1"), made(admin, amount="2"), made(admin)]
    ids = [("id", str(paper["id"])) for paper in papers]
    asked = admin.post(f"{PAPERS}/actions/file", ids)
    selection = asked.text.partition('name="_selection" value="')[2].partition('"')[0].replace("&amp;", "&")
    answer = admin.post(f"{PAPERS}/actions/file", [("shelf", "Z"), ("_selection", selection)])
    assert "A paper without an amount is not filed." in answer.text
    states = [admin.get(f"{API}/{paper['id']}").json["state"] for paper in papers]
    assert states == ["filed", "filed", "draft"]
