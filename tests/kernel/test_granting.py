"""Nobody gives away what he does not have."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import select, update

from core.kernel.access import Principal
from core.kernel.database import Base, Database, Session
from core.kernel.departments import Membership
from core.kernel.errors import Conflict, GateRefused, Invalid
from core.kernel.gate import Gate
from core.kernel.granting import check_grantable, check_manageable
from core.kernel.roles import FieldGrant, Grant, GroupMember, GroupRole, Role, UserRole
from core.kernel.users import User
from tests.kernel.people import Company

CUSTOMER = "customers.customer"
SYSTEM = {"system.*": {"*": "all"}}


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.system("test") as session:
        yield session


@pytest.fixture
def company(session: Session) -> Company:
    return Company(session)


def officer(company: Company, **grants: dict[str, str]) -> Principal:
    """Somebody who looks after people and roles, and has the grants besides; `_` stands for everything."""
    named = {"*" if name == "_" else name.replace("__", "."): actions for name, actions in grants.items()}
    return company.principal(company.person("officer", roles=(company.role("officer", {**SYSTEM, **named}),)))


def test_grant_within_ones_own_is_fine(company: Company) -> None:
    principal = officer(company, _={"view": "branch", "edit": "own"})
    check_grantable(principal, [(CUSTOMER, "view", "department"), ("*", "view", "branch"), ("*", "edit", "none")])


@pytest.mark.parametrize(
    "grant",
    [
        (CUSTOMER, "view", "all"),
        (CUSTOMER, "edit", "department"),
        (CUSTOMER, "delete", "own"),
        ("*", "*", "own"),
        ("finance.payment", "view", "own"),
        ("finance.*", "view", "own"),
        ("*", "view", "own"),
    ],
)
def test_grant_beyond_ones_own_is_refused_with_its_name(company: Company, grant: tuple[str, str, str]) -> None:
    principal = officer(company, _={"view": "branch", "edit": "own"}, finance__payment={"view": "none"})
    with pytest.raises(Invalid) as refused:
        check_grantable(principal, [grant])
    assert [error.field for error in refused.value.errors] == ["grants"]
    assert repr(grant[0]) in str(refused.value)


def test_administrator_grants_everything(company: Company) -> None:
    root = company.principal(company.person("root", roles=(company.role("administrator", {}),)))
    check_grantable(root, [("*", "*", "all"), ("system.*", "*", "all")])


def test_nobody_manages_those_who_may_do_more(company: Company) -> None:
    principal = officer(company, _={"view": "department"})
    wide = company.role("wide", {CUSTOMER: {"view": "all"}})
    boss, colleague = company.person("boss", roles=(wide,)), company.person("colleague")
    check_manageable(company.session, principal, colleague.id)
    with pytest.raises(Conflict, match="Boss"):
        check_manageable(company.session, principal, boss.id)


def test_departments_of_the_other_must_lie_within_reach(company: Company) -> None:
    east, west = company.department("East"), company.department("West")
    shop = company.department("Shop", east)
    branch = company.role("branch", {CUSTOMER: {"view": "branch"}})
    keeper = company.person("keeper", east, roles=(branch, company.role("keeping", SYSTEM)))
    principal = company.principal(keeper)
    check_manageable(company.session, principal, company.person("anna", shop, roles=(branch,)).id)
    with pytest.raises(Conflict):
        check_manageable(company.session, principal, company.person("ben", west, roles=(branch,)).id)


Scoped = Callable[[Principal], AbstractContextManager[Session]]


@pytest.fixture
def scoped(database: Database) -> Scoped:
    """Opens writing sessions of a principal, as a form or the API does."""
    models = [mapper.class_ for mapper in Base.registry.mappers if mapper.class_.__tablename__.startswith("system_")]
    gate = Gate(database, models)

    @contextmanager
    def open_session(principal: Principal) -> Iterator[Session]:
        with gate.session(principal, write=True) as session:
            yield session

    return open_session


@pytest.fixture
def staff(database: Database) -> dict[str, int]:
    """A company with an officer who may edit people and roles, and sees the customers of his department."""
    with database.system("test") as session:
        company = Company(session)
        east, west = company.department("East"), company.department("West")
        own = {(CUSTOMER, "phone"): "hidden"}
        narrow = company.role("narrow", {**SYSTEM, CUSTOMER: {"view": "department"}}, own)
        wide = company.role("wide", {CUSTOMER: {"view": "all"}})
        root = company.role("administrator", {"*": {"*": "all"}})
        officer = company.person("officer", east, roles=(narrow,))
        boss, anna = company.person("boss", roles=(root,)), company.person("anna", east)
        group = company.group("Masters", roles=(wide,))
        ids = {"east": east, "west": west, "narrow": narrow, "wide": wide, "root": root, "group": group}
        people = {"officer": officer, "boss": boss, "anna": anna}
        return {name: made.id for name, made in [*ids.items(), *people.items()]}


def load(database: Database, user_id: int) -> Principal:
    """The principal as a new request loads it."""
    with database.system("test", write=False) as session:
        return Company(session).principal(session.get_one(User, user_id))


def attempts(staff: dict[str, int]) -> dict[str, Callable[[Session], None]]:
    """Ways to more access than the officer has, for himself or for others."""

    def rename_login(session: Session) -> None:
        session.get_one(User, staff["boss"]).login = "mine"

    def shut_out(session: Session) -> None:
        session.get_one(User, staff["boss"]).active = False

    def widen_own_role(session: Session) -> None:
        session.scalars(
            select(Grant).where(Grant.resource == CUSTOMER, Grant.scope == "department")
        ).one().scope = "all"

    def uncover_field(session: Session) -> None:
        session.scalars(select(FieldGrant)).one().access = "write"

    def demote_boss(session: Session) -> None:
        session.delete(session.scalars(select(UserRole).where(UserRole.role_id == staff["root"])).one())

    def new_role(session: Session) -> None:
        session.add(Role(name="New", grants=[Grant(resource=CUSTOMER, action="edit", scope="own")]))

    adding: dict[str, Base] = {
        "take a wide role": UserRole(user_id=staff["officer"], role_id=staff["wide"]),
        "become administrator": UserRole(user_id=staff["officer"], role_id=staff["root"]),
        "give somebody a wide role": UserRole(user_id=staff["anna"], role_id=staff["wide"]),
        "join a group": GroupMember(group_id=staff["group"], user_id=staff["officer"]),
        "give a group a role": GroupRole(group_id=staff["group"], role_id=staff["root"]),
        "join a department": Membership(user_id=staff["officer"], department_id=staff["west"]),
        "take the role elsewhere": UserRole(
            user_id=staff["officer"], role_id=staff["narrow"], department_id=staff["west"]
        ),
        "add to a role": Grant(role_id=staff["narrow"], resource="*", action="view", scope="own"),
    }
    changing = (rename_login, shut_out, widen_own_role, uncover_field, demote_boss, new_role)

    def add(record: Base) -> Callable[[Session], None]:
        return lambda session: session.add(record)

    return {
        **{name: add(record) for name, record in adding.items()},
        **{change.__name__: change for change in changing},
    }


def test_officer_cannot_raise_anybody_above_himself(
    database: Database, scoped: Scoped, staff: dict[str, int], subtests: pytest.Subtests
) -> None:
    principal = load(database, staff["officer"])
    for name, attempt in attempts(staff).items():
        with subtests.test(name):
            with pytest.raises((Conflict, Invalid)), scoped(principal) as session:
                attempt(session)
            assert load(database, staff["officer"]) == principal


def test_officer_changes_access_record_by_record(database: Database, scoped: Scoped, staff: dict[str, int]) -> None:
    principal = load(database, staff["officer"])
    with pytest.raises(GateRefused), scoped(principal) as session:
        session.execute(update(Grant).where(Grant.role_id == staff["narrow"]).values(scope="all"))
    assert load(database, staff["officer"]) == principal


def test_officer_may_do_what_stays_within_his_own(database: Database, scoped: Scoped, staff: dict[str, int]) -> None:
    with scoped(load(database, staff["officer"])) as session:
        session.add(UserRole(user_id=staff["anna"], role_id=staff["narrow"]))
        session.get_one(User, staff["boss"]).phone = "123"
        session.get_one(User, staff["anna"]).active = False
        new = User(login="ben", name="Ben")
        session.add(new)
        session.flush()
        session.add(Membership(user_id=new.id, department_id=staff["west"]))
        session.add(Role(name="New", grants=[Grant(resource=CUSTOMER, action="view", scope="own")]))


def test_administrator_gives_what_he_likes(database: Database, scoped: Scoped, staff: dict[str, int]) -> None:
    with scoped(load(database, staff["boss"])) as session:
        session.add(UserRole(user_id=staff["officer"], role_id=staff["root"]))
    assert load(database, staff["officer"]).administrator


def test_rule_holds_wherever_there_are_scoped_sessions() -> None:
    program = "import sys, core.kernel.gate; sys.exit('core.kernel.granting' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
