"""Why somebody can or cannot do something with a record, in one sentence for the person who wonders.

It reads the same policies as the gate and answers for one record in Python what the gate asks of all in SQL; the tests
hold the two against each other. It names departments and roles, so show it to whoever administers access.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as AnySession

from core.kernel.database import Base
from core.kernel.departments import Department
from core.kernel.generations import privileged
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.policies import Attached, Between, Commons, Own, Private, Public, Restrict, Through
from core.kernel.predicates import key_of, members_of
from core.kernel.principal import READING, Principal, Rights
from core.kernel.roles import Group, Scope, Share, role_title
from core.kernel.types import now
from core.kernel.users import User


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether an action is open to somebody on one record, and the reason as half a sentence."""

    allowed: bool
    reason: Text


def explain(session: AnySession, principal: Principal, resource: str, record: Any, action: str) -> Text:
    """Why the principal can or cannot do this, in one sentence. `session` is a system session."""
    judged = judge(session, principal, resource, record, action)
    if not principal.user_id:
        return _("This record stays closed, because {reason}.", reason=judged.reason)
    name, verb = principal.name, VERBS.get(action) or _("do '{action}' with", action=action)
    if judged.allowed:
        return _("{name} can {verb} this record, because {reason}.", name=name, verb=verb, reason=judged.reason)
    return _("{name} cannot {verb} this record, because {reason}.", name=name, verb=verb, reason=judged.reason)


VERBS = {
    "view": _("see"),
    "create": _("create"),
    "edit": _("edit"),
    "delete": _("delete"),
    "export": _("export"),
    "import": _("import"),
    "assign": _("reassign"),
}


def judge(session: AnySession, principal: Principal, resource: str, record: Any, action: str) -> Judgement:
    """The answer of `explain`, with a yes or no that a program can use."""
    if not principal.user_id:
        return _no(_("nobody who is active is signed in"))
    if principal.read_only and action not in READING:
        return _no(_("the token may only read"))
    if getattr(record, "deleted_at", None) is not None:
        return _no(_("it is in the recycle bin"))
    policy = getattr(type(record), "__policy__", None)
    match policy:
        case Own():
            return _judge_own(session, principal, resource, record, action, policy)
        case Through():
            return _judge_part(session, principal, resource, record, action, policy)
        case Attached():
            return _judge_attached(session, principal, resource, record, action, policy)
        case Between():
            return _judge_ends(session, principal, record, policy)
        case Private():
            if getattr(record, policy.person) == principal.user_id:
                return _yes(_("it is a private one of this person"))
            return _no(_("it is a private one of somebody else"))
        case Public():
            return _judge_public(principal, resource, action)
    return _no(_("only the platform itself works with such records"))


def _yes(reason: Text) -> Judgement:
    return Judgement(True, reason)


def _no(reason: Text) -> Judgement:
    return Judgement(False, reason)


def _judge_public(principal: Principal, resource: str, action: str) -> Judgement:
    level = principal.reach(resource, action).level
    if action == "view" and level != "none":
        return _yes(_("everybody whose role shows such records sees all of them"))
    if level == "all":
        return _by_role(principal, resource, action)
    return _no(_("these records belong to nobody, and no role allows it for all of them"))


def _judge_own(
    session: AnySession,
    principal: Principal,
    resource: str,
    record: Any,
    action: str,
    policy: Own,
    reached: tuple[str, str] | None = None,
) -> Judgement:
    """`reached` is the grant that decides, where it is not the record's own but that of a part of it."""
    held_back = next((limit for limit in policy.restrict if _above(limit, record, principal)), None)
    if held_back is not None:
        return _no(_("its '{field}' lies above what this person is cleared for", field=held_back.column))
    granted = reached or (resource, action)
    by_role = _covered(session, principal, record, policy, *granted)
    if by_role is not None:
        return _yes(by_role)
    if action == "view" and policy.commons is not None and _is_common(session, principal, record, policy.commons):
        return _yes(_("it belongs to nobody yet and lies where this person may take it"))
    if action in ("view", "edit"):
        share = _share(session, principal, resource, record.id, write=action == "edit")
        if share is not None:
            return _yes(share)
    return _no(_out_of_reach(session, principal, record, policy, *granted))


def _above(limit: Restrict, record: Any, principal: Principal) -> bool:
    value = getattr(record, limit.column)
    return value is not None and bool(value > limit.ceiling(principal))


