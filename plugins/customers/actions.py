"""What can be done with customers beside editing them: claim, assign, give back, merge; with people: hand all over."""

from __future__ import annotations

import re
from typing import Any

from plugins.customers import ownership
from plugins.customers.models import Customer
from sopia import Action, Field, FieldError, Invalid, NotFound, merge_records
from sopia import translate as _

PERMISSION = "customers.customer"

CLAIM = Action(
    "claim",
    _("Claim"),
    ownership.claim,
    allow=f"{PERMISSION}.claim",
    when=ownership.is_in_pool,
    style="primary",
    icon="check",
    bulk=True,
)

ASSIGN = Action(
    "assign",
    _("Assign"),
    ownership.assign,
    ask=(
        Field("owner", label=_("Person in charge"), target="system.user", required=True),
        Field("department", label=_("Department"), target="system.department"),
    ),
    allow=f"{PERMISSION}.assign",
    style="quiet",
    icon="person",
    bulk=True,
)

RELEASE = Action(
    "release",
    _("Give back to the pool"),
    ownership.release,
    ask=(
        Field("pool", label=_("Pool"), target="customers.pool", help=_("Empty: the pool for its department.")),
        Field("reason", label=_("Reason"), max_length=200, required=True),
    ),
    when=ownership.is_owned,
    style="quiet",
    icon="undo",
    bulk=True,
)


TAKEN = {
    "name": _("Customer name"),
    "code": _("Customer code"),
    "type": _("Type"),
    "category": _("Category"),
    "level": _("Level"),
    "source": _("Source"),
    "industry": _("Industry"),
    "region": _("Region"),
    "phone": _("Phone"),
    "website": _("Website"),
    "address": _("Address"),
    "credit_limit": _("Credit limit"),
    "payment_days": _("Payment term"),
    "next_contact_at": _("Next contact"),
    "remark": _("Remark"),
}
"""What may be taken from the customer that goes, by key and by the word that people read."""


def _taken(told: str) -> set[str]:
    """The fields that somebody names, in his words or by their keys."""
    by_word = {str(word): key for key, word in TAKEN.items()}
    named = {each.strip() for each in re.split(r"[,，、;；]", told) if each.strip()}
    unknown = sorted(named - TAKEN.keys() - by_word.keys())
    if unknown:
        raise Invalid(
            [
                FieldError(
                    "fields",
                    _("There is no field “{name}”. Use some of: {fields}.",
                      name=", ".join(unknown)[:80], fields=", ".join(by_word)),
                )
            ]
        )  # fmt: skip
    return {by_word.get(each, each) for each in named}


def merge(session: Any, customer: Customer, **asked: Any) -> Customer:
    """Merge two customers that are one firm; gives the one that stays."""
    into, other = asked.get("into"), asked.get("from")
    if (into is None) == (other is None):
        raise Invalid([FieldError("from", _("Choose one customer: the one to merge in, or the one to merge into."))])
    partner = session.get(Customer, into or other)
    if partner is None:
        raise NotFound
    leaving, staying = (customer, partner) if into else (partner, customer)
    merge_records(session, leaving, staying, _taken(asked.get("fields") or ""))
    return session.get_one(Customer, staying.id)  # type: ignore[no-any-return]


MERGE = Action(
    "merge",
    _("Merge"),
    merge,
    ask=(
        Field(
            "from",
            label=_("Merge in"),
            target="customers.customer",
            help=_("This customer goes; its contacts, follow-ups and everything else come here."),
        ),
        Field(
            "into",
            label=_("Or merge into"),
            target="customers.customer",
            help=_("That customer stays, and this one goes."),
        ),
        Field(
            "fields",
            label=_("Fields taken from the one that goes"),
            help=_("Names with commas between, such as phone, address; what is empty is filled in any case."),
        ),
    ),
    style="quiet",
    icon="link",
    whole=True,
)

HAND_OVER = Action(
    "hand_over_customers",
    _("Hand over all customers"),
    ownership.hand_over,
    ask=(
        Field("to", label=_("To"), target="system.user", required=True),
        Field("department", label=_("Department"), target="system.department"),
    ),
    allow=f"{PERMISSION}.assign",
    style="quiet",
    icon="people",
)
"""Offered on the page of a person, for those who leave or change places."""
