"""Data points in AWS time, on which alarms are evaluated; GetMetricData shows those of AWS's own metrics from here too.

A point counts at the moment it arrives: a `Timestamp` of PutMetricData is wall time, which a faster clock would stretch.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from localcloud.gateway.errors import UnsupportedResource

_KEPT_SECONDS = 26 * 3600
"""A day's longest period and the evaluation range of an hourly alarm fit in."""
RESOLUTION_SECONDS = 60
"""What comes within a minute is one point, as CloudWatch keeps metrics of standard resolution; periods are whole minutes:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Resolution_definition"""
SERVICE_PREFIX = "AWS/"
"""Namespaces that only AWS's services write to: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricKey:
    """One metric of one region; dimensions are part of its identity.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Dimension
    """

    region: str
    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticSet:
    """What was observed in one go: `sum` over `count` values between `minimum` and `maximum`."""

    count: float
    sum: float
    minimum: float
    maximum: float


def single_value(value: float) -> StatisticSet:
    """Return the statistic set of one value."""
    return StatisticSet(count=1, sum=value, minimum=value, maximum=value)


def merged(first: StatisticSet, second: StatisticSet) -> StatisticSet:
    """Return what was observed in both."""
    return StatisticSet(
        count=first.count + second.count,
        sum=first.sum + second.sum,
        minimum=min(first.minimum, second.minimum),
        maximum=max(first.maximum, second.maximum),
    )


_STATISTICS: Mapping[str, Callable[[list[StatisticSet]], float]] = {
    "Sum": lambda points: sum(point.sum for point in points),
    "SampleCount": lambda points: sum(point.count for point in points),
    "Average": lambda points: sum(point.sum for point in points) / sum(point.count for point in points),
    "Minimum": lambda points: min(point.minimum for point in points),
    "Maximum": lambda points: max(point.maximum for point in points),
}


def check_statistic(statistic: str) -> None:
    """Refuse what is not modelled.

    Raises:
        UnsupportedResource: a percentile or another extended statistic.
    """
    if statistic not in _STATISTICS:
        raise UnsupportedResource(f"the statistic {statistic} in alarms; modelled are {', '.join(_STATISTICS)}")


class MetricStore:
    """All data points, by metric."""

    STATE: ClassVar[tuple[str, ...]] = ("_series",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[MetricKey, deque[tuple[float, StatisticSet]]] = {}

    def put(self, key: MetricKey, point: StatisticSet, *, at_seconds: float) -> None:
        """Add a point at a moment in AWS seconds, no earlier than the minute of the last one."""
        minute = at_seconds // RESOLUTION_SECONDS * RESOLUTION_SECONDS
        with self._lock:
            series = self._series.setdefault(key, deque())
            if series and series[-1][0] >= minute:
                series[-1] = (series[-1][0], merged(series[-1][1], point))
            else:
                series.append((minute, point))
            while series[0][0] < at_seconds - _KEPT_SECONDS:
                series.popleft()

    def statistic(self, key: MetricKey, statistic: str, *, since_seconds: float, until_seconds: float) -> float | None:
        """Return the statistic of `since <= moment < until`, or None without data."""
        points = [point for moment, point in self._points(key) if since_seconds <= moment < until_seconds]
        return _STATISTICS[statistic](points) if points else None

    def service_points(
        self, region: str, names: Collection[tuple[str, str]] | None
    ) -> list[tuple[MetricKey, float, StatisticSet]]:
        """Return points of AWS's own metrics (`AWS/...`) of a region, each with its moment in AWS seconds.

        Args:
            region: Where they live.
            names: Namespace and name of the wanted ones; None for the last point of every metric.
        """
        with self._lock:
            return [
                (key, moment, point)
                for key, series in self._series.items()
                if key.region == region and key.namespace.startswith(SERVICE_PREFIX)
                if names is None or (key.namespace, key.name) in names
                for moment, point in (series if names is not None else (series[-1],))
            ]

    def _points(self, key: MetricKey) -> Iterable[tuple[float, StatisticSet]]:
        with self._lock:
            return tuple(self._series.get(key, ()))
