"""How people work with journals and with the rules for them, and what journals add to customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from plugins.journals.drafts import draft, fill_in, panel_before
from plugins.journals.models import Journal, Rule
from plugins.journals.periods import name_of
from plugins.journals.states import JOURNAL
from sopia import (
    BASIC_DATA,
    Action,
    Activity,
    Board,
    Calendar,
    Check,
    Choice,
    Column,
    Conflict,
    Draft,
    Extension,
    Field,
    Headings,
    Linked,
    Panel,
    Resource,
    Section,
    Session,
    Statistics,
    Text,
    View,
)
from sopia import translate as _

MENU = _("Journals")

KINDS = (
    Choice("day", _("Daily journal"), "teal"),
    Choice("week", _("Weekly journal"), "blue"),
    Choice("month", _("Monthly journal"), "violet"),
)
MOST_HOURS = 24 * 31


def is_draft(journal: Journal) -> bool:
    """Whether it is still being written."""
    return journal.state == "draft"


def fault_of_journal(session: Any, journal: Journal) -> Mapping[str, Text]:
    """A day that a calendar on paper would show; and one journal for each person, kind and period."""
    if journal.on is not None and not 1970 <= journal.on.year <= 2200:
        return {"on": _("Choose a day from 1970 to 2200.")}
    if (found := same_period(session, journal)) is not None:
        period, address = name_of(journal.kind, journal.on), f"/journals/journals/{found}"
        raise Conflict(
            _("There is a journal for {period} already: {address}. Write there.", period=period, address=address)
        )
    return {}


def same_period(session: Any, journal: Journal) -> int | None:
    """The journal that its writer has for the same period already, where the session shows it."""
    owner = journal.owner_id or session.principal.user_id
    same = select(Journal.id).where(
        Journal.owner_id == owner,
        Journal.kind == (journal.kind or "day"),
        Journal.period_on == journal.period_on,
        Journal.id != (journal.id or 0),
    )
    found: int | None = session.scalar(same)
    return found


def fault_of_rule(session: Session, rule: Rule) -> Mapping[str, Any]:
    """Weekdays are numbers from 1 to 7, and the time to write in ends some day."""
    faults: dict[str, Any] = {}
    if set(rule.weekdays or "") - set("1234567,， 、"):
        faults["weekdays"] = _("Weekdays are numbers with commas, Monday is 1: 1,2,3,4,5.")
    if rule.window is not None and not 0 <= rule.window <= MOST_HOURS:
        faults["window"] = _("Give hours from 0 to {most}.", most=MOST_HOURS)
    return faults


journals = Resource(
    Journal,
    title=_("Journal"),
    plural=_("Journals"),
    list=(
        "title",
        "kind",
        "owner",
        "state",
        "done",
        "planned",
        "customers",
        "submitted_at",
        Column("results", shown=False),
        Column("lessons", shown=False),
        Column("tasks", shown=False),
        Column("documents", shown=False),
        Column("reviewer", shown=False),
        Column("reviewed_at", shown=False),
        Column("department", shown=False),
        Column("on", shown=False),
    ),
    form=(
        Section("", ("kind", "on", "owner", "department")),
        Section(_("What was done"), ("done", "results", "lessons")),
        Section(_("What comes next"), ("planned",)),
        Section(_("What it is about"), ("customers", "tasks", "documents")),
    ),
    search=("title", "done", "planned", "results", "lessons"),
    sort="-on",
    menu=MENU,
    icon="journal",
    fields=(
        Field("title", label=_("Period"), readonly=True),
        Field("kind", label=_("Journal kind"), choices=KINDS),
        Field("on", label=_("Journal date"), help=_("Any day of the week or month that it is about.")),
        Field("done", label=_("Done")),
        Field("planned", label=_("To do")),
        Field("results", label=_("Results")),
        Field("lessons", label=_("Lessons learnt")),
        Field("submitted_at", label=_("Submitted at"), readonly=True),
        Field("reviewer", label=_("Reviewed by"), readonly=True),
        Field("reviewed_at", label=_("Reviewed at"), readonly=True),
        Field("period_on", hidden=True),
    ),
    parts=(
        JOURNAL,
        Check(fault_of_journal),
        Draft(draft, on=("kind", "on")),
        Action("draft", _("Fill in from the records"), fill_in, allow="edit", when=is_draft, icon="history"),
        Board("state", facts=("kind", "submitted_at"), folded=("reviewed",)),
        Calendar(start="on", title="owner", colour="kind"),
        Statistics(by=("owner", "on:month")),
        View("mine", _("My journals"), {"owner": "me"}, sort="-on"),
        View("today", _("Of today"), {"on": "today", "kind": "day"}),
        View("this_week", _("Of this week"), {"on": "this_week"}),
        View("to_review", _("To review"), {"state": "submitted", "owner__ne": "me"}, sort="on"),
        View("lessons", _("Lessons learnt"), {"lessons__empty": "false"}, columns=("title", "owner", "lessons")),
        Panel(_("Planned last time"), "journals/before.html", panel_before),
        Activity("on", "owner", "done", filters={"state__ne": "draft"}),
        Headings(
            {
                "on": ("日期", "日志日期", "填写日期"),
                "kind": ("类型", "日志类型"),
                "done": ("工作内容", "今日工作", "完成情况", "已做"),
                "planned": ("工作计划", "明日计划", "下步计划", "待做"),
                "results": ("工作效果", "效果"),
                "lessons": ("总结", "得失", "心得", "经验教训"),
                "owner": ("填写人", "员工", "姓名"),
            }
        ),
    ),
)

rules = Resource(
    Rule,
    title=_("Journal rule"),
    plural=_("Journal rules"),
    list=("name", "kind", "weekdays", "window", "departments", Column("groups", shown=False), "members", "archived"),
    form=(
        Section("", ("name", "kind", "weekdays", "window", "archived")),
        Section(_("Who writes"), ("departments", "groups", "members")),
    ),
    search=("name",),
    sort="name",
    menu=BASIC_DATA,
    icon="flag",
    fields=(
        Field("name", label=_("Rule")),
        Field("kind", label=_("Journal kind"), choices=KINDS),
        Field(
            "weekdays",
            label=_("Weekdays"),
            help=_("Numbers with commas, Monday is 1: 1,2,3,4,5,6. Empty: the working days of the calendar."),
        ),
        Field(
            "window",
            label=_("Time after the period"),
            unit=_("hours"),
            help=_("Until then it comes in time; days on which nobody works do not count."),
        ),
        Field("departments", label=_("Departments"), help=_("With all below them.")),
        Field("groups", label=_("Groups")),
        Field("members", label=_("People")),
        Field("archived", label=_("Archived")),
        Field("reminded_at", hidden=True),
    ),
    parts=(Check(fault_of_rule),),
)

on_customers = Extension(of="customers.customer", parts=(Linked("journals.journal", _("Journals")),))
