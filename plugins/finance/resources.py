"""The lists, forms and pages of money."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plugins.finance import figures, services
from plugins.finance.models import (
    Account,
    Allocation,
    Expense,
    ExpenseCategory,
    Payable,
    Payment,
    PaymentAllocation,
    PaymentMethod,
    Receipt,
    Receivable,
)
from plugins.finance.rules import fault_of_expense, fault_of_owed, fault_of_paid
from plugins.finance.states import EXPENSE, PAID
from sopia import (
    Action,
    Activity,
    Approval,
    Board,
    Calendar,
    Check,
    Choice,
    Column,
    Derived,
    Field,
    Headings,
    Numbering,
    Panel,
    Reminder,
    Resource,
    Section,
    Statistics,
    Text,
    View,
    dictionary,
)
from sopia import translate as _

MENU = _("Finance")

OWED = (
    Choice("open", _("Open"), "blue"),
    Choice("part", _("Partly settled"), "amber"),
    Choice("settled", _("Settled"), "green"),
)

GIVEN = (
    Field("number", label=_("Number of the document")),
    Field("amount", label=_("Amount")),
    Field("remark", label=_("Remark")),
)

OWED_HEADINGS = Headings(
    {
        "customer": ("客户", "客户名称", "往来单位", "单位名称", "供应商"),
        "source": ("来源", "来源单据", "合同号", "订单号", "项目"),
        "on": ("日期", "发生日期", "单据日期"),
        "due_on": ("到期日", "应收日期", "应付日期", "约定付款日"),
        "amount": ("金额", "应收金额", "应付金额"),
        "remark": ("备注", "摘要", "说明"),
    }
)


def is_open(record: Any) -> bool:
    """Whether something of it is still to be paid."""
    return bool(record.open) and record.deleted_at is None


def owed(model: type[Any], title: Text, plural: Text, lines: str, pattern: str, due: Text) -> Resource:
    """The resource of what is owed, to us or by us."""
    by = model.__tablename__.removeprefix("finance_")
    firm, other = ("customer", "party") if model is Receivable else ("party", "customer")
    return Resource(
        model,
        title=title,
        plural=plural,
        list=(
            "number",
            firm,
            "source",
            "due_on",
            Column("amount", total=True),
            Column("settled", total=True),
            Column("open", total=True),
            "state",
            "owner",
            Column("on", shown=False),
            Column(other, shown=False),
            Column("department", shown=False),
            Column("remark", shown=False),
            Column("created_at", shown=False),
        ),
        form=(
            Section("", (firm, "amount", "on", "due_on", "source")),
            Section(_("More"), ("owner", "department", "remark")),
        ),
        search=("number", "source", "remark", "customer.name"),
        menu=MENU,
        icon="wallet" if model is Receivable else "truck",
        fields=(
            *GIVEN,
            Field("customer", label=_("Customer")),
            Field("party", label=_("Firm"), required=False),
            Field("source", label=_("Deal"), help=_("The contract, order or project; profit is worked out by it.")),
            Field("source_key", hidden=True),
            Field("on", label=_("Arose on")),
            Field("due_on", label=_("Due on")),
            Field("settled", label=_("Settled"), readonly=True),
            Field("open", label=_("Still open"), readonly=True),
            Field("state", label=_("State"), choices=OWED, readonly=True),
        ),
        parts=(
            Check(fault_of_owed),
            Numbering("number", pattern),
            OWED_HEADINGS,
            Panel(
                _("Settled by"),
                resource=lines,
                by=by,
                columns=("receipt" if model is Receivable else "payment", "on", "amount"),
                limit=10,
            ),
            Statistics(
                by=("customer" if model is Receivable else "due_on:month",),
                measure=("amount:sum", "settled:sum", "open:sum"),
            ),
            Calendar(start="due_on", title="number", colour="state"),
            Board("state", facts=(firm, "due_on"), total="open", due="due_on", folded=("settled",)),
            View("mine", _("Mine"), {"owner": "me"}),
            View("overdue", _("Overdue"), {"due_on__lt": "today", "state__ne": "settled"}, sort="due_on"),
            View("open", _("Open"), {"state__ne": "settled"}, sort="due_on"),
            Reminder("due_on", text=due, when=is_open),
            Activity("due_on", "owner", "number", kind="planned", about=firm, filters={"state__ne": "settled"}),
        ),
    )


def paid(model: type[Any], title: Text, plural: Text, pattern: str) -> Resource:
    """The resource of money that came in or went out."""
    firm, other = ("customer", "party") if model is Receipt else ("party", "customer")
    return Resource(
        model,
        title=title,
        plural=plural,
        list=(
            "number",
            "on",
            firm,
            "method",
            "account",
            Column("amount", total=True),
            Column("allocated", total=True),
            Column("left", total=True),
            "state",
            "owner",
            Column(other, shown=False),
            Column("department", shown=False),
            Column("countered_on", shown=False),
            Column("reason", shown=False),
            Column("remark", shown=False),
            Column("created_at", shown=False),
        ),
        form=(
            Section("", (firm, "amount", "on", "method", "account")),
            Section(_("More"), ("owner", "department", "remark")),
        ),
        search=("number", "remark", "customer.name"),
        menu=MENU,
        icon="coin",
        fields=(
            *GIVEN,
            Field("customer", label=_("Customer")),
            Field("party", label=_("Firm"), required=False),
            Field("on", label=_("Date")),
            Field("method", label=_("Payment method")),
            Field("account", label=_("Account")),
            Field("allocated", label=_("Allocated"), readonly=True),
            Field("left", label=_("Left to allocate"), readonly=True),
            Field("countered_on", label=_("Countered on"), readonly=True),
            Field("reason", label=_("Reason"), readonly=True),
        ),
        parts=(
            PAID,
            Check(fault_of_paid),
            Numbering("number", pattern),
            Action(
                "allocate",
                _("Allocate"),
                services.allocate,
                ask=(Field("to", label=_("To"), kind="json", help=_("Empty: the oldest first.")),),
                when=lambda record: record.state == "confirmed",
                style="hidden",
                final=True,
            ),
            Action(
                "release",
                _("Release"),
                services.release,
                ask=(Field("of", label=_("Allocations"), kind="json", help=_("Empty: all of them.")),),
                when=lambda record: record.state == "confirmed",
                style="hidden",
                final=True,
            ),
            Panel(_("Allocation"), "finance/allocation.html", figures.allocation_of),
            Statistics(by=("on:month", "method"), measure=("amount:sum",)),
            Calendar(start="on", title="number", colour="state"),
            View("mine", _("Mine"), {"owner": "me"}),
            View("advances", _("Advances"), {"state": "confirmed", "left__gt": "0"}, sort="on"),
            View("drafts", _("To confirm"), {"state": "draft"}, sort="on"),
            Activity("on", "owner", "number", about=firm, filters={"state": "confirmed"}),
        ),
    )


def allocation(model: type[Any], paid_name: str, owed_name: str, title: Text, plural: Text) -> Resource:
    """The resource of the lines between the two: made by allocating, read by everybody who sees the receipt."""
    return Resource(
        model,
        title=title,
        plural=plural,
        list=(paid_name, owed_name, "on", Column("amount", total=True)),
        fields=(
            Field(paid_name, label=_("Receipt") if paid_name == "receipt" else _("Payment"), readonly=True),
            Field(owed_name, label=_("Receivable") if owed_name == "receivable" else _("Payable"), readonly=True),
            Field("on", label=_("Allocated on"), readonly=True),
            Field("amount", label=_("Amount"), readonly=True),
        ),
    )


receivables = owed(
    Receivable, _("Receivable"), _("Receivables"), "finance.allocation",
    "YS-{year}{month:02}-{counter:04}", _("Receivable due:"),
)  # fmt: skip
payables = owed(
    Payable, _("Payable"), _("Payables"), "finance.payment_allocation",
    "YF-{year}{month:02}-{counter:04}", _("Payable due:"),
)  # fmt: skip
receipts = paid(
    Receipt, _("Receipt"), _("Receipts"), "SK-{year}{month:02}-{counter:04}",
)  # fmt: skip
payments = paid(
    Payment, _("Payment"), _("Payments"), "FK-{year}{month:02}-{counter:04}",
)  # fmt: skip
allocations = (
    allocation(Allocation, "receipt", "receivable", _("Allocation of a receipt"), _("Allocations of receipts")),
    allocation(PaymentAllocation, "payment", "payable", _("Allocation of a payment"), _("Allocations of payments")),
)

expenses = Resource(
    Expense,
    title=_("Expense"),
    plural=_("Expenses"),
    list=(
        "number",
        "title",
        "category",
        Column("amount", total=True),
        "on",
        "customer",
        "order",
        "state",
        "owner",
        Column("method", shown=False),
        Column("account", shown=False),
        Column("paid_on", shown=False),
        Column("department", shown=False),
        Column("created_at", shown=False),
    ),
    form=(
        Section("", ("title", "category", "amount", "on")),
        Section(_("For a deal"), ("customer", "order")),
        Section(_("More"), ("method", "account", "owner", "department", "remark")),
    ),
    search=("number", "title", "order", "remark", "customer.name"),
    menu=MENU,
    icon="document",
    fields=(
        Field("number", label=_("Number of the document")),
        Field("title", label=_("Purpose")),
        Field("category", label=_("Expense category")),
        Field("amount", label=_("Amount")),
        Field("on", label=_("Date")),
        Field("customer", label=_("Customer")),
        Field("order", label=_("Deal"), help=_("The contract, order or project; profit is worked out by it.")),
        Field("method", label=_("Payment method")),
        Field("account", label=_("Account")),
        Field("paid_on", label=_("Paid on"), readonly=True),
        Field("countered_on", label=_("Countered on"), readonly=True),
        Field("reason", label=_("Reason"), readonly=True),
        Field("remark", label=_("Remark")),
    ),
    parts=(
        EXPENSE,
        Approval(),
        Check(fault_of_expense),
        Numbering("number", "FY-{year}{month:02}-{counter:04}"),
        Statistics(by=("category", "on:month"), measure=("amount:sum",)),
        Calendar(start="on", title="title", colour="state"),
        Board("state", facts=("category", "on"), total="amount", folded=("countered",)),
        View("mine", _("Mine"), {"owner": "me"}),
        View("to_pay", _("To pay out"), {"state": "approved"}, sort="on"),
        Activity("on", "owner", "title", about="customer"),
    ),
)

categories = dictionary(ExpenseCategory, _("Expense category"), _("Expense categories"))
methods = dictionary(PaymentMethod, _("Payment method"), _("Payment methods"))
ACCOUNTS = dictionary(
    Account,
    _("Account"),
    _("Accounts"),
    fields=(
        Field("holder", label=_("Bank")),
        Field("card", label=_("Account number")),
        Field("opening", label=_("Balance at the beginning"), help=_("What lay there before the first document.")),
    ),
    parts=(
        Derived(Field("balance", label=_("Balance"), kind="money"), figures.balances),
        Panel(_("Receipts"), resource="finance.receipt", by="account", columns=("number", "on", "customer", "amount")),
        Panel(_("Payments"), resource="finance.payment", by="account", columns=("number", "on", "customer", "amount")),
        Panel(_("Expenses"), resource="finance.expense", by="account", columns=("number", "on", "title", "amount")),
    ),
    icon="wallet",
)
accounts = replace(ACCOUNTS, list=("name", "holder", "card", "balance", "position", "archived"))
