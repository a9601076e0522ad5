"""Every template, drawn with the content of the style guide."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, nodes

from core.kernel.i18n import Catalogues, activate, read_catalogue
from core.web.cells import WIDTHS, initials, row_template, safe_address
from core.web.folding import fold
from core.web.icons import icon_names
from core.web.templating import TEMPLATES, make_environment, render_rows, row_writer
from core.web.views import Column, Fact
from tests.web.styleguide.app import SPECIMENS, render

CATALOGUES = Catalogues()
SOURCES = sorted(TEMPLATES.rglob("*.html"))


@pytest.fixture(scope="module")
def environment() -> Environment:
    return make_environment(lambda path: f"/static/{path}")


@pytest.fixture(params=sorted(SPECIMENS))
def page(request: pytest.FixtureRequest, environment: Environment) -> str:
    with activate(CATALOGUES, "zh_Hans"):
        return render(environment, request.param)


def test_a_page_obeys_the_content_policy(page: str) -> None:
    assert not re.search(r"<[^>]+\sstyle=", page)
    assert not re.search(r"<[^>]+\son\w+=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert "javascript:" not in page


def test_a_page_has_one_headline_and_no_number_twice(page: str) -> None:
    assert page.count("<h1") == 1
    found = re.findall(r'\sid="([^"]+)"', re.sub(r"<template>.*?</template>", "", page, flags=re.S))
    assert len(found) == len(set(found))


def test_a_page_draws_known_icons_only(page: str) -> None:
    drawn = set(re.findall(r"icons\.svg#([a-z-]+)", page))
    assert drawn <= icon_names()


def test_every_field_has_a_label(page: str) -> None:
    for tag in re.findall(
        r"<(?:input|select|textarea)\b[^>]*>", re.sub(r"<template>.*?</template>", "", page, flags=re.S)
    ):
        if 'type="hidden"' in tag or "aria-label" in tag:
            continue
        name = re.search(r'\sid="([^"]+)"', tag)
        labelled = name and f'for="{name[1]}"' in page
        inside = re.search(r"<label[^>]*>(?:(?!</label>).)*" + re.escape(tag), page, flags=re.S)
        in_rows = re.search(r'name="[a-z]+-\d+-', tag)
        assert labelled or inside or in_rows, tag


def test_folding_changes_nothing() -> None:
    plain = make_environment(lambda path: f"/static/{path}")
    folded = fold(make_environment(lambda path: f"/static/{path}"))
    with activate(CATALOGUES, "zh_Hans"):
        for name in SPECIMENS:
            assert render(folded, name) == render(plain, name)


def wordings() -> Iterator[tuple[str, str]]:
    environment = make_environment(lambda path: path)
    for path in SOURCES:
        tree = environment.parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_" and isinstance(call.args[0], nodes.Const):
                yield path.name, call.args[0].value


def test_every_wording_is_translated_with_its_placeholders() -> None:
    catalogue = read_catalogue(Path("core/locale/zh_Hans/LC_MESSAGES/core.po"))
    for template, text in wordings():
        chinese = catalogue.wording(text)
        assert chinese, f"{template}: {text!r} is not translated"
        assert set(re.findall(r"\{\w+\}", chinese)) == set(re.findall(r"\{\w+\}", text)), text


def test_what_people_write_is_escaped_everywhere(environment: Environment) -> None:
    columns = tuple(
        Column(key=kind, title=kind, kind=kind, base="/b/") for kind in WIDTHS if kind not in ("boolean", "tags")
    )
    hostile = "<script>alert('1')</script>\"&"
    row: list[object] = [7]
    for column in columns:
        values: list[object] = [hostile] * WIDTHS[column.kind]
        if column.kind in ("user", "relation"):
            values[1] = 3
        row += values
    html = render_rows(row_writer(environment, columns, "/x"), [tuple(row)])
    assert "<script" not in html
    assert not re.search(r'="[^"]*\'[^"]*<', html)
    for kind in WIDTHS:
        given: tuple[object, ...] = (
            ((hostile, "red"),)
            if kind == "tags"
            else (hostile, 3 if kind in ("user", "relation") else hostile, hostile)
        )
        shown = Fact(key="k", title="k", kind=kind, values=(given,) if kind == "tags" else given, base="/b/")
        draw: Any = environment.globals["fact"]
        assert "<script" not in draw(shown)


def test_a_row_links_its_first_column_and_leaves_empty_cells_empty(environment: Environment) -> None:
    columns = (
        Column(key="name", title="Name", place="title"),
        Column(key="owner", title="Owner", kind="user"),
        Column(key="amount", title="Amount", kind="money"),
        Column(key="customer", title="Customer", kind="relation", base="/customers/customers/"),
        Column(key="active", title="Active", kind="boolean"),
    )
    html = render_rows(
        row_writer(environment, columns, "/x", selectable=False),
        [(5, "鼎晟", "", None, "", "", "", "已停用的客户", None, None)],
    )
    assert html == (
        '<tr><td class="pt"><a id="r5" href="/x/5">鼎晟</a></td><td></td><td class="n"></td><td>已停用的客户</td><td></td></tr>\n'
    )


def test_a_template_of_rows_calls_nothing(environment: Environment) -> None:
    columns = tuple(Column(key=kind, title=kind, kind=kind) for kind in WIDTHS)
    tree = environment.parse(row_template(columns, "/x"))
    assert not list(tree.find_all((nodes.Call, nodes.Filter, nodes.Include, nodes.Import)))


@pytest.mark.parametrize(
    ("name", "sign"), [("欧阳明月", "月"), ("张涛", "涛"), ("Alice Wong", "AW"), ("vexo", "V"), ("", "")]
)
def test_a_person_has_a_sign(name: str, sign: str) -> None:
    assert initials(name) == sign


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://sopia.example/a?b", True),
        ("mailto:a@b.example", True),
        ("tel:+8610", True),
        ("/customers", True),
        ("javascript:alert(1)", False),
        (" JaVaScRiPt:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("evil.example", False),
    ],
)
def test_only_harmless_addresses_become_links(address: str, kept: bool) -> None:
    assert bool(safe_address(address)) is kept
