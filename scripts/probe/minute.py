"""A minute of page views as CloudWatch's metrics. Pure; docs/MONITORING.md says what each metric means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.probe.histogram import Histogram
from scripts.probe.history import View
from scripts.probe.survey import Finding

_MOST_VALUES = 150
"""Of one datum: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html"""


def minute_metrics(
    views: Sequence[View], findings: Sequence[Finding], *, primary: str, dimensions: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return PutMetricData's list: good and bad answers, how long they took, who served, and the worst resolver.

    Args:
        views: of the minute.
        findings: of the last survey.
        primary: the region that serves when everything is healthy.
        dimensions: of every metric.
    """
    good = [view for view in views if view.error is None]
    answers = Histogram()
    for view in good:
        answers.add(view.total or 0.0)
    lags = [each.value or 0.0 for each in findings if each.kind == "propagation"]
    counted = {
        "GoodAnswers": len(good),
        "BadAnswers": len(views) - len(good),
        "ServedBySecondary": sum(view.region != primary for view in good),
    }
    data = [_datum(name, "Count", [(float(count), 1)], dimensions) for name, count in counted.items()]
    if good:
        milliseconds = [(seconds * 1000, count) for seconds, count in answers.values()]
        data.append(_datum("AnswerMilliseconds", "Milliseconds", milliseconds, dimensions))
    if lags:
        data.append(_datum("ResolverLagSeconds", "Seconds", [(max(lags), 1)], dimensions))
    return data


def _datum(name: str, unit: str, values: Sequence[tuple[float, int]], dimensions: Mapping[str, str]) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Unit": unit,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "Values": [value for value, _ in values[:_MOST_VALUES]],
        "Counts": [float(count) for _, count in values[:_MOST_VALUES]],
    }
