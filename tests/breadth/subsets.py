"""What a part of the plugins does without the others: tried in processes of their own, which import nothing else.

Run as `python -m tests.breadth.subsets` with tasks as JSON on standard input; prints the faults of each as JSON. The
platform is imported once, then a process parts off for each task, because what was imported never goes again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import func, inspect, select

from core.assembly import assemble
from core.kernel.database import Base
from core.kernel.lifecycle import Lifecycle
from core.kernel.logs import set_up
from core.kernel.pinyin import spell
from core.kernel.platform import Platform, rebuild
from core.kernel.settings import Settings
from core.kernel.tokens import create_token
from core.kernel.users import User
from core.testing.client import Client
from core.testing.installation import PASSWORD, SECRET_KEY
from core.web.app import Application
from core.web.site import PAGES
from core.workplace import demo

API = "/api/v1"
SIZE = 3
MOST = 10
"""Records of each resource that are compared."""

BOUND = 2
"""Places at least at which an enabled plugin shows itself: the description, and a menu or a page of another."""

PASSING = frozenset({"system_token", "system_plugin", "system_ownership", "system_job"})
"""Tables that say who is here and what is on."""


def main() -> None:
    """Do every task in a process of its own."""
    set_up(50)
    prepare()
    told = {}
    for task in json.load(sys.stdin):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            with os.fdopen(writing, "w") as answer:
                json.dump(_done(task), answer)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answer:
            told[task["name"]] = json.load(answer)
        os.waitpid(child, 0)
    json.dump(told, sys.stdout)


def prepare() -> None:
    """Read what every process would read again: the platform's pages, and how characters are spoken."""
    for each in PAGES:
        if isinstance(each, str):
            import_module(each)
    import_module("core.kernel.autogenerate")
    spell("字")


def _done(task: dict[str, Any]) -> list[str]:
    try:
        return list(alone(task) if task["kind"] == "alone" else come_and_go(task))
    except Exception:
        return [traceback.format_exc()[-2000:]]


def opened(task: dict[str, Any]) -> Platform:
    """The platform over the database of a task, and the plugins that it names."""
    known: dict[str, Any] = {"admin_password": PASSWORD, "secret_key": SECRET_KEY, "plugins": task.get("plugins")}
    return assemble(Settings.load(data_dir=Path(task["folder"]), database_url=task["url"], **known))


# ------------------------------------------------------------------------------------------------ one without the others


def alone(task: dict[str, Any]) -> Iterator[str]:
    """It starts, migrates, makes its demo data and serves its pages, and nobody has imported another plugin."""
    platform = opened(task)
    try:
        demo.make(platform.database, platform.registry, platform.above, size=SIZE, seed=3, storage=platform.storage)
        yield from _pages(platform, _signed_in(platform), [task["name"]])
        if platform.registry.broken:
            yield f"broken: {platform.registry.broken}"
        imported = {name.split(".")[1] for name in sys.modules if name.startswith("plugins.") and name.count(".") > 1}
        if imported - set(task["plugins"]):
            yield f"imports {sorted(imported - set(task['plugins']))}"
        if demo.remove(platform.database, platform.above) < SIZE:
            yield "the demo data was not removed"
    finally:
        platform.close()


def _signed_in(platform: Platform) -> Client:
    with platform.database.system("a token for a test") as session:
        person = session.scalars(select(User.id).where(User.login == "admin")).one()
        token = create_token(session.connection(), person, "test")
    headers = {"authorization": f"Bearer {token}"}
    return Client(Application(platform, works=False), headers=headers)


def _pages(platform: Platform, client: Client, plugins: Iterable[str]) -> Iterator[str]:
    """The pages of some plugins, and the first ones: which do not answer."""
    urls = ["/", "/search?q=有限", f"{API}/openapi.json", "/team"]
    for resource in platform.above.values():
        if resource.key.partition(".")[0] not in plugins:
            continue
        listed = client.get(f"{API}/{resource.address}", {"limit": "1", "fields": "id"}).json["items"]
        urls += [resource.url, *(f"{resource.url}/{item['id']}" for item in listed)]
        urls += [] if resource.read_only else [f"{resource.url}/new"]
    for url in urls:
        answer = client.get(url)
        if answer.status != 200:
            yield f"{url}: {answer.status}"
        if 'class="broken' in answer.text:
            yield f"{url} has a broken part"


