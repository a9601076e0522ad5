"""Plans: on which days they fall, and the requests that come of them."""

from __future__ import annotations

import calendar as months
import datetime as dt
from typing import Any

from sqlalchemy import select

from plugins.service.models import Plan, Request
from sopia import Session, acting, working_calendar

RULES = {"week": 0, "month": 1, "quarter": 3, "half_year": 6, "year": 12}
"""How many months lie between two occurrences; a week is seven days."""


def days_of(rule: str, first: dt.date, count: int) -> list[dt.date]:
    """The days on which a plan falls: each reckoned from the first one, so that the 31st comes back after a February."""
    if rule == "week":
        return [first + dt.timedelta(weeks=number) for number in range(count)]
    return [_months_later(first, RULES[rule] * number) for number in range(count)]


def _months_later(day: dt.date, count: int) -> dt.date:
    years, month = divmod(day.month - 1 + count, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


def deadline_on(calendar: Any, day: dt.date) -> dt.datetime:
    """The end of the working time of a day, in UTC; where it is free, of the next day that is worked."""
    worked = calendar.add_days(day, 0)
    end = calendar.hours[-1][1]
    midnight = worked + dt.timedelta(days=1) if end == dt.time() else worked
    return dt.datetime.combine(midnight, end, calendar.zone).astimezone(dt.UTC)


def generate(session: Session, plan: Plan) -> int:
    """Make the requests of a plan that are not there, and say how many those were."""
    with acting(session, f"the requests of service plan {plan.id}") as beyond:
        # On PostgreSQL whoever comes second waits here, and then finds nothing missing.
        beyond.execute(select(Plan.id).where(Plan.id == plan.id).with_for_update())
        here = beyond.get_one(Plan, plan.id)
        known = set(
            beyond.scalars(select(Request.occurrence).where(Request.plan_id == here.id, Request.deleted_at.is_(None)))
        )
        calendar = working_calendar(beyond)
        assert here.first_on is not None
        days = enumerate(days_of(here.rule, here.first_on, here.occurrences), 1)
        missing = [(number, day) for number, day in days if number not in known]
        for number, day in missing:
            beyond.add(_request(here, number, day, deadline_on(calendar, day)))
            beyond.flush()  # in their order, for their numbers
    return len(missing)


def _request(plan: Plan, number: int, day: dt.date, due_at: dt.datetime) -> Request:
    return Request(
        plan_id=plan.id,
        occurrence=number,
        planned_on=day,
        due_at=due_at,
        customer_id=plan.customer_id,
        contract=plan.contract,
        type_id=plan.type_id,
        complaint=plan.type.complaint,
        channel="plan",
        subject=f"{plan.name} {number}/{plan.occurrences}"[:200],
        detail=plan.detail,
        owner_id=plan.owner_id,
        department_id=plan.department_id,
        accepted_by_id=plan.owner_id,
        handler_id=plan.handler_id,
        state="assigned" if plan.handler_id else "new",
    )
