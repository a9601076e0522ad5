"""Customers that a file brings are what they would be one by one: firms of one name are one, dates follow the rules."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import structlog.testing
from sqlalchemy import select

from core.assembly import PARTS
from core.kernel.access import load_principal
from core.kernel.discovery import discover
from core.kernel.history import HistoryEntry
from core.kernel.registry import build_registry
from core.resources.conditions import Context
from core.resources.importing.imports import Imports
from core.resources.many import Many
from core.resources.queries import today_in
from core.resources.records import Records
from core.testing.samples import make_record
from plugins.customers.models import Customer, Level
from plugins.customers.partners import Distributor, Supplier
from sopia import now
from tests.plugins.test_customers_pool import Office, WithCustomers
from tests.resources.desk import ZONE

SILENT = 60


def bring(office: Office, who: str, into: str, text: str) -> Any:
    """The import of a file, after its run."""
    with office.platform.database.transaction(write=False) as connection:
        principal = load_principal(connection, office.ids[who])
    imports = Imports(office.platform)
    found = imports.bring(principal, office.platform.above[into], BytesIO(text.encode()), "list.csv")
    return imports.run(found.id, principal.user_id)


class TestMany(WithCustomers):
    @pytest.fixture
    def office(self, installed_platform: Any, signed_in: Any) -> Office:
        return Office(installed_platform, signed_in, return_days=30)

    def test_a_file_gives_the_firm_and_the_dates_that_single_records_get(self, office: Office) -> None:
        mark = f"many{office.pool}"
        with office.session() as session:
            level = make_record(session, Level, name=f"{mark} close", contact_days=7).name
            make_record(session, Supplier, name=f"{mark} one", name_key=f"{mark}one", owner=office.ids["stranger"])
            known = make_record(session, Supplier, name=f"{mark} two", name_key=f"{mark}two")
            gone = make_record(session, Distributor, name=f"{mark} six", name_key=f"{mark}six")
            gone.deleted_at = gone.created_at
            firm, other = known.party_id, gone.party_id
        rows = [f"{mark} two,{level},2026-11-01", f"{mark} four,{level},", f"{mark} five,,2026-10-02", f"{mark} six,,"]
        done = bring(office, "seller", "customers.customer", "\n".join(["客户名称,客户等级,最近联系", *rows]))
        assert done.created == 4
        with office.session() as session:
            made = {
                each.name.removeprefix(f"{mark} "): each
                for each in session.scalars(select(Customer).where(Customer.name.startswith(mark)))
            }
            assert made["two"].party_id == firm
            assert len({firm, other, *(each.party_id for each in made.values())}) == 5
            for name, days in {"two": 7, "four": 7, "five": SILENT, "six": SILENT}.items():
                each = made[name]
                assert each.owned_since == each.created_at
                assert each.silent_at == (each.last_contact_at or each.created_at) + timedelta(days=days)
                assert each.returns_at == each.created_at + timedelta(days=30)
            assert {each.version for name, each in made.items() if name != "two"} == {1}
            joined = select(HistoryEntry.after).where(
                HistoryEntry.operation == done.operation, HistoryEntry.action == "edit"
            )
            assert session.scalars(joined).all() == [{"party_id": firm}]

    def test_suppliers_of_a_file_join_the_firms_of_customers_nobody_lets_them_see(self, office: Office) -> None:
        mark = f"file{office.pool}"
        hidden = office.customer("stranger", name=f"{mark} one", name_key=f"{mark}one")
        done = bring(office, "seller", "customers.supplier", f"供应商名称\n{mark} one\n{mark} two\n")
        assert done.created == 2
        with office.session() as session:
            made = session.scalars(select(Supplier).where(Supplier.name.startswith(mark)).order_by(Supplier.id)).all()
            firm = session.get_one(Customer, hidden).party_id
            assert [each.party_id == firm for each in made] == [True, False]

    def test_many_are_handed_out_at_once_and_the_rules_count_from_then(self, office: Office) -> None:
        ids = [office.customer("colleague", owned_since=now() - timedelta(days=9)) for _number in range(3)]
        platform = office.platform
        with platform.database.transaction(write=False) as connection:
            head = load_principal(connection, office.ids["head"])
        context = Context(head, ZONE, "CNY", today_in(ZONE))
        many = Many(Records(platform.above, platform.registry.hooks), platform.above["customers.customer"])
        with platform.gate.session(head, write=True) as session, structlog.testing.capture_logs() as told:
            outcome = many.run(session, "assign", ids, {"owner": office.ids["seller"]}, context)
        assert (outcome.done, outcome.refused) == (3, [])
        assert sum("customers are silent" in each.get("reason", "") for each in told) == 1
        for each in map(office.read, ids):
            assert each.owner_id == office.ids["seller"]
            assert each.returns_at == each.owned_since + timedelta(days=30)


@pytest.mark.sqlite
def test_with_all_plugins_customers_suppliers_and_distributors_are_written_in_bulk() -> None:
    hooks = build_registry(discover(), system=PARTS.system).hooks
    for key in ("customers.customer", "customers.supplier", "customers.distributor"):
        assert hooks.need_each(key) == ()
    assert set(hooks.need_each("customers.contact")) <= {"customers"}
