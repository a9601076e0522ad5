"""The stages of an opportunity, and how likely the deal is in each."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from plugins.sales.models import Opportunity
from sopia import Session, State
from sopia import translate as _

OPEN: Final = ("contact", "needs", "offer", "negotiation")

STAGES: Final = (
    State("contact", _("First contact"), "grey"),
    State("needs", _("Needs known"), "blue"),
    State("offer", _("Offer made"), "indigo"),
    State("negotiation", _("Negotiation"), "amber"),
    State("won", _("Won"), "green", final=True),
    State("lost", _("Lost"), "red", final=True),
)

LIKELY: Final = {
    "contact": Decimal(10),
    "needs": Decimal(30),
    "offer": Decimal(50),
    "negotiation": Decimal(70),
    "won": Decimal(100),
    "lost": Decimal(0),
}


def moved(session: Session, opportunity: Opportunity) -> None:
    """The probability follows the stage; an open deal has no reason for which it was lost."""
    opportunity.probability = LIKELY[opportunity.stage]
    opportunity.lost_reason = None


def lost(session: Session, opportunity: Opportunity, lost_reason: str) -> None:
    """Keep why the deal was lost."""
    opportunity.probability = LIKELY["lost"]
    opportunity.lost_reason = lost_reason
