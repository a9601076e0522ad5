"""What follows from a request, a plan or a visit that is entered, and what contracts show of their service."""

from __future__ import annotations

from typing import Any

from plugins.service import contracts, planning, services
from plugins.service.models import Request, Visit
from plugins.service.states import REQUEST, VISIT
from sopia import Action, Panel, Session, acting, concerning, hookimpl


@hookimpl
@concerning("service.request", "service.plan", "service.visit")
def on_change(session: Session, resource: str, record: Any, action: str) -> None:
    """Keep what follows from a change in step with it."""
    if resource == "service.request" and action == "create":
        assign_at_once(session, record)
    elif resource == "service.plan" and action == "create":
        planning.generate(session, record)
    elif resource == "service.visit" and action in ("create", "edit"):
        settle_visit(session, record)


def assign_at_once(session: Session, request: Request) -> None:
    """Who names the person while he takes the call need not assign it afterwards."""
    if request.handler_id is not None:
        REQUEST.take(session, request, "assign", department=None, handler=request.handler_id, due_at=None)


def settle_visit(session: Session, visit: Visit) -> None:
    """A visit with a score is made, and the request learns what it found."""
    if visit.score is None:
        return
    if visit.state == "done":
        with acting(session, "the satisfaction of a request is that of its visit") as beyond:
            services.tell_request(beyond, beyond.get_one(Visit, visit.id))
    else:
        VISIT.take(session, visit, "record", on=None, way=None, score=None, feedback=None)


@hookimpl
@concerning("sales.contract")
def record_panels(resource: str) -> list[Panel]:
    """The page of a contract shows its plans and requests, while there are contracts."""
    return list(contracts.PANELS) if resource == "sales.contract" else []


@hookimpl
@concerning("sales.contract")
def record_actions(resource: str) -> list[Action]:
    """A plan is made from the contract."""
    return [contracts.PLAN] if resource == "sales.contract" else []
