"""Categories of customers, distributors and suppliers, and those firms themselves; categories of expenses."""

from __future__ import annotations

from tests.mission.company import Company, Person, Record


def categories(company: Company, admin: Person, address: str) -> tuple[str, str]:
    """A category that the administrator makes by the form, and one below it."""
    above, below = company.name("大类"), company.name("小类")
    admin.open(f"/{address}/new").form("name").fill(name=above).submit()
    admin.open(f"/{address}/new").form("name").fill(name=below, parent=above).submit()
    return above, below


def keeps(company: Company, member: Person, colleague: Person, address: str, category: str) -> Record:
    """Somebody makes, changes, deletes and brings back a firm; the colleague sees nothing of it."""
    name, region = company.name("厂"), company.name("城")
    page = member.open(f"/{address}").follow(new_of(address)).form("name").fill(name=name, category=category).submit()
    page.says(name, category)
    firm = Record(address, {"id": page.id, "name": name})
    colleague.sees_nothing_of(firm, name)
    member.open(firm.path).press("Edit").form("region").fill(region=region).submit().says(region)
    member.open(firm.path).press("Delete")
    assert firm.id not in member.finds(address)
    member.open(f"/{address}").follow("Recycle bin").form(to=f"{firm.path}/restore").submit()
    assert firm.id in member.finds(address)
    member.open(f"/{address}", {"q": name}).row(name)
    return firm


def new_of(address: str) -> str:
    """What the button says that makes a new one."""
    return {"customers": "New Customer", "distributors": "New Distributor", "suppliers": "New Supplier"}[address[10:]]


def the_tree_is_there(head: Person, member: Person, address: str, above: str, below: str, firm: Record) -> None:
    """A branch of the tree finds what hangs on its twigs; who uses a tree does not change it."""
    tree = {"customers/customers": "categories"}.get(address, f"{address[10:-1]}-categories")
    shown = head.open(f"/{address}").form("category__under").fill(category__under=(above,)).submit()
    assert shown.row(firm["name"])
    assert below in str(head.open(f"/{address}", {"group": "category"}).text)
    number = head.finds(f"customers/{tree}", name=below)[0]
    assert not member.open(f"/customers/{tree}/{number}").offers("Edit")


def test_b2_customers_are_sorted_into_a_tree_of_categories(
    company: Company, admin: Person, head: Person, member: Person, colleague: Person
) -> None:
    above, below = categories(company, admin, "customers/categories")
    firm = keeps(company, member, colleague, "customers/customers", below)
    the_tree_is_there(head, member, "customers/customers", above, below, firm)


def test_b3_distributors_are_kept_in_categories_of_their_own(
    company: Company, admin: Person, head: Person, member: Person, colleague: Person
) -> None:
    above, below = categories(company, admin, "customers/distributor-categories")
    firm = keeps(company, member, colleague, "customers/distributors", below)
    the_tree_is_there(head, member, "customers/distributors", above, below, firm)
    # A distributor who buys as well is one firm in two roles.
    customer = company.customer(member, name=firm["name"])
    assert member.read(firm)["party"]["id"] == member.read(customer)["party"]["id"]
    assert firm["name"] in member.open(customer.path).panel("The same firm").text


def test_b4_suppliers_are_kept_in_categories_of_their_own(
    company: Company, admin: Person, head: Person, member: Person, colleague: Person
) -> None:
    above, below = categories(company, admin, "customers/supplier-categories")
    firm = keeps(company, member, colleague, "customers/suppliers", below)
    the_tree_is_there(head, member, "customers/suppliers", above, below, firm)
    party = member.read(firm)["party"]["id"]
    member.make("finance/payables", party=party, amount="640", due_on="2099-01-31", source="材料")
    assert "640.00" in member.open(firm.path).panel("Money owed").text


def test_b6_expenses_have_categories_in_a_tree_and_ways_of_payment(
    company: Company, admin: Person, head: Person, member: Person, colleague: Person
) -> None:
    above, below = categories(company, admin, "finance/expense-categories")
    method, purpose = company.name("支付"), company.name("出差")
    admin.open("/finance/payment-methods/new").form("name").fill(name=method).submit()
    form = member.open("/finance/expenses/new").form("title")
    page = form.fill(title=purpose, category=below, method=method, amount="320.50").submit()
    page.says(purpose, below, method, "320.50")
    expense = Record("finance/expenses", {"id": page.id})
    colleague.sees_nothing_of(expense, purpose)
    shown = head.open("/finance/expenses").form("category__under").fill(category__under=(above,)).submit()
    assert shown.row(purpose)
    # Who uses the words does not change them; what is used is not deleted.
    assert not member.open("/finance/payment-methods").offers("New Payment method")
    used = admin.finds("finance/payment-methods", name=method)[0]
    admin.open(f"/finance/payment-methods/{used}").press("Delete", refused=409)
    admin.open(f"/finance/payment-methods/{used}/edit").form("archived").fill(archived=True).submit()
    assert method not in member.open("/finance/expenses/new").form("method").options("method")
    member.open(expense.path).says(method)
