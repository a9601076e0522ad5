"""Enabling, parking and uninstalling plugins, and what starts; on both databases, with real plugins."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from core.kernel.database import Database
from core.kernel.discovery import Found
from core.kernel.errors import PluginError
from core.kernel.generations import read_generations
from core.kernel.lifecycle import Lifecycle
from core.kernel.migrations import catalogue, migrate, system_history
from core.kernel.roles import Grant, Role
from core.kernel.search import SearchIndex
from core.kernel.settings import Settings
from core.kernel.states import PluginState, State, read_ownership, read_states
from core.kernel.trial import Trials, try_import, try_together
from core.kernel.types import now
from core.testing.databases import Schema
from tests.kernel.throwaway import ONE_FILE, Workshop, Write, unique

Open = Callable[..., Lifecycle]


def fill(database: Database) -> None:
    """The platform's own tables, made by its own migrations."""
    assert migrate(database, [system_history()]) == {}


@pytest.fixture
def schema() -> Schema:
    """An installation of which nothing has been started yet."""
    return Schema(kernel=False, fill=fill)


@pytest.fixture
def open_installation(database: Database, tmp_path: Path) -> Open:
    """An installation with these plugins in reach."""

    def open_lifecycle(found: Iterable[Found] = (), overlay: str | None = None, **options: Any) -> Lifecycle:
        settings = Settings.load(data_dir=tmp_path / "var", plugins=overlay)
        return Lifecycle(database, settings, found={each.name: each for each in found}, **options)

    return open_lifecycle


def requiring(*names: str, source: str = ONE_FILE, automatic: bool = False) -> str:
    """The source of a plugin that requires others."""
    return source.replace('"1.0")', f'"1.0", requires={tuple(names)!r}, automatic={automatic})')


def linked_to(other: str) -> str:
    """The source of a plugin whose table points to another's."""
    source = requiring(other).replace("import Model", "import Model\n    from core.kernel.types import link")
    return source.replace(
        'outcome: Mapped[str] = mapped_column(default="")', f'other_id: Mapped[int] = link("{other}_visit")'
    )


def schema_of(database: Database) -> Any:
    with database.transaction(write=False) as connection:
        return catalogue(connection)


def generation(database: Database) -> int:
    with database.transaction(write=False) as connection:
        return read_generations(connection)[1]


def state_of(database: Database, name: str) -> str | None:
    with database.transaction(write=False) as connection:
        states = read_states(connection)
        return states[name].state if name in states else None


def add_visit(database: Database, name: str, outcome: str = "good", number: int = 1) -> None:
    with database.transaction(write=True) as connection:
        connection.execute(
            text(f"INSERT INTO {name}_visit (id, outcome, version, created_at, updated_at) "
                 "VALUES (:id, :outcome, 1, '2026-01-01', '2026-01-01')"),
            {"id": number, "outcome": outcome},
        )  # fmt: skip


def visits_of(database: Database, name: str) -> list[Any]:
    with database.transaction(write=False) as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT id, outcome FROM {name}_visit ORDER BY id"))]


# ------------------------------------------------------------------------------------------ starting


def test_first_start_enables_all_built_in_plugins_and_no_other(
    open_installation: Open, write: Write, database: Database
) -> None:
    own, other = write(unique()), write(unique())
    installation = open_installation([Found(own.name, own.target, built_in=True), other])
    registry = installation.start()
    assert registry.names == ("system", own.name)
    assert (state_of(database, own.name), state_of(database, other.name)) == (State.ENABLED, None)
    add_visit(database, own.name)
    with database.transaction(write=False) as connection:
        assert f"{own.name}_visit" in read_ownership(connection, own.name)["table"]
    assert installation.start().names == registry.names


@pytest.mark.sqlite
def test_safe_start_is_the_platform_alone(open_installation: Open, write: Write) -> None:
    found = write(unique())
    installation = open_installation([found])
    installation.enable(found.name)
    assert installation.start(safe=True).names == ("system",)
    assert installation.start().names == ("system", found.name)