def _covered(
    session: AnySession, principal: Principal, record: Any, policy: Own, resource: str, action: str
) -> Text | None:
    """The reason for which a grant covers the record; None when it does not."""
    reach = principal.reach(resource, action)
    if reach.level == "none":
        return None
    if reach.level == "all":
        return _by_role(principal, resource, action).reason
    owner_id, department_id = _whose(record, policy)
    if owner_id == principal.user_id:
        return _("it is this person's own")
    if any(getattr(record, column) == principal.user_id for column in policy.people[1:]) or (
        policy.members and _is_member(session, principal, record, policy.members)
    ):
        return _("this person takes part in it")
    if department_id in reach.departments:
        return _at_department(session, principal, resource, action, department_id)
    if owner_id in reach.users:
        return _by_owner(session, principal, resource, action, owner_id)
    return None


def _is_common(session: AnySession, principal: Principal, record: Any, commons: Commons) -> bool:
    tables = record.__table__.metadata.tables
    place = getattr(record, commons.column)
    if place is None or principal.reach(key_of(record.__tablename__), "view").level == "none":
        return False
    named = (
        (commons.people, "user_id", [principal.user_id]),
        (commons.departments, "department_id", principal.departments),
    )
    return any(
        privileged(session)
        .execute(
            select(tables[name].c[column])
            .where(tables[name].c[commons.column] == place, tables[name].c[column].in_(list(ids)))
            .limit(1)
        )
        .first()
        for name, column, ids in named
        if name
    )


def _is_member(session: AnySession, principal: Principal, record: Any, name: str) -> bool:
    own, person = members_of(record.__table__, name)
    columns = record.__table__.metadata.tables[name].c
    found = select(columns[own]).where(columns[own] == record.id, columns[person] == principal.user_id)
    return privileged(session).execute(found).first() is not None


def _whose(record: Any, policy: Own) -> tuple[int | None, int | None]:
    return getattr(record, policy.people[0]), getattr(record, policy.department) if policy.department else None


def _by_role(principal: Principal, resource: str, action: str) -> Judgement:
    if principal.administrator:
        return _yes(_("the administrator may do everything"))
    for right in principal.rights:
        if right.scope(resource, action) is Scope.ALL:
            return _yes(_("the role '{role}' allows it for all records", role=role_title(right.role, right.name)))
    return _yes(_("it is open to everybody"))


def _meant(right: Rights, resource: str, action: str) -> frozenset[int]:
    """The departments that a role's scope for an action means."""
    scope = right.scope(resource, action)
    return {Scope.DEPARTMENT: right.departments, Scope.BRANCH: right.branch}.get(scope, frozenset())


def _reaching(principal: Principal, resource: str, action: str, department_id: int) -> Rights:
    """The role that reaches a department, one where the person belongs there before one from above."""
    reaching = [right for right in principal.rights if department_id in _meant(right, resource, action)]
    return max(reaching, key=lambda right: department_id in right.departments and right.given_at is None)


def _at_department(session: AnySession, principal: Principal, resource: str, action: str, department_id: int) -> Text:
    name, right = _name(session, Department, department_id), _reaching(principal, resource, action, department_id)
    if department_id in principal.departments:
        return _("this person belongs to '{department}', where it was made", department=name)
    return _(
        "the role '{role}' reaches down to '{department}', where it was made",
        role=role_title(right.role, right.name),
        department=name,
    )


def _by_owner(session: AnySession, principal: Principal, resource: str, action: str, owner_id: int) -> Text:
    reach = principal.reach(resource, action)
    department_id = min(department for department in reach.departments if owner_id in principal.members[department])
    right = _reaching(principal, resource, action, department_id)
    return _(
        "its owner {owner} belongs to '{department}', which the role '{role}' reaches",
        owner=_name(session, User, owner_id),
        department=_name(session, Department, department_id),
        role=role_title(right.role, right.name),
    )


def _out_of_reach(
    session: AnySession, principal: Principal, record: Any, policy: Own, resource: str, action: str
) -> Text:
    level = principal.reach(resource, action).level
    if level == "none":
        return _("no role of this person allows it, and it is not shared for that")
    owner_id, department_id = _whose(record, policy)
    if level == "own" and owner_id is not None:
        owner = _name(session, User, owner_id)
        return _("the roles reach only own records, and this one belongs to {owner}", owner=owner)
    if level == "own":
        return _("the roles reach only own records, and this one belongs to nobody")
    if department_id is not None:
        department = _name(session, Department, department_id)
        return _("it was made in '{department}', which the roles do not reach", department=department)
    return _("neither its department nor its owner is one that the roles reach")


