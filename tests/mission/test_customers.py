"""Customers: the base of everything, kept by those who look after them and seen by those who may."""

from __future__ import annotations

from tests.mission.company import Company, Person, Record


def test_customers_are_made_changed_deleted_and_brought_back(
    company: Company, member: Person, colleague: Person
) -> None:
    name = company.name()
    form = member.open("/customers/customers/new").form("name")
    page = form.fill(name=name, region="上海", type="意向客户").submit()
    page.says(name, "上海")
    customer = Record("customers/customers", {"id": page.id})
    colleague.sees_nothing_of(customer, name)
