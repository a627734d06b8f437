"""Delivery of alarms in one region: a topic that alarms publish to, a function that words them, a topic that people read.

Two topics, because e-mail subscribers would get CloudWatch's raw JSON from the first. Encryption: a CloudWatch alarm cannot
publish to a topic under the free key alias/aws/sns, only under a customer managed key at 1.00 USD a month and region
(https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns). So the alarm topic, which carries alarm names and states,
has none; the alert topic, which the function publishes to, is under alias/aws/sns.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from constructs_lib import naming, policies
from constructs_lib.checkov_skips import skip
from constructs_lib.monitoring.alarms.names import alarm_prefix
from constructs_lib.monitoring.policies import alarm_topic, alert_formatter
from constructs_lib.monitoring.small_function import SmallFunction
from constructs_lib.site_file.models import SiteFile

_CODE = Path(__file__).parents[1] / "functions" / "alert_formatter"
# The calls of SNS, SSM and Route 53, each tried twice, and the webhook's 5 s.
_TIMEOUT_SECONDS = 40
_ALARM_TOPIC_SKIPS = {
    "CKV_AWS_26": "CloudWatch alarms cannot publish under alias/aws/sns; a customer managed key costs 1.00 USD a "
    "month and region.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where resources are made: account, region and the provider of that region."""

    account_id: str
    region: str
    provider: AwsProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIds:
    """The health checks that an alert is told from.

    Attributes:
        path: id of the path check; None without CloudFront.
        regions: region -> id of its region check, primary first.
        external: external endpoint and record type -> id of its check.
    """

    path: str | None
    regions: Mapping[str, str]
    external: Mapping[str, str]

    @property
    def of_site(self) -> Mapping[str, str]:
        """The path check, where there is one, and the region checks."""
        return {**({} if self.path is None else {"path": self.path}), **self.regions}

    @property
    def arns(self) -> list[str]:
        """What a policy may name."""
        return [f"arn:aws:route53:::healthcheck/{id_}" for id_ in (*self.of_site.values(), *self.external.values())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Where alarms are worded: the topic of the words, and the function; no function when nobody is told."""

    alert_topic_arn: str
    formatter_arn: str | None


class Alerting(Construct):
    """Topics of one region, and with `[alerts]` the formatter and the e-mail subscription.

    Where data may not be (`residency.allowed_regions`) there is the alarm topic alone, and the formatter of `elsewhere`, which
    must allow it, reads it: SNS delivers to functions of other regions
    (https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html).

    Attributes:
        alarm_topic_arn: what alarms publish to; raw JSON, for machines.
        alert_topic_arn: worded alerts, for people; of `elsewhere` where there is none.
        formatter: what words the alerts here; None when nobody is told, or when they are worded elsewhere.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        site: SiteFile,
        place: Place,
        checks: CheckIds,
        elsewhere: Delivery | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self._site = site
        self._checks = checks
        self._place = place
        self.formatter: SmallFunction | None = None
        self._add_alarm_topic()
        self.alert_topic_arn: str = self._add_delivery() if elsewhere is None else elsewhere.alert_topic_arn
        if self.formatter is not None:
            self.formatter.allow_invocation(
                f"from_topic_{place.region}", service="sns.amazonaws.com", source_arn=self.alarm_topic_arn
            )
        delivery = self.delivery if elsewhere is None else elsewhere
        if delivery.formatter_arn is not None:
            self._subscribe(
                "formatted", topic_arn=self.alarm_topic_arn, protocol="lambda", endpoint=delivery.formatter_arn
            )

    @property
    def delivery(self) -> Delivery:
        """Where another region's alarms may be worded."""
        formatter_arn = None if self.formatter is None else self.formatter.arn
        return Delivery(alert_topic_arn=self.alert_topic_arn, formatter_arn=formatter_arn)

    def _add_alarm_topic(self) -> None:
        site, place = self._site, self._place
        alarms = SnsTopic(self, "alarm_topic", name=naming.alarm_topic(site), provider=place.provider)
        SnsTopicPolicy(
            self,
            "alarm_topic_policy",
            arn=alarms.arn,
            policy=policies.to_json(alarm_topic(alarms.arn, account_id=place.account_id)),
            provider=place.provider,
        )
        skip(alarms, _ALARM_TOPIC_SKIPS)
        self.alarm_topic_arn = alarms.arn

    def _add_delivery(self) -> str:
        site, place = self._site, self._place
        alerts = SnsTopic(
            self,
            "alert_topic",
            name=f"{site.prefix}-alerts",
            kms_master_key_id="alias/aws/sns",
            provider=place.provider,
        )
        topic_arn: str = alerts.arn
        if site.alerts.are_delivered:
            self.formatter = self._add_formatter(topic_arn)
        if site.alerts.email is not None:
            self._subscribe("email", topic_arn=alerts.arn, protocol="email", endpoint=site.alerts.email)
        return topic_arn

    def _add_formatter(self, alert_topic_arn: str) -> SmallFunction:
        return SmallFunction(
            self,
            "formatter",
            name=f"{self._site.prefix}-alerts-{self._place.region}",
            code=_CODE,
            environment=self._environment(alert_topic_arn),
            statements=alert_formatter(
                alert_topic_arn=alert_topic_arn,
                webhook_parameter_arn=self._webhook_parameter_arn(),
                health_check_arns=self._checks.arns,
            ),
            timeout_seconds=_TIMEOUT_SECONDS,
            provider=self._place.provider,
        )

    def _environment(self, alert_topic_arn: str) -> dict[str, str]:
        alerts = self._site.alerts
        common = {
            "ALARM_PREFIX": alarm_prefix(self._site),
            "ALERT_TOPIC_ARN": alert_topic_arn,
            "HOSTNAME": self._site.site.hostname,
            "CHECKS": json.dumps(self._checks.of_site),
            "EXTERNAL_CHECKS": json.dumps(self._checks.external),
            **({} if alerts.runbook_url is None else {"RUNBOOK_URL": alerts.runbook_url}),
        }
        if alerts.webhook_parameter is None:
            return common
        return {
            **common,
            "WEBHOOK_FORMAT": alerts.webhook_format.value,
            "WEBHOOK_PARAMETER": alerts.webhook_parameter,
            **({"WEBHOOK_ONLY": "true"} if alerts.email is None else {}),
        }

    def _webhook_parameter_arn(self) -> str | None:
        parameter = self._site.alerts.webhook_parameter
        if parameter is None:
            return None
        return f"arn:aws:ssm:{self._place.region}:{self._place.account_id}:parameter{parameter}"

    def _subscribe(self, id_: str, *, topic_arn: str, protocol: str, endpoint: str) -> None:
        SnsTopicSubscription(
            self, id_, topic_arn=topic_arn, protocol=protocol, endpoint=endpoint, provider=self._place.provider
        )
