"""Keeps one PostgreSQL server running for as long as the test run lives, and tidies up after it.

A process of its own, because a test run may be killed at any moment and must leave neither server nor files behind.
Run as `python -m core.testing.keeper FOLDER PID COMMAND…`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PAUSE = 0.3  # seconds between two looks at whether the test run still lives


def keep(folder: Path, run: int, command: list[str], account: tuple[int, int] | None) -> None:
    """Run `command` until the process `run` has ended or the command has; then remove what the run has left."""
    rights: dict[str, object] = {"user": account[0], "group": account[1], "extra_groups": []} if account else {}
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **rights)  # type: ignore[call-overload]
    while server.poll() is None and is_alive(run):
        time.sleep(PAUSE)
    if server.poll() is None:
        server.send_signal(signal.SIGQUIT)  # PostgreSQL's immediate stop: nothing here is worth a checkpoint
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
        if server.poll() is None:
            server.kill()
    if not is_alive(run):
        shutil.rmtree(folder.parent, ignore_errors=True)


def is_alive(process: int) -> bool:
    """Whether a process with this number still runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Read the command line; leave the terminal and the caller, so that Ctrl-C reaches the tests first."""
    if os.fork():
        os._exit(0)
    os.setsid()
    folder, run, user, group, *command = sys.argv[1:]
    keep(Path(folder), int(run), command, (int(user), int(group)) if user != "-" else None)


if __name__ == "__main__":
    main()
