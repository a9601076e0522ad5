"""Why somebody can or cannot do something: the sentences, and that they agree with the gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.kernel.access import NOBODY
from core.kernel.compiler import InScope
from core.kernel.database import Base, Database, Session
from core.kernel.departments import Department
from core.kernel.explain import explain, judge
from core.kernel.gate import Gate
from core.kernel.i18n import Catalogues, activate
from core.kernel.predicates import key_of
from core.kernel.roles import Group, GroupMember, Share
from core.kernel.shipped_roles import find_role, install_roles
from core.kernel.types import now
from core.kernel.users import User
from core.testing import Schema
from tests.gate.company import ADA, ANN, BOB, DAN, EVE, IDA, found, principal
from tests.gate.models import MODELS, Area, Bond, Case, Errand, Label, Line, Note, Paper, Part, Remark, Town, Vault
from tests.kernel.people import Company

JUDGED = (Town, Case, Line, Part, Label, Area, Remark, Bond, Paper, Errand, Note)


@pytest.fixture
def schema() -> Schema:
    return Schema.of(*MODELS, fill=found)


@pytest.mark.parametrize("action", ["view", "edit", "delete"])
def test_explanation_agrees_with_the_gate_for_everybody_and_every_record(database: Database, action: str) -> None:
    with database.system("test") as session:
        session.add_all(
            [
                Share(resource="probe.case", record_id=5, user_id=DAN),
                Share(resource="probe.case", record_id=6, department_id=1, write=True),
                Share(resource="probe.case", record_id=9, user_id=EVE, expires_at=now() - timedelta(days=1)),
                Share(resource="probe.label", record_id=2, user_id=IDA, write=True),
            ]
        )
    kernel = [mapper.class_ for mapper in Base.registry.mappers if mapper.class_.__tablename__.startswith("system_")]
    gate = Gate(database, [*MODELS, *kernel])
    for user in range(ADA, IDA + 1):
        person = principal(database, user)
        for model in JUDGED:
            resource = key_of(model.__tablename__)
            with gate.session(person) as scoped:
                narrowed = (InScope(model.__tablename__, action),) if action != "view" else ()
                open_ones = set(scoped.scalars(select(model.id).where(*narrowed)))
            with database.system("test", write=False) as session:
                judged = {
                    record.id
                    for record in session.scalars(select(model))
                    if judge(session, person, resource, record, action).allowed
                }
            assert judged == open_ones, (person.name, model.__name__)


Why = Callable[..., str]


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.system("test") as session:
        yield session


@pytest.fixture
def why(session: Session) -> Why:
    """Asks why a person of the company can or cannot see a record."""

    def ask(user: int, model: type[Any], key: int, action: str = "view") -> str:
        session.flush()
        record = session.get_one(model, key)
        person = Company(session).principal(session.get_one(User, user))
        return str(explain(session, person, key_of(model.__tablename__), record, action))

    return ask


def test_sentence_names_owner_department_and_role(why: Why) -> None:
    assert why(ANN, Case, 1) == "ann can see this record, because it is this person's own."
    assert why(ANN, Case, 2) == "ann can see this record, because this person belongs to 'East', where it was made."
    assert why(ANN, Case, 11, "edit") == "ann can edit this record, because it is this person's own."
    assert why(ADA, Case, 1, "confirm").endswith("because the role 'Role 1' allows it for all records.")


def test_sentence_names_the_role_that_reaches_down(why: Why, session: Session) -> None:
    company = Company(session)
    role = company.role("Inspector", {"probe.*": {"view": "branch"}})
    eve = session.get_one(User, EVE)
    company.give(role, eve, at=session.get_one(Department, 1))
    expected = "eve can see this record, because the role 'Inspector' reaches down to 'Shop', where it was made."
    assert why(EVE, Case, 7) == expected
    session.get_one(Case, 7).department_id = None
    expected = "its owner cat belongs to 'Shop', which the role 'Inspector' reaches."
    assert why(EVE, Case, 7).endswith(expected)


def test_sentence_names_what_is_missing(why: Why, session: Session) -> None:
    assert why(DAN, Case, 1) == (
        "dan cannot see this record, because the roles reach only own records, and this one belongs to ann."
    )
    assert why(DAN, Case, 8).endswith("and this one belongs to nobody.")
    assert why(ANN, Case, 5) == (
        "ann cannot see this record, because it was made in 'West', which the roles do not reach."
    )
    assert why(EVE, Case, 1) == (
        "eve cannot see this record, because no role of this person allows it, and it is not shared for that."
    )
    assert why(ANN, Case, 13).endswith("because it is in the recycle bin.")
    assert why(ANN, Paper, 2).endswith("because its 'level' lies above what this person is cleared for.")
    assert why(BOB, Note, 1).endswith("because it is a private one of somebody else.")
    assert why(ADA, Vault, 1).endswith("because only the platform itself works with such records.")
    assert why(ANN, Town, 1, "edit").endswith("no role allows it for all of them.")


def test_sentence_tells_who_it_is_shared_with(why: Why, session: Session) -> None:
    group = Group(name="Tenders")
    session.add(group)
    session.flush()
    session.add(GroupMember(group_id=group.id, user_id=EVE))
    share = Share(resource="probe.case", record_id=5, user_id=EVE)
    session.add(share)
    assert why(EVE, Case, 5).endswith("because it is shared with this person.")
    assert why(EVE, Case, 5, "edit").startswith("eve cannot edit")
    share.user_id, share.group_id, share.write = None, group.id, True
    assert why(EVE, Case, 5, "edit").endswith("because it is shared with the group 'Tenders'.")
    share.group_id, share.department_id = None, 1
    assert why(DAN, Case, 5, "edit").endswith("because it is shared with the department 'East'.")


def test_sentence_for_a_part_tells_of_the_whole(why: Why) -> None:
    assert why(ANN, Line, 4) == (
        "ann cannot see this record, because it is part of a record that is out of reach: "
        "it was made in 'West', which the roles do not reach."
    )
    assert why(ANN, Part, 4).endswith("out of reach: it was made in 'West', which the roles do not reach.")
    assert "hangs on a record that is out of reach" in why(ANN, Remark, 3)
    assert why(ANN, Remark, 1).endswith("it hangs on a record that this person sees.")


def test_nobody_and_read_only_tokens_are_told_so(session: Session) -> None:
    record = session.get_one(Case, 1)
    said = str(explain(session, NOBODY, "probe.case", record, "view"))
    assert said == "This record stays closed, because nobody who is active is signed in."
    ann = Company(session).principal(session.get_one(User, ANN)).with_read_only()
    assert str(explain(session, ann, "probe.case", record, "edit")).endswith("because the token may only read.")
    assert judge(session, ann, "probe.case", record, "view").allowed


def test_administrator_and_chinese_reader_understand_it(session: Session) -> None:
    install_roles(session)
    role = find_role(session, "administrator")
    assert role
    root = Company(session).person("root", roles=(role,))
    sentence = explain(session, Company(session).principal(root), "probe.case", session.get_one(Case, 1), "view")
    assert str(sentence) == "Root can see this record, because the administrator may do everything."
    with activate(Catalogues(), "zh_Hans"):
        assert str(sentence) == "Root可以查看这条记录，因为系统管理员可以做任何事。"
