"""The composite alarm of sites with `features.composite_alarms`: one answer instead of several alarms to put together."""

from cdktf_cdktf_provider_aws.cloudwatch_composite_alarm import CloudwatchCompositeAlarm
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.monitoring.alarms.health import HealthAlarms
from constructs_lib.monitoring.alarms.metric_alarm import Notice
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name
from constructs_lib.site_file.models import SiteFile


class CompositeAlarms(Construct):
    """The alarm "serving from the secondary": 0.50 USD a month, outside the free alarms.

    For machines, which get its state in one word; people are told of the alarm that it repeats.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html

    Attributes:
        all: the alarm.
    """

    def __init__(
        self, scope: Construct, id_: str, *, site: SiteFile, health: HealthAlarms, topic_arn: str, provider: AwsProvider
    ) -> None:
        super().__init__(scope, id_)
        regions = {region: f"ALARM({_quoted(alarm.name)})" for region, alarm in health.regions.items()}
        primary = regions[site.primary.name]
        others = " AND ".join(claim for region, claim in regions.items() if region != site.primary.name)
        serving = Notice(
            name=alarm_name(site, AlarmKind.SERVING_FROM_SECONDARY),
            description="Layer 1 (origin group) or layer 3 (DNS) serves users from the secondary region.",
            topic_arn=topic_arn,
        )
        path = "" if health.path is None else f" OR ALARM({_quoted(health.path.name)})"
        # Not while every region check fails: then nothing says that the secondary serves.
        rule = f"({primary}{path}) AND NOT ({others})"
        self.all = [CompositeAlarm(self, "serving_from_secondary", notice=serving, rule=rule, provider=provider)]


class CompositeAlarm(Construct):
    """An alarm on a rule over other alarms.

    Attributes:
        arn: its ARN.
        name: its name.
    """

    def __init__(self, scope: Construct, id_: str, *, notice: Notice, rule: str, provider: AwsProvider) -> None:
        super().__init__(scope, id_)
        alarm = CloudwatchCompositeAlarm(
            self,
            "alarm",
            alarm_name=notice.name,
            alarm_description=notice.description,
            alarm_rule=rule,
            alarm_actions=[notice.topic_arn],
            ok_actions=[notice.topic_arn],
            provider=provider,
        )
        self.arn = alarm.arn
        self.name = alarm.alarm_name


def _quoted(name: str) -> str:
    """Returns an alarm's name as rules take it; it may hold characters that end a bare name."""
    return f'"{name}"'
