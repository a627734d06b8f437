"""Health checks on a CloudWatch alarm: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html"""

from collections.abc import Sequence
from typing import Any

import pytest

from localcloud.model.errors import UnsupportedResource
from localcloud.model.metric_alarm import alarm_from_api, follows_metric, with_insufficient_data

ALARM: dict[str, Any] = {
    "AlarmName": "errors",
    "Namespace": "Site",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 10.0,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Dimensions": [{"Name": "Region", "Value": "eu-central-1"}],
}

VERDICTS = [
    ([10, 11, 12], False),
    ([10, 9, 12], True),
    ([0, 0, 0], True),
    ([99, 10, 10, 10], False),
    ([10, 10, 10, 0], True),
    ([10, 10], None),
    ([10, None, 10], None),
    ([], None),
]


@pytest.mark.parametrize(("values", "verdict"), VERDICTS)
def test_metric_is_unhealthy_when_all_its_last_periods_are_beyond_the_threshold(
    values: Sequence[float | None], verdict: bool | None
) -> None:
    assert follows_metric(alarm_from_api(ALARM), values) is verdict


@pytest.mark.parametrize(
    ("comparison", "value", "verdict"),
    [
        ("GreaterThanThreshold", 10, True),
        ("GreaterThanOrEqualToThreshold", 10, False),
        ("LessThanThreshold", 10, True),
        ("LessThanOrEqualToThreshold", 10, False),
    ],
)
def test_comparison_is_the_alarms(comparison: str, value: float, verdict: bool) -> None:
    alarm = alarm_from_api({**ALARM, "ComparisonOperator": comparison, "EvaluationPeriods": 1})
    assert follows_metric(alarm, [value]) is verdict


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Metrics": [{"Id": "m1"}]}, "metric math"),
        ({"DatapointsToAlarm": 2}, "M out of N"),
        ({"Period": 10}, "high resolution"),
        ({"Statistic": None, "ExtendedStatistic": "p99"}, "statistic"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "fixed threshold"),
    ],
)
def test_alarm_that_route_53_cannot_follow_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnsupportedResource, match=reason):
        alarm_from_api({**ALARM, **changes})


@pytest.mark.parametrize(
    ("verdict", "status", "last_known", "health"),
    [
        (True, "Unhealthy", False, True),
        (False, "Healthy", True, False),
        (None, "Healthy", False, True),
        (None, "Unhealthy", True, False),
        (None, "LastKnownStatus", True, True),
        (None, "LastKnownStatus", False, False),
    ],
)
def test_insufficient_data_is_what_the_check_says(
    verdict: bool | None, status: str, last_known: bool, health: bool
) -> None:
    assert with_insufficient_data(verdict, status=status, last_known=last_known) is health
