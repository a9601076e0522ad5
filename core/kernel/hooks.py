"""Every hook that a plugin may implement, on one page; and the caller that keeps one plugin's fault from the others.

Write implementations in `hooks.py` of the plugin, marked with `@hookimpl`; take only the arguments you need, by name.
`register_*` is asked once, when the registry is built. `*_panels` and `*_actions` are collected for a page; a plugin
that fails gets an error box and the page stays. `check_*` decides; a plugin that fails counts as a refusal. `on_*`
reacts; a plugin that fails is undone alone. With SOPIA_TRACE_HOOKS=1 in the environment every call is logged.
"""

from __future__ import annotations

import difflib
import os
import sys
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pluggy
import structlog
from sqlalchemy.orm import Session

from core.kernel.errors import PluginError, SopiaError
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _

hookspec = pluggy.HookspecMarker("sopia")
hookimpl = pluggy.HookimplMarker("sopia")
Function = TypeVar("Function", bound=Callable[..., Any])
log = structlog.get_logger("sopia.hooks")

SLOW = 250
"""Milliseconds after which a plugin's part of a page is named in the log."""


def concerning(*resources: str) -> Callable[[Function], Function]:
    """Narrows a hook implementation to resources, by key: `@hookimpl` above `@concerning("visits.visit")`.

    It is not called for others, so that thousands of their records can be written at once.
    """

    def narrowed(function: Function) -> Function:
        function.sopia_resources = frozenset(resources)  # type: ignore[attr-defined]
        return function

    return narrowed


# ---------------------------------------------------------------- asked once, when the registry is built


@hookspec
def register_models() -> Iterable[type[Any]]:  # type: ignore[empty-body]
    """Mapped classes of the plugin. Those in the modules that `plugin.py` imports are found without this hook.

    Called once, before resources are looked at. Returns classes whose tables start with the plugin's name.

    Example::

        @hookimpl
        def register_models():
            from visits import statistics

            return [statistics.VisitsOfMonth]
    """


@hookspec
def register_migrations() -> Iterable[Path]:  # type: ignore[empty-body]
    """The folder of the plugin's migrations, where it is not `migrations` in the package.

    Called once, and before a migration. Returns one folder.

    Example::

        @hookimpl
        def register_migrations():
            return [Path(__file__).parent / "schema"]
    """


@hookspec
def register_resources() -> Iterable[Any]:  # type: ignore[empty-body]
    """Resources besides those in `Plugin(resources=…)`, for example one for each of a list of kinds.

    Called once. Returns `Resource` objects whose keys start with the plugin's name.

    Example::

        @hookimpl
        def register_resources():
            return [Resource(model, title=model.title) for model in DICTIONARIES]
    """


@hookspec
def register_extensions() -> Iterable[Any]:  # type: ignore[empty-body]
    """Extensions of other plugins' resources besides those in `Plugin(extensions=…)`.

    Called once. Returns `Extension` objects; the extended resource belongs to a plugin that this one requires.

    Example::

        @hookimpl
        def register_extensions():
            return [Extension(of=key, record=Rating) for key in ("customers.customer", "customers.supplier")]
    """


@hookspec
def register_routes() -> Iterable[Any]:  # type: ignore[empty-body]
    """Pages besides those in `Plugin(routes=…)`. Each is mounted under the plugin's name and declares its permission.

    Called once. Returns `Route` objects.

    Example::

        @hookimpl
        def register_routes():
            return [Route("/map", pages.map_of_visits, allow="visits.visit.view")]
    """


@hookspec
def register_menu() -> Iterable[Any]:  # type: ignore[empty-body]
    """Menu entries besides those in `Plugin(menu=…)` and those that resources make by themselves.

    Called once. Returns menu entries; each is shown only to people who may open what it leads to.

    Example::

        @hookimpl
        def register_menu():
            return [MenuEntry(_("Map of visits"), "/visits/map", allow="visits.visit.view")]
    """


