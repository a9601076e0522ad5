"""The ways to look at a list: statistics whose figures open their records, groups, calendar, saved views."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from core.testing.client import Client
from core.testing.databases import Databases, Kind, kinds_wanted
from tests.api.company import API, Company, DemoInstalled, open_platform

LIST = "/customers/customers"
CUSTOMERS = f"{API}{LIST}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "company_kind" in metafunc.fixturenames:
        kinds = kinds_wanted(metafunc.config.getoption("--database"), ())
        params = [pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in kinds]
        metafunc.parametrize("company_kind", params, scope="module")


@pytest.fixture(scope="module")
def company(databases: Databases, company_kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The demo company behind a running application."""
    url = databases.make(company_kind, DemoInstalled())
    opened = Company(open_platform(tmp_path_factory.mktemp("company"), url))
    yield opened
    opened.application.close()
    databases.drop(url)


def page(client: Client, url: str) -> str:
    answer = client.get(url, accept="text/html")
    assert answer.status == 200, f"{url}: {answer.status} {answer.text[:500]}"
    return answer.text


def count(client: Client, url: str) -> int:
    """How many records the list at an address of a page has."""
    pairs = [pair for pair in parse_qsl(urlsplit(html.unescape(url)).query) if pair[0] not in ("sort", "columns")]
    query = "&".join(f"{name}={quoted(text)}" for name, text in [*pairs, ("count", "true")])
    answer = client.get(f"{API}{urlsplit(url).path}?{query}")
    assert answer.status == 200, answer.text
    return int(answer.json["count"])


def quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "&_by=owner&_by=created_at&_unit=week",
        "&_by=tags&_by=type&region__contains=海",
        "&_by=region&owner=me",
        "&_by=level&_by=owner&_measure=count&_measure=credit_limit:sum&_chart=none",
        "&_by=next_contact_at&_unit=day&_chart=line&q=公司",
    ],
)
def test_every_figure_opens_the_records_that_it_counts(company: Company, query: str) -> None:
    client = company.client("wang.fang")
    shown = page(client, f"{LIST}?view=statistics{query}")
    table = shown[shown.index("<tbody>") :]
    figures = re.findall(r'<td class="n[^"]*"><a href="([^"]+)">([\d,]+)</a>', table)
    assert figures, query
    for url, figure in figures[:40]:
        assert count(client, url) == int(figure.replace(",", "")), (url, figure)
    whole = parse_qsl(query)
    kept = "&".join(f"{n}={quoted(t)}" for n, t in whole if not n.startswith("_"))
    assert f">{count(client, f'{LIST}?{kept}'):,}</a>" in table[table.index("<tfoot>") :]


def test_statistics_are_a_file_for_whoever_may_export(company: Company) -> None:
    url = f"{LIST}/export?view=statistics&_by=owner&_by=type&_measure=count&_measure=credit_limit:sum&format=csv"
    boss = company.client("lin.jing").get(url)
    lines = boss.text.splitlines()
    assert boss.status == 200
    rows = (
        company.client("lin.jing").get(f"{CUSTOMERS}/statistics", {"by": "owner,type", "measure": "count"}).json["rows"]
    )
    assert len(lines) == len(rows) + 1
    assert sorted(int(line.split(",")[2]) for line in lines[1:]) == sorted(row["count"] for row in rows)
    assert company.client("zhao.lei").get(url).status == 403


def test_a_list_in_groups_counts_them_and_pages_within(company: Company) -> None:
    client = company.client("lin.jing")
    shown = page(client, f"{LIST}?group=type&_open=-")
    groups = re.findall(r'<a href="([^"]+)#g\d+" aria-expanded="false">.*?<span class="count">([\d,]+)</span>', shown)
    assert sum(int(each.replace(",", "")) for _url, each in groups) == count(client, LIST)
    url, number = max(groups, key=lambda each: int(each[1]))
    opened = page(client, html.unescape(url))
    seen: set[str] = set()
    while True:
        rows = set(re.findall(rf'id="r(\d+)" href="{LIST}/', opened))
        assert rows
        assert not rows & seen
        seen |= rows
        following = re.search(r'href="([^"]*cursor=[^"]*)" rel="?next', opened)
        if not following:
            break
        opened = page(client, html.unescape(following[1]))
    assert len(seen) == int(number)
    for query in ("group=nothing", "group=remark", "group=created_at:hour"):
        assert client.get(f"{LIST}?{query}", accept="text/html").status == 400


def test_a_calendar_shows_each_record_on_its_day_and_moves_it_under_the_right_to_edit(company: Company) -> None:
    client, reader = company.client("wang.fang"), company.client("gao.shan")
    made = client.send("POST", CUSTOMERS, {"name": company.name(), "next_contact_at": "2031-10-01T02:30:00Z"}).json
    url = f"{LIST}?view=calendar&_on=2031-10-15"
    entry = re.search(rf'data-id="{made["id"]}" data-version="(\d+)" data-day="([^"]+)"', page(client, url))
    assert entry is not None
    assert (entry[1], entry[2]) == (str(made["version"]), "2031-10-01")
    assert f'data-id="{made["id"]}"' not in page(company.client("li.qiang"), url)
    body = {"id": str(made["id"]), "version": entry[1], "from": "2031-10-01", "to": "2031-11-03"}
    assert reader.post(f"{LIST}/calendar", body).status == 403
    assert company.client("zhao.lei").post(f"{LIST}/calendar", body, sopia_fragment="1").status == 404
    moved = client.post(f"{LIST}/calendar", body, sopia_fragment="1")
    assert moved.status == 200, moved.text
    assert client.get(f"{CUSTOMERS}/{made['id']}").json["next_contact_at"] == "2031-11-03T02:30:00Z"
    assert client.post(f"{LIST}/calendar", body, sopia_fragment="1").status == 412
    for query in ("_on=yesterday", "_on=0001-01-01"):
        assert client.get(f"{LIST}?view=calendar&{query}", accept="text/html").status == 400
    assert "春节" in page(client, f"{LIST}?view=calendar&_on=2026-02-17")


