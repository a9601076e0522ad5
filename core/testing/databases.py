"""Fresh databases for tests, made in milliseconds: a template is filled once for a whole test run and then copied.

Test processes running side by side share the templates and the one PostgreSQL server of the run.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import itertools
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy.engine import make_url

from core.testing import postgresql

if TYPE_CHECKING:
    from sqlalchemy import Table

    from core.kernel.database import Database

Kind = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Schema:
    """What a test's database holds when the test begins: the kernel's tables, further tables, and rows.

    A test module says its own by overriding the fixture `schema`. `fill` writes the rows; it runs once per test run.
    """

    tables: tuple[Table, ...] = ()
    fill: Callable[[Database], None] | None = None
    kernel: bool = True

    @classmethod
    def of(cls, *models: type[Any], fill: Callable[[Database], None] | None = None, kernel: bool = True) -> Schema:
        """The kernel's tables, those of these models, and the link tables between them."""
        from sqlalchemy import inspect

        tables = [model.__table__ for model in models]
        links = [
            link.secondary for model in models for link in inspect(model).relationships if link.secondary is not None
        ]
        return cls(tuple(dict.fromkeys([*tables, *links])), fill, kernel)

    def create(self, database: Database) -> None:
        """Make the tables and the rows in an empty database."""
        from core.kernel.database import Base

        tables = [*(kernel_tables() if self.kernel else ()), *self.tables]
        with database.transaction(write=True) as connection:
            Base.metadata.create_all(connection, tables=list(dict.fromkeys(tables)))
        if self.fill:
            self.fill(database)

    def key(self) -> str:
        """A short name that is the same in every test process for the same schema, and differs for another."""
        tables = [*(kernel_tables() if self.kernel else ()), *self.tables]
        parts = [f"{table.name}:{','.join(map(str, table.columns.keys()))}" for table in tables]
        parts.append(f"{self.fill.__module__}.{self.fill.__qualname__}" if self.fill else "")
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:12]


def kernel_tables() -> list[Table]:
    """Every table of the platform itself, in the order in which they can be made."""
    from core.kernel.database import Base

    _import_models()
    return [table for table in Base.metadata.sorted_tables if table.name.startswith("system_")]


@functools.cache
def _import_models() -> None:
    root = Path(__file__).parents[2]
    for floor in ("kernel", "resources", "workplace", "web", "api"):
        for source in sorted((root / "core" / floor).rglob("*.py")):
            if "__tablename__" in source.read_text("utf-8"):
                # A module that cannot be imported fails its own tests; here it would fail everybody's.
                with suppress(ModuleNotFoundError):
                    importlib.import_module(".".join(source.relative_to(root).with_suffix("").parts))


class Databases:
    """The databases of one test process; templates and server are shared with the other processes of the run."""

    def __init__(self, folder: Path, run: int, process: str) -> None:
        self._folder = folder
        self._run = run
        self._process = process
        self._numbers = itertools.count(1)
        self._templates: set[tuple[str, str]] = set()
        self._server: str | None = None
        self._connection: Any = None

    def make(self, kind: Kind, schema: Schema) -> str:
        """The address of a fresh database with this schema."""
        template = self._template(kind, schema)
        name = f"t_{self._process}_{next(self._numbers)}"
        if kind == "sqlite":
            path = self._folder / f"{name}.db"
            shutil.copyfile(self._folder / f"{template}.db", path)
            return f"sqlite:///{path}"
        name = f"{self._prefix}_{name}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._prefix}_{template}"')
        return self._address(name)

    def drop(self, url: str) -> None:
        """Remove a database that `make` has made, whoever is still connected."""
        address = make_url(url)
        if address.get_backend_name() == "sqlite":
            for path in self._folder.glob(f"{Path(address.database or '').name}*"):
                path.unlink(missing_ok=True)
        else:
            self._execute(f'DROP DATABASE IF EXISTS "{address.database}" WITH (FORCE)')

    def close(self) -> None:
        """End the connection to the server."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def drop_all(self) -> None:
        """Remove what this run has left on a server that outlives it."""
        if not os.environ.get(postgresql.VARIABLE) or not (self._folder / "used").exists():
            return
        found = self._execute("SELECT datname FROM pg_database WHERE datname LIKE %s", f"{self._prefix}_%")
        for (name,) in found:
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @property
    def _prefix(self) -> str:
        return f"sopia_test_{self._run}"

    def _template(self, kind: Kind, schema: Schema) -> str:
        name = f"template_{schema.key()}"
        if (kind, name) not in self._templates:
            with locked(self._folder / f"{name}.lock"):
                done = self._folder / f"{name}.{kind}.done"
                if not done.exists():
                    self._make_template(kind, name, schema)
                    done.touch()
            self._templates.add((kind, name))
        return name

    def _make_template(self, kind: Kind, name: str, schema: Schema) -> None:
        if kind == "postgresql":
            (self._folder / "used").touch()
            self._execute(f'DROP DATABASE IF EXISTS "{self._prefix}_{name}"')
            self._execute(f'CREATE DATABASE "{self._prefix}_{name}" TEMPLATE template0 ENCODING UTF8')
            _fill(self._address(f"{self._prefix}_{name}"), schema)
            return
        path = self._folder / f"{name}.db"
        path.unlink(missing_ok=True)
        _fill(f"sqlite:///{path}", schema)
        with suppress(FileNotFoundError):
            # Closing the last connection has folded the log into the file; a rest here would mean a torn copy.
            assert not Path(f"{path}-wal").stat().st_size

    def _address(self, name: str) -> str:
        url = make_url(self._server_url()).set(database=name, drivername="postgresql+psycopg")
        return url.render_as_string(hide_password=False)

    def _server_url(self) -> str:
        if self._server is None:
            with locked(self._folder / "server.lock"):
                self._server = postgresql.server_url(self._folder / "postgresql", self._run)
        return self._server

    def _execute(self, statement: str, *values: object) -> list[Any]:
        if self._connection is None:
            self._connection = postgresql.connect(self._server_url())
        cursor = self._connection.execute(statement, values or None)
        return list(cursor.fetchall()) if cursor.description else []


def _fill(url: str, schema: Schema) -> None:
    from core.kernel.database import Database

    database = Database(url)
    try:
        schema.create(database)
    finally:
        database.dispose()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time through."""
    try:
        import fcntl
    except ImportError:  # Windows: one test process only
        yield
        return
    with path.open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def kinds_possible(marks: Iterable[str]) -> list[Kind]:
    """The databases that a test can run on: both, or those that it is marked for by hand."""
    names = set(marks)
    return [kind for kind in KINDS if kind in names] or list(KINDS)


def kinds_wanted(chosen: str, marks: Iterable[str]) -> list[Kind]:
    """Those of the possible databases that were chosen, for installations that are shared by the tests of a module."""
    return [kind for kind in kinds_possible(marks) if chosen in ("all", kind)]
