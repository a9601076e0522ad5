"""Broken and huge files get the documented answer, and nothing of them is half-written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter

from core.kernel.errors import Invalid, SopiaError, TooLarge
from core.resources.importing.seen import SeenRows
from core.resources.importing.workshop import LARGEST
from tests.resources.desk import Desk
from tests.resources.importing_desk import Importing, table

NAMES = ("客户名称", "电话")


@pytest.fixture
def importing(desk: Desk) -> Importing:
    """Files on their way into an installation."""
    return Importing(desk)


class Zeros(io.RawIOBase):
    """A file of so many bytes that nobody has to keep."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """The next bytes."""
        room = memoryview(buffer)
        count = min(len(room), self._left)
        room[:count] = b"a" * count
        self._left -= count
        return count


def bomb(entry: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A workbook of some kilobytes that unpacks to a gigabyte."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook><sheets/></workbook>")
        with archive.open(entry, "w", force_zip64=True) as sheet:
            for _count in range(400):
                sheet.write(b" " * 2**20)
    return file.getvalue()


def workbook(write: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    """A workbook with what `write` puts into it."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        write(book)
    return file.getvalue()


def test_what_is_no_table_is_refused_with_a_remedy_and_leaves_nothing(importing: Importing) -> None:
    admin = importing.desk.admin
    wide = ",".join(f"c{number}" for number in range(10_000))
    refused: dict[str, tuple[bytes, type[SopiaError]]] = {
        "empty": (b"", Invalid),
        "blank": (b"\r\n,,\r\n", Invalid),
        "header only": (table(NAMES), Invalid),
        "bytes": (bytes(range(256)) * 20, Invalid),
        "picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), Invalid),
        "page": (b"<html><table><tr><td>a</td></tr></table></html>", Invalid),
        "columns": (f"{wide}\r\n{wide}\r\n".encode(), TooLarge),
        "line": (b"a,b\r\n" + b"x" * 3 * 2**20, TooLarge),
        "quote": (b'a,b\r\n"open,1\r\n' + b"x,1\r\n" * 300_000, TooLarge),
        "bomb": (bomb(), TooLarge),
        "torn workbook": (bomb()[:5000], Invalid),
    }
    for name, (content, error) in refused.items():
        with pytest.raises(error) as raised:
            importing.bring(admin, content, name=f"{name}.csv")
        assert str(raised.value), name
    for origin in ("page", "command"):
        with pytest.raises(TooLarge):
            importing.imports.bring(
                admin,
                importing.desk.customers,
                io.BufferedReader(Zeros(200 * 10**6)),
                "two hundred megabytes.csv",
                origin,
            )
    assert LARGEST.bytes < 200 * 10**6
    with importing.reading() as connection:
        from core.resources.importing import kept

        assert kept.recent(connection, admin.user_id, "customers.customer") == []


def test_strange_rows_are_told_by_their_number_and_the_others_are_taken(importing: Importing) -> None:
    admin = importing.desk.admin
    content = (
        "客户名称,电话,备注\r\n"
        "甲公司,010-11110001,好\r\n"
        "乙公司\r\n"
        "\r\n"
        "丙公司,010-11110003,写着,多出来\r\n"
        "丁\x00公司,,\r\n"
        "戊公司,123,\r\n"
        "己\ud800公司,,\r\n"
        "庚公司,,'=1+1\r\n"
    ).encode("utf-8", "surrogatepass")
    content += "辛公司,,\r\n".encode() + b"\xff\xfe\xfa,,\r\n"
    brought = importing.imports.reread(importing.bring(admin, content, name="strange.csv"), admin, "utf-8", "")
    checked = importing.imports.check(brought, admin)
    faults = importing.faults(checked)
    done = importing.imports.run(checked.id, admin.user_id)
    assert importing.faults(done) == faults
    assert {5, 6, 8, 11} <= set(faults)
    assert {2, 3, 9, 10}.isdisjoint(faults)
    assert dict(importing.records("name", "remark"))["庚公司"] == "=1+1"
    # What was left out comes again with what stood right of the header, and is refused again.
    left_out = io.BytesIO()
    importing.imports.write_left_out(done, left_out)
    assert "多出来" in left_out.getvalue().decode("utf-8-sig")
    assert importing.check(admin, left_out.getvalue()).faulty == done.faulty
    # A cell of a megabyte ends the file where it stands, and says in which row.
    long = table(NAMES, ("壬公司", ""), ("癸公司", "x" * 10**6))
    brought = importing.bring(
        admin, table(NAMES, *[(f"长{number}公司", "") for number in range(20)], ("x" * 32_000, ""))
    )
    assert importing.imports.check(brought, admin).faulty == 1
    with pytest.raises(TooLarge, match="3"):
        importing.check(admin, long)
    assert "壬公司" not in {row[0] for row in importing.records("name")}


def test_workbooks_with_real_dates_merged_cells_and_several_sheets_are_read(importing: Importing) -> None:
    admin = importing.desk.admin

    def write(book: xlsxwriter.Workbook) -> None:
        notes, sheet = book.add_worksheet("说明"), book.add_worksheet("客户")
        notes.write_row(0, 0, ("甲", "乙"))
        notes.write_row(1, 0, ("1", "2"))
        sheet.merge_range(0, 0, 0, 3, "2026 年客户名单")
        sheet.write_row(1, 0, ("客户名称", "最近联系", "信用额度", "电话"))
        sheet.write(2, 0, "工作簿一公司")
        sheet.write_datetime(
            2, 1, __import__("datetime").datetime(2026, 3, 5), book.add_format({"num_format": "y-m-d"})
        )
        sheet.write_number(2, 2, 12000)
        sheet.write_number(2, 3, 13800138000)
        sheet.merge_range(3, 0, 4, 0, "工作簿二公司")
        sheet.write_row(3, 1, (46086, "5万", "010-12340001"))
        sheet.write_row(4, 1, ("2026年3月5日", "", ""))

    found = importing.bring(admin, workbook(write), name="名单.xlsx")
    look = importing.imports.look(found, admin)
    assert look.sheets == ("说明", "客户")
    found = importing.imports.reread(found, admin, "", "客户")
    assert found.header == ("客户名称", "最近联系", "信用额度", "电话")
    done = importing.imports.run(found.id, admin.user_id)
    assert done.created == 2, importing.faults(done)
    assert set(importing.faults(done)) <= {5}
    days = {str(row[0])[:10] for row in importing.records("last_contact_at")}
    assert days <= {"2026-03-04", "2026-03-05"}
    assert {row[0].minor for row in importing.records("credit_limit")} == {1_200_000, 5_000_000}


def test_earlier_rows_are_known_by_numbers_alone() -> None:
    seen = SeenRows()
    for number in range(1, 50_001):
        seen.add(("name", f"firm {number % 40_000}"), number)
    assert len(seen) == 40_000
    assert seen.before(("name", "firm 7"), 40_007) == 7
    assert seen.before(("name", "firm 7"), 7) == 0
    assert seen.before(("name", "firm 7"), 3) == 0
    assert seen.before(("phone", "firm 7"), 50_001) == 0
