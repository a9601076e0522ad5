"""Tasks: goals, plans and tasks of one's own, all of them at a glance, and those of one's people with a word of guidance."""

from __future__ import annotations

from datetime import date, timedelta

from tests.mission.company import Company, Person, Record

TASKS = "tasks/tasks"


def test_t1_goals_plans_and_tasks_are_made_changed_and_deleted(
    company: Company, member: Person, mate: Person, colleague: Person
) -> None:
    goal, plan, task = (company.name(word) for word in ("目标", "计划", "任务"))
    new = member.open(f"/{TASKS}/new").form("title")
    assert {"Goal", "Plan", "Task"} <= set(new.options("kind"))
    page = new.fill(title=goal, kind="Goal", due_on="2030-12-31").submit()
    page = member.open(f"/{TASKS}/new").form("title").fill(title=plan, kind="Plan", parent=goal).submit()
    assert page.fact("Belongs to") == goal
    form = member.open(f"/{TASKS}/new").form("title")
    form = form.fill(title=task, kind="Task", parent=plan, due_on="2030-03-01", next_step="先打电话")
    page = form.fill(**{"steps-0-text": "收集资料"}).submit()
    page.says(task, "Task", "先打电话", "收集资料")
    made = Record(TASKS, {"id": page.id})
    shown = member.open(f"/{TASKS}", {"kind": "goal"})
    shown.row(goal)
    assert task not in shown.text

    form = member.open(f"{made.path}/edit").form("title")
    page = form.fill(progress="40", next_step="约演示时间").submit()
    page.says("40", "约演示时间")
    for stranger in (mate, colleague):
        stranger.sees_nothing_of(made, task)
    whole = member.finds(TASKS, q=goal)
    assert member.get(f"{TASKS}/{whole[0]}")["progress"] == 40, "what stands above follows"

    member.open(f"{made.path}").press("Delete")
    assert task not in member.open(f"/{TASKS}").text
    member.open(f"/{TASKS}/bin").form(to=f"{made.path}/restore").submit()
    member.open(f"/{TASKS}").row(task)


def test_t2_my_work_shows_how_much_there_is_how_far_it_is_and_what_comes_next(company: Company) -> None:
    me, other = company.hire("member", "上海组"), company.hire("member", "上海组")
    goal, plan, done, late, next_step = (company.name(word) for word in ("目标", "计划", "已办", "拖延", "下一步"))
    above = me.make(TASKS, title=goal, kind="goal")
    me.make(TASKS, title=plan, kind="plan", parent=above.id, progress=50)
    yesterday = (date.today() - timedelta(days=2)).isoformat()
    me.make(TASKS, title=late, due_on=yesterday, next_step=next_step, progress=20)
    me.do(me.make(TASKS, title=done), "finish")
    foreign = other.make(TASKS, title=company.name("他人"))

    page = me.open("/").follow("My work")
    page.says("My work", goal, plan, late, next_step, "55 %")
    page.says("4 All my work", "2 Goals and plans", "3 Still to do", "1 Done", "1 Overdue")
    behind = [link["href"] for link in page.main.walk("a")]
    me.open(next(url for url in behind if "due_on__lt" in url)).row(late)
    assert len(me.open(next(url for url in behind if "kind__in" in url)).rows()) == 2
    page.hides(foreign["title"])


def test_t3_tasks_are_found_by_person_time_words_and_customer_together_and_counted(
    company: Company, head: Person, member: Person, mate: Person, colleague: Person
) -> None:
    word = company.name("巡检")
    mine, others = company.customer(member), company.customer(mate)
    inside, outside = {"due_on": "2031-05-10"}, {"due_on": "2031-06-10"}
    wanted = member.make(TASKS, title=f"{word}一", customer=mine.id, **inside)
    member.make(TASKS, title=f"{word}二", customer=mine.id, **outside)
    member.make(TASKS, title=f"{word}三", **inside)
    mate.make(TASKS, title=f"{word}四", customer=others.id, **inside)
    head.make(TASKS, title=f"{word}五", customer=mine.id, owner=mate.id, **inside)
    member.make(TASKS, title=f"{word}六", customer=mine.id, due_on="2031-04-10")
    member.make(TASKS, title=company.name("别的"), customer=mine.id, **inside)
    foreign = colleague.make(TASKS, title=f"{word}外", customer=company.customer(colleague).id, **inside)

    filters = {
        "owner": str(member.id), "due_on__gte": "2031-05-01", "due_on__lte": "2031-05-31",
        "q": word, "customer": str(mine.id),
    }  # fmt: skip
    page = head.open(f"/{TASKS}", filters)
    assert len(page.rows()) == 1
    page.row(f"{word}一")
    for name in filters:
        looser = {key: value for key, value in filters.items() if key != name}
        assert len(head.open(f"/{TASKS}", looser).rows()) > 1, f"'{name}' filters nothing"
    assert head.finds(TASKS, **filters) == [wanted.id]

    pivot = head.open(f"/{TASKS}", {"view": "statistics", "_by": "owner,due_on:month", "q": word})
    assert pivot.row(member.name)[-2] == "4"
    assert pivot.row(mate.name)[-2] == "2"
    pivot.says("2031-05", "2031-06")
    pivot.hides(foreign["title"], colleague.name)
    told = head.get(f"{TASKS}/statistics", by="owner", measure="count", q=word)["rows"]
    assert sum(row["count"] for row in told) == 6
    assert len(mate.finds(TASKS, q=word)) == 2, "his own alone"


def test_t4_who_leads_changes_the_tasks_of_his_people_and_gives_guidance(
    company: Company, head: Person, member: Person, colleague: Person
) -> None:
    title, guidance = company.name("拜访"), company.name("先问预算")
    task = member.make(TASKS, title=title, due_on="2031-07-01")
    page = head.open(f"{task.path}/edit").form("title").fill(priority="Urgent", progress="30").submit()
    page.says("Urgent", "30")
    page = head.open(task.path).form("text", to="/remarks").fill(kind="guidance", text=guidance).submit()
    page.says(guidance)
    told = member.open("/notifications")
    told.says(guidance, title, head.name)
    member.open(task.path).says(guidance, "gave guidance", "Acknowledge")

    assert member.read(task)["progress"] == 30
    colleague.sees_nothing_of(task, title)
    answer = colleague.client.post(f"{task.path}/remarks", {"kind": "guidance", "text": "不该"})
    assert answer.status == 404
    colleague.open("/notifications").hides(guidance)
