"""Demo data: what an everyday trading company sells, with two price lists for sale and one for purchase."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from plugins.catalog.models import Category
from sopia import Demo, now

GOODS = (
    ("工业平板电脑", "台", 3200, ("10寸 i3 8G", "12寸 i5 8G", "15寸 i7 16G")),
    ("条码扫描枪", "把", 260, ("一维 有线", "二维 有线", "二维 无线")),
    ("热敏标签打印机", "台", 780, ("203dpi", "300dpi")),
    ("标签纸", "卷", 9, ("40×30mm", "60×40mm", "100×80mm")),
    ("手持数据终端", "台", 1900, ("安卓 4G", "安卓 5G")),
    ("工业交换机", "台", 540, ("8口 百兆", "16口 千兆", "24口 千兆")),
    ("不间断电源", "台", 690, ("1kVA", "2kVA", "3kVA")),
    ("网络摄像机", "台", 320, ("400万 枪机", "400万 半球", "800万 云台")),
    ("仓储货架", "组", 430, ("轻型 四层", "中型 四层", "重型 三层")),
    ("塑料周转箱", "只", 28, ("小号", "中号", "大号")),
    ("不锈钢紧固螺钉", "个", Decimal("0.0350"), ("M3×8", "M4×10", "M6×20")),
    ("现场安装调试", "人天", 1200, ("",)),
)


def demo(company: Demo) -> None:
    """Fill the catalog; it grows a little with the company."""
    chance = company.chance
    categories = list(company.session.scalars(select(Category.id).order_by(Category.id)))
    rows: list[dict[str, Any]] = []
    while len(rows) < max(30, company.size // 50):
        series = "" if len(rows) < 30 else f" {chr(65 + len(rows) // 30 % 26)}{len(rows) // 30}系列"
        for name, unit, cost, specs in GOODS:
            for step, spec in enumerate(specs):
                purchase = Decimal(cost) * (10 + 3 * step) / 10
                rows.append(
                    {
                        "code": f"HP{len(rows) + 1:05d}",
                        "name": name + series,
                        "spec": spec or None,
                        "unit": unit,
                        "category_id": chance.choice(categories) if categories else None,
                        "purchase_price": _price(purchase),
                        "sale_price": _price(purchase * Decimal("1.45")),
                        "floor_price": _price(purchase * Decimal("1.15")),
                        "archived": False,
                        "remark": None,
                    }
                )
    products = company.add("catalog.product", rows)
    _price_lists(company, list(zip(products, rows, strict=True)))


def _price(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01") if amount >= 1 else Decimal("0.0001"))


def _price_lists(company: Demo, products: list[tuple[int, dict[str, Any]]]) -> None:
    year = now().year
    lists = (
        ("标准销售价", "sale", date(year, 1, 1), None, (("1", "1.00"), ("50", "0.95"), ("200", "0.90"))),
        ("年末促销价", "sale", date(year, 11, 1), date(year, 12, 31), (("1", "0.92"),)),
        ("年度采购协议价", "purchase", date(year, 1, 1), date(year, 1, 1) + timedelta(days=364), (("1", "0.97"),)),
    )
    made = company.add(
        "catalog.price_list",
        [
            {
                "name": name,
                "kind": kind,
                "valid_from": start,
                "valid_to": end,
                "customer_type_id": None,
                "archived": False,
            }
            for name, kind, start, end, _steps in lists
        ],
    )
    rows = []
    for list_id, (name, kind, _start, _end, steps) in zip(made, lists, strict=True):
        part = products[: len(products) // 3] if name == "年末促销价" else products
        column = "purchase_price" if kind == "purchase" else "sale_price"
        rows += [
            {
                "price_list_id": list_id,
                "product_id": product_id,
                "minimum_quantity": Decimal(quantity),
                "price": _price(row[column] * Decimal(factor)),
            }
            for product_id, row in part
            for quantity, factor in steps
        ]
    company.add("catalog.price", rows)
