import re
import sqlite3
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from core.kernel.errors import PluginError
from core.kernel.generations import raise_plugins
from core.kernel.history import HistoryEntry
from core.kernel.platform import Platform
from core.kernel.roles import Group
from core.kernel.settings import Settings
from core.testing.client import Client
from core.web import site
from core.web.app import Application
from core.web.pages import errors
from core.web.routing import Route
from tests.web import probe
from tests.web.conftest import add_person


def groups(platform: Platform) -> list[str]:
    with platform.database.transaction(write=False) as connection:
        return list(connection.scalars(select(Group.name).order_by(Group.id)))


# One transaction a request


def test_what_a_page_writes_is_committed_before_the_answer(admin: Client, platform: Platform) -> None:
    answer = admin.post("/probe/groups", {"name": "tender"})
    assert answer.status == 303
    assert groups(platform) == ["tender"]
    assert admin.get("/probe/groups").json == ["tender"]


@pytest.mark.parametrize(("then", "status"), [("fail", 500), ("refuse", 422)])
def test_nothing_is_kept_of_what_ends_in_a_refusal(admin: Client, platform: Platform, then: str, status: int) -> None:
    assert admin.post("/probe/groups", {"name": "tender", "then": then}).status == status
    assert groups(platform) == []
    assert admin.post("/probe/groups", {"name": "tender"}).status == 303


def test_a_change_stands_in_history_with_who_made_it_and_from_where(admin: Client, platform: Platform) -> None:
    admin.post("/probe/groups", {"name": "tender"})
    with platform.database.transaction(write=False) as connection:
        entry = connection.execute(select(HistoryEntry).where(HistoryEntry.resource == "system.group")).one()
    assert (entry.actor_id, entry.origin, entry.action) == (1, "page", "create")


def test_a_get_cannot_write(admin: Client, platform: Platform) -> None:
    assert admin.get("/probe/write").status == 500
    assert groups(platform) == []


def test_what_is_out_of_scope_cannot_be_written(member: Client, platform: Platform) -> None:
    assert member.post("/probe/groups", {"name": "tender"}).status == 404
    assert groups(platform) == []


