"""The lists, forms and pages of service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from plugins.customers.models import Contact
from plugins.service import planning, services
from plugins.service.models import MOST_OCCURRENCES, Plan, Request, Type, Visit
from plugins.service.states import REQUEST, VISIT, WAYS
from sopia import (
    Action,
    Activity,
    Board,
    Calendar,
    Check,
    Choice,
    Column,
    Draft,
    Field,
    Headings,
    Numbering,
    Panel,
    Reminder,
    Resource,
    Section,
    Session,
    Statistics,
    Text,
    View,
    dictionary,
)
from sopia import translate as _

MENU = _("Service")
LATEST_YEAR = 2100

CHANNELS = (
    Choice("phone", _("Telephone"), "blue"),
    Choice("wechat", _("WeChat"), "green"),
    Choice("mail", _("Mail"), "indigo"),
    Choice("web", _("Website"), "teal"),
    Choice("onsite", _("On site"), "violet"),
    Choice("plan", _("Service plan"), "amber"),
    Choice("other", _("Other"), "grey"),
)

PRIORITIES = (
    Choice("low", _("Low"), "grey"),
    Choice("normal", _("Normal"), "blue"),
    Choice("high", _("High"), "amber"),
    Choice("urgent", _("Urgent"), "red"),
)

RULES = (
    Choice("week", _("Every week")),
    Choice("month", _("Every month")),
    Choice("quarter", _("Every quarter")),
    Choice("half_year", _("Every half year")),
    Choice("year", _("Every year")),
)

OPEN = ("new", "assigned", "working")
CONTRACT = Field("contract", label=_("Contract"), kind="relation", target="sales.contract")
SCORE = Field("score", label=_("Score"), help=_("From 1, not satisfied, to 5, very satisfied."))
FEEDBACK = Field("feedback", label=_("Feedback"))


def fault_of_type(session: Session, kind: Type) -> Mapping[str, Text]:
    """Time allowed is some time, and a visit comes after the service."""
    faults = {}
    if kind.working_hours is not None and not 0 < kind.working_hours <= 10_000:
        faults["working_hours"] = _("Give more than 0 and at most 10,000 working hours, or leave it empty.")
    if kind.visit_days is not None and not 0 <= kind.visit_days <= 3650:
        faults["visit_days"] = _("Give 0 to 3650 days, or leave it empty.")
    return faults


def fault_of_request(session: Session, request: Request) -> Mapping[str, Text]:
    """Fill in what follows from the rest; the contact and the contract are the customer's own."""
    services.complete_request(session, request)
    faults = _fault_of_score(request) | _fault_of_contract(session, request)
    if services.lacks_contact(session, request):
        faults["contact"] = _("A request of this type names who calls. Choose the contact.")
    if request.contact_id is not None and request.customer_id is not None:
        contact = session.get(Contact, request.contact_id)
        if contact is not None and contact.customer_id != request.customer_id:
            faults["contact"] = _(
                "'{name}' works for another customer. Choose a contact of this one.", name=contact.name
            )
    return faults


def fault_of_plan(session: Session, plan: Plan) -> Mapping[str, Text]:
    """It falls on days that there are, and is for somebody."""
    services.complete_plan(session, plan)
    faults = _fault_of_contract(session, plan)
    if plan.customer_id is None:
        faults["customer"] = _("Please fill this in.")
    if plan.occurrences is not None and not 1 <= plan.occurrences <= MOST_OCCURRENCES:
        faults["occurrences"] = _("Give 1 to {most} times.", most=MOST_OCCURRENCES)
    elif plan.first_on is not None and plan.occurrences is not None and not _is_in_time(plan):
        faults["first_on"] = _("The plan goes on after {year}. Begin earlier, or plan fewer times.", year=LATEST_YEAR)
    return faults


def _is_in_time(plan: Plan) -> bool:
    assert plan.first_on is not None
    if not 1970 <= plan.first_on.year <= LATEST_YEAR:
        return False
    years = planning.RULES.get(plan.rule, 0) * plan.occurrences // 12
    return plan.first_on.year + years < LATEST_YEAR


def fault_of_visit(session: Session, visit: Visit) -> Mapping[str, Text]:
    """It is about a request, or at least a customer."""
    services.complete_visit(session, visit)
    faults = _fault_of_score(visit) | _fault_of_contract(session, visit)
    request = session.get(Request, visit.request_id) if visit.request_id else None
    if visit.customer_id is None:
        faults["customer"] = _("Choose the request that it is about, or the customer.")
    elif request is not None and request.customer_id != visit.customer_id:
        faults["customer"] = _("The request is another customer's. Leave this empty.")
    return faults


