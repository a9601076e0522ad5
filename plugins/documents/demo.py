"""Demo data: what a trading company keeps on its shelves, each with a small real file."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

from plugins.documents import demo_files as files
from plugins.documents.models import DocumentLevel, DocumentTag, Folder, document_tag
from sopia import Demo

MAKERS = {
    "pdf": files.pdf,
    "docx": files.docx,
    "xlsx": files.xlsx,
    "png": files.png,
    "txt": files.plain,
    "md": files.plain,
}

SHELF = (
    (
        "销售合同范本",
        "采购方与供货方的标准合同，含验收与违约条款",
        1,
        0,
        "docx",
        (
            "销售合同",
            "甲方向乙方采购工业平板电脑，交货期为合同签订后十五个工作日。",
            "验收标准：外观完好，随机附件齐全，连续运行七十二小时无故障。",
            "违约责任：逾期交货每日按合同总额的千分之三支付违约金。",
        ),
    ),
    (
        "信用额度管理办法",
        "谁可以放宽额度，超限订单怎么审批",
        0,
        1,
        "pdf",
        (
            "信用额度管理办法",
            "第一条 客户信用额度由财务部每季度核定一次。",
            "第二条 超过额度的订单须经销售总监审批。",
            "第三条 逾期六十天以上暂停发货。",
        ),
    ),
    (
        "核心客户成本底价表",
        "仅供定价小组，请勿外传",
        2,
        2,
        "xlsx",
        (
            "产品 | 成本 | 底价",
            "工业平板电脑 | 2850 | 3100",
            "手持数据终端 | 1620 | 1780",
            "热敏标签打印机 | 610 | 690",
        ),
    ),
    (
        "条码扫描枪选型手册",
        "一维、二维、有线、无线如何推荐",
        2,
        0,
        "pdf",
        (
            "条码扫描枪选型手册",
            "仓库收货推荐二维无线，续航不少于十二小时。",
            "收银台推荐一维有线，成本最低。",
            "低温冷库须选加热视窗型号。",
        ),
    ),
    (
        "新员工入职培训",
        "第一周要学会的事",
        3,
        1,
        "md",
        (
            "# 新员工入职培训",
            "",
            "- 第一天：领取工牌，开通账号",
            "- 第二天：跟随老员工拜访客户",
            "- 第五天：独立填写跟进记录与工作日志",
        ),
    ),
    (
        "客户投诉处理案例",
        "标签打印机卡纸的一次复盘",
        4,
        0,
        "txt",
        (
            "客户投诉处理案例",
            "现象：标签打印机每天卡纸三次。",
            "原因：使用了厚度超标的非原装标签纸。",
            "措施：更换耗材并上门校准，两周后回访满意。",
        ),
    ),
    ("仓库平面图", "货架与周转箱的摆放", 2, 0, "png", ("收货区", "重型货架区", "拣货区", "发货区与月台")),
    (
        "季度业务会议纪要",
        "三季度销售完成情况与四季度目标",
        0,
        1,
        "docx",
        (
            "季度业务会议纪要",
            "华东销售部完成目标的百分之一百零六，回款率九成三。",
            "四季度重点：年末促销、老客户回访、渠道备货。",
        ),
    ),
    (
        "并购意向备忘录",
        "董事会内部材料",
        1,
        2,
        "pdf",
        ("并购意向备忘录", "标的公司主营冷链物流终端，估值区间待尽职调查后确定。", "知悉范围仅限董事会成员。"),
    ),
    (
        "展会接待话术",
        "展位上常被问到的二十个问题",
        3,
        0,
        "md",
        ("# 展会接待话术", "问：交货期多久？答：标准品现货，定制品四周。", "问：能否试用？答：可提供两周样机试用。"),
    ),
)
"""Title, summary, folder, level, kind of file, its lines."""


def demo(company: Demo) -> None:
    """Put documents on the shelf; their number grows a little with the company."""
    chance, session = company.chance, company.session
    owners = [who for who in company.people.values() if company.primary.get(who)]
    folders, tags = (
        list(session.scalars(select(model.id).order_by(model.position))) for model in (Folder, DocumentTag)
    )
    levels = list(session.execute(select(DocumentLevel.id, DocumentLevel.rank).order_by(DocumentLevel.rank)))
    customers = company.ids("customers.customer")
    shelf = [SHELF[number % len(SHELF)] for number in range(max(len(SHELF), company.size // 10))]
    rows: list[dict[str, Any]] = []
    for number, (title, summary, folder, level, _kind, _lines) in enumerate(shelf):
        owner = chance.choice(owners)
        level_id, rank = levels[level] if level < len(levels) else (None, None)
        again = number // len(SHELF)
        rows.append(
            {
                "title": f"{title}（{again + 1}）" if again else title,
                "summary": summary,
                "folder_id": folders[folder] if folder < len(folders) else None,
                "level_id": level_id,
                "rank": rank,
                "customer_id": chance.choice(customers) if customers and chance.random() < 0.5 else None,
                "owner_id": owner,
                "department_id": company.primary[owner],
            }
        )
    ids = company.add("documents.document", rows)
    marks = [{"document_id": key, "tag_id": chance.choice(tags)} for key in ids if tags and chance.random() < 0.5]
    if marks:
        session.connection().execute(insert(document_tag), marks)
    for key, row, (title, _summary, _folder, _level, kind, lines) in list(zip(ids, rows, shelf, strict=True))[:60]:
        content = MAKERS[kind](lines)
        text = "" if kind == "png" else "\n".join(lines)
        company.keep_file("documents.document", key, f"{title}.{kind}", content, author=row["owner_id"], text=text)
        if kind == "txt":
            more = (*lines, "补充：耗材到货后须抽检厚度。")
            company.keep_file(
                "documents.document",
                key,
                f"{title}.{kind}",
                MAKERS[kind](more),
                author=row["owner_id"],
                text="\n".join(more),
            )
