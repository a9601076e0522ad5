"""The public pool of customers, handing over, merging, silent customers, and firms in several roles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from core.kernel.departments import Department, Membership
from core.kernel.generations import raise_access
from core.kernel.history import HistoryEntry
from core.testing.client import Client
from core.testing.samples import make_record
from core.testing.standing import Standing
from plugins.customers.models import Contact, Customer, FollowUp, Pool
from plugins.customers.ownership import keep_pools
from plugins.customers.partners import Supplier
from sopia import Session, now

API = "/api/v1/customers/customers"
_numbers = iter(range(1, 10_000))


class Office:
    """One department with a pool of its own, its head, two sellers, and somebody of another department."""

    def __init__(self, platform: Any, signed_in: Any, **rules: Any) -> None:
        self.platform = platform
        number = next(_numbers)
        people = {name: signed_in(name, role) for name, role in ROLES.items()}
        with platform.database.system("an office of the test") as session:
            sales = Department(name=f"Sales {number}", tree="line", position=1)
            other = Department(name=f"Other {number}", tree="line", position=2)
            session.add_all((sales, other))
            session.flush()
            for name, (_client, person) in people.items():
                place = other.id if name == "stranger" else sales.id
                session.add(Membership(user_id=person, department_id=place, head=name == "head", primary=True))
            pool = Pool(name=f"Pool {number}", **rules)
            pool.departments = [sales]
            session.add(pool)
            session.flush()
            raise_access(session)
            self.department, self.pool = sales.id, pool.id
        self.ids = {name: person for name, (_client, person) in people.items()}
        self.clients: dict[str, Client] = {name: client for name, (client, _person) in people.items()}
        self.admin, _person = signed_in("admin", "administrator")

    def customer(self, owner: str = "", **values: Any) -> int:
        """A customer of somebody, or in the pool."""
        name = values.pop("name", f"Firm {next(_numbers)} of the test")
        place: dict[str, Any] = {"pool_id": self.pool, "pooled_at": now()}
        if owner:
            place = {"owner_id": self.ids[owner], "department_id": self.department}
        with self.session() as session:
            return int(make_record(session, Customer, name=name, **place, **values).id)

    def session(self) -> Any:
        """A session of the system, whose changes are told."""
        return Told(self.platform)

    def read(self, customer: int) -> Any:
        """The customer as it is in the database."""
        with self.session() as session:
            return SimpleNamespace(**{c.key: getattr(session.get_one(Customer, customer), c.key)
                                      for c in Customer.__mapper__.column_attrs})  # fmt: skip

    def act(self, who: str, customer: int, action: str, **given: Any) -> Any:
        """Somebody's action on a customer, by the API."""
        return self.clients[who].send("POST", f"{API}/{customer}/actions/{action}", given)

    def undo(self, who: str, customer: int) -> int:
        """Undo what was last done to a customer; the status."""
        with self.session() as session:
            told = select(HistoryEntry.operation).where(HistoryEntry.resource == "customers.customer")
            last = session.scalars(told.where(HistoryEntry.record == customer).order_by(HistoryEntry.id.desc())).first()
        return int(self.clients[who].post("/undo", {"operation": last}).status)


ROLES = {"head": "manager", "seller": "member", "colleague": "member", "stranger": "member"}


class Told:
    """A session of the system whose changes are told to whoever watches."""

    def __init__(self, platform: Any) -> None:
        self._opened = platform.database.system("the test looks and makes")
        self._watchers = platform.gate.watchers

    def __enter__(self) -> Session:
        session: Session = self._opened.__enter__()
        session.info["watchers"] = self._watchers
        return session

    def __exit__(self, *error: Any) -> Any:
        return self._opened.__exit__(*error)


class WithCustomers(Standing):
    plugin = "customers"

    @pytest.fixture
    def office(self, installed_platform: Any, signed_in: Any) -> Office:
        return Office(installed_platform, signed_in, return_days=30, most_claims=2)


