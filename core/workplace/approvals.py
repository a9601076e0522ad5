"""Runs approvals: opens a request with its steps, takes decisions in their order, tells who is asked and who decided.

The steps of the workflow call it with a session beyond anybody's scope; the record is locked meanwhile.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.orm import Session as AnySession

from core.kernel.access import load_principal
from core.kernel.database import Session
from core.kernel.errors import Conflict
from core.kernel.explain import judge
from core.kernel.history import Change, tell
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.predicates import key_of
from core.kernel.privilege import privileged
from core.kernel.roles import Role, Share
from core.kernel.types import now
from core.kernel.users import User
from core.resources.locks import Rules, rules_of
from core.resources.resolved import ResolvedResource, Resources
from core.workplace.approval_models import ApprovalAsked, ApprovalRequest, ApprovalStep
from core.workplace.approval_people import asked_for, case_of, deputies_of, stood_in_for
from core.workplace.approval_rules import find_rule
from core.workplace.notifications import notify

STILL_SEEN: Final = dt.timedelta(days=7)
"""How long those who were asked may look at a record after the last decision."""

SHOWN: Final = 100
"""Requests that an inbox shows."""

LONGEST: Final = 80
"""Characters that a request keeps of the rule or the reason that it follows."""

LATEST: Final = 5
"""Requests of one record that its page tells of."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request as it stands in the inbox of somebody who is asked."""

    id: int
    resource: str
    record_id: int
    label: str
    requester: str
    requester_id: int | None
    submitted_at: dt.datetime
    since: dt.datetime
    rule: str
    for_name: str = ""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A request as whoever submitted it follows it."""

    resource: str
    record_id: int
    label: str
    state: str
    submitted_at: dt.datetime
    rule: str


# ------------------------------------------------------------------------------------------------------ what happens


def submit(session: Session, record: Any, reason: str = "") -> bool:
    """Open a request for a record; whether it waits for anybody. Where no rule applies it is approved at once.

    With a `reason` it waits all the same: for the head of the department, where no rule names anybody else.
    """
    rules, resource = _rules(session), resource_of(session, record)
    rule = find_rule(session, rules, resource, record)
    if rule is None and not reason:
        return False
    request = ApprovalRequest(
        resource=resource.key,
        record_id=record.id,
        label=resource.label_of(record)[:255],
        rule=rule.name if rule is not None else reason[:LONGEST],
        requester_id=_me(session),
    )
    request.steps = (
        [
            ApprovalStep(
                position=number, kind=each.kind, user_id=each.user_id, role_id=each.role_id, levels=each.levels
            )
            for number, each in enumerate(rule.steps, 1)
        ]
        if rule is not None
        else [ApprovalStep(position=1, kind="head", levels=1)]
    )
    session.add(request)
    session.flush()
    _open(session, record, request, request.steps[0])
    return True


def rule_for(session: Session, record: Any) -> str | None:
    """The name of the rule that asks for approval of a record; None where none does."""
    rule = find_rule(session, _rules(session), resource_of(session, record), record)
    return rule.name if rule is not None else None


def approve(session: Session, record: Any, note: str) -> bool:
    """Approve the open step as the person of the session; whether that was the last one."""
    request, step = _open_step(session, record)
    _decide(session, step, "approved", note)
    following = next((each for each in request.steps if each.state == "to come"), None)
    if following is None:
        _end(session, record, request, "approved")
        return True
    _tell_step(session, record)
    _open(session, record, request, following)
    return False


def reject(session: Session, record: Any, reason: str) -> None:
    """Turn the request down as the person of the session."""
    request, step = _open_step(session, record)
    _decide(session, step, "rejected", reason)
    _end(session, record, request, "rejected", reason)


def withdraw(session: Session, record: Any) -> None:
    """Take the request back, whatever has been decided so far."""
    request = _waiting(session, record)
    if request is not None:
        _end(session, record, request, "withdrawn")


def _open(session: Session, record: Any, request: ApprovalRequest, step: ApprovalStep) -> None:
    connection, resource = privileged(session), resource_of(session, record)
    case = case_of(connection, record, request.requester_id)
    people = asked_for(connection, step, case)
    if not people:
        raise Conflict(
            _("Nobody may approve this: the rule “{rule}” leads to yourself alone.", rule=request.rule),
            _("Let an administrator name somebody else in the rule."),
        )
    step.state, step.opened_at = "open", now()
    day = _today(_rules(session))
    deputies = {d: p for d, p in deputies_of(connection, people, day).items() if d not in case.people}
    for person in (*people, *(each for each in deputies if each not in people)):
        share = _share(session, resource, record, person)
        session.add(ApprovalAsked(step_id=step.id, user_id=person, for_id=deputies.get(person), share_id=share))
    session.flush()
    notify(session, [*people, *deputies], kind="approval", resource=resource, record_id=record.id, actor=_me(session))


def _decide(session: Session, step: ApprovalStep, state: str, note: str) -> None:
    me = _me(session)
    step.state, step.decided_at, step.decided_by_id, step.note = state, now(), me, note[:1000]
    own = {each.user_id: each.for_id for each in step.asked}
    step.decided_for_id = own[me] if me in own else next(iter(_represented(session, step, me)), None)
    session.flush()


def _end(session: Session, record: Any, request: ApprovalRequest, state: str, reason: str = "") -> None:
    request.state, request.ended_at = state, now()
    shares = []
    for step in request.steps:
        if step.state in ("open", "to come"):
            step.state = "dropped"
        shares += [each.share_id for each in step.asked if each.share_id is not None]
    for share in session.scalars(select(Share).where(Share.id.in_(shares))):
        share.expires_at = now() + STILL_SEEN
    session.flush()
    if state != "withdrawn":
        resource = resource_of(session, record)
        told = (
            _("“{title}” is approved.", title=request.label)
            if state == "approved"
            else _("“{title}” is turned down: {reason}", title=request.label, reason=reason)
        )
        notify(session, [request.requester_id], kind="decided", resource=resource, record_id=record.id,
               text=told, actor=_me(session))  # fmt: skip


def _share(session: Session, resource: ResolvedResource, record: Any, person: int) -> int | None:
    """Let somebody who is asked see the record, where he does not see it by his own rights."""
    principal = load_principal(session, person)
    if principal.allows(resource.key, "view") and judge(session, principal, resource.key, record, "view").allowed:
        return None
    share = Share(resource=resource.key, record_id=record.id, user_id=person)
    session.add(share)
    session.flush()
    return share.id


def _tell_step(session: Session, record: Any) -> None:
    """A step that does not end the request changes nothing of the record, and belongs into its history all the same."""
    operation = session.info.get("operation")
    verb = operation.verb if operation is not None and operation.verb else "approve"
    tell(session, [Change(type(record), record.id, verb, {}, {}, record)])


# ------------------------------------------------------------------------------------------------------ what is known


def is_asked(session: AnySession, record: Any) -> bool:
    """Whether the person of a session is asked to decide a record now."""
    me, step = _me(session), _step_beneath(privileged(session), key_of(record.__tablename__), record.id)
    if me is None or step is None or session.info["principal"].read_only:
        return False
    own = select(ApprovalAsked.user_id).where(ApprovalAsked.step_id == step)
    asked = {row[0] for row in privileged(session).execute(own)}
    if me in asked:
        return True
    request = _of_step(step)
    mine = {row.requester_id for row in privileged(session).execute(request)} | {getattr(record, "owner_id", None)}
    return me not in mine and bool(asked & _stands_for(session, me))


def is_mine(session: AnySession, record: Any) -> bool:
    """Whether the person of a session has submitted a record, or whose it is."""
    me, connection = _me(session), privileged(session)
    step = _step_beneath(connection, key_of(record.__tablename__), record.id)
    requester = connection.execute(_of_step(step)).scalar() if step is not None else None
    return me is not None and me in (requester, getattr(record, "owner_id", None))


def names_of_asked(session: AnySession, record: Any) -> list[str]:
    """Who is asked to decide a record now."""
    connection = privileged(session)
    step = _step_beneath(connection, key_of(record.__tablename__), record.id)
    wanted = select(User.name).join(ApprovalAsked, ApprovalAsked.user_id == User.id)
    rows = connection.execute(wanted.where(ApprovalAsked.step_id == step, ApprovalAsked.for_id.is_(None)))
    return [row[0] for row in rows]


def told(session: AnySession, record: Any) -> dict[str, Any]:
    """What the panel on a record's page shows: its latest requests, step by step."""
    key = key_of(record.__tablename__)
    wanted = (
        select(ApprovalRequest)
        .where(ApprovalRequest.resource == key, ApprovalRequest.record_id == record.id)
        .order_by(ApprovalRequest.id.desc())
        .limit(LATEST)
    )
    with Session(bind=privileged(session)) as beyond:
        requests = [_request_told(beyond, each) for each in beyond.scalars(wanted)]
    return {"requests": requests}