@pytest.mark.sqlite
def test_plugin_that_stops_working_is_set_aside_with_those_on_it_and_comes_back(
    open_installation: Open, write: Write, workshop: Workshop
) -> None:
    bad, good = write(unique()), write(unique())
    rests_on_it = write(unique(), requiring(bad.name))
    open_installation([bad, good, rests_on_it]).enable(bad.name, good.name, rests_on_it.name)
    workshop.write(bad.name, "import nothing_of_this_name")
    installation = open_installation([bad, good, rests_on_it])
    registry = installation.start()
    assert registry.names == ("system", good.name)
    assert set(registry.broken) == {bad.name, rests_on_it.name}
    line = next(line for line in installation.lines() if line.name == bad.name)
    assert line.state == State.ENABLED
    assert "nothing_of_this_name" in line.reason
    workshop.write(bad.name)
    assert open_installation([bad, good, rests_on_it]).start().names == ("system", *sorted_by_order(
        [bad.name, good.name, rests_on_it.name], rests_on_it.name, bad.name))  # fmt: skip


def sorted_by_order(names: list[str], later: str, earlier: str) -> list[str]:
    """Alphabetical, but for one that stands behind another."""
    ordered = sorted(names)
    if ordered.index(later) < ordered.index(earlier):
        waiting = [name for name in ordered if name != later]
        position = waiting.index(earlier) + 1
        ordered = [*waiting[:position], later, *waiting[position:]]
    return ordered


def test_plugin_whose_migration_fails_is_set_aside_and_others_start(
    open_installation: Open, write: Write, database: Database, workshop: Workshop
) -> None:
    good = write(unique())
    bad = write(unique(), ONE_FILE, **{"migrations/0001_create.py": "raise RuntimeError('half-way')"})
    rests_on_it = write(unique(), requiring(bad.name))
    built_in = [Found(each.name, each.target, built_in=True) for each in (bad, good, rests_on_it)]
    before = schema_of(database)
    registry = open_installation(built_in).start()
    assert registry.names == ("system", good.name)
    assert "half-way" in str(registry.broken[bad.name])
    assert "cannot start" in str(registry.broken[rests_on_it.name])
    assert {table.partition("_")[0] for table in schema_of(database).keys() - before.keys()} <= {good.name, "alembic"}


def test_a_start_with_nothing_to_do_writes_nothing(open_installation: Open, write: Write, database: Database) -> None:
    found = write(unique())
    installation = open_installation([found])
    installation.enable(found.name)
    with database.transaction(write=True):  # a thread that writes cannot write in a second transaction
        assert installation.start().names == ("system", found.name)


# ------------------------------------------------------------------------------------------ enabling


def test_enabling_makes_the_tables_the_state_and_the_generation(
    open_installation: Open, write: Write, database: Database
) -> None:
    found = write(unique())
    installation = open_installation([found])
    installation.start()
    before = generation(database)
    assert installation.enable(found.name) == (found.name,)
    add_visit(database, found.name)
    assert (state_of(database, found.name), generation(database)) == (State.ENABLED, before + 1)
    assert installation.enable(found.name) == ()
    assert generation(database) == before + 1
    assert installation.start().names == ("system", found.name)


def test_enabling_without_the_required_plugin_says_so_and_changes_nothing(
    open_installation: Open, write: Write, database: Database
) -> None:
    base = write(unique())
    found = write(unique(), requiring(f"{base.name}>=1"))
    installation = open_installation([base, found])
    before = schema_of(database)
    with pytest.raises(
        PluginError, match=rf"Plugin '{found.name}' requires '{base.name}', which is not enabled. Enable"
    ):
        installation.enable(found.name)
    assert schema_of(database) == before
    assert set(installation.enable(found.name, base.name)) == {base.name, found.name}


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import nothing_of_this_name", "No module named 'nothing_of_this_name'"),
        ("def :", "SyntaxError"),
        ("import os; os._exit(3)", "its import ends the process"),
        (ONE_FILE.replace('__policy__ = Public("a test")', ""), "does not say who may see 'Visit'"),
        (ONE_FILE.replace("{name}_visit", "system_user"), "not named after the plugin"),
        (ONE_FILE.replace('default="")', 'default="")\n    Visit.no = __import__("sqlalchemy").orm.relationship("No")'),
         "has a model that cannot be mapped"),
    ],
)  # fmt: skip
def test_plugin_that_would_break_is_found_out_in_another_process(
    open_installation: Open, write: Write, database: Database, source: str, message: str
) -> None:
    found, good = write(unique(), source), write(unique())
    installation = open_installation([found, good])
    before = schema_of(database)
    with pytest.raises(PluginError, match=message):
        installation.enable(found.name)
    assert schema_of(database) == before
    assert state_of(database, found.name) is None
    assert installation.enable(good.name) == (good.name,)
    assert installation.start().names == ("system", good.name)