def test_a_view_is_kept_shared_and_shows_each_reader_what_he_may_see(company: Company) -> None:
    keeper, colleague, stranger = (company.client(login) for login in ("wang.fang", "zhao.lei", "li.qiang"))
    query = "region__contains=海&sort=-credit_limit&cursor=x"
    kept = keeper.post(f"{LIST}/views", {"title": "靠海的", "shared": "true", "query": query})
    assert kept.status == 303, kept.text
    mine = next(each for each in views(keeper) if each["title"] == "靠海的")
    assert (mine["mine"], mine["audience"], dict(parse_qsl(mine["query"]))) == (
        True, "department", {"region__contains": "海", "sort": "-credit_limit"},
    )  # fmt: skip
    theirs = next(each for each in views(colleague) if each["title"] == "靠海的")
    assert not theirs["mine"]
    assert "靠海的" not in {each["title"] for each in views(stranger)}
    assert {each["key"] for each in views(stranger)} >= {"mine", "due"}
    for refused in (
        colleague.post(f"/views/{mine['key']}", {"title": "x", "audience": "me"}),
        colleague.post(f"/views/{mine['key']}/delete", {}),
        stranger.post(f"{LIST}/views/choose", {"view": mine["key"], "what": "first", "on": "true"}),
    ):
        assert refused.status == 404
    assert colleague.post(f"{LIST}/views/choose", {"view": mine["key"], "what": "first", "on": "true"}).status == 303
    started = colleague.get(LIST, accept="text/html")
    assert started.status == 303
    assert "region__contains" in started.headers["location"]
    assert page(colleague, f"{LIST}?_saved=all")
    assert colleague.post(f"{LIST}/views/choose", {"view": "mine", "what": "pinned", "on": "true"}).status == 303
    assert "owner=me&amp;_saved=mine" in page(colleague, "/")
    assert keeper.post(f"/views/{mine['key']}", {"title": "海边", "audience": "me"}).status == 303
    assert "海边" not in {each["title"] for each in views(colleague)}
    assert keeper.post(f"/views/{mine['key']}/delete", {}).status == 303
    assert colleague.get(LIST, accept="text/html").status == 200


def views(client: Client) -> list[dict[str, Any]]:
    answer = client.get(f"{CUSTOMERS}/views")
    assert answer.status == 200
    return list(answer.json["items"])


def test_what_a_reader_may_not_read_is_left_out_of_a_shared_view(company: Company) -> None:
    from core.kernel.generations import raise_access
    from core.kernel.roles import FieldGrant
    from core.kernel.shipped_roles import find_role

    boss = company.client("lin.jing")
    query = "credit_limit__gte=1&region__contains=海&sort=-credit_limit&columns=name,credit_limit"
    assert boss.post(f"{LIST}/views", {"title": "额度", "query": query}).status == 303
    key = next(each["key"] for each in views(boss) if each["title"] == "额度")
    assert boss.post(f"/views/{key}", {"title": "额度", "audience": "everybody"}).status == 303
    with company.platform.database.system("a hidden field") as session:
        member = find_role(session, "member")
        assert member is not None
        session.add(FieldGrant(role_id=member.id, resource="customers.customer", field="credit_limit", access="hidden"))
        raise_access(session)
    client = company.client("zhao.lei")
    seen = next(each for each in views(client) if each["title"] == "额度")
    assert "credit_limit" not in seen["query"]
    shown = page(client, f"{LIST}?{seen['query']}&_saved={key}")
    assert "已略去" in shown or "left out" in shown
    assert client.get(f"{LIST}?{query}", accept="text/html").status == 400
    assert client.get(f"{CUSTOMERS}/statistics", {"by": "owner", "measure": "credit_limit:sum"}).status == 400


def test_what_is_set_up_once_has_a_page_of_its_own_and_stays_out_of_the_navigation(company: Company) -> None:
    reader = company.client("gao.shan")
    shown = page(reader, "/basics")
    main, side = shown.split('<main id="main"')[1], side_of(shown)
    assert 'href="/customers/types"' in main
    assert 'href="/catalog/warehouses"' in main
    assert 'href="/customers/types"' not in side
    assert 'href="/customers/customers"' in side
    marked = 'href="/basics" aria-current="page"'
    assert marked in side
    assert marked in side_of(page(reader, "/customers/types"))
    assert "/customers/types" in reader.get("/palette?q=%E5%AE%A2%E6%88%B7%E7%B1%BB%E5%9E%8B").text, (
        "one may jump there by name"
    )


def test_plugins_stand_in_the_navigation_where_they_say(company: Company) -> None:
    side = side_of(page(company.client("gao.shan"), "/"))
    order = ["customers/customers", "sales/opportunities", "finance/receivables", "service/requests", "tasks/tasks"]
    places = [side.index(f'href="/{address}"') for address in order]
    assert places == sorted(places)


def side_of(shown: str) -> str:
    """The navigation of a page."""
    return shown.split('<nav class="side"')[1].split("</nav>", maxsplit=1)[0]
