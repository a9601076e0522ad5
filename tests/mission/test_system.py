"""The system: what roles allow, departments that cross each other, and groups across all of them."""

from __future__ import annotations

from tests.mission.company import Company, Person, Record

CUSTOMERS = "customers/customers"


def test_y1_roles_say_who_may_do_what_with_which_records_and_fields(company: Company, member: Person) -> None:
    keeper = company.hire("", "华北部")
    seen = {"customers__customer": {"view": "all"}}
    steward = company.hire(company.role(system__role={"*": "all"}, system__user={"*": "all"}, **seen), "华东部")
    name = company.name("内勤")
    mine, others = company.customer(member), company.customer(company.colleague)

    # Who administers roles and nothing else makes one, and gives it to somebody.
    made = steward.open("/system/roles/new").form("name").fill(name=name).submit()
    role = Record("system/roles", {"id": made.id})
    keeper.open("/customers/customers", refused=403)
    grants = [{"resource": "customers.customer", "action": "view", "scope": "all"}]
    steward.change(role, grants=grants)
    steward.change(Record("system/users", {"id": keeper.id}), roles=[role.id])

    for customer in (mine, others):
        keeper.open(customer.path).says(customer["name"])
        assert not keeper.open(customer.path).offers("Edit")
        assert keeper.client.send("DELETE", f"/api/v1{customer.path}").status == 403
    keeper.open("/customers/customers/new", refused=403)

    steward.change(role, grants=[{"resource": "customers.customer", "action": "view", "scope": "department"}])
    keeper.open(others.path).says(others["name"])
    keeper.sees_nothing_of(mine, mine["name"])
    for person in (member, company.colleague):
        person.open("/system/roles/new", refused=403)
        assert person.client.send("POST", "/api/v1/system/roles", {"name": "自封", "grants": []}).status == 403
    assert "/system/roles" not in member.open("/").menu.values()


def test_y2a_somebody_works_in_departments_of_several_trees_at_once(company: Company, member: Person) -> None:
    region, project = company.name("片区"), company.name("项目")
    admin = company.admin
    places = {
        name: admin.make("system/departments", name=name, tree=tree)
        for name, tree in ((region, "region"), (project, "project"))
    }
    crossing, leader = company.hire("member", "上海组"), company.hire("manager", project, heads=True)
    regional = company.hire("reader", region)
    customer = company.customer(crossing)
    for person in (leader, regional):
        person.sees_nothing_of(customer, customer["name"])

    primary = admin.read(Record("system/users", {"id": crossing.id}))["memberships"]
    more = [{"department": places[name].id, "title": "成员", "primary": False} for name in (region, project)]
    kept = [{**each, "department": each["department"]["id"]} for each in primary]
    admin.change(Record("system/users", {"id": crossing.id}), memberships=[*kept, *more])
    for person in (leader, regional, company.head):
        person.open(customer.path).says(customer["name"])
    company.colleague.sees_nothing_of(customer, customer["name"])

    fresh = company.customer(crossing)
    assert crossing.read(fresh)["department"]["label"] == "上海组", "the primary one"
    leader.open(f"{customer.path}/edit").form("name").fill(region="长三角").submit().says("长三角")
    assert regional.client.get(f"{customer.path}/edit").status in (403, 404), "to read, not to write"
    told = member.open("/system/departments", {"tree": "project"})
    told.says(project)

    admin.change(Record("system/users", {"id": crossing.id}), memberships=kept)
    for person in (leader, regional):
        person.sees_nothing_of(customer, customer["name"])
    company.head.open(customer.path).says(customer["name"])


def test_y2b_groups_cut_across_departments_carry_roles_and_are_shared_with(company: Company, member: Person) -> None:
    admin, group_name = company.admin, company.name("品控小组")
    near, far = company.hire("member", "上海组"), company.hire("member", "华北部")
    outsider = company.hire("member", "华北部")
    role = company.role(catalog__product={"*": "all"})
    (role_id,) = admin.finds("system/roles", name=role)
    group = admin.make("system/groups", name=group_name, members=[near.id, far.id])
    for person in (near, far):
        person.open("/catalog/products/new", refused=403)
    admin.change(group, roles=[role_id])
    for person in (near, far):
        product = person.open("/catalog/products/new").form("name").fill(name=company.name("货品"), unit="件")
        product.submit().says("件")
    outsider.open("/catalog/products/new", refused=403)

    customer = company.customer(member)
    member.open(f"{customer.path}/shares/new").form("write").fill(group=group_name, write=True).submit()
    for person in (near, far):
        person.open(f"{customer.path}/edit").form("name").fill(region="浦东").submit().says("浦东")
    outsider.sees_nothing_of(customer, customer["name"])

    admin.change(group, members=[near.id])
    near.open(customer.path).says(customer["name"])
    far.sees_nothing_of(customer, customer["name"])
    far.open("/catalog/products/new", refused=403)
    for person in (member, company.colleague):
        assert person.client.send("POST", "/api/v1/system/groups", {"name": "自建"}).status == 403
