"""The page of hooks, and that one plugin's fault stays its own."""

from __future__ import annotations

import ast
import inspect
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, String, create_engine, event, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from structlog.testing import capture_logs

from core.kernel import hooks as page
from core.kernel.database import Session
from core.kernel.errors import PluginError
from core.kernel.hooks import (
    SPECIFICATIONS,
    Broken,
    Hooks,
    Refusal,
    TransactionEnded,
    arguments_of,
    concerning,
    hookimpl,
)

# -------------------------------------------------------------------------------- the page itself


def test_there_are_at_most_fifteen_hooks_and_their_names_say_what_kind_they_are() -> None:
    assert len(SPECIFICATIONS) <= 15
    for each in SPECIFICATIONS:
        assert re.fullmatch(r"(register|check|on)_\w+|\w+_(panels|actions)", each.__name__)


@pytest.mark.parametrize("hook", SPECIFICATIONS, ids=lambda hook: str(hook.__name__))
def test_every_hook_says_when_it_is_called_and_shows_an_example_that_fits(hook: Callable[..., Any]) -> None:
    text = inspect.getdoc(hook) or ""
    assert "Called " in text, "say when it is called"
    _words, _, example = text.partition("Example::")
    tree = ast.parse(inspect.cleandoc(example))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert [function.name for function in functions] == [hook.__name__]
    assert {argument.arg for argument in functions[0].args.args} <= set(arguments_of(hook.__name__))
    assert all(parameter.annotation is not parameter.empty for parameter in inspect.signature(hook).parameters.values())


# -------------------------------------------------------------------------------- who is called, and when


def part(**functions: Callable[..., Any]) -> SimpleNamespace:
    """A module with hook implementations."""
    return SimpleNamespace(**{name: hookimpl(function) for name, function in functions.items()})


def panels(*names: str) -> Callable[[], list[str]]:
    def home_panels() -> list[str]:
        return list(names)

    return home_panels


def failing() -> list[str]:
    raise RuntimeError("no such visit")


def test_plugins_are_called_in_plugin_order_first_to_last() -> None:
    hooks = Hooks(
        [(name, part(home_panels=panels(f"{name} 1", f"{name} 2"))) for name in ("customers", "sales", "tasks")]
    )
    assert hooks.collect("home_panels") == [f"{name} {n}" for name in ("customers", "sales", "tasks") for n in (1, 2)]


def test_first_and_last_are_respected_within_that_order() -> None:
    late, early = SimpleNamespace(), SimpleNamespace()
    late.home_panels = hookimpl(trylast=True)(panels("late"))
    early.home_panels = hookimpl(tryfirst=True)(panels("early"))
    hooks = Hooks([("a", late), ("b", part(home_panels=panels("b"))), ("c", early)])
    assert hooks.collect("home_panels") == ["early", "b", "late"]


def test_arguments_are_handed_over_by_name_and_only_those_wanted() -> None:
    def record_panels(record: str, resource: str) -> list[str]:
        return [f"{resource} {record}"]

    hooks = Hooks([("visits", part(record_panels=record_panels))])
    found = hooks.collect("record_panels", principal=None, resource="customers.customer", record=3)
    assert found == ["customers.customer 3"]


def test_unknown_hook_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(
        PluginError, match=r"Plugin 'visits' implements the hook 'home_panel', .* Use one of: home_panels"
    ):
        Hooks([("customers", part()), ("visits", part(home_panel=panels()))])


def test_wrong_argument_is_refused_with_those_there_are() -> None:
    def home_panels(request: Any) -> list[str]:
        return []

    with pytest.raises(PluginError, match=r"Plugin 'visits' .* 'home_panels' .*home_panels\(session, principal\)"):
        Hooks([("visits", part(home_panels=home_panels))])


def test_wrapping_what_others_answer_is_refused() -> None:
    def home_panels() -> Iterator[Any]:
        yield []

    wrapping = SimpleNamespace(home_panels=hookimpl(wrapper=True)(home_panels))
    with pytest.raises(PluginError, match="Plugin 'visits' wraps the hook 'home_panels'"):
        Hooks([("visits", wrapping)])


