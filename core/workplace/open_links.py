"""Links that open one file to whoever has them, without signing in: to send a document to a customer, say.

A link ends by itself. It opens no more than its maker may share at the moment in which somebody follows it, and nothing
for which a clearance is needed. Nothing secret is kept: the token is made from the key of the installation.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sqlalchemy import Connection, Index, String, bindparam, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.access import load_principal
from core.kernel.database import Model
from core.kernel.errors import Conflict, FieldError, Invalid, NotFound
from core.kernel.guard import ScopedSession
from core.kernel.history import Change, write_changes
from core.kernel.i18n import translate as _
from core.kernel.plugin_settings import read_setting
from core.kernel.plugins import SYSTEM, Setting
from core.kernel.policies import Attached, Own
from core.kernel.prepared import Prepared
from core.kernel.principal import NOBODY
from core.kernel.privilege import privileged
from core.kernel.types import Key, link, now
from core.kernel.users import User
from core.resources.resolved import ResolvedResource
from core.workplace.attachments import content_of
from core.workplace.shares import can_be_shared, may_share

if TYPE_CHECKING:
    from core.kernel.platform import Platform

USUAL: Final = timedelta(days=7)
"""How long a link opens something where nothing is said."""

LONGEST: Final = timedelta(days=90)

SETTING: Final = Setting(
    "open_links",
    default=True,
    title=_("Links that open files without signing in"),
    help=_("Who may share a document sends it to others with such a link. Switched off, all of them open nothing."),
)


class OpenLink(Model):
    """One link to the file of a record, from whom and until when."""

    __tablename__ = "system_open_link"
    __policy__: ClassVar[Any] = Attached(kept=True)
    __table_args__ = (Index("ix_system_open_link_record", "resource", "record_id"),)

    resource: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Key)
    author_id: Mapped[int] = link(User)
    expires_at: Mapped[datetime]


LINK = OpenLink.__table__.c


@dataclass(frozen=True, slots=True)
class Opening:
    """One present link of a record, as it is read."""

    id: int
    token: str
    author: str
    expires_at: datetime
    created_at: datetime


def can_be_opened(resource: ResolvedResource) -> bool:
    """Whether records of this kind stand for a file that somebody may send out of the house."""
    return content_of(resource) is not None and can_be_shared(resource)


def openings_of(connection: Connection, key: str, resource: str, record_id: int) -> list[Opening]:
    """The links of a record that open something now. The caller has found the record in the reader's scope."""
    found = _OF_RECORD.named(privileged(connection), {"of": resource, "record": record_id, "now": now()})
    return [
        Opening(row["id"], token_of(key, row["id"], record_id), row["author"], row["expires_at"], row["created_at"])
        for row in found
    ]


def open_to_all(
    session: ScopedSession, key: str, resource: ResolvedResource, record_id: int, expires_at: datetime | None
) -> Opening:
    """Make a link to the file of a record; raises Conflict where nobody may send it out."""
    record = _mine(session, resource, record_id)
    if not is_allowed(session):
        raise Conflict(_("Links that open files without signing in are switched off."), _("Share it with people."))
    if not _is_for_all(resource, record):
        raise Conflict(
            _("Reading this needs a clearance, and whoever has the link has none."),
            _("Share it with people, or have it graded lower."),
        )
    ends, moment = expires_at or now() + USUAL, now()
    if not moment < ends <= moment + LONGEST + timedelta(days=1):
        raise Invalid([FieldError("until", _("A link lasts {days} days at most.", days=LONGEST.days))])
    told = {"resource": resource.key, "record_id": record.id, "author_id": session.principal.user_id}
    stamps = {"version": 1, "created_at": moment, "updated_at": moment}
    connection = privileged(session)
    made = connection.scalar(insert(OpenLink).values(**told, **stamps, expires_at=ends).returning(LINK.id))
    _tell(session, resource, record.id, "share", ends)
    return next(each for each in openings_of(connection, key, resource.key, record.id) if each.id == made)