def _share(session: AnySession, principal: Principal, resource: str, record_id: int, *, write: bool) -> Text | None:
    found = (
        privileged(session)
        .execute(
            select(Share.department_id, Share.group_id)
            .where(
                Share.resource == resource,
                Share.record_id == record_id,
                Share.deleted_at.is_(None),
                or_(Share.expires_at.is_(None), Share.expires_at > now()),
                or_(
                    Share.user_id == principal.user_id,
                    Share.department_id.in_(principal.departments),
                    Share.group_id.in_(principal.groups),
                ),
                *((Share.write,) if write else ()),
            )
            .order_by(Share.id)
        )
        .first()
    )
    if found is None:
        return None
    if found.department_id is not None:
        return _("it is shared with the department '{name}'", name=_name(session, Department, found.department_id))
    if found.group_id is not None:
        return _("it is shared with the group '{name}'", name=_name(session, Group, found.group_id))
    return _("it is shared with this person")


def _judge_part(
    session: AnySession, principal: Principal, resource: str, record: Any, action: str, policy: Through
) -> Judgement:
    """A part needs its record in sight, and the part's own grant to reach that record."""
    if principal.reach(resource, action).level == "none":
        return _no(_("no role of this person allows it"))
    for whole in _wholes(session, record, policy):
        seen = judge(session, principal, key_of(whole.__tablename__), whole, "view")
        if not seen.allowed:
            return _no(_("it is part of a record that is out of reach: {reason}", reason=seen.reason))
        whole_policy = type(whole).__policy__
        if isinstance(whole_policy, Own):
            shared_for = "view" if action == "view" else "edit"
            return _judge_own(
                session, principal, key_of(whole.__tablename__), whole, shared_for, whole_policy, (resource, action)
            )
    return _by_role(principal, resource, action)


def _wholes(session: AnySession, record: Any, policy: Any) -> Iterator[Any]:
    """The record that a part belongs to, the one which that belongs to, and so on."""
    while isinstance(policy, Through):
        record = _linked(session, record, policy.parent)
        if record is None:
            return
        policy = type(record).__policy__
        yield record


def _judge_attached(
    session: AnySession, principal: Principal, resource: str, record: Any, action: str, policy: Attached
) -> Judgement:
    if principal.reach(resource, action).level == "none":
        return _no(_("no role of this person allows it"))
    for resource_column, id_column in policy.ends:
        target = getattr(record, resource_column)
        model = _by_table(target.replace(".", "_", 1))
        held = None if model is None else session.get(model, getattr(record, id_column))
        if held is None:
            return _no(_("the record that it hangs on is not there"))
        seen = judge(session, principal, target, held, "view")
        if not seen.allowed:
            return _no(_("it hangs on a record that is out of reach: {reason}", reason=seen.reason))
    return _yes(_("it hangs on a record that this person sees"))


def _judge_ends(session: AnySession, principal: Principal, record: Any, policy: Between) -> Judgement:
    for end in policy.ends:
        joined = _linked(session, record, end)
        if joined is not None:
            seen = judge(session, principal, key_of(joined.__tablename__), joined, "view")
            if not seen.allowed:
                return _no(_("it joins a record that is out of reach: {reason}", reason=seen.reason))
    return _yes(_("this person sees both records that it joins"))


def _linked(session: AnySession, record: Any, link: str) -> Any:
    """The record that a link points to, by the link's name without `_id`."""
    table = record.__table__
    column = link if link in table.c else f"{link}_id"
    target = next(iter(table.c[column].foreign_keys)).column.table.name
    model = _by_table(target)
    return None if model is None else session.get(model, getattr(record, column))


def _by_table(table: str) -> type[Any] | None:
    return next((m.class_ for m in Base.registry.mappers if vars(m.class_).get("__tablename__") == table), None)


def _name(session: AnySession, model: type[User] | type[Department] | type[Group], key: int) -> str:
    return privileged(session).scalar(select(model.name).where(model.id == key)) or "?"
