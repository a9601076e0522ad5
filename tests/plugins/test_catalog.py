"""The catalog: what every plugin must hold, which price applies, and what a price may be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from core.kernel.platform import Platform
from core.testing.checks import PluginChecks
from plugins.catalog.models import Price, PriceList, Product
from plugins.catalog.resources import fault_of_list, fault_of_price, fault_of_product
from plugins.catalog.services import price_that_applies
from plugins.customers.models import Type
from sopia import Session

DAY = date(2026, 6, 15)


class Shop:
    """A scanner with prices by four lists."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.dealers = Type(name="Dealers of the test")
        self.scanner = Product(name="Scanner", sale_price=Decimal(300), purchase_price=Decimal(180))
        session.add_all((self.dealers, self.scanner))
        session.flush()
        session.refresh(self.scanner)
        self.offer("Standard", {1: 290, 50: 270, 200: 250})
        self.offer("Summer", {1: 280}, starts=date(2026, 6, 1), ends=date(2026, 6, 30))
        self.offer("For dealers", {10: 240}, customers=self.dealers.id)
        self.offer("Old", {1: 100}, starts=date(2025, 1, 1), ends=date(2025, 12, 31))
        self.offer("Put away", {1: 1}, archived=True)
        self.offer("Supplier", {1: 170}, kind="purchase")

    def offer(
        self, name: str, steps: dict[int, int], *, starts: date | None = None, ends: date | None = None,
        customers: int | None = None, archived: bool = False, kind: str = "sale",
    ) -> None:  # fmt: skip
        listed = PriceList(
            name=f"{name} of the test",
            kind=kind,
            valid_from=starts,
            valid_to=ends,
            customer_type_id=customers,
            archived=archived,
        )
        self.session.add(listed)
        self.session.flush()
        for quantity, price in steps.items():
            self.session.add(
                Price(
                    price_list_id=listed.id,
                    product_id=self.scanner.id,
                    minimum_quantity=Decimal(quantity),
                    price=Decimal(price),
                )
            )
        self.session.flush()

    def asks(self, quantity: str, *, on: date = DAY, dealer: bool = False, kind: str = "sale") -> str:
        """What one scanner costs."""
        found = price_that_applies(
            self.session,
            self.scanner,
            on=on,
            quantity=Decimal(quantity),
            customer_type=self.dealers.id if dealer else None,
            kind=kind,
        )
        return "none" if found is None else f"{found.price} {found.name.removesuffix(' of the test')}".strip()


class _Undone(Exception):
    pass


class TestCatalog(PluginChecks):
    plugin = "catalog"

    @pytest.fixture
    def shop(self, installed_platform: Platform) -> Iterator[Shop]:
        try:
            with installed_platform.database.system("test") as session:
                yield Shop(session)
                raise _Undone
        except _Undone:
            pass

    def test_the_list_that_began_last_goes_before_one_without_an_end(self, shop: Shop) -> None:
        assert shop.asks("1") == "280.00 Summer"
        assert shop.asks("1", on=date(2026, 7, 1)) == "290.00 Standard"
        assert shop.asks("1", on=date(2026, 6, 30)) == "280.00 Summer"

    def test_the_highest_step_that_the_quantity_reaches_applies(self, shop: Shop) -> None:
        after = date(2026, 8, 1)
        asked = {
            quantity: shop.asks(quantity, on=after).split()[0] for quantity in ("49.9999", "50", "199", "200", "9999")
        }
        assert asked == {"49.9999": "290.00", "50": "270.00", "199": "270.00", "200": "250.00", "9999": "250.00"}

    def test_a_list_for_the_own_type_goes_before_one_for_everybody(self, shop: Shop) -> None:
        assert shop.asks("10", dealer=True) == "240.00 For dealers"
        assert shop.asks("9", dealer=True) == "280.00 Summer"
        assert shop.asks("10") == "280.00 Summer"

    def test_without_a_list_the_own_price_of_the_product_holds(self, shop: Shop) -> None:
        assert shop.asks("0.5", on=date(2026, 8, 1)) == "300.00"
        assert shop.asks("1", kind="purchase") == "170.00 Supplier"
        shop.scanner.sale_price = None
        assert shop.asks("0.5", on=date(2026, 8, 1)) == "none"

    def test_impossible_prices_and_times_are_told_by_field(self, shop: Shop) -> None:
        dear = Product(name="Dear", sale_price=Decimal(10), floor_price=Decimal(11))
        assert list(fault_of_product(shop.session, dear)) == ["floor_price"]
        assert list(fault_of_product(shop.session, Product(name="Less", purchase_price=Decimal(-1)))) == [
            "purchase_price"
        ]
        late = PriceList(name="Late", kind="purchase", valid_from=DAY, valid_to=date(2026, 6, 14), customer_type_id=1)
        assert sorted(fault_of_list(shop.session, late)) == ["customer_type", "valid_to"]
        assert sorted(fault_of_price(shop.session, Price(minimum_quantity=Decimal(0), price=Decimal(-1)))) == [
            "minimum_quantity",
            "price",
        ]
