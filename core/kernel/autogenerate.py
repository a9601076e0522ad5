"""Writes migrations: what the models of one plugin have and its migrations have not, as a file that a person can read.

The comparison runs against an empty database that all migrations were run on, never against the one in use. Of search
indexes (`<table>_search`) nothing is written: they are made from what the resources declare.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.autogenerate import api, produce_migrations, render
from alembic.migration import MigrationContext
from alembic.operations import Operations, ops
from sqlalchemy import Connection, DefaultClause, Table, TypeDecorator, create_engine, inspect, text
from sqlalchemy.engine import default

from core.kernel.database import Base, Database
from core.kernel.discovery import discover, get, load
from core.kernel.errors import PluginError
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.migrations import INDEX_TABLE, History, migration, system_history, upgrade
from core.kernel.plugins import SYSTEM, migrations_folder

TEMPLATE = '''"""{message}."""

import sqlalchemy as sa
{imports}from alembic import op

revision = "{revision}"
down_revision = {before}


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''


def tables_of(plugin: str) -> list[Table]:
    """The tables in the models of one plugin."""
    return [table for table in Base.metadata.sorted_tables if table.name.startswith(f"{plugin}_")]


def write_migration(history: History, before: Iterable[History], message: str) -> Path | None:
    """Write the next migration of a plugin, None when there is nothing new; `before` are the plugins it requires."""
    if history.folder is None:
        raise PluginError(
            _("Plugin '{plugin}' is a single file, and its tables follow its models.", plugin=history.plugin),
            _("To write migrations, make it a folder {plugin}/ with a plugin.py in it.", plugin=history.plugin),
        )
    with scratch([*before, history] if history.written else before) as connection:
        context = _context(connection, history.plugin)
        script = produce_migrations(context, Base.metadata)
        assert script.upgrade_ops is not None
        assert script.downgrade_ops is not None
        if script.upgrade_ops.is_empty():
            return None
        _give_defaults(history.plugin, script.upgrade_ops)
        body, imports = _rendered(context, script.upgrade_ops)
        back, more = _rendered(context, _without_noise(script.downgrade_ops))
    serial = f"{int(history.serials[-1]) + 1:04}" if history.written else "0001"
    path = history.folder / f"{serial}_{_slug(message)}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        TEMPLATE.format(
            message=(message[:1].upper() + message[1:]).rstrip("."),
            imports="".join(f"{line}\n" for line in sorted(imports | more)),
            revision=f"{history.plugin}_{serial}",
            before=f'"{history.head}"' if history.written else "None",
            upgrade=body,
            downgrade=back,
        ),
        "utf-8",
    )
    _tidy(path)
    return path


def check(history: History, before: Iterable[History]) -> list[str]:
    """In which points the models of a plugin differ from what its migrations make, as sentences."""
    if not history.written:
        return []
    with scratch([*before, history]) as connection:
        return differences(connection, history.plugin)


@contextmanager
def scratch(every: Iterable[History]) -> Iterator[Connection]:
    """A new, empty SQLite database, with the migrations of these plugins run on it."""
    with tempfile.TemporaryDirectory(prefix="sopia-") as folder:
        database = Database(f"sqlite:///{Path(folder, 'scratch.db')}")
        try:
            with migration(database) as connection:
                for history in every:
                    upgrade(connection, history)
                yield connection
        finally:
            database.dispose()


def _context(connection: Connection, plugin: str) -> MigrationContext:
    """Compares only the tables of this plugin, and those that are tables and no search index."""

    def ours(name: str | None, kind: str, parents: Any) -> bool:
        table = name if kind == "table" else parents.get("table_name")
        return kind == "schema" or bool(table and table.startswith(f"{plugin}_") and not INDEX_TABLE.fullmatch(table))

    def include(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        return kind != "table" or ours(name, kind, {})

    options = {
        "target_metadata": Base.metadata,
        "include_name": ours,
        "include_object": include,
        "compare_type": True,
        "render_as_batch": True,
        "version_table": History(plugin, None).version_table,
    }
    return MigrationContext.configure(connection, opts=options)


def _rendered(context: MigrationContext, operations: ops.OpContainer) -> tuple[str, set[str]]:
    options = {
        "sqlalchemy_module_prefix": "sa.",
        "alembic_module_prefix": "op.",
        "user_module_prefix": None,
        "render_as_batch": True,
        "render_item": _plain,
    }
    for operation in _flat(operations):
        if isinstance(operation, ops.CreateTableOp):
            # What the models note about a table, such as its policy, is nothing that the database keeps.
            operation.info = {}
    autogen = api.AutogenContext(context, opts=options)
    body = render._render_cmd_body(operations, autogen)
    lines = [line for line in body.split("\n") if not line.lstrip().startswith("# ###")]
    written = "\n".join(f"    {line}" if line else "" for line in lines).rstrip().replace(", schema=None", "")
    return written or "    pass", set(autogen.imports)


def _without_noise(operations: ops.OpContainer) -> ops.OpContainer:
    """A table that is dropped takes its indexes with it."""
    dropped = {each.table_name for each in operations.ops if isinstance(each, ops.DropTableOp)}

    def says_nothing_new(each: Any) -> bool:
        return (
            isinstance(each, ops.ModifyTableOps)
            and each.table_name in dropped
            and all(isinstance(step, ops.DropIndexOp) for step in each.ops)
        )

    operations.ops = [each for each in operations.ops if not says_nothing_new(each)]
    return operations


def _plain(kind: str, item: Any, context: Any) -> str | bool:
    """Write our own column types as the plain types that they are kept in: a migration imports nothing of ours."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return str(render._repr_type(item.impl_instance, context))
    return False