def test_of_several_plugins_enabled_together_all_are_or_none_is(
    open_installation: Open, write: Write, database: Database
) -> None:
    good = write(unique())
    bad = write(unique(), ONE_FILE, **{"migrations/0001_create.py": "raise RuntimeError('half-way')"})
    installation = open_installation([good, bad])
    before = schema_of(database), generation(database)
    with pytest.raises(PluginError, match="half-way"):
        installation.enable(good.name, bad.name)
    assert (schema_of(database), generation(database)) == before
    assert state_of(database, good.name) is None


@pytest.mark.sqlite
def test_unknown_plugin_is_named_with_those_there_are(open_installation: Open, write: Write) -> None:
    found = write(unique())
    with pytest.raises(PluginError, match=rf"There is no plugin 'nosuch'. .* choose one of: {found.name}"):
        open_installation([found]).enable("nosuch")


def test_bridge_comes_and_goes_with_what_it_joins(open_installation: Open, write: Write, database: Database) -> None:
    one, two = write(unique()), write(unique())
    bridge = write(unique(), requiring(one.name, two.name, automatic=True))
    installation = open_installation([one, two, bridge])
    installation.enable(one.name)
    assert state_of(database, bridge.name) is None
    assert installation.enable(two.name)[-1] in (bridge.name, two.name)
    assert state_of(database, bridge.name) == State.ENABLED
    add_visit(database, bridge.name)
    assert set(installation.disable(one.name)) == {one.name, bridge.name}
    assert state_of(database, bridge.name) == State.PARKED
    assert set(installation.enable(one.name)) == {one.name, bridge.name}
    assert visits_of(database, bridge.name) == [(1, "good")]


@pytest.mark.sqlite
def test_bridge_that_a_person_disabled_stays_off(open_installation: Open, write: Write, database: Database) -> None:
    one = write(unique())
    bridge = write(unique(), requiring(one.name, automatic=True))
    installation = open_installation([one, bridge])
    installation.enable(one.name)
    installation.disable(bridge.name)
    installation.disable(one.name)
    assert installation.enable(one.name) == (one.name,)
    assert state_of(database, bridge.name) == State.PARKED


# ------------------------------------------------------------------------------------------ parking


def test_parking_keeps_every_row_and_enabling_again_finds_them(
    open_installation: Open, write: Write, database: Database
) -> None:
    found = write(unique())
    installation = open_installation([found])
    installation.enable(found.name)
    add_visit(database, found.name)
    before, raised = schema_of(database), generation(database)
    assert installation.disable(found.name) == (found.name,)
    assert installation.disable(found.name) == ()
    assert (state_of(database, found.name), generation(database)) == (State.PARKED, raised + 1)
    assert installation.start().names == ("system",)
    assert schema_of(database) == before
    installation.enable(found.name)
    assert visits_of(database, found.name) == [(1, "good")]


def test_plugin_is_not_disabled_while_others_require_it(
    open_installation: Open, write: Write, database: Database
) -> None:
    base = write(unique())
    found = write(unique(), requiring(base.name))
    installation = open_installation([base, found])
    installation.enable(base.name, found.name)
    with pytest.raises(
        PluginError, match=rf"Plugin '{base.name}' is required by '{found.name}'. Disable '{found.name}' first"
    ):
        installation.disable(base.name)
    assert state_of(database, base.name) == State.ENABLED
    assert set(installation.disable(base.name, found.name)) == {base.name, found.name}


