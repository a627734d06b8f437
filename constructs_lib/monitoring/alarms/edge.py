"""Alarms on what viewers get from the distribution that holds the public name. CloudFront's metrics are in us-east-1."""

from cdktf_cdktf_provider_aws.cloudfront_monitoring_subscription import (
    CloudfrontMonitoringSubscription,
    CloudfrontMonitoringSubscriptionMonitoringSubscription,
    CloudfrontMonitoringSubscriptionMonitoringSubscriptionRealtimeMetricsSubscriptionConfig,
)
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.monitoring.alarms.detection import periods_until_detected
from constructs_lib.monitoring.alarms.metric_alarm import Condition, MetricAlarm, Missing, Notice
from constructs_lib.monitoring.alarms.metrics import distribution, health_check_status
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name
from constructs_lib.site_file.models import SiteFile

_ERROR_RATE_PERCENT = 5
# The router lowers the primary's read timeout to 4 s (docs/ARCHITECTURE.md): slower than half of it is an unhealthy origin.
_LATENCY_MILLISECONDS = 2000


class EdgeAlarms(Construct):
    """The viewers' 5xx rate, and with `features.origin_latency` how long the origins take.

    The probes of the primary's region check are requests of the same distribution, and while the primary is unhealthy each of
    them is a 5xx that no viewer sees: more than viewers send on a quiet site. So the rate counts while path check and region
    check are healthy; else the alarms on the checks have the word.

    Attributes:
        all: every alarm of this construct.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        site: SiteFile,
        distribution_id: str,
        path_check_id: str,
        region_check_id: str,
        topic_arn: str,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        periods = periods_until_detected(site.health_check)
        self.all = [
            MetricAlarm(
                self,
                "errors",
                notice=Notice(
                    name=alarm_name(site, AlarmKind.EDGE_ERRORS),
                    description=f"At least {_ERROR_RATE_PERCENT}% of the viewers' requests got a 5xx for {periods} minutes.",
                    topic_arn=topic_arn,
                ),
                condition=Condition(
                    comparison="GreaterThanOrEqualToThreshold",
                    threshold=_ERROR_RATE_PERCENT,
                    periods=periods,
                    missing=Missing.IS_FINE,  # CloudFront has no rate without requests
                ),
                metrics={
                    "errors": distribution(distribution_id, "5xxErrorRate", "Average"),
                    "path": health_check_status(path_check_id),
                    "region": health_check_status(region_check_id),
                },
                expression="errors * path * region",
                provider=provider,
            )
        ]
        if site.features.origin_latency:
            self.all.append(self._add_latency(site, distribution_id, topic_arn, provider))

    def _add_latency(self, site: SiteFile, distribution_id: str, topic_arn: str, provider: AwsProvider) -> MetricAlarm:
        CloudfrontMonitoringSubscription(
            self,
            "additional_metrics",
            distribution_id=distribution_id,
            monitoring_subscription=CloudfrontMonitoringSubscriptionMonitoringSubscription(
                realtime_metrics_subscription_config=CloudfrontMonitoringSubscriptionMonitoringSubscriptionRealtimeMetricsSubscriptionConfig(
                    realtime_metrics_subscription_status="Enabled"
                )
            ),
            provider=provider,
        )
        return MetricAlarm(
            self,
            "latency",
            notice=Notice(
                name=alarm_name(site, AlarmKind.ORIGIN_LATENCY),
                description=f"Cache misses waited {_LATENCY_MILLISECONDS} ms for an origin on average, for 5 minutes.",
                topic_arn=topic_arn,
            ),
            condition=Condition(
                comparison="GreaterThanOrEqualToThreshold",
                threshold=_LATENCY_MILLISECONDS,
                periods=5,
                missing=Missing.IS_FINE,  # a minute in which every request was a hit asks no origin
            ),
            metrics={"latency": distribution(distribution_id, "OriginLatency", "Average")},
            provider=provider,
        )
