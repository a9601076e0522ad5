"""The whole installation in one file, and back: every table and every file, the same for SQLite and PostgreSQL.

A backup is a zip: `manifest.json`, each table as JSON lines, files by their hashes, the archives of uninstalled plugins.
The schema is not in it but made by the migrations, up to the versions that the manifest names. Search indexes are left
out; the next start makes them anew. `move` reads a living installation in the same way, without the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import JSON, Connection, ForeignKeyConstraint, MetaData, Table, insert, inspect, select, text
from sqlalchemy.schema import AddConstraint, DropConstraint

from core.kernel.archives import CHUNK, plain_value, set_sequence, typed_value
from core.kernel.database import Database
from core.kernel.discovery import discover, load
from core.kernel.errors import ConfigurationError
from core.kernel.i18n import translate as _
from core.kernel.lifecycle import history_of
from core.kernel.migrations import INDEX_TABLE, drop_leftovers, migration, system_history, upgrade, virtual_tables
from core.kernel.plugins import SYSTEM, platform_version
from core.kernel.storage import Storage, is_key

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
PIECE: Final = 1 << 18
VERSIONS: Final = "alembic_version_"

Advance = Callable[[str, int, int], None]
"""Hears how far it is: what is done now, how much of it, and of how much."""


def silent(what: str, done: int, total: int) -> None:
    """Nobody is watching."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table: how many rows it has, and the digest of them all, which is the same on every database."""

    table: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was written, restored or moved."""

    tables: int
    rows: int
    files: int


# ---------------------------------------------------------------- where rows and files come from


class Source(ABC):
    """Something that rows and files come from: a backup, or a living installation."""

    versions: Mapping[str, str]
    """The version of each plugin's tables."""
    tables: tuple[str, ...]

    @abstractmethod
    def lines(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of a table, as they stand in JSON."""

    @abstractmethod
    def keys(self) -> list[str]:
        """The keys of all files."""

    @abstractmethod
    def open(self, key: str) -> BinaryIO:
        """One file."""


class Living(Source):
    """An installation as it is at one moment, on a connection that shows nothing later."""

    def __init__(self, connection: Connection, storage: Storage) -> None:
        self._connection, self._storage = connection, storage
        there = tables_of(connection)
        self._by_name = {table.name: table for table in there}
        self.tables = tuple(self._by_name)
        self.versions = versions_of(connection)

    def lines(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows in the order of their keys, so that two databases give the same lines."""
        found = self._by_name[table]
        query = select(found).order_by(*found.primary_key.columns)
        for row in self._connection.execute(query, execution_options={"yield_per": CHUNK}).mappings():
            yield {name: _canonical(value) for name, value in row.items()}

    def keys(self) -> list[str]:
        """Every file of the storage: a file is there before the row that names it."""
        return sorted(file.key for file in self._storage.files())

    def open(self, key: str) -> BinaryIO:
        """The file in the storage."""
        return self._storage.open(key)


class Packed(Source):
    """A backup, after its manifest and every digest in it were read."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Mapping[str, Any]) -> None:
        self._archive = archive
        self.manifest = manifest
        self.tables = tuple(part["table"] for part in manifest["tables"])
        self.versions = manifest["versions"]

    def lines(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows as they were written."""
        with self._archive.open(f"tables/{table}.jsonl") as file:
            for line in file:
                yield json.loads(line)

    def read(self, name: str) -> bytes:
        """A small member, whole."""
        return self._archive.read(name)

    def keys(self) -> list[str]:
        """The files that the manifest names."""
        return list(self.manifest["files"])

    def open(self, key: str) -> BinaryIO:
        """One file, unpacked while it is read."""
        return self._archive.open(f"files/{key}")  # type: ignore[return-value]


def _canonical(value: Any) -> Any:
    """A value as JSON has it, the same whichever database it comes from: moments in UTC and without an offset."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return moment.isoformat(sep=" ", timespec="microseconds")
    return plain_value(value)


def tables_of(connection: Connection) -> list[Table]:
    """Every table of ours as the database has it, those that others point to first; parked plugins' too."""
    hidden = virtual_tables(connection)
    names = [
        name
        for name in inspect(connection).get_table_names()
        if name not in hidden and not INDEX_TABLE.fullmatch(name) and not name.startswith((VERSIONS, "sqlite_"))
    ]
    there = MetaData()
    there.reflect(connection, only=names)
    tables = [table for table in there.sorted_tables if table.name in names]
    for table in tables:
        for column in table.columns:
            if isinstance(column.type, JSON) and column.nullable:
                # Nothing is NULL, and not the JSON that says null.
                column.type.none_as_null = True
    return tables


def versions_of(connection: Connection) -> dict[str, str]:
    """The version of the tables of each plugin that has any."""
    found = {}
    for name in sorted(inspect(connection).get_table_names()):
        if name.startswith(VERSIONS):
            version = connection.scalar(text(f'SELECT version_num FROM "{name}"'))
            if version:
                found[name.removeprefix(VERSIONS)] = version
    return found


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """A connection on which everything stays as it is at this moment, while others write."""
    if database.is_sqlite:
        with database.transaction(write=False) as connection:
            # The snapshot begins with the first look.
            connection.execute(text("SELECT count(*) FROM sqlite_master"))
            yield connection
        return
    with database.writer.connect() as connection:
        fixed = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with fixed.begin():
            yield fixed


# ---------------------------------------------------------------- writing a backup


def write_backup(
    database: Database, storage: Storage, path: Path, archives: Path, advance: Advance = silent
) -> Outcome:
    """Write everything into one new file. It gets its name when it is whole, so a broken-off one is never taken for one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with draft.open("xb") as raw:
            os.chmod(draft, 0o600)
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                with snapshot(database) as connection:
                    living = Living(connection, storage)
                    parts = [_pack(living, archive, name, n, advance) for n, name in enumerate(living.tables)]
                    versions = living.versions
                keys = _pack_files(living, archive, advance)
                kept = _pack_archives(archive, archives)
                manifest = {
                    "format": FORMAT,
                    "sopia": platform_version(),
                    "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                    "versions": versions,
                    "tables": [{"table": p.table, "rows": p.rows, "sha256": p.sha256} for p in parts],
                    "files": keys,
                    "archives": kept,
                }
                archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
            raw.flush()
            os.fsync(raw.fileno())
        draft.replace(path)
    except OSError as error:
        raise ConfigurationError(
            _("The backup '{path}' cannot be written: {reason}.", path=path, reason=error.strerror or str(error)),
            _("Choose a place with room that the user running Sopia may write to."),
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return Outcome(len(parts), sum(part.rows for part in parts), len(keys))


def _pack(source: Source, archive: zipfile.ZipFile, table: str, number: int, advance: Advance) -> Part:
    advance(table, number, len(source.tables))
    digest, rows = hashlib.sha256(), 0
    with archive.open(f"tables/{table}.jsonl", "w", force_zip64=True) as file:
        for line in source.lines(table):
            raw = _line(line)
            digest.update(raw)
            file.write(raw)
            rows += 1
    return Part(table, rows, digest.hexdigest())


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass") + b"\n"


def _pack_files(source: Source, archive: zipfile.ZipFile, advance: Advance) -> list[str]:
    keys = source.keys()
    for number, key in enumerate(keys):
        advance("files", number, len(keys))
        about = zipfile.ZipInfo(f"files/{key}", datetime.now(UTC).timetuple()[:6])
        with source.open(key) as content, archive.open(about, "w", force_zip64=True) as file:
            _copy(content, file)
    return keys


def _pack_archives(archive: zipfile.ZipFile, folder: Path) -> dict[str, str]:
    """The data of uninstalled plugins, each file with its digest."""
    kept = {}
    for path in sorted(folder.glob("*.zip")) if folder.is_dir() else ():
        archive.write(path, f"archives/{path.name}", zipfile.ZIP_STORED)
        kept[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return kept


def _copy(source: BinaryIO, target: Any) -> None:
    while piece := source.read(PIECE):
        target.write(piece)


# ---------------------------------------------------------------- reading a backup


@contextmanager
def opened_backup(path: Path, advance: Advance = silent) -> Iterator[Packed]:
    """A backup, after every part of it was compared with its digest: nothing is restored from a damaged one."""
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise _damaged(path, error) from error
    with archive:
        try:
            manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
            if manifest["format"] > FORMAT:
                raise ConfigurationError(
                    _("The backup '{path}' was written by a newer version of Sopia.", path=path),
                    _("Update Sopia first."),
                )
            _compare(archive, manifest, advance)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise _damaged(path, error) from error
        yield Packed(archive, manifest)


def _compare(archive: zipfile.ZipFile, manifest: Mapping[str, Any], advance: Advance) -> None:
    wanted = {f"tables/{part['table']}.jsonl": part["sha256"] for part in manifest["tables"]}
    wanted |= {f"files/{key}": key for key in manifest["files"] if is_key(key)}
    wanted |= {f"archives/{name}": digest for name, digest in manifest["archives"].items() if _is_name(name)}
    if len(wanted) != len(manifest["tables"]) + len(manifest["files"]) + len(manifest["archives"]):
        raise ValueError("names")
    for number, (name, digest) in enumerate(wanted.items()):
        advance("checking", number, len(wanted))
        found = hashlib.sha256()
        with archive.open(name) as file:
            while piece := file.read(PIECE):
                found.update(piece)
        if found.hexdigest() != digest:
            raise ValueError(name)


def _is_name(name: str) -> bool:
    """Whether a name stays in its folder."""
    return name.endswith(".zip") and Path(name).name == name and "\\" not in name and not name.startswith(".")


def _damaged(path: Path, error: Exception) -> ConfigurationError:
    return ConfigurationError(
        _("The backup '{path}' is damaged: {reason}.", path=path, reason=f"{type(error).__name__} {error}"),
        _("Use another copy of it."),
    )


# ---------------------------------------------------------------- filling a database


def fill(database: Database, source: Source, *, anew: bool = False, advance: Advance = silent) -> Outcome:
    """Make the schema that the source has and put its rows in, in one transaction; `anew` drops what is there first."""
    rows = 0
    with migration(database) as connection:
        if anew:
            _drop_everything(connection)
        elif not is_empty(connection):
            raise not_empty(database)
        _make_schema(connection, source.versions)
        tables = tables_of(connection)
        missing = sorted({*source.tables} ^ {table.name for table in tables})
        if missing:
            raise ConfigurationError(
                _("The tables differ from those in the backup: {tables}.", tables=", ".join(missing)),
                _("Install the plugins, in the versions that made the backup."),
            )
        with _without_links(connection, tables):
            for table in reversed(tables):
                connection.execute(table.delete())
            for number, table in enumerate(tables):
                advance(table.name, number, len(tables))
                rows += _insert(connection, table, source.lines(table.name))
                set_sequence(connection, table)
    return Outcome(len(tables), rows, 0)


def copy_files(source: Source, storage: Storage, advance: Advance = silent) -> int:
    """Put every file into a storage, and compare the hash that it gets there; how many there are."""
    keys = source.keys()
    for number, key in enumerate(keys):
        advance("files", number, len(keys))
        if storage.stat(key) is not None:
            continue
        with source.open(key) as content:
            stored = storage.put(content)
        if stored.key != key:
            raise ConfigurationError(
                _("The file '{key}' does not have the content that its name says.", key=key),
                _("Run 'sopia verify' where it comes from."),
            )
    return len(keys)


def digests(source: Source, advance: Advance = silent) -> dict[str, Part]:
    """Of every table how many rows it has and their digest, to compare two installations."""
    found = {}
    for number, table in enumerate(source.tables):
        advance("comparing", number, len(source.tables))
        digest, rows = hashlib.sha256(), 0
        for line in source.lines(table):
            digest.update(_line(line))
            rows += 1
        found[table] = Part(table, rows, digest.hexdigest())
    return found


def is_empty(connection: Connection) -> bool:
    """Whether a database has no table of ours."""
    return not tables_of(connection)


def not_empty(database: Database) -> ConfigurationError:
    """The refusal to mix two installations."""
    return ConfigurationError(
        _("The database '{url}' is not empty.", url=database.url.render_as_string(hide_password=True)),
        _("Name an empty one; with --yes, what is there is replaced after a backup of it."),
    )


def _drop_everything(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        # Plugins point at one another's tables, which would have to go in the right order.
        _drop_links(connection, tables_of(connection))
    names = [name for name in inspect(connection).get_table_names() if name.startswith(VERSIONS)]
    for plugin in [name.removeprefix(VERSIONS) for name in names if name != f"{VERSIONS}{SYSTEM}"]:
        drop_leftovers(connection, plugin)
    drop_leftovers(connection, SYSTEM)


def _make_schema(connection: Connection, versions: Mapping[str, str]) -> None:
    installed = discover()
    upgrade(connection, system_history(), versions[SYSTEM])
    for plugin in _in_order([name for name in versions if name != SYSTEM]):
        if plugin not in installed:
            raise ConfigurationError(
                _("The backup has data of the plugin '{plugin}', which is not installed.", plugin=plugin),
                _("Install it first, then restore."),
            )
        history = history_of(plugin, installed[plugin])
        if not history.written:
            load(installed[plugin])
        upgrade(connection, history, versions[plugin] if history.written else "head")


def _in_order(names: Iterable[str]) -> list[str]:
    """Plugins in the order in which their tables can be made; which requires which is told by themselves."""
    left, done, installed = sorted(names), [], discover()
    needs = {
        name: {each.partition(">")[0].partition("=")[0].strip() for each in load(installed[name]).requires}
        if name in installed
        else set()
        for name in left
    }
    while left:
        following = next((name for name in left if not needs[name] & set(left)), left[0])
        left.remove(following)
        done.append(following)
    return done


@contextmanager
def _without_links(connection: Connection, tables: Iterable[Table]) -> Iterator[None]:
    """Without foreign keys meanwhile: rows point at one another in circles. They are checked when they come back."""
    if connection.dialect.name == "sqlite":
        yield
        return
    links = _drop_links(connection, tables)
    yield
    for each in links:
        connection.execute(AddConstraint(each))


def _drop_links(connection: Connection, tables: Iterable[Table]) -> list[ForeignKeyConstraint]:
    links = [each for table in tables for each in table.constraints if isinstance(each, ForeignKeyConstraint)]
    for each in links:
        connection.execute(DropConstraint(each))
    return links


def _insert(connection: Connection, table: Table, lines: Iterable[dict[str, Any]]) -> int:
    chunk: list[dict[str, Any]] = []
    rows = 0
    for line in lines:
        chunk.append({c.name: typed_value(c, line[c.name]) for c in table.columns})
        rows += 1
        if len(chunk) == CHUNK:
            connection.execute(insert(table), chunk)
            chunk = []
    if chunk:
        connection.execute(insert(table), chunk)
    return rows


__all__ = [
    "Living",
    "Outcome",
    "Packed",
    "Part",
    "Source",
    "copy_files",
    "digests",
    "fill",
    "is_empty",
    "not_empty",
    "opened_backup",
    "snapshot",
    "tables_of",
    "write_backup",
]