class TestPool(WithCustomers):
    def test_the_pool_is_seen_by_whom_it_names_and_keeps_the_rest_to_itself(self, office: Office) -> None:
        customer = office.customer(phone="021-5555 1234", phone_key="02155551234", address="Secret road 1")
        with office.session() as session:
            session.add(Contact(customer_id=customer, name="Hidden Contact"))
            session.add(FollowUp(customer_id=customer, content="Hidden words"))
        seller, stranger = office.clients["seller"], office.clients["stranger"]
        seen = seller.get(f"{API}/{customer}").json
        assert (seen["phone"], seen["address"], seen["pool"]["id"]) == (None, None, office.pool)
        assert seller.get(API, {"pool": str(office.pool)}).json["items"][0]["id"] == customer
        assert seller.get(API, {"phone__contains": "5555 1234"}).json["items"] == []
        page = seller.get(f"/customers/customers/{customer}").text
        assert "5555" not in page
        assert "Hidden" not in page
        for part in ("contacts", "follow-ups"):
            listed = seller.get(f"/api/v1/customers/{part}", {"customer": str(customer)})
            assert listed.json["items"] == []
        assert seller.get(f"{API}/{customer}/remarks").json["items"] == []
        assert stranger.get(f"{API}/{customer}").status == 404
        assert office.act("stranger", customer, "claim").status == 404
        assert seller.send("PATCH", f"{API}/{customer}", {"name": "Mine"}, if_match='"1"').status == 404
        assert office.admin.get(f"{API}/{customer}").json["address"] == "Secret road 1"

    def test_whoever_claims_has_the_customer_and_sees_all_of_it(self, office: Office) -> None:
        customer = office.customer(address="Secret road 1")
        told = office.act("seller", customer, "claim").json
        assert (told["owner"]["id"], told["address"], told["pool"]) == (office.ids["seller"], "Secret road 1", None)
        assert told["department"]["id"] == office.department
        assert office.clients["colleague"].get(f"{API}/{customer}").status == 404
        assert office.act("seller", customer, "claim").status == 409

    def test_of_many_who_claim_at_once_one_wins(self, office: Office) -> None:
        customer = office.customer()
        who = ["seller", "colleague"] * 16
        with ThreadPoolExecutor(32) as threads:
            answers = list(threads.map(lambda name: office.act(name, customer, "claim").status, who))
        assert answers.count(200) == 1
        assert set(answers) <= {200, 409, 404}
        assert office.read(customer).owner_id in (office.ids["seller"], office.ids["colleague"])

    def test_nobody_holds_more_claims_than_allowed_however_fast_he_is(self, office: Office) -> None:
        waiting = [office.customer() for _number in range(6)]
        with ThreadPoolExecutor(6) as threads:
            answers = list(threads.map(lambda each: office.act("seller", each, "claim").status, waiting))
        assert sorted(answers) == [200, 200, 409, 409, 409, 409]

    def test_giving_back_says_why_and_ends_with_nobody(self, office: Office) -> None:
        customer = office.customer("seller")
        assert office.act("seller", customer, "release").status == 422
        assert office.act("seller", customer, "release", reason="No need at present").status == 200
        kept = office.read(customer)
        assert (kept.owner_id, kept.department_id, kept.pool_id) == (None, None, office.pool)
        assert kept.pool_reason == "No need at present"
        assert office.act("colleague", customer, "claim").status == 200

    def test_a_head_assigns_from_the_pool_to_his_people_alone(self, office: Office) -> None:
        customer = office.customer()
        assert office.act("seller", customer, "assign", owner=office.ids["seller"]).status == 403
        assert office.act("head", customer, "assign", owner=office.ids["stranger"]).status == 422
        assert (
            office.act("head", customer, "assign", owner=office.ids["seller"], department=office.department).status
            == 200
        )
        assert office.read(customer).owner_id == office.ids["seller"]


