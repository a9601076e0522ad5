"""Workflow: the states of a record, and the steps that lead from one to another, declared as a part of its resource.

From one `Workflow(...)` come the buttons on the record's page, the actions of the API, permissions, the badge of the
state in lists, filters, the columns of a board and the history. A state changes by a step alone: no form, PATCH, import,
edit in place or undo writes it, and of two people who take the same step at the same time one is told that it is late.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from sqlalchemy import select

from core.kernel.announcing import announce
from core.kernel.database import Session
from core.kernel.errors import Conflict, PluginError
from core.kernel.events import RecordEvent
from core.kernel.gate import acting
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.predicates import key_of
from core.resources.fields import Choice, Field, ResolvedField, Words

if TYPE_CHECKING:
    from core.resources.resource import Action, Panel, Resource

TO = "to"
"""What a step asks for that may lead to several states: the one chosen."""


@dataclass(frozen=True)
class State:
    """Where a record can stand: draft, confirmed, cancelled.

    `name` is what the column holds and the API says. A `final` one is where it ends: good (`won`, `paid`) or not is
    said by the colour.
    """

    name: str
    title: Words
    colour: str = "grey"
    final: bool = False


@dataclass(frozen=True)
class Transition:
    """A step from one state to another: a button, an API action `…/actions/<name>`, a permission of its own.

    `guard`, `effect` and a `to` that is a function take the session and the record, and by name those of the values
    asked for that they want. They run beyond the scope of the person, because the permission was asked for the step:
    what they look up may be what he does not see.
    """

    name: str
    title: Words
    sources: str | tuple[str, ...]
    """The state or states that it starts from; `*` is every state that is not final."""
    to: str | tuple[str, ...] | Callable[..., str]
    """Where it leads: a state, several of which the person chooses one, or a function that chooses."""
    guard: Callable[..., Words | None] | None = None
    """Whether the business allows it now: answers None, or the reason why not."""
    effect: Callable[..., Any] | None = None
    """What follows, in the same transaction; the record is in its new state already."""
    ask: tuple[Field, ...] = ()
    """The fields asked for first, in a small dialog; the API takes them in the body."""
    allow: str = ""
    """The permission it needs: an action of the resource such as `edit`; empty: one of its own name."""
    style: Literal["plain", "primary", "danger", "quiet", "hidden"] = "plain"
    icon: str = ""
    bulk: bool = False
    """Whether a list offers it for several records at once."""
    when: Callable[[Any], bool] | None = None
    """On which records it is offered, besides those in the right state: `when(record)`."""
    leads: tuple[str, ...] = ()
    """Where `to` is a function: the states that it may choose, so that a board knows which moves it means."""

    def refusal(self, record: Any) -> Text | None:
        """What is said where `when` is not so."""
        return None


@dataclass(frozen=True)
class StateChanged(RecordEvent):
    """A step of its workflow led a record from one state to another."""

    step: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class WorkflowPart:
    """A part that adds steps to the workflow of its resource, such as an approval."""

    def transitions(self, workflow: Workflow) -> tuple[Transition, ...]:
        """The steps that it adds."""
        raise NotImplementedError

    def panels(self) -> tuple[Panel, ...]:
        """What it shows on the record's page."""
        return ()


