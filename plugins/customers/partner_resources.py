"""The lists, forms and pages of suppliers and distributors."""

from __future__ import annotations

from typing import Any

from plugins.customers import panels
from plugins.customers.matching import name_key, phone_key
from plugins.customers.partners import Distributor, Supplier
from sopia import Brings, Column, Duplicates, Field, Headings, Panel, Resource, Section, Statistics, View
from sopia import translate as _

MENU = _("Customers")


def _headings(word: str) -> Headings:
    return Headings(
        {
            "name": (word, f"{word}名称", "公司", "公司名称", "单位名称", "名称", "company", "company name"),
            "code": (f"{word}编号", f"{word}编码", "编号", "编码", "代码"),
            "category": ("类别", "分类", f"{word}分类"),
            "contact": ("联系人", "联系人姓名", "contact person"),
            "region": ("地区", "区域", "城市", "city"),
            "phone": ("电话", "联系电话", "手机", "tel", "telephone"),
            "email": ("邮箱", "电子邮箱", "e-mail"),
            "website": ("网址", "网站", "url"),
            "address": ("地址", "详细地址"),
            "payment_days": ("账期", "付款期限", "payment days"),
            "remark": ("备注", "说明", "note"),
            "owner": ("负责人", "采购员", "业务员"),
            "department": ("部门", "所属部门"),
        }
    )


def _partner(model: type[Any], title: Any, plural: Any, name: Any, word: str, icon: str, term: Any) -> Resource:
    return Resource(
        model,
        title=title,
        plural=plural,
        list=(
            "name",
            "category",
            "contact",
            "phone",
            "region",
            "payment_days",
            "owner",
            Column("code", shown=False),
            Column("email", shown=False),
            Column("department", shown=False),
            Column("created_at", shown=False),
        ),
        form=(
            Section("", ("name", "code", "category", "contact", "phone", "email", "region", "website", "address")),
            Section(_("Terms"), ("payment_days",)),
            Section(_("More"), ("owner", "department", "remark")),
        ),
        search=("name", "code", "phone", "contact"),
        menu=MENU,
        icon=icon,
        fields=(
            Field("name", label=name),
            Field("contact", label=_("Contact")),
            Field("phone", kind="phone"),
            Field("email", kind="email"),
            Field("website", kind="url"),
            Field("payment_days", label=_("Payment term"), unit=_("days"), help=term),
            Field("party", readonly=True),
            Field("name_key", hidden=True),
            Field("phone_key", hidden=True),
        ),
        parts=(
            Duplicates((("name_key", "name", name_key), ("phone_key", "phone", phone_key))),
            Brings("party"),
            _headings(word),
            Statistics(by=("category", "region")),
            View("mine", _("Mine"), {"owner": "me"}),
            Panel(_("The same firm"), "customers/roles.html", panels.roles),
        ),
    )


suppliers = _partner(
    Supplier,
    _("Supplier"),
    _("Suppliers"),
    _("Supplier name"),
    "供应商",
    "box",
    _("How many days one has to pay them."),
)
distributors = _partner(
    Distributor,
    _("Distributor"),
    _("Distributors"),
    _("Distributor name"),
    "分销商",
    "link",
    _("How many days they have to pay."),
)
