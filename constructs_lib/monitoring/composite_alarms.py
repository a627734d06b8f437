"""Composite alarms, for sites with `features.composite_alarms`: one answer instead of several alarms to put together."""

from cdktf_cdktf_provider_aws.cloudwatch_composite_alarm import CloudwatchCompositeAlarm
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.monitoring.alarm_names import AlarmKind, alarm_name
from constructs_lib.monitoring.health_alarms import HealthAlarms
from constructs_lib.site_file import SiteFile


class CompositeAlarms(Construct):
    """The alarms "serving from the secondary" and "both regions ill": 0.50 USD a month each, outside the free alarms.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        site: SiteFile,
        health: HealthAlarms,
        topic_arn: str,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        self._topic_arn = topic_arn
        self._provider = provider
        primary = health.regions[site.primary.name].name
        others = [alarm.name for region, alarm in health.regions.items() if region != site.primary.name]
        self._add(
            "serving_from_secondary",
            name=alarm_name(site, AlarmKind.SERVING_FROM_SECONDARY),
            description="Layer 1 (origin group) or layer 3 (DNS) serves users from the secondary region.",
            # Not while everything is ill: then nobody is served, and the other composite says so.
            rule=f"(ALARM({_quoted(primary)}) OR ALARM({_quoted(health.path.name)}))"
            f" AND NOT ({' AND '.join(f'ALARM({_quoted(name)})' for name in others)})",
        )
        self._add(
            "both_regions_ill",
            name=alarm_name(site, AlarmKind.BOTH_REGIONS_ILL),
            description="No region's bucket answers: users see what edges and browsers still hold.",
            rule=" AND ".join(f"ALARM({_quoted(alarm.name)})" for alarm in health.regions.values()),
        )

    def _add(self, id_: str, *, name: str, description: str, rule: str) -> None:
        CloudwatchCompositeAlarm(
            self,
            id_,
            alarm_name=name,
            alarm_description=description,
            alarm_rule=rule,
            alarm_actions=[self._topic_arn],
            ok_actions=[self._topic_arn],
            provider=self._provider,
        )


def _quoted(name: str) -> str:
    """Returns an alarm's name as rules take it; it may hold characters that end a bare name."""
    return f'"{name}"'
