"""Which roles are one firm: customer, supplier and distributor of one name share their party."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Select, bindparam, literal, select, union_all

from plugins.customers.models import Customer
from plugins.customers.partners import Distributor, Supplier
from sopia import Session, acting

ROLES: Final[dict[str, type[Any]]] = {
    "customers.customer": Customer,
    "customers.supplier": Supplier,
    "customers.distributor": Distributor,
}


def keep_one_firm(session: Session, resource: str, record: Any) -> bool:
    """Let a record join the firm of its name, where it is the first of its kind; whether it did."""
    if not record.name_key:
        return False
    given = {"name": record.name_key, "own": record.party_id or 0, "me": record.id}
    with acting(session, "a firm is known by its name, whoever sees which of its roles") as beyond:
        connection = beyond.connection()
        firm = connection.execute(_of_the_name(resource), given).scalar()
        if firm is None or connection.execute(_of_the_firm(resource), given).first() is not None:
            return False
        beyond.get_one(ROLES[resource], record.id).party_id = firm
    session.expire(record)
    return True


@lru_cache(maxsize=len(ROLES))
def _of_the_name(but: str) -> Any:
    """The firm that bears the name in another role, the one that came first."""
    others = [
        _rows(place, model, "party_id").where(
            model.name_key == bindparam("name"), model.party_id.is_not(None), model.party_id != bindparam("own")
        )
        for place, (key, model) in enumerate(ROLES.items())
        if key != but
    ]
    found = union_all(*others).subquery()
    return select(found.c.party_id).order_by(found.c.place, found.c.id).limit(1)


@lru_cache(maxsize=len(ROLES))
def _of_the_firm(resource: str) -> Any:
    """Another record of the firm that this one has now."""
    rows: Iterable[Select[Any]] = [
        _rows(place, model, "id").where(
            model.party_id == bindparam("own"), *([model.id != bindparam("me")] if key == resource else [])
        )
        for place, (key, model) in enumerate(ROLES.items())
    ]
    return union_all(*rows).limit(1)


def _rows(place: int, model: type[Any], name: str) -> Select[Any]:
    """The present rows of a role, which of the roles it is, and one column."""
    table = model.__table__
    column = table.c[name].label(name)
    return select(literal(place).label("place"), table.c.id.label("id"), column).where(model.deleted_at.is_(None))
