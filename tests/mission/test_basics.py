"""Basic data of goods: the words of purchase and stock, warehouses, products, and what they cost."""

from __future__ import annotations

from tests.mission.company import Company, Person, Record

PRODUCTS = "catalog/products"


def test_b1_types_of_purchase_are_kept_and_used_ones_are_archived_not_lost(company: Company, member: Person) -> None:
    keeper = company.hire("catalog_keeper", "华东部")
    name, product = company.name("采购"), company.name("货品")
    kind = keeper.open("/catalog/purchase-types").press("New Purchase type").form("name").fill(name=name).submit()
    form = keeper.open(f"/{PRODUCTS}/new").form("name")
    made = form.fill(name=product, unit="件", purchase_type=name).submit()
    made.says(name)
    assert keeper.finds(PRODUCTS, purchase_type=str(kind.id)) == [made.id]

    better = company.name("采购")
    keeper.open(f"{kind.path}/edit").form("name").fill(name=better).submit()
    keeper.open(made.path).says(better)
    assert keeper.client.send("DELETE", f"/api/v1{kind.path}").status == 409, "it is used"
    keeper.open(f"{kind.path}/edit").form("name").fill(archived=True).submit()
    assert better not in keeper.open(f"/{PRODUCTS}/new").form("name").options("purchase_type")
    keeper.open(made.path).says(better)

    member.open("/catalog/purchase-types/new", refused=403)
    member.open("/catalog/purchase-types").says(better)
    assert not member.open("/catalog/purchase-types").offers("New Purchase type")


def test_b5_warehouses_and_natures_of_stock_come_and_go_but_used_ones_stay(company: Company, member: Person) -> None:
    keeper = company.hire("catalog_keeper", "华东部")
    names = {}
    for address, title in (
        ("stock-in-natures", "Nature of stock-in"), ("stock-out-natures", "Nature of stock-out"),
        ("warehouses", "Warehouse"),
    ):  # fmt: skip
        names[address] = company.name("基础")
        form = keeper.open(f"/catalog/{address}").press(f"New {title}").form("name").fill(name=names[address])
        if address == "warehouses":
            form.fill(
                stock_in_nature=names["stock-in-natures"], stock_out_nature=names["stock-out-natures"], address="上海"
            )
        form.submit().says(names[address])
        member.open(f"/catalog/{address}").says(names[address])
        member.open(f"/catalog/{address}/new", refused=403)
    keeper.make(
        PRODUCTS,
        name=company.name("货品"),
        unit="件",
        warehouse=company.word("catalog/warehouses", names["warehouses"]),
    )

    for address, name in names.items():
        (word,) = keeper.finds(f"catalog/{address}", name=name)
        used = Record(f"catalog/{address}", {"id": word})
        answer = keeper.client.send("DELETE", f"/api/v1{used.path}")
        assert answer.status == 409, f"{name} is used: {answer.text}"
        keeper.change(used, archived=True)
        assert keeper.read(used)["archived"] is True
        unused = keeper.make(f"catalog/{address}", name=company.name("多余"))
        keeper.open(unused.path).press("Delete")
        assert keeper.finds(f"catalog/{address}", name=unused["name"]) == []


def test_b7_prices_for_purchase_and_sale_hold_for_days_quantities_and_types_of_customers(
    company: Company, member: Person
) -> None:
    keeper = company.hire("catalog_keeper", "上海组")
    (kind,) = company.admin.get("customers/types", sort="position", limit="1")["items"]
    product = keeper.make(PRODUCTS, name=company.name("货品"), unit="件", sale_price="100.00", purchase_price="60.00")
    listed, bought = company.name("价目"), company.name("进价")
    form = keeper.open("/catalog/price-lists/new").form("name")
    form.fill(name=listed, kind="Sale", customer_type=kind["name"], valid_from="2031-01-01", valid_to="2031-12-31")
    prices = form.submit()
    for quantity, price in (("1", "90"), ("10", "80.50")):
        form = keeper.open("/catalog/prices/new", {"price_list": str(prices.id)}).form("price")
        form.fill(product=product["name"], minimum_quantity=quantity, price=price).submit()
    keeper.open(prices.path, {"whole": "1"}).says("80.50", "90.00", product["name"])
    costs = keeper.make("catalog/price-lists", name=bought, kind="purchase", valid_from="2031-01-01")
    keeper.make("catalog/prices", price_list=costs.id, product=product.id, minimum_quantity="1", price="55.00")

    ours, others = company.customer(member, type=kind["id"]), company.customer(member)

    def price_of(customer: Record, quantity: str, on: str) -> str:
        lines = [{"product": product.id, "quantity": quantity}]
        return str(member.make("sales/orders", customer=customer.id, on=on, lines=lines)["lines"][0]["price"])

    assert price_of(ours, "1", "2031-06-01") == "90.00"
    assert price_of(ours, "12", "2031-06-01") == "80.50", "more of it costs less"
    assert price_of(ours, "12", "2032-06-01") == "100.00", "the list has run out"
    assert price_of(others, "12", "2031-06-01") == "100.00", "the list is for others"
    keeper.open(product.path, {"whole": "1"}).says(listed, bought, "55.00", "100.00", "60.00")
    cheap = {"price_list": prices.id, "product": product.id, "minimum_quantity": "100", "price": "1"}
    for address, values in (("price-lists", {"name": company.name("自定"), "kind": "sale"}), ("prices", cheap)):
        answer = member.client.send("POST", f"/api/v1/catalog/{address}", values)
        assert answer.status == 403, f"{address}: {answer.status} {answer.text}"
        member.open(f"/catalog/{address}/new", refused=403)
    step = Record("catalog/prices", {"id": keeper.finds("catalog/prices", product=str(product.id))[0]})
    member.change(step, price="1", refused=403)


def test_b8_goods_stand_in_a_tree_of_categories_and_are_found_by_name_code_and_pinyin(
    company: Company, member: Person
) -> None:
    keeper = company.hire("catalog_keeper", "华北部")
    above, below = company.name("大类"), company.name("小类")
    parent = keeper.open("/catalog/categories/new").form("name").fill(name=above).submit()
    child = keeper.open("/catalog/categories/new").form("name").fill(name=below, parent=above).submit()
    child.says(above)
    name, code = company.name("扫描枪"), company.name("SKU")
    form = keeper.open(f"/{PRODUCTS}/new").form("name")
    made = form.fill(name=name, code=code, spec="二维无线", unit="把", category=below, sale_price="399").submit()
    made.says(name, code, "二维无线", below, "399.00")

    assert member.finds(PRODUCTS, category=str(child.id)) == [made.id]
    assert member.finds(PRODUCTS, category__under=str(parent.id)) == [made.id], "what stands below belongs to it"
    assert member.finds(PRODUCTS, q=code) == [made.id]
    assert made.id in member.finds(PRODUCTS, q="smq"), "by the first letters of its pinyin"
    grouped = member.open(f"/{PRODUCTS}", {"group": "category", "q": name})
    grouped.says(below)

    keeper.open(f"{made.path}/edit").form("name").fill(spec="一维有线").submit().says("一维有线")
    assert not member.open(made.path).offers("Edit")
    member.change(Record(PRODUCTS, {"id": made.id}), name="改", refused=403)
    keeper.open(made.path).press("Delete")
    assert member.finds(PRODUCTS, q=code) == []
