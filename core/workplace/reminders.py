"""Reminders: of dates that resources declare, and of what people ask to be reminded of on any record.

They are looked for every few minutes, in the rights of whoever is reminded; for one date nobody is reminded twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, Index, String, and_, delete, exists, insert, select, text, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import Session as AnySession

from core.kernel.access import load_principal
from core.kernel.database import Base, Session
from core.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from core.kernel.gate import privileged
from core.kernel.generations import Privileged
from core.kernel.history import Change
from core.kernel.i18n import translate as _
from core.kernel.jobs import Job, Schedule
from core.kernel.policies import Private
from core.kernel.principal import NOBODY, Principal
from core.kernel.types import Key, link, now
from core.resources.resolved import ResolvedResource, Resources
from core.workplace.declared import Reminder
from core.workplace.notifications import NOTE, Notification, notify, withdraw
from core.workplace.remarks import has_remarks

log = structlog.get_logger("sopia.reminders")

REMIND: Final = "system.remind"

LATEST: Final = timedelta(days=30)
"""A date longer ago than this is no longer reminded of, so that old data does not ring when a rule is new."""

AT_ONCE: Final = 500
MOST: Final = 1000
LONGEST: Final = 200


class PersonalReminder(Base):
    """What one person wants to be reminded of, on a record."""

    __tablename__ = "system_reminder"
    __policy__: ClassVar[Private] = Private()
    __table_args__ = (
        Index("ix_system_reminder_due", "due_at", sqlite_where=text("told_at IS NULL"),
              postgresql_where=text("told_at IS NULL")),
        Index("ix_system_reminder_user", "user_id", "due_at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = link("system_user", ondelete="CASCADE", index=False)
    resource: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Key)
    due_at: Mapped[datetime]
    text: Mapped[str] = mapped_column(String(LONGEST), default="")
    told_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Reminded(Base):
    """That somebody was reminded of one date of a record."""

    __tablename__ = "system_reminded"
    __policy__: ClassVar[Private] = Private()
    __table_args__ = (Index("uq_system_reminded", "resource", "record_id", "rule", "user_id", "of", unique=True),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = link("system_user", ondelete="CASCADE", index=False)
    resource: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Key)
    rule: Mapped[str] = mapped_column(String(80))
    of: Mapped[datetime]
    """The date reminded of; of a day its beginning, in UTC."""
    at: Mapped[datetime] = mapped_column(default=now)


PERSONAL, DONE = PersonalReminder.__table__.c, Reminded.__table__.c


# ---------------------------------------------------------------- one's own


def remind_me(
    session: AnySession,
    principal: Principal,
    resource: ResolvedResource,
    record_id: int,
    at: datetime | None,
    words: str,
) -> int:
    """Keep a reminder of one's own on a record that one sees; its number."""
    faults = []
    if principal.read_only or not has_remarks(resource):
        raise Forbidden
    if at is None:
        faults.append(FieldError("at", _("Say when you want to be reminded.")))
    elif not now() - timedelta(minutes=5) <= at <= now() + timedelta(days=3660):
        faults.append(FieldError("at", _("The moment has passed, or lies further away than ten years.")))
    words = words.strip() if isinstance(words, str) else ""
    if len(words) > LONGEST:
        faults.append(FieldError("text", _("{length} characters are too many; at most {longest} fit.",
                                           length=len(words), longest=LONGEST)))  # fmt: skip
    if "\0" in words or any("\ud800" <= c <= "\udfff" for c in words):
        faults.append(FieldError("text", _("The text holds characters that cannot be kept. Type it anew.")))
    if faults or at is None:
        raise Invalid(faults)
    connection = privileged(session)
    waiting = select(PERSONAL.id).where(PERSONAL.user_id == principal.user_id, PERSONAL.told_at.is_(None)).limit(MOST)
    if len(connection.execute(waiting).all()) >= MOST:
        raise Conflict(_("You have {most} reminders waiting. Remove some first.", most=MOST))
    values = {
        "user_id": principal.user_id,
        "resource": resource.key,
        "record_id": record_id,
        "due_at": at,
        "text": words,
        "created_at": now(),
    }
    return int(connection.execute(insert(PersonalReminder).values(values).returning(PERSONAL.id)).scalar_one())


