"""A plugin for tests: claims of expenses that are submitted and approved."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from sopia import (
    Approval,
    Model,
    Money,
    MoneyType,
    Plugin,
    Resource,
    Scoped,
    Session,
    State,
    Transition,
    Workflow,
)


class Claim(Scoped, Model):
    """What somebody wants back."""

    __tablename__ = "claims_claim"

    title: Mapped[str] = mapped_column(String(60))
    amount: Mapped[Money] = mapped_column(MoneyType)
    state: Mapped[str] = mapped_column(String(20), default="draft")
    paid_out: Mapped[int] = mapped_column(default=0)


def pay_out(session: Session, claim: Claim) -> None:
    """What follows an approval, once."""
    claim.paid_out += 1


def unusual(session: Session, claim: Claim) -> str | None:
    """Gifts are approved whatever the rules say."""
    return "Gifts need somebody's word." if claim.title.startswith("Gift") else None


plugin = Plugin(
    name="claims",
    title="Claims",
    version="1.0",
    resources=(
        Resource(
            Claim,
            title="Claim",
            plural="Claims",
            list=("title", "amount", "state", "owner"),
            form=("title", "amount"),
            search=("title",),
            menu="Claims",
            parts=(
                Workflow(
                    "state",
                    states=(
                        State("draft", "Draft"),
                        State("submitted", "Submitted", "amber"),
                        State("approved", "Approved", "green"),
                        State("rejected", "Turned down", "red"),
                        State("void", "Void", "grey", final=True),
                    ),
                    transitions=(Transition("void", "Void", "approved", "void", style="quiet"),),
                    editable=("draft", "rejected"),
                ),
                Approval(effect=pay_out, needs=unusual),
            ),
        ),
    ),
)
