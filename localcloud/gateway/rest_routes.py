"""Match REST requests to operations by method, path template and query. Knows no AWS service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from localcloud.gateway.errors import UnsupportedResource
from localcloud.gateway.wire import Request, Response

Parameters = Mapping[str, str]
Handler = Callable[[Request, Parameters], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation of a REST API.

    Attributes:
        method: HTTP method.
        template: path segments; `{Name}` takes one segment, percent-decoded.
        handler: called with the request and the path parameters.
        query: parameters that must be there, with this value unless it is None.
    """

    method: str
    template: tuple[str, ...]
    handler: Handler
    query: tuple[tuple[str, str | None], ...] = ()


def segments_of(path: str) -> tuple[str, ...]:
    """Split a path; leading, trailing and doubled slashes count for nothing."""
    return tuple(segment for segment in path.split("/") if segment)


def route(method: str, template: str, handler: Handler, query: Mapping[str, str | None] | None = None) -> Route:
    """Return a route for a path template such as `/2020-05-31/distribution/{Id}`."""
    return Route(method=method, template=segments_of(template), handler=handler, query=tuple((query or {}).items()))


def match_template(template: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    """Return the path parameters, or None when the path does not fit the template."""
    if len(template) != len(segments):
        return None
    parameters = {}
    for expected, segment in zip(template, segments, strict=True):
        if expected.startswith("{"):
            parameters[expected.strip("{}")] = unquote(segment)
        elif expected != segment:
            return None
    return parameters


class RouteTable:
    """The operations of one service. Routes with query conditions are tried before those without."""

    def __init__(self, service: str, routes: list[Route]) -> None:
        self._service = service
        self._routes = sorted(routes, key=lambda entry: -len(entry.query))

    def dispatch(self, request: Request) -> Response:
        """Call the handler of the operation that was asked for.

        Raises:
            UnsupportedResource: no route fits; the message names AWS's operation where there is one.
        """
        segments = segments_of(request.raw_path)
        for entry in self._routes:
            if entry.method != request.method or not _query_fits(entry, request):
                continue
            parameters = match_template(entry.template, segments)
            if parameters is not None:
                return entry.handler(request, parameters)
        name = operation_name(self._service, request.method, segments)
        asked = name or f"{request.method} {request.path}"
        raise UnsupportedResource(f"{self._service} {asked}")


def _query_fits(entry: Route, request: Request) -> bool:
    return all(name in request.query and value in (None, request.query[name]) for name, value in entry.query)


def operation_name(service: str, method: str, segments: tuple[str, ...]) -> str | None:
    """Return the name that AWS's API model gives the operation, or None when it knows none."""
    for name, verb, template in _modelled_operations(service):
        if verb == method and match_template(template, segments) is not None:
            return name
    return None


@lru_cache(maxsize=8)
def _modelled_operations(service: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    import botocore.session  # 0.1 s, and only an unmodelled request needs it

    model = botocore.session.get_session().get_service_model(service)
    operations = (model.operation_model(name) for name in model.operation_names)
    return tuple(
        (
            operation.name,
            operation.http["method"],
            segments_of(operation.http["requestUri"].partition("?")[0].replace("+}", "}")),
        )
        for operation in operations
    )
