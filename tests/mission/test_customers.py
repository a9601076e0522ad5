"""Customers: what is known of them, who finds whom, who changes what, and how none is lost."""

from __future__ import annotations

from tests.mission.company import Company, Person, Record

CUSTOMERS = "customers/customers"


def test_ca_one_page_tells_all_of_a_customer_who_stays_with_the_company(company: Company, head: Person) -> None:
    seller = company.hire("member", "上海组")
    customer = company.customer(
        seller,
        region="上海",
        credit_limit="50000",
        payment_days=45,
        level=company.word("customers/levels", "C 普通客户"),
    )
    contact = company.name("联系人")
    seller.make("customers/contacts", customer=customer.id, name=contact, phone="138 0013 8001")
    seller.make("customers/follow-ups", customer=customer.id, content="谈好了价格", at="2026-01-05T02:00:00Z")
    contract = seller.make("sales/contracts", customer=customer.id, name="年度供货", amount="8000")
    seller.make("finance/receivables", customer=customer.id, amount="1200", due_on="2020-01-31", source="旧账")

    page = head.open(customer.path)
    assert (page.fact("Region"), page.fact("Payment term")) == ("上海", "45 days")
    assert all(word in page.panel("Credit").text for word in ("Owed", "1,200.00", "50,000.00"))
    assert contact in page.panel("Contacts").text
    assert "谈好了价格" in page.panel("Follow-ups").text
    assert contract["number"] in page.panel("Contracts").text
    assert "1,200.00" in page.panel("Money owed").text
    assert "旧账" in page.panel("Receivables").text
    company.colleague.sees_nothing_of(customer, customer["name"])
    company.colleague.open(customer.path, refused=404).hides(contact, "8,000.00")

    # Nobody was in touch with the firm for long: that is noticed before somebody else is.
    silent = head.open(f"/{CUSTOMERS}").follow("Silent customers")
    assert customer["name"] in silent.text
    head.make("customers/follow-ups", customer=customer.id, content="补一次拜访")
    assert customer["name"] not in head.open(f"/{CUSTOMERS}").follow("Silent customers").text

    # The seller leaves: all that he had goes to somebody else, with its past.
    form = head.open(f"/system/users/{seller.id}").press("Hand over all customers").form("to")
    form.fill(to=company.mate.name).submit()
    assert company.mate.open(customer.path).panel("Follow-ups").text.count("谈好了价格") == 1
    assert seller.client.get(customer.path).status == 404


def test_cb_journals_that_name_a_customer_are_found_from_it(
    company: Company, head: Person, member: Person, mate: Person, colleague: Person, customer: Record
) -> None:
    done, foreign = company.name("送样"), company.name("催款")
    day = company.day()
    form = member.open(customer.path).follow("New Journal").form("done")
    assert str(customer.id) in [value for name, value in form.pairs if name == "customers"]
    form.fill(on=day, done=done).submit().press("Submit")
    shared = head.make("journals/journals", on=day, done=foreign, customers=[customer.id])

    mine, whole = member.open(customer.path).panel("Journals"), head.open(customer.path).panel("Journals")
    assert (done in mine.text, foreign in mine.text) == (True, False)
    assert (done in whole.text, foreign in whole.text) == (True, True)
    shown = member.open("/journals/journals", {"customers": str(customer.id)})
    assert (done in shown.text, foreign in shown.text) == (True, False)
    member.sees_nothing_of(shared, foreign)
    for person in (mate, colleague):
        person.open(customer.path, refused=404).hides(done)
        assert person.finds("journals/journals", customers=str(customer.id)) == []


def test_c1_a_type_of_ones_own_is_at_once_a_filter_a_group_and_an_axis(
    company: Company, admin: Person, head: Person, member: Person, colleague: Person
) -> None:
    shipped = head.open("/customers/types").text
    assert all(word in shipped for word in ("初次客户", "意向客户", "潜在客户", "正式客户"))
    kind = company.name("VIP")
    admin.open("/customers/types/new").form("name").fill(name=kind).submit()

    name = company.name()
    customer = member.open(f"/{CUSTOMERS}/new").form("name").fill(name=name, type=kind).submit()
    other = company.customer(member, type=company.word("customers/types", "初次客户"))
    shown = head.open(f"/{CUSTOMERS}").form("type__in").fill(type__in=(kind,)).submit()
    assert shown.row(name)
    assert other["name"] not in shown.text
    grouped = head.open(f"/{CUSTOMERS}", {"group": "type"})
    assert f"{kind} 1" in grouped.text
    figures = head.open(f"/{CUSTOMERS}", {"view": "statistics", "_by": "type"})
    assert figures.row(kind)[1] == "1"
    # What stands behind the figure, and the colleague, for whom nothing does.
    assert name in figures.follow(kind).text
    colleague.sees_nothing_of(Record(CUSTOMERS, {"id": customer.id}), name)
    assert kind not in str(colleague.open(f"/{CUSTOMERS}", {"view": "statistics", "_by": "type"}).rows())
    # A member uses the words and does not make them.
    assert not member.open("/customers/types").offers("New Customer type")
    assert member.client.get("/customers/types/new").status == 403


