"""The finance plugin: what every plugin must hold."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from core.testing.checks import PluginChecks
from core.testing.samples import make_record
from plugins.customers.models import Customer
from sopia import Dictionary, Tree


class TestFinance(PluginChecks):
    plugin = "finance"
    numbers = itertools.count(1)
    not_by_hand: ClassVar[frozenset[str]] = frozenset({"finance.allocation", "finance.payment_allocation"})

    def make(self, session: Session, model: type[Any], owner: int) -> Any:
        if hasattr(model, "customer_id") and hasattr(model, "party_id"):
            customer = make_record(session, Customer, owner=owner)
            return make_record(session, model, owner=owner, party_id=customer.party_id, customer_id=customer.id)
        if issubclass(model, Dictionary | Tree):
            return make_record(session, model, owner=owner, name=f"made {next(self.numbers)}")
        return make_record(session, model, owner=owner)

    def values(self, session: Session, resource: Any, owner: int) -> dict[str, Any]:
        if "party" not in resource.fields or not {"due_on", "left"} & resource.fields.keys():
            return {}
        customer = make_record(session, Customer, owner=owner)
        dated = {"on": "2026-03-01", "due_on": "2026-03-31"} if "due_on" in resource.fields else {}
        return {"customer": customer.id, "party": customer.party_id, "amount": "1234.50", **dated}
