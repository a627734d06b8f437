"""The alarm on a regional endpoint: it lives in the endpoint's own region, because its metrics do."""

from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.monitoring.alarm_names import AlarmKind, alarm_name
from constructs_lib.monitoring.metric_alarm import Condition, MetricAlarm, Missing, Notice
from constructs_lib.monitoring.metrics import http_api
from constructs_lib.site_file import SiteFile

_ERRORS = 5


class EndpointAlarm(Construct):
    """5xx of the HTTP API. A function that fails, times out or is throttled is a 5xx of its API as well.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

    Attributes:
        all: the alarm.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        site: SiteFile,
        region: str,
        api_id: str,
        topic_arn: str,
        provider: AwsProvider,
    ) -> None:
        super().__init__(scope, id_)
        self.all = [
            MetricAlarm(
                self,
                "errors",
                notice=Notice(
                    name=alarm_name(site, AlarmKind.ENDPOINT_ERRORS, region),
                    description=f"The regional endpoint in {region} answered {_ERRORS} or more requests with 5xx in a minute.",
                    topic_arn=topic_arn,
                ),
                condition=Condition(
                    comparison="GreaterThanOrEqualToThreshold",
                    threshold=_ERRORS,
                    periods=1,
                    missing=Missing.IS_FINE,  # a standby is not asked for weeks
                ),
                metrics={"errors": http_api(api_id, "5xx", "Sum")},
                provider=provider,
            )
        ]
