import hashlib
import re

import pytest

from core.kernel.platform import Platform
from core.kernel.settings import Settings
from core.kernel.tokens import create_token
from core.testing.client import Client
from core.web import limits
from core.web.app import Application
from tests.web.conftest import PASSWORD

FORM = {"content_type": "application/x-www-form-urlencoded"}


# Who may send unsafe requests


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "cross-site", "origin": "http://sopia.test"}, 403),
        ({"sec_fetch_site": "", "origin": "http://sopia.test"}, 200),
        ({"sec_fetch_site": "", "origin": "http://SOPIA.test"}, 200),
        ({"sec_fetch_site": "", "origin": "http://sopia.test.evil.example"}, 403),
        ({"sec_fetch_site": "", "origin": "http://sopia.test:8000"}, 403),
        ({"sec_fetch_site": "", "origin": "null"}, 403),
        ({"sec_fetch_site": "", "origin": ""}, 403),
        ({"sec_fetch_site": "", "referer": "http://sopia.test/"}, 403),
    ],
)
def test_only_our_own_pages_may_make_a_browser_change_something(
    admin: Client, headers: dict[str, str], status: int
) -> None:
    assert admin.post("/probe/echo", {"a": "1"}, **headers).status == status


def test_another_site_cannot_sign_somebody_in(visitor: Client) -> None:
    form = {"login": "admin", "password": PASSWORD}
    assert visitor.post("/login", form, sec_fetch_site="cross-site").status == 403


def test_a_token_needs_no_origin(visitor: Client, platform: Platform) -> None:
    with platform.database.transaction(write=True) as connection:
        token = create_token(connection, 1, "test")
    sent = {"authorization": f"Bearer {token}", "sec_fetch_site": ""}
    assert visitor.send("POST", "/api/v1/probe/echo", {"a": 1}, **sent).json == {"value": {"a": 1}}
    sent["authorization"] = "Bearer sopia_wrong"
    assert visitor.send("POST", "/api/v1/probe/echo", {"a": 1}, **sent).status == 401


def test_a_wrong_token_does_not_fall_back_to_the_cookie(admin: Client) -> None:
    sent = {"authorization": "Bearer sopia_wrong", "sec_fetch_site": "cross-site"}
    assert admin.send("POST", "/api/v1/probe/echo", 1, **sent).status == 401


def test_a_token_that_only_reads_writes_nothing(visitor: Client, platform: Platform) -> None:
    with platform.database.transaction(write=True) as connection:
        token = create_token(connection, 1, "test", read_only=True)
    bearer = f"Bearer {token}"
    assert visitor.get("/probe/groups", authorization=bearer).status == 200
    assert visitor.send("POST", "/api/v1/probe/groups", {"name": "x"}, authorization=bearer).status == 404
    assert visitor.post("/preferences", {"theme": "dark"}, authorization=bearer).status == 400


def test_behind_a_proxy_the_address_of_the_settings_counts(settings: Settings) -> None:
    from core.assembly import assemble

    public = settings.model_copy(update={"base_url": "https://crm.example.com"})
    application = Application(assemble(public))
    client = Client(application, host="10.0.0.7:8000")
    form = {"login": "admin", "password": PASSWORD}
    outside = {"sec_fetch_site": "", "origin": "https://crm.example.com"}
    assert client.post("/login", form, sec_fetch_site="", origin="http://10.0.0.7:8000").status == 403
    answer = client.post("/login", form, **outside)
    assert (answer.status, answer.location) == (303, "/")
    assert answer.headers["set-cookie"].startswith("__Host-sopia=")
    application.close()


# What browsers are told


