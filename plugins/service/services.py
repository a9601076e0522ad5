"""What is done with requests and return visits: taken on, handed to somebody, carried out, closed, asked about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from plugins.service.models import Plan, Request, Type, Visit
from sopia import Model, Session, Text, add_working_hours, now, working_calendar
from sopia import translate as _

# ---------------------------------------------------------------- what nobody has typed follows from the rest


def complete_request(session: Session, request: Request) -> None:
    """Whoever enters a request has taken it on; its type says when it is due and whether it is a complaint."""
    if request.accepted_by_id is None:
        request.accepted_by_id = me(session)
    kind = session.get(Type, request.type_id) if request.type_id else None
    if kind is None:
        return
    request.complaint = kind.complaint
    if request.id is None and request.due_at is None and kind.working_hours is not None:
        request.due_at = add_working_hours(session, now(), kind.working_hours)


def draft_request(session: Session, principal: Any, asked: Mapping[str, str]) -> Mapping[str, Any]:
    """What a new request begins with: what its type wants to be asked."""
    chosen = asked.get("type", "")
    kind = session.get(Type, int(chosen)) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else None
    return {"detail": kind.outline} if kind is not None and kind.outline else {}


def lacks_contact(session: Session, request: Request) -> bool:
    """Whether somebody takes a request without saying who calls, though its type wants to know."""
    if request.contact_id is not None or request.id is not None or request.plan_id is not None:
        return False
    kind = session.get(Type, request.type_id) if request.type_id else None
    return kind is not None and kind.needs_contact


def complete_plan(session: Session, plan: Plan) -> None:
    """A plan is the customer's whose contract it is for, begins today, and bears the name of its type."""
    if plan.customer_id is None and plan.contract is not None:
        plan.customer_id = customer_of(session, plan.contract)
    plan.first_on = plan.first_on or today(session)
    if not plan.name and plan.type_id and (kind := session.get(Type, plan.type_id)):
        plan.name = kind.name


def complete_visit(session: Session, visit: Visit) -> None:
    """A visit is about its request, made by whoever enters it, today."""
    request = session.get(Request, visit.request_id) if visit.request_id else None
    if request is not None:
        visit.customer_id = visit.customer_id or request.customer_id
        visit.contract = visit.contract or request.contract
        visit.subject = visit.subject or request.subject
    elif visit.customer_id is None and visit.contract is not None:
        visit.customer_id = customer_of(session, visit.contract)
    visit.on = visit.on or today(session)
    visit.visitor_id = visit.visitor_id or me(session)


def me(session: Session) -> int | None:
    """Whoever the session belongs to."""
    return getattr(session.info.get("principal"), "user_id", None)


def today(session: Session) -> dt.date:
    """The present day where people work."""
    return now().astimezone(working_calendar(session).zone).date()


def customer_of(session: Session, contract: int) -> int | None:
    """The customer of a contract, while there are contracts; None beyond the session's scope."""
    contracts = Model.metadata.tables.get("sales_contract")
    if contracts is None:
        return None
    return session.scalar(select(contracts.c.customer_id).where(contracts.c.id == contract))


# ---------------------------------------------------------------- the steps of a request


def is_given_to_somebody(
    session: Session, request: Request, department: int | None, handler: int | None
) -> Text | None:
    """Assigning names a department or a person, or both."""
    if department is None and handler is None:
        return _("Choose a department or a person to carry it out, or both.")
    return None


def assign(
    session: Session, request: Request, department: int | None, handler: int | None, due_at: dt.datetime | None
) -> None:
    """Hand a request to a person, or to a department that chooses one; who took it on keeps sight of it."""
    request.handler_id = handler
    belongs = department if department is not None else primary_department(session, handler)
    if belongs is not None:
        request.department_id = belongs
    if due_at is not None:
        request.due_at = due_at


def primary_department(session: Session, person: int | None) -> int | None:
    """The department that a person belongs to first of all."""
    members = Model.metadata.tables["system_membership"]
    return session.scalar(
        select(members.c.department_id).where(members.c.user_id == person, members.c.primary.is_(True)).limit(1)
    )


