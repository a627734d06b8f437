"""Alarms on one direction of replication, for sites with `features.replication_metrics` or `features.rtc`."""

from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.monitoring.alarms.metric_alarm import Condition, MetricAlarm, Missing, Notice
from constructs_lib.monitoring.alarms.metrics import replication
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name
from constructs_lib.site_file.models import SiteFile

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html
_TIME_CONTROL_SECONDS = 900
# A release is tens of megabytes and is published to both regions anyway; a backlog that stays is what matters.
_BACKLOG_BYTES = 1_000_000
_BACKLOG_PERIODS = 3


class ReplicationAlarms(Construct):
    """A backlog that does not shrink, and a latency above `objectives.rpo_seconds`, or above what time control promises.

    S3 publishes both in the destination's region (https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html), so
    topic and provider are that region's: in the source's the alarms would never see a sample.

    Attributes:
        all: both alarms.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        site: SiteFile,
        source_region: str,
        destination_region: str,
        source_bucket: str,
        destination_bucket: str,
        rule_id: str,
        topic_arn: str,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        # S3 delivers on a best-effort basis, and asks for this treatment of gaps:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html#s3-cloudwatch-replication-metrics
        missing = Missing.CHANGES_NOTHING
        backlog = Condition(
            comparison="GreaterThanThreshold",
            threshold=_BACKLOG_BYTES,
            periods=_BACKLOG_PERIODS,
            missing=missing,
        )
        rpo = site.objectives.rpo_seconds
        longest_seconds = min(rpo, _TIME_CONTROL_SECONDS) if site.features.rtc else rpo
        whose = "the objective" if longest_seconds == rpo else "which Replication Time Control promises"
        latency = Condition(
            comparison="GreaterThanThreshold",
            threshold=longest_seconds,
            periods=1,
            missing=missing,
        )
        self.all = [
            MetricAlarm(
                self,
                id_,
                notice=Notice(
                    name=alarm_name(site, kind, f"{source_region}-to-{destination_region}"),
                    description=text,
                    topic_arn=topic_arn,
                ),
                condition=condition,
                metrics={"replication": replication(source_bucket, destination_bucket, rule_id, metric)},
                provider=provider,
            )
            for id_, kind, metric, condition, text in (
                (
                    "backlog",
                    AlarmKind.REPLICATION_BACKLOG,
                    "BytesPendingReplication",
                    backlog,
                    f"More than {_BACKLOG_BYTES} bytes of {source_region} have waited for replication for 15 minutes.",
                ),
                (
                    "latency",
                    AlarmKind.REPLICATION_LATENCY,
                    "ReplicationLatency",
                    latency,
                    f"Replication from {source_region} is later than {longest_seconds} s, {whose}.",
                ),
            )
        ]
