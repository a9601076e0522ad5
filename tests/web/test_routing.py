from typing import Any

import pytest

from core.kernel.access import NOBODY
from core.kernel.errors import PluginError
from core.web.responses import Response
from core.web.routing import Anybody, Everybody, Route, Router

OPEN = Anybody("a test")


def page(request: Any) -> Response:
    return Response("")


def router_of(*routes: Route) -> Router:
    router = Router()
    router.add(routes)
    return router


def test_a_word_is_found_before_a_place() -> None:
    new, one = Route("/customers/new", page, OPEN), Route("/customers/{id:int}", page, OPEN)
    router = router_of(one, new)
    found = router.find("/customers/new")
    assert found is not None
    assert found.route("GET") is new
    found = router.find("/customers/12")
    assert found is not None
    assert found.route("GET") is one
    assert found.params == {"id": 12}


@pytest.mark.parametrize(
    "path",
    ["/customers/x", "/customers/-1", "/customers/١٢", "/customers/9223372036854775808", f"/customers/{'9' * 5000}",
     "/customers", "/customers/1/", "/customers//1", "//", "", "/" + "a/" * 50],
)  # fmt: skip
def test_what_is_no_address_leads_nowhere(path: str) -> None:
    assert router_of(Route("/customers/{id:int}", page, OPEN)).find(path) is None


def test_the_rest_of_a_path_may_have_slashes() -> None:
    found = router_of(Route("/files/{rest:path}", page, OPEN)).find("/files/a/b/c.txt")
    assert found is not None
    assert found.params == {"rest": "a/b/c.txt"}


def test_head_is_answered_as_get() -> None:
    found = router_of(Route("/", page, OPEN), Route("/", page, OPEN, methods=("POST",))).find("/")
    assert found is not None
    assert found.route("HEAD") is found.route("GET")
    assert found.route("DELETE") is None
    assert found.methods == ("GET", "HEAD", "POST")


def test_another_place_is_tried_when_the_first_leads_nowhere() -> None:
    router = router_of(Route("/a/{id:int}/x", page, OPEN), Route("/a/{name}/y", page, OPEN))
    found = router.find("/a/7/y")
    assert found is not None
    assert found.params == {"name": "7"}


@pytest.mark.parametrize("allow", [None, "", ()])
def test_a_route_without_a_permission_stops_the_start(allow: Any) -> None:
    with pytest.raises(PluginError, match=r"Plugin 'visits' has a route '/visits/map'.*who may open it"):
        Router().add([Route("/map", page, allow)], "visits", "/visits")


def test_a_permission_that_does_not_exist_stops_the_start() -> None:
    router = Router(lambda permission: permission == "visits.visit.view")
    router.add([Route("/map", page, "visits.visit.view")], "visits", "/visits")
    with pytest.raises(PluginError, match=r"there is no permission 'visits.visti.view'"):
        router.add([Route("/list", page, "visits.visti.view")], "visits", "/visits")


def test_two_routes_at_one_address_stop_the_start() -> None:
    router = router_of(Route("/map", page, OPEN))
    with pytest.raises(PluginError, match="'system' has the same address"):
        router.add([Route("/map", page, OPEN)], "visits")


@pytest.mark.parametrize("path", ["map", "/Map", "/a b", "/{id:float}", "/a/"])
def test_a_path_that_cannot_be_understood_stops_the_start(path: str) -> None:
    with pytest.raises(PluginError):
        router_of(Route(path, page, OPEN))


def test_nobody_is_admitted_where_everybody_is() -> None:
    assert not Route("/", page, Everybody("a test")).admits(NOBODY)
    assert Route("/", page, OPEN).admits(NOBODY)
    assert not Route("/", page, ("customers.customer.view", "customers.customer.edit")).admits(NOBODY)
