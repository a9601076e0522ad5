"""From a draft to a journal that has been read: the states of a journal."""

from __future__ import annotations

from typing import Any

from plugins.journals.models import Journal
from sopia import Field, Session, State, Text, Transition, Workflow, now, remark_on
from sopia import translate as _


def may_be_submitted(session: Session, journal: Journal) -> Text | None:
    """There is something in it."""
    if any((journal.done, journal.planned, journal.results, journal.lessons)):
        return None
    return _("The journal is empty. Write down what was done or is planned.")


def submit(session: Session, journal: Journal) -> None:
    """It counts from now on."""
    journal.submitted_at = now()


def take_back(session: Session, journal: Journal) -> None:
    """It is a draft again."""
    journal.submitted_at = None


def may_be_reviewed(session: Session, journal: Journal) -> Text | None:
    """Nobody reviews what he wrote himself."""
    if journal.owner_id == _person(session):
        return _("Nobody reviews his own journal. Your superior does.")
    return None


def review(session: Session, journal: Journal, guidance: str | None) -> None:
    """It was read; what there is to say stands beside it as guidance, of which its writer is told."""
    journal.reviewer_id, journal.reviewed_at = _person(session), now()
    if guidance:
        session.flush()
        remark_on(session, journal, guidance)


def give_back(session: Session, journal: Journal, reason: str) -> None:
    """It is to be written better."""
    take_back(session, journal)
    session.flush()
    remark_on(session, journal, reason)


def _person(session: Session) -> int | None:
    principal: Any = session.info.get("principal")
    return principal.user_id if principal is not None else None


JOURNAL = Workflow(
    "state",
    states=(
        State("draft", _("Draft"), "grey"),
        State("submitted", _("Submitted"), "blue"),
        State("reviewed", _("Reviewed"), "green", final=True),
    ),
    transitions=(
        Transition(
            "submit",
            _("Submit"),
            "draft",
            "submitted",
            guard=may_be_submitted,
            effect=submit,
            allow="edit",
            style="primary",
            bulk=True,
        ),
        Transition("withdraw", _("Take back"), "submitted", "draft", effect=take_back, allow="edit", style="quiet"),
        Transition(
            "review",
            _("Review"),
            "submitted",
            "reviewed",
            guard=may_be_reviewed,
            effect=review,
            ask=(Field("guidance", label=_("Guidance"), kind="long", help=_("The writer is told of it.")),),
            style="primary",
            icon="check",
            bulk=True,
        ),
        Transition(
            "return",
            _("Give back"),
            "submitted",
            "draft",
            guard=may_be_reviewed,
            effect=give_back,
            ask=(Field("reason", label=_("What is missing"), kind="long", required=True),),
            allow="review",
            style="quiet",
        ),
    ),
    editable=("draft",),
)
