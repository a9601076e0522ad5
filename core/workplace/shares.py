"""Sharing one record by hand: who may, with whom, until when; and taking it back.

Whoever may edit a record by his role opens it to others, to read or also to write. What was opened to him by a share he
does not pass on: nobody gives away more than he has, and a share that ends must not live on in another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from core.kernel.departments import Department
from core.kernel.errors import Conflict, FieldError, Invalid, NotFound
from core.kernel.generations import raise_access
from core.kernel.guard import ScopedSession, covers, is_open
from core.kernel.history import Change, write_changes
from core.kernel.i18n import translate as _
from core.kernel.policies import Own
from core.kernel.prepared import Prepared
from core.kernel.privilege import privileged
from core.kernel.roles import Group, Share
from core.kernel.types import now
from core.kernel.users import User
from core.resources.resolved import ResolvedResource

RECEIVERS: Final[Mapping[str, Any]] = {"user": User, "department": Department, "group": Group}
"""With whom one shares, by the name of the field."""

SHARE = Share.__table__.c


@dataclass(frozen=True, slots=True)
class Sharing:
    """One present share of a record, as it is read."""

    id: int
    kind: str
    receiver_id: int
    receiver: str
    write: bool
    expires_at: datetime | None
    created_at: datetime


def can_be_shared(resource: ResolvedResource) -> bool:
    """Whether records of this kind belong to somebody, who can open them to others."""
    return isinstance(resource.policy, Own) and not resource.read_only


def may_share(session: ScopedSession, resource: ResolvedResource, record: Any) -> bool:
    """Whether the person may edit this record by his role, and so open it to others."""
    reach = session.principal.reach(resource.key, "edit")
    return isinstance(resource.policy, Own) and covers(session.principal, reach, resource.policy, record)


def shares_of(connection: Connection, resource: str, record_id: int) -> list[Sharing]:
    """With whom a record is shared now. The caller has found the record in the reader's scope."""
    found = _OF_RECORD.named(privileged(connection), {"of": resource, "record": record_id, "now": now()})
    if not found or not is_open(connection, resource, record_id):
        return []
    return [_sharing(row) for row in found]


def share(
    session: ScopedSession,
    resource: ResolvedResource,
    record_id: int,
    given: Mapping[str, int | None],
    *,
    write: bool,
    expires_at: datetime | None,
) -> Sharing:
    """Open a record to one person, department or group; who has it already has it from now on as said here."""
    record = _shareable(session, resource, record_id)
    kind, receiver_id = _receiver(session, given)
    if expires_at is not None and expires_at <= now():
        raise Invalid([FieldError("expires_at", _("This moment has passed. Choose a later one, or none."))])
    connection, column = privileged(session), SHARE[f"{kind}_id"]
    same = (SHARE.resource == resource.key, SHARE.record_id == record.id, column == receiver_id)
    # A share that has run out must not stand beside the new one.
    raise_access(connection)
    values: dict[str, Any] = {"write": write, "expires_at": expires_at, "updated_at": now()}
    present = connection.scalar(select(SHARE.id).where(*same, SHARE.deleted_at.is_(None)).order_by(SHARE.id))
    if present is None:
        told = {"resource": resource.key, "record_id": record.id, f"{kind}_id": receiver_id, **values}
        adding = insert(Share).values(version=1, created_at=now(), **told).returning(SHARE.id)
        present = connection.scalar(adding)
    else:
        changed = {**values, "version": SHARE.version + 1}
        connection.execute(update(Share).where(SHARE.id == present).values(changed))
    sharing = next(each for each in shares_of(connection, resource.key, record.id) if each.id == present)
    _tell(session, resource, record.id, "share", sharing)
    return sharing


def withdraw(session: ScopedSession, resource: ResolvedResource, record_id: int, share_id: int) -> None:
    """Take a share back; it ends at once."""
    record = _shareable(session, resource, record_id)
    connection = privileged(session)
    found = next((each for each in shares_of(connection, resource.key, record.id) if each.id == share_id), None)
    if found is None:
        raise NotFound
    raise_access(connection)
    ended = {"deleted_at": now(), "updated_at": now(), "version": SHARE.version + 1}
    connection.execute(update(Share).where(SHARE.id == share_id).values(ended))
    _tell(session, resource, record.id, "withdraw", found)


def _shareable(session: ScopedSession, resource: ResolvedResource, record_id: int) -> Any:
    record = session.get(resource.model, record_id)
    if record is None:
        raise NotFound
    if not may_share(session, resource, record):
        raise Conflict(
            _("Only who may edit this record by a role of his own shares it or takes a share back."),
            _("Ask its owner."),
        )
    return record


def _receiver(session: ScopedSession, given: Mapping[str, int | None]) -> tuple[str, int]:
    """The one receiver that is named, who must be there and active."""
    named = [(kind, value) for kind, value in given.items() if kind in RECEIVERS and value is not None]
    if len(named) != 1:
        raise Invalid([FieldError("user", _("Name one person, one department or one group."))])
    kind, receiver_id = named[0]
    model = RECEIVERS[kind]
    conditions = [model.id == receiver_id, model.deleted_at.is_(None)]
    if model is User:
        conditions.append(User.active)
    if privileged(session).scalar(select(model.id).where(*conditions)) is None:
        raise Invalid([FieldError(kind, _("There is no record with the number {id}.", id=receiver_id))])
    return kind, receiver_id


def _present(moment: Any) -> tuple[Any, ...]:
    return (SHARE.deleted_at.is_(None), or_(SHARE.expires_at.is_(None), SHARE.expires_at > moment))


_OF_RECORD = Prepared(
    select(
        Share.__table__,
        User.name.label("of_user"),
        Department.name.label("of_department"),
        Group.name.label("of_group"),
    )
    .outerjoin(User, User.id == SHARE.user_id)
    .outerjoin(Department, Department.id == SHARE.department_id)
    .outerjoin(Group, Group.id == SHARE.group_id)
    .where(SHARE.resource == bindparam("of"), SHARE.record_id == bindparam("record"), *_present(bindparam("now")))
    .order_by(SHARE.id)
)
"""What every page of a record asks."""


def _sharing(row: Mapping[str, Any]) -> Sharing:
    kind = next(kind for kind in RECEIVERS if row[f"{kind}_id"] is not None)
    return Sharing(
        id=row["id"],
        kind=kind,
        receiver_id=row[f"{kind}_id"],
        receiver=row[f"of_{kind}"] or "",
        write=row["write"],
        expires_at=row["expires_at"],
        created_at=row["created_at"],
    )


def _tell(session: ScopedSession, resource: ResolvedResource, record_id: int, verb: str, sharing: Sharing) -> None:
    """History of the record says with whom, and how far."""
    told = {"receiver": sharing.receiver, "kind": sharing.kind, "write": sharing.write}
    if sharing.expires_at is not None:
        told["expires_at"] = sharing.expires_at.isoformat()
    change = Change(resource.model, record_id, verb, {}, {"shared": told})
    write_changes(privileged(session), session.info["operation"], [change])


__all__ = ["RECEIVERS", "Sharing", "can_be_shared", "may_share", "share", "shares_of", "withdraw"]
