"""What happened, told to whom it concerns: events, and how a plugin says that it listens.

An event is a frozen dataclass in the past tense, such as `CustomerMerged`. Who announces it knows nobody that listens;
how it gets to the listeners is the job of `core.kernel.announcing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, is_dataclass
from typing import Any

from core.kernel.errors import PluginError
from core.kernel.i18n import translate as _


@dataclass(frozen=True)
class RecordEvent:
    """What happened to one record of any resource; listened to by the classes below."""

    resource: str
    """The key of its resource: `customers.customer`."""
    id: int
    fields: tuple[str, ...] = ()
    """The attributes of the model that were set, such as `owner_id`."""


@dataclass(frozen=True)
class RecordCreated(RecordEvent):
    """A record was made, by hand, by the API or by an import."""


@dataclass(frozen=True)
class RecordChanged(RecordEvent):
    """A record was edited or assigned, or one of its actions changed it; `fields` says what."""


@dataclass(frozen=True)
class RecordDeleted(RecordEvent):
    """A record was moved to the recycle bin."""


@dataclass(frozen=True)
class RecordRestored(RecordEvent):
    """A record came back from the recycle bin."""


@dataclass(frozen=True)
class Listener:
    """A function that wants to hear of an event; made by `listen`."""

    event: type[Any]
    function: Callable[..., Any]
    at_once: bool = False
    of: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """By what the queue finds it again: the function's module and name."""
        return f"{self.function.__module__}:{self.function.__qualname__}"


def listen(
    event: type[Any], function: Callable[..., Any], *, at_once: bool = False, of: str | Iterable[str] = ()
) -> Listener:
    """Let `function(session, event)` hear of an event: once after the commit, or in the same transaction with `at_once`.

    Its session reaches beyond anybody's scope, as in `acting`. After the commit it has a transaction of its own; one
    that fails is tried again later and keeps no other waiting. At once, its failure undoes what was announced. `of`
    narrows the events of all resources, such as `RecordChanged`, to some by key, and is needed for them.
    """
    if isinstance(event, type) and issubclass(event, RecordEvent) and not of:
        raise PluginError(
            _("'{function}' listens to '{event}' of every resource.", function=_named(function), event=event.__name__),
            _('Name the resources, as in of="customers.customer".'),
        )
    return Listener(event, function, at_once, frozenset((of,) if isinstance(of, str) else of))


def check_listeners(listeners: Iterable[tuple[str, Any]]) -> None:
    """Refuse what is no listener, an event that is none, and the same listener twice."""
    seen: set[tuple[str, Any]] = set()
    for plugin, each in listeners:
        if not isinstance(each, Listener):
            raise PluginError(
                _("Plugin '{plugin}' gives {value} as a listener.", plugin=plugin, value=repr(each)),
                _("Write listen(Event, function)."),
            )
        if not is_event(each.event):
            raise PluginError(
                _("Plugin '{plugin}' listens to {event}, which is no event.", plugin=plugin, event=repr(each.event)),
                _("An event is a class with @dataclass(frozen=True)."),
            )
        if "<" in each.name and not each.at_once:
            raise PluginError(
                _("Plugin '{plugin}' listens with '{name}', which the queue cannot find again.",
                  plugin=plugin, name=each.name),
                _("Use a function of a module, not one made inside another."),
            )  # fmt: skip
        if (each.name, each.event) in seen:
            raise PluginError(
                _("Plugin '{plugin}' listens to '{event}' with '{name}' twice.",
                  plugin=plugin, event=each.event.__name__, name=each.name),
                _("Remove one of them."),
            )  # fmt: skip
        seen.add((each.name, each.event))


def is_event(kind: Any) -> bool:
    """Whether a class can be announced: a dataclass whose values stay as they are."""
    return isinstance(kind, type) and is_dataclass(kind) and bool(kind.__dataclass_params__.frozen)  # type: ignore[attr-defined]


def _named(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", repr(function))
