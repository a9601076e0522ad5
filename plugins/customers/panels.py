"""What the page of a firm shows beside its own: in which other roles one deals with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, literal, select, union_all

from plugins.customers.models import Customer, Pool
from plugins.customers.partners import Distributor, Supplier
from sopia import Question
from sopia import translate as _

ROLES: tuple[tuple[type[Any], Any, str], ...] = (
    (Customer, _("Also a customer"), "/customers/customers"),
    (Supplier, _("Also a supplier"), "/customers/suppliers"),
    (Distributor, _("Also a distributor"), "/customers/distributors"),
)


MOST = 15
"""Records of one firm that are shown at most."""


def in_pool(session: Any, customer: Any) -> dict[str, Any]:
    """Why and since when a customer waits for somebody, and what is shown to whoever claims it."""
    if customer.pool_id is None:
        return {"pool": None}
    everything = session.principal.reach("customers.customer", "view").level == "all"
    return {"pool": session.get(Pool, customer.pool_id), "hidden": not everything}


def _of_firm() -> Select[Any]:
    parts = [
        select(literal(number).label("role"), model.id.label("record"), model.name.label("name")).where(
            model.party_id == bindparam("party")
        )
        for number, (model, _title, _url) in enumerate(ROLES)
    ]
    return select(union_all(*parts).subquery()).limit(MOST)


OF_FIRM = Question(_of_firm())


def roles(session: Any, record: Any) -> dict[str, Any]:
    """The other roles of the same firm, as far as the reader sees them."""
    if record.party_id is None:
        return {"roles": []}
    found = [
        (title, name, f"{url}/{number}")
        for role, number, name in OF_FIRM.rows(session, party=record.party_id)
        for model, title, url in (ROLES[role],)
        if not (isinstance(record, model) and number == record.id)
    ]
    return {"roles": found}
