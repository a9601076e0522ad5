from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from core.kernel.generations import raise_access
from core.kernel.platform import Platform
from core.kernel.sessions import SignInSession
from core.kernel.users import User
from core.testing.client import Client
from core.web.app import Application
from tests.web.conftest import PASSWORD, add_person


def test_the_first_page_asks_a_stranger_to_sign_in(visitor: Client) -> None:
    answer = visitor.get("/")
    assert (answer.status, answer.location) == (303, "/login")
    assert visitor.get("/preferences?a=1&b=二").location == "/login?next=%2Fpreferences%3Fa%3D1%26b%3D%E4%BA%8C"


def test_a_stranger_cannot_tell_which_addresses_exist(visitor: Client) -> None:
    assert visitor.get("/system/users").status == visitor.get("/nothing/here").status == 303
    assert visitor.post("/preferences").status == visitor.post("/nothing/here").status == 401


def test_the_right_password_opens_the_house(visitor: Client) -> None:
    answer = visitor.sign_in("Admin ", PASSWORD)
    assert (answer.status, answer.location) == (303, "/")
    assert visitor.get("/").status == 200
    assert visitor.get("/probe/hello").json["login"] == "admin"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor: Client) -> None:
    cookie = visitor.sign_in("admin", PASSWORD).headers["set-cookie"]
    assert cookie.startswith("sopia=")
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_on_https_the_cookie_is_bound_to_the_host(application: Application) -> None:
    client = Client(application, scheme="https")
    answer = client.sign_in("admin", PASSWORD)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-sopia=")
    assert "; Secure" in cookie
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert client.get("/").status == 200


def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(visitor: Client) -> None:
    wrong = visitor.sign_in("admin", "wrong password")
    unknown = visitor.sign_in("nobody", "wrong password")
    assert wrong.status == unknown.status == 401
    assert wrong.text.replace("admin", "") == unknown.text.replace("nobody", "")
    assert 'value="nobody"' in unknown.text
    assert "wrong password" not in unknown.text


def test_too_many_wrong_passwords_have_to_wait(visitor: Client) -> None:
    statuses = [visitor.sign_in("admin", f"wrong password {number}").status for number in range(11)]
    assert statuses == [401] * 10 + [429]
    answer = visitor.sign_in("admin", PASSWORD)
    assert answer.status == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 900


@pytest.mark.parametrize("field", ["login", "password"])
@pytest.mark.parametrize("value", ["", "a\x00b", "x" * 5000, "\N{GRINNING FACE}", "' OR 1=1 --"])
def test_odd_characters_are_only_wrong(visitor: Client, field: str, value: str) -> None:
    fields = {"login": "admin", "password": PASSWORD, field: value}
    assert visitor.post("/login", fields).status == 401


def test_signing_in_leads_to_where_one_wanted_to_go(visitor: Client) -> None:
    wanted = "/preferences?a=1"
    page = visitor.get("/login", {"next": wanted})
    assert 'name="next" value="/preferences?a=1"' in page.text
    fields = {"login": "admin", "password": PASSWORD, "next": wanted}
    assert visitor.post("/login", fields).location == wanted


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
     "/\n/evil.example", "javascript:alert(1)", "http:evil.example", " //evil.example", "/login?next=/login",
     "/x\r\nSet-Cookie: a=b", "evil.example", "\x00//evil.example", "/\u2028/evil.example", "///evil.example"],
)  # fmt: skip
def test_signing_in_never_leads_out_of_the_house(visitor: Client, wanted: str) -> None:
    fields = {"login": "admin", "password": PASSWORD, "next": wanted}
    answer = visitor.post("/login", fields)
    assert (answer.status, answer.location) == (303, "/")
    assert visitor.get("/login", {"next": wanted}).location in ("/", "")


def test_signing_out_ends_the_session_on_the_server(admin: Client) -> None:
    stolen = dict(admin.cookies)
    assert admin.post("/logout").location == "/login"
    assert admin.cookies.keys().isdisjoint({"sopia"})
    admin.cookies = stolen
    assert admin.get("/").location == "/login"


def test_a_link_does_not_sign_out(admin: Client) -> None:
    assert admin.get("/logout").status == 303
    assert admin.get("/").status == 200


def test_signing_in_again_ends_the_session_before(admin: Client) -> None:
    before = admin.cookies["sopia"]
    admin.sign_in("admin", PASSWORD)
    assert admin.cookies["sopia"] != before
    admin.cookies["sopia"] = before
    assert admin.get("/").status == 303


