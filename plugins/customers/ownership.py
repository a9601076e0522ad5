"""Who has a customer: claiming from the pool, handing over, giving back, and the rules by which customers return."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Update, bindparam, case, func, inspect, or_, select, update

from plugins.customers.models import Customer, Level, Pool, pool_department, pool_user
from plugins.customers.partners import Distributor, Supplier
from sopia import (
    Conflict,
    FieldError,
    Invalid,
    NotFound,
    Question,
    Session,
    acting,
    among,
    days_after,
    now,
    read_setting,
    write_quietly,
)
from sopia import translate as _

GRACE = timedelta(days=7)
"""So long before a customer returns to the pool its owner is warned; nobody loses one without that."""

TOGETHER = 500


def is_in_pool(customer: Customer) -> bool:
    """Whether nobody has the customer and it waits for somebody to claim it."""
    return customer.pool_id is not None


def is_owned(customer: Customer) -> bool:
    """Whether somebody has the customer."""
    return customer.pool_id is None


def claim(session: Any, customer: Customer) -> None:
    """Make a customer from the pool one's own; of many who try at once, one gets it."""
    person, departments = session.principal.user_id, session.principal.departments
    with acting(session, "whoever a pool names may claim from it") as beyond:
        # The pool is held first, so that two claims of one person are counted one after the other.
        pool = _held_pool(beyond, customer.pool_id)
        mine = _locked(beyond, customer.id)
        if mine is None or pool is None or mine.pool_id != pool.id:
            raise Conflict(_("Somebody else was quicker: “{name}” is no longer in the pool.", name=customer.name))
        if not _may_claim(beyond, pool.id, person, departments):
            raise NotFound
        _check_claims(beyond, pool, person)
        mine.owner_id, mine.department_id = person, session.principal.primary_department
        mine.pool_id = mine.pooled_at = mine.pool_reason = None
        mine.claimed_from_id, mine.owned_since = pool.id, now()
        mine.returns_at = _due(mine.owned_since, pool.return_days)
    session.expire(customer)


def _held_pool(beyond: Session, pool_id: int | None) -> Pool | None:
    found = select(Pool).where(Pool.id == pool_id, Pool.deleted_at.is_(None))
    return beyond.scalars(found.with_for_update().execution_options(populate_existing=True)).first()


def _locked(beyond: Session, customer_id: int) -> Customer | None:
    found = select(Customer).where(Customer.id == customer_id, Customer.deleted_at.is_(None))
    return beyond.scalars(found.with_for_update().execution_options(populate_existing=True)).first()


def _may_claim(beyond: Session, pool_id: int, person: int, departments: Iterable[int]) -> bool:
    by_name = select(pool_user.c.pool_id).where(pool_user.c.pool_id == pool_id, pool_user.c.user_id == person)
    by_place = select(pool_department.c.pool_id).where(
        pool_department.c.pool_id == pool_id, pool_department.c.department_id.in_(list(departments))
    )
    return beyond.execute(by_name.union(by_place)).first() is not None


def _check_claims(beyond: Session, pool: Pool, person: int) -> None:
    """Nobody holds more claimed customers than the rule allows."""
    if pool.most_claims is None:
        return
    claimed = select(func.count()).where(
        Customer.claimed_from_id == pool.id, Customer.owner_id == person, Customer.deleted_at.is_(None)
    )
    count = beyond.execute(claimed).scalar_one()
    if count >= pool.most_claims:
        raise Conflict(
            _("You hold {count} customers from “{pool}”; at most {most} are allowed.",
              count=count, pool=pool.name, most=pool.most_claims),
            _("Give one back to the pool first."),
        )  # fmt: skip


def assign(session: Any, customer: Customer, owner: int, department: int | None = None) -> None:
    """Hand a customer over to somebody within one's reach, from its owner or from the pool."""
    if customer.pool_id is None:
        customer.owner_id = owner
        if department is not None:
            customer.department_id = department
        return
    reach, person = session.principal.reach("customers.customer", "assign"), session.principal
    if reach.level != "all" and owner not in reach.users and owner != person.user_id:
        raise Invalid([FieldError("owner", _("This person lies beyond what you may assign to."))])
    if department is not None and reach.level != "all" and department not in reach.departments | person.departments:
        raise Invalid([FieldError("department", _("This department lies beyond what you may assign to."))])
    with acting(session, "whoever assigns takes customers out of the pool that he sees") as beyond:
        mine = _locked(beyond, customer.id)
        if mine is None or mine.pool_id is None:
            raise Conflict(_("Somebody else was quicker: “{name}” is no longer in the pool.", name=customer.name))
        mine.claimed_from_id, mine.owner_id, mine.department_id = mine.pool_id, owner, department
    session.expire(customer)


