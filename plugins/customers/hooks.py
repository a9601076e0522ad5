"""What customers do when records change: one primary contact, the times of contact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from plugins.customers.actions import HAND_OVER
from plugins.customers.firms import ROLES, keep_firms, keep_one_firm
from plugins.customers.models import Contact, Customer, FollowUp
from plugins.customers.ownership import set_dates, write_dates_of, write_dates_of_many
from sopia import Action, Session, acting, concerning, hookimpl


@hookimpl
@concerning("system.user")
def record_actions(resource: str) -> list[Action]:
    """Whoever leaves hands all customers over."""
    return [HAND_OVER]


@hookimpl
@concerning("customers.contact", "customers.follow_up", *ROLES)
def on_change(session: Session, principal: Any, resource: str, record: Any, action: str) -> None:
    """Keep what follows from a change in step with it."""
    if resource == "customers.contact" and action in ("create", "edit") and record.primary:
        keep_one_primary(session, record)
    elif resource == "customers.follow_up" and action in ("create", "edit", "delete", "restore"):
        note_contact(session, principal, record, action)
    if resource in ROLES and action in ("create", "edit"):
        keep_one_firm(session, resource, record)
    if resource == "customers.customer" and action in ("create", "edit", "assign", "claim"):
        write_dates_of(session, record)


@hookimpl
@concerning(*ROLES)
def on_many(session: Session, resource: str, ids: Sequence[int], action: str) -> None:
    """The same for many customers, suppliers or distributors at once."""
    if action in ("create", "edit"):
        keep_firms(session, resource, ids)
    if resource == "customers.customer" and action in ("create", "edit", "assign", "claim"):
        write_dates_of_many(session, ids)


def keep_one_primary(session: Session, contact: Contact) -> None:
    """Take the mark from the other contacts of the customer."""
    others = select(Contact).where(
        Contact.customer_id == contact.customer_id, Contact.primary.is_(True), Contact.id != contact.id
    )
    with acting(session, "a customer has one primary contact") as beyond:
        for other in beyond.scalars(others.where(Contact.deleted_at.is_(None))):
            other.primary = False


def note_contact(session: Session, principal: Any, follow_up: FollowUp, action: str) -> None:
    """Set when the customer was last contacted and will be next, from its follow-ups."""
    if action == "create":
        follow_up.author_id = principal.user_id
        session.flush()
    with acting(session, "follow-ups set the times of contact") as beyond:
        customer = beyond.get_one(Customer, follow_up.customer_id)
        latest = beyond.scalars(
            select(FollowUp)
            .where(FollowUp.customer_id == customer.id, FollowUp.deleted_at.is_(None))
            .order_by(FollowUp.at.desc(), FollowUp.id.desc())
            .limit(1)
        ).first()
        customer.last_contact_at = latest.at if latest else None
        if latest is not None and latest.id == follow_up.id:
            customer.next_contact_at = latest.next_contact_at
        set_dates(beyond, customer)
