"""Wheels for tests: built and installed without the network, into folders that only the test's own processes see."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def build_wheel(project: Path, into: Path) -> Path:
    """The wheel of a project."""
    _run("-m", "build", "--wheel", "--no-isolation", "--outdir", str(into), str(project))
    (wheel,) = into.glob("*.whl")
    return wheel


def install_wheel(wheel: Path, into: Path) -> Path:
    """Install a wheel alone, without what it depends on, into a folder."""
    _run("-m", "pip", "install", "--no-deps", "--no-index", "--quiet", "--target", str(into), str(wheel))
    return into


def surroundings(*paths: Path) -> dict[str, str]:
    """The environment of a process that sees these folders and this source, and no installation but its own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("SOPIA_", "PYTEST_"))}
    return own | {"PYTHONPATH": os.pathsep.join(map(str, (*paths, ROOT)))}


def _run(*command: str) -> None:
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
