"""The departments as trees beside one another, with the people in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Row, select

from core.kernel.departments import LINE, Department, Membership
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.users import User
from core.resources.fields import Words
from core.web.navigation import person
from core.web.pages.lists import ListPages
from core.web.responses import Response
from core.web.routing import Route
from core.web.views import Empty, Link, Person
from core.web.views.administration import DepartmentNode, DepartmentsView, DepartmentTree, Member

if TYPE_CHECKING:
    from core.kernel.platform import Platform
    from core.web.requests import Request

KEY: Final = "system.department"
URL: Final = "/system/departments"

DIMENSIONS: Final[Mapping[str, Text]] = {
    LINE: _("Organisation"),
    "region": _("Regions"),
    "project": _("Projects"),
}
"""What the usual trees are called; any other bears the name that somebody gave it."""

OPEN: Final = 30
"""Departments up to which a tree is open from top to bottom."""

MOST_WITHOUT: Final = 50


def routes(platform: Platform) -> Iterable[Route]:
    """The trees stand where the list would; `?view=list` and everything a list knows still lead to it."""
    resources = platform.above
    lists = ListPages(resources, resources[KEY])

    def show(request: Request) -> Response:
        return trees(request) if not set(request.query) - {"people"} else lists.list(request)

    yield Route(URL, show, f"{KEY}.view")


def trees(request: Request) -> Response:
    """All departments, one tree for each dimension."""
    connection = request.connection
    table = (Department.id, Department.name, Department.tree, Department.parent_id)
    ordered = select(*table).order_by(Department.position, Department.id)
    departments: list[Row[Any]] = list(connection.execute(ordered))
    people = request.query.get("people") != "false"
    members = _members(request)
    create = request.principal.allows(KEY, "create")
    made = [
        _tree(name, [row for row in departments if row.tree == name], members, create=create)
        for name in _names(row.tree for row in departments)
    ]
    new = Link(title=_("New department"), url=f"{URL}/new", icon="plus") if create else None
    empty = Empty(
        title=_("No departments yet"),
        text=_("Departments say whose records a colleague sees. Begin with the top of the organisation."),
        icon="tree",
        button=new,
    )
    view = DepartmentsView(
        title=_("Departments"),
        trees=tuple(made),
        create=new,
        without=_without(request) if people else (),
        people=people,
        people_url=f"{URL}?people=false" if people else URL,
        list_url=f"{URL}?view=list",
        empty=None if departments else empty,
    )
    return request.render("departments.html", view)


def _names(found: Iterable[str]) -> list[str]:
    """The trees: the usual ones first, in their order, then the others by name."""
    names, usual = set(found), list(DIMENSIONS)
    return sorted(names, key=lambda name: (usual.index(name) if name in usual else len(usual), name))


def _title(name: str) -> Words:
    return DIMENSIONS.get(name, name)


def _members(request: Request) -> dict[int, list[tuple[int, Member]]]:
    """The active people of each department with their ids, heads and deputies first."""
    statement = (
        select(
            Membership.department_id,
            User.id,
            User.name,
            Membership.title,
            Membership.head,
            Membership.deputy,
            Membership.primary,
        )
        .join(User, User.id == Membership.user_id)
        .where(User.active)
        .order_by(Membership.head.desc(), Membership.deputy.desc(), User.name)
    )
    found: dict[int, list[tuple[int, Member]]] = defaultdict(list)
    for row in request.connection.execute(statement):
        member = Member(
            person=person(row.id, row.name, url=f"/system/users/{row.id}"),
            title=row.title or "",
            mark="head" if row.head else "deputy" if row.deputy else "",
            primary=row.primary,
        )
        found[row.department_id].append((row.id, member))
    return found


def _tree(
    name: str, rows: Sequence[Row[Any]], members: Mapping[int, list[tuple[int, Member]]], *, create: bool
) -> DepartmentTree:
    below: dict[int | None, list[Row[Any]]] = defaultdict(list)
    known = {row.id for row in rows}
    for row in rows:
        below[row.parent_id if row.parent_id in known else None].append(row)

    def node(row: Row[Any]) -> tuple[DepartmentNode, set[int]]:
        own = members.get(row.id, [])
        made = [node(child) for child in below[row.id]]
        everybody = {user_id for user_id, _member in own}.union(*(ids for _child, ids in made))
        shown = DepartmentNode(
            id=row.id,
            name=row.name,
            url=f"{URL}/{row.id}",
            members=tuple(member for _id, member in own),
            children=tuple(child for child, _ids in made),
            count=str(len(everybody)) if everybody else "",
            create_url=f"{URL}/new?parent={row.id}" if create else "",
            open=len(rows) <= OPEN or row.parent_id is None,
        )
        return shown, everybody

    new = Link(title=_("New department"), url=f"{URL}/new?tree={name}", icon="plus")
    roots = tuple(node(row)[0] for row in below[None])
    return DepartmentTree(key=name, title=_title(name), roots=roots, create=new if create else None)


def _without(request: Request) -> tuple[Person, ...]:
    """Active people who belong nowhere: they see nothing but their own."""
    somewhere = select(Membership.user_id)
    statement = select(User.id, User.name).where(User.active, User.id.not_in(somewhere)).order_by(User.name)
    rows = request.connection.execute(statement.limit(MOST_WITHOUT))
    return tuple(person(row.id, row.name, url=f"/system/users/{row.id}") for row in rows)
