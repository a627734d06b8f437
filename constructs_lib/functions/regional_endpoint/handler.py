"""The regional endpoint: serves the active release from its own region's bucket, without CloudFront.

Route 53 sends viewers here when the whole CloudFront path fails (layer 3). One file, only the Lambda runtime's own
packages. Environment: BUCKET, REGION, SECURITY_HEADERS (JSON object).

Event and answer: HTTP API payload format 2.0,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import json
import os
import re
import time
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BUCKET = os.environ["BUCKET"]
# Vary as CloudFront's response headers policy adds it: the answer may be a variant.
HEADERS: dict[str, str] = {**json.loads(os.environ.get("SECURITY_HEADERS", "{}")), "vary": "Accept-Encoding"}
FIXED_PREFIXES = ("/health/", "/errors/")

POINTER_KEY = "control/active.json"
POINTER_TTL_SECONDS = 2.0
CACHE_BYTES = 64 * 1024 * 1024
# A response holds 6 MB, and base64 makes 4 bytes of 3: https://docs.aws.amazon.com/lambda/latest/dg/API_Invoke.html
LARGEST_BODY_BYTES = 4_500_000
# An S3 key holds 1,024 bytes, with "releases/<16 characters>" before the path and "/index.html.br" behind it:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
LONGEST_PATH_BYTES = 960
# Content coding -> end of the object's name, best first.
VARIANT_SUFFIXES = {"br": ".br", "gzip": ".gz"}
NOT_FOUND = "Not found."
_PRINTABLE = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"  # a header takes them as they are; everything else is escaped
_RANGE = re.compile(r"bytes=(?:(?P<first>[0-9]+)-(?P<last>[0-9]*)|-(?P<end>[0-9]+))")
# More digits than any object's size has; Python refuses to read more than 4,300 of them.
_LONGEST_NUMBER = 19

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
    """Answers one request: 200, 206, 301, 302, 304, 307, 308, 404, 405, 416, 502 or 503, always with the security headers."""
    method = event["requestContext"]["http"]["method"]
    if method not in ("GET", "HEAD"):
        return _text(405, "Only GET and HEAD.", {"allow": "GET, HEAD"})
    try:
        return _serve(decoded(event["rawPath"]), method, event.get("headers") or {}, event.get("rawQueryString") or "")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return _text(502, f"The bucket of this region answered {code}.")
    except BotoCoreError as error:
        return _text(503, f"The bucket of this region is unreachable ({type(error).__name__}).")


# From here to _redirected: the same rules as in functions/router.js; tests/contract runs both on one table.


def decoded(raw_path: str) -> str:
    """Returns a path decoded, which changes nothing when API Gateway has done so: no file's name has an escape in it."""
    path = unquote(raw_path)  # what is no UTF-8 becomes U+FFFD, here or in API Gateway
    is_no_name = re.search("[\ud800-\udfff\ufffd]|%[0-9a-fA-F]{2}", path) or len(path.encode()) > LONGEST_PATH_BYTES
    return "/\ufffd." if is_no_name else path  # no file has such a name


def encoded(path: str) -> str:
    """Returns a path as encodeURIComponent writes each of its names."""
    return quote(path, safe="/-_.!~*'()")


def object_path(path: str, style: str) -> str:
    """Returns the path of the object that answers a decoded path."""
    if path.endswith("/"):
        return f"{path}index.html"
    if "off" in style or "." in path.rsplit("/", 1)[-1]:
        return path
    return f"{path}.html" if "file" in style else f"{path}/index.html"


def other_spelling(path: str, style: str) -> str | None:
    """Returns where a path is redirected because of its trailing slash."""
    bare = path.rstrip("/")
    is_page = "." not in bare.rsplit("/", 1)[-1]
    if not bare or not is_page or path.startswith(("//", "/.well-known/")):
        return None
    if "add" in style and bare == path:
        return f"{path}/"
    return bare if "remove" in style and bare != path else None


def _variant(release: dict[str, Any], file: str, accept_encoding: str) -> str:
    """Returns the suffix of the variant that the viewer accepts and every file of this extension has."""
    end = file.rsplit(".", 1)[-1]
    accepted = accept_encoding.lower().split(",")
    for coding, suffix in VARIANT_SUFFIXES.items():
        if end in release.get(coding, "").split() and any(_accepts(each, coding) for each in accepted):
            return suffix
    return ""


