"""What ends when a password changes or somebody leaves, and that undoing takes the right to do it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from core.kernel.history import HistoryEntry
from core.kernel.platform import Platform
from core.kernel.tokens import create_token
from core.testing.client import Client
from core.web.app import Application
from tests.api.test_system import API, changed, keeper, made, sales
from tests.web.conftest import PASSWORD, add_person

__all__ = ["keeper", "sales"]


def program(application: Application, platform: Platform, user_id: int, *, read_only: bool = False) -> Client:
    """A program with a token of somebody."""
    with platform.database.transaction(write=True) as connection:
        token = create_token(connection, user_id, "test", read_only=read_only)
    return Client(application, headers={"authorization": f"Bearer {token}"})


def last_operation(platform: Platform) -> str:
    with platform.database.system("test") as session:
        return session.scalars(select(HistoryEntry.operation).order_by(HistoryEntry.id.desc()).limit(1)).one()


def test_a_new_password_ends_other_sessions_and_every_token(
    admin: Client, application: Application, platform: Platform
) -> None:
    lin = add_person(platform, "lin", "member")
    here, elsewhere = Client(application), Client(application)
    assert here.sign_in("lin", PASSWORD).status == elsewhere.sign_in("lin", PASSWORD).status == 303
    robot = program(application, platform, lin)
    assert robot.get(f"{API}/users").status == 200
    form = {"current": PASSWORD, "new": "a quiet place 9", "again": "a quiet place 9"}
    assert here.post("/preferences/password", form).status == 303
    assert (here.get("/").status, elsewhere.get("/").status, robot.get(f"{API}/users").status) == (200, 303, 401)

    robot = program(application, platform, lin)
    url = f"{API}/users/{lin}/actions/set_password"
    assert admin.send("POST", url, {"password": "a quiet place 10"}).status == 200
    assert (here.get("/").status, robot.get(f"{API}/users").status) == (303, 401)


def test_whoever_is_deactivated_by_any_way_leaves_nothing_signed_in(
    admin: Client, application: Application, platform: Platform
) -> None:
    lin = add_person(platform, "lin", "member")
    for way in ("patch", "action"):
        browser, robot = Client(application), program(application, platform, lin)
        assert browser.sign_in("lin", PASSWORD).status == 303
        person = admin.get(f"{API}/users/{lin}").json
        if way == "patch":
            assert changed(admin, "users", person, active=False).status == 200
        else:
            assert admin.send("POST", f"{API}/users/{lin}/actions/deactivate").status == 200
        assert admin.send("POST", f"{API}/users/{lin}/actions/activate").status == 200
        assert browser.get("/").status == 303, "the session came back with the person"
        assert robot.get(f"{API}/users").status == 401, "the token came back with the person"


def test_a_token_changes_nothing_about_its_own_account(application: Application, platform: Platform) -> None:
    lin = add_person(platform, "lin", "member")
    for read_only in (False, True):
        robot = program(application, platform, lin, read_only=read_only)
        form = {"current": PASSWORD, "new": "a quiet place 9", "again": "a quiet place 9"}
        assert robot.post("/preferences/password", form).status == 400
        assert robot.post("/preferences/tokens", {"name": "another"}).status == 400
        assert robot.post("/preferences", {"theme": "dark"}).status == 400
        assert robot.post("/preferences/tokens/1/revoke").status == 400
        assert robot.post("/preferences/devices/1/end").status == 400


def test_somebody_with_history_is_deactivated_and_not_deleted(
    admin: Client, application: Application, platform: Platform
) -> None:
    lin = add_person(platform, "lin", "administrator")
    client = Client(application)
    client.sign_in("lin", PASSWORD)
    made(client, "groups", name="Drivers")
    answer = admin.send("DELETE", f"{API}/users/{lin}")
    assert answer.status == 409
    assert "停用" in answer.json["remedy"]
    page = admin.post(f"/system/users/{lin}/delete", {}, accept_language="zh-CN")
    assert page.status == 409
    assert "停用" in page.text


def test_undoing_rows_takes_the_right_to_edit_their_record(
    admin: Client, member: Client, keeper: Client, platform: Platform, sales: dict[str, Any]
) -> None:
    person = made(admin, "users", login="wang", name="Wang", memberships=[{"department": sales["id"]}])
    url = f"{API}/users/{person['id']}"
    answer = changed(admin, "users", person, memberships=[], name="Wang Li")
    assert answer.status == 200
    operation = last_operation(platform)
    assert member.post("/undo", {"operation": operation}).status in (403, 404, 409)
    assert admin.get(url).json["name"] == "Wang Li"
    assert keeper.post("/undo", {"operation": operation}).status == 303, "the keeper of people has no grant on rows"
    back = admin.get(url).json
    assert (back["name"], len(back["memberships"])) == ("Wang", 1)


def test_undoing_gives_back_no_role_that_reaches_further_than_ones_own(
    admin: Client, keeper: Client, platform: Platform
) -> None:
    person = made(admin, "users", login="wang", name="Wang", roles=["administrator"])
    assert changed(admin, "users", person, roles=[]).status == 200
    assert keeper.post("/undo", {"operation": last_operation(platform)}).status in (409, 422)
    assert admin.get(f"{API}/users/{person['id']}").json["roles"] == []