def release(session: Any, customer: Customer, pool: int | None = None, reason: str | None = None) -> None:
    """Give a customer back to a pool, with the reason; without a pool named, to the one for its department."""
    with acting(session, "whoever may give a customer back does so for all of it") as beyond:
        mine = _locked(beyond, customer.id)
        if mine is None or mine.pool_id is not None:
            raise Conflict(_("“{name}” is in the pool already.", name=customer.name))
        place = beyond.get(Pool, pool) if pool else _pool_for(beyond, mine)
        if place is None or place.archived or place.deleted_at is not None:
            raise Invalid([FieldError("pool", _("No pool is for this customer. Choose one."))])
        put_into_pool(mine, place, reason)
    session.expire(customer)


def put_into_pool(customer: Customer, pool: Pool, reason: str | None) -> None:
    """Take a customer from its owner and let it wait in the pool."""
    customer.owner_id = customer.department_id = None
    customer.pool_id, customer.pooled_at, customer.pool_reason = pool.id, now(), (reason or "")[:200] or None
    customer.returns_at = customer.claimed_from_id = customer.owned_since = None


def _pool_for(beyond: Session, customer: Customer) -> Pool | None:
    """The pool that the customer came from, or the first one of its department or owner."""
    if customer.claimed_from_id is not None:
        return beyond.get(Pool, customer.claimed_from_id)
    return beyond.scalars(
        select(Pool)
        .where(Pool.archived.is_(False), Pool.deleted_at.is_(None), or_(*_is_for(customer)))
        .order_by(Pool.position, Pool.id)
        .limit(1)
    ).first()


def _is_for(customer: Customer) -> tuple[Any, Any]:
    of_people = select(pool_user.c.pool_id).where(pool_user.c.user_id == customer.owner_id)
    of_places = select(pool_department.c.pool_id).where(pool_department.c.department_id == customer.department_id)
    return Pool.id.in_(of_people), Pool.id.in_(of_places)


def hand_over(session: Any, person: Any, to: int, department: int | None = None) -> None:
    """Transfer everything that one person has to another: for those who leave. One operation, undone as a whole."""
    if to == person.id:
        raise Invalid([FieldError("to", _("Choose somebody else."))])
    moved = 0
    for model in (Customer, Supplier, Distributor):
        # What lies beyond one's reach stays, as it would one by one.
        for record in session.scalars(select(model).where(model.owner_id == person.id).order_by(model.id)):
            record.owner_id = to
            if department is not None:
                record.department_id = department
            moved += 1
        session.flush()
    if not moved:
        raise Conflict(_("“{name}” has no customers that you could hand over.", name=person.name))


# ---------------------------------------------------------------- what returns by itself


def _due(since: datetime | None, days: int | None) -> datetime | None:
    return since + timedelta(days=days) if since is not None and days else None


def set_dates(session: Session, customer: Customer) -> None:
    """When a customer counts as silent, and when it returns to the pool, after it was spoken with or changed."""
    customer.silent_at, customer.returns_at = dates_of(session, customer)


def dates_of(session: Session, customer: Customer) -> tuple[datetime | None, datetime | None]:
    """When a customer is silent and when it returns, by the rules of now; `session` reaches beyond anybody's scope."""
    with session.no_autoflush:
        contact, claimed, found = _rules().one(
            session,
            level=customer.level_id,
            claimed=customer.claimed_from_id,
            owner=customer.owner_id,
            department=customer.department_id,
        )
        days = contact or read_setting(session, "customers.silent_days")
    begun = customer.owned_since or customer.created_at
    silent_at = _due(customer.last_contact_at or begun, days)
    if customer.owner_id is None:
        return silent_at, None
    pool_days = found if customer.claimed_from_id is None else claimed
    return silent_at, _due(max(filter(None, (customer.last_contact_at, begun))), pool_days)


@lru_cache(maxsize=1)
def _rules() -> Question:
    """The days of a level, those of the pool that a customer was claimed from, and those of the pool for it."""
    names = ("level", "claimed", "owner", "department")
    return Question(select(*_days_by_the_rules(*map(bindparam, names))))


def _days_by_the_rules(level: Any, claimed: Any, owner: Any, department: Any) -> tuple[Any, Any, Any]:
    of_people = select(pool_user.c.pool_id).where(pool_user.c.user_id == owner)
    of_places = select(pool_department.c.pool_id).where(pool_department.c.department_id == department)
    is_for = or_(Pool.id.in_(of_people), Pool.id.in_(of_places))
    present = (Pool.archived.is_(False), Pool.deleted_at.is_(None))
    asked = (
        select(Level.contact_days).where(Level.id == level),
        select(Pool.return_days).where(Pool.id == claimed),
        select(Pool.return_days).where(*present, is_for).order_by(Pool.position, Pool.id).limit(1),
    )
    contact, own, found = (each.scalar_subquery() for each in asked)
    return contact, own, found


