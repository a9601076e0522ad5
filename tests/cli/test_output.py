import json

import pytest

from core.cli.output import print_rows, progress

ROWS = [
    {"name": "customers", "title": "客户", "enabled": True, "requires": ("catalog", "sales")},
    {"name": "sales", "title": "销售机会", "enabled": False, "requires": ()},
]


def test_table_lines_up_with_chinese_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, ("name", "title", "enabled", "requires"), as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "NAME       TITLE     ENABLED  REQUIRES",
        "customers  客户      yes      catalog, sales",
        "sales      销售机会  no",
    ]


def test_json_keeps_everything_the_table_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, ("name",), as_json=True)
    written = capsys.readouterr().out
    assert json.loads(written)[0] == {**ROWS[0], "requires": ["catalog", "sales"]}
    assert "客户" in written


def test_progress_is_silent_when_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("Importing") as advance:
        advance(1, 10)
    assert capsys.readouterr() == ("", "")
