"""Who may talk to the gateway: no foreign page in a browser, and only who knows the secret of the run where code could be run.

Loopback keeps other machines out. It keeps out neither other users of this machine nor pages that its browser shows.
"""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from localcloud.gateway.moto_backend import failure, operation_of
from localcloud.gateway.wire import Request, Response, credential_of

CODE_SERVICES = frozenset(
    {"lambda", "cloudformation", "batch", "ecs", "codebuild", "states", "sagemaker", "glue", "emr-serverless", "ssm"}
)
"""Signing names of the services by which code can be run, or a function be made: their calls carry the secret."""

TOKEN_HEADER = "X-Amz-Security-Token"  # noqa: S105  the name of a header
CONTROL_HEADER = "X-Localcloud-Secret"
_LOOPBACK_HOST = re.compile(r"([\w-]+\.)*(127(\.\d{1,3}){3}|localhost)(:\d+)?|\[::1\](:\d+)?", re.IGNORECASE)
"""With an account id or a bucket in front, as SDKs write it. A rebound name of the internet is none of these."""

_FOREIGN_SITES = frozenset({"cross-site", "same-site"})
"""https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header"""

_ISSUED = re.compile(rb"SessionToken>([^<]+)<")


@dataclass(slots=True)
class Access:
    """The secret of the run and what follows from it; without one (tests) nobody is asked for it.

    Attributes:
        secret: Access key id or session token that calls carry. The signature itself is not checked.
        is_strict: Whether every AWS call needs it, and not only those by which code can be run.
    """

    secret: str | None = None
    is_strict: bool = False
    _issued: set[str] = field(default_factory=set)

    def refusal_of_foreigners(self, request: Request) -> Response | None:
        """Return 403 for a request to another host, or one that a page of another origin sends; None for all others."""
        host = _host_of(request)
        if not _LOOPBACK_HOST.fullmatch(host):
            return _forbidden(f"the host {host!r} is not this machine")
        origin = request.header("Origin")
        if origin is not None and urlsplit(origin).netloc != request.header("Host"):
            return _forbidden(f"pages of {origin} may not ask localcloud")
        if request.header("Sec-Fetch-Site") in _FOREIGN_SITES:
            return _forbidden("a page of another site may not ask localcloud")
        return None

    def refusal(self, request: Request, service: str) -> Response | None:
        """Return 403 in the service's own format for an AWS call that lacks the secret and needs it."""
        if self.secret is None or not (self.is_strict or service in CODE_SERVICES) or self._is_known(request):
            return None
        message = (
            f"localcloud runs {service} {operation_of(request)} only for who knows the secret of this run: "
            'use the credentials of endpoints.json, as eval "$(python -m localcloud env)" exports them'
        )
        return failure(request, service, 403, "UnrecognizedClientException", message)

    def _is_known(self, request: Request) -> bool:
        key = credential_of(request).partition("/")[0]
        token = request.header(TOKEN_HEADER) or request.query.get(TOKEN_HEADER, "")
        return self.is_secret(key) or self.is_secret(token) or token in self._issued

    def is_secret(self, text: str) -> bool:
        """Return whether a text is the secret; how long that takes tells nothing of it."""
        return self.secret is None or hmac.compare_digest(text.encode(), self.secret.encode())

    def note_issued(self, request: Request, service: str, response: Response) -> None:
        """Know the session tokens that STS gives to whoever knows the secret: a role's calls carry those."""
        if service == "sts" and response.is_success and self._is_known(request):
            self._issued.update(token.decode() for token in _ISSUED.findall(response.body))

    def caller_of(self, request: Request) -> str:
        """Return the access key id of a call for a log, which must not hold the secret."""
        key = credential_of(request).partition("/")[0]
        return "localcloud" if self.secret is not None and self.is_secret(key) else key


def _host_of(request: Request) -> str:
    """Return the host that a request is for: of an absolute-form target (a proxy's), else of the Host header."""
    target = str(request.environ.get("REQUEST_URI") or "")
    return (urlsplit(target).netloc if not target.startswith("/") else "") or request.header("Host") or ""


def _forbidden(reason: str) -> Response:
    body = json.dumps(
        {"code": "Forbidden", "message": f"localcloud serves this machine's own tools: {reason}"}
    ).encode()
    return Response(status=403, headers={"Content-Type": "application/json"}, body=body)
