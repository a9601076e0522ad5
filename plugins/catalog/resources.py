"""The lists, forms and pages of the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugins.catalog.models import (
    Category,
    Price,
    PriceList,
    Product,
    PurchaseType,
    StockInNature,
    StockOutNature,
    Warehouse,
)
from sopia import Branches, Check, Choice, Column, Field, Headings, Panel, Resource, Section, Session, Text, dictionary
from sopia import translate as _

MENU = _("Catalog")

KINDS = (Choice("sale", _("Sale"), "green"), Choice("purchase", _("Purchase"), "blue"))
PRICES = ("purchase_price", "sale_price", "floor_price")


def fault_of_product(session: Session, product: Product) -> Mapping[str, Text]:
    """Prices are not below nothing, and the floor is not above the price it protects."""
    faults = {name: _("A price is not below 0.") for name in PRICES if (getattr(product, name) or 0) < 0}
    floor, sale = product.floor_price, product.sale_price
    if not faults and floor is not None and sale is not None and floor > sale:
        faults["floor_price"] = _("The lowest price is above the sale price. Lower it, or raise the sale price.")
    return faults


def fault_of_list(session: Session, prices: PriceList) -> Mapping[str, Text]:
    """It ends after it begins, and only sales know types of customers."""
    faults = {}
    if prices.valid_from is not None and prices.valid_to is not None and prices.valid_to < prices.valid_from:
        faults["valid_to"] = _("It ends before it begins. Choose a later day.")
    if prices.kind == "purchase" and prices.customer_type_id is not None:
        faults["customer_type"] = _("Only a price list for sale is for a type of customers. Leave this empty.")
    return faults


def fault_of_price(session: Session, price: Price) -> Mapping[str, Any]:
    """A step begins with more than nothing, and costs no less than nothing."""
    faults = {}
    if price.minimum_quantity is not None and price.minimum_quantity <= 0:
        faults["minimum_quantity"] = _("A quantity is more than 0.")
    if price.price is not None and price.price < 0:
        faults["price"] = _("A price is not below 0.")
    return faults


products = Resource(
    Product,
    title=_("Product"),
    plural=_("Products"),
    list=(
        "code",
        "name",
        "spec",
        "unit",
        "category",
        "sale_price",
        Column("purchase_type", shown=False),
        Column("warehouse", shown=False),
        Column("purchase_price", shown=False),
        Column("floor_price", shown=False),
        Column("archived", shown=False),
        Column("created_at", shown=False),
    ),
    form=(
        Section("", ("name", "code", "spec", "unit", "category", "archived")),
        Section(_("Prices"), PRICES),
        Section(_("More"), ("purchase_type", "warehouse", "remark")),
    ),
    search=("name", "code", "spec"),
    menu=MENU,
    icon="box",
    fields=(
        Field("name", label=_("Product name")),
        Field("code", label=_("Product code")),
        Field("spec", label=_("Specification")),
        Field("unit", label=_("Unit")),
        Field("category", label=_("Product category")),
        Field("purchase_type", label=_("Purchase type"), help=_("How it is usually bought.")),
        Field("warehouse", label=_("Warehouse"), help=_("Where it is usually kept.")),
        Field("sale_price", label=_("Sale price"), help=_("What a unit costs where no price list says otherwise.")),
        Field("purchase_price", label=_("Purchase price")),
        Field("floor_price", label=_("Lowest price"), help=_("Selling below it needs approval.")),
        Field(
            "archived", label=_("Archived"), help=_("Archived products stay in documents and are no longer offered.")
        ),
        Field("remark", label=_("Remark")),
    ),
    parts=(
        Check(fault_of_product),
        Branches("category"),
        Headings(
            {
                "code": ("货号", "产品编号", "商品编码", "物料编码", "编号", "编码", "sku", "item no"),
                "name": ("品名", "货品名称", "产品名称", "商品名称", "名称", "item", "item name"),
                "spec": ("规格型号", "型号", "规格", "model"),
                "unit": ("计量单位", "单位", "uom"),
                "category": ("货品类别", "分类", "类别", "产品类别"),
                "sale_price": ("售价", "单价", "销售单价", "零售价", "list price"),
                "purchase_price": ("进价", "进货价", "成本价", "采购单价", "cost"),
                "floor_price": ("底价", "最低售价", "最低价"),
            }
        ),
        Panel(
            _("Prices by list"),
            resource="catalog.price",
            by="product",
            columns=("price_list", "minimum_quantity", "price"),
        ),
    ),
)

categories = dictionary(Category, _("Product category"), _("Product categories"))

price_lists = Resource(
    PriceList,
    title=_("Price list"),
    plural=_("Price lists"),
    list=("name", "kind", "customer_type", "valid_from", "valid_to", "archived"),
    form=("name", "kind", "customer_type", "valid_from", "valid_to", "archived"),
    search=("name",),
    sort="-valid_from",
    menu=MENU,
    icon="tag",
    fields=(
        Field("name", label=_("Price list")),
        Field("kind", label=_("For"), choices=KINDS),
        Field("customer_type", label=_("Customer type"), help=_("Empty: for all customers.")),
        Field("valid_from", label=_("Valid from")),
        Field("valid_to", label=_("Valid to"), help=_("The last day on which it holds.")),
        Field("archived", label=_("Archived")),
    ),
    parts=(
        Check(fault_of_list),
        Panel(
            _("Prices"),
            resource="catalog.price",
            by="price_list",
            columns=("product", "minimum_quantity", "price"),
            limit=10,
        ),
    ),
)

prices = Resource(
    Price,
    title=_("Price"),
    plural=_("Prices"),
    list=("price_list", "product", "minimum_quantity", "price"),
    form=("price_list", "product", "minimum_quantity", "price"),
    search=("product.name", "product.code", "price_list.name"),
    menu=MENU,
    icon="coin",
    fields=(
        Field("price_list", label=_("Price list")),
        Field("product", label=_("Product")),
        Field("minimum_quantity", label=_("From quantity"), help=_("The price holds from this quantity on.")),
        Field("price", label=_("Unit price")),
    ),
    parts=(Check(fault_of_price),),
)

dictionaries = (
    dictionary(
        Warehouse,
        _("Warehouse"),
        _("Warehouses"),
        fields=(
            Field("address", label=_("Address")),
            Field("stock_in_nature", label=_("Nature of stock-in"), help=_("How goods usually come in.")),
            Field("stock_out_nature", label=_("Nature of stock-out"), help=_("How goods usually leave.")),
        ),
    ),
    dictionary(PurchaseType, _("Purchase type"), _("Purchase types")),
    dictionary(StockInNature, _("Nature of stock-in"), _("Natures of stock-in")),
    dictionary(StockOutNature, _("Nature of stock-out"), _("Natures of stock-out")),
)
