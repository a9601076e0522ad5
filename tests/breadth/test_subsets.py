"""Every plugin without the others, and all of them gone and back: nothing is lost, and no trace is left meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.kernel.discovery import discover
from core.testing.databases import Databases
from core.testing.installation import ROOT, Installed
from core.testing.standing import with_required
from tests.api.company import DemoInstalled

pytestmark = pytest.mark.sqlite

REQUIRED_BY_ALL = "customers"


def run(tasks: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The faults of each task, done in a process that has imported no plugin."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.breadth.subsets"],
        input=json.dumps(tasks), capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return {name: faults for name, faults in json.loads(done.stdout).items() if faults}


def test_each_works_with_what_it_requires_and_nothing_else(databases: Databases, tmp_path: Path) -> None:
    tasks = []
    for name in sorted(discover()):
        folder = tmp_path / name
        folder.mkdir()
        plugins = with_required(name)
        # Initialised in a process of its own, with no other plugin; a plugin's own checks use the same template.
        url = databases.make("sqlite", Installed(plugins=tuple(plugins)))
        tasks.append({"kind": "alone", "name": name, "folder": str(folder), "url": url, "plugins": plugins})
    assert len(tasks) >= 9
    try:
        told = run(tasks)
    finally:
        for task in tasks:
            databases.drop(task["url"])
    assert told == {}


def test_what_is_disabled_leaves_no_trace_and_comes_back_whole(databases: Databases, tmp_path: Path) -> None:
    others = [name for name in sorted(discover()) if name not in (REQUIRED_BY_ALL, "salesfinance")]
    tasks = []
    for number, off in enumerate((others, ["sales"])):
        folder = tmp_path / str(number)
        folder.mkdir()
        url = databases.make("sqlite", DemoInstalled())
        tasks.append({"kind": "gone", "name": ", ".join(off), "folder": str(folder), "url": url, "off": off})
    try:
        told = run(tasks)
    finally:
        for task in tasks:
            databases.drop(task["url"])
    assert told == {}
