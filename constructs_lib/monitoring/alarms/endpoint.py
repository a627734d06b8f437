"""Alarms on a regional endpoint: they live in the endpoint's own region, because its metrics do."""

from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.monitoring.alarms.metric_alarm import Condition, MetricAlarm, Missing, Notice
from constructs_lib.monitoring.alarms.metrics import function, http_api
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name
from constructs_lib.site_file.models import SiteFile

_ERRORS = 5


class EndpointAlarms(Construct):
    """5xx of the HTTP API, and errors of the function behind it, which name the culprit.

    Attributes:
        all: both alarms.
        errors_arn: ARN of the one on 5xx.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        site: SiteFile,
        region: str,
        api_id: str,
        function_name: str,
        topic_arn: str,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        condition = Condition(
            comparison="GreaterThanOrEqualToThreshold",
            threshold=_ERRORS,
            periods=1,
            missing=Missing.IS_FINE,  # a standby is not asked for weeks
        )
        self.all = [
            MetricAlarm(
                self,
                id_,
                notice=Notice(name=alarm_name(site, kind, region), description=text, topic_arn=topic_arn),
                condition=condition,
                metrics={"errors": metric},
                provider=provider,
            )
            for id_, kind, metric, text in (
                (
                    "errors",
                    AlarmKind.ENDPOINT_ERRORS,
                    http_api(api_id, "5xx", "Sum"),
                    f"The regional endpoint in {region} answered {_ERRORS} or more requests with 5xx in a minute.",
                ),
                (
                    "function_errors",
                    AlarmKind.FUNCTION_ERRORS,
                    function(function_name, "Errors", "Sum"),
                    f"The function behind the regional endpoint in {region} failed {_ERRORS} or more times in a minute.",
                ),
            )
        ]
        self.errors_arn = self.all[0].arn