@pytest.mark.sqlite
def test_disabling_what_was_never_enabled_says_so(open_installation: Open, write: Write) -> None:
    with pytest.raises(PluginError, match="Plugin 'nosuch' is not enabled"):
        open_installation([]).disable("nosuch")


# ------------------------------------------------------------------------------------------ the overlay


def test_overlay_decides_alone_and_writes_no_state(open_installation: Open, write: Write, database: Database) -> None:
    one, two = write(unique()), write(unique())
    open_installation([one, two]).enable(one.name)
    raised = generation(database)
    installation = open_installation([one, two], overlay=two.name)
    assert installation.start().names == ("system", two.name)
    add_visit(database, two.name)
    assert (state_of(database, one.name), state_of(database, two.name)) == (State.ENABLED, None)
    assert {line.name: line.state for line in installation.lines()} == {one.name: State.PARKED, two.name: State.ENABLED}
    assert generation(database) == raised
    for change in (installation.enable, installation.disable, installation.uninstall):
        with pytest.raises(PluginError, match=rf"The plugins are fixed by SOPIA_PLUGINS \('{two.name}'\)"):
            change(one.name)
    assert open_installation([one, two]).start().names == ("system", one.name)


@pytest.mark.sqlite
def test_overlay_that_is_not_complete_stops_the_start(open_installation: Open, write: Write) -> None:
    base = write(unique())
    found = write(unique(), requiring(base.name))
    with pytest.raises(PluginError, match=rf"requires '{base.name}', which is not enabled"):
        open_installation([base, found], overlay=found.name).start()
    with pytest.raises(PluginError, match="There is no plugin 'nosuch'"):
        open_installation([base], overlay=f"{base.name},nosuch").start()


# ------------------------------------------------------------------------------------------ uninstalling


def give_grant(database: Database, resource: str) -> None:
    with database.transaction(write=True) as connection:
        stamps = {"created_at": now(), "updated_at": now()}
        role = connection.execute(insert(Role).values(key=unique(), name=unique(), version=1, **stamps))
        role_id = next(iter(role.inserted_primary_key or ()))
        connection.execute(insert(Grant).values(role_id=role_id, resource=resource, action="view", scope="all"))


def grants(database: Database) -> set[str]:
    with database.transaction(write=False) as connection:
        return set(connection.scalars(select(Grant.resource)))


def test_uninstalled_plugin_leaves_the_schema_as_if_it_had_never_been_there(
    open_installation: Open, write: Write, database: Database, tmp_path: Path
) -> None:
    found, other = write(unique()), write(unique())
    installation = open_installation([found, other])
    installation.enable(other.name)
    before = schema_of(database)
    installation.enable(found.name)
    with database.transaction(write=True) as connection:
        SearchIndex(f"{found.name}_visit").create(connection)
    add_visit(database, found.name, "a 很好 outcome")
    add_visit(database, other.name)
    give_grant(database, f"{found.name}.visit")
    give_grant(database, f"{other.name}.visit")
    bill = installation.bill(found.name)
    assert bill.tables[f"{found.name}_visit"] == 1
    assert bill.elsewhere == {"system_grant": 1}
    archive = installation.uninstall(found.name)
    assert schema_of(database) == before
    assert grants(database) == {f"{other.name}.visit"}
    assert visits_of(database, other.name) == [(1, "good")]
    assert state_of(database, found.name) == State.UNINSTALLED
    assert installation.start().names == ("system", other.name)
    assert archive
    assert archive.parent == tmp_path / "var" / "archives"
    with zipfile.ZipFile(archive) as file:
        about = json.loads(file.read("archive.json"))
        assert {part["table"]: part["rows"] for part in about["tables"] if part["rows"]} == {
            f"{found.name}_visit": 1, "system_grant": 1,
        }  # fmt: skip
        assert "很好" in file.read(f"tables/{found.name}_visit.jsonl").decode()