def _request_told(session: Session, request: ApprovalRequest) -> dict[str, Any]:
    people = {each for step in request.steps for each in (step.decided_by_id, step.decided_for_id) if each}
    people |= {asked.user_id for step in request.steps for asked in step.asked}
    names = _names(session.connection(), {*people, request.requester_id or 0})
    roles = {step.role_id for step in request.steps if step.role_id}
    titles = {each.id: each.title for each in session.scalars(select(Role).where(Role.id.in_(roles)))}
    return {
        "state": request.state,
        "rule": request.rule,
        "requester": names.get(request.requester_id or 0, ""),
        "submitted_at": request.submitted_at,
        "ended_at": request.ended_at,
        "steps": [
            {
                "state": step.state,
                "title": _title(step, titles, names),
                "asked": [names.get(each.user_id, "") for each in step.asked if each.for_id is None],
                "by": names.get(step.decided_by_id or 0, ""),
                "for": names.get(step.decided_for_id or 0, ""),
                "at": step.decided_at,
                "note": step.note,
            }
            for step in request.steps
        ],
    }


def _title(step: ApprovalStep, roles: dict[int, Any], names: dict[int, str]) -> Text | str:
    match step.kind:
        case "person":
            return names.get(step.user_id or 0, "") or _("A person")
        case "role":
            return roles.get(step.role_id or 0) or _("A role")
        case _:
            return (
                _("Head of the department") if step.levels <= 1 else _("Head, {levels} levels up", levels=step.levels)
            )