def test_c2_customers_are_made_changed_deleted_and_brought_back(
    company: Company, member: Person, colleague: Person
) -> None:
    name, region = company.name(), company.name("城")
    page = member.open(f"/{CUSTOMERS}/new").form("name").fill(name=name, phone="021-5555 0000").submit()
    page.says(name, "021-5555 0000")
    customer = Record(CUSTOMERS, {"id": page.id})
    colleague.sees_nothing_of(customer, name)

    member.open(customer.path).press("Edit").form("region").fill(region=region).submit().says(region)
    member.open(customer.path).form(to="/undo").submit()
    assert region not in member.open(customer.path).fact("Region")

    deleted = member.open(customer.path).press("Delete")
    member.sees_nothing_of(customer, name)
    assert deleted.path == f"/{CUSTOMERS}"
    assert name not in colleague.open(f"/{CUSTOMERS}/bin").text
    bin_ = member.open(f"/{CUSTOMERS}").follow("Recycle bin")
    bin_.says(name)
    bin_.form(to=f"{customer.path}/restore").submit()
    assert customer.id in member.finds(CUSTOMERS)


def test_c3_ones_own_customers_are_a_view_of_their_own(
    company: Company, head: Person, member: Person, mate: Person
) -> None:
    mine, of_mate = company.customer(member), company.customer(mate)
    for person, own, foreign in ((member, mine, of_mate), (mate, of_mate, mine)):
        shown = person.open(f"/{CUSTOMERS}").follow("My customers")
        assert own["name"] in shown.text
        assert foreign["name"] not in shown.text
        person.sees_nothing_of(foreign, foreign["name"])
    # The head sees both, and in this view neither.
    own_of_head = company.customer(head)
    shown = head.open(f"/{CUSTOMERS}").follow("My customers")
    assert own_of_head["name"] in shown.text
    shown.hides(mine["name"], of_mate["name"])
    narrowed = head.open(f"/{CUSTOMERS}", {"owner": "me", "q": own_of_head["name"]})
    assert len(narrowed.rows()) == 1


def test_c4_a_head_finds_the_customers_of_his_branch_and_no_others(
    company: Company, head: Person, member: Person, colleague: Person
) -> None:
    below, own, foreign = company.customer(member), company.customer(head), company.customer(colleague)
    found = set(head.finds(CUSTOMERS))
    assert {below.id, own.id} <= found
    assert foreign.id not in found
    shown = head.open(f"/{CUSTOMERS}").follow("In my scope")
    shown.says(below["name"], own["name"])
    shown.hides(foreign["name"])
    head.sees_nothing_of(foreign, foreign["name"])
    colleague.sees_nothing_of(below, below["name"])
    for query in ({"view": "statistics", "_by": "owner"}, {"group": "owner"}):
        assert (member.name in head.open(f"/{CUSTOMERS}", query).main.text) is True
        assert (member.name in colleague.open(f"/{CUSTOMERS}", query).main.text) is False
    for person, seen in ((head, below), (colleague, foreign)):
        told = [
            person.client.get("/customers/customers/options", {"q": each["name"]}).text for each in (below, foreign)
        ]
        assert [seen["name"] in text for text in told] == [seen is below, seen is foreign]


def test_c5_whoever_may_see_a_branch_may_be_allowed_to_change_only_what_is_his(
    company: Company, admin: Person, member: Person, colleague: Person
) -> None:
    role = company.role(customers__customer={"view": "branch", "create": "own", "edit": "own", "delete": "own"})
    deputy = company.hire(role, "上海组")
    theirs, mine = company.customer(member), company.customer(deputy)
    page = deputy.open(theirs.path)
    page.says(theirs["name"])
    assert not page.offers("Edit")
    assert not page.offers("Delete")
    assert deputy.client.get(f"{theirs.path}/edit").status == 404
    deputy.change(theirs, refused=404, region="杭州")
    region = company.name("城")
    deputy.open(mine.path).press("Edit").form("region").fill(region=region).submit().says(region)
    colleague.change(theirs, refused=404, region="杭州")
    assert member.read(theirs)["region"] is None
