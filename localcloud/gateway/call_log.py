"""A log of the AWS API calls that arrive, for checking what a role needs. Off unless a file is named."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

from localcloud.gateway.operations import resolve
from localcloud.gateway.wire import Request, Response

NO_ANSWER = 0
"""The status of a call whose connection ended without an answer."""

MAXIMUM_BODY_BYTES = 1024**2
"""Enough for every configuration; contents of objects are never logged."""


class CallLog:
    """Writes one JSON object a line and call.

    Keys: caller (the access key id, `localcloud` for the secret of the run), service (its signing name), region, operation (null
    when AWS's models have none), parameters (of the path), method, path, query, headers (those that carry rights: tags, copy
    source), user_agent, status, body (null for objects of S3 and what is no text).
    """

    def __init__(self, path: Path, caller_of: Callable[[Request], str]) -> None:
        """Empty the file, or make it, readable by its owner alone: bodies of calls hold tokens and keys."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(descriptor, 0o600)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8", buffering=1)
        self._caller_of = caller_of
        self._lock = threading.Lock()

    def add(self, request: Request, service: str, region: str, response: Response) -> None:
        """Note one call."""
        resolved = resolve(request, service)
        operation, parameters = resolved or (None, {})
        line = json.dumps(
            {
                "caller": self._caller_of(request),
                "service": service,
                "region": region,
                "operation": operation,
                "parameters": parameters,
                "method": request.method,
                "path": request.path,
                "query": dict(request.query),
                "headers": {
                    name: value for name in ("x-amz-tagging", "x-amz-copy-source") if (value := request.header(name))
                },
                "user_agent": request.header("User-Agent") or "",
                "status": response.status,
                "body": None if service == "s3" and "Key" in parameters else _text(request.body),
            }
        )
        with self._lock:
            self._file.write(f"{line}\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _text(body: bytes) -> str | None:
    try:
        return body.decode() if len(body) <= MAXIMUM_BODY_BYTES else None
    except UnicodeDecodeError:
        return None