@hookspec
def register_settings() -> Iterable[Any]:  # type: ignore[empty-body]
    """Settings besides those in `Plugin(settings=…)`, shown in the administration under the plugin's title.

    Called once. Returns `Setting` objects.

    Example::

        @hookimpl
        def register_settings():
            return [Setting("days_between_visits", default=30, help=_("Days until the next visit is due"))]
    """


@hookspec
def register_listeners() -> Iterable[Any]:  # type: ignore[empty-body]
    """Listeners to events of this and other plugins besides those in `Plugin(listeners=…)`.

    Called once. Returns listeners; each hears its event after the transaction that announced it is committed, or in
    that transaction where it listens `at_once`.

    Example::

        @hookimpl
        def register_listeners():
            return [listen(CustomerMerged, move_visits)]
    """


@hookspec
def register_jobs() -> Iterable[Any]:  # type: ignore[empty-body]
    """Jobs and schedules besides those in `Plugin(jobs=…)`.

    Called once. Returns jobs; a worker that does not have the plugin leaves them to one that has.

    Example::

        @hookimpl
        def register_jobs():
            return [remind_of_visits]
    """


# ------------------------------------------------------------- collected for a page; one that fails gets an error box


@hookspec
def home_panels(session: Session, principal: Any) -> Iterable[Any]:  # type: ignore[empty-body]
    """Panels on the first page, the workplace of today.

    Called for every request of `/`, on a scoped session that cannot write. Returns panels with a template each, in the
    order to show; what the template needs comes from the panel's `make(session, principal)`.

    Example::

        @hookimpl
        def home_panels(session):
            return [Panel(_("Visits today"), "visits/today.html", services.visits_of_today)]
    """


@hookspec
def record_panels(session: Session, principal: Any, resource: str, record: Any) -> Iterable[Any]:  # type: ignore[empty-body]
    """Panels on the page of one record, besides those that an extension declares.

    Called for every page of a record, on a scoped session that cannot write; `resource` is its key. Returns panels.

    Example::

        @hookimpl
        def record_panels(session, resource, record):
            if resource == "customers.customer" and services.is_overdue(session, record):
                return [Panel(_("A visit is due"), "visits/due.html")]
            return []
    """


@hookspec
def record_actions(session: Session, principal: Any, resource: str, record: Any) -> Iterable[Any]:  # type: ignore[empty-body]
    """Buttons on the page of one record, besides the actions of its resource.

    Called for every page of a record, on a scoped session that cannot write, and again on the writing one when such an
    action is asked for, on the page or in the API. Returns actions; one that says no permission needs `edit`.

    Example::

        @hookimpl
        def record_actions(resource, record):
            if resource != "customers.customer":
                return []
            return [Action("visit", _("Visit"), services.visit, allow="visits.visit.create")]
    """


# ---------------------------------------------------------------- decide; a plugin that fails refuses


@hookspec
def check_action(session: Session, principal: Any, resource: str, record: Any, action: str) -> str | None:
    """Whether an action on a record is against a rule of this plugin.

    Called before a record is created, edited, deleted, assigned, or one of its own actions runs, in the writing
    transaction, with the new values already on `record`. Returns None to agree, or the reason to refuse it, in the
    reader's words.

    Example::

        @hookimpl
        def check_action(session, resource, record, action):
            if resource == "customers.customer" and action == "delete" and services.has_visits(session, record):
                return _("There are visits to this customer.")
            return None
    """


# ---------------------------------------------------------------- react; a plugin that fails is undone alone


@hookspec
def on_change(session: Session, principal: Any, resource: str, record: Any, action: str) -> None:
    """A record was created, edited, deleted, restored or assigned, or one of its own actions ran.

    Called in the same transaction, after the change is flushed and before it is committed. Use an event and a
    listener for whatever can wait until the commit or talks to the network.

    Example::

        @hookimpl
        def on_change(session, resource, record, action):
            if resource == "customers.follow_up" and action == "create":
                services.set_last_contact(session, record)
    """


