"""A CloudWatch Synthetics canary in one region, for sites with `features.canary`."""

from pathlib import Path

from cdktf import AssetType, TerraformAsset
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
)
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.synthetics_canary import (
    SyntheticsCanary,
    SyntheticsCanaryRunConfig,
    SyntheticsCanarySchedule,
)
from constructs import Construct

from constructs_lib import naming, policies
from constructs_lib.endpoint.archive import zipped
from constructs_lib.monitoring import policies as monitoring_policies
from constructs_lib.monitoring.alarms.metric_alarm import Condition, MetricAlarm, Missing, Notice
from constructs_lib.monitoring.alarms.metrics import canary_success
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name
from constructs_lib.monitoring.alerting import Place
from constructs_lib.site_file.models import SiteFile

_CODE = Path(__file__).parents[1] / "functions" / "canary"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_Library_python_selenium.html
_RUNTIME = "syn-python-selenium-14.0"
# 1,460 runs a month at 0.0012 USD, unverified: https://aws.amazon.com/cloudwatch/pricing/
_INTERVAL_MINUTES = 30
_TIMEOUT_SECONDS = 60
_RETENTION_DAYS = 14


class SiteCanary(Construct):
    """Loads the public name from one region every half hour: 1.75 USD a month and region.

    It asks what viewers ask; a path that is pinned to one region would fail while everybody is served.

    Attributes:
        all: the alarm on its failures.
    """

    def __init__(self, scope: Construct, id_: str, *, site: SiteFile, place: Place, topic_arn: str) -> None:
        super().__init__(scope, id_)
        self._place = place
        bucket = self._add_bucket(naming.canary_bucket(site, place.region, place.account_id))
        role = self._add_role(f"{site.prefix}-canary-{place.region}", bucket)
        code = TerraformAsset(self, "code", path=str(zipped(_CODE)), type=AssetType.FILE)
        canary = SyntheticsCanary(
            self,
            "canary",
            name=f"{site.prefix}-{place.region}",
            artifact_s3_location=f"s3://{bucket.bucket}/",
            execution_role_arn=role.arn,
            handler="canary.handler",
            runtime_version=_RUNTIME,
            zip_file=code.path,
            schedule=SyntheticsCanarySchedule(expression=f"rate({_INTERVAL_MINUTES} minutes)"),
            run_config=SyntheticsCanaryRunConfig(
                timeout_in_seconds=_TIMEOUT_SECONDS,
                environment_variables={"SITE_URL": f"https://{site.site.hostname}"},
            ),
            success_retention_period=_RETENTION_DAYS,
            failure_retention_period=_RETENTION_DAYS,
            start_canary=True,
            delete_lambda=True,
            provider=place.provider,
        )
        self.all = [
            MetricAlarm(
                self,
                "failed",
                notice=Notice(
                    name=alarm_name(site, AlarmKind.CANARY, place.region),
                    description=f"The canary in {place.region} failed twice in a row.",
                    topic_arn=topic_arn,
                ),
                condition=Condition(
                    comparison="LessThanThreshold",
                    threshold=100,
                    periods=2,
                    missing=Missing.IS_AN_ALARM_OF_ITS_OWN,  # a canary that does not run is told as well
                ),
                metrics={"success": canary_success(canary.name, period_seconds=60 * _INTERVAL_MINUTES)},
                provider=place.provider,
            )
        ]

    def _add_bucket(self, name: str) -> S3Bucket:
        """Adds the bucket of the runs' artifacts. S3 encrypts every new object by itself (SSE-S3)."""
        provider = self._place.provider
        bucket = S3Bucket(self, "artifacts", bucket=name, force_destroy=True, provider=provider)
        S3BucketPublicAccessBlock(
            self,
            "artifacts_access",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            provider=provider,
        )
        S3BucketPolicy(
            self,
            "artifacts_policy",
            bucket=bucket.id,
            policy=policies.to_json(monitoring_policies.private_bucket(bucket.arn)),
            provider=provider,
        )
        S3BucketLifecycleConfiguration(
            self,
            "artifacts_lifecycle",
            bucket=bucket.id,
            rule=[
                S3BucketLifecycleConfigurationRule(
                    id="expire",
                    status="Enabled",
                    filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                    expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=_RETENTION_DAYS)],
                    abort_incomplete_multipart_upload=[
                        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(days_after_initiation=1)
                    ],
                )
            ],
            provider=provider,
        )
        return bucket

    def _add_role(self, name: str, bucket: S3Bucket) -> IamRole:
        place = self._place
        role = IamRole(
            self,
            "role",
            name=name,
            assume_role_policy=policies.to_json(policies.assume_role("lambda.amazonaws.com")),
            provider=place.provider,
        )
        logs = f"arn:aws:logs:{place.region}:{place.account_id}:log-group:/aws/lambda/cwsyn-*"
        IamRolePolicy(
            self,
            "policy",
            role=role.id,
            policy=policies.to_json(monitoring_policies.canary(artifacts_arn=bucket.arn, log_groups_arn=logs)),
            provider=place.provider,
        )
        return role
