"""Buckets that a client names in the host, `bucket.127.0.0.1:4566`, as paths: what is behind this reads paths alone.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html ; Terraform's provider does it for names with dots.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from localcloud.gateway.wire import WsgiEnvironment

_BUCKET_HOST = re.compile(r"(?P<bucket>[a-z0-9][a-z0-9.-]*)\.(?P<host>(127(?:\.\d{1,3}){3}|localhost)(?::\d+)?)")
_SIGNED_FOR_S3 = re.compile(r"/s3/aws4_request")
_PREFIXED_ACCOUNT = re.compile(r"\d{12}")
"""S3 Control has the account there."""


def to_path_style(environ: WsgiEnvironment) -> None:
    """Move the bucket of a request for S3 from the host into the path."""
    target = str(environ.get("REQUEST_URI") or environ.get("PATH_INFO") or "/")
    parts = urlsplit(target)
    match = _BUCKET_HOST.fullmatch((parts.netloc or str(environ.get("HTTP_HOST", ""))).lower())
    signature = str(environ.get("HTTP_AUTHORIZATION") or "")
    is_s3 = not signature or _SIGNED_FOR_S3.search(signature)
    if match is None or not is_s3 or _PREFIXED_ACCOUNT.fullmatch(match["bucket"]):
        return
    query = f"?{parts.query}" if parts.query else ""
    # The provider signs those in us-east-1 for the SDK's name of the global endpoint; nobody checks the signature here.
    environ["HTTP_AUTHORIZATION"] = signature.replace("/aws-global/s3/", "/us-east-1/s3/")
    environ["HTTP_HOST"] = match["host"]
    environ["REQUEST_URI"] = f"/{match['bucket']}{parts.path}{query}"
    environ["PATH_INFO"] = f"/{match['bucket']}{environ.get('PATH_INFO', '/')}"