def my_reminders(
    connection: Connection, user_id: int, resource: str = "", record_id: int = 0, until: datetime | None = None
) -> Sequence[Any]:
    """The reminders that wait for somebody, on one record or on all of them, the next first."""
    asked = select(*PersonalReminder.__table__.c).where(PERSONAL.user_id == user_id, PERSONAL.told_at.is_(None))
    if resource:
        asked = asked.where(PERSONAL.resource == resource, PERSONAL.record_id == record_id)
    if until is not None:
        asked = asked.where(PERSONAL.due_at < until)
    return privileged(connection).execute(asked.order_by(PERSONAL.due_at, PERSONAL.id).limit(100)).all()


def forget_reminder(session: Privileged, user_id: int, reminder_id: int, resource: str, record_id: int) -> None:
    """Take back a reminder of one's own."""
    gone = delete(PersonalReminder).where(
        PERSONAL.id == reminder_id,
        PERSONAL.user_id == user_id,
        PERSONAL.resource == resource,
        PERSONAL.record_id == record_id,
    )
    if not 0 < reminder_id < 2**63 or not privileged(session).execute(gone).rowcount:
        raise NotFound


# ---------------------------------------------------------------- by the schedule


def remind(run: Any) -> dict[str, int]:
    """Look for everything that is due and tell whom it concerns."""
    reminders = Reminders(run.platform)
    told = {"declared": 0, "personal": 0}
    with run.session(write=False) as session:
        due = list(reminders.due(session.connection()))
    with run.session(write=True) as session:
        session.info["gate"] = run.platform.gate
        told["personal"] = reminders.personal(session)
    for start in range(0, len(due), 50):
        with run.session(write=True) as session:
            session.info["gate"] = run.platform.gate
            told["declared"] += sum(reminders.tell(session, *each) for each in due[start : start + 50])
    return told


class Reminders:
    """Finds what is due, for one generation of the platform."""

    def __init__(self, platform: Any) -> None:
        self._platform = platform
        self._resources: Resources = platform.above

    def due(self, connection: Connection) -> Iterator[tuple[ResolvedResource, Reminder, int, int, Any]]:
        """Records whose date has come and whose person was not yet reminded of it."""
        for resource in self._resources.values():
            for rule in resource.declared.of_kind(Reminder):
                yield from self._due(connection, resource, rule)

    def _due(
        self, connection: Connection, resource: ResolvedResource, rule: Reminder
    ) -> Iterator[tuple[ResolvedResource, Reminder, int, int, Any]]:
        table = resource.table
        date, person = (resource.fields[name].column for name in (rule.date, rule.to))
        assert date is not None
        assert person is not None
        moment = now()
        until: Any = moment + rule.before
        since: Any = moment - LATEST
        if resource.fields[rule.date].kind == "date":
            zone = ZoneInfo(self._platform.settings.timezone)
            until, since = until.astimezone(zone).date(), since.astimezone(zone).date()
        present = (table.c.deleted_at.is_(None),) if resource.has_bin else ()
        asked = (
            select(table.c.id, person, date)
            .where(date <= until, date >= since, person.is_not(None), *present)
            .order_by(date.desc(), table.c.id)
        )
        if resource.fields[rule.date].kind != "date":
            # The ledger holds moments; days are compared one by one.
            asked = asked.where(
                ~exists().where(
                    and_(
                        DONE.resource == resource.key,
                        DONE.record_id == table.c.id,
                        DONE.rule == rule.date,
                        DONE.user_id == person,
                        DONE.of == date,
                    )
                )
            )
        told = self._told(connection, resource, rule) if resource.fields[rule.date].kind == "date" else frozenset()
        for record_id, user_id, value in connection.execute(asked.limit(AT_ONCE * 20)):
            if (record_id, user_id, _moment(value)) not in told:
                yield resource, rule, record_id, user_id, value

    @staticmethod
    def _told(
        connection: Connection, resource: ResolvedResource, rule: Reminder
    ) -> frozenset[tuple[int, int, datetime]]:
        """Which days of which records people were reminded of lately."""
        asked = select(DONE.record_id, DONE.user_id, DONE.of).where(
            DONE.resource == resource.key, DONE.rule == rule.date, DONE.of >= now() - LATEST - timedelta(days=1)
        )
        return frozenset((row[0], row[1], row[2]) for row in connection.execute(asked))

    def tell(
        self, session: Session, resource: ResolvedResource, rule: Reminder, record_id: int, user_id: int, value: Any
    ) -> bool:
        """Remind somebody of a date, in his own rights; false where it is settled or out of his sight."""
        connection = privileged(session)
        if self._was_told(connection, resource, rule, record_id, user_id, value):
            return False
        principal = load_principal(connection, user_id)
        if principal is NOBODY:
            return False
        with self._platform.gate.adopted(connection, principal, origin="job") as scoped:
            record = scoped.get(resource.model, record_id)
            if record is None or not _is_open(rule, record):
                return False
            scoped.expunge_all()
        withdraw(session, kind="reminder", resource=resource.key, record_id=record_id, rule=rule.date)
        text_ = rule.text or resource.fields[rule.date].label
        reached = notify(
            session, [user_id], kind="reminder", resource=resource, record_id=record_id, text=text_, rule=rule.date
        )
        values = {"user_id": user_id, "resource": resource.key, "record_id": record_id, "rule": rule.date}
        connection.execute(insert(Reminded).values(**values, of=_moment(value), at=now()))
        return bool(reached)

    def personal(self, session: Session) -> int:
        """Tell people of what they asked to be reminded of."""
        connection = privileged(session)
        asked = select(*PersonalReminder.__table__.c).where(PERSONAL.due_at <= now(), PERSONAL.told_at.is_(None))
        rows = connection.execute(asked.order_by(PERSONAL.due_at).limit(AT_ONCE)).all()
        for row in rows:
            resource = self._resources.get(row.resource)
            if resource is not None:
                told: dict[str, Any] = {"resource": resource, "record_id": row.record_id, "text": row.text}
                notify(session, [row.user_id], kind="reminder", rule=f"#{row.id}", **told)
        if rows:
            changed = update(PersonalReminder).where(PERSONAL.id.in_([row.id for row in rows]))
            connection.execute(changed.values(told_at=now()))
        return len(rows)

    @staticmethod
    def _was_told(
        connection: Connection, resource: ResolvedResource, rule: Reminder, record_id: int, user_id: int, value: Any
    ) -> bool:
        asked = select(DONE.id).where(
            DONE.resource == resource.key,
            DONE.record_id == record_id,
            DONE.rule == rule.date,
            DONE.user_id == user_id,
            DONE.of == _moment(value),
        )
        return connection.execute(asked).first() is not None


