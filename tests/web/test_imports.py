"""The import wizard: from the file to the undo, with and without scripts, for nobody but its own person."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter
from sqlalchemy import update

from core.kernel.crew import make_worker
from core.kernel.jobs import JOB, QueuedJob
from core.testing.client import Answer, Client
from core.web.limits import UPLOAD
from core.workplace.demo import PASSWORD
from tests.api.company import Company, ids_of
from tests.api.conftest import company, pytest_generate_tests

__all__ = ["company", "pytest_generate_tests"]

LIST = "/customers/customers"
ADDRESS = f"{LIST}/import"
HEADER = "客户名称,客户类型,信用额度,最近联系,内部编号"
PLAN = {"map-0": "name", "map-1": "type", "map-2": "credit_limit", "map-3": "last_contact_at", "mode": "create"}

Sign = Callable[[str], Client]


@pytest.fixture
def sign(company: Company) -> Sign:
    """Lets somebody sign in."""

    def come(login: str) -> Client:
        client = Client(company.application, headers={"accept-language": "zh-CN"})
        assert client.sign_in(login, PASSWORD).status == 303
        return client

    return come


@pytest.fixture
def seller(sign: Sign) -> Client:
    """Wang Fang, who may import."""
    return sign("wang.fang")


def brought(client: Client, rows: str, name: str = "名单.csv", encoding: str = "gb18030") -> str:
    """The address of an import of these rows."""
    answer = client.upload(ADDRESS, (), [("file", name, f"{HEADER}\n{rows}".encode(encoding))])
    assert answer.status == 303, answer.text
    assert re.fullmatch(rf"{ADDRESS}/\d+", answer.location)
    return answer.location


def checked(client: Client, rows: str, **plan: str) -> str:
    """The address of an import that has been checked."""
    url = brought(client, rows)
    answer = client.post(f"{url}/columns", PLAN | plan)
    assert (answer.status, answer.location) == (303, url), answer.text
    return url


def work(company: Company) -> None:
    """Do all jobs that wait."""
    while make_worker(company.platform).run_due():
        pass


def plain(answer: Answer) -> str:
    """The text of a page."""
    assert answer.status == 200, answer.text[:500]
    main = answer.text[answer.text.index("<main") :]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def test_a_rough_file_is_checked_corrected_imported_and_taken_back(company: Company, seller: Client) -> None:
    one, two, three = company.name("嘉禾"), company.name("瑞丰"), company.name("同济")
    rows = f"{one},正式客户,5万,2026年3月5日,A1\n{two},意向客户,面议,20260305,A2\n"
    rows += f",正式客户,1,2026-02-30,A3\n{three},正式客户,面议,,A4\n"
    assert f'href="{ADDRESS}"' in seller.get(LIST).text
    url = brought(seller, rows)
    columns = seller.get(url)
    assert re.search(r'<select name="map-0".*?<option value="name" selected', columns.text, re.DOTALL)
    assert '<option value="gb18030" selected' in columns.text
    assert f"{one}" in plain(columns)
    assert seller.post(f"{url}/columns", PLAN).location == url

    report = seller.get(url)
    assert "1 行正确" in plain(report)
    assert "3 行有错误" in plain(report)
    for words in ("面议", "2026-02-30", 'name="cell-3-2"', "请填写此项"):
        assert words in report.text
    assert "cell-2-" not in report.text

    answer = seller.post(f"{url}/cell", {"row": "3", "column": "2", "value": "2万", "was": "面议"}, sopia_fragment="1")
    told = answer.json
    assert (told["faults"], told["faulty"], told["good"], told["like"]) == ({}, "2", "2", 1)
    again = {"row": "3", "column": "2", "value": "2万", "was": "面议", "all": "true"}
    assert seller.post(f"{url}/cell", again, sopia_fragment="1").json["good"] == "3"
    still = seller.post(f"{url}/cell", {"row": "4", "column": "3", "value": "明天见", "was": "2026-02-30"}).json
    assert set(still["faults"]) == {"0", "3"}
    assert "明天见" in still["faults"]["3"]

    before = len(ids_of(company.client("wang.fang"), "customers/customers"))
    assert seller.post(f"{url}/run").location == url
    assert 'data-module="progress"' in seller.get(url).text
    assert seller.get(f"{url}/status").json["state"] == "running"
    work(company)
    status = seller.get(f"{url}/status").json
    assert (status["state"], status["done"], status["total"], status["url"]) == ("done", 4, 4, url)
    result = plain(seller.get(url))
    assert "3 新建" in result
    assert "1 略过" in result
    left = seller.get(f"{url}/left-out")
    assert "attachment" in left.headers["content-disposition"]
    assert left.content.decode("utf-8-sig").splitlines()[1].startswith(",正式客户,1,明天见,A3,")
    found = company.client("wang.fang").get("/api/v1/customers/customers", {"name": two}).json["items"][0]
    assert found["credit_limit"] == "20000.00"

    assert seller.post(f"{url}/undo").location == url
    work(company)
    assert "已撤销" in plain(seller.get(url))
    assert len(ids_of(company.client("wang.fang"), "customers/customers")) == before


def test_what_the_columns_were_is_remembered(company: Company, seller: Client) -> None:
    checked(seller, f"{company.name()},,,,乙\n", **{"map-3": "", "map-4": "address"})
    page = seller.get(brought(seller, f"{company.name()},,,,丙\n")).text
    assert re.search(r'<select name="map-4".*?<option value="address" selected', page, re.DOTALL)
    assert re.search(r'<select name="map-3"[^>]*><option value="" selected', page)
    assert "与上次相同" in page


def test_a_plan_that_cannot_be_is_told_and_the_choice_kept(company: Company, seller: Client) -> None:
    url = brought(seller, f"{company.name()},正式客户,1,,\n")
    for plan, words in (
        ({"map-0": ""}, "必填字段"),
        ({"map-4": "name"}, "客户名称"),
        ({"mode": "update", "key": ""}, "识别"),
        ({"map-2": "password"}, "password"),
        ({"mode": "destroy"}, "destroy"),
        ({"encoding": "klingon"}, "klingon"),
    ):
        answer = seller.post(f"{url}/columns", PLAN | {"encoding": "gb18030"} | plan)
        assert answer.status == 422, plan
        assert words in answer.text, plan
        assert re.search(r'<select name="map-1".*?<option value="type" selected', answer.text, re.DOTALL)
    assert seller.get(f"{url}/status").json["state"] == "done"


def test_another_encoding_reads_the_file_again(company: Company, seller: Client) -> None:
    name = company.name("重读")
    url = brought(seller, f"{name},,,,\n")
    assert seller.post(f"{url}/columns", {"encoding": "cp1252", "_reread": "true"}).location == f"{url}?step=columns"
    assert name not in seller.get(url).text
    # Without a script nothing says that it is to be read again, but for the encoding itself.
    assert seller.post(f"{url}/columns", PLAN | {"encoding": "gb18030"}).location == f"{url}?step=columns"
    assert name in seller.get(url).text


def test_a_sheet_of_a_workbook_is_chosen(company: Company, seller: Client) -> None:
    name, file = company.name("工作簿"), io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.add_worksheet("说明").write_row(0, 0, ["说明", "内容"])
        book.get_worksheet_by_name("说明").write_row(1, 0, ["第一行", "无"])
        sheet = book.add_worksheet("客户")
        sheet.write_row(0, 0, ["客户名称", "信用额度"])
        sheet.write_row(1, 0, [name, 12000])
    url = seller.upload(ADDRESS, (), [("file", "客户.xlsx", file.getvalue())]).location
    assert 'name="sheet"' in seller.get(url).text
    assert 'name="encoding"' not in seller.get(url).text
    seller.post(f"{url}/columns", {"sheet": "客户"})
    assert name in seller.get(url).text
    assert seller.post(f"{url}/columns", {"sheet": "客户", "map-0": "name", "map-1": "credit_limit"}).location == url
    assert "1 行正确" in plain(seller.get(url))


def test_cells_are_corrected_without_a_script(company: Company, seller: Client) -> None:
    rows = "".join(f"{company.name('无脚本')},正式客户,待定,,\n" for _row in range(3))
    url = checked(seller, rows)
    cells = {f"cell-{row}-2": "待定" for row in (2, 3, 4)} | {"cell-2-2": "3万"}
    answer = seller.post(f"{url}/rows?show=faults", cells)
    assert answer.location == f"{url}?show=faults"
    assert "1 行正确" in plain(seller.get(url))
    seller.post(f"{url}/rows", {"cell-3-2": "4万", "cell-4-2": "待定", "like": "true"})
    page = plain(seller.get(url))
    assert "3 行正确" in page
    assert "0 行有错误" in page


def test_records_that_exist_are_changed_by_a_key(company: Company, seller: Client) -> None:
    name = company.name("更新")
    url = checked(seller, f"{name},正式客户,1,,\n")
    seller.post(f"{url}/run")
    work(company)
    url = checked(seller, f"{name},正式客户,7,,\n{name}二,正式客户,8,,\n", mode="both", key="name")
    assert "新建 1，更新 1" in plain(seller.get(url))
    seller.post(f"{url}/run")
    work(company)
    found = company.client("wang.fang").get("/api/v1/customers/customers", {"name": name}).json["items"]
    assert [each["credit_limit"] for each in found] == ["7.00"]
    # A row that is only left out as a duplicate says so and leads to nobody's record but one's own.
    url = checked(seller, f"{name},正式客户,9,,\n")
    page = seller.get(f"{url}?show=existing").text
    assert f"{LIST}/{found[0]['id']}" in page
    assert "可能已存在" in page


def test_an_import_goes_on_where_it_was_left(company: Company, seller: Client, sign: Sign) -> None:
    first, second = (
        brought(seller, f"{company.name('放下')},,,,\n", "放下的.csv"),
        checked(seller, f"{company.name()},,,,\n"),
    )
    mine = seller.get("/imports")
    assert first in mine.text
    assert second in mine.text
    assert "放下的.csv" in seller.get(ADDRESS).text
    assert 'name="map-0"' in seller.get(first).text
    assert "data-import" in seller.get(second).text
    assert 'name="map-0"' in seller.get(f"{second}?step=columns").text
    assert first not in sign("zhao.lei").get("/imports").text
    assert seller.post(f"{first}/drop").location == ADDRESS
    assert seller.get(first).status == 404
    seller.post(f"{second}/run")
    assert seller.post(f"{second}/drop").status == 409
    seller.post(f"{second}/stop")
    assert "停止" in plain(seller.get(second))
    work(company)
    assert "0 新建" in plain(seller.get(second))


def test_a_later_change_stands_in_the_way_of_undoing(company: Company, seller: Client) -> None:
    name = company.name("后改")
    url = checked(seller, f"{name},正式客户,1,,\n")
    seller.post(f"{url}/run")
    work(company)
    program = company.client("wang.fang")
    record = ids_of(program, "customers/customers", name=name)[0]
    path = f"/api/v1/customers/customers/{record}"
    assert program.send("PATCH", path, {"region": "南通"}, if_match=program.get(path).headers["etag"]).status == 200
    answer = seller.post(f"{url}/undo")
    assert answer.status == 409
    assert "客户" in answer.text
    assert program.get(path).status == 200


def test_work_that_was_broken_off_is_taken_up_again(company: Company, seller: Client) -> None:
    url = checked(seller, f"{company.name('中断')},正式客户,1,,\n")
    seller.post(f"{url}/run")
    with company.platform.database.transaction(write=True) as connection:
        broken = {"state": "failed", "due_at": None, "error": "磁盘已满。"}
        connection.execute(update(QueuedJob).where(JOB.state == "waiting", JOB.name == "system.import").values(broken))
    assert seller.get(f"{url}/status").json["state"] == "failed"
    page = seller.get(url).text
    assert "磁盘已满。" in page
    assert f'action="{url}/again"' in page
    seller.post(f"{url}/again")
    work(company)
    assert "1 新建" in plain(seller.get(url))


def test_others_find_nothing_and_readers_may_not(company: Company, seller: Client, sign: Sign) -> None:
    url = checked(seller, f"{company.name('私有')},,面议,,\n")
    cell = {"row": "2", "column": "2", "value": "1"}
    for login in ("zhao.lei", "lin.jing"):
        other = sign(login)
        for path in ("", "/status", "/left-out"):
            assert other.get(url + path).status == other.get(f"{ADDRESS}/999999{path}").status == 404
        for verb in ("columns", "cell", "rows", "run", "stop", "again", "undo", "drop"):
            assert other.post(f"{url}/{verb}", cell).status == 404, verb
        assert other.get(url).text.count("名单.csv") == 0
    reader = sign("gao.shan")
    assert ADDRESS not in reader.get(LIST).text
    for path in (ADDRESS, url, f"{ADDRESS}/template"):
        assert reader.get(path).status == 403
    assert reader.upload(ADDRESS, (), [("file", "a.csv", b"a\n1\n")]).status == 403
    assert seller.get(url.replace("customers/customers", "customers/contacts")).status == 404
    assert "1 行有错误" in plain(seller.get(url))


def test_a_cell_that_is_not_there_is_refused(company: Company, seller: Client) -> None:
    url = checked(seller, f"{company.name()},,面议,,\n")
    for cell, status in (
        ({"row": "9", "column": "2", "value": "1"}, 404),
        ({"row": "2", "column": "4", "value": "1"}, 404),
        ({"row": "2", "column": "77", "value": "1"}, 404),
        ({"row": "x", "column": "2", "value": "1"}, 400),
        ({"row": "2", "column": "2", "value": "1" * 5000}, 422),
        ({"row": "999999999999999999", "column": "2", "value": "1"}, 400),
    ):
        answer = seller.post(f"{url}/cell", cell, sopia_fragment="1")
        assert answer.status in (status, 404), cell
    for query in ("show=x&page=-1", "show=7&page=99999", "page=%00", "show=%F0%9F%98%80"):
        assert seller.get(f"{url}?{query}").status in (200, 400), query
    assert "1 行有错误" in plain(seller.get(url))


def bomb() -> bytes:
    """A small archive that unpacks to 400 MB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", b" " * 400_000_000)
    return file.getvalue()


