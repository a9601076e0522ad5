"""The pages of the documentation lead somewhere, and name settings and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from core.cli import sopia
from core.kernel.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])
DERIVED = {"data_dir": "./var", "database_url": "sqlite:///<data folder>/sopia.db", "files_url": "<data folder>/files"}
OTHERS = {"SOPIA_DEBUG", "SOPIA_TRACE_HOOKS", "SOPIA_LOG"}
"""Variables that are no settings of an installation but of one process."""

LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(#[^)\s]+)?\)")


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_pages_that_are_there(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text("utf-8")):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} leads to {path}"
        assert not anchor or anchor[1:] in _anchors(target), f"{page.name} leads to {path}{anchor}"


def test_every_page_can_be_reached_from_the_first() -> None:
    index = ROOT / "docs" / "index.md"
    named = {(index.parent / path).resolve() for path, _anchor in LINK.findall(index.read_text("utf-8")) if path}
    assert [str(page) for page in PAGES if page not in named and page != index] == []


def _table() -> dict[str, str]:
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    return {name: default.strip("`") for name, default in re.findall(r"^\| `(SOPIA_\w+)` \| ([^|]+?) \|", text, re.M)}


def test_every_setting_stands_in_the_table_with_its_default() -> None:
    told = _table()
    for name, field in Settings.model_fields.items():
        variable = f"SOPIA_{name.upper()}"
        assert variable in told
        if name in DERIVED:
            assert told[variable] == DERIVED[name]
        elif field.default:
            assert told[variable] == field.default
    assert set(told) - OTHERS == {f"SOPIA_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_only_settings_that_exist(page: Path) -> None:
    known = {f"SOPIA_{name.upper()}" for name in Settings.model_fields} | OTHERS
    assert set(re.findall(r"\bSOPIA_[A-Z_]+\b", page.read_text("utf-8"))) - known <= {"SOPIA_TEST_POSTGRESQL"}


COMMAND = re.compile(r"(?:`|^ *|/bin/|\$\()sopia ([a-z]+)(?: ([a-z]+))?", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_only_commands_that_exist(page: Path) -> None:
    if page.name == "roadmap.md":
        return  # it names what is to come
    context = click.Context(sopia)
    for name, below in COMMAND.findall(page.read_text("utf-8")):
        assert name in sopia.list_commands(context), f"{page.name} names 'sopia {name}'"
        command = sopia.get_command(context, name) if below else None
        if isinstance(command, click.Group):
            assert below in command.list_commands(context), f"{page.name} names 'sopia {name} {below}'"
