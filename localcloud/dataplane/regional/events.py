"""HTTP API's payload format 2.0: the event of a request, and what a Lambda result means as a response.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from localcloud.dataplane.configuration import ApiDomain
from localcloud.model.http_routes import RouteMatch

_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript", "application/x-www-form")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """A request as API Gateway received it; header names lower case, several values joined by a comma."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    viewer_address: str
    request_id: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiResponse:
    """What goes to the viewer."""

    status_code: int
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    body: bytes = b""


class MalformedResult(Exception):  # noqa: N818  names what was met
    """The Lambda result is no response: API Gateway answers 500."""


def error_answer(status_code: int, message: str) -> ApiResponse:
    """Return one of API Gateway's own errors."""
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return ApiResponse(status_code=status_code, headers={"content-type": "application/json"}, body=body)


def event_of(request: ApiRequest, domain: ApiDomain, match: RouteMatch) -> dict[str, Any]:
    """Return the event that the function gets.

    An HTTP API hands the path over decoded, up to a question mark in it, unlike a REST API or a function URL:
    https://github.com/middleapi/standard-server/pull/93
    """
    body, is_base64 = _encoded_body(request)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": match.route.key,
        "rawPath": decoded(request.path),
        "rawQueryString": request.query,
        "headers": {name: value for name, value in request.headers.items() if name != "cookie"},
        "requestContext": _request_context(request, domain, match.route.key),
        "isBase64Encoded": is_base64,
    }
    if "cookie" in request.headers:
        event["cookies"] = [item.strip() for item in request.headers["cookie"].split(";")]
    if match.path_parameters is not None:
        event["pathParameters"] = dict(match.path_parameters)
    if request.query:
        event["queryStringParameters"] = _joined_parameters(request.query)
    if body is not None:
        event["body"] = body
    return event


def decoded(path: str) -> str:
    """Return the path as routes and functions see it."""
    return unquote(path).partition("?")[0]


def _request_context(request: ApiRequest, domain: ApiDomain, route_key: str) -> dict[str, Any]:
    return {
        "accountId": domain.account_id,
        "apiId": domain.api_id,
        "domainName": domain.domain_name,
        "domainPrefix": domain.domain_name.split(".")[0],
        "http": {
            "method": request.method,
            "path": decoded(request.path),
            "protocol": "HTTP/1.1",
            "sourceIp": request.viewer_address,
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": request.request_id,
        "routeKey": route_key,
        "stage": domain.stage,
        "time": request.received_at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(request.received_at.timestamp() * 1000),
    }


def _joined_parameters(query: str) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _encoded_body(request: ApiRequest) -> tuple[str | None, bool]:
    if not request.body:
        return None, False
    if request.headers.get("content-type", "").startswith(_TEXT_TYPES):
        return request.body.decode(errors="replace"), False
    return base64.b64encode(request.body).decode(), True


def response_of(result: Any) -> ApiResponse:  # noqa: ANN401  a handler returns any JSON
    """Return the response: the result itself when it has a statusCode, else 200 with the result as JSON.

    Raises:
        MalformedResult: for a status code, headers or base64 body that make no response.
    """
    if not isinstance(result, Mapping) or "statusCode" not in result:
        body = result if isinstance(result, str) else json.dumps(result)
        return ApiResponse(status_code=200, headers={"content-type": "application/json"}, body=body.encode())
    try:
        text = result.get("body") or ""
        body_bytes = base64.b64decode(text, validate=True) if result.get("isBase64Encoded") else str(text).encode()
        headers = {str(name).lower(): _text(value) for name, value in (result.get("headers") or {}).items()}
        status_code = int(result["statusCode"])
    except (ValueError, TypeError, AttributeError) as error:
        raise MalformedResult(str(error)) from error
    if not 100 <= status_code <= 599:
        raise MalformedResult(f"status code {status_code}")
    headers.setdefault("content-type", "text/plain;charset=utf-8")
    cookies = tuple(str(cookie) for cookie in result.get("cookies") or ())
    return ApiResponse(status_code=status_code, headers=headers, cookies=cookies, body=body_bytes)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise MalformedResult(f"header value {value!r}")
    return str(value)
