"""The sales plugin: what every plugin must hold, and what is its own."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy.orm import Session

from core.kernel.types import Money
from core.testing.checks import PluginChecks
from core.testing.samples import make_record
from plugins.sales.models import Contract, Quotation

_numbers = itertools.count(1)


class TestSales(PluginChecks):
    plugin = "sales"

    def values(self, session: Session, resource: Any, owner: int) -> dict[str, Any]:
        if resource.key == "sales.installment":
            contract = make_record(session, Contract, owner=owner, amount=Money.of(100_000))
            return {"contract": contract.id, "amount": "10.00"}
        if resource.key == "sales.order":
            # A quotation that bears no number could not be named in a file.
            quotation = make_record(session, Quotation, owner=owner, number=f"QT-{next(_numbers)}")
            return {"quotation": quotation.id}
        if resource.key == "sales.target":
            return {"period": "2026-Q4"}
        return {}