def test_several_modules_of_one_plugin_are_all_called_in_its_name() -> None:
    hooks = Hooks([("visits", part(home_panels=panels("one"))), ("visits", part(home_panels=failing))])
    found = hooks.collect("home_panels")
    assert found[0] == "one"
    assert found[1].plugin == "visits"
    assert hooks.implemented_by("home_panels") == ("visits", "visits")


# -------------------------------------------------------------------------------- faults stay apart


def test_broken_panel_becomes_an_error_box_and_the_others_stay() -> None:
    hooks = Hooks(
        [("a", part(home_panels=panels("a"))), ("b", part(home_panels=failing)), ("c", part(home_panels=panels("c")))]
    )
    with capture_logs() as logs:
        first, broken, last = hooks.collect("home_panels")
    assert (first, last) == ("a", "c")
    assert broken == Broken("b", "home_panels", "RuntimeError: no such visit")
    assert str(broken.message) == "The plugin 'b' could not show its part of this page."
    assert [(line["event"], line["plugin"]) for line in logs] == [("hook failed", "b")]


@pytest.mark.parametrize("answer", [3, object(), True])
def test_answer_that_is_no_list_is_a_fault_too(answer: object) -> None:
    def home_panels() -> Any:
        return answer

    assert [type(each) for each in Hooks([("a", part(home_panels=home_panels))]).collect("home_panels")] == [Broken]


def test_generator_that_fails_half_way_is_a_fault_too() -> None:
    def home_panels() -> Iterable[str]:
        yield "half"
        raise RuntimeError("and then")

    assert [type(each) for each in Hooks([("a", part(home_panels=home_panels))]).collect("home_panels")] == [Broken]


def check(answer: Any) -> Callable[[], Any]:
    def check_action() -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return check_action


def test_all_must_agree_and_who_refuses_is_named() -> None:
    hooks = Hooks([("a", part(check_action=check(None))), ("b", part(check_action=check("There are visits.")))])
    assert hooks.decide("check_action") == [Refusal("b", "There are visits.")]
    assert Hooks([("a", part(check_action=check(None)))]).decide("check_action") == []


@pytest.mark.parametrize("answer", [RuntimeError("lost"), True, False, 0, "", ["no"]])
def test_decision_that_fails_or_is_no_decision_counts_as_a_refusal(answer: Any) -> None:
    refusals = Hooks([("visits", part(check_action=check(answer)))]).decide("check_action")
    assert [refusal.plugin for refusal in refusals] == ["visits"]
    assert "'visits'" in str(refusals[0].reason)


def test_failing_registration_names_the_plugin() -> None:
    hooks = Hooks([("visits", part(register_menu=failing))])
    with pytest.raises(
        PluginError, match=r"Plugin 'visits' fails in the hook 'register_menu': RuntimeError: no such visit"
    ):
        hooks.gather("register_menu")


def test_slow_plugin_is_named_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "SLOW", 10)

    def home_panels() -> Iterator[str]:
        time.sleep(0.02)
        yield "slow"

    with capture_logs() as logs:
        assert Hooks([("visits", part(home_panels=home_panels))]).collect("home_panels") == ["slow"]
    assert [(line["event"], line["plugin"]) for line in logs] == [("slow hook", "visits")]


def test_calls_are_traced_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPIA_TRACE_HOOKS", "1")
    with capture_logs() as logs:
        Hooks([("visits", part(home_panels=panels("one")))]).collect("home_panels")
    assert [(line["event"], line["plugin"], line["hook"]) for line in logs] == [
        ("hook called", "visits", "home_panels")
    ]


# -------------------------------------------------------------------------------- faults in the database


class Own(DeclarativeBase):
    """Apart from the models of the platform."""


class Note(Own):
    """A row that a hook writes."""

    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(String(20), unique=True)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'hooks.db'}", connect_args={"isolation_level": None})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    Own.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection, connection.begin():
        session = Session(bind=connection)
        yield session
        session.close()


def writing(words: str, then: Callable[[Session], Any] = lambda session: None) -> Callable[..., Any]:
    def on_change(session: Session) -> None:
        session.add(Note(words=words))
        session.flush()
        then(session)

    return on_change


