"""Which roles are one firm: customer, supplier and distributor of one name share their party."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, literal, select, union_all

from plugins.customers.models import Customer
from plugins.customers.partners import Distributor, Supplier
from sopia import Question, Session, acting, among

ROLES: Final[dict[str, type[Any]]] = {
    "customers.customer": Customer,
    "customers.supplier": Supplier,
    "customers.distributor": Distributor,
}


def keep_one_firm(session: Session, resource: str, record: Any) -> bool:
    """Let a record join the firm of its name, where it is the first of its kind; whether it did."""
    if not record.name_key:
        return False
    own = record.party_id or 0
    with acting(session, "a firm is known by its name, whoever sees which of its roles") as beyond:
        found = _of_the_name(resource).rows(beyond, name=record.name_key, own=own)
        if not found or _of_the_firm(resource).rows(beyond, own=own, me=record.id):
            return False
        beyond.get_one(ROLES[resource], record.id).party_id = found[0][0]
    session.expire(record)
    return True


def keep_firms(session: Session, resource: str, ids: Sequence[int]) -> None:
    """The same for many records, by one statement for each of the other roles; few of them have a firm to join."""
    model = ROLES[resource]
    with acting(session, "a firm is known by its name, whoever sees which of its roles") as beyond:
        connection = beyond.connection()
        firms: dict[int, int] = {}
        for key in ROLES:
            if key != resource:
                for record_id, firm in connection.execute(_of_their_names(resource, key).where(among(model.id, ids))):
                    firms.setdefault(record_id, firm)
        if not firms:
            return
        joining = list(beyond.scalars(select(model).where(among(model.id, firms))))
        own = {record.party_id for record in joining}
        shared = _with_another(connection, own - {None})
        for record in joining:
            if record.party_id not in shared:
                record.party_id = firms[record.id]


def _with_another(connection: Any, firms: Collection[int]) -> set[int]:
    """The firms of which there is more than one record."""
    rows = [
        _rows(place, model, "party_id").where(among(model.party_id, firms))
        for place, model in enumerate(ROLES.values())
    ]
    found = union_all(*rows).subquery()
    statement = select(found.c.party_id).group_by(found.c.party_id).having(func.count() > 1)
    return set(connection.scalars(statement))


@lru_cache(maxsize=len(ROLES) ** 2)
def _of_their_names(resource: str, other: str) -> Select[Any]:
    """Records of a role with the firms that bear their names in another, those first that came first."""
    mine, theirs = ROLES[resource], ROLES[other]
    return (
        select(mine.id, theirs.party_id)
        .join(theirs, theirs.name_key == mine.name_key)
        .where(
            mine.name_key != "",
            theirs.party_id.is_not(None),
            theirs.party_id != func.coalesce(mine.party_id, 0),
            theirs.deleted_at.is_(None),
        )
        .order_by(theirs.id)
    )


@lru_cache(maxsize=len(ROLES))
def _of_the_name(but: str) -> Question:
    """The firm that bears the name in another role, the one that came first."""
    others = [
        _rows(place, model, "party_id").where(
            model.name_key == bindparam("name"), model.party_id.is_not(None), model.party_id != bindparam("own")
        )
        for place, (key, model) in enumerate(ROLES.items())
        if key != but
    ]
    found = union_all(*others).subquery()
    return Question(select(found.c.party_id).order_by(found.c.place, found.c.id).limit(1))


@lru_cache(maxsize=len(ROLES))
def _of_the_firm(resource: str) -> Question:
    """Another record of the firm that this one has now."""
    rows = [
        select(model.__table__.c.id).where(
            model.party_id == bindparam("own"),
            model.deleted_at.is_(None),
            *([model.id != bindparam("me")] if key == resource else []),
        )
        for key, model in ROLES.items()
    ]
    return Question(select(union_all(*rows).subquery().c.id).limit(1))


def _rows(place: int, model: type[Any], name: str) -> Select[Any]:
    """The present rows of a role, which of the roles it is, and one column."""
    table = model.__table__
    column = table.c[name].label(name)
    return select(literal(place).label("place"), table.c.id.label("id"), column).where(model.deleted_at.is_(None))
