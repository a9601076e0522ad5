import io
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from core.cli import run
from core.kernel.database import Database
from core.kernel.departments import Department, Membership, department_head
from core.kernel.history import HistoryEntry
from core.kernel.passwords import Credential, verify_password
from core.kernel.roles import Group, GroupMember, Role, UserRole
from core.kernel.shipped_roles import install_roles
from core.kernel.tokens import find_token
from core.kernel.users import User
from core.testing.databases import Schema

Sopia = Callable[..., tuple[int, str, str]]
PASSWORD = "correct horse battery"
LINA = select(User).where(User.login == "lina")


def fill(database: Database) -> None:
    with database.system("test") as session:
        install_roles(session)
        sales, service = Department(name="Sales"), Department(name="Service")
        session.add_all([sales, service, Group(name="Champions")])
        session.flush()
        session.add_all([Department(name="East", parent_id=sales.id), Department(name="East", parent_id=service.id)])


@pytest.fixture
def schema() -> Schema:
    return Schema(fill=fill)


@pytest.fixture
def sopia(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Sopia:
    """Runs a command on the test's database; the password is on standard input."""
    monkeypatch.setenv("SOPIA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SOPIA_DATABASE_URL", database_url)
    monkeypatch.setenv("SOPIA_ADMIN_PASSWORD", PASSWORD)
    monkeypatch.setenv("SOPIA_PLUGINS", "")

    def run_sopia(*arguments: str, typed: str = PASSWORD) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed + "\n"))
        status = run(arguments)
        return (status, *capsys.readouterr())

    return run_sopia


def add_user(sopia: Sopia, login: str, *arguments: str, typed: str = PASSWORD) -> tuple[int, str, str]:
    return sopia("user", "add", login, "--name", "李娜", "--password-stdin", *arguments, typed=typed)


def test_person_is_added_with_roles_places_and_groups(sopia: Sopia, database: Database) -> None:
    places = ("--department", "Sales", "--department", "Service/East", "--head-of", "Service/East")
    status, out, err = add_user(sopia, "Lina", "--role", "manager", "--role", "Reader", *places, "--group", "Champions")
    assert (status, out, err) == (0, "李娜 may sign in as lina.\n", "")
    with database.system("test", write=False) as session:
        person = session.scalars(LINA).one()
        roles = select(Role.key).join(UserRole, UserRole.role_id == Role.id).where(UserRole.user_id == person.id)
        assert set(session.scalars(roles)) == {"manager", "reader"}
        members = session.scalars(select(Membership).order_by(Membership.id)).all()
        assert [(m.department.name, m.primary, m.head) for m in members] == [
            ("Sales", True, False),
            ("East", False, True),
        ]
        assert department_head(session, members[1].department_id) is person
        assert session.scalars(select(GroupMember.user_id)).all() == [person.id]
        kept = session.scalars(select(Credential.password_hash).where(Credential.user_id == person.id)).one()
        assert verify_password(PASSWORD, kept)[0]


def test_adding_a_person_leaves_history(sopia: Sopia, database: Database) -> None:
    add_user(sopia, "lina")
    with database.system("test", write=False) as session:
        entry = session.scalars(
            select(HistoryEntry).where(HistoryEntry.resource == "system.user", HistoryEntry.origin == "command")
        ).one()
        assert (entry.action, entry.after["name"]) == ("create", "李娜")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--role", "emperor"), "no role 'emperor'. Use one of: administrator, manager, member, reader."),
        (("--department", "Kitchen"), "no department 'Kitchen'. Use one of: Sales, Service, East, East."),
        (("--department", "East"), "several departments 'East'. Name the one above it too, as in …/East."),
        (("--group", "Losers"), "no group 'Losers'. Use one of: Champions."),
    ],
)
def test_unknown_names_are_told_and_nothing_is_kept(
    arguments: tuple[str, ...], words: str, sopia: Sopia, database: Database
) -> None:
    status, out, err = add_user(sopia, "lina", *arguments)
    assert (status, out) == (1, "")
    assert words in err
    with database.system("test", write=False) as session:
        assert session.scalars(LINA).all() == []


def test_weak_password_taken_login_and_empty_name_are_refused(sopia: Sopia) -> None:
    status, _, err = add_user(sopia, "lina", typed="12345")
    assert status == 1
    assert "password" in err
    add_user(sopia, "lina")
    assert "The login 'lina' is taken." in add_user(sopia, "LINA")[2]
    assert "cannot be a login name" in add_user(sopia, " ")[2]
    assert sopia("user", "add", "wei", "--name", " ", "--password-stdin")[0] == 1


def test_password_is_never_an_argument(sopia: Sopia) -> None:
    assert sopia("user", "add", "lina", "--name", "李娜")[0] == 2


def test_token_stands_alone_on_standard_output_and_opens_the_api(sopia: Sopia, database: Database) -> None:
    add_user(sopia, "lina")
    status, out, err = sopia("token", "create", "--user", "lina", "--read-only", "--days", "7")
    assert (status, err) == (0, "")
    with database.transaction(write=False) as connection:
        found = find_token(connection, out.removesuffix("\n"))
    assert found is not None
    assert found.read_only


def test_token_for_nobody_is_refused(sopia: Sopia) -> None:
    status, out, err = sopia("token", "create", "--user", "ghost")
    assert (status, out) == (1, "")
    assert "'ghost'" in err


def test_installation_without_database_says_how_to_make_one(
    sopia: Sopia, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOPIA_DATABASE_URL", f"sqlite:///{tmp_path}/absent.db")
    status, _, err = add_user(sopia, "lina")
    assert status == 1
    assert "Make it with: sopia init" in err
    assert not (tmp_path / "absent.db").exists()


def test_database_that_does_not_answer_is_one_sentence(sopia: Sopia, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPIA_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    status, _, err = add_user(sopia, "lina")
    assert status == 1
    assert err.startswith("Error: The database cannot be used: ")
    assert len(err.splitlines()) == 1
