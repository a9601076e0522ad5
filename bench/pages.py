"""How fast the shipped pages are: `sopia serve` on a folder with N customers, beside a floor and, if named, a peer.

`python -m bench.pages --customers 100000` signs in as a head who sees thirty per cent and asks for the list, the next
page, two searches, a record, and makes and changes records; every kind of answer is checked before it is timed.
"""

from __future__ import annotations

import argparse
import html
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from bench import company, floor, measure
from bench.load import Ask, Found, Server, parent, press

LIST = "/customers/customers"
RARE, FREQUENT = "鼎晟", "科技"
OURS = {"origin": "", "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
RECORDS = 2000
"""Records that are asked for by turns."""


def main() -> None:
    """Print the table."""
    given = _options()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="sopia-bench-"))
    names = given.names.read_text("utf-8").splitlines() if given.names else None
    platform = company.opened(folder, given.database_url, given.customers, names)
    url, head = platform.settings.database_url, company.person(platform.database, "head")
    platform.close()
    given.url, given.head = url, head
    print(f"{urlsplit(url).scheme}, {given.customers:,} customers, {given.workers} workers; {measure.machine()}")
    floor.prepare(url)
    print(f"start to first answer: {_first_answer(folder, url):.2f} s")
    ours = start(folder, url, given.workers)
    least = start_floor(url, head, given.workers)
    try:
        asks = our_asks(ours, url, head)
        others = {"floor": (least, floor_asks(url, head))}
        if given.peer:
            others["peer"] = peer(json.loads(given.peer.read_text("utf-8")))
        for server, _asks in ({"": (ours, asks)} | others).values():
            server.database = database_of(url)
        counted = statements(folder, url, asks)
        print(f"memory of the workers: {', '.join(f'{each:.0f}' for each in ours.memory())} MB", flush=True)
        rows = []
        for name in given.ask.split(",") if given.ask else list(asks):
            for connections in given.connections:
                rows.append(_measured(name, connections, ours, asks, others, counted, given))
                print(measure.table(_head(others), rows[-1:]).splitlines()[-1], flush=True)
        print("\n" + measure.table(_head(others), rows))
    finally:
        ours.stop()
        least.stop()
        floor.forget(url)


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--customers", type=int, default=100_000)
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--connections", type=int, nargs="+", default=[1, 8])
    options.add_argument("--seconds", type=float, default=2)
    options.add_argument("--rounds", type=int, default=3, help="by turns with the floor and the peer")
    options.add_argument("--ask", default="", help="list,next,rare,frequent,record,create,update; all where left out")
    options.add_argument("--folder", type=Path, help="a data folder to make, or to use again")
    options.add_argument("--database-url", default="", help="an empty PostgreSQL database; SQLite where it is left out")
    options.add_argument("--names", type=Path, help="a file with the names of customers, one a line")
    options.add_argument("--peer", type=Path, help="a running server to compare with, as JSON: see README.md")
    return options.parse_args()


def _head(others: Mapping[str, Any]) -> list[str]:
    head = ["", "connections", "median ms", "p99 ms", "req/s", "CPU ms", "SQL", "wrong", "others"]
    return [*head, *(f"{name} {what}" for name in others for what in ("ms", "req/s", "CPU", "×ms", "×req/s", "×CPU"))]


def _measured(
    name: str, connections: int, ours: Server, asks: Mapping[str, Ask],
    others: Mapping[str, tuple[Server, Mapping[str, Ask]]], counted: Mapping[str, int], given: argparse.Namespace,
) -> list[object]:  # fmt: skip
    """One line of the table: ours, and how many times as fast it is as each of the others."""
    everybody = {"": (ours, asks), **others}
    found: dict[str, list[Found]] = {who: [] for who in everybody}
    for _ in range(given.rounds):
        for who, (server, theirs) in everybody.items():
            if name in theirs:
                ask = theirs[name]
                if who == "" and "@VERSION@" in ask.body:
                    ask = replace(ask, ids=records(given.url, given.head))
                found[who].append(press(server, ask, connections, given.seconds))
    mine = found.pop("")
    slow, cpu = _middle(mine, "slow"), _middle(mine, "cpu")
    row: list[object] = [name, connections, _middle(mine, "median"), slow, round(_middle(mine, "rate")), cpu]
    row += [counted.get(name, ""), sum(each.wrong for each in mine), f"{_middle(mine, 'foreign'):.0%}"]
    for theirs_ in found.values():
        if not theirs_:
            row += [""] * 6
            continue
        median, rate, work = (_middle(theirs_, each) for each in ("median", "rate", "cpu"))
        # Who answered nothing within the time is at least so many times slower.
        times = _middle(mine, "rate") / max(rate, 1 / given.seconds)
        row += [median, round(rate), work, median / _middle(mine, "median"), times, work / cpu]
    return row


