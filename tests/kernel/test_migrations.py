"""Migrations: written from the models, run in one transaction, undone without a trace, on both databases."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, event, text

from core.kernel import autogenerate
from core.kernel.database import Base, Database
from core.kernel.discovery import load
from core.kernel.errors import PluginError
from core.kernel.migrations import (
    History,
    catalogue,
    check_links,
    current,
    downgrade,
    migrate,
    migration,
    pending,
    system_history,
    upgrade,
)
from core.kernel.plugins import migrations_folder
from core.kernel.search import SearchIndex
from core.testing.databases import Schema, kernel_tables
from tests.kernel.throwaway import ONE_FILE, Workshop, Write, unique

PACKAGE = """
    from datetime import date, datetime
    from sqlalchemy import CheckConstraint, Index, String, text
    from sqlalchemy.orm import Mapped, mapped_column
    from core.kernel.database import Model
    from core.kernel.plugins import Plugin
    from core.kernel.policies import Public
    from core.kernel.types import Money, MoneyType, link

    class Route(Model):
        __tablename__ = "{name}_route"
        __policy__ = Public("a test")
        name: Mapped[str] = mapped_column(String(40), unique=True)

    class Visit(Model):
        __tablename__ = "{name}_visit"
        __policy__ = Public("a test")
        route_id: Mapped[int] = link(Route, ondelete="CASCADE")
        cost: Mapped[Money] = mapped_column(MoneyType)
        at: Mapped[datetime]
        on: Mapped[date | None]
        done: Mapped[bool] = mapped_column(default=False)
        outcome: Mapped[str] = mapped_column(String(200), default="")
        __table_args__ = (
            CheckConstraint("cost >= 0", name="cost"),
            Index("ix_{name}_visit_open", "at", sqlite_where=text("done"), postgresql_where=text("done")),
        )

    plugin = Plugin("{name}", "Visits", "1.0")
"""


@pytest.fixture
def schema() -> Schema:
    """An empty database: the platform's own tables are not what is tested here."""
    return Schema(kernel=False)


@pytest.fixture
def visits(write: Write) -> History:
    """A plugin of two tables with its first migration written."""
    name = unique()
    plugin = load(write(name, PACKAGE, models="x = 1"))
    history = History(name, migrations_folder(name, plugin.folder))
    autogenerate.write_migration(history, [], "create visit")
    return history


def add(history: History, number: int, up: str, down: str = "pass", head: str = "") -> None:
    """Write a further migration by hand."""
    assert history.folder
    before = f'"{history.plugin}_{number - 1:04}"' if number > 1 else "None"
    body = f"""
import os
import sqlalchemy as sa
from alembic import op
revision = "{history.plugin}_{number:04}"
down_revision = {before}
{head}
def upgrade():
{textwrap.indent(textwrap.dedent(up).strip(), "    ")}
def downgrade():
{textwrap.indent(textwrap.dedent(down).strip(), "    ")}
"""
    history.folder.mkdir(exist_ok=True)
    (history.folder / f"{number:04}_by_hand.py").write_text(body.replace("{name}", history.plugin), "utf-8")


def run(database: Database, history: History) -> bool:
    with migration(database) as connection:
        return upgrade(connection, history)


VISIT = """
    INSERT INTO {name}_visit (id, route_id, cost, at, done, outcome, version, created_at, updated_at)
    VALUES (:id, :route, 5, '2026-01-01', '0', '', 1, '2026-01-01', '2026-01-01')
"""


def fill(database: Database, history: History) -> None:
    """Three routes, and two visits on each."""
    with database.transaction(write=True) as connection:
        for number in (1, 2, 3):
            connection.execute(
                text(f"INSERT INTO {history.plugin}_route (id, name, version, created_at, updated_at) "
                     "VALUES (:id, :name, 1, '2026-01-01', '2026-01-01')"),
                {"id": number, "name": f"route {number}"},
            )  # fmt: skip
            for visit in (1, 2):
                connection.execute(
                    text(VISIT.replace("{name}", history.plugin)), {"id": number * 10 + visit, "route": number}
                )


