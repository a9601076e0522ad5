"""What tests of imports stand on: small rough files of their own making, brought and run by people of a desk."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from core.kernel.access import Principal
from core.resources.importing import kept
from core.resources.importing.imports import Imports
from core.resources.importing.kept import Import
from tests.resources.desk import Desk


def table(*rows: Sequence[object], encoding: str = "utf-8", end: str = "\r\n", delimiter: str = ",") -> bytes:
    """A file of text with these rows, the first of which is the header."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


class Importing:
    """Files on their way into the installation of a desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.imports = Imports(desk.platform)

    def bring(
        self, who: Principal, content: bytes, name: str = "list.csv", into: str = "customers.customer", **plan: Any
    ) -> Import:
        """A file that is brought and planned; `plan` changes what the columns are guessed to be and do."""
        found = self.imports.bring(who, self.desk.resources[into], io.BytesIO(content), name)
        if plan:
            found = self.imports.plan(found, replace(found.plan, **plan), who)
        return found

    def run(self, who: Principal, content: bytes, **given: Any) -> Import:
        """A file that is brought and run to its end."""
        found = self.bring(who, content, **given)
        return self.imports.run(found.id, who.user_id)

    def check(self, who: Principal, content: bytes, **given: Any) -> Import:
        """A file that is brought and judged, and writes nothing."""
        return self.imports.check(self.bring(who, content, **given), who)

    def faults(self, found: Import) -> dict[int, dict[str, str]]:
        """What is wrong, by the number of the row and the name of the column; the row as a whole is ''."""
        names = (*found.header, "")
        return {
            row.number: {names[int(index)]: message for index, message in row.faults.items()}
            for row in self._rows(found, "fault")
        }

    def notes(self, found: Import) -> dict[int, str]:
        """What is said of the rows that exist already, by their number."""
        return {row.number: row.note for row in self._rows(found, "duplicate")}

    def _rows(self, found: Import, state: str) -> list[Any]:
        with self.reading() as connection:
            return kept.rows(connection, found, state=state, count=10_000)

    def now(self, found: Import) -> Import:
        """The import as it is now."""
        with self.reading() as connection:
            return kept.get(connection, found.id, found.user_id)

    def reading(self) -> Any:
        """A connection that sees everything."""
        return self.desk.platform.database.transaction(write=False)

    def records(self, *fields: str, key: str = "customers.customer") -> list[tuple[Any, ...]]:
        """Columns of all present records, in the order in which they were made."""
        columns = self.desk.resources[key].table.c
        with self.reading() as connection:
            return _all(connection, select(*[columns[name] for name in fields]), columns)

    def words(self, key: str) -> dict[int, str]:
        """The words of a dictionary by their id."""
        return dict(self.records("id", "name", key=key))

    def history(self, found: Import) -> list[Mapping[str, Any]]:
        """What history tells of an import."""
        from core.kernel.history import HistoryEntry

        entries: Any = HistoryEntry.__table__
        with self.reading() as connection:
            told = connection.execute(select(entries).where(entries.c.operation == found.operation))
            return [dict(row._mapping) for row in told]


def _all(connection: Connection, statement: Any, columns: Any) -> list[tuple[Any, ...]]:
    return [
        tuple(row) for row in connection.execute(statement.where(columns.deleted_at.is_(None)).order_by(columns.id))
    ]
