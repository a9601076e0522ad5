"""The pytest plugin: the fixtures `database`, `platform`, `live_server` and `visitor`, `--database`, and the marks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from core.kernel.database import Database
    from core.kernel.platform import Platform
    from core.testing.chromium import Visitor
    from core.testing.databases import Databases, Kind, Schema
    from core.testing.installation import LiveServer

FOLDER = pytest.StashKey[Path]()
RUN = pytest.StashKey[int]()
MEMORY = Path("/dev/shm")
ROOM = 6 << 30  # bytes


def pytest_addoption(parser: pytest.Parser) -> None:
    """The choice of the database."""
    group = parser.getgroup("sopia")
    group.addoption(
        "--database",
        choices=("all", "sqlite", "postgresql"),
        default="all",
        help="run database tests on this database only (default: on both)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks, and give all processes of the run one folder."""
    config.addinivalue_line("markers", "sqlite: runs on SQLite; set by hand, the test runs on nothing else")
    config.addinivalue_line("markers", "postgresql: runs on PostgreSQL; set by hand, the test runs on nothing else")
    config.addinivalue_line("markers", "browser: drives a real Chromium")
    if place := _memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", place)
    shared = getattr(config, "workerinput", {}).get("sopia")
    config.stash[FOLDER], config.stash[RUN] = (Path(shared[0]), shared[1]) if shared else (_new_folder(), os.getpid())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist the folder of the run."""
    node.workerinput["sopia"] = (str(node.config.stash[FOLDER]), node.config.stash[RUN])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what the run has left; its PostgreSQL server ends by itself."""
    if hasattr(config, "workerinput") or FOLDER not in config.stash:
        return
    folder = config.stash[FOLDER]
    if (folder / "used").exists():
        _databases(config).drop_all()
    for path in folder.iterdir():
        if path.name != "postgresql":  # its keeper does that, after the server has gone
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def _memory() -> str | None:
    """A place in memory, where each commit need not wait for a disk; None where there is not enough of it."""
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return None
    found = os.statvfs(MEMORY)
    # PostgreSQL may be run from there, which some systems forbid.
    enough = found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC
    return str(MEMORY) if enough else None


def _new_folder() -> Path:
    # A short path, because the name of a socket has 107 characters at most; open to search for the server's account.
    folder = Path(tempfile.mkdtemp(prefix="sopia-", dir=_memory()))
    folder.chmod(0o711)
    return folder


def _databases(config: pytest.Config) -> Databases:
    from core.testing.databases import Databases

    process = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return Databases(config.stash[FOLDER], config.stash[RUN], process)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that needs a database on each of them, marked with its name."""
    from core.testing.databases import kinds_possible, kinds_wanted

    marks = [mark.name for mark in metafunc.definition.iter_markers()]
    if "database_kind" in metafunc.fixturenames:
        kinds = kinds_possible(marks)
        metafunc.parametrize("database_kind", [pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in kinds])
    if "shared_kind" in metafunc.fixturenames:
        # What a class shares must not even be made on a database that was not asked for.
        kinds = kinds_wanted(metafunc.config.getoption("--database"), marks)
        params = [pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in kinds]
        metafunc.parametrize("shared_kind", params, scope="class", indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests on databases that were not asked for."""
    chosen = config.getoption("--database")
    if chosen == "all":
        return
    left = [item for item in items if _kind_of(item) not in (None, chosen)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if _kind_of(item) in (None, chosen)]


def _kind_of(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    kind: str | None = callspec.params.get("database_kind") if callspec else None
    return kind


@pytest.fixture(scope="session")
def databases(pytestconfig: pytest.Config) -> Iterator[Databases]:
    """Where fresh databases come from: `databases.make(kind, schema)` gives an address."""
    found = _databases(pytestconfig)
    yield found
    found.close()


@pytest.fixture(scope="class")
def shared_kind(request: pytest.FixtureRequest) -> Kind:
    """The kind of database of an installation that the tests of a class share."""
    kind: Kind = request.param
    return kind


@pytest.fixture
def schema() -> Schema:
    """What a fresh database holds: the kernel's tables. Override it to have further tables or rows."""
    from core.testing.databases import Schema

    return Schema()


@pytest.fixture
def make_database_url(databases: Databases, database_kind: Kind, schema: Schema) -> Iterator[Callable[[], str]]:
    """Makes fresh databases, for tests that need more than one; all are gone after the test."""
    made: list[str] = []

    def make() -> str:
        made.append(databases.make(database_kind, schema))
        return made[-1]

    yield make
    for url in made:
        databases.drop(url)


@pytest.fixture
def database_url(make_database_url: Callable[[], str]) -> str:
    """The address of a fresh database, on SQLite and on PostgreSQL."""
    return make_database_url()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with the tables and rows of the fixture `schema`, on SQLite and on PostgreSQL."""
    from core.kernel.database import Database

    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def installed_plugins() -> tuple[str, ...] | None:
    """Which plugins an installation for tests has; None means every one. Override it to have others."""
    return None


@pytest.fixture
def installation_url(
    databases: Databases, database_kind: Kind, installed_plugins: tuple[str, ...] | None
) -> Iterator[str]:
    """The address of a database in which `sopia init` has just run."""
    from core.testing.installation import Installed

    url = databases.make(database_kind, Installed(plugins=installed_plugins))
    yield url
    databases.drop(url)


@contextmanager
def opened_platform(
    url: str, folder: Path, plugins: tuple[str, ...] | None, config: pytest.Config
) -> Iterator[Platform]:
    """The platform of an installation for tests with these plugins, opened in this process."""
    from core.assembly import assemble
    from core.kernel.settings import Settings
    from core.testing.installation import PASSWORD, SECRET_KEY

    known = {"admin_password": PASSWORD, "secret_key": SECRET_KEY, "plugins": plugins}
    # A plugin of a third party is tried in a process of its own, which takes a second; once for each process will do.
    trials, remembered = folder / "plugin_trials.json", config.stash[FOLDER] / f"trials-{os.getpid()}.json"
    if remembered.exists():
        shutil.copyfile(remembered, trials)
    opened = assemble(Settings.load(data_dir=folder, database_url=url, **known))
    if trials.exists():
        shutil.copyfile(trials, remembered)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def installed_platform(
    installation_url: str,
    tmp_path: Path,
    installed_plugins: tuple[str, ...] | None,
    pytestconfig: pytest.Config,
) -> Iterator[Platform]:
    """The platform of a new installation, opened in this process."""
    with opened_platform(installation_url, tmp_path, installed_plugins, pytestconfig) as opened:
        yield opened


@pytest.fixture
def live_server(
    installation_url: str, tmp_path: Path, installed_plugins: tuple[str, ...] | None
) -> Iterator[LiveServer]:
    """A running `sopia serve` on a new installation, on SQLite and on PostgreSQL; `admin` may sign in."""
    from core.testing.installation import LiveServer

    server = LiveServer(tmp_path, installation_url, installed_plugins)
    try:
        server.start()
        yield server
    finally:
        server.stop()
    assert "Traceback" not in server.log(), server.log()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One Chromium for the tests of a module; no longer, because its event loop is in the way of others."""
    from core.testing.chromium import launch

    with launch() as browser:
        yield browser


@pytest.fixture
def visitor(chromium: Browser, live_server: LiveServer) -> Iterator[Visitor]:
    """Somebody at a fresh browser in front of the live server; any complaint of the browser fails the test."""
    from core.testing.chromium import Visitor

    somebody = Visitor(chromium, live_server.address)
    yield somebody
    somebody.close()
    assert somebody.unexpected() == []
