"""People, departments, groups and roles through the API: what the contract names, and the rules that hold there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from core.kernel.history import HistoryEntry
from core.kernel.platform import Platform
from core.testing.client import Answer, Client
from core.web.app import Application
from tests.web.conftest import PASSWORD, add_person

API = "/api/v1/system"


def made(client: Client, collection: str, **values: Any) -> dict[str, Any]:
    answer = client.send("POST", f"{API}/{collection}", values)
    assert answer.status == 201, answer.text
    return dict(answer.json)


def changed(client: Client, collection: str, record: dict[str, Any], **values: Any) -> Answer:
    url = f"{API}/{collection}/{record['id']}"
    return client.send("PATCH", url, values, if_match=str(record["version"]))


def faults(answer: Answer) -> list[str]:
    assert answer.status == 422, answer.text
    return [each["field"] for each in answer.json["errors"]]


@pytest.fixture
def sales(admin: Client) -> dict[str, Any]:
    return made(admin, "departments", name="Sales", tree="line")


@pytest.fixture
def east(admin: Client) -> dict[str, Any]:
    return made(admin, "departments", name="East", tree="region")


def test_a_person_is_made_with_places_roles_and_groups_at_once(
    admin: Client, sales: dict[str, Any], east: dict[str, Any]
) -> None:
    group = made(admin, "groups", name="Tenders")
    person = made(
        admin,
        "users",
        login="wang",
        name="Wang",
        memberships=[
            {"department": sales["id"], "title": "Head of sales", "head": True, "primary": True},
            {"department": east["id"]},
        ],
        roles=["manager", {"role": "reader", "department": east["id"]}],
        groups=[group["id"]],
    )
    first, second = person["memberships"]
    assert first["department"] == {"id": sales["id"], "label": "Sales"}
    assert (first["title"], first["head"], first["deputy"], first["primary"]) == ("Head of sales", True, False, True)
    assert (second["department"]["label"], second["primary"]) == ("East", False)
    assert [(role["label"], role["department"]) for role in person["roles"]] == [
        ("Manager", None),
        ("Reader", {"id": east["id"], "label": "East"}),
    ]
    assert person["groups"] == [{"id": group["id"], "label": "Tenders"}]
    assert admin.get(f"{API}/groups/{group['id']}").json["members"] == [{"id": person["id"], "label": "Wang"}]
    assert person["version"] == 1


def test_what_was_read_can_be_sent_back_unchanged(admin: Client, sales: dict[str, Any]) -> None:
    person = made(
        admin, "users", login="wang", name="Wang", memberships=[{"department": sales["id"]}], roles=["member"]
    )
    same = {key: person[key] for key in ("memberships", "roles", "groups")}
    answer = changed(admin, "users", person, **same)
    assert answer.status == 200
    assert answer.json == person


def test_rows_that_are_not_named_go_and_those_named_stay(
    admin: Client, sales: dict[str, Any], east: dict[str, Any]
) -> None:
    person = made(
        admin, "users", login="wang", name="Wang", memberships=[{"department": sales["id"]}, {"department": east["id"]}]
    )
    kept = person["memberships"][1]
    answer = changed(admin, "users", person, memberships=[{"id": kept["id"], "title": "Scout", "primary": True}])
    assert [(row["id"], row["title"], row["primary"]) for row in answer.json["memberships"]] == [
        (kept["id"], "Scout", True)
    ]
    assert answer.json["version"] == person["version"] + 1


def test_a_row_without_its_number_is_recognised_by_what_tells_rows_apart(admin: Client, sales: dict[str, Any]) -> None:
    person = made(admin, "users", login="wang", name="Wang", memberships=[{"department": sales["id"], "title": "A"}])
    answer = changed(admin, "users", person, memberships=[{"department": sales["id"], "head": True}])
    row = answer.json["memberships"][0]
    assert row["id"] == person["memberships"][0]["id"]
    assert (row["title"], row["head"]) == ("A", True)


def test_the_head_of_a_department_is_who_its_memberships_say(admin: Client, sales: dict[str, Any]) -> None:
    assert admin.get(f"{API}/departments/{sales['id']}").json["head"] is None
    person = made(admin, "users", login="wang", name="Wang", memberships=[{"department": sales["id"], "head": True}])
    read = admin.get(f"{API}/departments/{sales['id']}").json
    assert read["head"] == {"id": person["id"], "label": "Wang"}
    assert admin.get(f"{API}/departments", {"fields": "name,head"}).json["items"][0]["head"]["label"] == "Wang"
    assert faults(changed(admin, "departments", read, head=person["id"])) == ["head"]
    refused = admin.get(f"{API}/departments", {"head": "1"})
    assert refused.status == 400


def test_a_department_below_another_belongs_to_its_tree(admin: Client, east: dict[str, Any]) -> None:
    below = made(admin, "departments", name="Shanghai", parent=east["id"])
    assert (below["tree"], below["parent"]["label"]) == ("region", "East")
    assert changed(admin, "departments", below, tree="line").status == 409
    assert faults(changed(admin, "departments", east, parent=below["id"])) == ["parent"]


def test_people_are_found_by_role_group_and_department(admin: Client, sales: dict[str, Any]) -> None:
    made(admin, "users", login="wang", name="Wang", memberships=[{"department": sales["id"]}], roles=["reader"])
    reader = next(r for r in admin.get(f"{API}/roles").json["items"] if r["key"] == "reader")
    for query in ({"memberships": sales["id"]}, {"roles": reader["id"]}, {"memberships__in": f"{sales['id']},999"}):
        assert [u["login"] for u in admin.get(f"{API}/users", query).json["items"]] == ["wang"]
    assert [u["login"] for u in admin.get(f"{API}/users", {"memberships__empty": "true"}).json["items"]] == ["admin"]


@pytest.mark.parametrize(
    ("memberships", "named"),
    [
        ([{"department": 999}], ["memberships.0.department"]),
        ([{"department": "x"}], ["memberships.0.department"]),
        ([{}], ["memberships.0.department"]),
        ([{"department": None}], ["memberships.0.department"]),
        ([7], ["memberships.0"]),
        ({"department": 1}, ["memberships"]),
        ("all", ["memberships"]),
        ([{"id": 12345, "department": 1}], ["memberships.0.id"]),
        ([{"id": {"a": 1}, "department": 1}], ["memberships.0.id"]),
        ([{"department": 1, "salary": 5}], ["memberships.0.salary"]),
        ([{"department": 1, "user": 1}], ["memberships.0.user"]),
        ([{"department": 1, "head": "perhaps"}], ["memberships.0.head"]),
        ([{"department": 1, "title": "x" * 101}], ["memberships.0.title"]),
        ([{"department": 1, "title": "a\x00b"}], ["memberships.0.title"]),
        ([{"department": 1}, {"department": 1}], ["memberships.1.department"]),
        ([{"department": 1}] * 1001, ["memberships"]),
    ],
)
def test_each_wrong_cell_is_named(admin: Client, sales: dict[str, Any], memberships: Any, named: list[str]) -> None:
    assert sales["id"] == 1
    answer = admin.send("POST", f"{API}/users", {"login": "wang", "name": "Wang", "memberships": memberships})
    assert faults(answer) == named
    assert len(admin.get(f"{API}/users").json["items"]) == 1


def test_a_role_is_given_by_number_key_name_or_object(admin: Client) -> None:
    reader = next(r for r in admin.get(f"{API}/roles").json["items"] if r["key"] == "reader")
    for number, role in enumerate(
        [reader["id"], str(reader["id"]), "reader", "Reader", {"role": "reader"}, {"id": reader["id"], "label": "x"}]
    ):
        person = made(admin, "users", login=f"p{number}", name="P", roles=[role])
        assert [each["id"] for each in person["roles"]] == [reader["id"]]
    answer = admin.send("POST", f"{API}/users", {"login": "q", "name": "Q", "roles": ["emperor"]})
    assert faults(answer) == ["roles.0"]


def test_a_role_grants_what_its_rows_say(admin: Client, application: Application) -> None:
    role = made(
        admin,
        "roles",
        name="Auditor",
        grants=[{"resource": "system.history", "action": "view", "scope": "all"}],
    )
    assert [(g["resource"], g["action"], g["scope"]) for g in role["grants"]] == [("system.history", "view", "all")]
    wrong = changed(
        admin,
        "roles",
        role,
        grants=[
            {"resource": "nothing.here", "action": "view", "scope": "all"},
            {"resource": "system.user", "action": "fly", "scope": "all"},
            {"resource": "*", "action": "view", "scope": "world"},
            {"resource": "*", "action": "view"},
        ],
    )
    assert faults(wrong) == ["grants.0.resource", "grants.1.action", "grants.2.scope", "grants.3.scope"]


def test_a_change_of_rows_stands_in_history_and_can_be_undone(
    admin: Client, platform: Platform, sales: dict[str, Any]
) -> None:
    person = made(admin, "users", login="wang", name="Wang", memberships=[{"department": sales["id"]}])
    assert changed(admin, "users", person, memberships=[]).status == 200
    with platform.database.system("test") as session:
        entry = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc()).limit(1)).one()
        told = (entry.resource, entry.action, entry.record, entry.operation)
    assert told[:3] == ("system.membership", "delete", person["memberships"][0]["id"])
    assert admin.post("/undo", {"operation": told[3]}).status == 303
    assert len(admin.get(f"{API}/users/{person['id']}").json["memberships"]) == 1


def test_nobody_takes_the_last_administrator_away(admin: Client) -> None:
    me = admin.get(f"{API}/users/1").json
    assert changed(admin, "users", me, roles=[]).status == 409
    assert changed(admin, "users", me, active=False).status == 409
    assert admin.send("POST", f"{API}/users/1/actions/deactivate").status == 409
    assert admin.get(f"{API}/users/1").json == me


def test_colleagues_are_known_but_not_what_they_may_do(admin: Client, member: Client, sales: dict[str, Any]) -> None:
    made(admin, "users", login="wang", name="Wang", memberships=[{"department": sales["id"]}], roles=["manager"])
    seen = next(u for u in member.get(f"{API}/users").json["items"] if u["login"] == "wang")
    assert seen["memberships"][0]["department"]["label"] == "Sales"
    assert "roles" not in seen
    assert member.get(f"{API}/users", {"roles": "1"}).status == 400
    assert member.send("PATCH", f"{API}/users/1", {"memberships": []}, if_match="1").status == 403
    assert member.get(f"{API}/roles").status == 403


@pytest.fixture
def keeper(admin: Client, application: Application, platform: Platform) -> Client:
    """Somebody who keeps the list of people and gives roles, but does not administer."""
    grants = [
        {"resource": "system.user", "action": "*", "scope": "all"},
        {"resource": "system.role", "action": "view", "scope": "all"},
        {"resource": "*", "action": "view", "scope": "all"},
    ]
    role = made(admin, "roles", name="Keeper", grants=grants)
    add_person(platform, "keeper")
    person = next(u for u in admin.get(f"{API}/users").json["items"] if u["login"] == "keeper")
    assert changed(admin, "users", person, roles=[role["id"]]).status == 200
    client = Client(application)
    assert client.sign_in("keeper", PASSWORD).status == 303
    return client


def test_who_keeps_people_gives_places_and_roles_up_to_his_own(keeper: Client, sales: dict[str, Any]) -> None:
    person = made(
        keeper, "users", login="wang", name="Wang", memberships=[{"department": sales["id"]}], roles=["reader"]
    )
    assert [role["label"] for role in person["roles"]] == ["Reader"]
    for role in ("manager", "administrator"):
        answer = changed(keeper, "users", person, roles=["reader", role])
        assert answer.status in (409, 422)
        if answer.status == 422:
            assert set(faults(answer)) == {"roles"}
    assert keeper.get(f"{API}/users/{person['id']}").json == person


def test_who_keeps_people_does_not_touch_those_who_may_do_more(keeper: Client) -> None:
    boss = keeper.get(f"{API}/users/1").json
    assert changed(keeper, "users", boss, roles=[]).status in (409, 422)
    answer = keeper.send("POST", f"{API}/users/1/actions/set_password", {"password": "a quiet place 9"})
    assert answer.status == 409


def test_a_password_is_set_by_an_action_and_ends_the_sessions(
    admin: Client, application: Application, platform: Platform
) -> None:
    person = made(admin, "users", login="wang", name="Wang", roles=["member"])
    url = f"{API}/users/{person['id']}/actions/set_password"
    assert faults(admin.send("POST", url, {"password": "short"})) == ["password"]
    assert faults(admin.send("POST", url, {})) == ["password"]
    assert admin.send("POST", url, {"password": "a quiet place 9"}).status == 200
    client = Client(application)
    assert client.sign_in("wang", "a quiet place 9").status == 303
    assert admin.send("POST", url, {"password": "a quiet place 10"}).status == 200
    assert client.get("/").status == 303
    with platform.database.system("test") as session:
        entries = session.scalars(select(HistoryEntry).where(HistoryEntry.action == "set_password")).all()
        assert [(e.record, e.before, e.after) for e in entries] == [(person["id"], {}, {})] * 2
        operation = entries[0].operation
    assert admin.post("/undo", {"operation": operation}).status == 409


def test_a_deactivated_person_is_out_at_once(admin: Client, application: Application) -> None:
    person = made(admin, "users", login="wang", name="Wang", roles=["member"])
    url = f"{API}/users/{person['id']}/actions"
    admin.send("POST", f"{url}/set_password", {"password": "a quiet place 9"})
    client = Client(application)
    client.sign_in("wang", "a quiet place 9")
    assert admin.send("POST", f"{url}/deactivate").json["active"] is False
    assert client.get("/").status == 303
    assert client.sign_in("wang", "a quiet place 9").status == 401
    assert admin.send("POST", f"{url}/deactivate").status == 409
    assert admin.send("POST", f"{url}/activate").json["active"] is True


def test_a_role_that_people_have_is_not_deleted_a_group_is(admin: Client) -> None:
    role = made(admin, "roles", name="Auditor")
    person = made(admin, "users", login="wang", name="Wang", roles=[role["id"]])
    group = made(admin, "groups", name="Tenders", members=[person["id"]])
    assert admin.send("DELETE", f"{API}/roles/{role['id']}").status == 409
    assert admin.send("DELETE", f"{API}/groups/{group['id']}").status == 204
    assert changed(admin, "users", admin.get(f"{API}/users/{person['id']}").json, roles=[]).status == 200
    assert admin.send("DELETE", f"{API}/roles/{role['id']}").status == 204


def test_the_list_of_people_costs_a_fixed_number_of_statements(
    admin: Client, sales: dict[str, Any], count_statements: Callable[[], int]
) -> None:
    counts = []
    for number in range(8):
        made(admin, "users", login=f"p{number}", name="P", memberships=[{"department": sales["id"]}], roles=["member"])
        # A new person changes who may do what: the first page after it asks for that anew.
        assert admin.get("/system/users").status == 200
        count_statements()
        assert admin.get("/system/users").status == 200
        counts.append(count_statements())
    assert set(counts[1:]) == {counts[1]}
    assert counts[1] <= 6
