"""Specimens of everything else: sign-in, errors, import, administration."""

# ruff: noqa: E501  (specimens read as tables)

from collections.abc import Callable

from jinja2 import Environment

from core.kernel.i18n import translate as _
from core.web.views import (
    AdministrationGroup,
    AdministrationView,
    Button,
    Change,
    Confirm,
    ConfirmView,
    DepartmentNode,
    DepartmentsView,
    DepartmentTree,
    Device,
    Entry,
    ErrorView,
    FaultKind,
    Field,
    FieldAccess,
    FormSection,
    FormView,
    GrantCell,
    GrantGroup,
    GrantRow,
    HistoryFilter,
    HistoryRow,
    HistoryView,
    ImportCell,
    ImportColumn,
    ImportHead,
    ImportRow,
    Link,
    MappingView,
    Member,
    Option,
    PluginRow,
    PluginsView,
    PreferencesView,
    ProgressView,
    ReportView,
    ResultView,
    RoleView,
    SettingsView,
    SignInView,
    UploadView,
)
from tests.web.styleguide.lists import COMPANIES, HERE
from tests.web.styleguide.people import MENU, person


def sign_in(environment: Environment) -> SignInView:
    return SignInView(title="登录到「华远商贸」", login="ouyang", error="用户名或密码不对。", locales=(Link(title="中文", url="?", current=True), Link(title="English", url="?locale=en")))  # fmt: skip


def missing(environment: Environment) -> ErrorView:
    return ErrorView(status=404, title=_("There is nothing here."), text=_("It may have been deleted, or you may not see it."), links=(Link(title="返回客户列表", url=HERE), Link(title="搜索", url="/search")), reference="01JD8-QX4T")  # fmt: skip


def forbidden(environment: Environment) -> ErrorView:
    return ErrorView(status=403, title=_("You may not use this function."), remedy=_("Ask an administrator for the permission."), links=(Link(title="返回", url="/"),))  # fmt: skip


def refused(environment: Environment) -> ErrorView:
    return ErrorView(status=409, title="不能确认订单 SO-2026-0117", text="确认后「广州鼎晟餐饮管理有限公司」的占用将达 ¥62,000.00，超过信用额度。", reasons=("额度 ¥50,000.00，已占用 ¥44,000.00，本单 ¥18,000.00", "另有 ¥12,000.00 逾期 5 天"), remedy="请先收款或提交超额审批。", links=(Link(title="返回订单", url="/x"),))  # fmt: skip


def too_large(environment: Environment) -> ErrorView:
    return ErrorView(status=413, title="文件太大", text="「客户全量导出.xlsx」有 212 MB，一次最多 50 MB。", remedy="请拆成几个文件，或另存为 CSV。", links=(Link(title="返回导入", url="/x"),))  # fmt: skip


def broken(environment: Environment) -> ErrorView:
    return ErrorView(status=500, title="出了意外的错误", text="您的输入没有丢，也没有只写入一半。", remedy="请再试一次；仍然不行，请把下面的编号告诉管理员。", reference="01JD8QX4T7WN", links=(Link(title="再试一次", url="?"),))  # fmt: skip


def offline(environment: Environment) -> ErrorView:
    return ErrorView(status=0, title="连接不上服务器", text="网络断开，或服务器正在重启。", remedy="恢复后会自动重试。", links=(Link(title="再试一次", url="?"),))  # fmt: skip


def question(environment: Environment) -> ConfirmView:
    return ConfirmView(title="删除", confirm=Confirm(title="删除「广州鼎晟餐饮管理有限公司」？", losses=("3 个联系人", "12 条跟进记录"), undoable=True), button=Button(title="删除", url="/x"), back=Link(title="返回", url=HERE))  # fmt: skip


def head(step: int) -> ImportHead:
    return ImportHead(title="导入客户", step=step, back=Link(title="客户", url=HERE), file="客户名单2026.csv" if step > 1 else "", about="3,000 行 · GB18030 · 逗号分隔" if step > 1 else "")  # fmt: skip


