"""Saved views: a list's state kept under a name, for oneself or shared; which one a person starts with, and which he pins.

Nobody's view shows more than its reader may see: it is only an address, and what he may not name is left out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import Connection, Index, String, Text, and_, delete, insert, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.database import Base
from core.kernel.departments import Department
from core.kernel.errors import BadRequest, FieldError, Invalid, NotFound
from core.kernel.generations import raise_access
from core.kernel.i18n import translate as _
from core.kernel.policies import Sealed
from core.kernel.principal import Principal
from core.kernel.roles import Role
from core.kernel.types import Key, link, now
from core.resources.conditions import readable_field
from core.resources.queries import CONTROL
from core.resources.resolved import ResolvedResource, Resources
from core.resources.views import SHARED, View

Pairs = tuple[tuple[str, str], ...]

AUDIENCES: Final = ("me", "department", "role", "everybody")
"""Whom a view is for."""

LONGEST_TITLE: Final = 80
LONGEST_QUERY: Final = 4000
MOST_VIEWS: Final = 200
"""Views that one person may keep of one resource."""

OF_A_PAGE: Final = frozenset({"cursor", "count", "totals", "limit", "format", "_saved", "_open", "_in"})
"""Parameters that say where somebody is in a list, and not what he looks at."""


class SavedView(Base):
    """A view that somebody keeps: of which resource, what it is called, the query of its address, and whom it is for."""

    __tablename__ = "system_view"
    __policy__: ClassVar[Any] = Sealed("whom a view is for is decided by `core.workplace.views`, which alone reads it")
    __table_args__ = (Index("ix_system_view_resource", "resource"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = link("system_user", ondelete="CASCADE")
    resource: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    query: Mapped[str] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(String(12), default="me")
    role_id: Mapped[int | None] = link("system_role", nullable=True, ondelete="CASCADE")
    department_id: Mapped[int | None] = link("system_department", nullable=True, ondelete="CASCADE")
    created_at: Mapped[datetime] = mapped_column(default=now)


class ViewChoice(Base):
    """What a person does with a view: starts the list with it, or has it in his navigation. Shipped ones go by name."""

    __tablename__ = "system_view_choice"
    __policy__: ClassVar[Any] = Sealed("everybody's own, read by `core.workplace.views`")
    __table_args__ = (Index("uq_system_view_choice", "user_id", "resource", "view", unique=True),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = link("system_user", ondelete="CASCADE", index=False)
    resource: Mapped[str] = mapped_column(String(80))
    view: Mapped[str] = mapped_column(String(60))
    """The id of a saved view, or the name of a shipped one."""
    first: Mapped[bool] = mapped_column(default=False)
    pinned: Mapped[bool] = mapped_column(default=False)


@dataclass(frozen=True, slots=True)
class KeptView:
    """A view as one reader may use it."""

    key: str
    """The id of a saved one, the name of a shipped one."""
    title: Any
    pairs: Pairs
    left_out: bool = False
    """Whether it names something that this reader may not see, which is left out of `pairs`."""
    audience: str = "me"
    mine: bool = False
    first: bool = False
    """Whether the reader's list starts with it."""
    pinned: bool = False
    role_id: int | None = None
    department_id: int | None = None

    @property
    def shipped(self) -> bool:
        """Whether it came with the resource."""
        return not self.key.isdigit()


def views_of(
    connection: Connection, resources: Resources, resource: ResolvedResource, principal: Principal
) -> tuple[KeptView, ...]:
    """The views of a resource that a person may use: those that came with it, his own, and those shared with him."""
    choices = {
        row.view: row
        for row in connection.execute(
            select(ViewChoice.view, ViewChoice.first, ViewChoice.pinned).where(
                ViewChoice.user_id == principal.user_id, ViewChoice.resource == resource.key
            )
        )
    }
    found = [KeptView(each.name, each.title, each.pairs) for each in resource.declared.of_kind(View)]
    columns = (
        SavedView.id, SavedView.title, SavedView.query, SavedView.user_id, SavedView.audience, SavedView.role_id,
        SavedView.department_id,
    )  # fmt: skip
    statement = select(*columns).where(SavedView.resource == resource.key, _for(principal)).order_by(SavedView.title)
    found += [
        KeptView(
            str(row.id),
            row.title,
            tuple(parse_qsl(row.query, max_num_fields=200)),
            audience=row.audience,
            mine=row.user_id == principal.user_id,
            role_id=row.role_id,
            department_id=row.department_id,
        )
        for row in connection.execute(statement)
    ]
    return tuple(_as_seen(resources, resource, principal, each, choices.get(each.key)) for each in found)