def _fault_of_score(record: Request | Visit) -> dict[str, Text]:
    if record.score is not None and not 1 <= record.score <= 5:
        return {"score": _("Give a score from 1 to 5.")}
    return {}


def _fault_of_contract(session: Session, record: Request | Plan | Visit) -> dict[str, Text]:
    if record.contract is None or record.customer_id is None:
        return {}
    customer = services.customer_of(session, record.contract)
    if customer is not None and customer != record.customer_id:
        return {"contract": _("This contract is another customer's. Choose one of this customer.")}
    return {}


requests = Resource(
    Request,
    title=_("Service request"),
    plural=_("Service requests"),
    list=(
        "subject",
        "customer",
        "state",
        "number",
        "type",
        "priority",
        "accepted_by",
        "handler",
        "department",
        "due_at",
        Column("contact", shown=False),
        Column("complaint", shown=False),
        Column("channel", shown=False),
        Column("contract", shown=False),
        Column("score", shown=False),
        Column("closed_at", shown=False),
        Column("created_at", shown=False),
    ),
    form=(
        Section("", ("customer", "contact", "type", "subject", "detail")),
        Section(_("Taken on"), ("channel", "priority", "accepted_by", "contract")),
        Section(_("To be carried out"), ("handler", "due_at", "department")),
        Section(_("Outcome"), ("cause", "measure", "score", "feedback"), later=True),
    ),
    search=("number", "subject", "detail", "customer.name"),
    menu=MENU,
    icon="service",
    fields=(
        Field("number", label=_("Request number"), readonly=True),
        Field("customer", label=_("Customer")),
        Field("contact", label=_("Contact")),
        CONTRACT,
        Field("type", label=_("Service type")),
        Field("complaint", label=_("Complaint"), readonly=True),
        Field("channel", label=_("Channel"), choices=CHANNELS),
        Field("subject", label=_("Subject")),
        Field("detail", label=_("Detail")),
        Field("priority", label=_("Priority"), choices=PRIORITIES),
        Field("accepted_by", label=_("Taken on by"), help=_("Empty: whoever enters the request.")),
        Field("handler", label=_("Carried out by")),
        Field("department", label=_("Department in charge")),
        Field("due_at", label=_("Due"), help=_("Empty: reckoned in working hours as the type says.")),
        Field("started_at", label=_("Started"), readonly=True),
        Field("resolved_at", label=_("Resolved at"), readonly=True),
        Field("closed_at", label=_("Closed at"), readonly=True),
        Field("cause", label=_("Cause")),
        Field("measure", label=_("Measure")),
        SCORE,
        FEEDBACK,
        Field("plan", label=_("Service plan"), readonly=True),
        Field("occurrence", label=_("Time of the plan"), readonly=True),
        Field("planned_on", label=_("Planned for"), readonly=True),
    ),
    parts=(
        REQUEST,
        Numbering("number", "SR-{year}{month:02}-{counter:04}"),
        Check(fault_of_request),
        Draft(services.draft_request, on=("type",)),
        Board("state", facts=("customer", "type", "priority"), due="due_at", folded=("closed",), person="handler"),
        Calendar(start="due_at", title="subject", colour="type"),
        Statistics(by=("type", "state")),
        View("accepted", _("Taken on by me"), {"accepted_by": "me"}),
        View("handled", _("Carried out by me"), {"handler": "me", "state__in": OPEN}, sort="due_at"),
        View("complaints", _("My complaints"), {"complaint": "true", "accepted_by": "me", "state__ne": "closed"}),
        View("overdue", _("Overdue"), {"due_at__lt": "today", "state__in": OPEN}, sort="due_at"),
        View("unassigned", _("Not assigned"), {"handler__empty": "true", "state__in": OPEN}, sort="due_at"),
        View("progress", _("Progress"), view="board"),
        View("figures", _("Figures"), view="statistics"),
        Activity(
            "due_at", "handler", "subject", kind="planned", about="customer",
            filters={"state__in": "new,assigned,working"},
        ),
        Activity("resolved_at", "handler", "subject", about="customer"),
        Activity(
            "created_at",
            "accepted_by",
            "subject",
            about="customer",
            filters={"channel__ne": "plan"},
            label=_("Taken on"),
        ),
        Reminder(
            "due_at", before=timedelta(hours=2), to="handler", text=_("Due soon:"),
            when=lambda request: request.is_open,
        ),
        Panel(
            _("Return visits"), resource="service.visit", by="request",
            columns=("on", "state", "visitor", "score", "feedback"),
        ),
        Headings(
            {
                "number": ("单号", "工单号", "服务单号"),
                "customer": ("客户名称", "报修单位"),
                "contact": ("联系人姓名", "报修人"),
                "type": ("类型", "服务类别"),
                "subject": ("标题", "问题", "服务内容"),
                "detail": ("描述", "问题描述", "详细说明"),
                "accepted_by": ("受理人", "接单人"),
                "handler": ("处理人", "工程师", "服务人员"),
                "due_at": ("期限", "要求完成时间", "截止时间"),
            }
        ),
    ),
)  # fmt: skip

