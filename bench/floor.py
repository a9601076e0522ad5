"""The floor: what the least that could possibly do costs. Starlette, SQL written by hand, one Jinja template.

The same rows, the same scope, a signed cookie; no forms, no history, no index, no permission of fields. It works on a
copy of the customers (`prepare`), so that it may write. Run by `bench.pages`; FLOOR_URL and FLOOR_PERSON say what for.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

KEY = b"the floor's own"
COUNTED = 1000
COLUMNS = "id, name, type_id, level_id, phone, region, credit_limit, last_contact_at, next_contact_at, owner_id, department_id, created_at, deleted_at"  # noqa: E501
INDEXES = (
    "CREATE INDEX floor_recent ON floor_customer (created_at, id, owner_id, department_id) WHERE deleted_at IS NULL",
    "CREATE INDEX floor_owner ON floor_customer (owner_id)",
    "CREATE INDEX floor_department ON floor_customer (department_id)",
)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Customers</title></head><body>
<nav><a href="/">Home</a> <a href="/customers">Customers</a></nav><form><input name="q" value="{{ q }}"></form>
<p>{{ count }}</p><table><thead><tr>{% for h in heads %}<th><a href="?sort={{ h }}">{{ h }}</a></th>{% endfor %}</tr>
</thead><tbody>{% for id, name, type, level, phone, region, credit, last, next, owner, made in rows %}
<tr><td><a href="/customers/{{ id }}">{{ name }}</a></td><td>{{ type }}</td><td>{{ level }}</td><td>{{ phone }}</td>
<td>{{ region }}</td><td>{{ credit }}</td><td>{{ last }}</td><td>{{ next }}</td><td>{{ owner }}</td></tr>{% endfor %}
</tbody></table>{% if after %}<a href="?after={{ after }}">next</a>{% endif %}</body></html>"""
RECORD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ row[1] }}</title></head><body><dl>
{% for name, value in facts %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl></body></html>"""
HEADS = "Name Type Level Phone Region Credit Last Next Owner".split()
TEMPLATES = Environment(autoescape=True)
page, record = TEMPLATES.from_string(PAGE), TEMPLATES.from_string(RECORD)

SELECT = (
    "SELECT c.id, c.name, t.name, l.name, c.phone, c.region, c.credit_limit, c.last_contact_at, c.next_contact_at, "
    "u.name, c.created_at FROM floor_customer c LEFT JOIN customers_type t ON t.id = c.type_id "
    "LEFT JOIN customers_level l ON l.id = c.level_id LEFT JOIN system_user u ON u.id = c.owner_id WHERE "
)


class Store:
    """Connections of one thread each, and the scope of one person, or of nobody."""

    def __init__(self, url: str, person: int = 0) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self._url = url.partition("///")[2] if self.is_sqlite else url.replace("+psycopg", "")
        self._local = threading.local()
        self.departments = self._below(person) or [0]
        marks = ", ".join("?" * len(self.departments))
        sql = f"SELECT user_id FROM system_membership WHERE deleted_at IS NULL AND department_id IN ({marks})"
        self.users = sorted({person, *(row[0] for row in self.run(sql, self.departments))})
        users = ", ".join("?" * len(self.users))
        self.scope = f"c.deleted_at IS NULL AND (c.owner_id IN ({users}) OR c.department_id IN ({marks}))"
        # SQLite walks the order of the list only when it cannot collect the rows of the scope first.
        self.walked = self.scope.replace("c.o", "+c.o").replace("c.dep", "+c.dep") if self.is_sqlite else self.scope
        self.given = (*self.users, *self.departments)

    def run(self, sql: str, given: Sequence[Any] = ()) -> list[Any]:
        """The rows of a statement, or none."""
        connection = getattr(self._local, "connection", None) or self._connect()
        cursor = connection.execute(sql if self.is_sqlite else sql.replace("?", "%s"), given)
        return list(cursor.fetchall()) if cursor.description else []

    def _below(self, person: int) -> list[int]:
        rows = self.run("SELECT department_id FROM system_membership WHERE user_id = ?", (person,))
        found, waiting = {row[0] for row in rows}, [row[0] for row in rows]
        while waiting:
            rows = self.run("SELECT id FROM system_department WHERE parent_id = ?", (waiting.pop(),))
            waiting += [row[0] for row in rows if row[0] not in found]
            found.update(row[0] for row in rows)
        return sorted(found)

    def _connect(self) -> Any:
        if self.is_sqlite:
            connection: Any = sqlite3.connect(self._url, isolation_level=None, timeout=30)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-32000", "mmap_size=268435456"):
                connection.execute(f"PRAGMA {pragma}")
        else:
            import psycopg

            connection = psycopg.connect(self._url, autocommit=True, prepare_threshold=None)
        self._local.connection = connection
        return connection


def prepare(url: str) -> None:
    """Make the floor's own table of customers beside the real one."""
    store = Store(url)
    store.run("DROP TABLE IF EXISTS floor_customer")
    kind = "INTEGER PRIMARY KEY" if store.is_sqlite else "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    types = "text int int text text bigint timestamp timestamp int int timestamp timestamp".split()
    rest = ", ".join(f"{name} {type_}" for name, type_ in zip(COLUMNS.split(", ")[1:], types, strict=True))
    store.run(f"CREATE TABLE floor_customer (id {kind}, {rest})")
    store.run(f"INSERT INTO floor_customer ({COLUMNS}) SELECT {COLUMNS} FROM customers_customer")
    for index in INDEXES:
        store.run(index)
    if not store.is_sqlite:
        store.run("SELECT setval(pg_get_serial_sequence('floor_customer', 'id'), (SELECT max(id) FROM floor_customer))")
        store.run("ANALYZE floor_customer")


def forget(url: str) -> None:
    """Take the floor's table out again."""
    store = Store(url)
    store.run("DROP TABLE IF EXISTS floor_customer")


def sealed(person: int) -> str:
    """The cookie of somebody who has signed in."""
    told = f"{person}.{int(time.time())}"
    return f"{told}.{hmac.new(KEY, told.encode(), hashlib.sha256).hexdigest()}"


def _person(request: Request) -> int:
    told, _dot, seal = request.cookies.get("floor", "").rpartition(".")
    if not hmac.compare_digest(seal, hmac.new(KEY, told.encode(), hashlib.sha256).hexdigest()):
        raise PermissionError
    return int(told.partition(".")[0])


def application() -> Starlette:
    """The three pages and the two changes."""
    store = Store(os.environ["FLOOR_URL"], int(os.environ["FLOOR_PERSON"]))

    def listed(q: str, after: str) -> str:
        search, given = (" AND c.name LIKE ?", [*store.given, f"%{q}%"]) if q else ("", list(store.given))
        where = store.scope + search
        counted = store.run(f"SELECT count(*) FROM (SELECT 1 FROM floor_customer c WHERE {where} LIMIT 1001) x", given)
        where = store.walked + search
        if after:
            made, _bar, key = after.rpartition("|")
            where, given = f"{where} AND (c.created_at, c.id) < (?, ?)", [*given, made, int(key)]
        rows = store.run(f"{SELECT}{where} ORDER BY c.created_at DESC, c.id DESC LIMIT 51", given)
        count = counted[0][0] if counted[0][0] <= COUNTED else "1,000+"
        following = f"{rows[49][10]}|{rows[49][0]}" if len(rows) > 50 else ""
        return page.render(rows=rows[:50], q=q, count=count, heads=HEADS, after=following)

    def shown(key: int) -> str:
        rows = store.run(f"{SELECT}c.id = ? AND {store.scope}", [key, *store.given])
        return record.render(row=rows[0], facts=list(zip(HEADS, rows[0][1:], strict=False)))

    def made(given: dict[str, list[str]], person: int) -> str:
        values = (given["name"][0], given["phone"][0], given["region"][0], person, store.departments[0], _moment())
        sql = "INSERT INTO floor_customer (name, phone, region, owner_id, department_id, created_at)"
        return str(store.run(f"{sql} VALUES (?, ?, ?, ?, ?, ?) RETURNING id", values)[0][0])

    def changed(key: int, given: dict[str, list[str]]) -> None:
        values = (given["phone"][0], given["region"][0], key, *store.given)
        store.run(f"UPDATE floor_customer AS c SET phone = ?, region = ? WHERE c.id = ? AND {store.scope}", values)

    async def many(request: Request) -> Response:
        _person(request)
        wanted = request.query_params
        return HTMLResponse(await run_in_threadpool(listed, wanted.get("q", ""), wanted.get("after", "")))

    async def one(request: Request) -> Response:
        _person(request)
        key = int(request.path_params["id"])
        if request.method == "POST":
            await run_in_threadpool(changed, key, await _form(request))
            return RedirectResponse(f"/customers/{key}", 303)
        return HTMLResponse(await run_in_threadpool(shown, key))

    async def new(request: Request) -> Response:
        key = await run_in_threadpool(made, await _form(request), _person(request))
        return RedirectResponse(f"/customers/{key}", 303)

    several: list[tuple[str, Callable[..., Any], list[str]]] = [
        ("/customers", many, ["GET"]),
        ("/customers/new", new, ["POST"]),
        ("/customers/{id:int}", one, ["GET", "POST"]),
    ]
    return Starlette(routes=[Route(path, function, methods=methods) for path, function, methods in several])


async def _form(request: Request) -> dict[str, list[str]]:
    return parse_qs((await request.body()).decode())


def _moment() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