def _as_seen(
    resources: Resources, resource: ResolvedResource, principal: Principal, view: KeptView, choice: Any
) -> KeptView:
    pairs, left_out = usable(resources, resource, principal, view.pairs)
    first, pinned = (bool(choice.first), bool(choice.pinned)) if choice is not None else (False, False)
    return replace(view, pairs=pairs, left_out=left_out, first=first, pinned=pinned)


def _for(principal: Principal) -> Any:
    """The views that are for a person."""
    roles = select(Role.id).where(Role.key.in_(principal.roles), Role.deleted_at.is_(None))
    return or_(
        SavedView.user_id == principal.user_id,
        SavedView.audience == "everybody",
        and_(SavedView.audience == "role", SavedView.role_id.in_(roles)),
        and_(SavedView.audience == "department", SavedView.department_id.in_(principal.departments)),
    )


def usable(
    resources: Resources, resource: ResolvedResource, principal: Principal, pairs: Sequence[tuple[str, str]]
) -> tuple[Pairs, bool]:
    """The parameters of a view that its reader may use, and whether any had to be left out."""
    found: list[tuple[str, str]] = []
    left_out = False
    for name, text in pairs:
        named = _named(name, text)
        if named is None:
            found.append((name, text))
            continue
        parts = [part for part in named if _reads(resources, resource, principal, part)]
        left_out = left_out or len(parts) < len(named)
        if name in SEVERAL:
            kept = [part for part in text.split(",") if part.strip().lstrip("-").partition(":")[0] in parts]
            found += [(name, ",".join(kept))] if kept else []
        elif parts:
            found.append((name, text))
    return tuple(found), left_out


SEVERAL: Final = frozenset({"sort", "columns", "group", "_by", "_measure"})
"""Parameters whose values are names of fields."""


def _named(name: str, text: str) -> list[str] | None:
    """The fields that a parameter names; None for one that names none."""
    if name in SEVERAL:
        return [part.strip().lstrip("-").partition(":")[0] for part in text.split(",") if part.strip()]
    return None if name in CONTROL or name.startswith("_") else [name.partition("__")[0]]


def _reads(resources: Resources, resource: ResolvedResource, principal: Principal, path: str) -> bool:
    if path in ("count", SHARED):
        return True
    try:
        readable_field(resources, resource, path, principal)
    except BadRequest:
        return False
    return True


def keep_view(
    connection: Connection,
    resource: ResolvedResource,
    principal: Principal,
    title: str,
    query: str,
    audience: str = "me",
) -> int:
    """Keep the state of a list under a name; its id."""
    named = _title(title)
    pairs = [pair for pair in parse_qsl(query, max_num_fields=200) if pair[0] not in OF_A_PAGE]
    told = urlencode(pairs)
    if len(told) > LONGEST_QUERY:
        raise Invalid([FieldError("query", _("The view says too much to be kept. Use fewer filters."))])
    own = select(SavedView.id).where(SavedView.user_id == principal.user_id, SavedView.resource == resource.key)
    if len(connection.execute(own).all()) >= MOST_VIEWS:
        raise Invalid([FieldError("title", _("You keep {most} views here. Delete some first.", most=MOST_VIEWS))])
    given = _audience(resource, principal, audience, None, None)
    values = {"user_id": principal.user_id, "resource": resource.key, "title": named, "query": told, **given}
    made = connection.execute(insert(SavedView).values(**values, created_at=now()).returning(SavedView.id))
    raise_access(connection)
    return int(made.scalar_one())


def change_view(
    connection: Connection,
    resources: Resources,
    principal: Principal,
    view_id: int,
    *,
    title: str,
    audience: str,
    role_id: int | None = None,
    department_id: int | None = None,
) -> str:
    """Rename a view of one's own, or share it otherwise; the key of its resource."""
    resource = resources[_own(connection, principal, view_id)]
    given = _audience(resource, principal, audience, role_id, department_id)
    _check_target(connection, given)
    connection.execute(update(SavedView).where(SavedView.id == view_id).values(title=_title(title), **given))
    raise_access(connection)
    return resource.key