@hookspec
def on_many(session: Session, principal: Any, resource: str, ids: Sequence[int], action: str) -> None:
    """The same happened to many records together, as in an import: what `on_change` does for each, done for all.

    Called in place of `on_change` of the same plugin, in the same transaction, when all of them are written; `ids` are
    thousands at a time, and a statement takes them by `among`. It narrows itself with `concerning` as far as the plugin
    has both; where there is only `on_change`, each record is written and told of by itself, which takes many times as long.

    Example::

        @hookimpl
        @concerning("customers.follow_up")
        def on_many(session, ids):
            services.set_last_contacts(session, ids)
    """


SPECIFICATIONS: tuple[Callable[..., Any], ...] = tuple(
    each for each in list(globals().values()) if hasattr(each, "sopia_spec")
)
"""Every hook there is. The list stays short: at most fifteen."""


@dataclass(frozen=True)
class Broken:
    """What stands on a page in the place of what a plugin failed to give."""

    plugin: str
    hook: str
    reason: str

    @property
    def message(self) -> Text:
        """The words in the error box."""
        return _("The plugin '{plugin}' could not show its part of this page.", plugin=self.plugin)


@dataclass(frozen=True)
class Refusal:
    """The word of a plugin against an action."""

    plugin: str
    reason: Text | str


@dataclass(frozen=True)
class _Implementation:
    plugin: str
    hook: str
    function: Callable[..., Any]
    arguments: Sequence[str]
    resources: frozenset[str] | None = None
    """The resources it is narrowed to; None: all of them."""

    def concerns(self, resource: str | None) -> bool:
        """Whether it wants to hear of this resource."""
        return self.resources is None or resource is None or resource in self.resources

    def __call__(self, given: Mapping[str, Any]) -> Any:
        return self.function(*(given[name] for name in self.arguments))


