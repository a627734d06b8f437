"""The shapes that S3's answers share."""

from __future__ import annotations

from http import HTTPStatus
from xml.sax.saxutils import escape

from localcloud.gateway.wire import Response

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
STATUS_CODES = {
    HTTPStatus.FORBIDDEN: "AccessDenied",
    HTTPStatus.NOT_FOUND: "NoSuchKey",
    HTTPStatus.INTERNAL_SERVER_ERROR: "InternalError",
    HTTPStatus.SERVICE_UNAVAILABLE: "SlowDown",
}
"""https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""


def error_response(status: int, code: str, message: str, *, is_head: bool = False) -> Response:
    """Return an S3 error; the answer to a HEAD has no body."""
    text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message><RequestId>localcloud</RequestId></Error>"
    body = b"" if is_head else f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Response(status=status, headers={"Content-Type": "application/xml"}, body=body)


def xml_response(body: bytes, headers: dict[str, str] | None = None) -> Response:
    """Return an XML document as S3 does."""
    return Response(headers={"Content-Type": "application/xml", **(headers or {})}, body=body)