def test_what_is_no_table_is_told_beside_the_field(company: Company, seller: Client) -> None:
    before = seller.get("/imports").text.count("<li>")
    for name, content in {
        "empty.csv": b"",
        "header.csv": "客户名称\n".encode(),
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
        "noise.bin": bytes(range(256)) * 400,
        "broken.xlsx": b"PK\x03\x04" + b"not an archive" * 50,
        "bomb.xlsx": bomb(),
        "wide.csv": (",".join("abcdefgh" * 200) + "\n" + "," * 1600).encode(),
    }.items():
        answer = seller.upload(ADDRESS, (), [("file", name, content)])
        assert answer.status in (413, 422), name
        assert re.search(r'id="file-error" role="alert">[^<]+<', answer.text), name
        assert 'type="file"' in answer.text
    none = seller.upload(ADDRESS, (), [])
    assert (none.status, "请先选择文件" in none.text) == (422, True)
    assert seller.post(ADDRESS, {"file": "x"}).status == 422
    assert seller.get("/imports").text.count("<li>") == before


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(company: Company, seller: Client) -> None:
    headers = {"content_type": "multipart/form-data; boundary=x", "content_length": str(200 * 2**20)}
    answer = seller.request("POST", ADDRESS, body=b"--x", headers=headers)
    assert answer.status == 413
    assert "64 MB" in answer.text
    page = seller.get(ADDRESS).text
    assert f'data-most="{UPLOAD}"' in page


def test_the_empty_sheet_has_the_headings_that_are_understood(company: Company, seller: Client) -> None:
    sheet = seller.get(f"{ADDRESS}/template")
    assert sheet.headers["content-disposition"].startswith("attachment")
    url = seller.upload(ADDRESS, (), [("file", "空表.xlsx", sheet.content)])
    assert url.status == 422  # It has no rows yet.
    assert zipfile.ZipFile(io.BytesIO(sheet.content)).testzip() is None
