"""Looking whether an installation is whole: files and their hashes, links between rows, search indexes, history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Table, and_, func, or_, select, text

from core.kernel.backups import Advance, silent, snapshot, tables_of
from core.kernel.database import Database
from core.kernel.i18n import Text
from core.kernel.i18n import translate as _
from core.kernel.storage import Storage, is_intact, is_key

FILE_KEYS: Final = "file_key"
"""A column whose name ends so holds the key of a file; what no such column names is swept away by upkeep."""

Counting = Callable[[Connection], Mapping[str, tuple[int, int]]]
"""Of each search index: the records that it should hold, and those that it holds."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not as it should be."""

    what: Text
    remedy: Text
    serious: bool = True


def verify(
    database: Database, storage: Storage, counting: Counting = lambda connection: {}, advance: Advance = silent
) -> Iterator[Trouble]:
    """Everything that is wrong with an installation, read from one moment of it."""
    with snapshot(database) as connection:
        tables = tables_of(connection)
        yield from _broken_pages(connection)
        yield from _broken_links(connection, tables)
        yield from _broken_history(tables, connection)
        for name, (wanted, held) in counting(connection).items():
            if wanted != held:
                yield Trouble(
                    _("The search index of '{table}' holds {held} records instead of {wanted}.",
                      table=name, held=held, wanted=wanted),
                    _("Stop Sopia, drop the table '{table}_search', then start it: the index is made anew.", table=name),
                )  # fmt: skip
        known = known_keys(connection, tables)
    yield from _files(storage, known, advance)


def known_keys(connection: Connection, tables: list[Table] | None = None) -> set[str]:
    """The keys of all files that any row names, parked plugins' rows and rows in the recycle bin included."""
    found: set[str] = set()
    for table in tables_of(connection) if tables is None else tables:
        for column in table.columns:
            if column.name.endswith(FILE_KEYS):
                found.update(key for key in connection.scalars(select(column).distinct()) if is_key(key))
    return found


def _broken_pages(connection: Connection) -> Iterator[Trouble]:
    if connection.dialect.name == "sqlite":
        for told in connection.scalars(text("PRAGMA integrity_check(20)")):
            if told != "ok":
                yield Trouble(
                    _("The database file is damaged: {reason}.", reason=told),
                    _("Restore a backup: sopia restore FILE."),
                )


def _broken_links(connection: Connection, tables: list[Table]) -> Iterator[Trouble]:
    for table in tables:
        for key in table.foreign_key_constraints:
            target = key.referred_table.alias()
            same = and_(*(each.parent == target.c[each.column.name] for each in key.elements))
            given = and_(*(each.parent.is_not(None) for each in key.elements))
            lost = select(func.count()).select_from(table).where(given, ~select(1).where(same).exists())
            if count := connection.scalar(lost):
                yield Trouble(
                    _("{count} rows of '{table}' point to rows of '{target}' that are not there.",
                      count=count, table=table.name, target=key.referred_table.name),
                    _("Restore a backup, or remove those rows."),
                )  # fmt: skip


def _broken_history(tables: list[Table], connection: Connection) -> Iterator[Trouble]:
    history = next((table for table in tables if table.name == "system_history"), None)
    if history is None:
        return
    c = history.c
    odd = or_(c.operation == "", c.resource == "", c.action == "", c.record_id < 0)
    if count := connection.scalar(select(func.count()).select_from(history).where(odd)):
        yield Trouble(
            _("{count} entries of history do not say what they are about.", count=count),
            _("History is written by Sopia alone; compare it with a backup."),
        )
    for table in tables:
        if not {"id", "version", "deleted_at"} <= {column.name for column in table.columns}:
            continue
        plugin, _point, noun = table.name.partition("_")
        later = select(func.count()).select_from(history).where(
            c.resource == f"{plugin}.{noun}", c.record_id > select(func.coalesce(func.max(table.c.id), 0)).scalar_subquery()
        )  # fmt: skip
        if count := connection.scalar(later):
            yield Trouble(
                _("History tells of {count} records of '{table}' that are not there.", count=count, table=table.name),
                _("Rows were lost or removed by hand; compare it with a backup."),
                serious=False,
            )


def _files(storage: Storage, known: set[str], advance: Advance) -> Iterator[Trouble]:
    there = {file.key for file in storage.files()}
    for number, key in enumerate(sorted(known)):
        advance("files", number, len(known))
        if key not in there:
            yield Trouble(
                _("The file '{key}' is not in the storage.", key=key),
                _("Bring it back from a backup, then run 'sopia verify'."),
            )
        elif not is_intact(storage, key):
            yield Trouble(
                _("The file '{key}' does not have the content that its name says.", key=key),
                _("Bring it back from a backup, then run 'sopia verify'."),
            )
    if orphans := len(there - known):
        yield Trouble(
            _("{count} files are named by no row.", count=orphans),
            _("Upkeep removes them after a day; nothing needs to be done."),
            serious=False,
        )
