"""The list of what was asked for is complete, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.mission.company import Company

ROOT = Path(__file__).resolve().parents[2]

IDS = """P0 C-a C-b C1 C2 C3 C4 C5 S1 S2 S3 F-a F1 F2 F3 V1 V2 V3 V4 V5 T1 T2 T3 T4
J1 J2 J3 J4 D1 D2 D3 D4 B1 B2 B3 B4 B5 B6 B7 B8 Y1 Y2a Y2b""".split()


def lines() -> list[list[str]]:
    """The cells of each line of the list: id, what is wanted, where, and the test."""
    text = (ROOT / "docs" / "mission.md").read_text("utf-8")
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows if row[0].strip() != "id"]


def test_everything_that_was_asked_for_is_there_once() -> None:
    assert [row[0] for row in lines()] == IDS
    assert [row[0] for row in lines() if len(row) != 4 or not all(row)] == []


def test_everything_has_a_test_of_its_own() -> None:
    wanted: dict[str, str] = {}
    for name, _wanted, _where, test in lines():
        found = re.fullmatch(r"`(tests/mission/test_\w+\.py)::(test_\w+)`", test)
        assert found, f"'{test}' of {name} names no test"
        path, function = found.groups()
        there = re.findall(r"^def (test_\w+)\(", (ROOT / path).read_text("utf-8"), re.MULTILINE)
        assert function in there, f"{path} has no {function}, which is to show {name}"
        wanted[name] = test
    assert len(set(wanted.values())) == len(IDS), "one test shows one thing"


def test_what_it_says_is_at_an_address_is_there(company: Company) -> None:
    every = {address for row in lines() for address in re.findall(r"`(/[^`]*)`", row[2])}
    assert len(every) > len(IDS) / 2
    for address in sorted(each.partition("?")[0] for each in every if "…" not in each.partition("?")[0]):
        person = company.admin if address.startswith("/system") else company.head
        person.open(address)
