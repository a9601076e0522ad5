"""How many SQL statements a record's page and the further views of a list take, however much hangs on the record.

Lists and pages without anything on them are counted in tests/web.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from core.kernel.policies import Own
from core.resources.calendar import Calendar
from core.resources.resolved import ResolvedResource
from core.testing.samples import make_record
from core.testing.statements import counted
from tests.api.company import API
from tests.breadth.house import House

pytestmark = pytest.mark.sqlite

FEW, MORE = 2, 9

numbers = itertools.count(1)


def make(house: House, model: type[Any], number: int, **given: Any) -> list[int]:
    """Records of the administrator, all of them or, where there may be one of the kind only, none."""
    try:
        with house.platform.database.system("records to count by") as session:
            session.info["watchers"] = house.platform.gate.watchers
            owner = house.id_of("admin")
            return [int(make_record(session, model, owner=owner, **given).id) for _each in range(number)]
    except (IntegrityError, TypeError):
        return []


def hang(house: House, resource: ResolvedResource, record: int, number: int) -> int:
    """More records of every kind that lead to one; gives how many kinds."""
    kinds = 0
    for child, field in house.platform.above.pointing_to(resource.key):
        if not child.read_only and not child.key.startswith("system.") and not field.extension:
            kinds += bool(make(house, child.model, number, **{field.attribute: record}))
    return kinds


def sent_for(house: House, url: str) -> list[str]:
    """The statements of an answer that has been given before."""
    accept = "application/json" if url.startswith(API) else "text/html"
    house.admin.get(url, accept=accept)
    with counted() as sent:
        answer = house.admin.get(url, accept=accept)
    assert (url, answer.status) == (url, 200)
    return sent


def pages_of(resource: ResolvedResource, record: int) -> list[str]:
    """What is asked of a record, and of the list in its other views."""
    one, api = f"{resource.url}/{record}", f"{API}/{resource.address}"
    pages = [one, f"{one}?whole=1", f"{one}/edit", f"{api}/{record}", f"{resource.url}?view=statistics"]
    pages += [f"{resource.url}?view=board"] if resource.board is not None else []
    pages += [f"{resource.url}?view=calendar"] if resource.declared.of_kind(Calendar) else []
    return [*pages, f"{api}?limit=200", f"{api}/statistics?by=created_at:month", f"{api}/export?format=csv"]


def test_what_hangs_on_a_record_costs_no_statements(house: House) -> None:
    hung = 0
    for resource in house.written_by_hand():
        if not isinstance(resource.policy, Own):
            continue
        (record, *_none) = make(house, resource.model, 1) or house.records(resource)
        hung += hang(house, resource, record, FEW)
        pages = [url for url in pages_of(resource, record) if not url.endswith("/edit") or resource.workflow is None]
        few = [sent_for(house, page) for page in pages]
        hang(house, resource, record, MORE)
        make(house, resource.model, MORE)
        for page, before in zip(pages, few, strict=True):
            after = sent_for(house, page)
            if len(after) > len(before):
                grown = [sql for sql in after if after.count(sql) > before.count(sql)]
                house.faults.append(f"{page}: {len(before)} → {len(after)}:\n" + "\n".join(dict.fromkeys(grown)))
    assert hung > 20
    house.settle()
