"""Rules about people and departments that no path of a change gets around."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from core.kernel.database import Base, Database, Session
from core.kernel.departments import Department, Membership, department_head, primary_department
from core.kernel.errors import Conflict
from core.kernel.generations import raise_plugins, read_generations
from core.kernel.organisation import administrators
from core.kernel.roles import Group, GroupMember, Role, Share, UserRole
from core.kernel.shipped_roles import find_role, install_roles
from core.kernel.types import now
from core.kernel.users import User
from tests.kernel.people import Company


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.system("test") as session:
        yield session


@pytest.fixture
def company(session: Session) -> Company:
    return Company(session)


@pytest.fixture
def administrator(session: Session, company: Company) -> User:
    install_roles(session)
    return company.person("root", roles=(role(session, "administrator"),))


def role(session: Session, key: str) -> Role:
    """A shipped role."""
    found = find_role(session, key)
    assert found is not None
    return found


def test_last_administrator_stays_active(session: Session, administrator: User) -> None:
    administrator.active = False
    with pytest.raises(Conflict, match="administers"):
        session.flush()


def test_last_administrator_is_not_deleted(session: Session, administrator: User) -> None:
    administrator.deleted_at = now()
    with pytest.raises(Conflict):
        session.flush()


def test_last_administrator_keeps_the_role(session: Session, administrator: User) -> None:
    session.delete(session.scalars(select(UserRole)).one())
    with pytest.raises(Conflict):
        session.flush()


def test_role_of_the_last_administrator_is_not_deleted(session: Session, administrator: User) -> None:
    role(session, "administrator").deleted_at = now()
    with pytest.raises(Conflict):
        session.flush()


def test_last_administrator_by_a_group_keeps_the_group(session: Session, company: Company) -> None:
    install_roles(session)
    root = company.person("root")
    company.group("Masters", root, roles=(role(session, "administrator"),))
    assert administrators(session.connection()) == [root.id]
    session.scalars(select(GroupMember)).one().deleted_at = now()
    with pytest.raises(Conflict):
        session.flush()


def test_change_in_bulk_does_not_get_around_it(session: Session, administrator: User) -> None:
    with pytest.raises(Conflict):
        session.execute(update(User).values(active=False))
    with pytest.raises(Conflict):
        session.execute(delete(UserRole))
    with pytest.raises(Conflict):
        session.execute(delete(Base.metadata.tables["system_user_role"]))


def test_one_of_two_administrators_may_go(session: Session, company: Company, administrator: User) -> None:
    second = company.person("second", roles=(role(session, "administrator"),))
    administrator.active = False
    session.flush()
    assert administrators(session.connection()) == [second.id]


def test_without_any_administrator_people_may_be_deactivated(company: Company) -> None:
    company.person("anna").active = False
    company.session.flush()


def test_two_administrators_cannot_remove_each_other_at_the_same_time(database: Database) -> None:
    with database.system("test") as session:
        install_roles(session)
        company = Company(session)
        people = [company.person(name, roles=(role(session, "administrator"),)).id for name in ("anna", "ben")]
    start = Barrier(2)

    def deactivate(person: int) -> bool:
        start.wait()
        try:
            with database.system("test") as session:
                session.get_one(User, person).active = False
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(deactivate, people)) == [False, True]
    with database.transaction(write=False) as connection:
        assert len(administrators(connection)) == 1


def test_department_cannot_lie_below_itself(company: Company) -> None:
    east = company.department("East")
    shop = company.department("Shop", east)
    corner = company.department("Corner", shop)
    east.parent_id = corner.id
    with pytest.raises(Conflict, match="below itself"):
        company.session.flush()


def test_department_cannot_be_its_own_parent(company: Company) -> None:
    east = company.department("East")
    east.parent_id = east.id
    with pytest.raises(Conflict, match="below itself"):
        company.session.flush()


def test_departments_may_move_within_their_tree(company: Company) -> None:
    east, west = company.department("East"), company.department("West")
    shop = company.department("Shop", east)
    shop.parent_id = west.id
    company.session.flush()


def test_new_department_joins_the_tree_of_the_one_above(company: Company) -> None:
    bridge = company.department("Bridge", tree="project")
    assert company.department("Pier", bridge).tree == "project"
    assert company.department("East").tree == "line"
    chain = Department(name="Rope", parent=Department(name="Net", parent=bridge))
    company.session.add(chain)
    company.session.flush()
    assert chain.tree == "project"


def test_department_of_another_tree_is_refused(company: Company) -> None:
    bridge = company.department("Bridge", tree="project")
    with pytest.raises(Conflict, match=r"'line'.*'project'"):
        company.department("Pier", bridge, tree="line")


def test_tree_with_departments_below_keeps_its_name(company: Company) -> None:
    bridge = company.department("Bridge", tree="project")
    company.department("Pier", bridge)
    bridge.tree = "region"
    with pytest.raises(Conflict):
        company.session.flush()


def test_department_with_people_is_not_deleted(company: Company) -> None:
    east = company.department("East")
    company.person("anna", east)
    east.deleted_at = now()
    with pytest.raises(Conflict, match="People still belong"):
        company.session.flush()


def test_department_with_others_below_is_not_deleted(company: Company) -> None:
    east = company.department("East")
    company.department("Shop", east)
    east.deleted_at = now()
    with pytest.raises(Conflict, match="below one that is deleted"):
        company.session.flush()


def test_nobody_reports_to_himself_by_way_of_others(company: Company) -> None:
    anna, ben, cleo = (company.person(name) for name in ("anna", "ben", "cleo"))
    ben.manager_id, cleo.manager_id = anna.id, ben.id
    company.session.flush()
    anna.manager_id = cleo.id
    with pytest.raises(Conflict, match="would report"):
        company.session.flush()


def places(session: Session, person: User) -> dict[int, bool]:
    """The departments of a person, and which is the primary one, as the database has it."""
    wanted = select(Membership.department_id, Membership.primary)
    rows = session.connection().execute(wanted.where(Membership.user_id == person.id))
    return {row.department_id: row.primary for row in rows}


def test_first_place_of_a_person_is_the_primary_one(company: Company, session: Session) -> None:
    east, west = company.department("East"), company.department("West")
    anna = User(login="anna", name="Anna")
    session.add_all([Membership(user=anna, department=west), Membership(user=anna, department=east)])
    session.flush()
    assert sorted(places(session, anna).values()) == [False, True]
    ben = company.person("ben")
    session.add(Membership(user_id=ben.id, department_id=east.id))
    session.flush()
    session.add(Membership(user_id=ben.id, department_id=west.id))
    session.flush()
    assert places(session, ben) == {east.id: True, west.id: False}
    assert primary_department(session, ben.id) == east.id


def test_new_primary_place_takes_over_from_the_old(company: Company, session: Session) -> None:
    east, west, north = (company.department(name) for name in ("East", "West", "North"))
    anna = company.person("anna", east, west)
    session.add(Membership(user=anna, department=north, primary=True))
    session.flush()
    assert places(session, anna) == {east.id: False, west.id: False, north.id: True}
    session.expire_all()
    anna.memberships[1].primary = True
    session.flush()
    assert places(session, anna) == {east.id: False, west.id: True, north.id: False}


def test_form_may_send_the_change_of_both_places(company: Company, session: Session) -> None:
    east, west = company.department("East"), company.department("West")
    anna = company.person("anna", west, east)
    for membership in anna.memberships:
        membership.primary = not membership.primary
    session.flush()
    assert places(session, anna) == {east.id: True, west.id: False}


def test_database_itself_keeps_to_one_primary_place(company: Company, session: Session) -> None:
    anna = company.person("anna", company.department("East"), company.department("West"))
    with pytest.raises(IntegrityError):
        session.connection().execute(update(Membership).where(Membership.user_id == anna.id).values(primary=True))


def test_head_of_a_department_is_derived_from_memberships(company: Company, session: Session) -> None:
    east = company.department("East")
    assert department_head(session, east.id) is None
    anna, ben = company.person("anna", east), company.person("ben", east)
    anna.memberships[0].head = ben.memberships[0].head = True
    session.flush()
    assert department_head(session, east.id) is anna
    anna.active = False
    session.flush()
    assert department_head(session, east.id) is ben


def test_login_names_are_normalised_and_unique_among_those_who_are_there(company: Company, session: Session) -> None:
    anna = company.person("  ＡnnA ")
    assert anna.login == "anna"
    assert session.scalars(select(User).where(User.login == "ANNA")).one() is anna
    anna.deleted_at = now()
    session.flush()
    company.person("Anna")
    with pytest.raises(IntegrityError):
        session.connection().execute(update(User).values(deleted_at=None, login="ANNA"))


def test_share_names_exactly_one_receiver(company: Company, session: Session) -> None:
    anna = company.person("anna")
    group = company.group("Tenders")
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(Share(resource="a.b", record_id=1))
        session.flush()
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(Share(resource="a.b", record_id=1, user_id=anna.id, group_id=group.id))
        session.flush()


def generations(database: Database) -> tuple[int, int]:
    """The counters as a new request sees them."""
    with database.transaction(write=False) as connection:
        return read_generations(connection)


def test_every_change_of_access_raises_the_generation(database: Database) -> None:
    assert generations(database) == (1, 1)
    with database.system("test") as session:
        person = Company(session).person("anna").id
    before = generations(database)[0]
    assert before > 1
    with database.system("test") as session:
        session.get_one(User, person).active = False
    after = generations(database)[0]
    assert after > before
    with database.system("test") as session:
        session.execute(update(User).values(name="Somebody"))
    assert generations(database)[0] > after


def test_reading_and_failing_leave_the_generation(database: Database) -> None:
    with database.system("test") as session:
        Company(session).person("anna")
    before = generations(database)
    with database.system("test") as session:
        session.scalars(select(User)).one().login = "anna"
    with pytest.raises(ZeroDivisionError), database.system("test") as session:
        session.add(Group(name="Tenders"))
        session.flush()
        raise ZeroDivisionError
    assert generations(database) == before


def test_plugins_have_a_generation_of_their_own(database: Database) -> None:
    with database.system("test") as session:
        raise_plugins(session)
        raise_plugins(session)
    assert generations(database) == (1, 3)
