"""Notifications by mail: every minute what is new is put together for each person and handed to the outbox.

A mail is written in the language and with the rights of its reader; where no mail server is set, none is.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select, update

from core.kernel import mail
from core.kernel.access import load_principal
from core.kernel.gate import privileged
from core.kernel.i18n import activate
from core.kernel.i18n import translate as _
from core.kernel.jobs import Job, Schedule
from core.kernel.outbox import post
from core.kernel.principal import NOBODY
from core.kernel.types import now
from core.workplace.notifications import NOTE, Note, Notification, mailed_kinds, notes_of, person_named

MAIL: Final = "system.mail"
FRESH: Final = timedelta(days=1)
"""What is older was not sent because there was no server, and is not sent when there is one."""

AT_ONCE: Final = 500
LINES: Final = 20


def mail_notifications(run: Any) -> dict[str, int]:
    """Write the mails for what is new."""
    settings = run.platform.settings
    if not settings.mail_url:
        return {"mails": 0}
    with run.session(write=True) as session:
        connection = privileged(session)
        fresh = (
            select(NOTE.id, NOTE.user_id, NOTE.kind, NOTE.read_at)
            .where(NOTE.mailed_at.is_(None), NOTE.created_at > now() - FRESH)
            .order_by(NOTE.id)
            .limit(AT_ONCE)
        )
        rows = connection.execute(fresh).all()
        wanted: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            # Whoever has read it here needs no mail.
            if row.read_at is None and row.kind in mailed_kinds(connection, row.user_id):
                wanted[row.user_id].append(row.id)
        written = sum(_write(run.platform, connection, user_id, ids) for user_id, ids in wanted.items())
        if rows:
            done = update(Notification).where(NOTE.id.in_([row.id for row in rows]))
            connection.execute(done.values(mailed_at=now()))
    return {"mails": written}


def _write(platform: Any, connection: Any, user_id: int, ids: list[int]) -> bool:
    person, principal = person_named(connection, user_id), load_principal(connection, user_id)
    if person is None or not person.email or principal is NOBODY:
        return False
    with activate(platform.catalogues, person.locale or platform.settings.locale):
        scoped = platform.gate.adopted_connection(connection, principal)
        notes = notes_of(scoped, platform.above, user_id, ids=ids, limit=len(ids))
        seen = [note for note in notes if note.url or not note.resource]
        if not seen:
            return False
        lines = [_line(note, platform.settings.base_url) for note in seen[:LINES]]
        if len(seen) > LINES:
            lines.append(str(_("… and {count} more", count=len(seen) - LINES)))
        first = " ".join(filter(None, (seen[0].actor, seen[0].said, seen[0].title)))
        subject = first if len(seen) == 1 else str(_("{count} messages: {first}", count=len(seen), first=first))
        end = str(_("You choose in your preferences what comes by mail."))
        text = "\n\n".join([str(_("Good day, {name}", name=person.name)), *lines, f"-- \n{end}"])
        payload = {"to": person.email, "subject": f"[Sopia] {subject}"[:200], "text": text}
        post(connection, mail.CHANNEL, payload, dedupe_id=f"notifications-{user_id}-{max(ids)}")
    return True


def _line(note: Note, base: str) -> str:
    parts = [" ".join(filter(None, (note.actor, note.said, note.title)))]
    parts += [f"    {note.excerpt}"] if note.excerpt else []
    parts += [f"    {base.rstrip('/')}{note.url}"] if note.url and base else []
    return "\n".join(parts)


MAILING: Final = (
    Job(MAIL, mail_notifications),
    Schedule(MAIL, "* * * * *", MAIL, "send by mail what people want by mail"),
)
"""For the platform's own plugin."""