class Hooks:
    """The hook implementations of the enabled plugins, called in plugin order, each for itself."""

    def __init__(self, parts: Iterable[tuple[str, object]]) -> None:
        """`parts` are plugins and their modules with hooks, each with the plugin's name, in plugin order."""
        self._manager = pluggy.PluginManager("sopia")
        self._manager.add_hookspecs(sys.modules[__name__])
        self._order: list[str] = []
        for plugin, part in parts:
            self._add(plugin, part)
        self._refuse_unknown()
        self._calls = {each.__name__: self._implementations(each.__name__) for each in SPECIFICATIONS}
        self._refuse_half_deaf()
        self._trace = os.environ.get("SOPIA_TRACE_HOOKS", "") not in ("", "0")

    def gather(self, hook: str) -> list[tuple[str, Any]]:
        """What the plugins register, as pairs of plugin and thing; one that fails is an error of the whole registry."""
        found: list[tuple[str, Any]] = []
        for call in self._calls[hook]:
            try:
                found += [(call.plugin, item) for item in self._run(call, {}, _items)]
            except SopiaError:
                raise
            except Exception as error:
                raise PluginError(
                    _("Plugin '{plugin}' fails in the hook '{hook}': {reason}.",
                      plugin=call.plugin, hook=hook, reason=_reason(error)),
                    _("Mend the plugin or disable it."),
                ) from error  # fmt: skip
        return found

    def collect(self, hook: str, *, session: Session | None = None, **given: Any) -> list[Any]:
        """What the plugins add to a page, in plugin order; `Broken` stands where one failed."""
        found: list[Any] = []
        for _call, answer, broken in self._answers(hook, session, given, _items):
            found += [broken] if broken else answer
        return found

    def decide(self, hook: str, *, session: Session | None = None, **given: Any) -> list[Refusal]:
        """The refusals of the plugins; empty when all agree. One that fails, or answers something else, refuses."""
        refusals: list[Refusal] = []
        for call, answer, broken in self._answers(hook, session, given, _decision):
            if broken:
                reason = _("The plugin '{plugin}' could not decide whether this is allowed.", plugin=call.plugin)
                refusals.append(Refusal(call.plugin, reason))
            elif answer is not None:
                refusals.append(Refusal(call.plugin, answer or _("Not allowed by '{plugin}'.", plugin=call.plugin)))
        return refusals

    def react(
        self, hook: str, *, session: Session | None = None, but: Container[str] = (), **given: Any
    ) -> list[Broken]:
        """Tell the plugins `but` some what happened; what one does is undone when it fails, and it is among the answers."""
        return [broken for _call, _answer, broken in self._answers(hook, session, given, _nothing, but) if broken]

    def implemented_by(self, hook: str) -> tuple[str, ...]:
        """The plugins that implement a hook, in the order in which they are called."""
        return tuple(call.plugin for call in self._calls[hook])

    def concerned(self, hook: str, resource: str) -> tuple[str, ...]:
        """The plugins whose implementation of a hook wants to hear of a resource."""
        return tuple(call.plugin for call in self._calls[hook] if call.concerns(resource))

    def need_each(self, resource: str) -> tuple[str, ...]:
        """The plugins that decide about, or want to hear of, each new record of a resource by itself."""
        together = self.concerned("on_many", resource)
        alone = tuple(plugin for plugin in self.concerned("on_change", resource) if plugin not in together)
        return self.concerned("check_action", resource) + alone

    def _answers(
        self,
        hook: str,
        session: Session | None,
        given: Mapping[str, Any],
        read: Callable[[Any], Any],
        but: Container[str] = (),
    ) -> Iterator[tuple[_Implementation, Any, Broken | None]]:
        """Every implementation with its answer as `read` takes it, or with what stands in for it."""
        if session is not None:
            session.flush()  # so that no plugin is blamed for what was there before
        for call in self._calls[hook]:
            if call.plugin in but or not call.concerns(given.get("resource")):
                continue
            answer, broken = None, None
            try:
                with _apart(session):
                    answer = self._run(call, {"session": session, **given}, read)
            except TransactionEnded:
                raise
            except Exception as error:
                log.error("hook failed", plugin=call.plugin, hook=hook, reason=_reason(error), exc_info=error)
                broken = Broken(call.plugin, hook, _reason(error))
            yield call, answer, broken

    def _add(self, plugin: str, part: object) -> None:
        name = plugin if plugin not in self._order else f"{plugin}:{getattr(part, '__name__', len(self._order))}"
        self._order.append(plugin)
        try:
            self._manager.register(part, name)
        except pluggy.PluginValidationError as error:
            hook = str(error).partition("hook '")[2].partition("'")[0]
            raise PluginError(
                _("Plugin '{plugin}' implements the hook '{hook}' with other arguments than it has.",
                  plugin=plugin, hook=hook),
                _("Take only arguments of {hook}({arguments}).", hook=hook, arguments=", ".join(arguments_of(hook))),
            ) from error  # fmt: skip

    def _refuse_unknown(self) -> None:
        known = [each.__name__ for each in SPECIFICATIONS]
        for name, part in self._manager.list_name_plugin():
            for hook in (caller.name for caller in self._manager.get_hookcallers(part) or ()):
                if hook not in known:
                    near = ", ".join(difflib.get_close_matches(hook, known) or known)
                    raise PluginError(
                        _("Plugin '{plugin}' implements the hook '{hook}', which does not exist.",
                          plugin=name.partition(":")[0], hook=hook),
                        _("Use one of: {near}.", near=near),
                    )  # fmt: skip

    def _refuse_half_deaf(self) -> None:
        """Whoever hears of many records together hears of single ones as well."""
        for many in self._calls["on_many"]:
            single = [call for call in self._calls["on_change"] if call.plugin == many.plugin]
            wanted = sorted(many.resources) if many.resources else (None,)
            missing = [
                key for key in wanted if not any(call.resources is None or key in call.resources for call in single)
            ]
            if missing:
                raise PluginError(
                    _("Plugin '{plugin}' implements the hook 'on_many' and not 'on_change' for {resources}.",
                      plugin=many.plugin, resources=", ".join(f"'{key}'" for key in missing if key) or _("all resources")),
                    _("Implement both, with the same resources in @concerning."),
                )  # fmt: skip

    def _implementations(self, hook: str) -> tuple[_Implementation, ...]:
        """In plugin order. pluggy itself calls the last one registered first."""
        found = getattr(self._manager.hook, hook).get_hookimpls()
        names = [name for name, _part in self._manager.list_name_plugin()]
        for each in found:
            if each.wrapper or each.hookwrapper:
                raise PluginError(
                    _("Plugin '{plugin}' wraps the hook '{hook}'.",
                      plugin=each.plugin_name.partition(":")[0], hook=hook),
                    _("Implement it without wrapper=True; one plugin does not change what another answers."),
                )  # fmt: skip
        found.sort(key=lambda each: (not each.tryfirst, each.trylast, names.index(each.plugin_name)))
        return tuple(
            _Implementation(
                e.plugin_name.partition(":")[0],
                hook,
                e.function,
                e.argnames,
                getattr(e.function, "sopia_resources", None),
            )
            for e in found
        )

    def _run(self, call: _Implementation, given: Mapping[str, Any], read: Callable[[Any], Any]) -> Any:
        """The answer as `read` takes it, which is where a generator does its work; the time it took is watched."""
        begin = time.perf_counter()
        answer: Any = None
        try:
            answer = read(call(given))
            return answer
        finally:
            milliseconds = round((time.perf_counter() - begin) * 1000, 1)
            if self._trace:
                shown = {name: repr(given[name])[:80] for name in call.arguments if name != "session"}
                log.info("hook called", plugin=call.plugin, hook=call.hook, milliseconds=milliseconds,
                         given=shown, answer=repr(answer)[:120])  # fmt: skip
            if milliseconds > SLOW and call.hook != "on_many":  # thousands of records take their time
                log.warning("slow hook", plugin=call.plugin, hook=call.hook, milliseconds=milliseconds)


