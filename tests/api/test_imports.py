"""Imports by program: sent as a file, answered as a job, undone as a whole."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from core.kernel.crew import make_worker
from core.testing.client import Answer, Client
from tests.api.company import API, Company, faults, ids_of, refused
from tests.api.test_openapi import complaints, described

ADDRESS = f"{API}/customers/customers/import"
HEADER = "客户名称,信用额度,最近联系,所在地盘\n"


@pytest.fixture
def seller(company: Company) -> Client:
    """Who may import: a member."""
    return company.client("wang.fang")


def sent(client: Client, rows: str, *form: tuple[str, str], encoding: str = "gb18030", **headers: str) -> Answer:
    content = (HEADER + rows).encode(encoding)
    return client.upload(ADDRESS, form, [("file", "rough.csv", content)], **headers)


def ended(company: Company, client: Client, answer: Answer) -> dict[str, Any]:
    """What the import says when its job has run."""
    assert answer.status == 202, answer.text
    assert answer.headers["location"] == answer.json["url"]
    while make_worker(company.platform).run_due():
        pass
    now = client.get(answer.headers["location"])
    assert now.status == 200, now.text
    return dict(now.json)


def test_a_file_becomes_records_and_the_faulty_rows_a_file(company: Company, seller: Client) -> None:
    one, two = company.name("晨曦"), company.name("远航")
    answer = sent(
        seller, f"{one},￥1.5万,2026年3月5日,苏州\n{two},面议,20260305,无锡\n,5,,\n", ("map", "所在地盘=region")
    )
    assert answer.json["state"] == "queued"
    assert answer.json["map"] == {
        "客户名称": "name",
        "信用额度": "credit_limit",
        "最近联系": "last_contact_at",
        "所在地盘": "region",
    }
    job = ended(company, seller, answer)
    assert (job["state"], job["created"], job["faulty"], job["done"], job["total"]) == ("done", 1, 2, 3, 3)
    fault = job["faults"][0]
    assert (fault["row"], fault["column"], fault["field"], fault["value"]) == (3, "信用额度", "credit_limit", "面议")
    assert "面议" in fault["message"]
    assert job["faults"][1]["row"] == 4
    left = seller.get(job["left_out"])
    assert left.headers["content-type"].startswith("text/csv")
    lines = left.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert lines[1].startswith(f"{two},面议")
    record = seller.get(f"{API}/customers/customers", {"name": one}).json["items"][0]
    assert (record["credit_limit"], record["last_contact_at"][:10], record["region"]) == (
        "15000.00",
        "2026-03-04",
        "苏州",
    )
    described_as = described(seller)["components"]["schemas"]["import"]
    for told in (answer.json, job):
        assert complaints(described(seller), described_as, told) == []


def test_a_dry_run_writes_nothing_and_can_be_run_afterwards(company: Company, seller: Client) -> None:
    name = company.name("试跑")
    before = company.contents()
    job = ended(company, seller, sent(seller, f"{name},面,,\n{name}二,1,,\n", ("dry_run", "true")))
    assert (job["state"], job["created"], job["faulty"]) == ("checked", 1, 1)
    assert company.contents() == before
    job = ended(company, seller, seller.send("POST", f"{job['url']}/run"))
    assert (job["state"], job["created"]) == ("done", 1)
    assert len(ids_of(seller, "customers/customers", name=f"{name}二")) == 1
    job = ended(company, seller, seller.send("POST", f"{job['url']}/undo"))
    assert job["state"] == "undone"
    assert ids_of(seller, "customers/customers", name=f"{name}二") == []


def test_with_a_key_records_that_exist_are_changed(company: Company, seller: Client) -> None:
    name = company.name("已有")
    ended(company, seller, sent(seller, f"{name},1,,常州\n", ("map", "所在地盘=region")))
    job = ended(company, seller, sent(seller, f"{name},2,,镇江\n", ("map", '{"所在地盘": "region"}'), ("key", "name")))
    assert (job["mode"], job["created"], job["updated"]) == ("both", 0, 1)
    found = seller.get(f"{API}/customers/customers", {"name": name}).json["items"]
    assert [(each["credit_limit"], each["region"]) for each in found] == [("2.00", "镇江")]


def test_the_same_key_twice_imports_once(company: Company, seller: Client) -> None:
    row = f"{company.name('一次')},1,,\n"
    first, second = (sent(seller, row, idempotency_key=f"import-{row}".encode().hex()[:60]) for _turn in range(2))
    assert first.json["id"] == second.json["id"]
    assert first.headers["location"] == second.headers["location"]
    other = sent(seller, f"{company.name('别的')},1,,\n", idempotency_key=f"import-{row}".encode().hex()[:60])
    assert other.status == 422
    assert ended(company, seller, first)["created"] == 1
    # What was refused may be sent again under its key, corrected.
    refused(sent(seller, row, ("map", "没有=name"), idempotency_key="corrected"), 422)
    assert sent(seller, row, idempotency_key="corrected").status == 202


def test_only_its_person_sees_an_import(company: Company, seller: Client) -> None:
    job = ended(company, seller, sent(seller, f"{company.name('私')},1,,\n"))
    for login in ("zhao.lei", "admin"):
        other = company.client(login)
        missing = refused(other.get(f"{ADDRESS}/99999999"), 404)
        for path in ("", "/left-out"):
            assert refused(other.get(job["url"] + path), 404) == missing
        for verb in ("run", "stop", "undo"):
            assert refused(other.send("POST", f"{job['url']}/{verb}"), 404) == missing
    # It is found at the address of its own resource alone.
    assert refused(seller.get(job["url"].replace("customers/customers", "customers/contacts")), 404)["status"] == 404


def test_whoever_may_not_import_is_refused(company: Company, seller: Client) -> None:
    for client in (company.client("gao.shan"), company.client("wang.fang", read_only=True)):
        refused(sent(client, "某公司,1,,\n"), 403)
        assert ADDRESS not in described(client)["paths"]
    assert ADDRESS in described(seller)["paths"]


def test_what_is_imported_lies_in_the_scope_of_its_importer(company: Company, seller: Client) -> None:
    name = company.name("范围")
    ended(company, seller, sent(seller, f"{name},1,,\n"))
    assert len(ids_of(seller, "customers/customers", name=name)) == 1
    assert ids_of(company.client("li.qiang"), "customers/customers", name=name) == []


BOMB = io.BytesIO()
with zipfile.ZipFile(BOMB, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("[Content_Types].xml", "<Types/>")
    archive.writestr("xl/workbook.xml", b" " * 400_000_000)


@pytest.mark.parametrize(
    ("name", "content", "statuses"),
    [
        ("empty.csv", b"", {422}),
        ("header.csv", "客户名称\n".encode(), {422}),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, {422}),
        ("noise.csv", bytes(range(256)) * 400, {422}),
        ("broken.xlsx", b"PK\x03\x04" + b"not an archive" * 50, {422}),
        ("bomb.xlsx", BOMB.getvalue(), {413, 422}),
    ],
)
def test_what_is_no_table_is_refused_with_its_field(
    company: Company, seller: Client, name: str, content: bytes, statuses: set[int]
) -> None:
    answer = seller.upload(ADDRESS, (), [("file", name, content)])
    assert answer.status in statuses, answer.text[:300]
    if answer.status == 422:
        assert faults(answer) == ["file"]
    else:
        assert refused(answer, 413)["remedy"]


def test_a_parameter_that_means_nothing_is_refused_with_its_field(company: Company, seller: Client) -> None:
    name = company.name("参数")
    for form, field in (
        ([("dryrun", "true")], "dryrun"),
        ([("dry_run", "perhaps")], "dry_run"),
        ([("mode", "destroy")], "mode"),
        ([("same", "perhaps")], "same"),
        ([("key", "credit_limit")], "key"),
        ([("map", "没有这列=name")], "map"),
        ([("map", "信用额度=nothing")], "map"),
        ([("map", "信用额度")], "map"),
        ([("map", '["name"]')], "map"),
        ([("encoding", "klingon")], "file"),
        ([("map", "客户名称=")], "name"),
    ):
        assert faults(sent(seller, f"{name},1,,\n", *form)) == [field], form
    assert faults(seller.upload(ADDRESS, (), [])) == ["file"]
    assert refused(seller.send("POST", ADDRESS, {"file": "x"}), 422)
    assert ids_of(seller, "customers/customers", name=name) == []
