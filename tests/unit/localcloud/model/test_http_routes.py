"""Which route of an HTTP API answers: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html"""

import pytest

from localcloud.model.errors import UnsupportedResource
from localcloud.model.http_routes import HttpRoute, checked_route, select_route

ROUTES = [HttpRoute(key=key) for key in ("$default", "GET /pets/dog/{id}", "GET /pets/dog/1", "GET /pets/{kind}/{id}")]


@pytest.mark.parametrize(
    ("method", "path", "key", "variables"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", None),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/2", "GET /pets/{kind}/{id}", {"kind": "cat", "id": "2"}),
        ("PUT", "/pets/dog/1", "$default", None),
        ("GET", "/pets/dog", "$default", None),
        ("GET", "/pets/dog/", "$default", None),
    ],
)
def test_most_specific_route_answers(method: str, path: str, key: str, variables: dict[str, str] | None) -> None:
    for routes in (ROUTES, ROUTES[::-1]):
        match = select_route(routes, method, path)
        assert match is not None
        assert (match.route.key, match.path_parameters) == (key, variables)


def test_without_a_default_route_nothing_answers() -> None:
    assert select_route(ROUTES[1:], "GET", "/") is None


@pytest.mark.parametrize(("key", "kind"), [("ANY /x", "NONE"), ("GET /{proxy+}", "NONE"), ("GET /x", "CUSTOM")])
def test_route_that_is_not_modelled_is_refused(key: str, kind: str) -> None:
    with pytest.raises(UnsupportedResource):
        checked_route(key, kind)


def test_policy_is_asked_about_method_and_path() -> None:
    assert HttpRoute(key="GET /pets/{id}").arn_path == "GET/pets/{id}"
    assert HttpRoute(key="$default").arn_path == "$default"
