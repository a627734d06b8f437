"""A CloudWatch alarm that tells its topic of every change. Shared by the constructs that know what to watch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import (
    CloudwatchMetricAlarm,
    CloudwatchMetricAlarmMetricQuery,
    CloudwatchMetricAlarmMetricQueryMetric,
)
from cdktf_cdktf_provider_aws.provider import AwsProvider
from constructs import Construct


class Missing(StrEnum):
    """What a period without data means; each alarm says why it chose one.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarms-and-missing-data
    """

    IS_AN_ALARM_OF_ITS_OWN = "missing"
    """The alarm goes to INSUFFICIENT_DATA and tells the topic: the metric's source must never be silent."""
    IS_FINE = "notBreaching"
    """No request, no error."""
    CHANGES_NOTHING = "ignore"
    """The source speaks now and then, and what it said holds until it speaks again."""


class Alarm(Protocol):
    """What dashboards and outputs know of an alarm, metric or composite."""

    arn: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric with the statistic and period that an alarm or a graph reads."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    period_seconds: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When it is an alarm: `periods` in a row on the wrong side of the threshold.

    Attributes:
        comparison: CloudWatch's word, such as GreaterThanOrEqualToThreshold.
    """

    comparison: str
    threshold: float
    periods: int
    missing: Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Name, text and audience of an alarm."""

    name: str
    description: str
    topic_arn: str


class MetricAlarm(Construct):
    """An alarm on one metric, or on an expression over several (billed by the metric).

    Attributes:
        arn: its ARN.
        name: its name.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        notice: Notice,
        condition: Condition,
        metrics: Mapping[str, Metric],
        expression: str | None = None,
        provider: AwsProvider,
    ) -> None:
        """Adds the alarm.

        Args:
            scope: parent.
            id_: construct id.
            notice: name, text and audience.
            condition: when it is an alarm.
            metrics: query id -> metric; exactly one without an expression.
            expression: metric math over the query ids.
            provider: provider of the metrics' region; an alarm sees no other region's metrics.
        """
        super().__init__(scope, id_)
        (first, *_) = metrics.values()
        is_one = expression is None
        alarm = CloudwatchMetricAlarm(
            self,
            "alarm",
            alarm_name=notice.name,
            alarm_description=notice.description,
            namespace=first.namespace if is_one else None,
            metric_name=first.name if is_one else None,
            dimensions=dict(first.dimensions) if is_one else None,
            statistic=first.statistic if is_one else None,
            period=first.period_seconds if is_one else None,
            metric_query=None if expression is None else _queries(metrics, expression),
            comparison_operator=condition.comparison,
            threshold=condition.threshold,
            evaluation_periods=condition.periods,
            treat_missing_data=condition.missing.value,
            alarm_actions=[notice.topic_arn],
            ok_actions=[notice.topic_arn],
            insufficient_data_actions=[notice.topic_arn]
            if condition.missing is Missing.IS_AN_ALARM_OF_ITS_OWN
            else None,
            provider=provider,
        )
        self.arn = alarm.arn
        self.name = alarm.alarm_name


def _queries(metrics: Mapping[str, Metric], expression: str) -> Sequence[CloudwatchMetricAlarmMetricQuery]:
    return [
        CloudwatchMetricAlarmMetricQuery(id="result", expression=expression, label="result", return_data=True),
        *(
            CloudwatchMetricAlarmMetricQuery(
                id=id_,
                return_data=False,
                metric=CloudwatchMetricAlarmMetricQueryMetric(
                    namespace=metric.namespace,
                    metric_name=metric.name,
                    dimensions=dict(metric.dimensions),
                    stat=metric.statistic,
                    period=metric.period_seconds,
                ),
            )
            for id_, metric in metrics.items()
        ),
    ]