def start(session: Session, request: Request) -> None:
    """Begin; where nobody was named, whoever begins carries it out."""
    request.handler_id = request.handler_id or me(session)
    request.started_at = request.started_at or now()


def resolve(session: Session, request: Request, cause: str | None, measure: str | None) -> None:
    """Write down what it was and what was done."""
    request.handler_id = request.handler_id or me(session)
    request.resolved_at = now()
    _note(request, cause, measure)


def is_explained(session: Session, request: Request, cause: str | None, measure: str | None) -> Text | None:
    """A complaint is followed through: it is not closed before its cause and the measure are written down."""
    if not request.complaint:
        return None
    lacks_cause = not (cause or request.cause or "").strip()
    lacks_measure = not (measure or request.measure or "").strip()
    if lacks_cause and lacks_measure:
        return _("A complaint is closed with its cause and the measure taken. Both are missing.")
    if lacks_cause:
        return _("A complaint is closed with its cause. Write down how it came about.")
    if lacks_measure:
        return _("A complaint is closed with the measure taken. Write down what was done.")
    return None


def close(session: Session, request: Request, cause: str | None, measure: str | None) -> None:
    """Settle it, and make the return visit due where the type wants one."""
    _note(request, cause, measure)
    request.closed_at = now()
    request.resolved_at = request.resolved_at or request.closed_at
    if request.type.visit_days is not None:
        make_visit_due(session, request, today(session) + dt.timedelta(days=request.type.visit_days))


def _note(request: Request, cause: str | None, measure: str | None) -> None:
    request.cause = cause or request.cause
    request.measure = measure or request.measure


def make_visit_due(session: Session, request: Request, day: dt.date) -> None:
    """One visit stands open for a request: it is made, or moved to another day."""
    visit = planned_visit(session, request)
    if visit is None:
        session.add(
            Visit(
                request_id=request.id,
                contract=request.contract,
                customer_id=request.customer_id,
                subject=request.subject,
                visitor_id=request.accepted_by_id or request.owner_id,
                on=day,
                owner_id=request.owner_id,
                department_id=request.department_id,
            )
        )
    else:
        visit.on = day


def planned_visit(session: Session, request: Request) -> Visit | None:
    """The return visit of a request that is still to come."""
    return session.scalars(
        select(Visit)
        .where(Visit.request_id == request.id, Visit.state == "planned", Visit.deleted_at.is_(None))
        .limit(1)
    ).first()


def reopen(session: Session, request: Request) -> None:
    """Take it up again; nobody asks yet whether the customer is satisfied."""
    request.resolved_at = request.closed_at = None
    if (visit := planned_visit(session, request)) is not None:
        visit.deleted_at = now()


def where_it_resumes(session: Session, request: Request) -> str:
    """A request that is taken up again goes back to whoever carried it out."""
    return "assigned" if request.handler_id else "new"


# ---------------------------------------------------------------- the steps of a visit


def is_scored(session: Session, visit: Visit, score: int | None) -> Text | None:
    """What was asked is answered from 1 to 5."""
    given = visit.score if score is None else score
    if given is None or not 1 <= given <= 5:
        return _("Give a score from 1 to 5.")
    return None


def record_visit(
    session: Session,
    visit: Visit,
    on: dt.date | None,
    way: str | None,
    score: int | None,
    feedback: str | None,
) -> None:
    """Write down what the customer said; his request knows it as well."""
    visit.on = on or visit.on
    visit.way = way or visit.way
    visit.score = visit.score if score is None else score
    visit.feedback = feedback or visit.feedback
    visit.visitor_id = visit.visitor_id or me(session)
    tell_request(session, visit)


def tell_request(session: Session, visit: Visit) -> None:
    """The satisfaction of a request is what its last visit found."""
    request = session.get(Request, visit.request_id) if visit.request_id else None
    if request is not None:
        request.score, request.feedback = visit.score, visit.feedback


def miss_visit(session: Session, visit: Visit, feedback: str | None) -> None:
    """Nobody could be reached."""
    visit.feedback = feedback or visit.feedback
