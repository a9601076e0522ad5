"""Notifications: what somebody is told because it concerns him, in the bell and, where he wishes, by mail.

A notification holds no content of its record. What it says is looked up when it is shown, in the rights its reader has
then, so nobody keeps what he may no longer see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import JSON, Connection, Index, String, bindparam, delete, func, insert, literal, select, text, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as AnySession

from core.kernel.access import load_principal
from core.kernel.database import Base
from core.kernel.gate import Gate, privileged
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.policies import Private
from core.kernel.prepared import Prepared
from core.kernel.principal import NOBODY
from core.kernel.types import Key, link, now
from core.kernel.users import User
from core.resources.fields import Words
from core.resources.resolved import ResolvedResource, Resources

KINDS: Final[dict[str, Text]] = {
    "guidance": _("Guidance for me"),
    "mention": _("I am mentioned"),
    "reply": _("An answer to my remark"),
    "remark": _("A remark on my record, or on one that I follow"),
    "acknowledged": _("My guidance was acknowledged"),
    "assigned": _("A record becomes mine"),
    "approval": _("My approval is asked for"),
    "decided": _("What I asked approval for is decided"),
    "change": _("A record that I follow is changed"),
    "reminder": _("A reminder is due"),
    "import": _("An import has ended"),
    "other": _("Other messages"),
}
"""What people are told of; each may choose what comes by mail as well."""

BY_MAIL: Final = frozenset({"guidance", "mention", "approval", "reminder"})
"""What comes by mail until somebody chooses otherwise."""

COUNTED: Final = 100
"""Counting the unread stops here, and the bell says "99+"."""


class Notification(Base):
    """One thing that one person is told."""

    __tablename__ = "system_notification"
    __policy__: ClassVar[Private] = Private()
    __table_args__ = (
        Index("ix_system_notification_user", "user_id", "id"),
        Index("ix_system_notification_unread", "user_id", sqlite_where=text("read_at IS NULL"),
              postgresql_where=text("read_at IS NULL")),
        Index("ix_system_notification_record", "resource", "record_id"),
        Index("ix_system_notification_unmailed", "id", sqlite_where=text("mailed_at IS NULL"),
              postgresql_where=text("mailed_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = link("system_user", ondelete="CASCADE", index=False)
    kind: Mapped[str] = mapped_column(String(20))
    resource: Mapped[str] = mapped_column(String(80), default="")
    record_id: Mapped[int | None] = mapped_column(Key)
    actor_id: Mapped[int | None] = link("system_user", nullable=True, ondelete="SET NULL", index=False)
    remark_id: Mapped[int | None] = mapped_column(Key)
    rule: Mapped[str] = mapped_column(String(80), default="")
    """Of a reminder, which one: the date's field, or the number of a personal one."""
    words: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """A text of its own, to be said in the reader's language."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]


class MailChoice(Base):
    """What one person wants by mail, where he has chosen."""

    __tablename__ = "system_mail_choice"
    __policy__: ClassVar[Private] = Private()

    user_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    kinds: Mapped[list[str]] = mapped_column(JSON)


TABLE = Notification.__table__
NOTE = TABLE.c

UNREAD = select(func.count()).select_from(
    select(literal(1).label("one"))
    .where(NOTE.user_id == bindparam("me"), NOTE.read_at.is_(None))
    .limit(COUNTED)
    .subquery()
)
_UNREAD = Prepared(UNREAD)


@dataclass(frozen=True, slots=True)
class Note:
    """A notification as its person reads it; `title` and `excerpt` are empty where the record is out of sight."""

    id: int
    kind: str
    said: str
    title: str
    excerpt: str
    url: str
    resource: str
    record_id: int | None
    actor_id: int | None
    actor: str
    at: datetime
    read: bool
    icon: str = ""


# ---------------------------------------------------------------- telling people


def notify(
    session: AnySession,
    people: Iterable[int | None],
    *,
    kind: str,
    resource: ResolvedResource | None = None,
    record_id: int | None = None,
    text: Words = "",
    actor: int | None = None,
    remark_id: int | None = None,
    rule: str = "",
) -> int:
    """Tell people, in the transaction of `session`; how many were. Nobody is told of what he does himself, nor of a
    record that he does not see. `text` is said in each reader's own language.
    """
    wanted = [each for each in dict.fromkeys(people) if each is not None and each != actor]
    if resource is not None and record_id is not None:
        wanted = [each for each in wanted if sees(session, each, resource, record_id)]
    if wanted:
        note = {
            "kind": kind if kind in KINDS else "other",
            "resource": resource.key if resource else "",
            "record_id": record_id,
            "actor_id": actor,
            "remark_id": remark_id,
            "rule": rule,
            "words": packed(text),
            "created_at": now(),
        }
        privileged(session).execute(insert(Notification), [{**note, "user_id": each} for each in wanted])
    return len(wanted)


def sees(session: AnySession, user_id: int, resource: ResolvedResource, record_id: int) -> bool:
    """Whether somebody sees a record at this moment, by his own rights."""
    gate: Gate | None = session.info.get("gate")
    connection = privileged(session)
    principal = load_principal(connection, user_id)
    if principal is NOBODY:
        return False
    if gate is None:
        # A session of the platform itself; what is shown is asked for again when it is read.
        return True
    scoped = gate.adopted_connection(connection, principal)
    return scoped.execute(select(resource.table.c.id).where(resource.table.c.id == record_id)).first() is not None


def withdraw(session: AnySession, *, kind: str, resource: str, record_id: int, rule: str | None = None) -> None:
    """Take back what nobody has read yet and what is no longer so."""
    gone = delete(Notification).where(
        NOTE.kind == kind, NOTE.resource == resource, NOTE.record_id == record_id, NOTE.read_at.is_(None)
    )
    privileged(session).execute(gone if rule is None else gone.where(NOTE.rule == rule))


def packed(words: Words) -> dict[str, Any] | None:
    """A text as it is kept, to be put into the reader's language later."""
    if not words:
        return None
    if not isinstance(words, Text):
        return {"text": str(words)}
    _source, domain, values, plural, count = words._key()
    told = {key: packed(value) if isinstance(value, Text) else str(value) for key, value in values}  # type: ignore[attr-defined]
    return {"source": words.source, "domain": domain, "values": told, "plural": plural, "count": count}


