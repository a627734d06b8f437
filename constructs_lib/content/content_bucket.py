"""The private, versioned bucket that holds the whole site in one region, with its health objects."""

from dataclasses import dataclass
from pathlib import Path

from cdktf import ITerraformDependable
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
from cdktf_cdktf_provider_aws.s3_bucket_notification import S3BucketNotification
from cdktf_cdktf_provider_aws.s3_bucket_versioning import S3BucketVersioningA
from cdktf_cdktf_provider_aws.s3_object import S3Object
from constructs import Construct

from constructs_lib import naming
from constructs_lib.checkov_skips import skip
from constructs_lib.content.private_bucket import keep_private

# Without a number of versions to retain: objects of releases are written once, so it would keep what is pruned for ever.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_NoncurrentVersionExpiration.html
_NONCURRENT_DAYS = 30
_ABORT_UPLOAD_DAYS = 2
_EVENTS_CHECK = "CKV2_AWS_62"
_SKIPS = {
    "CKV_AWS_18": "Viewers reach the bucket through CloudFront only, so access logs would list CloudFront's addresses; "
    "they cost a PUT per delivery and a bucket more. CloudTrail (features.audit) records every change of a setting.",
    "CKV_AWS_144": "Replicated both ways by the edge stack (aws_s3_bucket_replication_configuration), in another state, "
    "because a rule needs both buckets; checkov sees one state at a time.",
    "CKV_AWS_145": "SSE-S3: the content is public by purpose. SSE-KMS would add 2 USD a month and, per bucket, key grants to "
    "CloudFront and to replication that can each break reading.",
    _EVENTS_CHECK: "Nothing consumes events of objects: `failover sync-content` verifies both regions before it switches.",
}
_HEALTH_PAGE = Path(__file__).parents[1] / "functions" / "health_page.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentProtection:
    """What `[features]` adds to a content bucket.

    Attributes:
        kms_key_arn: key of the region that encrypts new objects; None: S3's own.
        has_access_log: whether an access log of the bucket is kept.
        may_pause_replication: whether an AWS FIS experiment finds the bucket, by its tag.
    """

    kms_key_arn: str | None = None
    has_access_log: bool = False
    may_pause_replication: bool = False

    @property
    def followed_checks(self) -> set[str]:
        """The checks of checkov that the bucket then follows."""
        return {
            *(["CKV_AWS_145"] if self.kms_key_arn is not None else []),
            *(["CKV_AWS_18"] if self.has_access_log else []),
        }


PLAIN = ContentProtection()


class ContentBucket(Construct):
    """A bucket that only its distributions, its regional endpoint and the publisher reach.

    Encryption is SSE-S3, or SSE-KMS where a key is given, whose policy must then let CloudFront, replication and the site's
    roles use it (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html).

    Attributes:
        name: name of the bucket.
        arn: its ARN.
        regional_domain_name: host of its REST endpoint in its region. The global name may answer 307 for the first hours.
        versioning: what replication in the same stack waits for.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        region: str,
        sends_events: bool = False,
        protection: ContentProtection = PLAIN,
        provider: AwsProvider,
    ) -> None:
        """Adds the bucket; with `sends_events` whatever happens to its objects is an event of EventBridge."""
        super().__init__(scope, id_)
        tags = {naming.REPLICATION_PAUSE_TAG: name} if protection.may_pause_replication else None
        bucket = S3Bucket(self, "bucket", bucket=name, tags=tags, provider=provider)
        followed = protection.followed_checks | ({_EVENTS_CHECK} if sends_events else set())
        skip(bucket, {check: why for check, why in _SKIPS.items() if check not in followed})
        if sends_events:
            S3BucketNotification(self, "events", bucket=bucket.id, eventbridge=True, provider=provider)
        versioning = keep_private(self, bucket=bucket, kms_key_arn=protection.kms_key_arn, provider=provider)
        self._expire(bucket, versioning, provider)
        self._add_health_objects(bucket, versioning, region, provider)
        self.versioning: ITerraformDependable = versioning
        self.name = bucket.bucket
        self.arn = bucket.arn
        self.regional_domain_name = bucket.bucket_regional_domain_name

    def _expire(self, bucket: S3Bucket, versioning: S3BucketVersioningA, provider: AwsProvider) -> None:
        S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=bucket.id,
            rule=[
                S3BucketLifecycleConfigurationRule(
                    id="noncurrent-versions",
                    status="Enabled",
                    filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                    noncurrent_version_expiration=[
                        S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(noncurrent_days=_NONCURRENT_DAYS)
                    ],
                    expiration=[S3BucketLifecycleConfigurationRuleExpiration(expired_object_delete_marker=True)],
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

    def _add_health_objects(
        self, bucket: S3Bucket, versioning: S3BucketVersioningA, region: str, provider: AwsProvider
    ) -> None:
        """Markers that name the region; they differ per bucket and lie outside what is replicated."""
        marker = f'{{"region": "{region}"}}\n'
        objects = {
            "region_marker": (naming.REGION_MARKER_KEY, "application/json", marker),
            "path_check": (naming.PATH_CHECK_KEY, "application/json", marker),
            "region_check": (naming.region_check_path(region).lstrip("/"), "application/json", marker),
            "health_page": (
                f"{naming.HEALTH_PREFIX}index.html",
                "text/html; charset=utf-8",
                _HEALTH_PAGE.read_text(encoding="utf-8").replace("{region}", region),
            ),
        }
        for id_, (key, content_type, content) in objects.items():
            S3Object(
                self,
                id_,
                bucket=bucket.id,
                key=key,
                content=content,
                content_type=content_type,
                cache_control="no-store",
                depends_on=[versioning],
                provider=provider,
            )