@dataclass(frozen=True)
class Workflow:
    """The states of a record and the steps between them; `field` is the text column that holds the state.

    The first state is where every record begins, so it is the column's default as well.
    """

    field: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...] = ()
    editable: tuple[str, ...] | None = None
    """The states in which the record may be edited and deleted; None: all of them. In the others it is locked."""
    always: tuple[str, ...] = ()
    """Fields that may be edited in a locked record, too; owner and department always may be handed over."""
    label: Words = ""

    # ------------------------------------------------------------ what it says

    @property
    def initial(self) -> str:
        """Where a new record stands."""
        return self.states[0].name

    def state(self, name: str | None) -> State | None:
        """The state of this name."""
        return next((each for each in self.states if each.name == name), None)

    def title_of(self, name: str | None) -> Words:
        """What a state is called."""
        found = self.state(name)
        return found.title if found else name or ""

    def of(self, record: Any) -> str:
        """The state of a record."""
        return str(getattr(record, self.field) or self.initial)

    def find(self, name: str) -> Transition | None:
        """The step of this name."""
        return next((each for each in self.transitions if each.name == name), None)

    def transition(self, name: str) -> Transition:
        """The step of this name, which there must be."""
        found = self.find(name)
        if found is None:
            raise LookupError(f"There is no step '{name}'; there are: {', '.join(t.name for t in self.transitions)}")
        return found

    def sources_of(self, transition: Transition) -> tuple[str, ...]:
        """The states that a step starts from."""
        if transition.sources == "*":
            return tuple(each.name for each in self.states if not each.final)
        return (transition.sources,) if isinstance(transition.sources, str) else transition.sources

    def targets_of(self, transition: Transition) -> tuple[str, ...]:
        """The states that a step may lead to, of a function those that it says it may choose."""
        if callable(transition.to):
            return transition.leads
        return (transition.to,) if isinstance(transition.to, str) else transition.to

    def is_possible(self, transition: Transition, record: Any) -> bool:
        """Whether the record stands where the step starts."""
        here = self.of(record) in self.sources_of(transition)
        return here and (transition.when is None or transition.when(record))

    def is_locked(self, record: Any) -> bool:
        """Whether the state keeps the record from being edited."""
        return self.editable is not None and self.of(record) not in self.editable

    def why_not(self, name: str, record: Any) -> Text:
        """Why a step cannot be taken from where the record stands."""
        transition = self.transition(name)
        wanted = [str(self.title_of(each)) for each in self.sources_of(transition)]
        state = self.title_of(self.of(record))
        if self.of(record) in self.sources_of(transition):
            return transition.refusal(record) or _(
                "“{step}” is not possible for this record now.", step=transition.title
            )
        return _(
            "“{step}” is not possible, because the state is “{state}”. It starts from: {wanted}.",
            step=transition.title,
            state=state,
            wanted=str(_(", ")).join(wanted),
        )

    def locked_words(self, record: Any) -> Text:
        """Why a record cannot be edited."""
        wanted = [str(self.title_of(each)) for each in self.editable or ()]
        state = self.title_of(self.of(record))
        if not wanted:
            return _("In the state “{state}” it is no longer changed.", state=state)
        return _(
            "In the state “{state}” it is no longer changed. It can be edited as: {wanted}.",
            state=state,
            wanted=str(_(", ")).join(wanted),
        )

    # ------------------------------------------------------------ what it does

    def take(self, session: Session, record: Any, name: str, **asked: Any) -> str:
        """Take a step of a record and return the state it leads to, whoever the session belongs to.

        For services: permission is asked where a person takes the step. A Conflict tells why it is not possible.
        """
        transition = self.transition(name)
        with acting(session, f"the step '{name}' of {key_of(record.__tablename__)} {record.id}") as beyond:
            here = locked(beyond, record)
            self._check(beyond, transition, here, asked)
            before, after = self.of(here), self._target(beyond, transition, here, asked)
            setattr(here, self.field, after)
            if transition.effect is not None:
                call(transition.effect, beyond, here, asked)
            _number(beyond, here, name)
            beyond.flush()
            if before != after:
                _announce(beyond, here, name, before, after, self.field)
        if record in session:
            session.expire(record)
        return after

    def _check(self, session: Session, transition: Transition, record: Any, asked: Mapping[str, Any]) -> None:
        if not self.is_possible(transition, record):
            raise Conflict(self.why_not(transition.name, record))
        reason = call(transition.guard, session, record, asked) if transition.guard is not None else None
        if reason:
            raise Conflict(reason)

    def _target(self, session: Session, transition: Transition, record: Any, asked: Mapping[str, Any]) -> str:
        if callable(transition.to):
            chosen = str(call(transition.to, session, record, asked))
        elif isinstance(transition.to, tuple):
            chosen = str(asked.get(TO) or "")
        else:
            chosen = transition.to
        if self.state(chosen) is None or (isinstance(transition.to, tuple) and chosen not in transition.to):
            raise Conflict(
                _("“{step}” does not lead to '{state}'.", step=transition.title, state=chosen),
                _("Choose one of: {states}.", states=", ".join(self.targets_of(transition))),
            )
        return chosen

    # ------------------------------------------------------------ what the platform makes of it

    def actions(self) -> tuple[Action, ...]:
        """The steps as actions, which pages and the API know."""
        return tuple(map(self._action, self.transitions))

    def _action(self, transition: Transition) -> Action:
        from core.resources.resource import Action

        return Action(
            name=transition.name,
            title=transition.title,
            run=partial(self._run, transition.name),
            ask=self._asked(transition),
            allow=transition.allow,
            when=partial(self.is_possible, transition),
            style=transition.style,
            icon=transition.icon,
            bulk=transition.bulk,
            final=True,
        )

    def _asked(self, transition: Transition) -> tuple[Field, ...]:
        if not isinstance(transition.to, tuple):
            return transition.ask
        states = [state for name in transition.to if (state := self.state(name)) is not None]
        choices = tuple(Choice(state.name, state.title, state.colour) for state in states)
        return (Field(TO, self.label or _("State"), "choice", required=True, choices=choices), *transition.ask)

    def _run(self, name: str, session: Session, record: Any, **asked: Any) -> str:
        return self.take(session, record, name, **asked)

    def refine(self, field: ResolvedField) -> ResolvedField:
        """The field of the state: a choice among the states that nobody types."""
        return replace(
            field,
            label=self.label or (field.label if str(field.label) not in ("State", "") else _("State")),
            kind="choice",
            choices=tuple(Choice(state.name, state.title, state.colour) for state in self.states),
            readonly=True,
            required=False,
            default=self.initial,
        )


