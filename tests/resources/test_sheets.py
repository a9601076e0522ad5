"""Real files, rough files and hostile files: each gives its rows, or one sentence, and never fills the memory."""

from __future__ import annotations

import datetime as dt
import io
import json
import resource
import struct
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.errors import Invalid, SopiaError, TooLarge
from core.kernel.types import Money
from core.resources.sheets import Limits, read_table, write_csv, write_xlsx
from core.resources.sheets.guards import guarded, without_guard
from core.resources.sheets.workbooks import PROGRAM

CHINESE = "客户名称,手机,备注\n北京云图科技有限公司,13912345678,老客户\n上海华信贸易有限公司,13812345678,\n"
MEGABYTE = 2**20


def table(content: str | bytes, written: str = "utf-8", **options):
    return read_table(
        io.BytesIO(content.encode(written) if isinstance(content, str) else content), "列表.csv", **options
    )


def cells(content: str | bytes, **options) -> list[list]:
    with table(content, **options) as opened:
        return [row.cells for row in opened]


def refusal(content: bytes, kind=Invalid, **options) -> str:
    with pytest.raises(kind) as caught, table(content, **options) as opened:
        list(opened)
    return str(caught.value)


def workbook(*sheets: tuple[str, list[list]], **options) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False, **options}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets or (("客户", [["名称", "额度"], ["云图", 5]]),):
            page = book.add_worksheet(name)
            for y, row in enumerate(rows):
                for x, cell in enumerate(row):
                    page.write(y, x, cell, day if isinstance(cell, dt.date) else None)
    return file.getvalue()


def repacked(content: bytes, **parts: str | bytes | None) -> bytes:
    """The workbook with parts replaced or added; underscores in a name stand for slashes, two for a dot."""
    named = {name.replace("__", ".").replace("_", "/"): part for name, part in parts.items()}
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            new.writestr(entry, named.pop(entry, None) or old.read(entry))
        for name, part in named.items():
            new.writestr(name, part or b"")
    return file.getvalue()


