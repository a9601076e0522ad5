"""Archives of uninstalled plugins: all their rows in one file, and the way back.

An archive is a zip with `archive.json` and, for each table, a file of JSON lines. It holds the plugin's own tables and the
rows of the platform that speak of the plugin: grants, shares, saved views, remarks. Files that people uploaded stay in the
storage; the history stays in the database.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    delete,
    false,
    func,
    insert,
    inspect,
    or_,
    select,
    text,
    update,
)
from sqlalchemy import Date as DateType
from sqlalchemy import Time as TimeType
from sqlalchemy.exc import IntegrityError

from core.kernel.errors import PluginError
from core.kernel.i18n import translate as _
from core.kernel.migrations import INDEX_TABLE, History, current, downgrade, upgrade

FORMAT = 1
CHUNK = 1000
KEPT = {"system_history", "system_plugin", "system_ownership"}
"""Tables of the platform whose rows stay when the plugin goes."""


@dataclass(frozen=True)
class Report:
    """What came back from an archive: rows by table, and those that could not, each with the reason."""

    restored: Mapping[str, int]
    left_out: tuple[str, ...] = ()


# ---------------------------------------------------------------- what belongs to a plugin


def own_tables(connection: Connection, plugin: str) -> list[Table]:
    """The plugin's tables as the database has them, those that others point to first; no search indexes."""
    names = [name for name in inspect(connection).get_table_names() if name.startswith(f"{plugin}_")]
    there = MetaData()
    there.reflect(connection, only=[name for name in names if not INDEX_TABLE.fullmatch(name)])
    return [table for table in there.sorted_tables if table.name in names]


def owned_rows(connection: Connection, plugin: str) -> dict[str, int]:
    """How many rows of the platform's own tables speak of the plugin, by table."""
    counts = {
        table.name: connection.scalar(select(func.count()).select_from(table).where(condition)) or 0
        for table, condition in _platform_rows(connection, plugin)
    }
    return {name: count for name, count in counts.items() if count}


def remove_owned_rows(connection: Connection, plugin: str) -> None:
    """Delete the rows of the platform's own tables that speak of the plugin."""
    for table, condition in _platform_rows(connection, plugin):
        connection.execute(delete(table).where(condition))


def _platform_rows(connection: Connection, plugin: str) -> list[tuple[Table, ColumnElement[bool]]]:
    """Tables of the platform with the condition of such rows, in the order in which they can be deleted.

    They are told by their columns: `plugin`, a resource's key in `resource` or `…_resource`, a field in `field`. Rows that
    hang on such rows go with them.
    """
    there = MetaData()
    names = [name for name in inspect(connection).get_table_names() if name.startswith("system_")]
    there.reflect(connection, only=[name for name in names if not INDEX_TABLE.fullmatch(name)])
    conditions: dict[Table, ColumnElement[bool]] = {}
    for table in there.sorted_tables:
        if table.name in KEPT:
            continue
        ways = [_speaks_of(column, plugin) for column in table.columns]
        ways += [
            key.parent.in_(select(key.column).where(conditions[key.column.table]))
            for key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
            if key.column.table in conditions and key.column.table is not table and key.ondelete != "SET NULL"
        ]
        found = [way for way in ways if way is not None]
        if found:
            conditions[table] = or_(false(), *found)
    return list(reversed(conditions.items()))


def _speaks_of(column: Column[Any], plugin: str) -> ColumnElement[bool] | None:
    if column.name == "plugin":
        return column == plugin
    if column.name in ("resource", "field") or column.name.endswith("_resource"):
        return column.startswith(f"{plugin}.", autoescape=True)
    return None


# ---------------------------------------------------------------- writing


def write_archive(connection: Connection, plugin: str, folder: Path, version: str = "") -> Path | None:
    """Write everything of a plugin into a new archive, read it again, and answer where it is; None if there is nothing."""
    parts: list[tuple[Table, ColumnElement[bool] | None]] = [(table, None) for table in own_tables(connection, plugin)]
    parts += reversed(_platform_rows(connection, plugin))
    if not any(connection.execute(_rows(table, condition).limit(1)).first() for table, condition in parts):
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _free_name(folder, plugin)
    contents: list[dict[str, Any]] = []
    try:
        with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
            for table, condition in parts:
                contents.append(_write_table(connection, archive, table, condition))
            about = {"format": FORMAT, "plugin": plugin, "version": version, "made_at": datetime.now(UTC).isoformat(),
                     "schema": current(connection, plugin), "tables": contents}  # fmt: skip
            archive.writestr("archive.json", json.dumps(about, ensure_ascii=False, indent=1))
        path.chmod(0o600)
        _read_again(path)
        _make_durable(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _free_name(folder: Path, plugin: str) -> Path:
    stem = f"{plugin}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    names = [f"{stem}.zip", *(f"{stem}-{number}.zip" for number in range(2, 1000))]
    return next(folder / name for name in names if not (folder / name).exists())


def _write_table(
    connection: Connection, archive: zipfile.ZipFile, table: Table, condition: ColumnElement[bool] | None
) -> dict[str, Any]:
    digest, rows = hashlib.sha256(), 0
    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as file:
        result = connection.execute(_rows(table, condition), execution_options={"yield_per": CHUNK})
        for row in result.mappings():
            line = (
                json.dumps({name: plain_value(value) for name, value in row.items()}, ensure_ascii=False).encode()
                + b"\n"
            )
            digest.update(line)
            file.write(line)
            rows += 1
    return {"table": table.name, "rows": rows, "sha256": digest.hexdigest()}


def _rows(table: Table, condition: ColumnElement[bool] | None) -> Any:
    query = select(table).order_by(*table.primary_key.columns)
    return query if condition is None else query.where(condition)


def plain_value(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    return value


def _make_durable(path: Path) -> None:
    """What it holds is about to be deleted, so it must be on the disk first."""
    for place, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY)):
        with suppress(OSError):  # a folder cannot be opened on Windows
            descriptor = os.open(place, flags)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