def inbox(session: AnySession, user_id: int) -> list[Waiting]:
    """What waits for the decision of somebody, the longest first; `session` tells in whose zone today is."""
    connection = privileged(session)
    represented = _stands_for(session, user_id)
    rows = connection.execute(
        select(
            ApprovalRequest.id,
            ApprovalRequest.resource,
            ApprovalRequest.record_id,
            ApprovalRequest.label,
            ApprovalRequest.requester_id,
            ApprovalRequest.submitted_at,
            ApprovalRequest.rule,
            ApprovalStep.opened_at,
            ApprovalAsked.user_id,
            ApprovalAsked.for_id,
        )
        .join(ApprovalStep, ApprovalStep.request_id == ApprovalRequest.id)
        .join(ApprovalAsked, ApprovalAsked.step_id == ApprovalStep.id)
        .where(ApprovalAsked.user_id.in_({user_id, *represented}), ApprovalStep.state == "open")
        .order_by(ApprovalStep.opened_at, ApprovalRequest.id)
        .limit(SHOWN)
    ).all()
    names = _names(connection, {each for row in rows for each in (row.requester_id, row.user_id, row.for_id) if each})
    found: dict[int, Waiting] = {}
    for row in sorted(rows, key=lambda row: row.user_id != user_id):
        if row.requester_id == user_id or row.id in found:
            continue
        behalf = row.for_id if row.user_id == user_id else row.user_id
        found[row.id] = Waiting(
            row.id, row.resource, row.record_id, row.label, names.get(row.requester_id, ""), row.requester_id,
            row.submitted_at, row.opened_at, row.rule, names.get(behalf, ""),
        )  # fmt: skip
    return sorted(found.values(), key=lambda each: (each.since, each.id))