def delete_view(connection: Connection, principal: Principal, view_id: int) -> str:
    """Delete a view of one's own, for everybody whom it was shared with; the key of its resource."""
    key = _own(connection, principal, view_id)
    connection.execute(delete(ViewChoice).where(ViewChoice.resource == key, ViewChoice.view == str(view_id)))
    connection.execute(delete(SavedView).where(SavedView.id == view_id))
    raise_access(connection)
    return key


def choose_view(
    connection: Connection,
    resources: Resources,
    resource: ResolvedResource,
    principal: Principal,
    view: str,
    *,
    first: bool | None = None,
    pinned: bool | None = None,
) -> None:
    """Start the list with a view or not, have it in the navigation or not; `None` leaves as it is."""
    if view not in {each.key for each in views_of(connection, resources, resource, principal)}:
        raise NotFound
    mine = (ViewChoice.user_id == principal.user_id, ViewChoice.resource == resource.key)
    if first:
        connection.execute(update(ViewChoice).where(*mine).values(first=False))
    chosen = {name: value for name, value in (("first", first), ("pinned", pinned)) if value is not None}
    if (
        chosen
        and not connection.execute(update(ViewChoice).where(*mine, ViewChoice.view == view).values(**chosen)).rowcount
    ):
        row = {"user_id": principal.user_id, "resource": resource.key, "view": view, "first": False, "pinned": False}
        connection.execute(insert(ViewChoice).values(**{**row, **chosen}))
    raise_access(connection)


def pinned_views(
    connection: Connection, resources: Resources, principal: Principal
) -> Iterable[tuple[ResolvedResource, KeptView]]:
    """The views that a person has in his navigation."""
    pinned = select(ViewChoice.resource).where(ViewChoice.user_id == principal.user_id, ViewChoice.pinned).distinct()
    for key in connection.execute(pinned).scalars().all():
        resource = resources.get(key)
        if resource is not None and principal.allows(key, "view"):
            yield from (
                (resource, view) for view in views_of(connection, resources, resource, principal) if view.pinned
            )


def may_share_widely(resource: ResolvedResource, principal: Principal) -> bool:
    """Whether a person may share views with a role or with everybody: whoever may hand records over, as managers do."""
    return principal.administrator or principal.allows(resource.key, "assign")


def _own(connection: Connection, principal: Principal, view_id: int) -> str:
    statement = select(SavedView.resource).where(SavedView.id == view_id, SavedView.user_id == principal.user_id)
    key = connection.execute(statement).scalar()
    if key is None:
        raise NotFound
    return str(key)


def _title(title: str) -> str:
    named = " ".join(title.split())
    if not named or len(named) > LONGEST_TITLE or not named.isprintable():
        raise Invalid([FieldError("title", _("Give a name of at most {most} characters.", most=LONGEST_TITLE))])
    return named


def _audience(
    resource: ResolvedResource, principal: Principal, audience: str, role_id: int | None, department_id: int | None
) -> dict[str, Any]:
    """Whom a view is for, as it is kept."""
    if audience not in AUDIENCES:
        raise Invalid([FieldError("audience", _("Use one of: {allowed}.", allowed=", ".join(AUDIENCES)))])
    if audience in ("role", "everybody") and not may_share_widely(resource, principal):
        raise Invalid([FieldError("audience", _("You may share views with your departments."))])
    department_id = (department_id or principal.primary_department) if audience == "department" else None
    if audience == "department" and not (department_id in principal.departments or principal.administrator):
        raise Invalid([FieldError("department", _("Choose one of your departments."))])
    return {
        "audience": audience,
        "role_id": role_id if audience == "role" else None,
        "department_id": department_id,
    }


def _check_target(connection: Connection, given: dict[str, Any]) -> None:
    model, wanted = (Role, given["role_id"]) if given["audience"] == "role" else (Department, given["department_id"])
    if given["audience"] not in ("role", "department"):
        return
    found = select(model.id).where(model.id == wanted, model.deleted_at.is_(None))
    if wanted is None or connection.execute(found).scalar() is None:
        raise Invalid([FieldError(given["audience"], _("Choose one."))])
