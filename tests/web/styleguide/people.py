"""The made-up company of the style guide: its people, its navigation, the shell around the pages."""

# ruff: noqa: E501  (specimens read as tables)

from core.kernel.i18n import translate as _
from core.web.cells import initials
from core.web.views import Button, Link, NavigationGroup, Notice, Person, Shell

NAMES = (
    "张涛",
    "王秀英",
    "李建国",
    "欧阳明月",
    "赵敏",
    "陈晓东",
    "刘洋",
    "孙丽华",
    "周杰",
    "Alice Wong",
    "吴磊",
    "郑文静",
)


def person(number: int, title: str = "") -> Person:
    name = NAMES[number % len(NAMES)]
    return Person(name=name, initials=initials(name), colour=number % 10, url=f"/system/users/{number}", title=title)


MENU: tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...] = (
    ("customers", "客户", "people", (("customers", "客户"), ("contacts", "联系人"), ("follow-ups", "跟进记录"), ("suppliers", "供应商"), ("distributors", "经销商"))),
    ("catalog", "产品", "box", (("products", "产品"), ("price-lists", "价格表"))),
    ("sales", "销售", "deal", (("opportunities", "商机"), ("orders", "订单"), ("contracts", "合同"))),
    ("finance", "财务", "coin", (("receivables", "应收款"), ("receipts", "收款单"))),
    ("service", "客服", "service", (("requests", "服务请求"), ("visits", "回访"))),
    ("tasks", "任务", "tasks", (("tasks", "我的任务"),)),
    ("journals", "日志", "journal", (("journals", "我的日志"),)),
    ("documents", "文档", "folder", (("documents", "全部文档"),)),
)  # fmt: skip


def shell(page: str = "/customers/customers", **changes: object) -> Shell:
    groups = tuple(
        NavigationGroup(
            key=key,
            title=title,
            icon=icon,
            open=page.startswith(f"/{key}/") or key == "sales",
            links=tuple(
                Link(
                    title=name,
                    url=f"/{key}/{address}",
                    current=page == f"/{key}/{address}",
                    count="7" if address == "requests" else "",
                )
                for address, name in links
            ),
        )
        for key, title, icon, links in MENU
    )
    given: dict[str, object] = {
        "home": Link(title="今日工作台", url="/", icon="home", current=page == "/"),
        "navigation": groups,
        "administration": Link(title="系统管理", url="/system", icon="gear", current=page.startswith("/system")),
        "create": (
            Link(title="新建客户", url="/customers/customers/new", icon="people"),
            Link(title="新建合同", url="/sales/contracts/new", icon="deal"),
            Link(title="写日志", url="/journals/journals/new", icon="journal"),
        ),
        "user": person(3, "华北销售部 · 主管"),
        "user_links": (
            Link(title="个人设置", url="/preferences", icon="gear"),
            Link(title="API 令牌", url="/tokens", icon="key"),
        ),
        "unread": "3",
        **changes,
    }
    return Shell(**given)  # type: ignore[arg-type]


SAVED = Notice(
    text="已保存「中国石油化工股份有限公司北京石油分公司」",
    undo=Button(title=_("Undo"), url="/undo/91", kind="quiet"),
)
