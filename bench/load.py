"""Puts load on a server with wrk, or with a plain client of its own where wrk is not installed."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from bench import measure

SCRIPT = Path(__file__).with_name("wrk.lua")
HAS_WRK = shutil.which("wrk") is not None


@dataclass(frozen=True)
class Ask:
    """A kind of request: @ID@ stands for a record, @VERSION@ for its version, @ANY@ for a number that is new each time."""

    method: str
    path: str
    body: str = ""
    ids: Sequence[tuple[int, int]] = ()
    """Records to ask for, by turns, with their versions."""
    expected: int = 200


@dataclass
class Found:
    """What came of it: milliseconds, requests a second, answers that were wrong."""

    median: float
    slow: float
    rate: float
    wrong: int
    requests: int
    cpu: float = 0.0
    """Milliseconds of all processes of the server, and of a PostgreSQL on this machine, for each request."""
    foreign: float = 0.0
    """The share of the machine that others used meanwhile."""


@dataclass
class Server:
    """A running server and who asks it; `pid` is its first process, `database` that of its PostgreSQL."""

    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    pid: int = 0
    database: int = 0

    def cpu(self) -> float:
        """Seconds that its processes have worked, and the database's, which may have ended since."""
        own = sum(_cpu(pid) for pid in self._processes())
        return own + (_cpu(self.database, ended=True) + sum(_cpu(pid) for pid in _family(self.database)[1:]))

    def memory(self) -> list[float]:
        """Megabytes that each of its processes has for itself and its share of what they have in common."""
        return [_memory(pid) for pid in self._processes()]

    def _processes(self) -> list[int]:
        first = self.process.pid if self.process else self.pid
        return _family(first) if first else []

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)


_seeds = count(int(time.time()) % 100_000)


def press(server: Server, ask: Ask, connections: int, seconds: float) -> Found:
    """Ask over and over for some time, after a short warm-up."""
    once(server, ask)
    before, cpu = measure.Load.now(), server.cpu()
    found = (_wrk if HAS_WRK else _client)(server, ask, connections, seconds)
    own = server.cpu() - cpu
    after = measure.Load.now()
    found.cpu = own / max(found.requests, 1) * 1000
    found.foreign = before.foreign_until(after, own + after.own - before.own)
    return found


def once(server: Server, ask: Ask) -> tuple[int, bytes]:
    """One request; the answer must be the expected one."""
    status, body = _one(_connect(server), server, ask, next(_numbers(ask)))
    if status != ask.expected:
        raise SystemExit(f"{ask.method} {ask.path} answered {status}, not {ask.expected}: {body[:300]!r}")
    return status, body


def _wrk(server: Server, ask: Ask, connections: int, seconds: float) -> Found:
    with tempfile.NamedTemporaryFile("w", suffix=".ids") as ids:
        ids.writelines(f"{key} {version}\n" for key, version in ask.ids)
        ids.flush()
        headers = "\n".join(f"{name}: {value}" for name, value in server.headers.items())
        given = {"METHOD": ask.method, "TARGET": ask.path, "HEADERS": headers, "SEED": str(next(_seeds))}
        if ask.body:
            given["BODY"] = ask.body
        if ask.ids:
            given["IDS"] = ids.name
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{max(1, round(seconds))}",
            "--timeout",
            "30",
            "-s",
            str(SCRIPT),
        ]
        ran = subprocess.run(
            [*command, server.address], env={**os.environ, **given}, capture_output=True, text=True, check=True
        )
    line = next(line for line in ran.stdout.splitlines() if line.startswith("FOUND"))
    requests, took, median, slow, wrong = (int(word) for word in line.split()[1:])
    return Found(median / 1000, slow / 1000, requests / took * 1_000_000, wrong, requests)


def _client(server: Server, ask: Ask, connections: int, seconds: float) -> Found:
    taken: list[float] = []
    wrong: list[int] = []
    numbers = _numbers(ask)
    until = time.monotonic() + seconds

    def work() -> None:
        connection = _connect(server)
        while time.monotonic() < until:
            filled = next(numbers)
            begun = time.perf_counter()
            status, _body = _one(connection, server, ask, filled)
            taken.append((time.perf_counter() - begun) * 1000)
            if status != ask.expected:
                wrong.append(status)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(taken) / seconds
    return Found(measure.median(taken), measure.percentile(taken, 0.99), rate, len(wrong), len(taken))


def _numbers(ask: Ask) -> Iterator[tuple[str, str]]:
    versions = dict(ask.ids)
    seed = next(_seeds)
    for turn in count():
        record = ask.ids[turn % len(ask.ids)][0] if ask.ids else 0

        def fill(text: str, record: int = record, turn: int = turn) -> str:
            text = text.replace("@ID@", str(record)).replace("@VERSION@", str(versions.get(record, 0)))
            return text.replace("@ANY@", f"{seed:06d}{turn:05d}")

        yield fill(ask.path), fill(ask.body)
        if ask.body and record:
            versions[record] += 1


def _connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=60)


def _one(
    connection: http.client.HTTPConnection, server: Server, ask: Ask, filled: tuple[str, str]
) -> tuple[int, bytes]:
    path, body = filled
    connection.request(ask.method, path, body=body or None, headers=dict(server.headers))
    answer = connection.getresponse()
    return answer.status, answer.read()


def parent(pid: int) -> int:
    """The process that started another one; 0 where it is not on this machine."""
    words = _stat(pid)
    return int(words[1]) if words else 0


def _family(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = [int(word) for word in file.read().split()]
    except OSError:
        return [pid]
    return [pid, *(each for child in children for each in _family(child))]


def _cpu(pid: int, *, ended: bool = False) -> float:
    """Seconds that a process has worked, with `ended` also those of its children that are no more."""
    words = _stat(pid)
    return sum(int(word) for word in words[11 : 15 if ended else 13]) / float(os.sysconf("SC_CLK_TCK"))


def _stat(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def _memory(pid: int) -> float:
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            found = next(line for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0.0
    return int(found.split()[1]) / 1024