def upload(environment: Environment) -> UploadView:
    return UploadView(head=head(1), url="/import-mapping", limit="最大 50 MB。", template_url="/x", fields=("客户名称", "类型", "联系人", "手机", "电话", "地区", "地址", "来源", "信用额度", "应收期限"), recent=(Link(title="展会名单.xlsx", url="/x", hint="昨天 · 新建 214，更新 3 · 欧阳明月"),))  # fmt: skip


FIELDS = (
    "客户名称",
    "类型",
    "联系人",
    "手机",
    "电话",
    "地区",
    "地址",
    "来源",
    "信用额度",
    "应收期限",
    "最近联系",
    "备注",
)


def mapping(environment: Environment) -> MappingView:
    titles = (
        "客户名称",
        "客户类型",
        "联系人",
        "手机",
        "电话",
        "地区",
        "地址",
        "来源",
        "信用额度",
        "应收期限(天)",
        "最近联系",
        "内部编号",
    )
    samples = (
        COMPANIES[1:3],
        ("正式客户", "初次客户"),
        ("单杰", "解伟"),
        ("17126614242", "+86-13946217654"),
        ("0817-38179657",),
        ("济南", "重庆"),
        ("济南市中山路500号",),
        ("展会", "广告"),
        ("5万", "￥20,000.00"),
        ("45", "60"),
        ("20260920", "2025年9月6日"),
        ("A-1029",),
    )
    return MappingView(
        head=head(2),
        url="/import-report",
        encodings=(Option(value="gb18030", title="GB18030（自动识别）", selected=True), Option(value="utf-8", title="UTF-8")),
        modes=(Option(value="both", title="新建，已有的更新", selected=True), Option(value="create", title="只新建")),
        keys=(Option(value="name", title="客户名称", selected=True), Option(value="phone", title="电话")),
        columns=tuple(
            ImportColumn(
                index=n, title=title, samples=tuple(samples[n]),
                options=(Option(value="", title="— 不导入 —", selected=n == 11), *(Option(value=str(m), title=f, selected=m == n and n != 11) for m, f in enumerate(FIELDS))),
                reason="名称相同" if n < 9 else "与上次相同" if n < 11 else "", warning="" if n != 11 else "没有对应的字段",
            ) for n, title in enumerate(titles)
        ),
    )  # fmt: skip


def report(environment: Environment) -> ReportView:
    def row(n: int) -> ImportRow:
        kind = n % 4
        cells = (
            ImportCell(column=0, value=COMPANIES[n % 20] if kind != 2 else "", fault="客户名称不能为空。" if kind == 2 else ""),
            ImportCell(column=1, value="正式" if kind == 1 else "正式客户", fault="没有类型「正式」。" if kind == 1 else "", proposal="正式客户" if kind == 1 else ""),
            ImportCell(column=3, value="1712661424" if kind == 0 else "17126614242", fault="「1712661424」不是手机号码，少一位。" if kind == 0 else ""),
            ImportCell(column=5, value="济南"),
            ImportCell(column=8, value="5万"),
            ImportCell(column=10, value="2026/13/8" if n % 8 == 0 else "2026/10/8", fault="没有 13 月。" if n % 8 == 0 else "", proposal="2026-10-08" if n % 8 == 0 else ""),
        )  # fmt: skip
        return ImportRow(number=17 + n * 23, cells=cells, state="duplicate" if kind == 3 else "fault", note="可能与已有客户相同：" if kind == 3 else "", link=Link(title=COMPANIES[0], url="/1") if kind == 3 else None)  # fmt: skip

    return ReportView(
        head=head(3), good="2,871", about="新建 2,640，更新 231", run="导入 2,871 行", faulty="129", duplicates="34",
        columns=((0, "客户名称"), (1, "类型"), (3, "手机"), (5, "地区"), (8, "信用额度"), (10, "最近联系")),
        kinds=(FaultKind(title="全部", count="129", url="?", current=True), FaultKind(title="不是手机号码", count="61", url="?"), FaultKind(title="日期不存在", count="40", url="?"), FaultKind(title="名称为空", count="28", url="?")),
        rows=tuple(row(n) for n in range(24)), check_url="/check", save_url="/import-report", run_url="/import-progress", faults_url="/x", back_url="/import-mapping", next_url="?2", shown="1–24 / 129",
    )  # fmt: skip


