"""The end of log files: a log bucket's files expire, and what they leave behind soon after."""

from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import S3BucketVersioningA
from constructs import Construct

_NONCURRENT_DAYS = 1
_ABORT_UPLOAD_DAYS = 2


def expire_logs(
    scope: Construct, *, bucket: S3Bucket, days: int, versioning: S3BucketVersioningA, provider: AwsProvider
) -> None:
    """Adds the lifecycle to `scope`, beside the bucket.

    Args:
        scope: parent.
        bucket: the bucket of log files.
        days: age at which a file expires.
        versioning: what the rule on old versions waits for.
        provider: provider of the bucket's region.
    """
    S3BucketLifecycleConfiguration(
        scope,
        "lifecycle",
        bucket=bucket.id,
        rule=[
            S3BucketLifecycleConfigurationRule(
                id="after-retention",
                status="Enabled",
                filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=days)],
                noncurrent_version_expiration=[
                    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(noncurrent_days=_NONCURRENT_DAYS)
                ],
                abort_incomplete_multipart_upload=[
                    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
                        days_after_initiation=_ABORT_UPLOAD_DAYS
                    )
                ],
            )
        ],
        depends_on=[versioning],
        provider=provider,
    )
