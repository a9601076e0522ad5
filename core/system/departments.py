"""Departments and memberships as resources; who heads a department is read from its memberships."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from core.kernel.departments import Department, Membership
from core.kernel.i18n import translate as _
from core.kernel.users import User
from core.resources.fields import Field
from core.resources.resource import Derived, Resource, Rows, Section

MENU = _("Administration")


def heads_of(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """The id of the present head by department; of several, the one who has been it longest."""
    rows = connection.execute(
        select(Membership.department_id, Membership.user_id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.department_id.in_(ids),
            Membership.head,
            Membership.deleted_at.is_(None),
            User.active,
            User.deleted_at.is_(None),
        )
        .order_by(Membership.id.desc())
    )
    return {row.department_id: row.user_id for row in rows}


departments = Resource(
    Department,
    title=_("Department"),
    plural=_("Departments"),
    list=("name", "tree", "parent", "head", "position"),
    form=("name", "tree", "parent", "position", Section(_("People"), ("memberships",))),
    search=("name",),
    sort="position",
    menu=MENU,
    icon="tree",
    fields=(
        Field(
            "tree",
            label=_("Dimension"),
            required=False,
            help=_("line, region, project: a department belongs to one tree. Below another it belongs to that one's."),
        ),
        Field("parent", label=_("Above")),
        Field("position", label=_("Position in the list")),
    ),
    parts=(
        Derived(Field("head", label=_("Head"), target="system.user"), heads_of),
        Rows(
            "memberships",
            fields=("user", Field("title", label=_("Position held")), "head", "deputy", "primary"),
            key=("user",),
            label=_("People"),
            add=_("Add a person"),
        ),
    ),
)

memberships = Resource(
    Membership,
    title=_("Membership"),
    plural=_("Memberships"),
    list=("user", "department", "title", "head", "deputy", "primary"),
    sort="id",
    fields=(Field("title", label=_("Position held")),),
)
