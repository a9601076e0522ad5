"""Specimens of list, board, calendar, statistics, search and recycle bin."""

# ruff: noqa: E501  (specimens read as tables)

from collections.abc import Callable

from jinja2 import Environment
from markupsafe import Markup

from core.web.cells import initials
from core.web.templating import render_rows, row_writer
from core.web.views import (
    BinRow,
    BinView,
    BoardView,
    Bulk,
    Button,
    CalendarDay,
    CalendarEntry,
    CalendarView,
    Card,
    Chip,
    Column,
    ColumnChoice,
    Confirm,
    Empty,
    FilterField,
    Hit,
    HitGroup,
    Lane,
    Link,
    ListView,
    Option,
    SavedView,
    SearchView,
    StatisticsRow,
    StatisticsView,
    Toolbar,
)
from tests.web.styleguide.people import NAMES, person

HERE = "/customers/customers"

COMPANIES = (
    "中国石油化工股份有限公司北京石油分公司", "济南红色营地信息技术有限公司", "重庆市格瑞奇科技集团有限公司", "宁波百宇物流有限公司", "济南伍佰回医药有限公司",
    "深圳市华曦达科技股份有限公司", "上海外高桥保税区联合发展有限公司", "广州鼎晟餐饮管理有限公司", "杭州云栖小镇网络科技有限公司", "苏州工业园区新海宜电信发展股份有限公司",
    "北京信科移动通信技术有限公司", "成都天府软件园物业服务有限公司", "Vexo Handels GmbH & Co. KG", "武汉光谷生物医药产业园发展有限公司", "青岛海尔智家股份有限公司",
    "内蒙古伊利实业集团股份有限公司呼和浩特液态奶事业部", "天津港国际物流发展有限公司", "厦门钨业股份有限公司", "西安隆基绿能科技股份有限公司", "长沙远大住宅工业集团股份有限公司",
)  # fmt: skip
TYPES = (("正式客户", "green"), ("意向客户", "blue"), ("潜在客户", "amber"), ("初次客户", "grey"))
TAGS: tuple[tuple[tuple[str, str], ...], ...] = ((), (("重点", "red"),), (("老客户", "teal"), ("展会", "violet")), ())
DATES = (("今天 09:32", "2026-11-23 09:32"), ("昨天", "2026-11-22 16:20"), ("3 天前", "2026-11-20 11:05"), ("11月2日", "2026-11-02 10:00"), ("2025-09-06", "2025-09-06 08:30"), ("", ""))  # fmt: skip

COLUMNS = (
    Column(key="name", title="客户名称", place="title", sort_url="?sort=name"),
    Column(key="type", title="类型", kind="choice", place="first", sort_url="?sort=type"),
    Column(key="phone", title="电话", kind="phone"),
    Column(key="region", title="地区"),
    Column(key="tags", title="标签", kind="tags"),
    Column(key="credit_limit", title="信用额度", kind="money", sort_url="?sort=credit_limit", total="¥1,284,500.00"),
    Column(
        key="last_contact_at", title="最近联系", kind="instant", sort_url="?sort=last_contact_at", sorted="descending"
    ),
    Column(key="next_contact_at", title="下次联系", kind="due"),
    Column(key="owner", title="负责人", kind="user", place="second"),
)


def rows(count: int = 50) -> list[tuple[object, ...]]:
    made: list[tuple[object, ...]] = []
    for n in range(count):
        name = NAMES[n * 7 % len(NAMES)]
        made.append(
            (
                n + 1,
                COMPANIES[n % len(COMPANIES)],
                *TYPES[n * 3 % 4],
                f"0{n % 9 + 1}0-6788 {n * 37 % 9000 + 1000}",
                f"0{n}",
                ("北京", "济南", "重庆", "宁波", "深圳", "内蒙古 呼和浩特")[n % 6],
                TAGS[n % 4],
                f"{(n * 7919 % 90 + 1) * 5000:,}.00",
                "¥",
                *DATES[n % 6],
                *(("明天", "2026-11-24", "") if n % 3 else ("逾期 5 天", "2026-11-18", "bad")),
                name,
                n % 12,
                initials(name),
            )
        )
    return made


FILTERS = (
    FilterField(key="name", title="客户名称", kind="text"),
    FilterField(
        key="type",
        title="类型",
        kind="choice",
        active=True,
        options=tuple(
            Option(value=str(n), title=title, colour=colour, selected=n < 2) for n, (title, colour) in enumerate(TYPES)
        ),
    ),
    FilterField(key="credit_limit", title="信用额度", kind="money", unit="CNY"),
    FilterField(
        key="last_contact_at",
        title="最近联系",
        kind="date",
        options=tuple(
            Option(value=value, title=title)
            for value, title in (
                ("today", "今天"),
                ("this_week", "本周"),
                ("this_month", "本月"),
                ("last_30_days", "最近 30 天"),
            )
        ),
    ),
    FilterField(
        key="owner", title="负责人", kind="relation", endpoint="/pick", options=(Option(value="me", title="我自己"),)
    ),
    FilterField(key="archived", title="已归档", kind="boolean"),
    FilterField(key="sales.price_list", title="价格表", kind="relation", endpoint="/pick", group="销售"),
)


