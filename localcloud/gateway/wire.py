"""HTTP messages as the handlers see them, and their translation from and to WSGI. Knows no AWS service."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

JsonObject = dict[str, Any]
WsgiEnvironment = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]

_STATUS_LINES = {int(status): f"{int(status)} {status.phrase}" for status in HTTPStatus}

BODILESS = frozenset({204, 304})
"""Statuses whose answers end with their headers: RFC 9110 sections 15.3.5 and 15.4.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request.

    Attributes:
        method: upper-case method.
        raw_path: the path as sent, percent-encoded, without query; absolute-form targets are reduced to it.
        query: query parameters, decoded; a parameter without value is an empty string, of a repeated one the last.
        raw_query: the query string as sent.
        environ: the WSGI environment; headers are read from it.
        body: the whole body; empty when there is none.
    """

    method: str
    raw_path: str
    query: Mapping[str, str]
    raw_query: str
    environ: WsgiEnvironment
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path with its percent-encoding undone."""
        return unquote(self.raw_path)

    def header(self, name: str) -> str | None:
        """Return a header's value, or None. The name is matched without regard to case."""
        key = name.upper().replace("-", "_")
        value = self.environ.get(key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}")
        return value if isinstance(value, str) else None

    def json(self) -> JsonObject:
        """Return the body as a JSON object; an empty body is an empty object.

        Raises:
            ValueError: the body is not a JSON object.
        """
        document = json.loads(self.body) if self.body else {}
        if not isinstance(document, dict):
            raise ValueError("the body is not a JSON object")
        return document


@dataclass(slots=True, kw_only=True)
class Response:
    """One HTTP answer. A HEAD answer sets Content-Length itself and leaves the body empty.

    Attributes:
        sending_seconds: real seconds over which the body is sent; 0 at once.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    sending_seconds: float = 0.0

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


def json_response(document: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    body = json.dumps(document, separators=(",", ":")).encode()
    return Response(status=status, headers={"Content-Type": "application/json", **(headers or {})}, body=body)


def request_from_wsgi(environ: WsgiEnvironment) -> Request:
    """Read a request from a WSGI environment.

    Proxy clients send absolute-form targets (RFC 9112 section 3.2.2), which are reduced to their path and query.
    """
    target = str(environ.get("REQUEST_URI") or environ.get("PATH_INFO") or "/")
    if not target.startswith("/"):
        parts = urlsplit(target)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    raw_path, _, raw_query = target.partition("?")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return Request(
        method=str(environ["REQUEST_METHOD"]).upper(),
        raw_path=raw_path,
        query=dict(parse_qsl(raw_query, keep_blank_values=True)) if raw_query else {},
        raw_query=raw_query,
        environ=environ,
        body=environ["wsgi.input"].read(length) if length else b"",
    )


def credential_of(request: Request) -> str:
    """Return the credential of a request's signature, the access key id and its scope with `/` between; empty without one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    authorization = request.header("Authorization") or ""
    credential = authorization.partition("Credential=")[2].partition(",")[0]
    return credential or request.query.get("X-Amz-Credential", "")


def without_body(response: Response) -> Response:
    """Return the answer to a HEAD request: the same headers, no body.

    A body would be read as the start of the next answer: https://www.rfc-editor.org/rfc/rfc9112#section-6.3
    """
    if not response.body:
        return response
    headers = {"Content-Length": str(len(response.body)), **response.headers}
    return Response(status=response.status, headers=headers)


PAUSE_REAL_SECONDS = 0.1
"""Between two parts of a body that is sent slowly: far below every read timeout."""


def send_to_wsgi(response: Response, start_response: StartResponse) -> Iterable[bytes]:
    """Write an answer to a WSGI server and return its body in one or more parts."""
    headers = list(response.headers.items())
    if response.status in BODILESS:
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
    elif not any(name.lower() == "content-length" for name in response.headers):
        headers.append(("Content-Length", str(len(response.body))))
    start_response(_STATUS_LINES.get(response.status, f"{response.status} Unknown"), headers)
    return _slowly(response) if response.sending_seconds else [response.body]


def _slowly(response: Response) -> Iterator[bytes]:
    size = len(response.body)
    parts = max(1, min(size, round(response.sending_seconds / PAUSE_REAL_SECONDS)))
    for part in range(parts):
        time.sleep(response.sending_seconds / parts)
        yield response.body[part * size // parts : (part + 1) * size // parts]
