"""The story of a sale by the API: price, floor, credit, contract, plan, money; and what many at once cannot break."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest

from core.kernel.access import load_principal
from core.kernel.errors import Conflict
from core.kernel.platform import Platform
from core.resources.conditions import Context
from core.resources.queries import today_in
from core.resources.records import Records
from core.testing.client import Client
from core.testing.standing import SignIn, Standing
from plugins.sales import services
from plugins.sales.models import Installment, Order
from sopia import Money

API = "/api/v1"
ZONE = ZoneInfo("Asia/Shanghai")


class Shop:
    """A seller at the API, with a product at 100.00 whose lowest price is 80.00."""

    def __init__(self, client: Client, person: int) -> None:
        self.client, self.person = client, person
        self.product = self.post("catalog/products", name="Scanner", unit="pc", sale_price="100", floor_price="80")[
            "id"
        ]

    def post(self, address: str, status: int = 201, **body: Any) -> Any:
        answer = self.client.send("POST", f"{API}/{address}", body)
        assert answer.status == status, answer.text
        return answer.json

    def get(self, address: str) -> Any:
        return self.client.get(f"{API}/{address}").json

    def do(self, address: str, action: str, status: int = 200, **body: Any) -> Any:
        return self.post(f"{address}/actions/{action}", status, **body)

    def customer(self, limit: str | None = None) -> int:
        return int(self.post("customers/customers", name="云帆实业", credit_limit=limit)["id"])

    def order(self, customer: int, quantity: str = "1", **line: Any) -> str:
        lines = [{"product": self.product, "quantity": quantity, **line}]
        return f"sales/orders/{self.post('sales/orders', customer=customer, lines=lines)['id']}"

    def contract(self, customer: int, amount: str, **more: Any) -> str:
        made = self.post("sales/contracts", customer=customer, name="Supply", amount=amount, **more)
        return f"sales/contracts/{made['id']}"


class TestSalesStory(Standing):
    plugin: ClassVar[str] = "sales"

    @pytest.fixture
    def shop(self, signed_in: SignIn) -> Shop:
        return Shop(*signed_in("boss", "administrator"))

    @pytest.fixture
    def seller(self, signed_in: SignIn, shop: Shop) -> Shop:
        client, person = signed_in("seller", "member")
        found = Shop.__new__(Shop)
        found.client, found.person, found.product = client, person, shop.product
        return found

    def test_a_line_without_a_price_takes_that_of_the_list_and_sums_are_exact(self, shop: Shop) -> None:
        prices = shop.post("catalog/price-lists", name=f"List {shop.product}", kind="sale")["id"]
        shop.post("catalog/prices", price_list=prices, product=shop.product, minimum_quantity="10", price="90.005")
        customer = shop.customer()
        lines: list[dict[str, Any]] = [
            {"product": shop.product, "quantity": "10"},
            {"product": shop.product, "quantity": "3", "discount": "5"},
            {"product": shop.product, "quantity": "1", "price": "99.995"},
        ]
        made = shop.post("sales/quotations", customer=customer, lines=lines)
        told = [(line["price"], line["amount"]) for line in made["lines"]]
        assert told == [("90.005", "900.05"), ("100.00", "285.00"), ("99.995", "100.00")]
        assert made["total"] == "1285.05"
        assert made["number"].startswith("QT-")
        wrong = [{"product": shop.product, "quantity": "0"}, {"product": shop.product, "discount": "101"}]
        refused = shop.post("sales/quotations", 422, customer=customer, lines=wrong)
        assert [each["field"] for each in refused["errors"]] == ["lines.0.quantity", "lines.1.discount"]

    def test_below_the_lowest_price_an_order_needs_somebodys_word(self, shop: Shop, seller: Shop) -> None:
        order = seller.order(seller.customer(), "2", price="100", discount="21")
        refused = seller.do(order, "confirm", 409)
        assert "79" in refused["detail"]
        assert "80.00" in refused["detail"]
        assert seller.do(order, "submit")["state"] == "submitted"
        seller.do(order, "approve", 409)
        assert shop.do(order, "approve")["state"] == "approved"
        assert seller.do(order, "confirm")["state"] == "confirmed"
        fine = seller.order(seller.customer(), "2", price="80")
        assert seller.do(fine, "submit")["state"] == "approved"

    def test_credit_is_refused_in_figures_and_released_by_a_colleague_alone(self, shop: Shop, seller: Shop) -> None:
        customer = seller.customer("500")
        assert seller.do(seller.order(customer, "3"), "confirm")["state"] == "confirmed"
        order = seller.order(customer, "3")
        refused = seller.do(order, "confirm", 409)["detail"]
        assert all(figure in refused for figure in ("500.00", "300.00", "600.00", "100.00")), refused
        seller.do(order, "release", 409, reason="Please")
        released = shop.do(order, "release", reason="Prepaid by cheque")
        assert (released["released_to"], released["release_reason"]) == ("600.00", "Prepaid by cheque")
        assert "Prepaid by cheque" in seller.client.get(f"/{order}").text
        assert seller.do(order, "confirm")["state"] == "confirmed"
        # What was released is this order, not the next one.
        seller.do(seller.order(customer, "1"), "confirm", 409)

    def test_whoever_has_owed_for_too_long_gets_no_new_order(self, shop: Shop) -> None:
        customer = shop.customer()
        contract = shop.contract(customer, "100", signed_on="2026-01-05")
        shop.do(contract, "plan", count=1, first_due_on="2026-02-01")
        shop.do(contract, "submit")
        refused = shop.do(shop.order(customer), "confirm", 409)["detail"]
        assert "2026-02-01" in refused
        assert shop.get("sales/installments?state=overdue&contract=" + contract.rpartition("/")[2])["items"]

    def test_a_confirmed_document_is_not_edited(self, shop: Shop) -> None:
        order = shop.order(shop.customer())
        shop.do(order, "confirm")
        version = str(shop.get(order)["version"])
        bodies: tuple[dict[str, Any], ...] = ({"lines": []}, {"on": "2026-01-01"})
        for body in bodies:
            assert shop.client.send("PATCH", f"{API}/{order}", body, if_match=version).status == 409
        assert shop.client.send("DELETE", f"{API}/{order}", if_match=version).status == 409

    def test_from_the_quotation_to_the_money(self, shop: Shop, installed_platform: Platform) -> None:
        customer = shop.customer("1000")
        lines = [{"product": shop.product, "quantity": "10"}]
        quotation = f"sales/quotations/{shop.post('sales/quotations', customer=customer, lines=lines)['id']}"
        shop.do(quotation, "order", 409)
        shop.do(quotation, "confirm")
        shop.do(quotation, "order")
        shop.do(quotation, "order", 409)
        (made,) = shop.get(f"sales/orders?customer={customer}")["items"]
        assert made["total"] == "1000.00"
        order = f"sales/orders/{made['id']}"
        shop.do(order, "confirm")
        shop.do(order, "contract", name="Frame")
        (told,) = shop.get(f"sales/contracts?customer={customer}")["items"]
        contract = f"sales/contracts/{told['id']}"
        assert (told["amount"], [each["id"] for each in shop.get(contract)["orders"]]) == ("1000.00", [made["id"]])
        shop.do(order, "cancel", 409)
        shop.do(contract, "plan", 422, count=3)
        shop.do(contract, "plan", 422, terms=[{"percent": "30", "days": 0}])
        shop.do(contract, "plan", terms=[{"percent": "30", "days": 0}, {"percent": "70", "days": 30}])
        shop.do(contract, "plan", count=3, first_due_on="2099-12-31", every="month")
        items = shop.get(f"sales/installments?contract={told['id']}&sort=due_on")["items"]
        assert [(each["amount"], each["due_on"], each["state"]) for each in items] == [
            ("333.34", "2099-12-31", "to come"), ("333.33", "2100-01-31", "to come"), ("333.33", "2100-02-28", "to come"),
        ]  # fmt: skip
        more = shop.post("sales/installments", 422, contract=told["id"], due_on="2099-01-01", amount="0.01")
        assert more["errors"][0]["field"] == "amount"
        shop.do(contract, "submit")
        # The contract stands for its order: nothing is counted twice, and nothing more fits.
        shop.do(shop.order(customer), "confirm", 409)
        first = items[0]["id"]
        with installed_platform.database.system("money arrives") as session:
            services.note_received(session, session.get_one(Installment, first), Money.of("333.34"))
        with installed_platform.database.system("too much money arrives") as session, pytest.raises(Conflict):
            services.note_received(session, session.get_one(Installment, first), Money.of("0.01"))
        read = shop.get(contract)
        assert (read["state"], read["received"], read["outstanding"]) == ("approved", "333.34", "666.66")
        for page in (f"/{contract}", f"/customers/customers/{customer}"):
            shown = shop.client.get(page).text
            assert "666.66" in shown
            assert "panel-error" not in shown
        assert shop.get(f"sales/installments/{first}")["state"] == "done"
        shop.do(shop.order(customer, "3"), "confirm")
        shop.do(contract, "plan", 409, count=2, first_due_on="2099-12-31")
        shop.do(contract, "void", 409)
        figures = shop.get(
            f"sales/contracts/statistics?by=customer&measure=received:sum,outstanding:sum&customer={customer}"
        )
        assert (figures["rows"][0]["received:sum"], figures["rows"][0]["outstanding:sum"]) == ("333.34", "666.66")

    def test_a_target_tells_what_was_signed_and_what_was_received(
        self, shop: Shop, installed_platform: Platform
    ) -> None:
        contract = shop.contract(shop.customer(), "400", signed_on="2031-05-05")
        shop.do(contract, "plan", count=1, first_due_on="2031-06-01")
        shop.do(contract, "submit")
        wanted = {"contracts": "400.00", "receipts": "0.00"}
        for measure, reached in wanted.items():
            made = shop.post("sales/targets", period="2031-Q2", measure=measure, amount="1000", owner=shop.person)
            assert shop.get(f"sales/targets/{made['id']}")["reached"] == reached
        assert shop.post("sales/targets", 422, period="spring", amount="1")["errors"][0]["field"] == "period"

    def test_an_opportunity_goes_through_its_stages_and_says_why_it_was_lost(self, shop: Shop) -> None:
        made = shop.post("sales/opportunities", customer=shop.customer(), name="Line 2", amount="5000")
        assert (made["stage"], made["probability"]) == ("contact", "10")
        deal = f"sales/opportunities/{made['id']}"
        assert shop.do(deal, "move", to="offer")["probability"] == "50"
        shop.do(deal, "lose", 422)
        lost = shop.do(deal, "lose", lost_reason="Too dear")
        assert (lost["stage"], lost["lost_reason"]) == ("lost", "Too dear")
        assert shop.do(deal, "reopen")["stage"] == "contact"

    def test_many_who_confirm_at_once_never_pass_the_limit(self, shop: Shop, installed_platform: Platform) -> None:
        customer = shop.customer("1000")
        orders = [int(shop.order(customer, "3").rpartition("/")[2]) for _number in range(32)]
        platform = installed_platform
        with platform.database.transaction(write=False) as connection:
            principal = load_principal(connection, shop.person)
        resource = platform.above["sales.order"]
        records = Records(platform.above, platform.registry.hooks)

        def confirm(order: int) -> str:
            context = Context(principal, ZONE, "CNY", today_in(ZONE))
            try:
                with platform.gate.session(principal, write=True) as session:
                    records.run(session, resource, order, "confirm", {}, context)
            except Conflict as refused:
                return str(refused)
            return "done"

        with ThreadPoolExecutor(32) as threads:
            answers = list(threads.map(confirm, orders))
        assert answers.count("done") == 3
        with platform.database.system("what is owed") as session:
            confirmed = session.query(Order).filter(Order.customer_id == customer, Order.state == "confirmed")
            assert sum(order.total.minor for order in confirmed) == 90_000
