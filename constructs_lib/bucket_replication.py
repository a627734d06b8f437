"""Replication of releases from one region's bucket to the others'; one construct per source."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.s3_bucket_replication_configuration import (
    S3BucketReplicationConfigurationA,
    S3BucketReplicationConfigurationRule,
    S3BucketReplicationConfigurationRuleDeleteMarkerReplication,
    S3BucketReplicationConfigurationRuleDestination,
    S3BucketReplicationConfigurationRuleDestinationMetrics,
    S3BucketReplicationConfigurationRuleFilter,
)
from constructs import Construct

from constructs_lib import naming, policies


class BucketReplication(Construct):
    """Copies releases, with their delete markers, from the source to every destination.

    It is the safety net behind a publisher that writes both regions itself: it catches up a region that was away. Health
    and control objects differ per region and are outside the filter. `has_metrics` publishes the backlog and the latency to
    CloudWatch, at the price of custom metrics.

    Attributes:
        role_arn: ARN of the role that copies; a destination of another account must allow it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        role_name: str,
        source_name: str,
        source_arn: str,
        destination_arns: Sequence[str],
        has_metrics: bool = False,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        role = IamRole(
            self,
            "role",
            name=role_name,
            assume_role_policy=policies.to_json(policies.assume_role("s3.amazonaws.com")),
            provider=provider,
        )
        policy = IamRolePolicy(
            self,
            "policy",
            role=role.id,
            policy=policies.to_json(policies.replication(source_arn, destination_arns)),
            provider=provider,
        )
        self.role_arn = role.arn
        S3BucketReplicationConfigurationA(
            self,
            "configuration",
            bucket=source_name,
            role=role.arn,
            rule=[_rule(number, arn, has_metrics) for number, arn in enumerate(destination_arns, start=1)],
            depends_on=[policy],
            provider=provider,
        )


def _rule(number: int, destination_arn: str, has_metrics: bool) -> S3BucketReplicationConfigurationRule:
    """One rule a destination; the priorities of one configuration must differ.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
    """
    return S3BucketReplicationConfigurationRule(
        id=naming.replication_rule_id(number),
        status="Enabled",
        priority=number,
        filter=S3BucketReplicationConfigurationRuleFilter(prefix=naming.RELEASES_PREFIX),
        # Required with a filter; without it a pruned release would live on in the other region.
        delete_marker_replication=S3BucketReplicationConfigurationRuleDeleteMarkerReplication(status="Enabled"),
        destination=S3BucketReplicationConfigurationRuleDestination(
            bucket=destination_arn,
            metrics=S3BucketReplicationConfigurationRuleDestinationMetrics(status="Enabled") if has_metrics else None,
        ),
    )
