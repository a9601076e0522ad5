"""The administration in the browser: people with their places, roles as a grid, plugins, history, settings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.assembly import assemble
from core.kernel.platform import Platform
from core.kernel.plugin_settings import enter_settings, read_setting
from core.kernel.plugins import Setting
from core.kernel.settings import Settings
from core.kernel.tokens import create_token
from core.kernel.types import Money
from core.testing.client import Client
from core.web.app import Application
from tests.web.conftest import PASSWORD

API = "/api/v1/system"


def made(client: Client, collection: str, **values: Any) -> dict[str, Any]:
    answer = client.send("POST", f"{API}/{collection}", values)
    assert answer.status == 201, answer.text
    return dict(answer.json)


@pytest.fixture
def sales(admin: Client) -> dict[str, Any]:
    return made(admin, "departments", name="Sales", tree="line")


def test_a_person_is_made_with_rows_of_a_form(admin: Client, sales: dict[str, Any]) -> None:
    page = admin.get("/system/users/new")
    assert page.status == 200
    assert 'name="memberships-count" value="1"' in page.text
    reader = next(r for r in admin.get(f"{API}/roles").json["items"] if r["key"] == "reader")
    answer = admin.post(
        "/system/users/new",
        {
            "name": "Wang",
            "login": "wang",
            "memberships-count": "3",
            "memberships-0-department": "",
            "memberships-0-department__label": "",
            "memberships-0-head": "false",
            "memberships-1-department": "",
            "memberships-1-department__label": "Sales",
            "memberships-1-title": "Scout",
            "memberships-1-head": "true",
            "memberships-2-department": str(sales["id"]),
            "memberships-2-_remove": "true",
            "roles-count": "1",
            "roles-0-role": str(reader["id"]),
            "roles-0-role__label": "Reader",
            "groups": "",
        },
    )
    assert answer.status == 303, answer.text
    person = admin.get(f"{API}/users/2").json
    assert [(m["department"]["label"], m["title"], m["head"], m["primary"]) for m in person["memberships"]] == [
        ("Sales", "Scout", True, True)
    ]
    assert [role["id"] for role in person["roles"]] == [reader["id"]]


def test_the_form_shows_the_rows_and_saving_it_unchanged_changes_nothing(admin: Client, sales: dict[str, Any]) -> None:
    group = made(admin, "groups", name="Tenders")
    person = made(
        admin,
        "users",
        login="wang",
        name="Wang",
        memberships=[{"department": sales["id"], "title": "Scout"}],
        groups=[group["id"]],
    )
    row = person["memberships"][0]["id"]
    page = admin.get(f"/system/users/{person['id']}/edit").text
    assert f'name="memberships-0-id" value="{row}"' in page
    assert 'value="Scout"' in page
    answer = admin.post(
        f"/system/users/{person['id']}/edit",
        [
            ("_version", str(person["version"])),
            ("memberships-count", "2"),
            ("memberships-0-id", str(row)),
            ("memberships-0-department", str(sales["id"])),
            ("memberships-0-department__label", "Sales"),
            ("memberships-0-title", "Scout"),
            ("memberships-0-head", "false"),
            ("memberships-0-deputy", "false"),
            ("memberships-0-primary", "false"),
            ("memberships-0-primary", "true"),
            ("groups", ""),
            ("groups", str(group["id"])),
        ],
    )
    assert answer.status == 303
    assert admin.get(f"{API}/users/{person['id']}").json == person


def test_what_is_wrong_stands_in_its_cell_and_nothing_typed_is_lost(admin: Client) -> None:
    answer = admin.post(
        "/system/users/new",
        {
            "name": "Wang",
            "login": "wang",
            "memberships-count": "2",
            "memberships-1-department": "",
            "memberships-1-department__label": "Nowhere",
            "memberships-1-title": "Scout",
        },
    )
    assert answer.status == 422
    assert 'value="Nowhere"' in answer.text
    assert 'value="Scout"' in answer.text
    assert 'id="e-memberships-0-department"' in answer.text


def test_a_broken_rule_stands_above_the_form_with_everything_kept(admin: Client) -> None:
    me = admin.get(f"{API}/users/1").json
    answer = admin.post(
        "/system/users/1/edit", {"_version": str(me["version"]), "name": "Kept", "roles-count": "0", "groups": ""}
    )
    assert answer.status == 409
    assert 'value="Kept"' in answer.text
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("count", ["x", "-1", "99999", ""])
def test_a_broken_number_of_rows_is_refused(admin: Client, count: str) -> None:
    answer = admin.post("/system/users/new", {"name": "W", "login": "w", "memberships-count": count})
    assert answer.status == 400


def test_a_role_shows_what_wider_rows_give_and_keeps_what_the_grid_says(admin: Client) -> None:
    role = made(admin, "roles", name="Auditor", grants=[{"resource": "system.*", "action": "view", "scope": "branch"}])
    page = admin.get(f"/system/roles/{role['id']}")
    assert page.status == 200
    assert 'name="grant.system.user.view" class="scope open branch"' in page.text
    answer = admin.post(
        f"/system/roles/{role['id']}/edit",
        {
            "_version": str(role["version"]),
            "name": "Auditor",
            "grant.system.*.view": "branch",
            "grant.system.history.view": "all",
            "grant.*.*": "",
            "field.system.user.phone": "hidden",
            "field.system.user.email": "write",
        },
    )
    assert (answer.status, answer.location) == (303, f"/system/roles/{role['id']}")
    read = admin.get(f"{API}/roles/{role['id']}").json
    assert [(g["resource"], g["action"], g["scope"]) for g in read["grants"]] == [
        ("system.*", "view", "branch"),
        ("system.history", "view", "all"),
    ]
    assert [(f["resource"], f["field"], f["access"]) for f in read["fields"]] == [("system.user", "phone", "hidden")]
    stale = admin.post(f"/system/roles/{role['id']}/edit", {"_version": "1", "name": "Other"})
    assert stale.status == 412
    assert 'value="Other"' in stale.text


def test_a_role_is_copied_and_the_administrators_is_fixed(admin: Client) -> None:
    roles = {role["key"]: role for role in admin.get(f"{API}/roles").json["items"]}
    page = admin.get(f"/system/roles/{roles['administrator']['id']}").text
    assert "disabled" in page
    answer = admin.post(f"/system/roles/{roles['manager']['id']}/copy")
    copy = admin.get(f"{API}{answer.location.removeprefix('/system')}").json
    grants = [(g["resource"], g["action"], g["scope"]) for g in copy["grants"]]
    assert grants == [(g["resource"], g["action"], g["scope"]) for g in roles["manager"]["grants"]]
    assert admin.post(f"/system/roles/{roles['manager']['id']}/copy").status == 303
    assert admin.post("/system/roles/new", {"name": ""}).status == 422
    assert admin.post("/system/roles/new", {"name": "Empty"}).status == 303
    assert admin.get("/system/roles/999").status == 404


def test_a_password_is_asked_for_on_a_page_of_its_own(admin: Client) -> None:
    person = made(admin, "users", login="wang", name="Wang")
    url = f"/system/users/{person['id']}/actions/set_password"
    assert 'type="password"' in admin.get(url).text
    answer = admin.post(url, {"password": "short"})
    assert answer.status == 422
    assert "short" not in answer.text
    assert admin.post(url, {"password": "a quiet place 9"}).status == 303


def test_the_administration_leads_to_its_pages_and_says_how_things_are(admin: Client) -> None:
    page = admin.get("/system")
    assert page.status == 200
    for url in ("users", "departments", "groups", "roles", "plugins", "history"):
        assert f'href="/system/{url}"' in page.text
        assert admin.get(f"/system/{url}").status == 200, url
    assert "SQLite" in page.text or "PostgreSQL" in page.text


def test_a_member_is_not_let_into_the_administration(member: Client) -> None:
    for url in ("/system", "/system/roles", "/system/plugins", "/system/history", "/system/roles/1"):
        assert member.get(url).status == 403, url
    assert member.get("/system/departments").status == 200


def test_departments_stand_as_trees_with_their_people(admin: Client, sales: dict[str, Any]) -> None:
    made(admin, "departments", name="Shanghai", tree="region")
    made(admin, "users", login="wang", name="Wang", memberships=[{"department": sales["id"], "head": True}])
    page = admin.get("/system/departments").text
    assert f'href="/system/departments/{sales["id"]}"' in page
    assert f'href="/system/departments/new?parent={sales["id"]}"' in page
    assert "Wang" in page
    assert "Wang" not in admin.get("/system/departments?people=false").text
    assert admin.get("/system/departments?view=list").status == 200
    assert admin.get("/system/departments?q=Sal").status == 200


def test_plugins_that_the_environment_fixes_cannot_be_changed_here(admin: Client) -> None:
    page = admin.get("/system/plugins")
    assert "SOPIA_PLUGINS" in page.text
    assert "/enable" not in page.text
    answer = admin.post("/system/plugins/customers/enable")
    assert answer.status == 409
    assert "SOPIA_PLUGINS" in answer.text


def test_history_tells_of_operations_and_can_be_narrowed(admin: Client, sales: dict[str, Any]) -> None:
    page = admin.get("/system/history").text
    assert f'href="/system/departments/{sales["id"]}"' in page
    assert 'action="/undo"' in page
    assert "Sales" in admin.get("/system/history?resource=system.department&actor=1&action=create").text
    assert f"/departments/{sales['id']}" not in admin.get("/system/history?resource=system.group").text
    assert f"/departments/{sales['id']}" not in admin.get("/system/history?to=2020-01-01").text
    assert admin.get("/system/history?from=nonsense").status == 400
    assert admin.get("/system/history?actor=x").status == 400


def test_history_goes_page_by_page(admin: Client, sales: dict[str, Any]) -> None:
    for number in range(40):
        made(admin, "groups", name=f"Group {number}")
    first = admin.get("/system/history").text
    assert "Group 39" in first
    assert "Group 9<" not in first
    following = first.partition("before=")[2].partition('"')[0]
    second = admin.get(f"/system/history?before={following}").text
    assert "Group 9<" in second
    assert "Group 39" not in second


@pytest.fixture
def chooser(platform: Platform) -> Iterator[Client]:
    """The administrator of an installation in which a plugin has settings."""
    declared = (
        ("system", Setting("term", 14, title="Term", unit="days")),
        ("system", Setting("prefix", "KH-", title="Prefix")),
        ("system", Setting("limit", Money(50000), title="Limit")),
        ("system", Setting("strict", True, title="Strict")),
        ("system", Setting("way", "mail", title="Way", choices=(("mail", "By mail"), ("post", "By post")))),
    )
    with platform.database.transaction(write=True) as connection:
        enter_settings(connection, declared)
    application = Application(replace(platform, registry=replace(platform.registry, settings=declared)))
    client = Client(application)
    client.sign_in("admin", PASSWORD)
    yield client
    application.close()


def test_the_settings_of_a_plugin_are_chosen_in_a_form(chooser: Client, platform: Platform) -> None:
    page = chooser.get("/system/settings").text
    assert 'value="14"' in page
    assert 'value="500.00"' in page
    sent = {"term": "30", "prefix": "", "limit": "￥1,200", "strict": "false", "way": "post"}
    assert chooser.post("/system/settings/system", sent).status == 303
    with platform.database.transaction(write=False) as connection:
        found = {name: read_setting(connection, f"system.{name}") for name in sent}
    assert found == {"term": 30, "prefix": "", "limit": Money(120000), "strict": False, "way": "post"}
    assert 'value="30"' in chooser.get("/system/settings/system").text
    history = chooser.get("/system/history?resource=system.setting").text
    link = history.partition('href="/system/settings/')[2].partition('"')[0]
    assert 'value="30"' in chooser.get(f"/system/settings/{link}").text


def test_a_setting_that_makes_no_sense_is_refused_with_its_field(chooser: Client, platform: Platform) -> None:
    answer = chooser.post("/system/settings/system", {"term": "soon", "way": "pigeon", "prefix": "X"})
    assert answer.status == 422
    assert 'value="soon"' in answer.text
    assert 'value="X"' in answer.text
    assert 'id="e-term"' in answer.text
    assert 'id="e-way"' in answer.text
    with platform.database.transaction(write=False) as connection:
        assert read_setting(connection, "system.prefix") == "KH-"
    assert chooser.post("/system/settings/system", {"term": ""}).status == 422
    assert chooser.get("/system/settings/nothing").status == 404


def test_the_installations_own_settings_are_only_read_and_keep_their_secrets(admin: Client, platform: Platform) -> None:
    page = admin.get("/system/settings/installation").text
    assert str(platform.settings.data_dir) in page
    assert platform.settings.secret_key not in page
    assert PASSWORD not in page
    assert 'class="form-foot"' not in page


def test_a_persons_page_shows_places_tokens_and_the_words_for_roles(
    admin: Client, platform: Platform, sales: dict[str, Any]
) -> None:
    person = made(
        admin,
        "users",
        login="wang",
        name="Wang",
        memberships=[{"department": sales["id"], "title": "Scout"}],
        roles=["manager"],
    )
    with platform.database.transaction(write=True) as connection:
        create_token(connection, person["id"], "Reporting", read_only=True)
    url = f"/system/users/{person['id']}"
    page = admin.get(url).text
    assert "Scout" in page
    assert "部门主管" in page
    assert "Reporting" in page
    token = page.partition('name="token" value="')[2].partition('"')[0]
    assert admin.post(f"{url}/actions/revoke_token", {"token": token}).status == 303
    assert "Reporting" not in admin.get(url).text
    assert admin.post(f"{url}/actions/revoke_token", {"token": token}).status == 404


def test_tokens_of_colleagues_are_not_shown_to_a_member(admin: Client, member: Client, platform: Platform) -> None:
    with platform.database.transaction(write=True) as connection:
        create_token(connection, 1, "Reporting")
    page = member.get("/system/users/1")
    assert page.status == 200
    assert "Reporting" not in page.text


def test_a_shipped_role_is_found_by_its_name_in_the_readers_language(admin: Client) -> None:
    found = admin.get("/system/roles/options?q=主管").json["items"]
    assert [each["label"] for each in found] == ["部门主管"]
    answer = admin.post(
        "/system/users/new",
        {"name": "W", "login": "w", "roles-count": "1", "roles-0-role": "", "roles-0-role__label": "部门主管"},
    )
    assert answer.status == 303
    assert [role["label"] for role in admin.get(f"{API}/users/2").json["roles"]] == ["Manager"]


def test_who_may_do_what_with_a_record_is_explained(admin: Client, member: Client, sales: dict[str, Any]) -> None:
    url = f"/system/departments/{sales['id']}"
    assert f'href="{url}/explain"' in admin.get(url).text
    assert f'href="{url}/explain"' not in member.get(url).text
    assert admin.get(f"{url}/explain").text.count('<li class="good">') == 3
    made(admin, "users", login="wang", name="Wang")
    page = admin.get(f"{url}/explain", {"user__label": "Wang"}).text
    assert page.count('<li class="good">') == 1
    assert page.count('<li class="bad">') == 2
    assert 'class="fault"' in admin.get(f"{url}/explain", {"user__label": "Nobody at all"}).text
    assert member.get(f"{url}/explain").status == 403
    assert admin.get("/system/departments/999/explain").status == 404
    assert admin.get(f"{url}/explain?user=999").status == 404


def test_ones_own_tokens_are_made_shown_once_and_revoked(member: Client, application: Application) -> None:
    page = member.post("/preferences/tokens", {"name": "Reporting", "days": "30", "read_only": "true"}).text
    token = page.partition('<code class="token">')[2].partition("<")[0]
    program = Client(application)
    assert program.get("/api/v1/system/users", authorization=f"Bearer {token}").status == 200
    page = member.get("/preferences").text
    assert "Reporting" in page
    assert token not in page
    url = page.partition('action="/preferences/tokens/')[2].partition('"')[0]
    assert member.post(f"/preferences/tokens/{url}").status == 303
    assert program.get("/api/v1/system/users", authorization=f"Bearer {token}").status == 401
    assert member.post(f"/preferences/tokens/{url}").status == 404
    assert member.post("/preferences/tokens", {"name": ""}).status == 422
    assert member.post("/preferences/tokens", {"name": "x", "days": "many"}).status == 422


def test_a_persons_timeline_tells_of_places_and_roles(admin: Client, sales: dict[str, Any]) -> None:
    person = made(admin, "users", login="wang", name="Wang", roles=["member"])
    url = f"{API}/users/{person['id']}"
    given = {"memberships": [{"department": sales["id"]}], "roles": ["manager"]}
    assert admin.send("PATCH", url, given, if_match="1").status == 200
    page = admin.get(f"/system/users/{person['id']}").text
    timeline = page[page.index("动态") :]
    for told in ("Sales", "部门主管", "普通成员"):
        assert told in timeline, told


def test_the_first_administrator_is_found_by_name(admin: Client) -> None:
    assert [each["label"] for each in admin.get("/system/users/options?q=admin").json["items"]] == ["系统管理员"]


def test_a_plugin_goes_and_comes_back_without_a_restart(database_url: str, tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path, database_url=database_url, admin_password=PASSWORD)
    application = Application(assemble(settings), works=False)
    client = Client(application)
    client.sign_in("admin", PASSWORD)
    assert client.get("/documents/documents").status == 200
    for verb, status in (("disable", 404), ("enable", 200)):
        assert client.post(f"/system/plugins/documents/{verb}").status == 303
        deadline = time.monotonic() + 30
        while client.get("/documents/documents").status != status and time.monotonic() < deadline:
            time.sleep(0.05)
        assert client.get("/documents/documents").status == status
    assert client.post("/system/plugins/nothing/enable").status == 409
    assert "documents" in client.get("/system/history?resource=system.plugin").text
    application.close()
