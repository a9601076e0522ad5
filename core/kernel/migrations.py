"""Migrations: one Alembic history and one version table for each plugin, run by the kernel in the order of the plugins.

Everything of one plugin happens in one transaction behind a lock, on both databases: a migration that dies half-way
leaves exactly the old state, and of two starting processes the second finds nothing left to do.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Connection, MetaData, inspect, text

from core.kernel.database import Base, Database
from core.kernel.errors import PluginError
from core.kernel.i18n import translate as _
from core.kernel.plugins import SYSTEM, migrations_folder

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

log = structlog.get_logger("sopia.migrations")

LOCK = 7_061_901_225
"""The number of the advisory lock on PostgreSQL; any number that nobody else uses."""

PATIENCE = "60s"
"""How long a migration waits for a table in use. Whoever comes behind it waits as well, so not for ever."""

UNWRITTEN = "models"
"""Stands in the version table of a plugin that has no migrations: its tables follow its models."""

INDEX_TABLE = re.compile(r"\w+_search(_index(_\w+)?)?")
"""The tables of search indexes, which are made anew and migrated by nobody."""

SERIAL = re.compile(r"(\d{4})_\w+\.py")

_one_at_a_time = threading.Lock()  # Alembic's `op` is one for the whole process


@dataclass(frozen=True)
class History:
    """The migrations of one plugin; `folder` is None for a plugin in one file, whose tables follow its models."""

    plugin: str
    folder: Path | None

    @property
    def version_table(self) -> str:
        """Where the database says how far this plugin has come."""
        return f"alembic_version_{self.plugin}"

    @property
    def written(self) -> bool:
        """Whether there are migrations at all."""
        return bool(self.serials)

    @property
    def serials(self) -> list[str]:
        """The numbers of the migrations, in order."""
        names = (SERIAL.fullmatch(path.name) for path in (self.folder.glob("*.py") if self.folder else ()))
        return sorted(name[1] for name in names if name)

    @property
    def head(self) -> str:
        """The version that the newest migration leads to, told from the names of the files."""
        return f"{self.plugin}_{self.serials[-1] if self.written else UNWRITTEN}"


def histories(names: Iterable[str], folders: Mapping[str, Path]) -> tuple[History, ...]:
    """The histories of plugins in their order; `folders` is `Registry.migrations`."""
    return tuple(History(name, folders.get(name)) for name in names)


def system_history() -> History:
    """The platform's own migrations, which run before all others."""
    return History(SYSTEM, migrations_folder(SYSTEM, None))


@contextmanager
def migration(database: Database) -> Iterator[Connection]:
    """A connection on which the schema may change: alone, all or nothing, with the links checked at the end."""
    with _one_at_a_time, database.transaction(write=True, links=False) as connection:
        if not database.is_sqlite:
            connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        yield connection
        check_links(connection)


def current(connection: Connection, plugin: str) -> str | None:
    """The version that a plugin's tables have, None when it has none."""
    return versions(connection, [plugin]).get(plugin)


def versions(connection: Connection, plugins: Iterable[str]) -> dict[str, str]:
    """The versions of several plugins; those without tables are left out."""
    tables = set(inspect(connection).get_table_names())
    found: dict[str, str] = {}
    for plugin in plugins:
        table = History(plugin, None).version_table
        version = connection.scalar(text(f'SELECT version_num FROM "{table}"')) if table in tables else None
        if version is not None:
            found[plugin] = version
    return found


def pending(connection: Connection, every: Iterable[History]) -> tuple[History, ...]:
    """The histories whose tables are not at their newest version."""
    every = tuple(every)
    known = versions(connection, [history.plugin for history in every])
    return tuple(
        history
        for history in every
        if (
            known.get(history.plugin) != history.head
            if history.written
            else _is_behind_models(connection, history, known.get(history.plugin))
        )
    )


def _is_behind_models(connection: Connection, history: History, version: str | None) -> bool:
    """Whether a plugin without migrations has tables, and the database does not have them as they are now."""
    if not any(name.startswith(f"{history.plugin}_") for name in Base.metadata.tables):
        return False
    # Comparing takes all of Alembic, which is a twentieth of a start; few plugins ask for it.
    from core.kernel import autogenerate

    return version != history.head or bool(autogenerate.differences(connection, history.plugin))


def migrate(database: Database, every: Iterable[History]) -> dict[str, PluginError]:
    """Bring plugins to their newest versions, each in a transaction of its own. Answers those that failed, and why."""
    every = tuple(every)
    failed: dict[str, PluginError] = {}
    with database.transaction(write=False) as connection:
        behind = pending(connection, every)
    for history in behind:
        try:
            with migration(database) as connection:
                upgrade(connection, history)
        except PluginError as error:
            failed[history.plugin] = error
    return failed


