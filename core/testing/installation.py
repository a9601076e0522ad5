"""Whole installations for tests: made once per run by `sopia init`, then copied; and a real server on one of them."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.testing.databases import Schema

if TYPE_CHECKING:
    from core.kernel.database import Database

PASSWORD = "correct horse 7"
"""The password of the administrator `admin` in every installation for tests."""

SECRET_KEY = "only-for-tests-and-nothing-else"
PATIENCE = 60.0  # seconds that a server may take to start on a busy machine
ROOT = Path(__file__).resolve().parents[2]


def environment(folder: Path, database_url: str, plugins: tuple[str, ...] | None) -> dict[str, str]:
    """The environment in which `sopia` works on an installation for tests, and on no other."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SOPIA_")}
    chosen = {} if plugins is None else {"SOPIA_PLUGINS": ",".join(plugins)}
    return own | chosen | {
        "SOPIA_DATA_DIR": str(folder),
        "SOPIA_DATABASE_URL": database_url,
        "SOPIA_ADMIN_PASSWORD": PASSWORD,
        "SOPIA_SECRET_KEY": SECRET_KEY,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), own.get("PYTHONPATH")))),
    }  # fmt: skip


@dataclass(frozen=True)
class Installed(Schema):
    """The tables and rows of a new installation: every plugin, or exactly those named."""

    plugins: tuple[str, ...] | None = None

    def create(self, database: Database) -> None:
        """Run `sopia init` in a process of its own, so that what it imports stays there."""
        url = database.url.render_as_string(hide_password=False)
        with tempfile.TemporaryDirectory() as folder:
            surroundings = environment(Path(folder), url, self.plugins)
            command = [sys.executable, "-m", "sopia", "init"]
            done = subprocess.run(command, env=surroundings, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"'sopia init' ended with {done.returncode}: {done.stderr.strip() or done.stdout}")

    def key(self) -> str:
        """A short name of the plugins and of everything that makes their tables."""
        parts = [repr(self.plugins)]
        for folder in (ROOT / "core", ROOT / "plugins"):
            parts += [f"{path}{path.stat().st_mtime_ns}" for path in sorted(folder.rglob("*.py"))]
        return "i" + hashlib.sha256("|".join(parts).encode()).hexdigest()[:11]


@dataclass(frozen=True)
class Opened(Schema):
    """The tables and rows after the first start without plugins, so that a start on a copy has nothing left to do."""

    def create(self, database: Database) -> None:
        """Start once in this process, over the kernel's tables."""
        from core.assembly import assemble
        from core.kernel.settings import Settings

        super().create(database)
        url = database.url.render_as_string(hide_password=False)
        with tempfile.TemporaryDirectory() as folder:
            known = {"admin_password": PASSWORD, "secret_key": SECRET_KEY, "plugins": ()}
            assemble(Settings.load(data_dir=Path(folder), database_url=url, **known)).close()

    def key(self) -> str:
        """Not the key of the tables alone."""
        return f"o{super().key()}"


@dataclass
class LiveServer:
    """A running `sopia serve`: its address, its data folder, and what it has logged."""

    folder: Path
    database_url: str
    plugins: tuple[str, ...] | None = None
    workers: int = 1
    address: str = ""
    login: str = "admin"
    password: str = PASSWORD
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it on a free port, and wait until it says where it is."""
        command = [sys.executable, "-m", "sopia", "serve", "--port", "0", "--workers", str(self.workers)]
        surroundings = environment(self.folder, self.database_url, self.plugins)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, env=surroundings, cwd=self.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while not self.address:
            said = re.search(r"https?://[^\s]+?(?=[\s)]|$)", self.log())
            if said:
                self.address = said[0]
            elif self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"'sopia serve' did not start:\n{self.log()}")
            else:
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it as Ctrl-C does; whoever does not listen is killed."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def log(self) -> str:
        """What it has printed and logged so far."""
        return self._log.read_text("utf-8", errors="replace") if self._log.exists() else ""

    def run(self, *arguments: str) -> str:
        """Run a `sopia` command on the same installation, and give what it prints."""
        surroundings = environment(self.folder, self.database_url, self.plugins)
        command = [sys.executable, "-m", "sopia", *arguments]
        done = subprocess.run(command, env=surroundings, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"'sopia {' '.join(arguments)}' ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"