def submitted_by(session: AnySession, user_id: int, most: int = 20) -> list[Submitted]:
    """What somebody has submitted, the latest first."""
    shown = (
        ApprovalRequest.resource,
        ApprovalRequest.record_id,
        ApprovalRequest.label,
        ApprovalRequest.state,
        ApprovalRequest.submitted_at,
        ApprovalRequest.rule,
    )
    wanted = select(*shown).where(ApprovalRequest.requester_id == user_id).order_by(ApprovalRequest.id.desc())
    return [Submitted(*row) for row in privileged(session).execute(wanted.limit(most))]


WAITING: Final = select(func.count()).select_from(
    select(ApprovalAsked.id)
    .join(ApprovalStep, ApprovalStep.id == ApprovalAsked.step_id)
    .where(ApprovalAsked.user_id == bindparam("me"), ApprovalStep.state == "open")
    .limit(SHOWN)
    .subquery()
)
"""How many requests wait for a person `me`, those included that he stands in for since they were asked."""


def resource_of(session: AnySession, record: Any) -> ResolvedResource:
    """The resource of a record."""
    return _resources(session)[key_of(record.__tablename__)]


# ----------------------------------------------------------------------------------------------------------- beneath


def _rules(session: AnySession) -> Rules:
    rules = rules_of(session)  # type: ignore[arg-type]
    if rules is None:
        raise RuntimeError("Approvals need a session with the watchers of the platform: session.info['watchers']")
    return rules


def _resources(session: AnySession) -> Resources:
    return _rules(session).resources


def _me(session: AnySession) -> int | None:
    principal = session.info.get("principal")
    return principal.user_id if principal is not None else None


def _today(rules: Rules) -> dt.date:
    return dt.datetime.now(ZoneInfo(rules.timezone)).date()


def _stands_for(session: AnySession, user_id: int) -> set[int]:
    return stood_in_for(privileged(session), user_id, _today(_rules(session)))


def _represented(session: AnySession, step: ApprovalStep, user_id: int | None) -> Iterable[int]:
    """For whom of those who are asked somebody stands in."""
    return {each.user_id for each in step.asked} & _stands_for(session, user_id) if user_id is not None else ()


def _waiting(session: Session, record: Any) -> ApprovalRequest | None:
    wanted = select(ApprovalRequest).where(
        ApprovalRequest.resource == key_of(record.__tablename__),
        ApprovalRequest.record_id == record.id,
        ApprovalRequest.state == "waiting",
    )
    return session.scalars(wanted.order_by(ApprovalRequest.id.desc()).limit(1)).first()


def _open_step(session: Session, record: Any) -> tuple[ApprovalRequest, ApprovalStep]:
    request = _waiting(session, record)
    step = next((each for each in request.steps if each.state == "open"), None) if request is not None else None
    if request is None or step is None:
        raise Conflict(_("Nothing waits for a decision here."))
    return request, step


def _step_beneath(connection: Connection, resource: str, record_id: int) -> int | None:
    wanted = (
        select(ApprovalStep.id)
        .join(ApprovalRequest, ApprovalRequest.id == ApprovalStep.request_id)
        .where(
            ApprovalRequest.resource == resource,
            ApprovalRequest.record_id == record_id,
            ApprovalRequest.state == "waiting",
            ApprovalStep.state == "open",
        )
    )
    return connection.execute(wanted.limit(1)).scalar()


def _of_step(step: int) -> Any:
    joined = select(ApprovalRequest.requester_id).join(ApprovalStep, ApprovalStep.request_id == ApprovalRequest.id)
    return joined.where(ApprovalStep.id == step)


def _names(connection: Connection, people: Iterable[int | None]) -> dict[int, str]:
    wanted: Sequence[int] = sorted(each for each in set(people) if each)
    return {row[0]: row[1] for row in connection.execute(select(User.id, User.name).where(User.id.in_(wanted)))}