def close_link(session: ScopedSession, resource: ResolvedResource, record_id: int, link_id: int) -> None:
    """End a link; whoever follows it finds nothing any more."""
    record = _mine(session, resource, record_id)
    mine = (LINK.id == link_id, LINK.resource == resource.key, LINK.record_id == record.id, LINK.deleted_at.is_(None))
    connection = privileged(session)
    ends = connection.scalar(select(LINK.expires_at).where(*mine))
    if ends is None:
        raise NotFound
    connection.execute(update(OpenLink).where(*mine).values(deleted_at=now(), updated_at=now()))
    _tell(session, resource, record.id, "withdraw", ends)


@contextmanager
def opened(platform: Platform, connection: Connection, token: str) -> Iterator[tuple[ResolvedResource, Any, Any]]:
    """What a link opens, in a session with the present rights of its maker: the resource, the record, the session."""
    row = _find(connection, platform.settings.secret_key, token)
    resource = platform.above.get(row["resource"])
    principal = load_principal(privileged(connection), row["author_id"])
    if resource is None or not can_be_opened(resource) or principal is NOBODY or not is_allowed(connection):
        raise NotFound
    with platform.gate.session(principal) as session:
        record = session.get(resource.model, row["record_id"])
        if record is None or not may_share(session, resource, record) or not _is_for_all(resource, record):
            raise NotFound
        yield resource, record, session


def is_allowed(session: Any) -> bool:
    """Whether the administrator lets files go out by links."""
    return bool(read_setting(session, f"{SYSTEM}.{SETTING.name}"))


def token_of(key: str, link_id: int, record_id: int) -> str:
    """What stands in the address of a link: its number, and what only this installation can reckon from it."""
    told = hmac.new(f"open-link|{key}".encode(), f"{link_id}|{record_id}".encode(), hashlib.sha256)
    return f"{link_id}-{told.hexdigest()[:40]}"


def _find(connection: Connection, key: str, token: str) -> Any:
    number = token.partition("-")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise NotFound
    wanted = select(LINK.resource, LINK.record_id, LINK.author_id).where(
        LINK.id == int(number), LINK.deleted_at.is_(None), LINK.expires_at > now()
    )
    row = privileged(connection).execute(wanted).mappings().first()
    if row is None or not hmac.compare_digest(token_of(key, int(number), row["record_id"]).encode(), token.encode()):
        raise NotFound
    return row


def _mine(session: ScopedSession, resource: ResolvedResource, record_id: int) -> Any:
    record = session.get(resource.model, record_id)
    if record is None or not can_be_opened(resource):
        raise NotFound
    if not may_share(session, resource, record):
        raise Conflict(
            _("Only who may edit this record by a role of his own shares it or takes a share back."),
            _("Ask its owner."),
        )
    return record


def _is_for_all(resource: ResolvedResource, record: Any) -> bool:
    """Whether somebody without any clearance would be let to read it."""
    policy = resource.policy
    restricted = policy.restrict if isinstance(policy, Own) else ()
    return all((getattr(record, each.column) or 0) <= each.ceiling(NOBODY) for each in restricted)


def _tell(session: ScopedSession, resource: ResolvedResource, record_id: int, verb: str, ends: datetime) -> None:
    told = {"receiver": "", "kind": "link", "write": False, "expires_at": ends.isoformat()}
    change = Change(resource.model, record_id, verb, {}, {"shared": told})
    write_changes(privileged(session), session.info["operation"], [change])


_OF_RECORD = Prepared(
    select(LINK.id, LINK.expires_at, LINK.created_at, User.name.label("author"))
    .join(User, User.id == LINK.author_id)
    .where(
        LINK.resource == bindparam("of"),
        LINK.record_id == bindparam("record"),
        LINK.deleted_at.is_(None),
        LINK.expires_at > bindparam("now"),
    )
    .order_by(LINK.id)
)
