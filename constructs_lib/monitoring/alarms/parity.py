"""Alarms on what the parity check of one region says, and on its silence, for sites with `features.parity`."""

from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.monitoring.alarms.metric_alarm import Condition, MetricAlarm, Missing, Notice
from constructs_lib.monitoring.alarms.metrics import missing_objects
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name
from constructs_lib.site_file.models import SiteFile

# The schedule is hourly; an hour may be left out when two runs straddle it.
_SILENT_HOURS = 2


class ParityAlarms(Construct):
    """The region lacked objects at the last comparison; no comparison for hours.

    Attributes:
        all: both alarms.
    """

    def __init__(
        self, scope: Construct, id_: str, *, site: SiteFile, region: str, topic_arn: str, provider: AwsProvider
    ) -> None:
        super().__init__(scope, id_)
        hostname = site.site.hostname
        self.all = [
            MetricAlarm(
                self,
                "lost",
                notice=Notice(
                    name=alarm_name(site, AlarmKind.PARITY_LOST, region),
                    description=f"{region} lacked objects of its releases when they were last compared.",
                    topic_arn=topic_arn,
                ),
                condition=Condition(
                    comparison="GreaterThanOrEqualToThreshold",
                    threshold=1,
                    periods=1,
                    missing=Missing.CHANGES_NOTHING,  # what a comparison found holds until the next one
                ),
                metrics={"missing": missing_objects(hostname, region, "Maximum")},
                provider=provider,
            ),
            MetricAlarm(
                self,
                "unchecked",
                notice=Notice(
                    name=alarm_name(site, AlarmKind.PARITY_UNCHECKED, region),
                    description=f"No comparison of {region} with its releases succeeded for {_SILENT_HOURS} hours.",
                    topic_arn=topic_arn,
                ),
                # A sample count is never 0: without samples there is no data. That tells of itself, but not before the first run.
                condition=Condition(
                    comparison="LessThanThreshold",
                    threshold=1,
                    periods=_SILENT_HOURS,
                    missing=Missing.IS_AN_ALARM_OF_ITS_OWN,
                ),
                metrics={"checks": missing_objects(hostname, region, "SampleCount", period_seconds=3600)},
                provider=provider,
            ),
        ]
