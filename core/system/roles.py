"""Roles and groups as resources; what a role grants are its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.kernel.i18n import translate as _
from core.kernel.roles import ACTIONS, ANYTHING, Group, Role, Scope
from core.resources.fields import Choice, Field, Words
from core.resources.resolved import Resources
from core.resources.resource import Permission, Resource, Rows
from core.system.departments import MENU

SCOPES = (
    Choice(Scope.NONE, _("none")),
    Choice(Scope.OWN, _("own")),
    Choice(Scope.DEPARTMENT, _("department")),
    Choice(Scope.BRANCH, _("branch")),
    Choice(Scope.ALL, _("all")),
)
ACCESS = (
    Choice("hidden", _("hidden")),
    Choice("read", _("may read")),
    Choice("write", _("may change")),
)


def check_grant(resources: Resources, row: Mapping[str, Any]) -> dict[str, Words]:
    """What is wrong with a grant: a resource or an action that does not exist would grant nothing, silently."""
    key, action = row.get("resource") or "", row.get("action") or ""
    faults: dict[str, Words] = {}
    if key and not _covered(resources, key):
        faults["resource"] = _(
            "There is no resource '{key}'. Write one such as {example}, a plugin's all as {plugin}, or *.",
            key=key[:100],
            example="customers.customer",
            plugin="customers.*",
        )
    elif action and action not in (*ACTIONS, ANYTHING) and action not in _own_actions(resources, key):
        faults["action"] = _(
            "'{resource}' has no action '{action}'. It has: {actions}.",
            resource=key,
            action=action[:50],
            actions=", ".join((*ACTIONS, *sorted(_own_actions(resources, key)), ANYTHING)),
        )
    return faults


def check_field(resources: Resources, row: Mapping[str, Any]) -> dict[str, Words]:
    """What is wrong with a field permission."""
    key, name = row.get("resource") or "", row.get("field") or ""
    resource = resources.get(key)
    if key and resource is None:
        return {"resource": _("There is no resource '{key}'.", key=key[:100])}
    if resource is not None and name and name not in resource.fields:
        return {"field": _("There is no such field.")}
    return {}


def _covered(resources: Resources, key: str) -> set[str]:
    """The keys of resources and of their parts that a pattern covers; parts have grants of their own, too."""
    known = {*resources, *resources.parts}
    if key == ANYTHING:
        return known
    return {each for each in known if each == key or (key.endswith(".*") and each.startswith(key[:-1]))}


def _own_actions(resources: Resources, key: str) -> set[str]:
    covered = [found for name in _covered(resources, key) if (found := resources.get(name)) is not None]
    verbs = {each.allow or each.name for found in covered for each in found.actions}
    rights = {each.name for found in covered for each in found.declared.of_kind(Permission)}
    return (verbs | rights) - set(ACTIONS)


groups = Resource(
    Group,
    title=_("Group"),
    plural=_("Groups"),
    list=("name", "members", "roles"),
    form=("name", "members", "roles"),
    search=("name",),
    sort="name",
    menu=MENU,
    icon="people",
    parts=(
        Rows("members", fields=("user",), key=("user",), plain=True, label=_("Members"), add=_("Add a person")),
        Rows(
            "roles",
            fields=("role", Field("department", label=_("Only for"))),
            key=("role", "department"),
            plain=True,
            needs="system.role",
            label=_("Roles"),
            add=_("Add a role"),
        ),
    ),
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
    fields=(Field("key", label=_("Key"), readonly=True),),
    parts=(
        Rows(
            "grants",
            fields=("resource", "action", Field("scope", choices=SCOPES)),
            key=("resource", "action"),
            check=check_grant,
            label=_("Grants"),
        ),
        Rows(
            "fields",
            fields=("resource", "field", Field("access", choices=ACCESS)),
            key=("resource", "field"),
            check=check_field,
            label=_("Fields"),
        ),
    ),
)
