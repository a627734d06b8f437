"""Replication of releases from one region's bucket to the others'; one construct per source, and the role that copies."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.s3_bucket_replication_configuration import (
    S3BucketReplicationConfigurationA,
    S3BucketReplicationConfigurationRule,
    S3BucketReplicationConfigurationRuleDeleteMarkerReplication,
    S3BucketReplicationConfigurationRuleDestination,
    S3BucketReplicationConfigurationRuleDestinationEncryptionConfiguration,
    S3BucketReplicationConfigurationRuleDestinationMetrics,
    S3BucketReplicationConfigurationRuleDestinationMetricsEventThreshold,
    S3BucketReplicationConfigurationRuleDestinationReplicationTime,
    S3BucketReplicationConfigurationRuleDestinationReplicationTimeTime,
    S3BucketReplicationConfigurationRuleFilter,
    S3BucketReplicationConfigurationRuleSourceSelectionCriteria,
    S3BucketReplicationConfigurationRuleSourceSelectionCriteriaSseKmsEncryptedObjects,
)
from constructs import Construct

from constructs_lib import naming, policies

# The only time that S3 takes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html
TIME_CONTROL_MINUTES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A bucket that gets the copies; `kms_key_arn` is the key of its region that encrypts them, None: S3's own."""

    bucket_arn: str
    kms_key_arn: str | None = None


class ReplicationRole(Construct):
    """The role that copies from one bucket; what it may do comes with BucketReplication.

    Apart from it, because a destination of another account names the role in its policy, and S3 refuses a policy that names a
    role which is not there: the role is made before any destination's policy.

    Attributes:
        arn: ARN of the role.
        id: its id.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, provider: AwsProvider) -> None:
        super().__init__(scope, id_)
        role = IamRole(
            self,
            "role",
            name=name,
            assume_role_policy=policies.to_json(policies.assume_role("s3.amazonaws.com")),
            provider=provider,
        )
        self.arn = role.arn
        self.id = role.id


class BucketReplication(Construct):
    """Copies releases, without their deletions, from the source to every destination.

    It is the safety net behind a publisher that writes both regions itself: it catches up a region that was away. Releases are
    immutable and `failover prune` deletes in each region by itself, so a deletion that comes another way, such as `aws s3 rm`,
    is a mistake, and must not become one in both regions within seconds. Health
    and control objects differ per region and are outside the filter. `has_metrics` publishes the backlog and the latency to
    CloudWatch, at the price of custom metrics. `has_time_control` is S3 Replication Time Control: 99.99% of the objects within
    15 minutes, delete markers outside of it; it brings the metrics.

    Attributes:
        configuration: the resource, on which a stack that holds the source bucket too waives FW213, with its reason.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        role: ReplicationRole,
        source_name: str,
        source_arn: str,
        destinations: Sequence[Destination],
        has_metrics: bool = False,
        has_time_control: bool = False,
        depends_on: Sequence[ITerraformDependable] = (),
        provider: AwsProvider,
    ) -> None:
        """`depends_on`: the buckets' versioning, where it is made in the same stack; S3 refuses replication without it."""
        super().__init__(scope, id_)
        policy = IamRolePolicy(
            self,
            "policy",
            role=role.id,
            policy=policies.to_json(policies.replication(source_arn, [each.bucket_arn for each in destinations])),
            provider=provider,
        )
        self.configuration = S3BucketReplicationConfigurationA(
            self,
            "configuration",
            bucket=source_name,
            role=role.arn,
            rule=[
                _rule(number, destination, has_metrics=has_metrics, has_time_control=has_time_control)
                for number, destination in enumerate(destinations, start=1)
            ],
            depends_on=[policy, *depends_on],
            provider=provider,
        )


def _rule(
    number: int, destination: Destination, *, has_metrics: bool, has_time_control: bool
) -> S3BucketReplicationConfigurationRule:
    """One rule a destination; the priorities of one configuration must differ.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
    """
    return S3BucketReplicationConfigurationRule(
        id=naming.replication_rule_id(number),
        status="Enabled",
        priority=number,
        filter=S3BucketReplicationConfigurationRuleFilter(prefix=naming.RELEASES_PREFIX),
        # Required with a filter.
        delete_marker_replication=S3BucketReplicationConfigurationRuleDeleteMarkerReplication(status="Disabled"),
        source_selection_criteria=None if destination.kms_key_arn is None else _encrypted_objects(),
        destination=S3BucketReplicationConfigurationRuleDestination(
            bucket=destination.bucket_arn,
            encryption_configuration=None
            if destination.kms_key_arn is None
            else S3BucketReplicationConfigurationRuleDestinationEncryptionConfiguration(
                replica_kms_key_id=destination.kms_key_arn
            ),
            metrics=_metrics(has_time_control=has_time_control) if has_metrics or has_time_control else None,
            replication_time=_time_control() if has_time_control else None,
        ),
    )


def _encrypted_objects() -> S3BucketReplicationConfigurationRuleSourceSelectionCriteria:
    """Without it S3 leaves objects under a KMS key out.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
    """
    return S3BucketReplicationConfigurationRuleSourceSelectionCriteria(
        sse_kms_encrypted_objects=S3BucketReplicationConfigurationRuleSourceSelectionCriteriaSseKmsEncryptedObjects(
            status="Enabled"
        )
    )


def _metrics(*, has_time_control: bool) -> S3BucketReplicationConfigurationRuleDestinationMetrics:
    """Returns the metrics; with time control also the threshold of its events, which S3 then asks for.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Metrics.html
    """
    return S3BucketReplicationConfigurationRuleDestinationMetrics(
        status="Enabled",
        event_threshold=S3BucketReplicationConfigurationRuleDestinationMetricsEventThreshold(
            minutes=TIME_CONTROL_MINUTES
        )
        if has_time_control
        else None,
    )


def _time_control() -> S3BucketReplicationConfigurationRuleDestinationReplicationTime:
    return S3BucketReplicationConfigurationRuleDestinationReplicationTime(
        status="Enabled",
        time=S3BucketReplicationConfigurationRuleDestinationReplicationTimeTime(minutes=TIME_CONTROL_MINUTES),
    )
