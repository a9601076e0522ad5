"""Which verbs a record has, those that its resource declares and those that plugins offer for it, and who may use them.

What is made from other declarations, such as the steps of a workflow, is an `Action` as well and needs nothing more:
pages, the API and the selection of a list all ask here, and run it through `Records.run`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy.orm import Session

from core.kernel.access import Principal
from core.kernel.errors import NotFound
from core.kernel.gate import ACTED
from core.kernel.guard import ScopedSession, check_ids, covers
from core.kernel.hooks import Broken, Hooks
from core.kernel.policies import Own
from core.resources.resolved import ResolvedResource, Resources
from core.resources.resource import Action

log = structlog.get_logger("sopia.resources")

USUAL = "edit"
"""The permission of an action from the hook `record_actions` that names none: no role could be given one of its own."""


class Verbs:
    """The actions of the resources of one registry."""

    def __init__(self, resources: Resources, hooks: Hooks) -> None:
        self._resources = resources
        self._hooks = hooks

    def are_offered(self, resource: ResolvedResource) -> bool:
        """Whether plugins may offer actions on records of this resource, besides those that it declares."""
        return bool(self._hooks.concerned("record_actions", resource.key))

    def offered(
        self, session: Session, resource: ResolvedResource, record: Any, principal: Principal
    ) -> tuple[list[Action], list[Broken]]:
        """What plugins offer on one record, and those of them that failed to say."""
        if not self.are_offered(resource):
            return [], []
        given = {"principal": principal, "resource": resource.key, "record": record}
        found = self._hooks.collect("record_actions", session=session, **given)
        declared = {action.name for action in resource.actions}
        actions = [_permitted(each) for each in found if isinstance(each, Action) and each.name not in declared]
        return list({action.name: action for action in actions}.values()), [e for e in found if isinstance(e, Broken)]

    def find(
        self, session: Session, resource: ResolvedResource, record: Any, principal: Principal, name: str
    ) -> Action:
        """An action of a record by its name; NotFound where neither the resource nor a plugin has it."""
        declared = next((action for action in resource.actions if action.name == name), None)
        if declared is not None:
            return declared
        actions, _broken = self.offered(session, resource, record, principal)
        found = next((action for action in actions if action.name == name), None)
        if found is None:
            raise NotFound
        return found

    def allows(self, principal: Principal, resource: ResolvedResource, action: Action) -> bool:
        """Whether a person has the function at all."""
        if principal.read_only:  # to decide what one sees, such as an approval, is to write
            return False
        permission = action.allow or action.name
        key, dot, verb = permission.rpartition(".")
        place = self._resources.get(key) if dot else resource
        return place is not None and place.allows(principal, verb if dot else permission)

    def permissions(self, resource: ResolvedResource, actions: Iterable[Action] | None = None) -> tuple[str, ...]:
        """What a route to the actions of a resource needs; of those that plugins offer each is asked for its own."""
        named = [action.allow or action.name for action in (resource.actions if actions is None else actions)]
        named += ["view"] if actions is None and self.are_offered(resource) else []
        return tuple(dict.fromkeys(each if "." in each else f"{resource.key}.{each}" for each in named))

    def possible(self, actions: Iterable[Action], record: Any) -> list[Action]:
        """Those of the actions that this record admits now; one that fails to say is not among them."""
        return [action for action in actions if is_possible(action, record)]


def is_possible(action: Action, record: Any) -> bool:
    """Whether a record admits an action now."""
    try:
        return action.when is None or bool(action.when(record))
    except Exception as error:
        log.error("an action could not say when it is possible", action=action.name, exc_info=error)
        return False


def check_reach(session: ScopedSession, resource: ResolvedResource, record: Any, permission: str) -> None:
    """NotFound for a record that its reader sees, but that lies beyond what this permission of his covers."""
    policy, guarded = resource.policy, session.guarded.get(resource.table.name.lower())
    if guarded is None or permission == "view" or "." in permission:
        return
    if permission in ACTED:
        check_ids(session, guarded, [record.id], permission)
    elif isinstance(policy, Own) and not covers(
        session.principal, session.principal.reach(resource.key, permission), policy, record
    ):
        raise NotFound


def _permitted(action: Action) -> Action:
    return action if action.allow else replace(action, allow=USUAL)