def _accepts(each: str, coding: str) -> bool:
    """Returns whether one element of Accept-Encoding allows a coding (RFC 9110 section 12.5.3)."""
    name, _, weight = each.partition(";")
    return name.strip() == coding and not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight.partition(";")[0])


def _matched(lines: str, path: str) -> str | None:
    """Returns `<status> <location>` of the first line whose wildcard means this path."""
    asked = encoded(path)
    for line in lines.splitlines():
        start, _, value = line.partition(" ")
        if asked.startswith(start):
            rest = asked.removeprefix(start).lstrip("/")
            return f"{value[:-1]}{rest}" if value.endswith("*") else value
    return None


def _redirect(release: dict[str, Any], path: str, object_: str) -> str | None:
    """Returns `<status> <location>` when the path is redirected."""
    value = release.get("redirects", {}).get(object_[1:]) or _matched(release.get("wildcards", ""), path)
    other = other_spelling(path, release.get("style", ""))
    return value or (f"301 {encoded(other)}" if other else None)


def _is_navigation(path: str, request_headers: dict[str, str]) -> bool:
    """Returns whether a browser goes to a page: what scripts fetch must not get a page in its place."""
    if "." in path.rsplit("/", 1)[-1]:
        return False
    mode = request_headers.get("sec-fetch-mode")
    return mode == "navigate" if mode else "text/html" in request_headers.get("accept", "")


def _redirected(value: str, query: str) -> Answer:
    status, _, location = value.partition(" ")
    address, hash_, fragment = location.partition("#")
    if query and "?" not in address:
        address = f"{address}?{quote(query, safe=_PRINTABLE, errors='replace')}"
    headers = {"location": f"{address}{hash_}{fragment}", "cache-control": "public, max-age=300"}
    return {"statusCode": int(status), "headers": {**HEADERS, **headers}}


def _serve(path: str, method: str, request_headers: dict[str, str], query: str) -> Answer:
    if path.startswith(FIXED_PREFIXES):
        found = _fetch(object_path(path, "")[1:])
        return _answer(200, found, method, request_headers) if found else _not_found(_active_release(), method)
    release = _active_release()
    if release is None:
        return _text(503, "Nothing is published yet: run failover sync-content.", {"retry-after": "30"})
    file = object_path(path, release.get("style", ""))
    object_ = file + _variant(release, file, request_headers.get("accept-encoding", ""))
    value = _redirect(release, path, object_)
    if value:
        return _redirected(value, query)
    is_absent = (
        release["layers"].get(object_[1:], "~")[0] == "~"
    )  # the pointer names every page of a release with a fallback
    if release.get("fallback") and is_absent and _is_navigation(path, request_headers):
        object_ = f"/{release['fallback']}"
    found = _cached(_key(release, object_))
    if found:
        return _answer(200, found, method, request_headers)
    return _not_found(release, method)


def _not_found(release: dict[str, Any] | None, method: str) -> Answer:
    page = _cached(_key(release, "/404.html")) if release else None
    return _answer(404, page, method, {}) if page else _text(404, NOT_FOUND)


def _key(release: dict[str, Any], path: str) -> str:
    """Returns the object of a path: in the base increment, unless the pointer names another, as the router's index does."""
    return f"releases/{release['layers'].get(path[1:], release['base_id'])}{path}"


def _active_release() -> dict[str, Any] | None:
    """Returns the pointer object, which scripts/release/pointers.py writes.

    It has release_id, base_id, layers (path -> increment of what is not in the base one; pointers have always had this word),
    style, br, gzip, fallback, redirects (object path -> status and location) and wildcards.
    """
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
    size = len(found["body"] or b"") if found else 0
    if found and _objects_bytes + size <= CACHE_BYTES:
        _objects[key] = found
        _objects_bytes += size
    return found


