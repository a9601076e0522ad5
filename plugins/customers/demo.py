"""Demo data: customers of an everyday Chinese trading company, with contacts, follow-ups and all dictionaries in use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from plugins.customers.matching import name_key, phone_key
from plugins.customers.models import (
    Category,
    DistributorCategory,
    Level,
    Party,
    Pool,
    Source,
    SupplierCategory,
    Tag,
    Type,
    customer_tag,
    pool_department,
)
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
REASONS = ("90 天未联系", "客户暂无采购计划", "原负责人离职", "对方更换了供应商", "超出负责区域")
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
    pool = _pool(company)
    customers = _customers(company, pool)
    _contacts(company, customers)
    _follow_ups(company, customers)
    _partners(company, customers)


def _pool(company: Demo) -> int:
    """A pool that the three sales departments draw from."""
    session = company.session
    places = {company.primary.get(company.people[login]) for login in ("zhao.lei", "huang.wei", "feng.xue")}
    pool = Pool(name="销售公海", colour="teal", position=2, return_days=90, most_claims=30)
    session.add(pool)
    session.flush()
    session.connection().execute(
        insert(pool_department),
        [{"pool_id": pool.id, "department_id": place} for place in sorted(filter(None, places))],
    )
    return pool.id


def _ids(company: Demo, model: Any) -> list[int]:
    return list(company.session.scalars(select(model.id).where(model.deleted_at.is_(None)).order_by(model.id)))


def _customers(company: Demo, pool: int) -> list[tuple[int, dict[str, Any]]]:
    chance, connection = company.chance, company.session.connection()
    sellers = [who for who in company.people.values() if company.primary.get(who)]
    days: dict[int, int | None] = {
        row[0]: row[1] for row in company.session.execute(select(Level.id, Level.contact_days))
    }
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
        owner = None if chance.random() < 0.1 else chance.choice(sellers)
        met = moment - timedelta(days=chance.expovariate(1 / 60), hours=chance.random() * 9)
        phone = f"0{chance.randrange(10, 999)}-{chance.randrange(10**7, 10**8)}"
        level = _chosen(chance, levels, (1, 3, 6))
        rows.append(
            {
                "code": f"KH{number + 1:06d}",
                "name": name,
                "type_id": _chosen(chance, types, (4, 3, 3, 5)),
                "category_id": chance.choice(categories) if categories else None,
                "level_id": level,
                "source_id": chance.choice(sources) if sources else None,
                "industry": trade,
                "region": city,
                "phone": phone,
                "website": f"https://www.example.com/{number + 1}" if chance.random() < 0.3 else None,
                "address": f"{city}市{chance.choice(STREETS)}{chance.randrange(1, 999)}号",
                "credit_limit": Money(chance.choice((0, 5_000, 20_000, 50_000, 200_000, 1_000_000)) * 100),
                "payment_days": chance.choice((0, 15, 30, 45, 60, 90)),
                "last_contact_at": met,
                "next_contact_at": moment + timedelta(days=chance.randrange(-5, 30))
                if owner and chance.random() < 0.6
                else None,
                "remark": None,
                "owner_id": owner,
                "department_id": company.primary[owner] if owner else None,
                "pool_id": None if owner else pool,
                "pooled_at": None if owner else min(moment, met + timedelta(days=chance.randrange(1, 60))),
                "pool_reason": None if owner else chance.choice(REASONS),
                "owned_since": met - timedelta(days=chance.randrange(30, 300)) if owner else None,
                "returns_at": max(met + timedelta(days=90), moment + timedelta(days=7)) if owner else None,
                "silent_at": met + timedelta(days=days.get(level or 0) or 60),
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
                    "author_id": row["owner_id"] or company.people["wang.fang"],
                }
            )
    company.add("customers.follow_up", rows)


def _partners(company: Demo, customers: list[tuple[int, dict[str, Any]]]) -> None:
    """Suppliers and distributors; every fifth is a customer as well, and so the same firm."""
    chance = company.chance
    for key, model, letters, share in (
        ("customers.supplier", SupplierCategory, "GYS", 8),
        ("customers.distributor", DistributorCategory, "FXS", 16),
    ):
        categories = _ids(company, model)
        owners = [who for who in company.people.values() if company.primary.get(who)]
        rows: list[dict[str, Any]] = []
        for number in range(max(2, company.size // share)):
            known = customers[number * share % len(customers)][1] if customers and number % 5 == 0 else None
            rows.append(
                _partner(chance, f"{letters}{number + 1:05d}", known, chance.choice(owners), company, categories)
            )
        known_parties = [row.pop("known") for row in rows]
        new = iter(company.add_parts(Party, [{} for party in known_parties if party is None]))
        for row, party in zip(rows, known_parties, strict=True):
            row["party_id"] = party if party is not None else next(new)
        company.add(key, rows)


def _partner(
    chance: Any, code: str, known: dict[str, Any] | None, owner: int, company: Demo, categories: list[int]
) -> dict[str, Any]:
    city = chance.choice(CITIES[chance.choice(list(CITIES))].split())
    name = (
        known["name"]
        if known
        else (f"{city}{chance.choice(NAMES)}{chance.choice(MORE)}{chance.choice(TRADES)}{chance.choice(FORMS)}")
    )
    phone = known["phone"] if known else f"0{chance.randrange(10, 999)}-{chance.randrange(10**7, 10**8)}"
    return {
        "code": code,
        "name": name,
        "category_id": chance.choice(categories) if categories else None,
        "contact": chance.choice(SURNAMES) + chance.choice(GIVEN),
        "region": known["region"] if known else city,
        "phone": phone,
        "email": None,
        "website": None,
        "address": known["address"] if known else f"{city}市{chance.choice(STREETS)}{chance.randrange(1, 999)}号",
        "payment_days": chance.choice((0, 30, 45, 60)),
        "remark": None,
        "owner_id": owner,
        "department_id": company.primary[owner],
        "name_key": name_key(name),
        "phone_key": phone_key(phone),
        "known": known["party_id"] if known else None,
    }
