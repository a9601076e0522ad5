"""Specimens of a record's page, forms, and the page of two who changed the same."""

# ruff: noqa: E501  (specimens read as tables)

from collections.abc import Callable

from jinja2 import Environment
from markupsafe import Markup

from core.web.templating import render_rows, row_writer
from core.web.views import (
    COLOURS,
    Button,
    Change,
    Column,
    Confirm,
    Duplicate,
    Empty,
    Entry,
    Fact,
    FactSection,
    Field,
    FormSection,
    FormTab,
    FormView,
    Link,
    MergeField,
    MergeView,
    Meter,
    Option,
    Panel,
    RecordView,
    Related,
    SmartButton,
    Step,
    Tab,
    Timeline,
)
from tests.web.styleguide.lists import HERE, TYPES
from tests.web.styleguide.people import person

EDIT = "/edit-field"


def timeline() -> Timeline:
    undo = Button(title="撤销", url="/undo/1", kind="quiet", icon="undo")
    return Timeline(
        remark_url="/remarks",
        remark_kinds=(("comment", "备注"), ("guidance", "指导意见")),
        filters=(Link(title="全部", url="?", current=True), Link(title="备注", url="?"), Link(title="变更", url="?")),
        more_url="?older",
        entries=(
            Entry(id=9, day="今天", person=person(3), title="修改了客户", at="5 分钟前", at_exact="2026-11-23 14:03:11", undo=undo,
                  changes=(Change(title="电话", before="010-6788 1000", after="010-6788 1203"), Change(title="级别", before="B", after="A"), Change(title="地址", before="", after="北京市朝阳区安慧里四区 15 号楼"))),
            Entry(id=8, kind="guidance", person=person(1), title="写了指导意见", at="10:20", at_exact="2026-11-23 10:20:00",
                  html=Markup("<p>这家的续约窗口在 12 月，先把<b>历史开票</b>核清楚再谈价格。</p>")),
            Entry(id=7, kind="remark", person=person(5), title="写了备注", at="09:32", at_exact="2026-11-23 09:32:00", html=Markup("<p>已电话联系王经理，周四上门。</p>")),
            Entry(id=6, day="11月20日", kind="money", person=person(7), title="登记收款 ¥32,000.00", at="16:41", at_exact="2026-11-20 16:41:00", link=Link(title="SK-2026-0117", url="/x", icon="coin")),
            Entry(id=5, kind="file", person=person(5), title="上传了文件", at="11:05", at_exact="2026-11-20 11:05:00", link=Link(title="框架协议（盖章版）.pdf", url="/x", icon="paperclip")),
            Entry(id=4, day="9月6日", kind="system", person=None, title="创建了客户", origin="经导入", at="08:30", at_exact="2025-09-06 08:30:00"),
        ),
    )  # fmt: skip


def contacts(environment: Environment) -> Related:
    columns = (
        Column(key="name", title="姓名", place="title"),
        Column(key="title", title="职务"),
        Column(key="phone", title="手机", kind="phone", place="first"),
        Column(key="email", title="邮箱", kind="email"),
        Column(key="primary", title="主要", kind="boolean"),
    )
    rows = [
        (1, "王建军", "采购经理", "139 1234 5678", "13912345678", "wangjj@sinopec.example", True),
        (2, "李鼎晟", "信息中心 副主任", "186 0010 2233", "18600102233", "", False),
        (3, "赵文静", "财务", "", "", "zhaowj@sinopec.example", False),
    ]
    return Related(
        columns=columns,
        rows_html=render_rows(row_writer(environment, columns, "/customers/contacts", selectable=False), rows),
        count="3",
        all_url="?",
        create=Link(title="新建联系人", url="/new"),
    )


