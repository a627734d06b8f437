"""Metrics take the same memory however often they are observed: one point a minute, for a day."""

import pytest

from localcloud.gateway.cloudwatch.metric_store import MetricKey, MetricStore, single_value

KEY = MetricKey(region="us-east-1", namespace="AWS/CloudFront", name="Requests", dimensions=frozenset())
NAMES = {("AWS/CloudFront", "Requests")}


def test_points_of_a_minute_are_one() -> None:
    store = MetricStore()
    for second in range(60):
        store.put(KEY, single_value(second), at_seconds=120 + second)
    assert len(store.service_points("us-east-1", NAMES)) == 1
    found = {
        name: store.statistic(KEY, name, since_seconds=120, until_seconds=180)
        for name in ("Sum", "SampleCount", "Minimum", "Maximum", "Average")
    }
    assert found == {"Sum": 1770, "SampleCount": 60, "Minimum": 0, "Maximum": 59, "Average": 29.5}


def test_points_of_other_minutes_stay_apart() -> None:
    store = MetricStore()
    for minute in range(3):
        store.put(KEY, single_value(minute), at_seconds=60 * minute + 59)
    sums = [
        store.statistic(KEY, "Sum", since_seconds=60 * minute, until_seconds=60 * minute + 60) for minute in range(4)
    ]
    assert sums == [0, 1, 2, None]


@pytest.mark.parametrize("days", [2, 3])
def test_store_keeps_a_day(days: int) -> None:
    store = MetricStore()
    for minute in range(days * 1440):
        store.put(KEY, single_value(1), at_seconds=60 * minute)
    assert len(store.service_points("us-east-1", NAMES)) == 26 * 60 + 1