def arguments_of(hook: str) -> tuple[str, ...]:
    """The names of the arguments that a hook offers."""
    for each in SPECIFICATIONS:
        if each.__name__ == hook:
            return each.__code__.co_varnames[: each.__code__.co_argcount]
    return ()


def _items(answer: Any) -> list[Any]:
    return [] if answer is None else list(answer)


def _decision(answer: Any) -> Any:
    if answer is not None and not isinstance(answer, Text | str):
        raise TypeError(f"A check answers None or a reason, not {answer!r}")
    return answer


def _nothing(answer: Any) -> None:
    if isinstance(answer, Iterator):  # a generator does its work only when it is asked
        list(answer)


class TransactionEnded(RuntimeError):
    """A hook has ended the transaction of everybody. Nothing of it can be saved, so the whole request fails."""


@contextmanager
def _apart(session: Session | None) -> Iterator[None]:
    """Keep what a hook does to the session apart, so that it can be undone without the rest."""
    if session is None:
        yield
        return
    # A reading session on PostgreSQL has no transaction to save a point in; nothing it does can last anyway.
    lasting = not session.connection()._is_autocommit_isolation()
    whole = session.get_transaction()
    try:
        with session.begin_nested() if lasting else _unchanged(session), _kept_open(session):
            yield
    finally:
        if lasting and (whole is None or not whole.is_active or session.get_transaction() is not whole):
            raise TransactionEnded("A hook ended the transaction")


@contextmanager
def _kept_open(session: Session) -> Iterator[None]:
    """Closing would end the transaction of everybody, and a careless `with session:` closes."""

    def close() -> None:
        raise RuntimeError("The session is closed by whoever opened it, not by a hook")

    vars(session)["close"] = close
    try:
        yield
    finally:
        del vars(session)["close"]


@contextmanager
def _unchanged(session: Session) -> Iterator[None]:
    before = set(session.new)
    try:
        yield
        session.flush()
    except BaseException:
        for stray in set(session.new) - before:
            session.expunge(stray)
        for changed in [*session.dirty, *session.deleted]:
            session.expire(changed)
        raise


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": .")
