"""Alarms on the path check, the region checks and those of external endpoints.

They read us-east-1, the only region that has Route 53's metrics.
"""

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.monitoring.alarms.detection import periods_until_detected
from constructs_lib.monitoring.alarms.metric_alarm import Condition, MetricAlarm, Missing, Notice
from constructs_lib.monitoring.alarms.metrics import health_check_status
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name
from constructs_lib.site_file.models import SiteFile

# The checks have their own threshold (failures in a row, 18% of the checkers); a second one here would only delay.
_UNHEALTHY = Condition(comparison="LessThanThreshold", threshold=1, periods=1, missing=Missing.IS_AN_ALARM_OF_ITS_OWN)


class HealthAlarms(Construct):
    """Which layer is unhealthy: one alarm for one cause.

    Behind CloudFront the region checks go through it too, and an outage of CloudFront is the path alarm's to tell. So a region's
    alarm is on while the path check is healthy: exactly when the origin group covers. It waits for the slower of the two checks
    in both directions, or the minute between them would be told as another cause.

    Counts as `1 + 2 * regions` alarm metrics, without CloudFront as `regions` and one for each address of an external endpoint:
    an expression is billed by its metrics (https://aws.amazon.com/cloudwatch/pricing/).

    Attributes:
        path: alarm on the path check: layer 3 (DNS) takes over; None without CloudFront, as there is no such check.
        regions: region -> alarm on its region check.
        all: every alarm of this construct.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        site: SiteFile,
        path_check_id: str | None,
        region_check_ids: Mapping[str, str],
        external_check_ids: Mapping[str, str],
        topic_arn: str,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        self._site = site
        self._topic_arn = topic_arn
        self._provider = provider
        self.regions = {
            region: self._add_region(region, id_, path_check_id) for region, id_ in region_check_ids.items()
        }
        self.path = None if path_check_id is None else self._add_path(path_check_id)
        self.all = [*self.regions.values(), *(self._add_external(*each) for each in external_check_ids.items())]
        if self.path is not None:
            self.all.append(self.path)

    def _add_path(self, path_check_id: str) -> MetricAlarm:
        return MetricAlarm(
            self,
            "path",
            notice=self._notice(
                AlarmKind.PATH, "The CloudFront path does not serve; Route 53 answers with the regional endpoint."
            ),
            condition=_UNHEALTHY,
            metrics={"path": health_check_status(path_check_id)},
            provider=self._provider,
        )

    def _add_region(self, region: str, check_id: str, path_check_id: str | None) -> MetricAlarm:
        notice = self._notice(AlarmKind.REGION, f"The bucket of {region} does not answer its region check.", region)
        status = health_check_status(check_id)
        if path_check_id is None:
            return MetricAlarm(
                self,
                f"region_{region}",
                notice=notice,
                condition=_UNHEALTHY,
                metrics={"region": status},
                provider=self._provider,
            )
        return MetricAlarm(
            self,
            f"region_{region}",
            notice=notice,
            condition=Condition(
                comparison="GreaterThanOrEqualToThreshold",
                threshold=1,
                periods=periods_until_detected(self._site.health_check),
                missing=Missing.IS_AN_ALARM_OF_ITS_OWN,
            ),
            metrics={"path": health_check_status(path_check_id), "region": status},
            expression="path * (1 - region)",
            provider=self._provider,
        )

    def _add_external(self, name: str, check_id: str) -> MetricAlarm:
        return MetricAlarm(
            self,
            f"external_{name}",
            notice=self._notice(AlarmKind.EXTERNAL, f"The external endpoint {name} does not answer its check.", name),
            condition=_UNHEALTHY,
            metrics={"endpoint": health_check_status(check_id)},
            provider=self._provider,
        )

    def _notice(self, kind: AlarmKind, description: str, region: str | None = None) -> Notice:
        return Notice(name=alarm_name(self._site, kind, region), description=description, topic_arn=self._topic_arn)
