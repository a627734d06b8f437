"""What the parity check of a region found last, as it told CloudWatch there (docs/MONITORING.md, "Parity by itself")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scripts.aws.clients import translated
from scripts.errors import AwsError

NAMESPACE = "FailoverSite"
METRIC = "MissingObjects"
LOOK_BACK = timedelta(hours=12)
"""It compares once an hour at least. A call gives 1,440 values at most, of a minute each:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
"""
_PERIOD_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LastComparison:
    """The last result of one region's parity check.

    Attributes:
        missing_objects: how many objects the region lacked; None: no comparison ended within LOOK_BACK.
        age_seconds: since the minute in which it ended; None without a result.
        error: why CloudWatch could not be asked; the others are None then.
    """

    missing_objects: int | None = None
    age_seconds: int | None = None
    error: AwsError | None = None


def last_comparison(client: Any, *, hostname: str, region: str, now: datetime) -> LastComparison:  # noqa: ANN401  (see aws.py)
    """Asks one region's CloudWatch; one that does not answer, or refuses, is a result and no error.

    Args:
        client: for CloudWatch in that region.
        hostname: the site's public name, a dimension of the metric.
        region: the region, the other one.
        now: the present.
    """
    try:
        with translated("GetMetricStatistics", f"{NAMESPACE} {METRIC} in {region}", region=region):
            answer = client.get_metric_statistics(
                Namespace=NAMESPACE,
                MetricName=METRIC,
                Dimensions=[{"Name": "Hostname", "Value": hostname}, {"Name": "Region", "Value": region}],
                StartTime=now - LOOK_BACK,
                EndTime=now + timedelta(seconds=_PERIOD_SECONDS),
                Period=_PERIOD_SECONDS,
                Statistics=["Maximum"],
            )
    except AwsError as error:
        return LastComparison(error=error)
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    if not points:
        return LastComparison()
    age = now - points[-1]["Timestamp"]
    return LastComparison(missing_objects=int(points[-1]["Maximum"]), age_seconds=max(0, int(age.total_seconds())))