def test_the_database_holds_no_token(admin: Client, platform: Platform) -> None:
    with platform.database.transaction(write=False) as connection:
        kept = connection.scalars(select(SignInSession.token_hash)).all()
    assert admin.cookies["sopia"] not in kept


def test_who_is_deactivated_is_out_with_the_next_request(member: Client, platform: Platform) -> None:
    assert member.get("/probe/hello").status == 200
    with platform.database.transaction(write=True) as connection:
        connection.execute(update(User).where(User.login == "lin").values(active=False))
        raise_access(connection)
    assert member.get("/probe/hello").location.startswith("/login")


def test_a_function_that_is_not_granted_is_refused(member: Client, admin: Client) -> None:
    assert member.get("/probe/roles").status == 403
    assert admin.get("/probe/roles").status == 200


def test_one_statement_finds_out_who_asks(admin: Client, count_statements: Callable[[], int]) -> None:
    admin.get("/probe/hello")
    count_statements()
    admin.get("/probe/hello")
    assert count_statements() == 1


def test_the_password_is_changed_and_other_sessions_end(application: Application, platform: Platform) -> None:
    add_person(platform, "lin")
    here, there = Client(application), Client(application)
    here.sign_in("lin", PASSWORD)
    there.sign_in("lin", PASSWORD)
    wrong = here.post("/preferences/password", {"current": "no", "new": "another horse 8", "again": "another horse 8"})
    assert wrong.status == 422
    differs = here.post("/preferences/password", {"current": PASSWORD, "new": "another horse 8", "again": "x"})
    assert differs.status == 422
    fields = {"current": PASSWORD, "new": "another horse 8", "again": "another horse 8"}
    assert here.post("/preferences/password", fields).status == 303
    assert here.get("/").status == 200
    assert there.get("/").status == 303
    assert there.sign_in("lin", PASSWORD).status == 401
    assert there.sign_in("lin", "another horse 8").status == 303


def test_another_browser_of_ones_own_is_signed_out(application: Application, platform: Platform) -> None:
    add_person(platform, "lin")
    here, there = Client(application), Client(application)
    here.sign_in("lin", PASSWORD)
    there.sign_in("lin", PASSWORD)
    with platform.database.transaction(write=False) as connection:
        last = connection.scalar(select(SignInSession.id).order_by(SignInSession.id.desc()))
    page = here.get("/preferences").text
    assert f"/preferences/devices/{last}/end" in page
    here.post(f"/preferences/devices/{last}/end")
    assert there.get("/").status == 303


def test_somebody_elses_browser_stays_signed_in(admin: Client, member: Client, platform: Platform) -> None:
    with platform.database.transaction(write=False) as connection:
        first = connection.scalar(select(SignInSession.id).order_by(SignInSession.id))
    member.post(f"/preferences/devices/{first}/end")
    assert admin.get("/").status == 200


def test_the_language_is_chosen_before_and_after_signing_in(visitor: Client) -> None:
    assert "<h1>登录</h1>" in visitor.get("/login").text
    assert "<h1>Sign in</h1>" in visitor.get("/login", accept_language="en-GB,en;q=0.9").text
    visitor.get("/login", {"locale": "en"})
    assert "<h1>Sign in</h1>" in visitor.get("/login", accept_language="zh-CN").text
    visitor.sign_in("admin", PASSWORD)
    assert visitor.get("/probe/hello").json["locale"] == "en"
    visitor.post("/preferences", {"locale": "zh_Hans"})
    visitor.cookies["sopia_locale"] = "en"
    assert visitor.get("/probe/hello").json["locale"] == "zh_Hans"


@pytest.mark.parametrize(
    ("field", "value"), [("locale", "xx"), ("theme", "pink"), ("density", "x"), ("timezone", "../../etc/passwd")]
)
def test_a_preference_that_does_not_exist_is_refused(admin: Client, field: str, value: str) -> None:
    assert admin.post("/preferences", {field: value}).status == 422


def test_preferences_are_kept(admin: Client) -> None:
    admin.post("/preferences", {"theme": "dark", "density": "dense", "timezone": "Europe/Berlin"})
    page = admin.get("/preferences").text
    assert 'data-theme="dark" data-density="dense"' in page
    assert '<option value="Europe/Berlin" selected>' in page