def facts() -> tuple[FactSection, ...]:
    def fact(key: str, title: str, *values: object, **more: object) -> Fact:
        return Fact(key=key, title=title, values=values, edit_url=EDIT, **more)  # type: ignore[arg-type]

    return (
        FactSection(facts=(
            fact("type", "类型", "正式客户", "green", kind="choice"),
            fact("phone", "电话", "010-6788 1203", "01067881203", kind="phone"),
            fact("category", "分类", "能源 / 石油石化 / 成品油零售", 5, kind="relation", base="/c/"),
            fact("website", "网站", "sinopec.example", "https://sinopec.example", kind="url"),
            fact("level", "级别", "A"),
            fact("region", "地区", "北京 朝阳"),
            fact("source", "来源", "展会"),
            fact("address", "地址", "北京市朝阳区安慧里四区 15 号楼中国石油化工大厦 A 座 1203 室"),
            fact("tags", "标签", (("重点", "red"), ("老客户", "teal")), kind="tags"),
            fact("industry", "行业", ""),
            fact("note", "备注", "集采供应商代码 60021-3。\n开票抬头以总公司为准，寄送到分公司财务。", kind="long"),
        )),
        FactSection(title="信用", facts=(
            fact("credit_limit", "信用额度", "50,000.00", "¥", kind="money", note="较上年 +20,000"),
            fact("payment_days", "应收期限", "60 天"),
            Fact(key="margin", title="毛利率", restricted=True),
            fact("next", "下次联系", "逾期 5 天", "2026-11-18", "bad", kind="due"),
        )),
        FactSection(title="价格", source="由「销售」添加", facts=(fact("sales.price_list", "价格表", "2026 批发价", 3, kind="relation", base="/p/"), fact("sales.discount", "折扣", "92%", kind="percent"))),
    )  # fmt: skip


def record(environment: Environment) -> RecordView:
    return RecordView(
        title="中国石油化工股份有限公司北京石油分公司",
        url=f"{HERE}/1",
        kind="客户",
        icon="building",
        trail=(Link(title="客户", url=HERE),),
        number="KH-00128",
        badges=(("正式客户", "green"), ("重点", "red")),
        summary=(
            Fact(key="owner", title="负责人", kind="user", values=("张涛", 1, "涛")),
            Fact(key="department", title="部门", values=("华北销售部",)),
            Fact(key="last", title="最近联系", kind="instant", values=("今天 09:32", "2026-11-23 09:32")),
            Fact(key="next", title="下次联系", kind="due", values=("逾期 5 天", "2026-11-18", "bad")),
        ),
        steps=(Step(title="初次", state="done"), Step(title="意向", state="done"), Step(title="潜在", state="done"), Step(title="正式", state="now"), Step(title="流失")),
        primary=Button(title="编辑", url=f"{HERE}/1/edit", post=False, icon="edit", kind="primary", shortcut="e"),
        actions=(Button(title="记录跟进", url="/new", post=False, icon="comment"), Button(title="领取", url="/claim")),
        more=(
            Button(title="复制", url="/copy", icon="copy"),
            Button(title="合并…", url="/merge", post=False, icon="merge"),
            Button(title="删除", url=f"{HERE}/1/delete", icon="trash", kind="danger",
                   confirm=Confirm(title="删除「中国石油化工股份有限公司北京石油分公司」？", losses=("3 个联系人", "12 条跟进记录"), button="删除", undoable=True)),
        ),
        smart=(
            SmartButton(title="联系人", count="3", url="?", icon="person"), SmartButton(title="跟进", count="12", url="?", icon="comment"),
            SmartButton(title="商机", count="2", url="?", icon="target"), SmartButton(title="合同", count="¥128 万", url="?", icon="deal"),
            SmartButton(title="应收逾期", count="¥1.2 万", url="?", icon="coin", tone="bad"), SmartButton(title="服务请求", count="1", url="?", icon="service"),
            SmartButton(title="文档", count="8", url="?", icon="folder"),
        ),
        meters=(
            Meter(title="信用占用", text="¥44,000 / ¥50,000", share=0.88, second=0.24, tone="warn", note="其中逾期 ¥12,000，超期 5 天"),
            Meter(title="合同回款", text="¥960,000 / ¥1,280,000", share=0.75, tone="good"),
        ),
        sections=facts(),
        tabs=(Tab(title="概况", url="?", current=True), Tab(title="往来", url="?", count="14"), Tab(title="日志", url="?", count="6"), Tab(title="文档", url="?", count="8")),
        panels=(
            Panel(key="contacts", title="联系人", related=contacts(environment)),
            Panel(key="opportunities", title="商机", related=Related(columns=(), empty=Empty(title="还没有商机。", button=Link(title="新建商机", url="/new")))),
            Panel(key="broken", title="物流", error="「物流」插件没有回答，页面的其余部分不受影响。"),
        ),
        timeline=timeline(),
        previous=Link(title="上一个", url="?"),
        next=Link(title="下一个", url="?"),
        position="3 / 236",
        explain=Link(title="为什么我能看到这条记录", url="?"),
        version=7,
    )  # fmt: skip