def padded(content: bytes, megabytes: int) -> bytes:
    """The workbook with a sheet that is mostly spaces."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            with new.open(entry, "w") as part:
                if not entry.endswith("sheet1.xml"):
                    part.write(old.read(entry))
                    continue
                begin, end = sheet_xml("|").split("|")
                part.write(begin.encode())
                for _ in range(megabytes):
                    part.write(b" " * MEGABYTE)
                part.write(end.encode())
    return file.getvalue()


def sheet_xml(rows: str) -> str:
    head = '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    return f"{head}<sheetData>{rows}</sheetData></worksheet>"


def open_document(rows: str) -> bytes:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="客户">{rows}</table:table>'
        "</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            zipfile.ZipInfo("mimetype"),
            "application/vnd.oasis.opendocument.spreadsheet",
            compress_type=zipfile.ZIP_STORED,
        )
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return file.getvalue()


def document_row(*words: str, repeated: int = 1, columns: int = 1) -> str:
    written = "".join(
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{columns}">'
        f"<text:p>{word}</text:p></table:table-cell>"
        for word in words
    )
    return f'<table:table-row table:number-rows-repeated="{repeated}">{written}</table:table-row>'


def old_workbook(placed: dict[tuple[int, int], str | float]) -> bytes:
    """An XLS file, as programs wrote it until 2007: records of BIFF8 in one stream of a compound file."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def short(text: str) -> bytes:
        return struct.pack("<BB", len(text), 1) + text.encode("utf-16-le")

    begin = struct.pack("<HHHHII", 0x0600, 5, 0x0DBB, 1996, 0, 6)
    page = record(0x809, struct.pack("<HHHHII", 0x0600, 0x10, 0x0DBB, 1996, 0, 6))
    for (y, x), cell in placed.items():
        if isinstance(cell, str):
            page += record(0x204, struct.pack("<HHHHB", y, x, 0, len(cell), 1) + cell.encode("utf-16-le"))
        else:
            page += record(0x203, struct.pack("<HHHd", y, x, 0, cell))
    page += record(0x0A, b"")
    start = len(record(0x809, begin)) + 4 + 6 + len(short("客户")) + 4
    book = (
        record(0x809, begin) + record(0x85, struct.pack("<IBB", start, 0, 0) + short("客户")) + record(0x0A, b"") + page
    )
    sectors = max(8, -(-len(book) // 512))
    book = book.ljust(sectors * 512, b"\0")
    fat = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)

    def entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
        encoded = (name + "\0").encode("utf-16-le")
        links = struct.pack("<HBBIII", len(encoded), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return encoded.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", first, size)

    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, len(book))
    table_of_sectors = struct.pack(f"<{len(fat)}I", *fat).ljust(512, b"\xff")
    return header + table_of_sectors[:512] + directory.ljust(512, b"\0") + book


class TestEncodings:
    @pytest.mark.parametrize(
        "encoding", ["gb18030", "gbk", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "big5"]
    )
    def test_chinese_is_read_from_every_usual_encoding(self, encoding):
        text = (
            CHINESE
            if encoding != "big5"
            else "客戶名稱,備註\n" + "台北雲圖科技有限公司,這是一個老客戶的備註說明\n" * 40
        )
        with table(text, encoding) as opened:
            assert opened.header[0] in ("客户名称", "客戶名稱")
            assert "科技有限公司" in next(opened.rows).cells[0]
            assert opened.encoding is not None
            assert 0 < opened.encoding.confidence <= 1

    def test_gb18030_is_told_even_from_two_lines(self):
        with table("名称\n云图\n", "gb18030") as opened:
            assert opened.encoding.name == "gb18030"

    def test_chinese_that_begins_late_is_not_overlooked(self):
        text = "name\n" + "abcdefghij\n" * 100_000 + "云图科技\n" * 10
        for encoding in ("utf-8", "gb18030"):
            with table(text, encoding) as opened:
                assert opened.encoding.name == encoding
                assert list(opened)[-1].cells == ["云图科技"]

    def test_plain_ascii_is_certain_and_latin_is_unsure(self):
        with table("name\nAcme\n") as opened:
            assert (opened.encoding.name, opened.encoding.confidence) == ("utf-8", 1.0)
        with table("Name;Straße\nMüller;Grüner Weg\nJäger;Höhe\n" * 5, "cp1252") as opened:
            assert opened.encoding.confidence < 0.8
            assert opened.delimiter == ";"

    def test_the_person_may_name_another_encoding(self):
        with table("名稱\n雲圖\n".encode("big5"), encoding="big5") as opened:
            assert (opened.header, opened.encoding.name) == (("名稱",), "big5")
        assert "not known" in refusal(b"a\n", encoding="klingon")
        assert "not known" in refusal(b"a\n", encoding="base64")

    @pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
    def test_a_damaged_character_costs_its_cell_and_not_the_file(self, encoding):
        good = (CHINESE + "广州云海实业有限公司,13712345678,\n" * 30).encode(encoding)
        damaged = good.replace("华信".encode(encoding), "华信".encode(encoding)[:-1] + b"\xff", 1)
        with table(damaged) as opened:
            rows = list(opened)
            assert opened.encoding.name == encoding
        assert len(rows) == 32
        assert "�" in rows[1].cells[0]
        assert rows[0].cells[0] == "北京云图科技有限公司"

    @pytest.mark.parametrize(
        "content", [b"\x00\x01\x02" * 100, bytes(range(256)) * 8, b"%PDF-1.7\n...", b"\x89PNG\r\n\x1a\n"]
    )
    def test_what_holds_no_text_is_refused(self, content):
        assert "CSV, XLSX, XLS or ODS" in refusal(content)


class TestDelimited:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_the_delimiter_is_found(self, delimiter):
        rows = [["名称", "额度", "备注"], ["云图", "1,5;2", "a"], ["华信", "3", 'b "c" ,;']]
        text = "\n".join(delimiter.join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in row) for row in rows)
        with table(text) as opened:
            assert opened.delimiter == delimiter
            assert [row.cells for row in opened] == rows[1:]

    def test_a_declared_or_given_delimiter_wins(self):
        assert cells("sep=;\nа;b,c\n1;2,3\n") == [["1", "2,3"]]
        assert cells("a;b\n1,5;2,5\n3,5;4,5\n", delimiter=";") == [["1,5", "2,5"], ["3,5", "4,5"]]

    def test_rows_bear_the_numbers_that_a_spreadsheet_shows(self):
        with table('\n名称,备注\n云图,"第一行\n第二行"\n\n,,\n华信,客户说"下月再谈"\n') as opened:
            assert opened.header_row == 2
            rows = list(opened)
        assert [row.number for row in rows] == [3, 6]
        assert rows[0].cells == ["云图", "第一行\n第二行"]
        assert rows[1].cells == ["华信", '客户说"下月再谈"']

    def test_ragged_rows_are_filled_and_their_surplus_is_kept_apart(self):
        with table("a,b,c\n1\n1,2,3,,\n1,2,3,x,,y\n1,2,3\n") as opened:
            rows = list(opened)
        assert rows[0].cells == ["1", "", ""]
        assert [row.cells for row in rows[1:]] == [["1", "2", "3"]] * 3
        assert [row.surplus for row in rows] == [(), (), ("x", "y"), ()]

    def test_a_comma_without_quotes_shows_as_surplus(self):
        lines = "a,b\n" + "1,2\n" * 20 + "北京,云图,有限公司\n"
        with table(lines) as opened:
            last = list(opened)[-1]
        assert (last.cells, last.surplus) == (["北京", "云图"], ("有限公司",))

    def test_columns_get_unique_names(self):
        with table("电话,电话, 电话 ,,备\n注\n1,2,3,4,5\n".replace("备\n注", '"备\n注"')) as opened:
            assert opened.header == ("电话", "电话 (2)", "电话 (3)", "(D)", "备 注")

    def test_titles_above_the_header_are_passed_over(self):
        text = "客户资料表,,,\n制表：王伟,,,\n\n名称,手机,地区,来源\n云图,139,北京,展会\n"
        with table(text) as opened:
            assert (opened.header_row, opened.header[0]) == (4, "名称")
        with table(text, header_row=5) as opened:
            assert opened.header[0] == "云图"
        assert "Row 3" in refusal(text.encode(), header_row=3)

    @pytest.mark.parametrize("content", ["a,b\r\n1,2\r\n", "a,b\r1,2\r", "a,b\n1,2"])
    def test_every_line_end_ends_a_line(self, content):
        assert cells(content) == [["1", "2"]]

    def test_a_header_alone_has_no_rows_and_an_empty_file_is_refused(self):
        assert cells("a,b\n") == []
        for nothing in (b"", b"\n\n", b",,\n", b" \n"):
            assert "empty" in refusal(nothing) or "no rows" in refusal(nothing)

    def test_a_web_page_under_another_name_is_named(self):
        assert "save it as XLSX" in refusal("<html><table><tr><td>客户</td></tr></table>".encode())

    def test_limits_are_errors_and_not_ends(self):
        assert "more than 2 rows" in refusal(b"a\n1\n2\n3\n", TooLarge, limits=Limits(rows=2))
        assert "3 columns" in refusal(b"a,b,c\n1,2,3\n", TooLarge, limits=Limits(columns=2))
        assert "Row 3" in refusal(b"a\n1\n" + b"x" * 50 + b"\n", TooLarge, limits=Limits(cell=40))
        assert "列表.csv" in refusal(b"a" * (3 * MEGABYTE), TooLarge, limits=Limits(bytes=2 * MEGABYTE))
        assert "Row 2" in refusal(b'a\n"' + b"x,y\n" * 50_000, TooLarge)
        refusal(b"a\n" + b"x" * (2 * MEGABYTE) + b"\n", TooLarge)

    def test_files_are_closed_by_who_opened_them(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text(CHINESE, encoding="gb18030")
        mine = path.open("rb")
        with mine:
            with read_table(mine) as opened:
                list(opened)
            assert not mine.closed
        for opened in (read_table(path), read_table(str(path))):
            next(opened.rows)
            opened.close()
            opened.close()
            assert list(opened) == []
        with read_table(path) as opened:
            list(opened)
            assert opened.progress == 1

    def test_a_large_file_streams(self, tmp_path):
        path = tmp_path / "large.csv"
        line = "北京云图科技有限公司,13912345678,北京市中山路1号,2026-03-05,50000\n".encode("gb18030")
        with path.open("wb") as file:
            file.write("名称,手机,地址,日期,额度\n".encode("gb18030"))
            for _ in range(50):
                file.write(line * (MEGABYTE // len(line)))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with read_table(path) as opened:
            count = sum(1 for _row in opened)
        assert count == 50 * (MEGABYTE // len(line))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


class TestWorkbooks:
    def test_typed_cells_and_true_row_numbers(self):
        rows = [
            [],
            ["客户资料表"],
            [],
            ["名称", "额度", "日期", "启用"],
            ["云图", 1234.5, dt.date(2026, 3, 5), True],
            [],
        ]
        content = workbook(("空", []), ("客户", [*rows, ["华信", 5, "", False]]))
        with table(content) as opened:
            assert (opened.kind, opened.sheets, opened.sheet) == ("xlsx", ("空", "客户"), "客户")
            assert (opened.header, opened.header_row) == (("名称", "额度", "日期", "启用"), 4)
            found = list(opened)
        assert [row.number for row in found] == [5, 7]
        assert found[0].cells == ["云图", 1234.5, dt.date(2026, 3, 5), True]
        assert found[1].cells == ["华信", 5, "", False]

    def test_a_sheet_may_be_chosen(self):
        content = workbook(("甲", [["a"], ["1"]]), ("乙", [["b"], ["2"]]))
        assert cells(content, sheet="乙") == [["2"]]
        assert "甲, 乙" in refusal(content, sheet="丙")

    def test_an_old_workbook_is_read(self):
        content = old_workbook({(0, 0): "名称", (0, 1): "额度", (1, 0): "云图", (1, 1): 5.5})
        with table(content) as opened:
            assert (opened.kind, opened.header) == ("xls", ("名称", "额度"))
            assert [row.cells for row in opened] == [["云图", 5.5]]

    def test_an_open_document_is_read(self):
        content = open_document(document_row("名称", "地区") + document_row("云图", "北京"))
        with table(content) as opened:
            assert (opened.kind, opened.header, opened.sheet) == ("ods", ("名称", "地区"), "客户")
            assert [row.cells for row in opened] == [["云图", "北京"]]

    def test_the_name_of_the_file_decides_nothing(self, tmp_path):
        for name, content in (("a.csv", workbook()), ("b.xlsx", old_workbook({(0, 0): "名称"})), ("c.xls", workbook())):
            path = tmp_path / name
            path.write_bytes(content)
            with read_table(path) as opened:
                assert opened.header[0] == "名称"
        path = tmp_path / "; rm -rf $HOME 'x' --help.xlsx"
        path.write_bytes(workbook())
        with read_table(path) as opened:
            assert opened.header[0] == "名称"

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (workbook()[:-40], "damaged"),
            (workbook()[:200], "damaged"),
            (b"PK\x03\x04" + b"x" * 500, "damaged"),
            (old_workbook({(0, 0): "a"})[:700], "damaged"),
            (repacked(workbook(), xl_worksheets_sheet1__xml="<worksheet><sheetData><row><c"), "damaged"),
            (repacked(workbook(), xl_workbook__bin="x"), "XLSB"),
            (workbook(("空", [])), "no rows"),
        ],
    )
    def test_what_cannot_be_read_is_said_in_a_sentence(self, content, told):
        assert told in refusal(content)

    def test_an_archive_that_is_no_workbook_is_named(self):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("customers.csv", CHINESE)
        assert "archive" in refusal(file.getvalue())

    def test_a_protected_workbook_is_named(self):
        marked = bytearray(workbook())
        for at in (i for i in range(len(marked)) if marked[i : i + 4] == b"PK\x01\x02"):
            marked[at + 8] |= 1
        assert "password" in refusal(bytes(marked))
        wrapped = old_workbook({(0, 0): "EncryptedPackage"})
        assert "password" in refusal(wrapped)

    def test_limits_hold_in_workbooks_too(self):
        content = workbook(("a", [["a", "b", "c"], ["x" * 100, "", ""], ["1", "", ""]]))
        assert "more than 1 rows" in refusal(content, TooLarge, limits=Limits(rows=1))
        assert "3 columns" in refusal(content, TooLarge, limits=Limits(columns=2))
        assert "Row 2" in refusal(content, TooLarge, limits=Limits(cell=99))
        assert "parts" in refusal(content, TooLarge, limits=Limits(entries=3))

    def test_a_reader_that_stops_early_leaves_nothing_behind(self, tmp_path, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        with table(workbook(("a", [["a"], *([str(i)] for i in range(50_000))]))) as opened:
            next(opened.rows)
            assert list(tmp_path.iterdir())
        assert not list(tmp_path.iterdir())
        assert list(opened) == []


def far_cells() -> bytes:
    corner = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return repacked(workbook(), xl_worksheets_sheet1__xml=sheet_xml(corner))


def wide_stripe() -> bytes:
    corner = '<row r="1"><c r="A1"><v>1</v></c></row><row r="300000"><c r="DZ300000"><v>1</v></c></row>'
    return repacked(workbook(), xl_worksheets_sheet1__xml=sheet_xml(corner))


def one_text_for_all() -> bytes:
    strings = "<?xml version='1.0'?><sst xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><si><t>"
    rows = "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>0</v></c></row>' for i in range(1, 50_001))
    return repacked(
        workbook(),
        xl_sharedStrings__xml=f"{strings}{'x' * 30_000}</t></si></sst>",
        xl_worksheets_sheet1__xml=sheet_xml(rows),
    )


def much_of_nothing() -> bytes:
    return padded(workbook(), 400)


def high_ratio() -> bytes:
    return padded(workbook(), 100)


def lying_sizes() -> bytes:
    content = bytearray(high_ratio())
    name = b"xl/worksheets/sheet1.xml"
    for signature, offset, start in ((b"PK\x01\x02", 24, 46), (b"PK\x03\x04", 22, 30)):
        at = content.find(signature)
        while content[at + start : at + start + len(name)] != name:
            at = content.find(signature, at + 1)
        content[at + offset : at + offset + 4] = struct.pack("<I", 1000)
    return bytes(content)


def many_entries() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for i in range(30_000):
            archive.writestr(str(i), b"")
    return file.getvalue()


def lying_directory() -> bytes:
    content = bytearray(many_entries())
    at = content.rfind(b"PK\x05\x06")
    content[at + 8 : at + 12] = struct.pack("<HH", 10, 10)
    return bytes(content)


def billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    xml = f'<?xml version="1.0"?><!-- <a --><!DOCTYPE x [<!ENTITY l0 "lol">{entities}]><sst><si><t>&l9;</t></si></sst>'
    return repacked(workbook(), xl_sharedStrings__xml=xml)


def late_declaration() -> bytes:
    xml = f'<?xml version="1.0"?>{" " * 100_000}<!DOCTYPE x [<!ENTITY a "b">]><sst/>'
    return repacked(workbook(), xl_sharedStrings__xml=xml)


def hidden_in_utf16() -> bytes:
    return repacked(workbook(), xl_sharedStrings__xml='<!DOCTYPE x [<!ENTITY a "b">]><sst/>'.encode("utf-16"))


def repeated_rows() -> bytes:
    return open_document(document_row("x" * 1000, repeated=1_000_000, columns=1_000))


def old_corners() -> bytes:
    return old_workbook({(0, 0): "a", (65_535, 255): "b"})


BOMBS = [
    far_cells,
    wide_stripe,
    one_text_for_all,
    much_of_nothing,
    high_ratio,
    lying_sizes,
    many_entries,
    lying_directory,
    billion_laughs,
    late_declaration,
    hidden_in_utf16,
    repeated_rows,
    old_corners,
]


class TestBombs:
    @pytest.mark.parametrize("bomb", BOMBS, ids=[bomb.__name__ for bomb in BOMBS])
    def test_a_bomb_is_refused_and_memory_stays_small(self, bomb, tmp_path):
        path = tmp_path / "bomb"
        path.write_bytes(bomb())
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(SopiaError) as caught, read_table(path) as opened:
            list(opened)
        assert caught.value.status in (413, 422)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 * 1024
        assert _memory_of_reader(path) < 96 * MEGABYTE

    def test_a_sheet_with_a_stray_cell_far_below_is_still_read(self):
        stray = sheet_xml(
            '<row r="1"><c r="A1" t="inlineStr"><is><t>名称</t></is></c><c r="B1"><v>1</v></c></row>'
            '<row r="2"><c r="A2"><v>2</v></c></row><row r="200000"><c r="C200000" s="0"/></row>'
        )
        assert cells(repacked(workbook(), xl_worksheets_sheet1__xml=stray)) == [[2, ""]]


def _memory_of_reader(path: Path) -> int:
    """The most memory that the reading process held."""
    kind = {b"PK": "xlsx", b"\xd0\xcf": "xls"}[path.read_bytes()[:2]]
    if b"opendocument" in path.read_bytes()[:128]:
        kind = "ods"
    limits = {"unpacked": 300 * MEGABYTE, "ratio": 100, "entries": 2000, "cell": 32_767, "sheet": ""}
    command = [sys.executable, "-I", "-X", "utf8", str(PROGRAM), str(path), kind, json.dumps(limits)]
    # A process counts the memory of its parent as its own until it has begun, so a small one starts it.
    measured = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=-3, stderr=-3);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-I", "-c", measured, *command], stdout=subprocess.PIPE, check=True)
    return int(done.stdout) * 1024


LETTERS = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\r\n")

HOSTILE = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\u00a0=1",
    "\ufeff=1",
    "\u200b=1",
    "\u3000=1",
    "\x01=1",
    "＝1+1",
    "＠A",
    "'=1",
    "''=1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://a")',
    "+86-139-1234-5678",
    "-",
    "- 打电话",
]


