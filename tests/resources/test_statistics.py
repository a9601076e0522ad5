"""Statistics: every figure is the number of records that its own list shows, exact, and in the reader's scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from core.kernel.access import Principal
from core.kernel.errors import BadRequest
from core.kernel.roles import FieldGrant
from core.kernel.shipped_roles import find_role
from core.kernel.types import Money, now
from core.resources.conditions import Context
from core.resources.dimensions import Pairs, narrowed, period_of, read_dimensions, read_measures
from core.resources.queries import Lists, read_list
from core.resources.statistics import Counts, Table, clocks_of, json_rows, rolled_up, worked_out
from core.resources.values import period
from tests.resources.desk import Desk

DIMENSIONS = (
    "owner", "department", "type", "tags", "region", "created_at:day", "next_contact_at:week", "next_contact_at:month",
    "next_contact_at:quarter", "next_contact_at:year", "owner.manager", "type.archived",
)  # fmt: skip
MOMENTS = (
    "2026-03-29 00:30", "2026-03-29 23:59", "2026-01-01 00:00", "2025-12-31 23:59", "2026-10-25 02:30",
    "2026-11-01 01:30", "2026-06-30 20:00",
)  # fmt: skip


@pytest.fixture
def firms(desk: Desk) -> Desk:
    """Customers of two people with amounts, words, tags and moments, some of each missing."""
    kinds = [desk.create(desk.admin, "customers.type", name=name) for name in ("A", "B")]
    tags = [desk.create(desk.admin, "customers.tag", name=name) for name in ("red", "blue")]
    for number in range(14):
        desk.create(
            desk.bob if number % 5 == 4 else desk.ann,
            name=f"Firm {number}",
            type=kinds[number % 2] if number % 3 else None,
            tags=tags[: number % 3],
            region=("北京", "上海", "")[number % 3],
            credit_limit=f"{number}.{number:02d}" if number % 4 else "",
            payment_days=str(number) if number % 2 else "",
            next_contact_at=f"{MOMENTS[number // 2 % len(MOMENTS)]}+00:00" if number % 7 else "",
        )
    return desk


def statistics(
    desk: Desk, who: Principal, by: str, measure: str = "count", pairs: Pairs = (), zone: str = "Asia/Shanghai"
) -> tuple[Table, Context]:
    resource, context = desk.customers, replace(desk.context(who), timezone=ZoneInfo(zone))
    wanted = read_list(desk.resources, resource, pairs, context, ("id",))
    dimensions = read_dimensions(desk.resources, resource, [by], who)
    measures = read_measures(desk.resources, resource, [measure], who)
    with desk.platform.gate.connection(who) as connection:
        return Counts(desk.resources, resource).table(connection, wanted, context, dimensions, measures), context


def ids(desk: Desk, who: Principal, pairs: Sequence[tuple[str, str]], context: Context) -> list[int]:
    with desk.platform.gate.connection(who) as connection:
        wanted = read_list(desk.resources, desk.customers, pairs, context, ("id",))
        return Lists(desk.resources, desk.customers).ids(connection, wanted, context, 1000)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "UTC"])
def test_each_figure_is_the_number_of_records_behind_it(firms: Desk, zone: str) -> None:
    second = iter(DIMENSIONS[3:] + DIMENSIONS[:3])
    for first in DIMENSIONS:
        for by, pairs in (
            (first, ()),
            (f"{first},{next(second)}", (("region__in", "北京,上海"),)),
            (first, (("owner", "me"), ("tags__empty", "false"), ("next_contact_at__period", "2026"))),
        ):
            table, context = statistics(firms, firms.eve, by, "count,payment_days:sum", pairs, zone)
            seen: list[int] = []
            for keys, sums in table.groups.items():
                behind = narrowed(pairs, table.dimensions, keys)
                assert behind is not None
                found = ids(firms, firms.eve, behind, context)
                assert len(found) == sums.count > 0, (by, pairs, keys)
                seen += found
            whole = ids(firms, firms.eve, pairs, context)
            assert set(seen) == set(whole), (by, pairs)
            if "tags" not in by:
                assert len(seen) == len(whole)


def test_sums_are_exact_and_averages_rounded_to_the_cent(firms: Desk) -> None:
    measures = "count,credit_limit:sum,credit_limit:avg,credit_limit:min,credit_limit:max,payment_days:avg"
    table, _context = statistics(firms, firms.admin, "owner", measures)
    wanted = read_measures(firms.resources, firms.customers, [measures], firms.admin)
    limits = {n: Decimal(f"{n}.{n:02d}") for n in range(14) if n % 4}
    for keys, sums in table.groups.items():
        mine = [limit for n, limit in limits.items() if (n % 5 == 4) == (keys[0] == firms.bob.user_id)]
        told = [worked_out(sums, measure) for measure in wanted]
        average = (Decimal(sum(mine)) / len(mine)).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
        assert told[1:5] == [Money.of(str(each)) for each in (sum(mine), average, min(mine), max(mine))]
    ((_keys, whole),) = rolled_up(table, ()).items()
    assert worked_out(whole, wanted[1]) == Money.of(str(sum(limits.values())))
    assert json_rows(table, wanted, "CNY")[0].keys() == {"by", *(each.name for each in wanted)}
    assert worked_out(whole, wanted[5]) == 7


def test_a_reader_counts_what_he_sees_and_reads_no_name_beyond_it(firms: Desk) -> None:
    assert {sums.count for sums in statistics(firms, firms.bob, "owner")[0].groups.values()} == {2}
    table, _context = statistics(firms, firms.ann, "type")
    assert {label for label, _colour in table.labels[0].values()} == {"A", "B"}
    kind = min(key for key in table.labels[0])
    types = firms.resource("customers.type").table
    with firms.platform.database.transaction(write=True) as connection:
        connection.execute(update(types).where(types.c.id == kind).values(deleted_at=now()))
    table, _context = statistics(firms, firms.ann, "type")
    assert table.labels[0][kind] == (None, "")


def test_what_may_not_be_read_is_as_unknown_as_what_is_not_there(firms: Desk) -> None:
    with firms.platform.database.system("a hidden field") as session:
        member = find_role(session, "member")
        assert member is not None
        session.add(FieldGrant(role_id=member.id, resource="customers.customer", field="credit_limit", access="hidden"))
        session.add(FieldGrant(role_id=member.id, resource="customers.customer", field="region", access="hidden"))
    ann = firms.person("ann")
    for by, measure in (("region", "count"), ("owner", "credit_limit:sum")):
        with pytest.raises(BadRequest) as hidden:
            statistics(firms, ann, by, measure)
        with pytest.raises(BadRequest) as unknown:
            statistics(firms, ann, by.replace("region", "nothing"), measure.replace("credit_limit", "nothing"))
        assert str(hidden.value).replace("region", "nothing").replace("credit_limit", "nothing") == str(unknown.value)
    for by in ("name:month", "created_at:hour", "remark", "owner,type,level", "tags.name", "party.id"):
        with pytest.raises(BadRequest):
            statistics(firms, ann, by)
    for measure in ("name:sum", "payment_days", "payment_days:median", "version:sum", "count:sum"):
        with pytest.raises(BadRequest):
            statistics(firms, ann, "owner", measure)


@given(
    st.datetimes(dt.datetime(1980, 1, 1), dt.datetime(2090, 1, 1)),
    st.sampled_from(["America/New_York", "Asia/Shanghai"]),
)
def test_clocks_are_those_of_the_zone(moment: dt.datetime, zone: str) -> None:
    there = ZoneInfo(zone)
    aware = moment.replace(tzinfo=dt.UTC, microsecond=0)
    clocks = clocks_of(there)
    offset = next((offset for change, offset in clocks.changes if aware >= change), clocks.first)
    assert offset == aware.astimezone(there).utcoffset()
    for unit in ("day", "week", "month", "quarter", "year"):
        start, end = period(period_of(aware.date(), unit), aware.date())
        assert start <= aware.date() <= end