def call(function: Callable[..., Any], session: Session, record: Any, asked: Mapping[str, Any]) -> Any:
    """Call what a declaration gave with session, record, and those of the values asked for that it takes."""
    names = _named(function)
    return function(session, record, **(asked if names is None else {k: v for k, v in asked.items() if k in names}))


@lru_cache(maxsize=2048)
def _named(function: Callable[..., Any]) -> frozenset[str] | None:
    """The names by which a function takes values; None where it takes any."""
    parameters = list(inspect.signature(function).parameters.values())[2:]
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters):
        return None
    return frozenset(each.name for each in parameters)


def locked(session: Session, record: Any) -> Any:
    """The record as it is now in `session`, which nobody else changes until the transaction ends."""
    table = record.__table__
    # SQLite has one writer at a time; on PostgreSQL whoever comes second waits here, and then sees what was done.
    session.execute(select(table.c.id).where(table.c.id == record.id).with_for_update())
    return session.get(type(record), record.id, populate_existing=True)


def resolve_workflow(resource: Resource, fields: dict[str, ResolvedField]) -> Workflow | None:
    """The workflow of a resource with the steps that other parts add to it; its field is refined on the way."""
    declared = next(iter(resource.of_kind(Workflow)), None)
    parts = resource.of_kind(WorkflowPart)
    if declared is None:
        if parts:
            _wrong(resource.key, _("is missing, though there are parts that add steps to it"))
        return None
    added = [step for part in parts for step in part.transitions(declared)]
    workflow = replace(declared, transitions=(*added, *declared.transitions))
    _check(resource.model, workflow, resource.key)
    fields[workflow.field] = workflow.refine(fields[workflow.field])
    return workflow


def _check(model: type[Any], workflow: Workflow, key: str) -> None:
    """Refuse a declaration that cannot work, at the start and with its name."""
    names = [state.name for state in workflow.states]
    column = model.__table__.c.get(workflow.field)
    if not names or column is None:
        _wrong(key, _("has no column '{field}' or no states", field=workflow.field))
    if column.default is None or getattr(column.default, "arg", None) != names[0]:
        _wrong(
            key,
            _('needs the first state as the default of its column: mapped_column(default="{state}")', state=names[0]),
        )
    for each in workflow.transitions:
        said = (*workflow.sources_of(each), *workflow.targets_of(each))
        unknown = sorted(set(said) - set(names))
        if unknown:
            _wrong(key, _("has no state '{state}', which the step '{step}' names", state=unknown[0], step=each.name))
    for name in workflow.editable or ():
        if name not in names:
            _wrong(key, _("has no state '{state}', which is named as editable", state=name))


def _wrong(key: str, what: Text) -> NoReturn:
    raise PluginError(
        _("The workflow of '{resource}' {what}.", resource=key, what=what),
        _("Correct the declaration of its Workflow."),
    )


def _number(session: Session, record: Any, step: str) -> None:
    """Give the record the number that it gets at this step."""
    from core.resources.locks import rules_of

    if (rules := rules_of(session)) is not None:
        rules.number(session, record, step)


def _announce(session: Session, record: Any, step: str, before: str, after: str, field: str) -> None:
    """Let those know who listen."""
    key = key_of(record.__tablename__)
    announce(session, StateChanged(key, record.id, (field,), step=step, before=before, after=after))
