"""Statements that are kept give everybody his own rows, and take nothing but what they ask for."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import bindparam, delete, func, select

from core.kernel.database import Database
from core.kernel.errors import GateRefused
from core.kernel.gate import Gate
from core.kernel.kept import rows_of
from core.testing import Schema
from tests.gate.company import ANN, BOB, DAN, PLACES, Oracle, found, principal
from tests.gate.models import MODELS, Case, Line, Note, Part, Remark, Vault
from tests.gate.stage import state_of

TABLES: dict[str, Any] = {
    model.__tablename__.removeprefix("probe_"): model.__table__ for model in (Case, Line, Part, Note, Remark)
}
ALL = {name: select(table.c.id) for name, table in TABLES.items()}
SOME = {
    name: select(table.c.id, table.c.created_at).where(table.c.id.in_(bindparam("ids", expanding=True)))
    for name, table in TABLES.items()
    if "created_at" in table.c
}


@pytest.fixture
def schema() -> Schema:
    return Schema.of(*MODELS, fill=found)


@pytest.fixture
def gate(database: Database) -> Gate:
    return Gate(database, MODELS)


def test_everybody_sees_what_the_oracle_says_whoever_asked_before(database: Database, gate: Gate) -> None:
    people = {user: principal(database, user) for user in PLACES}
    state = state_of(database)
    for _turn in range(2):
        for user, person in people.items():
            oracle = Oracle(state, user)
            with gate.connection(person) as connection:
                for name, statement in ALL.items():
                    seen = {row[0] for row in rows_of(connection, statement, {}, by_key=True)}
                    assert seen == oracle.keys(name), (user, name)
                for name, statement in SOME.items():
                    for ids in ([], [1], [1, 4, 5], list(range(1, 40))):
                        given = rows_of(connection, statement, {"ids": ids})
                        assert list(given) == list(connection.execute(statement, {"ids": ids}).all())
                        assert {row[0] for row in given} == oracle.keys(name) & set(ids)


def test_the_gates_own_parameters_are_nobody_elses(database: Database, gate: Gate) -> None:
    with gate.connection(principal(database, BOB)) as connection:
        his = {row[0] for row in rows_of(connection, ALL["case"], {})}
    ann = principal(database, ANN)
    with gate.connection(ann) as connection:
        hers = {row[0] for row in rows_of(connection, ALL["case"], {})}
        assert hers != his
        for name in ("gate_me_1", "gate_me", "gate_users_1", "gate_departments_1", "gate_users_1_1"):
            for value in (BOB, [BOB]):
                assert {row[0] for row in rows_of(connection, ALL["case"], {name: value})} == hers


def test_what_is_sealed_or_unknown_or_a_change_stays_so(database: Database, gate: Gate) -> None:
    with gate.connection(principal(database, DAN)) as connection:
        assert list(rows_of(connection, select(Vault.__table__.c.id), {})) == []
        for statement in (
            select(Case.__table__.c.id).where(func.load_extension("x") == 1),
            delete(Case),
        ):
            with pytest.raises(GateRefused):
                rows_of(connection, statement, {})  # type: ignore[arg-type]