def _middle(found: list[Found], name: str) -> float:
    return float(statistics.median(getattr(each, name) for each in found))


def start(folder: Path, url: str, workers: int) -> Server:
    """`sopia serve`, signed in as the head of the branch."""
    server = _started(folder, url, workers)
    body = urlencode({"login": "head", "password": company.PASSWORD})
    status, cookie, _answer = _ask(server, "POST", "/login", body, _ours(server))
    if status != 303:
        raise SystemExit(f"The head could not sign in: {status}")
    server.headers = {**_ours(server), "cookie": cookie}
    return server


def _first_answer(folder: Path, url: str) -> float:
    """Seconds from the command to the first page; the second of two starts, when everything has been compiled."""
    _started(folder, url, 1).stop()
    begun = time.perf_counter()
    server = _started(folder, url, 1)
    took = time.perf_counter() - begun
    server.stop()
    return took


def _started(folder: Path, url: str, workers: int) -> Server:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "SOPIA_DATA_DIR": str(folder), "SOPIA_DATABASE_URL": url, "SOPIA_BASE_URL": ""}
    # What an installation has compiled it keeps.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "sopia", "serve", "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Server(f"http://127.0.0.1:{port}", {}, process)
    _wait(server, "/login")
    return server


def start_floor(url: str, person: int, workers: int) -> Server:
    """The floor, as many workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "bench.floor:application", "--factory", "--port", str(port)]
    command += ["--workers", str(workers), "--no-access-log", "--log-level", "critical"]
    environment = {**os.environ, "FLOOR_URL": url, "FLOOR_PERSON": str(person)}
    headers = {"cookie": f"floor={floor.sealed(person)}", "content-type": OURS["content-type"]}
    server = Server(f"http://127.0.0.1:{port}", headers, subprocess.Popen(command, env=environment))
    _wait(server, "/nothing")
    return server


def database_of(url: str) -> int:
    """The first process of a PostgreSQL on this machine, 0 of any other."""
    if url.startswith("sqlite") or urlsplit(url).hostname not in (None, "", "localhost", "127.0.0.1"):
        return 0
    return parent(int(floor.Store(url).run("SELECT pg_backend_pid()")[0][0]))


def _wait(server: Server, path: str) -> None:
    assert server.process is not None
    while True:
        try:
            _ask(server, "GET", path, "", {})
            break
        except OSError:
            if server.process.poll() is not None:
                raise SystemExit("The server ended before it answered.") from None
            time.sleep(0.005)


def _ours(server: Server) -> dict[str, str]:
    return {**OURS, "origin": server.address}


def _ask(server: Server, method: str, path: str, body: str, headers: Mapping[str, str]) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=60)
    connection.request(method, path, body or None, dict(headers))
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    kept = [value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    return answer.status, "; ".join(kept), content


def our_asks(server: Server, url: str, head: int) -> dict[str, Ask]:
    """What is asked of Sopia, each looked at once."""
    page = _text(server, LIST)
    if page.count("<tr>") < 50 or "1,000+" not in page:
        raise SystemExit("The list does not show fifty of many customers.")
    following = re.search(r'href="([^"]*)" rel="next"', page)
    assert following is not None
    for words in (RARE, FREQUENT):
        names = re.findall(r'<a id="r\d+" href="[^"]*">([^<]*)</a>', _text(server, f"{LIST}?q={quote(words)}"))
        if not names or not all(words in name for name in names):
            raise SystemExit(f"The search for {words} does not find what it should: {names[:3]}")
    ids = records(url, head)
    if _text(server, f"{LIST}/{ids[0][0]}").count('class="fact') < 5:
        raise SystemExit("The record does not show its facts.")
    new = urlencode({"name": "新客户@ANY@", "phone": "1@ANY@", "region": "上海", "_token": "n@ANY@"}, safe="@")
    changed = urlencode({"phone": "1@ANY@", "region": "北京", "_version": "@VERSION@", "_token": "c@ANY@"}, safe="@")
    return {
        "list": Ask("GET", LIST),
        "next": Ask("GET", html.unescape(following[1])),
        "rare": Ask("GET", f"{LIST}?q={quote(RARE)}"),
        "frequent": Ask("GET", f"{LIST}?q={quote(FREQUENT)}"),
        "record": Ask("GET", f"{LIST}/@ID@", ids=ids),
        "create": Ask("POST", f"{LIST}/new", new, expected=303),
        "update": Ask("POST", f"{LIST}/@ID@/edit", changed, ids, 303),
    }


def floor_asks(url: str, head: int) -> dict[str, Ask]:
    """The same of the floor."""
    ids = records(url, head)
    last = floor.Store(url, head).run(f"SELECT created_at FROM floor_customer WHERE id = {ids[49][0]}")[0][0]
    after = quote(f"{last}|{ids[49][0]}")
    new = urlencode({"name": "新客户@ANY@", "phone": "1@ANY@", "region": "上海"}, safe="@")
    return {
        "list": Ask("GET", "/customers"),
        "next": Ask("GET", f"/customers?after={after}"),
        "rare": Ask("GET", f"/customers?q={quote(RARE)}"),
        "frequent": Ask("GET", f"/customers?q={quote(FREQUENT)}"),
        "record": Ask("GET", "/customers/@ID@", ids=ids),
        "create": Ask("POST", "/customers/new", new, expected=303),
        "update": Ask("POST", "/customers/@ID@", urlencode({"phone": "1@ANY@", "region": "北京"}, safe="@"), ids, 303),
    }


def records(url: str, head: int) -> list[tuple[int, int]]:
    """The latest records in the head's scope, with their present versions."""
    store = floor.Store(url, head)
    sql = f"SELECT id, version FROM customers_customer c WHERE {store.scope} AND id <= (SELECT max(id) FROM floor_customer)"
    return [tuple(row) for row in store.run(f"{sql} ORDER BY created_at DESC, id DESC LIMIT {RECORDS}", store.given)]


