"""Documents: what somebody knows and others shall find, in files with versions, shared, and graded by their keeper."""

from __future__ import annotations

from datetime import date, timedelta

from core.testing.client import Client
from plugins.documents import demo_files as files
from tests.mission.company import API, Company, Person, Record

DOCUMENTS = "documents/documents"
TEXTS = "system.forget_notifications"
"""Any job will do: whatever waits is done along with it, the reading of files among it."""


def written(company: Company, owner: Person, content: bytes = b"", name: str = "a.txt", **values: object) -> Record:
    """A document with a file whose text has been read."""
    made = owner.make(DOCUMENTS, **{"title": company.name("文档"), **values})
    sent = owner.client.upload(f"{API}{made.path}/content", {}, [("file", name, content or b"text")])
    assert sent.status == 201, sent.text
    company.run(TEXTS)
    return made


def test_d1_documents_have_a_title_a_summary_and_a_file_whose_versions_are_kept(
    company: Company, member: Person, colleague: Person
) -> None:
    title, summary = company.name("手册"), company.name("选型")
    first, second = "第一版内容".encode(), "第二版内容".encode()
    form = member.open(f"/{DOCUMENTS}/new").form("title").fill(title=title, summary=summary)
    page = form.attach("file", "手册.txt", first).submit()
    page.says(title, summary, "手册.txt", "第一版内容")
    document = Record(DOCUMENTS, {"id": page.id})
    page = page.form("file").attach("file", "手册.txt", second).submit()
    page.says("第二版内容")

    versions = member.get(f"{DOCUMENTS}/{page.id}/versions")["items"]
    kept = [member.client.get(f"{document.path}/attachments/{each['id']}").content for each in versions]
    assert sorted(kept) == sorted([first, second]), "both versions can be had"
    assert member.client.get(f"{API}{document.path}/content").content == second

    better = company.name("手册")
    member.open(f"{document.path}/edit").form("title").fill(title=better).submit().says(better)
    colleague.sees_nothing_of(document, better)
    for version in versions:
        assert colleague.client.get(f"{document.path}/attachments/{version['id']}").status == 404
    member.open(document.path).press("Delete")
    assert member.finds(DOCUMENTS, q=better) == []
    assert member.client.get(f"{API}{document.path}/content").status == 404


def test_d2_ones_own_documents_are_shared_with_a_person_a_group_a_department_and_by_a_link(
    company: Company, member: Person, mate: Person, colleague: Person
) -> None:
    place, group = company.name("部门"), company.name("小组")
    company.admin.make("system/departments", name=place, tree="project")
    reader, grouped = company.hire("member", "华北部"), company.hire("member", "华北部")
    placed = company.hire("member", place)
    company.admin.make("system/groups", name=group, members=[grouped.id])
    title, content = company.name("总结"), "季度总结：回款九成".encode()
    document = written(company, member, content, "总结.txt", title=title)
    member.open(f"/{DOCUMENTS}").follow("My documents").row(title)

    for who, values in (
        (reader, {"user": reader.name}), (grouped, {"group": group}), (placed, {"department": place}),
    ):  # fmt: skip
        who.sees_nothing_of(document, title)
        member.open(f"{document.path}/shares/new").form("write").fill(**values).submit().says(*values.values())
        who.open(document.path).says(title, "季度总结")
        who.open(f"/{DOCUMENTS}").follow("Shared with me").row(title)
        assert who.client.get(f"{document.path}/edit").status == 404, "to read, not to write"
    mate.sees_nothing_of(document, title)
    colleague.sees_nothing_of(document, title)

    member.open(document.path, {"whole": "1"}).follow("Make a link").form("until").submit()
    page = member.open(document.path, {"whole": "1"})
    (url,) = [field["value"] for field in page.main.walk("input") if "/open/" in field["value"]]
    address = "/" + url.split("/", 3)[3]
    stranger = Client(company.application)
    shown = stranger.get(address)
    assert (shown.status, title in shown.text, "季度总结" in shown.text) == (200, True, True)
    assert stranger.get(f"{address}/file").content == content
    assert stranger.get(f"{address}0").status == 404, "only the link itself opens it"
    assert stranger.get(document.path).status == 303, "and nothing else"
    page.form(to="/close").submit().hides(address)
    assert stranger.get(address).status == 404


