"""Writes what merely follows from the rest of a record, such as since when a customer is silent, without a trace."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy import Table, bindparam, inspect, update
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import set_committed_value

from core.kernel.database import Model, Session
from core.kernel.prepared import Prepared
from core.kernel.privilege import privileged

log = structlog.get_logger("sopia.gate")


def write_quietly(session: Session, record: Model, reason: str, **values: Any) -> None:
    """Set columns of a record past history, version and the date of its change: nobody has done anything, and whoever
    edits it is not disturbed. Beyond the scope of the session's person; `reason` goes to the log.
    """
    session.flush()
    log.debug("writing quietly", reason=reason, record=f"{record.__tablename__} {record.id}")
    mapper: Mapper[Any] = inspect(type(record))
    columns = {mapper.columns[name].key: value for name, value in values.items()}
    _statement(mapper, tuple(columns)).run(privileged(session), {"the_record": record.id, **columns})
    for name, value in values.items():
        set_committed_value(record, name, value)


@lru_cache(maxsize=500)
def _statement(mapper: Mapper[Any], names: tuple[str, ...]) -> Prepared:
    table = mapper.local_table
    assert isinstance(table, Table)
    statement = update(table).where(table.c.id == bindparam("the_record"))
    return Prepared(statement.values({**{name: bindparam(name) for name in names}, "updated_at": table.c.updated_at}))