def _is_open(rule: Reminder, record: Any) -> bool:
    if rule.when is None:
        return True
    try:
        return bool(rule.when(record))
    except Exception as error:
        log.error("a reminder's condition failed", date=rule.date, exc_info=error)
        return False


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, dt.time(), dt.UTC)


# ---------------------------------------------------------------- as records change


def settle(session: Session, resources: Resources, changes: Iterable[Change]) -> None:
    """Take back unread reminders of dates that have moved, of what is settled or deleted."""
    for change in changes:
        resource = resources.get(change.resource)
        rules = resource.declared.of_kind(Reminder) if resource and change.action != "create" else ()
        for rule in rules:
            assert resource is not None
            names = {resource.fields[rule.date].attribute, resource.fields[rule.to].attribute, "deleted_at"}
            closed = rule.when is not None and change.record is not None and not _is_open(rule, change.record)
            if names & change.after.keys() or closed:
                withdraw(session, kind="reminder", resource=resource.key, record_id=change.record_id, rule=rule.date)


def forget_told(connection: Connection, older_than: timedelta = timedelta(days=400)) -> int:
    """Remove what was said long ago: the ledger of reminders, and notifications that were read."""
    before = now() - older_than
    gone = connection.execute(delete(Reminded).where(DONE.at < before)).rowcount
    gone += connection.execute(delete(PersonalReminder).where(PERSONAL.told_at < before)).rowcount
    return gone + connection.execute(delete(Notification).where(NOTE.read_at < now() - timedelta(days=180))).rowcount


def forget(run: Any) -> dict[str, int]:
    """Forget what was said long ago."""
    with run.session(write=True) as session:
        return {"rows": forget_told(privileged(session))}


REMINDERS: Final = (
    Job(REMIND, remind),
    Schedule(REMIND, "*/5 * * * *", REMIND, "remind people of what is due"),
    Job("system.forget_notifications", forget),
    Schedule(
        "system.forget_notifications", "37 4 * * *", "system.forget_notifications", "forget what was said long ago"
    ),
)
"""For the platform's own plugin."""