def _give_defaults(plugin: str, operations: ops.OpContainer) -> None:
    """A column that may not be empty needs a value for the rows that are there: the default of the model."""
    for operation in _flat(operations):
        if not isinstance(operation, ops.AddColumnOp):
            continue
        column = operation.column
        if column.nullable or column.server_default is not None or column.computed is not None:
            continue
        if column.default is None or not column.default.is_scalar:
            raise PluginError(
                _("The new column '{table}.{column}' of plugin '{plugin}' may not be empty and has no default.",
                  table=operation.table_name, column=column.name, plugin=plugin),
                _("Give it default=… for the rows that are there, or let it be empty: Mapped[… | None]."),
            )  # fmt: skip
        convert = column.type.bind_processor(default.DefaultDialect())
        value = convert(column.default.arg) if convert else column.default.arg  # type: ignore[attr-defined]
        operation.column = column = column._copy()
        column.server_default = DefaultClause(str(int(value) if isinstance(value, bool) else value))


def _flat(operations: ops.OpContainer) -> Iterator[ops.MigrateOperation]:
    for operation in operations.ops:
        if isinstance(operation, ops.OpContainer):
            yield from _flat(operation)
        else:
            yield operation


def _slug(message: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:40].rstrip("_")
    return slug or "change"


def _tidy(path: Path) -> None:
    if importlib.util.find_spec("ruff"):
        command = [sys.executable, "-m", "ruff", "format", "--quiet", "--line-length", "120", str(path)]
        subprocess.run(command, check=False, capture_output=True)


# ---------------------------------------------------------------- before the first release


def regenerate(name: str) -> Path | None:
    """Write the first migration of a built-in plugin, or of the platform (`system`), anew from its models.

    Only before the first release, when no database in use has it. Later migrations, written by hand, stay.
    """
    history, before = known_histories(name)
    assert history.folder
    old = sorted(history.folder.glob("0001_*.py"))
    message = old[0].stem[5:].replace("_", " ") if old else f"create {'the platform' if name == SYSTEM else name}"
    with tempfile.TemporaryDirectory() as folder:
        written = write_migration(History(name, Path(folder)), before, message)
        if written is None:
            return None
        for path in old:
            path.unlink()
        history.folder.mkdir(exist_ok=True)
        return Path(shutil.move(written, history.folder / written.name))


def known_histories(name: str) -> tuple[History, list[History]]:
    """The history of a plugin, or of the platform (`system`), and those of all that it requires, in order."""
    import_platform_models()
    if name == SYSTEM:
        return system_history(), []
    found = discover()
    order: list[History] = []

    def add(each: str) -> None:
        plugin = load(get(found, each))
        for requirement in plugin.manifest.requirements:
            if requirement.name in found and requirement.name not in [history.plugin for history in order]:
                add(requirement.name)
        order.append(History(each, migrations_folder(each, plugin.folder)))

    add(name)
    return order[-1], [system_history(), *order[:-1]]


def import_platform_models() -> None:
    """Import every module of the platform that declares a table, so that nothing is missing from what is compared."""
    core = Path(__file__).parents[1]
    for path in sorted(core.rglob("*.py")):
        if "testing" not in path.parts and "__tablename__ = " in path.read_text("utf-8"):
            importlib.import_module(".".join(["core", *path.relative_to(core).with_suffix("").parts]))


