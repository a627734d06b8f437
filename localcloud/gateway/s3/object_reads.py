"""GetObject and HeadObject, straight from moto's buckets: moto's own way costs several milliseconds a read.

Only plain reads are answered here; anything with further query parameters is left to moto.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from localcloud.gateway.s3.answers import error_response
from localcloud.gateway.s3.moto_objects import MotoKey, MotoObjects
from localcloud.gateway.wire import Request, Response
from localcloud.model.byte_ranges import byte_range

PLAIN_PARAMETERS = frozenset({"x-id", "versionId"})
REQUEST_ONLY_HEADERS = ("x-amz-content-sha256", "x-amz-sdk-checksum-algorithm")
"""moto keeps these headers of the upload as metadata; S3 does not return them."""

ARCHIVED_CLASSES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Whose objects can be read only once RestoreObject has copied them: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"""


def is_plain_read(request: Request) -> bool:
    """Return whether a request for an object can be answered by `read_object`."""
    return request.method in {"GET", "HEAD"} and request.query.keys() <= PLAIN_PARAMETERS


def read_object(objects: MotoObjects, bucket_name: str, key: str, request: Request) -> Response:
    """Answer GetObject or HeadObject.

    Raises:
        ServiceError: 404 NoSuchBucket.
    """
    is_head = request.method == "HEAD"
    version_id = request.query.get("versionId")
    version = objects.version(objects.bucket(bucket_name), key, version_id)
    if version is None:
        code = "NoSuchKey" if version_id is None else "NoSuchVersion"
        return error_response(404, code, "The specified key does not exist.", is_head=is_head)
    if objects.is_delete_marker(version):
        return _read_delete_marker(version, is_head=is_head, is_named=version_id is not None)
    if refused := _failed_condition(version, request, is_head=is_head):
        return refused
    if not is_head and version.storage_class in ARCHIVED_CLASSES and not _is_restored(version):
        message = "The operation is not valid for the object's storage class"
        return error_response(403, "InvalidObjectState", message)
    headers = _headers_of(version, request)
    body = b"" if is_head else version.value
    wanted = byte_range(request.header("Range"), version.size)
    if wanted is None:
        return Response(headers=headers, body=body)
    start, end = wanted
    if start > end:
        return error_response(416, "InvalidRange", "The requested range is not satisfiable", is_head=is_head)
    # a checksum is one of the whole object, so S3 leaves it out here
    headers = {name: value for name, value in headers.items() if not name.startswith("x-amz-checksum-")}
    headers |= {"content-length": str(end - start + 1), "content-range": f"bytes {start}-{end}/{version.size}"}
    return Response(status=206, headers=headers, body=body[start : end + 1])


def _is_restored(version: MotoKey) -> bool:
    return 'ongoing-request="false"' in version.response_dict.get("x-amz-restore", "")


def _read_delete_marker(version: MotoKey, *, is_head: bool, is_named: bool) -> Response:
    if is_named:
        response = error_response(405, "MethodNotAllowed", "The version is a delete marker.", is_head=is_head)
    else:
        response = error_response(404, "NoSuchKey", "The specified key does not exist.", is_head=is_head)
    response.headers |= {"x-amz-delete-marker": "true", "x-amz-version-id": str(version.version_id)}
    return response


def _failed_condition(version: MotoKey, request: Request, *, is_head: bool) -> Response | None:
    """Return 412 or 304 as RFC 9110 section 13.2.2 orders the conditions, or None."""
    etag = str(version.etag)
    modified = version.last_modified.replace(microsecond=0, tzinfo=UTC)
    if_match = request.header("If-Match")
    if_unmodified = _date(request.header("If-Unmodified-Since"))
    if (if_match and not _names_etag(if_match, etag)) or (not if_match and if_unmodified and modified > if_unmodified):
        message = "At least one of the pre-conditions you specified did not hold"
        return error_response(412, "PreconditionFailed", message, is_head=is_head)
    if_none_match = request.header("If-None-Match")
    if_modified = _date(request.header("If-Modified-Since"))
    if (if_none_match and _names_etag(if_none_match, etag)) or (
        not if_none_match and if_modified and modified <= if_modified
    ):
        headers = {name: value for name, value in version.response_dict.items() if name != "content-length"}
        return Response(status=304, headers=headers)
    return None


def _names_etag(condition: str, etag: str) -> bool:
    named = [part.strip().removeprefix("W/").strip('"') for part in condition.split(",")]
    return "*" in named or etag.strip('"') in named


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None


def _headers_of(version: MotoKey, request: Request) -> dict[str, str]:
    headers: dict[str, str] = {**version.response_dict, **version.metadata, "accept-ranges": "bytes"}
    for name in REQUEST_ONLY_HEADERS:
        headers.pop(name, None)
    algorithm = version.checksum_algorithm
    if algorithm and request.header("x-amz-checksum-mode") == "ENABLED":
        parts = f"-{version.checksum_parts}" if version.checksum_type == "COMPOSITE" else ""
        headers[f"x-amz-checksum-{algorithm.lower()}"] = f"{version.checksum_value}{parts}"
        if version.checksum_type:
            headers["x-amz-checksum-type"] = version.checksum_type
    return headers
