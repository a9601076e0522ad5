"""Remarks that a step of the business leaves by itself: the guidance of a review, beside the record it is about."""

from __future__ import annotations

from typing import Any

from core.kernel.database import Session
from core.kernel.predicates import key_of
from core.resources.locks import rules_of
from core.workplace.remarks import Remarks


def remark_on(session: Session, record: Any, text: str) -> int | None:
    """Write a remark on a record as the session's person, as guidance where he may give it; its number.

    For services and the effects of steps. Nothing is written by the system, which is nobody.
    """
    rules, principal = rules_of(session), session.info.get("principal")
    if rules is None or principal is None or not text.strip():
        return None
    resource, remarks = rules.resources[key_of(record.__tablename__)], Remarks(rules.resources)
    kind = "guidance" if remarks.offers_guidance(session, principal, resource, record) else "comment"
    return remarks.add(session, principal, resource, record, text=text, kind=kind).id
