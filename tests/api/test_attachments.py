"""Files on records: kept by hash, seen with the record, given out so that they cannot act as a page of ours."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, update

from core.kernel.types import now
from core.testing.client import Answer, Client
from core.workplace.attachments import ATTACHMENT, Attachment, kind_of_file, plain_name
from core.workplace.previews import draw, make_preview, sweep_files
from tests.api.company import API, Company, made, refused

CUSTOMERS = f"{API}/customers/customers"
EVIL = b"<html><script>alert(document.cookie)</script></html>"


class Attempt:
    """A job as its function sees it."""

    def __init__(self, company: Company, **payload: Any) -> None:
        self.platform, self.payload = company.platform, payload

    def session(self, *, write: bool = False) -> Any:
        return self.platform.database.system("test", write=write)


def sent(client: Client, url: str, name: str, content: bytes) -> Answer:
    return client.upload(url, {}, [("file", name, content)])


def picture(width: int = 900, height: int = 500) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(target, "PNG")
    return target.getvalue()


def test_a_file_follows_its_record(company: Company) -> None:
    owner, other, reader = (
        company.client("zhao.lei"),
        company.client("li.qiang"),
        company.client("admin", read_only=True),
    )
    record = made(owner, "customers/customers", name=company.name())
    url = f"{CUSTOMERS}/{record['id']}/attachments"
    answer = sent(owner, url, "../../etc/合同 X: y.pdf", b"%PDF-1.4 a contract")
    assert answer.status == 201, answer.text
    file = answer.json
    assert (file["name"], file["kind"], file["size"]) == ("合同 X: y.pdf", "application/pdf", 19)
    one = f"{url}/{file['id']}"
    assert owner.get(one).content == b"%PDF-1.4 a contract"
    assert [each["id"] for each in owner.get(url).json["items"]] == [file["id"]]
    for path in (url, one):
        assert other.get(path).status == 404
    assert other.get(one).text.replace(one, "") == other.get(f"{CUSTOMERS}/999999/attachments/1").text.replace(one, "")
    assert sent(other, url, "a.txt", b"a").status == 404
    assert sent(reader, url, "a.txt", b"a").status == 403
    assert other.send("DELETE", one).status == 404
    page = owner.get(f"/customers/customers/{record['id']}", accept="text/html", accept_language="en").text
    assert "合同 X: y.pdf" in page
    assert "added the file" in page
    assert owner.get(f"{CUSTOMERS}/{record['id'] - 1}/attachments/{file['id']}").status == 404, "not through another"
    assert owner.send("DELETE", one).status == 204
    assert owner.get(one).status == 404


@pytest.mark.parametrize(
    ("name", "content", "kind", "shown"),
    [
        ("a.html", EVIL, "text/plain; charset=utf-8", True),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain; charset=utf-8", True),
        ("a.png", EVIL, "text/plain; charset=utf-8", True),
        ("a.png", picture(3, 3), "image/png", True),
        ("a.pdf", b"%PDF-1.7", "application/pdf", True),
        ("a.xlsx", b"PK\x03\x04\0\0" + EVIL, "application/octet-stream", False),
        ("a.txt", "好".encode("gb18030") + b"\xff\xfe\0" * 9, "application/octet-stream", False),
    ],
)
def test_a_file_is_shown_only_where_it_can_do_no_harm(
    company: Company, name: str, content: bytes, kind: str, shown: bool
) -> None:
    owner = company.client("zhao.lei")
    record = made(owner, "customers/customers", name=company.name())
    file = sent(owner, f"{CUSTOMERS}/{record['id']}/attachments", name, content).json
    home = f"/customers/customers/{record['id']}/attachments/{file['id']}"
    for query in ({}, {"inline": "1"}):
        answer = owner.get(home, query)
        assert answer.content == content
        headers = answer.headers
        assert headers["content-type"] == kind
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert kind == "application/pdf" or "sandbox" in headers["content-security-policy"]
        assert headers["content-disposition"].startswith("inline" if query and shown else "attachment")
        assert headers["cache-control"] == "no-store, private"


def test_what_cannot_be_taken_is_refused_with_its_field(company: Company) -> None:
    owner = company.client("zhao.lei")
    record = made(owner, "customers/customers", name=company.name())
    url = f"{CUSTOMERS}/{record['id']}/attachments"
    assert refused(owner.upload(url, {"note": "x"}, []), 422)["errors"][0]["field"] == "file"
    many = owner.upload(url, {}, [("file", "a", b"a"), ("file", "b", b"b")])
    assert refused(many, 422)["errors"][0]["field"] == "file"
    assert owner.send("POST", url, {"file": "x"}).status == 422
    large = owner.request(
        "POST", url, headers={"content-length": "70000000", "content-type": "multipart/form-data; boundary=b"}
    )
    assert large.status == 413
    assert owner.get(f"{CUSTOMERS}/{record['id']}/content").status == 404, "customers are about no file"


def test_pictures_get_previews_and_what_nobody_names_is_swept(company: Company) -> None:
    owner, other, storage = company.client("zhao.lei"), company.client("li.qiang"), company.platform.storage
    record = made(owner, "customers/customers", name=company.name())
    url, home = f"{CUSTOMERS}/{record['id']}/attachments", f"/customers/customers/{record['id']}"
    file = sent(owner, url, "plan.png", picture()).json
    assert make_preview(Attempt(company, file=file["id"])) is True  # type: ignore[arg-type, unused-ignore]
    shown = owner.get(f"{home}/attachments/{file['id']}/preview")
    assert Image.open(io.BytesIO(shown.content)).size == (400, 222)
    assert other.get(f"{home}/attachments/{file['id']}/preview").status == 404
    assert re.search(rf"{home}/attachments/{file['id']}/preview", owner.get(f"{home}?whole=1", accept="text/html").text)
    broken = sent(owner, url, "broken.png", b"\x89PNG\r\n\x1a\n nothing").json
    assert make_preview(Attempt(company, file=broken["id"])) is False

    assert owner.send("DELETE", f"{url}/{file['id']}").status == 204
    sweep_files(Attempt(company))
    assert storage.stat(file["sha256"]), "it could be brought back"
    with company.platform.database.transaction(write=True) as connection:
        preview = connection.scalar(select(ATTACHMENT.preview_file_key).where(ATTACHMENT.id == file["id"]))
        long_ago = now().replace(year=2020)
        connection.execute(update(Attachment).where(ATTACHMENT.id == file["id"]).values(deleted_at=long_ago))
    sweep_files(Attempt(company))
    assert storage.stat(file["sha256"]), "contents of today may still be on their way into a row"
    assert preview


def test_names_and_kinds_are_our_own() -> None:
    assert plain_name("..\\..\\secret/../x.txt") == "x.txt"
    assert plain_name("\0\r\n\u202e") in ("file", "\u202e".strip() or "file")
    assert len(plain_name("长" * 500 + ".pdf")) <= 200
    assert plain_name("长" * 500 + ".pdf").endswith(".pdf")
    assert kind_of_file(io.BytesIO(b"")) == "application/octet-stream"
    assert kind_of_file(io.BytesIO("你好".encode() * 2000)) == "text/plain"


def test_a_pdf_gets_a_picture_of_its_first_page() -> None:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page]
    body, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, each)
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    body += table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(body)
    drawn = draw(io.BytesIO(body), "application/pdf")
    assert drawn
    assert Image.open(io.BytesIO(drawn)).height == 400
