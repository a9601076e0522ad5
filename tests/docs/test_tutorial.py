"""What the tutorial tells plugin authors to do works, in the order in which it tells it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.testing.installation import PASSWORD
from tests.docs.walkthrough import Section, call_of, commands, missing, sections

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "plugins" / "tutorial.md"
STEP = Path(__file__).with_name("step.py")


@dataclass(frozen=True)
class Promise:
    """What the text says of pages: in which language, and what stands on each page and what does not."""

    language: str = "en"
    shown: dict[str, tuple[str, ...]] = field(default_factory=dict)
    absent: dict[str, tuple[str, ...]] = field(default_factory=dict)


VISITS, CUSTOMER = "/visits/visits", "/customers/customers/1"

PROMISES = {
    "1.": Promise(
        shown={
            VISITS: ("Wants samples", "云帆实业", "2026"),
            f"{VISITS}?q=yfsy": ("Wants samples",),
            f"{VISITS}?q=云帆": ("Wants samples",),
            f"{VISITS}/new": ("Visited on", "Outcome"),
            f"{VISITS}/1": ("Wants samples",),
            f"{VISITS}/bin": (),
            "/": ('href="/visits/visits"',),
        }
    ),
    "2.": Promise(
        shown={
            VISITS: ("Purpose", "Show the new line", "At our place", "1,200.00"),
            f"{VISITS}/new": ("Effort", "What came of it", "At a fair", "Without the way there.", "minutes"),
        }
    ),
    "3.": Promise(
        shown={f"{VISITS}/2": ("Ordered ten",), f"{VISITS}/1": ("Wants samples",)},
        absent={f"{VISITS}/1": ("/actions/conclude",), f"{VISITS}/2": ("/actions/conclude",)},
    ),
    "4.": Promise(
        shown={f"{VISITS}/2": ("Made", "Ordered twenty"), f"{VISITS}/1": ("Planned", "/actions/call_off")},
        absent={f"{VISITS}/2": ("/actions/conclude", "/visits/2/delete")},
    ),
    "5.": Promise(
        shown={
            CUSTOMER: ("Show the new line", "Nobody was there yet.", "Days between visits"),
            f"{CUSTOMER}/edit": ('name="visits.every"',),
            "/customers/customers": ("Last visit",),
        }
    ),
    "6.": Promise(shown={CUSTOMER: ("14 days after the last one",), f"{VISITS}/3": ("/actions/conclude",)}),
    "8.": Promise(
        shown={
            f"{VISITS}/3": ("Sign", "V-0001"),
            "/system/settings/visits": ("Usual days between visits", "30"),  # of section 7
            CUSTOMER: ("14 days after the last one",),
        }
    ),
    "9.": Promise(
        "zh-CN",
        shown={
            VISITS: ("拜访目的", "拜访日期"),
            CUSTOMER: ("14 天", "下次拜访"),
            "/customers/customers": ("上次拜访",),
            f"{VISITS}/3": ("填写结果",),
        },
        absent={VISITS: ("Purpose",), CUSTOMER: ("Due on",)},
    ),
}


class Desk:
    """A plugin author's desk: the project, the place where it is installed, and an installation to try it with."""

    def __init__(self, folder: Path) -> None:
        self.project, self.token = folder / "project", ""
        self.project.mkdir()
        self._installed = folder / "installed"
        own = {name: value for name, value in os.environ.items() if not name.startswith(("SOPIA_", "PYTEST_"))}
        self.environment = own | {
            "SOPIA_DATA_DIR": str(folder / "data"),
            "SOPIA_ADMIN_PASSWORD": PASSWORD,
            "SOPIA_LOCALE": "en",
            # Where an editable installation would lead: the project itself, and beside it what pip writes about it.
            "PYTHONPATH": os.pathsep.join(map(str, (self.project, self._installed, ROOT))),
            "LANG": "C.UTF-8",
        }

    def run(self, *command: str, given: str | None = None) -> str:
        """Run a Python module or file with its arguments, and give what it prints."""
        done = subprocess.run(
            [sys.executable, "-P", *command],
            cwd=self.project, env=self.environment, input=given, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def install(self) -> None:
        """`pip install --editable .`, without the network and into a folder of its own."""
        shutil.rmtree(self._installed, ignore_errors=True)  # into a folder pip puts a new version beside the old one
        where = ("--target", str(self._installed), "--editable", ".")
        self.run("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", *where)

    def obey(self, words: list[str]) -> str:
        """Do what one line of a block of shell says."""
        if words[0] == "sopia":
            return self.run("-m", "sopia", *words[1:])
        if words[0].startswith("TOKEN="):
            self.token = self.run("-m", "sopia", *words[1:]).strip()
        elif words[:3] == ["pip", "install", "--editable"]:
            self.install()
        elif words[0] == "pytest":
            return self.run("-m", "pytest", "-p", "no:cacheprovider", "-q", *words[1:])
        else:
            assert words[0] == "export" or words == ["pip", "install", "pytest"], words
        return ""

    def follow(self, section: Section) -> list[tuple[int, dict[str, Any], dict[str, Any]]]:
        """Do everything that a section says; gives its requests with what it promises for an answer, and its line."""
        calls: list[tuple[int, dict[str, Any], dict[str, Any]]] = []
        for block in section.blocks:
            if block.is_file:
                section.write(block, self.project)
            elif block.language == "json":
                line, call, _nothing = calls[-1]
                calls[-1] = (line, call, json.loads(block.content))
            elif block.language == "shell":
                for words in commands(block):
                    if words[0] == "curl":
                        calls.append((block.line, vars(call_of(words, self.token)), {}))
                    else:
                        assert "Traceback" not in self.obey(words)
        return calls


def look(desk: Desk, calls: list[dict[str, Any]], promise: Promise) -> dict[str, Any]:
    """Make requests and look at pages, in a process of its own."""
    wanted = {"calls": calls, "language": promise.language, "pages": [*promise.shown, *promise.absent]}
    answer: dict[str, Any] = json.loads(desk.run(str(STEP), given=json.dumps(wanted)).splitlines()[-1])
    assert answer["broken"] == {}
    return answer


def test_every_section_does_what_it_says(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for section in sections(PAGE):
        if section.title.startswith("2."):
            (desk.project / "visits.py").unlink()
        if section.title.startswith("10."):
            break  # tested below, beside this test and not after it
        calls = desk.follow(section)
        promise = PROMISES.get(section.title[:2], Promise())
        if not calls and section.title[:2] not in PROMISES:
            continue
        seen = look(desk, [call for _line, call, _answer in calls], promise)
        for (line, call, expected), answer in zip(calls, seen["answers"], strict=True):
            assert answer["status"] == expected.get("status", answer["status"]), (line, call, answer)
            assert answer["status"] < 300 or "status" in expected, (line, call, answer)
            assert list(missing(expected, answer["body"])) == [], (line, call, answer)
        for url, texts in promise.shown.items():
            assert [text for text in texts if text not in seen["pages"][url]] == [], (section.title, url)
            assert not seen["pages"][url].startswith("status"), (section.title, url, seen["pages"][url])
        for url, texts in promise.absent.items():
            assert [text for text in texts if text in seen["pages"][url]] == [], (section.title, url)
    written = sorted(path.name for path in (desk.project / "visits" / "migrations").glob("0*.py"))
    assert written == ["0001_create_visits.py", "0002_count_the_people.py"]


def test_the_plugin_of_the_last_section_passes_the_checks(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for section in sections(PAGE):
        section.write_files(desk.project)
    (desk.project / "visits.py").unlink()
    desk.install()
    desk.run("-m", "sopia", "plugin", "migration", "visits", "Create", "visits")
    (tests,) = [section for section in sections(PAGE) if section.title.startswith("10.")]
    (block,) = [block for block in tests.blocks if block.language == "shell"]
    told = [desk.obey(words) for words in commands(block)]
    assert " passed" in told[-1]
    assert "skipped" not in told[-1]


def test_every_block_says_what_it_is() -> None:
    for section in sections(PAGE):
        for block in section.blocks:
            assert block.language in ("shell", "json") or block.is_file, f"{PAGE.name}:{block.line}"


def test_the_example_begins_with_a_small_file() -> None:
    first = sections(PAGE)[0].blocks[0]
    assert len(first.content.splitlines()) <= 42


@pytest.mark.parametrize("section", sections(PAGE), ids=lambda section: section.title)
def test_its_python_is_python(section: Section) -> None:
    for block in section.blocks:
        if block.language == "python":
            compile(block.content, f"{PAGE.name}:{block.line}", "exec")
