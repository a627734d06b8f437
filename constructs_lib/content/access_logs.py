"""Access logs: a private bucket per region for them, and the delivery of CloudFront's."""

from cdktf_cdktf_provider_aws.cloudwatch_log_delivery import CloudwatchLogDelivery
from cdktf_cdktf_provider_aws.cloudwatch_log_delivery_destination import (
    CloudwatchLogDeliveryDestination,
    CloudwatchLogDeliveryDestinationDeliveryDestinationConfiguration,
)
from cdktf_cdktf_provider_aws.cloudwatch_log_delivery_source import CloudwatchLogDeliverySource
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_logging import S3BucketLoggingA
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from constructs import Construct

from constructs_lib import policies
from constructs_lib.checkov_skips import skip
from constructs_lib.content import protection_policies
from constructs_lib.content.content_bucket import ContentBucket
from constructs_lib.content.log_expiry import expire_logs
from constructs_lib.content.private_bucket import keep_private

# Long enough to look into what a quarterly review finds; the lines hold viewers' addresses, which nobody should keep for ever.
RETENTION_DAYS = 90
_SKIPS = {
    "CKV_AWS_144": "Logs are about their own region, and losing them serves nobody worse. A copy doubles viewers' addresses.",
    "CKV_AWS_145": "S3 delivers server access logs to buckets with SSE-S3 only "
    "(https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html).",
    "CKV2_AWS_62": "Nothing consumes events of log files; they are read when something is looked into.",
}


class AccessLogs(Construct):
    """The log bucket of a region, to which its content bucket logs every request under `s3/`.

    S3 wants the log bucket in the region of the bucket that it is about; data residency holds for both at once.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html

    Attributes:
        arn: ARN of the log bucket.
        name: its name.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        account_id: str,
        content_bucket: ContentBucket,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        bucket = S3Bucket(self, "bucket", bucket=name, provider=provider)
        skip(bucket, _SKIPS)
        versioning = keep_private(self, bucket=bucket, provider=provider)
        expire_logs(self, bucket=bucket, days=RETENTION_DAYS, versioning=versioning, provider=provider)
        policy = S3BucketPolicy(
            self,
            "policy",
            bucket=bucket.id,
            policy=policies.to_json(
                protection_policies.log_bucket(bucket.arn, account_id=account_id, content_bucket_arn=content_bucket.arn)
            ),
            provider=provider,
        )
        S3BucketLoggingA(
            self,
            "logging",
            bucket=content_bucket.name,
            target_bucket=bucket.bucket,
            target_prefix=protection_policies.SERVER_LOGS_PREFIX,
            depends_on=[policy],
            provider=provider,
        )
        self.arn = bucket.arn
        self.name = bucket.bucket


class ViewerLogs(Construct):
    """CloudFront's standard log (v2) of one distribution, in the log bucket of its region.

    The legacy log of the distribution itself would need a bucket with ACLs. The three parts are configuration in us-east-1,
    wherever the bucket is (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        distribution_arn: str,
        log_bucket_arn: str,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        source = CloudwatchLogDeliverySource(
            self, "source", name=name, log_type="ACCESS_LOGS", resource_arn=distribution_arn, provider=provider
        )
        destination = CloudwatchLogDeliveryDestination(
            self,
            "destination",
            name=name,
            output_format="w3c",
            delivery_destination_configuration=[
                CloudwatchLogDeliveryDestinationDeliveryDestinationConfiguration(
                    destination_resource_arn=log_bucket_arn
                )
            ],
            provider=provider,
        )
        CloudwatchLogDelivery(
            self,
            "delivery",
            delivery_source_name=source.name,
            delivery_destination_arn=destination.arn,
            provider=provider,
        )