def unpacked(kept: Mapping[str, Any] | None) -> str:
    """A kept text in the language that is active."""
    if not kept:
        return ""
    if "text" in kept:
        return str(kept["text"])
    values = {key: unpacked(value) if isinstance(value, dict) else value for key, value in kept["values"].items()}
    return str(Text(kept["source"], kept["domain"], values, kept.get("plural") or "", kept.get("count")))


# ---------------------------------------------------------------- reading them


def unread(connection: Connection, user_id: int) -> int:
    """How many somebody has not read, up to a hundred: one look into a short index."""
    return int(_UNREAD.rows(privileged(connection), {"me": user_id})[0][0])


def notes_of(
    connection: Connection,
    resources: Resources,
    user_id: int,
    *,
    only_unread: bool = False,
    before: int | None = None,
    limit: int = 30,
    ids: Sequence[int] | None = None,
) -> list[Note]:
    """Somebody's notifications, the latest first. `connection` is his scoped one: it decides what of them he reads."""
    wanted = select(*TABLE.c).where(NOTE.user_id == user_id).order_by(NOTE.id.desc()).limit(limit)
    if only_unread:
        wanted = wanted.where(NOTE.read_at.is_(None))
    if before is not None:
        wanted = wanted.where(NOTE.id < before)
    if ids is not None:
        wanted = wanted.where(NOTE.id.in_(ids))
    rows = privileged(connection).execute(wanted).all()
    return _told(connection, resources, rows)


def mark_read(connection: Connection, user_id: int, ids: Sequence[int] | None = None) -> int:
    """Mark notifications of somebody as read, all of them or those named; how many that changed."""
    mine = update(Notification).where(NOTE.user_id == user_id, NOTE.read_at.is_(None))
    chosen = mine if ids is None else mine.where(NOTE.id.in_(ids))
    return privileged(connection).execute(chosen.values(read_at=now())).rowcount