def progress(environment: Environment) -> ProgressView:
    return ProgressView(
        head=head(4), status_url="/status", done=1720, total=3000, text="1,720 / 3,000", cancel_url="/x"
    )


def result(environment: Environment) -> ResultView:
    return ResultView(head=head(5), title="导入完成。", tone="good", created="2,640", updated="231", left_out="129", took="用时 0.6 秒，每秒 5,120 行", list_url=HERE, faults_url="/x", undo_url="/undo/12")  # fmt: skip


def administration(environment: Environment) -> AdministrationView:
    return AdministrationView(
        title="系统管理",
        health=(("版本", "0.1.0", ""), ("数据库", "SQLite · 214 MB", "good"), ("最近备份", "昨天 03:00", "good"), ("后台任务", "0 个等待", ""), ("插件", "1 个出错", "bad")),
        groups=(
            AdministrationGroup(title="人员与权限", links=(
                Link(title="用户", url="/system/users", icon="person", hint="登录、部门、角色", count="46"), Link(title="部门", url="/departments", icon="tree", hint="多棵树：条线、区域、项目"),
                Link(title="用户组", url="/x", icon="people", hint="跨部门的人"), Link(title="角色", url="/role", icon="shield", hint="谁能对什么做什么", count="6"))),
            AdministrationGroup(title="平台", links=(
                Link(title="插件", url="/plugins", icon="plugin", hint="启用、停用、依赖", count="8"), Link(title="设置", url="/settings", icon="gear", hint="公司、编号、默认值"),
                Link(title="自定义字段", url="/x", icon="columns", hint="给任何资源加字段"), Link(title="工作日历", url="/x", icon="calendar", hint="节假日、工作时间"))),
            AdministrationGroup(title="记录", links=(
                Link(title="历史", url="/history", icon="history", hint="谁在何时改了什么"), Link(title="回收站", url="/bin", icon="trash", hint="90 天内可以恢复", count="5"),
                Link(title="登录记录", url="/x", icon="key", hint="在线的人，踢出"), Link(title="备份", url="/x", icon="archive", hint="一个文件包含全部"))),
        ),
    )  # fmt: skip


def plugins(environment: Environment) -> PluginsView:
    def row(n: int) -> PluginRow:
        key, title, icon, links = MENU[n]
        return PluginRow(
            name=key, title=title, icon=icon, version="1.0.0", state="enabled",
            text=("客户、联系人、跟进、供应商、经销商", "产品、价格表、仓库", "商机、报价、订单、合同、回款计划", "应收应付、收付款、费用")[n % 4],
            adds=(f"{len(links)} 个列表", "2 个面板", "API"), requires=() if n == 0 else (("客户 ≥1.0", True),), required_by=("销售", "财务") if n == 0 else (),
            actions=(Button(title="停用", url="/x", refused="「销售」「财务」依赖它，请先停用它们。" if n == 0 else "", confirm=Confirm(title=f"停用「{title}」？", text="数据保留，页面和菜单不再出现。")),),
        )  # fmt: skip

    return PluginsView(
        title="插件",
        filters=(Link(title="全部", url="?", current=True, count="7"), Link(title="已启用", url="?", count="4"), Link(title="出错", url="?", count="1")),
        generation="第 31 代 · 2 个进程都已换上",
        rows=(
            PluginRow(name="logistics", title="物流", icon="truck", version="0.3.1", state="broken", text="运单与签收", author="hanyuan.example", error="不能载入：ModuleNotFoundError: No module named 'pytz'。请安装 pytz，或停用此插件。", actions=(Button(title="再试", url="/x"), Button(title="停用", url="/x"))),
            *(row(n) for n in range(4)),
            PluginRow(name="visits", title="拜访", icon="flag", version="1.2.0", state="parked", text="停用中，保留 1,204 条记录", requires=(("客户 ≥1.0", True),), actions=(Button(title="启用", url="/x", kind="primary"), Button(title="卸载…", url="/x", kind="danger", confirm=Confirm(title="卸载「拜访」？", text="数据先写入归档，之后可以取回。", losses=("1,204 条拜访",), typed="visits")))),
            PluginRow(name="wecom", title="企业微信", icon="comment", version="0.9.0", state="available", text="登录与消息", requires=(("组织同步 ≥2.0", False),), actions=(Button(title="启用", url="/x", refused="缺少「组织同步」2.0 或更新的版本。"),)),
        ),
    )  # fmt: skip