# ------------------------------------------------------------------------------------------------ going and coming back


def come_and_go(task: dict[str, Any]) -> Iterator[str]:
    """Some are disabled over the data of all: the rest works without a trace of them; enabled again, all is as before."""
    platform = opened(task)
    try:
        client = _signed_in(platform)
        before, rows = _state(platform, client), _rows(platform)
        bound = _bound(platform, client, task["off"])
        lifecycle = Lifecycle(platform.database, platform.settings, system=platform.parts.system)
        lifecycle.disable(*task["off"])
        without = rebuild(platform)
        rest = [name for name in without.registry.names if name != "system"]
        if set(rest) & set(task["off"]):
            yield f"still there: {rest}"
        yield from _differences(rows, _rows(platform), "rows without them")
        parked = Client(Application(without, works=False))
        parked._headers = client._headers
        yield from _pages(without, parked, rest)
        left = _bound(without, parked, task["off"])
        yield from (f"{name} can be seen at {place}" for name, places in left.items() for place in places)
        lifecycle.enable(*task["off"])
        again = rebuild(platform)
        returned = Client(Application(again, works=False))
        returned._headers = client._headers
        yield from _differences(rows, _rows(platform), "rows afterwards")
        yield from _differences(before, _state(again, returned), "records afterwards")
        after = _bound(again, returned, task["off"])
        yield from _differences(bound, after, "bindings afterwards")
        yield from (f"{name} shows itself nowhere" for name, places in bound.items() if len(places) < BOUND)
    finally:
        platform.close()


def _rows(platform: Platform) -> dict[str, Any]:
    """How many rows each table has, but for those that come and go by themselves."""
    with platform.database.transaction(write=False) as connection:
        present = inspect(connection).get_table_names()
        tables = {
            name: table for name, table in Base.metadata.tables.items() if name in present and name not in PASSING
        }
        return {name: connection.scalar(select(func.count()).select_from(table)) for name, table in tables.items()}


def _state(platform: Platform, client: Client) -> dict[str, Any]:
    """Everything that the API says of the records of each resource."""
    found = {}
    for resource in platform.above.values():
        if resource.key not in ("system.history", "system.user"):
            answer = client.get(f"{API}/{resource.address}", {"limit": str(MOST), "sort": "id", "count": "true"})
            found[resource.key] = hashlib.sha256(answer.content).hexdigest()
    return found


def _bound(platform: Platform, client: Client, names: Iterable[str]) -> dict[str, list[str]]:
    """Where plugins show themselves outside of their own pages: in menus, on pages of others, in the description."""
    described = client.get(f"{API}/openapi.json").json
    fields = {key for schema in described["components"]["schemas"].values() for key in schema.get("properties", {})}
    pages = {"the first page": client.get("/").text}
    for key in ("customers.customer", "sales.contract", "tasks.task"):
        if (resource := platform.above.get(key)) is not None:
            item = client.get(f"{API}/{resource.address}", {"limit": "1", "sort": "id"}).json["items"][0]
            pages[key] = client.get(f"{resource.url}/{item['id']}?whole=1").text
    found = {}
    for name in names:
        places = [place for place, text in pages.items() if f"/{name}/" in text and not place.startswith(f"{name}.")]
        places += ["the description"] if any(path.startswith(f"{API}/{name}/") for path in described["paths"]) else []
        found[name] = places + (["fields of others"] if any(key.startswith(f"{name}.") for key in fields) else [])
    return found


def _differences(before: dict[str, Any], after: dict[str, Any], what: str) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"{what}: {name} {before.get(name)} → {after.get(name)}"


if __name__ == "__main__":
    main()
