"""The lists, forms and pages of customers and of what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from plugins.customers import panels
from plugins.customers.actions import ASSIGN, CLAIM, MERGE, RELEASE
from plugins.customers.matching import name_key, phone_key
from plugins.customers.models import (
    Category,
    Contact,
    Customer,
    DistributorCategory,
    FollowUp,
    Level,
    Party,
    Pool,
    Source,
    SupplierCategory,
    Tag,
    Type,
)
from plugins.customers.ownership import GRACE, is_owned
from sopia import (
    Activity,
    Alongside,
    Brings,
    Calendar,
    Check,
    Choice,
    Column,
    Duplicates,
    Field,
    Headings,
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

MENU = _("Customers")

WAYS = (
    Choice("call", _("Call"), "blue"),
    Choice("visit", _("Visit"), "green"),
    Choice("message", _("Message"), "teal"),
    Choice("mail", _("Mail"), "indigo"),
    Choice("meeting", _("Meeting"), "violet"),
    Choice("other", _("Other"), "grey"),
)

PRIMARY_CONTACT = Alongside(
    "contacts",
    _("Contact"),
    resource="customers.contact",
    by="customer",
    fields=("name", "phone", "title", "email", "wechat", "birthday"),
    fixed={"primary": True},
)

HEADINGS = Headings(
    {
        "name": (
            "客户",
            "客户全称",
            "公司",
            "公司名称",
            "单位",
            "单位名称",
            "企业名称",
            "名称",
            "company",
            "company name",
        ),
        "code": ("编号", "编码", "客户编码", "客户代码", "代码", "customer no", "number"),
        "type": ("类型", "客户性质"),
        "category": ("类别", "分类", "客户分类"),
        "level": ("级别", "等级", "客户等级"),
        "source": ("来源", "渠道"),
        "industry": ("行业", "所属行业"),
        "region": ("地区", "区域", "城市", "省市", "所在地", "city"),
        "phone": ("电话", "座机", "固话", "固定电话", "公司电话", "联系电话", "tel", "telephone"),
        "website": ("网址", "网站", "官网", "主页", "url"),
        "address": ("地址", "详细地址", "公司地址", "办公地址"),
        "credit_limit": ("额度", "授信额度", "信用限额"),
        "payment_days": ("账期", "付款期限", "应收天数", "应收账期", "payment days"),
        "last_contact_at": ("最近联系时间", "最后联系", "上次联系", "最近跟进", "last contacted"),
        "next_contact_at": ("下次联系时间", "下次跟进", "计划联系"),
        "tags": ("标签", "标记"),
        "remark": ("备注", "说明", "备注信息", "remarks", "note", "notes", "comment"),
        "owner": ("负责人", "业务员", "销售", "客户经理", "跟进人", "所属人", "salesperson"),
        "department": ("部门", "所属部门"),
        "contacts.name": ("联系人", "联系人姓名", "姓名", "主联系人", "contact", "contact person"),
        "contacts.phone": (
            "手机",
            "手机号",
            "手机号码",
            "移动电话",
            "联系人手机",
            "联系人电话",
            "mobile",
            "mobile phone",
        ),
        "contacts.title": ("职务", "职位", "job title", "position"),
        "contacts.email": ("邮箱", "电子邮箱", "邮件", "e-mail", "email"),
        "contacts.wechat": ("微信", "微信号", "wechat"),
    }
)


def fault_of_pool(session: Session, pool: Pool) -> Mapping[str, Text]:
    """Days and claims are more than none."""
    names = ("return_days", "most_claims")
    return {name: _("Enter 1 or more, or nothing.") for name in names if (getattr(pool, name) or 1) < 1}


customers = Resource(
    Customer,
    title=_("Customer"),
    plural=_("Customers"),
    list=(
        "name",
        "type",
        "level",
        "phone",
        "region",
        Column("credit_limit", total=True),
        "last_contact_at",
        "next_contact_at",
        "owner",
        Column("code", shown=False),
        Column("category", shown=False),
        Column("source", shown=False),
        Column("industry", shown=False),
        Column("payment_days", shown=False),
        Column("tags", shown=False),
        Column("department", shown=False),
        Column("pool", shown=False),
        Column("pooled_at", shown=False),
        Column("pool_reason", shown=False),
        Column("owned_since", shown=False),
        Column("silent_at", shown=False),
        Column("returns_at", shown=False),
        Column("created_at", shown=False),
    ),
    form=(
        Section("", ("name", "code", "type", "category", "level", "source", "industry", "region")),
        Section(_("Reach"), ("phone", "website", "address", "next_contact_at")),
        Section(_("Credit"), ("credit_limit", "payment_days")),
        Section(_("More"), ("owner", "department", "tags", "remark")),
    ),
    search=("name", "code", "phone", "region"),
    menu=MENU,
    icon="people",
    fields=(
        Field("name", label=_("Customer name")),
        Field("code", label=_("Customer code")),
        Field("phone", kind="phone"),
        Field("website", kind="url"),
        Field("credit_limit", label=_("Credit limit"), help=_("How much may be owed at a time.")),
        Field("payment_days", label=_("Payment term"), unit=_("days")),
        Field("last_contact_at", label=_("Last contact"), help=_("Follows the follow-ups.")),
        Field("next_contact_at", label=_("Next contact")),
        Field("party", readonly=True),
        Field("pool", label=_("Public pool"), readonly=True),
        Field("pooled_at", label=_("In the pool since"), readonly=True),
        Field("pool_reason", label=_("Reason in the pool"), readonly=True),
        Field("claimed_from", label=_("Claimed from"), readonly=True),
        Field("owned_since", label=_("In charge since"), readonly=True),
        Field("returns_at", label=_("Returns to the pool"), readonly=True),
        Field("silent_at", label=_("Silent from"), readonly=True),
        Field("name_key", hidden=True),
        Field("phone_key", hidden=True),
    ),
    parts=(
        Duplicates((("name_key", "name", name_key), ("phone_key", "phone", phone_key))),
        Brings("party"),
        PRIMARY_CONTACT,
        HEADINGS,
        Statistics(by=("type", "owner")),
        Calendar(start="next_contact_at", title="name", colour="type"),
        View("mine", _("My customers"), {"owner": "me"}),
        View("scope", _("In my scope"), {"pool__empty": "true"}),
        View(
            "pool",
            _("Public pool"),
            {"pool__empty": "false"},
            sort="-pooled_at",
            columns=("name", "type", "level", "region", "industry", "pool", "pooled_at", "pool_reason"),
        ),
        View(
            "silent",
            _("Silent customers"),
            {"silent_at__lt": "today", "pool__empty": "true"},
            sort="silent_at",
            columns=("name", "level", "type", "last_contact_at", "silent_at", "returns_at", "owner"),
        ),
        View("due", _("To contact"), {"owner": "me", "next_contact_at__lte": "today"}, sort="next_contact_at"),
        Panel(_("In the public pool"), "customers/in_pool.html", panels.in_pool, in_common=True, glance=True),
        Panel(
            _("Contacts"),
            resource="customers.contact",
            by="customer",
            columns=("name", "title", "phone", "primary"),
            glance=True,
        ),
        Panel(_("Follow-ups"), resource="customers.follow_up", by="customer", columns=("at", "kind", "content")),
        Panel(_("The same firm"), "customers/roles.html", panels.roles),
        CLAIM,
        ASSIGN,
        RELEASE,
        MERGE,
        Activity("next_contact_at", "owner", "name", kind="planned", label=_("Next contact")),
        Reminder("next_contact_at", before=timedelta(hours=1), text=_("Next contact with")),
        Reminder("returns_at", before=GRACE, text=_("Returns to the pool soon:"), when=is_owned),
    ),
)

parties = Resource(
    Party,
    title=_("Firm"),
    plural=_("Firms"),
    list=("id", "created_at"),
    sort="id",
    parts=(Panel(_("Customers"), resource="customers.customer", by="party", columns=("name", "type", "owner")),),
)

contacts = Resource(
    Contact,
    title=_("Contact"),
    plural=_("Contacts"),
    list=("name", "customer", "title", "phone", "email", "primary"),
    form=("customer", "name", "title", "phone", "email", "wechat", "birthday", "primary", "remark"),
    search=("name", "phone", "email", "wechat", "customer.name"),
    menu=MENU,
    icon="person",
    fields=(
        Field("name", label=_("Contact name")),
        Field("title", label=_("Position held")),
        Field("phone", kind="phone"),
        Field("email", kind="email"),
        Field("wechat", label=_("WeChat")),
        Field("primary", label=_("Primary contact"), help=_("The one to ask first; there is one for each customer.")),
    ),
)

follow_ups = Resource(
    FollowUp,
    title=_("Follow-up"),
    plural=_("Follow-ups"),
    list=("at", "customer", "kind", "content", "contact", "next_contact_at", "author"),
    form=("customer", "contact", "kind", "at", "content", "next_contact_at"),
    search=("content", "customer.name"),
    sort="-at",
    menu=MENU,
    icon="phone",
    fields=(
        Field("kind", label=_("Way"), choices=WAYS),
        Field("at", label=_("Time of contact")),
        Field("content", label=_("What was said")),
        Field("next_contact_at", label=_("Next contact")),
        Field("author", label=_("Written by"), readonly=True),
    ),
    parts=(
        Activity("at", "author", "content", about="customer"),
        Statistics(by=("at:week", "kind")),
        Calendar(start="at", title="content", colour="kind"),
        View("mine", _("Written by me"), {"author": "me"}),
    ),
)


dictionaries = (
    dictionary(Type, _("Customer type"), _("Customer types")),
    dictionary(
        Level,
        _("Customer level"),
        _("Customer levels"),
        fields=(
            Field(
                "contact_days",
                label=_("Days between contacts"),
                unit=_("days"),
                help=_("Whoever was not spoken with for so long counts as silent."),
            ),
        ),
    ),
    dictionary(Source, _("Customer source"), _("Customer sources")),
    dictionary(Tag, _("Tag"), _("Tags")),
    dictionary(Category, _("Customer category"), _("Customer categories")),
    dictionary(SupplierCategory, _("Supplier category"), _("Supplier categories")),
    dictionary(DistributorCategory, _("Distributor category"), _("Distributor categories")),
)

pools = dictionary(
    Pool,
    _("Public pool"),
    _("Public pools"),
    fields=(
        Field("users", label=_("People who may claim")),
        Field("departments", label=_("Departments who may claim")),
        Field(
            "return_days",
            label=_("Return after"),
            unit=_("days"),
            help=_("Customers without contact for so long return by themselves, a week after a warning. Empty: never."),
        ),
        Field(
            "most_claims",
            label=_("Most claims"),
            help=_("How many customers from this pool one person may hold at a time. Empty: any number."),
        ),
    ),
    parts=(
        Check(fault_of_pool),
        Panel(
            _("Customers in the pool"),
            resource="customers.customer",
            by="pool",
            columns=("name", "type", "region", "pooled_at", "pool_reason"),
            limit=10,
        ),
    ),
)
