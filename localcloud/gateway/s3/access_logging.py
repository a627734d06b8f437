"""S3 server access logging: what PutBucketLogging refuses. No log is ever written here.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from localcloud.gateway.errors import ServiceError
from localcloud.gateway.identifiers import ACCOUNT_ID
from localcloud.gateway.s3.moto_objects import MotoBucket, MotoObjects
from localcloud.gateway.wire import JsonObject
from localcloud.model.bucket_policy import AccessRequest, Decision, evaluate

LOGGING_SERVICE = "logging.s3.amazonaws.com"
LOG_DELIVERY_GROUP = "http://acs.amazonaws.com/groups/s3/LogDelivery"
GRANTED_TO_THE_GROUP = {"WRITE", "READ_ACP"}
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#log-delivery-group"""


def refuse_bad_target(source: str, status: Element, objects: MotoObjects, policies: dict[str, JsonObject]) -> None:
    """Refuse a target that is absent, elsewhere, or does not let S3 write.

    Raises:
        ServiceError: 400 InvalidTargetBucketForLogging: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """
    target = status.findtext("LoggingEnabled/TargetBucket")
    if target is None:
        return
    if not objects.has_bucket(target):
        raise _refusal(f"The target bucket for logging does not exist: {target}")
    if objects.bucket(target).region_name != objects.bucket(source).region_name:
        raise ServiceError(403, "CrossLocationLoggingProhibited", f"{target} is in another Region than {source}")
    access = AccessRequest(
        service=LOGGING_SERVICE,
        action="s3:PutObject",
        resource=f"arn:aws:s3:::{target}/{status.findtext('LoggingEnabled/TargetPrefix') or ''}log",
        source_arn=f"arn:aws:s3:::{source}",
        source_account=ACCOUNT_ID,
    )
    if evaluate(policies.get(target), access) is not Decision.ALLOW and not _is_granted(objects.bucket(target)):
        raise _refusal(
            f"The policy of {target} does not let {LOGGING_SERVICE} write there, nor does its ACL let the log-delivery group"
        )


def _is_granted(bucket: MotoBucket) -> bool:
    """Return whether the bucket's ACL lets the log-delivery group write, as the canned ACL `log-delivery-write` does."""
    granted = {
        permission
        for grant in (bucket.acl.grants if bucket.acl else ())
        if any(grantee.uri == LOG_DELIVERY_GROUP for grantee in grant.grantees)
        for permission in grant.permissions
    }
    return granted >= GRANTED_TO_THE_GROUP


def _refusal(message: str) -> ServiceError:
    return ServiceError(400, "InvalidTargetBucketForLogging", message)