@pytest.mark.parametrize("url", ["/", "/preferences", "/nothing", "/probe/fail/fault", "/probe/roles", "/probe/hello"])
def test_answers_to_a_person_are_kept_by_nobody(admin: Client, url: str) -> None:
    headers = admin.get(url).headers
    assert headers["cache-control"] == "no-store, private"
    assert "Cookie" in headers["vary"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("url", ["/", "/preferences", "/login"])
def test_a_page_runs_no_script_that_stands_in_it(admin: Client, url: str) -> None:
    if url == "/login":
        admin.cookies.clear()
    answer = admin.get(url)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert re.search(r"script-src 'self' 'nonce-[\w-]{20,}'", policy)
    assert not re.search(r"<script(?![^>]* src=)[^>]*>|\son\w+=|style=|javascript:", answer.text)


def test_no_two_pages_have_the_same_nonce(admin: Client) -> None:
    policies = {admin.get("/").headers["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3


def test_pages_are_packed_where_the_browser_can_unpack(admin: Client) -> None:
    packed = admin.get("/", accept_encoding="gzip, br")
    plain = admin.get("/")
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.content) * 2 < len(plain.content)
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) == len(packed.content)
    assert "content-encoding" not in admin.get("/probe/hello", accept_encoding="gzip").headers


# How much a request may bring


@pytest.mark.parametrize(
    ("url", "size", "status"),
    [
        ("/probe/echo", limits.BODY, 200),
        ("/probe/echo", limits.BODY + 1, 413),
        ("/nothing", limits.BODY + 1, 413),
        ("/login", limits.BODY + 1, 413),
    ],
)
def test_a_body_has_its_limit(admin: Client, url: str, size: int, status: int) -> None:
    body = b"a=" + b"x" * (size - 2)
    assert admin.request("POST", url, body=body, headers=FORM).status == status


def test_a_body_that_does_not_tell_its_length_has_the_same_limit(admin: Client) -> None:
    pieces = [b"x" * 65536] * (limits.BODY // 65536 + 1)
    assert admin.request("POST", "/probe/echo", body=pieces, headers=FORM).status == 413


def test_a_body_that_tells_a_wrong_length_is_still_measured(admin: Client) -> None:
    pieces = [b"x" * 65536] * (limits.BODY // 65536 + 1)
    headers = {**FORM, "content_length": "10"}
    assert admin.request("POST", "/probe/echo", body=pieces, headers=headers).status == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 400, "0x10"])
def test_a_length_that_is_no_number_is_refused(admin: Client, length: str) -> None:
    headers = {**FORM, "content_length": length}
    assert admin.request("POST", "/probe/echo", body=b"", headers=headers).status == 400


def test_headers_and_addresses_have_their_limits(admin: Client) -> None:
    assert admin.get("/probe/hello", x_long="x" * limits.HEADERS).status == 431
    assert admin.get("/probe/hello", {"q": "x" * limits.ADDRESS}).status == 414
    assert admin.get("/" + "x" * limits.ADDRESS).status == 414


def test_a_form_has_only_so_many_fields(admin: Client) -> None:
    fields = [(f"f{number}", "") for number in range(limits.FIELDS + 1)]
    assert admin.post("/probe/echo", fields[:-1]).status == 200
    assert admin.post("/probe/echo", fields).status == 400


def test_fields_that_are_not_utf8_are_refused(admin: Client) -> None:
    assert admin.request("POST", "/probe/echo", body=b"a=%FF", headers=FORM).status == 400
    assert admin.request("POST", "/probe/echo", body=b"a=\xff", headers=FORM).status == 400
    assert admin.request("POST", "/probe/echo", body=b"a=%ED%A0%80", headers=FORM).status == 400


def test_the_query_is_understood_or_refused(admin: Client) -> None:
    assert admin.get("/probe/hello?q=%FF").status in (200, 400)
    assert admin.get("/login?locale=%FF").status == 400
    assert admin.get("/probe/hello?a=%00").status == 400
    assert admin.get("/probe/%00hello").status == 400


def test_fields_keep_their_order_and_their_blanks(admin: Client) -> None:
    assert admin.post("/probe/echo", [("b", "2"), ("a", ""), ("b", "三")]).json == [["b", "2"], ["a", ""], ["b", "三"]]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1,]", b"NaN", b"\xff", b"[" * 100_000, b'{"a":' * 40 + b"1" + b"}" * 40, b"9" * 5000, b"{'a':1}"],
)
def test_json_that_cannot_be_read_is_refused(admin: Client, body: bytes) -> None:
    headers = {"content_type": "application/json"}
    answer = admin.request("POST", "/api/v1/probe/echo", body=body, headers=headers)
    assert answer.status == 400
    assert answer.json["status"] == 400


def test_json_may_be_long_if_it_is_flat(admin: Client) -> None:
    rows = [{"a": [1]} for _ in range(1000)]
    assert admin.send("POST", "/api/v1/probe/echo", rows).status == 200


# Files


def test_a_file_arrives_whole(admin: Client) -> None:
    content = bytes(range(256)) * 10_000
    answer = admin.upload("/probe/upload", {"key": "编号"}, [("file", "客户.csv", content)])
    assert answer.json == {
        "name": "客户.csv",
        "size": len(content),
        "digest": hashlib.sha256(content).hexdigest(),
        "fields": {"key": "编号"},
    }


def test_a_file_has_its_limit(admin: Client) -> None:
    headers = {"content_length": str(limits.UPLOAD + 1), "content_type": "multipart/form-data; boundary=x"}
    assert admin.request("POST", "/probe/upload", body=b"", headers=headers).status == 413
    chunked = {"content_type": "multipart/form-data; boundary=x"}
    begin = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    pieces = [begin, *([b"\0" * (1 << 20)] * (limits.UPLOAD // (1 << 20) + 1))]
    assert admin.request("POST", "/probe/upload", body=pieces, headers=chunked).status == 413


def test_a_route_that_takes_no_files_gets_none(admin: Client) -> None:
    assert admin.upload("/probe/echo", {}, [("file", "a", b"x")]).status == 400
    assert admin.upload("/probe/echo", {"a": "1"}, []).json == [["a", "1"]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no parts at all",
        b"--x\r\n\r\n\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"y" * (limits.FIELD + 1) + b"\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n1\r\n' * (limits.FILES + 1)
        + b"--x--\r\n",
        b"--x\r\n" + b"A" * 100_000,
    ],
)
def test_a_form_in_broken_parts_is_refused(admin: Client, body: bytes) -> None:
    headers = {"content_type": "multipart/form-data; boundary=x"}
    answer = admin.request("POST", "/probe/upload", body=body, headers=headers)
    assert answer.status in (200, 400)
    assert (answer.status == 200) == (body == b"")


def test_a_form_without_a_boundary_is_refused(admin: Client) -> None:
    headers = {"content_type": "multipart/form-data"}
    assert admin.request("POST", "/probe/upload", body=b"x", headers=headers).status == 400


def test_who_hangs_up_gets_no_answer(admin: Client) -> None:
    headers = {**FORM, "content_length": "100"}
    answer = admin.request("POST", "/probe/echo", body=[], headers=headers)
    assert answer.status in (0, 200)


def test_a_form_with_a_file_sent_twice_is_recognised(admin: Client) -> None:
    fields, file = {"_token": "t1"}, [("file", "a.csv", b"one")]
    first = admin.upload("/probe/upload", fields, file)
    second = admin.upload("/probe/upload", fields, file, boundary="another")
    assert first.json == second.json
