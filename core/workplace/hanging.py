"""What hangs on a record, counted in one statement: files, and with whom it is shared."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, or_, select

from core.kernel.prepared import Prepared
from core.kernel.privilege import privileged
from core.kernel.roles import Share
from core.kernel.types import now
from core.workplace.attachments import ATTACHMENT

SHARE = Share.__table__.c


@dataclass(frozen=True, slots=True)
class Hanging:
    """How much hangs on a record, for whoever has it in sight."""

    files: int = 0
    shares: int = 0


_COUNTED = Prepared(
    select(
        select(func.count())
        .select_from(ATTACHMENT.id.table)
        .where(
            ATTACHMENT.resource == bindparam("of"),
            ATTACHMENT.record_id == bindparam("record"),
            ATTACHMENT.slot == "",
            ATTACHMENT.deleted_at.is_(None),
        )
        .scalar_subquery(),
        select(func.count())
        .select_from(Share.__table__)
        .where(
            SHARE.resource == bindparam("of"),
            SHARE.record_id == bindparam("record"),
            SHARE.deleted_at.is_(None),
            or_(SHARE.expires_at.is_(None), SHARE.expires_at > bindparam("now", type_=SHARE.expires_at.type)),
        )
        .scalar_subquery(),
    )
)


def hanging_on(connection: Connection, resource: str, record_id: int) -> Hanging:
    """What hangs on a record that its reader may see with all that belongs to it."""
    values = {"of": resource, "record": record_id, "now": now()}
    files, shares = _COUNTED.rows(privileged(connection), values)[0]
    return Hanging(files, shares)