def test_archive_brings_everything_back(open_installation: Open, write: Write, database: Database) -> None:
    found = write(unique())
    installation = open_installation([found])
    installation.enable(found.name)
    for number in (1, 2, 3):
        add_visit(database, found.name, f"visit {number}", number)
    give_grant(database, f"{found.name}.visit")
    installation.uninstall(found.name)
    give_grant(database, "customers.customer")  # takes the number of the grant that went
    report = installation.bring_back(found.name)
    assert report.left_out == ()
    assert report.restored == {f"{found.name}_visit": 3, "system_grant": 1}
    assert visits_of(database, found.name) == [(n, f"visit {n}") for n in (1, 2, 3)]
    assert grants(database) == {f"{found.name}.visit", "customers.customer"}
    assert state_of(database, found.name) == State.ENABLED
    with database.transaction(write=False) as connection:
        assert read_ownership(connection, found.name)["install"] == ("once",)
    with pytest.raises(PluginError, match="is not empty, and an archive is not mixed with what is there"):
        installation.bring_back(found.name)
    with database.transaction(write=True) as connection:
        table = f"{found.name}_visit"
        connection.execute(text(f"INSERT INTO {table} (outcome, version, created_at, updated_at) VALUES ('next', 1, "
                                "'2026-01-01', '2026-01-01')"))  # fmt: skip
    assert visits_of(database, found.name)[-1] == (4, "next")


@pytest.mark.sqlite
def test_archive_goes_into_the_empty_tables_of_an_enabled_plugin_too(
    open_installation: Open, write: Write, database: Database
) -> None:
    found = write(unique())
    installation = open_installation([found])
    installation.enable(found.name)
    add_visit(database, found.name)
    archive = installation.uninstall(found.name)
    installation.enable(found.name)
    assert visits_of(database, found.name) == []
    installation.bring_back(found.name, archive)
    assert visits_of(database, found.name) == [(1, "good")]


@pytest.mark.sqlite
def test_damaged_archive_is_refused(open_installation: Open, write: Write, database: Database) -> None:
    found = write(unique())
    installation = open_installation([found])
    installation.enable(found.name)
    add_visit(database, found.name)
    archive = installation.uninstall(found.name)
    assert archive
    whole = archive.read_bytes()
    with zipfile.ZipFile(archive) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PluginError, match="is damaged"):
        installation.bring_back(found.name)
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content.replace(b"good", b"evil"))
    with pytest.raises(PluginError, match="is damaged"):
        installation.bring_back(found.name)
    assert state_of(database, found.name) == State.UNINSTALLED


def test_uninstalling_is_refused_while_tables_of_another_point_here_even_of_a_parked_one(
    open_installation: Open, write: Write, database: Database
) -> None:
    base = write(unique())
    found = write(unique(), linked_to(base.name))
    installation = open_installation([base, found])
    installation.enable(base.name, found.name)
    installation.disable(found.name)
    before = schema_of(database)
    with pytest.raises(
        PluginError, match=rf"Plugin '{base.name}' is required by '{found.name}'. Uninstall '{found.name}'"
    ):
        installation.uninstall(base.name)
    with database.transaction(write=True) as connection:
        connection.execute(text("DELETE FROM system_plugin WHERE name = :name"), {"name": found.name})
    with pytest.raises(PluginError, match=rf"'{found.name}_visit' of '{found.name}' points to '{base.name}_visit'"):
        installation.uninstall(base.name)
    assert schema_of(database) == before
    assert state_of(database, base.name) == State.ENABLED
    installation.uninstall(found.name)
    installation.uninstall(base.name)


def test_plugin_that_was_removed_from_the_machine_can_still_be_uninstalled(
    open_installation: Open, write: Write, database: Database
) -> None:
    before = schema_of(database)
    found = write(unique())
    open_installation([found]).enable(found.name)
    add_visit(database, found.name)
    installation = open_installation([])
    assert "not installed any more" in installation.lines()[0].reason
    assert installation.uninstall(found.name)
    assert schema_of(database) == before