def _told(connection: Connection, resources: Resources, rows: Sequence[Any]) -> list[Note]:
    from core.workplace.remarks import REMARK, excerpt, names_of

    labels = labels_in_sight(connection, resources, ((row.resource, row.record_id) for row in rows))
    beneath = privileged(connection)
    names = names_of(beneath, {row.actor_id for row in rows if row.actor_id}) if rows else {}
    remarks = [row.remark_id for row in rows if row.remark_id]
    texts = {}
    if remarks:
        said = select(REMARK.id, REMARK.text).where(REMARK.id.in_(remarks), REMARK.deleted_at.is_(None))
        texts = {row[0]: row[1] for row in beneath.execute(said)}
    found = []
    for row in rows:
        at = (row.resource, row.record_id)
        resource = resources.get(row.resource)
        hidden = bool(row.resource) and at not in labels
        title = "" if hidden else labels.get(at, "")
        actor = names.get(row.actor_id or 0, "")
        url = f"{resource.url}/{row.record_id}" if resource and not hidden and row.record_id else ""
        if url and row.remark_id in texts:
            url += f"#remark-{row.remark_id}"
        found.append(
            Note(
                row.id,
                row.kind,
                str(_("This concerned a record that you no longer see."))
                if hidden
                else _sentence(row, actor, str(resource.name) if resource else "", title),
                title,
                "" if hidden else excerpt(texts.get(row.remark_id or 0, "")),
                url,
                row.resource,
                row.record_id,
                row.actor_id,
                "" if hidden else actor,
                row.created_at,
                row.read_at is not None,
                ICONS.get(row.kind, "bell"),
            )
        )
    return found


ICONS: Final = {
    "guidance": "flag", "mention": "comment", "reply": "comment", "remark": "comment", "acknowledged": "check",
    "assigned": "person", "approval": "check", "decided": "check", "change": "edit", "reminder": "clock",
    "import": "import",
}  # fmt: skip

SENTENCES: Final[dict[str, Text]] = {
    "guidance": _("gave you guidance"),
    "mention": _("mentioned you"),
    "reply": _("answered your remark"),
    "remark": _("wrote a remark"),
    "acknowledged": _("has read your guidance"),
    "assigned": _("handed this over to you"),
    "approval": _("asks for your approval"),
    "decided": _("has decided"),
    "change": _("changed this"),
    "reminder": _("Reminder"),
    "import": _("The import has ended"),
    "other": _("Message"),
}


def _sentence(row: Any, actor: str, name: str, title: str) -> str:
    own = unpacked(row.words)
    if own:
        return own.replace("{title}", title)
    return str(SENTENCES[row.kind])


def labels_in_sight(
    connection: Connection, resources: Resources, wanted: Iterable[tuple[str, int | None]]
) -> dict[tuple[str, int], str]:
    """What records are called, of those that the scoped connection shows; one statement for each resource."""
    by_key: dict[str, set[int]] = defaultdict(set)
    for key, record_id in wanted:
        if key and record_id is not None:
            by_key[key].add(record_id)
    found: dict[tuple[str, int], str] = {}
    for key, ids in by_key.items():
        resource = resources.get(key)
        if resource is None:
            continue
        for row in connection.execute(resource.labels, {"ids": sorted(ids)[:500]}):
            found[key, row[0]] = resource.shown(str(row[1])) if row[1] not in (None, "") else f"#{row[0]}"
    return found


# ---------------------------------------------------------------- what comes by mail


def mailed_kinds(connection: Connection, user_id: int) -> frozenset[str]:
    """What somebody gets by mail as well."""
    chosen = select(MailChoice.kinds).where(MailChoice.user_id == user_id)
    kinds = privileged(connection).execute(chosen).scalar()
    return BY_MAIL if kinds is None else frozenset(kinds)


def choose_mail(connection: Connection, user_id: int, kinds: Iterable[str]) -> None:
    """Keep what somebody wants by mail."""
    beneath = privileged(connection)
    wanted = sorted(set(kinds) & KINDS.keys())
    changed = beneath.execute(update(MailChoice).where(MailChoice.user_id == user_id).values(kinds=wanted))
    if not changed.rowcount:
        beneath.execute(insert(MailChoice).values(user_id=user_id, kinds=wanted))


def person_named(connection: Connection, user_id: int) -> Any:
    """Name, address and language of somebody, for a mail."""
    asked = select(User.id, User.name, User.email, User.locale, User.timezone)
    return privileged(connection).execute(asked.where(User.id == user_id, User.active)).first()