def upgrade(connection: Connection, history: History, target: str = "head") -> bool:
    """Bring one plugin to its newest version, on a connection from `migration`; whether anything was to be done."""
    if not history.written:
        return _follow_models(connection, history)
    version = current(connection, history.plugin)
    if version == history.head:
        return False
    if version == f"{history.plugin}_{UNWRITTEN}" or (version is None and _has_tables(connection, history)):
        _adopt(connection, history)
        return True
    _run(connection, history, target, up=True)
    log.debug("migrated", plugin=history.plugin, before=version, after=target)
    return True


def downgrade(connection: Connection, history: History, version: str = "base") -> None:
    """Take one plugin back to an older version, or ("base") every table of it out of the database."""
    before = current(connection, history.plugin)
    if before is not None and before != f"{history.plugin}_{UNWRITTEN}":
        _run(connection, history, version)
    if version == "base":
        drop_leftovers(connection, history.plugin)
    log.debug("migrated back", plugin=history.plugin, before=before, after=version)


def _run(connection: Connection, history: History, target: str, *, up: bool = False) -> None:
    """Run migrations up or down, and refuse those that touch the tables of others."""
    # Alembic is only there for this; a start with nothing to migrate does without it.
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    script = _script(history)
    others = catalogue(connection, without=history.plugin)

    def steps(revision: Any, context: Any) -> Any:
        return script._upgrade_revs(target, revision) if up else script._downgrade_revs(target, revision)

    try:
        with EnvironmentContext(Config(), script, fn=steps) as environment:
            environment.configure(
                connection=connection,
                version_table=history.version_table,
                version_table_pk=True,
                transactional_ddl=True,
                render_as_batch=True,
            )
            environment.run_migrations()
        _refuse_foreign_changes(connection, history, others)
    except PluginError:
        raise
    except Exception as error:
        raise _failed(history, target, error) from error


def _failed(history: History, target: str, error: Exception) -> PluginError:
    reason = str(getattr(error, "orig", None) or error).strip().rstrip(".") or type(error).__name__
    if "Can't locate revision" in reason:
        return PluginError(
            _("The tables of plugin '{plugin}' are newer than the plugin installed: {reason}.",
              plugin=history.plugin, reason=reason),
            _("Install the version that was used last, or a newer one."),
        )  # fmt: skip
    return PluginError(
        _("Plugin '{plugin}' could not be migrated to '{target}': {reason}.",
          plugin=history.plugin, target=history.head if target == "head" else target, reason=reason),
        _("The database is as it was before. Mend the migration, then try again."),
    )  # fmt: skip


def _script(history: History) -> ScriptDirectory:
    """The migrations of a plugin, checked: one line without branches, numbered, named after the plugin."""
    from alembic.script import ScriptDirectory

    assert history.folder
    script = ScriptDirectory(str(history.folder), version_locations=[str(history.folder)])
    remedy = _("Write migrations with: sopia plugin migration {plugin} MESSAGE", plugin=history.plugin)
    try:
        line = list(script.walk_revisions())
    except Exception as error:
        raise PluginError(
            _("The migrations of plugin '{plugin}' cannot be read: {reason}.",
              plugin=history.plugin, reason=str(error).rstrip(".")), remedy,
        ) from error  # fmt: skip
    expected = [f"{history.plugin}_{serial}" for serial in reversed(history.serials)]
    if [each.revision for each in line] != expected or len(script.get_heads()) > 1:
        raise PluginError(
            _("The migrations of plugin '{plugin}' are {found}, where {expected} belong.",
              plugin=history.plugin, found=", ".join(sorted(each.revision for each in line)),
              expected=", ".join(reversed(expected))), remedy,
        )  # fmt: skip
    return script


def _refuse_foreign_changes(connection: Connection, history: History, before: Mapping[str, set[str]]) -> None:
    after = catalogue(connection, without=history.plugin)
    for table in sorted({*before, *after}):
        if before.get(table) != after.get(table):
            raise PluginError(
                _("A migration of plugin '{plugin}' changes the table '{table}', which is not its own.",
                  plugin=history.plugin, table=table),
                _("Give what you add a table of its own, called {plugin}_…", plugin=history.plugin),
            )  # fmt: skip


# ---------------------------------------------------------------- a plugin without migrations