def test_failing_downgrade_changes_nothing_and_leaves_no_archive(
    open_installation: Open, write: Write, database: Database, tmp_path: Path
) -> None:
    migration = """
        import sqlalchemy as sa
        from alembic import op
        revision, down_revision = "{name}_0001", None
        def upgrade():
            op.create_table("{name}_thing", sa.Column("id", sa.Integer, primary_key=True))
            op.execute("INSERT INTO {name}_thing VALUES (1)")
        def downgrade():
            op.drop_table("{name}_thing")
            op.execute("nonsense")
    """
    found = write(unique(), "from core.kernel.plugins import Plugin\nplugin = Plugin('{name}', 'Things', '1')",
                  **{"migrations/0001_create.py": migration})  # fmt: skip
    installation = open_installation([found])
    installation.enable(found.name)
    before = schema_of(database)
    with pytest.raises(PluginError, match="could not be migrated to 'base'"):
        installation.uninstall(found.name)
    assert schema_of(database) == before
    assert state_of(database, found.name) == State.PARKED
    assert list((tmp_path / "var" / "archives").iterdir()) == []


@pytest.mark.sqlite
def test_uninstalling_what_was_never_there_says_so(open_installation: Open) -> None:
    with pytest.raises(PluginError, match="Plugin 'nosuch' is not enabled"):
        open_installation([]).uninstall("nosuch")


@pytest.mark.sqlite
def test_what_keeps_data_of_plugins_in_its_own_way_is_asked_to_clean(
    open_installation: Open, write: Write, database: Database
) -> None:
    cleaned: list[str] = []
    found = write(unique())
    installation = open_installation([found], cleaners=[lambda connection, name: cleaned.append(name)])
    installation.enable(found.name)
    installation.uninstall(found.name)
    assert cleaned == [found.name]


# ------------------------------------------------------------------------------------------ trials and lists


def test_broken_plugin_is_not_blamed_on_another(write: Write) -> None:
    good, bad = write(unique()), write(unique(), "import os; os._exit(1)")
    verdicts = try_import([bad, good])
    assert verdicts[good.name].manifest
    assert "ends the process" in verdicts[bad.name].reason


def test_what_a_plugin_prints_is_no_answer(write: Write) -> None:
    found = write(unique(), 'print(\'{"name": "x"}\')\n' + "import os; os.write(1, b'{}')\n" + textless(ONE_FILE))
    assert try_import([found])[found.name].manifest
    assert try_together([found.name], {found.name: found}, wanted=[found.name]).reason == ""


def textless(source: str) -> str:
    """The source without its indentation, so that lines may be put before it."""
    import textwrap

    return textwrap.dedent(source)


def test_good_plugin_is_tried_once_and_a_bad_one_each_time(
    write: Write, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = write(unique()), write(unique(), "import nothing_of_this_name")
    first = Trials(tmp_path / "trials.json").verdicts([good, bad])
    monkeypatch.setattr("core.kernel.trial.try_import", lambda every: {each.name: first[each.name] for each in every})
    assert Trials(tmp_path / "trials.json").verdicts([good]) == {good.name: first[good.name]}
    assert json.loads((tmp_path / "trials.json").read_text()).__len__() == 1
    (tmp_path / "trials.json").write_text("nonsense")
    assert Trials(tmp_path / "trials.json").verdicts([good]) == {good.name: first[good.name]}


@pytest.mark.sqlite
def test_list_shows_every_plugin_with_state_and_reason(
    open_installation: Open, write: Write, database: Database
) -> None:
    used, unused = write(unique()), write(unique(), requiring("nothere>=2"))
    broken = write(unique(), "import nothing_of_this_name")
    twice = Found(unique(), "x:plugin", problem="Two plugins are called so.")
    installation = open_installation([used, unused, broken, twice])
    installation.enable(used.name)
    lines = {line.name: line for line in installation.lines()}
    assert (lines[used.name].state, lines[used.name].title, lines[used.name].version) == ("enabled", "Visits", "1.0")
    assert (lines[unused.name].state, lines[unused.name].requires) == ("available", ("nothere>=2",))
    assert "nothing_of_this_name" in lines[broken.name].reason
    assert lines[twice.name].reason == "Two plugins are called so."
    assert [line.name for line in installation.lines()] == sorted(lines)


def test_states_are_sealed_from_every_scoped_session() -> None:
    assert type(PluginState.__policy__).__name__ == "Sealed"
