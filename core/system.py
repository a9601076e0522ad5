"""The platform's own plugin: people, departments, groups, roles and history as resources like any other."""

from __future__ import annotations

from typing import Any

from core.kernel.access import Principal
from core.kernel.departments import Department, Membership
from core.kernel.history import HistoryEntry
from core.kernel.i18n import translate as _
from core.kernel.plugins import SYSTEM, Plugin, platform_version
from core.kernel.roles import Group, Role
from core.kernel.upkeep import UPKEEP
from core.kernel.users import User
from core.resources.fields import Choice, Field
from core.resources.resolved import Resources
from core.resources.resource import Redaction, Resource, Section

MENU = _("Administration")

users = Resource(
    User,
    title=_("User"),
    plural=_("Users"),
    list=("name", "login", "email", "phone", "manager", "active"),
    form=(
        Section("", ("name", "login", "email", "phone", "manager", "active")),
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
)

departments = Resource(
    Department,
    title=_("Department"),
    plural=_("Departments"),
    list=("name", "tree", "parent", "position"),
    form=("name", "tree", "parent", "position"),
    search=("name",),
    sort="position",
    menu=MENU,
    icon="tree",
    fields=(
        Field("tree", label=_("Dimension"), help=_("line, region, project: a department belongs to one tree.")),
        Field("parent", label=_("Above")),
    ),
)

groups = Resource(
    Group,
    title=_("Group"),
    plural=_("Groups"),
    list=("name",),
    form=("name",),
    search=("name",),
    sort="name",
    menu=MENU,
    icon="people",
)

roles = Resource(
    Role,
    title=_("Role"),
    plural=_("Roles"),
    list=("name", "key"),
    form=("name",),
    search=("name",),
    sort="name",
    menu=MENU,
    icon="shield",
    fields=(Field("key", readonly=True),),
)

memberships = Resource(
    Membership,
    title=_("Membership"),
    plural=_("Memberships"),
    list=("user", "department", "title", "head", "deputy", "primary"),
    sort="id",
    fields=(Field("title", label=_("Position held")),),
)


def visible_changes(resources: Resources, principal: Principal, item: dict[str, Any]) -> dict[str, Any]:
    """An entry of history without the values of fields that its reader may not see."""
    resource = resources.get(item.get("resource", ""))
    if resource is None:
        return item
    attributes = {resource.fields[key].attribute for key in resource.readable(principal)}
    kept = {
        side: {key: value for key, value in (item.get(side) or {}).items() if key in attributes}
        for side in ("before", "after")
        if side in item
    }
    return item | kept


history = Resource(
    HistoryEntry,
    title=_("History"),
    plural=_("History"),
    list=("at", "actor", "origin", "resource", "record", "action"),
    sort="-id",
    fields=tuple(
        Field(key, readonly=True)
        for key in ("operation", "at", "actor", "origin", "resource", "record", "action", "before", "after")
    ),
    parts=(Redaction(visible_changes),),
)

plugin = Plugin(
    name=SYSTEM,
    title=_("Administration"),
    version=platform_version(),
    resources=(users, departments, groups, roles, memberships, history),
    jobs=UPKEEP,
    module="core.system",
)
