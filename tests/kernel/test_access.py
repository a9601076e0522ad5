"""Principals: what roles, groups, departments and shares add up to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from core.kernel.access import NOBODY, Principal, PrincipalCache, Reach, load_principal
from core.kernel.database import Database, Session
from core.kernel.generations import raise_access, read_generations
from core.kernel.roles import FieldGrant, GroupMember, Share, UserRole
from core.kernel.types import now
from tests.kernel.people import Company

CUSTOMER = "customers.customer"


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.system("test") as session:
        yield session


@pytest.fixture
def company(session: Session) -> Company:
    return Company(session)


def test_nobody_reaches_nothing() -> None:
    assert NOBODY.reach(CUSTOMER, "view") == Reach("none")
    assert NOBODY.reach("system.user", "view").level == "none"
    assert not NOBODY.allows(CUSTOMER, "view")
    assert NOBODY.shared(CUSTOMER) == (False, False)


def test_person_without_a_role_knows_only_the_names_of_colleagues(company: Company) -> None:
    anna = company.principal(company.person("anna"))
    assert anna.reach("system.user", "view").level == "all"
    assert anna.reach("system.department", "view").level == "all"
    assert anna.reach("system.user", "edit").level == "none"
    assert anna.reach("system.role", "view").level == "none"
    assert anna.reach(CUSTOMER, "view").level == "none"


@pytest.mark.parametrize("level", ["none", "own", "all"])
def test_scopes_that_need_no_department_reach_as_they_say(company: Company, level: str) -> None:
    role = company.role("r", {CUSTOMER: {"view": level}})
    anna = company.person("anna", company.department("East"), roles=(role,))
    assert company.principal(anna).reach(CUSTOMER, "view") == Reach(level)  # type: ignore[arg-type]


def test_department_means_those_the_person_belongs_to_in_every_tree(company: Company) -> None:
    east, bridge = company.department("East"), company.department("Bridge", tree="project")
    below = company.department("Shop", east)
    role = company.role("r", {CUSTOMER: {"view": "department"}})
    anna = company.person("anna", east, bridge, roles=(role,))
    ben, cleo = company.person("ben", bridge), company.person("cleo", below)
    reach = company.principal(anna).reach(CUSTOMER, "view")
    assert reach == Reach("departments", frozenset({east.id, bridge.id}), frozenset({anna.id, ben.id}))
    assert cleo.id not in reach.users


def test_branch_means_also_everything_below(company: Company) -> None:
    east = company.department("East")
    shop = company.department("Shop", east)
    corner = company.department("Corner", shop)
    west = company.department("West")
    anna = company.person("anna", east, roles=(company.role("r", {CUSTOMER: {"view": "branch"}}),))
    ben, _ = company.person("ben", corner), company.person("cleo", west)
    reach = company.principal(anna).reach(CUSTOMER, "view")
    assert reach == Reach("departments", frozenset({east.id, shop.id, corner.id}), frozenset({anna.id, ben.id}))


def test_role_given_at_a_department_reaches_from_there_only(company: Company) -> None:
    east, bridge = company.department("East"), company.department("Bridge", tree="project")
    pier = company.department("Pier", bridge)
    role = company.role("r", {CUSTOMER: {"view": "branch", "edit": "department", "delete": "own"}})
    anna = company.person("anna", east)
    company.give(role, anna, at=bridge)
    principal = company.principal(anna)
    assert principal.reach(CUSTOMER, "view").departments == {bridge.id, pier.id}
    assert principal.reach(CUSTOMER, "edit").departments == {bridge.id}
    assert principal.reach(CUSTOMER, "delete") == Reach("own")
    assert principal.departments == {east.id}


def test_roles_of_person_and_groups_add_up(company: Company) -> None:
    east, west = company.department("East"), company.department("West")
    anna = company.person("anna", east, roles=(company.role("small", {CUSTOMER: {"view": "own", "edit": "own"}}),))
    wide = company.role("wide", {CUSTOMER: {"view": "department"}})
    group = company.group("Tenders", anna, roles=(wide,))
    company.give(wide, anna, at=west)
    principal = company.principal(anna)
    assert principal.reach(CUSTOMER, "view").departments == {east.id, west.id}
    assert principal.reach(CUSTOMER, "edit") == Reach("own")
    assert principal.groups == {group.id}
    assert set(principal.roles) == {"small", "wide"}


def test_most_particular_grant_of_a_role_decides(company: Company) -> None:
    role = company.role(
        "r",
        {
            "*": {"view": "all", "*": "own"},
            "finance.*": {"view": "own"},
            "finance.payment": {"view": "none"},
            CUSTOMER: {"edit": "all"},
        },
    )
    principal = company.principal(company.person("anna", roles=(role,)))
    assert principal.reach("finance.payment", "view").level == "none"
    assert principal.reach("finance.receipt", "view").level == "own"
    assert principal.reach(CUSTOMER, "view").level == "all"
    assert principal.reach(CUSTOMER, "edit").level == "all"
    assert principal.reach(CUSTOMER, "delete").level == "own"
    assert principal.reach(CUSTOMER, "claim").level == "own"


def test_star_stops_before_the_system(company: Company) -> None:
    role = company.role("r", {"*": {"*": "all"}})
    anna = company.person("anna", roles=(role,))
    assert company.principal(anna).reach("system.role", "view").level == "none"
    company.give(company.role("s", {"system.*": {"view": "all"}}), anna)
    assert company.principal(anna).reach("system.role", "view").level == "all"
    assert company.principal(anna).reach("system.role", "edit").level == "none"


def test_administrator_may_do_everything(company: Company) -> None:
    principal = company.principal(company.person("root", roles=(company.role("administrator", {}),)))
    assert principal.administrator
    assert principal.reach("system.role", "edit").level == "all"
    assert principal.reach(CUSTOMER, "whatever").level == "all"
    assert principal.field_access(CUSTOMER, "credit_limit") == "write"


def test_deleted_and_deactivated_count_for_nothing(company: Company) -> None:
    east, shop = company.department("East"), company.department("Shop")
    role = company.role("r", {CUSTOMER: {"view": "branch"}})
    anna = company.person("anna", east, shop)
    given = company.give(role, anna)
    anna.memberships[1].deleted_at = now()
    assert company.principal(anna).reach(CUSTOMER, "view").departments == {east.id}
    given.deleted_at = now()
    assert company.principal(anna).reach(CUSTOMER, "view").level == "none"
    anna.active = False
    assert company.principal(anna) is NOBODY
    anna.active, anna.deleted_at = True, now()
    assert company.principal(anna) is NOBODY
    assert load_principal(company.session, 999_999) is NOBODY


def test_deleted_role_and_left_group_give_nothing(company: Company, session: Session) -> None:
    wide = company.role("wide", {CUSTOMER: {"view": "all"}})
    anna = company.person("anna")
    company.group("Tenders", anna, roles=(wide,))
    assert company.principal(anna).reach(CUSTOMER, "view").level == "all"
    membership = session.scalars(select(GroupMember)).one()
    membership.deleted_at = now()
    assert company.principal(anna).reach(CUSTOMER, "view").level == "none"
    membership.deleted_at = None
    wide.deleted_at = now()
    assert company.principal(anna).reach(CUSTOMER, "view").level == "none"


def test_whoever_has_left_still_counts_among_the_people_of_the_department(company: Company) -> None:
    east = company.department("East")
    anna = company.person("anna", east, roles=(company.role("r", {CUSTOMER: {"view": "department"}}),))
    ben = company.person("ben", east)
    ben.active = False
    assert ben.id in company.principal(anna).reach(CUSTOMER, "view").users


def test_scope_of_departments_without_a_department_is_own(company: Company) -> None:
    anna = company.person("anna", roles=(company.role("r", {CUSTOMER: {"view": "branch"}}),))
    assert company.principal(anna).reach(CUSTOMER, "view") == Reach("own")


def test_principal_knows_person_and_primary_department(company: Company) -> None:
    east, west = company.department("East"), company.department("West")
    anna = company.person("anna", west, east)
    anna.locale, anna.timezone, anna.theme = "en", "Europe/Paris", "dark"
    principal = company.principal(anna)
    assert (principal.login, principal.name, principal.user_id) == ("anna", "Anna", anna.id)
    assert (principal.locale, principal.timezone, principal.theme) == ("en", "Europe/Paris", "dark")
    assert principal.primary_department == west.id
    anna.memberships[0].primary = False
    assert company.principal(anna).primary_department == west.id


def test_principals_of_the_same_content_are_equal(company: Company) -> None:
    east = company.department("East")
    role = company.role("r", {CUSTOMER: {"view": "branch"}})
    anna, ben = company.person("anna", east, roles=(role,)), company.person("ben", east, roles=(role,))
    first, second = company.principal(anna), company.principal(anna)
    first.reach(CUSTOMER, "view")
    assert first == second
    assert hash(first) == hash(second)
    assert first != company.principal(ben)
    assert first != first.with_read_only()


def test_read_only_token_leaves_viewing_and_exporting(company: Company) -> None:
    role = company.role("r", {CUSTOMER: {"*": "all"}})
    anna = company.person("anna", roles=(role,))
    company.session.add(Share(resource="tasks.task", record_id=1, user_id=anna.id, write=True))
    reader = company.principal(anna).with_read_only()
    assert reader.read_only
    assert {action for action in ("view", "create", "edit", "export", "claim") if reader.allows(CUSTOMER, action)} == {
        "view",
        "export",
    }
    assert reader.field_access(CUSTOMER, "name") == "read"
    assert reader.shared("tasks.task") == (True, False)
    assert reader.with_read_only() is reader


def test_shares_with_person_department_or_group_are_flags(company: Company, session: Session) -> None:
    east, west = company.department("East"), company.department("West")
    anna = company.person("anna", east)
    group = company.group("Tenders", anna)
    session.add_all(
        [
            Share(resource="a.person", record_id=1, user_id=anna.id),
            Share(resource="a.department", record_id=1, department_id=east.id, write=True),
            Share(resource="a.group", record_id=1, group_id=group.id, expires_at=now() + timedelta(days=1)),
            Share(resource="a.other", record_id=1, department_id=west.id),
            Share(resource="a.over", record_id=1, user_id=anna.id, expires_at=now() - timedelta(seconds=1)),
            Share(resource="a.deleted", record_id=1, user_id=anna.id, deleted_at=now()),
        ]
    )
    principal = company.principal(anna)
    assert principal.shared("a.person") == (True, False)
    assert principal.shared("a.department") == (True, True)
    assert principal.shared("a.group") == (True, False)
    assert not any(principal.shared(resource)[0] for resource in ("a.other", "a.over", "a.deleted", CUSTOMER))
    assert principal.allows("a.person", "view")
    assert not principal.allows("a.person", "edit")
    assert principal.allows("a.department", "edit")
    assert principal.reach("a.person", "view").level == "none"


def test_kindest_role_decides_over_a_field(company: Company, session: Session) -> None:
    strict = company.role("strict", {CUSTOMER: {"view": "all"}}, {(CUSTOMER, "phone"): "hidden"})
    mild = company.role("mild", {"customers.*": {"view": "own"}}, {(CUSTOMER, "phone"): "read"})
    elsewhere = company.role("elsewhere", {"tasks.*": {"view": "own"}})
    anna = company.person("anna", roles=(strict, elsewhere))
    assert company.principal(anna).field_access(CUSTOMER, "phone") == "hidden"
    assert company.principal(anna).field_access(CUSTOMER, "name") == "write"
    company.give(mild, anna)
    assert company.principal(anna).field_access(CUSTOMER, "phone") == "read"
    session.scalars(select(FieldGrant).where(FieldGrant.access == "read")).one().deleted_at = now()
    assert company.principal(anna).field_access(CUSTOMER, "phone") == "write"


def test_principal_takes_at_most_four_statements(company: Company, database: Database) -> None:
    top = company.department("Top")
    role = company.role("r", {CUSTOMER: {"view": "branch"}}, {(CUSTOMER, "phone"): "read"})
    anna = company.person("anna", top, roles=(role,))
    for number in range(5):
        company.person(f"p{number}", company.department(f"D{number}", top))
    company.group("Tenders", anna, roles=(role,))
    statements: list[str] = []
    connection = company.session.connection()
    event.listen(connection, "before_cursor_execute", lambda *a: statements.append(a[2]))
    principal = load_principal(connection, anna.id)
    assert len(principal.reach(CUSTOMER, "view").departments) == 6
    assert len(statements) <= 4, statements


def _load(cache: PrincipalCache, database: Database, user_id: int) -> Principal:
    with database.transaction(write=False) as connection:
        return cache.get(connection, user_id, read_generations(connection)[0])


def test_cache_keeps_principals_until_access_changes(database: Database) -> None:
    cache = PrincipalCache()
    with database.system("test") as session:
        company = Company(session)
        role = company.role("r", {CUSTOMER: {"view": "all"}})
        anna = company.person("anna", roles=(role,)).id
        ben = company.person("ben", roles=(role,)).id
    first = _load(cache, database, anna)
    assert _load(cache, database, anna) is first
    assert _load(cache, database, ben).rights[0].grants is first.rights[0].grants
    with database.system("test") as session:
        session.scalars(select(UserRole).where(UserRole.user_id == anna)).one().deleted_at = now()
    assert _load(cache, database, anna).reach(CUSTOMER, "view").level == "none"
    with database.system("test") as session:
        raise_access(session)
    assert _load(cache, database, anna) == _load(cache, database, anna)


def test_request_of_an_earlier_moment_puts_nothing_into_the_cache(database: Database) -> None:
    cache = PrincipalCache()
    with database.system("test") as session:
        company = Company(session)
        anna = company.person("anna", roles=(company.role("r", {CUSTOMER: {"view": "all"}}),)).id
        ben = company.person("ben").id
        generation = read_generations(session)[0]
    with database.transaction(write=False) as connection:
        cache.get(connection, ben, generation + 1)
        early = cache.get(connection, anna, generation)
        assert cache.get(connection, anna, generation + 1) is not early


def test_cache_does_not_grow_without_bounds(database: Database) -> None:
    cache = PrincipalCache(limit=2)
    with database.system("test") as session:
        people = [Company(session).person(f"p{number}").id for number in range(5)]
    for person in people:
        assert _load(cache, database, person).user_id == person
    assert len(cache._current[1].principals) <= 2