def write_dates_of(session: Session, customer: Customer) -> None:
    """The same past history and version: nobody has changed anything, and whoever edits is not disturbed."""
    reason = "levels and pools set when a customer is silent and returns"
    with acting(session, reason) as beyond:
        silent_at, returns_at = dates_of(beyond, customer)
    if (silent_at, returns_at) != (customer.silent_at, customer.returns_at):
        write_quietly(session, customer, reason, silent_at=silent_at, returns_at=returns_at)


def write_dates_of_many(session: Session, ids: Sequence[int]) -> None:
    """The same for many customers, by one statement; those that came past the unit of work are in charge since then."""
    with acting(session, "levels and pools set when customers are silent and return") as beyond:
        days = read_setting(beyond, "customers.silent_days")
        beyond.connection().execute(_dates_of_many().where(among(Customer.id, ids)), {"days": days})


@lru_cache(maxsize=1)
def _dates_of_many() -> Update:
    c: Any = inspect(Customer).local_table.c
    contact, claimed, found = _days_by_the_rules(c.level_id, c.claimed_from_id, c.owner_id, c.department_id)
    since = func.coalesce(c.owned_since, case((c.owner_id.is_not(None), c.created_at)))
    begun = func.coalesce(since, c.created_at)
    silent_after = func.nullif(func.coalesce(func.nullif(contact, 0), bindparam("days", type_=Integer())), 0)
    return_after = func.nullif(case((c.claimed_from_id.is_(None), found), else_=claimed), 0)
    latest = case((c.last_contact_at > begun, c.last_contact_at), else_=begun)
    return update(inspect(Customer).local_table).values(  # type: ignore[arg-type]
        owned_since=since,
        silent_at=days_after(func.coalesce(c.last_contact_at, begun), silent_after),
        returns_at=case((c.owner_id.is_not(None), days_after(latest, return_after))),
        updated_at=c.updated_at,
    )


def keep_pools(run: Any) -> dict[str, int]:
    """Every night: say when customers become silent and return, and return those whose time has come."""
    told = {"dates": 0, "returned": 0}
    with run.session(write=False) as session:
        ids = list(session.scalars(select(Customer.id).where(Customer.deleted_at.is_(None)).order_by(Customer.id)))
    for start in range(0, len(ids), TOGETHER):
        # Worked out while nobody has to wait; only what has changed is written.
        with run.session(write=False) as session:
            found = session.scalars(select(Customer).where(Customer.id.in_(ids[start : start + TOGETHER])))
            changed = _new_dates(session, list(found))
        if changed:
            with run.session(write=True) as session:
                _write_dates(session, changed)
        told["dates"] += len(changed)
    with run.session(write=False) as session:
        due = select(Customer.id).where(
            Customer.returns_at <= now(), Customer.owner_id.is_not(None), Customer.deleted_at.is_(None)
        )
        ids = list(session.scalars(due))
    for start in range(0, len(ids), TOGETHER):
        with run.session(write=True) as session:
            told["returned"] += sum(_return(session, customer_id) for customer_id in ids[start : start + TOGETHER])
    return told


def _new_dates(session: Session, customers: list[Customer]) -> list[dict[str, Any]]:
    """The customers whose dates are others than before."""
    changed = []
    with session.no_autoflush:
        for customer in customers:
            before = customer.silent_at, customer.returns_at
            set_dates(session, customer)
            if customer.returns_at is not None and before[1] is None:
                # A rule that is new gives everybody time: first the warning, then the return.
                customer.returns_at = max(customer.returns_at, now() + GRACE)
            after = customer.silent_at, customer.returns_at
            session.expunge(customer)
            if after != before:
                told = {"id": customer.id, "version": customer.version}
                changed.append({**told, "silent_at": after[0], "returns_at": after[1]})
    return changed


def _write_dates(session: Session, changed: list[dict[str, Any]]) -> None:
    """Write dates past history, since nobody has done anything; whoever was spoken with meanwhile keeps his own."""
    table = Customer.__table__
    for row in changed:
        unchanged = (table.c.id == row.pop("id"), table.c.version == row.pop("version"))
        row["updated_at"] = table.c.updated_at
        session.connection().execute(update(table).where(*unchanged).values(row))  # type: ignore[arg-type]


def _return(session: Session, customer_id: int) -> bool:
    customer = _locked(session, customer_id)
    if customer is None or customer.owner_id is None or customer.returns_at is None or customer.returns_at > now():
        return False
    pool = _pool_for(session, customer)
    if pool is None:
        return False
    reason = _("No contact for {days} days", days=pool.return_days)
    put_into_pool(customer, pool, str(reason))
    session.flush()
    return True
