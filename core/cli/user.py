"""`sopia user`: people, from a script or before anybody can sign in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from core.kernel.errors import Conflict, FieldError, Invalid, SopiaError
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _

if TYPE_CHECKING:
    from core.kernel.database import Session
    from core.kernel.departments import Department
    from core.kernel.roles import Group, Role
    from core.kernel.users import User


@click.group()
def user() -> None:
    """Add people."""


@user.command()
@click.argument("login")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", "roles", multiple=True, help="A role, by key or name; may be repeated.")
@click.option("--department", "departments", multiple=True, help="A department, by name; the first is the primary one.")
@click.option("--head-of", "headed", multiple=True, help="A department that the person heads.")
@click.option("--group", "groups", multiple=True, help="A group, by name; may be repeated.")
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
def add(
    login: str,
    name: str,
    roles: Sequence[str],
    departments: Sequence[str],
    headed: Sequence[str],
    groups: Sequence[str],
    password_stdin: bool,
) -> None:
    """Add a person who may sign in as LOGIN."""
    from core.cli.installation import writing
    from core.kernel import passwords

    password = sys.stdin.readline().rstrip("\r\n")
    passwords.check_password(password, login)
    password_hash = passwords.hash_password(password)  # slow, so before the transaction
    with writing("sopia user add") as session:
        person = add_person(session, login, name)
        give_roles(session, person, roles)
        give_places(session, person, departments, headed)
        join_groups(session, person, groups)
        session.flush()
        passwords.put_password(session.connection(), person.id, password_hash)
        done = _("{name} may sign in as {login}.", name=person.name, login=person.login)
    click.echo(done)


def add_person(session: Session, login: str, name: str) -> User:
    """The new person, who has no place and no role yet."""
    from sqlalchemy import select

    from core.kernel.users import LOGIN_LENGTH, User

    person = User(login=login, name=name.strip())
    if not person.login or len(person.login) > LOGIN_LENGTH or not person.login.isprintable():
        raise Invalid([FieldError("login", _("'{login}' cannot be a login name.", login=login))])
    if not person.name or len(person.name) > 100 or not person.name.isprintable():
        raise Invalid([FieldError("name", _("'{name}' cannot be a person's name.", name=name))])
    if session.scalars(select(User.id).where(User.login == login, User.deleted_at.is_(None))).first():
        raise Conflict(_("The login '{login}' is taken.", login=person.login), _("Choose another one."))
    session.add(person)
    session.flush()
    return person


def give_roles(session: Session, person: User, wanted: Sequence[str]) -> None:
    """Give the person roles, each named by key or name."""
    from core.kernel.roles import UserRole

    for role in dict.fromkeys(find_role(session, name) for name in wanted):
        session.add(UserRole(user_id=person.id, role_id=role.id))


def give_places(session: Session, person: User, departments: Sequence[str], headed: Sequence[str]) -> None:
    """Put the person into departments; the first one named is the primary one."""
    from core.kernel.departments import Membership

    heads = {find_department(session, name).id for name in headed}
    places = dict.fromkeys(find_department(session, name).id for name in (*departments, *headed))
    for position, place in enumerate(places):
        session.add(
            Membership(user_id=person.id, department_id=place, primary=position == 0, head=place in heads)
        )  # fmt: skip


def join_groups(session: Session, person: User, wanted: Sequence[str]) -> None:
    """Make the person a member of groups."""
    from core.kernel.roles import GroupMember

    for group in dict.fromkeys(find_group(session, name) for name in wanted):
        session.add(GroupMember(group_id=group.id, user_id=person.id))


def find_role(session: Session, wanted: str) -> Role:
    """The role with this key or name."""
    from sqlalchemy import select

    from core.kernel import shipped_roles
    from core.kernel.roles import Role

    role = shipped_roles.find_role(session, wanted)
    if role is None:
        raise _unknown(
            _("There is no role '{name}'.", name=wanted),
            session.scalars(select(Role.key).where(Role.deleted_at.is_(None)).order_by(Role.id)).all(),
        )
    return role


def find_department(session: Session, wanted: str) -> Department:
    """The department of this name, which must be the only one of it; "Sales/East" names the one below Sales."""
    from sqlalchemy import select
    from sqlalchemy.orm import aliased

    from core.kernel.departments import Department

    above, name = wanted.rpartition("/")[::2]
    query = select(Department).where(Department.name == (name if above else wanted), Department.deleted_at.is_(None))
    if above:
        parent = aliased(Department)
        query = query.join(parent, parent.id == Department.parent_id).where(parent.name == above.rpartition("/")[2])
    found = session.scalars(query.limit(2)).all()
    if not found:
        names = select(Department.name).where(Department.deleted_at.is_(None)).order_by(Department.id)
        raise _unknown(_("There is no department '{name}'.", name=wanted), session.scalars(names).all())
    if len(found) > 1:
        raise Conflict(
            _("There are several departments '{name}'.", name=wanted),
            _("Name the one above it too, as in {example}.", example=f"…/{name or wanted}"),
        )
    return found[0]


def find_group(session: Session, wanted: str) -> Group:
    """The group of this name."""
    from sqlalchemy import select

    from core.kernel.roles import Group

    group = session.scalars(select(Group).where(Group.name == wanted, Group.deleted_at.is_(None))).first()
    if group is None:
        names = select(Group.name).where(Group.deleted_at.is_(None)).order_by(Group.id)
        raise _unknown(_("There is no group '{name}'.", name=wanted), session.scalars(names).all())
    return group


SHOWN = 10
"""So many names at most are told as a remedy."""


def _unknown(message: Text, names: Sequence[str]) -> SopiaError:
    if not names:
        return Conflict(message, _("There are none yet; make one in the administration."))
    shown = ", ".join(names[:SHOWN]) + ("…" if len(names) > SHOWN else "")
    return Conflict(message, _("Use one of: {names}.", names=shown))
