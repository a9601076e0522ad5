"""How many SQL statements the pages of every resource take: few, and as many for sixty records as for three."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core.kernel.history import HistoryEntry
from core.kernel.platform import Platform
from core.kernel.quiet import write_quietly
from core.kernel.types import now
from core.kernel.users import User
from core.resources.resolved import ResolvedResource
from core.testing.client import Client
from core.testing.installation import PASSWORD
from core.testing.samples import make_person, make_record
from core.testing.statements import counted
from core.web.app import Application

MOST = 6
"""Statements of a list, whose person is found among them; each extension with a column in sight may take another."""

FEW, MANY = 3, 60

numbers = count(1)


@pytest.fixture
def client(installed_platform: Platform) -> Client:
    """An administrator of an installation with all plugins."""
    with installed_platform.database.system("test") as session:
        make_person(session, "looker", "administrator")
    client = Client(Application(installed_platform, works=False))
    assert client.sign_in("looker", PASSWORD).status == 303
    return client


def fill(platform: Platform, resource: ResolvedResource, number: int) -> list[int]:
    """More records of a resource, with their history and their place in the search index."""
    with platform.database.system("test") as session:
        session.info["watchers"] = platform.gate.watchers
        if resource.model is User:
            return [make_person(session, f"person{next(numbers)}", "member") for _ in range(number)]
        return [int(make_record(session, resource.model).id) for _ in range(number)]


def sent_for(client: Client, url: str) -> list[str]:
    """The statements of a page that has been asked for before."""
    client.get(url)
    with counted() as sent:
        assert (url, client.get(url).status) == (url, 200)
    return sent


def more_for(resource: ResolvedResource) -> int:
    """What a list may take beyond the usual: one for each plugin with a column in it, two for one that is worked out."""
    shown: list[Any] = [resource.fields.get(column.field) for column in resource.columns if column.shown]
    known = [field for field in shown if field is not None]
    worked_out = sum(2 for field in known if field.work_out is not None)
    return len({field.extension for field in known if field.extension}) + worked_out


def test_pages_of_every_resource_take_few_statements_whatever_there_is(
    installed_platform: Platform, client: Client
) -> None:
    seen = 0
    for resource in installed_platform.above.values():
        if resource.read_only or client.get(resource.url).status == 404:
            continue
        try:
            (record, *_others) = fill(installed_platform, resource, FEW)
        except IntegrityError:  # such as memberships, of which there is one of a person in a department
            continue
        seen += 1
        pages = [resource.url, f"{resource.url}/{record}"]
        if resource.declared.search:
            pages.append(f"{resource.url}?q=a")
        few = [sent_for(client, page) for page in pages]
        fill(installed_platform, resource, MANY)
        many = [sent_for(client, page) for page in pages]
        for page, before, after in zip(pages, few, many, strict=True):
            told = f"{page}:\n" + "\n".join(after)
            if page == pages[1]:
                assert len(after) <= len(before), told
            else:
                # A list longer than a page is counted as well; a search asks first which way is the faster.
                assert len(after) <= len(before) + 1, told
                assert len(after) <= MOST + more_for(resource), told
    assert seen > 5


@pytest.mark.sqlite
def test_saving_a_customer_takes_few_statements(client: Client, installed_platform: Platform) -> None:
    url = "/customers/customers"
    client.post(f"{url}/new", {"name": "First", "_token": "saving-0"})
    with counted() as sent:
        made = client.post(f"{url}/new", {"name": "Second", "phone": "13912345678", "_token": "saving-1"})
    assert made.status == 303
    assert len(sent) <= 14, sent
    saved = made.headers["location"]
    client.post(f"{saved}/edit", {"phone": "13912345679", "_version": "1", "_token": "saving-2"})
    with counted() as sent:
        answer = client.post(f"{saved}/edit", {"phone": "13912345670", "_version": "2", "_token": "saving-3"})
    assert answer.status == 303
    assert len(sent) <= 16, sent


def test_what_follows_from_a_record_is_written_without_a_trace(installed_platform: Platform) -> None:
    resource = installed_platform.above["customers.customer"]
    moment = now()
    with installed_platform.database.system("test") as session:
        session.info["watchers"] = installed_platform.gate.watchers
        customer: Any = make_record(session, resource.model)
        told = session.scalars(select(func.count()).select_from(HistoryEntry)).one()
        before = customer.version, customer.updated_at
        write_quietly(session, customer, "a test", silent_at=moment)
        assert customer.silent_at == moment
        session.expire(customer)
        assert customer.silent_at == moment
        assert (customer.version, customer.updated_at) == before
        assert session.scalars(select(func.count()).select_from(HistoryEntry)).one() == told
