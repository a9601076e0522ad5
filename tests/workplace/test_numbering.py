"""Numbers of documents: unique and without gaps, whoever is quicker, by a pattern that an administrator may change."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from core.kernel.errors import Invalid
from core.kernel.privilege import privileged
from core.resources.numbering import Numbering, NumberRule, enter_numberings, next_number, period_of, what_is_wrong
from tests.resources.papers import FiledPaper
from tests.resources.test_workflow import Office, office, schema

__all__ = ["office", "schema"]

DAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("pattern", "period"),
    [
        ("SO-{year}{month:02}-{counter:04}", "2026-11"),
        ("{yy}{month:02}{day:02}/{counter}", "2026-11-23"),
        ("HT{year}-{counter:05}", "2026"),
        ("V-{counter}", ""),
    ],
)
def test_a_counter_counts_within_what_the_pattern_names(pattern: str, period: str) -> None:
    assert what_is_wrong(pattern) is None
    assert period_of(pattern, DAY) == period


@pytest.mark.parametrize(
    "pattern",
    ["SO-{year}", "{month}-{counter}", "{year}-{day}-{counter}", "{counter", "{counter:xx}", "{owner}{counter}",
     "{year.__class__}{counter}", "{}", "x" * 80 + "{counter}"],
)  # fmt: skip
def test_a_pattern_that_cannot_number_is_refused(pattern: str) -> None:
    assert what_is_wrong(pattern)


def test_many_who_number_at_once_get_different_numbers_without_gaps(office: Office) -> None:
    principal = office.who("anna")

    def make(number: int) -> str:
        with office.gate.session(principal, write=True) as session:
            given = {"title": f"FiledPaper {number}"}
            record = office.records.create(session, office.paper, given, office.context(principal))
            return str(record.number)

    with ThreadPoolExecutor(32) as threads:
        numbers = sorted(threads.map(make, range(64)))
    assert [number[-5:] for number in numbers] == [f"-{each:04}" for each in range(1, 65)]
    assert numbers[0].startswith(f"P-{dt.date.today().year}") or dt.date.today().day == 1


def test_a_record_that_fails_gives_its_number_back(office: Office) -> None:
    first = office.read(office.create())["number"]
    with pytest.raises(Invalid):
        office.create(sheets=[{"text": None}])
    with pytest.raises(RuntimeError), office.gate.session(office.who("anna"), write=True) as session:
        session.add(FiledPaper(title="Lost"))
        session.flush()
        raise RuntimeError
    second = office.read(office.create())["number"]
    assert int(second[-4:]) == int(first[-4:]) + 1


def test_nobody_types_a_number_and_a_pattern_may_be_changed(office: Office) -> None:
    with pytest.raises(Invalid) as refused:
        office.create(number="P-1")
    assert [error.field for error in refused.value.errors] == ["number"]
    with office.database.transaction(write=True) as connection:
        enter_numberings(connection, office.resources.values())
    with office.database.system("test") as session:
        rule = session.scalars(select(NumberRule).where(NumberRule.resource == "papers.paper")).one()
        rule.pattern = "ARCHIVE-{counter}"
    assert office.read(office.create())["number"] == "ARCHIVE-1"
    with office.database.transaction(write=True) as connection:
        enter_numberings(connection, office.resources.values())
    assert office.read(office.create())["number"] == "ARCHIVE-2"


def test_a_number_that_came_from_elsewhere_is_not_given_again(office: Office) -> None:
    with office.database.system("test") as session:
        session.add(FiledPaper(title="Old", number="X-2"))
        session.flush()
        numbering = Numbering("number", "X-{counter}")
        given = [next_number(privileged(session), office.paper, numbering, DAY) for _each in range(2)]
    assert given == ["X-1", "X-3"]
