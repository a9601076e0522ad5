"""Lists as files: in the reader's scope and words, typed, and harmless to a spreadsheet program."""

from __future__ import annotations

import io

import pytest

from core.kernel.errors import BadRequest
from core.resources.exporting import export
from core.resources.queries import read_list
from core.resources.sheets import read_table
from tests.resources.desk import Desk


def exported(desk: Desk, who: object, form: str, *pairs: tuple[str, str]) -> list[list[object]]:
    principal = getattr(desk, str(who))
    context = desk.context(principal)
    wanted = read_list(desk.resources, desk.customers, [("columns", "name,credit_limit,owner,tags"), *pairs], context)
    file = io.BytesIO()
    export(
        desk.resources, desk.customers, wanted, context, lambda: desk.platform.gate.connection(principal), file, form
    )
    file.seek(0)
    with read_table(file, f"list.{form}") as table:
        return [list(row.cells) for row in table.rows]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_all_pages_of_what_the_reader_sees_are_in_the_file(desk: Desk, form: str) -> None:
    for number in range(205):
        desk.create(desk.ann, name=f"Firm {number:03}", credit_limit="12.50")
    desk.create(desk.bob, name="Bob's")
    rows = exported(desk, "ann", form, ("sort", "name"))
    assert [row[1] for row in rows] == [f"Firm {number:03}" for number in range(205)]
    assert {str(row[2]) for row in rows} == ({"12.50"} if form == "csv" else {"12.5"})
    assert {row[3] for row in rows} == {"Ann"}


def test_filters_hold_and_a_formula_stays_a_text(desk: Desk) -> None:
    desk.create(desk.ann, name="=1+1")
    desk.create(desk.ann, name="Other")
    assert [row[1] for row in exported(desk, "ann", "csv", ("name__startswith", "="))] == ["=1+1"]


def test_an_unknown_format_is_refused(desk: Desk) -> None:
    with pytest.raises(BadRequest):
        exported(desk, "ann", "pdf")
