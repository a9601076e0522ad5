"""Pages that tests ask for, to see from within a page function what a request brings and what becomes of its work."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.kernel import errors
from core.kernel.roles import Group
from core.web.requests import Request
from core.web.responses import Json, Redirect, Response, Stream
from core.web.routing import Anybody, Everybody, Route

ALL = Everybody("a test")
CALLS: list[str] = []

FAULTS: dict[str, Exception] = {
    "conflict": errors.Conflict("The credit limit is exceeded.", "Ask for a higher one."),
    "stale": errors.Stale(),
    "invalid": errors.Invalid([errors.FieldError("name", "Too long.")]),
    "limited": errors.TooManyRequests(30),
    "missing": errors.NotFound(),
    "gate": errors.GateRefused("text()", "Say it otherwise."),
    "fault": ZeroDivisionError("secret detail"),
    "unique": IntegrityError("INSERT", {}, Exception("UNIQUE")),
}


def routes(platform: Any) -> Iterable[Route]:
    """Every probe."""
    yield Route("/probe/hello", hello, ALL)
    yield Route("/probe/open", hello, Anybody("a test"))
    yield Route("/probe/fail/{kind}", fail, ALL)
    yield Route("/api/v1/probe/fail/{kind}", fail, ALL)
    yield Route("/probe/echo", echo, ALL, methods=("POST",))
    yield Route("/api/v1/probe/echo", echo_json, ALL, methods=("POST",))
    yield Route("/probe/upload", upload, ALL, methods=("POST",), uploads=True)
    yield Route("/probe/groups", make_group, ALL, methods=("POST",))
    yield Route("/api/v1/probe/groups", make_group_by_api, ALL, methods=("POST",))
    yield Route("/probe/groups", list_groups, ALL)
    yield Route("/probe/write", write_by_get, ALL)
    yield Route("/probe/stream", stream, ALL)
    yield Route("/probe/notice", notice, ALL, methods=("POST",))
    yield Route("/probe/roles", hello, "system.role.edit")


def hello(request: Request) -> Response:
    """Who asks, and in which language."""
    return Json({"login": request.principal.login, "locale": request.locale, "thread": threading.current_thread().name})


def fail(request: Request) -> Response:
    """Go wrong in a certain way."""
    raise FAULTS[request.params["kind"]]


def echo(request: Request) -> Response:
    """The fields sent."""
    return Json(request.form.values.pairs)


def echo_json(request: Request) -> Response:
    """The value sent."""
    return Json({"value": request.json})


def upload(request: Request) -> Response:
    """What came as the file."""
    file = request.form.file("file")
    if file is None:
        return Json({"fields": dict(request.form.values)})
    digest = hashlib.sha256(file.file.read()).hexdigest()
    return Json({"name": file.filename, "size": file.size, "digest": digest, "fields": dict(request.form.values)})


def make_group(request: Request) -> Response:
    """Make a group, and then do what the field `then` says."""
    name = request.form.get("name")
    group = Group(name=name)
    request.session.add(group)
    request.session.flush()
    CALLS.append(name)
    then = request.form.get("then")
    if then == "fail":
        raise ZeroDivisionError
    if then == "refuse":
        return Response("no", 422)
    return request.redirect(f"/probe/groups?id={group.id}", notice="Saved")


def make_group_by_api(request: Request) -> Response:
    """Make a group and answer with it."""
    group = Group(name=request.json["name"])
    request.session.add(group)
    request.session.flush()
    return Json({"id": group.id}, 201).header("Location", f"/api/v1/groups/{group.id}").header("ETag", '"1"')


def list_groups(request: Request) -> Response:
    """The names of all groups."""
    return Json(list(request.session.scalars(select(Group.name).order_by(Group.id))))


def write_by_get(request: Request) -> Response:
    """Try what a GET must not."""
    request.session.add(Group(name="by get"))
    request.session.flush()
    return Response("written")


def stream(request: Request) -> Response:
    """Three pieces."""

    def pieces() -> Iterator[bytes]:
        yield b"one,"
        yield b"two,"
        yield b"three"

    return Stream(pieces(), "text/csv")


def notice(request: Request) -> Response:
    """A redirect with a notice."""
    return request.redirect("/preferences", "<b>Well done</b>")


def away(request: Request) -> Response:
    """A redirect to somewhere else, which is a fault."""
    return Redirect("//evil.example")
