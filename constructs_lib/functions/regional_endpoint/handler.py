"""The regional endpoint: serves the active release from its own region's bucket, without CloudFront.

Route 53 sends viewers here when the whole CloudFront path fails (layer 3). One file, only the Lambda runtime's own
packages. Environment: BUCKET, REGION, SECURITY_HEADERS (JSON object).

Event and answer: HTTP API payload format 2.0,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import json
import os
import time
from typing import Any
from urllib.parse import unquote

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BUCKET = os.environ["BUCKET"]
SECURITY_HEADERS: dict[str, str] = json.loads(os.environ.get("SECURITY_HEADERS", "{}"))
FIXED_PREFIXES = ("/health/", "/errors/")

POINTER_KEY = "control/active.json"
POINTER_TTL_SECONDS = 2.0
CACHE_BYTES = 64 * 1024 * 1024
# A response holds 6 MB, and base64 makes 4 bytes of 3: https://docs.aws.amazon.com/lambda/latest/dg/API_Invoke.html
LARGEST_BODY_BYTES = 4_500_000

# One retry and short timeouts: the viewer is already waiting on a failover path.
s3 = boto3.client(
    "s3",
    region_name=os.environ.get("REGION"),
    config=Config(connect_timeout=2, read_timeout=4, retries={"total_max_attempts": 2, "mode": "standard"}),
)

Answer = dict[str, Any]

_pointer: dict[str, Any] = {"release": None, "read_at": None}
_objects: dict[str, dict[str, Any]] = {}
_objects_bytes = 0


def handler(event: dict[str, Any], _context: object) -> Answer:
    """Answers one request: 200, 304, 404, 405, 502 or 503, always with the security headers."""
    method = event["requestContext"]["http"]["method"]
    if method not in ("GET", "HEAD"):
        return _text(405, "Only GET and HEAD.", {"allow": "GET, HEAD"})
    path = resolve_path(unquote(event["rawPath"]))
    try:
        return _serve(path, method, event.get("headers", {}))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return _text(502, f"The bucket of this region answered {code}.")
    except BotoCoreError as error:
        return _text(503, f"The bucket of this region is unreachable ({type(error).__name__}).")


def resolve_path(path: str) -> str:
    """Returns the path of the object: the same rules as indexDocument in functions/router.js."""
    if path.endswith("/"):
        return f"{path}index.html"
    return path if "." in path.rsplit("/", 1)[-1] else f"{path}/index.html"


def _serve(path: str, method: str, request_headers: dict[str, str]) -> Answer:
    if path.startswith(FIXED_PREFIXES):
        found = _fetch(path.lstrip("/"))
        return _answer(200, found, method, request_headers) if found else _text(404, "Not found.")
    release = _active_release()
    if release is None:
        return _text(503, "Nothing is published yet: run failover sync-content.", {"retry-after": "30"})
    found = _cached(_key(release, path))
    if found:
        return _answer(200, found, method, request_headers)
    page = _cached(_key(release, "/404.html"))
    return _answer(404, page, method, {}) if page else _text(404, "Not found.")


def _key(release: dict[str, Any], path: str) -> str:
    """Returns the object of a path: in the base layer, unless the pointer names another, as the router's index does."""
    return f"releases/{release['layers'].get(path[1:], release['base_id'])}{path}"


def _active_release() -> dict[str, Any] | None:
    """Returns the pointer object: release_id, base_id, layers (path -> layer of what is not in the base layer)."""
    read_at = _pointer["read_at"]
    if read_at is None or time.monotonic() - read_at > POINTER_TTL_SECONDS:
        found = _fetch(POINTER_KEY)
        _pointer["release"] = json.loads(found["body"]) if found else None
        _pointer["read_at"] = time.monotonic()
    release: dict[str, Any] | None = _pointer["release"]
    return release


def _cached(key: str) -> dict[str, Any] | None:
    """Returns an object of a release from memory or S3; releases never change, so a copy never expires."""
    global _objects_bytes  # noqa: PLW0603  (one execution environment, one request at a time)
    if key in _objects:
        return _objects[key]
    found = _fetch(key)
    if found and _objects_bytes + len(found["body"]) <= CACHE_BYTES:
        _objects[key] = found
        _objects_bytes += len(found["body"])
    return found


def _fetch(key: str) -> dict[str, Any] | None:
    try:
        response = s3.get_object(Bucket=BUCKET, Key=key)
    except s3.exceptions.NoSuchKey:
        return None
    headers = {
        "content-type": response["ContentType"],
        "cache-control": response.get("CacheControl", "no-store"),
        "etag": response["ETag"],
    }
    if response.get("ContentEncoding"):
        headers["content-encoding"] = response["ContentEncoding"]
    headers.update({f"x-amz-meta-{name}": value for name, value in response["Metadata"].items()})
    return {"headers": headers, "body": response["Body"].read()}


def _answer(status: int, found: dict[str, Any], method: str, request_headers: dict[str, str]) -> Answer:
    headers = {**SECURITY_HEADERS, **found["headers"]}
    if request_headers.get("if-none-match") == headers["etag"]:
        return {"statusCode": 304, "headers": headers}
    if len(found["body"]) > LARGEST_BODY_BYTES:
        return _text(503, "This file is too large for the regional endpoint; it is served by CloudFront only.")
    body = b"" if method == "HEAD" else found["body"]
    return {
        "statusCode": status,
        "headers": headers,
        "body": base64.b64encode(body).decode("ascii"),
        "isBase64Encoded": True,
    }


def _text(status: int, message: str, headers: dict[str, str] | None = None) -> Answer:
    return {
        "statusCode": status,
        "headers": {
            **SECURITY_HEADERS,
            "content-type": "text/plain; charset=utf-8",
            "cache-control": "no-store",
            **(headers or {}),
        },
        "body": f"{message}\n",
    }
