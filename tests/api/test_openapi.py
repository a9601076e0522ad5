"""The description of the API: valid, and true of what the API answers and takes."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from core.testing.client import Client
from tests.api.company import API, PEOPLE, Company, made

ADDRESS = f"{API}/openapi.json"
Document = dict[str, Any]


def described(client: Client) -> Document:
    answer = client.get(ADDRESS)
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return dict(answer.json)


def schema_of(document: Document, schema: dict[str, Any]) -> Draft202012Validator:
    """A schema with the components that it may refer to."""
    return Draft202012Validator({**schema, "components": document["components"]})


def complaints(document: Document, schema: dict[str, Any], value: Any) -> list[str]:
    found = schema_of(document, schema).iter_errors(value)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]


def operations(document: Document) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, verb, each) for path, verbs in document["paths"].items() for verb, each in verbs.items()]


def answered(operation: dict[str, Any], status: str) -> dict[str, Any]:
    return dict(operation["responses"][status]["content"]["application/json"]["schema"])


def test_it_is_openapi(company: Company) -> None:
    document = described(company.client("admin"))
    assert document["openapi"].startswith("3.1")
    # The validator takes a while for each of the filters, which are all made alike.
    some = {path: verbs for path, verbs in document["paths"].items() if "/tags" in path or "/groups" in path}
    validate({**document, "paths": some})


@pytest.mark.parametrize("login", PEOPLE)
def test_whatever_is_referred_to_is_there(company: Company, login: str) -> None:
    document = described(company.client(login))
    for pointer in set(re.findall(r'"#/([^"]+)"', json.dumps(document))):
        found: Any = document
        for part in pointer.split("/"):
            found = found[part]
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    names = [operation["operationId"] for _path, _verb, operation in operations(document)]
    assert len(names) == len(set(names))


def test_it_names_every_route_of_the_api_and_no_other(company: Company) -> None:
    from core.web.site import Site

    site: Site = company.application.site
    routes = {
        (re.sub(r":\w+\}", "}", path), method.lower())
        for _plugin, path, route in site.router.routes
        if path.startswith(API) and path != ADDRESS
        for method in route.methods
    }
    told = {(path, verb) for path, verb, _each in operations(described(company.client("admin")))}
    actions = {(re.sub(r"/actions/\w+$", "/actions/{action}", path), verb) for path, verb in told}
    assert actions == routes


def test_everybody_is_told_what_he_may_do(company: Company) -> None:
    reader, member = (described(company.client(login)) for login in ("gao.shan", "zhao.lei"))
    # Whoever sees a record may say something about it, link it and follow it; nothing else.
    about = re.compile(r"/(remarks|links|followers|reminders)(/|$)")
    changes = [path for path, verb, _each in operations(reader) if "/customers/" in path and verb != "get"]
    assert [path for path in changes if not about.search(path)] == []
    assert f"{API}/system/roles" not in member["paths"]
    assert "patch" in member["paths"][f"{API}/customers/customers/{{id}}"]
    assert "roles" not in member["components"]["schemas"]["system.user.item"]["properties"]
    assert "roles" in described(company.client("admin"))["components"]["schemas"]["system.user.item"]["properties"]


def test_a_token_that_only_reads_is_told_no_verbs_that_write(company: Company) -> None:
    document = described(company.client("admin", read_only=True))
    assert {verb for _path, verb, _each in operations(document)} == {"get"}


def test_lists_and_records_read_as_described(company: Company) -> None:
    admin = company.client("admin")
    document = described(admin)
    for path, verb, operation in operations(document):
        if verb != "get" or "{id}" in path or path.endswith("/export"):
            continue
        if path.endswith(("/statistics", "/views")):
            assert complaints(document, answered(operation, "200"), admin.get(path).json) == [], path
            continue
        page = admin.get(path, {"count": "true", "limit": "200"}).json
        assert complaints(document, answered(operation, "200"), page) == [], path
        for item in page["items"][:5]:
            one = admin.get(f"{path}/{item['id']}").json
            read = document["paths"][f"{path}/{{id}}"]["get"]
            assert complaints(document, answered(read, "200"), one) == [], path


FILTERED = [
    f"{API}/{path}" for path in ("customers/customers", "customers/follow-ups", "customers/tags", "system/users")
]


def test_every_filter_that_is_described_is_understood(company: Company) -> None:
    admin = company.client("admin")
    document = described(admin)
    tried = 0
    for path, verb, operation in operations(document):
        if verb != "get" or path not in FILTERED:
            continue
        for parameter in operation["parameters"]:
            if "$ref" in parameter:
                continue
            value = example(document, parameter["schema"])
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value).lower()
            if parameter["name"] in ("fields", "sort"):
                text = "id"
            answer = admin.get(path, {parameter["name"]: text})
            # A relation that leads into no tree has nothing under it.
            if parameter["name"].endswith("__under") and answer.status == 400:
                continue
            assert answer.status == 200, f"{path}?{parameter['name']}={text}: {answer.text}"
            tried += 1
    assert tried > 200


def example(document: Document, schema: dict[str, Any], name: str = "") -> Any:
    """A value that a schema allows."""
    if "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return example(document, found, name)
    if "examples" in schema:
        return schema["examples"][0]
    if "oneOf" in schema:
        return example(document, schema["oneOf"][0], name)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "array":
        return [example(document, schema["items"], name)]
    if kind == "object":
        return {key: example(document, schema["properties"][key], key) for key in schema.get("required", ())}
    if kind == "integer":
        return schema.get("minimum", 1)
    if kind == "boolean":
        return False
    known = {
        "date": "2026-11-23",
        "date-time": "2026-11-23T08:00:00Z",
        "email": "wang@example.com",
        "uri": "https://www.example.com",
    }
    if "pattern" in schema:
        return next(text for text in ("12.50", "7", "me") if re.fullmatch(schema["pattern"], text))
    return known.get(schema.get("format", ""), "13800138000" if name == "phone" else "2026")


ELSEWHERE = {
    "parent",
    "contact",
    "contract",
    "order",
    "request",
    "opportunity",
    "quotation",
    "party",
    "memberships",
    "members",
    "roles",
    "lines",
    "steps",
    "orders",
}
"""Fields whose values depend on other records."""

RULES = {"system.approval_rule", "system.number_rule", "system.deputy", "sales.installment", "journals.rule"}
WITHOUT = RULES | {"system.role", "system.user", "system.membership", "system.history"}
"""Whose values have more rules than a schema says."""


def test_what_the_description_asks_for_makes_and_changes_a_record(company: Company) -> None:
    admin = company.client("admin")
    document = described(admin)
    schemas = document["components"]["schemas"]
    customer = made(admin, "customers/customers", name=company.name())["id"]
    for path, verb, operation in operations(document):
        key = operation["tags"][0]
        one = f"{path}/{{id}}"
        if verb != "post" or "patch" not in document["paths"].get(one, {}) or key in WITHOUT:
            continue
        shape = schemas[f"{key}.create"]
        fields = {name: each for name, each in shape["properties"].items() if name not in ELSEWHERE}
        body = {name: example(document, each, name) for name, each in fields.items()}
        if "name" in body:
            body["name"] = company.name()
        if "customer" in body:
            body["customer"] = customer
        assert complaints(document, shape, body) == []
        answer = admin.send("POST", path, body)
        assert answer.status == 201, f"{path}: {answer.text}"
        assert complaints(document, answered(operation, "201"), answer.json) == [], path
        for name, value in body.items():
            shown = answer.json[name]
            given = shown["id"] if isinstance(shown, dict) else shown
            if isinstance(shown, list):
                given = [each["id"] for each in shown]
            assert given == value or is_as_much(given, value), f"{path}: {name}"
        change = document["paths"][one]["patch"]
        sent = {name: body[name] for name in schemas[f"{key}.change"]["properties"] if name in body}
        again = admin.send("PATCH", f"{path}/{answer.json['id']}", sent, if_match=answer.headers["etag"])
        assert again.status == 200, f"{path}: {again.text}"
        assert complaints(document, answered(change, "200"), again.json) == []


def is_as_much(given: Any, sent: Any) -> bool:
    """Whether two decimals are the same number: an exact one is shown with the digits that it needs."""
    try:
        return isinstance(given, str) and isinstance(sent, str) and Decimal(given) == Decimal(sent)
    except InvalidOperation:
        return False


def test_what_is_refused_reads_as_described(company: Company) -> None:
    admin = company.client("admin")
    document = described(admin)
    problem = document["components"]["schemas"]["problem"]
    for method, path, body in (
        ("GET", "customers/customers?nothing=1", None),
        ("GET", "customers/customers/999999", None),
        ("POST", "customers/customers", {"nothing": 1}),
        ("PATCH", "customers/customers/1", {}),
    ):
        answer = admin.send(method, f"{API}/{path}", body)
        assert answer.status >= 400
        assert complaints(document, problem, answer.json) == []


def test_whoever_has_no_token_is_told_to_bring_one(company: Company) -> None:
    answer = Client(company.application).get(ADDRESS)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