def test_a_transaction_taken_back_for_anothers_sake_is_tried_again(
    admin: Client, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deadlock(Exception):
        sqlstate = "40P01"

    tried: list[int] = []
    once = probe.make_group

    def sometimes(request: object) -> object:
        answer = once(request)  # type: ignore[arg-type]
        tried.append(1)
        if len(tried) < 3:
            raise OperationalError("INSERT", {}, Deadlock())
        return answer

    found = admin.application.site.router.find("/probe/groups")  # type: ignore[attr-defined]
    monkeypatch.setitem(found.routes, "POST", ("system", Route("/probe/groups", sometimes, probe.ALL)))  # type: ignore[arg-type]
    assert admin.post("/probe/groups", {"name": "tender"}).status == 303
    assert (len(tried), groups(platform)) == (3, ["tender"])


# The same request twice


def test_a_form_sent_twice_is_one_change(admin: Client, platform: Platform) -> None:
    fields = {"name": "tender", "_token": "abc"}
    first, second = admin.post("/probe/groups", fields), admin.post("/probe/groups", fields)
    assert (second.status, second.location) == (first.status, first.location) == (303, first.location)
    assert groups(platform) == ["tender"]


def test_a_form_with_other_content_under_the_same_token_is_refused(admin: Client, platform: Platform) -> None:
    admin.post("/probe/groups", {"name": "tender", "_token": "abc"})
    assert admin.post("/probe/groups", {"name": "drivers", "_token": "abc"}).status == 422
    assert groups(platform) == ["tender"]


def test_a_form_that_was_refused_may_be_sent_again(admin: Client, platform: Platform) -> None:
    assert admin.post("/probe/groups", {"name": "tender", "then": "refuse", "_token": "abc"}).status == 422
    assert admin.post("/probe/groups", {"name": "tender", "_token": "abc"}).status == 303
    assert groups(platform) == ["tender"]


def test_the_token_of_one_person_is_not_that_of_another(admin: Client, platform: Platform) -> None:
    add_person(platform, "wang", "administrator")
    other = Client(admin.application)
    other.sign_in("wang", "correct horse 7")
    admin.post("/probe/groups", {"name": "tender", "_token": "abc"})
    assert other.post("/probe/groups", {"name": "drivers", "_token": "abc"}).status == 303
    assert groups(platform) == ["tender", "drivers"]


def test_a_call_of_the_api_repeated_gets_the_same_answer(admin: Client, platform: Platform) -> None:
    first = admin.send("POST", "/api/v1/probe/groups", {"name": "tender"}, idempotency_key="k1")
    second = admin.send("POST", "/api/v1/probe/groups", {"name": "tender"}, idempotency_key="k1")
    for answer in (first, second):
        assert answer.status == 201
        assert answer.headers["etag"] == '"1"'
        assert answer.headers["content-type"] == "application/json"
    assert (second.json, second.location) == (first.json, first.location)
    assert groups(platform) == ["tender"]
    other = admin.send("POST", "/api/v1/probe/groups", {"name": "drivers"}, idempotency_key="k1")
    assert other.status == 422


@pytest.mark.parametrize("key", ["x" * 201, "a\tb", "schlüssel"])
def test_a_key_that_cannot_be_kept_is_refused(admin: Client, key: str) -> None:
    assert admin.send("POST", "/api/v1/probe/groups", {"name": "x"}, idempotency_key=key).status == 400


# Errors


@pytest.mark.parametrize(
    ("kind", "status"),
    [("conflict", 409), ("stale", 412), ("invalid", 422), ("limited", 429), ("missing", 404), ("gate", 500),
     ("fault", 500), ("unique", 409)],
)  # fmt: skip
def test_every_error_has_its_page_and_its_problem(admin: Client, kind: str, status: int) -> None:
    page = admin.get(f"/probe/fail/{kind}")
    problem = admin.get(f"/api/v1/probe/fail/{kind}")
    assert page.status == problem.status == status
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json["status"] == status
    assert problem.json["title"]
    assert problem.json["detail"]


def test_the_page_of_an_error_says_what_to_do(admin: Client) -> None:
    text = admin.get("/probe/fail/conflict").text
    assert "The credit limit is exceeded." in text
    assert "Ask for a higher one." in text


def test_the_problem_names_the_fields(admin: Client) -> None:
    problem = admin.get("/api/v1/probe/fail/invalid").json
    assert problem["errors"] == [{"field": "name", "message": "Too long."}]


def test_a_fault_tells_a_reference_and_nothing_else(admin: Client) -> None:
    text = admin.get("/probe/fail/fault").text
    assert re.search(r"<code>[0-9A-F]{8}</code>", text)
    assert "secret" not in text
    assert "ZeroDivision" not in text
    assert "reference" in admin.get("/api/v1/probe/fail/fault").json


def test_who_waits_is_told_how_long(admin: Client) -> None:
    assert admin.get("/probe/fail/limited").headers["retry-after"] == "30"


def test_missing_and_out_of_scope_read_the_same(admin: Client) -> None:
    def masked(url: str) -> tuple[int, str]:
        answer = admin.get(url)
        return answer.status, answer.text

    assert masked("/probe/fail/missing") == masked("/nothing/at/all") == masked("/probe/fail/missing")


def test_another_verb_is_answered_with_those_that_are_possible(admin: Client) -> None:
    answer = admin.request("DELETE", "/probe/groups")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")


def test_a_program_without_a_token_is_told_so(visitor: Client) -> None:
    answer = visitor.get("/api/v1/anything")
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("code", "status"), [(sqlite3.SQLITE_BUSY, 503), (sqlite3.SQLITE_FULL, 507), (sqlite3.SQLITE_CORRUPT, 500)]
)
def test_troubles_of_the_database_are_told_apart(code: int, status: int) -> None:
    original = sqlite3.OperationalError("trouble")
    original.sqlite_errorcode = code
    assert errors.understand(OperationalError("SELECT 1", {}, original)).status == status


def test_a_database_that_is_gone_is_a_503(admin: Client, monkeypatch: pytest.MonkeyPatch, platform: Platform) -> None:
    def gone(**options: object) -> object:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"), connection_invalidated=True)

    monkeypatch.setattr(platform.database, "transaction", gone)
    answer = admin.get("/probe/hello")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "1"


