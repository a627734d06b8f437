"""The MD5 of what S3 stores, also where the ETag is none.

With SSE-S3 the ETag of a single PUT is the MD5; under a KMS key it is no digest of the content
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html). So every object of a release also carries its MD5 as metadata,
which S3 keeps with the object, replicas and copies included; the upload itself was checked against it (Content-MD5). A listing
shows no metadata: it takes a HeadObject for each object whose ETag is not what it should be, which without KMS is a damaged one.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

METADATA_NAME = "md5"
"""Key of the metadata, `x-amz-meta-md5`: a hex digest."""


def content_md5(md5: str) -> str:
    """Returns the value of the header Content-MD5 for a hex digest; S3 refuses a body that is something else."""
    return base64.b64encode(bytes.fromhex(md5)).decode("ascii")


def is_under_kms(answer: Mapping[str, Any]) -> bool:
    """Whether S3's answer to a read or write is about an object under a KMS key."""
    return str(answer.get("ServerSideEncryption", "")).startswith("aws:kms")


def digest_in(answer: Mapping[str, Any]) -> str | None:
    """Returns the MD5 that a HeadObject or GetObject tells, None when only the content would.

    An object under a KMS key lacks it when somebody else encrypted it, say with S3 Batch Operations.
    """
    if not is_under_kms(answer):
        return str(answer["ETag"]).strip('"')
    told: str | None = answer.get("Metadata", {}).get(METADATA_NAME)
    return told