plans = Resource(
    Plan,
    title=_("Service plan"),
    plural=_("Service plans"),
    list=("name", "customer", "type", "rule", "first_on", "occurrences", "handler", Column("contract", shown=False)),
    form=(
        Section("", ("customer", "contract", "type", "name")),
        Section(_("How often"), ("rule", "first_on", "occurrences")),
        Section(_("To be carried out"), ("handler", "department", "detail")),
    ),
    search=("name", "customer.name"),
    menu=MENU,
    icon="calendar",
    fields=(
        Field("name", label=_("Plan name"), required=False, help=_("Empty: the name of the type.")),
        Field("customer", label=_("Customer"), required=False),
        CONTRACT,
        Field("type", label=_("Service type")),
        Field("rule", label=_("Falls"), choices=RULES),
        Field("first_on", label=_("For the first time on"), help=_("Empty: today.")),
        Field("occurrences", label=_("Times"), default=12),
        Field("handler", label=_("Carried out by")),
        Field("detail", label=_("Detail")),
    ),
    parts=(
        Check(fault_of_plan),
        Action(
            "generate",
            _("Make missing requests"),
            planning.generate,
            allow="edit",
            icon="plus",
            bulk=True,
        ),
        Statistics(by=("type", "rule")),
        View("mine", _("Mine"), {"owner": "me"}),
        Panel(
            _("Planned requests"), resource="service.request", by="plan", limit=12,
            sort="occurrence",
            columns=("number", "planned_on", "subject", "state", "handler", "due_at"),
        ),
    ),
)  # fmt: skip

visits = Resource(
    Visit,
    title=_("Return visit"),
    plural=_("Return visits"),
    list=(
        "on",
        "subject",
        "customer",
        "state",
        "way",
        "score",
        "feedback",
        "visitor",
        Column("request", shown=False),
        Column("contract", shown=False),
    ),
    form=(
        Section("", ("request", "customer", "contract", "subject", "on", "way", "visitor")),
        Section(_("What the customer says"), ("score", "feedback")),
    ),
    search=("subject", "feedback", "customer.name"),
    sort="-on",
    menu=MENU,
    icon="comment",
    fields=(
        Field("request", label=_("Service request")),
        Field("customer", label=_("Customer"), required=False, help=_("Empty: the customer of the request.")),
        CONTRACT,
        Field("subject", label=_("Subject"), required=False, help=_("Empty: the subject of the request.")),
        Field("visitor", label=_("Visited by")),
        Field("on", label=_("Visit on"), help=_("Empty: today.")),
        Field("way", label=_("Way"), choices=WAYS),
        SCORE,
        FEEDBACK,
    ),
    parts=(
        VISIT,
        Check(fault_of_visit),
        Board("state", facts=("customer", "score"), due="on", person="visitor"),
        Calendar(start="on", title="subject"),
        Statistics(by=("score", "visitor")),
        View("due", _("To be made"), {"state__in": ("planned", "missed"), "on__lte": "today"}, sort="on"),
        View("mine", _("Mine"), {"visitor": "me"}),
        Activity("on", "visitor", "subject", kind="planned", about="customer", filters={"state": "planned"}),
        Activity("on", "visitor", "subject", about="customer", filters={"state": "done"}),
        Reminder("on", to="visitor", text=_("Return visit due:"), when=lambda visit: visit.state == "planned"),
    ),
)

types = dictionary(
    Type,
    _("Service type"),
    _("Service types"),
    fields=(
        Field("name", label=_("Service type")),
        Field("complaint", label=_("Complaint"), help=_("Closed only with its cause and the measure taken.")),
        Field(
            "outline",
            label=_("What is asked"),
            help=_("The detail of a new request begins with it: a line for each thing to be asked."),
        ),
        Field(
            "needs_contact", label=_("Contact needed"), help=_("Nobody takes such a request without saying who calls.")
        ),
        Field("working_hours", label=_("Time allowed"), unit=_("working hours"), help=_("Empty: no deadline.")),
        Field("visit_days", label=_("Return visit after"), unit=_("days"), help=_("Empty: nobody asks afterwards.")),
    ),
    parts=(Check(fault_of_type),),
)
