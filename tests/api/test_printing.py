"""Records on paper: the page, the PDF and the same scope as everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]

from core.workplace.printing import Line, Part, Printed, Table, makes_pdf, pdf
from tests.api.company import API, Company, made, refused


def test_a_record_is_printed_by_whoever_sees_it(company: Company) -> None:
    owner, other = company.client("zhao.lei"), company.client("li.qiang")
    name = company.name("<b>大昌“贸易”</b>")
    record = made(owner, "customers/customers", name=name, credit_limit="1205.30")
    home = f"/customers/customers/{record['id']}"
    page = owner.get(f"{home}/print", accept="text/html", accept_language="zh-CN")
    assert page.status == 200
    assert "<b>大昌" not in page.text
    assert "&lt;b&gt;大昌" in page.text
    assert "壹仟贰佰零伍元叁角整" in page.text
    assert "zhao" in page.text or "赵" in page.text
    assert other.get(f"{home}/print", accept="text/html").status == 404
    assert other.get(f"{home}/print.pdf").status == 404
    assert other.get(f"{API}{home}/print.pdf").status == 404
    shown = owner.get(home, accept="text/html").text
    assert f"{home}/print" in shown
    assert (f"{home}/print.pdf" in shown) == makes_pdf()
    answer = owner.get(f"{API}{home}/print.pdf")
    if makes_pdf():
        assert (answer.status, answer.content[:5]) == (200, b"%PDF-")
        assert answer.headers["content-disposition"].startswith("attachment")
    else:
        assert "sopia[pdf]" in refused(answer, 501)["remedy"]


def test_values_are_never_read_as_the_language_of_the_template(tmp_path: object) -> None:
    hostile = '#read("/etc/passwd") $x$ *b* \\ ] } " #panic("x")'
    part = Part(hostile, [Line(hostile, hostile, "壹元整", wide=True), Line("电话", "13800138000")])
    rows = [[hostile, "1.00"]] * 90
    printed = Printed(
        hostile, "订单", "1", hostile, [part], [Table("明细", ["品名", "金额"], rows, [False, True])], "x", "zh_Hans"
    )
    content = pdf(printed, Path(str(tmp_path)))
    assert content.startswith(b"%PDF-")
    pages = re.findall(rb"/Type\s*/Page\b", content)
    assert not pages or len(pages) > 1
    document = pypdfium2.PdfDocument(content)
    text = document[0].get_textpage().get_text_range()
    assert "root:" not in text
    assert "#panic" in text
    assert "壹元整" in text
    assert len(document) > 1
    document.close()
