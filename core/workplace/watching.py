"""What follows for people from a change of a record: those who follow it are told, and those to whom it was handed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, tuple_

from core.kernel.database import Session
from core.kernel.gate import privileged
from core.kernel.history import Change
from core.kernel.i18n import translate as _
from core.kernel.policies import Own
from core.kernel.prepared import Prepared
from core.resources.resolved import ResolvedResource, Resources
from core.workplace.activity import check_declarations
from core.workplace.following import FOLLOWER
from core.workplace.notifications import NOTE, Notification, notify
from core.workplace.remarks import has_remarks
from core.workplace.reminders import settle

SEVERAL = 3
"""Whoever is handed more records of a kind at once is told how many they are, and not of each."""

MANY = 50
"""A change of more records at once is that of an import or a job, which those who follow single records are spared."""


def workplace_watcher(resources: Resources) -> Callable[[Session, Sequence[Change]], None]:
    """Watches every change for one generation's resources, whose declarations are checked before anything changes."""
    check_declarations(resources)

    def watch(session: Session, changes: Sequence[Change]) -> None:
        of_business = [change for change in changes if (found := resources.get(change.resource)) and has_remarks(found)]
        operation = session.info.get("operation")
        if not of_business or operation is None:
            return
        settle(session, resources, of_business)
        if operation.actor_id is None or operation.origin in ("import", "demo", "command", "plugin"):
            return
        tell_new_owners(session, resources, of_business, operation.actor_id)
        if len(of_business) <= MANY:
            tell_followers(session, resources, of_business, operation.actor_id)

    return watch


def tell_new_owners(session: Session, resources: Resources, changes: Sequence[Change], actor: int) -> None:
    """Tell people of the records that become theirs by somebody else's hand."""
    given: dict[tuple[str, int], list[int]] = defaultdict(list)
    for change in changes:
        policy = resources[change.resource].policy
        if isinstance(policy, Own):
            # Whoever becomes one of its people: its owner, who carries it out.
            people = {change.after.get(name) for name in policy.people}
            for person in people - {actor}:
                if person is not None:
                    given[change.resource, person].append(change.record_id)
    for (key, owner), ids in given.items():
        resource = resources[key]
        if len(ids) <= SEVERAL:
            for record_id in ids:
                notify(session, [owner], kind="assigned", resource=resource, record_id=record_id, actor=actor)
        else:
            text = _("handed {count} records over to you: {names}", count=len(ids), names=resource.names)
            notify(session, [owner], kind="assigned", text=text, actor=actor)


FOLLOWED = select(FOLLOWER.resource, FOLLOWER.record_id, FOLLOWER.user_id)

_OF_ONE = Prepared(
    FOLLOWED.where(
        FOLLOWER.resource == bindparam("of"),
        FOLLOWER.record_id == bindparam("record"),
        FOLLOWER.user_id != bindparam("me"),
    )
)
"""What almost every change asks."""


def _followers(connection: Connection, keys: list[tuple[str, int]], actor: int) -> Sequence[Any]:
    """Record and person of everybody else who follows one of these records."""
    if len(keys) == 1:
        return _OF_ONE.rows(connection, {"of": keys[0][0], "record": keys[0][1], "me": actor})
    those = tuple_(FOLLOWER.resource, FOLLOWER.record_id).in_(keys)
    return connection.execute(FOLLOWED.where(those, FOLLOWER.user_id != actor)).all()


def tell_followers(session: Session, resources: Resources, changes: Sequence[Change], actor: int) -> None:
    """Tell those who follow a record that it was changed, once until they look."""
    changed = {(c.resource, c.record_id): c for c in changes if c.action != "create"}
    if not changed:
        return
    connection = privileged(session)
    for key, record_id, user_id in _followers(connection, list(changed), actor):
        known = select(Notification.id).where(
            NOTE.user_id == user_id,
            NOTE.kind == "change",
            NOTE.resource == key,
            NOTE.record_id == record_id,
            NOTE.read_at.is_(None),
        )
        if connection.execute(known).first() is None:
            found: ResolvedResource = resources[key]
            notify(session, [user_id], kind="change", resource=found, record_id=record_id, actor=actor)
