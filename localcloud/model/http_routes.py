"""Which route of an HTTP API answers a request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from localcloud.model.errors import UnsupportedResource

DEFAULT_ROUTE = "$default"
AUTHORIZATION_TYPES = ("NONE", "AWS_IAM", "JWT")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRoute:
    """One route.

    Attributes:
        key: `$default`, or method and path such as `GET /notes/{id}`.
        authorization_type: one of AUTHORIZATION_TYPES.
    """

    key: str
    authorization_type: str = "NONE"

    @property
    def arn_path(self) -> str:
        """The route's part of the source ARN that a function's policy is asked about."""
        return self.key.replace(" ", "", 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMatch:
    """The route of a request, and the values of its path variables; None when it has none."""

    route: HttpRoute
    path_parameters: Mapping[str, str] | None = None


def checked_route(key: str, authorization_type: str) -> HttpRoute:
    """Return a route that is modelled.

    Raises:
        UnsupportedResource: for ANY, a greedy path variable or another authorizer.
    """
    if key.startswith("ANY ") or "+}" in key:
        raise UnsupportedResource(f"route {key}", reason="ANY and greedy path variables are not modelled")
    if authorization_type not in AUTHORIZATION_TYPES:
        raise UnsupportedResource(f"route {key}", reason=f"authorization {authorization_type} is not modelled")
    return HttpRoute(key=key, authorization_type=authorization_type)


def select_route(routes: Sequence[HttpRoute], method: str, path: str) -> RouteMatch | None:
    """Return the route that fits best: text before a variable, segment by segment; `$default` last; None when none fits."""
    found = [match for route in routes if (match := _match(route, method, path)) is not None]
    return min(found, key=lambda match: _rank(match.route.key), default=None)


def _rank(key: str) -> tuple[bool, tuple[bool, ...]]:
    return key == DEFAULT_ROUTE, tuple(segment.startswith("{") for segment in key.split("/"))


def _match(route: HttpRoute, method: str, path: str) -> RouteMatch | None:
    if route.key == DEFAULT_ROUTE:
        return RouteMatch(route=route)
    wanted_method, _, template = route.key.partition(" ")
    expected, given = template.split("/"), path.split("/")
    if wanted_method != method or len(expected) != len(given):
        return None
    pairs = list(zip(expected, given, strict=True))
    if any(value == "" if name.startswith("{") else name != value for name, value in pairs):
        return None
    variables = {name.strip("{}"): value for name, value in pairs if name.startswith("{")}
    return RouteMatch(route=route, path_parameters=variables or None)