def peer(told: Mapping[str, Any]) -> tuple[Server, dict[str, Ask]]:
    """A running server that somebody describes: address, headers, and what to ask it."""
    asks = {}
    for name, ask in told["asks"].items():
        ids = tuple((int(key), 0) for key in ask.get("ids", ()))
        asks[name] = Ask(ask.get("method", "GET"), ask["path"], ask.get("body", ""), ids, ask.get("expected", 200))
    return Server(told["address"], told.get("headers", {}), pid=told.get("process", 0)), asks


def statements(folder: Path, url: str, asks: Mapping[str, Ask]) -> dict[str, int]:
    """How many SQL statements each answer takes, counted in this process; BEGIN and COMMIT are not."""
    from core.testing.client import Client
    from core.testing.statements import counted
    from core.web.app import Application

    platform = company.opened(folder, url, 0)
    client = Client(Application(platform, works=False))
    client.sign_in("head", company.PASSWORD)
    found: dict[str, int] = {}
    for name, ask in asks.items():
        key = ask.ids[0][0] if ask.ids else 0
        for turn in range(3):
            version = records(url, client_id(platform))[0][1] if ask.ids else 0
            fill = {"@ID@": str(key), "@VERSION@": str(version), "@ANY@": f"{time.time_ns() % 10**11:011d}"}
            path, body = _filled(ask.path, fill), _filled(ask.body, fill)
            with counted() as sent:
                answer = client.get(path) if ask.method == "GET" else client.post(path, dict(parse_qsl(body)))
            if answer.status != ask.expected:
                raise SystemExit(f"{path} answered {answer.status} in this process.")
            if turn:
                found[name] = len(sent)
    platform.close()
    return found


def client_id(platform: Any) -> int:
    """The head's id."""
    return company.person(platform.database, "head")


def _filled(text: str, fill: Mapping[str, str]) -> str:
    for mark, value in fill.items():
        text = text.replace(mark, value)
    return text


def _text(server: Server, path: str) -> str:
    status, _cookie, body = _ask(server, "GET", path, "", server.headers)
    if status != 200:
        raise SystemExit(f"{path} answered {status}.")
    return body.decode()


if __name__ == "__main__":
    main()