def test_an_error_that_no_page_can_tell_is_told_plainly(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> object:
        raise RuntimeError("no template")

    monkeypatch.setattr(site.Site, "_draw", broken)
    answer = admin.get("/")
    assert answer.status == 500
    assert "no template" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


# Other answers


def test_a_stream_is_sent_in_pieces(admin: Client) -> None:
    answer = admin.get("/probe/stream")
    assert answer.text == "one,two,three"
    assert "content-length" not in answer.headers
    assert admin.request("HEAD", "/probe/stream").content == b""


def test_head_has_the_headers_of_get_and_no_body(admin: Client) -> None:
    got, head = admin.get("/probe/hello"), admin.request("HEAD", "/probe/hello")
    assert head.status == 200
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"]


def test_a_notice_is_shown_once(admin: Client) -> None:
    admin.post("/probe/notice")
    assert "&lt;b&gt;Well done&lt;/b&gt;" in admin.get("/preferences").text
    assert "Well done" not in admin.get("/preferences").text


def test_a_notice_of_somebody_elses_making_is_not_shown(admin: Client) -> None:
    admin.cookies["sopia_notice"] = "eyJ0ZXh0IjogIkhhIiwgInRvbmUiOiAiIn0=.0123456789abcdef0123456789abcdef"
    assert "Ha" not in re.sub(r"<[^>]+>", "", admin.get("/preferences").text)


def test_a_page_function_cannot_lead_out_of_the_house() -> None:
    with pytest.raises(ValueError, match="stays in the house"):
        probe.away(None)  # type: ignore[arg-type]


def test_health_is_told_to_everybody(visitor: Client) -> None:
    assert visitor.get("/healthz").json == {"status": "ok", "database": "ok", "generation": 1, "behind": False}


def test_metrics_are_for_this_machine_and_for_administrators(application: Application, visitor: Client) -> None:
    text = visitor.get("/metrics").text
    assert re.search(r'sopia_requests_total\{method="GET",status="200",worker="\d+"\}', visitor.get("/metrics").text)
    assert "sopia_request_seconds_bucket" in text
    far = Client(application, address="192.0.2.7")
    assert far.get("/metrics").status == 404
    behind_a_proxy = Client(application, headers={"x-forwarded-for": "192.0.2.7"})
    assert behind_a_proxy.get("/metrics").status == 404
    far.sign_in("admin", "correct horse 7")
    assert far.get("/metrics").status == 200


def test_static_files_are_kept_for_ever_under_the_name_of_their_content(application: Application) -> None:
    client = Client(application)
    url = application.site.statics.url("css/base.css")
    answer = client.get(url, accept_encoding="gzip")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == client.get(url).text
    assert client.get(url, if_none_match=answer.headers["etag"]).status == 304
    assert client.get("/static/another/css/base.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["../app.py", "..%2Fapp.py", "css/../../app.py", "/etc/passwd", "", "css"])
def test_static_files_are_only_those_of_the_folders(application: Application, name: str) -> None:
    assert Client(application).get(f"/static/{application.site.statics.version}/{name}").status != 200


# The next generation


def test_a_newer_set_of_plugins_is_taken_up_between_two_requests(admin: Client, application: Application) -> None:
    before = application.site
    with before.platform.database.transaction(write=True) as connection:
        raise_plugins(connection)
    assert admin.get("/probe/hello").status == 200
    wait_for(lambda: application.site is not before)
    assert application.site.platform.generation == before.platform.generation + 1
    assert admin.get("/probe/hello").status == 200
    assert admin.get("/healthz").json["behind"] is False


def test_the_old_site_goes_on_when_the_new_one_cannot_be_built(
    admin: Client, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(platform: Platform) -> Platform:
        raise PluginError("Plugin 'visits' cannot start.")

    monkeypatch.setattr("core.web.app.rebuild", broken)
    before = application.site
    with before.platform.database.transaction(write=True) as connection:
        raise_plugins(connection)
    admin.get("/probe/hello")
    wait_for(lambda: application.failure is not None)
    assert application.site is before
    assert admin.get("/probe/hello").status == 200
    assert admin.get("/healthz").json["status"] == "degraded"


def test_safe_mode_leaves_the_plugins_out(settings: Settings) -> None:
    from core.assembly import assemble

    platform = assemble(settings.model_copy(update={"plugins": None}), safe=True)
    application = Application(platform)
    client = Client(application)
    client.sign_in("admin", "correct horse 7")
    assert platform.registry.names == ("system",)
    assert 'class="banner warn"' in client.get("/").text
    application.close()


def wait_for(condition: Callable[[], bool]) -> None:
    import time

    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("It did not happen")