def fail(session: Session) -> None:
    raise RuntimeError("after writing")


ZOO: dict[str, Callable[[Session], Any]] = {
    "raises": fail,
    "breaks a rule of the database": lambda session: session.add(Note(words="core")),
    "breaks it and flushes": lambda session: session.execute(insert(Note).values(words="core")),
    "asks for a table that is not there": lambda session: session.connection().exec_driver_sql("SELECT * FROM nowhere"),
    "commits": lambda session: session.commit(),
    "rolls back": lambda session: session.rollback(),
    "closes": lambda session: session.close(),
    "leaves its own block": lambda session: session.__exit__(None, None, None),
}


@pytest.mark.parametrize("fault", ZOO, ids=str)
def test_what_a_failing_plugin_wrote_is_undone_alone(fault: str, engine: Engine) -> None:
    with engine.connect() as connection, connection.begin():
        session = Session(bind=connection)
        session.add(Note(words="core"))
        parts = [("a", writing("a")), ("bad", writing("bad", ZOO[fault])), ("c", writing("c"))]
        broken = Hooks([(name, part(on_change=each)) for name, each in parts]).react("on_change", session=session)
        session.flush()
        session.close()
    assert [each.plugin for each in broken] == ["bad"]
    with engine.connect() as connection:
        assert set(connection.scalars(select(Note.words))) == {"core", "a", "c"}


def test_plugin_that_ends_the_whole_transaction_fails_the_whole_request(session: Session) -> None:
    def on_change(session: Session) -> None:
        transaction = session.get_transaction()
        assert transaction
        transaction.rollback()

    with pytest.raises(TransactionEnded):
        Hooks([("a", part(on_change=on_change))]).react("on_change", session=session)


def test_fault_of_what_was_there_before_is_not_blamed_on_a_plugin(session: Session) -> None:
    session.add_all([Note(words="core"), Note(words="core")])
    with pytest.raises(Exception, match="UNIQUE"):
        Hooks([("a", part(on_change=writing("a")))]).react("on_change", session=session)


def test_plugin_that_writes_while_only_reading_is_allowed_gets_the_box(engine: Engine) -> None:
    def home_panels(session: Session) -> list[str]:
        session.add(Note(words="sneaked in"))
        return ["panel"]

    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("PRAGMA query_only=ON")
        session = Session(bind=connection)
        hooks = Hooks([("a", part(home_panels=home_panels)), ("b", part(home_panels=panels("b")))])
        found = hooks.collect("home_panels", session=session)
        assert [type(each) for each in found] == [Broken, str]
        assert session.scalar(select(func.count()).select_from(Note)) == 0
        session.close()


def hearing(*resources: str) -> Any:
    """A hook that is narrowed to resources."""
    return concerning(*resources)(lambda resource: None)


def test_who_hears_of_many_records_together_need_not_hear_of_each() -> None:
    alone, both = part(on_change=hearing("a.b", "a.c")), part(on_change=hearing("a.b", "a.c"), on_many=hearing("a.b"))
    assert Hooks([("x", alone), ("y", both)]).need_each("a.b") == ("x",)
    assert Hooks([("x", alone), ("y", both)]).need_each("a.c") == ("x", "y")
    assert Hooks([("y", part(check_action=hearing("a.b")))]).need_each("a.b") == ("y",)


def test_who_hears_of_many_records_hears_of_single_ones_as_well() -> None:
    for single in ({}, {"on_change": hearing("a.c")}):
        with pytest.raises(PluginError) as caught:
            Hooks([("visits", part(**single, on_many=hearing("a.b")))])
        assert "'visits' implements the hook 'on_many' and not 'on_change' for 'a.b'." in str(caught.value)
    with pytest.raises(PluginError, match="for all resources"):
        Hooks([("visits", part(on_change=hearing("a.c"), on_many=lambda resource: None))])


def test_a_plugin_can_be_left_out_of_what_is_told() -> None:
    heard: list[str] = []
    parts = [(name, part(on_change=lambda resource, name=name: heard.append(name))) for name in "abc"]
    assert Hooks(parts).react("on_change", but=("b",), resource="x.y") == []
    assert heard == ["a", "c"]