# ---------------------------------------------------------------- reading


def _read_again(path: Path) -> dict[str, Any]:
    """What an archive says of itself, after every part of it was compared with its digest."""
    try:
        with zipfile.ZipFile(path) as archive:
            about: dict[str, Any] = json.loads(archive.read("archive.json"))
            for part in about["tables"]:
                digest = hashlib.sha256()
                with archive.open(f"tables/{part['table']}.jsonl") as file:
                    for line in file:
                        digest.update(line)
                if digest.hexdigest() != part["sha256"]:
                    raise ValueError(part["table"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise PluginError(
            _("The archive '{path}' is damaged: {reason}.", path=path, reason=f"{type(error).__name__} {error}"),
            _("Use another copy of it."),
        ) from error
    if about["format"] != FORMAT:
        raise PluginError(
            _("The archive '{path}' was written by a newer version of Sopia.", path=path), _("Update Sopia first.")
        )
    return about


def restore_archive(connection: Connection, history: History, path: Path) -> Report:
    """Put the rows of an archive back. The tables are made as they were then, filled, and brought up to date.

    Runs on a connection of `migration`. A row that needs another which is gone comes back without it where it may, and
    is left out and named in the report where it may not.
    """
    about = _read_again(path)
    if about["plugin"] != history.plugin:
        raise PluginError(
            _("The archive '{path}' is of plugin '{other}'.", path=path, other=about["plugin"]),
            _("Choose an archive of '{plugin}'.", plugin=history.plugin),
        )
    _refuse_to_mix(connection, history.plugin)
    if history.written and about["schema"] != history.head:
        downgrade(connection, history)
        upgrade(connection, history, about["schema"])
    tables = {table.name: table for table in own_tables(connection, history.plugin)}
    names = [part["table"] for part in about["tables"]]
    restoring = _Restoring(connection)
    with zipfile.ZipFile(path) as archive:
        for table in [table for name, table in tables.items() if name in names]:
            restoring.table(table, _lines(archive, table.name))
        restoring.join()
        for table in _platform_tables(connection, [name for name in names if name not in tables]):
            restoring.table(table, _lines(archive, table.name), own=False)
        restoring.join()
    upgrade(connection, history)
    return Report(restoring.restored, tuple(restoring.left_out))


def _refuse_to_mix(connection: Connection, plugin: str) -> None:
    tables = own_tables(connection, plugin)
    if not tables:
        raise PluginError(
            _("Plugin '{plugin}' has no tables to put the archive into.", plugin=plugin), _("Enable the plugin first.")
        )
    for table in tables:
        if connection.execute(select(table).limit(1)).first():
            raise PluginError(
                _(
                    "The table '{table}' is not empty, and an archive is not mixed with what is there.",
                    table=table.name,
                ),
                _("Uninstall '{plugin}' and enable it again, then bring the archive back.", plugin=plugin),
            )


def _platform_tables(connection: Connection, names: Iterable[str]) -> list[Table]:
    there = MetaData()
    present = set(inspect(connection).get_table_names())
    wanted = [name for name in names if name in present]
    there.reflect(connection, only=wanted)
    return [table for table in there.sorted_tables if table.name in wanted]


def _lines(archive: zipfile.ZipFile, table: str) -> Iterator[dict[str, Any]]:
    with archive.open(f"tables/{table}.jsonl") as file:
        for line in file:
            yield json.loads(line)


class _Restoring:
    """One return of rows: which came back, what they still point to, and what was left out."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._later: list[tuple[Table, Column[Any], Column[Any], Any, Any]] = []
        self._present: dict[Column[Any], set[Any]] = {}
        self._moved: dict[tuple[str, Any], Any] = {}
        self._done: set[str] = set()
        self.restored: dict[str, int] = {}
        self.left_out: list[str] = []

    def table(self, table: Table, lines: Iterable[dict[str, Any]], *, own: bool = True) -> None:
        """Insert the rows of one table, as far as what they point to is there."""
        rows: list[dict[str, Any]] = []
        for line in lines:
            row = {c.name: typed_value(c, line[c.name]) for c in table.columns if c.name in line}
            if gone := self._cut_links(table, row):
                self._leave_out(table, row, str(_("'{target}' is gone", target=gone)))
            else:
                rows.append(row)
            if len(rows) == CHUNK or not own:
                rows = self._insert(table, rows, own)
        self._insert(table, rows, own)
        self._done.add(table.name)
        if own:
            set_sequence(self._connection, table)

    def join(self) -> None:
        """Give the rows back their links to rows that came after them."""
        for table, column, target, key, value in self._later:
            if self._is_there(target, value):
                own_key = next(iter(table.primary_key.columns))
                self._connection.execute(update(table).where(own_key == key).values({column.name: value}))
        self._later.clear()

    def _cut_links(self, table: Table, row: dict[str, Any]) -> str:
        """Empty the links to what is not there (yet); what a row cannot be without is the answer."""
        for key in table.foreign_keys:
            column, target = key.parent, key.column
            value = row[column.name] = self._moved.get((target.table.name, row.get(column.name)), row.get(column.name))
            if value is None or self._is_there(target, value):
                continue
            if not column.nullable and target.table is not table:
                return f"{target.table.name} {value}"
            if column.nullable:
                if target.table.metadata is table.metadata and target.table.name not in self._done:
                    own_key = next(iter(table.primary_key.columns))
                    self._later.append((table, column, target, row.get(own_key.name), value))
                row[column.name] = None
        return ""

    def _is_there(self, target: Column[Any], value: Any) -> bool:
        known = self._present.setdefault(target, set())
        if value not in known and self._connection.execute(select(target).where(target == value).limit(1)).first():
            known.add(value)
        return value in known

    def _insert(self, table: Table, rows: list[dict[str, Any]], own: bool) -> list[dict[str, Any]]:
        """Insert a chunk, or, where one of its rows cannot be, each by itself; the list for the next chunk."""
        if rows and not (own and self._insert_all(table, rows)):
            for row in rows:
                if not self._insert_one(table, row, own):
                    self._leave_out(table, row, str(_("its place is taken")))
        return []

    def _insert_all(self, table: Table, rows: list[dict[str, Any]]) -> bool:
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(table), rows)
        except IntegrityError:
            return False
        self.restored[table.name] = self.restored.get(table.name, 0) + len(rows)
        return True

    def _insert_one(self, table: Table, row: dict[str, Any], own: bool) -> bool:
        """Insert a row; one of the platform's whose number was given away meanwhile gets a new one."""
        keys = list(table.primary_key.columns)
        number = row.get(keys[0].name) if len(keys) == 1 and not own else None
        if number is not None and self._is_there(keys[0], number):
            row = {name: value for name, value in row.items() if name != keys[0].name}
        try:
            with self._connection.begin_nested():
                result = self._connection.execute(insert(table).values(row))
        except IntegrityError:
            return False
        if number is not None and keys[0].name not in row:
            self._moved[table.name, number] = next(iter(result.inserted_primary_key or ()))
        self.restored[table.name] = self.restored.get(table.name, 0) + 1
        return True

    def _leave_out(self, table: Table, row: Mapping[str, Any], why: str) -> None:
        key = "/".join(str(row.get(column.name)) for column in table.primary_key)
        self.left_out.append(f"{table.name} {key}: {why}")


def typed_value(column: Column[Any], value: Any) -> Any:
    """A value as the database's driver takes it."""
    kind = column.type
    if value is None or isinstance(kind, JSON):
        return value
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    if isinstance(kind, Boolean):
        return bool(value)
    if isinstance(kind, DateTime):
        moment = datetime.fromisoformat(value)
        return moment if kind.timezone or moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    if isinstance(kind, DateType):
        return date.fromisoformat(value)
    if isinstance(kind, TimeType):
        return time.fromisoformat(value)
    return Decimal(value) if isinstance(kind, Numeric) and isinstance(value, str) else value


def set_sequence(connection: Connection, table: Table) -> None:
    """The next number comes after those that were brought back."""
    key = next(iter(table.primary_key.columns), None)
    if connection.dialect.name == "sqlite" or key is None:
        return
    sequence = connection.scalar(
        text("SELECT pg_get_serial_sequence(:name, :key)"), {"name": table.name, "key": key.name}
    )
    if sequence:
        connection.execute(
            text(f'SELECT setval(:sequence, coalesce((SELECT max("{key.name}") FROM "{table.name}"), 0) + 1, false)'),
            {"sequence": sequence},
        )
