"""Makes records of any model for tests: required columns get values of their type, links get records of their own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Table, inspect, select
from sqlalchemy.orm import Mapper, Session

from core.kernel.database import Base
from core.kernel.departments import Department
from core.kernel.passwords import hash_password, put_password
from core.kernel.policies import Scoped
from core.kernel.roles import UserRole
from core.kernel.shipped_roles import find_role
from core.kernel.types import Instant, Money, MoneyType, now
from core.kernel.users import User
from core.testing.installation import PASSWORD

_numbers = itertools.count(1)
_kept_hash: list[str] = []


def make_person(session: Session, login: str, *roles: str) -> int:
    """A person with the password of tests and these roles; gives the id."""
    if not _kept_hash:
        _kept_hash.append(hash_password(PASSWORD))  # takes long, as it should
    user = User(login=login, name=login.title())
    session.add(user)
    session.flush()
    for key in roles:
        role = find_role(session, key)
        assert role is not None, f"there is no role '{key}'"
        session.add(UserRole(user_id=user.id, role_id=role.id))
    put_password(session.connection(), user.id, _kept_hash[0])
    session.flush()
    return user.id


def make_record(session: Session, model: type[Any], *, owner: int | None = None, **values: Any) -> Any:
    """A record of the model, flushed. `owner` owns it and what is made along with it."""
    mapper: Mapper[Any] = inspect(model)
    chosen = dict(values)
    if issubclass(model, Scoped):
        chosen.setdefault("owner_id", owner)
    for key, column in _required(mapper):
        if key not in chosen:
            chosen[key] = _value(session, column, owner)
    record = model(**chosen)
    session.add(record)
    session.flush()
    return record


def _required(mapper: Mapper[Any]) -> Iterator[tuple[str, Column[Any]]]:
    for property_ in mapper.column_attrs:
        column = property_.columns[0]
        if not isinstance(column, Column) or not isinstance(column.table, Table):
            continue
        given = column.nullable or column.default is not None or column.server_default is not None
        counted = column.primary_key and not column.foreign_keys
        if not given and not counted and column is not mapper.polymorphic_on:
            yield property_.key, column


def _value(session: Session, column: Column[Any], owner: int | None) -> Any:
    number = next(_numbers)
    for link in column.foreign_keys:
        return _target(session, link.column.table, owner)
    if isinstance(column.type, MoneyType):
        return Money(number * 100)
    if isinstance(column.type, Instant):
        return now()
    kind = column.type.python_type
    if issubclass(kind, str):
        return f"{column.name} {number}"[: getattr(column.type, "length", None) or 100]
    plain: dict[type[Any], Any] = {
        bool: False,
        int: number,
        float: float(number),
        Decimal: Decimal(number),
        datetime: now(),
        date: date(2026, 1, 1),
        time: time(9),
        dict: {},
        list: [],
    }
    for known, value in plain.items():
        if issubclass(kind, known):
            return value
    raise TypeError(f"'{column}' is a {kind.__name__}; give its value: make_record(…, {column.key}=…)")


def _target(session: Session, table: Table, owner: int | None) -> int:
    if table is User.__table__ and owner is not None:
        return owner
    model = next(mapper.class_ for mapper in Base.registry.mappers if mapper.local_table is table)
    if model in (User, Department):
        known = session.scalars(select(model.id).limit(1)).first()
        if known is not None:
            return int(known)
    return int(make_record(session, model, owner=owner).id)