def main(arguments: list[str]) -> int:
    """`python -m core.kernel.migrations regenerate NAME`, for those who build the platform."""
    if len(arguments) != 2 or arguments[0] != "regenerate":
        print("Usage: python -m core.kernel.migrations regenerate system|PLUGIN", file=sys.stderr)
        return 2
    print(regenerate(arguments[1]) or "There is nothing to write.")
    return 0


# ---------------------------------------------------------------- tables that follow the models


def follow_models(connection: Connection, plugin: str) -> bool:
    """Add the tables, columns and indexes that the models of a plugin have and the database has not."""
    context = _context(connection, plugin)
    script = produce_migrations(context, Base.metadata)
    assert script.upgrade_ops is not None
    if script.upgrade_ops.is_empty():
        return False
    for operation in _flat(script.upgrade_ops):
        if not isinstance(operation, ops.CreateTableOp | ops.AddColumnOp | ops.CreateIndexOp | ops.CreateForeignKeyOp):
            what = "; ".join(differences(connection, plugin))
            raise PluginError(
                _("The models of plugin '{plugin}' have changed in a way that cannot be followed: {what}.",
                  plugin=plugin, what=what),
                _("Make it a folder with migrations: sopia plugin migration {plugin} MESSAGE", plugin=plugin),
            )  # fmt: skip
    _give_defaults(plugin, script.upgrade_ops)
    body, imports = _rendered(context, script.upgrade_ops)
    source = TEMPLATE.format(message=plugin, imports="".join(f"{line}\n" for line in imports), revision=plugin,
                             before=None, upgrade=body, downgrade="    pass")  # fmt: skip
    names: dict[str, Any] = {}
    exec(compile(source, f"<tables of {plugin}>", "exec"), names)
    with Operations.context(context):
        names["upgrade"]()
    return True


# ---------------------------------------------------------------- comparison


def differences(connection: Connection, plugin: str) -> list[str]:
    """In which points the models of a plugin differ from its tables in this database, as sentences."""
    script = produce_migrations(_context(connection, plugin), Base.metadata)
    assert script.upgrade_ops is not None
    found = [_sentence(operation) for operation in _flat(script.upgrade_ops)]
    if connection.dialect.name == "sqlite" and not found:
        found = _different_conditions(connection, plugin)
    return list(dict.fromkeys(str(sentence) for sentence in found))


def _sentence(operation: Any) -> Text:
    table = getattr(operation, "table_name", "")
    match operation:
        case ops.CreateTableOp():
            return _("the table '{table}' is in the models only", table=table)
        case ops.DropTableOp():
            return _("the table '{table}' is in the database only", table=table)
        case ops.AddColumnOp():
            return _("the column '{table}.{column}' is in the models only", table=table, column=operation.column.name)
        case ops.DropColumnOp():
            return _("the column '{table}.{column}' is in the database only", table=table, column=operation.column_name)
        case ops.AlterColumnOp():
            return _("the column '{table}.{column}' is declared differently", table=table, column=operation.column_name)
        case ops.CreateIndexOp():
            return _("the index '{name}' is in the models only", name=operation.index_name)
        case ops.DropIndexOp():
            return _("the index '{name}' is in the database only", name=operation.index_name)
    name = getattr(operation, "constraint_name", None) or type(operation).__name__
    return _("the constraint '{name}' of '{table}' differs", name=name, table=table)


def _different_conditions(connection: Connection, plugin: str) -> list[Text]:
    """Alembic compares neither CHECK constraints nor the conditions of partial indexes, so both are compared here."""
    engine = create_engine("sqlite://")
    with engine.begin() as fresh:
        Base.metadata.create_all(fresh, tables_of(plugin))
        wanted = {table.name: _conditions(fresh, table.name) for table in tables_of(plugin)}
    engine.dispose()
    return [
        _("the condition '{name}' of '{table}' differs", name=name, table=table)
        for table, conditions in wanted.items()
        for name, _condition in sorted(conditions ^ _conditions(connection, table))
    ]


def _conditions(connection: Connection, table: str) -> set[tuple[str, str]]:
    checks = {(str(c["name"]), _squeezed(c["sqltext"])) for c in inspect(connection).get_check_constraints(table)}
    question = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql LIKE '%WHERE%'"
    indexes = connection.execute(text(question), {"table": table})
    return checks | {(str(name), _squeezed(sql.partition("WHERE")[2])) for name, sql in indexes}


def _squeezed(condition: str) -> str:
    return re.sub(r"[\s\"`()]+", "", condition).lower()