def _options(*titles: str) -> tuple[Option, ...]:
    return tuple(Option(value=str(n), title=title) for n, title in enumerate(titles, 1))


def form(environment: Environment) -> FormView:
    """Every kind of field, some with a fault."""
    palette = dict(zip(COLOURS, ("灰", "红", "橙", "黄", "绿", "青", "蓝", "靛", "紫", "粉"), strict=True))
    return FormView(
        title="新建客户",
        url="/form",
        trail=(Link(title="客户", url=HERE),),
        token="once",
        version=3,
        submit="创建",
        submit_more="创建并继续",
        cancel_url=HERE,
        duplicates_url="/duplicates",
        duplicates=(
            Duplicate(title="中国石油化工股份有限公司北京石油分公司", reason="名称相同（不计公司后缀）", url="/1", hint="张涛 · 华北销售部"),
            Duplicate(title="另一个部门的客户", reason="电话相同"),
        ),
        faults=("信用额度超过了部门上限 ¥200,000.00，请降低额度或先提交审批。",),
        tabs=(FormTab(key="basic", title="基本"), FormTab(key="more", title="更多", faults=1)),
        sections=(
            FormSection(title="基本信息", tab="basic", key="basic", fields=(
                Field(key="name", title="客户名称", value="中国石化北京石油", required=True, wide=True, max_length=200, autofocus=True, suggest=True),
                Field(key="type", title="类型", kind="choice", required=True, value="1", options=_options(*(t for t, _ in TYPES))),
                Field(key="category", title="分类", kind="relation", endpoint="/pick", value="5", label="能源 / 石油石化", create_url="/new"),
                Field(key="phone", title="电话", kind="phone", value="0106788x", errors=("「0106788x」不是电话号码。请只写数字、空格和短横线。",), suggest=True),
                Field(key="email", title="邮箱", kind="email"),
                Field(key="website", title="网站", kind="url", placeholder="https://"),
                Field(key="manager", title="负责人", kind="relation", endpoint="/pick", label="王", errors=("有 2 位叫「王」的同事。",), candidates=_options("王秀英", "王建国")),
                Field(key="tags", title="标签", kind="tags", value="重点, 老客户", options=_options("重点", "老客户", "展会")),
                Field(key="colour", title="颜色", kind="colour", value="teal", options=tuple(Option(value=c, title=t) for c, t in palette.items())),
                Field(key="note", title="备注", kind="long", value="集采供应商代码 60021-3。"),
            )),
            FormSection(title="信用与日期", tab="more", key="more", fields=(
                Field(key="credit_limit", title="信用额度", kind="money", value="5万", unit="CNY", help="可写 5万、￥50,000.00"),
                Field(key="payment_days", title="应收期限", kind="integer", value="60", unit="天", narrow=True),
                Field(key="discount", title="折扣", kind="percent", value="92", unit="%", narrow=True),
                Field(key="founded_on", title="成立日期", kind="date", value="1998-05-12"),
                Field(key="next_contact_at", title="下次联系", kind="instant", value="2026-11-26 10:00"),
                Field(key="archived", title="已归档", kind="boolean", placeholder="不再出现在列表里"),
                Field(key="pool", title="归属", kind="radio", value="1", options=_options("我的客户", "公海")),
                Field(key="channels", title="渠道", kind="multiple", options=_options("电话", "微信", "邮件", "上门")),
                Field(key="groups", title="小组", kind="relations", endpoint="/pick", chosen=_options("重点客户组", "续约组")),
                Field(key="contract", title="合同", kind="file", file=Link(title="框架协议.pdf", url="/x")),
                Field(key="code", title="编号", kind="static", value="KH-00128"),
                Field(key="secret", title="口令", kind="password"),
                Field(key="lines", title="明细", kind="rows", add="添加一行", columns=(
                    Field(key="product", title="产品", kind="relation", endpoint="/pick", required=True), Field(key="quantity", title="数量", kind="decimal"), Field(key="price", title="单价", kind="money"), Field(key="on", title="交货", kind="date")),
                    rows=(
                        (Field(key="lines-0-product", title="产品", kind="relation", endpoint="/pick", value="3", label="ERP 标准版 100 用户"), Field(key="lines-0-quantity", title="数量", kind="decimal", value="2"), Field(key="lines-0-price", title="单价", kind="money", value="12,000.00"), Field(key="lines-0-on", title="交货", kind="date", value="2026-12-05")),
                        (Field(key="lines-1-product", title="产品", kind="relation", endpoint="/pick", value="4", label="实施服务"), Field(key="lines-1-quantity", title="数量", kind="decimal", value="-1", errors=("数量要大于 0。",)), Field(key="lines-1-price", title="单价", kind="money", value="1,500.00"), Field(key="lines-1-on", title="交货", kind="date")),
                    )),
            )),
        ),
        aside="带 * 的必填。客户名称、电话会边输入边查重。",
    )  # fmt: skip


