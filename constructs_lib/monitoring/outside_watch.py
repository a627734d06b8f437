"""An alarm about us-east-1 that does not live in us-east-1.

Every alarm on Route 53 and CloudFront must live there, because their metrics do; when that region is silent, so are they. So a
function in another region asks us-east-1 every five minutes whether the alarms are still there. Its failures are a metric of its
own region, at no charge. It asks nothing else: that region's S3 has a region check, and its outage is no silence of alarms.
"""

from pathlib import Path

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
from constructs import Construct

from constructs_lib import naming
from constructs_lib.monitoring import policies
from constructs_lib.monitoring.alarms.metric_alarm import Condition, MetricAlarm, Missing, Notice
from constructs_lib.monitoring.alarms.metrics import function
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name, alarm_prefix
from constructs_lib.monitoring.alerting import Place
from constructs_lib.monitoring.small_function import SmallFunction
from constructs_lib.site_file.models import SiteFile

_CODE = Path(__file__).parents[1] / "functions" / "outside_watch"
_INTERVAL_MINUTES = 5
# A call of at most two attempts, each 3 s to connect and 5 s to read.
_TIMEOUT_SECONDS = 20
# One failed run is a lost packet; two in a row are ten minutes of silence.
_FAILED_RUNS = 2


class OutsideWatch(Construct):
    """Watches us-east-1 from `place`, which is another region.

    Attributes:
        all: the alarm, in `place`.
    """

    def __init__(self, scope: Construct, id_: str, *, site: SiteFile, place: Place, topic_arn: str) -> None:
        super().__init__(scope, id_)
        watcher = SmallFunction(
            self,
            "watcher",
            name=f"{site.prefix}-watch-{place.region}",
            code=_CODE,
            environment={
                "ALARM_PREFIX": alarm_prefix(site),
                "WATCHED_REGION": naming.GLOBAL_REGION,
            },
            statements=policies.outside_watch(
                alarms_arn=f"arn:aws:cloudwatch:{naming.GLOBAL_REGION}:{place.account_id}:alarm:*"
            ),
            timeout_seconds=_TIMEOUT_SECONDS,
            provider=place.provider,
        )
        self._schedule(site, place, watcher)
        self.all = [
            MetricAlarm(
                self,
                "silent",
                notice=Notice(
                    name=alarm_name(site, AlarmKind.GLOBAL_REGION_SILENT),
                    description=f"{naming.GLOBAL_REGION} did not answer {place.region} for {_FAILED_RUNS * _INTERVAL_MINUTES} "
                    "minutes: alarms on Route 53 and CloudFront may be silent.",
                    topic_arn=topic_arn,
                ),
                condition=Condition(
                    comparison="GreaterThanOrEqualToThreshold",
                    threshold=1,
                    periods=_FAILED_RUNS,
                    missing=Missing.IS_AN_ALARM_OF_ITS_OWN,  # a watcher that does not run is told as well
                ),
                metrics={"errors": function(watcher.name, "Errors", "Sum", period_seconds=60 * _INTERVAL_MINUTES)},
                provider=place.provider,
            )
        ]

    def _schedule(self, site: SiteFile, place: Place, watcher: SmallFunction) -> None:
        rule = CloudwatchEventRule(
            self,
            "schedule",
            name=f"{site.prefix}-watch",
            description=f"Asks {naming.GLOBAL_REGION} whether it is there",
            schedule_expression=f"rate({_INTERVAL_MINUTES} minutes)",
            provider=place.provider,
        )
        CloudwatchEventTarget(self, "target", rule=rule.name, arn=watcher.arn, provider=place.provider)
        watcher.allow_invocation("from_schedule", service="events.amazonaws.com", source_arn=rule.arn)
