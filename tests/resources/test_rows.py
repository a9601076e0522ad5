"""Rows that are read and written inside their record: who may, what is checked, what stays of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select

from core.kernel.access import Principal, load_principal
from core.kernel.database import Database
from core.kernel.discovery import Found
from core.kernel.errors import Forbidden, Invalid, NotFound, PluginError
from core.kernel.gate import Gate
from core.kernel.history import HistoryEntry, undo
from core.kernel.registry import build_registry
from core.kernel.roles import FieldGrant, Grant, Role, UserRole
from core.kernel.users import User
from core.resources.conditions import Context
from core.resources.queries import Lists, read_list, today_in
from core.resources.records import Records
from core.resources.representation import json_of
from core.resources.resolved import Resources
from core.resources.resource import Resource, Rows
from core.resources.rows import resolve_rows
from core.testing.databases import Schema
from tests.resources.shop import ShopLine, ShopOrder


@dataclass
class Shop:
    """Two clerks, a reader, and what they do with orders."""

    database: Database
    gate: Gate
    resources: Resources
    people: dict[str, int]

    @property
    def order(self) -> Any:
        return self.resources["shop.order"]

    @property
    def records(self) -> Records:
        return Records(self.resources, self.resources.registry.hooks)

    def who(self, name: str) -> Principal:
        with self.database.transaction(write=False) as connection:
            return load_principal(connection, self.people[name])

    def context(self, name: str) -> Context:
        from zoneinfo import ZoneInfo

        zone = ZoneInfo("Asia/Shanghai")
        return Context(self.who(name), zone, "CNY", today_in(zone))

    def create(self, name: str, **given: Any) -> int:
        with self.gate.session(self.who(name), write=True) as session:
            return int(self.records.create(session, self.order, given, self.context(name)).id)

    def update(self, name: str, record_id: int, **given: Any) -> None:
        with self.gate.session(self.who(name), write=True) as session:
            self.records.update(session, self.order, record_id, given, self.context(name), version=None)

    def read(self, name: str, record_id: int) -> dict[str, Any]:
        with self.gate.connection(self.who(name)) as connection:
            row = self.records.row(connection, self.order, record_id, self.context(name))
        told = {cell.path: json_of(cell.field, row.values[cell.path], "CNY") for cell in row.cells}
        return {**told, "version": row.version}


@pytest.fixture
def schema() -> Schema:
    return Schema.of(ShopOrder, ShopLine)


@pytest.fixture
def shop(database: Database) -> Shop:
    registry = build_registry(
        ("shop",),
        found={"shop": Found("shop", "tests.resources.shop:plugin")},
        system="core.system:plugin",
        strict=True,
    )
    resources = Resources(registry)
    people = {}
    with database.system("test") as session:
        clerk, reader, blind = Role(name="Clerk"), Role(name="Reader"), Role(name="Blind")
        # Nothing is said of lines: an order's grants are those of its rows.
        clerk.grants = [
            Grant(resource="shop.order", action=action, scope="own") for action in ("view", "create", "edit", "delete")
        ]
        reader.grants = [Grant(resource="shop.order", action="view", scope="all")]
        blind.grants = [Grant(resource="shop.order", action=action, scope="all") for action in ("view", "edit")]
        blind.fields = [FieldGrant(resource="shop.line", field="secret", access="hidden")]
        session.add_all([clerk, reader, blind])
        for name, role in (("anna", clerk), ("bert", clerk), ("carl", reader), ("dora", blind)):
            user = User(login=name, name=name)
            session.add(user)
            session.flush()
            session.add(UserRole(user_id=user.id, role_id=role.id))
            people[name] = user.id
        session.flush()
    return Shop(database, Gate(database, registry.models), resources, people)


LINES = [{"product": "Desk", "quantity": "2", "price": "1200.50"}, {"product": "Chair"}]


def test_lines_come_and_go_with_their_order(shop: Shop) -> None:
    order = shop.create("anna", number="1", lines=LINES)
    lines = shop.read("anna", order)["lines"]
    assert [(line["product"], line["quantity"], line["price"]) for line in lines] == [
        ("Desk", "2.00", "1200.50"),
        ("Chair", "1.00", None),
    ]
    shop.update("anna", order, lines=[{"id": lines[1]["id"], "quantity": 6}, {"product": "Lamp"}])
    read = shop.read("anna", order)
    assert [(line["product"], line["quantity"]) for line in read["lines"]] == [("Chair", "6.00"), ("Lamp", "1.00")]
    assert read["lines"][0]["id"] == lines[1]["id"]
    assert read["version"] == 2


def test_lines_keep_the_order_in_which_they_were_given(shop: Shop) -> None:
    order = shop.create("anna", number="1", lines=[{"product": name} for name in "abc"])
    lines = shop.read("anna", order)["lines"]
    shop.update("anna", order, lines=[{"id": line["id"]} for line in reversed(lines)])
    assert [line["product"] for line in shop.read("anna", order)["lines"]] == ["c", "b", "a"]


def test_the_same_lines_again_change_nothing(shop: Shop) -> None:
    order = shop.create("anna", number="1", lines=LINES)
    read = shop.read("anna", order)
    shop.update("anna", order, lines=read["lines"])
    assert shop.read("anna", order) == read


def test_who_does_not_see_the_order_does_not_reach_its_lines(shop: Shop) -> None:
    order = shop.create("anna", number="1", lines=LINES)
    with pytest.raises(NotFound):
        shop.read("bert", order)
    with pytest.raises(NotFound):
        shop.update("bert", order, lines=[])
    own = shop.create("bert", number="2", lines=LINES)
    stolen = shop.read("anna", order)["lines"][0]["id"]
    with pytest.raises(Invalid) as refused:
        shop.update("bert", own, lines=[{"id": stolen, "product": "Mine"}])
    assert [error.field for error in refused.value.errors] == ["lines.0.id"]
    assert [line["product"] for line in shop.read("anna", order)["lines"]] == ["Desk", "Chair"]


def test_who_only_sees_the_order_sees_its_lines_and_changes_none(shop: Shop) -> None:
    order = shop.create("anna", number="1", lines=LINES)
    assert len(shop.read("carl", order)["lines"]) == 2
    with pytest.raises(Forbidden):
        shop.update("carl", order, lines=[])


def test_a_hidden_field_of_a_line_is_neither_read_nor_written(shop: Shop) -> None:
    order = shop.create("anna", number="1", lines=[{"product": "Desk", "secret": "cheap"}])
    line = shop.read("dora", order)["lines"][0]
    assert "secret" not in line
    with pytest.raises(Invalid) as refused:
        shop.update("dora", order, lines=[{"id": line["id"], "secret": "dear"}])
    assert [error.field for error in refused.value.errors] == ["lines.0.secret"]
    shop.update("dora", order, lines=[{"id": line["id"], "quantity": 3}])
    assert (
        shop.read("anna", order)["lines"][0] | {"secret": "cheap", "quantity": "3.00"}
        == shop.read("anna", order)["lines"][0]
    )


def test_each_wrong_cell_is_named_and_nothing_is_written(shop: Shop) -> None:
    with pytest.raises(Invalid) as refused:
        shop.create(
            "anna", number="1", lines=[{"product": "Desk"}, {"quantity": "many"}, {"product": "x" * 51, "order": 1}]
        )
    assert [error.field for error in refused.value.errors] == [
        "lines.1.quantity",
        "lines.2.product",
        "lines.2.order",
    ]
    with shop.database.transaction(write=False) as connection:
        assert connection.execute(select(ShopOrder.id)).all() == []


def test_rows_of_many_records_cost_a_fixed_number_of_statements(shop: Shop) -> None:
    for number in range(12):
        shop.create("anna", number=f"{number}", lines=LINES)
    context = shop.context("anna")
    wanted = read_list(shop.resources, shop.order, [("fields", "number,lines")], context)
    with shop.gate.connection(shop.who("anna")) as connection:
        page = Lists(shop.resources, shop.order).page(connection, wanted, context)
    assert [len(row[2]) for row in page.rows] == [2] * 12


def test_a_change_of_lines_is_told_and_undone_line_by_line(shop: Shop) -> None:
    order = shop.create("anna", number="1", lines=LINES)
    kept = shop.read("anna", order)["lines"][0]
    shop.update("anna", order, lines=[{"id": kept["id"], "quantity": 9}])
    with shop.database.system("test") as session:
        entries = session.scalars(
            select(HistoryEntry).where(HistoryEntry.resource == "shop.line").order_by(HistoryEntry.id)
        )
        told = [(entry.action, entry.operation) for entry in entries]
    assert [action for action, _operation in told] == ["create", "create", "delete", "edit"]
    with shop.database.transaction(write=False) as connection:
        administrator = replace(load_principal(connection, shop.people["anna"]), administrator=True)
    with shop.gate.session(administrator, write=True, bin=True) as session:
        undo(session, told[-1][1], shop.resources.models)
    assert [(line["product"], line["quantity"]) for line in shop.read("anna", order)["lines"]] == [
        ("Desk", "2.00"),
        ("Chair", "1.00"),
    ]


def test_rows_that_do_not_fit_their_model_keep_the_start(shop: Shop) -> None:
    for wrong in (
        Rows("owner", fields=("id",)),
        Rows("lines", fields=("colour",)),
        Rows("lines", ("product",), key=("x",)),
    ):
        with pytest.raises(PluginError, match=r"shop\.order"):
            resolve_rows(Resource(ShopOrder), wrong, "core")
