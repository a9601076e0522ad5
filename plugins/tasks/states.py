"""From open to done: the states of a task."""

from __future__ import annotations

from plugins.tasks import services
from sopia import State, Transition, Workflow
from sopia import translate as _

TASK = Workflow(
    "state",
    states=(
        State("open", _("Open"), "blue"),
        State("in_progress", _("In progress"), "amber"),
        State("done", _("Done"), "green", final=True),
        State("cancelled", _("Cancelled"), "grey", final=True),
    ),
    transitions=(
        Transition("start", _("Start"), "open", "in_progress", allow="edit", bulk=True),
        Transition(
            "finish",
            _("Finish"),
            ("open", "in_progress"),
            "done",
            guard=services.may_finish,
            effect=services.finish,
            allow="edit",
            style="primary",
            icon="check",
            bulk=True,
        ),
        Transition("cancel", _("Cancel the task"), ("open", "in_progress"), "cancelled", allow="edit", style="quiet"),
        Transition(
            "reopen",
            _("Reopen"),
            ("done", "cancelled"),
            "in_progress",
            guard=services.may_reopen,
            effect=services.reopen,
            allow="edit",
        ),
    ),
    editable=("open", "in_progress"),
)
