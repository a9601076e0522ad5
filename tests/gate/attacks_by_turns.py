"""Attacks in several acts: people one after the other and side by side, so that what is remembered cannot leak."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import delete, func, insert, lambda_stmt, select, update
from sqlalchemy.orm import aliased, selectinload, undefer

from tests.gate.company import ADA, BOB, EVE
from tests.gate.models import Area, Case, CaseLabel, Line, Note, Part, Remark, Town
from tests.gate.stage import Stage, scene

BLIND = {"synchronize_session": False}
ADDRESS = re.compile(r"0x[0-9a-f]+")


def everything(session: Any) -> Any:
    """The usual reads, whose compiled forms are remembered."""
    other = aliased(Case)
    return [
        session.scalars(select(Case).order_by(Case.id)).all(),
        session.get(Case, 5),
        session.get(Case, 1),
        session.get(Line, 4),
        session.scalar(select(func.sum(Case.amount))),
        session.execute(select(Case.id, other.secret).join(other, Case.related_id == other.id)).all(),
        session.scalars(select(Case).options(selectinload(Case.lines), undefer(Case.related_amount))).all(),
        [town.cases for town in session.scalars(select(Town))],
        session.scalars(select(Remark)).all(),
        session.scalars(select(Area)).all(),
        session.execute(lambda_stmt(lambda: select(Case.secret))).all(),
    ]


def edits(stage: Stage, session: Any) -> None:
    """The usual writes on foreign rows, whose compiled forms are remembered by the mapper."""
    w = stage.world
    w.stub(session, Case, w.foreign["case"]).title = "edited"
    w.stub(session, Line, w.foreign["line"], case_id=w.foreign["case"]).amount = 3
    session.flush()


def deletes(stage: Stage, session: Any) -> None:
    """A flush that deletes."""
    w = stage.world
    session.delete(w.stub(session, Part, w.foreign["part"]))
    session.delete(w.stub(session, Note, w.foreign["note"]))
    session.flush()


def inserts(stage: Stage, session: Any) -> None:
    """A flush that inserts."""
    w = stage.world
    session.add(Case(title="t", code=f"c{session.info.get('round', 0)}", owner_id=BOB, department_id=3))
    session.add(Line(case_id=w.foreign["case"]))
    session.flush()


def statements(stage: Stage, session: Any) -> None:
    """Bulk changes."""
    w = stage.world
    session.execute(update(Case).where(Case.id == w.foreign["case"]).values(title="bulk").execution_options(**BLIND))
    session.execute(delete(CaseLabel).where(CaseLabel.case_id == 5).execution_options(**BLIND))


def undone(stage: Stage, user: int, act: Any) -> None:
    """Do something as somebody who may, and undo it: what stays is what is remembered."""
    try:
        with stage.session(user) as session:
            act(session)
            session.flush()
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass


def attempt(stage: Stage, act: Any) -> None:
    """Do something as the attacker."""
    with stage.session() as session:
        act(session)


@scene()
def reads_after_the_administrator(stage: Stage) -> Any:
    with stage.session(ADA, write=False) as session:
        everything(session)
    with stage.session(write=False) as session:
        return everything(session)


@scene()
def reads_after_the_administrator_on_a_writing_session(stage: Stage) -> Any:
    undone(stage, ADA, everything)
    with stage.session() as session:
        return everything(session)


@scene()
def reads_after_a_colleague_of_the_other_department(stage: Stage) -> Any:
    with stage.session(BOB, write=False) as session:
        everything(session)
    with stage.session(write=False) as session:
        return everything(session)


@scene()
def reads_after_a_newcomer_and_the_administrator(stage: Stage) -> Any:
    for user in (EVE, stage.user, ADA, stage.user, BOB):
        with stage.session(user, write=False) as session:
            everything(session)
    with stage.session(write=False) as session:
        return everything(session)


@scene()
def reads_while_the_administrator_reads(stage: Stage) -> Any:
    with stage.session(ADA, write=False) as high, stage.session(write=False) as low:
        everything(high)
        seen = everything(low)
        everything(high)
        low.expire_all()
        return [seen, everything(low)]


@scene()
def reads_while_the_other_department_reads(stage: Stage) -> Any:
    with stage.session(write=False) as low:
        first = low.scalars(select(Case)).all()
        with stage.session(BOB, write=False) as high:
            everything(high)
            second = everything(low)
        low.expire_all()
        return [first, second, everything(low)]


@scene()
def lazy_loads_after_the_inner_session_has_ended(stage: Stage) -> Any:
    with stage.session(write=False) as low:
        cases = low.scalars(select(Case)).all()
        with stage.session(ADA, write=False) as high:
            high.scalars(select(Case)).all()
        return [[case.related, case.lines, case.labels, case.related_amount] for case in cases]


@scene()
def iterates_while_the_administrator_reads(stage: Stage) -> Any:
    seen = []
    with stage.session(write=False) as low:
        for row in low.execute(select(Case.secret, Case.related_id)):
            with stage.session(ADA, write=False) as high:
                everything(high)
            seen.append(tuple(row))
    return seen


@scene()
def reads_in_many_threads_at_once(stage: Stage) -> Any:
    stage.person(ADA), stage.person(BOB), stage.person(stage.user)

    def read(number: int) -> Any:
        user = (ADA, stage.user, BOB)[number % 3]
        with stage.session(user, write=False) as session:
            seen = everything(session)
            return seen if user == stage.user else None

    with ThreadPoolExecutor(6) as pool:
        return list(pool.map(read, range(24)))


@scene()
def session_of_the_administrator_used_in_another_thread(stage: Stage) -> Any:
    with stage.session(ADA, write=False) as high, stage.session(write=False) as low, ThreadPoolExecutor(1) as pool:
        pool.submit(everything, high).result()
        return pool.submit(everything, low).result()


@scene()
def compiled_statements_shared_by_hand(stage: Stage) -> Any:
    cache: dict[Any, Any] = {}
    with stage.session(ADA, write=False) as session:
        session.connection(execution_options={"compiled_cache": cache}).execute(select(Case.secret)).all()
    with stage.session(write=False) as session:
        return session.connection(execution_options={"compiled_cache": cache}).execute(select(Case.secret)).all()


@scene()
def record_of_the_administrator_put_into_ones_session(stage: Stage) -> Any:
    with stage.session(ADA, write=False) as session:
        record = session.get_one(Case, stage.world.foreign["case"])
        session.expunge(record)
    with stage.session(write=False) as session:
        session.add(record)
        session.refresh(record)
        return record.secret


@scene()
def relations_of_a_record_of_the_administrator(stage: Stage) -> Any:
    with stage.session(ADA, write=False) as session:
        record = session.get_one(Case, stage.world.foreign["case"])
        session.expunge(record)
    with stage.session(write=False) as session:
        session.add(record)
        return list(record.lines)


@scene()
def edit_after_the_administrators(stage: Stage) -> Any:
    undone(stage, ADA, lambda session: edits(stage, session))
    attempt(stage, lambda session: edits(stage, session))


@scene()
def edit_before_and_after_the_administrators(stage: Stage) -> Any:
    for user in (stage.user, ADA):
        try:
            undone(stage, user, lambda session: edits(stage, session))
        except Exception:
            continue
    attempt(stage, lambda session: edits(stage, session))


@scene()
def edit_after_that_of_the_other_department(stage: Stage) -> Any:
    undone(stage, BOB, lambda session: edits(stage, session))
    attempt(stage, lambda session: edits(stage, session))


@scene()
def edit_kept_after_the_administrators_kept_one(stage: Stage) -> Any:
    with stage.session(ADA) as session:
        stage.world.stub(session, Case, 9).title = "by the administrator"
    stage.begin_here()
    attempt(stage, lambda session: edits(stage, session))


@scene()
def deletion_after_the_administrators(stage: Stage) -> Any:
    undone(stage, ADA, lambda session: session.delete(stage.world.stub(session, Part, 4)))
    attempt(stage, lambda session: session.delete(stage.world.stub(session, Part, stage.world.foreign["part"])))


@scene()
def deletion_after_that_of_the_owner(stage: Stage) -> Any:
    undone(stage, BOB, lambda session: deletes(stage, session))
    attempt(stage, lambda session: deletes(stage, session))


@scene()
def insertion_after_the_administrators(stage: Stage) -> Any:
    undone(stage, ADA, lambda session: inserts(stage, session))
    attempt(stage, lambda session: inserts(stage, session))


@scene()
def bulk_change_after_the_administrators(stage: Stage) -> Any:
    undone(stage, ADA, lambda session: statements(stage, session))
    attempt(stage, lambda session: statements(stage, session))


@scene()
def bulk_change_after_a_newcomers(stage: Stage) -> Any:
    for user in (EVE, ADA, BOB):
        undone(stage, user, lambda session: statements(stage, session))
    attempt(stage, lambda session: statements(stage, session))


@scene()
def bulk_insert_after_the_administrators(stage: Stage) -> Any:
    values = {"title": "t", "code": "bulk", "owner_id": BOB, "department_id": 3}
    undone(stage, ADA, lambda session: session.execute(insert(Case), [values]))
    attempt(stage, lambda session: session.execute(insert(Case), [values]))


@scene()
def writes_while_the_administrator_reads(stage: Stage) -> Any:
    with stage.session(ADA, write=False) as high, stage.session() as low:
        everything(high)
        edits(stage, low)


@scene()
def writes_by_turns_in_one_thread(stage: Stage) -> Any:
    for _ in range(3):
        with stage.session(ADA) as session:
            session.get_one(Case, 9).title += "!"
    stage.begin_here()
    with stage.session() as session:
        record = stage.world.stub(session, Case, 9, version=4)
        record.title = "mine now"


@scene()
def principal_swapped_on_the_session(stage: Stage) -> Any:
    with stage.session(write=False) as session:
        session.info["principal"] = stage.person(ADA)
        return session.scalars(select(Case)).all()


@scene()
def oracle_of_error_texts(stage: Stage) -> Any:
    """Whether the answer for a foreign record differs from the answer for one that does not exist."""

    def answer(act: Any) -> str:
        try:
            with stage.session() as session:
                act(session)
                session.flush()
        except Exception as error:
            return f"{type(error).__name__}: {ADDRESS.sub('', str(error).splitlines()[0])}"
        return "done"

    foreign, missing = 5, 99_999
    acts: list[Any] = [
        lambda key: lambda session: session.get_one(Case, key),
        lambda key: lambda session: session.add(Line(case_id=key)),
        lambda key: lambda session: session.add(Case(title="t", code="t", owner_id=stage.user, related_id=key)),
        lambda key: lambda session: session.add(Remark(resource="probe.case", record_id=key)),
        lambda key: lambda session: setattr(stage.world.stub(session, Case, key), "title", "x"),
        lambda key: lambda session: session.refresh(stage.world.stub(session, Case, key)),
        lambda key: lambda session: session.delete(stage.world.stub(session, Part, key if key > 9 else 4)),
    ]
    told = []
    for act in acts:
        words = [re.sub(r"\b(5|4|99999)\b", "N", answer(act(key))) for key in (foreign, missing)]
        if words[0] != words[1]:
            told.append(words)
    return f"LEAK: {told}" if told else "alike"
