"""Every form, every action and every other address that takes something: refused with a reason, or done whole."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from core.resources.resolved import ResolvedResource
from core.testing.client import Answer
from tests.api.company import API
from tests.breadth.hostile import FOREIGN, TYPED, VALUES
from tests.breadth.house import House

pytestmark = pytest.mark.sqlite

SHORT = [text for text in TYPED if len(text) < 1000]
DONE = frozenset({400, 403, 404, 405, 409, 412, 413, 422, 428})

NAMES = (
    "_selection", "_version", "_token", "again", "all", "amount_1", "at", "audience", "before", "cause", "confirmed",
    "current", "days", "department", "expires_at", "field", "file", "form", "from", "group", "id", "keep", "kind", "label",
    "login", "mode", "name", "new", "next", "note", "on", "operation", "parent", "party", "q", "query", "reason", "record",
    "resource", "shared", "target", "text", "title", "to", "until", "user", "value", "version", "view", "what", "write",
)  # fmt: skip
"""Fields of forms that belong to no resource."""

LEFT_ALONE = (
    "print.pdf",
    "/plugins/",
    "/logout",
    "/login",
    "/preferences/password",
    "/preferences/devices",
    "/preferences/tokens",
)
"""Where an administrator would end himself or the house."""

EACH = 4
"""Resources of which the same address is asked."""

_tokens = itertools.count(1)


def encoded(form: Mapping[str, str] | list[tuple[str, str]]) -> bytes:
    """A form, be its values text or not."""
    return urlencode(form if isinstance(form, list) else list(form.items()), errors="surrogatepass").encode()


def post(house: House, url: str, form: Mapping[str, str] | list[tuple[str, str]]) -> Answer:
    """Send a form as a browser does."""
    headers = {"content_type": "application/x-www-form-urlencoded", "accept": "text/html"}
    return house.admin.request("POST", url, body=encoded(form), headers=headers)


def test_an_action_refuses_what_it_does_not_ask_for(house: House) -> None:
    chance = random.Random(3)
    for resource in house.written_by_hand():
        records = house.records(resource)
        for action in resource.actions if records else ():
            record, asked = chance.choice(records), [each.key for each in action.ask]
            for body in bodies(asked, chance):
                url = f"{API}/{resource.address}/{record}/actions/{action.name}"
                told = f"POST {url} {str(body)[:100]}"
                answer = house.attempt(told, lambda url=url, body=body: house.admin.send("POST", url, body))
                if "nothing" in body and answer.status < 400:
                    house.fault(f"{told} took what it does not ask for", answer)
            url = f"{resource.url}/{record}/actions/{action.name}"
            form = {key: chance.choice(SHORT) for key in asked}
            house.attempt(f"form {url} {form}", lambda url=url, form=form: post(house, url, form))
            missing = f"{API}/{resource.address}/{FOREIGN}/actions/{action.name}"
            answer = house.attempt(f"POST {missing}", lambda missing=missing: house.admin.send("POST", missing, {}))
            if answer.status not in (404, 422):
                house.fault(missing, answer)
            if action.bulk:
                selection(house, f"{resource.url}/actions/{action.name}", chance)
        selection(house, f"{resource.url}/delete", chance)
    house.settle()


def bodies(asked: list[str], chance: random.Random) -> Iterator[Any]:
    """What an action may be sent that it should not get."""
    yield {"nothing": 1}
    yield {**dict.fromkeys(asked, None), "nothing": 1}
    for value in chance.sample(VALUES, 2) if asked else ():
        yield dict.fromkeys(asked, value)
        yield {chance.choice(asked): value}


def selection(house: House, url: str, chance: random.Random) -> None:
    """Choose in a list what cannot be chosen."""
    wrong = chance.choice(SHORT)
    for form in (
        [("id", str(FOREIGN))],
        [("id", wrong), ("id", "-1")],
        [("all", "true"), ("name", wrong), ("nothing", wrong)],
        [("_selection", urlencode({"id": wrong}, errors="surrogatepass"))],
        [("_selection", wrong)],
    ):
        house.attempt(f"form {url} {form}", lambda form=form: post(house, url, form))


def test_a_form_shows_again_what_is_wrong_and_saves_nothing(house: House) -> None:
    chance = random.Random(5)
    for resource in house.written_by_hand():
        names = [key for key in resource.fields if key not in ("active", "login", "grants", "roles")]
        for value in chance.sample(TYPED, 1):
            form = dict.fromkeys(names, value)
            url = f"{resource.url}/new"
            house.attempt(f"form {url} all {value[:60]!r}", lambda url=url, form=form: post(house, url, form))
            rows = {f"{name}-{place}-{key}": value for name in names[:4] for place in ("0", "x", value[:9])
                    for key in ("id", "product", "position", "delete")}  # fmt: skip
            house.attempt(f"form {url} rows {value[:60]!r}", lambda url=url, rows=rows: post(house, url, rows))
        for record in house.records(resource)[:1]:
            one = f"{resource.url}/{record}"
            for key in chance.sample(names, min(3, len(names))):
                form = {key: chance.choice(SHORT), f"{key}__label": chance.choice(SHORT), "_version": chance.choice(
                    ["1", "2", "", "x", "-1", "9" * 30])}  # fmt: skip
                for url in (f"{one}/edit", f"{one}/fields/{key}"):
                    house.attempt(f"form {url} {form}", lambda url=url, form=form: post(house, url, form))
    house.settle()


def test_a_form_sent_twice_is_saved_once_and_an_old_one_overwrites_nothing(house: House) -> None:
    saved = 0
    for resource in house.written_by_hand():
        for record in house.records(resource)[-12:]:
            read = house.admin.get(f"{API}/{resource.address}/{record}").json
            field = next((k for k, f in resource.fields.items() if f.kind in ("text", "long") and not f.readonly), None)
            if field is None or house.admin.get(f"{resource.url}/{record}/edit", accept="text/html").status != 200:
                continue
            form = {field: f"Twice {record}"[-resource.fields[field].max_length :], "_version": str(read["version"])}
            token, last, url = f"twice-{next(_tokens)}", house.last_change(), f"{resource.url}/{record}/edit"
            first = post(house, url, {**form, "_token": token})
            if first.status != 303:
                continue
            after = house.last_change()
            again = post(house, url, {**form, "_token": token})
            assert (url, again.status, again.location) == (url, 303, first.location)
            if after == last:
                continue  # the field stands in no form
            assert house.last_change() == after, url
            # Now the version is an old one, and the form has been opened anew.
            stale = house.attempt(
                url, lambda url=url, field=field, form=form: post(house, url, {**form, field: "Late"})
            )
            assert (url, stale.status) == (url, 412)
            saved += 1
            break
    assert saved > 30
    house.settle()


def test_every_other_address_takes_nonsense_with_composure(house: House) -> None:
    chance = random.Random(13)
    resources = sorted(house.resources.values(), key=lambda each: -len(each.address))
    known = {each.key: house.records(each) for each in resources}
    routes, seen = list(house.application.site.router.routes), Counter[str]()
    chance.shuffle(routes)
    for _plugin, path, route in routes:
        resource = next((each for each in resources if each.address in path), None)
        kind = f"{route.methods} {path.replace(resource.address, '…') if resource is not None else path}"
        seen[kind] += 1
        if seen[kind] > EACH or any(path.startswith(word) or word in path for word in LEFT_ALONE):
            continue
        for method in route.methods:
            ids = known[resource.key] if resource is not None and known[resource.key] else [1]
            for number in (chance.choice(ids), FOREIGN):
                url = filled(path, number, chance)
                told = f"{method} {url}"
                house.attempt(told, lambda m=method, u=url, r=resource: thrown(house, m, u, r, chance), allowed=DONE)
    house.settle()


def filled(path: str, number: int, chance: random.Random) -> str:
    """A path with something in its places."""
    parts = []
    for part in path.split("/"):
        place = part.strip("{}").partition(":")
        if not part.startswith("{"):
            parts.append(part)
        elif place[2] == "int":
            parts.append(str(number if place[0] == "id" else chance.choice([1, FOREIGN])))
        else:
            parts.append(chance.choice(["nothing", "name", "%00", "%ff", "..", "x" * 300, "submit", "receipts"]))
    return "/".join(parts)


def thrown(house: House, method: str, url: str, resource: ResolvedResource | None, chance: random.Random) -> Answer:
    """Send nonsense to an address, in the form that it takes."""
    fields = list(resource.fields) if resource is not None else []
    names = [*chance.sample(NAMES, 8), *chance.sample(fields, min(3, len(fields)))]
    if method == "GET":
        query = encoded([(name, chance.choice(SHORT)) for name in names[:3]]).decode()
        accept = "application/json" if url.startswith(API) else "text/html"
        return house.admin.get(f"{url}?{query}", accept=accept)
    if url.startswith(API):
        body: Any = {name: chance.choice(VALUES) for name in chance.sample(names, 3)} if chance.random() < 0.8 else [1]
        answer = house.admin.send(method, url, body, if_match="1")
        if answer.status != 422 or not isinstance(body, dict):
            return answer
        # Without what it does not know it comes further.
        unknown = {each["field"] for each in answer.json["errors"]}
        rest = {name: value for name, value in body.items() if name not in unknown}
        return house.admin.send(method, url, rest, if_match="1")
    return post(house, url, [(name, chance.choice(SHORT)) for name in names])
