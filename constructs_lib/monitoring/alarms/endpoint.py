"""The alarm on a regional endpoint: it lives in the endpoint's own region, because its metrics do."""

from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct

from constructs_lib.monitoring.alarms.metric_alarm import Condition, MetricAlarm, Missing, Notice
from constructs_lib.monitoring.alarms.metrics import http_api
from constructs_lib.monitoring.alarms.names import AlarmKind, alarm_name
from constructs_lib.site_file.models import SiteFile

_ERRORS = 5


class EndpointAlarms(Construct):
    """5xx of the HTTP API. A function that fails or takes too long is one of them, so it has no alarm of its own.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

    Attributes:
        all: the alarm.
        errors_arn: its ARN.
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
        errors = MetricAlarm(
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
        self.all = [errors]
        self.errors_arn = errors.arn
