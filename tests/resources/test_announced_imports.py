"""Whoever listens to new records hears of those that a file brings, although no unit of work has made them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from core.kernel.announcing import Announcer
from core.kernel.events import RecordCreated, listen
from core.kernel.jobs import JOB, QueuedJob
from tests.resources.desk import Desk
from tests.resources.importing_desk import Importing, table


def hear(session: Any, event: RecordCreated) -> None:
    """Somebody who listens."""


def test_listeners_hear_of_every_record_of_a_file(desk: Desk) -> None:
    of = ("customers.customer", "customers.contact")
    heard = replace(desk.platform.registry, listeners=(("customers", listen(RecordCreated, hear, of=of)),))
    desk.platform.gate.watchers = (*desk.platform.gate.watchers, Announcer(heard))
    rows = [(f"云图{number}科技有限公司", "李伟") for number in range(3)]
    done = Importing(desk).run(desk.admin, table(("客户名称", "联系人"), *rows))
    assert done.created == 3
    with desk.platform.database.transaction(write=False) as connection:
        jobs = connection.execute(select(QueuedJob.payload).where(JOB.name == "customers.hear")).scalars().all()
    told = Counter(event["resource"] for payload in jobs for event in payload["events"])
    assert told == dict.fromkeys(of, 3)
