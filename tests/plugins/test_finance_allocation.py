"""Money that settles what is owed: nothing twice, nothing lost, to the cent, whoever comes at the same moment."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.kernel.platform import Platform
from core.testing.client import Client
from core.testing.samples import make_record
from core.testing.standing import SignIn, Standing
from plugins.customers.models import Customer
from plugins.finance import figures, services
from plugins.finance.models import Account, Allocation, Receipt, Receivable
from plugins.finance.services import IN
from sopia import Money

API = "/api/v1/finance"
CLIENTS = 32


class TestAllocation(Standing):
    plugin = "finance"

    @pytest.fixture
    def firm(self, installed_platform: Platform) -> dict[str, int]:
        """A customer with nothing yet, and an account."""
        with installed_platform.database.system("a customer for a test") as session:
            customer = make_record(session, Customer)
            account = session.scalars(select(Account.id)).first()
            assert account is not None
            return {"party": customer.party_id, "customer": customer.id, "account": account}

    def owe(self, client: Client, firm: dict[str, int], amount: str, due: str = "2026-03-31") -> int:
        body = {"party": firm["party"], "amount": amount, "on": "2026-03-01", "due_on": due, "source": "HT-1"}
        answer = client.send("POST", f"{API}/receivables", body)
        assert answer.status == 201, answer.text
        return int(answer.json["id"])

    def receive(self, client: Client, firm: dict[str, int], amount: str, on: str = "2026-03-05") -> int:
        body = {"party": firm["party"], "amount": amount, "on": on, "account": firm["account"]}
        answer = client.send("POST", f"{API}/receipts", body)
        assert answer.status == 201, answer.text
        confirmed = client.send("POST", f"{API}/receipts/{answer.json['id']}/actions/confirm", {})
        assert (confirmed.status, confirmed.json["state"]) == (200, "confirmed"), confirmed.text
        return int(answer.json["id"])

    def act(self, client: Client, receipt: int, action: str, body: Any) -> Any:
        return client.send("POST", f"{API}/receipts/{receipt}/actions/{action}", body)

    # ------------------------------------------------------------------------------------------------ one by one

    def test_a_receipt_settles_what_it_is_told_and_gives_it_back(self, signed_in: SignIn, firm: dict[str, int]) -> None:
        client, _person = signed_in("cashier", "administrator")
        owed, receipt = self.owe(client, firm, "1000.00"), self.receive(client, firm, "600.00")
        answer = self.act(client, receipt, "allocate", {"to": [{"receivable": owed, "amount": "250.50"}]})
        assert (answer.status, answer.json["allocated"], answer.json["left"]) == (200, "250.50", "349.50"), answer.text
        there = client.get(f"{API}/receivables/{owed}").json
        assert (there["settled"], there["open"], there["state"]) == ("250.50", "749.50", "part")
        assert there["party"]["id"] == firm["party"]
        assert there["party"]["label"] == there["customer"]["label"]
        self.act(client, receipt, "release", {})
        there = client.get(f"{API}/receivables/{owed}").json
        assert (there["settled"], there["open"], there["state"]) == ("0.00", "1000.00", "open")

    def test_more_than_is_left_or_open_is_refused_with_the_figures(
        self, signed_in: SignIn, firm: dict[str, int]
    ) -> None:
        client, _person = signed_in("cashier", "administrator")
        owed, receipt = self.owe(client, firm, "100.00"), self.receive(client, firm, "150.00")
        over = self.act(client, receipt, "allocate", {"to": [{"receivable": owed, "amount": "100.01"}]})
        assert over.status == 409
        assert "100.01" in over.text
        assert "100.00" in over.text
        over = self.act(client, receipt, "allocate", {"to": [{"receivable": owed, "amount": "150.01"}]})
        assert over.status == 409
        line = {"receivable": owed, "amount": "1"}
        strange = (
            {**line, "more": 1},
            {**line, "amount": "-1"},
            {**line, "receivable": True},
            {**line, "receivable": 10**9},
        )
        for wrong in ("x", [1], [{"receivable": owed}], line, *([each] for each in strange)):
            assert self.act(client, receipt, "allocate", {"to": wrong}).status == 422, wrong
        assert client.get(f"{API}/receipts/{receipt}").json["allocated"] == "0.00"

    def test_without_a_list_the_oldest_are_settled_and_the_rest_stays_as_an_advance(
        self, signed_in: SignIn, firm: dict[str, int]
    ) -> None:
        client, _person = signed_in("cashier", "administrator")
        late = self.owe(client, firm, "70.00", "2026-05-01")
        early = self.owe(client, firm, "50.00", "2026-04-01")
        receipt = self.receive(client, firm, "60.00")
        assert self.act(client, receipt, "allocate", {}).json["left"] == "0.00"
        opened = [client.get(f"{API}/receivables/{each}").json["open"] for each in (early, late)]
        assert opened == ["0.00", "60.00"]
        more = self.receive(client, firm, "100.00")
        assert self.act(client, more, "allocate", {}).json["left"] == "40.00"
        advances = client.get(
            f"{API}/receipts", {"state": "confirmed", "left__gt": "0", "party": str(firm["party"])}
        ).json
        assert [each["id"] for each in advances["items"]] == [more]

    def test_confirmed_ones_are_countered_and_never_edited(self, signed_in: SignIn, firm: dict[str, int]) -> None:
        client, _person = signed_in("cashier", "administrator")
        owed, receipt = self.owe(client, firm, "80.00"), self.receive(client, firm, "80.00")
        self.act(client, receipt, "allocate", {})
        version = str(client.get(f"{API}/receipts/{receipt}").json["version"])
        assert client.send("PATCH", f"{API}/receipts/{receipt}", {"amount": "90.00"}, if_match=version).status == 409
        assert client.send("DELETE", f"{API}/receipts/{receipt}").status == 409
        assert client.send("DELETE", f"{API}/receivables/{owed}").status == 409
        assert self.act(client, receipt, "counter", {}).status == 422
        countered = self.act(client, receipt, "counter", {"reason": "Wrong firm"}).json
        assert (countered["state"], countered["allocated"]) == ("countered", "0.00")
        assert client.get(f"{API}/receivables/{owed}").json["open"] == "80.00"
        assert self.act(client, receipt, "allocate", {}).status == 409

    def test_another_firms_debt_and_a_draft_are_not_settled(self, signed_in: SignIn, firm: dict[str, int]) -> None:
        client, person = signed_in("cashier", "administrator")
        mine, _login = client, person
        owed = self.owe(client, firm, "80.00")
        other = client.send("POST", "/api/v1/customers/customers", {"name": "Other firm"}).json
        receipt = self.receive(client, {**firm, "party": other["party"]["id"]}, "80.00")
        assert self.act(mine, receipt, "allocate", {"to": [{"receivable": owed, "amount": "1"}]}).status == 409
        body = {"party": firm["party"], "amount": "5"}
        draft = client.send("POST", f"{API}/receipts", body).json["id"]
        assert self.act(mine, draft, "allocate", {"to": [{"receivable": owed, "amount": "1"}]}).status == 409

    def test_a_colleague_out_of_scope_learns_and_changes_nothing(self, signed_in: SignIn) -> None:
        client, _person = signed_in("seller", "member")
        stranger, _other = signed_in("stranger", "member")
        party = client.send("POST", "/api/v1/customers/customers", {"name": "Mine alone"}).json["party"]["id"]
        body = {"party": party, "amount": "10.00", "on": "2026-03-01", "due_on": "2026-03-31"}
        owed = client.send("POST", f"{API}/receivables", body)
        assert owed.status == 201, owed.text
        refused = stranger.send("POST", f"{API}/receivables", body)
        assert (refused.status, refused.json["errors"][0]["field"]) == (422, "party")
        own = stranger.send("POST", "/api/v1/customers/customers", {"name": "Stranger's"}).json["party"]["id"]
        receipt = stranger.send("POST", f"{API}/receipts", {"party": own, "amount": "10"}).json["id"]
        answer = self.act(stranger, receipt, "allocate", {"to": [{"receivable": owed.json["id"], "amount": "1"}]})
        missing = self.act(stranger, receipt, "allocate", {"to": [{"receivable": 999_999_999, "amount": "1"}]})
        assert answer.status == missing.status
        assert answer.text.replace(str(owed.json["id"]), "KEY") == missing.text.replace("999999999", "KEY")
        assert stranger.get(f"/finance/statement?party={party}").status == 404

    # ------------------------------------------------------------------------------------------------ all at once

    def test_thirty_two_clients_never_allocate_a_cent_too_much(
        self, installed_platform: Platform, signed_in: SignIn, firm: dict[str, int]
    ) -> None:
        client, _person = signed_in("cashier", "administrator")
        owed = [self.owe(client, firm, amount) for amount in ("100.00", "33.33", "250.01", "7.77")]
        receipts = [self.receive(client, firm, amount) for amount in ("120.00", "77.77", "300.00")]
        people = [signed_in(f"clerk{number}", "administrator")[0] for number in range(CLIENTS)]

        def work(number: int) -> list[int]:
            chance, statuses = random.Random(number), []
            for _turn in range(6):
                receipt = chance.choice(receipts)
                kind = chance.random()
                if kind < 0.2:
                    answer = self.act(people[number], receipt, "release", {})
                elif kind < 0.4:
                    answer = self.act(people[number], receipt, "allocate", {})
                else:
                    chosen = chance.sample(owed, chance.choice((1, 2)))
                    to = [{"receivable": each, "amount": f"{chance.randrange(1, 9000) / 100:.2f}"} for each in chosen]
                    answer = self.act(people[number], receipt, "allocate", {"to": to})
                statuses.append(answer.status)
            return statuses

        with ThreadPoolExecutor(CLIENTS) as threads:
            watcher = threads.submit(self.watch, installed_platform, firm["party"])
            statuses = [status for found in threads.map(work, range(CLIENTS)) for status in found]
            watcher.result()
        assert set(statuses) <= {200, 409}, sorted(set(statuses))
        assert statuses.count(200) > 10
        self.check(installed_platform, firm["party"])

    def watch(self, platform: Platform, party: int) -> None:
        """It adds up at every moment, not only in the end."""
        for _look in range(20):
            self.check(platform, party)

    def check(self, platform: Platform, party: int) -> None:
        """Each side is read in one statement, which sees one moment of the database."""
        minor = figures.minor
        lines = select(func.coalesce(func.sum(minor(Allocation.amount)), 0)).where(Allocation.deleted_at.is_(None))
        of_receipt = lines.where(Allocation.receipt_id == Receipt.id).scalar_subquery()
        of_owed = lines.where(Allocation.receivable_id == Receivable.id).scalar_subquery()
        with platform.database.transaction(write=False) as connection:
            receipts = connection.execute(
                select(minor(Receipt.amount), minor(Receipt.allocated), minor(Receipt.left), of_receipt)
                .where(Receipt.party_id == party)
            ).all()  # fmt: skip
            owed = connection.execute(
                select(minor(Receivable.amount), minor(Receivable.settled), minor(Receivable.open), of_owed)
                .where(Receivable.party_id == party)
            ).all()  # fmt: skip
        for whole, settled, left, allocated in (*receipts, *owed):
            assert settled == allocated <= whole
            assert left == whole - settled

    # ------------------------------------------------------------------------------------------------ what is worked out

    def test_the_running_account_runs_and_the_ageing_adds_up(
        self, installed_platform: Platform, signed_in: SignIn, firm: dict[str, int]
    ) -> None:
        client, _person = signed_in("cashier", "administrator")
        chance = random.Random(11)
        days = [date(2026, 1, 1) + timedelta(days=chance.randrange(120)) for _each in range(12)]
        for day in days:
            body = {"party": firm["party"], "amount": f"{chance.randrange(1, 99999) / 100:.2f}", "on": day.isoformat(),
                    "due_on": (day + timedelta(days=20)).isoformat()}  # fmt: skip
            assert client.send("POST", f"{API}/receivables", body).status == 201
        for day in days[:5]:
            receipt = self.receive(client, firm, f"{chance.randrange(1, 30000) / 100:.2f}", day.isoformat())
            self.act(client, receipt, "allocate", {})
        self.act(client, receipt, "counter", {"reason": "Bounced"})
        with installed_platform.database.transaction(write=False) as connection:
            whole = figures.statement(connection, firm["party"], date(2000, 1, 1), date(2100, 1, 1))
            owed = connection.scalar(
                select(func.sum(figures.minor(Receivable.open))).where(Receivable.party_id == firm["party"])
            )
            left = connection.scalar(
                select(func.sum(figures.minor(Receipt.left))).where(Receipt.party_id == firm["party"], Receipt.state == "confirmed")
            )  # fmt: skip
            assert whole.opening == 0
            assert whole.closing == int(owed) - int(left or 0)
            balance = 0
            for line in whole.lines:
                balance += line.amount
                assert line.balance == balance
            for day in days:
                first = figures.statement(connection, firm["party"], date(2000, 1, 1), day - timedelta(days=1))
                rest = figures.statement(connection, firm["party"], day, date(2100, 1, 1))
                assert (first.closing, rest.closing) == (rest.opening, whole.closing)
            aged = next(
                each for each in figures.ageing(connection, IN, date(2026, 4, 1)) if each.party == firm["party"]
            )
            assert aged.total == int(owed)
        assert client.get(f"/finance/statement?party={firm['party']}").status == 200
        assert client.get("/finance/ageing?format=xlsx").status == 200

    def test_the_balance_of_an_account_follows_from_what_is_confirmed(
        self, signed_in: SignIn, firm: dict[str, int]
    ) -> None:
        client, _person = signed_in("cashier", "administrator")
        account = client.send("POST", f"{API}/accounts", {"name": "Till 7", "opening": "100.00"}).json["id"]
        place = {**firm, "account": account}
        receipt = self.receive(client, place, "50.25")
        client.send("POST", f"{API}/receipts", {"party": firm["party"], "amount": "7", "account": account})
        assert client.get(f"{API}/accounts/{account}").json["balance"] == "150.25"
        payment = client.send(
            "POST", f"{API}/payments", {"party": firm["party"], "amount": "20.20", "account": account}
        ).json["id"]
        assert client.send("POST", f"{API}/payments/{payment}/actions/confirm", {}).status == 200
        category = client.send("POST", f"{API}/expense-categories", {"name": "Taxi"}).json["id"]
        body = {"title": "Taxi", "category": category, "amount": "10.05", "on": "2026-03-01"}
        expense = client.send("POST", f"{API}/expenses", body).json["id"]
        assert client.send("POST", f"{API}/expenses/{expense}/actions/submit", {}).json["state"] == "approved"
        assert (
            client.send("POST", f"{API}/expenses/{expense}/actions/pay", {"account": account}).json["state"] == "paid"
        )
        assert client.get(f"{API}/accounts/{account}").json["balance"] == "120.00"
        self.act(client, receipt, "counter", {"reason": "Bounced"})
        assert client.get(f"{API}/accounts/{account}").json["balance"] == "69.75"

    def test_the_profit_of_a_deal_opens_its_records(self, signed_in: SignIn, firm: dict[str, int]) -> None:
        client, _person = signed_in("cashier", "administrator")
        day = date.today().isoformat()
        for place, amount in (("receivables", "500.00"), ("payables", "300.00")):
            body = {"party": firm["party"], "amount": amount, "on": day, "due_on": day, "source": "Deal 4711"}
            assert client.send("POST", f"{API}/{place}", body).status == 201
        text = client.get("/finance/deals?q=Deal+4711").text
        for told in ("Deal 4711", "500.00", "300.00", "200.00", "40.0%", "/finance/payables?source=Deal+4711"):
            assert told in text
        for page in ("/finance/situation", "/finance/ageing?kind=payables", "/finance/deals?by=customer"):
            assert client.get(page).status == 200

    def test_a_document_of_another_plugin_gives_rise_to_one_receivable(
        self, installed_platform: Platform, firm: dict[str, int]
    ) -> None:
        given: dict[str, Any] = {"party_id": firm["party"], "amount": Money.of("12.34"), "due_on": date(2026, 5, 1)}
        with installed_platform.database.system("another plugin") as session:
            first = services.make_receivable(session, **given, source="HT-9", source_key="sales.installment:9")
            again = services.make_receivable(session, **given, source="HT-9", source_key="sales.installment:9")
            assert first.id == again.id
            assert (first.customer_id, str(first.open), first.state) == (firm["customer"], "12.34", "open")


@given(
    st.lists(st.integers(1, 10**9), max_size=20),
    st.integers(0, 2 * 10**9),
)
def test_shares_go_as_far_as_the_money_and_never_further(opened: list[int], left: int) -> None:
    owed = {number: Receivable(amount=Money(amount)) for number, amount in enumerate(opened)}
    shares = services.shares(owed, Money(left))
    assert sum(share.minor for share in shares.values()) == min(left, sum(opened))
    assert all(0 < share.minor <= owed[key].open.minor for key, share in shares.items())
    # Only the last one may be settled in part.
    assert all(shares[key] == owed[key].open for key in list(shares)[:-1])


@given(st.integers(-400, 400))
def test_every_day_is_in_exactly_one_class_of_age(since: int) -> None:
    today = date(2026, 6, 1)
    due, found = today - timedelta(days=since), []
    for age in figures.AGES:
        first, last = figures.days_of(age, today)
        if (first is None or due >= first) and (last is None or due <= last):
            found.append(age[0])
    assert len(found) == 1


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_what_is_open_follows_from_the_amounts(settled: int, amount: int) -> None:
    owed = Receivable(amount=Money(amount))
    owed.settled = Money(min(settled, amount))
    assert owed.open == Money(amount - min(settled, amount))
    assert (owed.state == "settled") == (settled >= amount)