class Runs:
    """What a job is given, for one that is run at once."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def session(self, *, write: bool = False) -> Any:
        return self._office.session()


class TestRules(WithCustomers):
    def test_customers_return_by_the_rule_after_a_warning(self, office: Office) -> None:
        long_ago = now() - timedelta(days=40)
        old = office.customer("seller", last_contact_at=long_ago, owned_since=long_ago)
        fresh = office.customer("seller", last_contact_at=now(), owned_since=long_ago)
        keep_pools(Runs(office))
        # The rule is new to it: it is said when, a week before, and nothing is taken yet.
        warned = office.read(old)
        assert warned.owner_id == office.ids["seller"]
        assert timedelta(days=6) < warned.returns_at - now() <= timedelta(days=7)
        with office.session() as session:
            session.get_one(Customer, old).returns_at = now() - timedelta(minutes=1)
        keep_pools(Runs(office))
        assert (office.read(old).owner_id, office.read(old).pool_id) == (None, office.pool)
        assert office.read(fresh).owner_id == office.ids["seller"]

    def test_whoever_is_spoken_with_stays_and_is_no_longer_silent(self, office: Office) -> None:
        customer = office.customer("seller", silent_at=now() - timedelta(days=3), returns_at=now() + timedelta(days=1))
        seller = office.clients["seller"]
        silent = {"silent_at__lt": "today", "owner": "me"}
        assert [each["id"] for each in seller.get(API, silent).json["items"]] == [customer]
        said = {"customer": customer, "content": "Spoke about the offer", "kind": "call"}
        assert seller.send("POST", "/api/v1/customers/follow-ups", said).status == 201
        assert seller.get(API, silent).json["items"] == []
        assert office.read(customer).returns_at > now() + timedelta(days=29)


class TestHandingOver(WithCustomers):
    def test_all_of_a_leaver_goes_to_another_and_comes_back_as_a_whole(self, office: Office) -> None:
        mine = [office.customer("seller") for _number in range(3)]
        foreign = office.customer("stranger")
        head = office.clients["head"]
        url = f"/api/v1/system/users/{office.ids['seller']}/actions/hand_over_customers"
        assert office.clients["seller"].send("POST", url, {"to": office.ids["colleague"]}).status in (403, 404)
        assert head.send("POST", url, {"to": office.ids["colleague"]}).status == 200
        assert {office.read(each).owner_id for each in mine} == {office.ids["colleague"]}
        assert office.read(foreign).owner_id == office.ids["stranger"]
        assert office.undo("head", mine[0]) == 303
        assert {office.read(each).owner_id for each in mine} == {office.ids["seller"]}


class TestMerging(WithCustomers):
    def test_a_merge_loses_nothing_and_is_undone_as_a_whole(self, office: Office) -> None:
        leaving = office.customer("seller", phone="021-1111 2222", code=f"K{next(_numbers)}")
        staying = office.customer("seller", industry="Trade")
        head = office.clients["head"]
        with office.session() as session:
            for customer in (leaving, staying):
                contact = Contact(customer_id=customer, name=f"Contact of {customer}")
                session.add(contact)
                session.flush()
                session.add(FollowUp(customer_id=customer, contact_id=contact.id, content="Said"))
        assert head.send("POST", f"{API}/{leaving}/remarks", {"kind": "comment", "text": "Know them"}).status == 201
        before = office.read(leaving), office.read(staying)
        told = office.act("head", leaving, "merge", into=staying)
        assert told.status == 200, told.text
        assert (told.json["id"], told.json["phone"], told.json["industry"]) == (staying, before[0].phone, "Trade")
        assert self.of(office, staying) == (2, 2, 1)
        assert head.get(f"{API}/{leaving}").status == 404
        assert office.undo("head", staying) == 303
        assert (self.of(office, leaving), self.of(office, staying)) == ((1, 1, 1), (1, 1, 0))
        after = office.read(leaving), office.read(staying)
        for old, new in zip(before, after, strict=True):
            for name in ("name", "phone", "code", "industry", "owner_id", "deleted_at", "party_id"):
                assert getattr(new, name) == getattr(old, name), name

    def of(self, office: Office, customer: int) -> tuple[int, int, int]:
        """Contacts, follow-ups and remarks of a customer."""
        head = office.clients["head"]
        named = {"customer": str(customer), "count": "true"}
        parts = [head.get(f"/api/v1/customers/{part}", named).json["count"] for part in ("contacts", "follow-ups")]
        remarks = head.get(f"{API}/{customer}/remarks").json["items"]
        return parts[0], parts[1], len(remarks)

    def test_whoever_may_not_edit_the_other_does_not_merge_it(self, office: Office) -> None:
        mine, foreign = office.customer("seller"), office.customer("stranger")
        assert office.act("seller", mine, "merge", **{"from": foreign}).status == 422
        assert office.act("seller", mine, "merge", **{"from": mine}).status == 409
        assert office.act("seller", mine, "merge").status == 422


class TestFirms(WithCustomers):
    def test_a_supplier_of_the_same_name_is_the_same_firm_and_is_shown(self, office: Office) -> None:
        number = next(_numbers)
        seller = office.clients["seller"]
        customer = seller.send("POST", API, {"name": f"上海云图{number}科技有限公司"}).json
        made = seller.send("POST", "/api/v1/customers/suppliers", {"name": f"上海市云图{number}科技有限公司"})
        assert made.status == 201, made.text
        with office.session() as session:
            supplier = session.get_one(Supplier, made.json["id"])
            assert supplier.party_id == customer["party"]["id"]
        page = seller.get(f"/customers/customers/{customer['id']}").text
        assert f"/customers/suppliers/{made.json['id']}" in page


class TestWords(WithCustomers):
    def test_a_word_is_replaced_everywhere_and_archived(self, office: Office) -> None:
        admin = office.admin
        types = "/api/v1/customers/types"
        old, new = (admin.send("POST", types, {"name": f"Type {next(_numbers)}"}).json["id"] for _number in range(2))
        customers = [office.customer("seller", type_id=old), office.customer("stranger", type_id=old)]
        act = f"{types}/{old}/actions/replace"
        assert office.clients["seller"].send("POST", act, {"by": new}).status == 403
        assert admin.send("POST", act, {"by": old}).status == 409
        assert admin.send("POST", act, {"by": new}).status == 200
        assert {office.read(each).type_id for each in customers} == {new}
        assert admin.get(f"{types}/{old}").json["archived"] is True
        with office.session() as session:
            told = select(HistoryEntry.action).where(
                HistoryEntry.resource == "customers.customer", HistoryEntry.record == customers[0]
            )
            assert "replace" in set(session.scalars(told))
