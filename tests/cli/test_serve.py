import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from core.cli import run


def environment(folder: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SOPIA_")}
    return own | {"SOPIA_DATA_DIR": str(folder), "SOPIA_PLUGINS": "", "SOPIA_ADMIN_PASSWORD": "correct horse battery"}


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server on a free port; gives its address as soon as it is printed."""
    command = [sys.executable, "-m", "sopia", "serve", "--port", "0", *options]
    server = subprocess.Popen(command, env=environment(folder), stdout=subprocess.PIPE, text=True)
    assert server.stdout
    try:
        line = next(line for line in server.stdout if "http://" in line)
        yield next(word for word in line.split() if word.startswith("http://")), server
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_server_answers_as_soon_as_its_address_is_printed_and_stops_in_peace(workers: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", workers) as (address, server):
        assert httpx.get(f"{address}/healthz", timeout=60).json()["status"] == "ok"
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 0


def test_address_is_not_that_of_a_taken_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOPIA_DATA_DIR", str(tmp_path / "var"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert run(["serve", "--port", str(port)]) == 1
    assert capsys.readouterr().err == (
        f"Error: Port {port} is taken by another program. Stop that program, "
        f"or choose another port: --port {port + 1} (make serve PORT={port + 1}).\n"
    )
    assert not (tmp_path / "var").exists()


def test_address_of_another_machine_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--host", "192.0.2.1", "--port", "0"]) == 1
    assert "Use an address of this machine" in capsys.readouterr().err
