"""How people work with tasks: list, board, calendar, form and page, and what they add to customers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from plugins.tasks.models import Task
from plugins.tasks.services import progress_below
from plugins.tasks.states import TASK
from sopia import (
    Activity,
    Board,
    Calendar,
    Check,
    Choice,
    Column,
    Extension,
    Field,
    Headings,
    Panel,
    Reminder,
    Resource,
    Rows,
    Section,
    Session,
    Statistics,
    Text,
    View,
)
from sopia import translate as _

MENU = _("Tasks")

KINDS = (
    Choice("goal", _("Goal"), "violet"),
    Choice("plan", _("Plan"), "blue"),
    Choice("task", _("Task"), "teal"),
)
PRIORITIES = (
    Choice("low", _("Low"), "grey"),
    Choice("normal", _("Normal"), "blue"),
    Choice("high", _("High"), "orange"),
    Choice("urgent", _("Urgent"), "red"),
)
RULES = (
    Choice("day", _("Every day"), "teal"),
    Choice("week", _("Every week"), "teal"),
    Choice("month", _("Every month"), "teal"),
)
OPEN = "open,in_progress"


def fault_of_task(session: Session, task: Task) -> Mapping[str, Text]:
    """Days in their order, a progress that nothing below says otherwise, and a day from which repetitions are reckoned."""
    faults = {}
    if task.starts_on is not None and task.due_on is not None and task.due_on < task.starts_on:
        faults["due_on"] = _("It is due before it starts. Choose a later day.")
    if task.progress is not None and not 0 <= task.progress <= 100:
        faults["progress"] = _("Progress lies between 0 and 100.")
    below = progress_below(session, task.id) if task.id is not None else None
    if below is not None and task.progress != below and "progress" not in faults:
        faults["progress"] = _("It follows from what stands below and is {progress} now. Change that.", progress=below)
    if task.repeat and task.due_on is None:
        faults["due_on"] = _("Say when it is due; the next one is reckoned from that day.")
    parent = session.get(Task, task.parent_id) if task.parent_id is not None else None
    if parent is not None and parent.is_closed and not task.is_closed:
        faults["parent"] = _("“{title}” is closed. Reopen it first, or choose another one.", title=parent.title)
    return faults


def is_open(task: Task) -> bool:
    """Whether there is something to be reminded of."""
    return not task.is_closed


tasks = Resource(
    Task,
    title=_("Task"),
    plural=_("Tasks"),
    list=(
        "title",
        "kind",
        "state",
        "progress",
        "priority",
        "due_on",
        "next_step",
        "customer",
        "owner",
        Column("parent", shown=False),
        Column("starts_on", shown=False),
        Column("giver", shown=False),
        Column("members", shown=False),
        Column("department", shown=False),
        Column("done_on", shown=False),
        Column("repeat", shown=False),
        Column("created_at", shown=False),
    ),
    form=(
        Section("", ("title", "kind", "priority", "starts_on", "due_on", "customer", "parent")),
        Section(_("How far it is"), ("progress", "next_step", "steps", "detail")),
        Section(_("Who"), ("owner", "department", "members")),
        Section(_("Comes again"), ("repeat", "repeat_until")),
    ),
    search=("title", "next_step", "detail", "customer.name"),
    sort="due_on",
    menu=MENU,
    icon="tasks",
    fields=(
        Field("title", label=_("Task title")),
        Field("kind", label=_("Task kind"), choices=KINDS),
        Field("customer", label=_("Customer")),
        Field("parent", label=_("Belongs to"), help=_("The goal or plan that it is a part of.")),
        Field("starts_on", label=_("Starts on")),
        Field("due_on", label=_("Due on")),
        Field(
            "progress", label=_("Progress"), unit="%", help=_("Follows from what stands below, where something does.")
        ),
        Field("priority", label=_("Priority"), choices=PRIORITIES),
        Field("next_step", label=_("Next step")),
        Field("detail", label=_("Details")),
        Field("giver", label=_("Given by"), readonly=True),
        Field("done_on", label=_("Done on"), readonly=True),
        Field("members", label=_("Members"), help=_("They see and edit it like their own.")),
        Field("repeat", label=_("Repeats"), choices=RULES, help=_("The next one is made when this one is finished.")),
        Field("repeat_until", label=_("Repeats until")),
        Field("repeat_day", hidden=True),
        Field("follows", label=_("Repetition of"), readonly=True),
    ),
    parts=(
        TASK,
        Check(fault_of_task),
        Rows(
            "steps",
            (Field("text", label=_("Work step")), Field("done", label=_("Done"))),
            label=_("Work steps"),
            add=_("Add a step"),
        ),
        Board("state", facts=("customer", "next_step"), due="due_on", folded=("cancelled",)),
        Calendar(start="starts_on", end="due_on", title="title", colour="kind"),
        Statistics(by=("owner", "state")),
        View("mine", _("My tasks"), {"owner": "me"}, sort="due_on"),
        View("mine_open", _("My open tasks"), {"owner": "me", "state__in": OPEN}, sort="due_on"),
        View("overdue", _("Overdue"), {"state__in": OPEN, "due_on__lt": "today"}, sort="due_on"),
        View("given", _("Given by me"), {"giver": "me", "owner__ne": "me"}, sort="due_on"),
        View("joined", _("I take part in"), {"members": "me", "state__in": OPEN}, sort="due_on"),
        View("goals", _("Goals and plans"), {"kind__in": "goal,plan"}, sort="due_on"),
        Panel(
            _("Belonging to it"),
            resource="tasks.task",
            by="parent",
            columns=("title", "kind", "state", "progress", "due_on", "owner"),
            limit=20,
        ),
        Activity("due_on", "owner", "title", kind="planned", about="customer", filters={"state__in": OPEN}),
        Activity("done_on", "owner", "title", about="customer", label=_("Task done")),
        Reminder("due_on", before=timedelta(days=1), text=_("Due soon: {title}"), when=is_open),
        Headings(
            {
                "title": ("标题", "任务", "任务名称", "名称", "主题", "subject"),
                "kind": ("类型", "类别"),
                "due_on": ("截止日期", "完成期限", "到期日", "deadline"),
                "starts_on": ("开始日期", "起始日期"),
                "progress": ("完成进度", "完成率"),
                "owner": ("负责人", "执行人"),
                "next_step": ("下一步", "下步计划"),
                "detail": ("内容", "说明", "备注"),
            }
        ),
    ),
)

on_customers = Extension(
    of="customers.customer",
    parts=(
        Panel(
            _("Tasks"),
            resource="tasks.task",
            by="customer",
            columns=("title", "state", "progress", "due_on", "owner"),
        ),
    ),
)