def user_form(environment: Environment) -> FormView:
    def member(n: int, department: str, title: str, head: bool, deputy: bool, primary: bool) -> tuple[Field, ...]:
        return (
            Field(key=f"memberships-{n}-department", title="部门", kind="relation", endpoint="/pick", value=str(n), label=department),
            Field(key=f"memberships-{n}-title", title="职务", value=title),
            Field(key=f"memberships-{n}-head", title="负责人", kind="boolean", checked=head),
            Field(key=f"memberships-{n}-deputy", title="副手", kind="boolean", checked=deputy),
            Field(key=f"memberships-{n}-primary", title="主部门", kind="boolean", checked=primary),
        )  # fmt: skip

    blank = tuple(Field(key=f.key.rsplit("-")[-1], title=f.title, kind=f.kind, endpoint=f.endpoint) for f in member(0, "", "", False, False, False))  # fmt: skip
    return FormView(
        title="欧阳明月",
        url="/form",
        trail=(Link(title="系统管理", url="/system"), Link(title="用户", url="/system/users")),
        cancel_url="/system/users",
        remove=Button(title="停用", url="/x", kind="danger", confirm=Confirm(title="停用欧阳明月？", text="他的 214 个客户要先交给别人。", losses=("3 个登录会话", "1 个 API 令牌"))),
        sections=(
            FormSection(title="账户", fields=(
                Field(key="name", title="姓名", value="欧阳明月", required=True), Field(key="login", title="登录名", value="ouyang", required=True),
                Field(key="email", title="邮箱", kind="email", value="ouyang@example.com"), Field(key="phone", title="手机", kind="phone", value="139 0000 1234"),
                Field(key="manager", title="汇报给", kind="relation", endpoint="/pick", label="王秀英", value="2"), Field(key="locale", title="语言", kind="choice", value="1", required=True, options=_options("中文（简体）", "English")),
                Field(key="active", title="在职", kind="boolean", checked=True, placeholder="可以登录"))),
            FormSection(title="部门", help="一个人可以在多个部门，属于多棵树；主部门决定新记录归谁。", fields=(
                Field(key="memberships", title="任职", kind="rows", add="添加部门", columns=blank,
                      rows=(member(0, "华北销售部", "主管", True, False, True), member(1, "北京大区", "", False, True, False), member(2, "ERP 二期项目组", "商务", False, False, False))),)),
            FormSection(title="权限", fields=(
                Field(key="roles", title="角色", kind="multiple", wide=True, options=(Option(value="1", title="管理员"), Option(value="2", title="经理（本部门及以下）", selected=True), Option(value="3", title="成员（本人）", selected=True), Option(value="4", title="只读"))),
                Field(key="groups", title="用户组", kind="relations", endpoint="/pick", wide=True, chosen=_options("重点客户组")))),
        ),
    )  # fmt: skip


def merge(environment: Environment) -> MergeView:
    return MergeView(
        title="有人比您先保存了",
        url="/form",
        version=8,
        person=person(1),
        at="2 分钟前",
        cancel_url=HERE,
        fields=(
            MergeField(key="phone", title="电话", original="010-6788 1000", theirs="010-6788 1203", mine="010-6788 9999", theirs_value="1", mine_value="2"),
            MergeField(key="level", title="级别", original="B", theirs="A", mine="B", conflict=False),
            MergeField(key="address", title="地址", original="", theirs="", mine="北京市朝阳区安慧里四区 15 号楼中国石油化工大厦 A 座 1203 室", conflict=False),
        ),
    )  # fmt: skip


RECORDS: dict[str, tuple[str, Callable[[Environment], object]]] = {
    "record": ("record.html", record),
    "form": ("form.html", form),
    "user": ("form.html", user_form),
    "merge": ("merge.html", merge),
}
