"""Sales and finance together: from the plan of a contract to the money in the bank, and back."""

from __future__ import annotations

from core.testing.checks import PluginChecks
from core.testing.standing import SignIn
from tests.plugins.test_sales_story import Shop


class TestSalesFinance(PluginChecks):
    plugin = "salesfinance"

    def test_money_allocated_in_finance_arrives_in_the_plan_and_goes_back(self, signed_in: SignIn) -> None:
        shop = Shop(*signed_in("boss", "administrator"))
        customer = shop.customer("1000")
        party = shop.get(f"customers/customers/{customer}")["party"]["id"]
        contract = shop.contract(customer, "100")
        number = contract.rpartition("/")[2]
        shop.do(contract, "plan", count=2, first_due_on="2099-01-31")
        shop.do(contract, "submit")
        owed = shop.get(f"finance/receivables?party={party}&sort=due_on")["items"]
        assert [(each["amount"], each["due_on"]) for each in owed] == [("50.00", "2099-01-31"), ("50.00", "2099-02-28")]
        # Planned anew, the old ones are gone and the new ones there.
        shop.do(contract, "plan", terms=[{"percent": "30", "days": 0}, {"percent": "70", "days": 30}])
        owed = shop.get(f"finance/receivables?party={party}&sort=due_on")["items"]
        assert [each["amount"] for each in owed] == ["30.00", "70.00"]
        account = shop.post("finance/accounts", name=f"Bank {number}")["id"]
        receipt = f"finance/receipts/{shop.post('finance/receipts', party=party, amount='45', account=account)['id']}"
        shop.do(receipt, "confirm")
        shop.do(receipt, "allocate")
        parts = shop.get(f"sales/installments?contract={number}&sort=due_on")["items"]
        assert (parts[0]["received"], parts[0]["state"]) == ("30.00", "done")
        assert parts[1]["received"] == "15.00"
        assert shop.get(contract)["received"] == "45.00"
        shop.do(contract, "void", 409)
        shop.do(receipt, "release")
        assert (shop.get(contract)["received"], shop.get(contract)["outstanding"]) == ("0.00", "100.00")
        shop.do(contract, "void")
        assert shop.get(f"finance/receivables?party={party}")["items"] == []

    def test_other_receivables_count_for_the_credit_check(self, signed_in: SignIn) -> None:
        shop = Shop(*signed_in("boss", "administrator"))
        customer = shop.customer("500")
        party = shop.get(f"customers/customers/{customer}")["party"]["id"]
        shop.post("finance/receivables", party=party, amount="450", due_on="2099-01-31")
        refused = shop.do(shop.order(customer), "confirm", 409)["detail"]
        assert "450.00" in refused
        assert "50.00" in refused
