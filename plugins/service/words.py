"""The types of service that come with the plugin; the administrator changes them as he likes."""

from __future__ import annotations

from decimal import Decimal

from plugins.service.models import Type
from sopia import Session
from sopia import translate as _

TYPES = (
    (_("Remote after-sales service"), "blue", False, Decimal(8), 3, _("Product and serial number:\nWhat happens:")),
    (
        _("On-site after-sales service"), "violet", False, Decimal(24), 7,
        _("Address:\nProduct and serial number:\nWhat is to be done:"),
    ),
    (_("Complaint"), "red", True, Decimal(4), 2, _("What happened:\nWho was concerned:\nWhat the customer asks for:")),
    (_("Return visit"), "teal", False, Decimal(16), None, ""),
)  # fmt: skip
"""Name, colour, whether it is a complaint, working hours allowed, days until the return visit, what is asked."""


def install(session: Session) -> None:
    """Put the types into the dictionary, in the language of the installation."""
    for position, (name, colour, complaint, hours, days, outline) in enumerate(TYPES, 1):
        session.add(
            Type(
                name=str(name),
                colour=colour,
                position=position,
                complaint=complaint,
                working_hours=hours,
                visit_days=days,
                outline=str(outline) or None,
            )
        )
