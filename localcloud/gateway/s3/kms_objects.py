"""S3 objects under KMS keys: which key a write uses, when S3 refuses it, and what is different about the object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

import json
import uuid

from localcloud.gateway.errors import ServiceError, UnsupportedResource
from localcloud.gateway.kms import USABLE, MotoKmsKey, key_of
from localcloud.gateway.s3.moto_objects import MotoBucket, MotoKey
from localcloud.gateway.wire import Request, Response
from localcloud.model.bucket_policy import CLOUDFRONT_SERVICE, AccessRequest, Decision, evaluate
from localcloud.model.errors import UnsupportedResource as UnsupportedPolicy

SSE_KMS = "aws:kms"
SOURCE_ARN_HEADER = "x-localcloud-source-arn"
"""Sent by the edge: the distribution that signs the read."""
PLAIN_HEADER = "x-localcloud-plain"
"""Sent by the edge when the viewer, and so CloudFront, came without TLS."""


def refuse_write_without_key(bucket: MotoBucket, request: Request) -> None:
    """Refuse a write for which the request or the bucket's default encryption names a key that S3 cannot use.

    Raises:
        ServiceError: 400 as S3 answers it; 501 for the AWS managed key and for aliases, which nobody here needs.
    """
    algorithm, identifier = _asked_encryption(bucket, request)
    if algorithm != SSE_KMS:
        return
    if identifier is None or "alias/" in identifier:
        raise UnsupportedResource(f"SSE-KMS with {identifier or 'the AWS managed key'}; name a key's id or ARN")
    usable_key(identifier, bucket.region_name)


def _asked_encryption(bucket: MotoBucket, request: Request) -> tuple[str | None, str | None]:
    if algorithm := request.header("x-amz-server-side-encryption"):
        default = _default_encryption(bucket).get("KMSMasterKeyID")
        return algorithm, request.header("x-amz-server-side-encryption-aws-kms-key-id") or default
    default_rule = _default_encryption(bucket)
    return default_rule.get("SSEAlgorithm"), default_rule.get("KMSMasterKeyID")


def _default_encryption(bucket: MotoBucket) -> dict[str, str]:
    configuration = bucket.encryption or {}
    rule: dict[str, str] = configuration.get("Rule", {}).get("ApplyServerSideEncryptionByDefault", {})
    return rule


def give_opaque_etag(version: MotoKey, response: Response) -> None:
    """Replace the MD5 that moto gives as ETag: under a KMS key it is no digest of the content.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    if version.encryption != SSE_KMS:
        return
    before = version.etag.strip('"')
    version._etag = uuid.uuid4().hex
    response.body = response.body.replace(before.encode(), version.etag.strip('"').encode())
    response.headers = {
        name: value.replace(before, version.etag.strip('"')) if name.lower() == "etag" else value
        for name, value in response.headers.items()
    }


def refuse_read(version: MotoKey, region: str, request: Request, *, is_edge: bool) -> None:
    """Refuse a read of an object whose key is unusable, or is not CloudFront's to use.

    Raises:
        ServiceError: 400 for the key's state and for a plain connection, 403 without kms:Decrypt.
    """
    if version.encryption != SSE_KMS:
        return
    if is_edge and request.header(PLAIN_HEADER):
        message = "Requests specifying Server Side Encryption with AWS KMS managed keys must be made over a secure connection."
        raise ServiceError(400, "InvalidArgument", message)
    key = usable_key(str(version.kms_key_id), region)
    if is_edge and not _lets_decrypt(key, request.header(SOURCE_ARN_HEADER)):
        raise ServiceError(403, "AccessDenied", f"The policy of {key.arn} does not let CloudFront kms:Decrypt")


def usable_key(identifier: str, region: str) -> MotoKmsKey:
    """Return a key that S3 can use now.

    Raises:
        ServiceError: 400 with S3's code for what is wrong with it: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """
    key = key_of(identifier, region)
    if key is None:
        raise ServiceError(400, "KMS.NotFoundException", f"Key '{identifier}' does not exist in {region}")
    if key.key_state == "Disabled":
        raise ServiceError(400, "KMS.DisabledException", f"{key.arn} is disabled.")
    if key.key_state != USABLE:
        raise ServiceError(400, "KMS.KMSInvalidStateException", f"{key.arn} is {key.key_state}.")
    return key


def _lets_decrypt(key: MotoKmsKey, source_arn: str | None) -> bool:
    """Judge the key policy, which is all that gives a service a right.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    """
    access = AccessRequest(
        service=None if source_arn is None else CLOUDFRONT_SERVICE,
        action="kms:Decrypt",
        resource=key.arn,
        source_arn=source_arn,
        source_account=None if source_arn is None else source_arn.split(":")[4],
    )
    try:
        return evaluate(json.loads(key.policy), access) is Decision.ALLOW
    except UnsupportedPolicy as error:
        raise UnsupportedResource(str(error)) from error
