"""The audit trail: a multi-Region CloudTrail of management events, in a bucket that nobody can rewrite for a year."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cdktf_cdktf_provider_aws.cloudtrail import (
    Cloudtrail,
    CloudtrailAdvancedEventSelector,
    CloudtrailAdvancedEventSelectorFieldSelector,
)
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_object_lock_configuration import (
    S3BucketObjectLockConfigurationA,
    S3BucketObjectLockConfigurationRuleA,
    S3BucketObjectLockConfigurationRuleDefaultRetentionA,
)
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_versioning import S3BucketVersioningA
from constructs import Construct

from constructs_lib import policies
from constructs_lib.checkov_skips import skip
from constructs_lib.content.log_expiry import expire_logs
from constructs_lib.content.private_bucket import keep_private

RETENTION_DAYS = 365
_EXPIRE_DAYS = RETENTION_DAYS + 1
_BUCKET_SKIPS = {
    "CKV_AWS_18": "CloudTrail itself records the changes of this bucket; a log for the log has no end.",
    "CKV_AWS_144": "CloudTrail keeps 90 days of events by itself in every region; a second copy of the files is not worth it.",
    "CKV_AWS_145": "SSE-S3: a KMS key costs 1.00 USD a month, and losing it would lose the record. Object lock keeps it whole.",
    "CKV2_AWS_62": "Nothing consumes events of log files; they are read when something is looked into.",
}
_TRAIL_SKIPS = {
    "CKV_AWS_35": "Encrypted with SSE-S3, see the bucket: a KMS key costs 1.00 USD a month.",
    "CKV_AWS_252": "A message for every log file, every five minutes, would be noise; nobody reads it.",
    "CKV2_AWS_10": "CloudWatch Logs would hold a second copy at 0.50 USD per GB; the trail is a record, not an alarm.",
}


class AuditTrail(Construct):
    """Who changed what in the account, in every region.

    Object lock in governance mode: nobody without s3:BypassGovernanceRetention changes or deletes a log file for a year, an
    administrator who must can (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html). Then they expire.

    Of the data events, which cost 0.10 USD per 100,000, it records what an outage by mistake is traced by: who deleted objects of
    the content buckets, and who wrote the KeyValueStore, so switched a release or drained a region. Reads are not recorded.

    Attributes:
        trail_arn: ARN of the trail.
        bucket_name: name of the bucket.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        trail_name: str,
        trail_arn: str,
        bucket_name: str,
        content_bucket_names: Sequence[str],
        provider: AwsProvider,
    ) -> None:
        """`content_bucket_names`: of the trail's account; CloudTrail needs no bucket of these names to be there yet."""
        super().__init__(scope, id_)
        self._provider = provider
        bucket = S3Bucket(self, "bucket", bucket=bucket_name, object_lock_enabled=True, provider=provider)
        skip(bucket, _BUCKET_SKIPS)
        self._lock(bucket, keep_private(self, bucket=bucket, provider=provider))
        policy = S3BucketPolicy(
            self,
            "policy",
            bucket=bucket.id,
            policy=policies.to_json(policies.audit_bucket(bucket.arn, trail_arn=trail_arn)),
            provider=provider,
        )
        trail = Cloudtrail(
            self,
            "trail",
            name=trail_name,
            s3_bucket_name=bucket.bucket,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            advanced_event_selector=[
                _selector("Management events", eventCategory=["Management"]),
                _selector(
                    "Deletions in the content buckets",
                    {"resources.ARN": [f"arn:aws:s3:::{name}/" for name in content_bucket_names]},
                    eventCategory=["Data"],
                    **{"resources.type": ["AWS::S3::Object"]},
                    eventName=["DeleteObject", "DeleteObjects"],
                ),
                _selector(
                    "Writes of the KeyValueStore",
                    eventCategory=["Data"],
                    **{"resources.type": ["AWS::CloudFront::KeyValueStore"]},
                    readOnly=["false"],
                ),
            ],
            depends_on=[policy],  # CloudTrail tries to write before it accepts the bucket
            provider=provider,
        )
        skip(trail, _TRAIL_SKIPS)
        self.trail_arn = trail.arn
        self.bucket_name = bucket.bucket

    def _lock(self, bucket: S3Bucket, versioning: S3BucketVersioningA) -> None:
        S3BucketObjectLockConfigurationA(
            self,
            "object_lock",
            bucket=bucket.id,
            rule=S3BucketObjectLockConfigurationRuleA(
                default_retention=S3BucketObjectLockConfigurationRuleDefaultRetentionA(
                    mode="GOVERNANCE", days=RETENTION_DAYS
                )
            ),
            depends_on=[versioning],
            provider=self._provider,
        )
        expire_logs(self, bucket=bucket, days=_EXPIRE_DAYS, versioning=versioning, provider=self._provider)


def _selector(
    name: str, starts_with: Mapping[str, Sequence[str]] = MappingProxyType({}), /, **equals: Sequence[str]
) -> CloudtrailAdvancedEventSelector:
    """Field -> the values that it equals, or starts with.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
    """
    return CloudtrailAdvancedEventSelector(
        name=name,
        field_selector=[
            *(
                CloudtrailAdvancedEventSelectorFieldSelector(field=key, equal_to=list(each))
                for key, each in equals.items()
            ),
            *(
                CloudtrailAdvancedEventSelectorFieldSelector(field=key, starts_with=list(each))
                for key, each in starts_with.items()
            ),
        ],
    )
