"""The tasks plugin: what every plugin must hold, and what is its own."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from core.testing.checks import PluginChecks
from core.testing.samples import make_record
from plugins.tasks import services
from plugins.tasks.models import Step, Task, task_member

API = "/api/v1/tasks/tasks"


class TestTasks(PluginChecks):
    plugin = "tasks"

    def values(self, session: Any, resource: Any, owner: int) -> dict[str, Any]:
        days = {"starts_on": "2026-03-02", "due_on": "2026-03-09", "repeat_until": "2026-12-31"}
        return {**days, "progress": 40, "members": [owner], "repeat": "week"}

    # ------------------------------------------------------------ scope

    def test_a_colleague_out_of_scope_sees_neither_tasks_nor_their_number(self, signed_in: Any) -> None:
        mine, _me = signed_in("lin", "member")
        stranger, _other = signed_in("wang", "member")
        made = [mine.send("POST", API, {"title": f"秘密{n}", "due_on": "2026-01-05"}).json for n in range(3)]
        assert [each["progress"] for each in made] == [0, 0, 0]
        told = stranger.get(API, {"count": "true"}).json
        assert (told["items"], told["count"]) == ([], 0)
        assert stranger.get(f"{API}/statistics", {"by": "owner"}).json["rows"] == []
        assert stranger.get(f"{API}/{made[0]['id']}").status == 404
        assert mine.get(f"{API}/statistics", {"by": "owner"}).json["rows"][0]["count"] == 3
        assert "秘密" in mine.get("/tasks/overview").text
        assert "秘密" not in stranger.get("/tasks/overview", {"person": str(_me)}).text
        assert "秘密" not in stranger.get("/").text

    def test_members_see_and_edit_a_task_like_their_own(self, signed_in: Any) -> None:
        mine, _me = signed_in("lin", "member")
        friend, person = signed_in("zhou", "member")
        stranger, _other = signed_in("wang", "member")
        sent = {
            "title": "准备投标",
            "members": [person],
            "steps": [{"text": "收集资料"}, {"text": "评审", "done": True}],
        }
        made = mine.send("POST", API, sent).json
        url = f"{API}/{made['id']}"
        seen = friend.get(url).json
        assert [(step["text"], step["done"]) for step in seen["steps"]] == [("收集资料", False), ("评审", True)]
        assert friend.get(API, {"count": "true"}).json["count"] == 1
        changed = friend.send("PATCH", url, {"next_step": "打印标书"}, if_match=f'"{seen["version"]}"')
        assert (changed.status, changed.json["next_step"]) == (200, "打印标书")
        assert stranger.get(url).status == 404
        # No longer a member, no longer in sight.
        left = mine.send("PATCH", url, {"members": []}, if_match=f'"{changed.json["version"]}"')
        assert left.status == 200
        assert friend.get(url).status == 404

    # ------------------------------------------------------------ the way of a task

    def test_a_plan_is_done_after_what_belongs_to_it(self, signed_in: Any) -> None:
        client, _person = signed_in("lin", "member")
        plan = client.send("POST", API, {"title": "计划", "kind": "plan"}).json
        parts = [client.send("POST", API, {"title": f"任务{n}", "parent": plan["id"]}).json for n in range(2)]
        refused = client.send("POST", f"{API}/{plan['id']}/actions/finish", {})
        assert refused.status == 409
        assert "2" in refused.json["detail"]
        assert client.send("POST", f"{API}/{parts[0]['id']}/actions/finish", {}).status == 200
        assert client.get(f"{API}/{plan['id']}").json["progress"] == 50
        typed = client.send(
            "PATCH", f"{API}/{plan['id']}", {"progress": 80}, if_match=self._version(client, plan["id"])
        )
        assert (typed.status, typed.json["errors"][0]["field"]) == (422, "progress")
        assert client.send("POST", f"{API}/{parts[1]['id']}/actions/cancel", {}).status == 200
        assert client.get(f"{API}/{plan['id']}").json["progress"] == 100
        assert client.send("POST", f"{API}/{plan['id']}/actions/finish", {}).json["state"] == "done"
        assert client.send("POST", f"{API}/{parts[0]['id']}/actions/reopen", {}).status == 409
        below = client.send("POST", API, {"title": "新任务", "parent": plan["id"]})
        assert (below.status, below.json["errors"][0]["field"]) == (422, "parent")

    def test_what_moves_or_is_deleted_no_longer_counts(self, signed_in: Any) -> None:
        client, _person = signed_in("lin", "member")
        one, other = (client.send("POST", API, {"title": title, "kind": "goal"}).json["id"] for title in "甲乙")
        half = client.send("POST", API, {"title": "一半", "parent": one, "progress": 50}).json["id"]
        none = client.send("POST", API, {"title": "没有", "parent": one}).json["id"]
        assert client.get(f"{API}/{one}").json["progress"] == 25
        client.send("PATCH", f"{API}/{none}", {"parent": other}, if_match=self._version(client, none))
        assert [client.get(f"{API}/{each}").json["progress"] for each in (one, other)] == [50, 0]
        again = client.send("POST", API, {"title": "再来", "parent": one}).json["id"]
        assert client.get(f"{API}/{one}").json["progress"] == 25
        assert client.send("DELETE", f"{API}/{again}").status == 204
        assert client.get(f"{API}/{one}").json["progress"] == 50
        assert client.send("POST", f"{API}/{again}/restore", {}).status == 200
        assert client.get(f"{API}/{one}").json["progress"] == 25
        assert half

    def _version(self, client: Any, task: int) -> str:
        return f'"{client.get(f"{API}/{task}").json["version"]}"'

    @pytest.mark.parametrize("field", ["due_on", "progress"])
    def test_faults_are_told_with_their_field(self, signed_in: Any, field: str) -> None:
        client, _person = signed_in("lin", "member")
        wrong = {"due_on": {"starts_on": "2026-02-02", "due_on": "2026-02-01"}, "progress": {"progress": 101}}
        answer = client.send("POST", API, {"title": "错", **wrong[field]})
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)

    # ------------------------------------------------------------ coming again

    def test_the_next_one_is_made_once_when_one_is_finished(self, installed_platform: Any, signed_in: Any) -> None:
        client, _person = signed_in("lin", "member")
        with installed_platform.database.system("a test") as session:
            day = services.today(session)
        sent = {
            "title": "周报",
            "starts_on": (day - timedelta(days=20)).isoformat(),
            "due_on": (day - timedelta(days=17)).isoformat(),
            "repeat": "week",
            "steps": [{"text": "汇总", "done": True}],
        }
        made = client.send("POST", API, sent).json
        for action in ("finish", "reopen", "finish"):
            assert client.send("POST", f"{API}/{made['id']}/actions/{action}", {}).status == 200
        found = client.get(API, {"q": "周报", "state": "open", "count": "true"}).json
        (again,) = found["items"]
        again = client.get(f"{API}/{again['id']}").json
        assert again["due_on"] == (day + timedelta(days=4)).isoformat()
        assert again["starts_on"] == (day + timedelta(days=1)).isoformat()
        assert [(step["text"], step["done"]) for step in again["steps"]] == [("汇总", False)]
        assert again["follows"]["id"] == made["id"]

    @given(
        due=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
        rule=st.sampled_from(("day", "week", "month")),
        late=st.integers(-40, 400),
    )
    @settings(max_examples=200, deadline=None)
    def test_repetitions_keep_their_rule(self, due: date, rule: str, late: int) -> None:
        earliest = due + timedelta(days=late)
        found = services.following_date(Task(due_on=due, repeat=rule, repeat_day=due.day), earliest)
        assert found is not None
        assert found > due
        assert found >= earliest
        assert (found - max(due, earliest)).days <= {"day": 1, "week": 7, "month": 31}[rule]
        if rule == "week":
            assert (found - due).days % 7 == 0
        if rule == "month":
            assert found.day == due.day or (found + timedelta(days=1)).day == 1
        ended = Task(due_on=due, repeat=rule, repeat_day=due.day, repeat_until=found - timedelta(days=1))
        assert services.following_date(ended, earliest) is None

    # ------------------------------------------------------------ rolling up

    @given(plan=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 100), st.sampled_from("oic")), max_size=9))
    # Once for each database, which hypothesis takes for two executors.
    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    def test_progress_is_the_mean_of_what_stands_below(self, installed_platform: Any, plan: list[Any]) -> None:
        states = {"o": "open", "i": "in_progress", "c": "cancelled"}
        with installed_platform.database.system("a test") as session:
            session.info["watchers"] = installed_platform.gate.watchers
            ids = [make_record(session, Task, title="根").id]
            for place, progress, state in plan:
                parent = ids[place % len(ids)]
                values = {"progress": progress, "state": states[state], "parent_id": parent}
                ids.append(make_record(session, Task, title="枝", **values).id)
            session.expire_all()
            for task in session.scalars(select(Task).where(Task.id.in_(ids))):
                below = [
                    other.progress
                    for other in session.scalars(select(Task).where(Task.parent_id == task.id))
                    if other.state != "cancelled"
                ]
                if below:
                    assert task.progress == sum(below) // len(below)

    # ------------------------------------------------------------ what goes with a task

    def test_members_and_steps_go_with_their_task(self, installed_platform: Any, signed_in: Any) -> None:
        _client, person = signed_in("lin", "member")
        with installed_platform.database.system("a test") as session:
            task = make_record(session, Task, owner=person, title="任务", repeat="day", due_on=date(2026, 1, 5))
            make_record(session, Step, task_id=task.id, text="一步")
            session.execute(insert(task_member), [{"task_id": task.id, "user_id": person}])
            again = services.repeat(session, task)
            assert again is not None
            count = select(func.count()).select_from(Step).where(Step.task_id == again.id)
            assert session.scalar(count) == 1
            members = select(task_member.c.user_id).where(task_member.c.task_id == again.id)
            assert session.scalars(members).all() == [person]
            assert services.repeat_what_is_done(session) == 0
            task.state = "done"
            session.flush()
            assert services.repeat_what_is_done(session) == 0  # its next one is there

    def test_what_only_says_until_when_stands_in_the_calendar_on_that_day(self, signed_in: Any) -> None:
        client, _person = signed_in("lin", "member")
        client.send("POST", API, {"title": "只有期限", "due_on": "2026-07-15"})
        client.send("POST", API, {"title": "三天的事", "starts_on": "2026-07-20", "due_on": "2026-07-22"})
        page = client.get("/tasks/tasks", {"view": "calendar", "_on": "2026-07-15"}).text
        assert page.count("只有期限") > 0
        assert page.count("三天的事") == 3 * page.count("只有期限")

    def test_the_overview_counts_what_is_mine(self, signed_in: Any) -> None:
        client, _person = signed_in("lin", "member")
        for number in range(3):
            client.send("POST", API, {"title": f"事{number}", "next_step": f"先做{number}", "due_on": "2026-01-05"})
        goal = client.send("POST", API, {"title": "大目标", "kind": "goal"}).json
        client.send("POST", f"{API}/{goal['id']}/actions/finish", {})
        page = client.get("/tasks/overview").text
        assert all(words in page for words in ("事0", "先做2", "25 %"))
        home = client.get("/").text
        assert "先做0" in home