def state(database: Database) -> Any:
    """The whole schema and all rows."""
    with database.transaction(write=False) as connection:
        schema = catalogue(connection)
        tables = [table for table in schema if not table.endswith("_seq") and not table.startswith("sqlite_")]
        return schema, {t: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{t}"')))) for t in tables}


# ------------------------------------------------------------------------------------------ writing


def test_migration_reads_like_written_by_a_person_and_imports_nothing_of_ours(visits: History) -> None:
    assert visits.folder
    (path,) = visits.folder.glob("*.py")
    source = path.read_text("utf-8")
    assert path.name == "0001_create_visit.py"
    assert source.startswith('"""Create visit."""\n')
    assert f'revision = "{visits.plugin}_0001"' in source
    assert re.findall(r"^(?:import|from) .*", source, re.M) == ["import sqlalchemy as sa", "from alembic import op"]
    assert 'sa.Column("cost", sa.BigInteger(), nullable=False)' in source
    assert 'sa.Column("at", sa.DateTime(timezone=True), nullable=False)' in source
    assert f'op.f("fk_{visits.plugin}_visit_route_id")' in source
    assert visits.plugin in source
    assert "system_" not in source


def test_nothing_is_written_when_nothing_has_changed(visits: History) -> None:
    assert autogenerate.write_migration(visits, [], "nothing") is None
    assert autogenerate.check(visits, []) == []


def test_next_migration_holds_what_is_new_with_a_value_for_the_rows_that_are_there(
    visits: History, database: Database
) -> None:
    run(database, visits)
    fill(database, visits)
    Base.metadata.tables[f"{visits.plugin}_visit"].append_column(Column("stars", Integer, nullable=False, default=3))
    assert autogenerate.check(visits, []) == [f"the column '{visits.plugin}_visit.stars' is in the models only"]
    path = autogenerate.write_migration(visits, [], "Rate visits!")
    assert path
    assert path.name == "0002_rate_visits.py"
    assert f'down_revision = "{visits.plugin}_0001"' in path.read_text("utf-8")
    assert autogenerate.check(visits, []) == []
    run(database, visits)
    with database.transaction(write=False) as connection:
        assert set(connection.scalars(text(f"SELECT stars FROM {visits.plugin}_visit"))) == {3}


def test_new_column_that_may_not_be_empty_and_has_no_value_is_refused(visits: History) -> None:
    Base.metadata.tables[f"{visits.plugin}_visit"].append_column(Column("stars", Integer, nullable=False))
    with pytest.raises(
        PluginError, match=r"'\w+_visit.stars' .* may not be empty and has no default.* Give it default="
    ):
        autogenerate.write_migration(visits, [], "rate visits")


def change_condition(table: Table) -> None:
    index = next(index for index in table.indexes if str(index.name).endswith("open"))
    index.dialect_options["sqlite"]["where"] = text("not done")


CHANGES: dict[str, tuple[Callable[[Table], Any], str]] = {
    "column": (lambda t: t.append_column(Column("new", String(3))), "the column '{t}.new' is in the models only"),
    "nullable": (lambda t: setattr(t.c.outcome, "nullable", True), "the column '{t}.outcome' is declared differently"),
    "type": (lambda t: setattr(t.c.outcome, "type", String(500)), "the column '{t}.outcome' is declared differently"),
    "index": (lambda t: Index("ix_new", t.c.outcome), "the index 'ix_new' is in the models only"),
    "check": (
        lambda t: t.append_constraint(CheckConstraint("cost < 9", name="less")),
        "the condition 'ck_{t}_less' of '{t}' differs",
    ),
    "less": (lambda t: t.indexes.clear(), "the index 'ix_{t}_open' is in the database only"),
    "where": (change_condition, "the condition 'ix_{t}_open' of '{t}' differs"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_check_says_in_which_point_the_models_have_changed(visits: History, change: str) -> None:
    apply, sentence = CHANGES[change]
    name = f"{visits.plugin}_visit"
    apply(Base.metadata.tables[name])
    assert any(each.startswith(sentence.replace("{t}", name)) for each in autogenerate.check(visits, []))


def test_plugin_of_one_file_is_told_how_to_get_migrations(write: Write) -> None:
    name = unique()
    load(write(name))
    with pytest.raises(PluginError, match=rf"Plugin '{name}' is a single file.* make it a folder {name}/"):
        autogenerate.write_migration(History(name, None), [], "x")


def test_tables_of_a_required_plugin_are_pointed_to_but_not_written(visits: History, write: Write) -> None:
    name = unique()
    source = ONE_FILE.replace("import Model", "import Model\n    from core.kernel.types import link").replace(
        'outcome: Mapped[str] = mapped_column(default="")', f'other_id: Mapped[int] = link("{visits.plugin}_visit")'
    )
    plugin = load(write(name, source, models="x = 1"))
    history = History(name, migrations_folder(name, plugin.folder))
    path = autogenerate.write_migration(history, [visits], "create")
    assert path
    assert re.findall(r'create_table\(\s*"(\w+)"', path.read_text("utf-8")) == [f"{name}_visit"]
    assert f'["{visits.plugin}_visit.id"]' in path.read_text("utf-8")


# ------------------------------------------------------------------------------------------ running


def test_up_down_and_up_again_leaves_no_trace_and_makes_the_same(visits: History, database: Database) -> None:
    before = state(database)
    assert run(database, visits)
    there = state(database)
    assert not run(database, visits)
    with migration(database) as connection:
        assert current(connection, visits.plugin) == f"{visits.plugin}_0001"
        downgrade(connection, visits)
    assert state(database) == before
    run(database, visits)
    assert state(database) == there


def test_only_what_is_behind_is_run_and_a_failing_plugin_does_not_keep_the_others(
    visits: History, database: Database, workshop: Workshop
) -> None:
    bad = History(unique(), workshop.folder / "bad")
    add(bad, 1, "op.create_table('{name}_x', sa.Column('id', sa.Integer)); op.execute('nonsense')")
    failed = migrate(database, [bad, visits])
    assert list(failed) == [bad.plugin]
    assert re.match(
        rf"Plugin '{bad.plugin}' could not be migrated to '{bad.plugin}_0001': .*nonsense.* The database is as it was",
        str(failed[bad.plugin]), re.S,
    )  # fmt: skip
    with database.transaction(write=False) as connection:
        assert [history.plugin for history in pending(connection, [bad, visits])] == [bad.plugin]


def test_rebuilding_a_parent_does_not_empty_its_children(visits: History, database: Database) -> None:
    run(database, visits)
    fill(database, visits)
    add(visits, 2, """
        with op.batch_alter_table("{name}_route") as batch:
            batch.alter_column("name", existing_type=sa.String(40), type_=sa.String(80))
    """)  # fmt: skip
    run(database, visits)
    with database.transaction(write=False) as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM {visits.plugin}_visit")) == 6
    with pytest.raises(Exception, match=r"(?i)foreign key"), database.transaction(write=True) as connection:
        connection.execute(text(f"UPDATE {visits.plugin}_visit SET route_id = 77"))


LONG = """
    with op.batch_alter_table("{name}_route") as batch:
        batch.alter_column("name", existing_type=sa.String(40), type_=sa.String(80))
        batch.add_column(sa.Column("colour", sa.String(10), nullable=True))
    op.create_table("{name}_stop", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO {name}_stop (id) SELECT id FROM {name}_visit")
    op.execute("DELETE FROM {name}_visit WHERE id = 11")
    op.create_index("ix_{name}_stop", "{name}_stop", ["id"])
"""


def test_failure_at_any_statement_leaves_exactly_the_old_state(visits: History, database: Database) -> None:
    run(database, visits)
    fill(database, visits)
    old = state(database)
    add(visits, 2, LONG)
    count = 0

    def cut(*_arguments: Any) -> None:
        nonlocal count
        count -= 1
        if count == 0:
            raise RuntimeError("cut off")

    event.listen(database.writer, "before_cursor_execute", cut)
    statement, done = 0, False
    while not done:
        statement += 1
        count = statement
        with suppress(PluginError, RuntimeError):
            run(database, visits)
            done = True
        assert done or state(database) == old, f"cut at statement {statement}"
    event.remove(database.writer, "before_cursor_execute", cut)
    assert statement > 12
    with database.transaction(write=False) as connection:
        assert current(connection, visits.plugin) == f"{visits.plugin}_0002"
        assert connection.scalar(text(f"SELECT count(*) FROM {visits.plugin}_stop")) == 6


RUNNER = """
import sys
from pathlib import Path
from core.kernel.database import Database
from core.kernel.migrations import History, migration, upgrade
with migration(Database(sys.argv[1])) as connection:
    upgrade(connection, History(sys.argv[2], Path(sys.argv[3])))
"""


def start(url: str, history: History) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUNNER, url, history.plugin, str(history.folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_process_killed_within_a_migration_leaves_exactly_the_old_state(
    visits: History, database: Database, database_url: str
) -> None:
    run(database, visits)
    fill(database, visits)
    old = state(database)
    add(visits, 2, LONG + '    os.kill(os.getpid(), 9) if "SOPIA_KILL" in os.environ else None\n')
    os.environ["SOPIA_KILL"] = "1"
    try:
        process = start(database_url, visits)
        process.communicate(timeout=60)
    finally:
        del os.environ["SOPIA_KILL"]
    assert process.returncode == -9
    assert state(database) == old
    assert run(database, visits)


def test_of_several_starting_processes_one_migrates_and_the_others_find_it_done(
    visits: History, database: Database, database_url: str
) -> None:
    run(database, visits)
    fill(database, visits)
    add(visits, 2, "import time; time.sleep(0.3); op.execute('UPDATE {name}_visit SET cost = cost + 1')")
    processes = [start(database_url, visits) for _ in range(3)]
    answers = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    with database.transaction(write=False) as connection:
        assert set(connection.scalars(text(f"SELECT cost FROM {visits.plugin}_visit"))) == {6}


def test_rows_that_point_to_nothing_are_refused(visits: History, database: Database) -> None:
    run(database, visits)
    fill(database, visits)
    old = state(database)
    add(visits, 2, "op.execute('DELETE FROM {name}_route WHERE id = 2')" if database.is_sqlite else
        "op.execute('UPDATE {name}_visit SET route_id = 77')")  # fmt: skip
    with pytest.raises(PluginError, match=r"point to nothing|foreign key"):
        run(database, visits)
    assert state(database) == old


def test_migration_that_touches_the_table_of_another_is_refused(
    visits: History, database: Database, workshop: Workshop
) -> None:
    run(database, visits)
    old = state(database)
    other = History(unique(), workshop.folder / "other")
    for statement in (
        f"ALTER TABLE {visits.plugin}_visit ADD COLUMN extra INTEGER",
        f"CREATE INDEX ix_extra ON {visits.plugin}_visit (cost)",
        "CREATE TABLE nobody_owns_it (id INTEGER)",
    ):
        add(other, 1, f"op.execute('{statement}')")
        with pytest.raises(
            PluginError, match=rf"A migration of plugin '{other.plugin}' changes the table '\w+', which is"
        ):
            run(database, other)
        assert state(database) == old


def test_tables_newer_than_the_plugin_are_named(visits: History, database: Database) -> None:
    add(visits, 2, "pass")
    run(database, visits)
    assert visits.folder
    (visits.folder / "0002_by_hand.py").unlink()
    with pytest.raises(
        PluginError, match=rf"newer than the plugin installed: .*{visits.plugin}_0002.*Install the version"
    ):
        run(database, visits)


@pytest.mark.parametrize(
    ("number", "replaced", "by"),
    [(2, "_0002", "_7"), (2, "_0001", "_0000"), (3, "_0003", "_0002"), (2, "revision =", "revision")],
)
def test_migrations_out_of_line_are_refused(
    visits: History, database: Database, number: int, replaced: str, by: str
) -> None:
    add(visits, number, "pass")
    assert visits.folder
    path = visits.folder / f"{number:04}_by_hand.py"
    path.write_text(path.read_text("utf-8").replace(replaced, by, 1), "utf-8")
    with pytest.raises(PluginError, match=rf"migrations of plugin '{visits.plugin}'.*sopia plugin migration"):
        run(database, visits)


def test_links_are_enforced_again_after_a_migration(visits: History, database: Database) -> None:
    run(database, visits)
    for _ in range(3):
        with pytest.raises(Exception, match=r"(?i)foreign key"), database.transaction(write=True) as connection:
            connection.execute(text(VISIT.replace("{name}", visits.plugin)), {"id": 1, "route": 5})
    with database.transaction(write=False) as connection:
        check_links(connection)


def test_search_index_is_left_alone_and_goes_with_the_plugin(visits: History, database: Database) -> None:
    before = state(database)
    run(database, visits)
    with database.transaction(write=True) as connection:
        SearchIndex(f"{visits.plugin}_visit").create(connection)
    with database.transaction(write=False) as connection:
        assert autogenerate.differences(connection, visits.plugin) == []
    with migration(database) as connection:
        downgrade(connection, visits)
    assert state(database) == before


# ------------------------------------------------------------------------------------------ a plugin in one file


@pytest.fixture
def single(write: Write) -> History:
    """A plugin in one file, without migrations."""
    name = unique()
    load(write(name))
    return History(name, None)


def insert(database: Database, history: History) -> None:
    with database.transaction(write=True) as connection:
        connection.execute(
            text(f"INSERT INTO {history.plugin}_visit (id, outcome, version, created_at, updated_at) "
                 "VALUES (1, 'good', 1, '2026-01-01', '2026-01-01')")
        )  # fmt: skip


def test_tables_of_one_file_follow_its_models(single: History, database: Database) -> None:
    before = state(database)
    assert migrate(database, [single]) == {}
    insert(database, single)
    table = Base.metadata.tables[f"{single.plugin}_visit"]
    table.append_column(Column("stars", Integer, nullable=False, default=3, index=True))
    assert migrate(database, [single]) == {}
    with database.transaction(write=False) as connection:
        assert connection.execute(text(f"SELECT outcome, stars FROM {single.plugin}_visit")).all() == [("good", 3)]
        assert autogenerate.differences(connection, single.plugin) == []
        assert pending(connection, [single]) == ()
    with migration(database) as connection:
        downgrade(connection, single)
    assert state(database) == before


def test_nothing_is_taken_away_from_tables_that_follow_models(single: History, database: Database) -> None:
    table = Base.metadata.tables[f"{single.plugin}_visit"]
    extra: Column[Any] = Column("extra", Integer)
    table.append_column(extra)
    migrate(database, [single])
    old = state(database)
    table._columns.remove(extra)
    failed = migrate(database, [single])
    assert "cannot be followed: the column" in str(failed[single.plugin])
    assert "extra' is in the database only" in str(failed[single.plugin])
    assert state(database) == old


def test_plugin_that_gets_migrations_later_keeps_its_rows(single: History, database: Database, tmp_path: Path) -> None:
    migrate(database, [single])
    insert(database, single)
    written = History(single.plugin, tmp_path / "migrations")
    autogenerate.write_migration(written, [], "create visit")
    assert migrate(database, [written]) == {}
    with database.transaction(write=False) as connection:
        assert current(connection, single.plugin) == f"{single.plugin}_0001"
        assert connection.scalar(text(f"SELECT count(*) FROM {single.plugin}_visit")) == 1


def test_tables_that_were_made_without_migrations_are_taken_over_when_they_fit(
    visits: History, database: Database
) -> None:
    tables = autogenerate.tables_of(visits.plugin)
    with database.transaction(write=True) as connection:
        Base.metadata.create_all(connection, tables)
    fill(database, visits)
    assert migrate(database, [visits]) == {}
    with database.transaction(write=False) as connection:
        assert current(connection, visits.plugin) == f"{visits.plugin}_0001"


def test_tables_that_were_made_without_migrations_and_do_not_fit_are_named(visits: History, database: Database) -> None:
    with database.transaction(write=True) as connection:
        Base.metadata.create_all(connection, autogenerate.tables_of(visits.plugin)[:1])
    failed = migrate(database, [visits])
    assert f"the table '{visits.plugin}_visit' is in the models only" in str(failed[visits.plugin])


# ------------------------------------------------------------------------------------------ the platform


def test_migrations_of_the_platform_match_its_models() -> None:
    autogenerate.import_platform_models()
    kernel_tables()
    assert system_history().written
    assert autogenerate.check(system_history(), []) == [], "run: python -m core.kernel.migrations regenerate system"


def test_migrations_of_the_platform_run_up_and_down(database: Database) -> None:
    before = state(database)
    run(database, system_history())
    with migration(database) as connection:
        downgrade(connection, system_history())
    assert state(database) == before
