"""How the workflow of a record shows on its page: the badge, the line of its states, what its state locks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal

from core.kernel.guard import covers
from core.kernel.policies import Own
from core.kernel.principal import Principal
from core.resources.locks import is_kept
from core.resources.records import Row
from core.resources.resolved import ResolvedResource
from core.resources.resource import Action
from core.resources.workflow import State, Workflow
from core.web.views import Button, Step, Words

LINE: Final = 7
"""States that a line has room for."""

BAD: Final = frozenset({"red", "grey"})
"""The colours of an end that nobody aims at."""

IN_SIGHT: Final = 3
"""Buttons beside the title; the others stand in the menu."""


def state_of(resource: ResolvedResource, row: Row) -> str | None:
    """The state of a record as far as its reader may know it."""
    if resource.workflow is None or resource.workflow.field not in row.values:
        return None
    return str(row.values[resource.workflow.field][0] or resource.workflow.initial)


def badge_of(resource: ResolvedResource, row: Row) -> Iterable[tuple[Words, str]]:
    """The state as a badge."""
    name = state_of(resource, row)
    if resource.workflow is not None and name is not None:
        state = resource.workflow.state(name)
        yield (state.title, state.colour) if state else (name, "")


def steps_of(resource: ResolvedResource, row: Row) -> tuple[Step, ...]:
    """The states that lead to a good end as a line, with where the record stands."""
    name, workflow = state_of(resource, row), resource.workflow
    if workflow is None or name is None:
        return ()
    way = way_of(workflow)
    if not 3 <= len(way) <= LINE:
        return ()
    here = workflow.state(name)
    if here is not None and here not in way:
        return (Step(title=way[0].title, state="done"), Step(title=here.title, state=_aside(here)))
    place = way.index(here) if here is not None else 0
    return tuple(
        Step(title=state.title, state="done" if n < place or (n == place and state.final) else
             "now" if n == place else "next")
        for n, state in enumerate(way)
    )  # fmt: skip


def _aside(state: State) -> Literal["refused", "now"]:
    return "refused" if state.final or state.colour == "red" else "now"


def way_of(workflow: Workflow) -> Sequence[State]:
    """The states on the way to a good end, in their order: those that are bad ends or turned down are beside it."""
    return [state for state in workflow.states if state.colour != "red" and not (state.final and state.colour in BAD)]


def is_locked_row(resource: ResolvedResource, row: Row) -> bool:
    """Whether the state of a record keeps it from being edited."""
    workflow, name = resource.workflow, state_of(resource, row)
    return workflow is not None and workflow.editable is not None and name is not None and name not in workflow.editable


def is_open(resource: ResolvedResource, row: Row, key: str) -> bool:
    """Whether the state of a record lets a field be edited."""
    return not (is_locked_row(resource, row) and is_kept(resource, key))


def has_open(resource: ResolvedResource, row: Row) -> bool:
    """Whether anything can be edited in the state of a record."""
    writable = (key for key, field in resource.fields.items() if not field.readonly and not field.moves)
    return not is_locked_row(resource, row) or any(is_open(resource, row, key) for key in writable)


def reaches(principal: Principal, resource: ResolvedResource, record: object, action: Action) -> bool:
    """Whether a button would do anything: one's own permission for it covers the record."""
    permission, policy = action.allow or action.name, resource.policy
    if "." in permission or permission in ("view", "edit") or not isinstance(policy, Own):
        return True
    return covers(principal, principal.reach(resource.key, permission), policy, record)


def arranged(
    edit: Button | None, buttons: Sequence[Button], quiet: Sequence[Button]
) -> tuple[Button | None, list[Button], list[Button]]:
    """The one primary button, those beside it, and the rest for the menu; a step that leads on comes before editing."""
    leading = next((each for each in buttons if each.kind == "primary"), None)
    # There is one primary button; what leads on as well stands beside it.
    others = [
        replace(each, kind="plain") if each.kind == "primary" else each for each in buttons if each is not leading
    ]
    if leading is not None and edit is not None:
        others.insert(0, edit)
    beside = others[: IN_SIGHT - 1]
    return leading or edit, beside, [*others[len(beside) :], *quiet]
