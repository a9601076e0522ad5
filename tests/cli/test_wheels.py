"""What people install: a third party's plugin, into servers that run, and Sopia itself, into an empty environment."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.cli.new_plugin import write_plugin
from core.testing.installation import PASSWORD, LiveServer
from tests.cli.wheels import ROOT, build_wheel, install_wheel

VISITS = "/visits/visits"
PAGES = ("/", "/customers/customers", "/api/v1/customers/customers?limit=5", "/search?q=ab", "/system/users")
ALIKE = 16
"""Answers in a row, each on a connection of its own, after which both workers have surely answered."""


@contextmanager
def signed_in(address: str, password: str = PASSWORD) -> Iterator[httpx.Client]:
    """Somebody's browser with the administrator at it."""
    with httpx.Client(base_url=address, timeout=60, headers={"sec-fetch-site": "same-origin"}) as client:
        assert client.post("/login", data={"login": "admin", "password": password}).status_code == 303
        yield client


class Load:
    """People who go on with their work, reading and writing, while something is changed."""

    def __init__(self, address: str, readers: int = 2) -> None:
        self.statuses: Counter[str] = Counter()
        self.failures: list[str] = []
        self._address = address
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._read, args=(number,)) for number in range(readers)]
        self._threads.append(threading.Thread(target=self._write))

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(60)

    def _read(self, number: int) -> None:
        def look(client: httpx.Client, turn: int) -> httpx.Response:
            return client.get(PAGES[(turn + number) % len(PAGES)])

        self._work(look, 200)

    def _write(self) -> None:
        def make(client: httpx.Client, turn: int) -> httpx.Response:
            return client.post("/api/v1/customers/tags", json={"name": f"tag {turn} {time.monotonic_ns()}"})

        self._work(make, 201)

    def _work(self, ask: Any, wanted: int) -> None:
        with signed_in(self._address) as client:
            turn = 0
            while not self._ended.wait(0.03):
                turn += 1
                try:
                    answer = ask(client, turn)
                except httpx.HTTPError as error:
                    self.failures.append(repr(error))
                    continue
                self.statuses[str(answer.status_code)] += 1
                if answer.status_code != wanted:
                    self.failures.append(f"{answer.request.url} {answer.status_code} {answer.text[:200]}")


def eventually_always(address: str, *, there: bool) -> None:
    """Wait until every worker shows the plugin in its menu, or none does."""
    deadline, alike = time.monotonic() + 60, 0
    with signed_in(address) as client:
        cookies = dict(client.cookies)
    while alike < ALIKE:
        with httpx.Client(base_url=address, timeout=60, cookies=cookies, trust_env=False, verify=False) as client:
            shown = f'href="{VISITS}' in client.get("/").text
            answered = client.get(VISITS).status_code == (200 if there else 404)
        alike = alike + 1 if shown is there and answered else 0
        assert time.monotonic() < deadline, f"not every worker has {'taken up' if there else 'left'} the plugin"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where the Python of the server finds what is installed later."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.fixture
def two_workers(installation_url: str, site: Path, tmp_path: Path) -> Iterator[LiveServer]:
    """A server with two workers, which knows nothing of the plugin yet."""
    folder = tmp_path / "data"
    folder.mkdir()
    server = LiveServer(folder, installation_url, workers=2)
    try:
        server.start()
        yield server
    finally:
        server.stop()
    assert "Traceback" not in server.log(), server.log()


@pytest.mark.sqlite
def test_a_plugin_is_installed_enabled_and_disabled_in_two_workers_under_load(
    two_workers: LiveServer, site: Path, tmp_path: Path
) -> None:
    write_plugin("visits", tmp_path)
    wheel = build_wheel(tmp_path / "visits", tmp_path / "dist")
    server, address = two_workers, two_workers.address
    with Load(address) as load:
        install_wheel(wheel, site)
        assert "visits" in server.run("plugin", "enable", "visits")
        eventually_always(address, there=True)
        with signed_in(address) as client:
            made = client.post(f"/api/v1{VISITS}", json={"title": "Under load", "note": "云帆实业"})
            assert made.status_code == 201
        server.run("plugin", "disable", "visits")
        eventually_always(address, there=False)
    assert load.failures == []
    assert sum(load.statuses.values()) > 100
    kept = f"/api/v1{VISITS}/{made.json()['id']}"
    server.run("plugin", "enable", "visits")
    eventually_always(address, there=True)
    assert "visits-" in server.run("plugin", "uninstall", "visits", "--yes")
    eventually_always(address, there=False)  # without a word of the tables that are gone
    states = {line["name"]: line["state"] for line in json.loads(server.run("plugin", "list", "--json"))}
    assert states["visits"] == "uninstalled"
    assert "visits_visit: 1" in server.run("plugin", "restore", "visits")
    eventually_always(address, there=True)
    with signed_in(address) as client:
        assert client.get(kept).json() | {"version": 0} == made.json() | {"version": 0}
        assert client.get(f"/api/v1{VISITS}", params={"q": "云帆", "count": "true"}).json()["count"] == 1


# ------------------------------------------------------------------------------------------------------ Sopia itself


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of Sopia."""
    return build_wheel(ROOT, tmp_path_factory.mktemp("dist"))


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    told = subprocess.run(
        ["git", "ls-files", "sopia", "core", "plugins", "themes"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"core/web/templates/list.html", "core/locale/zh_Hans/LC_MESSAGES/core.po", "sopia/py.typed"} <= inside
    assert [path for path in told if path not in inside and (ROOT / path).exists()] == []


def test_the_installed_wheel_serves_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    python = _environment(tmp_path / "venv", wheel)
    own = {"PATH": f"{python.parent}:/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    empty = tmp_path / "empty"
    empty.mkdir()
    where = [str(python), "-c", "import core; print(core.__file__)"]
    assert str(tmp_path) in subprocess.run(where, cwd=empty, env=own, capture_output=True, text=True, check=True).stdout
    log = tmp_path / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [str(python.parent / "sopia"), "serve", "--port", "0"], cwd=empty, env=own, stdout=out, stderr=out
        )
    try:
        address, password = _said(log, server, r"(https?://[^\s]+?)(?=[\s)]|$)"), _said(log, server, r"Password: (\S+)")
        with signed_in(address, password) as client:
            page = client.get("/customers/customers")
            assert page.status_code == 200
            assert "客户" in page.text
            linked = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
            assert linked
            assert {client.get(url).status_code for url in linked} == {200}
            made = client.post("/api/v1/customers/customers", json={"name": "云帆实业"})
            assert made.status_code == 201
            assert client.get(f"/customers/customers/{made.json()['id']}").status_code == 200
    finally:
        server.terminate()
        server.wait(20)
    assert "Traceback" not in log.read_text()
    assert (empty / "var" / "sopia.db").exists()


def _environment(folder: Path, wheel: Path) -> Path:
    """A fresh environment with the wheel in it, which borrows what it depends on from that of the tests."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    install = ["-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet", str(wheel)]
    subprocess.run([sys.executable, *install], check=True)
    (packages,) = (folder / "lib").glob("python3*/site-packages")
    borrowed = Path(httpx.__file__).parents[1]
    (packages / "borrowed.pth").write_text(f"{borrowed}\n")
    return python


def _said(log: Path, server: subprocess.Popen[bytes], pattern: str) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := re.search(pattern, log.read_text()):
            return found[1]
        assert server.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(log.read_text())