def _follow_models(connection: Connection, history: History) -> bool:
    """Make the tables, columns and indexes that only the models have; nothing is ever taken away."""
    from core.kernel import autogenerate

    version = current(connection, history.plugin)
    if version not in (None, history.head):
        raise _failed(history, "head", LookupError(f"Can't locate revision identified by '{version}'"))
    if not autogenerate.tables_of(history.plugin):
        return False
    changed = autogenerate.follow_models(connection, history.plugin)
    if version is None:
        stamp(connection, history)
    return changed or version is None


def _has_tables(connection: Connection, history: History) -> bool:
    from core.kernel import autogenerate

    wanted = {table.name for table in autogenerate.tables_of(history.plugin)}
    return bool(wanted & set(inspect(connection).get_table_names()))


def _adopt(connection: Connection, history: History) -> None:
    """Take over tables that were made from the models, now that the plugin has migrations for them."""
    from core.kernel import autogenerate

    if different := autogenerate.differences(connection, history.plugin):
        raise PluginError(
            _("The tables of plugin '{plugin}' were made without migrations and differ from its models: {differences}.",
              plugin=history.plugin, differences="; ".join(different)),
            _("Install the version that made the tables, let it start once, then try again."),
        )  # fmt: skip
    stamp(connection, history)


def stamp(connection: Connection, history: History) -> None:
    """Say that the tables of a plugin, however they were made, are at its newest version."""
    connection.execute(
        text(
            f'CREATE TABLE IF NOT EXISTS "{history.version_table}" (version_num VARCHAR(32) NOT NULL, '
            f'CONSTRAINT "{history.version_table}_pkc" PRIMARY KEY (version_num))'
        )
    )
    connection.execute(text(f'DELETE FROM "{history.version_table}"'))
    connection.execute(text(f'INSERT INTO "{history.version_table}" VALUES (:head)'), {"head": history.head})


# ---------------------------------------------------------------- what the database really holds


def check_links(connection: Connection) -> None:
    """Refuse to commit rows that point to nothing. SQLite did not look while tables were rebuilt."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken:
        raise PluginError(
            _("The table '{table}' would have rows that point to nothing in '{parent}'.", table=broken[0],
              parent=broken[2]),
            _("The database is as it was before. Mend the migration, then try again."),
        )  # fmt: skip


def belongs(table: str, plugin: str) -> bool:
    """Whether a table of the database is one of a plugin, its version table included."""
    return table.startswith(f"{plugin}_") or table == f"alembic_version_{plugin}"


def catalogue(connection: Connection, *, without: str = "", only: str = "") -> dict[str, set[str]]:
    """The whole schema as the database describes it: for each table everything that it consists of, as text."""
    rows = connection.execute(text(CATALOGUE[connection.dialect.name]))
    found: dict[str, set[str]] = {}
    for table, description in rows:
        if not (without and belongs(table, without)) and (not only or belongs(table, only)):
            found.setdefault(table, set()).add(_ordered(description))
    return found


def _ordered(description: str) -> str:
    """A description whose lines stand in one order: SQLite's tables name their constraints as the last rebuild did."""
    lines = (line.strip().removesuffix(",").strip() for line in description.splitlines())
    return "\n".join(sorted(lines)) if "\n" in description else description


CATALOGUE = {
    "sqlite": "SELECT tbl_name, type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master",
    "postgresql": """
        SELECT c.relname, 'column ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' '
               || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
              AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT c.relname, 'constraint ' || n.conname || ' ' || pg_get_constraintdef(n.oid)
        FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
        WHERE n.connamespace = current_schema()::regnamespace
        UNION ALL
        SELECT tablename, 'index ' || indexdef FROM pg_indexes WHERE schemaname = current_schema()
        UNION ALL
        SELECT sequencename, 'sequence' FROM pg_sequences WHERE schemaname = current_schema()
    """,
}


def drop_leftovers(connection: Connection, plugin: str) -> None:
    """Drop what is left of a plugin's tables: search indexes, tables that followed the models, the version table."""
    names = [name for name in inspect(connection).get_table_names() if belongs(name, plugin)]
    if connection.dialect.name == "sqlite":
        virtual = virtual_tables(connection)
        # A virtual table takes its shadow tables with it, so it goes first.
        for name in sorted(names, key=lambda name: name not in virtual):
            connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}"')
    elif names:
        there = MetaData()
        there.reflect(connection, only=names)
        there.drop_all(connection, [there.tables[name] for name in names], checkfirst=False)


def virtual_tables(connection: Connection) -> set[str]:
    """The tables of search indexes on SQLite, which are not tables like others."""
    if connection.dialect.name != "sqlite":
        return set()
    return set(connection.scalars(text("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'")))


if __name__ == "__main__":
    from core.kernel.autogenerate import main

    raise SystemExit(main(sys.argv[1:]))
