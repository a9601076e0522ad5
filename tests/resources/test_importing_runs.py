"""Runs of imports among other people: broken off, resumed, rivalled, stopped, taken back; rights that end meanwhile."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import update

from core.kernel.errors import Conflict, Forbidden
from core.kernel.generations import raise_access
from core.kernel.users import User
from core.resources.importing import running, workshop
from core.resources.importing.kept import Import
from tests.resources.desk import Desk
from tests.resources.importing_desk import Importing, table

ROWS = 60


@pytest.fixture
def importing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Importing:
    """Files on their way into an installation, in chunks of ten rows."""
    original = workshop.chunks

    def small(rows: Any) -> Any:
        for chunk in original(rows):
            yield from (chunk[start : start + 10] for start in range(0, len(chunk), 10))

    monkeypatch.setattr(running, "chunks", small)
    return Importing(desk)


def firms(count: int = ROWS, prefix: str = "", first: int = 0) -> bytes:
    """A file of firms, each tenth of which repeats the one before, and each fifteenth of which has a fault."""
    rows = [
        (f"{prefix}第{number - (number % 10 == 9)}号贸易公司", "", "王强", f"1380000{number:04d}",
         "面议" if number % 15 == 14 else "1万")
        for number in range(first, first + count)
    ]  # fmt: skip
    return table(("客户名称", "标签", "联系人", "手机", "信用额度"), *rows)


class Killed(BaseException):
    """The process has gone."""


def test_a_run_that_was_killed_goes_on_where_it_was_and_writes_no_row_twice(importing: Importing) -> None:
    desk, admin = importing.desk, importing.desk.admin
    whole = importing.check(admin, firms())
    found = importing.bring(admin, firms())

    def die(done: int, total: int | None, on: object = None) -> None:
        if done > 20 and on is not None:
            raise Killed

    with pytest.raises(Killed):
        importing.imports.run(found.id, admin.user_id, die)
    left = importing.now(found)
    assert (left.state, left.rows_done) == ("running", 20)
    assert desk.count(admin) == left.created
    done = importing.imports.run(found.id, admin.user_id)
    assert (done.state, done.rows_done) == ("done", ROWS)
    assert (done.created, done.duplicates, done.faulty) == (whole.created, whole.duplicates, whole.faulty)
    names = Counter(row[0] for row in importing.records("name"))
    assert max(names.values()) == 1
    assert desk.count(admin) == done.created
    assert importing.notes(done) == importing.notes(whole)
    assert importing.faults(done) == importing.faults(whole)
    created = [each for each in importing.history(done) if each["action"] == "create"]
    assert Counter(each["resource"] for each in created) == {
        "customers.customer": done.created,
        "customers.contact": done.created,
        "customers.party": done.created,
    }
    with pytest.raises(Conflict):
        importing.imports.run(found.id, admin.user_id)


def test_two_attempts_at_one_import_and_two_imports_of_one_file_make_each_firm_once(importing: Importing) -> None:
    desk, admin = importing.desk, importing.desk.admin
    mine, his = importing.bring(admin, firms()), importing.bring(desk.ann, firms())
    outcomes: list[Any] = []

    def run(found: Import) -> None:
        try:
            outcomes.append(importing.imports.run(found.id, found.user_id))
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(each,)) for each in (mine, mine, his)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each for each in outcomes if isinstance(each, Exception) and not isinstance(each, Conflict)] == []
    ended = [importing.now(mine), importing.now(his)]
    assert {each.state for each in ended} == {"done"}
    assert {each.rows_done for each in ended} == {ROWS}
    names = Counter(row[0] for row in importing.records("name"))
    assert max(names.values()) == 1
    assert sum(each.created for each in ended) == len(names)
    assert len(importing.records("id", key="customers.contact")) == len(names)


def test_a_run_stops_when_asked_and_goes_on_when_asked(importing: Importing) -> None:
    desk, admin = importing.desk, importing.desk.admin
    found = importing.bring(admin, firms())

    def stop(done: int, total: int | None, on: object = None) -> None:
        if done == 20:
            threading.Thread(target=importing.imports.stop, args=(found,)).start()

    stopped = importing.imports.run(found.id, admin.user_id, stop)
    for _attempt in range(100):
        if importing.now(found).state != "running":
            break
        threading.Event().wait(0.05)
    stopped = importing.now(found)
    assert stopped.state in ("stopped", "done")
    assert desk.count(admin) == stopped.created
    if stopped.state == "stopped":
        importing.imports.resume(stopped, admin)
        assert importing.now(found).state == "queued"
        done = importing.imports.run(found.id, admin.user_id)
        assert (done.state, done.rows_done) == ("done", ROWS)
    assert max(Counter(row[0] for row in importing.records("name")).values()) == 1


def test_rights_that_end_during_the_run_end_it(importing: Importing) -> None:
    desk, ann = importing.desk, importing.desk.ann
    found = importing.bring(ann, firms())
    told: list[int] = []

    def dismiss(done: int, total: int | None, on: Any = None) -> None:
        told.append(done)
        if done == 20:
            on.execute(update(User).where(User.id == ann.user_id).values(active=False))
            raise_access(on)

    with pytest.raises(Forbidden):
        importing.imports.run(found.id, ann.user_id, dismiss)
    left = importing.now(found)
    assert left.state == "failed"
    assert left.rows_done == 20 == max(told)
    assert desk.count(desk.admin) == left.created


def test_access_that_changes_elsewhere_does_not_disturb_a_run(importing: Importing) -> None:
    admin = importing.desk.admin
    found = importing.bring(admin, firms())

    def change(done: int, total: int | None, on: Any = None) -> None:
        raise_access(on)

    done = importing.imports.run(found.id, admin.user_id, change)
    whole = importing.check(admin, firms(prefix="另"))
    assert (done.state, done.created, done.duplicates) == ("done", whole.created, whole.duplicates)


def test_an_import_is_taken_back_as_a_whole(importing: Importing) -> None:
    desk, admin = importing.desk, importing.desk.admin
    old = desk.create(admin, name="旧公司", region="北京", code="OLD")
    content = table(
        ("客户编码", "客户名称", "客户类型", "地区", "联系人", "标签"),
        ("OLD", "旧公司", "新的类型", "上海", "", ""),
        ("NEW", "新公司", "新的类型", "广州", "刘洋", "新标签"),
        ("", "新二公司", "", "", "", ""),
    )
    done = importing.run(admin, content, mode="both", key="code")
    assert (done.created, done.updated) == (2, 1)
    assert "新的类型" in importing.words("customers.type").values()
    # A later change of what the import made or changed is in the way, and then nothing is touched.
    for record, field in ((old, "region"), (importing.records("id", "code")[1][0], "address")):
        with desk.writing(admin) as session:
            desk.records.update(session, desk.customers, record, {field: "深圳"}, desk.context(admin), version=None)
        with pytest.raises(Conflict):
            importing.imports.start_undo(done, admin)
        with pytest.raises(Conflict):
            importing.imports.undo(done.id, admin.user_id)
        assert desk.count(admin) == 3
        _forget_last_change(desk, record)
    with desk.writing(admin) as session:
        desk.records.update(session, desk.customers, old, {"region": "上海"}, desk.context(admin), version=None)
    # So is a record that has come to depend on it.
    new = next(row[0] for row in importing.records("id", "code") if row[1] == "NEW")
    contact = desk.create(admin, "customers.contact", customer=new, name="后来的人")
    with pytest.raises(Conflict, match="1"):
        importing.imports.start_undo(done, admin)
    with desk.writing(admin) as session:
        desk.records.delete(session, desk.resources["customers.contact"], contact, desk.context(admin))


def _forget_last_change(desk: Desk, record: int) -> None:
    """Let history know nothing of the last change, as if it had not been."""
    from sqlalchemy import delete, func, select

    from core.kernel.history import HistoryEntry

    entries: Any = HistoryEntry.__table__
    last = select(func.max(entries.c.id)).where(entries.c.resource == "customers.customer", entries.c.record == record)
    with desk.platform.database.transaction(write=True) as connection:
        connection.execute(delete(entries).where(entries.c.id == connection.scalar(last)))


def test_what_was_taken_back_is_as_if_it_had_not_been(importing: Importing) -> None:
    desk, admin = importing.desk, importing.desk.admin
    old = desk.create(admin, name="旧公司", region="北京", code="OLD")
    content = table(
        ("客户编码", "客户名称", "客户类型", "地区", "联系人", "标签"),
        ("OLD", "旧公司", "新的类型", "上海", "", ""),
        ("NEW", "新公司", "新的类型", "广州", "刘洋", "新标签"),
    )
    brought = importing.run(admin, content, mode="both", key="code")
    importing.imports.start_undo(brought, admin)
    told: list[int] = []

    def die(done: int, total: int | None, on: object = None) -> None:
        told.append(done)
        if len(told) == 1:
            raise Killed

    with pytest.raises(Killed):
        importing.imports.undo(brought.id, admin.user_id, die)
    importing.imports.undo(brought.id, admin.user_id)
    assert importing.now(brought).state == "undone"
    assert importing.records("id", "region", "type_id") == [(old, "北京", None)]
    assert importing.records("id", key="customers.contact") == []
    assert not {"新的类型", "新标签"} & {*importing.words("customers.type").values(),
                                     *importing.words("customers.tag").values()}  # fmt: skip
    assert desk.count(admin, ("q", "新公司")) == 0
    # The same file can come again.
    assert importing.run(admin, content, mode="both", key="code").created == 1
    with pytest.raises(Conflict):
        importing.imports.start_undo(importing.bring(admin, content), admin)


def test_others_know_nothing_of_an_import(importing: Importing) -> None:
    from core.kernel.errors import NotFound

    desk = importing.desk
    found = importing.bring(desk.ann, firms(prefix="安"))
    with importing.reading() as connection, pytest.raises(NotFound):
        importing.imports.get(connection, found.id, desk.bob.user_id)
    with pytest.raises(NotFound):
        importing.imports.run(found.id, desk.bob.user_id)
    done = importing.imports.run(found.id, desk.ann.user_id)
    assert desk.count(desk.ann) == done.created > 0 == desk.count(desk.bob)
    assert desk.count(desk.eve) == done.created
