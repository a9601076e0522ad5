"""Approval: a part that lets the records of a resource be submitted, and decided step by step by those who are asked.

Rules in the database say which records need it and who decides. Where none applies, submitting approves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import object_session

from core.kernel.database import Session
from core.kernel.gate import acting
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.resources.fields import Field, Words
from core.resources.resource import Panel
from core.resources.workflow import Transition, Workflow, WorkflowPart, call
from core.workplace import approvals


@dataclass(frozen=True)
class Approval(WorkflowPart):
    """Adds the steps `submit`, `approve`, `reject` and `withdraw` to the workflow of a resource.

    Its names are those of the workflow's states. Nobody approves his own; the steps of a rule are decided in their
    order; whoever is asked sees the record for that, in his inbox as well.
    """

    draft: str | tuple[str, ...] = ("draft", "rejected")
    """The states from which a record is submitted; a withdrawn one returns to the first."""
    waiting: str = "submitted"
    approved: str = "approved"
    rejected: str = "rejected"
    guard: Callable[..., Words | None] | None = None
    """Whether the record may be submitted: answers None, or the reason why not."""
    effect: Callable[..., Any] | None = None
    """What follows when it is approved, be it at once or by the last step: `effect(session, record)`."""
    allow: str = "edit"
    """The permission to submit and to withdraw."""
    needs: Callable[..., Words | None] | None = None
    """Why a record needs approval where no rule asks for it: answers None, or the reason. Then the head decides."""

    def why(self, session: Session, record: Any) -> Words | None:
        """Why a record needs approval now, by its own reason or by a rule; None where nobody has to be asked."""
        with acting(session, "whether somebody has to approve") as beyond:
            reason = call(self.needs, beyond, record, {}) if self.needs is not None else None
            return reason or approvals.rule_for(beyond, record)

    @property
    def sources(self) -> tuple[str, ...]:
        """The states from which a record is submitted."""
        return (self.draft,) if isinstance(self.draft, str) else self.draft

    def transitions(self, workflow: Workflow) -> tuple[Transition, ...]:
        """The four steps."""
        return (
            Transition(
                "submit", _("Submit"), self._known(workflow), self._submit, self.guard, self._follow,
                allow=self.allow, style="primary", icon="check", bulk=True, leads=(self.waiting, self.approved),
            ),
            Decision(
                "approve", _("Approve"), self.waiting, self._approve, None, self._follow,
                ask=(Field("note", _("Note"), "long", max_length=1000),),
                allow="view", style="primary", icon="check", bulk=True, when=is_asked,
                leads=(self.approved,),
            ),
            Decision(
                "reject", _("Reject"), self.waiting, self.rejected, None, self._reject,
                ask=(Field("reason", _("Reason"), "long", required=True, max_length=1000),),
                allow="view", style="danger", when=is_asked,
            ),
            Transition(
                "withdraw", _("Withdraw"), self.waiting, self.sources[0], None, self._withdraw,
                allow=self.allow, style="plain", icon="undo", when=is_mine,
            ),
        )  # fmt: skip

    def panels(self) -> tuple[Panel, ...]:
        """The steps, and who decided when."""
        return (Panel(_("Approval"), "parts/approval.html", approvals.told),)

    def _known(self, workflow: Workflow) -> tuple[str, ...]:
        """The states to submit from that the workflow has: not every one keeps what was rejected apart."""
        return tuple(name for name in self.sources if workflow.state(name) is not None)

    def _submit(self, session: Session, record: Any) -> str:
        reason = call(self.needs, session, record, {}) if self.needs is not None else None
        return self.waiting if approvals.submit(session, record, str(reason or "")) else self.approved

    def _approve(self, session: Session, record: Any, note: str | None) -> str:
        return self.approved if approvals.approve(session, record, note or "") else self.waiting

    def _follow(self, session: Session, record: Any) -> None:
        """What follows an approval."""
        workflow = approvals.resource_of(session, record).workflow
        assert workflow is not None
        if workflow.of(record) == self.approved and self.effect is not None:
            call(self.effect, session, record, {})

    def _reject(self, session: Session, record: Any, reason: str) -> None:
        approvals.reject(session, record, reason)

    def _withdraw(self, session: Session, record: Any) -> None:
        approvals.withdraw(session, record)


@dataclass(frozen=True)
class Decision(Transition):
    """A step that only those may take who are asked."""

    def refusal(self, record: Any) -> Text | None:
        """Who is asked instead."""
        session = object_session(record)
        names = approvals.names_of_asked(session, record) if session is not None else []
        return _("You are not asked to decide this now. It waits for: {names}.", names=", ".join(names) or "–")


def is_mine(record: Any) -> bool:
    """Whether the person of the record's session has submitted it, or whose it is."""
    session = object_session(record)
    return session is not None and approvals.is_mine(session, record)


def is_asked(record: Any) -> bool:
    """Whether the person of the record's session is asked to decide it now."""
    session = object_session(record)
    return session is not None and approvals.is_asked(session, record)
