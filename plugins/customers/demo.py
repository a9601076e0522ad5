"""Demo data: customers of an everyday Chinese trading company, with contacts, follow-ups and all dictionaries in use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from plugins.customers.matching import name_key, phone_key
from plugins.customers.models import Category, Level, Party, Source, Tag, Type, customer_tag
from sopia import Demo, Money, now

CITIES = {
    "长三角": "上海 杭州 南京 苏州 宁波 无锡 合肥",
    "珠三角": "广州 深圳 东莞 佛山 珠海",
    "京津冀": "北京 天津 石家庄 唐山",
    "其他": "成都 武汉 西安 重庆 长沙 郑州 青岛 厦门",
}
NAMES = (
    "云图 鼎晟 信科 恒达 瑞丰 华宇 明远 博智 天成 永兴 嘉禾 金桥 安泰 百川 "
    "启航 蓝海 卓越 同创 德邦 汇通 远景 新锐 长青 正大 宏图 中科 联众 盛世 佳和 泰来"
).split()
MORE = "星 源 峰 达 诚 润 康 宁 丰 泽 凯 维 尔 盈 拓 邦 隆 捷 科 创".split()
TRADES = ("科技 贸易 实业 电子 机械 食品 服饰 医药 物流 文化传媒 建筑工程 新材料 信息技术 环保 农业").split()
FORMS = ("有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司", "集团有限公司")
SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗单曾仇解区"
GIVEN = ("伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀兰 霞 平 刚 桂英 建国 志强 晓东 雨桐 子涵 欣怡").split()
TITLES = "总经理 采购经理 财务主管 技术总监 办公室主任 项目经理 仓库主管".split()
STREETS = "中山路 人民路 解放路 建设路 科技大道 滨江路 工业园三路".split()
WORDS = (
    ("call", "电话沟通了三季度的采购计划，对方希望月底前看到报价。"),
    ("visit", "上门拜访，参观了生产线，客户对交货期比较关心。"),
    ("message", "微信上发了样品照片，约定下周试用。"),
    ("meeting", "一起开了技术交流会，需求基本确认。"),
    ("call", "回访上一批货的使用情况，反馈良好。"),
    ("mail", "发送了合同草稿，等待法务意见。"),
    ("visit", "送样品到客户仓库，与采购经理谈了账期。"),
)


def demo(company: Demo) -> None:
    """Fill the customers plugin."""
    customers = _customers(company)
    _contacts(company, customers)
    _follow_ups(company, customers)


def _ids(company: Demo, model: Any) -> list[int]:
    return list(company.session.scalars(select(model.id).where(model.deleted_at.is_(None)).order_by(model.id)))


def _customers(company: Demo) -> list[tuple[int, dict[str, Any]]]:
    chance, connection = company.chance, company.session.connection()
    sellers = [who for who in company.people.values() if company.primary.get(who)]
    types, levels, sources = (_ids(company, model) for model in (Type, Level, Source))
    categories, tags = _ids(company, Category), _ids(company, Tag)
    moment = now()
    rows: list[dict[str, Any]] = []
    for number in range(company.size):
        region = chance.choice(list(CITIES))
        city = chance.choice(CITIES[region].split())
        trade = chance.choice(TRADES)
        middle = chance.choice(NAMES) + (chance.choice(MORE) if chance.random() < 0.6 else "")
        name = f"{city}{'市' if chance.random() < 0.4 else ''}{middle}{trade}{chance.choice(FORMS)}"
        owner = chance.choice(sellers)
        met = moment - timedelta(days=chance.expovariate(1 / 60), hours=chance.random() * 9)
        phone = f"0{chance.randrange(10, 999)}-{chance.randrange(10**7, 10**8)}"
        rows.append(
            {
                "code": f"KH{number + 1:06d}",
                "name": name,
                "type_id": _chosen(chance, types, (4, 3, 3, 5)),
                "category_id": chance.choice(categories) if categories else None,
                "level_id": _chosen(chance, levels, (1, 3, 6)),
                "source_id": chance.choice(sources) if sources else None,
                "industry": trade,
                "region": city,
                "phone": phone,
                "website": f"https://www.example.com/{number + 1}" if chance.random() < 0.3 else None,
                "address": f"{city}市{chance.choice(STREETS)}{chance.randrange(1, 999)}号",
                "credit_limit": Money(chance.choice((0, 5_000, 20_000, 50_000, 200_000, 1_000_000)) * 100),
                "payment_days": chance.choice((0, 15, 30, 45, 60, 90)),
                "last_contact_at": met,
                "next_contact_at": moment + timedelta(days=chance.randrange(-5, 30)) if chance.random() < 0.6 else None,
                "remark": None,
                "owner_id": owner,
                "department_id": company.primary[owner],
                "name_key": name_key(name),
                "phone_key": phone_key(phone),
            }
        )
    _parties(company, rows)
    ids = company.add("customers.customer", rows)
    marks = [{"customer_id": i, "tag_id": chance.choice(tags)} for i in ids if tags and chance.random() < 0.3]
    if marks:
        connection.execute(insert(customer_tag), marks)
    return list(zip(ids, rows, strict=True))


def _chosen(chance: Any, ids: list[int], weights: tuple[int, ...]) -> int | None:
    """One of the words, the first ones after their weight."""
    if not ids:
        return None
    return int(chance.choices(ids, [*weights, *([1] * len(ids))][: len(ids)])[0])


def _parties(company: Demo, rows: list[dict[str, Any]]) -> None:
    """Give every customer its firm."""
    ids = company.add_parts(Party, [{} for _row in rows])
    for row, party in zip(rows, ids, strict=True):
        row["party_id"] = party


def _contacts(company: Demo, customers: list[tuple[int, dict[str, Any]]]) -> None:
    chance = company.chance
    rows = []
    for customer_id, _row in customers:
        for number in range(chance.choice((1, 1, 1, 2, 3))):
            name = chance.choice(SURNAMES) + chance.choice(GIVEN)
            mobile = f"1{chance.choice('3578')}{chance.randrange(10**9):09d}"
            rows.append(
                {
                    "customer_id": customer_id,
                    "name": name,
                    "title": chance.choice(TITLES),
                    "phone": mobile,
                    "email": None,
                    "wechat": f"wx{mobile[-6:]}" if chance.random() < 0.4 else None,
                    "birthday": None,
                    "primary": number == 0,
                    "remark": None,
                }
            )
    company.add("customers.contact", rows)


def _follow_ups(company: Demo, customers: list[tuple[int, dict[str, Any]]]) -> None:
    chance = company.chance
    rows = []
    for customer_id, row in customers:
        for number in range(chance.choice((0, 1, 2, 3))):
            kind, content = chance.choice(WORDS)
            rows.append(
                {
                    "customer_id": customer_id,
                    "contact_id": None,
                    "kind": kind,
                    "at": row["last_contact_at"] - timedelta(days=number * chance.randrange(3, 20)),
                    "content": content,
                    "next_contact_at": row["next_contact_at"] if number == 0 else None,
                    "author_id": row["owner_id"],
                }
            )
    company.add("customers.follow_up", rows)
