"""What the inbox of approvals shows."""

from dataclasses import dataclass

from core.web.views.shell import Button, Empty, Person, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalLine:
    """One request: of what, by whom, since when; with the decision to take, or what has become of it."""

    title: str
    url: str
    kind: Words
    icon: str = ""
    person: Person | None = None
    at: Words = ""
    rule: str = ""
    deputy_for: str = ""  # the person for whom one stands in
    approve: Button | None = None
    reject: Button | None = None
    state: tuple[Words, str] = ("", "")  # title, colour


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsView:
    """approvals.html: the inbox, and one's own requests."""

    title: Words
    waiting: tuple[ApprovalLine, ...]
    mine: tuple[ApprovalLine, ...] = ()
    empty: Empty | None = None