def bar(view: str = "list", title: str = "客户", **changes: object) -> Toolbar:
    given: dict[str, object] = {
        "title": title,
        "address": HERE,
        "placeholder": "名称、电话、拼音首字母…",
        "chips": (Chip(title="类型", text="正式客户、意向客户", remove_url="?", key="type"),),
        "keep": (("type__in", "1"), ("type__in", "2")),
        "clear_url": HERE,
        "filters": FILTERS,
        "columns": (
            *(ColumnChoice(key=c.key, title=c.title, shown=True, fixed=c.key == "name") for c in COLUMNS),
            ColumnChoice(key="website", title="网站"),
            ColumnChoice(key="address", title="地址"),
            ColumnChoice(key="sales.price_list", title="价格表", source="销售"),
        ),
        "reset_columns_url": "?",
        "switch": tuple(
            Link(title=name, url=f"?view={key}", icon=icon, current=view == key)
            for key, name, icon in (
                ("list", "列表", "list"),
                ("board", "看板", "board"),
                ("calendar", "日历", "calendar"),
                ("statistics", "统计", "chart"),
            )
        ),
        "sorts": (Link(title="最近联系", url="?", current=True), Link(title="客户名称", url="?")),
        "saved": (
            SavedView(title="全部客户", url="?", default=True),
            SavedView(
                title="我的正式客户",
                url="?",
                current=True,
                remove=Button(title="删除视图", url="/views/3/delete", confirm=Confirm(title="删除视图？")),
            ),
            SavedView(title="30 天未联系", url="?", shared=True),
        ),
        "save_url": "/views",
        "create": Link(title="新建客户", url=f"{HERE}/new"),
        "more": (
            Link(title="导入…", url=f"{HERE}/import", icon="import"),
            Link(title="导出 XLSX", url=f"{HERE}/export?format=xlsx", icon="download"),
            Link(title="回收站", url=f"{HERE}/bin", icon="trash"),
        ),
        **changes,
    }
    return Toolbar(**given)  # type: ignore[arg-type]


def list_view(environment: Environment, length: int = 50, **changes: object) -> ListView:
    writer = row_writer(environment, COLUMNS, HERE)
    given: dict[str, object] = {
        "bar": bar(),
        "columns": COLUMNS,
        "rows_html": render_rows(writer, rows(length)),
        "shown": length,
        "count": "1,000+",
        "count_url": "?count=true",
        "next_url": "?cursor=x",
        "totals": True,
        "bulk": (
            Bulk(title="分配", url=f"{HERE}/bulk/assign", icon="person", dialog_url="/dialog"),
            Bulk(title="修改", url=f"{HERE}/bulk/edit", icon="edit", dialog_url="/dialog"),
            Bulk(title="导出", url=f"{HERE}/bulk/export", icon="download"),
            Bulk(title="删除", url=f"{HERE}/bulk/delete", icon="trash", danger=True, ask="删除 {count} 个客户？"),
        ),
        **changes,
    }
    return ListView(**given)  # type: ignore[arg-type]


def empty_list(environment: Environment) -> ListView:
    return list_view(
        environment,
        0,
        count="0",
        count_url="",
        bar=bar(chips=()),
        empty=Empty(
            title="还没有客户",
            text="客户是公司的核心资产。录入第一个，或者把手头的表格导入进来，重复的会先告诉您。",
            icon="people",
            button=Link(title="新建客户", url=f"{HERE}/new", icon="plus"),
            second=Link(title="导入表格", url=f"{HERE}/import", icon="import"),
        ),
    )


def no_hits(environment: Environment) -> ListView:
    return list_view(
        environment,
        0,
        count="0",
        count_url="",
        bar=bar(q="晟鼎"),
        empty=Empty(
            title="没有符合条件的客户",
            text="两个条件同时满足的客户没有。",
            icon="filter",
            button=Link(title="清除全部条件", url=HERE),
        ),
    )


def board(environment: Environment) -> BoardView:
    lanes = []
    for n, (title, colour) in enumerate(
        (("初步接触", "grey"), ("需求确认", "blue"), ("方案报价", "violet"), ("商务谈判", "amber"), ("赢单", "green"))
    ):
        cards = tuple(
            Card(
                id=n * 10 + m,
                title=COMPANIES[(n * 3 + m) % 20],
                url="/sales/opportunities/1",
                amount=f"¥{(m + 2) * 38000:,}",
                facts=("ERP 二期",) if m % 2 else (),
                tags=((("重点", "red"),) if m == 0 else ()),
                person=person(n + m),
                due="逾期 3 天" if m == 1 else "12月5日",
                due_tone="bad" if m == 1 else "",
            )
            for m in range((4, 3, 5, 2, 3)[n])
        )
        lanes.append(Lane(key=str(n), title=title, colour=colour, count=str(len(cards)), total=f"¥{len(cards) * 152000:,}", share=(20, 15, 35, 18, 12)[n], cards=cards, create_url="/new", targets=tuple(str(m) for m in range(5) if m != n)))  # fmt: skip
    return BoardView(
        bar=bar("board", "商机", create=Link(title="新建商机", url="/new")), lanes=tuple(lanes), move_url="/move"
    )


