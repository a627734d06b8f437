"""moto as a WSGI application behind the gateway, and the refusal of what it does not model."""

from __future__ import annotations

import functools
import importlib
import io
import logging
import os
import sys
from collections.abc import Mapping
from http import HTTPStatus
from types import ModuleType
from typing import Any
from xml.sax.saxutils import escape

from localcloud.gateway.wire import JsonObject, Request, Response, json_response

LOG = logging.getLogger(__name__)

SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # terraform attaches AWS's managed policies by ARN
    "MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS": "true",
    "MOTO_PRETTIFY_RESPONSES": "false",
    "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(1024**2),  # larger objects lie on disk, each with a file descriptor
    "MOTO_DISABLE_GLOBAL_CORS": "true",  # else any page in a browser could read its answers
}
"""moto reads these from the environment when it is imported."""

JSON_SERVICES = frozenset({"apigateway", "lambda", "execute-api", "scheduler", "fis", "synthetics"})


_VALIDATOR = "openapi_spec_validator"
_ITS_EXCEPTIONS = f"{_VALIDATOR}.validation.exceptions"


def spare_validator() -> None:
    """Let moto's REST APIs do without the validator of OpenAPI documents until one is imported: it takes 40 MB.

    moto reads both names where it imports them, and looks them up again where it uses them.
    """
    if _VALIDATOR in sys.modules:
        return
    stand_in, exceptions = ModuleType(_VALIDATOR), ModuleType(_ITS_EXCEPTIONS)
    parts: dict[str, Any] = {
        _VALIDATOR: stand_in,
        f"{_VALIDATOR}.validation": ModuleType("validation"),
        _ITS_EXCEPTIONS: exceptions,
    }

    def validate(document: Mapping[str, Any]) -> None:
        for name, part in parts.items():
            if sys.modules.get(name) is part:
                del sys.modules[name]
        validator, its_exceptions = importlib.import_module(_VALIDATOR), importlib.import_module(_ITS_EXCEPTIONS)
        models: Any = importlib.import_module("moto.apigateway.models")
        models.validate, models.OpenAPIValidationError = validator.validate, its_exceptions.OpenAPIValidationError
        validator.validate(document)

    vars(stand_in)["validate"] = validate
    vars(exceptions)["OpenAPIValidationError"] = ValueError
    sys.modules.update(parts)


class MotoBackend:
    """Forwards requests to moto. Each service of moto is imported with its first request."""

    def __init__(self) -> None:
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        spare_validator()
        from moto.moto_server.werkzeug_app import SIGNING_ALIASES, DomainDispatcherApplication, create_backend_app

        self._application = DomainDispatcherApplication(create_backend_app)
        self._signing_aliases: dict[str, str] = SIGNING_ALIASES
        self._knows = functools.cache(self._find_service)

    def _find_service(self, service: str) -> bool:
        """Return whether moto has a service of this signing name; asking moto itself prints to stdout if not."""
        name = self._signing_aliases.get(service, service)
        hosts = [f"{prefix}{name}.us-east-1.amazonaws.com" for prefix in ("", "api.", "data.", "ingest.")]
        hosts += [f"{name}.amazonaws.com", f"{name}.us-east-1.api.aws"]
        patterns = [pattern for _, pattern in self._application.backend_url_patterns]
        return any(pattern.match(f"http://{host}") for pattern in patterns for host in hosts)

    def forward(self, request: Request, service: str) -> Response:
        """Return moto's answer; what moto lacks becomes a 501 that names it."""
        if not self._knows(service):
            return refusal(request, service)
        try:
            response = self._call(request)
        except NotImplementedError as error:
            return refusal(request, service, f"{operation_of(request)} ({error})" if str(error) else "")
        except Exception:
            LOG.exception("moto failed on %s %s", service, operation_of(request))
            return failure(request, service, 500, "InternalFailure", f"moto failed on {operation_of(request)}")
        is_page = response.headers.get("Content-Type", "").startswith("text/html") and b"<html" in response.body[:200]
        is_blank_miss = response.status == HTTPStatus.NOT_FOUND and not response.body and service != "s3"
        if (is_page and response.status >= HTTPStatus.BAD_REQUEST) or is_blank_miss:
            return refusal(request, service)
        return response

    def _call(self, request: Request) -> Response:
        answer = Response()

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
            answer.status = int(status.split(" ", 1)[0])
            answer.headers = dict(headers)

        chunks = self._application(_environ_for_moto(request), start_response)
        try:
            answer.body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        if request.method == "HEAD":
            answer.body = b""
        for hop_by_hop in ("Connection", "Transfer-Encoding"):
            answer.headers.pop(hop_by_hop, None)
        return answer


def _environ_for_moto(request: Request) -> dict[str, Any]:
    """Return an environment in origin form, with a host that moto does not read a bucket name from."""
    target = request.raw_path + (f"?{request.raw_query}" if request.raw_query else "")
    return {
        **request.environ,
        "RAW_URI": target,
        "REQUEST_URI": target,
        "HTTP_HOST": f"127.0.0.1:{request.environ.get('SERVER_PORT', '80')}",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.input": io.BytesIO(request.body),
    }


def operation_of(request: Request) -> str:
    """Return what a request asks for, as far as it says so itself: target, action, or method and path."""
    if target := request.header("X-Amz-Target"):
        return target.rpartition(".")[2]
    if action := action_of(request):
        return action
    return f"{request.method} {request.path}"


def action_of(request: Request) -> str | None:
    """Return the Action of a query-protocol request, or None."""
    if "Action" in request.query:
        return request.query["Action"]
    if not (request.header("Content-Type") or "").startswith("application/x-www-form-urlencoded"):
        return None
    for field in request.body[:65_536].split(b"&"):
        if field.startswith(b"Action="):
            return field[len(b"Action=") :].decode()
    return None


def refusal(request: Request, service: str, what: str = "") -> Response:
    """Return the loud answer to what nobody models: 501, in the service's own error format."""
    message = f"localcloud does not model {service} {what or operation_of(request)}"
    LOG.warning("%s", message)
    return failure(request, service, 501, "NotImplemented", message)


def failure(request: Request, service: str, status: int, code: str, message: str) -> Response:
    """Return a failure in the service's own error format."""
    content_type = request.header("Content-Type") or ""
    if service in JSON_SERVICES or request.header("X-Amz-Target") or "json" in content_type:
        document: JsonObject = {"__type": code, "message": message}
        return json_response(document, status=status, headers={"x-amzn-ErrorType": code})
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    if service == "s3":
        body = f"<Error>{error}<RequestId>localcloud</RequestId></Error>"
    else:
        error = f"<Error><Type>Sender</Type>{error}</Error>"
        body = f"<ErrorResponse>{error}<RequestId>localcloud</RequestId></ErrorResponse>"
    return Response(status=status, headers={"Content-Type": "text/xml"}, body=body.encode())