ACTIONS = (("view", "查看"), ("create", "新建"), ("edit", "编辑"), ("delete", "删除"), ("export", "导出"), ("import", "导入"), ("assign", "分配"))  # fmt: skip


def role(environment: Environment) -> RoleView:
    scopes = ("none", "own", "department", "branch", "all")

    def row(n: int, resource: str, title: str) -> GrantRow:
        cells = tuple(GrantCell(action=key, scope=scopes[max(0, 4 - m // 2 - n % 3)]) if not (key == "import" and n % 2) else None for m, (key, _title) in enumerate(ACTIONS))  # fmt: skip
        return GrantRow(
            resource=resource, title=title, cells=cells,
            own=(("审批", GrantCell(action="approve", scope="branch")),) if resource.endswith("contracts") else (),
            fields=(FieldAccess(key="phone", title="电话", access="read"), FieldAccess(key="credit", title="信用额度", access="hidden" if n == 0 else "write"), FieldAccess(key="note", title="备注")),
        )  # fmt: skip

    return RoleView(
        title="经理（本部门及以下）", url="/form", name="经理（本部门及以下）", version=4, cancel_url="/x", actions=ACTIONS,
        trail=(Link(title="系统管理", url="/administration"), Link(title="角色", url="/x")),
        scopes=tuple(Option(value=v, title=t) for v, t in zip(scopes, ("无", "本人", "本部门", "本部门及以下", "全部"), strict=True)),
        groups=tuple(GrantGroup(key=key, title=title, icon=icon, rows=tuple(row(n, f"{key}.{address}", name) for n, (address, name) in enumerate(links))) for key, title, icon, links in MENU[:5]),
        users=tuple(person(n) for n in range(5)), user_count="12", copy=Button(title="复制为新角色", url="/x", icon="copy"),
    )  # fmt: skip


def departments(environment: Environment) -> DepartmentsView:
    count = iter(range(1, 99))

    def node(name: str, members: tuple[Member, ...] = (), *children: DepartmentNode) -> DepartmentNode:
        n = next(count)
        return DepartmentNode(
            id=n, name=name, url=f"/d/{n}", members=members, children=children, count=str(n + 2), create_url="/new"
        )

    def m(n: int, mark: str = "", title: str = "", primary: bool = True) -> Member:
        return Member(person=person(n), mark=mark, title=title, primary=primary)  # type: ignore[arg-type]

    return DepartmentsView(
        title="部门",
        create=Link(title="新建部门", url="/new"),
        people_url="?people=false",
        trees=(
            DepartmentTree(key="line", title="条线", create=Link(title="新建", url="/n"), roots=(
                node("华远商贸有限公司", (m(1, "head", "总经理"),),
                     node("销售中心", (m(3, "head", "总监"),), node("华北销售部", (m(0, "head"), m(5, "deputy"), m(6))), node("华南销售部", (m(7, "head"), m(8)))),
                     node("客户服务部", (m(4, "head"), m(9))), node("财务部", (m(10, "head"), m(11)))),)),
            DepartmentTree(key="region", title="区域", create=Link(title="新建", url="/n"), roots=(
                node("全国", (), node("北京大区", (m(3, "head", "", False), m(0, "", "", False))), node("内蒙古自治区呼和浩特市及周边盟市大区", (m(6, "head", "", False),)), node("广东大区", (m(7, "head", "", False),))),)),
            DepartmentTree(key="project", title="项目", roots=(node("ERP 二期项目组", (m(2, "head", "项目经理"), m(3, "", "商务", False), m(9, "deputy", "", False))),)),
        ),
        without=(person(9),),
    )  # fmt: skip


def history(environment: Environment) -> HistoryView:
    undo = Button(title="撤销", url="/undo/1", kind="quiet", icon="undo")
    entries = (
        Entry(day="今天", person=person(3), title="修改了", at="14:03", at_exact="2026-11-23 14:03:11", changes=(Change(title="电话", before="010-6788 1000", after="010-6788 1203"), Change(title="级别", before="B", after="A")), undo=undo),
        Entry(person=person(5), title="导入了", origin="经导入", at="11:20", at_exact="2026-11-23 11:20:40", undo=undo),
        Entry(day="昨天", person=None, title="移入公海", origin="经任务", at="03:00", at_exact="2026-11-22 03:00:00", kind="system"),
        Entry(person=person(1), title="修改了角色", at="09:12", at_exact="2026-11-22 09:12:00", changes=(Change(title="客户 · 导出", before="本部门", after="无"),)),
    )  # fmt: skip
    return HistoryView(
        title="历史",
        address="/history",
        filters=(HistoryFilter(key="actor", title="谁", options=(Option(value="1", title="张涛"),)), HistoryFilter(key="resource", title="什么", options=(Option(value="c", title="客户"),)), HistoryFilter(key="from", title="从", kind="date"), HistoryFilter(key="to", title="到", kind="date")),
        rows=tuple(HistoryRow(entry=entry, resource="客户" if n != 3 else "角色", record=Link(title=COMPANIES[n], url="/1"), operation=f"op-{n}", also="及另外 2,870 条" if n == 1 else "") for n, entry in enumerate(entries)),
        next_url="?",
    )  # fmt: skip


def settings(environment: Environment) -> SettingsView:
    return SettingsView(
        title="设置",
        groups=(Link(title="公司", url="?", icon="building", current=True), Link(title="编号", url="?", icon="tag"), Link(title="邮件", url="?", icon="mail"), Link(title="客户", url="?", icon="people"), Link(title="财务", url="?", icon="coin")),
        form=FormView(title="公司", url="/form", sections=(FormSection(fields=(
            Field(key="name", title="公司名称", value="华远商贸有限公司", wide=True), Field(key="currency", title="本位币", kind="static", value="CNY 人民币"),
            Field(key="week", title="一周从", kind="choice", value="1", required=True, options=(Option(value="1", title="周一"), Option(value="7", title="周日"))),
            Field(key="days", title="回收站保留", kind="integer", value="90", unit="天", narrow=True, help="之后彻底删除。"), Field(key="credit", title="默认期限", kind="integer", value="45", unit="天", narrow=True),
        )),)),
    )  # fmt: skip


def preferences(environment: Environment) -> PreferencesView:
    return PreferencesView(
        title="个人设置", password_url="/x",
        locales=(Option(value="zh_Hans", title="中文（简体）", selected=True), Option(value="en", title="English")),
        timezones=(Option(value="Asia/Shanghai", title="上海 (UTC+8)", selected=True),),
        devices=(Device(title="Chrome · Windows", hint="上海 · 现在", current=True), Device(title="Safari · iPhone", hint="北京 · 昨天 21:14", end=Button(title="退出", url="/x"))),
    )  # fmt: skip


REST: dict[str, tuple[str, Callable[[Environment], object]]] = {
    "sign-in": ("sign_in.html", sign_in),
    "404": ("error.html", missing),
    "403": ("error.html", forbidden),
    "409": ("error.html", refused),
    "413": ("error.html", too_large),
    "500": ("error_plain.html", broken),
    "offline": ("error_plain.html", offline),
    "confirm": ("confirm.html", question),
    "import-upload": ("import_upload.html", upload),
    "import-mapping": ("import_mapping.html", mapping),
    "import-report": ("import_report.html", report),
    "import-progress": ("import_progress.html", progress),
    "import-result": ("import_result.html", result),
    "administration": ("administration.html", administration),
    "plugins": ("plugins.html", plugins),
    "role": ("role.html", role),
    "departments": ("departments.html", departments),
    "history": ("history.html", history),
    "settings": ("settings.html", settings),
    "preferences": ("preferences.html", preferences),
}
