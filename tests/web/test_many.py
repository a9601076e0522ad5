"""Verbs for the selection of a list, and verbs that plugins offer on somebody else's records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from core.assembly import PARTS, make
from core.kernel.crew import make_worker
from core.kernel.database import Database
from core.kernel.discovery import Found
from core.kernel.gate import Gate
from core.kernel.history import HistoryEntry
from core.kernel.i18n import Catalogues
from core.kernel.platform import Platform, prepare
from core.kernel.registry import build_registry
from core.kernel.roles import Grant, Role, UserRole
from core.kernel.settings import Settings
from core.kernel.storage import open_storage
from core.kernel.users import User
from core.resources import many
from core.resources.resolved import Resources
from core.testing.client import Client
from core.testing.databases import Schema
from core.testing.samples import make_person
from core.web.app import Application
from tests.web.booth import BoothStand
from tests.web.conftest import PASSWORD

LIST = "/booth/stands"
FOUND = {name: Found(name, f"tests.web.{name}:plugin") for name in ("booth", "broom")}


@pytest.fixture
def schema() -> Schema:
    return Schema.of(BoothStand)


@dataclass
class Market:
    """The application with the market in it, and who works there."""

    platform: Platform
    application: Application
    clients: dict[str, Client]
    people: dict[str, int]

    def build(self, owner: str, *names: str) -> list[int]:
        with self.platform.database.system("a test") as session:
            stands = [BoothStand(name=name, owner_id=self.people[owner]) for name in names]
            session.add_all(stands)
            session.flush()
            return [stand.id for stand in stands]

    def stands(self) -> dict[str, BoothStand]:
        with self.platform.database.system("a test") as session:
            session.expire_on_commit = False
            return {stand.name: stand for stand in session.scalars(select(BoothStand))}

    def post(self, who: str, verb: str, *fields: tuple[str, str]) -> Any:
        return self.clients[who].post(f"{LIST}/{verb}", fields)


@pytest.fixture
def market(database: Database, tmp_path: Path) -> Iterator[Market]:
    url = database.url.render_as_string(hide_password=False)
    settings = Settings.load(data_dir=tmp_path, database_url=url, admin_password=PASSWORD, locale="en")
    registry = build_registry(("booth", "broom"), found=FOUND, system=PARTS.system, strict=True)
    resources = Resources(registry)
    with database.transaction(write=True) as connection:
        make(connection, resources)
    gate = Gate(database, registry.models, PARTS.watchers(resources))
    prepare(settings, database, gate.watchers)
    platform = Platform(settings, database, registry, gate, open_storage(settings.files_url), Catalogues(), resources)
    with database.system("a test") as session:
        people = {"admin": session.scalars(select(User.id).where(User.login == "admin")).one()}
        people["ann"] = make_person(session, "ann")
        sees_all_does_own = Role(name="Watcher")
        sees_all_does_own.grants = [Grant(resource="booth.stand", action="view", scope="all")]
        sees_all_does_own.grants += [
            Grant(resource="booth.stand", action=action, scope="own") for action in ("edit", "delete", "shut")
        ]
        session.add(sees_all_does_own)
        session.flush()
        session.add(UserRole(user_id=people["ann"], role_id=sees_all_does_own.id))
    application = Application(platform, works=False)
    clients = {login: Client(application) for login in ("admin", "ann")}
    for login, client in clients.items():
        assert client.sign_in(login, PASSWORD if login == "admin" else "correct horse 7").status == 303
    yield Market(platform, application, clients, people)
    application.close()


def ticked(*ids: int) -> list[tuple[str, str]]:
    return [("id", str(each)) for each in ids]


def test_a_list_offers_what_may_be_done_with_its_selection(market: Market) -> None:
    market.build("ann", "Pear")
    page = market.clients["ann"].get(LIST).text
    bar = page[page.index('class="bulk"') :]
    assert [f"{LIST}/{verb}" in bar for verb in ("actions/paint", "actions/shut", "actions/fold", "delete")] == [
        True, True, False, True,
    ]  # fmt: skip


def test_one_operation_does_it_with_all_and_undoes_it_with_all(market: Market) -> None:
    ids = market.build("ann", "Pear", "Plum")
    answer = market.post("ann", "actions/shut", *ticked(*ids))
    assert (answer.status, answer.location) == (303, LIST)
    assert all(stand.shut for stand in market.stands().values())
    with market.platform.database.transaction(write=False) as connection:
        told = select(func.count(func.distinct(HistoryEntry.operation)), func.max(HistoryEntry.operation))
        count, operation = connection.execute(told.where(HistoryEntry.action == "shut")).one()
    assert count == 1
    assert market.clients["ann"].post("/undo", {"operation": operation}).status == 303
    assert not any(stand.shut for stand in market.stands().values())


def test_what_is_asked_for_is_asked_once(market: Market) -> None:
    ids = market.build("ann", "Pear", "Plum")
    asked = market.post("ann", "actions/paint", *ticked(*ids))
    assert asked.status == 200
    assert "Paint: 2 records" in asked.text
    kept = re.search(r'name="_selection" value="([^"]+)"', asked.text)
    assert kept
    selection = ("_selection", kept[1].replace("&amp;", "&"))
    wrong = market.post("ann", "actions/paint", selection, ("colour", ""))
    assert wrong.status == 422
    assert "Please fill this in." in wrong.text
    assert market.post("ann", "actions/paint", selection, ("colour", "red")).status == 303
    assert {stand.colour for stand in market.stands().values()} == {"red"}


def test_those_that_refuse_are_told_by_name_and_the_others_are_done(market: Market) -> None:
    mine = market.build("ann", "Pear", "Rock")
    foreign = market.build("admin", "Apple")
    selection = ("_selection", urlencode(ticked(*mine, *foreign, 987654)))
    answer = market.post("ann", "actions/paint", selection, ("colour", "red"))
    assert answer.status == 200
    for told in ("Done with 1 records; 3 were refused.", "Rock", "A rock takes no paint.", "Apple",
                 "This lies beyond what you may change.", "#987654", "There is no such record.", "Undo"):  # fmt: skip
        assert told in answer.text
    assert {name: stand.colour for name, stand in market.stands().items()} == {
        "Pear": "red", "Rock": "white", "Apple": "white",
    }  # fmt: skip


def test_a_permission_of_its_own_is_asked_for_each_record(market: Market) -> None:
    (foreign,) = market.build("admin", "Apple")
    assert "beyond what you may change" in market.post("ann", "actions/shut", *ticked(foreign)).text
    assert market.clients["ann"].post(f"{LIST}/{foreign}/actions/shut").status == 404
    assert not market.stands()["Apple"].shut


def test_the_filter_says_which_when_all_are_meant(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    market.build("ann", *(f"Pear {n}" for n in range(6)), "Plum")
    everything = (("all", "true"), ("id", "1"), ("name__contains", "Pear"), ("sort", "-name"))
    question = market.post("ann", "delete", *everything)
    assert question.status == 200
    assert "Delete: 6 records?" in question.text
    monkeypatch.setattr("core.web.pages.many.AT_ONCE", 5)
    monkeypatch.setattr(many, "PIECE", 4)
    asked = market.post("ann", "delete", *everything, ("confirmed", "true"))
    assert re.fullmatch(rf"{LIST}/many/\d+", asked.location)
    running = market.clients["ann"].get(asked.location)
    assert 'data-module="progress"' in running.text
    assert market.clients["admin"].get(asked.location).status == 404  # it is Ann's
    assert make_worker(market.platform).run_due() >= 1
    assert market.clients["ann"].get(asked.location, accept="application/json").json["state"] == "done"
    done = market.clients["ann"].get(asked.location)
    assert "Done with 6 records; 0 were refused." in done.text
    assert [name for name, stand in market.stands().items() if stand.deleted_at is None] == ["Plum"]
    operation = re.search(r'name="operation" value="(\w+)"', done.text)
    assert operation
    assert market.clients["ann"].post("/undo", {"operation": operation[1]}).status == 303
    assert all(stand.deleted_at is None for stand in market.stands().values())


def test_only_verbs_for_many_are_done_with_many(market: Market) -> None:
    (mine,) = market.build("ann", "Pear")
    assert market.post("ann", "actions/fold", *ticked(mine)).status == 404
    assert market.post("ann", "actions/shut").location == LIST
    assert not market.stands()["Pear"].shut


# ------------------------------------------------------------------------------ verbs that other plugins offer


def test_a_plugin_offers_verbs_on_the_records_of_another(market: Market) -> None:
    (pear,) = market.build("ann", "Pear")
    page = market.clients["ann"].get(f"{LIST}/{pear}").text
    assert f"{LIST}/{pear}/actions/sweep" in page
    for hidden in ("Not this one", "Burn", "Odd"):
        assert hidden not in page
    assert "Sweep" in market.clients["ann"].get(f"{LIST}/{pear}/actions/sweep").text
    assert market.clients["ann"].post(f"{LIST}/{pear}/actions/sweep", {"twice": "true"}).status == 303
    assert market.stands()["Pear"].colour == "clean twice"
    assert market.clients["ann"].get(f"{LIST}/{pear}/actions/unknown").status == 404
    assert market.clients["ann"].post(f"{LIST}/{pear}/actions/burn").status == 403


def test_the_api_has_the_verbs_that_plugins_offer(market: Market) -> None:
    (pear,) = market.build("ann", "Pear")
    (foreign,) = market.build("admin", "Apple")
    ann, url = market.clients["ann"], "/api/v1/booth/stands"
    assert ann.send("POST", f"{url}/{pear}/actions/sweep", {"twice": False}).json["colour"] == "clean"
    assert ann.send("POST", f"{url}/{pear}/actions/sweep", {"thrice": True}).status == 422
    assert ann.send("POST", f"{url}/{foreign}/actions/sweep", {}).status == 404
    assert ann.send("POST", f"{url}/{pear}/actions/unknown", {}).status == 404


def test_a_plugin_that_fails_to_offer_gets_a_box_and_the_page_stays(market: Market) -> None:
    (broken,) = market.build("ann", "Broken")
    answer = market.clients["ann"].get(f"{LIST}/{broken}")
    assert answer.status == 200
    assert "The plugin &#39;broom&#39; could not show its part of this page." in answer.text
    assert f"{LIST}/{broken}/actions/shut" in answer.text
