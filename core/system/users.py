"""People as a resource: their places, roles and groups, and what an administrator does with an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.kernel.errors import NotFound
from core.kernel.generations import privileged
from core.kernel.granting import check_manageable
from core.kernel.history import Change, tell
from core.kernel.i18n import translate as _
from core.kernel.passwords import check_password, hash_password, put_password
from core.kernel.sessions import end_all_sessions, open_sessions
from core.kernel.tokens import revoke_token, shut_out, tokens_of
from core.kernel.users import User
from core.resources.fields import Choice, Field
from core.resources.resource import Action, Panel, Resource, Rows, Section
from core.system.departments import MENU


def hash_given(session: Any, user_id: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """The hash in place of a new password: made before anybody waits for the transaction."""
    password = given.get("password")
    if not isinstance(password, str) or not password:
        return dict(given)
    user = session.get(User, user_id)
    check_password(password, user.login if user else "")
    return {**given, "password": hash_password(password)}


def set_password(session: Any, user: User, password: str) -> None:
    """Give a person a new password, end his sessions and revoke his tokens."""
    _may_manage(session, user)
    put_password(privileged(session), user.id, password)
    shut_out(privileged(session), user.id)
    _tell(session, user)


def end_sessions(session: Any, user: User) -> None:
    """Sign a person out everywhere."""
    _may_manage(session, user)
    end_all_sessions(privileged(session), user.id)
    _tell(session, user)


def deactivate(session: Any, user: User) -> None:
    """Keep the person's records and take the access; sessions and tokens end at once, and do not come back."""
    user.active = False


def activate(session: Any, user: User) -> None:
    """Let the person sign in again."""
    user.active = True


def revoke(session: Any, user: User, token: int) -> None:
    """Make a program's token useless from the next request on."""
    _may_manage(session, user)
    if not revoke_token(privileged(session), user.id, token):
        raise NotFound
    _tell(session, user)


def account(session: Any, user: User) -> dict[str, Any]:
    """Where a person is signed in and which programs speak in his name, for the panel."""
    connection = privileged(session)
    return {"sessions": open_sessions(connection, user.id), "tokens": tokens_of(connection, user.id)}


def _may_manage(session: Any, user: User) -> None:
    principal = session.info["principal"]
    if not principal.administrator:
        check_manageable(session, principal, user.id)


def _tell(session: Any, user: User) -> None:
    """History says that it was done; the password and the sessions themselves are nobody's to read."""
    tell(session, [Change(User, user.id, "edit", {}, {}, user)])


users = Resource(
    User,
    title=_("User"),
    plural=_("Users"),
    list=("name", "login", "memberships", "roles", "manager", "phone", "active"),
    form=(
        Section("", ("name", "login", "email", "phone", "manager")),
        Section(_("Departments"), ("memberships",)),
        Section(_("Access"), ("roles", "groups")),
        Section(_("Preferences"), ("locale", "timezone")),
    ),
    search=("name", "login", "email", "phone"),
    sort="name",
    menu=MENU,
    icon="person",
    fields=(
        Field("name", label=_("Full name")),
        Field("login", label=_("Login name")),
        Field("email", kind="email"),
        Field("phone", kind="phone"),
        Field("manager", label=_("Reports to")),
        Field("locale", label=_("Language"), choices=(Choice("zh_Hans", "简体中文"), Choice("en", "English"))),
        Field("timezone", label=_("Time zone")),
        Field("theme", hidden=True),
        Field("density", hidden=True),
    ),
    parts=(
        Rows(
            "memberships",
            fields=("department", Field("title", label=_("Position held")), "head", "deputy", "primary"),
            key=("department",),
            label=_("Departments"),
            help=_("New records of this person belong to the primary department."),
            add=_("Add a department"),
        ),
        Rows(
            "roles",
            fields=("role", Field("department", label=_("Only for"))),
            key=("role", "department"),
            plain=True,
            needs="system.role",
            label=_("Roles"),
            help=_("For a department, a role reaches from there instead of from where the person belongs."),
            add=_("Add a role"),
        ),
        Rows("groups", fields=("group",), key=("group",), plain=True, label=_("Groups"), add=_("Add a group")),
        Action(
            "set_password",
            _("Set a password"),
            set_password,
            ask=(
                Field(
                    "password",
                    label=_("New password"),
                    kind="password",
                    required=True,
                    max_length=1000,
                    help=_("All sessions of this person end, and all tokens are revoked."),
                ),
            ),
            allow="edit",
            style="quiet",
            icon="lock",
            prepare=hash_given,
            final=True,
        ),
        Action("end_sessions", _("Sign out everywhere"), end_sessions, allow="edit", style="quiet", final=True),
        Action(
            "deactivate",
            _("Deactivate and sign out everywhere"),
            deactivate,
            allow="edit",
            when=lambda user: bool(user.active),
            style="quiet",
        ),
        Action(
            "revoke_token",
            _("Revoke a token"),
            revoke,
            ask=(Field("token", kind="integer", required=True),),
            allow="edit",
            style="hidden",
            final=True,
        ),
        Panel(_("Sign-ins and tokens"), template="parts/account.html", make=account, allow="edit"),
        Action("activate", _("Activate"), activate, allow="edit", when=lambda user: not user.active),
    ),
)
