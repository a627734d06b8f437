"""A prober in a region that does not serve: it looks at the site as visitors there do, and tells that region's CloudWatch.

Every other check is Route 53's, which validates no certificate and reads no page, or lies in a region that may be the ill one.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
from constructs import Construct

from constructs_lib.monitoring import policies
from constructs_lib.monitoring.alarms.metric_alarm import Condition, MetricAlarm, Missing, Notice
from constructs_lib.monitoring.alarms.metrics import PROBER_NAMESPACE, prober
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name
from constructs_lib.monitoring.alerting import Place
from constructs_lib.monitoring.small_function import FUNCTION_SKIPS, Capacity, SmallFunction
from constructs_lib.site_file.models import Entry, SiteFile

_CODE = Path(__file__).parents[1] / "functions" / "site_prober"
# Page views take 10 s at most, two of them one after the other at the pool's end; the calls to CloudWatch 16 s.
_TIMEOUT_SECONDS = 50
# TLS to a dozen names in eight threads; a share of a processor comes with the memory.
_MEMORY_MEGABYTES = 256
_ALARM_PERIOD_SECONDS = 300
_FAILED_SHARE = 0.5
_SKIPS = {
    **FUNCTION_SKIPS,
    "CKV_AWS_50": "X-Ray costs 5.00 USD per million traces; the function logs what it found and publishes how long it took.",
    "CKV_AWS_115": "Reserved concurrency is taken from the account's pool, which new accounts have 10 of, and the apply would "
    "fail there. The schedule of a minute bounds the calls.",
    "CKV_AWS_116": "The next run, a minute later, looks anew; an alarm tells when none does.",
    "CKV_AWS_117": "It asks the site's public names as visitors do. In a VPC it would need a NAT gateway, paid by the hour.",
}


class OutsideProber(Construct):
    """The function, woken every minute.

    Attributes:
        function_name: its name.
    """

    def __init__(
        self, scope: Construct, id_: str, *, site: SiteFile, place: Place, endpoints: Mapping[str, str]
    ) -> None:
        """Adds it.

        Args:
            scope: parent.
            id_: construct id.
            site: the site.
            place: where it looks from.
            endpoints: region -> name that alias records to its regional endpoint point at.
        """
        super().__init__(scope, id_)
        names = [region.name for region in site.region]
        by_role = [site.primary.name, *(name for name in names if name != site.primary.name)]
        function = SmallFunction(
            self,
            "function",
            name=f"{site.prefix}-prober-{place.region}",
            code=_CODE,
            environment={
                "HOSTNAME": site.site.hostname,
                "REGIONS": json.dumps(by_role),
                "ENDPOINTS": json.dumps(endpoints),
                "HAS_PATH_OBJECT": json.dumps(site.routing.entry is Entry.CLOUDFRONT),
                "NAMESPACE": PROBER_NAMESPACE,
            },
            statements=policies.outside_prober(namespace=PROBER_NAMESPACE),
            timeout_seconds=_TIMEOUT_SECONDS,
            capacity=Capacity(memory_megabytes=_MEMORY_MEGABYTES, skips=_SKIPS),
            provider=place.provider,
        )
        self.function_name = function.name
        rule = CloudwatchEventRule(
            self,
            "schedule",
            name=f"{site.prefix}-prober",
            description=f"Looks at {site.site.hostname} from {place.region}",
            schedule_expression="rate(1 minute)",
            provider=place.provider,
        )
        CloudwatchEventTarget(self, "target", rule=rule.name, arn=function.arn, provider=place.provider)
        function.allow_invocation("from_schedule", service="events.amazonaws.com", source_arn=rule.arn)


def prober_alarm(scope: Construct, id_: str, *, site: SiteFile, place: Place, topic_arn: str) -> MetricAlarm:
    """Adds the alarm on the share of page views that failed as seen from a region."""
    return MetricAlarm(
        scope,
        id_,
        notice=Notice(
            name=alarm_name(site, AlarmKind.PROBER, place.region),
            description=f"Half or more of the page views from {place.region} failed for {_ALARM_PERIOD_SECONDS // 60} minutes.",
            topic_arn=topic_arn,
        ),
        # One view a run, which is bad (1) or not (0): the average is the share.
        condition=Condition(
            comparison="GreaterThanOrEqualToThreshold",
            threshold=_FAILED_SHARE,
            periods=1,
            missing=Missing.IS_AN_ALARM_OF_ITS_OWN,  # a prober that does not run is told as well
        ),
        metrics={
            "bad": prober(
                site.site.hostname, place.region, "BadAnswers", "Average", period_seconds=_ALARM_PERIOD_SECONDS
            )
        },
        provider=place.provider,
    )