def test_d3_documents_are_found_by_person_time_words_customer_and_task_together_and_counted(
    company: Company, head: Person, member: Person, mate: Person, colleague: Person
) -> None:
    word = company.name("条款")
    customer, task = company.customer(member), member.make("tasks/tasks", title=company.name("任务"))
    ties = {"customer": customer.id, "task": [task.id]}
    pdf = written(company, member, files.pdf(("合同", word)), "合同.pdf", **ties)
    docx = written(company, member, files.docx(("合同", word)), "合同.docx", customer=customer.id)
    written(company, member, files.docx(("别的",)), "别的.docx", **ties)
    written(company, member, files.plain((word,)), "条款.txt", task=[task.id])
    of_head = written(company, head, files.plain((word,)), "条款.txt", **ties)
    foreign = written(company, colleague, files.plain((word,)), "条款.txt")
    assert sorted(member.finds(DOCUMENTS, q=word))[:2] == [pdf.id, docx.id], "found by the text of PDF and DOCX"

    today = date.today()
    filters = {
        "owner": str(member.id), "created_at__gte": str(today - timedelta(days=2)),
        "created_at__lte": str(today + timedelta(days=2)), "q": word, "customer": str(customer.id), "task": str(task.id),
    }  # fmt: skip
    assert head.finds(DOCUMENTS, **filters) == [pdf.id]
    page = head.open(f"/{DOCUMENTS}", filters)
    assert len(page.rows()) == 1
    for name in ("owner", "q", "customer", "task"):
        looser = {key: value for key, value in filters.items() if key != name}
        assert len(head.open(f"/{DOCUMENTS}", looser).rows()) > 1, f"'{name}' filters nothing"
    assert head.finds(DOCUMENTS, **{**filters, "created_at__gte": str(today + timedelta(days=2))}) == []

    pivot = head.open(f"/{DOCUMENTS}", {"view": "statistics", "_by": "owner,customer", "q": word})
    assert pivot.row(member.name)[-2] == "3"
    assert pivot.row(head.name)[-2] == "1"
    pivot.hides(colleague.name)
    assert foreign.id not in head.finds(DOCUMENTS, q=word)
    assert of_head.id not in member.finds(DOCUMENTS, q=word)
    assert mate.finds(DOCUMENTS, q=word) == []


def test_d4_the_knowledge_keeper_alone_grades_and_levels_gate_who_reads(
    company: Company, head: Person, member: Person
) -> None:
    keeper = company.hire("knowledge_keeper", "华北部")
    secret, title = company.name("绝密"), company.name("底价")
    level = keeper.open("/documents/levels/new").form("rank").fill(name=secret, rank="7").submit()
    folder = keeper.make("documents/folders", name=company.name("归档"))
    document = written(company, member, b"floor prices", "a.txt", title=title)

    for person in (member, head):
        form = person.open(f"{document.path}/edit").form("title")
        assert "level" not in form.values, "the level is the keeper's business"
        assert not person.open(document.path).offers("Grade")
        person.change(document, level=level.id, refused=422)
        person.open("/documents/levels/new", refused=403)
    keeper.open(f"{document.path}/edit").form("title").fill(folder=folder["name"], summary="已整理").submit().says(
        "已整理"
    )
    member.open(f"/{DOCUMENTS}").follow(folder["name"]).row(title)
    graded = keeper.open(document.path).press("Grade").form("level").fill(level=secret).submit()
    graded.says(secret)

    for person in (member, head):
        person.sees_nothing_of(document, title)
        assert person.client.get(f"{API}{document.path}/content").status == 404
    keeper.open(document.path).press("Grade").form("level").fill(level="内部").submit()
    member.open(document.path).says("内部")