class TestWriting:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_no_cell_of_csv_begins_a_formula(self, text):
        file = io.BytesIO()
        write_csv([[text, 1]], [text, "n"], file)
        lines = file.getvalue().decode("utf-8-sig")
        assert lines.lstrip('"').startswith("'")
        assert without_guard(guarded(text)) == text
        assert cells(file.getvalue())[0][0] == text

    @pytest.mark.parametrize("text", ["-5", "+1,234.50", "-12%", "云图", "a=b", "it's", "'quoted'", "", "5-3"])
    def test_numbers_and_plain_text_stay_as_they_are(self, text):
        assert guarded(text) == text

    def test_values_are_written_exactly(self):
        moment = dt.datetime(2026, 3, 5, 6, 30, tzinfo=dt.UTC)
        row = [Money(123450), Money(5, "USD"), Decimal("1E+3"), dt.date(2026, 3, 5), moment, True, None, 5, "云图"]
        file = io.BytesIO()
        assert write_csv([row], list("abcdefghi"), file) == 1
        assert file.getvalue().startswith(b"\xef\xbb\xbf")
        expected = ["1234.50", "0.05", "1000", "2026-03-05", "2026-03-05T06:30:00Z", "true", "", "5", "云图"]
        assert cells(file.getvalue()) == [expected]
        assert not file.closed

    @given(st.lists(st.lists(st.text(LETTERS, max_size=8), min_size=3, max_size=3), max_size=6))
    def test_every_text_comes_back_from_csv(self, rows):
        file = io.BytesIO()
        write_csv(rows, ["甲", "乙", "丙"], file)
        expected = [row for row in rows if any(guarded(cell).strip() for cell in row)]
        with table(file.getvalue(), delimiter=",", header_row=1) as opened:
            assert [row.cells for row in opened] == expected

    def test_a_workbook_has_typed_cells_and_no_formulas(self):
        moment = dt.datetime(2026, 3, 5, 6, 30, tzinfo=dt.UTC)
        row = [
            Money(123450),
            Decimal("2.5"),
            dt.date(2026, 3, 5),
            moment,
            True,
            "=1+1",
            "http://a.cn",
            1234567890123456789,
            None,
        ]
        file = io.BytesIO()
        shanghai = dt.timezone(dt.timedelta(hours=8))
        assert write_xlsx([row], [f"列{i}" for i in range(9)], file, sheet="客户[1]/*", zone=shanghai) == 1
        with table(file.getvalue()) as opened:
            assert opened.sheet == "客户 1"
            found = next(opened.rows).cells
        local = dt.datetime(2026, 3, 5, 14, 30)
        assert found == [
            1234.5,
            2.5,
            dt.date(2026, 3, 5),
            local,
            True,
            "=1+1",
            "http://a.cn",
            str(1234567890123456789),
            "",
        ]
        with zipfile.ZipFile(file) as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml").decode()
            assert "<f>" not in sheet
            assert "<hyperlink" not in sheet
            assert 'state="frozen"' in sheet
            assert "#,##0.00" in archive.read("xl/styles.xml").decode()

    @given(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=8),
            min_size=1,
        )
    )
    def test_every_text_comes_back_from_a_workbook(self, texts):
        file = io.BytesIO()
        write_xlsx([[str(i), text] for i, text in enumerate(texts)], ["a", "b"], file)
        with table(file.getvalue()) as opened:
            assert [row.cells[1] for row in opened] == texts

    def test_what_does_not_fit_into_a_workbook_does_not_break_it(self):
        file = io.BytesIO()
        rows = [["x" * 40_000, float("nan"), Decimal("1.1234567890123456789"), dt.date(1700, 1, 1), Money(2**53)]]
        write_xlsx(rows, list("abcde"), file)
        with table(file.getvalue()) as opened:
            found = next(opened.rows).cells
        assert len(found[0]) == 32_767
        assert found[1:] == ["nan", "1.1234567890123456789", "1700-01-01", "90071992547409.92"]
