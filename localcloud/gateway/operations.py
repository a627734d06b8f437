"""The name of the AWS operation that a request calls, by AWS's own API models (botocore). Knows no state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from localcloud.gateway.moto_backend import action_of
from localcloud.gateway.rest_routes import segments_of
from localcloud.gateway.wire import Request

MODELS_BY_PATH = {("apigateway", "v2"): "apigatewayv2", ("s3", "v20180820"): "s3control"}
"""Two APIs that are signed as one service: signing name and first segment of the path -> botocore's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operation:
    """One operation of a REST API, as its model binds it to HTTP.

    Attributes:
        template: path segments; `{Name}` takes one of them, `{Name+}` all that are left.
        query: parameters that are part of the binding, with their values.
        required: names of the query parameters and headers that a call must carry.
    """

    name: str
    method: str
    template: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    required_query: tuple[str, ...]
    required_headers: tuple[str, ...]

    def parameters(self, request: Request, segments: tuple[str, ...]) -> dict[str, str] | None:
        """Return the path parameters, or None when the request calls something else."""
        if request.method != self.method:
            return None
        fits = all(request.query.get(name) == value for name, value in self.query)
        fits = fits and all(name in request.query for name in self.required_query)
        fits = fits and all(request.header(name) is not None for name in self.required_headers)
        return _matched(self.template, segments) if fits else None

    @property
    def precision(self) -> tuple[int, int]:
        """How much a request must say to call it; of several operations that fit, the most precise one is called."""
        bound = len(self.query) + len(self.required_query) + len(self.required_headers)
        return bound, sum(not segment.startswith("{") for segment in self.template)


def resolve(request: Request, service: str) -> tuple[str, dict[str, str]] | None:
    """Return the operation and its path parameters; None when AWS's models have no such operation.

    Args:
        request: the request.
        service: the service in its signature.
    """
    segments = segments_of(request.raw_path)
    if target := request.header("X-Amz-Target"):
        return target.rpartition(".")[2], {}
    if action := action_of(request):
        return action, {}
    model = MODELS_BY_PATH.get((service, segments[0] if segments else ""), service)
    for operation in _rest_operations(model):
        parameters = operation.parameters(request, segments)
        if parameters is not None:
            return operation.name, parameters
    return None


def _matched(template: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    if template and template[-1].endswith("+}") and len(segments) >= len(template):
        last = len(template) - 1
        segments = (*segments[:last], "/".join(segments[last:]))
    if len(template) != len(segments):
        return None
    pairs = list(zip(template, segments, strict=True))
    if any(not expected.startswith("{") and expected != segment for expected, segment in pairs):
        return None
    return {expected.strip("{+}"): unquote(segment) for expected, segment in pairs if expected.startswith("{")}


@lru_cache(maxsize=16)
def _rest_operations(service: str) -> tuple[_Operation, ...]:
    """The operations of a service by falling precision; none of a service that is unknown or has no REST protocol."""
    import botocore.session  # 0.1 s, and only a log of calls needs it
    from botocore.exceptions import UnknownServiceError

    try:
        model = botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        return ()
    operations = [model.operation_model(name) for name in model.operation_names]
    found = [_operation(each.name, each.http, each.input_shape) for each in operations if not each.deprecated]
    return tuple(sorted(found, key=lambda each: each.precision, reverse=True))


def _operation(name: str, http: Mapping[str, str], shape: object) -> _Operation:
    path, _, query = http["requestUri"].partition("?")
    members = getattr(shape, "members", {})
    required = {each: members[each].serialization for each in getattr(shape, "required_members", ())}
    located = {
        place: tuple(each["name"] for each in required.values() if each.get("location") == place)
        for place in ("querystring", "header")
    }
    return _Operation(
        name=name,
        method=http["method"],
        template=segments_of(path),
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        required_query=located["querystring"],
        required_headers=located["header"],
    )
