"""Journals: what somebody did, plans and learnt, tied to customers, tasks and documents, and read by those who lead him."""

from __future__ import annotations

from tests.mission.company import Company, Person, Record

JOURNALS = "journals/journals"


def test_j1_a_journal_names_its_customer_task_and_document_and_is_found_from_them(
    company: Company, head: Person, colleague: Person
) -> None:
    me = company.hire("member", "上海组")
    customer = company.customer(me)
    task = me.make("tasks/tasks", title=company.name("任务"))
    document = me.make("documents/documents", title=company.name("文档"))
    done, better = company.name("拜访"), company.name("改稿")
    form = me.open(f"/{JOURNALS}/new").form("done")
    form.fill(kind="Daily journal", on="2031-03-03", done=done, customers=customer["name"])
    page = form.fill(tasks=task["title"], documents=document["title"]).submit()
    page.says(done, customer["name"], task["title"], document["title"])
    journal = Record(JOURNALS, {"id": page.id})

    kept = me.read(journal)
    assert [each["id"] for each in kept["customers"]] == [customer.id], "a link, not a text"
    for named in (customer, task, document):
        whole = me.open(named.path, {"whole": "1"})
        assert f'href="{journal.path}"' in whole.html, f"{named.path} does not know the journal"
    for reader in (me, head):
        reader.open(customer.path).says("1 Journals")
        reader.open(f"/{JOURNALS}", {"customers": str(customer.id)}).row("2031-03-03")

    me.open(f"{journal.path}/edit").form("done").fill(done=better).submit().says(better)
    colleague.sees_nothing_of(journal, better)
    me.open(journal.path).press("Delete")
    assert me.finds(JOURNALS, q=better) == []
    assert "1 Journals" not in me.open(customer.path).text


def test_j2_ones_own_journals_tell_what_was_done_what_comes_and_what_was_learnt(
    company: Company, colleague: Person
) -> None:
    me = company.hire("member", "上海组")
    done, planned, results, lessons = (company.name(word) for word in ("已办", "计划", "效果", "得失"))
    new = me.open(f"/{JOURNALS}/new", {"on": "2031-03-04"})
    new.says("Done", "To do", "Results", "Lessons learnt")
    form = new.form("done").fill(done=done, planned=planned, results=results, lessons=lessons)
    first = form.submit()
    for title, words in (("Done", done), ("To do", planned), ("Results", results), ("Lessons learnt", lessons)):
        assert first.fact(title).startswith(words)
    first.press("Submit").says("Submitted")

    next_day = me.open(f"/{JOURNALS}/new", {"on": "2031-03-05"}).form("done")
    assert planned in next_day.values["done"], "the plan of yesterday returns"
    page = next_day.fill(done=company.name("次日")).submit()
    page.says(planned)
    mine = me.open(f"/{JOURNALS}", {"owner": "me", "sort": "-on"})
    assert len(mine.rows()) == 2
    assert any(done in cell for cell in mine.row("2031-03-04"))
    assert lessons in me.open(f"/{JOURNALS}", {"lessons__empty": "false", "columns": "title,lessons"}).text
    me.open("/").follow("Who has written").says("Daily journals")
    colleague.sees_nothing_of(Record(JOURNALS, {"id": first.id}), done)


def test_j3_journals_are_found_by_person_time_words_and_customer_together_and_counted(
    company: Company, head: Person, colleague: Person
) -> None:
    one, two, word = company.hire("member", "上海组"), company.hire("member", "上海组"), company.name("洽谈")
    customer, other = company.customer(one), company.customer(two)
    wanted = one.make(JOURNALS, on="2031-04-01", done=word, customers=[customer.id])
    for day in ("2031-03-01", "2031-05-01"):
        one.make(JOURNALS, on=day, done=word, customers=[customer.id])
    one.make(JOURNALS, on="2031-04-02", done=word)
    one.make(JOURNALS, on="2031-04-03", done=company.name("别的"), customers=[customer.id])
    two.make(JOURNALS, on="2031-04-01", done=word, customers=[other.id])
    of_head = head.make(JOURNALS, on="2031-04-01", done=word, customers=[customer.id])
    foreign = colleague.make(JOURNALS, on="2031-04-01", done=word)

    filters = {
        "owner": str(one.id), "on__gte": "2031-04-01", "on__lte": "2031-04-30", "q": word, "customers": str(customer.id),
    }  # fmt: skip
    assert head.finds(JOURNALS, **filters) == [wanted.id]
    page = head.open(f"/{JOURNALS}", filters)
    assert len(page.rows()) == 1
    page.row(one.name)
    for name in filters:
        looser = {key: value for key, value in filters.items() if key != name}
        assert len(head.open(f"/{JOURNALS}", looser).rows()) > 1, f"'{name}' filters nothing"

    pivot = head.open(f"/{JOURNALS}", {"view": "statistics", "_by": "owner,on:month", "q": word})
    assert pivot.row(one.name)[-2] == "4"
    assert pivot.row(two.name)[-2] == "1"
    pivot.says("2031-04", "2031-05", head.name)
    pivot.hides(colleague.name)
    assert foreign.id not in head.finds(JOURNALS, q=word)
    assert of_head.id not in one.finds(JOURNALS, q=word)


def test_j4_who_leads_reviews_the_journals_of_his_people_and_coaches_them(
    company: Company, head: Person, colleague: Person
) -> None:
    me = company.hire("member", "上海组")
    done, reason, coaching = company.name("拜访"), company.name("请补充"), company.name("先问预算")
    journal = me.make(JOURNALS, on="2031-06-02", done=done)
    me.open(journal.path).press("Submit")
    rule = {"name": company.name("规则"), "kind": "day", "window": 12, "members": [me.id]}
    company.admin.make("journals/rules", **rule)
    told = head.open("/journals/submissions", {"day": "2031-06-02"})
    told.says(me.name, "Submitted")
    colleague.open("/journals/submissions", {"day": "2031-06-02"}).hides(me.name)

    head.open(f"/{JOURNALS}").follow("To review").row(me.name)
    back = head.open(journal.path).press("Give back").form("reason").fill(reason=reason).submit()
    back.says("Draft", reason)
    me.open("/notifications").says(reason)
    me.open(f"{journal.path}/edit").form("done").fill(results="客户同意试用").submit().press("Submit")
    head.open(f"{journal.path}").press("Review").form("guidance").fill(guidance=coaching).submit().says("Reviewed")
    me.open("/notifications").says(coaching, head.name)
    me.open(journal.path).says(coaching, "gave guidance", "Reviewed")
    assert not me.open(journal.path).offers("Review")

    draft = me.make(JOURNALS, on="2031-06-03", done=company.name("草稿"))
    head.open(f"{draft.path}/edit").form("done").fill(planned="补充客户名称").submit().says("补充客户名称")
    colleague.sees_nothing_of(journal, done)
    assert colleague.client.post(f"{journal.path}/remarks", {"kind": "guidance", "text": "不该"}).status == 404