def calendar(environment: Environment) -> CalendarView:
    weeks = []
    for week in range(5):
        days = []
        for day in range(7):
            number = week * 7 + day - 0
            inside = 1 <= number <= 30
            entries = tuple(
                CalendarEntry(
                    title=f"拜访 {COMPANIES[(number + k) % 20]}",
                    url="/x",
                    time=f"{9 + k}:00",
                    colour=("blue", "green", "amber")[k],
                )
                for k in range((number * 5) % 4)
            )
            days.append(CalendarDay(date=f"2026-11-{number:02}", number=str(number if inside else (31 if number < 1 else number - 30)), inside=inside, today=number == 23, rest=day > 4, entries=entries if inside else ()))  # fmt: skip
        weeks.append(tuple(days))
    return CalendarView(bar=bar("calendar"), month="2026年11月", weekdays=("周一", "周二", "周三", "周四", "周五", "周六", "周日"), weeks=tuple(weeks), previous_url="?", next_url="?", today_url="?")  # fmt: skip


def statistics(environment: Environment) -> StatisticsView:
    shares = (1.0, 0.82, 0.61, 0.44, 0.3, 0.12)
    return StatisticsView(
        bar=bar("statistics"),
        by=("负责人", "录入月份"),
        measures=("数量", "信用额度合计"),
        rows=tuple(
            StatisticsRow(title=NAMES[n], values=(f"{int(share * 412):,}", f"¥{int(share * 3_400_000):,}.00"), share=share, url="?owner=1")
            for n, share in enumerate(shares)
        ),
        totals=("1,355", "¥11,186,000.00"),
        group_options=(Option(value="owner", title="负责人", selected=True), Option(value="type", title="类型"), Option(value="created_at:month", title="录入月份", selected=True)),
        measure_options=(Option(value="count", title="数量", selected=True), Option(value="credit_limit:sum", title="信用额度合计", selected=True)),
    )  # fmt: skip


def search(environment: Environment) -> SearchView:
    return SearchView(
        title="搜索",
        q="鼎晟",
        took="3 毫秒",
        scopes=(Link(title="全部", url="?", current=True, count="9"), Link(title="客户", url="?", count="4"), Link(title="联系人", url="?", count="5")),
        groups=(
            HitGroup(title="客户", icon="people", count="4", all_url="?", hits=tuple(
                Hit(title=Markup("广州<mark>鼎晟</mark>餐饮管理有限公司"), url="/1", text=Markup("广州市天河区体育西路 103 号 · 020-6788 1203"), hint="张涛 · 华南销售部") for _ in range(4))),
            HitGroup(title="联系人", icon="person", count="5", all_url="?", hits=(
                Hit(title=Markup("李<mark>鼎晟</mark>"), url="/1", text=Markup("采购经理 · 中国石油化工股份有限公司北京石油分公司"), hint="139 1234 5678"),)),
        ),
    )  # fmt: skip


def no_search(environment: Environment) -> SearchView:
    return SearchView(title="搜索", q="晟晟晟", empty=Empty(title="没有找到「晟晟晟」", text="试试更少的字，或拼音首字母，如 gzds。", icon="search", ghost="none"))  # fmt: skip


def recycle_bin(environment: Environment) -> BinView:
    return BinView(
        title="回收站",
        kept="删除的记录保留 90 天",
        back=Link(title="客户", url=HERE),
        kinds=(Link(title="全部", url="?", current=True), Link(title="客户", url="?", count="5")),
        rows=tuple(
            BinRow(
                id=n,
                title=COMPANIES[n],
                kind="客户",
                icon="people",
                person=person(n),
                at=DATES[n][0] or "昨天",
                at_exact="2026-11-23 09:32",
                restore=Button(title="恢复", url=f"{HERE}/{n}/restore", icon="undo"),
                purge=Button(
                    title="彻底删除",
                    url=f"{HERE}/{n}/purge",
                    kind="danger",
                    confirm=Confirm(
                        title="彻底删除？",
                        text="这一步不能撤销。",
                        losses=("3 个联系人", "12 条跟进记录"),
                        typed=COMPANIES[n][:4],
                    ),
                ),
            )
            for n in range(5)
        ),
    )


LISTS: dict[str, tuple[str, Callable[[Environment], object]]] = {
    "list": ("list.html", list_view),
    "list-empty": ("list.html", empty_list),
    "list-nothing": ("list.html", no_hits),
    "board": ("board.html", board),
    "calendar": ("calendar.html", calendar),
    "statistics": ("statistics.html", statistics),
    "search": ("search.html", search),
    "search-nothing": ("search.html", no_search),
    "bin": ("bin.html", recycle_bin),
}
