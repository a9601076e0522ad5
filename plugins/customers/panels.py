"""What the page of a firm shows beside its own: in which other roles one deals with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from plugins.customers.models import Customer, Pool
from plugins.customers.partners import Distributor, Supplier
from sopia import translate as _

ROLES: tuple[tuple[type[Any], Any, str], ...] = (
    (Customer, _("Also a customer"), "/customers/customers"),
    (Supplier, _("Also a supplier"), "/customers/suppliers"),
    (Distributor, _("Also a distributor"), "/customers/distributors"),
)


def in_pool(session: Any, customer: Any) -> dict[str, Any]:
    """Why and since when a customer waits for somebody, and what is shown to whoever claims it."""
    if customer.pool_id is None:
        return {"pool": None}
    everything = session.principal.reach("customers.customer", "view").level == "all"
    return {"pool": session.get(Pool, customer.pool_id), "hidden": not everything}


def roles(session: Any, record: Any) -> dict[str, Any]:
    """The other roles of the same firm, as far as the reader sees them."""
    found = []
    for model, title, url in ROLES:
        if record.party_id is None:
            break
        same = select(model.id, model.name).where(model.party_id == record.party_id)
        if isinstance(record, model):
            same = same.where(model.id != record.id)
        key = f"customers.{model.__tablename__.partition('_')[2]}"
        if session.principal.allows(key, "view"):
            found += [(title, name, f"{url}/{number}") for number, name in session.execute(same.limit(5))]
    return {"roles": found}
