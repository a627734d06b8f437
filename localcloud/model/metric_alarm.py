"""What a health check that follows a CloudWatch alarm says: the alarm's settings over the metric's own data.

Route 53 watches the metric's data stream, not the alarm's state, so SetAlarmState changes nothing. Source of all rules here:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.model.errors import UnsupportedResource

STATISTICS = ("Average", "Minimum", "Maximum", "Sum", "SampleCount")
STANDARD_PERIOD_SECONDS = 60
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSettings:
    """The settings of a metric alarm that a health check copies."""

    namespace: str
    metric_name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    period_seconds: int
    evaluation_periods: int
    threshold: float
    comparison: str


def alarm_from_api(alarm: Mapping[str, Any]) -> AlarmSettings:
    """Read one item of DescribeAlarms' MetricAlarms.

    Raises:
        UnsupportedResource: what Route 53 does not follow: metric math, M out of N, high resolution, percentiles, bands.
    """
    name = alarm["AlarmName"]
    datapoints = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    reasons = {
        "it uses metric math": bool(alarm.get("Metrics")),
        "it wants M out of N periods": datapoints != alarm["EvaluationPeriods"],
        "it has high resolution": int(alarm.get("Period") or STANDARD_PERIOD_SECONDS) < STANDARD_PERIOD_SECONDS,
        f"its statistic is none of {', '.join(STATISTICS)}": alarm.get("Statistic") not in STATISTICS,
        "its comparison is not with a fixed threshold": alarm["ComparisonOperator"] not in _COMPARISONS,
    }
    for reason, holds in reasons.items():
        if holds:
            raise UnsupportedResource(
                f"a health check on alarm {name}", reason=reason, remedy="Route 53 cannot follow it either"
            )
    return AlarmSettings(
        namespace=alarm["Namespace"],
        metric_name=alarm["MetricName"],
        dimensions=tuple((item["Name"], item["Value"]) for item in alarm.get("Dimensions") or ()),
        statistic=alarm["Statistic"],
        period_seconds=int(alarm["Period"]),
        evaluation_periods=int(alarm["EvaluationPeriods"]),
        threshold=float(alarm["Threshold"]),
        comparison=alarm["ComparisonOperator"],
    )


def follows_metric(alarm: AlarmSettings, values: Sequence[float | None]) -> bool | None:
    """Return whether the check is healthy by the data of the last whole periods; None for insufficient data.

    Args:
        alarm: The settings.
        values: One a period, the oldest first; None where the metric has no data.
    """
    recent = list(values)[-alarm.evaluation_periods :]
    if len(recent) < alarm.evaluation_periods or any(value is None for value in recent):
        return None
    is_beyond = _COMPARISONS[alarm.comparison]
    return not all(is_beyond(value, alarm.threshold) for value in recent if value is not None)


def with_insufficient_data(verdict: bool | None, *, status: str, last_known: bool) -> bool:
    """Return the health when there may be no verdict: InsufficientDataHealthStatus decides.

    Args:
        verdict: What `follows_metric` says.
        status: Healthy, Unhealthy or LastKnownStatus.
        last_known: The last verdict there was; a new check's is healthy.
    """
    if verdict is not None:
        return verdict
    return {"Healthy": True, "Unhealthy": False}.get(status, last_known)
