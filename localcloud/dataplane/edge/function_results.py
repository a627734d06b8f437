"""What a function's answer means: a rewritten request, a generated response, a rewritten response.

Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localcloud.dataplane.edge.functions import FunctionError, flat_headers, query_string
from localcloud.dataplane.edge.messages import EdgeRequest, EdgeResponse

# Headers a viewer-request function may not change, same guide's restrictions page.
_READ_ONLY = ("host", "content-length", "transfer-encoding", "via")


def generated_response(result: Mapping[str, Any]) -> EdgeResponse | None:
    """Return the response that a viewer-request function made, or None when it returned a request."""
    if "statusCode" not in result:
        return None
    return EdgeResponse(
        status_code=_status_code(result),
        headers={**_headers(result), "server": "CloudFront"},
        body=_body(result.get("body")),
        x_cache="FunctionGeneratedResponse from cloudfront",
    )


def rewritten_request(request: EdgeRequest, result: Mapping[str, Any]) -> EdgeRequest:
    """Return the request as the function left it: uri, query string, headers and cookies.

    Raises:
        FunctionError: for a uri that does not begin with a slash.
    """
    uri = result.get("uri")
    if not isinstance(uri, str) or not uri.startswith("/"):
        raise FunctionError(f"the function returned the uri {uri!r}; it must begin with a slash")
    headers = _headers(result)
    kept = {name: request.headers[name] for name in _READ_ONLY if name in request.headers}
    cookies = "; ".join(f"{name}={item.get('value', '')}" for name, item in result.get("cookies", {}).items())
    return replace(
        request,
        path=uri,
        query=query_string(result.get("querystring", {})),
        headers={**headers, **kept, **({"cookie": cookies} if cookies else {})},
    )


def rewritten_response(response: EdgeResponse, result: Mapping[str, Any]) -> EdgeResponse:
    """Return the response as a viewer-response function left it."""
    cookies = {name: value for name, value in response.headers.items() if name == "set-cookie"}
    return replace(response, status_code=_status_code(result), headers=cookies | _headers(result))


def _status_code(result: Mapping[str, Any]) -> int:
    status_code = result.get("statusCode")
    if not isinstance(status_code, int) or not 200 <= status_code <= 599:
        raise FunctionError(f"the function returned the status code {status_code!r}")
    return status_code


def _headers(result: Mapping[str, Any]) -> dict[str, str]:
    return flat_headers(result.get("headers", {}))


def _body(body: str | Mapping[str, Any] | None) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    try:
        data = str(body.get("data", ""))
        return base64.b64decode(data, validate=True) if body.get("encoding") == "base64" else data.encode()
    except binascii.Error as error:
        raise FunctionError("the function returned a body that is not base64") from error
