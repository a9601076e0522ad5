"""From the call to the return visit: the states of a request and of a visit."""

from __future__ import annotations

from plugins.service import services
from sopia import Choice, Field, State, Transition, Workflow
from sopia import translate as _

WAYS = (
    Choice("phone", _("Telephone"), "blue"),
    Choice("wechat", _("WeChat"), "green"),
    Choice("onsite", _("On site"), "violet"),
    Choice("mail", _("Mail"), "indigo"),
    Choice("other", _("Other"), "grey"),
)

CAUSE = Field("cause", label=_("Cause"), kind="long")
MEASURE = Field("measure", label=_("Measure"), kind="long")

REQUEST = Workflow(
    "state",
    states=(
        State("new", _("Not assigned"), "grey"),
        State("assigned", _("Assigned"), "blue"),
        State("working", _("In progress"), "amber"),
        State("resolved", _("Resolved"), "teal", final=True),
        State("closed", _("Closed"), "green", final=True),
    ),
    transitions=(
        Transition(
            "assign",
            _("Assign"),
            ("new", "assigned", "working"),
            "assigned",
            guard=services.is_given_to_somebody,
            effect=services.assign,
            ask=(
                Field("department", label=_("Department"), target="system.department"),
                Field("handler", label=_("Carried out by"), target="system.user"),
                Field("due_at", label=_("Due"), kind="instant", help=_("Empty: the deadline stays as it is.")),
            ),
            allow="edit",
            icon="person",
            bulk=True,
        ),
        Transition(
            "start",
            _("Start work"),
            ("new", "assigned"),
            "working",
            effect=services.start,
            style="primary",
        ),
        Transition(
            "resolve",
            _("Resolve"),
            ("new", "assigned", "working"),
            "resolved",
            effect=services.resolve,
            ask=(CAUSE, MEASURE),
            style="primary",
        ),
        Transition(
            "close",
            _("Close"),
            ("new", "assigned", "working", "resolved"),
            "closed",
            guard=services.is_explained,
            effect=services.close,
            ask=(CAUSE, MEASURE),
        ),
        Transition(
            "reopen",
            _("Reopen"),
            ("resolved", "closed"),
            services.where_it_resumes,
            effect=services.reopen,
            leads=("new", "assigned"),
            style="quiet",
        ),
    ),
    editable=("new", "assigned", "working", "resolved"),
    always=("score", "feedback"),
    label=_("Progress"),
)

VISIT = Workflow(
    "state",
    states=(
        State("planned", _("To be made"), "blue"),
        State("missed", _("Not reached"), "amber"),
        State("done", _("Made"), "green", final=True),
    ),
    transitions=(
        Transition(
            "record",
            _("Record the visit"),
            ("planned", "missed"),
            "done",
            guard=services.is_scored,
            effect=services.record_visit,
            ask=(
                Field(
                    "score", label=_("Score"), kind="integer", help=_("From 1, not satisfied, to 5, very satisfied.")
                ),
                Field("feedback", label=_("Feedback"), kind="long"),
                Field("way", label=_("Way"), choices=WAYS),
                Field("on", label=_("Visited on"), kind="date"),
            ),
            allow="edit",
            style="primary",
        ),
        Transition(
            "miss",
            _("Not reached"),
            "planned",
            "missed",
            effect=services.miss_visit,
            ask=(Field("feedback", label=_("Feedback"), kind="long"),),
            allow="edit",
        ),
    ),
    label=_("Progress"),
)
