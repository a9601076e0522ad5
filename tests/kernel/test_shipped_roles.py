"""The roles that come with Sopia."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.kernel.database import Database
from core.kernel.i18n import Catalogues, activate
from core.kernel.roles import Grant, Role
from core.kernel.shipped_roles import find_role, install_roles
from core.kernel.types import now
from tests.kernel.people import Company

EXPECTED = {
    "administrator": {"view": "all", "create": "all", "export": "all", "import": "all", "assign": "all", "void": "all"},
    "manager": {"view": "branch", "edit": "branch", "delete": "branch", "export": "branch", "assign": "branch"},
    "member": {
        "view": "own",
        "create": "own",
        "edit": "own",
        "delete": "own",
        "import": "own",
        "confirm": "own",
        "export": "none",
        "assign": "none",
    },
    "reader": {"view": "department", "create": "none", "edit": "none", "export": "none", "confirm": "none"},
}


@pytest.mark.parametrize("key", EXPECTED)
def test_shipped_role_allows_what_it_is_made_for(database: Database, key: str) -> None:
    with database.system("test") as session:
        install_roles(session)
        company, role = Company(session), find_role(session, key)
        assert role is not None
        principal = company.principal(company.person("anna", roles=(role,)))
        assert {action: str(principal.scope("a.b", action)) for action in EXPECTED[key]} == EXPECTED[key]
        assert (principal.reach("system.role", "edit").level == "all") == (key == "administrator")


def test_installing_again_changes_nothing(database: Database) -> None:
    with database.system("test") as session:
        install_roles(session)
        reader, member = find_role(session, "reader"), find_role(session, "member")
        assert reader
        assert member
        reader.deleted_at = now()
        member.name = "Salesperson"
        for grant in member.grants:
            grant.deleted_at = now()
        session.flush()
        install_roles(session)
        assert len(session.scalars(select(Role)).all()) == len(EXPECTED)
        assert find_role(session, "reader") is None
        assert find_role(session, "salesPERSON") is member
        wanted = select(Grant).where(Grant.role_id == member.id, Grant.deleted_at.is_(None))
        assert session.scalars(wanted).all() == []


def test_names_of_shipped_roles_are_translated_until_somebody_renames_them(database: Database) -> None:
    with database.system("test") as session:
        install_roles(session)
        manager = find_role(session, "manager")
        assert manager
        assert str(manager) == "Manager"
        with activate(Catalogues(), "zh_Hans"):
            assert str(manager) != "Manager"
            manager.name = "Boss"
            assert str(manager) == "Boss"


def test_role_without_a_key_gets_one(database: Database) -> None:
    with database.system("test") as session:
        session.add_all([Role(name="One"), Role(name="Two")])
        session.flush()
        keys = session.scalars(select(Role.key)).all()
        assert len(set(keys)) == 2
