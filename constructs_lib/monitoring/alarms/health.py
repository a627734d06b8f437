"""Alarms on the path check, the region checks and those of external endpoints.

They read us-east-1, the only region that has Route 53's metrics.
"""

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.monitoring.alarms.metric_alarm import Condition, MetricAlarm, Missing, Notice
from constructs_lib.monitoring.alarms.metrics import health_check_status
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name
from constructs_lib.site_file.models import SiteFile

# The checks have their own threshold (failures in a row, 18% of the checkers); a second one here would only delay.
_UNHEALTHY = Condition(comparison="LessThanThreshold", threshold=1, periods=1, missing=Missing.IS_AN_ALARM_OF_ITS_OWN)
# The result of the expression below is 1 or 0. That an input is missing is told by the alarm on its own check.
_IS_TRUE = Condition(comparison="GreaterThanOrEqualToThreshold", threshold=1, periods=1, missing=Missing.IS_FINE)


class HealthAlarms(Construct):
    """Which layer is unhealthy, and which one covers.

    Counts as `3 + regions` alarm metrics, without CloudFront as `regions` and one for each address of an external endpoint: an
    expression is billed by its metrics (https://aws.amazon.com/cloudwatch/pricing/).

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
        self._regions = {region: health_check_status(check_id) for region, check_id in region_check_ids.items()}
        self.regions = {region: self._add_region(region) for region in region_check_ids}
        self.path = None if path_check_id is None else self._add_path(path_check_id)
        self.all = [*self.regions.values(), *(self._add_external(*each) for each in external_check_ids.items())]
        if path_check_id is not None and self.path is not None:
            self.all += [self.path, self._add_covering(path_check_id)]

    def _add_path(self, path_check_id: str) -> MetricAlarm:
        return MetricAlarm(
            self,
            "path",
            notice=self._notice(
                AlarmKind.PATH, "The CloudFront path serves nobody; Route 53 answers with the regional endpoint."
            ),
            condition=_UNHEALTHY,
            metrics={"path": health_check_status(path_check_id)},
            provider=self._provider,
        )

    def _add_region(self, region: str) -> MetricAlarm:
        return MetricAlarm(
            self,
            f"region_{region}",
            notice=self._notice(AlarmKind.REGION, f"The bucket of {region} does not answer its region check.", region),
            condition=_UNHEALTHY,
            metrics={"region": self._regions[region]},
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

    def _add_covering(self, path_check_id: str) -> MetricAlarm:
        """Fires while users still get 200s: the primary's bucket is unhealthy and the origin group asks the other one."""
        return MetricAlarm(
            self,
            "origin_group_covers",
            notice=self._notice(
                AlarmKind.ORIGIN_GROUP_COVERS,
                f"Users get 200 although {self._site.primary.name} is ill: the origin group covers.",
            ),
            condition=_IS_TRUE,
            metrics={"path": health_check_status(path_check_id), "region": self._regions[self._site.primary.name]},
            expression="path * (1 - region)",
            provider=self._provider,
        )

    def _notice(self, kind: AlarmKind, description: str, region: str | None = None) -> Notice:
        return Notice(name=alarm_name(self._site, kind, region), description=description, topic_arn=self._topic_arn)