def _fetch(key: str) -> dict[str, Any] | None:
    """Returns an object: key, headers, size, and body, which is None when it is too large to be answered whole."""
    try:
        response = s3.get_object(Bucket=BUCKET, Key=key)
    except s3.exceptions.NoSuchKey:
        return None
    headers = {
        "content-type": response["ContentType"],
        "cache-control": response.get("CacheControl", "no-store"),
        "etag": response["ETag"],
        "last-modified": format_datetime(response["LastModified"].astimezone(UTC), usegmt=True),
        "accept-ranges": "bytes",
    }
    if response.get("ContentEncoding"):
        headers["content-encoding"] = response["ContentEncoding"]
    headers.update({f"x-amz-meta-{name}": value for name, value in response["Metadata"].items()})
    found: dict[str, Any] = {"key": key, "headers": headers, "size": response["ContentLength"], "body": None}
    if found["size"] <= LARGEST_BODY_BYTES:
        return {**found, "body": response["Body"].read()}
    response["Body"].close()
    return found


def _answer(status: int, found: dict[str, Any], method: str, request_headers: dict[str, str]) -> Answer:
    headers, size = {**HEADERS, **found["headers"]}, found["size"]
    if _is_current(request_headers, headers):
        return {"statusCode": 304, "headers": headers}
    if method == "HEAD":
        return {"statusCode": status, "headers": {**headers, "content-length": str(size)}, "body": ""}
    wanted = _RANGE.fullmatch(request_headers.get("range", ""))
    if wanted and request_headers.get("if-range", headers["etag"]) in (headers["etag"], headers["last-modified"]):
        first, last = _bounds(wanted, size)
        if first > last:
            return {"statusCode": 416, "headers": {**headers, "content-range": f"bytes */{size}"}}
        headers["content-range"] = f"bytes {first}-{last}/{size}"
        return _whole(206, headers, _part(found, first, last))
    if found["body"] is None:
        return _text(
            503, "This file is too large for the regional endpoint, which has it in parts only: ask for a Range."
        )
    return _whole(status, headers, found["body"])


def _whole(status: int, headers: dict[str, str], body: bytes) -> Answer:
    text = base64.b64encode(body).decode("ascii")
    return {"statusCode": status, "headers": headers, "body": text, "isBase64Encoded": True}


def _part(found: dict[str, Any], first: int, last: int) -> bytes:
    """Returns a part of an object; of a large one S3 is asked for no more than that."""
    if found["body"] is not None:
        part: bytes = found["body"][first : last + 1]
        return part
    response = s3.get_object(Bucket=BUCKET, Key=found["key"], Range=f"bytes={first}-{last}")
    read: bytes = response["Body"].read()
    return read


def _is_current(request_headers: dict[str, str], headers: dict[str, str]) -> bool:
    """Returns whether the viewer has this already; its ETag goes before its date (RFC 9110 section 13.2.2)."""
    if "if-none-match" in request_headers:
        return _is_known(request_headers["if-none-match"], headers["etag"])
    try:
        since = parsedate_to_datetime(request_headers["if-modified-since"])
    except (KeyError, ValueError):
        return False
    return since.tzinfo is not None and parsedate_to_datetime(headers["last-modified"]) <= since


def _is_known(tags: str, etag: str) -> bool:
    """Returns whether If-None-Match names the ETag; CloudFront makes it weak when it compresses."""
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in tags.split(","))


def _bounds(wanted: re.Match[str], size: int) -> tuple[int, int]:
    """Returns the first and last byte of one range, no more than an answer holds; first is after last when there is none.

    RFC 9110 sections 14.1.2 and 15.3.7: a part of what was asked for is a good answer, and browsers ask for the rest.
    """
    if wanted["first"]:
        first, last = _number(wanted["first"]), min(_number(wanted["last"]), size - 1) if wanted["last"] else size - 1
    else:
        first, last = max(0, size - _number(wanted["end"])), size - 1
    return first, min(last, first + LARGEST_BODY_BYTES - 1)


def _number(digits: str) -> int:
    """Returns what the digits say, of a very long number only that it is beyond every size."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else int(digits.lstrip("0")[:_LONGEST_NUMBER] or 0)


def _text(status: int, message: str, headers: dict[str, str] | None = None) -> Answer:
    return {
        "statusCode": status,
        "headers": {
            **HEADERS,
            "content-type": "text/plain; charset=utf-8",
            "cache-control": "no-store",
            **(headers or {}),
        },
        "body": f"{message}\n",
    }
